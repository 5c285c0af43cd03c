//! Snapshots of Find at several sizes, with a fixed clock.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use ratatui::style::Modifier;
use tokenscope::action::{Action, Input, Typed};
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::state::State;
use tokenscope::app::{Opening, start, update};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::fetched::{Fetched, RequestId, Tokens};
use tokenscope::domain::recent_lookups::Recent;
use tokenscope::domain::token::ServiceToken;

use crate::screens::scenes::{
    LARGE, SMALL, Scene, USUAL, account, now, renderer, selected_rows, state, text, token_with,
};
use crate::screens::views::{check, every_size, sweep};
use crate::support::app::{list_fetched, press};
use crate::support::assertions::assert_contains;

const TINY: (u16, u16) = (40, 10);

pub(crate) const FIND: [Scene; 11] = [
    ("find_needs", needs),
    ("find_commands", commands),
    ("find_typing", typing),
    ("find_fuzzy", fuzzy),
    ("find_miss", miss),
    ("find_more", more),
    ("find_nothing", nothing),
    ("find_none", none),
    ("find_loading", loading),
    ("find_waiting", waiting),
    ("find_refused", refused),
];

// ---------------------------------------------------------------------------------- states

fn act(state: &mut State, action: Action) -> Vec<Effect> {
    update(state, now(), press(action))
}

fn type_text(state: &mut State, text: &str) {
    for character in text.chars() {
        update(state, now(), Message::Input(Input::Type(Typed(character))));
    }
}

fn asking() -> (State, RequestId) {
    let mut state = state();
    let effects = start(&mut state, Opening::Find);
    let request = effects.iter().find_map(|effect| match effect {
        Effect::ListTokens { request, .. } => Some(*request),
        _ => None,
    });
    (state, request.unwrap())
}

fn end(state: &mut State, request: RequestId, result: Result<Fetched<Tokens>, Failure>) {
    update(state, now(), list_fetched(request, result));
}

fn find(tokens: Vec<Arc<ServiceToken>>) -> State {
    let (mut state, request) = asking();
    let recent = named(90, "staging-e2e", "2027-11-20T08:30:00Z", &[]);
    let at = now() - TimeDelta::hours(2);
    let recents = vec![Recent::of(&recent, &account(), at).unwrap()];
    update(&mut state, now(), Message::RecentsLoaded(recents));
    let list = Fetched {
        announced: Some(tokens.len()),
        ..Fetched::new(tokens, Duration::from_millis(84))
    };
    end(&mut state, request, Ok(list));
    state
}

