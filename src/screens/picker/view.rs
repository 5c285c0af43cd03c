//! Draws the choice between accounts and zones.

use ratatui::layout::Rect;
use ratatui::text::Span;

use super::state::Picker;
use crate::action::{Action, Context};
use crate::app::state::State;
use crate::domain::scope::NamedScope;
use crate::domain::text;
use crate::theme::Role;
use crate::ui::areas::{across, below, bottom, centred, first_rows, inset, row, without_right};
use crate::ui::painter::{Painter, RenderContext, Spans};

/// ```text
/// ╭ Accounts and zones ───────────────────────── 3 of 214 ╮
/// │ › exam                                                │
/// │   account  Example Ltd      023e105f4ecef8ad9ca31a83… │
/// │   zone     example.com      9a7b2c3d4e5f60718293a4b5… │
/// │                                                       │
/// │ ▲ The API token works, but may not list zones …       │
/// ╰ Enter choose ───────────────────────────── Esc close ─╯
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, body: Rect, state: &State) {
    let ctx = paint.ctx;
    let picker = &state.picker;
    let total = picker.total();
    let layout = state.picker_layout((body.width, body.height));
    let area = centred(body, layout.columns, layout.rows);
    let inner = inset(paint.overlay_panel(area, "Accounts and zones"));
    paint.render_lines(below(inner, layout.list), ctx.lines(&layout.remarks));
    let context = Context::PickerText;
    if picker.count() > 0 {
        let choose = ctx.hint(context, Action::Submit, "choose");
        paint.frame_title(bottom(area), &choose);
    }
    let leave = if picker.scopes.is_loading() {
        "cancel"
    } else {
        "close"
    };
    let leave = ctx.hint(context, Action::Back, leave);
    paint.frame_title_right(bottom(area), &leave);
    if total > 0 {
        let count = format!("{} of {total}", picker.count());
        let count = [ctx.span(Role::Muted, &count)];
        paint.frame_title_right(row(area, 0), &count);
    }
    render_list_of(paint, first_rows(inner, layout.list), state);
}

fn render_list_of(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
    let (ctx, picker) = (paint.ctx, &state.picker);
    render_filter(paint, row(area, 0), picker);
    let list = below(area, 1);
    let matching = picker.count();
    if matching == 0 {
        let line = if picker.scopes.is_loading() {
            vec![
                ctx.spinner(state.clock.steady),
                ctx.plain(" Loading accounts and zones …"),
            ]
        } else if picker.filter.is_blank() {
            Vec::new()
        } else {
            vec![ctx.span(Role::Muted, "No matches.")]
        };
        paint.render_spans(row(list, 0), &line);
        return;
    }
    let rows = (picker.rows(0, matching), matching);
    // The bar begins beside the text.
    let list = without_right(across(list), 1);
    let row = |named: &_| list_row(named, picker, usize::from(list.width), ctx);
    paint.render_scrolled(list, rows, Some(picker.selected), row);
}

fn render_filter(paint: &mut Painter<'_, '_>, place: Rect, picker: &Picker) {
    let ctx = paint.ctx;
    let is_empty = picker.total() == 0 && !picker.scopes.is_loading();
    let placeholder = if is_empty {
        "an ID of 32 digits"
    } else {
        "a name or a part of it, or an ID"
    };
    let shown = match picker.filter.value() {
        "" => ctx.span(Role::Muted, placeholder),
        filter => ctx.plain(filter),
    };
    let marker = ctx.span(Role::Accent, &format!("{} ", ctx.glyphs().marker));
    paint.render_spans(place, &[marker, shown]);
    let column = 2 + text::width(picker.filter.before_cursor());
    let last = usize::from(place.width).saturating_sub(1);
    paint.set_cursor(place, column.min(last));
}

/// ```text
/// account  Example Ltd      023e105f4ecef8ad9ca31a8372d0c353
/// ```
fn list_row(named: &NamedScope, picker: &Picker, columns: usize, ctx: &RenderContext<'_>) -> Spans {
    const KIND: usize = 9;
    const ID: usize = 32;
    let ellipsis = ctx.glyphs().ellipsis;
    let id = ctx.id(named.scope.id(), columns > KIND + 20 + 2 + ID);
    let room = columns.saturating_sub(1 + KIND + 2 + text::width(&id));
    let name = ctx.clean(&named.name);
    let (role, name) = if picker.is_typed(named) {
        (Role::Muted, "as typed".into())
    } else if name.trim().is_empty() {
        (Role::Muted, "without a name".into())
    } else {
        (Role::Strong, name)
    };
    vec![
        Span::raw(" "),
        ctx.span(Role::Muted, &text::fit(named.scope.kind().word(), KIND, "")),
        ctx.span(
            role,
            &text::fit(&name, picker.widest.max(14).min(room), ellipsis),
        ),
        ctx.span(Role::Muted, &format!("  {id}")),
    ]
}
