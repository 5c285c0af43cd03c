//! Any JSON value as a service token: everything derived from it can be computed.

#![no_main]

use chrono::{DateTime, TimeDelta, Utc};
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;
use tokenscope::domain::fetched::ClockOffset;
use tokenscope::domain::fields::fields;
use tokenscope::domain::findings::findings;
use tokenscope::domain::raw::{RawJson, RawLines};
use tokenscope::domain::status::{EvaluationContext, Lifecycle, Status, Thresholds, Urgency};
use tokenscope::domain::text;
use tokenscope::domain::token::ServiceToken;

fuzz_target!(|input: (&str, i64)| {
    let (json, seconds) = input;
    let Ok(raw) = serde_json::from_str::<&RawValue>(json) else {
        return;
    };
    let raw = RawJson::from(raw);
    let token = ServiceToken::parse(&raw);
    assert!(
        json.contains(token.raw.as_str()),
        "the text survives as sent"
    );
    let start: DateTime<Utc> = "2026-11-25T12:00:00Z".parse().unwrap();
    let now = TimeDelta::try_seconds(seconds)
        .and_then(|by| start.checked_add_signed(by))
        .unwrap_or(start);
    let context = EvaluationContext {
        now,
        clock_offset: ClockOffset::default(),
        thresholds: Thresholds::default(),
    };
    let status = Status::of(&token, context);
    assert_eq!(Status::from_code(status.code()), Some(status));
    let remaining = Lifecycle::of(&token).remaining(now);
    if let Some(remaining) = remaining {
        assert_eq!(
            remaining.is_over(),
            status == Status::Expired || remaining.is_over()
        );
        assert!(
            remaining.next_change() > now || remaining.next_change() == DateTime::<Utc>::MAX_UTC
        );
        assert!(remaining.shown_since() <= now);
        assert_eq!(remaining.days(), remaining.seconds().div_euclid(86_400));
    }
    for field in fields(&token) {
        let label = text::sanitize(&field.label);
        assert!(!label.chars().any(char::is_control));
        let value = field.text(&token).unwrap_or_default();
        assert!(!text::sanitize(&value).chars().any(char::is_control));
    }
    for found in findings(&token, context) {
        assert!(!found.message.is_empty());
    }
    let _ = Urgency::of(Lifecycle::of(&token), context);
    assert!(
        RawLines::of(&raw)
            .window(0, usize::MAX)
            .iter()
            .all(|line| !line.contains('\n'))
    );
});
