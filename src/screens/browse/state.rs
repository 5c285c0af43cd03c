//! The state of the list of all tokens: its cursor, and its tokens with their order, the filter, and
//! the counts per status.
//!
//! Made for tens of thousands: it computes keys once, sorts indices instead of tokens, and applies
//! an extended query only to the matches of the shorter one.

use std::cmp::Ordering;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::app::form::TextField;
use crate::app::message::Stage;
use crate::domain::credential::Access;
use crate::domain::duration::Lifetime;
use crate::domain::fetched::{Received, Remote, RequestId};
use crate::domain::search::{self, Haystack, TokenFilter};
use crate::domain::status::{EvaluationContext, Lifecycle, Status, Urgency};
use crate::domain::text;
use crate::domain::token::{Reported, ServiceToken};
use crate::layout::first_row_kept;

/// The list of all tokens of a scope.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Browse {
    /// How complete the list is, with its age. Its tokens are in the table.
    pub list: Remote<Extent>,
    /// The tokens; during the first fetch, those that have arrived.
    pub table: TokenTable,
    /// The progress of the current fetch.
    pub progress: Progress,
    /// The credential and scope of the list.
    pub access: Option<Access>,
    pub filter: TextField,
    /// Whether letters go into the filter.
    pub is_filtering: bool,
    /// The selected row.
    pub selected: usize,
    /// The first visible row when the list was last scrolled.
    pub top: usize,
    /// Whether the user hid the preview of the selected token.
    pub hides_preview: bool,
}

/// How complete a list is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extent {
    /// Why it may lack tokens, as a sentence fragment; `None` if it is complete.
    pub incomplete: Option<String>,
    /// How many tokens the API announced.
    pub total: Option<usize>,
}

/// The progress of fetching a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// The number of tokens that have arrived.
    pub received: usize,
    /// How many tokens the API announced.
    pub total: Option<usize>,
    pub stage: Stage,
}

/// How the cursor moves when the rows change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follow {
    /// Follows its token, but stays on the first row until the user moves it.
    TokenBelowTop,
    /// Follows its token. If the token is gone, keeps its position.
    Token,
    /// Follows its token. If the token is gone, moves to the first row.
    TokenOrTop,
}

impl Browse {
    /// The selected token.
    #[must_use]
    pub fn token(&self) -> Option<&ServiceToken> {
        self.table.token(self.selected).map(AsRef::as_ref)
    }

    /// The number of token rows in a panel with room for some rows: one shows the column names, and
    /// some may show notes on the list.
    #[must_use]
    pub fn table_rows(&self, rows: usize) -> usize {
        rows.saturating_sub(1 + self.note_rows())
    }

    /// Rows that show the progress of the list, or what it lacks.
    #[must_use]
    pub fn note_rows(&self) -> usize {
        let lacks = |extent: &Extent| extent.incomplete.is_some();
        if self.list.is_loading() {
            1
        } else if self.list.value().is_some_and(lacks) {
            2
        } else {
            0
        }
    }

    /// Whether a visible row counts down. `rows` are those inside the panel.
    pub(crate) fn is_counting(&self, rows: usize) -> bool {
        let rows = self.table_rows(rows);
        let first = first_row_kept(self.top, self.selected, self.table.rows(), rows);
        self.table.tokens(first, rows).any(|token| {
            let life = Lifecycle::of(token);
            !life.is_disabled() && life.end().is_some()
        })
    }

    /// Clears everything, and returns the pending request.
    pub(crate) fn reset(&mut self) -> Option<RequestId> {
        std::mem::take(self).list.request()
    }

    /// Applies the filter.
    pub(crate) fn filter_changed(&mut self) {
        let query = self.filter.value().to_owned();
        self.change(Follow::TokenOrTop, |table| table.search(&query));
    }

    /// Stops waiting. A first list keeps the tokens that arrived; a reloaded list stays unchanged.
    pub(crate) fn stop(&mut self, now: DateTime<Utc>) -> Option<RequestId> {
        self.keep_part(now, "cancelled")
            .or_else(|| self.list.cancel())
    }

    /// Keeps the tokens of a first list that arrived, and returns its request; `None` if none
    /// arrived.
    pub(crate) fn keep_part(&mut self, now: DateTime<Utc>, why: &str) -> Option<RequestId> {
        let request = self.list.request()?;
        let since = self.list.loading_since()?;
        if self.list.value().is_some() || self.table.total() == 0 {
            return None;
        }
        let value = Extent {
            incomplete: Some(why.to_owned()),
            total: self.progress.total,
        };
        let took = now
            .signed_duration_since(since)
            .to_std()
            .unwrap_or_default();
        let at = now;
        self.list.settle(request, Ok(Received { value, at, took }));
        Some(request)
    }

