//! The first row: which program, which profile and scope, and which credential.
//!
//! Not here: anything about a token.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::render_context::RenderContext;
use super::widgets::{render_spans, render_spans_right, width};
use crate::app::state::{Screen, State};
use crate::domain::credential::CredentialSource;
use crate::domain::text;
use crate::theme::Role;

/// The cells before the first fact, and those between two.
const MARGIN: usize = " tokenscope   ".len();
const SEPARATOR: usize = 3;

/// ```text
///  tokenscope   prod · account 4f1b…9c2e              API token from Secret Service
/// ```
pub(crate) fn render(frame: &mut Frame<'_>, area: Rect, state: &State, look: &RenderContext<'_>) {
    let mut left = vec![
        Span::raw(" "),
        look.span(Role::Title, "tokenscope"),
        Span::raw("   "),
    ];
    for (at, fact) in facts(state, look, usize::from(area.width))
        .iter()
        .enumerate()
    {
        if at > 0 {
            left.push(look.span(Role::Muted, look.glyphs().dot));
        }
        left.push(look.plain(fact));
    }
    let credential = credential(state);
    let right = [look.span(Role::Muted, &credential), Span::raw(" ")];
    let buffer = frame.buffer_mut();
    if width(&left) + 2 + width(&right) <= usize::from(area.width) {
        render_spans_right(buffer, area, &right, look);
    }
    render_spans(buffer, area, &left, look);
}

/// A host that is not Cloudflare's is seen at any width: the scope gives way to it.
fn facts(state: &State, look: &RenderContext<'_>, columns: usize) -> Vec<String> {
    let session = &state.session;
    let in_view = match state.screen {
        Screen::Detail => state.detail.access.as_ref(),
        Screen::Browse => state.browse.access.as_ref(),
        _ => None,
    };
    let scope = match in_view {
        Some(access) => Some(access.scope.clone()),
        None if state.screen == Screen::Lookup => state.lookup.scope(),
        None => None,
    };
    let scope = scope.or_else(|| session.scope.clone());
    let name = if session.is_demo() || session.demo_only {
        Some("demo".to_owned())
    } else {
        session.profile.clone()
    };
    let scope =
        scope.map(|scope| format!("{} {}", scope.kind().word(), look.abbreviate(scope.id())));
    let Some(host) = session.foreign_host() else {
        return name.into_iter().chain(scope).collect();
    };
    let facts: Vec<String> = name.clone().into_iter().chain(scope.clone()).collect();
    let taken: usize = facts.iter().map(|fact| text::width(fact) + SEPARATOR).sum();
    if MARGIN + taken + text::width(&host) <= columns {
        facts.into_iter().chain([host]).collect()
    } else {
        [host].into_iter().chain(name).chain(scope).collect()
    }
}

fn credential(state: &State) -> String {
    let session = &state.session;
    let Some(identity) = &session.identity else {
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
