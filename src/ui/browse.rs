//! The list of all tokens: how many there are, the rows in view, the filter, and what is missing.
//!
//! Not here: its order and its rules (`app::browse`); a row (`browse_row`).

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Span;

use super::browse_row::Columns;
use super::look::Look;
use super::waiting::on_keyring;
use super::widgets::{
    cells, hint_for, number, on_line, on_line_right, panel, put, put_centred, row, spinner, width,
    wrap,
};
use crate::action::{Action, Context};
use crate::app::browse::{Browse, first_row};
use crate::app::state::State;
use crate::domain::search::TokenFilter;
use crate::domain::status::Status;
use crate::domain::text;
use crate::theme::Role;

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
pub(super) fn render(frame: &mut Frame<'_>, area: Rect, state: &State, look: &Look<'_>) {
    let browse = &state.browse;
    let inner = panel(frame.buffer_mut(), area, "", look);
    let title = title(browse, usize::from(area.width).saturating_sub(4), look);
    on_line(frame.buffer_mut(), area, area.y, &title, look);
    let rows = browse.table_rows(usize::from(inner.height));
    let first = first_row(browse.top, browse.selected, browse.table.rows(), rows);
    if browse.table.rows() == 0 {
        render_nothing(frame, inner, state, look);
    } else {
        let table = Rect {
            height: cells(rows + 1).min(inner.height),
            ..inner
        };
        render_table(frame, table, state, first, look);
        for (at, note) in note(state, look).iter().enumerate() {
            put(frame.buffer_mut(), row(inner, rows + 1 + at), note, look);
        }
    }
    let place = position(browse, first, rows, look);
    let bottom = area.bottom().saturating_sub(1);
    render_filter(frame, area, state, width(&place) + 4, look);
    on_line_right(frame.buffer_mut(), area, bottom, &place, look);
}

