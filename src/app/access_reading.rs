//! The access map of a scope: read once, part by part, kept for all tokens of the scope, and dropped
//! with the credential.

use std::sync::Arc;
use std::time::Duration;

use super::message::Effect;
use super::navigation::must_pause;
use super::state::{Screen, State};
use super::token_fetch::report;
use crate::domain::access::map::{AccessMap, Part, PartAnswer, PartState};
use crate::domain::credential::Access;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::{Fetched, Remote, RequestId};
use crate::domain::scope::Scope;

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
    #[must_use]
    pub fn map_of(&self, access: &Access) -> Option<&Arc<AccessMap>> {
        let is_its = self.access.as_ref() == Some(access);
        let map = self.map.value().or(self.arriving.as_ref());
        map.filter(|_| is_its)
    }

    /// The map of a scope, if every part has arrived.
    #[must_use]
    pub fn whole_map_of(&self, access: &Access) -> Option<&Arc<AccessMap>> {
        self.map
            .value()
            .filter(|_| self.access.as_ref() == Some(access))
    }

    /// Whether the map still lacks parts that are on their way.
    #[must_use]
    pub fn is_arriving(&self) -> bool {
        self.map.is_loading() && self.map.value().is_none()
    }

    /// Counts the changes: what was derived from another generation is out of date.
    #[must_use]
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

    fn take(&mut self, answer: PartAnswer, scope: &Scope) {
        let map = self
            .arriving
            .get_or_insert_with(|| Arc::new(AccessMap::new(scope.clone())));
        Arc::make_mut(map).take(answer);
        if self.is_arriving() {
            self.generation += 1;
        }
    }
}

/// Reads the map of a scope, unless it is there or on its way.
pub(crate) fn read_once(state: &mut State, access: &Access) -> Vec<Effect> {
    let reading = &state.access_reading;
    let is_same = reading.access.as_ref() == Some(access);
    if is_same && (reading.map.is_loading() || reading.map.value().is_some()) {
        return Vec::new();
    }
    read(state, access)
}

/// Reads the map of a scope, again if it is there already.
pub(crate) fn read(state: &mut State, access: &Access) -> Vec<Effect> {
    let is_same = state.access_reading.access.as_ref() == Some(access);
    if is_same && state.access_reading.map.is_loading() || must_pause(state) {
        return Vec::new();
    }
    let dropped = if is_same {
        None
    } else {
        state.access_reading.reset()
    };
    let request = state.next_request();
    let now = state.clock.steady;
    let reading = &mut state.access_reading;
    reading.access = Some(access.clone());
    reading.arriving = None;
    reading.generation += 1;
    reading.map.begin(request, now);
    let access = access.clone();
    let dropped = dropped.into_iter().map(Effect::Cancel);
    dropped
        .chain([Effect::ReadAccess { request, access }])
        .collect()
}

/// Handles the answer about a part. One that is no longer awaited changes nothing, here and below.
pub(crate) fn part_read(state: &mut State, request: RequestId, answer: PartAnswer) {
    let reading = &mut state.access_reading;
    state.changed = reading.map.request() == Some(request);
    let scope = reading.access.as_ref().map(|access| access.scope.clone());
    if let Some(scope) = scope.filter(|_| state.changed) {
        reading.take(answer, &scope);
    }
}

/// Handles the end of a reading.
pub(crate) fn ended(
    state: &mut State,
    request: RequestId,
    result: Result<Fetched<()>, Failure>,
) -> Vec<Effect> {
    let reading = &mut state.access_reading;
    state.changed = reading.map.request() == Some(request);
    let Some(access) = reading.access.clone().filter(|_| state.changed) else {
        return Vec::new();
    };
    let arrived = reading.arriving.take();
    reading.generation += 1;
    let arrived = arrived.unwrap_or_else(|| Arc::new(AccessMap::new(access.scope.clone())));
    let (result, took) = match result {
        Ok(read) => {
            state.clock.measured(read.clock.offset());
            (or_failure(arrived), read.took)
        }
        Err(failure) => (Err(failure), Duration::ZERO),
    };
    match result {
        Ok(map) => {
            let received = state.received(map, took);
            state.access_reading.map.settle(request, Ok(received));
            if state.screen == Screen::Uses {
                state.banner = None;
            }
            Vec::new()
        }
        Err(failure) => {
            state
                .access_reading
                .map
                .settle(request, Err(failure.clone()));
            if state.screen != Screen::Uses {
                return Vec::new();
            }
            report(state, failure, &access, !state.context().is_text())
        }
    }
}

/// The map, unless nothing at all could be read for another reason than missing permissions: then why.
fn or_failure(map: Arc<AccessMap>) -> Result<Arc<AccessMap>, Failure> {
    let mut first = None;
    for part in Part::ALL {
        match map.read(part).map(|read| &read.state) {
            Some(PartState::Read | PartState::Partly(_)) => return Ok(map),
            Some(PartState::Failed(failure)) if failure.kind != FailureKind::Permission => {
                first.get_or_insert(failure);
            }
            Some(PartState::Failed(_) | PartState::NotAsked) | None => {}
        }
    }
    match first {
        Some(failure) => Err(failure.clone()),
        None => Ok(map),
    }
}
