//! Fetches the current token, and keeps it fresh.
//!
//! Runs one lookup at a time, and none during a pause requested by the API.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::form::TextField;
use super::handler::Pending;
use super::message::{Effect, Stage};
use super::navigation::{choose_profile, must_pause, open_session_setup};
use super::state::{Overlay, Screen, State};
use crate::domain::credential::{Access, CredentialSource};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::{Fetched, Received, Remote, RequestId, Tokens};
use crate::domain::fields;
use crate::domain::recent_lookups::{self, Recent};
use crate::domain::scope::Scope;
use crate::domain::token::{ServiceToken, TokenId, TokenRef};
use crate::screens::browse::state::Follow;
use crate::screens::detail::state::{Detail, View};

/// Looks a token up with the active credential. Replaces a pending lookup.
pub(crate) fn look_up(state: &mut State, token: TokenRef, scope: &Scope) {
    if state.session.needs_choice() {
        return choose_profile(state);
    }
    if !is_in_view(&state.detail, &token, scope) && state.limited_for().is_none() {
        state.cancel_lookup();
    }
    match state.session.access(scope) {
        Some(access) => fetch(state, access, token),
        None => open_session_setup(state, false),
    }
}

fn is_in_view(detail: &Detail, token: &TokenRef, scope: &Scope) -> bool {
    let in_view = detail.access.as_ref().map(|access| &access.scope);
    detail.reference.as_ref() == Some(token) && in_view == Some(scope)
}

/// Fetches a token.
pub(crate) fn fetch(state: &mut State, access: Access, token: TokenRef) {
    if send(state, access, token) {
        state.detail.opened_from_list = false;
        state.detail.opens_on_answer = true;
        state.detail.shows_uses_on_answer = false;
        state.banner = None;
    }
}

/// Reloads the current token.
pub(crate) fn reload(state: &mut State) {
    let detail = &state.detail;
    let known = detail.access.clone().zip(detail.reference.clone());
    if known.is_some_and(|(access, token)| send(state, access, token)) {
        state.detail.opens_on_answer = false;
    }
}

/// Repeats the current lookup with the active credential.
pub(crate) fn repeat(state: &mut State) {
    let session = &state.session;
    let scope = session.active.scope.as_ref();
    let access = scope.and_then(|scope| session.access(scope));
    if let Some((access, token)) = access.zip(state.detail.reference.clone()) {
        state.screen = match state.detail.token.value() {
            Some(_) => Screen::Detail,
            None => Screen::Find,
        };
        fetch(state, access, token);
    }
}

/// Sends a lookup, unless one is pending or the API asked us to pause; then returns false. Drops the
/// current token if it is a different one.
fn send(state: &mut State, access: Access, token: TokenRef) -> bool {
    if state.detail.token.is_loading() || must_pause(state) {
        return false;
    }
    if !is_in_view(&state.detail, &token, &access.scope) {
        state.detail = Detail::default();
    }
    let request = state.next_request();
    let now = state.clock.steady;
    let detail = &mut state.detail;
    detail.token.begin(request, now);
    detail.attempted_at = Some(now);
    detail.fetch_due = None;
    detail.access = Some(access.clone());
    detail.reference = Some(token.clone());
    detail.stage = Stage::Credential;
    detail.lost_name = None;
    state.find.is_edited = false;
    state.emit(Effect::FetchToken {
        request,
        access,
        token,
    });
    true
}

/// Handles the next stage of a lookup or list request.
pub(crate) fn staged(state: &mut State, request: RequestId, reached: Stage) {
    // A reload does not show its stage.
    let is_shown = state.screen.handler().pending(state) == Some(Pending::First);
    let current = if state.detail.token.request() == Some(request) {
        Some(&mut state.detail.stage)
    } else if state.list.extent.request() == Some(request) {
        Some(&mut state.list.progress.stage)
    } else {
        None
    };
    let old = current.map(|current| std::mem::replace(current, reached));
    state.changed = is_shown && old.is_some_and(|old| old != reached);
}