    /// Moves tokens whose status changed over time to their new positions.
    pub(crate) fn keep_up(&mut self, context: EvaluationContext) {
        self.change(Follow::Token, |table| table.keep_up(context));
    }

    /// Scrolls so that the selected row is visible.
    pub(crate) fn keep_in_view(&mut self, rows: usize) {
        let rows = self.table_rows(rows);
        self.top = first_row_kept(self.top, self.selected, self.table.rows(), rows);
    }

    /// Changes the rows, and moves the cursor with them.
    pub(crate) fn change(&mut self, follow: Follow, change: impl FnOnce(&mut TokenTable)) {
        let token = self.table.token(self.selected).cloned();
        change(&mut self.table);
        let at_top = follow == Follow::TokenBelowTop && self.selected == 0;
        let row = token.filter(|_| !at_top).and_then(|token| {
            let is_unmoved = self
                .table
                .token(self.selected)
                .is_some_and(|now| Arc::ptr_eq(now, &token));
            if is_unmoved {
                Some(self.selected)
            } else {
                self.table.row_of(&token)
            }
        });
        let gone = if follow == Follow::TokenOrTop {
            0
        } else {
            self.selected
        };
        self.selected = row.unwrap_or(gone).min(self.table.rows().saturating_sub(1));
    }
}

/// The sort column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// By urgency.
    #[default]
    Urgency,
    /// By name; ignores case.
    Name,
    /// The time left; tokens without a countdown last.
    Left,
    /// Never used and longest ago first.
    LastSeen,
    /// Longest first.
    Duration,
}

impl Sort {
    /// The next one of the cycle.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Urgency => Self::Name,
            Self::Name => Self::Left,
            Self::Left => Self::LastSeen,
            Self::LastSeen => Self::Duration,
            Self::Duration => Self::Urgency,
        }
    }

    /// Its name on screen.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Urgency => "urgency",
            Self::Name => "name",
            Self::Left => "time left",
            Self::LastSeen => "last seen",
            Self::Duration => "duration",
        }
    }

    /// Whether smaller values come first.
    #[must_use]
    pub fn is_ascending(self) -> bool {
        !matches!(self, Self::Urgency | Self::Duration)
    }
}

/// The sort key that precedes the name.
type Key = (u8, i64);

/// The tokens of a list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TokenTable {
    tokens: Vec<Arc<ServiceToken>>,
    /// Each token's key, and whether it passes the filter, by its index in `tokens`.
    keys: Vec<Key>,
    passing: Vec<bool>,
    index: SearchIndex,
    /// Indices in `tokens`: all of them in order, and those that pass the filter.
    order: Vec<u32>,
    shown: Vec<u32>,
    counts: [usize; Status::ALL.len()],
    sort: Sort,
    query: String,
    evaluated_at: Option<DateTime<Utc>>,
    next_change: Option<DateTime<Utc>>,
}

impl TokenTable {
    /// How many tokens there are.
    #[must_use]
    pub fn total(&self) -> usize {
        self.tokens.len()
    }

