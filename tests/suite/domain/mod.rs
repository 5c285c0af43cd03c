//! Set-up shared by the tests of `src/domain`.

mod access;
mod access_rules;
mod access_uses;
mod change;
mod duration;
mod findings;
mod names;
pub(crate) mod probe;
mod raw;
mod redaction;
mod remote;
mod signs;
mod status;
mod text;
mod time;
mod token;

use chrono::{DateTime, TimeDelta, Utc};
use tokenscope::domain::fetched::ClockOffset;
use tokenscope::domain::status::{EvaluationContext, Thresholds};
use tokenscope::domain::token::ServiceToken;

pub(crate) use crate::support::tokens::{instant as at, now, raw};

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

pub(crate) fn token(json: &str) -> ServiceToken {
    ServiceToken::parse(&raw(json))
}

/// A token with an end and nothing else to report.
pub(crate) fn token_until(end: DateTime<Utc>) -> ServiceToken {
    token(&format!(
        r#"{{"duration":"8760h","expires_at":"{}"}}"#,
        end.to_rfc3339()
    ))
}
