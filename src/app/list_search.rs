//! Which tokens of the shared list a query matches: those that contain it or, only if none does,
//! those that match fuzzily.

use super::token_list::TokenList;
use crate::domain::search::{self, Matching, TokenFilter};

/// The result of a query, kept up to date with a list whose tokens arrive page by page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListSearch {
    query: String,
    matching: Matching,
    /// Whether each token matches, by its place.
    passing: Vec<bool>,
}

impl ListSearch {
    /// Whether the token at a place matches.
    pub fn passes(&self, place: u32) -> bool {
        self.passing.get(place as usize) == Some(&true)
    }

    /// A filter to mark what matches in a row.
    pub fn filter(&self) -> TokenFilter {
        TokenFilter::new(&self.query, self.matching)
    }

    /// Changes the query. A longer one is applied only to the matches of the shorter one.
    pub(crate) fn search(&mut self, list: &TokenList, query: &str) {
        if query == self.query {
            return;
        }
        let is_narrower = search::is_narrower(query, &self.query);
        query.clone_into(&mut self.query);
        match self.matching {
            // If nothing contains a query, nothing contains a longer one.
            Matching::Fuzzy if is_narrower => {
                self.sift(list, 0, Matching::Fuzzy);
            }
            Matching::Containing if is_narrower => self.sift_contained_first(list, 0),
            Matching::Containing | Matching::Fuzzy => self.restart(list),
        }
    }

    /// Matches the tokens that were added to the list.
    pub(crate) fn extend(&mut self, list: &TokenList) {
        let known = self.passing.len();
        self.passing.resize(list.total(), true);
        self.sift_contained_first(list, known);
    }

    /// Matches all tokens again.
    pub(crate) fn restart(&mut self, list: &TokenList) {
        self.matching = Matching::Containing;
        self.passing.clear();
        self.extend(list);
    }

    fn sift_contained_first(&mut self, list: &TokenList, from: usize) {
        let is_contained = self.sift(list, from, Matching::Containing);
        match self.matching {
            Matching::Fuzzy if is_contained => {
                self.matching = Matching::Containing;
                self.passing[..from].fill(false);
            }
            Matching::Fuzzy => {
                self.passing[from..].fill(true);
                self.sift(list, from, Matching::Fuzzy);
            }
            Matching::Containing if !self.passing.contains(&true) => {
                self.matching = Matching::Fuzzy;
                self.passing.fill(true);
                self.sift(list, 0, Matching::Fuzzy);
            }
            Matching::Containing => {}
        }
    }

    /// Applies the query to the remaining tokens from a place on. Returns whether one of them passes.
    fn sift(&mut self, list: &TokenList, from: usize, matching: Matching) -> bool {
        if self.query.trim().is_empty() {
            return self.passing.len() > from;
        }
        let mut filter = TokenFilter::new(&self.query, matching);
        let mut is_any = false;
        for (place, passes) in self.passing.iter_mut().enumerate().skip(from) {
            let place = u32::try_from(place).ok().filter(|_| *passes);
            let haystack = place.and_then(|place| list.haystack(place));
            *passes = haystack.is_some_and(|haystack| filter.passes(haystack));
            is_any |= *passes;
        }
        is_any
    }
}
