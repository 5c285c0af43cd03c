//! Key handling of the error details, and their lines: everything known about the last error.

use crate::action::{Context, Motion};
use crate::app::handler::{Copied, ErrorDetails, Handler};

use crate::app::state::{Overlay, State};
use crate::domain::failure::Failure;
use crate::domain::text;
use crate::layout::{self, TextBox, TextLine};
use crate::theme::Role;

/// Maximum number of facts, which no genuine error reaches.
const MOST_FACTS: usize = 500;

impl Handler for ErrorDetails {
    fn context(&self, _: &State) -> Context {
        Context::ErrorDetails
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        let text = state.error_details_box();
        if let Some(Overlay::ErrorDetails { top }) = &mut state.overlay {
            *top = motion.from(*top, text.page(), text.last_top());
        }
    }

    fn copy(&self, state: &mut State, what: Copied) {
        if what == Copied::Selection {
            let lines = state.failures_on_screen().flat_map(Failure::lines);
            let lines = lines.map(|line| text::sanitize(&line).into_owned());
            let lines: Vec<String> = lines.collect();
            state.copy_raw("the details", Some(lines.join("\n")));
        }
    }
}

impl State {
    /// The details of the last error, limited to the size of the body.
    pub fn error_details_box(&self) -> TextBox {
        TextBox::new(self.body(), |columns| self.error_details(columns))
    }

    fn error_details(&self, columns: usize) -> Vec<TextLine> {
        let mut lines: Vec<TextLine> = Vec::new();
        for (at, text) in facts(self).iter().enumerate().take(MOST_FACTS) {
            let role = (at == 0).then_some(Role::Strong);
            let wrapped = layout::hanging(&self.glyphs().clean(text), columns);
            lines.extend(wrapped.into_iter().map(|line| vec![(role, line)]));
            if at == 1 {
                lines.push(Vec::new());
            }
        }
        lines
    }
}

/// The failure's own lines, and the scope in question.
fn facts(state: &State) -> Vec<String> {
    let mut facts: Vec<String> = state
        .failures_on_screen()
        .flat_map(Failure::lines)
        .collect();
    if facts.is_empty() {
        return vec!["No error.".to_owned()];
    }
    if state.banner.is_none() {
        return facts;
    }
    let in_view = state.detail.access.as_ref().map(|access| &access.scope);
    if let Some(scope) = in_view.or(state.session.active.scope.as_ref()) {
        let origin = &state.session.active.scope_origin;
        let is_usual = Some(scope) == state.session.active.scope.as_ref() && !origin.is_empty();
        facts.push(if is_usual {
            format!("Scope: {scope} (from {origin})")
        } else {
            format!("Scope: {scope}")
        });
    }
    facts
}
