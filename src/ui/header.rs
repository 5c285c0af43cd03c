//! The header: where one is, on the left; how current that is, on the right.

use ratatui::layout::Rect;
use ratatui::text::Span;

use super::areas::without_right;
use super::painter::{Painter, RenderContext, Spans, width};
use crate::action::Action;
use crate::app::handler::{Fetch, Pending, Rows};
use crate::app::state::State;
use crate::domain::credential::CredentialSource;
use crate::domain::credential_command::CredentialCommand;
use crate::domain::duration;

use crate::domain::text::number;
use crate::theme::Role;

/// Cells at both ends, and the least between both sides.
const MARGINS: usize = 2;
const GAP: usize = 2;

/// The cells that the last crumb keeps before parts that matter more than the way to it give up
/// their room.
const LEAST_CRUMB: usize = 16;

/// The order in which parts give up their room when a header is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    Credential,
    LeaveDemo,
    Scope,
    /// The crumbs before the last one.
    Way,
    Place,
    Name,
    Clock,
    Age,
    Always,
}

/// A part of the header, and what separates it from the one before.
struct Part {
    separator: Span<'static>,
    spans: Spans,
    worth: Worth,
}

impl Part {
    fn width(&self) -> usize {
        width(&self.spans)
    }
}

/// ```text
///  prod · Example Ltd › Tokens › CI/CD token        4 of 17 · just now · API token from Secret Service
/// ```
pub(crate) fn render_header(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
    let ctx = paint.ctx;
    let columns = usize::from(area.width).saturating_sub(MARGINS);
    let mut left = crumbs(state, ctx);
    let mut right = facts(state, ctx);
    drop_parts(&mut left, &mut right, columns);
    let right = joined(right);
    let room = columns.saturating_sub(width(&right) + if right.is_empty() { 0 } else { GAP });
    shorten_last(&mut left, room, ctx);
    let spans = |spans: Spans| [vec![Span::raw(" ")], spans, vec![Span::raw(" ")]].concat();
    if !right.is_empty() {
        paint.render_spans_right(area, &spans(right));
    }
    let left = spans(joined(left));
    let taken = usize::from(area.width).saturating_sub(room + MARGINS);
    paint.render_spans(without_right(area, taken), &left);
}

/// Drops parts until the rest fits: the crumbs before the last one, and the least useful parts first.
fn drop_parts(left: &mut Vec<Part>, right: &mut Vec<Part>, columns: usize) {
    let total = |left: &[Part], right: &[Part], least: Option<usize>| {
        let last = left.last().map_or(0, Part::width);
        let saved = least.map_or(0, |least| last.saturating_sub(least));
        let gap = if right.is_empty() { 0 } else { GAP };
        joint_width(left) + joint_width(right) + gap - saved
    };
    let shrinks_from = Worth::Place;
    loop {
        let worths = left.iter().chain(right.iter()).map(|part| part.worth);
        let Some(least) = worths.filter(|worth| *worth < Worth::Always).min() else {
            return;
        };
        let shrunk = (least >= shrinks_from).then_some(LEAST_CRUMB);
        if total(left, right, shrunk) <= columns {
            return;
        }
        if let Some(at) = left.iter().position(|part| part.worth == least) {
            left.remove(at);
        } else if let Some(at) = right.iter().position(|part| part.worth == least) {
            right.remove(at);
        }
    }
}

/// Cuts the last part to what the others leave.
fn shorten_last(parts: &mut [Part], room: usize, ctx: &RenderContext<'_>) {
    let excess = joint_width(parts).saturating_sub(room);
    let Some(last) = parts.last_mut().filter(|_| excess > 0) else {
        return;
    };
    let room = last.width().saturating_sub(excess);
    if let [span] = &mut last.spans[..] {
        *span = Span::styled(ctx.cut(&span.content, room), span.style);
    }
}

/// The width of parts, with what separates them.
fn joint_width(parts: &[Part]) -> usize {
    let separators = parts.iter().skip(1).map(|part| part.separator.width());
    parts.iter().map(Part::width).sum::<usize>() + separators.sum::<usize>()
}

fn joined(parts: Vec<Part>) -> Spans {
    let mut spans = Spans::new();
    for part in parts {
        if !spans.is_empty() {
            spans.push(part.separator);
        }
        spans.extend(part.spans);
    }
    spans
}

