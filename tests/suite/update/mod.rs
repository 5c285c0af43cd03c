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

/// A token in view that is fetched again.
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
fn an_id_is_fetched_once_however_often_enter_is_pressed() {
    let mut state = lookup();
    type_text(&mut state, ID);
    let effects = act(&mut state, Action::Submit);
    assert_matches!(effects.as_slice(), [Effect::FetchToken { .. }]);
    assert_eq!(act(&mut state, Action::Submit), []);
}

#[test]
fn an_answer_that_nobody_waits_for_is_dropped() {
    let (mut state, request) = looking_up();
    assert_eq!(act(&mut state, Action::Back), [Effect::Cancel(request)]);
    let effects = answer(&mut state, request, Ok(found(vec![ending(at(99))])));
    assert_eq!(effects, []);
    assert_eq!(state.screen, Screen::Find);
    assert_eq!(state.detail.token, Remote::Idle);
}

#[test]
fn a_request_waits_for_the_keyring_first_and_is_drawn_again_only_where_that_shows() {
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
fn a_failed_reload_keeps_the_last_good_token_as_stale() {
    let (mut state, request) = reloading();
    answer(&mut state, request, failed(FailureKind::Server));
    assert!(matches!(state.detail.token, Remote::Stale { .. }));
    assert_eq!(
        state.banner.as_ref().unwrap().failure.kind,
        FailureKind::Server
    );
}

#[test]
fn the_same_error_again_only_counts_up() {
    let mut state = detail(at(99_999_999));
    for _ in 0..5 {
        let request = request_of(&act(&mut state, Action::Reload));
        answer(&mut state, request, failed(FailureKind::Permission));
        assert!(!state.detail.token.is_loading());
    }
    assert_eq!(state.banner.as_ref().unwrap().count, 5);
}

#[test]
fn nothing_is_sent_while_the_api_wants_a_pause_and_reloading_goes_on_after_it() {
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
fn a_token_is_fetched_again_every_minute_and_once_after_a_night() {
    let mut state = detail(at(99_999_999));
    assert_eq!(update(&mut state, at(59), Message::Ticked), []);
    let effects = update(&mut state, at(8 * 3600), Message::Ticked);
    assert_eq!(effects.len(), 1);
    assert_eq!(update(&mut state, at(8 * 3600 + 1), Message::Ticked), []);
}

#[test]
fn at_the_second_of_expiry_the_token_is_fetched_once_more_and_the_bell_rings() {
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
fn the_screen_changes_once_a_second_while_a_countdown_runs() {
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
fn a_secret_that_is_gone_leads_to_the_form_with_everything_else_filled_in() {
    let (mut state, request) = looking_up();
    let gone = failed(FailureKind::NoCredential);
    let effects = tell(&mut state, fetched(request, gone));
    assert_matches!(effects.as_slice(), [Effect::ProbeStore { .. }]);
    assert_eq!(state.context(), Context::SetupText);
    assert_eq!(state.setup.form.focus, SetupField::Secret);
    assert_eq!(state.setup.scope_id.value(), account().id());
}

#[test]
fn only_a_refused_credential_can_be_typed_again() {
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
        "the scope is missing yet"
    );
    assert_eq!(state.setup.form.focus, SetupField::ScopeId);
    type_text(&mut state, account().id());
    state
}

#[test]
fn nothing_is_stored_before_the_api_let_the_credential_read() {
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
fn a_wrong_character_in_a_secret_is_a_complaint_and_no_request() {
    let mut state = filled_form();
    state.setup.form.focus = SetupField::Secret;
    type_text(&mut state, "ü");
    assert_eq!(act(&mut state, Action::Submit), []);
    assert_eq!(complained(&state), SetupField::Secret);
}

#[test]
fn a_paste_outside_a_field_does_nothing() {
    let mut state = detail(at(99));
    let effects = update(&mut state, at(1), paste("q\nq"));
    assert_eq!(effects, []);
    assert!(!state.quit);
}

#[test]
fn a_paste_of_ten_thousand_characters_is_refused_with_a_message() {
    let mut state = lookup();
    update(&mut state, at(0), paste(&"x".repeat(10_000)));
    assert_eq!(state.find.token.value(), "");
    assert!(state.notice.is_some());
}

#[test]
fn a_secret_or_a_typed_letter_never_prints() {
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
fn copying_names_what_was_sent() {
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
fn the_next_look_up_starts_from_an_empty_field_and_a_failed_one_keeps_its_text() {
    let mut state = detail(at(99_999_999));
    act(&mut state, Action::Find);
    assert_eq!(state.find.token.value(), "");
    let request = look_up(&mut state, "misspelt");
    answer(&mut state, request, failed(FailureKind::NotFound));
    assert_eq!(state.find.token.value(), "misspelt");
}

// ---------------------------------------------------------------------- typing while it is fetched

/// A look-up under way, and the next one being typed.
fn typing_on() -> (State, RequestId) {
    let (mut state, request) = looking_up();
    type_text(&mut state, "q");
    (state, request)
}

#[test]
fn an_answer_does_not_take_the_field_that_is_typed_in() {
    let (mut state, request) = typing_on();
    let effects = answer(&mut state, request, Ok(found(vec![ending(at(99))])));
    assert!(matches!(effects.as_slice(), [Effect::Remember(_)]));
    assert_eq!(
        (state.screen, state.context()),
        (Screen::Find, Context::FindText)
    );
    assert_eq!(state.find.token.value(), format!("{ID}q"));
    assert_eq!(notice(&state), "CI loaded; see Recent.");
    // There it is opened as any other.
    act(&mut state, Action::NextField);
    let request = request_of(&act(&mut state, Action::Submit));
    answer(&mut state, request, Ok(found(vec![ending(at(99))])));
    assert_eq!(state.screen, Screen::Detail);
}

#[test]
fn several_answers_and_a_lost_secret_do_not_take_it_either() {
    let (mut state, request) = typing_on();
    let several = found(vec![ending(at(99)), ending(at(98))]);
    assert_eq!(answer(&mut state, request, Ok(several)), []);
    assert_eq!(state.overlay, None);
    assert!(notice(&state).starts_with("2 tokens are called"));

    let (mut state, request) = typing_on();
    let gone = failed(FailureKind::NoCredential);
    assert_eq!(answer(&mut state, request, gone), []);
    assert_eq!(state.context(), Context::FindText);
    assert!(state.banner.is_some());
}

#[test]
fn an_answer_takes_the_screen_where_nothing_was_typed_since() {
    let (mut state, request) = typing_on();
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
fn a_reload_that_is_answered_after_its_screen_was_left_stays_behind() {
    let (mut state, request) = reloading();
    act(&mut state, Action::Find);
    answer(&mut state, request, Ok(found(vec![ending(at(99))])));
    assert_eq!(state.screen, Screen::Find);
    assert_eq!(notice(&state), "");
}

#[test]
fn enter_on_another_token_takes_the_place_of_the_look_up_under_way() {
    let (mut state, first) = typing_on();
    let effects = act(&mut state, Action::Submit);
    assert_eq!(effects[0], Effect::Cancel(first));
    let second = request_of(&effects[1..]);
    assert_ne!(first, second);
    // The same one again is no other.
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
fn a_reload_that_was_left_behind_goes_on_spinning_and_gives_way() {
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
fn a_form_that_is_left_while_it_is_checked_takes_no_screen_later() {
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

/// A look-up is refused, and the form to type the credential again opens.
fn refuse(state: &mut State) -> Vec<Effect> {
    type_text(state, ID);
    let request = request_of(&act(state, Action::Submit));
    answer(state, request, failed(FailureKind::Authentication));
    act(state, Action::ReenterCredential)
}

#[test]
fn a24_the_form_sends_nothing_while_the_api_wants_a_pause() {
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

// --------------------------------------------------------------------------- screens that stand still

/// How long the screen stays as it is, in seconds.
fn stands_still(state: &mut State) -> Option<f64> {
    let now = state.clock.local;
    update(
        state,
        now,
        Message::Input(Input::Resize(state.size.0, state.size.1)),
    );
    let mut still = state.clone();
    // It may wake up sooner, but then it draws nothing.
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
fn c21_what_shows_no_countdown_is_drawn_at_most_once_a_minute() {
    let mut state = detail(at(99_999_999));
    state.session.settings.refresh_seconds = 0;
    assert!(stands_still(&mut state).unwrap() <= 1.0);
    act(&mut state, Action::ToggleRaw);
    assert_eq!(stands_still(&mut state), Some(60.0));
    act(&mut state, Action::ToggleRaw);
    act(&mut state, Action::Help);
    assert_eq!(stands_still(&mut state), Some(60.0));
    act(&mut state, Action::Help);
    state.size = (39, 10);
    assert_eq!(stands_still(&mut state), None);
}

#[test]
fn a_token_that_expires_behind_its_json_is_fetched_at_that_second() {
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
fn a_reload_that_hangs_counts_its_seconds_behind_the_json_too() {
    let mut state = detail(at(99_999_999));
    act(&mut state, Action::ToggleRaw);
    request_of(&act(&mut state, Action::Reload));
    assert_eq!(stands_still(&mut state), Some(1.0));
}

#[test]
fn no_command_acts_where_no_screen_can_be_seen() {
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

// -------------------------------------------------------------------------------- what is said of it

#[test]
fn a20_a_scope_that_served_tokens_is_not_doubted() {
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
fn look_ups_that_are_not_remembered_are_said_once() {
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
