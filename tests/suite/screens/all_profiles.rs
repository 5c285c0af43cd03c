//! Snapshots of the list of all profiles, and of the prompt that writes a list to a file.

use std::sync::Arc;
use std::time::Duration;

use tokenscope::action::{Action, Input, Typed};
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::state::State;
use tokenscope::app::update;
use tokenscope::domain::credential::{ActiveCredential, CredentialSource};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::fetched::{Fetched, RequestId, Tokens};
use tokenscope::domain::list_report::NotWritten;
use tokenscope::domain::profile::Settings;
use tokenscope::domain::scope::Scope;
use tokenscope::domain::token::ServiceToken;

use crate::screens::scenes::{
    LARGE, SMALL, Scene, USUAL, account, now, renderer, state, text, token_with, zone,
};
use crate::screens::views::{check, every_size, sweep};
use crate::support::app::press;
use crate::support::assertions::assert_contains;
use crate::support::sessions::{profile, scope_id};

pub(crate) const SCENES: [Scene; 8] = [
    ("all_profiles", read),
    ("all_profiles_arriving", arriving),
    ("all_profiles_failed", failed),
    ("all_profiles_empty", empty),
    ("export_prompt", export_prompt),
    ("export_exists", export_exists),
    ("export_refused", export_refused),
    ("export_writing", export_writing),
];

fn act(state: &mut State, action: Action) -> Vec<Effect> {
    update(state, now(), press(action))
}

/// Three profiles, none of which has been read yet.
fn reading() -> (State, RequestId) {
    let mut state = state();
    let profiles = vec![
        profile("prod", Some(account())),
        profile("staging", Some(Scope::Account(scope_id('b')))),
        profile("edge-europe-west", Some(zone())),
    ];
    state.session.active = ActiveCredential::of(&profiles[0]);
    state.session.settings = Settings {
        profiles,
        ..Settings::default()
    };
    act(&mut state, Action::Browse);
    let effects = act(&mut state, Action::AllProfiles);
    let request = effects.iter().find_map(|effect| match effect {
        Effect::ListProfiles { request, .. } => Some(*request),
        _ => None,
    });
    (state, request.unwrap())
}

fn source(profile: &str) -> CredentialSource {
    CredentialSource::Keyring {
        profile: profile.to_owned(),
    }
}

fn end(state: &mut State, request: RequestId, profile: &str, result: Result<Tokens, Failure>) {
    let tokens = result.clone().unwrap_or_default();
    let page = Message::ProfileArrived {
        request,
        source: source(profile),
        tokens,
    };
    update(state, now(), page);
    let listed = Message::ProfileListed {
        request,
        source: source(profile),
        result: result.map(|tokens| Fetched::new(tokens, Duration::from_millis(84))),
    };
    update(state, now(), listed);
}

fn named(number: usize, name: &str, end: &str) -> Arc<ServiceToken> {
    let id = format!("\"f174e90a-fafe-4643-bbbc-{number:012x}\"");
    let (name, end) = (format!("\"{name}\""), format!("\"{end}\""));
    token_with(&[("id", &id), ("name", &name), ("expires_at", &end)])
}

fn refused() -> Failure {
    Failure::new(
        FailureKind::Authentication,
        "The API refused the credential (HTTP 401).",
        "Enter it again.",
    )
}

fn prod() -> Tokens {
    vec![
        named(1, "CI/CD token", "2026-12-07T16:37:52Z"),
        named(2, "terraform-prod", "2026-11-28T09:00:00Z"),
        named(3, "github-actions-deploy", "2027-06-24T16:20:00Z"),
    ]
}

fn read() -> State {
    let (mut state, request) = reading();
    end(&mut state, request, "prod", Ok(prod()));
    end(&mut state, request, "staging", Err(refused()));
    let edge = vec![named(
        4,
        "edge-probe-with-quite-a-long-name",
        "2026-11-20T09:00:00Z",
    )];
    end(&mut state, request, "edge-europe-west", Ok(edge));
    update(&mut state, now(), Message::ProfilesListed { request });
    state
}

fn arriving() -> State {
    let (mut state, request) = reading();
    end(&mut state, request, "prod", Ok(prod()));
    state
}

