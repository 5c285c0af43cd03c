//! Transitions of the pure program: a state and a message give a state and effects.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as expected"
)]

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::value::RawValue;
use tokenscope::action::{Action, Context};
use tokenscope::app::effect::Effect;
use tokenscope::app::message::{LookUp, Message, Saved, Typed};
use tokenscope::app::setup::{Offer, Phase, SetupField};
use tokenscope::app::state::{Overlay, Screen, Session, State};
use tokenscope::app::{Opening, start, update};
use tokenscope::domain::access::{Asker, Identity};
use tokenscope::domain::credential::{CredentialKind, CredentialSource};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::raw::RawJson;
use tokenscope::domain::remote::{Remote, RequestId};
use tokenscope::domain::scope::{Scope, ScopeId};
use tokenscope::domain::secret::Secret;
use tokenscope::domain::settings::Settings;
use tokenscope::domain::token::ServiceToken;

const ID: &str = "f174e90a-fafe-4643-bbbc-4a0ed4fc8415";

fn at(seconds: i64) -> DateTime<Utc> {
    let start: DateTime<Utc> = "2026-11-25T12:00:00Z".parse().unwrap();
    start + TimeDelta::seconds(seconds)
}

fn scope() -> Scope {
    Scope::Account(ScopeId::parse("023e105f4ecef8ad9ca31a8372d0c353").unwrap())
}

fn session() -> Session {
    let source = CredentialSource::Keyring {
        profile: "default".to_owned(),
    };
    Session {
        identity: Some(Identity {
            source,
            kind: CredentialKind::ApiToken,
        }),
        profile: Some("default".to_owned()),
        scope: Some(scope()),
        ..Session::default()
    }
}

fn lookup() -> State {
    let mut state = State::new(session(), at(0), (100, 30));
    assert_eq!(start(&mut state, Opening::Lookup), []);
    state
}

fn token(expires_at: DateTime<Utc>) -> Arc<ServiceToken> {
    let text = format!(
        r#"{{"id":"{ID}","name":"CI","client_id":"x","duration":"8760h","expires_at":"{}"}}"#,
        expires_at.to_rfc3339()
    );
    let raw: Box<RawValue> = RawValue::from_string(text).unwrap();
    Arc::new(ServiceToken::parse(&RawJson::from(raw.as_ref())))
}

fn found(tokens: Vec<Arc<ServiceToken>>) -> LookUp {
    LookUp {
        tokens,
        scope: scope(),
        took: Duration::from_millis(84),
        measured_offset: None,
    }
}

fn act(state: &mut State, action: Action) -> Vec<Effect> {
    let now = state.clock.local;
    update(state, now, Message::Acted(action))
}

fn type_text(state: &mut State, text: &str) {
    for character in text.chars() {
        let now = state.clock.local;
        assert_eq!(update(state, now, Message::Typed(Typed(character))), []);
    }
}

/// The request that the effects start.
fn request_of(effects: &[Effect]) -> RequestId {
    match effects {
        [
            Effect::FetchToken { request, .. }
            | Effect::CheckCredential { request, .. }
            | Effect::SaveProfile { request, .. }
            | Effect::ProbeStore { request },
        ] => Some(*request),
        _ => None,
    }
    .unwrap()
}

fn detail(expires_at: DateTime<Utc>) -> State {
    let mut state = lookup();
    type_text(&mut state, ID);
    let request = request_of(&act(&mut state, Action::Submit));
    let effects = update(
        &mut state,
        at(0),
        Message::TokenFetched {
            request,
            result: Ok(found(vec![token(expires_at)])),
        },
    );
    assert!(
        matches!(effects.as_slice(), [Effect::Remember(_)]),
        "{effects:?}"
    );
    assert_eq!(state.screen, Screen::Detail);
    state
}

fn failure(kind: FailureKind) -> Failure {
    Failure::new(kind, "It failed.", "Do something.")
}

#[test]
fn an_id_is_fetched_once_however_often_enter_is_pressed() {
    let mut state = lookup();
    type_text(&mut state, ID);
    let effects = act(&mut state, Action::Submit);
    assert!(
        matches!(effects.as_slice(), [Effect::FetchToken { .. }]),
        "{effects:?}"
    );
    assert_eq!(act(&mut state, Action::Submit), []);
}

