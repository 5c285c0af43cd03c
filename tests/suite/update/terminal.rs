//! Output besides frames, alerts and the title, and input besides keys.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokenscope::action::{Action, Input, Motion};
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::state::{Overlay, Screen, State};
use tokenscope::app::update;
use tokenscope::domain::fetched::Now;
use tokenscope::domain::token::ServiceToken;

use super::detail;
use crate::support::app::{act, list_fetched, listed, lookup, notice, started, tell, type_text};
use crate::support::tokens::{at, token};

const DAY: i64 = 86_400;

fn named(name: &str, end: DateTime<Utc>) -> Arc<ServiceToken> {
    let end = end.to_rfc3339();
    token(&format!(
        r#"{{"id":"f174e90a-fafe-4643-bbbc-4a0ed4fc{:04}","name":"{name}","duration":"8760h","expires_at":"{end}"}}"#,
        name.len()
    ))
}

/// Browse with a list of tokens.
fn browse(tokens: Vec<Arc<ServiceToken>>) -> State {
    let mut state = lookup();
    let request = started(&act(&mut state, Action::Browse));
    tell(&mut state, list_fetched(request, Ok(listed(tokens))));
    assert_eq!(state.screen, Screen::Browse);
    state.session.settings.bell = true;
    state.session.settings.notify = true;
    state
}

/// The alerts among the effects of a tick.
fn alerts(state: &mut State, now: impl Into<Now>) -> Vec<Effect> {
    let effects = update(state, now, Message::Ticked);
    let is_alert = |effect: &Effect| matches!(effect, Effect::RingBell | Effect::Notify(_));
    effects.into_iter().filter(is_alert).collect()
}

fn alert(text: &str) -> [Effect; 2] {
    [Effect::RingBell, Effect::Notify(text.to_owned())]
}

#[test]
fn a_token_that_crosses_a_threshold_alerts_once_on_any_screen() {
    let mut state = browse(vec![
        named("a", at(30)),
        named("ab", at(7 * DAY + 60)),
        named("abc", at(30 * DAY + 90)),
        named("abcd", at(300 * DAY)),
    ]);
    assert_eq!(alerts(&mut state, at(29)), []);
    assert_eq!(alerts(&mut state, at(30)), alert("a has expired"));
    assert_eq!(alerts(&mut state, at(31)), []);
    act(&mut state, Action::Profiles);
    assert_ne!(state.screen, Screen::Browse);
    assert!(state.wake_at().unwrap() <= at(61));
    assert_eq!(alerts(&mut state, at(61)), alert("ab is critical now"));
    assert_eq!(alerts(&mut state, at(91)), alert("abc is expiring now"));
    assert!(state.wake_at().is_none_or(|wake| wake > at(91)));
    // Another message at the same second repeats nothing.
    let mut state = browse(vec![named("a", at(30)), named("ab", at(30))]);
    let resize = Message::Input(Input::Resize(80, 24));
    let expected = alert("a has expired, and 1 more crossed a threshold");
    assert_eq!(update(&mut state, at(30), resize), expected);
}

#[test]
fn alerts_are_off_by_default_and_a_clock_step_causes_none() {
    let mut state = browse(vec![named("a", at(30))]);
    state.session.settings.bell = false;
    state.session.settings.notify = false;
    assert_eq!(alerts(&mut state, at(30)), []);
    let mut state = browse(vec![named("a", at(3600))]);
    let set = Now {
        wall: at(0) - TimeDelta::days(1),
        steady: at(1),
    };
    assert_eq!(alerts(&mut state, set), []);
}

#[test]
fn the_open_token_alerts_at_every_threshold() {
    let mut state = detail(at(7 * DAY + 10));
    state.session.settings.notify = true;
    assert_eq!(alerts(&mut state, at(9)), []);
    let critical = Effect::Notify("CI is critical now".to_owned());
    assert_eq!(alerts(&mut state, at(11)), [critical]);
    assert_eq!(alerts(&mut state, at(12)), []);
}

#[test]
fn the_title_has_only_counts_and_the_profile() {
    let mut state = browse(vec![
        named("a", at(-DAY)),
        named("ab", at(3 * DAY)),
        named("abc", at(20 * DAY)),
        named("abcd", at(21 * DAY)),
        named("abcde", at(-60 * DAY)),
        named("abcdef", at(300 * DAY)),
    ]);
    assert_eq!(state.title(), "✖2 ▲2 tokenscope · default");
    state.ascii = true;
    assert_eq!(state.title(), "X2 !2 tokenscope - default");
    assert_eq!(lookup().title(), "tokenscope · default");
    let state = browse(vec![named("a", at(20 * DAY))]);
    assert_eq!(state.title(), "▲1 tokenscope · default");
}

