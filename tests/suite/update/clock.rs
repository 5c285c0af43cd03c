//! Clocks that jump, run ahead, or sleep.

#![cfg(unix)]

use std::time::Duration;

use chrono::TimeDelta;
use proptest::prelude::*;
use tokenscope::action::Action;
use tokenscope::app;
use tokenscope::app::Opening;
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::state::{Screen, Session, State};
use tokenscope::domain::credential::ActiveCredential;
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::fetched::{Fetched, Now, ServerClock};
use tokenscope::domain::profile::Settings;
use tokenscope::domain::token::TokenRef;

use crate::cli::monitoring::id;
use crate::cli::thresholds::{lasting, noon};
use crate::support::app::{fetched, keys, list_fetched, press};
use crate::support::sessions::{account, in_environment};
use crate::support::tokens::{self};

/// The time some seconds after the start, with the wall clock set by `step`.
pub(crate) fn after(seconds: i64, step: i64) -> Now {
    let steady = noon() + TimeDelta::seconds(seconds);
    Now {
        wall: steady + TimeDelta::seconds(step),
        steady,
    }
}

pub(crate) fn app_state(opening: Opening, refresh_seconds: u64) -> (State, Vec<Effect>) {
    let session = Session {
        active: ActiveCredential {
            identity: Some(in_environment()),
            scope: Some(account()),
            ..ActiveCredential::default()
        },
        settings: Settings {
            refresh_seconds,
            bell: true,
            ..Settings::default()
        },
        ..Session::default()
    };
    let mut state = State::new(session, keys(), after(0, 0), (100, 30));
    let effects = app::start(&mut state, opening);
    (state, effects)
}

/// Answers every request among the effects with a token that has ten days left, and returns their
/// number; the server's clock is ahead by `ahead` seconds.
pub(crate) fn answered(state: &mut State, effects: &[Effect], now: Now, ahead: i64) -> usize {
    let token = tokens::token(&lasting(1, "8760h", TimeDelta::days(10)));
    let measured_offset = Some(TimeDelta::seconds(ahead));
    let found = || Fetched {
        clock: measured_offset.map_or(ServerClock::Unknown, ServerClock::Offset),
        ..Fetched::new(vec![token.clone()], Duration::ZERO)
    };
    let mut count = 0;
    for effect in effects {
        let message = match effect {
            Effect::FetchToken { request, .. } => fetched(*request, Ok(found())),
            Effect::ListTokens { request, .. } => list_fetched(*request, Ok(found())),
            Effect::MeasureClock { request, .. } => Message::ClockMeasured {
                request: *request,
                offset: measured_offset,
            },
            _ => continue,
        };
        count += 1;
        app::update(state, now, message);
    }
    count
}

pub(crate) fn on_detail(refresh_seconds: u64, ahead: i64) -> State {
    let token = TokenRef::parse(&id(1)).unwrap();
    let (mut state, effects) = app_state(Opening::Token(token), refresh_seconds);
    assert_eq!(answered(&mut state, &effects, after(0, 0), ahead), 1);
    state
}

fn on_browse(ahead: i64) -> State {
    let (mut state, effects) = app_state(Opening::Find, 60);
    app::update(&mut state, after(0, 0), press(Action::Browse));
    assert_eq!(answered(&mut state, &effects, after(0, 0), ahead), 1);
    assert_eq!(state.screen, Screen::Browse);
    state
}

/// An hour, the smallest step that counts, a time zone, and a dead clock battery; in both
/// directions.
const STEPS: [i64; 8] = [
    -3600,
    3600,
    -3,
    3,
    -7200,
    7200,
    -1_000_000_000,
    1_000_000_000,
];

#[test]
fn l01_reloads_and_ages_follow_the_monotonic_clock() {
    for step in STEPS {
        let mut state = on_detail(5, 0);
        let (mut reloads, mut rings) = (0, 0);
        for second in 1..=60 {
            let now = after(second, if second > 7 { step } else { 0 });
            let effects = app::update(&mut state, now, Message::Ticked);
            rings += effects.iter().filter(|it| **it == Effect::RingBell).count();
            let wake = state.wake_at().unwrap();
            assert!(wake > now.steady, "{step}: {wake}");
            assert!(wake - now.steady <= TimeDelta::seconds(5), "{step}: {wake}");
            // The server's clock is right, so ours differs from it by the step.
            let ahead = now.steady.signed_duration_since(now.wall).num_seconds();
            reloads += answered(&mut state, &effects, now, ahead);
            let age = now.steady - state.detail.token.fetched().unwrap().at;
            assert!((0..=5).contains(&age.num_seconds()), "{step}: {age}");
            // Once the server's time is measured again, the step no longer matters.
            let off = (state.clock.corrected() - now.steady).num_seconds().abs();
            assert!(off <= 2, "{step} at {second}: off by {off} s");
        }
        assert!((12..=13).contains(&reloads), "{step}: {reloads}");
        assert_eq!(rings, 0, "nothing expired");
    }
}

