//! Draws everything known about the last error.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::action::Context;
use crate::app::state::State;
use crate::ui::render_context::RenderContext;
use crate::ui::text_box;

/// ```text
/// ╭ Error details ───────────────────────────────╮
/// │ The API refused the credential.              │
/// │ Re-enter it, or make a new API token.        │
/// │                                              │
/// │ Kind: authentication                         │
/// │ HTTP status: 401                             │
/// │ API error 10000: Authentication error        │
/// ╰───────────────────────────────── Esc close ──╯
/// ```
pub(crate) fn render(
    frame: &mut Frame<'_>,
    body: Rect,
    state: &State,
    top: usize,
    ctx: &RenderContext<'_>,
) {
    let details = state.error_details_box();
    let title = "Error details";
    text_box::render(
        frame.buffer_mut(),
        body,
        title,
        (&details, top),
        Context::ErrorDetails,
        ctx,
    );
}