#[test]
fn an_answer_that_nobody_waits_for_is_dropped() {
    let mut state = lookup();
    type_text(&mut state, ID);
    let request = request_of(&act(&mut state, Action::Submit));
    assert_eq!(act(&mut state, Action::Back), [Effect::Cancel(request)]);
    let effects = update(
        &mut state,
        at(1),
        Message::TokenFetched {
            request,
            result: Ok(found(vec![token(at(99))])),
        },
    );
    assert_eq!(effects, []);
    assert_eq!(state.screen, Screen::Lookup);
    assert_eq!(state.detail.token, Remote::Idle);
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
fn a_failed_refresh_keeps_the_last_good_token_as_stale() {
    let mut state = detail(at(99_999_999));
    let request = request_of(&act(&mut state, Action::Refresh));
    update(
        &mut state,
        at(1),
        Message::TokenFetched {
            request,
            result: Err(failure(FailureKind::Server)),
        },
    );
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
        let request = request_of(&act(&mut state, Action::Refresh));
        update(
            &mut state,
            at(1),
            Message::TokenFetched {
                request,
                result: Err(failure(FailureKind::Permission)),
            },
        );
        assert!(!state.detail.token.is_loading());
    }
    assert_eq!(state.banner.as_ref().unwrap().count, 5);
}

