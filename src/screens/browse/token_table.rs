//! The tokens of a list: their order, the filter, and the counts per status.
//!
//! Made for tens of thousands: it computes keys once, sorts indices instead of tokens, and applies
//! an extended query only to the matches of the shorter one.

use std::cmp::Ordering;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::search::{self, Haystack, TokenFilter};
use crate::domain::status::{EvaluationContext, Lifecycle, Status, Urgency};
use crate::domain::text;
use crate::domain::token::{Reported, ServiceToken};

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
                .and_then(crate::domain::duration::Lifetime::length)
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
