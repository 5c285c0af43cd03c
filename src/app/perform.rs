//! Carries out what the screens ask for: moving between screens, and keeping the session in step.
//!
//! Not here: keys, or what a screen does within itself.

use super::credential_switch::{self, Owner};
use super::effect::Effect;
use super::list_fetch;
use super::state::{LONGEST_NOTICE, Overlay, Screen, State};
use super::step::Step;
use super::token_fetch;
use crate::domain::credential::CredentialRef;
use crate::domain::recent_lookups::Recent;
use crate::domain::scope::Scope;
use crate::domain::text;
use crate::domain::token::TokenRef;
use crate::screens::picker::state::Picker;
use crate::screens::profiles::state::Change;
use crate::screens::setup::state::{Opener, Phase, Repeat, Setup, SetupField};

/// Carries out steps in their order.
pub(super) fn perform(state: &mut State, steps: Vec<Step>) -> Vec<Effect> {
    let mut effects = Vec::new();
    for step in steps {
        match step {
            Step::Switch(credential) => {
                effects.extend(credential_switch::switch(state, credential))
            }
            Step::EnterDemo(access) => effects.extend(credential_switch::enter_demo(state, access)),
            Step::Vacate => effects.extend(remove_active(state)),
            Step::OpenProfiles => effects.extend(open_profiles(state)),
            Step::Enter {
                identity,
                profile,
                scope,
            } => effects.extend(credential_switch::enter(state, identity, profile, scope)),
            Step::LookUpAgain(recent) => effects.extend(look_up_again(state, &recent)),
            Step::LookUp { .. } if must_choose(state) => {
                effects.extend(choose_profile(state));
            }
            Step::LookUp { token, scope } => {
                effects.extend(token_fetch::give_way(state, &token, &scope));
                effects.extend(look_up(state, token, &scope));
            }
            Step::OpenBrowse => effects.extend(open_browse(state)),
            step => effects.extend(perform_one(state, step)),
        }
    }
    effects
}

/// A look-up of another profile is that profile's: another credential may see nothing of it, and is
/// not sent where nobody meant it to go.
fn look_up_again(state: &mut State, recent: &Recent) -> Vec<Effect> {
    let mut steps = match credential_switch::owner(state, recent) {
        Owner::InUse => Vec::new(),
        Owner::Other(credential) => vec![Step::Switch(credential)],
        Owner::Gone(name) => {
            state.tell(format!(
                "The profile {name} looked this up, and is gone. Choose one for the {}.",
                recent.scope
            ));
            return Vec::new();
        }
    };
    steps.push(Step::LookUp {
        token: TokenRef::Id(recent.id.clone()),
        scope: recent.scope.clone(),
    });
    perform(state, steps)
}

fn choose_profile(state: &mut State) -> Vec<Effect> {
    let effects = open_profiles(state);
    state.tell("Choose a profile first: none is in use, and none is the default.");
    effects
}

/// Opens the list. One of another scope, or of another credential, goes before it comes.
fn open_browse(state: &mut State) -> Vec<Effect> {
    if must_choose(state) {
        return choose_profile(state);
    }
    if state.session.identity.is_none() && state.screen == Screen::Setup {
        // A form that is being filled in stays as it is.
        state.tell("The list of all tokens needs a credential first.");
        return Vec::new();
    }
    if state.session.identity.is_none() {
        return open_session_setup(state, false).into_iter().collect();
    }
    let dropped = list_fetch::opens_another(state)
        .then(|| state.browse.clear())
        .flatten();
    let awaited = state.setup.cancel();
    let list = list_fetch::open(state);
    [dropped, awaited]
        .into_iter()
        .flatten()
        .map(Effect::Cancel)
        .chain(list)
        .collect()
}

