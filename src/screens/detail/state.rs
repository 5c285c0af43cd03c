//! The state of the current token, and of its raw JSON, which scrolls and is searched.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::action::Motion;
use crate::app::form::TextField;
use crate::app::message::{JsonSearch, Stage};
use crate::domain::credential::Access;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::{Remote, RequestId};
use crate::domain::fields::{self, Field, FieldKind};
use crate::domain::raw::{Matches, RawLines};
use crate::domain::status::Lifecycle;
use crate::domain::token::{ServiceToken, TokenRef};
use crate::layout::detail::Part;
use crate::layout::{first_row_centred, next_place};

/// JSON of up to this many bytes is searched at once. Longer JSON would delay keys.
const SEARCHED_AT_ONCE: usize = 64 * 1024;

/// The current token.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Detail {
    pub token: Remote<Arc<ServiceToken>>,
    /// The reference that was looked up.
    pub reference: Option<TokenRef>,
    /// The credential and scope it was looked up with.
    pub access: Option<Access>,
    /// The stage of the pending request.
    pub stage: Stage,
    /// The keys whose values the last fetch changed, sorted.
    pub changed: Vec<String>,
    /// The token before that fetch, with the old values.
    pub before: Option<Arc<ServiceToken>>,
    /// The part that the user moves in.
    pub focus: Part,
    /// The first visible line of what to do.
    pub advice_top: usize,
    /// The selected field.
    pub selected: usize,
    /// The first visible line of the JSON beside or below the facts, while it has the focus.
    pub json_top: usize,
    pub view: View,
    /// The tokens to choose from if several have the name.
    pub choices: Vec<Arc<ServiceToken>>,
    /// Whether it was opened from the list of all tokens. Back then returns there.
    pub opened_from_list: bool,
    /// Whether Back returns to Find, rather than to Browse.
    pub returns_to_find: bool,
    /// The last known name of a token that was not found.
    pub lost_name: Option<String>,
    /// Whether the response to the pending request opens the token, as for a lookup. A reload does
    /// not change the screen.
    pub(crate) opens_on_answer: bool,
    /// Whether who uses the token is shown once it is there.
    pub(crate) shows_uses_on_answer: bool,
    /// When a token that was only copied from the list is fetched, by the steady clock.
    pub(crate) fetch_due: Option<DateTime<Utc>>,
    /// When the last fetch was attempted, by the steady clock.
    pub(crate) attempted_at: Option<DateTime<Utc>>,
}

/// How the token is displayed.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum View {
    /// Its fields and findings.
    #[default]
    Fields,
    /// Its JSON as received.
    Raw(RawView),
}

/// A line of the table of fields.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Item<'a> {
    Field(usize, &'a Field),
    /// The heading of the unknown fields.
    Others,
    /// The number of fields not listed.
    Rest(usize),
}

/// The lines of the table of a token's fields.
pub(crate) fn items(token: &ServiceToken) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    let mut met_other = false;
    for (at, field) in fields::fields(token).iter().enumerate() {
        if field.kind == FieldKind::Other && !met_other {
            met_other = true;
            items.push(Item::Others);
        }
        items.push(Item::Field(at, field));
    }
    let rest = token.members().rest;
    items.extend((rest > 0).then_some(Item::Rest(rest)));
    items
}

impl Detail {
    /// The fields of the current token.
    pub fn fields(&self) -> &[Field] {
        let token = self.token.value();
        token.map_or(&[], |token| fields::fields(token))
    }

    /// Clears everything, and returns the pending request.
    pub(crate) fn reset(&mut self) -> Option<RequestId> {
        std::mem::take(self).token.request()
    }

    /// The first visible line of the JSON beside or below the facts: that of the selected field is
    /// in the middle, unless the user scrolls.
    pub(crate) fn first_json_line(&self, lines: &RawLines, rows: usize, has_focus: bool) -> usize {
        let last = lines.len().saturating_sub(rows);
        match self.selected_json_line(lines) {
            Some(line) if !has_focus => first_row_centred(line, lines.len(), rows),
            _ => self.json_top.min(last),
        }
    }

