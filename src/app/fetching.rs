//! Fetching the token in view, and keeping it fresh.
//!
//! One look-up runs at a time, and none while the API wants to be left alone. Not here: the network.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::detail::{Detail, View};
use super::effect::Effect;
use super::field::TextField;
use super::message::{LookUp, Stage};
use super::state::{Overlay, Screen, State};
use super::step::Step;
use crate::domain::access::Access;
use crate::domain::credential::CredentialSource;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fields;
use crate::domain::recent::{self, Recent};
use crate::domain::remote::{Fetched, RequestId};
use crate::domain::token::{ServiceToken, TokenId, TokenRef};

/// Looks a token up; another token than the one in view leaves nothing of that.
pub(super) fn fetch(state: &mut State, access: Access, token: TokenRef) -> Option<Effect> {
    if !may_send(state) {
        return None;
    }
    let is_same = state.detail.reference.as_ref() == Some(&token)
        && state
            .detail
            .access
            .as_ref()
            .is_some_and(|old| old.scope == access.scope);
    if !is_same {
        state.detail = Detail::default();
    }
    state.banner = None;
    Some(send(state, access, token))
}

/// Fetches the token in view again.
pub(super) fn refresh(state: &mut State) -> Option<Effect> {
    let access = state.detail.access.clone()?;
    let token = state.detail.reference.clone()?;
    may_send(state).then(|| send(state, access, token))
}

/// Sends the look-up in view again with the credential that is in use now.
pub(super) fn repeat(state: &mut State) -> Option<Effect> {
    let token = state.detail.reference.clone()?;
    let scope = state.session.scope.clone()?;
    let access = state.session.access(&scope)?;
    let has_token = state.detail.token.value().is_some();
    state.screen = if has_token {
        Screen::Detail
    } else {
        Screen::Lookup
    };
    fetch(state, access, token)
}

fn may_send(state: &mut State) -> bool {
    if state.detail.token.is_loading() {
        return false;
    }
    !is_paused(state)
}

/// Whether the API wants to be left alone; if so, says that nothing was sent.
pub(super) fn is_paused(state: &mut State) -> bool {
    let Some(seconds) = state.limited_for() else {
        return false;
    };
    state.tell(format!(
        "Nothing was sent: the API asked for a pause. Retry in {}:{:02}.",
        seconds / 60,
        seconds % 60
    ));
    true
}

fn send(state: &mut State, access: Access, token: TokenRef) -> Effect {
    let request = state.next_request();
    let now = state.clock.local;
    let detail = &mut state.detail;
    detail.token.begin(request, now);
    detail.attempted_at = Some(now);
    detail.access = Some(access.clone());
    detail.reference = Some(token.clone());
    detail.stage = Stage::default();
    Effect::FetchToken {
        request,
        access,
        token,
    }
}

/// A look-up ended. An answer that nobody waits for changes nothing.
pub(super) fn fetched(
    state: &mut State,
    request: RequestId,
    result: Result<LookUp, Failure>,
) -> Vec<Step> {
    if state.detail.token.request() != Some(request) {
        state.changed = false;
        return Vec::new();
    }
    let found = match result {
        Ok(found) => found,
        Err(failure) => return fail(state, request, failure),
    };
    if let Some(measured) = found.measured_offset {
        state.clock.offset = state.clock.offset.updated(measured);
    }
    if let [token] = found.tokens.as_slice() {
        return show(state, request, &found, token.clone());
    }
    state.detail.token.cancel();
    state.detail.choices = found.tokens;
    state.overlay = Some(Overlay::Choice { selected: 0 });
    Vec::new()
}

fn show(
    state: &mut State,
    request: RequestId,
    found: &LookUp,
    token: Arc<ServiceToken>,
) -> Vec<Step> {
    let now = state.clock.local;
    let detail = &mut state.detail;
    detail.changed = detail
        .token
        .value()
        .map(|old| fields::changed_keys(old, &token))
        .unwrap_or_default();
    if let Some(id) = TokenId::parse(token.id_text()) {
        detail.reference = Some(TokenRef::Id(id));
    }
    if let View::Raw(raw) = &mut detail.view {
        raw.replace(&token);
    }
    let record = Recent::of(&token, &found.scope, now);
    detail.token.settle(
        request,
        Ok(Fetched {
            value: token,
            at: now,
            took: found.took,
        }),
    );
    detail.selected = detail.selected.min(detail.fields().len().saturating_sub(1));
    state.banner = None;
    state.limited_until = None;
    // What was typed has done its work; the next look-up starts from an empty field.
    state.lookup.token = TextField::default();
    if state.screen == Screen::Lookup {
        state.screen = Screen::Detail;
        state.lookup.use_scope(&found.scope);
    }
    let Some(record) = record else {
        return Vec::new();
    };
    recent::remember(&mut state.lookup.recents, record.clone());
    if state.session.is_demo() {
        Vec::new()
    } else {
        vec![Step::Run(Effect::Remember(record))]
    }
}

/// A secret that is gone from the keyring leads to the form; everything else is an error to show.
fn fail(state: &mut State, request: RequestId, failure: Failure) -> Vec<Step> {
    let is_gone = failure.kind == FailureKind::NoCredential
        && state.detail.access.as_ref().is_some_and(|access| {
            matches!(access.identity.source, CredentialSource::Keyring { .. })
        });
    state.detail.token.settle(request, Err(failure.clone()));
    let mut steps = vec![Step::Report(failure)];
    if is_gone {
        steps.push(Step::OpenSetup { is_replacing: true });
    }
    steps
}

/// Time went by since an instant of the server's clock: refresh when it is due, and at the second
/// of expiry fetch once more and ring.
pub(super) fn ticked(state: &mut State, before: DateTime<Utc>) -> Vec<Step> {
    if state.screen != Screen::Detail || state.detail.token.value().is_none() {
        return Vec::new();
    }
    let now = state.clock.corrected();
    let has_expired = state
        .detail
        .end()
        .is_some_and(|end| before < end && end <= now);
    let is_due = state
        .refresh_due()
        .is_some_and(|due| due <= state.clock.local);
    let mut steps = Vec::new();
    if has_expired && state.session.settings.bell {
        steps.push(Step::Run(Effect::RingBell));
    }
    if (is_due || has_expired) && state.limited_for().is_none() {
        steps.push(Step::Refresh);
    }
    steps
}
