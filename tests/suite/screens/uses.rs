//! Snapshots of the uses of a token.

use std::time::{Duration, Instant};

use ratatui::backend::TestBackend;
use ratatui::{Frame, Terminal};
use serde_json::{Value, json};
use tokenscope::action::{Action, Input, Typed};
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::state::State;
use tokenscope::app::update;
use tokenscope::domain::access::map::{Part, PartAnswer};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::fetched::{Fetched, RequestId};

use crate::screens::scenes::{
    LARGE, SKETCH, SMALL, Scene, USUAL, detail, now, renderer, text, token_with, zone,
};
use crate::screens::views::{check, every_size, sweep};
use crate::support::access_map::{PARTS, empty, example, read, unread};
use crate::support::app::press;
use crate::support::assertions::assert_contains;

pub(crate) const USES: [Scene; 15] = [
    ("uses", whole),
    ("uses_reading", reading),
    ("uses_arriving", arriving),
    ("uses_deletable", deletable),
    ("uses_refused", refused),
    ("uses_nothing_visible", nothing_visible),
    ("uses_offline", offline),
    ("uses_stale", stale),
    ("uses_gone", gone),
    ("uses_zone", of_a_zone),
    ("uses_verdicts", verdicts),
    ("uses_many", many),
    ("uses_filtering", filtering),
    ("uses_details", details),
    ("uses_hostile", hostile),
];

fn act(state: &mut State, action: Action) -> Vec<Effect> {
    update(state, now(), press(action))
}

/// Uses of the example's token, and the request for the map.
fn opened_with(changes: &[(&str, &str)]) -> (State, RequestId) {
    let mut state = detail(token_with(changes));
    let effects = act(&mut state, Action::Uses);
    let request = effects.iter().find_map(|effect| match effect {
        Effect::ReadAccess { request, .. } => Some(*request),
        _ => None,
    });
    (state, request.unwrap())
}