/// Handles the end of a lookup. A stale response changes nothing, here and below.
pub(crate) fn fetched(
    state: &mut State,
    request: RequestId,
    result: Result<Fetched<Tokens>, Failure>,
) {
    let is_awaited = state.expects(state.detail.token.request(), request);
    let Some(access) = state.detail.access.clone().filter(|_| is_awaited) else {
        return;
    };
    let found = match result {
        Ok(found) => found,
        Err(failure) => {
            let failure = without_doubt(state, failure, &access.scope);
            if failure.kind == FailureKind::NotFound {
                state.detail.lost_name = last_name(state);
            }
            state.detail.token.settle(request, Err(failure.clone()));
            let opens_form = !is_typing_elsewhere(state);
            return report(state, failure, &access, opens_form);
        }
    };
    state.clock.measured(found.clock.offset());
    if let [token] = found.value.as_slice() {
        let fetched = state.received(token.clone());
        return show(state, request, &access.scope, fetched);
    }
    state.detail.token.cancel();
    if is_typing_elsewhere(state) {
        let count = found.value.len();
        let name = state.detail.reference.as_ref().map(ToString::to_string);
        let name = name.unwrap_or_default();
        return state.notify(format!(
            "{count} tokens are called {name}. Look it up again to choose."
        ));
    }
    state.detail.choices = found.value;
    let choice = Some(Overlay::Choice { selected: 0 });
    if state.is_covered() {
        state.covered = choice;
    } else {
        state.overlay = choice;
    }
}

/// Whether the user is typing text unrelated to the pending lookup. Its response must then not take
/// over the screen, because letters would become commands.
pub(crate) fn is_typing_elsewhere(state: &State) -> bool {
    if state.overlay == Some(Overlay::Picker) {
        true
    } else if state.screen == Screen::Find {
        state.find.is_edited
    } else {
        state.context().is_text()
    }
}

fn show(
    state: &mut State,
    request: RequestId,
    scope: &Scope,
    fetched: Received<Arc<ServiceToken>>,
) {
    let token = fetched.value.clone();
    let detail = &mut state.detail;
    let old = detail.token.value();
    detail.changed = old.map_or_else(Vec::new, |old| fields::changed_keys(old, &token));
    detail.before = old.filter(|_| !detail.changed.is_empty()).cloned();
    if let Some(id) = TokenId::parse(token.id_text()) {
        detail.reference = Some(TokenRef::Id(id));
    }
    if let View::Raw(raw) = &mut detail.view {
        raw.replace(&token);
    }
    let record = Recent::of(&token, scope, state.clock.local);
    if state.list.is_of(scope) {
        let context = state.list_context();
        state.change_list(Follow::Token, |list| list.renew(&token, context));
    }
    let detail = &mut state.detail;
    detail.token.settle(request, Ok(fetched));
    detail.selected = detail.selected.min(detail.fields().len().saturating_sub(1));
    state.banner = None;
    if state.detail.opens_on_answer {
        come_to_front(state);
    }
    if let Some(mut record) = record {
        record.profile.clone_from(&state.session.active.profile);
        recent_lookups::remember(&mut state.find.recents, record.clone());
        if !state.session.is_demo() {
            state.emit(Effect::Remember(record));
        }
    }
}

/// Shows the token that was looked up, unless the user is typing the next lookup.
fn come_to_front(state: &mut State) {
    if state.screen == Screen::Find && is_typing_elsewhere(state) {
        let name = state.detail.token.value().map(|it| it.name_text().trim());
        let name = name.filter(|name| !name.is_empty()).unwrap_or("The token");
        state.notify(format!("{name} loaded; see Recent."));
        return;
    }
    // The next lookup starts from an empty field.
    state.find.token = TextField::default();
    state.find.is_commanding = true;
    if state.screen == Screen::Find {
        state.screen = Screen::Detail;
    }
}

/// Shows why a fetch failed. If the secret is gone from the keyring, opens the form to enter it.
pub(crate) fn report(state: &mut State, failure: Failure, access: &Access, opens_form: bool) {
    let is_stored = matches!(access.identity.source, CredentialSource::Keyring { .. });
    let is_gone = is_stored && failure.kind == FailureKind::NoCredential;
    state.report(failure);
    if is_gone && opens_form {
        open_session_setup(state, true);
    }
}

/// The failure without doubts about a scope whose tokens were read before.
pub(crate) fn without_doubt(state: &State, mut failure: Failure, scope: &Scope) -> Failure {
    let (detail, list) = (&state.detail, &state.list);
    let has_read = |access: Option<&Access>| access.is_some_and(|access| access.scope == *scope);
    let is_proved = has_read(detail.access.as_ref()) && detail.token.value().is_some()
        || has_read(list.access.as_ref()) && list.extent.value().is_some()
        || state.find.recents.iter().any(|it| it.scope == *scope);
    if is_proved {
        failure.hint.scope_doubt = None;
    }
    failure
}

