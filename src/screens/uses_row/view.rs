//! Draws everything about a row of Uses, about its token, and about what was read.

use ratatui::layout::Rect;

use crate::action::Context;
use crate::app::state::State;
use crate::ui::painter::Painter;

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
    let text = state.uses_row_box();
    paint.text_box(body, "Details", &text, top, Context::UsesRow);
}
