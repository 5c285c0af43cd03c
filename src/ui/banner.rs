//! The last error: what happened, what to do, and the keys that help.
//!
//! Not here: its details (`error_details`).

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::look::Look;
use super::widgets::{cells, key_hint, put, put_right, row, width};
use crate::action::{Action, Context};
use crate::app::state::{Banner, Screen, State};
use crate::domain::failure::FailureKind;
use crate::theme::Role;

/// ```text
///  ✖ The API refused the credential. ×3
///    Re-enter it, or make a new API token.         e details  a re-enter credential
/// ```
pub(super) fn render(frame: &mut Frame<'_>, area: Rect, state: &State, look: &Look<'_>) {
    let Some(banner) = &state.banner else { return };
    let glyphs = look.glyphs();
    let (role, symbol) = match banner.failure.kind {
        FailureKind::RateLimited | FailureKind::Config => (Role::Warning, glyphs.warning),
        _ => (Role::Critical, glyphs.critical),
    };
    let mut first = vec![
        Span::raw(" "),
        look.span(role, symbol),
        Span::raw(" "),
        look.span(Role::Strong, &banner.failure.summary),
    ];
    if banner.count > 1 {
        let count = format!(" {}{}", glyphs.times, banner.count);
        first.push(look.span(Role::Muted, &count));
    }
    let second = vec![Span::raw("   "), look.plain(&banner.failure.hint)];
    let keys = keys(state, banner, look);
    let fits = |spans: &[Span<'_>]| width(spans) + 2 + width(&keys) <= usize::from(area.width);
    // The keys go where they hide nothing; the hint is what is cut last.
    let beside_first = !fits(&second) && fits(&first);
    let narrowed = |area: Rect| Rect {
        width: area.width.saturating_sub(cells(width(&keys)) + 1),
        ..area
    };
    let rows = [row(area, 0), row(area, 1)];
    let buffer = frame.buffer_mut();
    put_right(buffer, rows[usize::from(!beside_first)], &keys, look);
    let (one, two) = if beside_first {
        (narrowed(rows[0]), rows[1])
    } else {
        (rows[0], narrowed(rows[1]))
    };
    put(buffer, one, &first, look);
    put(buffer, two, &second, look);
}

fn keys(state: &State, banner: &Banner, look: &Look<'_>) -> Vec<Span<'static>> {
    let mut keys = Vec::new();
    if state.overlay.is_some() {
        return keys;
    }
    let credential_helps = matches!(
        banner.failure.kind,
        FailureKind::Authentication | FailureKind::NoCredential | FailureKind::Keyring
    );
    let wanted = [
        (Action::ErrorDetails, "details", true),
        (
            Action::ReenterCredential,
            "re-enter credential",
            credential_helps && state.screen != Screen::Setup,
        ),
    ];
    let is_text = state.context().is_text();
    for (action, label, _) in wanted.into_iter().filter(|(_, _, helps)| *helps) {
        let Some(key) = look.keymap.key_for(Context::Commands, action) else {
            continue;
        };
        if !keys.is_empty() {
            keys.push(Span::raw("  "));
        } else if is_text {
            // Letters are letters in a text field, so it has to be left first.
            let leave = look.keymap.key_for(state.context(), Action::Back);
            let leave = leave.unwrap_or_default();
            keys.extend([look.span(Role::Accent, &leave), Span::raw(" ")]);
        }
        keys.extend(key_hint(&key, label, look));
    }
    keys.push(Span::raw(" "));
    keys
}
