//! Carries out what the screens ask for: moving between screens, and keeping the session in step.
//!
//! Not here: keys, or what a screen does within itself.

use super::browsing;
use super::detail::Detail;
use super::effect::Effect;
use super::fetching;
use super::field::TextField;
use super::setup::{Phase, Repeat, Setup};
use super::state::{Screen, Session, State};
use super::step::Step;
use crate::domain::access::{Access, Identity};
use crate::domain::credential::CredentialKind;
use crate::domain::failure::Failure;
use crate::domain::scope::Scope;
use crate::domain::token::TokenRef;

/// Carries out steps in their order.
pub(super) fn perform(state: &mut State, steps: Vec<Step>) -> Vec<Effect> {
    let mut effects = Vec::new();
    for step in steps {
        effects.extend(drop_listing(state, &step));
        effects.extend(perform_one(state, step));
    }
    effects
}

/// A list of another scope, or of another credential, goes before anything comes in its place.
fn drop_listing(state: &mut State, step: &Step) -> Option<Effect> {
    let is_outdated = match step {
        Step::Enter { .. } => true,
        Step::OpenBrowse => browsing::opens_another(state),
        _ => false,
    };
    let request = is_outdated.then(|| state.browse.clear()).flatten();
    request.map(Effect::Cancel)
}

fn perform_one(state: &mut State, step: Step) -> Option<Effect> {
    match step {
        Step::Run(effect) => return Some(effect),
        Step::Tell(text) => state.tell(text),
        Step::Report(failure) => state.report(failure),
        Step::Copy(text) => return copy(state, text),
        Step::LookUp { token, scope } => return look_up(state, token, &scope),
        Step::Fetch { access, token } => return fetching::fetch(state, access, token),
        Step::Refresh => return fetching::refresh(state),
        Step::OpenLookup => open_lookup(state),
        Step::OpenBrowse => return open_browse(state),
        Step::ListAgain => return browsing::list(state),
        Step::OpenRow(token) => return browsing::open_row(state, token),
        Step::DropLookUp => return state.detail.token.cancel().map(Effect::Cancel),
        Step::OpenProfiles => state.screen = Screen::Profiles,
        Step::OpenSetup { is_replacing } => return open_setup(state, is_replacing),
        Step::Check {
            credential,
            scope,
            session_only,
        } => {
            let request = state.next_request();
            state.banner = None;
            state.setup.phase = Phase::Checking {
                request,
                session_only,
            };
            return Some(Effect::CheckCredential {
                request,
                credential,
                scope,
            });
        }
        Step::Save {
            profile,
            credential,
        } => {
            let request = state.next_request();
            state.banner = None;
            state.setup.phase = Phase::Saving { request };
            return Some(Effect::SaveProfile {
                request,
                profile,
                credential,
            });
        }
        Step::Enter {
            identity,
            profile,
            scope,
        } => return enter(state, identity, profile, scope),
    }
    None
}

fn copy(state: &mut State, text: Option<String>) -> Option<Effect> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        state.tell("Nothing to copy: the API did not report it.");
        return None;
    };
    state.tell(format!("Sent to the terminal's clipboard: {text}"));
    Some(Effect::Copy(text))
}

fn look_up(state: &mut State, token: TokenRef, scope: &Scope) -> Option<Effect> {
    match state.session.access(scope) {
        Some(access) => fetching::fetch(state, access, token),
        None => open_setup(state, false),
    }
}

/// Without a credential there is nothing to list; a form that is being filled in stays as it is.
fn open_browse(state: &mut State) -> Option<Effect> {
    match (&state.session.identity, state.screen) {
        (Some(_), _) => browsing::open(state),
        (None, Screen::Setup) => {
            state.tell("The list of all tokens needs a credential first.");
            None
        }
        (None, _) => open_setup(state, false),
    }
}

fn open_lookup(state: &mut State) {
    state.screen = Screen::Lookup;
    state.overlay = None;
    state.lookup.reopen();
}

/// Opens the form, filled in as far as the session knows, and has the credential store tried out.
fn open_setup(state: &mut State, is_replacing: bool) -> Option<Effect> {
    if state.session.demo_only {
        state.tell(
            "The demo keeps nothing. Start tokenscope without --demo to set a credential up.",
        );
        return None;
    }
    let request = state.next_request();
    state.setup = prefilled(&state.session);
    state.setup.is_replacing = is_replacing;
    if state.screen == Screen::Browse {
        state.setup.repeat = Repeat::List;
    }
    state.setup.store.begin(request, state.clock.local);
    state.screen = Screen::Setup;
    state.overlay = None;
    Some(Effect::ProbeStore { request })
}

fn prefilled(session: &Session) -> Setup {
    let mut setup = Setup::default();
    if session.is_demo() {
        return setup;
    }
    if let Some(name) = &session.profile {
        setup.name = TextField::with(name);
    }
    if let Some(CredentialKind::GlobalKey { email }) =
        session.identity.as_ref().map(|identity| &identity.kind)
    {
        setup.is_global_key = true;
        setup.email = TextField::with(email);
    }
    if let Some(scope) = &session.scope {
        setup.scope_kind = scope.kind();
        setup.scope_id = TextField::with(scope.id());
    }
    setup
}

/// Goes on with a credential that works: to the look-up that failed for want of it, or to a new one.
fn enter(
    state: &mut State,
    identity: Identity,
    profile: Option<String>,
    scope: Scope,
) -> Option<Effect> {
    let (wants_repeat, repeat) = (state.setup.is_replacing, state.setup.repeat);
    let origin = profile
        .as_ref()
        .map_or_else(|| "typed in".to_owned(), |name| format!("profile {name}"));
    if profile.is_none() {
        state.session.store = None;
    }
    state.session.profile = profile;
    use_access(state, Access { identity, scope }, origin);
    state.setup = Setup::default();
    open_lookup(state);
    if wants_repeat && repeat == Repeat::List {
        browsing::open(state)
    } else if wants_repeat {
        fetching::repeat(state)
    } else {
        None
    }
}

fn use_access(state: &mut State, access: Access, origin: String) {
    state.lookup.use_scope(&access.scope);
    state.session.identity = Some(access.identity);
    state.session.scope = Some(access.scope);
    state.session.scope_origin = origin;
    state.banner = None;
    state.limited_until = None;
}

/// The embedded demo runs: nothing of what was in view before stays.
pub(super) fn enter_demo(state: &mut State, result: Result<Access, Failure>) -> Option<Effect> {
    let access = match result {
        Ok(access) => access,
        Err(failure) => {
            state.report(failure);
            return None;
        }
    };
    state.session.profile = None;
    state.session.store = None;
    state.notice = None;
    state.detail = Detail::default();
    state.lookup.recents.clear();
    use_access(state, access.clone(), "the demo".to_owned());
    let wants_token = state.screen == Screen::Detail;
    open_lookup(state);
    if !wants_token {
        return None;
    }
    let token = TokenRef::parse(state.lookup.token.value()).ok()?;
    state.screen = Screen::Detail;
    fetching::fetch(state, access, token)
}
