//! The raw JSON: scrolling through it and searching in it.
//!
//! Not here: sanitising and drawing (`ui`).

use std::sync::Arc;

use crate::action::Action;
use crate::app::effect::Effect;
use crate::app::field::{Editor, TextField};
use crate::app::message::JsonSearch;
use crate::app::scroll::moved;
use crate::domain::raw::{Matches, RawLines};
use crate::domain::token::ServiceToken;

/// JSON of up to this many bytes is searched at once; more takes so long that keys would wait.
const SEARCHED_AT_ONCE: usize = 64 * 1024;

/// A scrollable, searchable view of a token's JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct RawView {
    /// The re-indented lines, each token's text as received. Untrusted text.
    pub lines: Arc<RawLines>,
    /// The first line shown.
    pub top: usize,
    /// What is searched for.
    pub query: TextField,
    /// Whether letters go into the query.
    pub is_typing: bool,
    /// The line of the match that was last gone to.
    pub current: Option<usize>,
    /// The lines that match the query, as far as they are known.
    pub matches: Matches,
    search: Search,
}

/// How far a search is that does not end at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Search {
    #[default]
    Done,
    /// To be started.
    Due,
    UnderWay,
    /// For what the query was before: one at a time is enough.
    Outdated,
}

impl RawView {
    /// The view of a token.
    #[must_use]
    pub fn of(token: &ServiceToken) -> Self {
        Self {
            lines: token.lines(),
            top: 0,
            query: TextField::default(),
            is_typing: false,
            current: None,
            matches: Matches::default(),
            search: Search::default(),
        }
    }

    /// Shows another version of the token at the same place.
    pub(crate) fn replace(&mut self, token: &ServiceToken) {
        self.lines = token.lines();
        self.top = self.top.min(self.lines.len().saturating_sub(1));
        self.current = None;
        self.look_for_matches();
    }

    /// Whether the query is still being searched for.
    #[must_use]
    pub fn is_searching(&self) -> bool {
        self.search != Search::Done
    }

    /// The search that is to be started, if one is.
    pub(crate) fn search_due(&mut self) -> Option<Effect> {
        if self.search != Search::Due {
            return None;
        }
        self.search = Search::UnderWay;
        Some(Effect::SearchJson {
            lines: self.lines.clone(),
            query: self.query.value().to_owned(),
        })
    }

    /// A search ended. Of one for something else, only that it ended counts.
    pub(crate) fn searched(&mut self, found: JsonSearch, rows: usize) {
        let is_wanted = Arc::ptr_eq(&found.lines, &self.lines) && found.query == self.query.value();
        match (self.search, is_wanted) {
            (Search::UnderWay | Search::Outdated, true) => {
                self.search = Search::Done;
                self.matches = found.matches;
                self.go_to_match(true, rows);
            }
            (Search::UnderWay | Search::Outdated, false) => self.search = Search::Due,
            (Search::Done | Search::Due, _) => {}
        }
    }

    fn look_for_matches(&mut self) {
        self.matches = Matches::default();
        self.search = match self.search {
            _ if self.lines.bytes() <= SEARCHED_AT_ONCE || self.query.value().is_empty() => {
                self.matches = self.lines.matching(self.query.value());
                Search::Done
            }
            Search::Done | Search::Due => Search::Due,
            Search::UnderWay | Search::Outdated => Search::Outdated,
        };
    }

    pub(crate) fn editor(&mut self) -> Option<Editor<'_>> {
        self.is_typing.then_some(Editor::Plain(&mut self.query))
    }

    /// What a key does here, with a number of visible rows.
    pub(crate) fn act(&mut self, action: Action, rows: usize) {
        match action {
            Action::Search => {
                self.query = TextField::default();
                self.matches = Matches::default();
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
    pub fn query_changed(&mut self, rows: usize) {
        self.current = None;
        self.look_for_matches();
        self.go_to_match(true, rows);
    }

    fn go_to_match(&mut self, forward: bool, rows: usize) {
        let matches = &self.matches.lines;
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
