//! When an error disappears: with the text that caused it, or with its screen.

use tokenscope::action::Action;
use tokenscope::app::message::Effect;
use tokenscope::app::state::{Screen, Session, State};
use tokenscope::domain::failure::FailureKind;

use crate::support::app::{
    act, demo_opened, fetched, looking_up, lookup, opened, request_of, tell, type_text,
};
use crate::support::sessions::{account, demo_access, failed};

/// Find after a failed lookup.
fn failed_lookup() -> State {
    let (mut state, request) = looking_up();
    tell(&mut state, fetched(request, failed(FailureKind::NotFound)));
    assert!(state.banner.is_some());
    state
}

#[test]
fn an_error_disappears_when_its_screen_is_left() {
    let mut state = failed_lookup();
    let screen = state.screen;
    act(&mut state, Action::Profiles);
    assert_ne!(state.screen, screen);
    assert_eq!(state.banner, None);
}

#[test]
fn an_error_stays_while_its_screen_does() {
    let mut state = failed_lookup();
    act(&mut state, Action::Help);
    act(&mut state, Action::Back);
    assert!(state.banner.is_some());
}

#[test]
fn typing_in_the_field_that_caused_an_error_clears_it() {
    let mut state = failed_lookup();
    if state.screen != Screen::Find {
        act(&mut state, Action::Find);
        fail_again(&mut state);
    }
    act(&mut state, Action::Edit);
    type_text(&mut state, "x");
    assert_eq!(state.banner, None);
}

/// Causes the error once more, on the screen in front.
fn fail_again(state: &mut State) {
    let request = request_of(&act(state, Action::Submit));
    tell(state, fetched(request, failed(FailureKind::NotFound)));
}

fn open_demo(state: &mut State) {
    let request = request_of(&act(state, Action::OpenDemo));
    tell(state, demo_opened(request, Ok(demo_access(account()))));
    assert!(state.session.is_demo());
}

#[test]
fn the_key_that_opens_the_demo_leaves_it() {
    let mut state = lookup();
    let before = state.session.active.clone();
    open_demo(&mut state);
    let effects = act(&mut state, Action::OpenDemo);
    assert!(effects.contains(&Effect::LoadRecents), "{effects:?}");
    assert_eq!(state.session.active, before);
    assert_eq!(state.screen, Screen::Find);
}

#[test]
fn without_a_credential_leaving_the_demo_leads_to_setup() {
    let mut state = opened(Session::default());
    open_demo(&mut state);
    act(&mut state, Action::OpenDemo);
    assert_eq!(state.session.active.identity, None);
    assert_eq!(state.screen, Screen::Setup);
}

#[test]
fn a_demo_only_program_cannot_leave_the_demo() {
    let mut state = lookup();
    open_demo(&mut state);
    state.session.demo_only = true;
    assert_eq!(act(&mut state, Action::OpenDemo), []);
    assert!(state.session.is_demo());
}
