//! Draws the confirmation before removing a profile.

use ratatui::layout::Rect;

use crate::action::{Action, Context};
use crate::app::state::State;

use crate::ui::areas::{bottom, inset, overlay};
use crate::ui::painter::Painter;

/// Maximum width of the box, in cells.
const WIDEST: u16 = 64;

/// ```text
/// ╭ Remove the profile staging? ─────────────────────────────╮
/// │ Its secret is removed too, from Secret Service, login    │
/// │ collection. It is in use.                        │
/// ╰ y remove it · n keep it ─────────────────────────────────╯
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, body: Rect, state: &State) {
    let ctx = paint.ctx;
    let removed = state.profiles.pending_removal.as_deref();
    let name = removed.unwrap_or_default();
    let is_printed = state.session.settings.command_of(name).is_some();
    let mut text = match state.profiles.location_of(name) {
        _ if is_printed => "Its credential comes from a command and stays there.".to_owned(),
        Some(Ok(Some(location))) => format!("Its secret is removed too, from {location}."),
        Some(Ok(None)) => "No secret is stored for it.".to_owned(),
        Some(Err(failure)) => format!(
            "{} Its secret is removed too if the keyring can be reached.",
            failure.summary
        ),
        None => "Its secret is removed from the keyring too.".to_owned(),
    };
    if state.session.active.profile.as_deref() == Some(name) {
        text.push_str(" It is in use.");
    }
    let columns = overlay(body, WIDEST, 0).width.saturating_sub(4);
    let lines = ctx.wrapped(None, &text, usize::from(columns));
    let area = overlay(body, WIDEST, lines.len() + 2);
    let name = ctx.cut(name, usize::from(area.width).saturating_sub(28));
    let title = format!("Remove the profile {name}?");
    let inner = inset(paint.overlay_panel(area, &title));
    paint.render_lines(inner, lines);
    let keys = [(Action::Submit, "remove it"), (Action::Back, "keep it")];
    let keys = ctx.hints(Context::Confirm, &keys, ctx.glyphs().dot);
    paint.frame_title(bottom(area), &keys);
}
