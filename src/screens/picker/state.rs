//! The accounts and zones that a credential can see, and those that match the filter.

use crate::app::form::TextField;
use crate::domain::credential::VisibleScopes;
use crate::domain::failure::Failure;
use crate::domain::fetched::{Remote, RequestId};
use crate::domain::scope::{NamedScope, Scope, ScopeId, ScopeKind};
use crate::domain::text;

/// The accounts and zones to choose from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Picker {
    /// The visible accounts and zones, each kind sorted by name.
    pub scopes: Remote<VisibleScopes>,
    pub filter: TextField,
    /// The selected match.
    pub selected: usize,
    /// The ID that is already in the form.
    pub current: String,
    /// The indices of the matches.
    pub(crate) matching: Vec<usize>,
    /// The account and the zone of an ID that was typed in full, unless they are listed.
    pub(crate) typed: Vec<NamedScope>,
    /// The width of the widest match, in cells.
    pub(crate) widest: usize,
}

impl Picker {
    /// Clears everything, and returns the pending request.
    pub(crate) fn reset(&mut self) -> Option<RequestId> {
        std::mem::take(self).scopes.request()
    }

    /// The number of accounts and zones.
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

    /// All accounts come first, then all zones.
    fn at(&self, place: usize) -> Option<&NamedScope> {
        let [accounts, zones] = self.lists();
        accounts
            .get(place)
            .or_else(|| zones.get(place.checked_sub(accounts.len())?))
    }

    /// The listed account or zone of a scope.
    pub fn named(&self, scope: &Scope) -> Option<&NamedScope> {
        let mut listed = self.lists().into_iter().flatten();
        listed.find(|named| named.scope == *scope)
    }

    /// The number of matches.
    pub fn count(&self) -> usize {
        self.matching.len() + self.typed.len()
    }

    /// A range of the matches, whose name or ID contains the filter, or whose kind it names.
    pub fn rows(&self, first: usize, count: usize) -> impl Iterator<Item = &NamedScope> {
        let listed = self.matching.iter().filter_map(|place| self.at(*place));
        listed.chain(&self.typed).skip(first).take(count)
    }

    /// Finds the matches. Called only when the list or the filter changes: a credential may see
    /// many thousands.
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
        let matching = all.filter(|(_, named)| fits(named));
        self.matching = matching.map(|(place, _)| place).collect();
        self.typed = self.unlisted(query);
        let names = self.rows(0, self.count());
        let widths = names.map(|it| text::width(&text::sanitize(text::beginning(&it.name))));
        self.widest = widths.max().unwrap_or(0);
    }

    /// An ID does not tell whether it is an account's or a zone's, and neither may be listed.
    fn unlisted(&self, query: &str) -> Vec<NamedScope> {
        let Ok(id) = ScopeId::parse(query) else {
            return Vec::new();
        };
        let scopes = [ScopeKind::Account, ScopeKind::Zone].map(|kind| kind.with(id.clone()));
        let unlisted = scopes.into_iter().filter(|it| self.named(it).is_none());
        let name = String::new;
        let unlisted = unlisted.map(|scope| NamedScope {
            name: name(),
            scope,
        });
        unlisted.collect()
    }

    /// Whether the account or zone was typed rather than listed.
    pub fn is_typed(&self, named: &NamedScope) -> bool {
        self.typed.contains(named)
    }

    /// Why accounts or zones are missing: one failure for each, or a single one if both failed
    /// alike.
    pub fn refusals(&self) -> Vec<&Failure> {
        if let Some(failure) = self.scopes.failure() {
            return vec![failure];
        }
        let Some(scopes) = self.scopes.value() else {
            return Vec::new();
        };
        let failures = [scopes.accounts.as_ref().err(), scopes.zones.as_ref().err()];
        let mut refusals: Vec<&Failure> = failures.into_iter().flatten().collect();
        refusals.dedup_by_key(|failure| &failure.summary);
        refusals
    }
}