#[test]
fn nothing_is_sent_while_the_api_wants_a_pause_and_refreshing_goes_on_after_it() {
    let mut state = detail(at(99_999_999));
    let request = request_of(&act(&mut state, Action::Refresh));
    let limited = Failure {
        retry_after: Some(Duration::from_secs(200)),
        ..failure(FailureKind::RateLimited)
    };
    update(
        &mut state,
        at(1),
        Message::TokenFetched {
            request,
            result: Err(limited),
        },
    );
    assert_eq!(act(&mut state, Action::Refresh), []);
    assert_eq!(update(&mut state, at(100), Message::Ticked), []);
    let effects = update(&mut state, at(201), Message::Ticked);
    assert!(
        matches!(effects.as_slice(), [Effect::FetchToken { .. }]),
        "{effects:?}"
    );
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
    assert!(
        matches!(
            effects.as_slice(),
            [Effect::RingBell, Effect::FetchToken { .. }]
        ),
        "{effects:?}"
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
    type_text(&mut state, "CI");
    let request = request_of(&act(&mut state, Action::Submit));
    update(
        &mut state,
        at(0),
        Message::TokenFetched {
            request,
            result: Ok(found(vec![token(at(9)), token(at(8))])),
        },
    );
    assert_eq!(state.overlay, Some(Overlay::Choice { selected: 0 }));
    let effects = act(&mut state, Action::Submit);
    assert!(
        matches!(effects.as_slice(), [Effect::FetchToken { .. }]),
        "{effects:?}"
    );
}

#[test]
fn a_secret_that_is_gone_leads_to_the_form_with_everything_else_filled_in() {
    let mut state = lookup();
    type_text(&mut state, ID);
    let request = request_of(&act(&mut state, Action::Submit));
    let gone = Err(failure(FailureKind::NoCredential));
    let effects = update(
        &mut state,
        at(0),
        Message::TokenFetched {
            request,
            result: gone,
        },
    );
    assert!(
        matches!(effects.as_slice(), [Effect::ProbeStore { .. }]),
        "{effects:?}"
    );
    assert_eq!(state.context(), Context::SetupText);
    assert_eq!(state.setup.focus, SetupField::Secret);
    assert_eq!(state.setup.scope_id.value(), scope().id());
}

#[test]
fn only_a_refused_credential_can_be_typed_again() {
    let mut state = detail(at(99_999_999));
    let request = request_of(&act(&mut state, Action::Refresh));
    update(
        &mut state,
        at(1),
        Message::TokenFetched {
            request,
            result: Err(failure(FailureKind::Server)),
        },
    );
    assert_eq!(act(&mut state, Action::ReenterCredential), []);
    let request = request_of(&act(&mut state, Action::Refresh));
    update(
        &mut state,
        at(1),
        Message::TokenFetched {
            request,
            result: Err(failure(FailureKind::Authentication)),
        },
    );
    act(&mut state, Action::ReenterCredential);
    assert_eq!(state.screen, Screen::Setup);
    assert!(state.setup.is_replacing);
}

fn filled_form() -> State {
    let mut state = State::new(Session::default(), at(0), (100, 30));
    let request = request_of(&start(&mut state, Opening::Setup));
    update(
        &mut state,
        at(0),
        Message::StoreProbed {
            request,
            result: Ok("Secret Service".to_owned()),
        },
    );
    update(
        &mut state,
        at(0),
        Message::Pasted(Secret::new("\u{feff} tok_abc\r\n".to_owned())),
    );
    assert_eq!(
        act(&mut state, Action::Submit),
        [],
        "the scope is missing yet"
    );
    assert_eq!(state.setup.focus, SetupField::ScopeId);
    type_text(&mut state, scope().id());
    state
}

#[test]
fn nothing_is_stored_before_the_api_let_the_credential_read() {
    let mut state = filled_form();
    let effects = act(&mut state, Action::Submit);
    let request = request_of(&effects);
    assert!(
        matches!(&effects[0], Effect::CheckCredential { asker: Asker::Credential(credential), .. } if credential.secret.expose() == "tok_abc")
    );
    let refused = Err(failure(FailureKind::Authentication));
    assert_eq!(
        update(
            &mut state,
            at(1),
            Message::CredentialChecked {
                request,
                result: refused
            }
        ),
        []
    );
    assert_eq!(state.setup.phase, Phase::Open);
    assert_eq!(state.setup.offer, None);
}

#[test]
fn a_checked_credential_is_saved_and_used() {
    let mut state = filled_form();
    let request = request_of(&act(&mut state, Action::Submit));
    let effects = update(
        &mut state,
        at(1),
        Message::CredentialChecked {
            request,
            result: Ok(()),
        },
    );
    let request = request_of(&effects);
    let saved = Saved {
        settings: Settings::default(),
        place: "Secret Service".to_owned(),
    };
    update(
        &mut state,
        at(2),
        Message::ProfileSaved {
            request,
            result: Ok(saved),
        },
    );
    assert_eq!(state.screen, Screen::Lookup);
    assert_eq!(state.session.profile.as_deref(), Some("default"));
    assert!(
        state.setup.secret.secret().is_empty(),
        "the typed secret is dropped"
    );
}

#[test]
fn a_network_failure_offers_to_save_without_a_check() {
    let mut state = filled_form();
    let request = request_of(&act(&mut state, Action::Submit));
    let result = Err(failure(FailureKind::Network));
    update(
        &mut state,
        at(1),
        Message::CredentialChecked { request, result },
    );
    assert_eq!(state.setup.offer, Some(Offer::SaveUnchecked));
    state.setup.focus = SetupField::SaveUnchecked;
    let effects = act(&mut state, Action::Submit);
    assert!(
        matches!(effects.as_slice(), [Effect::SaveProfile { .. }]),
        "{effects:?}"
    );
}

#[test]
fn a_failed_save_keeps_the_form_and_offers_the_session() {
    let mut state = filled_form();
    let request = request_of(&act(&mut state, Action::Submit));
    let effects = update(
        &mut state,
        at(1),
        Message::CredentialChecked {
            request,
            result: Ok(()),
        },
    );
    let request = request_of(&effects);
    let result = Err(failure(FailureKind::Keyring));
    update(&mut state, at(2), Message::ProfileSaved { request, result });
    assert_eq!(state.setup.secret.secret().expose(), "tok_abc");
    assert_eq!(state.setup.focus, SetupField::SessionOnly);
    let request = request_of(&act(&mut state, Action::Submit));
    let effects = update(
        &mut state,
        at(3),
        Message::CredentialChecked {
            request,
            result: Ok(()),
        },
    );
    assert!(
        matches!(effects.as_slice(), [Effect::HoldCredential(_)]),
        "{effects:?}"
    );
    assert_eq!(state.screen, Screen::Lookup);
}

#[test]
fn a_wrong_character_in_a_secret_is_a_complaint_and_no_request() {
    let mut state = filled_form();
    state.setup.focus = SetupField::Secret;
    type_text(&mut state, "ü");
    assert_eq!(act(&mut state, Action::Submit), []);
    assert_eq!(
        state.setup.complaint.as_ref().unwrap().0,
        SetupField::Secret
    );
}

#[test]
fn a_paste_outside_a_field_does_nothing() {
    let mut state = detail(at(99));
    let effects = update(
        &mut state,
        at(1),
        Message::Pasted(Secret::new("q\nq".to_owned())),
    );
    assert_eq!(effects, []);
    assert!(!state.quit);
}

#[test]
fn a_paste_of_ten_thousand_characters_is_refused_with_a_message() {
    let mut state = lookup();
    update(
        &mut state,
        at(0),
        Message::Pasted(Secret::new("x".repeat(10_000))),
    );
    assert_eq!(state.lookup.token.value(), "");
    assert!(state.notice.is_some());
}

#[test]
fn a_secret_or_a_typed_letter_never_prints() {
    let typed = format!("{:?}", Message::Typed(Typed('q')));
    let pasted = format!("{:?}", Message::Pasted(Secret::new("canary".to_owned())));
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
    assert_eq!(state.context(), Context::Detail);
    act(&mut state, Action::Back);
    assert_eq!(state.screen, Screen::Lookup);
}

#[test]
fn copying_names_what_was_sent() {
    let mut state = detail(at(99_999_999));
    assert_eq!(
        act(&mut state, Action::CopyField),
        [Effect::Copy(ID.to_owned())]
    );
    assert!(state.notice.as_ref().unwrap().text.contains(ID));
}

#[test]
fn the_next_look_up_starts_from_an_empty_field_and_a_failed_one_keeps_its_text() {
    let mut state = detail(at(99_999_999));
    act(&mut state, Action::LookUp);
    assert_eq!(state.lookup.token.value(), "");
    type_text(&mut state, "misspelt");
    let request = request_of(&act(&mut state, Action::Submit));
    let result = Err(failure(FailureKind::NotFound));
    update(&mut state, at(1), Message::TokenFetched { request, result });
    assert_eq!(state.lookup.token.value(), "misspelt");
}