/// The last known name of a token that was looked up by its ID.
fn last_name(state: &State) -> Option<String> {
    let detail = &state.detail;
    let id = detail.reference.as_ref()?.id()?;
    let scope = &detail.access.as_ref()?.scope;
    let in_view = detail.token.value().map(|token| token.name_text());
    let recent = || {
        let mut recents = state.find.recents.iter();
        let recent = recents.find(|recent| recent.id == *id && recent.scope == *scope)?;
        Some(recent.name.as_str())
    };
    let name = in_view.or_else(recent)?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

impl State {
    /// Stops waiting for a token: a pending lookup is for another one.
    pub(crate) fn cancel_lookup(&mut self) {
        let request = self.detail.token.cancel();
        self.cancel(request);
    }

    /// The last known name of a token that was just not found: the list may show what replaced it.
    pub fn lost_name(&self) -> Option<&str> {
        let banner = self.banner.as_ref()?;
        let is_lost = banner.failure.kind == FailureKind::NotFound;
        self.detail.lost_name.as_deref().filter(|_| is_lost)
    }
}

/// Measures the server's clock again if the wall clock was set: by reloading the current token, or
/// with the smallest request.
pub(crate) fn measure_clock(state: &mut State) {
    if !state.clock.needs_measuring || state.limited_for().is_some() {
        return;
    }
    if state.screen == Screen::Detail && state.detail.token.value().is_some() {
        // A response to a request from before the jump may not show the clock.
        if !state.detail.token.is_loading() {
            state.clock.needs_measuring = false;
            reload(state);
        }
        return;
    }
    let listed = state.list.access.clone();
    let listed = listed.filter(|_| state.screen == Screen::Browse);
    let in_use = || state.session.access(state.session.active.scope.as_ref()?);
    if let Some(access) = listed.or_else(in_use) {
        state.clock.needs_measuring = false;
        let request = state.next_request();
        state.clock_request = Some(request);
        state.emit(Effect::MeasureClock { request, access });
    }
}

/// Handles the passing of time since an instant of the server's clock: reloads the current token
/// when due, and again when it expires.
pub(crate) fn ticked(state: &mut State, before: DateTime<Utc>) {
    if state.screen != Screen::Detail || state.detail.token.value().is_none() {
        return;
    }
    let now = state.clock.corrected();
    let end = state.detail.end();
    let has_expired = end.is_some_and(|end| before < end && end <= now);
    let due = state.reload_due();
    let is_due = due.is_some_and(|due| due <= state.clock.steady);
    if (is_due || has_expired) && state.limited_for().is_none() {
        reload(state);
    }
}

/// Opens a token of the list: shows the list's copy at once, then fetches the token.
pub(crate) fn open_row(state: &mut State, token: Arc<ServiceToken>) {
    if show_row(state, token) {
        reload(state);
    }
}

/// Shows the list's copy of a token. Returns false if the token cannot be fetched.
pub(crate) fn show_row(state: &mut State, token: Arc<ServiceToken>) -> bool {
    let Some(id) = TokenId::parse(token.id_text()) else {
        state.report(Detail::without_id());
        return false;
    };
    let Some(access) = state.list.access_of(&token) else {
        return false;
    };
    let listed = state.list.extent.fetched();
    let at = listed.map_or(state.clock.steady, |list| list.at);
    let reference = Some(TokenRef::Id(id));
    let is_next = state.screen == Screen::Detail && state.detail.returns_to_find;
    let returns_to_find = is_next || state.screen == Screen::Find;
    let known = &state.detail;
    let is_newer = known.reference == reference
        && known.access.as_ref() == Some(&access)
        && known.token.fetched().is_some_and(|known| known.at >= at);
    if is_newer {
        state.detail.view = View::Fields;
        state.detail.selected = 0;
    } else {
        state.detail = Detail {
            token: Remote::Ready(Received { value: token, at }),
            reference,
            access: Some(access),
            ..Detail::default()
        };
    }
    state.detail.opened_from_list = true;
    state.detail.returns_to_find = returns_to_find;
    state.screen = Screen::Detail;
    state.banner = None;
    true
}
