//! Transitions of the probe of an app: opening, sending, and answers.

use tokenscope::action::{Action, Context, Input};
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::state::{Screen, State};
use tokenscope::domain::access::probe::{AppView, ProbeAnswers};
use tokenscope::domain::access::signs::AnsweredBy;
use tokenscope::domain::credential::{CredentialSource, Secret};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::fetched::{Received, RequestId};
use tokenscope::screens::probe::state::{ProbeField, ProbePhase};

use super::uses::{detailed, part, read_example, with_example};
use crate::domain::probe::answer;
use crate::screens::scenes::shown_at;
use crate::support::access_map::example;
use crate::support::app::{act, notice, request_of, tell, type_text};
use crate::support::assertions::{assert_contains, assert_matches};
use crate::support::tokens::{CLIENT_ID, now};

const SECRET: &str = "bdd31c1fa6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0b1d2";

fn answers(status: u16, answered_by: AnsweredBy) -> ProbeAnswers {
    ProbeAnswers {
        header: None,
        bare: answer(403, AnsweredBy::Access),
        with_token: Some(answer(status, answered_by)),
        failure: None,
    }
}

fn probed(state: &mut State, request: RequestId, answers: ProbeAnswers) {
    let result = Ok(answers);
    assert_eq!(tell(state, Message::Probed { request, result }), []);
}

/// Uses with the row of this app selected.
fn on_row(address: &str) -> State {
    let mut state = with_example();
    while state.uses.selected_row().unwrap().place != address {
        let before = state.uses.selected;
        act(&mut state, Action::Down);
        assert_ne!(before, state.uses.selected, "no row {address}");
    }
    state
}

/// The panel for the app that opens for the token.
fn opened() -> State {
    let mut state = on_row("deploy.example.com/hooks");
    assert_eq!(act(&mut state, Action::Probe), []);
    state
}

/// The URL, the client ID and the secret that are sent.
fn sent(effects: &[Effect]) -> (RequestId, String, String, String) {
    let [
        Effect::Probe {
            request, url, pair, ..
        },
    ] = effects
    else {
        panic!("{effects:?}");
    };
    let secret = pair.secret.expose().to_owned();
    (
        *request,
        url.to_string(),
        pair.client_id.to_string(),
        secret,
    )
}

#[test]
fn x_on_uses_fills_in_the_address_and_asks_only_for_the_secret() {
    let state = opened();
    assert_eq!(state.screen, Screen::Probe);
    assert_eq!(state.context(), Context::ProbeText);
    assert_eq!(state.probe.url.value(), "https://deploy.example.com/hooks");
    assert_eq!(state.probe.form.focus, ProbeField::Secret);
    assert_matches!(
        &state.probe.policies.as_ref().unwrap().app,
        AppView::Judged { app, .. } if app == "deploy.example.com/hooks"
    );
}

#[test]
fn x_does_nothing_on_a_row_without_a_web_address() {
    let mut state = with_example();
    for _ in 0..state.uses.rows() {
        let row = state.uses.selected_row().unwrap();
        let is_own = row.place.contains("cloudflareaccess");
        let has_address = row.mark.is_app() && row.place.contains('.') && !is_own;
        let before = state.uses.selected;
        act(&mut state, Action::Probe);
        assert_eq!(state.screen == Screen::Probe, has_address);
        if state.screen == Screen::Probe {
            act(&mut state, Action::Back);
        }
        assert_eq!((state.screen, state.uses.selected), (Screen::Uses, before));
        act(&mut state, Action::Down);
    }
}

#[test]
fn x_on_detail_asks_for_the_url_and_reads_the_map() {
    let mut state = detailed();
    let effects = act(&mut state, Action::Probe);
    assert_matches!(effects.as_slice(), [Effect::ReadAccess { .. }]);
    let request = request_of(&effects);
    assert_eq!(state.probe.form.focus, ProbeField::Url);
    type_text(&mut state, "metrics.example.com");
    assert_eq!(state.probe.policies, None);
    read_example(&mut state, request);
    assert_matches!(
        &state.probe.policies.as_ref().unwrap().app,
        AppView::Judged { app, .. } if app == "metrics.example.com"
    );
    // Leaving cancels the unfinished read.
    let mut state = detailed();
    let request = request_of(&act(&mut state, Action::Probe));
    part(
        &mut state,
        request,
        example(tokenscope::domain::access::map::Part::Apps),
    );
    assert_eq!(act(&mut state, Action::Back), [Effect::Cancel(request)]);
    assert_eq!(state.screen, Screen::Detail);
}

