//! Transitions of the help: a searchable menu of the keys of the screen beneath.

use tokenscope::action::{Action, Context};
use tokenscope::app::message::Effect;
use tokenscope::app::state::{Banner, Overlay, Screen, State};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::text;
use tokenscope::screens::help::update::HelpLine;
use tokenscope::theme::Role;

use crate::support::app::{act, lookup, type_text};
use crate::support::assertions::assert_matches;
use crate::support::sessions::in_demo;
use crate::support::tokens::at;
use crate::update::detail;

fn token_in_view() -> State {
    let mut state = detail(at(99_999_999));
    act(&mut state, Action::Help);
    assert_eq!(state.context(), Context::Help);
    state
}

fn titles(state: &State) -> Vec<String> {
    let lines = state.help_lines().into_iter();
    let titles = lines.filter(|line| !line.is_item() && !line.lead.is_empty());
    titles.map(|line| line.lead).collect()
}

fn items(state: &State) -> Vec<HelpLine> {
    let lines = state.help_lines().into_iter();
    lines.filter(HelpLine::is_item).collect()
}

fn banner(kind: FailureKind) -> Banner {
    Banner {
        failure: Failure::new(kind, "It failed.", "Do something."),
        count: 1,
    }
}

fn search(state: &mut State, query: &str) {
    act(state, Action::Search);
    assert_eq!(state.context(), Context::HelpText);
    type_text(state, query);
}

#[test]
fn keys_of_this_screen_come_first_then_symbols_filters_and_global_keys() {
    let state = token_in_view();
    let titles = titles(&state);
    assert_eq!(titles.first().map(String::as_str), Some("Token"));
    let place = |title: &str| titles.iter().position(|it| it == title).unwrap();
    assert!(place("Symbols") < place("In a filter"));
    assert!(place("In a filter") < place("Moving around"));
    assert!(place("Moving around") < place("Everywhere"));
    let first = &items(&state)[0];
    assert_eq!(
        (first.lead.as_str(), first.meaning.as_str()),
        ("u", "show who uses the token")
    );
}

#[test]
fn a_screen_with_a_text_field_explains_field_and_commands() {
    let mut state = lookup();
    act(&mut state, Action::Help);
    let titles = titles(&state);
    assert_eq!(titles[..2], ["Find, in the field", "Find, after Esc"]);
    assert!(titles.contains(&"Moving around, after Esc".to_owned()));
    assert!(titles.contains(&"In a text field".to_owned()));
}

#[test]
fn keys_without_effect_are_left_out_and_each_key_has_one_meaning() {
    let mut state = token_in_view();
    let has = |state: &State, meaning: &str| items(state).iter().any(|it| it.meaning == meaning);
    assert!(!has(&state, "enter the credential again"));
    assert!(!has(&state, "show the error details"));
    act(&mut state, Action::Back);
    state.banner = Some(banner(FailureKind::Server));
    act(&mut state, Action::Help);
    assert!(has(&state, "show the error details"));
}

#[test]
fn a_key_that_a_screen_overrides_is_listed_once() {
    let mut state = lookup();
    act(&mut state, Action::Profiles);
    state.banner = Some(banner(FailureKind::Authentication));
    act(&mut state, Action::Help);
    let a: Vec<_> = items(&state)
        .into_iter()
        .filter(|it| it.lead == "a")
        .collect();
    assert_eq!(a.len(), 1, "{a:?}");
    assert_eq!(a[0].meaning, "add a profile");
}

#[test]
fn the_key_that_opens_the_demo_is_listed_as_leaving_it() {
    let mut state = lookup();
    let meaning = |state: &mut State| {
        act(state, Action::Help);
        let line = items(state).into_iter().find(|it| it.lead == "F4");
        act(state, Action::Help);
        line.map(|line| line.meaning)
    };
    assert_eq!(meaning(&mut state).as_deref(), Some("open the demo"));
    state.session.active.identity = Some(in_demo());
    assert_eq!(meaning(&mut state).as_deref(), Some("leave the demo"));
    state.session.demo_only = true;
    assert_eq!(meaning(&mut state), None);
}

