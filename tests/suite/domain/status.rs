//! The status of a token at an instant, when it changes, and the order of urgency.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use tokenscope::domain::status::{
    Emphasis, Lifecycle, Status, Threshold, Thresholds, Urgency, next_status_change,
};
use tokenscope::domain::token::ServiceToken;

use crate::domain::{at, context, nanos, now, token, token_until};
use crate::support::table::rows;

fn status(json: &str) -> Status {
    Status::of(&token(json), context(now(), Thresholds::default()))
}

fn status_with(left: TimeDelta) -> Status {
    Status::of(
        &token_until(now() + left),
        context(now(), Thresholds::default()),
    )
}

fn life(end: DateTime<Utc>) -> Lifecycle {
    Lifecycle {
        enabled: Some(true),
        forever: false,
        expires_at: Some(end),
        duration: None,
    }
}

#[test]
fn an_expired_token_moves_down_when_its_end_is_no_longer_recent() {
    let thresholds = Thresholds::default();
    let ended = life(now() - TimeDelta::days(2));
    let moves = Urgency::next_change(ended, context(now(), thresholds)).unwrap();
    let place = |at| Urgency::of(ended, context(at, thresholds)).0;
    assert_eq!(place(moves - TimeDelta::nanoseconds(1)), place(now()));
    assert!(place(moves) > place(now()));
    assert_eq!(
        Urgency::next_change(ended, context(moves, thresholds)),
        None
    );
    let living = life(now() + TimeDelta::days(2));
    let flip = next_status_change(living, context(now(), thresholds));
    assert_eq!(
        Urgency::next_change(living, context(now(), thresholds)),
        flip
    );
    let disabled = Lifecycle {
        enabled: Some(false),
        ..ended
    };
    assert_eq!(
        Urgency::next_change(disabled, context(now(), thresholds)),
        None
    );
}