    /// The line of JSON with the selected field, unless the JSON is too long to look for it.
    pub(crate) fn selected_json_line(&self, lines: &RawLines) -> Option<usize> {
        const LONGEST: usize = 1000;
        let field = self.fields().get(self.selected)?;
        let start = format!("  \"{}\": ", field.key);
        let is_short = lines.len() <= LONGEST && lines.bytes() <= SEARCHED_AT_ONCE;
        let all = lines.window(0, if is_short { lines.len() } else { 0 });
        all.iter().position(|line| line.starts_with(&start))
    }

    /// When the current token ends, if it does.
    pub fn end(&self) -> Option<DateTime<Utc>> {
        Lifecycle::of(self.token.value()?).end()
    }

    /// Why a token without a UUID cannot be opened.
    pub(crate) fn without_id() -> Failure {
        Failure::new(
            FailureKind::InvalidResponse,
            "The API reported no usable ID for this token, so it cannot be fetched on its own.",
            "Look it up in the dashboard.",
        )
    }
}

/// A scrollable, searchable view of a token's JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct RawView {
    /// The lines: re-indented, but otherwise as received. Untrusted text.
    pub lines: Arc<RawLines>,
    /// The first visible line.
    pub top: usize,
    pub query: TextField,
    /// Whether letters go into the query.
    pub is_typing: bool,
    /// The line of the current match.
    pub current: Option<usize>,
    /// The matching lines found so far.
    pub matches: Matches,
    search: Search,
}

/// The progress of a search that takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Search {
    #[default]
    Done,
    Due,
    UnderWay,
    /// Running for an earlier query: only one search runs at a time.
    Outdated,
}

impl RawView {
    /// The view of a token.
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

    /// Shows another version of the token, at the same position.
    pub(crate) fn replace(&mut self, token: &ServiceToken) {
        self.lines = token.lines();
        self.top = self.top.min(self.lines.len().saturating_sub(1));
        self.current = None;
        self.look_for_matches();
    }

    /// Whether a search for the query is running.
    pub fn is_searching(&self) -> bool {
        self.search != Search::Done
    }

    /// The search to be started, if any.
    pub(crate) fn search_due(&mut self) -> Option<(Arc<RawLines>, String)> {
        if self.search != Search::Due {
            return None;
        }
        self.search = Search::UnderWay;
        Some((self.lines.clone(), self.query.value().to_owned()))
    }

    /// Handles the end of a search. If it was for an earlier query, starts the next one.
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

    /// Starts typing another query.
    pub(crate) fn start_search(&mut self) {
        self.query = TextField::default();
        self.matches = Matches::default();
        self.current = None;
        self.is_typing = true;
    }

    /// Ends typing, and forgets the query. Returns false without a query to forget.
    pub(crate) fn end_search(&mut self) -> bool {
        let is_searching = self.is_typing || !self.query.value().is_empty();
        if is_searching {
            self.query = TextField::default();
            self.is_typing = false;
            self.current = None;
            self.look_for_matches();
        }
        is_searching
    }

    /// Scrolls, given the number of visible rows.
    pub(crate) fn scroll(&mut self, motion: Motion, rows: usize) {
        let last = self.lines.len().saturating_sub(rows);
        self.top = motion.from(self.top, rows, last);
    }

    /// Goes to the first match of the changed query.
    pub fn query_changed(&mut self, rows: usize) {
        self.current = None;
        self.look_for_matches();
        self.go_to_match(true, rows);
    }

    /// Moves to the next or previous match, wrapping around.
    pub(crate) fn go_to_match(&mut self, forward: bool, rows: usize) {
        let Some(line) = next_place(&self.matches.lines, self.current, forward) else {
            return;
        };
        self.current = Some(line);
        if line < self.top || line >= self.top + rows {
            self.top = first_row_centred(line, self.lines.len(), rows);
        }
    }
}