#[test]
fn tab_goes_from_part_to_part_and_wraps_around() {
    let mut state = token_in_view();
    let parts = titles(&state);
    let mut seen = Vec::new();
    for _ in &parts {
        act(&mut state, Action::NextField);
        seen.push(state.help.selected);
    }
    assert!(seen[..parts.len() - 1].is_sorted(), "{seen:?}");
    assert_eq!(seen.last(), Some(&0));
    act(&mut state, Action::PreviousField);
    assert_eq!(state.help.selected, seen[parts.len() - 2]);
}

#[test]
fn long_lines_are_wrapped_at_the_smallest_size() {
    let mut state = token_in_view();
    let wide = items(&state).len();
    state.size = (40, 10);
    assert_eq!(items(&state).len(), wide);
    for line in state.help_lines() {
        let taken = text::width(&line.lead).max(12) + text::width(&line.meaning);
        assert!(line.meaning.is_empty() || taken <= 37, "{line:?}");
    }
}

#[test]
fn no_two_symbols_look_alike() {
    let state = token_in_view();
    let mut symbols: Vec<String> = Vec::new();
    for line in items(&state).into_iter().filter(|it| it.action.is_none()) {
        assert!(!symbols.contains(&line.lead), "{line:?}");
        symbols.push(line.lead);
    }
    let disabled = items(&state)
        .into_iter()
        .find(|it| it.meaning == "disabled");
    assert_eq!(disabled.unwrap().role, Some(Role::Muted));
}

#[test]
fn no_key_is_listed_twice() {
    let state = token_in_view();
    let mut keys: Vec<(String, String)> = Vec::new();
    for line in items(&state) {
        let said = (line.lead, line.meaning);
        assert!(!keys.contains(&said), "{said:?}");
        keys.push(said);
    }
}

#[test]
fn enter_runs_the_selected_key_and_closes_the_help() {
    let mut state = token_in_view();
    while items(&state)[state.help.selected].lead != "r" {
        act(&mut state, Action::Down);
    }
    let effects = act(&mut state, Action::Submit);
    assert_matches!(effects.as_slice(), [Effect::FetchToken { .. }]);
    assert_eq!(state.overlay, None);
}

#[test]
fn a_search_finds_a_key_by_its_effect_and_enter_runs_it() {
    let mut state = token_in_view();
    search(&mut state, "list profiles");
    assert_eq!(items(&state)[0].action, Some(Action::Profiles));
    act(&mut state, Action::Submit);
    assert_eq!((state.screen, state.overlay), (Screen::Profiles, None));
}

#[test]
fn a_search_for_a_key_is_case_sensitive() {
    let mut state = token_in_view();
    search(&mut state, "Y");
    let found = items(&state);
    assert_eq!(found[0].lead, "Y");
    assert!(found.iter().all(|line| line.lead != "y"), "{found:?}");
}

#[test]
fn enter_does_nothing_on_a_symbol_or_without_a_match() {
    let mut state = token_in_view();
    search(&mut state, "never expires");
    assert_eq!(items(&state).len(), 1);
    assert_eq!(act(&mut state, Action::Submit), []);
    assert_eq!(state.overlay, Some(Overlay::Help));
    type_text(&mut state, "zzz");
    assert_eq!(items(&state), []);
    assert_eq!(act(&mut state, Action::Submit), []);
    assert_eq!(state.overlay, Some(Overlay::Help));
}

#[test]
fn esc_ends_the_search_and_then_closes_the_help() {
    let mut state = token_in_view();
    let all = items(&state).len();
    search(&mut state, "reload");
    act(&mut state, Action::Back);
    assert_eq!(state.context(), Context::Help);
    assert_eq!(items(&state).len(), all);
    act(&mut state, Action::Back);
    assert_eq!(state.overlay, None);
}

#[test]
fn the_selection_moves_to_both_ends() {
    let mut state = token_in_view();
    state.size = (60, 12);
    act(&mut state, Action::Bottom);
    let last = items(&state).len() - 1;
    assert_eq!(state.help.selected, last);
    act(&mut state, Action::Down);
    assert_eq!(state.help.selected, last);
    act(&mut state, Action::Up);
    assert_eq!(state.help.selected, last - 1);
    act(&mut state, Action::Top);
    assert_eq!(state.help.selected, 0);
}

#[test]
fn a_motion_key_runs_on_the_screen_beneath() {
    let mut state = token_in_view();
    search(&mut state, "move down");
    let selected = state.detail.selected;
    act(&mut state, Action::Submit);
    assert_eq!(state.detail.selected, selected + 1);
}
