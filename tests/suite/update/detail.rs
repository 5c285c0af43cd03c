//! Keys on the page of a token: parts, neighbours, requests.

use chrono::{DateTime, Utc};
use tokenscope::action::Action;
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::state::{Overlay, Screen, State};
use tokenscope::app::update;
use tokenscope::domain::fetched::Remote;
use tokenscope::layout::detail::Part;
use tokenscope::screens::detail::state::View;
use tokenscope::screens::request::state::RequestChoice;

use crate::support::app::{act, fetched, found, listed, lookup, notice, request_of, started, tell};
use crate::support::assertions::assert_matches;
use crate::support::tokens::{ID, at, token};

fn id(number: usize) -> String {
    format!("{number:08}{}", &ID[8..])
}

fn named(number: usize) -> std::sync::Arc<tokenscope::domain::token::ServiceToken> {
    let id = id(number);
    token(&format!(
        r#"{{"id":"{id}","name":"token {number}","duration":"8760h",
            "expires_at":"2027-0{number}-01T00:00:00Z"}}"#
    ))
}

/// Three tokens in a list, the second of which is open and fetched.
fn opened() -> State {
    let mut state = lookup();
    let request = started(&act(&mut state, Action::Browse));
    let tokens = (1..=3).map(named).collect();
    let message = Message::TokensListed {
        request,
        result: Ok(listed(tokens)),
    };
    tell(&mut state, message);
    act(&mut state, Action::Down);
    let request = started(&act(&mut state, Action::Submit));
    tell(&mut state, fetched(request, Ok(found(vec![named(2)]))));
    assert_eq!(state.screen, Screen::Detail);
    state
}

fn name(state: &State) -> String {
    state.detail.token.value().unwrap().name_text().to_owned()
}

fn tick(state: &mut State, now: DateTime<Utc>) -> Vec<Effect> {
    update(state, now, Message::Ticked)
}

fn after(milliseconds: i64) -> DateTime<Utc> {
    at(0) + chrono::TimeDelta::milliseconds(milliseconds)
}

#[test]
fn the_next_token_is_shown_at_once_and_fetched_after_a_pause() {
    let mut state = opened();
    assert_eq!(act(&mut state, Action::NextToken), []);
    assert_eq!(name(&state), "token 3");
    assert_eq!(tick(&mut state, after(499)), []);
    assert!(state.wake_at().unwrap() <= after(500));
    let effects = tick(&mut state, after(500));
    assert_matches!(
        effects.as_slice(),
        [Effect::FetchToken { token, .. }] if token.to_string() == id(3)
    );
    assert_eq!(tick(&mut state, after(600)), []);
}

#[test]
fn another_key_press_postpones_the_fetch_and_cancels_a_running_one() {
    let mut state = opened();
    act(&mut state, Action::PreviousToken);
    update(&mut state, after(400), Message::Ticked);
    update(
        &mut state,
        after(400),
        crate::support::app::press(Action::NextToken),
    );
    assert_eq!(name(&state), "token 2");
    assert_eq!(tick(&mut state, after(600)), []);
    let request = request_of(&tick(&mut state, after(900)));
    assert_eq!(
        act(&mut state, Action::NextToken),
        [Effect::Cancel(request)]
    );
    assert_eq!(name(&state), "token 3");
}

#[test]
fn the_ends_of_the_list_are_reported_and_esc_returns_to_the_tokens_row() {
    let mut state = opened();
    act(&mut state, Action::NextToken);
    assert_eq!(act(&mut state, Action::NextToken), []);
    assert_eq!(name(&state), "token 3");
    assert_eq!(notice(&state), "This is the last of 3 tokens.");
    act(&mut state, Action::Back);
    assert_eq!((state.screen, state.browse.selected), (Screen::Browse, 2));
}

#[test]
fn the_same_field_stays_selected_from_token_to_token() {
    let mut state = opened();
    let mut fields = state.detail.fields().iter();
    state.detail.selected = fields.position(|field| field.key == "expires_at").unwrap();
    act(&mut state, Action::PreviousToken);
    let field = &state.detail.fields()[state.detail.selected];
    assert_eq!(field.key, "expires_at");
}

#[test]
fn a_token_opened_without_a_list_has_no_neighbours() {
    let mut state = opened();
    state.detail.opened_from_list = false;
    let before = state.detail.token.clone();
    assert_eq!(act(&mut state, Action::NextToken), []);
    assert_eq!(state.detail.token, before);
    assert_eq!(notice(&state), "");
}

