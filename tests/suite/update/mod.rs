//! Transitions of the pure program: a state and a message give a state and effects.

mod all_profiles;
mod browse;
mod clock;
mod command;
mod detail;
mod errors;
mod export;
mod find;
mod help;
mod picker;
mod probe;
mod profiles;
mod properties;
mod setup;
mod terminal;
mod uses;
mod warnings;

use chrono::{DateTime, TimeDelta, Utc};
use tokenscope::action::{Action, Context, Input, Typed};
use tokenscope::app::message::{Effect, Message, Stage};
use tokenscope::app::state::{Overlay, Screen, Session, State};
use tokenscope::app::{Opening, start, update};
use tokenscope::domain::credential::{CredentialRef, Location};
use tokenscope::domain::failure::{Failure, FailureKind, Hint};
use tokenscope::domain::fetched::{Fetched, Remote, RequestId, Tokens};
use tokenscope::domain::profile::Settings;
use tokenscope::screens::setup::state::SetupButton::{Save, SaveUnchecked, SessionOnly};
use tokenscope::screens::setup::state::{Offers, Phase, SetupField};

use crate::support::app::{
    act, checked, complained, fetched, found, keys, look_up, looking_up, lookup, notice, paste,
    probed, request_of, tell, type_text,
};
use crate::support::assertions::assert_matches;
use crate::support::sessions::{account, failed, limited};
use crate::support::tokens::{ID, at, ending};

fn detail(expires_at: DateTime<Utc>) -> State {
    let (mut state, request) = looking_up();
    let effects = tell(
        &mut state,
        fetched(request, Ok(found(vec![ending(expires_at)]))),
    );
    assert_matches!(effects.as_slice(), [Effect::Remember(_)]);
    assert_eq!(state.screen, Screen::Detail);
    state
}

/// An open token while it is fetched again.
fn reloading() -> (State, RequestId) {
    let mut state = detail(at(99_999_999));
    let request = request_of(&act(&mut state, Action::Reload));
    (state, request)
}

fn answer(
    state: &mut State,
    request: RequestId,
    result: Result<Fetched<Tokens>, Failure>,
) -> Vec<Effect> {
    update(state, at(1), fetched(request, result))
}

#[test]
fn repeated_enter_fetches_an_id_once() {
    let mut state = lookup();
    type_text(&mut state, ID);
    let effects = act(&mut state, Action::Submit);
    assert_matches!(effects.as_slice(), [Effect::FetchToken { .. }]);
    assert_eq!(act(&mut state, Action::Submit), []);
}

#[test]
fn an_answer_to_a_cancelled_request_is_dropped() {
    let (mut state, request) = looking_up();
    assert_eq!(act(&mut state, Action::Back), [Effect::Cancel(request)]);
    let effects = answer(&mut state, request, Ok(found(vec![ending(at(99))])));
    assert_eq!(effects, []);
    assert_eq!(state.screen, Screen::Find);
    assert_eq!(state.detail.token, Remote::Idle);
}

#[test]
fn the_stage_of_a_request_redraws_only_if_it_is_visible() {
    let (mut state, request) = looking_up();
    assert_eq!(state.detail.stage, Stage::Credential);
    let staged = |request| Message::Staged {
        request,
        stage: Stage::Network,
    };
    update(&mut state, at(0), staged(request));
    assert_eq!(state.detail.stage, Stage::Network);
    assert!(state.changed);
    update(&mut state, at(0), staged(request));
    assert!(!state.changed);

    let (mut state, request) = reloading();
    assert_eq!(state.detail.stage, Stage::Credential);
    update(&mut state, at(0), staged(request));
    assert_eq!(state.detail.stage, Stage::Network);
    assert!(!state.changed);
}

#[test]
fn quitting_works_with_a_request_in_flight() {
    let mut state = lookup();
    type_text(&mut state, ID);
    act(&mut state, Action::Submit);
    act(&mut state, Action::Quit);
    assert!(state.quit);
}

