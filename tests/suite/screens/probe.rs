//! Snapshots of the probe of an app.

use std::time::Duration;

use tokenscope::action::{Action, Input, Typed};
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::state::State;
use tokenscope::app::update;
use tokenscope::domain::access::probe::{ProbeAnswer, ProbeAnswers};
use tokenscope::domain::access::signs::AnsweredBy;

use crate::screens::scenes::{LARGE, SKETCH, SMALL, Scene, USUAL, detail, now, token_with};
use crate::screens::uses::whole;
use crate::screens::views::{check, every_size, sweep};
use crate::support::app::press;

pub(crate) const PROBE: [Scene; 8] = [
    ("probe_empty", empty),
    ("probe_form", form),
    ("probe_complaint", complaint),
    ("probe_waiting", waiting),
    ("probe_refused", refused),
    ("probe_opens", opens),
    ("probe_no_access", no_access),
    ("probe_hostile", hostile),
];

fn act(state: &mut State, action: Action) -> Vec<Effect> {
    update(state, now(), press(action))
}

fn type_text(state: &mut State, text: &str) {
    for letter in text.chars() {
        update(state, now(), Message::Input(Input::Type(Typed(letter))));
    }
}

fn empty() -> State {
    let mut state = detail(token_with(&[]));
    act(&mut state, Action::Probe);
    state
}

/// The panel for the app that opens for the token.
fn form() -> State {
    let mut state = whole();
    while state.uses.selected_row().unwrap().place != "deploy.example.com/hooks" {
        act(&mut state, Action::Down);
    }
    act(&mut state, Action::Probe);
    type_text(&mut state, "some-secret");
    state
}

fn complaint() -> State {
    let mut state = form();
    act(&mut state, Action::DeleteToStart);
    type_text(&mut state, "88bf3b6d86161464f6509f7219099e57.access");
    act(&mut state, Action::Submit);
    state
}

fn waiting() -> State {
    let mut state = form();
    act(&mut state, Action::Submit);
    state
}

fn answer(status: u16, answered_by: AnsweredBy, took: u64) -> ProbeAnswer {
    ProbeAnswer {
        status: Some(status),
        answered_by,
        cf_ray: Some("95942549c0ffee00-LHR".to_owned()),
        redirect: None,
        took: Duration::from_millis(took),
    }
}

fn done(bare: ProbeAnswer, with_token: Option<ProbeAnswer>) -> State {
    let mut state = form();
    let effects = act(&mut state, Action::Submit);
    let [Effect::Probe { request, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let answers = ProbeAnswers {
        header: None,
        bare,
        with_token,
        failure: None,
    };
    let (request, result) = (*request, Ok(answers));
    update(&mut state, now(), Message::Probed { request, result });
    state
}

fn refused() -> State {
    let access = AnsweredBy::Access;
    done(answer(403, access, 41), Some(answer(403, access, 38)))
}

fn opens() -> State {
    let origin = answer(200, AnsweredBy::Origin, 38);
    done(answer(401, AnsweredBy::Access, 41), Some(origin))
}

fn no_access() -> State {
    done(answer(200, AnsweredBy::Origin, 41), None)
}

fn hostile() -> State {
    let name = "\u{1b}[31m\u{202e}evil\u{0}東京".repeat(30);
    let mut bare = answer(301, AnsweredBy::Origin, 999_999_999);
    bare.redirect = Some(format!("https://evil.example/{name}"));
    bare.cf_ray = Some(name);
    done(bare, None)
}

#[test]
fn the_probe_matches_snapshots() {
    check(&PROBE, &[(40, 10), SMALL, USUAL, SKETCH, LARGE]);
}

#[test]
fn the_probe_can_be_drawn_at_every_size() {
    for scene in [form, refused, hostile] {
        sweep(&scene(), every_size());
    }
}
