//! Warnings stay until a key is pressed.

#![cfg(unix)]

use chrono::TimeDelta;
use tokenscope::action::{Action, Input};
use tokenscope::app;
use tokenscope::app::Opening;
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::state::{Screen, State};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::token::TokenRef;

use crate::cli::monitoring::id;
use crate::cli::thresholds::{api, lasting, write};
use crate::support::app::{fetched, press};
use crate::update::clock::{after, answered, app_state, on_detail};

#[test]
fn l10_all_warnings_stay_until_a_key_is_pressed() {
    let warning = |name: &str| {
        Message::Warned(Failure::new(
            FailureKind::Config,
            format!("{name} is odd."),
            "Check it.",
        ))
    };
    let token = TokenRef::parse(&id(1)).unwrap();
    let (mut state, effects) = app_state(Opening::Token(token), 5);
    for name in ["config.toml", "keymap.toml", "state.json"] {
        app::update(&mut state, after(0, 0), warning(name));
    }
    let shown = |state: &State| {
        let shown: Vec<&str> = state.failures().map(|it| it.summary.as_str()).collect();
        shown.join(" ")
    };
    let all = "config.toml is odd. keymap.toml is odd. state.json is odd.";
    assert_eq!(shown(&state), all);
    // Answers and time do not remove them, and an error appears beside them.
    answered(&mut state, &effects, after(1, 0), 0);
    assert_eq!(shown(&state), all);
    let effects = app::update(&mut state, after(6, 0), Message::Ticked);
    let [Effect::FetchToken { request, .. }] = effects.as_slice() else {
        unreachable!("{effects:?}")
    };
    let result = Err(Failure::new(
        FailureKind::Network,
        "It failed.",
        "Try again.",
    ));
    let request = *request;
    app::update(&mut state, after(7, 0), fetched(request, result));
    assert_eq!(shown(&state), format!("It failed. {all}"));
    app::update(
        &mut state,
        after(8, 0),
        Message::Input(Input::Resize(120, 40)),
    );
    assert_eq!(shown(&state), format!("It failed. {all}"));
    // Their details can be read; the next key removes them, and the error stays.
    app::update(&mut state, after(9, 0), press(Action::ErrorDetails));
    app::update(&mut state, after(9, 0), press(Action::Down));
    assert_eq!(shown(&state), format!("It failed. {all}"));
    app::update(&mut state, after(9, 0), press(Action::Back));
    assert_eq!(shown(&state), "It failed.");
}

#[test]
fn l10_any_key_dismisses_warnings_and_esc_does_nothing_else() {
    for (action, screen) in [
        (Action::Down, Screen::Detail),
        (Action::Back, Screen::Detail),
        (Action::Find, Screen::Find),
    ] {
        let mut state = on_detail(0, 0);
        let failure = Failure::new(FailureKind::Config, "It is odd.", "Check it.");
        app::update(&mut state, after(0, 0), Message::Warned(failure));
        assert!(state.banner_rows() > 0);
        app::update(&mut state, after(1, 0), press(action));
        assert_eq!(state.banner_rows(), 0, "{action:?}");
        assert_eq!(state.screen, screen, "{action:?}");
    }
}

/// On a terminal: two unusable files and a damaged third one are all reported, and the first answer
/// hides none of that.
#[test]
fn l10_warnings_of_the_start_outlast_the_first_answer() {
    let fake = api(&[lasting(1, "8760h", TimeDelta::days(10))]);
    let home = crate::support::api::home();
    write(home.path(), "shiny = 1\nrefresh_seconds = 1\n");
    for (name, text) in [("keymap.toml", "nonsense"), ("state.json", "{")] {
        std::fs::write(home.path().join(name), text).unwrap();
    }
    let folder = home.path().to_str().unwrap();
    let mut session = fake
        .binary(&[&id(1)])
        .with_token()
        .env("TOKENSCOPE_HOME", folder)
        .on_terminal();
    for part in ["EXPIRES IN", "`shiny`", "keymap.toml", "state.json"] {
        crate::support::api::shows(&mut session, part);
    }
    // They are still there after a reload or two.
    session.wait_until("a third request", |_| fake.heads().len() > 2);
    let contents = session.shown();
    assert!(contents.contains("`shiny`"), "{contents}");
    session.type_keys("j");
    session.wait_until("no warning", |session| !session.shown().contains("`shiny`"));
    session.type_keys("q");
}
