//! Everything known of the last error.
//!
//! Not here: the error's two lines above the footer (`banner`).

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::action::{Action, Context};
use crate::app::state::State;
use crate::domain::failure::Failure;
use crate::theme::Role;
use crate::ui::layout;
use crate::ui::render_context::RenderContext;
use crate::ui::scroll::{self, Scroll};
use crate::ui::widgets::{cells, hint_for};

/// The widest that the box gets, in cells.
const WIDEST: u16 = 100;

/// More lines than this are reached by no scrolling.
const MOST_FACTS: usize = 500;

/// ```text
/// ╭ Error details ───────────────────────────────╮
/// │ The API refused the credential.              │
/// │ Re-enter it, or make a new API token.        │
/// │                                              │
/// │ Kind: authentication                         │
/// │ HTTP status: 401                             │
/// │ API error 10000: Authentication error        │
/// ╰──────────────────────────────── Esc closes ──╯
/// ```
pub(crate) fn render(
    frame: &mut Frame<'_>,
    body: Rect,
    state: &State,
    top: usize,
    look: &RenderContext<'_>,
) {
    let columns = usize::from(layout::overlay(body, WIDEST, u16::MAX).width).saturating_sub(4);
    let mut lines = Vec::new();
    for (at, text) in facts(state).iter().enumerate().take(MOST_FACTS) {
        let role = if at == 0 { Some(Role::Strong) } else { None };
        for line in scroll::hanging(&look.clean(text), columns) {
            lines.push(vec![match role {
                Some(role) => look.span(role, &line),
                None => Span::raw(line),
            }]);
        }
        if at == 1 {
            lines.push(Vec::new());
        }
    }
    let area = layout::overlay(body, WIDEST, cells(lines.len().saturating_add(2)));
    let closes = hint_for(Context::ErrorDetails, Action::Back, "closes", look);
    let title = "Error details";
    scroll::render(frame, area, &Scroll { title, top }, &lines, closes, look);
}

/// The failure's own lines, and who asked about what.
fn facts(state: &State) -> Vec<String> {
    let mut facts: Vec<String> = state.failures().flat_map(Failure::lines).collect();
    if facts.is_empty() {
        return vec!["There is no error any more.".to_owned()];
    }
    if state.banner.is_none() {
        return facts;
    }
    let asked = state.detail.access.as_ref().map(|access| &access.scope);
    if let Some(scope) = asked.or(state.session.scope.as_ref()) {
        let origin = &state.session.scope_origin;
        let is_hex_id = Some(scope) == state.session.scope.as_ref() && !origin.is_empty();
        facts.push(if is_hex_id {
            format!("Scope: {scope} (from {origin})")
        } else {
            format!("Scope: {scope}")
        });
    }
    facts
}
