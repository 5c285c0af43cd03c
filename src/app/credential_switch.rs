//! Switches credentials, and clears everything that belonged to the previous one.

use super::list_fetch::{self, show_find};
use super::message::Effect;
use super::navigation::{choose_profile, find_secrets, open_session_setup, remember_external};
use super::state::{Screen, State};
use super::token_fetch;
use crate::domain::credential::{Access, ActiveCredential, CredentialSource, Identity};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::RequestId;
use crate::domain::profile::Settings;
use crate::domain::recent_lookups::Recent;
use crate::domain::scope::Scope;
use crate::domain::token::TokenRef;
use crate::screens::detail::state::Detail;
use crate::screens::setup::state::{Opener, Repeat};

/// Continues with another credential on the lookup form. Sends nothing.
pub(crate) fn switch(state: &mut State, credential: ActiveCredential) {
    let name = in_words(&credential);
    activate(state, credential);
    show_find(state);
    state.notify(format!("Now using {name}."));
}

/// A credential, as sentences call it.
fn in_words(credential: &ActiveCredential) -> String {
    match (&credential.profile, credential.source()) {
        (Some(name), _) => format!("the profile {name}"),
        (None, Some(CredentialSource::Environment { variable })) => variable.to_string(),
        (None, Some(CredentialSource::Demo)) => "the demo".to_owned(),
        (None, _) => "the credential of this session".to_owned(),
    }
}

/// Repeats a lookup with the credential that made it: another one may not see the token, and is not
/// sent where the user does not expect it.
pub(crate) fn look_up_again(state: &mut State, recent: &Recent) {
    match owner(state, recent) {
        Ok(None) => {}
        Ok(Some(credential)) => switch(state, credential),
        Err(name) => {
            state.notify(format!(
                "The profile {name} looked this up, but no longer exists. Choose another for the {}.",
                recent.scope
            ));
            return;
        }
    }
    let token = TokenRef::Id(recent.id.clone());
    token_fetch::look_up(state, token, &recent.scope);
}

/// Finds the credential of a recent lookup: its profile's, or the one for its scope. `None` means
/// presumably the active one; an error names a profile that no longer exists.
fn owner<'a>(state: &State, recent: &'a Recent) -> Result<Option<ActiveCredential>, &'a str> {
    let session = &state.session;
    if recent.profile == session.active.profile {
        return Ok(None);
    }
    let named = recent.profile.as_deref();
    if let Some(profile) = named.and_then(|name| session.settings.profile(name)) {
        return Ok(Some(ActiveCredential::of(profile)));
    }
    if session.active.scope.as_ref() == Some(&recent.scope) {
        return Ok(None);
    }
    let known = state.profiles.rows(&session.settings);
    let mut others = known.into_iter().filter(|credential| {
        let is_in_use = credential.source().is_some_and(|it| session.uses(it));
        credential.scope.as_ref() == Some(&recent.scope) && !is_in_use
    });
    match (others.next(), named) {
        (None, Some(name)) => Err(name),
        (other, _) => Ok(other),
    }
}

/// Continues after the removal of the profile in use: with the environment's credential, or else the
/// default profile. Without either, the user must choose a profile, or set one up if none is left.
fn remove_active(state: &mut State) {
    let screen = state.screen;
    let settings = &state.session.settings;
    let default = settings.profile(&settings.default_profile);
    let external = state.profiles.external.first().cloned();
    let successor = external.or_else(|| default.map(ActiveCredential::of));
    if let Some(credential) = successor {
        activate(state, credential);
    } else {
        deactivate(state);
        state.session.active = ActiveCredential::default();
        state.session.store = None;
    }
    let session = &state.session;
    if session.active.identity.is_none() && session.settings.profiles.is_empty() {
        open_session_setup(state, false);
    } else if screen == Screen::Profiles {
        state.screen = screen;
    } else {
        show_find(state);
    }
}

/// Activates a credential.
pub(crate) fn activate(state: &mut State, credential: ActiveCredential) {
    deactivate(state);
    let was_demo = state.session.is_demo();
    let session = &mut state.session;
    session.store = credential.profile.as_ref().and_then(|name| {
        match state.profiles.location_of(name) {
            // The collection matters where a secret is stored, not where it came from.
            Some(Ok(Some(location))) => Some(location.store),
            _ => session.store,
        }
    });
    let own = |(source, _): &(CredentialSource, _)| Some(source) == credential.source();
    let pause = state.pauses.iter().position(own);
    state.limited_until = pause.map(|at| state.pauses.swap_remove(at).1);
    session.active = credential;
    match (was_demo, state.session.is_demo()) {
        (true, false) => state.emit(Effect::LoadRecents),
        (_, true) => state.find.recents.clear(),
        (false, false) => {}
    }
}

/// Drops everything fetched or shown with the active credential, and cancels its requests.
fn deactivate(state: &mut State) {
    remember_external(state);
    // A pause requested by the API belongs to a credential, and applies again once it is active.
    if let (Some(until), Some(identity)) =
        (state.limited_until.take(), &state.session.active.identity)
    {
        state.pauses.push((identity.source.clone(), until));
    }
    state.reset();
}