    /// How many tokens pass the filter.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.shown.len()
    }

    /// The token of a row.
    #[must_use]
    pub fn token(&self, row: usize) -> Option<&Arc<ServiceToken>> {
        self.tokens.get(*self.shown.get(row)? as usize)
    }

    /// The tokens of some rows.
    pub fn tokens(&self, first: usize, count: usize) -> impl Iterator<Item = &Arc<ServiceToken>> {
        (first..first.saturating_add(count)).map_while(|row| self.token(row))
    }

    /// How many tokens have a status, whether or not they pass the filter.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        self.counts[status as usize]
    }

    /// The sort column.
    #[must_use]
    pub fn sort(&self) -> Sort {
        self.sort
    }

    /// When a status or a position next changes with time.
    #[must_use]
    pub fn next_change(&self) -> Option<DateTime<Utc>> {
        self.next_change
    }

    /// The row of a token: the identical token, or else one with the same ID.
    pub(crate) fn row_of(&self, token: &Arc<ServiceToken>) -> Option<usize> {
        let find = |is_it: &dyn Fn(&Arc<ServiceToken>) -> bool| {
            self.shown
                .iter()
                .position(|place| is_it(&self.tokens[*place as usize]))
        };
        let id = token.id_text();
        find(&|other| Arc::ptr_eq(other, token)).or_else(|| {
            if id.is_empty() {
                find(&|other| other.raw == token.raw)
            } else {
                find(&|other| other.id_text() == id)
            }
        })
    }

    /// Adds tokens.
    pub(crate) fn add(&mut self, tokens: Vec<Arc<ServiceToken>>, context: EvaluationContext) {
        let known = self.tokens.len();
        self.tokens.extend(tokens);
        self.evaluate(known, context);
        self.order
            .extend((known..self.tokens.len()).filter_map(|place| u32::try_from(place).ok()));
        self.arrange();
        self.filter(known);
    }

    /// Replaces all tokens.
    pub(crate) fn replace(&mut self, tokens: Vec<Arc<ServiceToken>>, context: EvaluationContext) {
        *self = Self {
            sort: self.sort,
            query: std::mem::take(&mut self.query),
            ..Self::default()
        };
        self.add(tokens, context);
    }

    /// Replaces a token by a newer version, if it is in the list.
    pub(crate) fn renew(&mut self, token: &Arc<ServiceToken>, context: EvaluationContext) {
        let id = token.id_text();
        let is_older = |old: &&mut Arc<ServiceToken>| old.id_text() == id && old.raw != token.raw;
        let old = self.tokens.iter_mut().find(is_older);
        if let Some(old) = old.filter(|_| !id.is_empty()) {
            *old = token.clone();
            self.index = SearchIndex::default();
            self.reevaluate(context);
        }
    }

    /// Re-evaluates all tokens if time or a clock correction may have changed the order.
    pub(crate) fn keep_up(&mut self, context: EvaluationContext) {
        let is_due = self.next_change.is_some_and(|due| due <= context.now)
            || self.evaluated_at.is_some_and(|last| context.now < last);
        if is_due {
            self.reevaluate(context);
        }
    }

    /// Changes the sort column.
    pub(crate) fn sort_by(&mut self, sort: Sort, context: EvaluationContext) {
        self.sort = sort;
        self.by_prefix(context);
        self.reevaluate(context);
    }

    /// Changes the filter query.
    pub(crate) fn search(&mut self, query: &str) {
        if query == self.query {
            return;
        }
        let is_narrower = search::is_narrower(query, &self.query);
        query.clone_into(&mut self.query);
        if !is_narrower {
            self.passing.fill(true);
        }
        self.filter(0);
    }

    fn reevaluate(&mut self, context: EvaluationContext) {
        self.counts = [0; Status::ALL.len()];
        self.next_change = None;
        self.keys.clear();
        self.passing.clear();
        self.evaluate(0, context);
        self.arrange();
        self.filter(0);
    }

    /// Evaluates the tokens from an index on.
    fn evaluate(&mut self, from: usize, context: EvaluationContext) {
        for (place, token) in self.tokens.iter().enumerate().skip(from) {
            let life = Lifecycle::of(token);
            let status = Status::at(life, context);
            self.counts[status as usize] += 1;
            self.index.set(place, token, status);
            self.keys.push(key(token, self.sort, context));
            self.passing.push(true);
            let moves = Urgency::next_change(life, context);
            self.next_change = self.next_change.into_iter().chain(moves).min();
        }
        self.evaluated_at = Some(context.now);
    }

    /// Sorts the indices by keys and the first bytes of names only: contiguous in memory, they
    /// compare many times faster than whole names behind pointers.
    fn by_prefix(&mut self, context: EvaluationContext) {
        let (tokens, sort) = (&self.tokens, self.sort);
        let prefixed = |place: &u32| {
            let token = &tokens[*place as usize];
            let prefix = prefix(token.name_text(), sort);
            (key(token, sort, context), prefix, *place)
        };
        let mut prefixed: Vec<_> = self.order.iter().map(prefixed).collect();
        prefixed.sort_unstable();
        self.order.clear();
        self.order
            .extend(prefixed.iter().map(|(_, _, place)| *place));
    }

    /// Sorts the indices. This costs little if most are in order already.
    fn arrange(&mut self) {
        let (tokens, keys, sort) = (&self.tokens, &self.keys, self.sort);
        self.order.sort_by(|one, other| {
            let (one, other) = (*one as usize, *other as usize);
            keys[one]
                .cmp(&keys[other])
                .then_with(|| by_name(&tokens[one], &tokens[other], sort))
        });
    }

    /// Filters the remaining tokens from an index on, and collects the rows.
    fn filter(&mut self, from: usize) {
        if !self.query.trim().is_empty() {
            let mut filter = TokenFilter::new(&self.query);
            for (place, passes) in self.passing.iter_mut().enumerate().skip(from) {
                let haystack = self.index.get(place).filter(|_| *passes);
                *passes = haystack.is_some_and(|haystack| filter.passes(haystack));
            }
        }
        let passing = &self.passing;
        self.shown.clear();
        self.shown.extend(
            self.order
                .iter()
                .filter(|place| passing[**place as usize])
                .copied(),
        );
    }
}

