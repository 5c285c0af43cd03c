//! The accounts and zones that the credential can see, to choose one by its name.
//!
//! Not here: the fields that the choice goes into (`setup`, `lookup`).

use crate::action::Action;
use crate::app::field::TextField;
use crate::app::scroll::moved;
use crate::app::step::Step;
use crate::domain::credential::VisibleScopes;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::remote::{Received, Remote, RequestId};
use crate::domain::scope::NamedScope;
use crate::domain::text;

/// The accounts and zones to choose from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Picker {
    /// What the credential can see, each kind by name.
    pub scopes: Remote<VisibleScopes>,
    /// What the list is filtered by.
    pub filter: TextField,
    /// The selected one of those that fit the filter.
    pub selected: usize,
    /// The ID that is in the form already.
    pub current: String,
    /// The places of those that fit the filter.
    pub(crate) matching: Vec<usize>,
    pub(crate) widest: usize,
}

impl Picker {
    /// How many there are.
    #[must_use]
    pub fn total(&self) -> usize {
        let [accounts, zones] = self.lists();
        accounts.len() + zones.len()
    }

    fn lists(&self) -> [&[NamedScope]; 2] {
        self.scopes.value().map_or([&[], &[]], |scopes| {
            [&scopes.accounts, &scopes.zones]
                .map(|list| list.as_ref().map(Vec::as_slice).unwrap_or_default())
        })
    }

    /// One of them: all accounts come first, then all zones.
    fn at(&self, place: usize) -> Option<&NamedScope> {
        let [accounts, zones] = self.lists();
        accounts
            .get(place)
            .or_else(|| zones.get(place.checked_sub(accounts.len())?))
    }

    /// How many have what was typed.
    #[must_use]
    pub fn count(&self) -> usize {
        self.matching.len()
    }

    /// Some of those whose name or ID contains what was typed, and of all of a kind that it names.
    pub fn rows(&self, first: usize, count: usize) -> impl Iterator<Item = &NamedScope> {
        let places = self.matching.iter().skip(first).take(count);
        places.filter_map(|place| self.at(*place))
    }

    /// The cells of the widest name among them.
    #[must_use]
    pub fn widest(&self) -> usize {
        self.widest
    }

    /// The list is another, or what it is filtered by: done once, since a credential may see many
    /// thousands.
    pub fn refilter(&mut self) {
        let query = self.filter.value().trim();
        let exact = query.chars().any(char::is_uppercase);
        let lower = query.to_lowercase();
        let fits = |named: &NamedScope| {
            let word = named.scope.kind().word();
            let is_kind = query.len() > 2 && word.starts_with(query);
            let has = |text: &str| {
                if exact {
                    text.contains(query)
                } else {
                    text.to_lowercase().contains(&lower)
                }
            };
            is_kind || has(&named.name) || has(named.scope.id())
        };
        let all = (0..self.total()).filter_map(|place| Some((place, self.at(place)?)));
        self.matching = all
            .filter(|(_, named)| fits(named))
            .map(|(place, _)| place)
            .collect();
        let names = self.rows(0, self.count());
        let widths = names.map(|it| text::width(&text::sanitize(text::beginning(&it.name))));
        self.widest = widths.max().unwrap_or(0);
    }

    /// Why accounts or zones are missing, a failure each; one where both have the same.
    #[must_use]
    pub fn refusals(&self) -> Vec<&Failure> {
        if let Some(failure) = self.scopes.failure() {
            return vec![failure];
        }
        let Some(scopes) = self.scopes.value() else {
            return Vec::new();
        };
        let mut refusals: Vec<&Failure> = Vec::new();
        let failures = [scopes.accounts.as_ref().err(), scopes.zones.as_ref().err()];
        for failure in failures.into_iter().flatten() {
            if refusals
                .iter()
                .all(|known| known.summary != failure.summary)
            {
                refusals.push(failure);
            }
        }
        refusals
    }

    /// The list arrived, or it is known why there is none.
    pub(crate) fn listed(
        &mut self,
        request: RequestId,
        result: Result<Received<VisibleScopes>, Failure>,
    ) -> Vec<Step> {
        let sorted = result.map(|mut fetched| {
            let VisibleScopes { accounts, zones } = &mut fetched.value;
            for named in [accounts, zones].into_iter().flatten() {
                named.sort_by_cached_key(|named| named.name.to_lowercase());
            }
            fetched
        });
        if !self.scopes.settle(request, sorted) {
            return Vec::new();
        }
        self.refilter();
        let at = self
            .rows(0, self.count())
            .position(|named| named.scope.id() == self.current);
        self.selected = at.unwrap_or(0);
        // A pause that the API asks for concerns everything.
        let limited = self
            .refusals()
            .into_iter()
            .find(|failure| failure.kind == FailureKind::RateLimited);
        limited.cloned().map(Step::Report).into_iter().collect()
    }

    /// What a key does here, with a number of visible rows.
    pub(crate) fn act(&mut self, action: Action, rows: usize) -> Vec<Step> {
        if action == Action::Submit {
            let chosen = self.rows(self.selected, 1).next();
            return chosen
                .map(|named| Step::UseScope(named.scope.clone()))
                .into_iter()
                .collect();
        }
        let last = self.count().saturating_sub(1);
        self.selected = moved(self.selected, action, rows, last);
        Vec::new()
    }
}
