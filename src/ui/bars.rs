//! The rows around a screen: the header, the error banner, the footer.

use ratatui::layout::Rect;
use ratatui::text::Span;

use super::painter::{Painter, RenderContext, Spans, cells, row, width, without_right};
use crate::action::{Action, Context};
use crate::app::handler::{Fetch, Pending};
use crate::app::state::State;
use crate::domain::credential::CredentialSource;
use crate::domain::duration;
use crate::domain::text;
use crate::layout::BannerLines;
use crate::theme::Role;

/// The cells before the first fact, and between facts.
const MARGIN: usize = " tokenscope   ".len();
const SEPARATOR: usize = 3;

/// ```text
///  tokenscope   prod · account 4f1b…9c2e              API token from Secret Service
/// ```
pub(crate) fn render_header(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
    let ctx = paint.ctx;
    let mut left = vec![
        Span::raw(" "),
        ctx.span(Role::Title, "tokenscope"),
        Span::raw("   "),
    ];
    for (at, fact) in scope_facts(state, ctx, usize::from(area.width))
        .iter()
        .enumerate()
    {
        left.extend((at > 0).then(|| ctx.dot()));
        left.push(ctx.plain(fact));
    }
    for crumb in state.screen.handler().crumbs(state) {
        left.push(ctx.span(Role::Muted, ctx.glyphs().crumb));
        left.push(ctx.plain(&crumb));
    }
    if let Some(place) = state.screen.handler().place(state) {
        let at = place.at.map_or_else(String::new, |at| format!("{at} of "));
        left.push(ctx.span(Role::Muted, &format!("   {at}{}", place.total)));
    }
    let right = [ctx.span(Role::Muted, &credential(state)), Span::raw(" ")];
    if width(&left) + 2 + width(&right) <= usize::from(area.width) {
        paint.render_spans_right(area, &right);
    }
    paint.render_spans(area, &left);
}

/// Profile, scope and host. Shows a host other than Cloudflare's at any width; the scope is
/// shortened for it.
fn scope_facts(state: &State, ctx: &RenderContext<'_>, columns: usize) -> Vec<String> {
    let session = &state.session;
    let name = if session.is_demo() || session.demo_only {
        Some("demo".to_owned())
    } else {
        session.active.profile.clone()
    };
    let in_view = state.screen.handler().scope(state);
    let scope = in_view.or_else(|| session.active.scope.clone());
    let scope = scope.map(|scope| ctx.scope(&scope, false));
    let mut facts: Vec<String> = name.iter().cloned().chain(scope).collect();
    if let Some(host) = session.foreign_host() {
        let taken: usize = facts.iter().map(|fact| text::width(fact) + SEPARATOR).sum();
        let fits = MARGIN + taken + text::width(&host) <= columns;
        facts.insert(if fits { facts.len() } else { 0 }, host);
    }
    facts
}

fn credential(state: &State) -> String {
    let session = &state.session;
    let Some(identity) = &session.active.identity else {
        let text = if session.demo_only {
            "demo API"
        } else {
            "no credential yet"
        };
        return text.to_owned();
    };
    let kind = identity.kind.label();
    match &identity.source {
        CredentialSource::Environment { variable } => format!("{kind} from {variable}"),
        CredentialSource::Keyring { .. } => {
            let store = session.store.unwrap_or("the OS keyring");
            format!("{kind} from {store}")
        }
        CredentialSource::Session => format!("{kind} for this session"),
        CredentialSource::Demo => "demo API".to_owned(),
    }
}

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

/// Maximum rows of a notice.
const MOST_ROWS: u16 = 5;

/// The cells that a short notice leaves for the help key.
const ROOM_FOR_HELP: usize = 10;

/// ```text
///  fetched just now · 84 ms                r reload  y copy  v JSON  t look-up  ? help
/// ```
pub(crate) fn render_footer(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
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
        None => data_facts(state, ctx),
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
fn data_facts(state: &State, ctx: &RenderContext<'_>) -> Spans {
    let mut facts: Vec<Spans> = Vec::new();
    if let Some(seconds) = state.limited_for() {
        facts.push(vec![ctx.span(Role::Warning, "rate limited")]);
        let pause = duration::pause(seconds);
        facts.push(vec![ctx.plain(&format!("retry in {pause}"))]);
    }
    let (waited, back_cancels) = reload(state).unzip();
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

/// How many seconds a reload of the data on screen has taken, if at least one, and whether Back
/// cancels it.
fn reload(state: &State) -> Option<(i64, bool)> {
    let pending = state.screen.handler().pending(state)?;
    let Pending::Reload {
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
        vec![ctx.span(Role::Accent, &format!("reloading{seconds}")), age]
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
        .filter(|row| row.action != Action::Browse || !is_listing)
        .filter(|row| state.front().can(state, row.action));
    for row in rows {
        let Some(key) = row.keys.first() else {
            continue;
        };
        let hint = ctx.key_hint(&key.to_string(), row.hint());
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
