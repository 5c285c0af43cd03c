//! What the tests of `src/domain` share; the tests themselves are in `domain_*.rs`.

mod duration;
mod findings;
mod names;
mod raw;
mod redaction;
mod remote;
mod status;
mod text;
mod time;
mod token;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::value::RawValue;
use tokenscope::domain::clock::ClockOffset;
use tokenscope::domain::raw::RawJson;
use tokenscope::domain::status::{EvaluationContext, Thresholds};
use tokenscope::domain::token::ServiceToken;

/// The instant at which most tests look at their tokens.
pub(crate) fn now() -> DateTime<Utc> {
    at("2026-11-25T12:00:00Z")
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn nanos(count: i64) -> TimeDelta {
    TimeDelta::nanoseconds(count)
}

/// A context in which both clocks agree.
pub(crate) fn context(now: DateTime<Utc>, thresholds: Thresholds) -> EvaluationContext {
    EvaluationContext {
        now,
        clock_offset: ClockOffset::default(),
        thresholds,
    }
}

pub(crate) fn raw(json: &str) -> RawJson {
    RawJson::from(serde_json::from_str::<&RawValue>(json).unwrap())
}

pub(crate) fn token(json: &str) -> ServiceToken {
    ServiceToken::parse(&raw(json))
}

/// A token that ends at an instant and has nothing else to say.
pub(crate) fn token_until(end: DateTime<Utc>) -> ServiceToken {
    token(&format!(
        r#"{{"duration":"8760h","expires_at":"{}"}}"#,
        end.to_rfc3339()
    ))
}