fn five() -> Vec<Arc<ServiceToken>> {
    ["a", "ab", "abc", "abcd", "abcde"]
        .map(|name| named(name, at(300 * DAY)))
        .to_vec()
}

#[test]
fn the_wheel_moves_three_rows_and_a_click_selects_and_then_opens() {
    let mut state = browse(five());
    let selected = |state: &State| {
        state
            .browse
            .token(&state.list)
            .unwrap()
            .name_text()
            .to_owned()
    };
    assert_eq!(selected(&state), "a");
    let wheel = |motion| Message::Input(Input::Wheel(motion));
    let click = |rows| Message::Input(Input::Click(rows));
    assert_eq!(tell(&mut state, wheel(Motion::Down)), []);
    assert_eq!(selected(&state), "abcd");
    assert_eq!(tell(&mut state, click(-2)), []);
    assert_eq!(selected(&state), "ab");
    assert_eq!(tell(&mut state, click(3)), []);
    assert_eq!(selected(&state), "abcde");
    assert_eq!(tell(&mut state, wheel(Motion::Up)), []);
    assert_eq!(selected(&state), "ab");
    tell(&mut state, click(0));
    assert_eq!(state.screen, Screen::Detail);
}

#[test]
fn the_first_letter_of_another_layout_is_explained_once() {
    let mut state = browse(five());
    state.keymap_file = Some("/home/me/.config/tokenscope/keymap.toml".to_owned());
    let letter = Message::Input(Input::ForeignLetter);
    assert_eq!(tell(&mut state, letter.clone()), []);
    let said = notice(&state);
    assert!(
        said.contains("commands") && said.contains("/home/me/"),
        "{said}"
    );
    state.notice = None;
    tell(&mut state, letter);
    assert!(state.notice.is_none());
    // In a text field it is text.
    let mut state = lookup();
    type_text(&mut state, "йцу");
    assert_eq!(state.overlay, None::<Overlay>);
    assert_eq!(state.find.token.value(), "йцу");
}

/// The number of draws in five minutes without input.
fn draws_in_five_minutes(state: &mut State) -> usize {
    let mut draws = 0;
    while let Some(wake) = state.wake_at().filter(|wake| *wake < at(300)) {
        update(state, wake, Message::Ticked);
        draws += usize::from(state.changed);
    }
    draws
}

#[test]
fn a_list_without_a_countdown_or_in_calm_mode_is_drawn_once_a_minute() {
    let mut state = browse(five());
    state.session.settings.refresh_seconds = 0;
    act(&mut state, Action::Up);
    assert!(draws_in_five_minutes(&mut state) <= 5);
    for end in [at(3000), at(DAY / 2)] {
        let mut tokens = five();
        tokens.push(named("abcdef", end));
        let mut state = browse(tokens.clone());
        state.session.settings.refresh_seconds = 0;
        act(&mut state, Action::Up);
        assert!(draws_in_five_minutes(&mut state) > 100);
        let mut state = browse(tokens);
        state.session.settings.refresh_seconds = 0;
        state.session.settings.calm = true;
        act(&mut state, Action::Up);
        assert!(draws_in_five_minutes(&mut state) <= 5);
    }
    let mut state = detail(at(3000));
    state.session.settings.refresh_seconds = 0;
    state.session.settings.calm = true;
    act(&mut state, Action::Up);
    assert!(draws_in_five_minutes(&mut state) <= 5);
    // The status still changes at the second of expiry.
    let mut state = detail(at(100));
    state.session.settings.refresh_seconds = 0;
    state.session.settings.calm = true;
    act(&mut state, Action::Up);
    while state.wake_at().is_some_and(|wake| wake < at(100)) {
        let wake = state.wake_at().unwrap();
        update(&mut state, wake, Message::Ticked);
    }
    assert_eq!(state.wake_at(), Some(at(100)));
}

#[test]
fn a_calm_countdown_has_no_seconds() {
    use tokenscope::domain::duration::Remaining;
    let left = |seconds| Remaining::until(at(seconds), at(0)).calm(true);
    for (seconds, digits, short) in [
        (59, "0m", "0m"),
        (3599, "59m", "59m"),
        (4 * 3600 + 61, "4h 01m", "4h 01m"),
        (12 * DAY + 4 * 3600 + 59, "12d 04h 00m", "12d 04h"),
        (-61, "1m", "1m ago"),
    ] {
        assert_eq!(left(seconds).digits(), digits, "{seconds}");
        assert_eq!(left(seconds).short(), short, "{seconds}");
    }
}
