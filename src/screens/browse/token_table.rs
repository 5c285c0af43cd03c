//! The tokens of a list: in which order they stand, which of them pass the filter, and how many
//! have which status.
//!
//! Made for tens of thousands: keys are computed once, indices are sorted instead of tokens, and a
//! longer query looks only at what the shorter one let through. Not here: cursor and keys (`browse`).

use std::cmp::Ordering;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::search::{self, TokenFilter};
use crate::domain::status::{EvaluationContext, Lifecycle, Status, Urgency};
use crate::domain::token::{Reported, ServiceToken};
use crate::screens::browse::search_index::SearchIndex;

/// What the rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// What to look at first.
    #[default]
    Urgency,
    /// The name, capitals and small letters alike.
    Name,
    /// The time left; tokens without a countdown last.
    Left,
    /// The last use, never used and longest ago first.
    LastSeen,
    /// The duration, longest first.
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

    /// What people call it.
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

    /// Whether what counts less comes first.
    #[must_use]
    pub fn is_ascending(self) -> bool {
        !matches!(self, Self::Urgency | Self::Duration)
    }
}

/// A token's place, but for its name.
type Key = (u8, i64);

/// The tokens of a list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    tokens: Vec<Arc<ServiceToken>>,
    /// A token's key and whether it passes the filter, both by its place in `tokens`.
    keys: Vec<Key>,
    passing: Vec<bool>,
    haystacks: SearchIndex,
    /// Places in `tokens`: of all of them in order, and of those that pass the filter.
    order: Vec<u32>,
    shown: Vec<u32>,
    counts: [usize; Status::ALL.len()],
    sort: Sort,
    query: String,
    judged_at: Option<DateTime<Utc>>,
    next_change: Option<DateTime<Utc>>,
}

impl Table {
    /// How many tokens there are.
    #[must_use]
    pub fn total(&self) -> usize {
        self.tokens.len()
    }

    /// How many of them pass the filter.
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

    /// How many tokens have a status, the filter aside.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        self.counts[status as usize]
    }

    /// What the rows are sorted by.
    #[must_use]
    pub fn sort(&self) -> Sort {
        self.sort
    }

    /// When a status or a place next changes by itself.
    #[must_use]
    pub fn next_change(&self) -> Option<DateTime<Utc>> {
        self.next_change
    }

    /// The row of a token: of the very same, or else of one with its ID.
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

    /// Takes in more tokens.
    pub(crate) fn add(&mut self, tokens: Vec<Arc<ServiceToken>>, context: EvaluationContext) {
        let known = self.tokens.len();
        self.tokens.extend(tokens);
        self.judge(known, context);
        self.order
            .extend((known..self.tokens.len()).filter_map(|place| u32::try_from(place).ok()));
        self.arrange();
        self.filter(known);
    }

    /// Takes other tokens in place of all there were.
    pub(crate) fn replace(&mut self, tokens: Vec<Arc<ServiceToken>>, context: EvaluationContext) {
        *self = Self {
            sort: self.sort,
            query: std::mem::take(&mut self.query),
            ..Self::default()
        };
        self.add(tokens, context);
    }

    /// Takes a newer version of a token in. False if it is not in the list, or no different.
    pub(crate) fn renew(&mut self, token: &Arc<ServiceToken>, context: EvaluationContext) -> bool {
        let id = token.id_text();
        let old = self.tokens.iter_mut().find(|old| old.id_text() == id);
        match old {
            Some(old) if !id.is_empty() && old.raw != token.raw => *old = token.clone(),
            _ => return false,
        }
        self.haystacks = SearchIndex::default();
        self.rejudge(context);
        true
    }

    /// Judges all tokens anew where time, or a correction of the clock, may have moved some. False
    /// if none can have moved.
    pub(crate) fn keep_up(&mut self, context: EvaluationContext) -> bool {
        let is_due = self.next_change.is_some_and(|due| due <= context.now)
            || self.judged_at.is_some_and(|judged| context.now < judged);
        if is_due {
            self.rejudge(context);
        }
        is_due
    }

    /// Sorts by something else.
    pub(crate) fn sort_by(&mut self, sort: Sort, context: EvaluationContext) {
        self.sort = sort;
        self.by_prefix(context);
        self.rejudge(context);
    }

    /// Filters by another query.
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

    fn rejudge(&mut self, context: EvaluationContext) {
        self.counts = [0; Status::ALL.len()];
        self.next_change = None;
        self.keys.clear();
        self.passing.clear();
        self.judge(0, context);
        self.arrange();
        self.filter(0);
    }

    /// Computes what is kept of the tokens from a place on.
    fn judge(&mut self, from: usize, context: EvaluationContext) {
        for (place, token) in self.tokens.iter().enumerate().skip(from) {
            let life = Lifecycle::of(token);
            let status = Status::at(life, context);
            self.counts[status as usize] += 1;
            self.haystacks.set(place, token, status);
            self.keys.push(key(token, self.sort, context));
            self.passing.push(true);
            let moves = Urgency::next_change(life, context);
            self.next_change = self.next_change.into_iter().chain(moves).min();
        }
        self.judged_at = Some(context.now);
    }

    /// Puts the places nearly in order, looking only at keys and at how names begin: side by side in
    /// memory, these are compared many times faster than names that lie apart.
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

    /// Puts the places in order. What is in order already costs next to nothing.
    fn arrange(&mut self) {
        let (tokens, keys, sort) = (&self.tokens, &self.keys, self.sort);
        self.order.sort_by(|one, other| {
            let (one, other) = (*one as usize, *other as usize);
            keys[one]
                .cmp(&keys[other])
                .then_with(|| by_name(&tokens[one], &tokens[other], sort))
        });
    }

    /// Tries the tokens from a place on that still pass, and gathers the rows.
    fn filter(&mut self, from: usize) {
        if !self.query.trim().is_empty() {
            let mut filter = TokenFilter::new(&self.query);
            for (place, passes) in self.passing.iter_mut().enumerate().skip(from) {
                let haystack = self.haystacks.get(place).filter(|_| *passes);
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

/// The first letters of a name as a number, which decides most comparisons; no name comes last.
fn name_key(name: &str) -> Key {
    let letters = name.bytes().chain(std::iter::repeat(0)).take(7);
    let number = letters.fold(0_i64, |number, byte| {
        number << 8 | i64::from(byte.to_ascii_lowercase())
    });
    (u8::from(name.trim().is_empty()), number)
}

/// How a name begins, as [`by_name`] compares it.
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

/// Decides between equal keys. The order of urgency has to be the same everywhere, so names are
/// compared byte by byte unless they are what is sorted by.
fn by_name(one: &ServiceToken, other: &ServiceToken, sort: Sort) -> Ordering {
    fn folded(token: &ServiceToken) -> impl Iterator<Item = u8> {
        let bytes = token.name_text().bytes();
        bytes.map(|byte| byte.to_ascii_lowercase())
    }
    let names = || one.name_and_id().cmp(&other.name_and_id());
    match sort {
        Sort::Name => folded(one).cmp(folded(other)).then_with(names),
        _ => names(),
    }
}
