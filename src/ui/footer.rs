//! The last row: how old the data is and what else is going on, and the keys that work here.
//!
//! Not here: errors (`banner`).

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;
use ratatui::widgets::{Clear, Widget};

use super::render_context::RenderContext;
use super::widgets::{cells, hint_for, key_hint, render_spans, render_spans_right, width};
use crate::action::Action;
use crate::app::state::{Screen, State};
use crate::domain::duration;
use crate::domain::remote::Remote;
use crate::domain::text;
use crate::theme::Role;

/// ```text
///  fetched just now · 84 ms                r refresh  y copy  v JSON  t look-up  ? help
/// ```
pub(crate) fn render(frame: &mut Frame<'_>, area: Rect, state: &State, look: &RenderContext<'_>) {
    let is_long = state
        .notice
        .as_ref()
        .is_some_and(|notice| render_long(frame, area, &look.clean(&notice.text), look));
    let left = if is_long {
        Vec::new()
    } else {
        left(state, look)
    };
    let room = usize::from(area.width).saturating_sub(width(&left) + 2);
    let right = hints(state, room, look);
    let taken = u16::try_from(width(&right)).unwrap_or(area.width);
    let buffer = frame.buffer_mut();
    render_spans_right(buffer, area, &right, look);
    let rest = Rect {
        width: area.width.saturating_sub(taken + 1),
        ..area
    };
    render_spans(buffer, rest, &left, look);
}

/// The rows that a message may take at most.
const MOST_ROWS: u16 = 5;
/// The cells that a short message leaves to the way to help.
const ROOM_FOR_HELP: usize = 10;

/// A message that is longer than the row takes rows above it, for the few seconds that it is there:
/// what was copied can be read whole. False for a short one.
fn render_long(frame: &mut Frame<'_>, area: Rect, notice: &str, look: &RenderContext<'_>) -> bool {
    let columns = usize::from(area.width);
    if text::width(notice) + ROOM_FOR_HELP <= columns {
        return false;
    }
    let lines = text::wrap(notice, columns.saturating_sub(2));
    let rows = cells(lines.len()).min(MOST_ROWS).min(area.y);
    for (at, line) in lines.iter().take(usize::from(rows)).enumerate() {
        let is_cut = at + 1 == usize::from(rows) && lines.len() > usize::from(rows);
        let ellipsis = if is_cut { look.glyphs().ellipsis } else { "" };
        let shown = text::fit(&format!(" {line}{ellipsis}"), columns, ellipsis);
        let place = Rect {
            y: area.y - rows + cells(at),
            height: 1,
            ..area
        };
        // The colours of what it covers are not its own.
        Clear.render(place, frame.buffer_mut());
        render_spans(frame.buffer_mut(), place, &[look.plain(&shown)], look);
    }
    true
}

/// A message about what was just done, or the facts of the moment.
fn left(state: &State, look: &RenderContext<'_>) -> Vec<Span<'static>> {
    let mut spans = vec![Span::raw(" ")];
    if let Some(notice) = &state.notice {
        spans.push(look.plain(&notice.text));
        return spans;
    }
    let mut facts = Vec::new();
    if let Some(seconds) = state.limited_for() {
        facts.push(look.span(Role::Warning, "asked to pause"));
        facts.push(look.plain(&format!("retry in {}", duration::pause(seconds))));
    }
    let waited = waited(state);
    match state.screen {
        Screen::Detail => facts.extend(age(state, &state.detail.token, waited, look)),
        Screen::Browse => facts.extend(age(state, &state.browse.list, None, look)),
        _ => {}
    }
    let mut facts: Vec<_> = facts.into_iter().map(|fact| vec![fact]).collect();
    if waited.is_some() && !state.detail.from_browse {
        facts.extend(hint_for(state.context(), Action::Back, "cancels", look));
    }
    if let Some(notice) = state.clock.offset.notice() {
        facts.push(vec![look.span(Role::Warning, &notice)]);
    }
    for (at, fact) in facts.into_iter().enumerate() {
        if at > 0 {
            spans.push(look.span(Role::Muted, look.glyphs().dot));
        }
        spans.extend(fact);
    }
    spans
}

/// For how many seconds a refresh of the token in view has been under way, once that is worth a word.
fn waited(state: &State) -> Option<i64> {
    let since = state.detail.token.loading_since()?;
    let seconds = state
        .clock
        .steady
        .signed_duration_since(since)
        .num_seconds();
    let is_refresh = state.screen == Screen::Detail && state.detail.token.value().is_some();
    (is_refresh && seconds > 0).then_some(seconds)
}

fn age<T>(
    state: &State,
    remote: &Remote<T>,
    waited: Option<i64>,
    look: &RenderContext<'_>,
) -> Vec<Span<'static>> {
    let Some(fetched) = remote.fetched() else {
        return Vec::new();
    };
    let age = duration::ago(state.clock.steady.signed_duration_since(fetched.at));
    match remote {
        Remote::Stale { .. } => vec![
            look.span(Role::Warning, "stale"),
            look.span(Role::Muted, &format!("fetched {age}")),
        ],
        Remote::Loading { .. } => vec![
            match waited {
                Some(seconds) => look.span(Role::Accent, &format!("refreshing {seconds} s")),
                None => look.span(Role::Accent, "refreshing"),
            },
            look.span(Role::Muted, &format!("fetched {age}")),
        ],
        _ => vec![
            look.span(Role::Muted, &format!("fetched {age}")),
            look.span(Role::Muted, &format!("{} ms", fetched.took.as_millis())),
        ],
    }
}

/// The hints that fit, from the first on; help is always among them.
fn hints(state: &State, room: usize, look: &RenderContext<'_>) -> Vec<Span<'static>> {
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
