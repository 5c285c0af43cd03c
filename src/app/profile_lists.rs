//! The list of all profiles, which takes the place of the scope's list while it is on screen.
//!
//! Each scope is read once, with its own credential. A profile that fails hides no other: its last
//! good tokens stay, and the list says what failed.

use std::sync::Arc;

use super::message::Effect;
use super::profile_reads::{Outcome, ProfileReads};
use super::state::{Screen, State};
use super::token_list::Extent;
use crate::domain::credential::CredentialSource;
use crate::domain::duration;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::{Fetched, RequestId, Tokens};
use crate::domain::token::ServiceToken;
use crate::screens::browse::state::{Browse, Follow};

impl State {
    /// The last error and the warnings, then what failed in the list of all profiles if it is on screen.
    pub fn failures_on_screen(&self) -> impl Iterator<Item = &Failure> {
        let profiles = self.list.profiles.iter();
        let listed = profiles.filter(|_| self.screen == Screen::Browse);
        self.failures()
            .chain(listed.flat_map(ProfileReads::failures))
    }

    /// Seconds until the API may be called again with a credential.
    pub(crate) fn pause_of(&self, source: &CredentialSource) -> Option<i64> {
        if self.session.uses(source) {
            return self.limited_for();
        }
        let (_, until) = self.pauses.iter().find(|(known, _)| known == source)?;
        let left = until.signed_duration_since(self.clock.steady).num_seconds();
        (left > 0).then_some(left)
    }
}

/// Whether there are profiles other than the one in use to show.
pub(crate) fn can_open(state: &State) -> bool {
    let session = &state.session;

    let in_use = session.active.profile.as_ref();
    let is_other = |name: &String| Some(name) != in_use;
    let mut names = session.settings.profiles.iter().map(|it| &it.name);
    !session.shows_demo() && names.any(is_other)
}

/// Shows the list of all profiles. Keeps a loaded one with its cursor and filter.
pub(crate) fn open(state: &mut State) {
    let is_from_find = state.screen == Screen::Find;
    exchange(state);
    let in_use = state.session.active.profile.as_deref();
    let wanted = ProfileReads::of(&state.session.settings, in_use);
    let known = state.list.profiles.as_mut();
    let known = known.filter(|known| known.is_like(&wanted));
    if let Some(known) = known {
        known.is_from_find = is_from_find;
    } else {
        state.list.reset();
        state.browse = Browse::default();
        state.list.profiles = Some(ProfileReads::opened(is_from_find));
    }
    state.screen = Screen::Browse;
    state.overlay = None;
    state.banner = None;
    if state.list.extent.value().is_none() {
        fetch(state);
    }
}

/// Puts the scope's list back in its place.
pub(crate) fn leave(state: &mut State) {
    if state.list.profiles.is_some() {
        exchange(state);
    }
}

/// Exchanges the list on screen for the one set aside. Cancels the pending request of the former,
/// since nothing waits for a list that is not on screen.
fn exchange(state: &mut State) {
    let request = if state.list.extent.value().is_some() {
        state.list.extent.cancel()
    } else {
        let now = state.clock.steady;
        let request = state.list.extent.request();
        if state.list.profiles.is_none() || state.list.keep_part(now, "cancelled").is_none() {
            // An incomplete list of the scope would be taken for the whole.
            state.list.forget_tokens();
        }
        request
    };
    let (mut list, mut browse) = state
        .set_aside
        .take()
        .map_or_else(Default::default, |it| *it);
    let selected = browse.token(&list).cloned();
    list.supersede(&state.list);
    browse.list_changed(&list, selected.as_ref(), Follow::Token);
    let old = (
        std::mem::replace(&mut state.list, list),
        std::mem::replace(&mut state.browse, browse),
    );
    state.set_aside = Some(Box::new(old));
    state.cancel(request);
}

