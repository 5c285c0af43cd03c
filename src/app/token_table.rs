//! The rows of a table of tokens: those tokens of the shared list that pass a filter, in the order of
//! a column.
//!
//! Made for tens of thousands: it computes keys once, and sorts places instead of tokens.

use std::cmp::Ordering;
use std::sync::Arc;

use super::list_search::ListSearch;
use super::token_list::TokenList;
use crate::domain::findings::Severity;
use crate::domain::search::TokenFilter;
use crate::domain::status::{Lifecycle, Status};
use crate::domain::token::{Reported, ServiceToken};
use crate::layout::token_columns::{BrowseLayout, Column};

/// The order of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    #[default]
    Urgency,
    /// Ignores case.
    Name,
    /// Tokens without a countdown come last.
    Left,
    /// Never used and longest ago first.
    LastSeen,
    /// By severity, then by its words; tokens without one come last.
    Note,
}

impl Sort {
    /// Every one, in the order in which a key goes through them.
    const ALL: [Self; 5] = [
        Self::Urgency,
        Self::Name,
        Self::Left,
        Self::LastSeen,
        Self::Note,
    ];

    /// The next one whose column is there.
    #[must_use]
    pub fn next(self, layout: &BrowseLayout) -> Self {
        let has_column = |it: &Self| it.column().is_none_or(|column| layout.columns.has(column));
        let mut later = Self::ALL.into_iter().cycle().skip(self as usize + 1);
        later.find(has_column).unwrap_or(self)
    }

    /// The column that shows it, its name on screen, and whether smaller values come first, unless the
    /// order is reversed.
    fn traits(self) -> (Option<Column>, &'static str, bool) {
        match self {
            Self::Urgency => (None, "urgency", false),
            Self::Name => (Some(Column::Name), "name", true),
            Self::Left => (Some(Column::Left), "time left", true),
            Self::LastSeen => (Some(Column::LastSeen), "last seen", true),
            Self::Note => (Some(Column::Note), "note", false),
        }
    }

    /// The column that shows it.
    pub fn column(self) -> Option<Column> {
        self.traits().0
    }

    /// Its name on screen.
    pub fn word(self) -> &'static str {
        self.traits().1
    }
}

/// The sort key that precedes the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    /// Tokens without a value come last, in either direction.
    is_missing: bool,
    value: (u8, i64),
}

impl Key {
    fn of(class: u8, value: i64) -> Self {
        Self {
            is_missing: false,
            value: (class, value),
        }
    }

    const MISSING: Self = Self {
        is_missing: true,
        value: (0, 0),
    };

    fn compare(self, other: Self, is_reversed: bool) -> Ordering {
        let by_value = || directed(self.value.cmp(&other.value), is_reversed);
        self.is_missing.cmp(&other.is_missing).then_with(by_value)
    }
}

fn directed(order: Ordering, is_reversed: bool) -> Ordering {
    if is_reversed { order.reverse() } else { order }
}

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
    is_reversed: bool,
    /// The statuses to show, by their place in [`Status::ALL`]; none means all.
    chosen: [bool; Status::ALL.len()],
    /// Whether to show only tokens that need the user.
    needs_only: bool,
    /// The generation of the list that all this belongs to.
    generation: u64,
}

impl TokenTable {
    /// How many tokens pass the filter.
    pub fn rows(&self) -> usize {
        self.shown.len()
    }

    /// The token of a row.
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

    /// The place of each row's token in the list.
    pub fn places(&self) -> &[u32] {
        &self.shown
    }

    /// The sort column.
    pub fn sort(&self) -> Sort {
        self.sort
    }

    /// Whether smaller values come first.
    pub fn is_ascending(&self) -> bool {
        self.sort.traits().2 != self.is_reversed
    }

    /// Whether a status was chosen to be shown.
    pub fn is_chosen(&self, status: Status) -> bool {
        self.chosen[status as usize]
    }

    /// Whether only chosen statuses are shown.
    pub fn has_chosen(&self) -> bool {
        self.chosen.contains(&true)
    }

    /// Whether only tokens that need the user are shown.
    pub fn needs_only(&self) -> bool {
        self.needs_only
    }

    /// The row of a token, if it passes the filter.
    pub(crate) fn row_of(&self, list: &TokenList, token: &Arc<ServiceToken>) -> Option<usize> {
        let place = list.place_of(token)?;
        self.shown.iter().position(|shown| *shown == place)
    }

