//! Transitions of profiles with a credential command: the keyring is not read for them, and no form
//! accepts their secret.

use tokenscope::action::Action;
use tokenscope::app::message::{Effect, Message, Stage};
use tokenscope::app::state::{Screen, Session, State};
use tokenscope::domain::credential::{ActiveCredential, CredentialRef, CredentialSource, Identity};
use tokenscope::domain::credential_command::CredentialCommand;
use tokenscope::domain::failure::FailureKind;
use tokenscope::domain::profile::{Profile, Settings};
use tokenscope::screens::setup::state::SetupButton::{Save, SessionOnly};
use tokenscope::screens::setup::state::SetupField;

use crate::screens::scenes::shown_at;
use crate::support::app::{
    act, checked, fetched, finding, list_fetched, listed, look_up, notice, opened, request_of,
    tell, type_text,
};
use crate::support::assertions::{assert_contains, assert_lacks, assert_matches};
use crate::support::sessions::{account, failed, profile};
use crate::support::tokens::ID;

fn printed() -> Profile {
    let words = ["op", "read", "op://work/cloudflare/token"];
    Profile {
        command: CredentialCommand::new(words.map(str::to_owned).to_vec()).ok(),
        ..profile("prod", Some(account()))
    }
}

fn session(others: &[Profile]) -> Session {
    Session {
        active: ActiveCredential::of(&printed()),
        settings: Settings {
            default_profile: "prod".to_owned(),
            profiles: [&[printed()], others].concat(),
            ..Settings::default()
        },
        ..Session::default()
    }
}

fn source() -> CredentialSource {
    let profile = "prod".to_owned();
    CredentialSource::Command { profile }
}

fn shown(state: &State) -> String {
    shown_at(state, (100, 30))
}

#[test]
fn only_the_other_profiles_are_looked_up_in_the_keyring() {
    let mut state = opened(session(&[]));
    assert_eq!(state.session.active.source(), Some(&source()));
    assert_contains(&shown(&state), "API token from op");
    assert_eq!(act(&mut state, Action::Profiles), []);
    let screen = shown(&state);
    assert_contains(&screen, "from a command");
    assert_contains(
        &screen,
        "printed by op: `credential_command` in config.toml",
    );
    assert_lacks(&screen, "work/cloudflare");
    let mut state = opened(session(&[profile("other", Some(account()))]));
    let effects = act(&mut state, Action::Profiles);
    let [Effect::FindSecrets { profiles, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(profiles, &["other"]);
}

#[test]
fn the_credential_cannot_be_typed_and_a_notice_says_how_to_change_it() {
    let mut state = opened(session(&[]));
    act(&mut state, Action::Profiles);
    assert_eq!(act(&mut state, Action::ReplaceCredential), []);
    assert_eq!(state.screen, Screen::Profiles);
    assert_eq!(
        notice(&state),
        "op prints this credential: change `credential_command` in config.toml."
    );
    act(&mut state, Action::RemoveProfile);
    assert_contains(&shown(&state), "comes from a command and stays there");
}

#[test]
fn a_changed_profile_is_checked_with_the_command_and_saved_without_a_secret() {
    let mut state = opened(session(&[]));
    act(&mut state, Action::Profiles);
    assert_eq!(act(&mut state, Action::EditProfile), [], "no keyring");
    assert_eq!(state.screen, Screen::Setup);
    let rows = state.setup.rows();
    assert!(!rows.contains(&SetupField::Secret), "{rows:?}");
    let screen = shown(&state);
    assert_contains(&screen, "op prints the credential");
    assert_lacks(&screen, "keyring");
    let effects = act(&mut state, Action::Submit);
    let request = request_of(&effects);
    let asker = CredentialRef::Identity(Identity::of(&printed()));
    let scope = account();
    let checks = Effect::CheckCredential {
        request,
        asker,
        scope,
    };
    assert_eq!(effects, [checks]);
    let effects = tell(&mut state, checked(request, Ok(())));
    let request = request_of(&effects);
    let saves = Effect::SaveProfile {
        request,
        profile: printed(),
        credential: None,
    };
    assert_eq!(effects, [saves]);
    let result = Ok((session(&[]).settings, None));
    tell(&mut state, Message::ProfileSaved { request, result });
    assert_eq!(state.session.active.source(), Some(&source()));
    assert_eq!(state.session.store, None);
}

#[test]
fn a_failed_check_or_save_leads_to_no_secret_field() {
    for kind in [FailureKind::NoCredential, FailureKind::Timeout] {
        let mut state = opened(session(&[]));
        act(&mut state, Action::Profiles);
        act(&mut state, Action::EditProfile);
        let request = request_of(&act(&mut state, Action::Submit));
        tell(&mut state, checked(request, failed(kind)));
        assert_eq!(state.setup.form.focus, SetupField::Button(Save));
        let rows = state.setup.rows();
        assert!(!rows.contains(&SetupField::Button(SessionOnly)), "{rows:?}");
    }
    let mut state = opened(session(&[]));
    act(&mut state, Action::Profiles);
    act(&mut state, Action::EditProfile);
    let request = request_of(&act(&mut state, Action::Submit));
    let request = request_of(&tell(&mut state, checked(request, Ok(()))));
    let result = failed(FailureKind::Config);
    tell(&mut state, Message::ProfileSaved { request, result });
    assert_eq!(state.setup.form.focus, SetupField::Button(Save));
}

#[test]
fn a_key_runs_a_failed_or_rejected_command_again() {
    for kind in [FailureKind::NoCredential, FailureKind::Authentication] {
        let (mut state, request) = finding(session(&[]));
        tell(&mut state, list_fetched(request.unwrap(), failed(kind)));
        assert_contains(&shown(&state), "a run the command again");
        let effects = act(&mut state, Action::ReenterCredential);
        let forgets = Effect::ForgetPrinted {
            profile: "prod".to_owned(),
        };
        assert_eq!(effects[0], forgets);
        assert_matches!(&effects[1..], [Effect::ListTokens { .. }]);
        assert_eq!((state.screen, &state.banner), (Screen::Find, &None));
        let Effect::ListTokens { request, .. } = effects[1] else {
            panic!("{effects:?}");
        };
        tell(&mut state, list_fetched(request, Ok(listed(Vec::new()))));
        // A lookup is repeated instead of the list.
        let request = look_up(&mut state, ID);
        assert_eq!(tell(&mut state, fetched(request, failed(kind))), []);
        let effects = act(&mut state, Action::ReenterCredential);
        assert_matches!(
            effects.as_slice(),
            [Effect::ForgetPrinted { .. }, Effect::FetchToken { .. }]
        );
    }
}

#[test]
fn the_screen_names_the_command_it_waits_for() {
    let (mut state, request) = finding(session(&[]));
    let request = request.unwrap();
    assert_contains(
        &shown(&state),
        "Waiting for op, which prints the credential …",
    );
    let staged = Message::Staged {
        request,
        stage: Stage::Network,
    };
    tell(&mut state, staged);
    assert_contains(&shown(&state), "Reading the list …");
    let refusal = failed(FailureKind::Permission);
    tell(&mut state, list_fetched(request, refusal));
    type_text(&mut state, ID);
    act(&mut state, Action::Submit);
    state.clock.steady += chrono::TimeDelta::seconds(3);
    let screen = shown(&state);
    assert_contains(&screen, "waiting for op, which prints the credential");
    assert_lacks(&screen, "keyring");
}
