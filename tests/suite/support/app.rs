//! The pure program as a user drives it: actions, typing, and answers to its requests.

use std::sync::Arc;
use std::time::Duration;

use tokenscope::action::{Action, Input, Typed};
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::state::{Session, State};
use tokenscope::app::{Opening, start, update};
use tokenscope::domain::credential::{Access, Location, Secret, VisibleScopes};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::fetched::{Fetched, RequestId, Tokens};
use tokenscope::domain::profile::Settings;
use tokenscope::domain::token::ServiceToken;
use tokenscope::keymap::Keymap;

use tokenscope::screens::setup::state::SetupField;

use super::sessions::session;
use super::tokens::{ID, now};

pub(crate) fn keys() -> Arc<Keymap> {
    Arc::new(Keymap::built_in().unwrap())
}

/// Find with the default profile.
pub(crate) fn lookup() -> State {
    opened(session())
}

/// Find after the list of tokens, if it was requested, has been refused.
pub(crate) fn opened(session: Session) -> State {
    let (mut state, request) = finding(session);
    if let Some(request) = request {
        let refusal = Failure::new(FailureKind::Permission, "No list.", "Do without.");
        assert_eq!(tell(&mut state, list_fetched(request, Err(refusal))), []);
    }
    state
}

/// Find with the pending request for the list of tokens.
pub(crate) fn finding(session: Session) -> (State, Option<RequestId>) {
    let mut state = State::new(session, keys(), now(), (100, 30));
    let effects = start(&mut state, Opening::Find);
    let request = effects.iter().find_map(request_in);
    (state, request)
}

/// Passes a message at the current time of the state.
pub(crate) fn tell(state: &mut State, message: Message) -> Vec<Effect> {
    let now = state.clock.local;
    update(state, now, message)
}

pub(crate) fn act(state: &mut State, action: Action) -> Vec<Effect> {
    tell(state, Message::Input(Input::Act(action)))
}

pub(crate) fn type_text(state: &mut State, text: &str) {
    for character in text.chars() {
        assert_eq!(
            tell(state, Message::Input(Input::Type(Typed(character)))),
            []
        );
    }
}

/// Types into the filter or the search of the screen.
pub(crate) fn search(state: &mut State, text: &str) {
    act(state, Action::Search);
    type_text(state, text);
}

/// Types a reference and submits it.
#[track_caller]
pub(crate) fn look_up(state: &mut State, text: &str) -> RequestId {
    type_text(state, text);
    request_of(&act(state, Action::Submit))
}

/// Find with a pending lookup.
pub(crate) fn looking_up() -> (State, RequestId) {
    let mut state = lookup();
    let request = look_up(&mut state, ID);
    (state, request)
}

/// The request that an effect starts.
pub(crate) fn request_in(effect: &Effect) -> Option<RequestId> {
    match effect {
        Effect::FetchToken { request, .. }
        | Effect::ListTokens { request, .. }
        | Effect::ListScopes { request, .. }
        | Effect::ReadAccess { request, .. }
        | Effect::Probe { request, .. }
        | Effect::MeasureClock { request, .. }
        | Effect::FindSecrets { request, .. }
        | Effect::UseProfile { request, .. }
        | Effect::RemoveProfile { request, .. }
        | Effect::CheckCredential { request, .. }
        | Effect::SaveProfile { request, .. }
        | Effect::ProbeStore { request }
        | Effect::ListProfiles { request, .. }
        | Effect::WriteList { request, .. }
        | Effect::OpenDemo { request } => Some(*request),
        Effect::HoldCredential(_)
        | Effect::ForgetPrinted { .. }
        | Effect::NameScope { .. }
        | Effect::LoadRecents
        | Effect::Remember(_)
        | Effect::SearchJson { .. }
        | Effect::Copy { .. }
        | Effect::OpenUrl(_)
        | Effect::RingBell
        | Effect::Notify(_)
        | Effect::Suspend
        | Effect::Redraw
        | Effect::Cancel(_) => None,
    }
}

/// The request that the only effect starts.
#[track_caller]
pub(crate) fn request_of(effects: &[Effect]) -> RequestId {
    assert_eq!(effects.len(), 1, "{effects:?}");
    started(effects)
}

/// The only request among effects.
#[track_caller]
pub(crate) fn started(effects: &[Effect]) -> RequestId {
    let requests: Vec<RequestId> = effects.iter().filter_map(request_in).collect();
    assert_eq!(requests.len(), 1, "{effects:?}");
    requests[0]
}

/// Tokens found by a lookup in the account.
pub(crate) fn found(tokens: Vec<Arc<ServiceToken>>) -> Fetched<Tokens> {
    Fetched::new(tokens, Duration::from_millis(84))
}

/// A complete list.
pub(crate) fn listed(tokens: Vec<Arc<ServiceToken>>) -> Fetched<Tokens> {
    Fetched {
        announced: Some(tokens.len()),
        ..found(tokens)
    }
}

/// The field of the form that has a complaint.
#[track_caller]
pub(crate) fn complained(state: &State) -> SetupField {
    state.setup.form.complaint.as_ref().unwrap().0
}

pub(crate) fn notice(state: &State) -> &str {
    state.notice.as_ref().map_or("", |notice| &notice.text)
}

// Messages as events and answers send them.

pub(crate) fn press(action: Action) -> Message {
    Message::Input(Input::Act(action))
}

pub(crate) fn paste(text: &str) -> Message {
    Message::Input(Input::Paste(Secret::new(text.to_owned())))
}

pub(crate) fn fetched(request: RequestId, result: Result<Fetched<Tokens>, Failure>) -> Message {
    Message::TokenFetched { request, result }
}

pub(crate) fn list_fetched(
    request: RequestId,
    result: Result<Fetched<Tokens>, Failure>,
) -> Message {
    Message::TokensListed { request, result }
}

pub(crate) fn checked(request: RequestId, result: Result<(), Failure>) -> Message {
    let result = result.map(|()| 1);
    Message::CredentialChecked { request, result }
}

pub(crate) fn probed(request: RequestId, result: Result<Location, Failure>) -> Message {
    Message::StoreProbed { request, result }
}

pub(crate) fn scopes_listed(request: RequestId, result: Result<VisibleScopes, Failure>) -> Message {
    Message::ScopesListed { request, result }
}

pub(crate) fn demo_opened(request: RequestId, result: Result<Access, Failure>) -> Message {
    Message::DemoOpened { request, result }
}

pub(crate) fn profiles_changed(request: RequestId, result: Result<Settings, Failure>) -> Message {
    Message::ProfilesChanged { request, result }
}

pub(crate) fn saved(request: RequestId, result: Result<(Settings, Location), Failure>) -> Message {
    let result = result.map(|(settings, location)| (settings, Some(location)));
    Message::ProfileSaved { request, result }
}