fn perform_one(state: &mut State, step: Step) -> Option<Effect> {
    match step {
        Step::Run(effect) => return Some(effect),
        Step::Tell(text) => state.tell(text),
        Step::Report(failure) => state.report(failure),
        Step::Copy(text) => return copy(state, text.map(|text| sanitized(&text))),
        Step::CopyLines(lines) => {
            let lines: Vec<String> = lines.iter().map(|line| sanitized(line)).collect();
            return copy(state, Some(lines.join("\n")));
        }
        Step::CopyRaw(text) => return copy(state, text),
        Step::Fetch { access, token } => return token_fetch::fetch(state, access, token),
        Step::Refresh => return token_fetch::refresh(state),
        Step::OpenLookup => {
            // A form that is left waits for nothing any more: its answer would take the screen.
            let awaited = state.setup.cancel();
            open_lookup(state);
            return awaited.map(Effect::Cancel);
        }
        Step::ListAgain => return list_fetch::list(state),
        Step::OpenRow(token) => return list_fetch::open_row(state, token),
        Step::DropLookUp => return state.detail.token.cancel().map(Effect::Cancel),
        Step::LeaveProfiles => state.screen = state.before_profiles,
        Step::AskToRemove => state.overlay = Some(Overlay::Confirm),
        Step::UseScope(scope) => use_scope(state, &scope),
        step => return begin(state, step),
    }
    None
}

/// What takes a request, or a form that does.
fn begin(state: &mut State, step: Step) -> Option<Effect> {
    match step {
        Step::OpenSetup { is_replacing } => open_session_setup(state, is_replacing),
        Step::AddProfile => {
            let setup = Setup::adding(&state.session.settings);
            open_setup(state, setup)
        }
        Step::EditProfile {
            profile,
            is_replacing,
        } => {
            let setup = Setup::changing(profile, is_replacing, &state.session.settings);
            open_setup(state, setup)
        }
        Step::Check {
            asker,
            scope,
            session_only,
        } => {
            if token_fetch::is_asked_to_pause(state) {
                return None;
            }
            let request = state.next_request();
            state.banner = None;
            state.setup.phase = Phase::Checking {
                request,
                session_only,
            };
            Some(Effect::CheckCredential {
                request,
                asker,
                scope,
            })
        }
        Step::Save {
            profile,
            credential,
        } => {
            let request = state.next_request();
            state.banner = None;
            state.setup.phase = Phase::Saving { request };
            Some(Effect::SaveProfile {
                request,
                profile,
                credential,
            })
        }
        Step::FindSecrets => find_secrets(state),
        Step::RemoveProfile(name) => Some(change_profile(state, name, true)),
        Step::MakeDefault(name) => Some(change_profile(state, name, false)),
        Step::PickScope(asker) => pick_scope(state, asker),
        Step::PickScopeInUse => match state.session.identity.clone() {
            Some(identity) => pick_scope(state, CredentialRef::Identity(identity)),
            None => open_session_setup(state, false),
        },
        _ => None,
    }
}

/// Whether there are profiles, and none of them is in use nor anything else.
fn must_choose(state: &State) -> bool {
    state.session.identity.is_none() && !state.session.settings.profiles.is_empty()
}

fn copy(state: &mut State, text: Option<String>) -> Option<Effect> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        state.tell("Nothing to copy: the API did not report it.");
        return None;
    };
    // Where it went is known only once it is sent. JSON may be long, and only its beginning is shown.
    let shown = text::start(&text, LONGEST_NOTICE);
    state.tell(format!("Copying: {shown}"));
    Some(Effect::Copy(text))
}

fn sanitized(text: &str) -> String {
    text::sanitize(text).into_owned()
}

fn look_up(state: &mut State, token: TokenRef, scope: &Scope) -> Option<Effect> {
    match state.session.access(scope) {
        Some(access) => token_fetch::fetch(state, access, token),
        None => open_session_setup(state, false),
    }
}

fn open_lookup(state: &mut State) {
    state.screen = Screen::Lookup;
    state.overlay = None;
    state.lookup.reopen();
}

/// Opens the form for the credential in use, filled in as far as the session knows.
fn open_session_setup(state: &mut State, is_replacing: bool) -> Option<Effect> {
    let session = &state.session;
    let settings = &session.settings;
    let mut setup = Setup::adding(settings);
    if !session.is_demo() {
        if let Some(name) = &session.profile {
            setup = match settings.profile(name) {
                Some(profile) => Setup::changing(profile.clone(), is_replacing, settings),
                None => Setup::named(name),
            };
        }
        let kind = session.identity.as_ref().map(|identity| &identity.kind);
        setup.fill_in(kind, session.scope.as_ref());
    }
    if is_replacing {
        setup.focus = SetupField::Secret;
    }
    setup.is_replacing = is_replacing;
    setup.opener = Opener::Program;
    open_setup(state, setup)
}

