//! The keys of the list of all profiles: to open and to leave it, and to open a token with the
//! profile that it was read with.

use std::sync::Arc;

use super::credential_switch::activate;
use super::list_fetch::{self, return_to_find};

use super::profile_lists::{can_open, open};
use super::state::{Screen, State};
use super::token_fetch;
use crate::domain::credential::ActiveCredential;

use crate::domain::profile::no_such_profile;
use crate::domain::token::ServiceToken;

/// Shows all profiles in one list, or leaves that list.
pub(crate) fn toggle(state: &mut State) {
    if state.screen == Screen::Browse && state.list.profiles.is_some() {
        list_fetch::open_list(state);
    } else if can_open(state) {
        open(state);
    }
}

/// Leaves Browse for the screen that it was opened from.
pub(crate) fn back(state: &mut State) {
    match &state.list.profiles {
        Some(profiles) if !profiles.is_from_find => list_fetch::open_list(state),
        Some(_) | None => return_to_find(state),
    }
}

/// Opens a token of the list. In the list of all profiles, the profile that it was read with becomes
/// the one in use.
pub(crate) fn open_token(state: &mut State, token: Arc<ServiceToken>) {
    if use_profile_of(state, &token) {
        token_fetch::open_row(state, token);
    }
}

/// Makes the profile of the selected row the one in use, on Browse with all profiles.
pub(crate) fn use_profile_of_row(state: &mut State) {
    let token = state.browse.token(&state.list).cloned();
    if let Some(token) = token.filter(|_| state.screen == Screen::Browse) {
        use_profile_of(state, &token);
    }
}

/// Makes the profile that a token of the list was read with the one in use, if there is one. Keeps the
/// list on screen. Returns false if the profile no longer exists.
pub(crate) fn use_profile_of(state: &mut State, token: &Arc<ServiceToken>) -> bool {
    let Some(origin) = state.list.origin_of(token).cloned() else {
        return true;
    };
    let name = &origin.profile;
    if state.session.active.profile.as_ref() == Some(name) {
        return true;
    }
    let Some(profile) = state.session.settings.profile(name) else {
        state.report(no_such_profile(name).on_screen());
        return false;
    };
    let credential = ActiveCredential::of(profile);
    let list = std::mem::take(&mut state.list);
    let browse = std::mem::take(&mut state.browse);
    // The list set aside is that of a scope, read with the previous credential, so it is not kept.
    activate(state, credential);
    state.list = list;
    state.browse = browse;
    state.notify(format!("Now using the profile {name}."));
    true
}