    /// A filter to mark what matches in a row.
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
        self.is_reversed = false;
        self.sort_again(list);
    }

    /// Changes the direction of the order.
    pub(crate) fn reverse(&mut self, list: &TokenList) {
        self.is_reversed = !self.is_reversed;
        self.sort_again(list);
    }

    fn sort_again(&mut self, list: &TokenList) {
        self.keys.clear();
        self.by_prefix(list);
        self.arrange(list);
        self.collect(list);
    }

    /// Adds a status to those shown, or takes it away.
    pub(crate) fn toggle(&mut self, list: &TokenList, status: Status) {
        let chosen = &mut self.chosen[status as usize];
        *chosen = !*chosen;
        self.collect(list);
    }

    /// Shows only tokens that need the user.
    pub(crate) fn show_needs(&mut self, list: &TokenList) {
        self.needs_only = true;
        self.collect(list);
    }

    /// Shows all statuses.
    pub(crate) fn choose_none(&mut self, list: &TokenList) {
        self.chosen = [false; Status::ALL.len()];
        self.needs_only = false;
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
        let (sort, is_reversed) = (self.sort, self.is_reversed);
        self.order.clear();
        if sort == Sort::Urgency {
            return;
        }
        let prefixed = |place: &u32| {
            let token = list.token(*place)?;
            let prefix = prefix(token.name_text(), sort);
            Some((key(list, *place, sort), prefix, *place))
        };
        let mut prefixed: Vec<_> = list.order().iter().filter_map(prefixed).collect();
        prefixed.sort_unstable_by(|one, other| {
            let by_name = || directed(one.1.cmp(&other.1), is_reversed);
            one.0.compare(other.0, is_reversed).then_with(by_name)
        });
        let places = prefixed.into_iter().map(|(_, _, place)| place);
        self.order.extend(places);
    }

    /// Sorts the places. This costs little if most are in order already.
    fn arrange(&mut self, list: &TokenList) {
        let (sort, is_reversed) = (self.sort, self.is_reversed);
        if sort == Sort::Urgency {
            return;
        }
        let all = |from: usize| (from..list.total()).filter_map(|place| u32::try_from(place).ok());
        let new = all(self.keys.len()).map(|place| key(list, place, sort));
        self.keys.extend(new);
        self.order.extend(all(self.order.len()));
        let keys = &self.keys;
        let key = |place: u32| keys.get(place as usize).copied().unwrap_or(Key::MISSING);
        self.order.sort_by(|one, other| {
            let by_key = key(*one).compare(key(*other), is_reversed);
            by_key.then_with(|| match (list.token(*one), list.token(*other)) {
                (Some(one), Some(other)) => directed(by_name(one, other, sort), is_reversed),
                (one, other) => one.is_some().cmp(&other.is_some()),
            })
        });
    }

    /// Collects the rows.
    fn collect(&mut self, list: &TokenList) {
        let has_chosen = self.has_chosen();
        let passes = |place: &u32| {
            let status = list.haystack(*place).map(|token| token.status);
            self.search.passes(*place)
                && (!self.needs_only || list.is_needing(*place))
                && (!has_chosen || status.is_some_and(|status| self.is_chosen(status)))
        };
        let is_own = self.sort != Sort::Urgency;
        let order = if is_own { &self.order } else { list.order() };
        let shown = order.iter().copied();
        self.shown = if self.is_reversed && !is_own {
            shown.rev().filter(passes).collect()
        } else {
            shown.filter(passes).collect()
        };
    }
}

fn key(list: &TokenList, place: u32, sort: Sort) -> Key {
    let Some(token) = list.token(place) else {
        return Key::MISSING;
    };
    let life = Lifecycle::of(token);
    match sort {
        // The list itself is in this order.
        Sort::Urgency => Key::of(0, 0),
        Sort::Name => name_key(token.name_text()),
        Sort::Left => match life.end().filter(|_| !life.is_disabled()) {
            Some(end) => Key::of(0, end.timestamp_micros()),
            None => Key::MISSING,
        },
        Sort::LastSeen => match &token.last_seen_at {
            Reported::Null => Key::of(0, 0),
            Reported::Valid(seen) => Key::of(1, seen.timestamp_micros()),
            // Says nothing about use.
            Reported::Absent | Reported::Malformed(_) => Key::MISSING,
        },
        Sort::Note => {
            let note = list.haystack(place).and_then(|token| token.note);
            note.map_or(Key::MISSING, |note| {
                let severity = match note.severity {
                    Severity::Critical => 0,
                    Severity::Warning => 1,
                    Severity::Info => 2,
                };
                Key::of(severity, beginning(note.words))
            })
        }
    }
}

/// Empty names come last.
fn name_key(name: &str) -> Key {
    if name.trim().is_empty() {
        return Key::MISSING;
    }
    Key::of(0, beginning(name))
}

/// The first letters of a text as a number, which decides most comparisons.
fn beginning(text: &str) -> i64 {
    let letters = text.bytes().chain(std::iter::repeat(0)).take(7);
    letters.fold(0_i64, |number, byte| {
        number << 8 | i64::from(byte.to_ascii_lowercase())
    })
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
        Sort::Urgency | Sort::Left | Sort::LastSeen | Sort::Note => names(),
    }
}