/// Opens a form, and has the credential store tried out.
fn open_setup(state: &mut State, setup: Setup) -> Option<Effect> {
    if state.session.demo_only {
        state.tell(
            "The demo keeps nothing. Start tokenscope without --demo to set a credential up.",
        );
        return None;
    }
    let request = state.next_request();
    state.setup = setup;
    if state.screen == Screen::Browse {
        state.setup.repeat = Repeat::List;
    }
    state.setup.store.begin(request, state.clock.steady);
    state.screen = Screen::Setup;
    state.overlay = None;
    Some(Effect::ProbeStore { request })
}

/// Opens the profiles. What waits for nothing but its own screen is cancelled: a first look-up, and
/// the check of a form.
fn open_profiles(state: &mut State) -> Vec<Effect> {
    state.overlay = None;
    if state.screen == Screen::Profiles {
        return find_secrets(state).into_iter().collect();
    }
    let is_first = state.detail.token.value().is_none();
    let requests = [
        is_first.then(|| state.detail.token.cancel()).flatten(),
        state.setup.cancel(),
        state.picker.scopes.cancel(),
    ];
    // A form that the profiles led to is left; going back to it would lead in a circle.
    if state.screen == Screen::Setup && state.setup.opener == Opener::Profiles {
        state.setup = Setup::default();
    } else {
        state.before_profiles = state.screen;
        credential_switch::remember_external(state);
        let source = state.session.identity.as_ref().map(|it| it.source.clone());
        let settings = &state.session.settings;
        state.profiles.select(source.as_ref(), settings);
    }
    state.screen = Screen::Profiles;
    if requests.iter().any(Option::is_some) {
        state.tell("What was under way is cancelled.");
    }
    let mut effects: Vec<_> = requests.into_iter().flatten().map(Effect::Cancel).collect();
    effects.extend(find_secrets(state));
    effects
}

fn find_secrets(state: &mut State) -> Option<Effect> {
    let profiles = &state.session.settings.profiles;
    if state.session.demo_only || profiles.is_empty() {
        return None;
    }
    let profiles = profiles
        .iter()
        .map(|profile| profile.name.clone())
        .collect();
    let request = state.next_request();
    state.profiles.locations.begin(request, state.clock.steady);
    Some(Effect::FindSecrets { request, profiles })
}

fn change_profile(state: &mut State, name: String, is_removal: bool) -> Effect {
    let request = state.next_request();
    state.banner = None;
    state.profiles.change = Some(Change {
        request,
        name: name.clone(),
        is_removal,
    });
    if is_removal {
        Effect::RemoveProfile { request, name }
    } else {
        Effect::UseProfile { request, name }
    }
}

/// The profile in use is gone: with nothing to go on with and no profile left, the form opens.
fn remove_active(state: &mut State) -> Vec<Effect> {
    let screen = state.screen;
    let mut effects = credential_switch::remove_active(state);
    let session = &state.session;
    if session.identity.is_none() && session.settings.profiles.is_empty() {
        effects.extend(open_session_setup(state, false));
    } else if screen == Screen::Profiles {
        state.screen = screen;
    } else {
        open_lookup(state);
    }
    effects
}

fn pick_scope(state: &mut State, asker: CredentialRef) -> Option<Effect> {
    if token_fetch::is_asked_to_pause(state) {
        return None;
    }
    let request = state.next_request();
    let current = match state.screen {
        Screen::Setup => state.setup.scope_id.value(),
        _ => state.lookup.scope_id.value(),
    };
    state.picker = Picker {
        current: current.trim().to_ascii_lowercase(),
        ..Picker::default()
    };
    state.picker.scopes.begin(request, state.clock.steady);
    state.overlay = Some(Overlay::Picker);
    Some(Effect::ListScopes { request, asker })
}

fn use_scope(state: &mut State, scope: &Scope) {
    state.overlay = None;
    if state.screen == Screen::Setup {
        state.setup.use_scope(scope);
    } else {
        state.lookup.use_scope(scope);
        state.lookup.reopen();
    }
}
