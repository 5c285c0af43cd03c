//! The accounts and zones to choose from.
//!
//! Not here: where the choice goes (`app`).

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Span;
use ratatui::widgets::{Clear, Widget};

use crate::action::{Action, Context};
use crate::app::state::State;
use crate::domain::failure::Failure;
use crate::domain::scope::NamedScope;
use crate::domain::text;
use crate::screens::picker::state::Picker;
use crate::theme::Role;
use crate::ui::layout;
use crate::ui::render_context::RenderContext;
use crate::ui::widgets::{
    cells, first_shown, frame_title, frame_title_right, hint_for, inset, panel, render_spans, row,
    spinner,
};

type Line = Vec<Span<'static>>;

/// The widest that the list gets, in cells.
const WIDEST: u16 = 96;

/// The rows of a box that has a list, a short one included.
const ROWS: usize = 16;

/// ```text
/// ╭ Accounts and zones ───────────────────────── 3 of 214 ╮
/// │ › exam                                                │
/// │   account  Example Ltd      023e105f4ecef8ad9ca31a83… │
/// │   zone     example.com      9a7b2c3d4e5f60718293a4b5… │
/// │                                                       │
/// │ ▲ The API token works, but may not list zones …       │
/// ╰ Enter chooses ─────────────────────────── Esc closes ─╯
/// ```
pub(crate) fn render(frame: &mut Frame<'_>, body: Rect, state: &State, look: &RenderContext<'_>) {
    let picker = &state.picker;
    let columns = layout::overlay(body, WIDEST, 0).width;
    let remarks = remarks(picker, usize::from(columns.saturating_sub(4)), look);
    let total = picker.total();
    let gap = usize::from(total > 0 && !remarks.is_empty());
    let for_list = if total > 0 { 1 + total.min(ROWS) } else { 0 };
    let wanted = (for_list + gap + remarks.len()).max(1);
    let area = layout::overlay(body, WIDEST, cells(wanted + 2));
    Clear.render(area, frame.buffer_mut());
    let inner = inset(panel(frame.buffer_mut(), area, "Accounts and zones", look));
    if picker.scopes.is_loading() {
        let line = [
            spinner(state.clock.steady, look),
            look.plain(" Asking which accounts and zones there are …"),
        ];
        render_spans(frame.buffer_mut(), row(inner, 0), &line, look);
    }
    // Some rows of the list come first: what is said beneath it may be cut.
    let height = usize::from(inner.height);
    let least = for_list.min(4);
    let for_list = for_list.min(height.saturating_sub(gap + remarks.len()).max(least));
    if total > 0 {
        let upper = Rect {
            height: cells(for_list.min(height)),
            ..inner
        };
        render_list(frame, area, upper, picker, look);
    }
    for (at, line) in remarks.iter().enumerate() {
        render_spans(
            frame.buffer_mut(),
            row(inner, for_list + gap + at),
            line,
            look,
        );
    }
    render_keys(frame, area, picker, look);
}

/// The keys, on the lower edge.
fn render_keys(frame: &mut Frame<'_>, area: Rect, picker: &Picker, look: &RenderContext<'_>) {
    let y = area.bottom().saturating_sub(1);
    let hint =
        |action, label| hint_for(Context::PickerText, action, label, look).unwrap_or_default();
    if picker.count() > 0 {
        frame_title(
            frame.buffer_mut(),
            area,
            y,
            &hint(Action::Submit, "chooses"),
            look,
        );
    }
    let leaves = if picker.scopes.is_loading() {
        "cancels"
    } else {
        "closes"
    };
    frame_title_right(
        frame.buffer_mut(),
        area,
        y,
        &hint(Action::Back, leaves),
        look,
    );
}