#[test]
fn a_failed_reload_keeps_the_last_token_as_stale() {
    let (mut state, request) = reloading();
    answer(&mut state, request, failed(FailureKind::Server));
    assert!(matches!(state.detail.token, Remote::Stale { .. }));
    assert_eq!(
        state.banner.as_ref().unwrap().failure.kind,
        FailureKind::Server
    );
}

#[test]
fn a_repeated_error_only_increases_its_count() {
    let mut state = detail(at(99_999_999));
    for _ in 0..5 {
        let request = request_of(&act(&mut state, Action::Reload));
        answer(&mut state, request, failed(FailureKind::Permission));
        assert!(!state.detail.token.is_loading());
    }
    assert_eq!(state.banner.as_ref().unwrap().count, 5);
}

#[test]
fn a_rate_limit_stops_requests_and_reloading_continues_after_it() {
    let (mut state, request) = reloading();
    let limited = limited(200);
    answer(&mut state, request, Err(limited));
    assert_eq!(act(&mut state, Action::Reload), []);
    assert_eq!(update(&mut state, at(100), Message::Ticked), []);
    let effects = update(&mut state, at(201), Message::Ticked);
    assert_matches!(effects.as_slice(), [Effect::FetchToken { .. }]);
    assert_eq!(state.limited_until, None);
}

#[test]
fn a_token_reloads_every_minute_and_once_after_a_night() {
    let mut state = detail(at(99_999_999));
    assert_eq!(update(&mut state, at(59), Message::Ticked), []);
    let effects = update(&mut state, at(8 * 3600), Message::Ticked);
    assert_eq!(effects.len(), 1);
    assert_eq!(update(&mut state, at(8 * 3600 + 1), Message::Ticked), []);
}

#[test]
fn at_the_second_of_expiry_the_token_is_reloaded_and_the_bell_rings() {
    let mut state = detail(at(30));
    state.session.settings.bell = true;
    update(&mut state, at(29), Message::Ticked);
    let effects = update(&mut state, at(30), Message::Ticked);
    assert_matches!(
        effects.as_slice(),
        [Effect::RingBell, Effect::FetchToken { .. }]
    );
}

#[test]
fn the_screen_changes_once_a_second_during_a_countdown() {
    let mut state = detail(at(3600));
    let wake = state.wake_at().unwrap();
    update(&mut state, wake, Message::Ticked);
    assert!(state.changed);
    update(
        &mut state,
        wake + TimeDelta::milliseconds(200),
        Message::Ticked,
    );
    assert!(!state.changed, "the digits are the same within a second");
    assert!(state.wake_at().unwrap() - wake <= TimeDelta::seconds(1));
}

#[test]
fn several_tokens_of_one_name_give_a_choice() {
    let mut state = lookup();
    let request = look_up(&mut state, "CI");
    tell(
        &mut state,
        fetched(request, Ok(found(vec![ending(at(9)), ending(at(8))]))),
    );
    assert_eq!(state.overlay, Some(Overlay::Choice { selected: 0 }));
    let effects = act(&mut state, Action::Submit);
    assert_matches!(effects.as_slice(), [Effect::FetchToken { .. }]);
}

#[test]
fn a_missing_secret_leads_to_the_filled_setup_form() {
    let (mut state, request) = looking_up();
    let gone = failed(FailureKind::NoCredential);
    let effects = tell(&mut state, fetched(request, gone));
    assert_matches!(effects.as_slice(), [Effect::ProbeStore { .. }]);
    assert_eq!(state.context(), Context::SetupText);
    assert_eq!(state.setup.form.focus, SetupField::Secret);
    assert_eq!(state.setup.scope_id.value(), account().id());
}

#[test]
fn only_a_rejected_credential_can_be_reentered() {
    let (mut state, request) = reloading();
    answer(&mut state, request, failed(FailureKind::Server));
    assert_eq!(act(&mut state, Action::ReenterCredential), []);
    let request = request_of(&act(&mut state, Action::Reload));
    answer(&mut state, request, failed(FailureKind::Authentication));
    act(&mut state, Action::ReenterCredential);
    assert_eq!(state.screen, Screen::Setup);
    assert!(state.setup.is_replacing);
}

