//! The last row: a notice or the data's age, and the keys that work here.

use ratatui::layout::Rect;
use ratatui::text::Span;

use super::painter::{Painter, RenderContext, Spans, cells, width, without_right};
use crate::action::{Action, Context};
use crate::app::handler::{Fetch, Pending};
use crate::app::state::State;
use crate::domain::duration;
use crate::domain::text;
use crate::theme::Role;

/// Maximum rows of a notice.
const MOST_ROWS: u16 = 5;

/// The cells that a short notice leaves for the help key.
const ROOM_FOR_HELP: usize = 10;

/// ```text
///  fetched just now · 84 ms                r refresh  y copy  v JSON  t look-up  ? help
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
    let ctx = paint.ctx;
    let left = match &state.notice {
        Some(notice) => {
            let text = ctx.clean(&notice.text);
            if render_long(paint, area, &text) {
                Vec::new()
            } else {
                vec![Span::raw(format!(" {text}"))]
            }
        }
        None => facts(state, ctx),
    };
    let room = usize::from(area.width).saturating_sub(width(&left) + 2);
    let right = hints(state, room, ctx);
    paint.render_spans_right(area, &right);
    paint.render_spans(without_right(area, width(&right) + 1), &left);
}

/// Draws a notice that is too long for the row over the rows above it for a few seconds, so that
/// the copied text can be read in full. Returns false for a short notice.
fn render_long(paint: &mut Painter<'_, '_>, area: Rect, notice: &str) -> bool {
    let ctx = paint.ctx;
    let columns = usize::from(area.width);
    if text::width(notice) + ROOM_FOR_HELP <= columns {
        return false;
    }
    let mut lines = text::wrap(notice, columns.saturating_sub(2));
    let height = cells(lines.len()).min(MOST_ROWS).min(area.y);
    if lines.len() > usize::from(height) {
        lines.truncate(usize::from(height));
        if let Some(last) = lines.last_mut() {
            last.push_str(ctx.glyphs().ellipsis);
        }
    }
    let place = Rect {
        y: area.y - height,
        height,
        ..area
    };
    // Clears the styles beneath it.
    paint.clear(place);
    let lines = lines.iter().map(|line| [Span::raw(format!(" {line}"))]);
    paint.render_lines(place, lines);
    true
}

/// The current facts.
fn facts(state: &State, ctx: &RenderContext<'_>) -> Spans {
    let mut facts: Vec<Spans> = Vec::new();
    if let Some(seconds) = state.limited_for() {
        facts.push(vec![ctx.span(Role::Warning, "rate limited")]);
        let pause = duration::pause(seconds);
        facts.push(vec![ctx.plain(&format!("retry in {pause}"))]);
    }
    let (waited, back_cancels) = refresh(state).unzip();
    let fetch = state.screen.handler().fetch(state);
    let age = fetch.map_or_else(Vec::new, |fetch| age(state, fetch, waited, ctx));
    facts.extend(age.into_iter().map(|fact| vec![fact]));
    if back_cancels == Some(true) {
        let cancel = ctx.hint(state.context(), Action::Back, "cancel");
        facts.extend((!cancel.is_empty()).then_some(cancel));
    }
    if let Some(notice) = state.clock.offset.notice() {
        facts.push(vec![ctx.span(Role::Warning, &notice)]);
    }
    let mut spans = vec![Span::raw(" ")];
    spans.extend(facts.join(&ctx.dot()));
    spans
}

/// How many seconds a refresh of the data on screen has taken, if at least one, and whether Back
/// cancels it.
fn refresh(state: &State) -> Option<(i64, bool)> {
    let pending = state.screen.handler().pending(state)?;
    let Pending::Refresh {
        since,
        back_cancels,
    } = pending
    else {
        return None;
    };
    let seconds = state.clock.seconds_since(since);
    (seconds > 0).then_some((seconds, back_cancels))
}

fn age(state: &State, fetch: Fetch, waited: Option<i64>, ctx: &RenderContext<'_>) -> Spans {
    let age = state.clock.steady.signed_duration_since(fetch.at);
    let age = ctx.span(Role::Muted, &format!("fetched {}", duration::ago(age)));
    if fetch.is_stale {
        vec![ctx.span(Role::Warning, "stale"), age]
    } else if fetch.is_loading {
        let seconds = waited.map_or_else(String::new, |seconds| format!(" {seconds} s"));
        vec![ctx.span(Role::Accent, &format!("refreshing{seconds}")), age]
    } else {
        let took = format!("{} ms", fetch.took.as_millis());
        vec![age, ctx.span(Role::Muted, &took)]
    }
}

/// The first hints that fit; always includes help.
fn hints(state: &State, room: usize, ctx: &RenderContext<'_>) -> Spans {
    let context = state.context();
    let help = ctx.hint(context, Action::Help, "help");
    let mut used = width(&help) + 1;
    let mut hints = Vec::new();
    // The list needs no key that leads to itself.
    let of_screen = state.screen.handler().contexts(state);
    let is_listing = of_screen.contains(&Context::Browse);
    let rows = ctx
        .keymap
        .rows_in(context)
        .filter(|row| row.footer && row.action != Action::Help)
        .filter(|row| row.action != Action::Browse || !is_listing);
    for row in rows {
        let Some(key) = row.keys.first() else {
            continue;
        };
        let hint = ctx.key_hint(&key.to_string(), &row.label);
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
