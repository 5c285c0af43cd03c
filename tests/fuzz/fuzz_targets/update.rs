//! Any sequence of keys, answers and clock steps: the state stays consistent.

#![no_main]

#[expect(dead_code, reason = "the suite uses the rest")]
#[path = "../../suite/support/app.rs"]
mod app;
#[expect(dead_code, reason = "the suite uses the rest")]
#[path = "../../suite/support/sessions.rs"]
mod sessions;
#[path = "../../suite/support/simulation.rs"]
mod simulation;
#[expect(dead_code, reason = "the suite uses the rest")]
#[path = "../../suite/support/tokens.rs"]
mod tokens;

use arbitrary::{Result, Unstructured};
use chrono::{DateTime, TimeDelta, Utc};
use libfuzzer_sys::fuzz_target;
use simulation::{KINDS, 
    Event, IDS, Outcome, Simulation, TokenShape, actions, assert_sound, begin, draw, message,
};
use tokenscope::app::message::Message;
use tokenscope::app::{Opening, start, update};
use tokenscope::domain::token::TokenRef;
use tokenscope::theme::{ColorDepth, Theme};

fn shape(input: &mut Unstructured<'_>) -> Result<TokenShape> {
    Ok(TokenShape {
        id: input.int_in_range(0..=IDS.len())?,
        name: input.arbitrary()?,
        expires_at: input.arbitrary::<Option<i32>>()?.map(i64::from),
        is_forever: input.arbitrary()?,
        is_enabled: input.arbitrary()?,
    })
}

fn outcome(input: &mut Unstructured<'_>) -> Result<Outcome> {
    if input.ratio(1, 4)? {
        return Ok(Outcome::Bad(*input.choose(&KINDS)?, input.arbitrary()?));
    }
    let count = input.int_in_range(0..=3)?;
    Ok(Outcome::Good(
        (0..count).map(|_| shape(input)).collect::<Result<_>>()?,
    ))
}

fn event(input: &mut Unstructured<'_>) -> Result<Event> {
    Ok(match input.int_in_range(0..=15)? {
        0..=6 => Event::Press(usize::from(input.arbitrary::<u8>()?)),
        7 => Event::Type(input.arbitrary()?),
        8 => Event::Paste(input.arbitrary()?),
        9 => Event::Resize(input.int_in_range(0..=140)?, input.int_in_range(0..=50)?),
        10 => Event::Tick,
        11 => Event::Resume,
        _ => Event::Answer {
            which: usize::from(input.arbitrary::<u8>()?),
            stale: input.ratio(1, 8)?,
            outcome: outcome(input)?,
        },
    })
}

fn run(mut input: Unstructured<'_>) -> Result<()> {
    let theme = Theme::named("dark", ColorDepth::Fixed).unwrap();
    let actions = actions();
    let mut now: DateTime<Utc> = "2026-11-25T12:00:00Z".parse().unwrap();
    let mut simulation = Simulation::default();
    let mut state = begin(now, Opening::Find);
    let opening = match input.int_in_range(0..=2)? {
        0 => Opening::Setup,
        1 => Opening::Find,
        _ => Opening::Token(TokenRef::parse(IDS[0]).unwrap()),
    };
    simulation.take(start(&mut state, opening));
    while !input.is_empty() {
        let step = match input.int_in_range(0..=9)? {
            0 => input.arbitrary::<i64>()? % 6_000_000_000_000,
            1 => -i64::from(input.arbitrary::<u16>()?),
            _ => i64::from(input.arbitrary::<u16>()?) / 32,
        };
        now = now
            .checked_add_signed(TimeDelta::milliseconds(step))
            .unwrap_or(now);
        let event = event(&mut input)?;
        let Some(message) = message(&event, &mut simulation, &actions, now) else {
            continue;
        };
        simulation.take(update(&mut state, now, message));
        simulation.take(update(&mut state, now, Message::Ticked));
        assert_sound(&state, &simulation, now);
        draw(&state, &theme);
    }
    Ok(())
}

fuzz_target!(|bytes: &[u8]| {
    let _too_short = run(Unstructured::new(bytes));
});