fn filled_form() -> State {
    let mut state = State::new(Session::default(), keys(), at(0), (100, 30));
    let request = request_of(&start(&mut state, Opening::Setup));
    update(
        &mut state,
        at(0),
        probed(request, Ok(Location::new("Secret Service"))),
    );
    update(&mut state, at(0), paste("\u{feff} tok_abc\r\n"));
    assert_eq!(
        act(&mut state, Action::Submit),
        [],
        "the scope is still missing"
    );
    assert_eq!(state.setup.form.focus, SetupField::ScopeId);
    type_text(&mut state, account().id());
    state
}

#[test]
fn nothing_is_stored_before_the_credential_has_been_checked() {
    let mut state = filled_form();
    let effects = act(&mut state, Action::Submit);
    let request = request_of(&effects);
    assert_matches!(effects[0], Effect::CheckCredential { asker: CredentialRef::Credential(credential), .. } if credential.secret.expose() == "tok_abc");
    let refused = failed(FailureKind::Authentication);
    assert_eq!(update(&mut state, at(1), checked(request, refused)), []);
    assert_eq!(state.setup.phase, Phase::Open);
    assert_eq!(state.setup.offers, Offers::default());
    assert_eq!(
        state.setup.form.focus,
        SetupField::Secret,
        "to enter it again"
    );
}

#[test]
fn a_checked_credential_is_saved_and_used() {
    let mut state = filled_form();
    let request = request_of(&act(&mut state, Action::Submit));
    let effects = update(&mut state, at(1), checked(request, Ok(())));
    let request = request_of(&effects);
    let saved = (Settings::default(), Some(Location::new("Secret Service")));
    update(
        &mut state,
        at(2),
        Message::ProfileSaved {
            request,
            result: Ok(saved),
        },
    );
    assert_eq!(state.screen, Screen::Find);
    assert_eq!(state.session.active.profile.as_deref(), Some("default"));
    assert!(
        state.setup.secret.secret().is_empty(),
        "the typed secret is dropped"
    );
}

#[test]
fn a_network_failure_offers_to_save_without_a_check() {
    let mut state = filled_form();
    let request = request_of(&act(&mut state, Action::Submit));
    update(
        &mut state,
        at(1),
        checked(request, failed(FailureKind::Network)),
    );
    assert!(state.setup.offers.unchecked);
    assert_eq!(state.setup.form.focus, SetupField::Button(Save));
    act(&mut state, Action::NextField);
    assert_eq!(state.setup.form.focus, SetupField::Button(SaveUnchecked));
    let effects = act(&mut state, Action::Submit);
    assert_matches!(effects.as_slice(), [Effect::SaveProfile { .. }]);
}

#[test]
fn a_failed_save_keeps_the_form_and_offers_the_session() {
    let mut state = filled_form();
    let request = request_of(&act(&mut state, Action::Submit));
    let effects = update(&mut state, at(1), checked(request, Ok(())));
    let request = request_of(&effects);
    let result = failed(FailureKind::Keyring);
    update(&mut state, at(2), Message::ProfileSaved { request, result });
    assert_eq!(state.setup.secret.secret().expose(), "tok_abc");
    assert_eq!(state.setup.form.focus, SetupField::Button(SessionOnly));
    let request = request_of(&act(&mut state, Action::Submit));
    let effects = update(&mut state, at(3), checked(request, Ok(())));
    assert_matches!(
        effects.as_slice(),
        [Effect::HoldCredential(_), Effect::ListTokens { .. }]
    );
    assert_eq!(state.screen, Screen::Find);
}

#[test]
fn an_invalid_character_in_a_secret_is_a_complaint_without_a_request() {
    let mut state = filled_form();
    state.setup.form.focus = SetupField::Secret;
    type_text(&mut state, "ü");
    assert_eq!(act(&mut state, Action::Submit), []);
    assert_eq!(complained(&state), SetupField::Secret);
}

#[test]
fn a_paste_outside_of_a_field_does_nothing() {
    let mut state = detail(at(99));
    let effects = update(&mut state, at(1), paste("q\nq"));
    assert_eq!(effects, []);
    assert!(!state.quit);
}

