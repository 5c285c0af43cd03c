//! Draws everything known about the last error.

use ratatui::layout::Rect;

use crate::action::Context;
use crate::app::state::State;
use crate::ui::painter::Painter;

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
pub(crate) fn render(paint: &mut Painter<'_, '_>, body: Rect, state: &State, top: usize) {
    let text = state.error_details_box();
    paint.text_box(body, "Error details", &text, top, Context::ErrorDetails);
}