/// How many tokens there are, and how many of each status.
fn title(browse: &Browse, room: usize, look: &Look<'_>) -> Vec<Span<'static>> {
    let total = browse.table.total();
    if total == 0 {
        return vec![look.span(Role::Title, "All tokens")];
    }
    let glyphs = look.glyphs();
    let rest = format!("{}{}", glyphs.dot, glyphs.ellipsis);
    let mut spans = vec![look.span(Role::Title, &tokens(total))];
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

fn tokens(count: usize) -> String {
    let noun = if count == 1 { "token" } else { "tokens" };
    format!("{} {noun}", number(count))
}

fn render_table(frame: &mut Frame<'_>, area: Rect, state: &State, first: usize, look: &Look<'_>) {
    let browse = &state.browse;
    let columns = Columns::new(usize::from(area.width), look);
    let buffer = frame.buffer_mut();
    put(
        buffer,
        row(area, 0),
        &columns.names(browse.table.sort()),
        look,
    );
    let basis = (state.instant(), state.session.settings.thresholds);
    let mut filter = TokenFilter::new(browse.filter.value());
    let rows = usize::from(area.height).saturating_sub(1);
    for (at, token) in browse.table.tokens(first, rows).enumerate() {
        let place = row(area, at + 1);
        let spans = columns.row(token, basis, &mut filter);
        put(buffer, place, &spans, look);
        if first + at == browse.selected {
            buffer.set_style(place, look.style(Role::Selected));
        }
    }
}

/// What there is to say of the list: how far it has come, or what it lacks.
///
/// ```text
/// ⠋ 1,000 of 12,000 tokens · 3 s · Esc cancels
/// ▲ Showing 1,000 of 12,000 tokens.  r fetches the list again
///   page 2 of 12 could not be read: the API did not answer
/// ```
fn note(state: &State, look: &Look<'_>) -> Vec<Vec<Span<'static>>> {
    let browse = &state.browse;
    if browse.list.is_loading() {
        return vec![progress(state, look)];
    }
    let extent = browse.list.value().cloned().unwrap_or_default();
    let Some(why) = extent.incomplete else {
        return Vec::new();
    };
    let shown = browse.table.total();
    let of = match extent.total.filter(|total| *total > shown) {
        Some(total) => format!("{} of {}", number(shown), tokens(total)),
        None => tokens(shown),
    };
    let mut spans = vec![
        Span::raw(" "),
        look.span(Role::Warning, look.glyphs().warning),
        look.plain(&format!(" Showing {of}.  ")),
    ];
    let again = "fetches the list again";
    let again = hint_for(Context::Browse, Action::Refresh, again, look);
    spans.extend(again.into_iter().flatten());
    vec![spans, vec![look.span(Role::Muted, &format!("   {why}"))]]
}

fn progress(state: &State, look: &Look<'_>) -> Vec<Span<'static>> {
    let browse = &state.browse;
    let received = browse.progress.received;
    let again = match browse.list.value() {
        Some(_) => "Fetching again: ",
        None => "",
    };
    let what = match (browse.progress.total, received) {
        (Some(total), _) => format!("{} of {}", number(received), tokens(total)),
        (None, 0) => "waiting for the list …".to_owned(),
        (None, received) => tokens(received),
    };
    let mut spans = vec![
        Span::raw(" "),
        spinner(state.clock.local, look),
        look.plain(&format!(" {again}{what}")),
    ];
    let seconds = waited(state);
    if seconds > 0 {
        spans.push(look.span(Role::Muted, look.glyphs().dot));
        spans.push(look.plain(&format!("{seconds} s")));
    }
    if !browse.is_filtering
        && let Some(hint) = hint_for(state.context(), Action::Back, "cancels", look)
    {
        spans.push(look.span(Role::Muted, look.glyphs().dot));
        spans.extend(hint);
    }
    spans
}

/// For how many seconds the list has been under way.
fn waited(state: &State) -> i64 {
    let now = state.clock.local;
    let since = state.browse.list.loading_since().unwrap_or(now);
    now.signed_duration_since(since).num_seconds()
}

/// Which rows are in view, and what they are sorted by.
fn position(browse: &Browse, first: usize, rows: usize, look: &Look<'_>) -> Vec<Span<'static>> {
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

fn render_filter(frame: &mut Frame<'_>, area: Rect, state: &State, taken: usize, look: &Look<'_>) {
    let browse = &state.browse;
    if !browse.is_filtering && browse.filter.value().is_empty() {
        return;
    }
    let room = usize::from(area.width).saturating_sub(taken + 7);
    let query = look.clean(browse.filter.value()).into_owned();
    let shown = text::truncate(&query, room, look.glyphs().ellipsis);
    let spans = [look.span(Role::Accent, "/ "), look.plain(&shown)];
    let y = area.bottom().saturating_sub(1);
    on_line(frame.buffer_mut(), area, y, &spans, look);
    if browse.is_filtering && state.overlay.is_none() {
        let column = browse.filter.cursor_column().min(room) + 4;
        frame.set_cursor_position(Position::new(area.x + cells(column), y));
    }
}

/// What stands there while there is no row: the wait, or why there is nothing.
fn render_nothing(frame: &mut Frame<'_>, area: Rect, state: &State, look: &Look<'_>) {
    let lines = nothing(state, usize::from(area.width), look);
    let top = usize::from(area.height).saturating_sub(lines.len()) / 2;
    for (at, line) in lines.iter().enumerate() {
        put_centred(frame.buffer_mut(), row(area, top + at), line, look);
    }
}

fn nothing(state: &State, columns: usize, look: &Look<'_>) -> Vec<Vec<Span<'static>>> {
    let browse = &state.browse;
    let context = state.context();
    let said = |role, text: &str| {
        let lines = wrap(&look.clean(text), columns.saturating_sub(4).min(72));
        lines
            .into_iter()
            .map(move |line| vec![look.span(role, &line)])
    };
    let hints = |actions: &[(Action, &str)]| {
        let mut spans = Vec::new();
        for (action, label) in actions {
            spans.push(Span::raw("   "));
            spans.extend(hint_for(context, *action, label, look).unwrap_or_default());
        }
        vec![Vec::new(), spans.split_off(1)]
    };
    let mut lines = Vec::new();
    if browse.table.total() > 0 {
        lines.extend(said(Role::Strong, "No token fits the filter."));
        lines.extend(said(
            Role::Muted,
            "Names, IDs, client IDs and statuses are searched; !word leaves out.",
        ));
        let leave = if browse.is_filtering {
            [
                (Action::DeleteToStart, "empties it"),
                (Action::Back, "leaves it"),
            ]
        } else {
            [
                (Action::Search, "changes it"),
                (Action::Back, "gives it up"),
            ]
        };
        lines.extend(hints(&leave));
        if browse.list.is_loading() {
            lines.insert(0, Vec::new());
            lines.insert(0, progress(state, look));
        }
        return lines;
    }
    if browse.list.is_loading() {
        lines.push(progress(state, look));
        let (stage, seconds) = (browse.progress.stage, waited(state));
        lines.extend(on_keyring(stage, seconds, columns, look));
        return lines;
    }
    let again = [
        (Action::Refresh, "tries again"),
        (Action::LookUp, "looks up one token"),
    ];
    if browse.list.value().is_some() {
        let scope = browse.access.as_ref().map(|access| &access.scope);
        let place = scope.map_or_else(String::new, |scope| {
            format!(
                " in {} {}",
                scope.kind().word(),
                look.abbreviate(scope.id())
            )
        });
        lines.extend(said(
            Role::Strong,
            &format!("The API lists no service token{place}."),
        ));
        lines.extend(said(
            Role::Muted,
            "That is no proof that there are none: to a role that covers single tokens the API may \
             list nothing.",
        ));
    } else if let Some(failure) = browse.list.failure() {
        lines.extend(said(Role::Strong, "The list could not be fetched."));
        if state.banner.is_none() {
            lines.extend(said(Role::Muted, &failure.summary));
        }
    } else {
        lines.extend(said(Role::Strong, "Nothing was fetched."));
    }
    lines.extend(hints(&again));
    lines
}