#[test]
fn a_secret_pasted_as_the_url_is_refused_at_once() {
    let mut state = detailed();
    act(&mut state, Action::Probe);
    type_text(&mut state, &format!("cfast_{}", "a1B2".repeat(12)));
    let complaint = state.probe.form.complaint_about(ProbeField::Url);
    assert_eq!(
        complaint,
        Some("it contains a secret; no secret belongs in a URL")
    );
    let screen = shown_at(&state, (80, 24));
    assert!(!screen.contains("cfast_"), "{screen}");
}

#[test]
fn enter_moves_from_url_to_secret_and_then_sends_both() {
    let mut state = detailed();
    act(&mut state, Action::Probe);
    assert_eq!(act(&mut state, Action::Submit), []);
    assert!(state.probe.form.complaint_about(ProbeField::Url).is_some());
    type_text(&mut state, "deploy.example.com/*");
    assert_eq!(act(&mut state, Action::Submit), []);
    assert!(
        state
            .probe
            .form
            .complaint_about(ProbeField::Url)
            .unwrap()
            .contains('*')
    );
    act(&mut state, Action::DeleteBack);
    type_text(&mut state, "hooks");
    assert_eq!(act(&mut state, Action::Submit), []);
    assert_eq!(state.probe.form.focus, ProbeField::Secret);
    assert_eq!(act(&mut state, Action::Submit), []);
    assert!(
        state
            .probe
            .form
            .complaint_about(ProbeField::Secret)
            .is_some()
    );
    type_text(&mut state, SECRET);
    let (_, url, id, secret) = sent(&act(&mut state, Action::Submit));
    assert_eq!(url, "https://deploy.example.com/hooks");
    assert_eq!((id.as_str(), secret.as_str()), (CLIENT_ID, SECRET));
    // Nothing more is sent meanwhile.
    assert_eq!(act(&mut state, Action::Submit), []);
}

#[test]
fn text_that_is_no_token_secret_is_not_sent() {
    for text in [
        CLIENT_ID,
        "cfut_0123456789abcdefghijABCDEFGHIJ0123456789",
        "two words",
    ] {
        let mut state = opened();
        type_text(&mut state, text);
        assert_eq!(act(&mut state, Action::Submit), [], "{text}");
        let complaint = state.probe.form.complaint_about(ProbeField::Secret);
        assert!(complaint.is_some_and(|it| !it.contains(text)), "{text}");
    }
    // The header name is removed from a pasted secret, with a remark.
    let mut state = opened();
    let pasted = Secret::new(format!("CF-Access-Client-Secret: {SECRET}"));
    tell(&mut state, Message::Input(Input::Paste(pasted)));
    assert!(notice(&state).contains("the name in front was removed"));
    assert_eq!(sent(&act(&mut state, Action::Submit)).3, SECRET);
}

fn asked(state: &mut State) -> RequestId {
    type_text(state, SECRET);
    sent(&act(state, Action::Submit)).0
}

#[test]
fn answers_are_judged_by_the_policies() {
    let mut state = opened();
    let request = asked(&mut state);
    probed(&mut state, request, answers(403, AnsweredBy::Access));
    assert_eq!(state.context(), Context::Probe);
    let conclusion = state.probe.conclusion.clone().unwrap();
    assert_eq!(conclusion.fault.code(), "secret");
    assert_contains(
        &conclusion.hint.unwrap(),
        "Policy CI only (Service Auth) admits this token",
    );
    let copied = act(&mut state, Action::CopyField);
    assert_matches!(copied.as_slice(), [Effect::Copy { text, .. }] if text.contains("REFUSED: ")
        && text.contains("cf-ray 95942549c0ffee00-LHR") && !text.contains(SECRET));
}

/// A conclusion without the policies is updated once they arrive.
#[test]
fn late_policies_update_the_conclusion() {
    let mut state = detailed();
    let map = request_of(&act(&mut state, Action::Probe));
    type_text(&mut state, "metrics.example.com");
    act(&mut state, Action::Submit);
    let request = asked(&mut state);
    probed(&mut state, request, answers(403, AnsweredBy::Access));
    assert_eq!(
        state.probe.conclusion.as_ref().unwrap().fault.code(),
        "unknown"
    );
    read_example(&mut state, map);
    assert_eq!(
        state.probe.conclusion.as_ref().unwrap().fault.code(),
        "policy"
    );
}

