//! Navigation between screens that sends no lookup.

use super::message::Effect;
use super::state::{Overlay, Screen, State};
use crate::domain::credential::CredentialRef;
use crate::domain::duration;
use crate::screens::picker::state::Picker;
use crate::screens::setup::state::{Opener, Repeat, Setup, SetupField};

impl State {
    /// Stops waiting for the request of the form, whose response would take over the screen.
    pub(crate) fn cancel_setup(&mut self) {
        let request = self.setup.cancel();
        self.cancel(request);
    }
}

/// Opens the form for the active credential, filled in with what the session knows.
pub(crate) fn open_session_setup(state: &mut State, is_replacing: bool) {
    let session = &state.session;
    let settings = &session.settings;
    let mut setup = Setup::adding(settings);
    if !session.is_demo() {
        if let Some(name) = &session.active.profile {
            setup = match settings.profile(name) {
                Some(profile) => Setup::changing(profile.clone(), is_replacing, settings),
                None => Setup::named(name),
            };
        }
        setup.fill_in(session.active.kind(), session.active.scope.as_ref());
    }
    if is_replacing {
        setup.form.focus = SetupField::Secret;
    }
    setup.is_replacing = is_replacing;
    setup.opener = Opener::Program;
    open_setup(state, setup);
}

/// Opens a form, and probes the credential store where the secret would go.
pub(crate) fn open_setup(state: &mut State, setup: Setup) {
    if state.session.demo_only {
        return state.notify(
            "The demo stores nothing. Start tokenscope without --demo to set up a credential.",
        );
    }
    state.setup = setup;
    if state.screen == Screen::Browse {
        state.setup.repeat = Repeat::List;
    }
    state.screen = Screen::Setup;
    state.overlay = None;
    if state.setup.command().is_none() {
        probe_store(state);
    }
}

/// Tests where the secret can be stored.
pub(crate) fn probe_store(state: &mut State) {
    let request = state.next_request();
    state.setup.store.begin(request, state.clock.steady);
    state.emit(Effect::ProbeStore { request });
}

/// Opens the profiles. Cancels requests that only the current screen waits for: a first lookup, and
/// the check of a form.
pub(crate) fn open_profiles(state: &mut State) {
    state.overlay = None;
    if state.screen == Screen::Profiles {
        return find_secrets(state);
    }
    let is_first = state.detail.token.value().is_none();
    let requests = [
        is_first.then(|| state.detail.token.cancel()).flatten(),
        state.setup.cancel(),
        state.picker.scopes.cancel(),
    ];
    // Returning to a form that was opened from here would loop.
    if state.screen == Screen::Setup && state.setup.opener == Opener::Profiles {
        state.setup = Setup::default();
    } else {
        state.before_profiles = state.screen;
        remember_external(state);
        let session = &state.session;
        let source = session.active.source();
        state.profiles.select(source, &session.settings);
    }
    state.screen = Screen::Profiles;
    if requests.iter().any(Option::is_some) {
        state.notify("Request cancelled.");
    }
    for request in requests {
        state.cancel(request);
    }
    find_secrets(state);
}

/// Opens the profiles because none is active.
pub(crate) fn choose_profile(state: &mut State) {
    open_profiles(state);
    state.notify("Choose a profile first; there is no default.");
}

/// Remembers the active credential if it has no profile, so that the user can return to it.
pub(crate) fn remember_external(state: &mut State) {
    let session = &state.session;
    if session.active.identity.is_some() && session.active.profile.is_none() {
        state.profiles.remember_external(session.active.clone());
    }
}

/// Finds out where the secrets of the profiles are stored.
pub(crate) fn find_secrets(state: &mut State) {
    let profiles = state.session.settings.profiles.iter();
    let stored = profiles.filter(|profile| profile.command.is_none());
    let profiles: Vec<String> = stored.map(|it| it.name.clone()).collect();
    if !state.session.demo_only && !profiles.is_empty() {
        let request = state.next_request();
        state.profiles.locations.begin(request, state.clock.steady);
        state.emit(Effect::FindSecrets { request, profiles });
    }
}

/// Opens the choice between the accounts and zones that a credential can see, with the one in the
/// form selected.
pub(crate) fn pick_scope(state: &mut State, asker: CredentialRef, id: &str) {
    if must_pause(state) {
        return;
    }
    let request = state.next_request();
    state.picker = Picker {
        current: id.trim().to_ascii_lowercase(),
        ..Picker::default()
    };
    state.picker.scopes.begin(request, state.clock.steady);
    state.overlay = Some(Overlay::Picker);
    state.emit(Effect::ListScopes { request, asker });
}

/// Whether a pause requested by the API is still running. Notifies the user if so.
pub(crate) fn must_pause(state: &mut State) -> bool {
    let Some(seconds) = state.limited_for() else {
        return false;
    };
    state.notify(format!(
        "Rate limited: nothing was sent. Retry in {}.",
        duration::pause(seconds)
    ));
    true
}
