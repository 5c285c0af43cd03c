//! Draws what the list of all profiles adds: how far it is, and what is missing from it.

use ratatui::text::Span;

use crate::action::{Action, Context};
use crate::app::state::State;
use crate::domain::text;
use crate::theme::Role;
use crate::ui::painter::{RenderContext, Spans, number, width};

/// The progress, as a part of a line.
///
/// ```text
/// 2 of 5 profiles, 120 tokens
/// ```
pub(crate) fn progress(state: &State) -> Option<String> {
    let (read, all) = state.list.profiles.as_ref()?.progress();
    let received = state.list.progress.received;
    let tokens = if received == 1 { "token" } else { "tokens" };
    let received = number(received);
    Some(format!("{read} of {all} profiles, {received} {tokens}"))
}

/// What is missing, in one line, and the key that shows all failures.
///
/// ```text
/// ▲ edge: permission · spare: lists no tokens                 e details
/// ```
pub(crate) fn note(state: &State, columns: usize, ctx: &RenderContext<'_>) -> Option<Spans> {
    let profiles = state.list.profiles.as_ref()?;
    let doubts = profiles.doubts();
    if doubts.is_empty() {
        return None;
    }
    let has_failed = profiles.failures().next().is_some();
    let key = if has_failed {
        ctx.hint(Context::Browse, Action::ErrorDetails, "details")
    } else {
        Spans::new()
    };
    let glyphs = ctx.glyphs();
    let (role, symbol) = if has_failed {
        (Role::Warning, glyphs.warning)
    } else {
        (Role::Muted, " ")
    };
    let room = columns.saturating_sub(3 + 2 + width(&key) + 1);
    let doubts = ctx.clean(&doubts.join(glyphs.dot)).into_owned();
    let mut spans = vec![
        Span::raw(" "),
        ctx.span(role, symbol),
        Span::raw(" "),
        ctx.plain(&text::fit(&doubts, room, glyphs.ellipsis)),
        Span::raw("  "),
    ];
    spans.extend(key);
    Some(spans)
}

/// The sentence in place of the rows of an empty list, and what is missing.
pub(crate) fn nothing(state: &State, ctx: &RenderContext<'_>) -> Option<(String, String)> {
    let list = &state.list;
    let profiles = list.profiles.as_ref()?;
    if list.extent.value().is_none() && list.extent.failure().is_none() {
        return None;
    }
    let all = profiles.reads.len() + profiles.without_scope.len();
    let noun = if all == 1 { "profile" } else { "profiles" };
    let what = format!("No service tokens in {all} {noun}.");
    Some((what, profiles.doubts().join(ctx.glyphs().dot)))
}