#[test]
fn a_paste_of_ten_thousand_characters_is_refused_with_a_notice() {
    let mut state = lookup();
    update(&mut state, at(0), paste(&"x".repeat(10_000)));
    assert_eq!(state.find.token.value(), "");
    assert!(state.notice.is_some());
}

#[test]
fn debug_of_messages_shows_no_secret_or_typed_letter() {
    let typed = format!("{:?}", Message::Input(Input::Type(Typed('q'))));
    let pasted = format!("{:?}", paste("canary"));
    assert!(
        !typed.contains('q') && !pasted.contains("canary"),
        "{typed} {pasted}"
    );
}

#[test]
fn the_raw_json_is_searched_while_typing() {
    let mut state = detail(at(99_999_999));
    act(&mut state, Action::ToggleRaw);
    act(&mut state, Action::Search);
    assert_eq!(state.context(), Context::RawText);
    type_text(&mut state, "duration");
    act(&mut state, Action::Submit);
    assert_eq!(state.context(), Context::Raw);
    act(&mut state, Action::Back);
    assert_eq!(
        state.context(),
        Context::Raw,
        "the first Esc ends the search"
    );
    act(&mut state, Action::Back);
    assert_eq!(state.context(), Context::Detail);
    act(&mut state, Action::Back);
    assert_eq!(state.screen, Screen::Find);
}

#[test]
fn the_notice_after_copying_names_the_field() {
    let mut state = detail(at(99_999_999));
    let mut fields = state.detail.fields().iter();
    state.detail.selected = fields.position(|field| field.key == "id").unwrap();
    assert_eq!(
        act(&mut state, Action::CopyField),
        [Effect::Copy {
            what: "the ID".to_owned(),
            text: ID.to_owned()
        }]
    );
    assert_eq!(notice(&state), "Copying the ID …");
}

#[test]
fn leaving_a_token_empties_the_field_and_a_failed_lookup_keeps_its_text() {
    let mut state = detail(at(99_999_999));
    act(&mut state, Action::Find);
    assert_eq!(state.find.token.value(), "");
    let request = look_up(&mut state, "misspelt");
    answer(&mut state, request, failed(FailureKind::NotFound));
    assert_eq!(state.find.token.value(), "misspelt");
}

// ---------------------------------------------------------------------- typing during a lookup

/// A pending lookup while the next reference is being typed.
fn typing_during_lookup() -> (State, RequestId) {
    let (mut state, request) = looking_up();
    type_text(&mut state, "q");
    (state, request)
}

#[test]
fn an_answer_does_not_interrupt_typing() {
    let (mut state, request) = typing_during_lookup();
    let effects = answer(&mut state, request, Ok(found(vec![ending(at(99))])));
    assert!(matches!(effects.as_slice(), [Effect::Remember(_)]));
    assert_eq!(
        (state.screen, state.context()),
        (Screen::Find, Context::FindText)
    );
    assert_eq!(state.find.token.value(), format!("{ID}q"));
    assert_eq!(notice(&state), "CI loaded; see Recent.");
    // Among the recent lookups it opens like any other.
    act(&mut state, Action::NextField);
    let request = request_of(&act(&mut state, Action::Submit));
    answer(&mut state, request, Ok(found(vec![ending(at(99))])));
    assert_eq!(state.screen, Screen::Detail);
}

#[test]
fn several_matches_and_a_missing_secret_do_not_interrupt_typing() {
    let (mut state, request) = typing_during_lookup();
    let several = found(vec![ending(at(99)), ending(at(98))]);
    assert_eq!(answer(&mut state, request, Ok(several)), []);
    assert_eq!(state.overlay, None);
    assert!(notice(&state).starts_with("2 tokens are called"));

    let (mut state, request) = typing_during_lookup();
    let gone = failed(FailureKind::NoCredential);
    assert_eq!(answer(&mut state, request, gone), []);
    assert_eq!(state.context(), Context::FindText);
    assert!(state.banner.is_some());
}

