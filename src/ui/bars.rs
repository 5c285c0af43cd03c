//! The rows below a screen: the error banner, and the footer with keys and notices.

use ratatui::layout::Rect;
use ratatui::text::Span;

use super::areas::{row, without_right};
use super::painter::{Painter, RenderContext, Spans, width};
use crate::action::{Action, Context};
use crate::app::state::{Screen, State};

use crate::layout::BannerLines;
use crate::theme::Role;

/// ```text
///  ✖ The API token works, but not for account 023e…c353
///    (HTTP 403, code 10000). ×3
///    Check the ID, and what the API token was made for.      e details
/// ```
pub(crate) fn render_banner(
    paint: &mut Painter<'_, '_>,
    area: Rect,
    banner: &BannerLines,
    has_keys: bool,
) {
    let ctx = paint.ctx;
    let keys = ctx.line(if has_keys { &banner.keys } else { &[] });
    let taken = width(&keys) + 1;
    for (at, line) in banner.lines.iter().enumerate() {
        let taken = if at == banner.keys_at { taken } else { 0 };
        paint.render_spans(without_right(row(area, at), taken), &ctx.line(line));
    }
    paint.render_spans_right(row(area, banner.keys_at), &keys);
}

/// The cells between two keys.
const GAP: usize = 2;

/// The cells between a notice and the keys before it.
const NOTICE_GAP: usize = 2;

/// ```text
///  Esc back  y copy  v JSON  ? more             Copied the ID to the terminal's clipboard
/// ```
pub(crate) fn render_footer(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
    let ctx = paint.ctx;
    let columns = usize::from(area.width);
    let help = help_hint(state, ctx);
    let hints = footer_hints(state, ctx);
    let mut room = columns.saturating_sub(1);
    if let Some(notice) = &state.notice {
        // Beside it, the first key and the one to all others stay.
        let first = hints.first().map_or(0, |hint| width(hint) + GAP);
        let most = columns.saturating_sub(first + width(&help) + NOTICE_GAP + 2);
        let notice = ctx.span(Role::Strong, &ctx.cut(&notice.text, most));
        let notice = [notice, Span::raw(" ")];
        paint.render_spans_right(area, &notice);
        room = columns.saturating_sub(width(&notice) + NOTICE_GAP);
    }
    let keys = key_hints(hints, room, help);
    paint.render_spans(without_right(area, columns - room), &keys);
}

/// The keys that fit, left-aligned: the one that leads back first, the one to all others last.
fn key_hints(hints: Vec<Spans>, room: usize, help: Spans) -> Spans {
    let gap = || Span::raw(" ".repeat(GAP));
    let mut used = width(&help) + 1;
    let mut spans = vec![Span::raw(" ")];
    for hint in hints {
        used += width(&hint) + GAP;
        if used > room {
            break;
        }
        spans.extend(hint);
        spans.push(gap());
    }
    spans.extend(help);
    spans
}

/// `? more`, or `F1 help` in a text field, where `?` is a letter.
fn help_hint(state: &State, ctx: &RenderContext<'_>) -> Spans {
    let context = state.context();
    if state.is_covered() {
        return Spans::new();
    }
    let label = if context.is_text() { "help" } else { "more" };
    ctx.hint(context, Action::Help, label)
}

/// Back, the keys of what is in front, then those that work everywhere; only those that do
/// something now.
fn footer_hints(state: &State, ctx: &RenderContext<'_>) -> Vec<Spans> {
    let (context, front) = (state.context(), state.front());
    let mut back = Vec::new();
    let mut hints: Vec<(String, &str)> = Vec::new();
    let rows = ctx.keymap.rows_in(context);
    let rows = rows.filter(|row| row.action != Action::Help && front.can(state, row.action));
    // Beneath an overlay, no other screen is reached.
    let rows = rows.filter(|row| state.overlay.is_none() || row.context != Context::Commands);
    let rows = rows.filter(|row| row.action != Action::Reload || state.can_reload());
    for row in rows.filter(|row| leads_elsewhere(state, row.action)) {
        let Some(key) = row.keys.first().map(ToString::to_string) else {
            continue;
        };
        let back_hint = state.back_hint().filter(|_| row.action == Action::Back);
        let submit_hint = front.submit_hint(state);
        let hint = back_hint.or(submit_hint.filter(|_| row.action == Action::Submit));
        let label = hint.unwrap_or_else(|| row.hint());
        // The answer "no" to a question has a letter, and is shown beside "yes".
        let is_answer = row.footer && key.chars().count() == 1;
        if row.action == Action::Back && !is_answer {
            if back.is_empty() && (hint.is_some() || row.footer || !is_at_root(state)) {
                back.push(ctx.key_hint(&key, label));
            }
        } else if row.footer {
            match hints.last_mut().filter(|(_, last)| *last == label) {
                Some((keys, _)) => *keys = joined(keys, &key),
                None => hints.push((key, label)),
            }
        }
    }
    let hints = hints.iter().map(|(key, label)| ctx.key_hint(key, label));
    back.into_iter().chain(hints).collect()
}

/// Keys that share a hint: `[ ]`, but `1-7` for digits.
fn joined(keys: &str, key: &str) -> String {
    let is_digit = |key: &str| key.len() == 1 && key.bytes().all(|byte| byte.is_ascii_digit());
    match keys.split(['-', ' ']).next() {
        Some(first) if is_digit(first) && is_digit(key) => format!("{first}-{key}"),
        _ => format!("{keys} {key}"),
    }
}

/// Whether Back leads nowhere: only Quit leaves the first screen.
fn is_at_root(state: &State) -> bool {
    state.screen == Screen::Find && state.overlay.is_none() && !state.context().is_text()
}

/// Whether an action leads away from the screen in front, if it leads to a screen at all.
fn leads_elsewhere(state: &State, action: Action) -> bool {
    !matches!(
        (action, state.screen),
        (Action::Find, Screen::Find)
            | (Action::Browse, Screen::Browse)
            | (Action::Profiles, Screen::Profiles)
    )
}