/// Reads all profiles, unless they are being read. Skips those that the API asked to pause.
pub(crate) fn fetch(state: &mut State) {
    if state.list.extent.is_loading() {
        return;
    }
    let in_use = state.session.active.profile.as_deref();
    let mut new = ProfileReads::of(&state.session.settings, in_use);
    let mut paused = Vec::new();
    for read in &mut new.reads {
        let source = &read.identity.source;
        match state.pause_of(source) {
            Some(seconds) => paused.push((source.clone(), paused_failure(seconds))),
            None => read.is_awaited = true,
        }
    }
    let Some(reads) = &mut state.list.profiles else {
        return;
    };
    reads.begin(new);
    for (source, failure) in paused {
        if let Some(read) = reads.read_mut(&source) {
            read.fail(failure);
        }
    }
    let scopes = reads.scopes();
    let request = state.next_request();
    state.list.begin(request, state.clock.steady);
    state.emit(Effect::ListProfiles { request, scopes });
}

fn paused_failure(seconds: i64) -> Failure {
    let pause = duration::pause(seconds);
    Failure::new(
        FailureKind::RateLimited,
        "the API asked for a pause, so nothing was sent.",
        format!("Retry in {pause}."),
    )
}

/// Handles a page of one profile's tokens. Shows a first list as it grows; otherwise keeps the old
/// list until the new one is complete.
pub(crate) fn page_arrived(
    state: &mut State,
    request: RequestId,
    source: &CredentialSource,
    tokens: Vec<Arc<ServiceToken>>,
) {
    if !state.expects(state.list.extent.request(), request) {
        return;
    }
    state.list.progress.received += tokens.len();
    let reads = state.list.profiles.as_mut();
    let read = reads.and_then(|reads| reads.read_mut(source));
    let Some(origin) = read.map(|read| read.origin.clone()) else {
        return;
    };
    if state.list.extent.value().is_none() {
        let context = state.list_context();
        state.change_list(Follow::TokenBelowTop, |list| {
            list.add_from(&origin, tokens, context);
        });
    }
}

/// Handles the end of one profile's tokens.
pub(crate) fn profile_listed(
    state: &mut State,
    request: RequestId,
    source: &CredentialSource,
    result: Result<Fetched<Tokens>, Failure>,
) {
    if !state.expects(state.list.extent.request(), request) {
        return;
    }
    let (offset, pause) = match &result {
        Ok(listed) => (listed.clock.offset(), None),
        Err(failure) => (None, failure.retry_after),
    };
    state.clock.measured(offset);
    state.note_response(source, pause, None);
    let reads = state.list.profiles.as_mut();
    let Some(read) = reads.and_then(|reads| reads.read_mut(source)) else {
        return;
    };
    read.is_awaited = false;
    match result {
        Ok(listed) => {
            read.tokens = listed.value;
            let incomplete = listed.gap.map(|gap| gap.reason);
            read.outcome = Outcome::Listed { incomplete };
        }
        Err(failure) => read.fail(failure.on_screen()),
    }
}

/// Handles the end of all reads.
pub(crate) fn finished(state: &mut State, request: RequestId) {
    if !state.expects(state.list.extent.request(), request) {
        return;
    }
    let is_first = state.list.extent.value().is_none();

    let Some(reads) = state.list.profiles.as_mut() else {
        return;
    };
    for read in &mut reads.reads {
        if std::mem::take(&mut read.is_awaited) {
            read.outcome = Outcome::Shared;
            read.tokens = Tokens::new();
        }
    }
    let total: usize = reads.reads.iter().map(|read| read.tokens.len()).sum();
    let failed = reads.failures().count();
    let failure = reads.failures().next().cloned();
    // Each token of a first list arrived once, with its page.
    if !(is_first && state.list.total() == total) {
        let context = state.list_context();
        state.change_list(Follow::Token, |list| list.replace_profiles(context));
    }

    let extent = Extent {
        incomplete: None,
        total: Some(total),
    };
    let reads = state.list.profiles.as_ref().map_or(0, |it| it.reads.len());
    let result = match failure {
        Some(failure) if failed == reads => Err(failure),
        _ => Ok(state.received(extent)),
    };
    state.list.extent.settle(request, result);
}
