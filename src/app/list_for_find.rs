//! Opens Find, and fetches the list that it shows, in the background.

use super::message::Effect;
use super::navigation::{open_session_setup, pick_scope};
use super::profile_lists;
use super::state::{Screen, State};
use super::token_fetch::{drop_list, fetch_list, open_list};
use crate::domain::credential::CredentialRef;
use crate::domain::fetched::Remote;
use crate::domain::scope::Scope;

/// Shows Find, ready to type.
pub(crate) fn show_find(state: &mut State) -> Vec<Effect> {
    state.screen = Screen::Find;
    state.overlay = None;
    state.find.start_over();
    fetch_for_find(state)
}

/// Leaves a form for Find. Cancels the form's request, whose response would take over the screen.
pub(crate) fn open_find(state: &mut State) -> Vec<Effect> {
    let request = state.setup.cancel().map(Effect::Cancel);
    request.into_iter().chain(show_find(state)).collect()
}

/// Goes back to Find: letters are commands, and the selection is where it was.
pub(crate) fn return_to_find(state: &mut State) -> Vec<Effect> {
    state.screen = Screen::Find;
    state.overlay = None;
    state.find.is_commanding = true;
    fetch_for_find(state)
}

/// Fetches the list of the session's scope, unless it is there, was refused, or is on its way.
pub(crate) fn fetch_for_find(state: &mut State) -> Vec<Effect> {
    let mut effects: Vec<_> = profile_lists::leave(state)
        .map(Effect::Cancel)
        .into_iter()
        .collect();
    let session = &state.session;
    let scope = session.active.scope.as_ref();
    let access = scope.and_then(|scope| session.access(scope));
    let is_known = state.list.access == access && state.list.extent != Remote::Idle;
    if is_known || access.is_none() || state.limited_for().is_some() {
        return effects;
    }
    if state.list.access != access {
        effects.extend(drop_list(state).map(Effect::Cancel));
        state.list.access = access;
    }
    effects.extend(fetch_list(state));
    effects
}

/// Opens the choice of the account or zone whose tokens Find shows.
pub(crate) fn choose_scope(state: &mut State) -> Option<Effect> {
    let Some(identity) = state.session.active.identity.clone() else {
        return open_session_setup(state, false);
    };
    let current = state.session.active.scope.as_ref();
    let id = current.map_or_else(String::new, |scope| scope.id().to_owned());
    pick_scope(state, CredentialRef::Identity(identity), &id)
}

/// Changes the account or zone whose tokens Find shows.
pub(crate) fn use_scope(state: &mut State, scope: &Scope) -> Vec<Effect> {
    let active = &mut state.session.active;
    if active.scope.as_ref() != Some(scope) {
        active.scope = Some(scope.clone());
        "chosen by hand".clone_into(&mut active.scope_origin);
        state.find.is_picked = false;
    }
    state.find.edit();
    let named = name_scope(state);
    named.into_iter().chain(fetch_for_find(state)).collect()
}

/// Writes the name of the account or zone of the profile in use, if the choice lists another name than
/// the profile has.
fn name_scope(state: &State) -> Option<Effect> {
    let session = &state.session;
    let profile = session.active.profile.as_deref()?;
    let profile = session.settings.profile(profile)?;
    let scope = profile.scope.as_ref()?;
    let listed = &state.picker.named(scope)?.name;
    let is_news = profile.scope_name.as_ref() != Some(listed) && !listed.trim().is_empty();
    is_news.then(|| Effect::NameScope {
        profile: profile.name.clone(),
        scope: scope.clone(),
        scope_name: listed.clone(),
    })
}

/// Opens Browse with those tokens that need the user.
pub(crate) fn open_needs(state: &mut State) -> Vec<Effect> {
    let effects = open_list(state);
    state.browse.show_needs(&state.list);
    effects
}
