//! The state of Browse: its rows, which are those tokens of the list that pass the filter, in the
//! order of a column, and its cursor.
//!
//! Made for tens of thousands: it computes keys once, sorts places instead of tokens, and applies
//! an extended query only to the matches of the shorter one.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::app::form::TextField;
use crate::app::list_search::ListSearch;
use crate::app::token_list::TokenList;
use crate::domain::duration::Lifetime;
use crate::domain::fetched::RequestId;
use crate::domain::search::TokenFilter;
use crate::domain::status::Lifecycle;
use crate::domain::token::{Reported, ServiceToken};
use crate::layout::first_row_kept;

/// The list of all tokens of a scope, as a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Browse {
    /// The rows.
    pub table: TokenTable,
    pub filter: TextField,
    /// Whether letters go into the filter.
    pub is_filtering: bool,
    /// The selected row.
    pub selected: usize,
    /// The first visible row when the list was last scrolled.
    pub top: usize,
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
    pub fn token<'a>(&self, list: &'a TokenList) -> Option<&'a Arc<ServiceToken>> {
        self.table.token(list, self.selected)
    }

    /// The number of token rows in a panel with room for some rows: one shows the column names, and
    /// some may show notes on the list.
    #[must_use]
    pub fn table_rows(list: &TokenList, rows: usize) -> usize {
        rows.saturating_sub(1 + list.note_rows())
    }

    /// Whether a visible row counts down. `rows` are those inside the panel.
    pub(crate) fn is_counting(&self, list: &TokenList, rows: usize) -> bool {
        let rows = Self::table_rows(list, rows);
        let first = first_row_kept(self.top, self.selected, self.table.rows(), rows);
        self.table.tokens(list, first, rows).any(|token| {
            let life = Lifecycle::of(token);
            !life.is_disabled() && life.end().is_some()
        })
    }

    /// Clears everything. The list is not part of it.
    pub(crate) fn reset(&mut self) -> Option<RequestId> {
        *self = Self::default();
        None
    }

    /// Applies the filter.
    pub(crate) fn filter_changed(&mut self, list: &TokenList) {
        let query = self.filter.value().to_owned();
        self.change(list, Follow::TokenOrTop, |table| table.search(list, &query));
    }

    /// Scrolls so that the selected row is visible.
    pub(crate) fn keep_in_view(&mut self, list: &TokenList, rows: usize) {
        let rows = Self::table_rows(list, rows);
        self.top = first_row_kept(self.top, self.selected, self.table.rows(), rows);
    }

    /// Changes the rows, and moves the cursor with them.
    pub(crate) fn change(
        &mut self,
        list: &TokenList,
        follow: Follow,
        change: impl FnOnce(&mut TokenTable),
    ) {
        let token = self.token(list).cloned();
        change(&mut self.table);
        self.follow(list, token.as_ref(), follow);
    }

    /// Updates the rows after a change of the list, and moves the cursor with them. `token` is the
    /// one that was selected before.
    pub(crate) fn list_changed(
        &mut self,
        list: &TokenList,
        token: Option<&Arc<ServiceToken>>,
        follow: Follow,
    ) {
        self.table.update(list);
        self.follow(list, token, follow);
    }

    fn follow(&mut self, list: &TokenList, token: Option<&Arc<ServiceToken>>, follow: Follow) {
        let at_top = follow == Follow::TokenBelowTop && self.selected == 0;
        let row = token.filter(|_| !at_top).and_then(|token| {
            let now = self.token(list);
            if now.is_some_and(|now| Arc::ptr_eq(now, token)) {
                Some(self.selected)
            } else {
                self.table.row_of(list, token)
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

/// The rows: places of the list's tokens.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TokenTable {
    /// Each token's key, unless the list's own order is used, by its place.
    keys: Vec<Key>,
    search: ListSearch,
    /// All places in order, unless the list's own order is used, and those that pass the filter.
    order: Vec<u32>,
    shown: Vec<u32>,
    sort: Sort,
    /// The generation of the list that all this belongs to.
    generation: u64,
}

impl TokenTable {
    /// How many tokens pass the filter.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.shown.len()
    }

    /// The token of a row.
    #[must_use]
    pub fn token<'a>(&self, list: &'a TokenList, row: usize) -> Option<&'a Arc<ServiceToken>> {
        list.token(*self.shown.get(row)?)
    }

    /// The tokens of some rows.
    pub fn tokens<'a>(
        &self,
        list: &'a TokenList,
        first: usize,
        count: usize,
    ) -> impl Iterator<Item = &'a Arc<ServiceToken>> {
        let rows = self.shown.iter().skip(first).take(count);
        rows.map_while(|place| list.token(*place))
    }

    /// The sort column.
    #[must_use]
    pub fn sort(&self) -> Sort {
        self.sort
    }

    /// The row of a token, if it passes the filter.
    pub(crate) fn row_of(&self, list: &TokenList, token: &Arc<ServiceToken>) -> Option<usize> {
        let place = list.place_of(token)?;
        self.shown.iter().position(|shown| *shown == place)
    }

    /// A filter to mark what matches in a row.
    #[must_use]
    pub fn filter(&self) -> TokenFilter {
        self.search.filter()
    }

    /// Follows a change of the list. If tokens were only added, computes only theirs.
    pub(crate) fn update(&mut self, list: &TokenList) {
        if self.generation == list.generation() {
            self.search.extend(list);
        } else {
            self.generation = list.generation();
            self.keys.clear();
            self.search.restart(list);
            // The old order is almost the new one, if the places are the same.
            self.order.retain(|place| (*place as usize) < list.total());
        }
        self.arrange(list);
        self.collect(list);
    }

    /// Changes the sort column.
    pub(crate) fn sort_by(&mut self, list: &TokenList, sort: Sort) {
        self.sort = sort;
        self.keys.clear();
        self.by_prefix(list);
        self.arrange(list);
        self.collect(list);
    }

    /// Changes the filter query.
    pub(crate) fn search(&mut self, list: &TokenList, query: &str) {
        self.search.search(list, query);
        self.collect(list);
    }

    /// Sorts the places by keys and the first bytes of names only: contiguous in memory, they
    /// compare many times faster than whole names behind pointers.
    fn by_prefix(&mut self, list: &TokenList) {
        let sort = self.sort;
        self.order.clear();
        if sort == Sort::Urgency {
            return;
        }
        let prefixed = |place: &u32| {
            let token = list.token(*place)?;
            let prefix = prefix(token.name_text(), sort);
            Some((key(token, sort), prefix, *place))
        };
        let mut prefixed: Vec<_> = list.order().iter().filter_map(prefixed).collect();
        prefixed.sort_unstable();
        let places = prefixed.into_iter().map(|(_, _, place)| place);
        self.order.extend(places);
    }

    /// Sorts the places. This costs little if most are in order already.
    fn arrange(&mut self, list: &TokenList) {
        let sort = self.sort;
        if sort == Sort::Urgency {
            return;
        }
        let all = |from: usize| (from..list.total()).filter_map(|place| u32::try_from(place).ok());
        let new = all(self.keys.len()).filter_map(|place| list.token(place));
        self.keys.extend(new.map(|token| key(token, sort)));
        self.order.extend(all(self.order.len()));
        let keys = &self.keys;
        self.order.sort_by(|one, other| {
            let by_key = keys.get(*one as usize).cmp(&keys.get(*other as usize));
            by_key.then_with(|| match (list.token(*one), list.token(*other)) {
                (Some(one), Some(other)) => by_name(one, other, sort),
                (one, other) => one.is_some().cmp(&other.is_some()),
            })
        });
    }

    /// Collects the rows.
    fn collect(&mut self, list: &TokenList) {
        let order = match self.sort {
            Sort::Urgency => list.order(),
            Sort::Name | Sort::Left | Sort::LastSeen | Sort::Duration => &self.order,
        };
        let matching = order.iter().filter(|place| self.search.passes(**place));
        self.shown.clear();
        self.shown.extend(matching.copied());
    }
}

fn key(token: &ServiceToken, sort: Sort) -> Key {
    let life = Lifecycle::of(token);
    match sort {
        // The list itself is in this order.
        Sort::Urgency => (0, 0),
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
