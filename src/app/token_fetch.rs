//! Fetching the token in view, and keeping it fresh.
//!
//! One look-up runs at a time, and none while the API wants to be left alone. Not here: the network.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::effect::Effect;
use super::field::TextField;
use super::message::Stage;
use super::state::{Overlay, Screen, State};
use super::step::Step;
use crate::domain::credential::{Access, CredentialSource};
use crate::domain::duration;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::{Fetched, Tokens};
use crate::domain::fields;
use crate::domain::recent_lookups::{self, Recent};
use crate::domain::remote::{Received, RequestId};
use crate::domain::scope::Scope;
use crate::domain::token::{ServiceToken, TokenId, TokenRef};
use crate::screens::browse::state::Follow;
use crate::screens::detail::state::{Detail, View};
use crate::screens::lookup::state::LookupField;

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
    state.detail.from_browse = false;
    state.detail.is_asked_for = true;
    state.banner = None;
    Some(send(state, access, token))
}

/// Drops the look-up under way where another one is wanted: the last that was asked for counts.
pub(super) fn give_way(state: &mut State, token: &TokenRef, scope: &Scope) -> Option<Effect> {
    let detail = &state.detail;
    let is_same = detail.reference.as_ref() == Some(token)
        && detail.access.as_ref().map(|access| &access.scope) == Some(scope);
    if is_same || state.limited_for().is_some() {
        return None;
    }
    state.detail.token.cancel().map(Effect::Cancel)
}

/// Fetches the token in view again.
pub(super) fn refresh(state: &mut State) -> Option<Effect> {
    let access = state.detail.access.clone()?;
    let token = state.detail.reference.clone()?;
    may_send(state).then(|| {
        state.detail.is_asked_for = false;
        send(state, access, token)
    })
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
    !state.detail.token.is_loading() && !is_asked_to_pause(state)
}

/// Whether the API asked for a pause that is not over, which is then said.
pub(super) fn is_asked_to_pause(state: &mut State) -> bool {
    let Some(seconds) = state.limited_for() else {
        return false;
    };
    state.tell(format!(
        "Nothing was sent: the API asked for a pause. Retry in {}.",
        duration::pause(seconds)
    ));
    true
}

fn send(state: &mut State, access: Access, token: TokenRef) -> Effect {
    let request = state.next_request();
    let now = state.clock.steady;
    let detail = &mut state.detail;
    detail.token.begin(request, now);
    detail.attempted_at = Some(now);
    detail.access = Some(access.clone());
    detail.reference = Some(token.clone());
    detail.stage = Stage::default();
    detail.lost_name = None;
    state.lookup.is_edited = false;
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
    result: Result<Fetched<Tokens>, Failure>,
) -> Vec<Step> {
    if state.detail.token.request() != Some(request) {
        state.changed = false;
        return Vec::new();
    }
    let found = match result {
        Ok(found) => found,
        Err(failure) => return fail(state, request, failure),
    };
    state.clock.measured(found.clock.offset());
    if let [token] = found.value.as_slice() {
        return show(state, request, &found, token.clone());
    }
    state.detail.token.cancel();
    if is_typing_on(state) {
        let (count, name) = (found.value.len(), reference(state));
        state.tell(format!(
            "{count} tokens are called {name}. Look it up again to choose."
        ));
        return Vec::new();
    }
    state.detail.choices = found.value;
    let choice = Overlay::Choice { selected: 0 };
    if let Some(Overlay::Help { .. }) = state.overlay {
        state.covered = Some(choice);
    } else {
        state.overlay = Some(choice);
    }
    Vec::new()
}

/// Whether letters go into a text that has nothing to do with the look-up under way: its answer must
/// not take the place they go to, since there they would be commands.
fn is_typing_on(state: &State) -> bool {
    match (state.overlay, state.screen) {
        (Some(Overlay::Picker), _) => true,
        (_, Screen::Lookup) => state.lookup.is_edited,
        _ => state.context().is_text(),
    }
}

/// What was asked for, in words.
fn reference(state: &State) -> String {
    let reference = state.detail.reference.as_ref();
    reference.map(ToString::to_string).unwrap_or_default()
}

fn show(
    state: &mut State,
    request: RequestId,
    found: &Fetched<Tokens>,
    token: Arc<ServiceToken>,
) -> Vec<Step> {
    let detail = &mut state.detail;
    let Some(scope) = detail.access.as_ref().map(|it| it.scope.clone()) else {
        return Vec::new();
    };
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
    let local = state.clock.local;
    let record = Recent::of(&token, &scope, local).map(|record| Recent {
        profile: state.session.profile.clone(),
        ..record
    });
    let listed = state.browse.access.as_ref();
    if listed.is_some_and(|listed| listed.scope == scope) {
        let (newer, context) = (token.clone(), state.list_context());
        state.browse.change(Follow::Token, |table| {
            table.renew(&newer, context);
        });
    }
    let detail = &mut state.detail;
    detail.token.settle(
        request,
        Ok(Received {
            value: token,
            at: state.clock.steady,
            took: found.took,
        }),
    );
    detail.selected = detail.selected.min(detail.fields().len().saturating_sub(1));
    state.banner = None;
    if state.detail.is_asked_for {
        come_forward(state, &scope);
    }
    let Some(record) = record else {
        return Vec::new();
    };
    recent_lookups::remember(&mut state.lookup.recents, record.clone());
    if state.lookup.focus != LookupField::Recents {
        state.lookup.selected = 0;
    }
    if state.session.is_demo() {
        Vec::new()
    } else {
        vec![Step::Run(Effect::Remember(record))]
    }
}