#[test]
fn a_disabled_token_is_disabled_whatever_its_date() {
    for rest in [
        r#""expires_at":"2027-11-25T12:00:00Z""#,
        r#""expires_at":"2020-01-01T00:00:00Z""#,
        r#""expires_at":null"#,
        r#""duration":"forever""#,
    ] {
        let json = format!(r#"{{"enabled":false,{rest}}}"#);
        assert_eq!(status(&json), Status::Disabled, "{json}");
    }
}

#[test]
fn only_a_literal_false_disables_a_token() {
    for enabled in ["true", "null"] {
        let json = format!(r#"{{"enabled":{enabled},"expires_at":"2028-01-01T00:00:00Z"}}"#);
        assert_eq!(status(&json), Status::Active, "{json}");
    }
    assert_eq!(
        status(r#"{"expires_at":"2028-01-01T00:00:00Z"}"#),
        Status::Active
    );
}

#[test]
fn a_malformed_enabled_never_makes_a_token_look_healthy() {
    let cases = [
        (r#""expires_at":"2028-01-01T00:00:00Z""#, Status::Unknown),
        (r#""expires_at":"2026-12-10T00:00:00Z""#, Status::Unknown),
        (r#""duration":"forever""#, Status::Unknown),
        (r#""expires_at":null"#, Status::Unknown),
        (r#""expires_at":"2026-11-26T00:00:00Z""#, Status::Critical),
        (r#""expires_at":"2026-11-01T00:00:00Z""#, Status::Expired),
    ];
    for enabled in [
        "0",
        "1",
        r#""false""#,
        r#""true""#,
        "[]",
        "{}",
        r#""no""#,
        "-0.0",
    ] {
        for (rest, expected) in cases {
            let json = format!(r#"{{"enabled":{enabled},{rest}}}"#);
            assert_eq!(status(&json), expected, "{json}");
        }
    }
}

#[test]
fn a_token_with_malformed_enabled_still_becomes_critical_and_expired() {
    let thresholds = Thresholds::default();
    let unclear = Lifecycle {
        enabled: None,
        ..life(now() + TimeDelta::days(8))
    };
    let first = next_status_change(unclear, context(now(), thresholds)).unwrap();
    assert_eq!(
        Status::at(unclear, context(first, thresholds)),
        Status::Critical
    );
    let second = next_status_change(unclear, context(first, thresholds)).unwrap();
    assert_eq!(
        Status::at(unclear, context(second, thresholds)),
        Status::Expired
    );
}

#[test]
fn a_forever_token_never_expires_whatever_its_date() {
    for date in [
        "null",
        r#""""#,
        r#""0001-01-01T00:00:00Z""#,
        r#""2020-01-01T00:00:00Z""#,
        r#""2026-11-26T00:00:00Z""#,
        r#""9999-12-31T23:59:59Z""#,
        r#""soon""#,
        "17",
    ] {
        let json = format!(r#"{{"duration":"forever","expires_at":{date}}}"#);
        assert_eq!(status(&json), Status::NeverExpires, "{json}");
        let found = token(&json);
        assert_eq!(Lifecycle::of(&found).end(), None);
        assert_eq!(Lifecycle::of(&found).remaining(now()), None);
    }
    assert_eq!(status(r#"{"duration":"forever"}"#), Status::NeverExpires);
}

#[test]
fn only_the_exact_word_means_forever() {
    for duration in ["Forever", "forever ", "never", "∞"] {
        let json = format!(r#"{{"duration":"{duration}","expires_at":null}}"#);
        assert_eq!(status(&json), Status::Unknown, "{json}");
    }
}

#[test]
fn a_missing_or_malformed_date_is_unknown() {
    for date in [
        "null",
        r#""""#,
        r#""  ""#,
        r#""0001-01-01T00:00:00Z""#,
        r#""0001-12-31T23:59:59Z""#,
        r#""0001-01-01T00:00:00+14:00""#,
        r#""0000-01-01T00:00:00Z""#,
        r#""soon""#,
        r#""2026-13-01T00:00:00Z""#,
        r#""2026-02-30T00:00:00Z""#,
        r#""2026-12-07""#,
        r#""2026-12-07T16:37:52""#,
        "1765125472",
        "true",
        "{}",
        "[]",
    ] {
        let json = format!(r#"{{"duration":"8760h","expires_at":{date}}}"#);
        assert_eq!(status(&json), Status::Unknown, "{json}");
    }
    assert_eq!(status("{}"), Status::Unknown);
    assert_eq!(status("[1,2]"), Status::Unknown);
}

#[test]
fn dates_are_read_with_any_offset_and_up_to_nine_digits() {
    for date in [
        "2026-12-07T16:37:52Z",
        "2026-12-07T17:37:52+01:00",
        "2026-12-07T02:07:52-14:30",
        "2026-12-07T16:37:52.000000000Z",
        "2026-12-07t16:37:52z",
        " 2026-12-07T16:37:52Z\\n",
    ] {
        let found = token(&format!(r#"{{"expires_at":"{date}"}}"#));
        assert_eq!(
            found.expires_at.valid(),
            Some(&at("2026-12-07T16:37:52Z")),
            "{date}"
        );
    }
    let fine = token(r#"{"expires_at":"2014-01-01T05:20:00.12345Z"}"#);
    assert_eq!(
        fine.expires_at.valid(),
        Some(&at("2014-01-01T05:20:00.123450Z"))
    );
    let year_two = token(r#"{"expires_at":"0002-01-01T00:00:00Z"}"#);
    assert!(year_two.expires_at.valid().is_some());
}

#[test]
fn every_boundary_is_exact_to_the_nanosecond() {
    let (second, nano) = (TimeDelta::seconds(1), nanos(1));
    for (left, below, here, above) in [
        (
            TimeDelta::zero(),
            Status::Expired,
            Status::Expired,
            Status::Critical,
        ),
        (
            TimeDelta::days(7),
            Status::Critical,
            Status::Expiring,
            Status::Expiring,
        ),
        (
            TimeDelta::days(30),
            Status::Expiring,
            Status::Active,
            Status::Active,
        ),
    ] {
        assert_eq!(status_with(left - second), below, "{left} - 1 s");
        assert_eq!(status_with(left - nano), below, "{left} - 1 ns");
        assert_eq!(status_with(left), here, "{left}");
        assert_eq!(status_with(left + nano), above, "{left} + 1 ns");
        assert_eq!(status_with(left + second), above, "{left} + 1 s");
    }
}

#[test]
fn thresholds_can_be_configured() {
    let thresholds = Thresholds {
        warn: Some(Threshold::Time(TimeDelta::days(14))),
        critical: Some(Threshold::Time(TimeDelta::hours(12))),
    };
    let with = |hours: i64| {
        let end = now() + TimeDelta::hours(hours);
        Status::of(&token_until(end), context(now(), thresholds))
    };
    assert_eq!(
        [with(11), with(12), with(335), with(336)],
        [
            Status::Critical,
            Status::Expiring,
            Status::Expiring,
            Status::Active
        ]
    );
}

const SIGNS: &str = "
Disabled     | Critical | ⊘ | - | DISABLED              | disabled
NeverExpires | Calm     | ∞ | ~ | NEVER EXPIRES         | never_expires
Unknown      | Warning  | ? | ? | UNKNOWN               | unknown
Expired      | Critical | ✖ | X | EXPIRED               | expired
Critical     | Critical | ✖ | X | CRITICAL · EXPIRES IN | critical
Expiring     | Warning  | ▲ | ! | EXPIRES IN            | expiring
Active       | Calm     | ● | * | ACTIVE                | active
";

#[test]
fn each_status_has_the_signs_of_the_table() {
    assert_eq!(rows::<6>(SIGNS).count(), Status::ALL.len());
    for (status, row) in Status::ALL.into_iter().zip(rows(SIGNS)) {
        let [name, tone, symbol, ascii, headline, code] = row;
        assert_eq!(format!("{status:?}"), name);
        assert_eq!(format!("{:?}", status.tone()), tone);
        assert_eq!(status.symbol(false), symbol);
        assert_eq!(status.symbol(true), ascii);
        assert_eq!(status.headline(), headline);
        assert_eq!(status.code(), code);
        assert_eq!(serde_json::to_value(status).unwrap(), code);
        assert_eq!(Status::from_code(code), Some(status));
        assert_eq!(
            Status::from_code(&format!(" {} ", code.to_uppercase().replace('_', "-"))),
            Some(status)
        );
    }
    assert_eq!(Status::from_code(""), None);
    assert_eq!(Status::from_code("expire"), None);
}

#[test]
fn a_token_without_an_end_never_changes_its_status() {
    let thresholds = Thresholds::default();
    let end = now() + TimeDelta::days(40);
    for life in [
        Lifecycle {
            enabled: Some(false),
            ..life(end)
        },
        Lifecycle {
            forever: true,
            ..life(end)
        },
        Lifecycle {
            expires_at: None,
            ..life(end)
        },
        life(now()),
        life(now() - TimeDelta::days(1)),
    ] {
        assert_eq!(
            next_status_change(life, context(now(), thresholds)),
            None,
            "{life:?}"
        );
    }
}

proptest! {
    #[test]
    fn a_status_lasts_until_its_announced_change(left in 1_i64..4_000_000_000_000_000) {
        let thresholds = Thresholds::default();
        let life = life(now() + nanos(left));
        let flip = next_status_change(life, context(now(), thresholds)).unwrap();
        let before = Status::at(life, context(now(), thresholds));
        prop_assert!(flip > now());
        prop_assert_eq!(Status::at(life, context(flip - nanos(1), thresholds)), before);
        prop_assert_ne!(Status::at(life, context(flip, thresholds)), before);
    }
}

#[test]
fn tokens_are_sorted_by_urgency() {
    let ending = |name: &str, days: i64| {
        let end = now() + TimeDelta::days(days);
        token(&format!(
            r#"{{"id":"{name}-id","name":"{name}","expires_at":"{}"}}"#,
            end.to_rfc3339()
        ))
    };
    let expected = vec![
        ending("expired yesterday", -1),
        ending("expired thirty days ago", -30),
        ending("critical", 2),
        ending("critical too", 6),
        ending("expiring", 8),
        token(r#"{"name":"unknown a"}"#),
        token(r#"{"name":"unknown b","expires_at":null}"#),
        ending("active", 31),
        ending("active, later", 300),
        token(r#"{"name":"forever","duration":"forever","expires_at":"2020-01-01T00:00:00Z"}"#),
        ending("expired 31 days ago", -31),
        ending("expired last year", -365),
        token(r#"{"name":"disabled a","enabled":false,"expires_at":"2026-11-24T00:00:00Z"}"#),
        token(
            r#"{"id":"1","name":"disabled b","enabled":false,"expires_at":"2020-01-01T00:00:00Z"}"#,
        ),
        token(
            r#"{"id":"2","name":"disabled b","enabled":false,"expires_at":"2019-01-01T00:00:00Z"}"#,
        ),
    ];
    let mut shuffled = expected.clone();
    shuffled.reverse();
    shuffled.rotate_left(4);
    let context = context(now(), Thresholds::default());
    let place = |token: &ServiceToken| Urgency::of(Lifecycle::of(token), context);
    shuffled.sort_by(|one, other| {
        (place(one), one.name_and_id()).cmp(&(place(other), other.name_and_id()))
    });
    let names = |tokens: &[ServiceToken]| -> Vec<String> {
        tokens
            .iter()
            .map(|token| format!("{} {}", token.name_text(), token.id_text()))
            .collect()
    };
    assert_eq!(names(&shuffled), names(&expected));
}

#[test]
fn the_thirtieth_day_after_expiry_is_still_recent() {
    let rank =
        |ago: TimeDelta| Urgency::of(life(now() - ago), context(now(), Thresholds::default())).0;
    assert_eq!(rank(TimeDelta::zero()), 0);
    assert_eq!(rank(TimeDelta::days(30)), 0);
    assert_eq!(rank(TimeDelta::days(30) + nanos(1)), 5);
}

#[test]
fn old_and_disabled_tokens_are_quiet_and_urgent_ones_emphasised() {
    let context = context(now(), Thresholds::default());
    let at = |days: i64| Emphasis::at(life(now() + TimeDelta::days(days)), context);
    assert_eq!(
        [at(-31), at(-30), at(0), at(6), at(29), at(31)],
        [
            Emphasis::Quiet,
            Emphasis::Critical,
            Emphasis::Critical,
            Emphasis::Critical,
            Emphasis::Warning,
            Emphasis::Calm,
        ]
    );
    let disabled = Lifecycle {
        enabled: Some(false),
        ..life(now() + TimeDelta::days(1))
    };
    assert_eq!(Emphasis::at(disabled, context), Emphasis::Quiet);
}

#[test]
fn dates_at_the_edge_of_the_calendar_do_not_overflow() {
    let thresholds = Thresholds {
        warn: Some(Threshold::Time(TimeDelta::days(365_000_000))),
        critical: Some(Threshold::Time(TimeDelta::days(1))),
    };
    for end in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        for now in [DateTime::<Utc>::MIN_UTC, now(), DateTime::<Utc>::MAX_UTC] {
            let life = life(end);
            let status = Status::at(life, context(now, thresholds));
            assert_eq!(status == Status::Expired, end <= now);
            assert_eq!(
                next_status_change(life, context(now, thresholds)).is_none(),
                end <= now
            );
            let _ = Urgency::of(life, context(now, thresholds));
        }
    }
}
