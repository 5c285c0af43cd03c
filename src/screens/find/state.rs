//! The state of Find: the text to search for, what matches it, the recent lookups, and the selection
//! in these lists.

use std::sync::Arc;

use crate::app::form::TextField;
use crate::app::token_list::TokenList;
use crate::domain::fetched::RequestId;
use crate::domain::recent_lookups::Recent;
use crate::domain::scope::Scope;
use crate::domain::search::{self, Matching, TokenFilter};
use crate::domain::token::{ServiceToken, TokenId, TokenRef};

/// An item of the lists below the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// A token that matches the text.
    Match(usize),
    /// A token that needs the user.
    Need(usize),
    /// The line that stands for all other tokens that need the user.
    More,
    Recent(usize),
}

/// The identity of the selected item, which may move in its list.
#[derive(Debug, Clone, PartialEq)]
enum Followed {
    Token(Arc<ServiceToken>),
    Recent(Scope, TokenId),
}

/// The search for a token, and the tokens that need the user.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Find {
    /// The text: a part of a name, an ID, a client ID, or a URL.
    pub token: TextField,
    /// Whether letters are commands, rather than text.
    pub is_commanding: bool,
    /// The complaint about the text.
    pub complaint: Option<String>,
    /// Whether the text changed since a token was last opened or looked up.
    pub is_edited: bool,
    /// Whether a match is to be opened once the list is complete.
    pub is_waiting: bool,
    /// The tokens that match the text.
    pub matches: Matches,
    /// The recent lookups, newest first.
    pub recents: Vec<Recent>,
    /// The item that Enter opens.
    pub selected: Option<Item>,
    /// Whether the user chose it; otherwise it is the first one.
    pub is_picked: bool,
    followed: Option<Followed>,
}

/// How many items each list has that can be selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ItemCounts {
    pub matches: usize,
    pub needs: usize,
    /// Whether a line stands for further tokens that need the user.
    pub has_more: bool,
    pub recents: usize,
}

impl ItemCounts {
    /// The number of items.
    pub fn total(self) -> usize {
        self.matches + self.needs + usize::from(self.has_more) + self.recents
    }

    /// The item at a place, with all lists as one.
    pub fn item(self, at: usize) -> Option<Item> {
        let needs = at.checked_sub(self.matches);
        let more = needs.and_then(|at| at.checked_sub(self.needs));
        let recents = more.and_then(|at| at.checked_sub(usize::from(self.has_more)));
        match (needs, more, recents) {
            (None, ..) => Some(Item::Match(at)),
            (Some(at), None, _) => Some(Item::Need(at)),
            (_, Some(_), None) => Some(Item::More),
            (.., Some(at)) => (at < self.recents).then_some(Item::Recent(at)),
        }
    }

    /// The place of an item.
    pub fn place(self, item: Item) -> usize {
        match item {
            Item::Match(at) => at,
            Item::Need(at) => self.matches + at,
            Item::More => self.matches + self.needs,
            Item::Recent(at) => self.matches + self.needs + usize::from(self.has_more) + at,
        }
    }

    /// The item, or the nearest one that exists.
    fn clamped(self, item: Item) -> Option<Item> {
        let within = |at: usize, count: usize| (count > 0).then(|| at.min(count - 1));
        match item {
            Item::Match(at) => within(at, self.matches).map(Item::Match),
            Item::Need(at) if self.has_more && at >= self.needs => Some(Item::More),
            Item::Need(at) => within(at, self.needs).map(Item::Need),
            Item::More if self.has_more => Some(Item::More),
            Item::More => within(self.needs, self.needs).map(Item::Need),
            Item::Recent(at) => within(at, self.recents).map(Item::Recent),
        }
    }
}

impl Find {
    /// Drops what was found with the active credential. Keeps the text and the recent lookups.
    pub(crate) fn reset(&mut self) -> Option<RequestId> {
        *self = Self {
            token: std::mem::take(&mut self.token),
            is_commanding: self.is_commanding,
            is_edited: self.is_edited,
            recents: std::mem::take(&mut self.recents),
            ..Self::default()
        };
        None
    }

    /// The scope in the URL in the field, which takes precedence over the session's.
    pub fn scope_of_url(&self) -> Option<Scope> {
        TokenRef::parse(self.token.value()).ok()?.scope().cloned()
    }

    /// Begins to type, with an empty field if its text has led to a token.
    pub(crate) fn start_over(&mut self) {
        if !self.is_edited {
            self.token = TextField::default();
            self.is_picked = false;
        }
        self.edit();
    }

    /// Begins to type.
    pub(crate) fn edit(&mut self) {
        self.complaint = None;
        self.is_commanding = false;
    }

