//! How many apps open for the tokens of the list on screen, from an access map that is there. Counted
//! for those rows alone that were in view.

use std::collections::HashMap;

use crate::domain::access::Counts;
use crate::domain::token::ServiceToken;

/// The counts of tokens, by their IDs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OpensCounts {
    /// The generations of the map and of the list; `None` without a map of the list's scope.
    basis: Option<(u64, u64)>,
    is_complete: bool,
    counts: HashMap<String, Counts>,
}

impl OpensCounts {
    /// Whether there is a map to count by.
    pub fn is_known(&self) -> bool {
        self.basis.is_some()
    }

    /// Whether no app is missing.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// The counts of a token, if it was in view.
    pub fn of(&self, token: &ServiceToken) -> Option<Counts> {
        self.counts.get(token.id_text()).copied()
    }

    /// Forgets all counts that were made by another map, or before the list changed.
    pub(crate) fn follow(&mut self, basis: Option<(u64, u64)>, is_complete: impl FnOnce() -> bool) {
        if self.basis != basis {
            *self = Self {
                basis,
                is_complete: basis.is_some() && is_complete(),
                counts: HashMap::new(),
            };
        }
    }

    pub(crate) fn add(&mut self, token: &ServiceToken, counts: Counts) {
        self.counts.insert(token.id_text().to_owned(), counts);
    }
}
