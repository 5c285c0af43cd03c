//! Transitions of the form that sets up a credential: messages while it is filled in, and the
//! button that Enter presses.

use tokenscope::action::{Action, Context};
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::state::{Screen, Session, State};
use tokenscope::app::{Opening, start};
use tokenscope::domain::credential::{Location, Lookalike};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::profile::Settings;
use tokenscope::screens::setup::state::SetupButton::{
    ProbeAgain, Save, SaveUnchecked, SessionOnly, SessionUnchecked,
};
use tokenscope::screens::setup::state::SetupField;
use url::Url;

use crate::screens::scenes::shown_at;
use crate::support::app::{
    act, checked, complained, look_up, lookup, notice, opened, paste, probed, request_of, tell,
    type_text,
};
use crate::support::assertions::{assert_contains, assert_matches};
use crate::support::sessions::{account, failed};

/// The form of the first start, with this answer of the credential store.
fn form(store: Result<Location, Failure>) -> State {
    let mut state = opened(Session::default());
    let request = request_of(&start(&mut state, Opening::Setup));
    tell(&mut state, probed(request, store));
    assert_eq!(state.screen, Screen::Setup);
    state
}

fn with_store() -> State {
    form(Ok(Location::new("Secret Service")))
}

fn go_to(state: &mut State, field: SetupField) {
    for _ in 0..state.setup.rows().len() {
        if state.setup.form.focus == field {
            return;
        }
        act(state, Action::NextField);
    }
    panic!("no {field:?}");
}

fn secret(state: &State) -> &str {
    state.setup.secret.secret().expose()
}