fn render_list(
    frame: &mut Frame<'_>,
    area: Rect,
    list: Rect,
    picker: &Picker,
    look: &RenderContext<'_>,
) {
    let matching = picker.count();
    let count = format!("{matching} of {}", picker.total());
    let count = [look.span(Role::Muted, &count)];
    frame_title_right(frame.buffer_mut(), area, area.y, &count, look);
    render_filter(frame, row(list, 0), picker, look);
    let rows = usize::from(list.height).saturating_sub(1);
    let selected = picker.selected.min(matching.saturating_sub(1));
    let first = first_shown(selected, matching, rows);
    for (at, named) in picker.rows(first, rows).enumerate() {
        let place = row(list, at + 1);
        let line = list_row(named, picker.widest(), usize::from(place.width), look);
        render_spans(frame.buffer_mut(), place, &line, look);
        if first + at == selected {
            frame
                .buffer_mut()
                .set_style(place, look.style(Role::Selected));
        }
    }
    if matching == 0 {
        let line = [look.span(Role::Muted, "None of them has this in its name or ID.")];
        render_spans(frame.buffer_mut(), row(list, 1), &line, look);
    }
}

fn render_filter(frame: &mut Frame<'_>, place: Rect, picker: &Picker, look: &RenderContext<'_>) {
    let marker = format!("{} ", look.glyphs().marker);
    let value = look.clean(picker.filter.value()).into_owned();
    let shown = if value.is_empty() {
        look.span(Role::Muted, "type to filter by name or ID")
    } else {
        look.plain(&value)
    };
    let line = [look.span(Role::Accent, &marker), shown];
    render_spans(frame.buffer_mut(), place, &line, look);
    let column = 2 + picker.filter.cursor_column();
    let last = usize::from(place.width).saturating_sub(1);
    if place.height > 0 && place.width > 0 {
        let x = place.x + cells(column.min(last));
        frame.set_cursor_position(Position::new(x, place.y));
    }
}

/// ```text
/// account  Example Ltd      023e105f4ecef8ad9ca31a8372d0c353
/// ```
fn list_row(named: &NamedScope, widest: usize, columns: usize, look: &RenderContext<'_>) -> Line {
    const KIND: usize = 9;
    const ID: usize = 32;
    let ellipsis = look.glyphs().ellipsis;
    let is_whole = columns >= KIND + 20 + 2 + ID;
    let id = if is_whole {
        named.scope.id().to_owned()
    } else {
        look.abbreviate(named.scope.id())
    };
    let room = columns.saturating_sub(KIND + 2 + text::width(&id));
    let name = look.clean(&named.name);
    let (role, name) = if name.trim().is_empty() {
        (Role::Muted, "without a name".into())
    } else {
        (Role::Strong, name)
    };
    vec![
        look.span(Role::Muted, &text::fit(named.scope.kind().word(), KIND, "")),
        look.span(role, &text::fit(&name, widest.max(14).min(room), ellipsis)),
        look.span(Role::Muted, &format!("  {id}")),
    ]
}

/// Why something is missing, and that the ID can be typed all the same.
fn remarks(picker: &Picker, columns: usize, look: &RenderContext<'_>) -> Vec<Line> {
    let refusals = picker.refusals();
    let is_empty = picker.total() == 0;
    let mut lines = Vec::new();
    if picker.scopes.is_loading() {
        return lines;
    }
    let symbol = if is_empty {
        (Role::Critical, look.glyphs().critical)
    } else {
        (Role::Warning, look.glyphs().warning)
    };
    for refusal in &refusals {
        lines.extend(refusal_lines(refusal, symbol, columns, look));
    }
    let way_out = match (refusals.is_empty(), is_empty) {
        (true, false) => return lines,
        (true, true) => "The credential sees no account and no zone. The ID can be typed.",
        (false, _) => "The ID can be typed all the same.",
    };
    let wrapped = text::wrap(way_out, columns.saturating_sub(2));
    lines.extend(
        wrapped
            .iter()
            .map(|line| vec![Span::raw("  "), look.span(Role::Muted, line)]),
    );
    lines
}

fn refusal_lines(
    refusal: &Failure,
    (role, symbol): (Role, &str),
    columns: usize,
    look: &RenderContext<'_>,
) -> Vec<Line> {
    let wrapped = text::wrap(&look.clean(&refusal.summary), columns.saturating_sub(2));
    let line = |(at, line): (usize, &String)| {
        let mark = if at == 0 {
            format!("{symbol} ")
        } else {
            "  ".to_owned()
        };
        vec![look.span(role, &mark), look.plain(line)]
    };
    wrapped.iter().enumerate().map(line).collect()
}