fn opened() -> (State, RequestId) {
    opened_with(&[("last_seen_at", r#""2026-11-25T11:58:31Z""#)])
}

fn part(state: &mut State, request: RequestId, answer: PartAnswer) {
    update(state, now(), Message::AccessPartRead { request, answer });
}

fn end(state: &mut State, request: RequestId) {
    let result = Ok(Fetched::new((), Duration::from_millis(84)));
    update(state, now(), Message::AccessRead { request, result });
}

/// Answers for every part.
fn with((mut state, request): (State, RequestId), answer: impl Fn(Part) -> PartAnswer) -> State {
    for it in PARTS {
        part(&mut state, request, answer(it));
    }
    end(&mut state, request);
    state
}

pub(crate) fn whole() -> State {
    with(opened(), example)
}

fn reading() -> State {
    let (mut state, request) = opened();
    part(&mut state, request, example(Part::Organization));
    update(
        &mut state,
        now() + chrono::TimeDelta::seconds(3),
        Message::Ticked,
    );
    state
}

/// The alerts and other parts that may name the token have not arrived yet.
fn arriving() -> State {
    let (mut state, request) = opened();
    for it in [Part::Groups, Part::Apps, Part::Policies] {
        part(&mut state, request, example(it));
    }
    state
}

/// A clean-up of unused tokens after 200 days.
fn organization() -> Value {
    json!({"strict_service_token_auth": true, "service_token_inactivity":
        {"enabled": true, "action": "disable", "inactivity_threshold_days": 200}})
}

/// Nothing names the token, and everything was read.
fn deletable() -> State {
    let opened = opened_with(&[
        ("id", r#""f174e90a-0a02-4643-bbbc-4a0ed4fc8415""#),
        ("client_id", r#""6e3d8c1fa05b4d9e9f203b4c5d6e7f80.access""#),
        ("name", r#""old-crawler""#),
        ("last_seen_at", r#""2026-05-29T23:59:59Z""#),
    ]);
    with(opened, |part| match part {
        Part::Apps => read(
            part,
            &json!([{"id": "a", "name": "A", "type": "self_hosted",
            "domain": "a.example.com", "policies": []}]),
        ),
        Part::Organization => read(part, &organization()),
        part => empty(part),
    })
}

fn refused() -> State {
    with(opened(), |part| unread(part, FailureKind::Permission))
}

fn nothing_visible() -> State {
    with(opened(), empty)
}

fn no_connection() -> Failure {
    Failure::new(
        FailureKind::Network,
        "Cannot reach api.cloudflare.com: connection refused.",
        "Check the network, then retry.",
    )
}

fn offline() -> State {
    let (mut state, request) = opened();
    let result = Err(no_connection());
    update(&mut state, now(), Message::AccessRead { request, result });
    state
}

fn again(state: &mut State) -> Vec<RequestId> {
    let effects = act(state, Action::Reload);
    let requests = effects.iter().filter_map(|effect| match effect {
        Effect::ReadAccess { request, .. } | Effect::FetchToken { request, .. } => Some(*request),
        _ => None,
    });
    requests.collect()
}

fn stale() -> State {
    let mut state = whole();
    let requests = again(&mut state);
    let request = requests[1];
    let result = Err(no_connection());
    update(&mut state, now(), Message::AccessRead { request, result });
    state
}

fn gone() -> State {
    let mut state = whole();
    let request = again(&mut state)[0];
    let failure = Failure::new(
        FailureKind::NotFound,
        "No service token with this ID in account 4f1b2c3d4e5f60718293a4b5c6d79c2e.",
        "It was deleted, or it is in another account.",
    );
    let result = Err(failure);
    update(&mut state, now(), Message::TokenFetched { request, result });
    state
}

fn of_a_zone() -> State {
    let mut state = detail(token_with(&[]));
    state.detail.access.as_mut().unwrap().scope = zone();
    let effects = act(&mut state, Action::Uses);
    let [Effect::ReadAccess { request, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    for it in [Part::Apps, Part::Groups, Part::Organization] {
        part(&mut state, *request, example(it));
    }
    end(&mut state, *request);
    state
}

fn app(id: usize, address: &str, kind: &str, policy: &Value) -> Value {
    json!({"id": format!("app-{id}"), "name": format!("App {id}"), "type": kind,
        "domain": address, "policies": [policy]})
}

fn policy(name: &str, decision: &str, include: &Value) -> Value {
    json!({"id": name, "name": name, "decision": decision, "include": [include]})
}

fn this() -> Value {
    json!({"service_token": {"token_id": "f174e90a-fafe-4643-bbbc-4a0ed4fc8415"}})
}

/// Every verdict, and a clean-up that is due soon.
fn verdicts() -> State {
    let group = json!({"group": {"id": "22222222-bbbb-4bbb-8bbb-000000000002"}});
    let everybody = json!({"everyone": {}});
    let mut required = policy(
        "From the office",
        "non_identity",
        &json!({"any_valid_service_token": {}}),
    );
    required["require"] = json!([{"ip": {"ip": "192.0.2.0/24"}}]);
    let apps = json!([
        app(
            1,
            "ci.example.com",
            "self_hosted",
            &policy("CI", "non_identity", &group)
        ),
        app(
            2,
            "public.example.com",
            "self_hosted",
            &policy("Public", "bypass", &everybody)
        ),
        app(
            3,
            "crm.example.com",
            "saas",
            &policy("CRM", "non_identity", &group)
        ),
        app(
            4,
            "ssh.example.com",
            "infrastructure",
            &policy("SSH", "allow", &group)
        ),
        app(5, "office.example.com", "self_hosted", &required),
        app(
            6,
            "*.any.example.com",
            "self_hosted",
            &policy(
                "Any",
                "non_identity",
                &json!({"any_valid_service_token": {}})
            )
        ),
        app(
            7,
            "blocked.example.com",
            "self_hosted",
            &policy("Blocked", "deny", &group)
        ),
    ]);
    let mut public = apps;
    let also = policy("CI too", "non_identity", &this());
    public[1]["policies"].as_array_mut().unwrap().push(also);
    let opened = opened_with(&[("last_seen_at", r#""2026-05-29T23:59:59Z""#)]);
    with(opened, |part| match part {
        Part::Apps => read(part, &public),
        Part::Organization => read(part, &organization()),
        Part::Alerts => empty(part),
        part => example(part),
    })
}

/// Two thousand apps that open, the last of which is selected.
fn many() -> State {
    let ci = policy("CI only", "non_identity", &this());
    let apps: Vec<Value> = (0..2000)
        .map(|at| app(at, &format!("app-{at:04}.example.com"), "self_hosted", &ci))
        .collect();
    let mut state = with(opened(), |part| match part {
        Part::Apps => read(part, &Value::Array(apps.clone())),
        part => example(part),
    });
    act(&mut state, Action::Bottom);
    while state.uses.selected > 1999 {
        act(&mut state, Action::Up);
    }
    state
}

fn filtering() -> State {
    let mut state = whole();
    act(&mut state, Action::Search);
    for letter in "opens".chars() {
        update(
            &mut state,
            now(),
            Message::Input(Input::Type(Typed(letter))),
        );
    }
    state
}

fn details() -> State {
    let mut state = whole();
    act(&mut state, Action::Down);
    act(&mut state, Action::Submit);
    state
}

fn hostile() -> State {
    let name = "\u{1b}[31m\u{202e}evil\u{0}東京".repeat(30);
    let apps = json!([
        app(1, &name, &name, &policy(&name, "allow", &this())),
        app(2, "", "self_hosted", &policy("", "non_identity", &this())),
    ]);
    with(opened(), |part| match part {
        Part::Apps => read(part, &apps),
        part => example(part),
    })
}

#[test]
fn the_uses_match_snapshots() {
    check(&USES, &[(40, 10), SMALL, USUAL, SKETCH, LARGE]);
}

#[test]
fn the_uses_can_be_drawn_at_every_size() {
    for scene in [verdicts, details] {
        let state = scene();
        sweep(
            &state,
            every_size().filter(|(width, height)| width % 3 == height % 3),
        );
    }
}

#[test]
fn the_selected_row_is_visible_at_every_size() {
    let row = "app-1999.example.com";
    for size in [(40, 10), (46, 14), (60, 20), (80, 24), (100, 50), (200, 50)] {
        let (buffer, _) = renderer("dark", false).draw(many(), size);
        assert!(text(&buffer).contains(row), "{size:?}");
    }
}

#[test]
fn the_reason_of_a_place_says_how_it_names_the_token() {
    let mut state = whole();
    let mut said = Vec::new();
    for _ in 0..state.uses.rows() {
        said.push(state.uses.selected_row().unwrap().message.clone());
        act(&mut state, Action::Down);
    }
    for expected in [
        "Policy Old robots excludes this token; no app uses it. The API refuses to delete the token \
         while this names it: take it out here first.",
        "Group CI includes this token; in Machines; used by policy Machines from the office; 1 app. The \
         API refuses to delete the token while this names it: take it out here first.",
        "DNS over HTTPS: clients of DNS over HTTPS authenticate with this token. Choose another token \
         there before you delete this one.",
    ] {
        assert!(said.iter().any(|it| it == expected), "{said:#?}");
    }
}

#[test]
fn large_numbers_have_separators_everywhere() {
    let apps: Vec<Value> = (0..2000)
        .map(|at| {
            app(
                at,
                "",
                "self_hosted",
                &policy("CI", "non_identity", &this()),
            )
        })
        .collect();
    let state = with(opened(), |part| match part {
        Part::Apps => read(part, &Value::Array(apps.clone())),
        part => empty(part),
    });
    let (buffer, _) = renderer("dark", false).draw(state, USUAL);
    for said in [
        "opens 2,000",
        "2,000 apps, 0 reusable policies",
        "1 of 2,000",
    ] {
        assert_contains(&text(&buffer), said);
    }
}

/// Beside the list on wide screens, otherwise below the remark: no part stays empty.
#[test]
fn without_a_row_the_screen_shows_what_was_read() {
    for size in [SMALL, USUAL, LARGE] {
        let (buffer, _) = renderer("dark", false).draw(nothing_visible(), size);
        let screen = text(&buffer);
        let said = [
            "What was read",
            "apps: read, 0 visible",
            "organization's settings: read",
        ];
        assert!(
            said.iter().all(|it| screen.contains(it)),
            "{size:?}: {screen}"
        );
        assert!(!screen.contains("Why"), "{screen}");
    }
}

#[test]
fn the_title_of_the_list_names_the_visible_rows() {
    let titles = |state: &State| {
        let (buffer, _) = renderer("dark", false).draw(state.clone(), state.size);
        let screen = text(&buffer);
        let title = |name: &str| screen.matches(&format!(" {name} ─")).count();
        (title("Apps"), title("Other places"))
    };
    let mut state = whole();
    state.size = (80, 10);
    assert_eq!(titles(&state).0, 1);
    let mut seen = Vec::new();
    for _ in 0..2 * state.uses.rows() {
        act(&mut state, Action::Down);
        seen.push(titles(&state));
    }
    assert_eq!(seen.last(), Some(&(0, 1)));
    for _ in 0..2 * state.uses.rows() {
        act(&mut state, Action::Up);
        seen.push(titles(&state));
    }
    assert_eq!(seen.last().map(|it| it.0), Some(1));
    assert!(
        seen.iter().all(|it| it.0 + it.1 > 0 && it.1 < 2),
        "{seen:?}"
    );
}

#[test]
fn keys_do_not_rebuild_the_report() {
    let mut state = many();
    let before = state.uses.report.rows.as_ptr();
    for action in [Action::Up, Action::Top, Action::PageDown, Action::Search] {
        act(&mut state, action);
    }
    for letter in "app-19".chars() {
        update(
            &mut state,
            now(),
            Message::Input(Input::Type(Typed(letter))),
        );
    }
    assert_eq!(state.uses.rows(), 100);
    assert_eq!(state.uses.report.rows.as_ptr(), before);
}

/// From a key to a frame, with two thousand apps: `cargo test --release -- --ignored two_thousand`.
#[test]
#[ignore = "measures: for a quiet machine and a release build"]
fn a_key_is_a_frame_within_a_millisecond_with_two_thousand_apps() {
    let mut state = many();
    state.size = LARGE;
    let renderer = renderer("dark", false);
    let mut terminal = Terminal::new(TestBackend::new(LARGE.0, LARGE.1)).unwrap();
    let mut figures: Vec<Duration> = (0..2000)
        .map(|at| {
            let start = Instant::now();
            let action = match at % 7 {
                0 => Action::Top,
                1 => Action::PageDown,
                _ => Action::Down,
            };
            act(&mut state, action);
            let draw = |frame: &mut Frame<'_>| renderer.render(frame, &state);
            terminal.draw(draw).unwrap();
            start.elapsed()
        })
        .collect();
    figures.sort_unstable();
    let (median, worst) = (figures[1000], figures[1999]);
    assert!(
        median < Duration::from_millis(1) && worst < Duration::from_millis(5),
        "median {median:?}, worst {worst:?}"
    );
}