#[test]
fn an_answer_opens_the_token_if_nothing_was_typed_since() {
    let (mut state, request) = typing_during_lookup();
    act(&mut state, Action::Back);
    assert_eq!(
        answer(&mut state, request, Ok(found(vec![ending(at(99))]))),
        []
    );
    assert_eq!(state.screen, Screen::Find);
    let request = request_of(&act(&mut state, Action::Submit));
    answer(&mut state, request, Ok(found(vec![ending(at(99))])));
    assert_eq!(state.screen, Screen::Detail);
    assert_eq!(state.find.token.value(), "");
}

#[test]
fn a_late_reload_does_not_return_to_its_screen() {
    let (mut state, request) = reloading();
    act(&mut state, Action::Find);
    answer(&mut state, request, Ok(found(vec![ending(at(99))])));
    assert_eq!(state.screen, Screen::Find);
    assert_eq!(notice(&state), "");
}

#[test]
fn enter_on_another_token_replaces_the_pending_lookup() {
    let (mut state, first) = typing_during_lookup();
    let effects = act(&mut state, Action::Submit);
    assert_eq!(effects[0], Effect::Cancel(first));
    let second = request_of(&effects[1..]);
    assert_ne!(first, second);
    // The same token is not looked up again.
    assert_eq!(act(&mut state, Action::Submit), []);
    assert_eq!(
        answer(&mut state, first, Ok(found(vec![ending(at(99))]))),
        []
    );
    assert_eq!(state.screen, Screen::Find);
    answer(&mut state, second, Ok(found(vec![ending(at(99))])));
    assert_eq!(state.screen, Screen::Detail);
}

#[test]
fn a_reload_in_the_background_is_shown_and_gives_way_to_a_lookup() {
    let mut state = detail(at(99_999_999));
    let refresh = request_of(&act(&mut state, Action::Reload));
    act(&mut state, Action::Find);
    let next = state.wake_at().unwrap();
    assert!(next - state.clock.local < TimeDelta::seconds(1), "{next}");
    type_text(&mut state, "another");
    let effects = act(&mut state, Action::Submit);
    assert_eq!(effects[0], Effect::Cancel(refresh));
    assert_eq!(effects.len(), 2);
}

#[test]
fn a_form_left_during_its_check_does_not_return() {
    for leave in [Action::Find, Action::Browse] {
        let mut state = lookup();
        state.session.settings.profiles = vec![];
        let effects = refuse(&mut state);
        assert!(matches!(effects.as_slice(), [Effect::ProbeStore { .. }]));
        type_text(&mut state, "tok");
        let check = request_of(&act(&mut state, Action::Submit));
        assert_eq!(act(&mut state, leave)[0], Effect::Cancel(check));
        let screen = state.screen;
        let late = checked(check, Ok(()));
        assert_eq!(update(&mut state, at(2), late), []);
        assert_eq!(state.screen, screen);
        assert_eq!(state.setup.phase, Phase::Open);
    }
}

/// Fails a lookup as unauthorised, and opens the form to re-enter the credential.
fn refuse(state: &mut State) -> Vec<Effect> {
    type_text(state, ID);
    let request = request_of(&act(state, Action::Submit));
    answer(state, request, failed(FailureKind::Authentication));
    act(state, Action::ReenterCredential)
}

#[test]
fn a24_the_form_sends_nothing_during_a_rate_limit() {
    let mut state = lookup();
    refuse(&mut state);
    let request = look_up(&mut state, "tok");
    let limited = limited(3_600);
    update(&mut state, at(1), checked(request, Err(limited)));
    for _ in 0..4 {
        assert_eq!(act(&mut state, Action::Submit), []);
        assert_eq!(state.setup.phase, Phase::Open);
    }
    assert!(
        notice(&state).ends_with("Retry in 1 h."),
        "{}",
        notice(&state)
    );
    (state.clock.local, state.clock.steady) = (at(3_602), at(3_602));
    request_of(&act(&mut state, Action::Submit));
}

// ------------------------------------------------------------------------ screens without a countdown

