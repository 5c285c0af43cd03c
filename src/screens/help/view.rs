//! Draws the keys, by the context in which they work.

use ratatui::layout::Rect;

use crate::action::Context;
use crate::app::state::State;
use crate::ui::painter::{Painter, render_text_box};

/// ```text
/// ╭ Keys ───────────────────────────────────────────────────╮
/// │ Token                       Everywhere                  │
/// │ r      reload              Tab    next field           │
/// │ y      copy                 Esc    back                 │
/// ╰ 1–20 of 34 ───────────────────────────────── Esc close ─╯
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, body: Rect, state: &State, top: usize) {
    // Help hides the whole body, so nothing beneath it needs redrawing.
    paint.clear(body);
    render_text_box(paint, body, "Keys", (&state.help_box(), top), Context::Help);
}