/// Profile, scope and host, and the way to what is on screen. A host other than Cloudflare's is
/// shown at any width.
fn crumbs(state: &State, ctx: &RenderContext<'_>) -> Vec<Part> {
    let session = &state.session;

    let dotted = |role: Option<Role>, text: &str, worth| Part {
        separator: ctx.dot(),
        spans: vec![ctx.span(role, text)],
        worth,
    };
    let mut parts = Vec::new();
    if session.shows_demo() {
        parts.push(dotted(Some(Role::Title), "demo", Worth::Name));
        let key = ctx.keymap.key_for(state.context(), Action::OpenDemo);
        if let Some(key) = key.filter(|_| !session.demo_only) {
            let leave = format!("{key} leaves it");
            parts.push(dotted(Some(Role::Muted), &leave, Worth::LeaveDemo));
        }
    } else if let Some(name) = &session.active.profile {
        parts.push(dotted(Some(Role::Title), name, Worth::Name));
    }
    let in_view = state.screen.handler().scope(state);
    if let Some(scope) = in_view.or(session.active.scope.as_ref()) {
        let name = state.scope_name(scope).map(str::to_owned);
        let scope = name.unwrap_or_else(|| ctx.scope(scope, false));
        parts.push(dotted(None, &scope, Worth::Scope));
    }
    if let Some(host) = session.foreign_host() {
        parts.push(dotted(None, &host, Worth::Always));
    }
    if parts.is_empty() {
        parts.push(dotted(Some(Role::Title), "tokenscope", Worth::Name));
    }
    let crumbs = state.screen.handler().crumbs(state);
    let last = crumbs.len().saturating_sub(1);
    parts.extend(crumbs.iter().enumerate().map(|(at, crumb)| Part {
        separator: ctx.span(Role::Muted, ctx.glyphs().crumb),
        spans: vec![ctx.span((at == last).then_some(Role::Strong), crumb)],
        worth: if at == last {
            Worth::Always
        } else {
            Worth::Way
        },
    }));
    if let [only] = &mut parts[..] {
        only.worth = Worth::Always;
    }
    parts
}

/// The place in the list, how current the data is, the clock, and the credential.
fn facts(state: &State, ctx: &RenderContext<'_>) -> Vec<Part> {
    let part = |worth, spans| Part {
        separator: ctx.dot(),
        spans,
        worth,
    };
    let mut parts = Vec::new();
    if let Some(place) = state.screen.handler().place(state) {
        let of = |at: usize| format!("{} of ", number(at));
        let at = place.at.map_or_else(String::new, of);
        let count = format!("{at}{}", number(place.total));
        let text = match (place.rows, place.total) {
            (Rows::Whole, _) => count,
            (Rows::Matches, 1) => format!("{count} match"),
            (Rows::Matches, _) => format!("{count} matches"),
            (Rows::Needs, _) => format!("Needs you {count}"),
        };
        parts.push(part(Worth::Place, vec![ctx.span(Role::Muted, &text)]));
    }
    let ages = data(state, ctx);
    parts.extend(ages.into_iter().map(|spans| part(Worth::Age, spans)));
    if let Some(notice) = state.clock.offset.notice() {
        let notice = ctx.span(Role::Warning, &notice);
        parts.push(part(Worth::Clock, vec![notice]));
    }
    let credential = ctx.span(Role::Muted, &credential(state));
    parts.push(part(Worth::Credential, vec![credential]));
    parts
}

/// ```text
/// just now
/// stale: HTTP 500 · 3 min old
/// reloading 3 s
/// retry in 0:42
/// ```
fn data(state: &State, ctx: &RenderContext<'_>) -> Vec<Spans> {
    if let Some(seconds) = state.limited_for() {
        let pause = if ctx.calm {
            format!("retry in {} min", (seconds + 59) / 60)
        } else {
            format!("retry in {}", duration::pause(seconds))
        };
        return vec![vec![ctx.span(Role::Warning, &pause)]];
    }
    let handler = state.screen.handler();
    let fetch = handler.fetch(state);
    match handler.pending(state) {
        Some(Pending::First) => {
            let again = if fetch.is_some() { "re" } else { "" };
            let text = ctx.span(Role::Accent, &format!(" {again}loading"));
            return vec![vec![ctx.spinner(state.clock.steady), text]];
        }
        Some(Pending::Reload { since }) => {
            let seconds = state.clock.seconds_since(since);
            let seconds = (seconds > 0 && !ctx.calm).then(|| format!(" {seconds} s"));
            let text = format!("reloading{}", seconds.unwrap_or_default());
            return vec![vec![ctx.span(Role::Accent, &text)]];
        }
        None => {}
    }
    let Some(Fetch { at, stale }) = fetch else {
        return Vec::new();
    };
    let age = duration::age(state.clock.steady.signed_duration_since(at));
    let age = vec![ctx.span(Role::Muted, &age)];
    match stale {
        Some(why) => vec![vec![ctx.span(Role::Warning, &format!("stale: {why}"))], age],
        None => vec![age],
    }
}

fn credential(state: &State) -> String {
    let session = &state.session;
    let Some(identity) = &session.active.identity else {
        let text = match (session.demo_only, session.needs_choice()) {
            (true, _) => "demo API",
            (false, true) => "no profile in use",
            (false, false) => "no credential yet",
        };
        return text.to_owned();
    };
    let kind = identity.kind.label();
    match &identity.source {
        CredentialSource::Environment { variable } => format!("{kind} from {variable}"),
        CredentialSource::Keyring { profile } => match session.store {
            Some(store) => format!("{kind} from {store}"),
            None if matches!(state.profiles.location_of(profile), Some(Err(_))) => {
                format!("{kind}, keyring out of reach")
            }
            None => format!("{kind} from the OS keyring"),
        },
        CredentialSource::Command { profile } => {
            let command = session.settings.command_of(profile);
            let program = command.map_or("a command", CredentialCommand::program);
            format!("{kind} from {program}")
        }
        CredentialSource::Session => format!("{kind} for this session"),
        CredentialSource::Demo => "demo API".to_owned(),
    }
}
