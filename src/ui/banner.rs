//! The last error: what happened, what to do, and the keys that help.
//!
//! Not here: its details (`error_details`).

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::render_context::RenderContext;
use super::widgets::{cells, hint_for, render_spans, render_spans_right, row, width};
use crate::action::{Action, Context};
use crate::app::banner::{INDENT, fit_banner};
use crate::app::session::Banner;
use crate::app::state::State;
use crate::domain::failure::FailureKind;
use crate::theme::Role;

/// ```text
///  ✖ The API token works, but not for account 023e…c353
///    (HTTP 403, code 10000). ×3
///    Check the ID, and what the API token was made for.      e details
/// ```
pub(crate) fn render(frame: &mut Frame<'_>, area: Rect, state: &State, look: &RenderContext<'_>) {
    let Some((banner, more)) = state.shown_banner() else {
        return;
    };
    let (lines, headline) = lines(&banner, more, state, look);
    let rows: Vec<Rect> = (0..lines.len()).map(|at| row(area, at)).collect();
    let width_left = |at: usize| {
        let used = lines.get(at).map_or(0, |line| width(line));
        usize::from(area.width).saturating_sub(used + 2)
    };
    // The keys go where they hide nothing, and get fewer before they do.
    let last = lines.len().saturating_sub(1);
    let mut sets = key_sets(state, look);
    let fitting = sets.iter().find_map(|keys| {
        let at = [last, headline.saturating_sub(1)]
            .into_iter()
            .find(|at| width(keys) <= width_left(*at))?;
        Some((keys.clone(), at))
    });
    // The details hold all of it, so the way to them matters more than the end of the hint.
    let (keys, beside) = fitting.unwrap_or_else(|| (sets.pop().unwrap_or_default(), last));
    let buffer = frame.buffer_mut();
    for (at, line) in lines.iter().enumerate() {
        let taken = if at == beside {
            cells(width(&keys)) + 1
        } else {
            0
        };
        let place = Rect {
            width: area.width.saturating_sub(taken),
            ..rows[at]
        };
        render_spans(buffer, place, line, look);
    }
    render_spans_right(buffer, row(area, beside), &keys, look);
}

/// The lines of the banner, with a symbol before the first, and how many of them say what happened.
fn lines(
    banner: &Banner,
    more: usize,
    state: &State,
    look: &RenderContext<'_>,
) -> (Vec<Vec<Span<'static>>>, usize) {
    let glyphs = look.glyphs();
    let (role, symbol) = match banner.failure.kind {
        FailureKind::RateLimited | FailureKind::Config => (Role::Warning, glyphs.warning),
        _ => (Role::Critical, glyphs.critical),
    };
    let count = banner.times(glyphs.times);
    let headline = look.clean(banner.headline()) + count.as_str();
    let hint = banner.hint();
    let hint = look.clean(&hint);
    let fitted = fit_banner(
        &headline,
        &hint,
        state.size,
        state.room_for_keys(),
        more,
        glyphs.ellipsis,
    );
    let indent = || Span::raw(" ".repeat(INDENT));
    let mut lines = Vec::new();
    for line in &fitted.headline {
        let (said, count) = match line.strip_suffix(&count) {
            Some(said) => (said, count.as_str()),
            None => (line.as_str(), ""),
        };
        let said = look.span(Role::Strong, said);
        lines.push(vec![indent(), said, look.span(Role::Muted, count)]);
    }
    if let Some(first) = lines.first_mut() {
        let start = [Span::raw(" "), look.span(role, symbol), Span::raw(" ")];
        first.splice(..1, start);
    }
    let hint = fitted
        .hint
        .iter()
        .map(|line| vec![indent(), look.plain(line)]);
    lines.extend(hint);
    (lines, fitted.headline.len())
}

/// The keys that help, all of them and then only the way to the details.
fn key_sets(state: &State, look: &RenderContext<'_>) -> Vec<Vec<Span<'static>>> {
    if state.overlay.is_some() {
        return Vec::new();
    }
    let details = hint(state, Action::ErrorDetails, "details", look);
    let mut sets = Vec::new();
    if state.reentry_helps() {
        for label in ["re-enter credential", "re-enter"] {
            let mut both = details.clone();
            both.push(Span::raw("  "));
            both.extend(hint(state, Action::ReenterCredential, label, look));
            sets.push(both);
        }
    }
    if state.lost_name().is_some() {
        let mut both = details.clone();
        both.push(Span::raw("  "));
        both.extend(hint(state, Action::Browse, "list by its name", look));
        sets.push(both);
    }
    sets.push(details);
    for set in &mut sets {
        let context = state.context();
        let leave = look.keymap.key_for(context, Action::Back);
        if let Some(leave) = leave.filter(|_| context.is_text()) {
            // Letters are letters in a text field, so it has to be left first.
            set.insert(0, look.span(Role::Muted, " then "));
            set.insert(0, look.span(Role::Accent, &leave));
        }
        set.push(Span::raw(" "));
    }
    sets
}

fn hint(
    state: &State,
    action: Action,
    label: &str,
    look: &RenderContext<'_>,
) -> Vec<Span<'static>> {
    let context = match state.context() {
        context if context.is_text() => Context::Commands,
        context => context,
    };
    hint_for(context, action, label, look).unwrap_or_default()
}