fn key(token: &ServiceToken, sort: Sort, context: EvaluationContext) -> Key {
    let life = Lifecycle::of(token);
    match sort {
        Sort::Urgency => {
            let Urgency(class, end) = Urgency::of(life, context);
            (class, end)
        }
        Sort::Name => name_key(token.name_text()),
        Sort::Left => match life.end().filter(|_| !life.is_disabled()) {
            Some(end) => (0, end.timestamp_micros()),
            None => (1, 0),
        },
        Sort::LastSeen => match &token.last_seen_at {
            Reported::Absent | Reported::Null => (0, 0),
            Reported::Valid(seen) => (1, seen.timestamp_micros()),
            Reported::Malformed(_) => (2, 0),
        },
        Sort::Duration => match token.duration.valid() {
            Some(duration) if duration.is_forever() => (0, 0),
            duration => duration
                .and_then(Lifetime::length)
                .map_or((2, 0), |length| (1, -length.num_milliseconds())),
        },
    }
}

/// The first letters of a name as a number, which decides most comparisons; empty names come last.
fn name_key(name: &str) -> Key {
    let letters = name.bytes().chain(std::iter::repeat(0)).take(7);
    let number = letters.fold(0_i64, |number, byte| {
        number << 8 | i64::from(byte.to_ascii_lowercase())
    });
    (u8::from(name.trim().is_empty()), number)
}

/// The first bytes of a name, as [`by_name`] compares them.
fn prefix(name: &str, sort: Sort) -> [u8; 24] {
    let mut prefix = [0; 24];
    for (to, byte) in prefix.iter_mut().zip(name.bytes()) {
        *to = byte;
    }
    if sort == Sort::Name {
        prefix.make_ascii_lowercase();
    }
    prefix
}

/// Decides between equal keys. The order of urgency is the same everywhere, so names are compared
/// byte by byte unless the rows are sorted by them.
fn by_name(one: &ServiceToken, other: &ServiceToken, sort: Sort) -> Ordering {
    fn folded(token: &ServiceToken) -> impl Iterator<Item = u8> {
        let bytes = token.name_text().bytes();
        bytes.map(|byte| byte.to_ascii_lowercase())
    }
    let names = || one.name_and_id().cmp(&other.name_and_id());
    match sort {
        Sort::Name => folded(one).cmp(folded(other)).then_with(names),
        Sort::Urgency | Sort::Left | Sort::LastSeen | Sort::Duration => names(),
    }
}

/// Names, IDs and client IDs of all tokens in one string: scanning it is several times faster than
/// following a pointer per token.
#[derive(Debug, Clone, PartialEq, Default)]
struct SearchIndex {
    text: String,
    /// Where the name, the ID and the client ID of each token end.
    ends: Vec<[usize; 3]>,
    have_hex_ids: Vec<bool>,
    statuses: Vec<Status>,
}

impl SearchIndex {
    /// Adds a token, or updates the status of a known one.
    fn set(&mut self, place: usize, token: &ServiceToken, status: Status) {
        if let Some(known) = self.statuses.get_mut(place) {
            *known = status;
            return;
        }
        let parts = [token.name_text(), token.id_text(), token.client_id_text()];
        self.ends.push(parts.map(|part| {
            self.text.push_str(text::beginning(part));
            self.text.len()
        }));
        let [_, id, client_id] = parts;
        self.have_hex_ids.push(Haystack::are_hex(id, client_id));
        self.statuses.push(status);
    }

    fn get(&self, place: usize) -> Option<Haystack<'_>> {
        let [name, id, client_id] = *self.ends.get(place)?;
        let before = place.checked_sub(1).and_then(|place| self.ends.get(place));
        let start = before.map_or(0, |ends| ends[2]);
        Some(Haystack {
            name: self.text.get(start..name)?,
            id: self.text.get(name..id)?,
            client_id: self.text.get(id..client_id)?,
            has_hex_ids: *self.have_hex_ids.get(place)?,
            status: *self.statuses.get(place)?,
        })
    }
}
