//! What a look-up that is under way says for itself, on the look-up panel and on an empty Detail.
//!
//! Not here: where it stands.

use ratatui::text::Span;

use super::render_context::RenderContext;
use super::widgets::{hint_for, spinner};
use crate::action::Action;
use crate::app::message::Stage;
use crate::app::state::State;
use crate::domain::text;
use crate::theme::Role;

/// What a look-up that is under way waits for, and how long it has been.
///
/// ```text
/// ⠋ Looking up CI/CD token … 3 s · Esc cancels
///   waiting for the OS keyring (an unlock prompt may be on the desktop)
/// ```
pub(crate) fn lines(
    state: &State,
    columns: usize,
    look: &RenderContext<'_>,
) -> Option<Vec<Vec<Span<'static>>>> {
    let since = state.detail.token.loading_since()?;
    let seconds = state
        .clock
        .steady
        .signed_duration_since(since)
        .num_seconds();
    let what = state.detail.reference.as_ref().map(ToString::to_string);
    let what = look.clean(what.as_deref().unwrap_or("")).into_owned();
    let what = text::truncate(
        &what,
        columns.saturating_sub(36).clamp(8, 40),
        look.glyphs().ellipsis,
    )
    .into_owned();
    let mut line = vec![
        spinner(state.clock.steady, look),
        look.plain(" Looking up "),
        look.span(Role::Strong, &what),
        look.plain(" …"),
    ];
    if seconds > 0 {
        line.push(look.plain(&format!(" {seconds} s")));
    }
    if let Some(hint) = hint_for(state.context(), Action::Back, "cancels", look) {
        line.push(look.span(Role::Muted, look.glyphs().dot));
        line.extend(hint);
    }
    let mut lines = vec![line];
    lines.extend(on_keyring(state.detail.stage, seconds, columns, look));
    Some(lines)
}

/// What to say once the keyring has taken more than a moment.
pub(crate) fn on_keyring(
    stage: Stage,
    seconds: i64,
    columns: usize,
    look: &RenderContext<'_>,
) -> Vec<Vec<Span<'static>>> {
    if stage != Stage::Keyring || seconds <= 1 {
        return Vec::new();
    }
    let texts = [
        "waiting for the OS keyring",
        "(an unlock prompt may be on the desktop)",
    ];
    if columns > 76 {
        vec![vec![look.span(Role::Muted, &texts.join(" "))]]
    } else {
        texts
            .map(|text| vec![look.span(Role::Muted, text)])
            .to_vec()
    }
}