/// The number of seconds for which the screen stays the same.
fn seconds_unchanged(state: &mut State) -> Option<f64> {
    let now = state.clock.local;
    update(
        state,
        now,
        Message::Input(Input::Resize(state.size.0, state.size.1)),
    );
    let mut still = state.clone();
    // An earlier wake-up must draw nothing.
    for _ in 0..10 {
        let wake = still.wake_at()?;
        update(&mut still, wake, Message::Ticked);
        if still.changed {
            let waited = wake.signed_duration_since(now);
            return Some(waited.as_seconds_f64());
        }
    }
    None
}

#[test]
fn c21_a_screen_without_a_countdown_is_drawn_at_most_once_a_minute() {
    let mut state = detail(at(99_999_999));
    state.session.settings.refresh_seconds = 0;
    assert!(seconds_unchanged(&mut state).unwrap() <= 1.0);
    act(&mut state, Action::ToggleRaw);
    assert_eq!(seconds_unchanged(&mut state), Some(60.0));
    act(&mut state, Action::ToggleRaw);
    act(&mut state, Action::Help);
    assert_eq!(seconds_unchanged(&mut state), Some(60.0));
    act(&mut state, Action::Help);
    state.size = (39, 10);
    assert_eq!(seconds_unchanged(&mut state), None);
}

#[test]
fn a_token_that_expires_behind_its_json_is_reloaded_at_that_second() {
    let mut state = detail(at(10));
    state.session.settings.refresh_seconds = 0;
    state.session.settings.bell = true;
    act(&mut state, Action::ToggleRaw);
    assert_eq!(state.wake_at(), Some(at(10)));
    let effects = update(&mut state, at(10), Message::Ticked);
    assert_matches!(
        effects.as_slice(),
        [Effect::RingBell, Effect::FetchToken { .. }]
    );
}

#[test]
fn a_hanging_reload_counts_its_seconds_behind_the_json() {
    let mut state = detail(at(99_999_999));
    act(&mut state, Action::ToggleRaw);
    request_of(&act(&mut state, Action::Reload));
    assert_eq!(seconds_unchanged(&mut state), Some(1.0));
}

#[test]
fn no_command_acts_on_a_terminal_that_is_too_small() {
    let mut state = detail(at(99_999_999));
    state.size = (39, 30);
    for action in [
        Action::Browse,
        Action::Profiles,
        Action::Reload,
        Action::ToggleRaw,
        Action::Back,
        Action::CopyJson,
    ] {
        assert_eq!(act(&mut state, action), [], "{action:?}");
        assert_eq!((state.screen, state.overlay), (Screen::Detail, None));
    }
    assert_eq!(act(&mut state, Action::Suspend), [Effect::Suspend]);
    assert_eq!(act(&mut state, Action::Redraw), [Effect::Redraw]);
    act(&mut state, Action::Quit);
    assert!(state.quit);
}

// ------------------------------------------------------------------------------------------ notices

#[test]
fn a20_a_scope_that_returned_tokens_is_not_doubted() {
    let refused = || {
        let mut hint = Hint::from("Look for its name in the list.");
        hint.scope_doubt = Some(account().kind());
        Failure::new(FailureKind::NotFound, "No such service token.", hint)
    };
    let hint = |state: &State| state.banner.as_ref().unwrap().failure.hint.to_string();
    let (mut state, request) = looking_up();
    answer(&mut state, request, Err(refused()));
    assert!(
        hint(&state).ends_with("choose zone instead."),
        "{}",
        hint(&state)
    );

    let (mut state, request) = reloading();
    answer(&mut state, request, Err(refused()));
    assert_eq!(hint(&state), "Look for its name in the list.");
}

#[test]
fn failure_to_remember_lookups_is_reported_once() {
    let mut state = detail(at(99_999_999));
    let full = || {
        let failure = Failure::new(FailureKind::Config, "The disk is full.", "Make room.");
        Message::NotRemembered(failure)
    };
    update(&mut state, at(0), full());
    assert_eq!(
        notice(&state),
        "Look-ups are not remembered: The disk is full."
    );
    assert_eq!(state.banner, None);
    state.notice = None;
    update(&mut state, at(0), full());
    assert_eq!(state.notice, None);
}