fn failed() -> State {
    let (mut state, request) = reading();
    for profile in ["prod", "staging", "edge-europe-west"] {
        end(&mut state, request, profile, Err(refused()));
    }
    update(&mut state, now(), Message::ProfilesListed { request });
    state
}

fn empty() -> State {
    let (mut state, request) = reading();
    end(&mut state, request, "prod", Ok(Vec::new()));
    end(&mut state, request, "staging", Ok(Vec::new()));
    end(&mut state, request, "edge-europe-west", Err(refused()));
    update(&mut state, now(), Message::ProfilesListed { request });
    state
}

fn export_prompt() -> State {
    let mut state = read();
    act(&mut state, Action::WriteList);
    state
}

fn export_writing() -> State {
    let mut state = export_prompt();
    for character in "~/reports/tokens.csv".chars() {
        let typed = Message::Input(Input::Type(Typed(character)));
        update(&mut state, now(), typed);
    }
    act(&mut state, Action::Submit);
    state
}

fn not_written(why: NotWritten) -> State {
    let mut state = export_prompt();
    for character in "~/reports/tokens.csv".chars() {
        let typed = Message::Input(Input::Type(Typed(character)));
        update(&mut state, now(), typed);
    }
    let effects = act(&mut state, Action::Submit);
    let [Effect::WriteList { request, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let result = Err(why);
    let request = *request;
    update(&mut state, now(), Message::ListWritten { request, result });
    state
}

fn export_exists() -> State {
    not_written(NotWritten::Exists)
}

fn export_refused() -> State {
    let why = "/home/me/reports/tokens.csv cannot be written: its directory does not exist.";
    not_written(NotWritten::Because(why.to_owned()))
}

#[test]
fn all_profiles_and_the_prompt_match_snapshots() {
    check(&SCENES, &[SMALL, USUAL, LARGE]);
}

#[test]
fn all_profiles_fit_every_size() {
    for (_, scene) in SCENES {
        sweep(&scene(), every_size());
    }
}

/// The profile and the note are never left out.
#[test]
fn profile_and_failures_are_visible_at_every_width() {
    for width in 40..=200 {
        let mut state = read();
        state.size = (width, 20);
        let shown = text(&renderer("dark", false).draw(state, (width, 20)).0);
        for part in ["PROFILE", "prod", "not read: staging", "details"] {
            assert!(shown.contains(part), "{part:?} at {width}:\n{shown}");
        }
    }
}

#[test]
fn if_no_profile_could_be_read_the_screen_says_why() {
    for (size, theme) in [((100, 30), "dark"), ((60, 20), "mono")] {
        let screen = text(&renderer(theme, false).draw(failed(), size).0);
        assert!(!screen.contains("No service tokens"), "{screen}");
        for said in [
            "✖ None of the 3 profiles could be read.",
            "prod, staging, edge-europe-west: The API refused",
            "Enter it again.",
        ] {
            assert!(screen.contains(said), "{said}: {screen}");
        }
    }
}

#[test]
fn each_reason_has_its_own_next_step() {
    let (mut state, request) = reading();
    let locked = Failure::new(FailureKind::Keyring, "The keyring is locked.", "Unlock it.");
    for (profile, failure) in [
        ("prod", refused()),
        ("staging", locked),
        ("edge-europe-west", refused()),
    ] {
        end(&mut state, request, profile, Err(failure));
    }
    update(&mut state, now(), Message::ProfilesListed { request });
    let screen = text(&renderer("dark", false).draw(state, (100, 30)).0);
    for said in ["prod, edge-europe-west: ", "staging: ", "Unlock it."] {
        assert_contains(&screen, said);
    }
    assert_eq!(screen.matches("Enter it again.").count(), 1, "{screen}");
}

#[test]
fn a_partial_failure_names_read_and_unread_profiles() {
    let screen = text(&renderer("dark", false).draw(read(), (100, 30)).0);
    let note = "▲ not read: staging (credential refused) · read: prod, edge-europe-west";
    assert!(screen.contains(note), "{screen}");
    let screen = text(&renderer("dark", false).draw(empty(), (100, 30)).0);
    let what = "No service tokens in what could be read: prod, staging.";
    assert!(screen.contains(what), "{screen}");
}
