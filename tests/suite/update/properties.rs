//! Properties: any sequence of messages at any instants keeps the state consistent.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::{Opening, start, update};
use tokenscope::domain::fetched::{Fetched, Remote};
use tokenscope::domain::token::TokenRef;
use tokenscope::theme::{ColorDepth, Theme};

use crate::support::app::fetched;
use crate::support::simulation::{
    Event, IDS, KINDS, Outcome, Simulation, TokenShape, actions, assert_sound, begin, draw,
    message, token,
};

fn shapes() -> impl Strategy<Value = Vec<TokenShape>> {
    let shape = (
        0..IDS.len() + 1,
        "[a-c ]{0,3}|\\PC{0,8}",
        proptest::option::of(prop_oneof![-90_000_000_i64..90_000_000, -5_i64..5]),
        proptest::bool::weighted(0.2),
        proptest::bool::weighted(0.8),
    )
        .prop_map(
            |(id, name, expires_at, is_forever, is_enabled)| TokenShape {
                id,
                name,
                expires_at,
                is_forever,
                is_enabled,
            },
        );
    proptest::collection::vec(shape, 0..4)
}

fn events() -> impl Strategy<Value = Event> {
    let kinds = proptest::sample::select(KINDS.to_vec());
    let outcome = prop_oneof![
        3 => shapes().prop_map(Outcome::Good),
        1 => (kinds, proptest::option::of(0_u32..600)).prop_map(|(kind, pause)| {
            Outcome::Bad(kind, pause)
        }),
    ];
    prop_oneof![
        8 => (0_usize..1000).prop_map(Event::Press),
        2 => prop_oneof![Just('q'), Just('f'), Just('1'), Just('東'), any::<char>()].prop_map(Event::Type),
        1 => prop_oneof![
            Just(IDS[0].to_owned()),
            Just("023e105f4ecef8ad9ca31a8372d0c353".to_owned()),
            "\\PC{0,40}",
        ]
        .prop_map(Event::Paste),
        1 => (0_u16..140, 0_u16..50).prop_map(|(width, height)| Event::Resize(width, height)),
        3 => Just(Event::Tick),
        1 => Just(Event::Resume),
        5 => (any::<prop::sample::Index>(), proptest::bool::weighted(0.15), outcome).prop_map(
            |(which, stale, outcome)| Event::Answer {
                which: which.index(1000),
                stale,
                outcome,
            }
        ),
    ]
}

/// The time until the next event in milliseconds: usually short, sometimes long or negative.
fn steps() -> impl Strategy<Value = i64> {
    const YEAR: i64 = 365 * 86_400_000;
    prop_oneof![
        10 => 0_i64..1_500,
        2 => 1_500_i64..120_000,
        1 => -5_000_i64..0,
        1 => Just(8 * 3_600_000),
        1 => -200 * YEAR..200 * YEAR,
    ]
}

fn openings() -> impl Strategy<Value = Opening> {
    prop_oneof![
        Just(Opening::Setup),
        Just(Opening::Find),
        Just(Opening::Token(TokenRef::parse(IDS[0]).unwrap())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_sequence_of_events_keeps_the_state_consistent(
        opening in openings(),
        rows in proptest::collection::vec((steps(), events()), 1..120),
    ) {
        let theme = Theme::named("dark", ColorDepth::Fixed).unwrap();
        let actions = actions();
        let mut now: DateTime<Utc> = "2026-11-25T12:00:00Z".parse().unwrap();
        let mut simulation = Simulation::default();
        let mut state = begin(now, Opening::Find);
        simulation.take(start(&mut state, opening));
        for (step, event) in &rows {
            now = now.checked_add_signed(TimeDelta::milliseconds(*step)).unwrap_or(now);
            let Some(message) = message(event, &mut simulation, &actions, now) else { continue };
            let is_stale = matches!(event, Event::Answer { stale: true, .. });
            let before = is_stale.then(|| state.clone());
            let effects = update(&mut state, now, message.clone());
            if let Some(before) = before {
                let is_of_time = |effect: &Effect| matches!(effect, Effect::RingBell | Effect::Notify(_));
                prop_assert!(effects.iter().all(is_of_time), "{message:?} led to {effects:?}");
                prop_assert_eq!(&before.detail.token, &state.detail.token);
                prop_assert_eq!(&before.list.extent, &state.list.extent);
                prop_assert_eq!(&before.session, &state.session);
                prop_assert_eq!(before.screen, state.screen);
            }
            simulation.take(effects);
            // The loop answers a tick at once, and whatever is due then is done.
            simulation.take(update(&mut state, now, Message::Ticked));
            assert_sound(&state, &simulation, now);
            draw(&state, &theme);
        }
    }

    #[test]
    fn a_gap_of_any_length_sends_at_most_one_request(step in steps(), expires_in in -60_i64..60) {
        let mut now: DateTime<Utc> = "2026-11-25T12:00:00Z".parse().unwrap();
        let mut state = begin(now, Opening::Token(TokenRef::parse(IDS[0]).unwrap()));
        let request = state.detail.token.request().unwrap();
        let shape = TokenShape {
            id: 0,
            name: "CI".to_owned(),
            expires_at: Some(expires_in),
            is_forever: false,
            is_enabled: true,
        };
        let found = Fetched::new(vec![token(&shape, now)], Duration::from_millis(84));
        update(&mut state, now, fetched(request, Ok(found)));
        now = now.checked_add_signed(TimeDelta::milliseconds(step)).unwrap();
        let mut sent = 0;
        for message in [Message::Resumed, Message::Ticked, Message::Ticked, Message::Ticked] {
            let effects = update(&mut state, now, message);
            sent += effects
                .iter()
                .filter(|effect| matches!(effect, Effect::FetchToken { .. }))
                .count();
        }
        prop_assert!(sent <= 1, "{sent} requests after {step} ms");
        let is_loading = matches!(state.detail.token, Remote::Loading { .. });
        prop_assert_eq!(sent == 1, is_loading);
    }
}
