//! Going from one credential to another, so that nothing of the one is ever shown under the other.
//!
//! Not here: which profiles there are (`profiles`), or how a credential is set up (`setup`).

use super::effect::Effect;
use super::list_fetch;
use super::state::{Screen, State};
use super::step::Step;
use super::token_fetch;
use crate::domain::credential::{Access, ActiveCredential, CredentialSource, Identity};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::profile::Settings;
use crate::domain::recent_lookups::Recent;
use crate::domain::remote::RequestId;
use crate::domain::scope::Scope;
use crate::domain::token::TokenRef;
use crate::screens::detail::state::Detail;
use crate::screens::lookup::state::Lookup;
use crate::screens::picker::state::Picker;
use crate::screens::setup::state::{Opener, Repeat, Setup};

/// Goes on with another credential on the look-up panel. Nothing is sent.
pub(super) fn switch(state: &mut State, credential: ActiveCredential) -> Vec<Effect> {
    let name = match (&credential.profile, credential.source()) {
        (Some(name), _) => format!("the profile {name}"),
        (None, Some(CredentialSource::Environment { variable })) => variable.to_string(),
        (None, Some(CredentialSource::Demo)) => "the demo".to_owned(),
        (None, _) => "the credential of this session".to_owned(),
    };
    let effects = activate(state, credential);
    state.screen = Screen::Lookup;
    state.lookup.reopen();
    state.tell(format!("Now using {name}."));
    effects
}

/// Whose a recent look-up is.
pub(super) enum Owner {
    /// The credential in use, as far as anybody can tell.
    InUse,
    /// Another one, which is there.
    Other(ActiveCredential),
    /// A profile that is not there any more.
    Gone(String),
}

/// Finds out whose a recent look-up is: its profile's, or that of the credential whose scope it is in.
pub(super) fn owner(state: &State, recent: &Recent) -> Owner {
    let session = &state.session;
    if recent.profile == session.profile {
        return Owner::InUse;
    }
    let named = recent.profile.as_deref();
    if let Some(profile) = named.and_then(|name| session.settings.profile(name)) {
        return Owner::Other(ActiveCredential::of(profile));
    }
    let is_there = |scope: Option<&Scope>| scope == Some(&recent.scope);
    if is_there(session.scope.as_ref()) {
        return Owner::InUse;
    }
    let external = state.profiles.external.iter().cloned();
    let profiles = session.settings.profiles.iter().map(ActiveCredential::of);
    let is_in_use = |credential: &ActiveCredential| {
        let identity = session.identity.as_ref();
        identity.is_some_and(|identity| Some(&identity.source) == credential.source())
    };
    let mut others = external
        .chain(profiles)
        .filter(|credential| is_there(credential.scope.as_ref()) && !is_in_use(credential));
    match (others.next(), named) {
        (Some(credential), _) => Owner::Other(credential),
        (None, Some(name)) => Owner::Gone(name.to_owned()),
        (None, None) => Owner::InUse,
    }
}

/// What comes after a profile that was in use and is gone: the environment's credential, then the
/// default profile.
fn successor(state: &State) -> Option<ActiveCredential> {
    let settings = &state.session.settings;
    let default = settings
        .profile(&settings.default_profile)
        .map(ActiveCredential::of);
    state.profiles.external.first().cloned().or(default)
}

/// The profile in use was removed. Where nothing comes after it, nobody asks until the user chooses.
pub(super) fn remove_active(state: &mut State) -> Vec<Effect> {
    if let Some(credential) = successor(state) {
        return activate(state, credential);
    }
    let effects = deactivate(state);
    let session = &mut state.session;
    session.identity = None;
    session.profile = None;
    session.scope = None;
    session.scope_origin = String::new();
    session.store = None;
    effects
}

fn activate(state: &mut State, credential: ActiveCredential) -> Vec<Effect> {
    let mut effects = deactivate(state);
    let was_demo = state.session.is_demo();
    let session = &mut state.session;
    session.store = credential.profile.as_ref().and_then(|name| {
        match state.profiles.location_of(name) {
            // The collection matters where a secret is stored, not where it came from.
            Some(Ok(Some(location))) => Some(location.store),
            _ => session.store,
        }
    });
    let own = |(source, _): &&(CredentialSource, _)| Some(source) == credential.source();
    state.limited_until = state.pauses.iter().find(own).map(|(_, until)| *until);
    session.identity = credential.identity;
    session.profile = credential.profile;
    session.scope = credential.scope;
    session.scope_origin = credential.scope_origin;
    let lookup = Lookup::starting_from(session.scope.as_ref());
    let old = std::mem::replace(&mut state.lookup, lookup);
    state.lookup.token = old.token;
    state.lookup.recents = old.recents;
    match (was_demo, state.session.is_demo()) {
        (true, false) => effects.push(Effect::LoadRecents),
        (_, true) => state.lookup.recents.clear(),
        _ => {}
    }
    effects
}

/// Drops everything that was asked or shown with the credential in use, and cancels what is under
/// way. A change of the profiles goes on: half of it may be done.
pub(super) fn deactivate(state: &mut State) -> Vec<Effect> {
    let requests = [
        state.detail.token.cancel(),
        state.browse.clear(),
        state.picker.scopes.cancel(),
        state.profiles.locations.cancel(),
        state.setup.store.cancel(),
        state.setup.cancel(),
        state.awaited_demo.take(),
        state.measuring.take(),
    ];
    remember_external(state);
    state.detail = Detail::default();
    state.picker = Picker::default();
    state.setup = Setup::default();
    state.lookup.complaint = None;
    state.overlay = None;
    state.banner = None;
    state.notice = None;
    put_pause_aside(state);
    state.before_profiles = Screen::Lookup;
    requests.into_iter().flatten().map(Effect::Cancel).collect()
}

