//! Reads the access map of a scope: once for all its tokens, and again when the user asks.

use std::sync::Arc;

use super::message::Effect;
use super::navigation::must_pause;
use super::state::{Screen, State};
use super::token_fetch::report;
use crate::domain::access::map::{AccessMap, Part, PartAnswer, PartState};
use crate::domain::credential::Access;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::{Fetched, RequestId};

/// Reads the map of a scope, unless it is there or on its way.
pub(crate) fn read_once(state: &mut State, access: &Access) {
    let reading = &state.access_reading;
    let is_same = reading.access.as_ref() == Some(access);
    let is_known = reading.map.is_loading() || reading.map.value().is_some();
    if !is_same || !is_known {
        read(state, access);
    }
}

/// Reads the map of a scope, again if it is there already.
pub(crate) fn read(state: &mut State, access: &Access) {
    let is_same = state.access_reading.access.as_ref() == Some(access);
    if is_same && state.access_reading.map.is_loading() || must_pause(state) {
        return;
    }
    if !is_same {
        let dropped = state.access_reading.reset();
        state.cancel(dropped);
    }
    let request = state.next_request();
    let access = access.clone();
    let now = state.clock.steady;
    state.access_reading.begin(access.clone(), request, now);
    state.emit(Effect::ReadAccess { request, access });
}

/// Handles the answer about a part. One that is no longer awaited changes nothing, here and below.
pub(crate) fn part_read(state: &mut State, request: RequestId, answer: PartAnswer) {
    let reading = &mut state.access_reading;
    state.changed = reading.map.request() == Some(request);
    let Some(access) = reading.access.clone().filter(|_| state.changed) else {
        return;
    };
    let pause = match &answer.state {
        PartState::Partly(failure) | PartState::Failed(failure) => failure.retry_after,
        PartState::Read | PartState::NotAsked => None,
    };
    reading.take(&access, answer);
    state.note_response(&access.identity.source, pause, None);
}

/// Handles the end of a reading.
pub(crate) fn ended(state: &mut State, request: RequestId, result: Result<Fetched<()>, Failure>) {
    let reading = &mut state.access_reading;
    state.changed = reading.map.request() == Some(request);
    let Some(access) = reading.access.clone().filter(|_| state.changed) else {
        return;
    };
    let arrived = reading.take_arrived();
    let arrived = arrived.unwrap_or_else(|| Arc::new(AccessMap::new(access.scope.clone())));
    let result = result.and_then(|read| {
        state.clock.measured(read.clock.offset());
        Ok(state.received(or_failure(arrived)?))
    });
    let failure = result.as_ref().err().cloned();
    state.access_reading.settle(request, result);
    match failure {
        _ if state.screen != Screen::Uses => {}
        None => state.banner = None,
        Some(failure) => {
            let opens_form = !state.context().is_text();
            report(state, failure, &access, opens_form);
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