/// Continues with a newly entered, working credential: repeats the lookup that failed without it,
/// or starts a new one.
pub(crate) fn enter(state: &mut State, identity: Identity, profile: Option<String>, scope: Scope) {
    let is_same = state.session.uses(&identity.source);
    let is_told = state.setup.opener == Opener::Profiles;
    let repeats = state.setup.is_replacing && (is_same || !is_told);
    let repeat = state.setup.repeat;
    let kept = repeats.then(|| state.detail.clone());
    let scope_origin = profile
        .as_ref()
        .map_or_else(|| "typed in".to_owned(), |name| format!("profile {name}"));
    let saved = profile.as_ref().and_then(|name| {
        let told = || is_told.then(|| format!("Saved. Now using the profile {name}."));
        overruled(state, name).or_else(told)
    });
    let credential = ActiveCredential {
        identity: Some(identity),
        profile,
        scope: Some(scope),
        scope_origin,
    };
    activate(state, credential);
    show_find(state);
    if let Some(saved) = saved {
        state.notify(saved);
    }
    match (kept, repeat) {
        (None, _) => {}
        (Some(_), Repeat::List) => list_fetch::open_list(state),
        (Some(mut kept), Repeat::LookUp) => {
            // The data on screen came from another credential, unless only the secret is new.
            kept.token.cancel();
            state.detail = if is_same {
                kept
            } else {
                Detail {
                    reference: kept.reference,
                    ..Detail::default()
                }
            };
            token_fetch::repeat(state);
        }
    }
}

/// Lets the user enter the credential in use again, or runs the command that prints it again. Repeats
/// what failed without it.
pub(crate) fn reenter(state: &mut State) {
    let Some(CredentialSource::Command { profile }) = state.session.active.source() else {
        return open_session_setup(state, true);
    };
    let profile = profile.clone();
    state.banner = None;
    state.emit(Effect::ForgetPrinted { profile });
    if state.screen == Screen::Find && state.detail.token.failure().is_some() {
        token_fetch::repeat(state);
    } else {
        state.screen.handler().reload(state);
    }
}

impl State {
    /// The label for entering the credential in use again, if that may resolve the last error.
    pub(crate) fn reentry_labels(&self) -> &'static [&'static str] {
        match self.session.active.source() {
            _ if !self.reentry_helps() => &[],
            Some(CredentialSource::Command { .. }) => &["run the command again", "run again"],
            _ => &["re-enter credential", "re-enter"],
        }
    }
}

/// Handles the start of the embedded demo, or its failure.
pub(crate) fn demo_opened(state: &mut State, request: RequestId, result: Result<Access, Failure>) {
    if state.demo_request.take_if(|it| *it == request).is_none() {
        return;
    }
    let access = match result {
        Ok(access) => access,
        Err(failure) => return state.report(failure),
    };
    let token = (state.screen == Screen::Detail)
        .then(|| TokenRef::parse(state.find.token.value()).ok())
        .flatten();
    let credential = ActiveCredential {
        identity: Some(access.identity.clone()),
        profile: None,
        scope: Some(access.scope.clone()),
        scope_origin: "the demo".to_owned(),
    };
    if !state.session.is_demo() {
        state.before_demo = Some(state.session.active.clone());
    }
    activate(state, credential);
    show_find(state);
    if let Some(token) = token {
        state.screen = Screen::Detail;
        token_fetch::fetch(state, access, token);
    }
}

/// Continues with what was in use before the demo, or else lets the user choose or set up a credential.
pub(crate) fn leave_demo(state: &mut State) {
    let before = state.before_demo.take().unwrap_or_default();
    if before.identity.is_some() {
        return switch(state, before);
    }
    activate(state, before);
    show_find(state);
    if state.session.needs_choice() {
        choose_profile(state);
    } else {
        open_session_setup(state, false);
    }
}

/// Handles the end of a profile change. The new settings are those of the file, which another
/// process may have changed too.
pub(crate) fn profiles_changed(
    state: &mut State,
    request: RequestId,
    result: Result<Settings, Failure>,
) {
    let change = &mut state.profiles.change;
    let Some(change) = change.take_if(|it| it.request == request) else {
        return;
    };
    let settings = match result {
        Ok(settings) => settings,
        Err(mut failure) => {
            // Another process renamed or removed the profile; the list was read again.
            let is_gone = failure.kind == FailureKind::Usage;
            if is_gone {
                let hint = "It was renamed or removed elsewhere. The list is now up to date.";
                failure.hint = hint.into();
                find_secrets(state);
            }
            return state.report(failure);
        }
    };
    use_settings(state, settings);
    let name = change.name;
    let text = if change.is_removal {
        if state.session.active.profile.as_ref() == Some(&name) {
            remove_active(state);
        }
        let active = &state.session.active;
        if active.identity.is_some() {
            format!("Removed {name}. In use: {}.", in_words(active))
        } else if state.session.needs_choice() {
            format!("Removed {name}. Choose what to use now.")
        } else {
            format!("Removed {name}.")
        }
    } else {
        let default = || format!("{name} is now the default.");
        overruled(state, &name).unwrap_or_else(default)
    };
    find_secrets(state);
    state.notify(text);
}

/// The notice for a profile that an environment variable overrides at the next start.
fn overruled(state: &State, profile: &str) -> Option<String> {
    let variable = state.session.variable?;
    Some(format!(
        "Saved. At the next start, {variable} is still set and takes precedence over the profile {profile}."
    ))
}

/// Replaces the settings, and updates the list of profiles.
pub(crate) fn use_settings(state: &mut State, settings: Settings) {
    let old = std::mem::replace(&mut state.session.settings, settings);
    state.profiles.follow(&old, &state.session.settings);
}
