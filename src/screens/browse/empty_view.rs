//! What stands in place of the rows while there is none: the wait, or why there is nothing.
//!
//! Not here: the panel around it (`browse`).

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::note_view::{progress, waited};
use crate::action::Action;
use crate::app::state::State;
use crate::domain::text;
use crate::theme::Role;
use crate::ui::render_context::RenderContext;
use crate::ui::waiting::on_keyring;
use crate::ui::widgets::{hint_for, render_spans_centred, row};

/// ```text
///        The API lists no service token in account 4f1b…9c2e.
///   That is no proof that there are none: to a role that covers …
///
///               r tries again   t looks up one token
/// ```
pub(crate) fn render(frame: &mut Frame<'_>, area: Rect, state: &State, look: &RenderContext<'_>) {
    let lines = Lines {
        state,
        columns: usize::from(area.width),
        look,
    }
    .all();
    let top = usize::from(area.height).saturating_sub(lines.len()) / 2;
    for (at, line) in lines.iter().enumerate() {
        render_spans_centred(frame.buffer_mut(), row(area, top + at), line, look);
    }
}

type Line = Vec<Span<'static>>;

struct Lines<'a> {
    state: &'a State,
    columns: usize,
    look: &'a RenderContext<'a>,
}

impl Lines<'_> {
    fn all(&self) -> Vec<Line> {
        let browse = &self.state.browse;
        if browse.table.total() > 0 {
            self.filtered_away()
        } else if browse.list.is_loading() {
            let stage = browse.progress.stage;
            let mut lines = vec![progress(self.state, self.look)];
            let seconds = waited(self.state);
            lines.extend(on_keyring(stage, seconds, self.columns, self.look));
            lines
        } else {
            let mut lines = if browse.list.value().is_some() {
                self.none_listed()
            } else {
                self.not_fetched()
            };
            lines.extend(self.hints(&[
                (Action::Refresh, "tries again"),
                (Action::LookUp, "looks up one token"),
            ]));
            lines
        }
    }

    fn filtered_away(&self) -> Vec<Line> {
        let browse = &self.state.browse;
        let mut lines = Vec::new();
        if browse.list.is_loading() {
            lines.extend([progress(self.state, self.look), Vec::new()]);
        }
        lines.extend(self.said(Role::Strong, "No token fits the filter."));
        let how = "Names, IDs, client IDs and statuses are searched; !word leaves out.";
        lines.extend(self.said(Role::Muted, how));
        lines.extend(self.hints(&if browse.is_filtering {
            [
                (Action::DeleteToStart, "empties it"),
                (Action::Back, "leaves it"),
            ]
        } else {
            [
                (Action::Search, "changes it"),
                (Action::Back, "gives it up"),
            ]
        }));
        lines
    }

    /// Roles for single tokens exist, so an empty list may be all that the credential may see.
    fn none_listed(&self) -> Vec<Line> {
        let access = self.state.browse.access.as_ref();
        let place = access.map_or_else(String::new, |access| {
            let scope = &access.scope;
            let id = self.look.abbreviate(scope.id());
            format!(" in {} {id}", scope.kind().word())
        });
        let what = format!("The API lists no service token{place}.");
        let mut lines = self.said(Role::Strong, &what);
        let why = "That is no proof that there are none: to a role that covers single tokens the \
                   API may list nothing.";
        lines.extend(self.said(Role::Muted, why));
        lines
    }

    fn not_fetched(&self) -> Vec<Line> {
        let Some(failure) = self.state.browse.list.failure() else {
            return self.said(Role::Strong, "Nothing was fetched.");
        };
        let mut lines = self.said(Role::Strong, "The list could not be fetched.");
        if self.state.banner.is_none() {
            lines.extend(self.said(Role::Muted, &failure.summary));
        }
        lines
    }

    fn said(&self, role: Role, text: &str) -> Vec<Line> {
        let columns = self.columns.saturating_sub(4).min(72);
        let lines = text::wrap(&self.look.clean(text), columns);
        lines
            .iter()
            .map(|line| vec![self.look.span(role, line)])
            .collect()
    }

    /// An empty line, and the keys that help.
    fn hints(&self, actions: &[(Action, &str)]) -> [Line; 2] {
        let context = self.state.context();
        let mut spans = Vec::new();
        for (action, label) in actions {
            let hint = hint_for(context, *action, label, self.look);
            if !spans.is_empty() {
                spans.push(Span::raw("   "));
            }
            spans.extend(hint.into_iter().flatten());
        }
        [Vec::new(), spans]
    }
}
