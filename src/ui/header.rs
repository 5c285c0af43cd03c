//! The first row: the program, the profile and scope, and the credential.

use ratatui::layout::Rect;
use ratatui::text::Span;

use super::painter::{Painter, RenderContext, width};
use crate::app::state::State;
use crate::domain::credential::CredentialSource;
use crate::domain::text;
use crate::theme::Role;

/// The cells before the first fact, and between facts.
const MARGIN: usize = " tokenscope   ".len();
const SEPARATOR: usize = 3;

/// ```text
///  tokenscope   prod · account 4f1b…9c2e              API token from Secret Service
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
    let ctx = paint.ctx;
    let mut left = vec![
        Span::raw(" "),
        ctx.span(Role::Title, "tokenscope"),
        Span::raw("   "),
    ];
    for (at, fact) in facts(state, ctx, usize::from(area.width))
        .iter()
        .enumerate()
    {
        left.extend((at > 0).then(|| ctx.dot()));
        left.push(ctx.plain(fact));
    }
    let right = [ctx.span(Role::Muted, &credential(state)), Span::raw(" ")];
    if width(&left) + 2 + width(&right) <= usize::from(area.width) {
        paint.render_spans_right(area, &right);
    }
    paint.render_spans(area, &left);
}

/// Profile, scope and host. Shows a host other than Cloudflare's at any width; the scope is
/// shortened for it.
fn facts(state: &State, ctx: &RenderContext<'_>, columns: usize) -> Vec<String> {
    let session = &state.session;
    let name = if session.is_demo() || session.demo_only {
        Some("demo".to_owned())
    } else {
        session.active.profile.clone()
    };
    let in_view = state.screen.handler().scope(state);
    let scope = in_view.or_else(|| session.active.scope.clone());
    let scope =
        scope.map(|scope| format!("{} {}", scope.kind().word(), ctx.abbreviate(scope.id())));
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