/// A pause that the API asked for is a credential's own: it holds again once that one is in use again.
fn put_pause_aside(state: &mut State) {
    let Some(identity) = &state.session.identity else {
        state.limited_until = None;
        return;
    };
    state
        .pauses
        .retain(|(source, _)| *source != identity.source);
    if let Some(until) = state.limited_until.take() {
        state.pauses.push((identity.source.clone(), until));
    }
}

/// Notes the credential in use where it belongs to no profile, so that one can come back to it.
pub(super) fn remember_external(state: &mut State) {
    let session = &state.session;
    if let (Some(identity), None) = (&session.identity, &session.profile) {
        state.profiles.remember_external(ActiveCredential {
            identity: Some(identity.clone()),
            profile: None,
            scope: session.scope.clone(),
            scope_origin: session.scope_origin.clone(),
        });
    }
}

/// Goes on with a credential that was typed in and works: to the look-up that failed for want of
/// it, or to a new one.
pub(super) fn enter(
    state: &mut State,
    identity: Identity,
    profile: Option<String>,
    scope: Scope,
) -> Vec<Effect> {
    let old = state.session.identity.as_ref();
    let is_same = old.is_some_and(|old| old.source == identity.source);
    let wants_repeat =
        state.setup.is_replacing && (is_same || state.setup.opener == Opener::Program);
    let repeat = state.setup.repeat;
    let kept = wants_repeat.then(|| state.detail.clone());
    let scope_origin = profile
        .as_ref()
        .map_or_else(|| "typed in".to_owned(), |name| format!("profile {name}"));
    let saved = profile.as_ref().and_then(|name| {
        let is_told = state.setup.opener == Opener::Profiles;
        let told = || is_told.then(|| format!("Saved. Now using the profile {name}."));
        overruled(state, name).or_else(told)
    });
    let mut effects = activate(
        state,
        ActiveCredential {
            identity: Some(identity),
            profile,
            scope: Some(scope),
            scope_origin,
        },
    );
    state.screen = Screen::Lookup;
    state.lookup.reopen();
    if let Some(saved) = saved {
        state.tell(saved);
    }
    if wants_repeat && repeat == Repeat::List {
        effects.extend(list_fetch::open(state));
    } else if let Some(mut kept) = kept {
        // What was shown came from another credential, unless only its secret is new.
        kept.token.cancel();
        state.detail = if is_same {
            kept
        } else {
            Detail {
                reference: kept.reference,
                ..Detail::default()
            }
        };
        effects.extend(token_fetch::repeat(state));
    }
    effects
}

/// The embedded demo runs: nothing of what was in view before stays.
pub(super) fn enter_demo(state: &mut State, access: Access) -> Vec<Effect> {
    let token = (state.screen == Screen::Detail)
        .then(|| TokenRef::parse(state.lookup.token.value()).ok())
        .flatten();
    let mut effects = activate(
        state,
        ActiveCredential {
            identity: Some(access.identity.clone()),
            profile: None,
            scope: Some(access.scope.clone()),
            scope_origin: "the demo".to_owned(),
        },
    );
    state.screen = Screen::Lookup;
    state.lookup.reopen();
    if let Some(token) = token {
        state.screen = Screen::Detail;
        effects.extend(token_fetch::fetch(state, access, token));
    }
    effects
}

/// The embedded demo runs, or cannot.
pub(super) fn demo_opened(
    state: &mut State,
    request: RequestId,
    result: Result<Access, Failure>,
) -> Vec<Step> {
    if state.awaited_demo.take_if(|it| *it == request).is_none() {
        return Vec::new();
    }
    match result {
        Ok(access) => vec![Step::EnterDemo(access)],
        Err(failure) => vec![Step::Report(failure)],
    }
}

/// The settings are what the file says now, which another instance may have changed as well.
pub(super) fn profiles_changed(
    state: &mut State,
    request: RequestId,
    result: Result<Settings, Failure>,
) -> Vec<Step> {
    let Some(change) = state.profiles.ended(request) else {
        return Vec::new();
    };
    let settings = match result {
        Ok(settings) => settings,
        Err(failure) => return refused_change(failure),
    };
    use_settings(state, settings);
    if !change.is_removal {
        let text = overruled(state, &change.name)
            .unwrap_or_else(|| format!("{} is the default now.", change.name));
        return vec![Step::Tell(text), Step::FindSecrets];
    }
    let mut text = format!("{} is removed.", change.name);
    let mut steps = vec![Step::FindSecrets];
    if state.session.profile.as_ref() == Some(&change.name) {
        steps.insert(0, Step::Vacate);
        if successor(state).is_none() && !state.session.settings.profiles.is_empty() {
            text.push_str(" Choose what to use now.");
        }
    }
    steps.push(Step::Tell(text));
    steps
}

/// What to say of a profile that counts behind a variable whenever the program starts.
fn overruled(state: &State, profile: &str) -> Option<String> {
    let variable = state.session.variable?;
    Some(format!(
        "Saved. At the next start {variable}, which is set, counts before the profile {profile}."
    ))
}

/// The settings as they are now: the list of profiles shows those there are.
pub(super) fn use_settings(state: &mut State, settings: Settings) {
    let old = std::mem::replace(&mut state.session.settings, settings);
    state.profiles.follow(&old, &state.session.settings);
}

/// What is not there any more was renamed or removed by another instance; the list was read again.
fn refused_change(failure: Failure) -> Vec<Step> {
    if failure.kind != FailureKind::Usage {
        return vec![Step::Report(failure)];
    }
    let hint = "It was renamed or removed elsewhere. The list shows what there is now.".into();
    vec![Step::Report(Failure { hint, ..failure }), Step::FindSecrets]
}
