//! The access map of a scope: read once, part by part, kept for all tokens of the scope, and dropped
//! with the credential; and how many apps open by it for the tokens in view.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::access::Counts;
use crate::domain::access::map::{AccessMap, PartAnswer};
use crate::domain::credential::Access;
use crate::domain::failure::Failure;
use crate::domain::fetched::{Received, Remote, RequestId};
use crate::domain::token::ServiceToken;

/// The map of a scope, and the parts of the next one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AccessReading {
    /// The credential and scope of the map.
    pub access: Option<Access>,
    /// The map, with its age, once every part has arrived.
    pub map: Remote<Arc<AccessMap>>,
    /// The parts that have arrived since the last reading began.
    arriving: Option<Arc<AccessMap>>,
    generation: u64,
}

impl AccessReading {
    /// The map of a scope, as far as it has arrived. During a later reading, it stays the former one.
    pub fn map_of(&self, access: &Access) -> Option<&Arc<AccessMap>> {
        let is_its = self.access.as_ref() == Some(access);
        let map = self.map.value().or(self.arriving.as_ref());
        map.filter(|_| is_its)
    }

    /// The map of a scope, if every part has arrived.
    pub fn whole_map_of(&self, access: &Access) -> Option<&Arc<AccessMap>> {
        self.map
            .value()
            .filter(|_| self.access.as_ref() == Some(access))
    }

    /// Whether the map still lacks parts that are on their way.
    pub fn is_arriving(&self) -> bool {
        self.map.is_first()
    }

    /// Counts the changes. Anything derived from another generation is out of date.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Drops the map, and returns the pending request.
    pub(crate) fn reset(&mut self) -> Option<RequestId> {
        let generation = self.generation + 1;
        let old = std::mem::take(self);
        self.generation = generation;
        old.map.request()
    }

    /// Stops waiting. Keeps the former map, and drops the parts of the next one.
    pub(crate) fn stop(&mut self) -> Option<RequestId> {
        let request = self.map.cancel()?;
        self.arriving = None;
        self.generation += 1;
        Some(request)
    }

    /// Begins to read the map of a scope.
    pub(crate) fn begin(&mut self, access: Access, request: RequestId, now: DateTime<Utc>) {
        self.access = Some(access);
        self.arriving = None;
        self.generation += 1;
        self.map.begin(request, now);
    }

    /// Takes in what reading a part of a scope brought.
    pub(crate) fn take(&mut self, access: &Access, answer: PartAnswer) {
        let new = || Arc::new(AccessMap::new(access.scope.clone()));
        let map = self.arriving.get_or_insert_with(new);
        Arc::make_mut(map).take(answer);
        if self.is_arriving() {
            self.generation += 1;
        }
    }

    /// The parts that have arrived.
    pub(crate) fn take_arrived(&mut self) -> Option<Arc<AccessMap>> {
        self.arriving.take()
    }

    /// Ends a reading.
    pub(crate) fn settle(
        &mut self,
        request: RequestId,
        result: Result<Received<Arc<AccessMap>>, Failure>,
    ) {
        self.map.settle(request, result);
        self.generation += 1;
    }
}

/// How many apps open for the tokens of the list, by their IDs: counted only for rows that were in view.
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