#[test]
fn f6_opens_the_page_that_creates_a_token_with_its_permission_filled_in() {
    let mut state = with_store();
    assert_eq!(state.context(), Context::SetupText);
    let effects = act(&mut state, Action::MakeToken);
    let [Effect::OpenUrl(url)] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let url = Url::parse(url).unwrap();
    assert_eq!(
        (url.host_str(), url.path()),
        (Some("dash.cloudflare.com"), "/profile/api-tokens")
    );
    let keys: Vec<_> = url
        .query_pairs()
        .filter(|(name, _)| name == "permissionGroupKeys")
        .map(|(_, value)| value.into_owned())
        .collect();
    assert_eq!(keys, [r#"[{"key":"access_service_token","type":"read"}]"#]);
    assert_eq!(act(&mut lookup(), Action::MakeToken), []);
}

#[test]
fn without_a_keyring_enter_keeps_the_session_and_needs_no_name() {
    let mut state = form(failed(FailureKind::Keyring));
    let buttons: Vec<_> = state.setup.rows().into_iter().skip(4).collect();
    assert_eq!(
        buttons,
        [
            SetupField::ScopeId,
            SetupField::Button(SessionOnly),
            SetupField::Button(ProbeAgain)
        ]
    );
    type_text(&mut state, "tok_abc");
    act(&mut state, Action::Submit);
    let request = look_up(&mut state, account().id());
    let effects = tell(&mut state, checked(request, Ok(())));
    assert_matches!(effects.first(), Some(Effect::HoldCredential(_)));
}

#[test]
fn a_name_is_checked_when_the_focus_leaves_it_and_the_focus_moves_on() {
    let mut state = with_store();
    go_to(&mut state, SetupField::Name);
    type_text(&mut state, "/");
    assert_eq!(state.setup.form.complaint, None);
    act(&mut state, Action::NextField);
    assert_eq!(complained(&state), SetupField::Name);
    assert_ne!(state.setup.form.focus, SetupField::Name);
    act(&mut state, Action::PreviousField);
    act(&mut state, Action::DeleteBack);
    assert_eq!(state.setup.form.complaint, None);
}

#[test]
fn enter_stays_in_an_invalid_name() {
    let mut state = with_store();
    go_to(&mut state, SetupField::Name);
    type_text(&mut state, "/");
    assert_eq!(act(&mut state, Action::Submit), []);
    assert_eq!(complained(&state), SetupField::Name);
    assert_eq!(state.setup.form.focus, SetupField::Name);
}

#[test]
fn an_error_of_another_field_stays_until_its_cause_goes() {
    let mut state = with_store();
    go_to(&mut state, SetupField::Name);
    type_text(&mut state, "/");
    act(&mut state, Action::NextField);
    go_to(&mut state, SetupField::Secret);
    type_text(&mut state, "tok");
    assert_eq!(complained(&state), SetupField::Name, "its cause is there");

    let mut state = with_store();
    type_text(&mut state, "key");
    go_to(&mut state, SetupField::Kind);
    act(&mut state, Action::Right);
    go_to(&mut state, SetupField::ScopeId);
    type_text(&mut state, account().id());
    go_to(&mut state, SetupField::Email);
    type_text(&mut state, "nobody");
    act(&mut state, Action::Submit);
    assert_eq!(complained(&state), SetupField::Email);
    go_to(&mut state, SetupField::Kind);
    act(&mut state, Action::Right);
    assert_eq!(
        state.setup.form.complaint, None,
        "an API token has no email address"
    );
}

#[test]
fn decorations_are_removed_from_a_paste_with_a_remark() {
    for (pasted, said) in [
        (
            "export CLOUDFLARE_API_TOKEN=\"tok_abc\"\n",
            "Taken off: the name in front, quotes.",
        ),
        (
            "Authorization: Bearer tok_abc",
            "Taken off: the name in front, Bearer.",
        ),
        ("Bearer tok_abc", "Taken off: Bearer."),
        ("'tok_abc'", "Taken off: quotes."),
        ("tok_abc\r\n", ""),
    ] {
        let mut state = with_store();
        tell(&mut state, paste(pasted));
        assert_eq!(secret(&state), "tok_abc", "{pasted}");
        assert_eq!(notice(&state), said, "{pasted}");
    }
    let mut state = with_store();
    go_to(&mut state, SetupField::ScopeId);
    let id = account();
    let pasted = format!("CLOUDFLARE_ACCOUNT_ID='{}'", id.id());
    tell(&mut state, paste(&pasted));
    assert_eq!(state.setup.scope_id.value(), id.id());
    assert_eq!(notice(&state), "Taken off: the name in front, quotes.");
}

#[test]
fn a_value_of_another_kind_is_pointed_out_at_once_and_not_refused() {
    let mut state = with_store();
    type_text(&mut state, "cfk_abc");
    assert_eq!(state.setup.lookalike(), Some(Lookalike::GlobalKey));
    go_to(&mut state, SetupField::Kind);
    act(&mut state, Action::Right);
    assert_eq!(state.setup.lookalike(), None);
    act(&mut state, Action::Right);
    go_to(&mut state, SetupField::ScopeId);
    type_text(&mut state, account().id());
    let effects = act(&mut state, Action::Submit);
    assert_matches!(effects.as_slice(), [Effect::CheckCredential { .. }]);
}

#[test]
fn an_empty_list_is_reported_with_its_possible_meaning() {
    let mut state = with_store();
    type_text(&mut state, "tok_abc");
    go_to(&mut state, SetupField::ScopeId);
    let request = look_up(&mut state, account().id());
    let result = Ok(0);
    let effects = tell(&mut state, Message::CredentialChecked { request, result });
    let request = request_of(&effects);
    let saved = (Settings::default(), Some(Location::new("Secret Service")));
    let result = Ok(saved);
    tell(&mut state, Message::ProfileSaved { request, result });
    assert_eq!(state.screen, Screen::Find);
    let [warning] = state.warnings.as_slice() else {
        panic!("{:?}", state.warnings);
    };
    assert_eq!(warning.summary, "0 tokens are visible to this credential.");
    assert!(warning.hint.to_string().contains("Service Tokens Read"));
}

#[test]
fn typing_in_the_field_that_caused_an_api_error_clears_it() {
    let mut state = with_store();
    type_text(&mut state, "tok_abc");
    go_to(&mut state, SetupField::ScopeId);
    let request = look_up(&mut state, account().id());
    tell(
        &mut state,
        checked(request, failed(FailureKind::Authentication)),
    );
    go_to(&mut state, SetupField::ScopeId);
    act(&mut state, Action::DeleteBack);
    assert!(state.banner.is_some(), "the ID was not refused");
    go_to(&mut state, SetupField::Secret);
    act(&mut state, Action::DeleteBack);
    assert_eq!(state.banner, None);
}

/// The label of Enter in the footer.
fn enter_does(state: &State) -> String {
    let footer = shown_at(state, (100, 30));
    let footer = footer.lines().last().unwrap().to_owned();
    let from = footer.find("Enter ").unwrap() + "Enter ".len();
    let words = &footer[from..];
    words.split("  ").next().unwrap().trim().to_owned()
}

#[test]
fn the_footer_states_the_effect_of_enter_on_each_row() {
    let mut state = with_store();
    type_text(&mut state, "tok_abc");
    assert_eq!(enter_does(&state), "next");
    act(&mut state, Action::Submit);
    assert_eq!(state.setup.form.focus, SetupField::ScopeId);
    type_text(&mut state, account().id());
    for (field, words, next) in [
        (SetupField::ScopeId, "check, save", None),
        (SetupField::Secret, "check, save", None),
        (SetupField::ScopeKind, "next", Some(SetupField::ScopeId)),
        (SetupField::Name, "next", Some(SetupField::Kind)),
        (SetupField::Kind, "next", Some(SetupField::Secret)),
        (SetupField::Button(Save), "check, save", None),
    ] {
        go_to(&mut state, field);
        assert_eq!(enter_does(&state), words, "{field:?}");
        let mut state = state.clone();
        let effects = act(&mut state, Action::Submit);
        if let Some(next) = next {
            assert_eq!(effects, [], "{field:?}");
            assert_eq!(state.setup.form.focus, next, "{field:?}");
        } else {
            assert_matches!(effects.as_slice(), [Effect::CheckCredential { .. }]);
        }
    }
}

/// A form without a keyring whose check failed, as on a machine without a network.
fn cut_off() -> State {
    let mut state = form(failed(FailureKind::Keyring));
    type_text(&mut state, "tok_abc");
    act(&mut state, Action::Submit);
    let request = look_up(&mut state, account().id());
    let failure = failed(FailureKind::Network);
    assert_eq!(tell(&mut state, checked(request, failure)), []);
    state
}

#[test]
fn without_keyring_and_network_a_credential_can_be_kept_unchecked() {
    let mut state = cut_off();
    assert_eq!(state.setup.form.focus, SetupField::Button(SessionOnly));
    assert_eq!(enter_does(&state), "check, keep");
    act(&mut state, Action::NextField);
    assert_eq!(state.setup.form.focus, SetupField::Button(SessionUnchecked));
    assert_eq!(enter_does(&state), "keep unchecked");
    let screen = shown_at(&state, (80, 24));
    assert_contains(&screen, "[ Keep without checking ]");
    assert!(!screen.contains("Save"), "{screen}");
    let effects = act(&mut state, Action::Submit);
    assert_matches!(
        effects.as_slice(),
        [Effect::HoldCredential(_), Effect::ListTokens { .. }]
    );
    assert_eq!(state.screen, Screen::Find);
}

#[test]
fn the_keyring_can_be_probed_again_and_then_stores_the_secret() {
    let mut state = cut_off();
    go_to(&mut state, SetupField::Button(ProbeAgain));
    assert_eq!(enter_does(&state), "try again");
    let request = request_of(&act(&mut state, Action::Submit));
    tell(
        &mut state,
        probed(request, Ok(Location::new("Secret Service"))),
    );
    assert_eq!(state.setup.form.focus, SetupField::Button(Save));
    let rows = state.setup.rows();
    assert!(
        rows.contains(&SetupField::Button(SaveUnchecked)),
        "{rows:?}"
    );
    assert!(!rows.contains(&SetupField::Button(SessionOnly)), "{rows:?}");
}

#[test]
fn a_failed_unchecked_save_offers_to_keep_the_secret_unchecked() {
    let mut state = with_store();
    type_text(&mut state, "tok_abc");
    go_to(&mut state, SetupField::ScopeId);
    let request = look_up(&mut state, account().id());
    tell(&mut state, checked(request, failed(FailureKind::Timeout)));
    go_to(&mut state, SetupField::Button(SaveUnchecked));
    let request = request_of(&act(&mut state, Action::Submit));
    let result = failed(FailureKind::Keyring);
    tell(&mut state, Message::ProfileSaved { request, result });
    assert_eq!(state.setup.form.focus, SetupField::Button(SessionUnchecked));
    let effects = act(&mut state, Action::Submit);
    assert_matches!(effects.first(), Some(Effect::HoldCredential(_)));
}

#[test]
fn a_button_that_disappears_passes_the_focus_on() {
    let mut state = opened(Session::default());
    let request = request_of(&start(&mut state, Opening::Setup));
    go_to(&mut state, SetupField::Button(Save));
    tell(&mut state, probed(request, failed(FailureKind::Keyring)));
    assert_eq!(state.setup.form.focus, SetupField::Button(SessionOnly));
}

#[test]
fn any_change_of_a_field_clears_its_error() {
    let mut state = cut_off();
    assert!(state.banner.is_some());
    go_to(&mut state, SetupField::ScopeKind);
    act(&mut state, Action::Right);
    assert_eq!(state.banner, None);
}

#[test]
fn a_question_mark_typed_into_an_empty_field_names_the_help_key() {
    let mut state = with_store();
    type_text(&mut state, "?");
    assert_eq!(
        notice(&state),
        "? is a letter in a field: F1 shows the keys."
    );
    let mut state = with_store();
    type_text(&mut state, "a?");
    assert_eq!(notice(&state), "");
    let mut state = lookup();
    type_text(&mut state, "?");
    assert_contains(notice(&state), "F1 shows the keys");
}

#[test]
fn a_secret_in_an_unmasked_field_is_pointed_out_at_once_and_hidden() {
    const SECRET: &str = "cfut_abcdefghijklmnopqrstuvwxyz0123456789abcd";
    for field in [SetupField::Name, SetupField::Email, SetupField::ScopeId] {
        let mut state = with_store();
        if field == SetupField::Email {
            go_to(&mut state, SetupField::Kind);
            act(&mut state, Action::Right);
        }
        go_to(&mut state, field);
        act(&mut state, Action::DeleteToStart);
        tell(&mut state, paste(SECRET));
        assert_eq!(complained(&state), field);
        let complaint = state.setup.form.complaint_about(field).unwrap();
        assert_contains(complaint, "looks like a secret");
        let screen = shown_at(&state, (80, 24));
        assert!(!screen.contains("cfut_"), "{screen}");
        assert_contains(&screen, "•••••");
        act(&mut state, Action::DeleteToStart);
        assert_eq!(state.setup.form.complaint, None, "its cause is gone");
    }
}

#[test]
fn a_second_esc_on_the_first_screen_says_how_to_quit() {
    let mut state = with_store();
    act(&mut state, Action::Back);
    assert_eq!(state.context(), Context::Setup);
    act(&mut state, Action::Back);
    assert_eq!((state.screen, notice(&state)), (Screen::Setup, "q quits."));
}

#[test]
fn the_footer_offers_the_list_only_with_a_credential() {
    let mut state = with_store();
    act(&mut state, Action::Back);
    let screen = shown_at(&state, (80, 24));
    assert_contains(&screen, "p profiles");
    assert!(!screen.contains("b browse"), "{screen}");
}