    /// Keeps the selection on what the user picked, wherever it has moved, or else on the first item.
    pub(crate) fn settle(&mut self, list: &TokenList, counts: ItemCounts) {
        let followed = self.followed.take().filter(|_| self.is_picked);
        let moved = match (self.selected, &followed) {
            (Some(Item::Match(at)), Some(Followed::Token(token))) => {
                let place = list.place_of(token);
                let at = place.and_then(|place| self.matches.position(place, at));
                at.map(Item::Match)
            }
            (Some(Item::Need(at)), Some(Followed::Token(token))) => {
                let place = list.place_of(token);
                let moved = place.and_then(|place| list.place_of_need(place, at));
                Some(Item::Need(moved.unwrap_or(at)))
            }
            (Some(Item::Recent(at)), Some(Followed::Recent(scope, id))) => {
                let is_it = |recent: &Recent| recent.scope == *scope && recent.id == *id;
                let moved = self.recents.iter().position(is_it);
                Some(Item::Recent(moved.unwrap_or(at)))
            }
            (selected, _) => selected,
        };
        let picked = moved.filter(|_| self.is_picked);
        let picked = picked.and_then(|item| counts.clamped(item));
        self.is_picked = picked.is_some();
        self.selected = picked.or_else(|| self.first(counts));
        self.follow(list);
    }

    /// The item to open before the user picks one.
    fn first(&self, counts: ItemCounts) -> Option<Item> {
        if self.token.is_blank() {
            return counts.item(0);
        }
        let is_match = counts.matches > 0 && self.matches.kind != MatchKind::Nearest;
        is_match.then_some(Item::Match(0))
    }

    /// Selects an item.
    pub fn pick(&mut self, item: Item, list: &TokenList) {
        self.selected = Some(item);
        self.is_picked = true;
        self.follow(list);
    }

    fn follow(&mut self, list: &TokenList) {
        self.followed = match self.selected {
            Some(Item::Recent(at)) => self
                .recents
                .get(at)
                .map(|recent| Followed::Recent(recent.scope.clone(), recent.id.clone())),
            Some(item) => self.token_at(item, list).cloned().map(Followed::Token),
            None => None,
        };
    }

    /// The token of an item of the list.
    pub fn token_at<'a>(&self, item: Item, list: &'a TokenList) -> Option<&'a Arc<ServiceToken>> {
        match item {
            Item::Match(at) => list.token(self.matches.place(at)?),
            Item::Need(at) => list.token(list.needs().get(at)?.place),
            Item::More | Item::Recent(_) => None,
        }
    }
}

/// How the matches match the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MatchKind {
    /// The name or an ID contains every word.
    #[default]
    Containing,
    /// Nothing contains the words, but these names have their letters in order.
    Fuzzy,
    /// Nothing matches; these names are the most similar.
    Nearest,
}

/// The tokens that match a text, in order of urgency; the nearest ones, best first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matches {
    pub kind: MatchKind,
    places: Vec<u32>,
    text: String,
    /// The state of the list that they were found in.
    generation: u64,
    known: usize,
}

impl Matches {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.places.len()
    }

    /// The place of a match in the list.
    pub fn place(&self, at: usize) -> Option<u32> {
        self.places.get(at).copied()
    }

    /// The index of the match at a place in the list, which was probably at `at`.
    fn position(&self, place: u32, at: usize) -> Option<usize> {
        let is_unmoved = self.place(at) == Some(place);
        is_unmoved
            .then_some(at)
            .or_else(|| self.places.iter().position(|other| *other == place))
    }

    /// Searches the list, unless neither it nor the text has changed.
    pub(crate) fn update(&mut self, list: &TokenList, text: &str) {
        let is_same_list = self.generation == list.generation() && self.known == list.total();
        if is_same_list && self.text == text {
            return;
        }
        let old = std::mem::take(self);
        let is_narrower = is_same_list
            && !old.text.is_empty()
            && old.kind == MatchKind::Containing
            && search::is_narrower(text, &old.text);
        self.generation = list.generation();
        self.known = list.total();
        text.clone_into(&mut self.text);
        if text.is_empty() {
            return;
        }
        let query = search::query_for(text);
        let among = if is_narrower {
            &old.places
        } else {
            list.order()
        };
        self.places = matching(list, among, &query, Matching::Containing);
        if self.places.is_empty() {
            self.kind = MatchKind::Fuzzy;
            self.places = matching(list, list.order(), &query, Matching::Fuzzy);
        }
        if self.places.is_empty() {
            self.kind = MatchKind::Nearest;
            let order = list.order();
            let names = order
                .iter()
                .map(|place| list.haystack(*place).map_or("", |token| token.name));
            let nearest = search::nearest(text, names);
            let places = nearest.into_iter().filter_map(|at| order.get(at).copied());
            self.places = places.collect();
        }
    }
}

fn matching(list: &TokenList, among: &[u32], query: &str, matching: Matching) -> Vec<u32> {
    let mut filter = TokenFilter::new(query, matching);
    let mut has = |place: &&u32| {
        let token = list.haystack(**place);
        token.is_some_and(|token| filter.finds(token))
    };
    among.iter().filter(|place| has(place)).copied().collect()
}
