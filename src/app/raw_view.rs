//! The raw JSON: scrolling through it and searching in it.
//!
//! Not here: sanitising and drawing (`ui`).

use std::sync::Arc;

use super::field::{Editor, TextField};
use super::scroll::moved;
use crate::action::Action;
use crate::domain::search;
use crate::domain::token::ServiceToken;

/// A scrollable, searchable view of a token's JSON.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RawView {
    /// The re-indented lines, each token's text as received. Untrusted text.
    pub lines: Arc<Vec<String>>,
    /// The first line shown.
    pub top: usize,
    /// What is searched for.
    pub query: TextField,
    /// Whether letters go into the query.
    pub is_typing: bool,
    /// The line of the match that was last gone to.
    pub current: Option<usize>,
}

impl RawView {
    /// The view of a token.
    #[must_use]
    pub fn of(token: &ServiceToken) -> Self {
        Self {
            lines: Arc::new(token.raw.indented()),
            ..Self::default()
        }
    }

    /// Shows another version of the token at the same place.
    pub(super) fn replace(&mut self, token: &ServiceToken) {
        self.lines = Arc::new(token.raw.indented());
        self.top = self.top.min(self.lines.len().saturating_sub(1));
        self.current = None;
    }

    /// The lines that match the query.
    #[must_use]
    pub fn matches(&self) -> Vec<usize> {
        search::matching_lines(&self.lines, self.query.value())
    }

    pub(super) fn editor(&mut self) -> Option<Editor<'_>> {
        self.is_typing.then_some(Editor::Plain(&mut self.query))
    }

    /// What a key does here, with a number of visible rows.
    pub(super) fn act(&mut self, action: Action, rows: usize) {
        match action {
            Action::Search => {
                self.query = TextField::default();
                self.current = None;
                self.is_typing = true;
            }
            Action::Submit => self.is_typing = false,
            Action::NextMatch => self.go_to_match(true, rows),
            Action::PreviousMatch => self.go_to_match(false, rows),
            action => {
                self.top = moved(
                    self.top,
                    action,
                    rows,
                    self.lines.len().saturating_sub(rows),
                );
            }
        }
    }

    /// The query changed: goes to its first match.
    pub(super) fn searched(&mut self, rows: usize) {
        self.current = None;
        self.go_to_match(true, rows);
    }

    fn go_to_match(&mut self, forward: bool, rows: usize) {
        let matches = self.matches();
        let next = match (self.current, forward) {
            (None, _) => matches.first(),
            (Some(at), true) => matches.iter().find(|line| **line > at).or(matches.first()),
            (Some(at), false) => matches
                .iter()
                .rev()
                .find(|line| **line < at)
                .or(matches.last()),
        };
        let Some(line) = next.copied() else { return };
        self.current = Some(line);
        if line < self.top || line >= self.top + rows {
            self.top = line
                .saturating_sub(rows / 2)
                .min(self.lines.len().saturating_sub(rows));
        }
    }
}