fn named(number: usize, name: &str, end: &str, more: &[(&str, &str)]) -> Arc<ServiceToken> {
    let id = format!("\"f174e90a-fafe-4643-bbbc-{number:012x}\"");
    let client_id = format!("\"{number:08x}6d86161464f6509f7219099e.access\"");
    let (name, end) = (format!("\"{name}\""), format!("\"{end}\""));
    let mut all = vec![
        ("id", id.as_str()),
        ("client_id", client_id.as_str()),
        ("name", name.as_str()),
        ("expires_at", end.as_str()),
        ("last_seen_at", r#""2026-11-25T11:58:00Z""#),
    ];
    all.extend_from_slice(more);
    token_with(&all)
}

/// Similar to the tokens in the drawings of the documentation.
fn tokens() -> Vec<Arc<ServiceToken>> {
    let seen = |at| [("last_seen_at", at)];
    vec![
        named(1, "github-actions-deploy", "2027-06-24T16:20:00Z", &[]),
        named(
            2,
            "nightly-backup-legacy",
            "2026-11-16T08:30:00Z",
            &seen(r#""2026-11-25T07:00:00Z""#),
        ),
        named(3, "preview-env-smoke-test", "2026-11-25T13:31:00Z", &[]),
        named(4, "terraform-prod", "2026-11-28T19:10:00Z", &[]),
        named(5, "CI/CD token", "2026-12-07T16:37:52Z", &[]),
        named(6, "grafana-synthetic", "2026-12-20T16:37:52Z", &[]),
        named(7, "migrated-from-v1", "", &[]),
        named(
            8,
            "東京-バックアップ",
            "2027-05-20T00:00:00Z",
            &seen(r#""2026-10-15T09:12:44Z""#),
        ),
        named(
            9,
            "tunnel-health-probe",
            "2027-01-01T00:00:00Z",
            &[("duration", r#""forever""#)],
        ),
        named(
            10,
            "contractor-laptop",
            "2027-02-01T00:00:00Z",
            &[("enabled", "false")],
        ),
        named(
            11,
            "old-jenkins",
            "2024-11-16T08:30:00Z",
            &seen(r#""2024-11-01T00:00:00Z""#),
        ),
        named(12, "warehouse-etl", "2027-04-01T00:00:00Z", &seen("null")),
    ]
}

fn fine() -> Vec<Arc<ServiceToken>> {
    let all = tokens();
    [0, 8, 9, 10].map(|at| all[at].clone()).to_vec()
}

fn needs() -> State {
    find(tokens())
}

fn commands() -> State {
    let mut state = needs();
    act(&mut state, Action::Back);
    act(&mut state, Action::Down);
    state
}

fn typing() -> State {
    let mut state = needs();
    type_text(&mut state, "dep");
    state
}

fn fuzzy() -> State {
    let mut state = needs();
    type_text(&mut state, "tfprod");
    state
}

fn miss() -> State {
    let mut state = needs();
    type_text(&mut state, "terrafrom");
    state
}

fn more() -> State {
    let many = |at: usize| {
        named(
            100 + at,
            &format!("service-{at:03}"),
            "2026-11-27T08:00:00Z",
            &[],
        )
    };
    find(tokens().into_iter().chain((0..60).map(many)).collect())
}

fn nothing() -> State {
    find(fine())
}

fn none() -> State {
    find(Vec::new())
}

fn loading() -> State {
    let (mut state, request) = asking();
    let page = Message::TokensArrived {
        request,
        tokens: fine(),
        total: Some(12_000),
    };
    update(&mut state, now(), page);
    state
}

fn waiting() -> State {
    let mut state = loading();
    type_text(&mut state, "dep");
    act(&mut state, Action::Submit);
    state
}

fn refused() -> State {
    let (mut state, request) = asking();
    let id = account().id().to_owned();
    let refusal = Failure::new(
        FailureKind::Permission,
        format!("The API token works, but not for account {id} (HTTP 403, code 10000)."),
        "Check the ID.",
    );
    end(&mut state, request, Err(refusal));
    state
}

// ---------------------------------------------------------------------------------- tests

#[test]
fn find_matches_snapshots() {
    check(&FIND, &[TINY, SMALL, USUAL, LARGE]);
}

#[test]
fn the_bar_is_bold_only_while_letters_are_commands() {
    let is_bold = |state: State| {
        let (buffer, _) = renderer("dark", false).draw(state, USUAL);
        let rows = selected_rows(&buffer);
        assert_eq!(rows.len(), 1);
        let cell = &buffer[(6, rows[0])];
        cell.modifier.contains(Modifier::BOLD)
    };
    assert!(is_bold(commands()));
    assert!(!is_bold(typing()));
}

#[test]
fn the_field_has_marker_and_cursor_only_while_letters_are_text() {
    let field = |state: State| {
        let (buffer, cursor) = renderer("dark", false).draw(state, USUAL);
        let row = text(&buffer).lines().nth(2).unwrap().to_owned();
        (
            row.contains('›'),
            cursor.is_some_and(|cursor| cursor.y == 2),
        )
    };
    assert_eq!(field(typing()), (true, true));
    let mut state = typing();
    act(&mut state, Action::Back);
    assert_eq!(field(state), (false, false));
}

#[test]
fn find_fits_every_size() {
    for scene in [needs, typing, more, refused] {
        sweep(&scene(), every_size());
    }
}

#[test]
fn a_wider_terminal_shows_no_less() {
    let mut before = 0;
    for width in 40..=200 {
        let (buffer, _) = renderer("dark", false).draw(needs(), (width, 24));
        let screen = text(&buffer);
        let row = screen
            .lines()
            .find(|line| line.contains("nightly"))
            .unwrap();
        let shown = ["9d ago", "seen 5 h ago", "still used"]
            .iter()
            .filter(|part| row.contains(**part))
            .count();
        assert!(shown >= before, "{width}: {row}");
        before = shown;
    }
    assert_eq!(before, 3);
}

#[test]
fn a_name_is_truncated_only_without_room_for_it() {
    for (width, most) in [(60, 25), (80, 29), (100, 36)] {
        let (buffer, _) = renderer("dark", false).draw(needs(), (width, 24));
        let screen = text(&buffer);
        let row = screen.lines().find(|line| line.contains("9d ago"));
        let row = row.unwrap();
        let name = row.find("nightly").unwrap();
        let cells = row[name..row.find("9d ago").unwrap()].chars().count();
        assert_eq!(cells, most + 2, "{width}: {row}");
    }
}

#[test]
fn a_recent_lookup_is_timed_and_labelled_at_every_width() {
    for width in 40..=200 {
        let (buffer, _) = renderer("dark", false).draw(needs(), (width, 24));
        let screen = text(&buffer);
        let row = screen.lines().find(|line| line.contains("staging-e2e"));
        let row = row.unwrap();
        let is_timed = row.contains("ago");
        let is_said = row.contains("looked up") || screen.contains("Recent · looked up");
        assert_eq!(is_timed, is_said, "{width}: {screen}");
    }
}

#[test]
fn the_header_names_the_section_that_a_token_was_opened_from() {
    let header = |state: &State| {
        let screen = text(&renderer("dark", false).draw(state.clone(), (100, 30)).0);
        screen.lines().next().unwrap().to_owned()
    };
    let mut state = needs();
    act(&mut state, Action::Submit);
    assert_contains(&header(&state), "› Find ›");
    assert_contains(&header(&state), "Needs you 1 of ");
    act(&mut state, Action::Back);
    act(&mut state, Action::Browse);
    act(&mut state, Action::Submit);
    assert_contains(&header(&state), "› Tokens ›");
    assert!(!header(&state).contains("Needs you"), "{}", header(&state));
}
