//! The accounts and zones that the credential can see, to choose one by its name.
//!
//! Not here: the fields that the choice goes into (`setup`, `lookup`).

use super::field::TextField;
use super::scroll::moved;
use super::step::Step;
use crate::action::Action;
use crate::domain::access::VisibleScopes;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::remote::{Fetched, Remote, RequestId};
use crate::domain::scope::NamedScope;
use crate::domain::search::matching_lines;

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
}

impl Picker {
    /// All accounts, then all zones.
    #[must_use]
    pub fn all(&self) -> Vec<&NamedScope> {
        let Some(scopes) = self.scopes.value() else {
            return Vec::new();
        };
        let lists = [&scopes.accounts, &scopes.zones];
        lists.into_iter().flatten().flatten().collect()
    }

    /// Those whose name or ID contains what was typed, and all of a kind that it names.
    #[must_use]
    pub fn matching(&self) -> Vec<&NamedScope> {
        let all = self.all();
        let query = self.filter.value().trim();
        if query.is_empty() {
            return all;
        }
        let kind = |named: &NamedScope| {
            let word = named.scope.kind().word();
            Some(word).filter(|word| query.len() > 2 && word.starts_with(query))
        };
        let lines: Vec<String> = all
            .iter()
            .map(|named| {
                let kind = kind(named).unwrap_or_default();
                format!("{kind} {} {}", named.name, named.scope.id())
            })
            .collect();
        matching_lines(&lines, query)
            .into_iter()
            .filter_map(|at| all.get(at).copied())
            .collect()
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
    pub(super) fn listed(
        &mut self,
        request: RequestId,
        result: Result<Fetched<VisibleScopes>, Failure>,
    ) -> Vec<Step> {
        let sorted = result.map(|mut fetched| {
            let VisibleScopes { accounts, zones } = &mut fetched.value;
            for named in [accounts, zones].into_iter().flatten() {
                named.sort_by_key(|named| named.name.to_lowercase());
            }
            fetched
        });
        if !self.scopes.settle(request, sorted) {
            return Vec::new();
        }
        let at = self
            .matching()
            .into_iter()
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
    pub(super) fn act(&mut self, action: Action, rows: usize) -> Vec<Step> {
        let matching = self.matching();
        if action == Action::Submit {
            let chosen = matching.get(self.selected);
            return chosen
                .map(|named| Step::UseScope(named.scope.clone()))
                .into_iter()
                .collect();
        }
        let last = matching.len().saturating_sub(1);
        self.selected = moved(self.selected, action, rows, last);
        Vec::new()
    }
}
