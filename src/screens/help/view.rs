//! Draws the keys, by the context in which they work.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};

use crate::action::Context;
use crate::app::state::State;
use crate::ui::render_context::RenderContext;
use crate::ui::text_box;

/// ```text
/// ╭ Keys ───────────────────────────────────────────────────╮
/// │ Token                       Everywhere                  │
/// │ r      refresh              Tab    next field           │
/// │ y      copy                 Esc    back                 │
/// ╰ 1–20 of 34 ───────────────────────────────── Esc close ─╯
/// ```
pub(crate) fn render(
    frame: &mut Frame<'_>,
    body: Rect,
    state: &State,
    top: usize,
    ctx: &RenderContext<'_>,
) {
    let buffer = frame.buffer_mut();
    // Help hides the whole body: nothing beneath it needs to be drawn anew while it is read.
    Clear.render(body, buffer);
    text_box::render(
        buffer,
        body,
        "Keys",
        (&state.help_box(), top),
        Context::Help,
        ctx,
    );
}
