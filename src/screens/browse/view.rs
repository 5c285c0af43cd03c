//! The list of all tokens: how many there are, the rows in view, the filter, and what is missing.
//!
//! Not here: its order and its rules (`screens::browse`); a row (`browse_row`).

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Span;

use super::row_view::Columns;
use super::{empty_view, note_view};
use crate::app::state::State;
use crate::domain::search::TokenFilter;
use crate::domain::status::Status;
use crate::domain::text;
use crate::screens::browse::state::{Browse, first_row};
use crate::theme::Role;
use crate::ui::render_context::RenderContext;
use crate::ui::widgets::{
    cells, frame_title, frame_title_right, number, panel, render_spans, row, width,
};

/// The order in which the title counts.
const COUNTED: [Status; 7] = [
    Status::Expired,
    Status::Critical,
    Status::Expiring,
    Status::Unknown,
    Status::Active,
    Status::NeverExpires,
    Status::Disabled,
];

/// ```text
/// ╭ 14 tokens · 2 critical · 3 expiring · 9 active ──────────────────────────────────╮
/// │   Name                      Status              Left      Last seen  Duration    │
/// │ ✖ deploy-staging            CRITICAL      3d 04:33:21     41 d ago   365d        │
/// │ ▲ CI/CD token               EXPIRING     12d 04:33:21     3 h ago    365d        │
/// │ ⠋ 1,000 of 12,000 tokens · 3 s · Esc cancels                                     │
/// ╰ / ci ─────────────────────────────────────────────────── 1–2 of 2 · by urgency ──╯
/// ```
pub(crate) fn render(frame: &mut Frame<'_>, area: Rect, state: &State, look: &RenderContext<'_>) {
    let browse = &state.browse;
    let inner = panel(frame.buffer_mut(), area, "", look);
    let title = title(browse, usize::from(area.width).saturating_sub(4), look);
    frame_title(frame.buffer_mut(), area, area.y, &title, look);
    let rows = browse.table_rows(usize::from(inner.height));
    let first = first_row(browse.top, browse.selected, browse.table.rows(), rows);
    if browse.table.rows() == 0 {
        empty_view::render(frame, inner, state, look);
    } else {
        let table = Rect {
            height: cells(rows + 1).min(inner.height),
            ..inner
        };
        render_table(frame, table, state, first, look);
        for (at, note) in note_view::lines(state, look).iter().enumerate() {
            render_spans(frame.buffer_mut(), row(inner, rows + 1 + at), note, look);
        }
    }
    let place = position(browse, first, rows, look);
    let bottom = area.bottom().saturating_sub(1);
    render_filter(frame, area, state, width(&place) + 4, look);
    frame_title_right(frame.buffer_mut(), area, bottom, &place, look);
}

/// How many tokens there are, and how many of each status.
fn title(browse: &Browse, room: usize, look: &RenderContext<'_>) -> Vec<Span<'static>> {
    let total = browse.table.total();
    if total == 0 {
        return vec![look.span(Role::Title, "All tokens")];
    }
    let glyphs = look.glyphs();
    let rest = format!("{}{}", glyphs.dot, glyphs.ellipsis);
    let mut spans = vec![look.span(Role::Title, &note_view::tokens(total))];
    for status in COUNTED {
        let count = browse.table.count(status);
        if count == 0 {
            continue;
        }
        let text = format!("{} {}", number(count), status.word().to_lowercase());
        let more = [
            look.span(Role::Muted, glyphs.dot),
            look.span(Role::from(status.tone()), &text),
        ];
        // What is left out is said to be, for which there has to be room as well.
        if width(&spans) + width(&more) + text::width(&rest) > room {
            spans.push(look.span(Role::Muted, &rest));
            break;
        }
        spans.extend(more);
    }
    spans
}

fn render_table(
    frame: &mut Frame<'_>,
    area: Rect,
    state: &State,
    first: usize,
    look: &RenderContext<'_>,
) {
    let browse = &state.browse;
    let columns = Columns::new(usize::from(area.width), look);
    let buffer = frame.buffer_mut();
    render_spans(
        buffer,
        row(area, 0),
        &columns.names(browse.table.sort()),
        look,
    );
    let context = state.evaluation_context();
    let mut filter = TokenFilter::new(browse.filter.value());
    let rows = usize::from(area.height).saturating_sub(1);
    for (at, token) in browse.table.tokens(first, rows).enumerate() {
        let place = row(area, at + 1);
        let spans = columns.row(token, context, &mut filter);
        render_spans(buffer, place, &spans, look);
        if first + at == browse.selected {
            buffer.set_style(place, look.style(Role::Selected));
        }
    }
}

/// Which rows are in view, and what they are sorted by.
fn position(
    browse: &Browse,
    first: usize,
    rows: usize,
    look: &RenderContext<'_>,
) -> Vec<Span<'static>> {
    let shown = browse.table.rows();
    if shown == 0 {
        return Vec::new();
    }
    let last = (first + rows).min(shown);
    let arrow = look.arrow(browse.table.sort());
    let place = format!(
        "{}–{} of {} · by {} {arrow}",
        number(first + 1),
        number(last),
        number(shown),
        browse.table.sort().word()
    );
    vec![look.span(Role::Muted, &place)]
}

fn render_filter(
    frame: &mut Frame<'_>,
    area: Rect,
    state: &State,
    taken: usize,
    look: &RenderContext<'_>,
) {
    let browse = &state.browse;
    if !browse.is_filtering && browse.filter.value().is_empty() {
        return;
    }
    let room = usize::from(area.width).saturating_sub(taken + 7);
    let query = look.clean(browse.filter.value()).into_owned();
    let shown = text::truncate(&query, room, look.glyphs().ellipsis);
    let spans = [look.span(Role::Accent, "/ "), look.plain(&shown)];
    let y = area.bottom().saturating_sub(1);
    frame_title(frame.buffer_mut(), area, y, &spans, look);
    if browse.is_filtering && state.overlay.is_none() {
        let column = browse.filter.cursor_column().min(room) + 4;
        frame.set_cursor_position(Position::new(area.x + cells(column), y));
    }
}
