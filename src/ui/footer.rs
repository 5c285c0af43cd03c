//! The last row: how old the data is and what else is going on, and the keys that work here.
//!
//! Not here: errors (`banner`).

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::look::Look;
use super::widgets::{hint_for, key_hint, put, put_right, width};
use crate::action::Action;
use crate::app::state::{Screen, State};
use crate::domain::duration;
use crate::domain::remote::Remote;
use crate::theme::Role;

/// ```text
///  fetched just now · 84 ms                r refresh  y copy  v JSON  t look-up  ? help
/// ```
pub(super) fn render(frame: &mut Frame<'_>, area: Rect, state: &State, look: &Look<'_>) {
    let left = left(state, look);
    let room = usize::from(area.width).saturating_sub(width(&left) + 2);
    let right = hints(state, room, look);
    let taken = u16::try_from(width(&right)).unwrap_or(area.width);
    let buffer = frame.buffer_mut();
    put_right(buffer, area, &right, look);
    let rest = Rect {
        width: area.width.saturating_sub(taken + 1),
        ..area
    };
    put(buffer, rest, &left, look);
}

/// A message about what was just done, or the facts of the moment.
fn left(state: &State, look: &Look<'_>) -> Vec<Span<'static>> {
    let mut spans = vec![Span::raw(" ")];
    if let Some(notice) = &state.notice {
        spans.push(look.plain(&notice.text));
        return spans;
    }
    let mut facts = Vec::new();
    if let Some(seconds) = state.limited_for() {
        facts.push(look.span(Role::Warning, "asked to pause"));
        let (minutes, seconds) = (seconds / 60, seconds % 60);
        facts.push(look.plain(&format!("retry in {minutes}:{seconds:02}")));
    }
    match state.screen {
        Screen::Detail => facts.extend(age(state, &state.detail.token, look)),
        Screen::Browse => facts.extend(age(state, &state.browse.list, look)),
        _ => {}
    }
    if let Some(notice) = state.clock.offset.notice() {
        facts.push(look.span(Role::Warning, &notice));
    }
    for (at, fact) in facts.into_iter().enumerate() {
        if at > 0 {
            spans.push(look.span(Role::Muted, look.glyphs().dot));
        }
        spans.push(fact);
    }
    spans
}

fn age<T>(state: &State, remote: &Remote<T>, look: &Look<'_>) -> Vec<Span<'static>> {
    let Some(fetched) = remote.fetched() else {
        return Vec::new();
    };
    let age = match duration::age(state.clock.local.signed_duration_since(fetched.at)) {
        recent if recent == "just now" => recent,
        age => format!("{age} ago"),
    };
    match remote {
        Remote::Stale { .. } => vec![
            look.span(Role::Warning, "stale"),
            look.span(Role::Muted, &format!("fetched {age}")),
        ],
        Remote::Loading { .. } => vec![
            look.span(Role::Accent, "refreshing"),
            look.span(Role::Muted, &format!("fetched {age}")),
        ],
        _ => vec![
            look.span(Role::Muted, &format!("fetched {age}")),
            look.span(Role::Muted, &format!("{} ms", fetched.took.as_millis())),
        ],
    }
}

/// The hints that fit, from the first on; help is always among them.
fn hints(state: &State, room: usize, look: &Look<'_>) -> Vec<Span<'static>> {
    let context = state.context();
    let help = hint_for(context, Action::Help, "help", look).unwrap_or_default();
    let mut used = width(&help) + 1;
    let mut hints = Vec::new();
    let rows = look
        .keymap
        .rows_in(context)
        .filter(|row| row.footer && row.action != Action::Help)
        .filter(|row| row.action != Action::Browse || state.screen != Screen::Browse);
    for row in rows {
        let Some(key) = row.keys.first() else {
            continue;
        };
        let hint = key_hint(&key.to_string(), &row.label, look);
        used += width(&hint) + 2;
        if used > room {
            break;
        }
        hints.extend(hint);
        hints.push(Span::raw("  "));
    }
    hints.extend(help);
    hints.push(Span::raw(" "));
    hints
}