#[test]
fn l01_rate_limits_and_notices_end_in_time_despite_clock_steps() {
    for step in STEPS {
        for mut state in [on_detail(5, 0), on_browse(0)] {
            let mut limited = Failure::new(FailureKind::RateLimited, "Too many.", "Wait.");
            limited.retry_after = Some(Duration::from_secs(8));
            let effects = app::update(&mut state, after(1, 0), press(Action::Reload));
            let message = match effects.as_slice() {
                [Effect::FetchToken { request, .. }] => fetched(*request, Err(limited)),
                [Effect::ListTokens { request, .. }] => list_fetched(*request, Err(limited)),
                _ => unreachable!("{effects:?}"),
            };
            app::update(&mut state, after(1, 0), message);
            // A key sends nothing during the pause, and says so for five seconds.
            let effects = app::update(&mut state, after(2, step), press(Action::Reload));
            assert_eq!(effects, [], "{step}");
            assert_eq!(state.limited_for(), Some(7), "{step}");
            assert!(state.notice.is_some());
            assert_eq!(app::update(&mut state, after(6, step), Message::Ticked), []);
            assert!(state.notice.is_some(), "{step}");
            assert_eq!(app::update(&mut state, after(8, step), Message::Ticked), []);
            assert!(state.notice.is_none(), "{step}");
            assert_eq!(state.limited_for(), Some(1), "{step}");
            let effects = app::update(&mut state, after(9, step), Message::Ticked);
            assert_eq!(state.limited_for(), None, "{step}");
            assert_eq!(
                effects.len(),
                1,
                "the server's time is asked for: {effects:?}"
            );
        }
    }
}

#[test]
fn l01_a_clock_step_discards_the_measured_offset_until_the_next_answer() {
    for step in STEPS {
        for (screen, mut state) in [("detail", on_detail(0, 192)), ("browse", on_browse(192))] {
            assert_eq!(state.clock.offset.seconds(), 192);
            assert_eq!(state.clock.jumped_at, None);
            let now = after(30, step);
            let effects = app::update(&mut state, now, Message::Ticked);
            assert_eq!(state.clock.offset.seconds(), 0, "{screen} {step}");
            assert_eq!(state.clock.jumped_at, Some(now.steady));
            assert!(state.changed);
            let is_small = matches!(effects.as_slice(), [Effect::MeasureClock { .. }]);
            let is_token = matches!(effects.as_slice(), [Effect::FetchToken { .. }]);
            assert!(
                if screen == "detail" {
                    is_token
                } else {
                    is_small
                },
                "{effects:?}"
            );
            assert_eq!(
                app::update(&mut state, now, Message::Ticked),
                [],
                "asked once"
            );
            answered(&mut state, &effects, now, 192 - step);
            let off = (state.clock.corrected() - now.steady).num_seconds();
            assert!((190..=194).contains(&off), "{screen} {step}: {off}");
            assert_eq!(
                app::update(&mut state, after(31, step), Message::Ticked),
                []
            );
        }
    }
}

#[test]
fn l01_a_small_correction_is_not_a_clock_step() {
    for step in [-2, -1, 0, 1, 2] {
        let mut state = on_browse(192);
        assert_eq!(app::update(&mut state, after(5, step), Message::Ticked), []);
        assert_eq!(state.clock.offset.seconds(), 192, "{step}");
        assert_eq!(state.clock.jumped_at, None);
    }
}

#[test]
fn l01_sleep_is_noted_and_is_not_a_clock_step() {
    let mut state = on_detail(60, 192);
    let effects = app::update(&mut state, after(8 * 3600, 0), Message::Ticked);
    assert!(matches!(effects.as_slice(), [Effect::FetchToken { .. }]));
    assert_eq!(state.clock.offset.seconds(), 192, "both clocks ran on");
    assert_eq!(state.clock.jumped_at, Some(after(8 * 3600, 0).steady));
}

#[test]
fn l01_a_store_is_slow_after_a_second_despite_clock_steps() {
    for step in STEPS {
        let (mut state, _) = app_state(Opening::Setup, 60);
        app::update(&mut state, after(0, step), Message::Ticked);
        assert!(!state.setup.store_is_slow, "{step}");
        app::update(&mut state, after(1, step), Message::Ticked);
        assert!(state.setup.store_is_slow, "{step}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever steps the wall clock takes, reloads keep their interval and the loop never spins.
    #[test]
    fn l01_no_step_stops_or_floods_the_reloads(
        steps in proptest::collection::vec((1_i64..120, -100_000_i64..100_000), 1..6),
    ) {
        let mut state = on_detail(10, 0);
        let (mut second, mut reloads) = (0, 0);
        for (pause, step) in &steps {
            for _ in 0..*pause {
                second += 1;
                let now = after(second, *step);
                let effects = app::update(&mut state, now, Message::Ticked);
                reloads += answered(&mut state, &effects, now, -*step);
                prop_assert!(state.wake_at().is_some_and(|wake| wake > now.steady));
                let off = (state.clock.corrected() - now.steady).num_seconds().abs();
                prop_assert!(off <= 2, "off by {off} s");
            }
        }
        let fewest = usize::try_from(second / 10).unwrap();
        prop_assert!(reloads >= fewest.saturating_sub(1), "{reloads} in {second} s");
        prop_assert!(reloads <= fewest + steps.len() + 1, "{reloads} in {second} s");
    }
}
