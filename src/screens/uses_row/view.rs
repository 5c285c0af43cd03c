//! Draws everything about a row of Uses, about its token, and about what was read.

use ratatui::layout::Rect;

use crate::action::{Action, Context};
use crate::app::state::State;
use crate::ui::painter::{Painter, bottom, centred, inset};

/// ```text
/// ╭ Details ─────────────────────────────────────────────────────────────────╮
/// │ REFUSED metrics.example.com                                              │
/// │ Policy Robots (Allow, 1st) names any valid service token, but …          │
/// │ Path        policy Robots → any valid service token                      │
/// │                                                                          │
/// │ The token                                                                │
/// │ Delete?     no: a policy and a group name it (the API would refuse)      │
/// │                                                                          │
/// │ What was read                                                            │
/// │ apps: read, 4 visible                                                    │
/// ╰──────────────────────────────────────────────────────────── Esc close ───╯
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, body: Rect, state: &State, top: usize) {
    let ctx = paint.ctx;
    let text = state.uses_row_box();
    let area = centred(body, text.columns, text.rows);
    let inner = inset(paint.overlay_panel(area, "Details"));
    let top = top.min(text.last_top());
    paint.render_lines(inner, ctx.lines(&text.lines[top..]));
    paint.frame_position(area, top, text.page(), text.lines.len());
    let close = ctx.hint(Context::UsesRow, Action::Back, "close");
    paint.frame_title_right(bottom(area), &close);
}