#[test]
fn enter_probes_again_with_the_same_secret_and_s_asks_for_another() {
    let mut state = opened();
    let request = asked(&mut state);
    assert!(state.probe.secret.secret().is_empty());
    probed(&mut state, request, answers(200, AnsweredBy::Origin));
    let (request, url, _, secret) = sent(&act(&mut state, Action::Submit));
    assert_eq!(
        (url.as_str(), secret.as_str()),
        ("https://deploy.example.com/hooks", SECRET)
    );
    probed(&mut state, request, answers(200, AnsweredBy::Origin));
    act(&mut state, Action::OtherSecret);
    assert_eq!(state.probe.form.focus, ProbeField::Secret);
    assert_eq!(act(&mut state, Action::Submit), []);
    type_text(&mut state, "another-one");
    assert_eq!(sent(&act(&mut state, Action::Submit)).3, "another-one");
}

#[test]
fn the_secret_is_offered_again_only_for_the_same_token() {
    let mut state = opened();
    let request = asked(&mut state);
    probed(&mut state, request, answers(200, AnsweredBy::Origin));
    act(&mut state, Action::Back);
    act(&mut state, Action::Probe);
    assert_eq!(sent(&act(&mut state, Action::Submit)).3, SECRET);
    act(&mut state, Action::Back);
    // Another token is opened.
    act(&mut state, Action::Back);
    let other = crate::support::tokens::token(
        r#"{"id":"x","client_id":"00000000000000000000000000000009.access","name":"other"}"#,
    );
    let remote = &mut state.detail.token;
    remote.begin(RequestId(77), now());
    remote.settle(
        RequestId(77),
        Ok(Received {
            value: other,
            at: now(),
        }),
    );
    act(&mut state, Action::Probe);
    assert_eq!(act(&mut state, Action::Submit), []);
}

#[test]
fn esc_cancels_the_probe_and_drops_its_answer() {
    let mut state = opened();
    let request = asked(&mut state);
    assert_eq!(act(&mut state, Action::Back), [Effect::Cancel(request)]);
    assert_eq!(
        (state.screen, &state.probe.phase),
        (Screen::Probe, &ProbePhase::Typing)
    );
    probed(&mut state, request, answers(200, AnsweredBy::Origin));
    assert!(!state.changed);
    assert_eq!(state.probe.phase, ProbePhase::Typing);
    assert_eq!(act(&mut state, Action::Back), []);
    assert_eq!(state.screen, Screen::Uses);
    assert!(state.probe.secret.secret().is_empty());
}

#[test]
fn a_probe_that_could_not_start_is_reported_and_can_be_repeated() {
    let mut state = opened();
    let request = asked(&mut state);
    let failure = Failure::new(FailureKind::Tls, "No certificates.", "Install them.");
    let result = Err(failure.clone());
    tell(&mut state, Message::Probed { request, result });
    assert_eq!(state.banner.as_ref().unwrap().failure, failure);
    assert_eq!(sent(&act(&mut state, Action::Submit)).3, SECRET);
}

#[test]
fn the_demo_fills_in_its_secret_and_refuses_other_hosts() {
    let mut state = opened();
    let access = state.detail.access.as_mut().unwrap();
    access.identity.source = CredentialSource::Demo;
    let identity = access.identity.clone();
    state.session.active.identity = Some(identity);
    let (request, _, _, secret) = sent(&act(&mut state, Action::Submit));
    assert_eq!(secret, tokenscope::domain::access::probe::DEMO_SECRET);
    probed(&mut state, request, answers(200, AnsweredBy::Origin));
    act(&mut state, Action::Edit);
    act(&mut state, Action::DeleteToStart);
    type_text(&mut state, "https://app.example.org/");
    assert_eq!(act(&mut state, Action::Submit), []);
    let complaint = state.probe.form.complaint_about(ProbeField::Url).unwrap();
    assert!(complaint.contains("example.com"), "{complaint}");
}

#[test]
fn debug_of_state_and_effects_shows_no_secret() {
    let mut state = opened();
    type_text(&mut state, SECRET);
    let effects = act(&mut state, Action::Submit);
    let shown = format!("{state:?} {effects:?}");
    assert!(!shown.contains(&SECRET[..12]));
}
