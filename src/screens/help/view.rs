//! Draws the help: a menu of keys, and what symbols and filters mean.

use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::app::state::State;
use crate::domain::text;
use crate::screens::help::update::{HelpLine, LEAD_MARGINS, lead_width};
use crate::theme::Role;
use crate::ui::areas::{bottom, centred, inset, row};
use crate::ui::form::render_query;
use crate::ui::painter::{Painter, RenderContext, Spans};

/// ```text
/// ╭ Keys ──────────────────────────────── line 1 of 42 ╮
/// │ Token                                              │
/// │▌ r        reload the token                         │
/// │  y        copy the value                           │
/// │ Symbols                                            │
/// │ ✖         expired                                  │
/// ╰ / copy ────────────────────────────────────────────╯
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, body: Rect, state: &State) {
    let ctx = paint.ctx;
    // Help hides the whole body, so nothing beneath it needs redrawing.
    paint.clear(body);
    let (columns, rows) = state.help_size((body.width, body.height));
    let area = centred(body, columns, rows);
    let inner = paint.overlay_panel(area, "Keys");
    let lines = state.help_lines();
    let selected = state.help_selected(&lines);
    if lines.is_empty() {
        let line = vec![ctx.span(Role::Muted, "No key does that.")];
        paint.render_lines(inset(inner), [line]);
    }
    let widest = lead_width(&lines);
    let line = |line: &HelpLine| menu_line(line, widest, ctx);
    let list = (lines.iter(), lines.len());
    paint.render_scrolled(inner, list, selected.map(|(_, line)| line), line);
    let total = lines.iter().filter(|line| line.is_item()).count();
    let place = selected.map_or(0, |(place, _)| place + 1);
    let place = format!("line {place} of {total}");
    paint.frame_title_right(row(area, 0), &[ctx.span(Role::Muted, &place)]);
    let line = bottom(area);
    let help = &state.help;
    let room = usize::from(area.width).saturating_sub(10);
    render_query(paint, line, &help.query, (help.is_searching, false), room);
}

fn menu_line(line: &HelpLine, widest: usize, ctx: &RenderContext<'_>) -> Spans {
    let Some(role) = line.role else {
        if line.lead.is_empty() {
            let indent = " ".repeat(widest + LEAD_MARGINS);
            return vec![Span::raw(indent), ctx.plain(&line.meaning)];
        }
        return vec![Span::raw(" "), ctx.span(Role::Title, &line.lead)];
    };
    // The bar keeps the colour of a symbol in the second cell, which keys leave blank.
    let indent = if line.action.is_some() { "  " } else { " " };
    let lead = ctx.clean(&line.lead);
    // Longer keys push their meaning aside.
    let room = (widest + LEAD_MARGINS - indent.len()).max(text::width(&lead) + 2);
    vec![
        Span::raw(indent),
        ctx.span(role, &text::fit(&lead, room, "")),
        ctx.plain(&line.meaning),
    ]
}