#[test]
fn tab_moves_between_the_parts_and_each_scrolls() {
    let mut state = opened();
    state.size = (60, 16);
    assert_eq!(state.detail.focus, Part::Facts);
    act(&mut state, Action::Bottom);
    assert_eq!(state.detail.selected, state.detail.fields().len() - 1);
    act(&mut state, Action::NextField);
    assert_eq!(state.detail.focus, Part::Advice);
    act(&mut state, Action::Top);
    assert_eq!(state.detail.selected, state.detail.fields().len() - 1);
    act(&mut state, Action::NextField);
    assert_eq!(state.detail.focus, Part::Facts);
    state.size = (130, 40);
    act(&mut state, Action::NextField);
    assert_eq!(state.detail.focus, Part::Json);
    act(&mut state, Action::PreviousField);
    assert_eq!(state.detail.focus, Part::Facts);
}

#[test]
fn a_request_is_copied_with_its_grace_period() {
    let mut state = opened();
    assert_eq!(act(&mut state, Action::CopyRequest), []);
    assert_eq!(
        state.overlay,
        Some(Overlay::Request {
            chosen: RequestChoice::default()
        })
    );
    act(&mut state, Action::Down);
    let effects = act(&mut state, Action::Submit);
    let [
        Effect::Copy {
            what,
            text: command,
        },
    ] = effects.as_slice()
    else {
        panic!("{effects:?}");
    };
    assert!(command.contains("/rotate'"), "{command}");
    assert!(command.contains("$CLOUDFLARE_API_TOKEN"), "{command}");
    assert!(
        command.contains(r#""previous_client_secret_expires_at":"2026-11-26T12:00:00Z""#),
        "{command}"
    );
    assert_eq!(
        what,
        "the rotate request (grace until 2026-11-26 12:00 UTC)"
    );
    assert_eq!(state.overlay, None);
}

#[test]
fn renewing_and_deleting_need_no_further_choice() {
    for (downs, word) in [(0, "refresh"), (3, "DELETE")] {
        let mut state = opened();
        act(&mut state, Action::CopyRequest);
        for _ in 0..downs {
            act(&mut state, Action::Down);
        }
        let effects = act(&mut state, Action::Submit);
        assert_matches!(
            effects.as_slice(),
            [Effect::Copy { text, .. }] if text.contains(word)
        );
        assert_eq!(state.overlay, None);
    }
}

#[test]
fn a_request_can_be_copied_from_a_row_of_the_list() {
    let mut state = opened();
    act(&mut state, Action::Back);
    act(&mut state, Action::CopyRequest);
    let effects = act(&mut state, Action::Submit);
    assert_matches!(
        effects.as_slice(),
        [Effect::Copy { text, .. }] if text.contains(&id(2))
    );
}

#[test]
fn a_changed_token_keeps_its_old_values_until_the_next_fetch() {
    let mut state = opened();
    let request = request_of(&act(&mut state, Action::Reload));
    let new = token(&format!(
        r#"{{"id":"{}","name":"renamed","duration":"8760h","expires_at":"2027-02-01T00:00:00Z"}}"#,
        id(2)
    ));
    tell(&mut state, fetched(request, Ok(found(vec![new.clone()]))));
    assert_eq!(state.detail.changed, ["name"]);
    assert_eq!(state.detail.before.as_ref().unwrap().name_text(), "token 2");
    let request = request_of(&act(&mut state, Action::Reload));
    tell(&mut state, fetched(request, Ok(found(vec![new]))));
    assert_eq!(state.detail.changed, Vec::<String>::new());
    assert_eq!(state.detail.before, None);
    assert_matches!(&state.detail.token, Remote::Ready(_));
}

#[test]
fn the_first_esc_ends_a_search_of_the_json_and_the_second_leaves_it() {
    let mut state = opened();
    act(&mut state, Action::ToggleRaw);
    act(&mut state, Action::Search);
    crate::support::app::type_text(&mut state, "name");
    act(&mut state, Action::Back);
    assert_matches!(
        &state.detail.view,
        View::Raw(raw) if raw.query.value().is_empty() && raw.matches.lines.is_empty()
    );
    act(&mut state, Action::Back);
    assert_eq!(state.detail.view, View::Fields);
}
