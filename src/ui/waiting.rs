//! The progress of a lookup, on the lookup form and on an empty token screen.

use super::painter::{RenderContext, Spans};
use crate::action::Action;
use crate::app::message::Stage;
use crate::app::state::State;
use crate::domain::text;
use crate::theme::Role;

/// What a lookup waits for, and how long it has taken.
///
/// ```text
/// ⠋ Looking up CI/CD token … 3 s · Esc cancel
///   waiting for the OS keyring (an unlock prompt may be on the desktop)
/// ```
pub(crate) fn lines(state: &State, columns: usize, ctx: &RenderContext<'_>) -> Option<Vec<Spans>> {
    let seconds = state
        .clock
        .seconds_since(state.detail.token.loading_since()?);
    let what = state.detail.reference.as_ref().map(ToString::to_string);
    let what = ctx.clean(what.as_deref().unwrap_or("")).into_owned();
    let room = columns.saturating_sub(36).clamp(8, 40);
    let what = text::truncate(&what, room, ctx.glyphs().ellipsis);
    let mut line = vec![
        ctx.spinner(state.clock.steady),
        ctx.plain(" Looking up "),
        ctx.span(Role::Strong, &what),
        ctx.plain(" …"),
    ];
    if seconds > 0 {
        line.push(ctx.plain(&format!(" {seconds} s")));
    }
    let cancel = ctx.hint(state.context(), Action::Back, "cancel");
    if !cancel.is_empty() {
        line.push(ctx.dot());
        line.extend(cancel);
    }
    let mut lines = vec![line];
    lines.extend(on_keyring(state.detail.stage, seconds, columns, ctx));
    Some(lines)
}

/// The note shown once the keyring takes more than a moment.
pub(crate) fn on_keyring(
    stage: Stage,
    seconds: i64,
    columns: usize,
    ctx: &RenderContext<'_>,
) -> Vec<Spans> {
    if stage != Stage::Keyring || seconds <= 1 {
        return Vec::new();
    }
    let texts = [
        "waiting for the OS keyring",
        "(an unlock prompt may be on the desktop)",
    ];
    let line = |text: &str| vec![ctx.span(Role::Muted, text)];
    if columns > 76 {
        vec![line(&texts.join(" "))]
    } else {
        texts.map(line).to_vec()
    }
}