/// The token that was asked for comes to the front, unless the next one is being typed already.
fn come_forward(state: &mut State, scope: &Scope) {
    if state.screen == Screen::Lookup && is_typing_on(state) {
        let name = state.detail.token.value().map(|it| it.name_text().trim());
        let name = name.filter(|name| !name.is_empty()).unwrap_or("The token");
        state.tell(format!("{name} is here: the first under Recent."));
        return;
    }
    // What was typed has done its work; the next look-up starts from an empty field.
    state.lookup.token = TextField::default();
    if state.screen == Screen::Lookup {
        state.screen = Screen::Detail;
        state.lookup.use_scope(scope);
    }
}

/// A secret that is gone from the keyring leads to the form; everything else is an error to show.
fn fail(state: &mut State, request: RequestId, failure: Failure) -> Vec<Step> {
    let access = state.detail.access.as_ref();
    let failure = match access {
        Some(access) => without_doubt(state, failure, &access.scope),
        None => failure,
    };
    let is_gone = access.is_some_and(|access| is_secret_gone(&failure, access));
    if failure.kind == FailureKind::NotFound {
        state.detail.lost_name = last_name(state);
    }
    state.detail.token.settle(request, Err(failure.clone()));
    let mut steps = vec![Step::Report(failure)];
    if is_gone && !is_typing_on(state) {
        steps.push(Step::OpenSetup { is_replacing: true });
    }
    steps
}

/// A failure that does not doubt a scope whose tokens were read before.
pub(super) fn without_doubt(state: &State, mut failure: Failure, scope: &Scope) -> Failure {
    let (detail, browse) = (&state.detail, &state.browse);
    let has_read = |access: Option<&Access>| access.is_some_and(|access| access.scope == *scope);
    let is_proved = has_read(detail.access.as_ref()) && detail.token.value().is_some()
        || has_read(browse.access.as_ref()) && browse.list.value().is_some()
        || state.lookup.recents.iter().any(|it| it.scope == *scope);
    if is_proved {
        failure.hint.scope_doubt = None;
    }
    failure
}

/// Whether a credential is gone that once was stored, which the form can mend.
pub(super) fn is_secret_gone(failure: &Failure, access: &Access) -> bool {
    failure.kind == FailureKind::NoCredential
        && matches!(access.identity.source, CredentialSource::Keyring { .. })
}

/// What the token that was asked for by its ID was called when it was last seen.
fn last_name(state: &State) -> Option<String> {
    let detail = &state.detail;
    let id = detail.reference.as_ref()?.id()?;
    let scope = &detail.access.as_ref()?.scope;
    let in_view = detail.token.value().map(|token| token.name_text());
    let recent = || {
        let recents = state.lookup.recents.iter();
        let mut fitting = recents.filter(|recent| recent.id == *id && recent.scope == *scope);
        fitting.next().map(|recent| recent.name.as_str())
    };
    let name = in_view.or_else(recent)?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// Asks for the server's time where the wall clock was set and the offset dropped: by the token in
/// view, which is fetched again, or by the smallest question there is.
pub(super) fn measure_anew(state: &mut State) -> Vec<Step> {
    if !state.clock.is_in_doubt || state.limited_for().is_some() {
        return Vec::new();
    }
    if state.screen == Screen::Detail && state.detail.token.value().is_some() {
        // An answer that is under way from before may show nothing.
        if state.detail.token.is_loading() {
            return Vec::new();
        }
        state.clock.is_in_doubt = false;
        return vec![Step::Refresh];
    }
    let listed = state.browse.access.clone();
    let listed = listed.filter(|_| state.screen == Screen::Browse);
    let in_use = || state.session.access(state.session.scope.as_ref()?);
    let Some(access) = listed.or_else(in_use) else {
        return Vec::new();
    };
    state.clock.is_in_doubt = false;
    let request = state.next_request();
    state.measuring = Some(request);
    vec![Step::Run(Effect::MeasureClock { request, access })]
}

/// The server's time was asked for. An answer that nobody waits for changes nothing.
pub(super) fn measured(state: &mut State, request: RequestId, offset: Option<TimeDelta>) {
    state.changed = state.measuring.take_if(|it| *it == request).is_some();
    if state.changed {
        state.clock.measured(offset);
    }
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
        .is_some_and(|due| due <= state.clock.steady);
    let mut steps = Vec::new();
    if has_expired && state.session.settings.bell {
        steps.push(Step::Run(Effect::RingBell));
    }
    if (is_due || has_expired) && state.limited_for().is_none() {
        steps.push(Step::Refresh);
    }
    steps
}
