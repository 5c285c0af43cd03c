//! What there is to say of a list: how far it has come, or what it lacks.
//!
//! Not here: its rows (`browse`).

use ratatui::text::Span;

use crate::action::{Action, Context};
use crate::app::state::State;
use crate::theme::Role;
use crate::ui::render_context::RenderContext;
use crate::ui::widgets::{hint_for, number, spinner};

/// What there is to say of the list: how far it has come, or what it lacks.
///
/// ```text
/// ⠋ 1,000 of 12,000 tokens · 3 s · Esc cancels
/// ▲ Showing 1,000 of 12,000 tokens.  r fetches the list again
///   page 2 of 12 could not be read: the API did not answer
/// ```
pub(crate) fn lines(state: &State, look: &RenderContext<'_>) -> Vec<Vec<Span<'static>>> {
    let browse = &state.browse;
    if browse.list.is_loading() {
        return vec![progress(state, look)];
    }
    let extent = browse.list.value().cloned().unwrap_or_default();
    let Some(why) = extent.incomplete else {
        return Vec::new();
    };
    let shown = browse.table.total();
    let of = match extent.total.filter(|total| *total > shown) {
        Some(total) => format!("{} of {}", number(shown), tokens(total)),
        None => tokens(shown),
    };
    let mut spans = vec![
        Span::raw(" "),
        look.span(Role::Warning, look.glyphs().warning),
        look.plain(&format!(" Showing {of}.  ")),
    ];
    let again = "fetches the list again";
    let again = hint_for(Context::Browse, Action::Refresh, again, look);
    spans.extend(again.into_iter().flatten());
    vec![spans, vec![look.span(Role::Muted, &format!("   {why}"))]]
}

pub(crate) fn progress(state: &State, look: &RenderContext<'_>) -> Vec<Span<'static>> {
    let browse = &state.browse;
    let received = browse.progress.received;
    let again = match browse.list.value() {
        Some(_) => "Fetching again: ",
        None => "",
    };
    let what = match (browse.progress.total, received) {
        (Some(total), _) => format!("{} of {}", number(received), tokens(total)),
        (None, 0) => "waiting for the list …".to_owned(),
        (None, received) => tokens(received),
    };
    let mut spans = vec![
        Span::raw(" "),
        spinner(state.clock.steady, look),
        look.plain(&format!(" {again}{what}")),
    ];
    let seconds = waited(state);
    if seconds > 0 {
        spans.push(look.span(Role::Muted, look.glyphs().dot));
        spans.push(look.plain(&format!("{seconds} s")));
    }
    if !browse.is_filtering
        && let Some(hint) = hint_for(state.context(), Action::Back, "cancels", look)
    {
        spans.push(look.span(Role::Muted, look.glyphs().dot));
        spans.extend(hint);
    }
    spans
}

/// For how many seconds the list has been under way.
pub(crate) fn waited(state: &State) -> i64 {
    let now = state.clock.steady;
    let since = state.browse.list.loading_since().unwrap_or(now);
    now.signed_duration_since(since).num_seconds()
}

pub(crate) fn tokens(count: usize) -> String {
    let noun = if count == 1 { "token" } else { "tokens" };
    format!("{} {noun}", number(count))
}
