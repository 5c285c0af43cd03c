//! Draws everything known about the last error.

use ratatui::layout::Rect;

use crate::action::{Action, Context};
use crate::app::state::State;
use crate::ui::painter::{Painter, bottom, centred, inset};

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
    let ctx = paint.ctx;
    let text = state.error_details_box();
    let area = centred(body, text.columns, text.rows);
    let inner = inset(paint.overlay_panel(area, "Error details"));
    let top = top.min(text.last_top());
    paint.render_lines(inner, ctx.lines(&text.lines[top..]));
    paint.frame_position(area, top, text.page(), text.lines.len());
    let close = ctx.hint(Context::ErrorDetails, Action::Back, "close");
    paint.frame_title_right(bottom(area), &close);
}
