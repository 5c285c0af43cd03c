//! Countdowns, elapsed lifetime, and clocks that disagree.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use tokenscope::domain::duration::Remaining;
use tokenscope::domain::fetched::{ClockOffset, ServerClock};
use tokenscope::domain::status::elapsed;
use tokenscope::domain::token::ServiceToken;

use crate::domain::{at, nanos, now, token};

fn left(time: TimeDelta) -> Remaining {
    Remaining::until(now() + time, now())
}

#[test]
fn the_time_left_in_a_list_has_at_most_two_units() {
    let cases = [
        (174 * 86_400 + 5, "174d"),
        (100 * 86_400, "100d"),
        (100 * 86_400 - 1, "99d 23h"),
        (12 * 86_400 + 4 * 3_600 + 3_599, "12d 04h"),
        (86_400, "1d 00h"),
        (86_399, "23:59:59"),
        (3_599, "59:59"),
        (0, "just now"),
        (-59, "just now"),
        (-60, "1m ago"),
        (-5 * 3_600, "5h ago"),
        (-9 * 86_400, "9d ago"),
    ];
    for (left, text) in cases {
        let left = TimeDelta::seconds(left);
        assert_eq!(Remaining::until(now() + left, now()).short(), text);
    }
}

#[test]
fn countdown_digits_are_rounded_down() {
    for (time, text) in [
        (
            TimeDelta::days(364) + TimeDelta::seconds(86_398),
            "364d 23:59:58",
        ),
        (TimeDelta::days(1), "1d 00:00:00"),
        (TimeDelta::days(1) - nanos(1), "23:59:59"),
        (TimeDelta::seconds(86_398), "23:59:58"),
        (TimeDelta::hours(1), "01:00:00"),
        (TimeDelta::hours(1) - nanos(1), "59:59"),
        (TimeDelta::seconds(3_598), "59:58"),
        (TimeDelta::seconds(1), "00:01"),
        (TimeDelta::seconds(1) - nanos(1), "00:00"),
        (nanos(1), "00:00"),
        (TimeDelta::zero(), "expired 00:00 ago"),
        (-nanos(1), "expired 00:00 ago"),
        (-TimeDelta::seconds(1) + nanos(1), "expired 00:00 ago"),
        (-TimeDelta::seconds(1), "expired 00:01 ago"),
        (-TimeDelta::seconds(3_599), "expired 59:59 ago"),
        (-TimeDelta::hours(1), "expired 01:00:00 ago"),
        (
            -TimeDelta::seconds(3 * 86_400 + 15_175),
            "expired 3d 04:12:55 ago",
        ),
    ] {
        assert_eq!(left(time).to_string(), text, "{time:?}");
    }
}

#[test]
fn seconds_and_days_are_rounded_down_on_both_sides_of_the_end() {
    for (time, seconds, days) in [
        (TimeDelta::hours(24), 86_400, 1),
        (TimeDelta::hours(24) - nanos(1), 86_399, 0),
        (TimeDelta::seconds(86_340), 86_340, 0),
        (TimeDelta::seconds(1), 1, 0),
        (nanos(1), 0, 0),
        (TimeDelta::zero(), 0, 0),
        (-nanos(1), -1, -1),
        (-TimeDelta::seconds(1), -1, -1),
        (-TimeDelta::seconds(86_340), -86_340, -1),
        (-TimeDelta::hours(24), -86_400, -1),
        (-TimeDelta::hours(24) - nanos(1), -86_401, -2),
    ] {
        let remaining = left(time);
        assert_eq!(
            (remaining.seconds(), remaining.days()),
            (seconds, days),
            "{time:?}"
        );
        assert_eq!(remaining.is_over(), time <= TimeDelta::zero());
    }
}

proptest! {
    #[test]
    fn the_text_is_constant_from_shown_since_until_next_change(
        time in prop_oneof![
            -3_000_000_000_i64..3_000_000_000,
            -200_000_000_000_000_i64..200_000_000_000_000,
            (-100_000_i64..100_000).prop_map(|seconds| seconds * 1_000_000_000),
        ]
    ) {
        let end = now() + nanos(time);
        let shown = Remaining::until(end, now());
        let (since, change) = (shown.shown_since(), shown.next_change());
        let text = |instant: DateTime<Utc>| Remaining::until(end, instant).to_string();
        prop_assert!(since <= now() && now() < change);
        prop_assert!(change - since <= TimeDelta::seconds(1));
        prop_assert_eq!(text(since), shown.to_string());
        prop_assert_eq!(text(change - nanos(1)), shown.to_string());
        prop_assert_ne!(text(since - nanos(1)), shown.to_string());
        prop_assert_ne!(text(change), shown.to_string());
        prop_assert_eq!(Remaining::until(end, change).shown_since(), change);
    }

    #[test]
    fn a_clock_jump_leaves_no_trace(time in -1_000_000_i64..1_000_000, jump in -1_000_000_i64..1_000_000) {
        let end = now() + TimeDelta::seconds(time);
        let later = Remaining::until(end, now() + TimeDelta::seconds(jump));
        prop_assert_eq!(later.seconds(), time - jump);
    }
}

#[test]
fn the_edges_of_the_calendar_do_not_overflow() {
    for end in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        for now in [DateTime::<Utc>::MIN_UTC, now(), DateTime::<Utc>::MAX_UTC] {
            let remaining = Remaining::until(end, now);
            assert!(remaining.next_change() >= now, "{remaining:?}");
            assert!(remaining.shown_since() <= now, "{remaining:?}");
            assert!(!remaining.to_string().is_empty());
        }
    }
}

#[test]
fn the_elapsed_share_runs_from_the_last_renewal_to_the_end() {
    let share = |created: &str, duration: &str, expires: &str| {
        elapsed(
            &token(&format!(
                r#"{{"created_at":"{created}","duration":"{duration}","expires_at":"{expires}"}}"#
            )),
            now(),
        )
    };
    for (created, expires, expected) in [
        // Twelve of 24 hours have passed.
        ("2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z", Some(0.5)),
        ("2020-01-01T00:00:00Z", "2026-11-26T00:00:00Z", Some(0.5)),
        ("2020-01-01T00:00:00Z", "2026-11-26T12:00:00Z", Some(0.0)),
        ("2020-01-01T00:00:00Z", "2026-11-25T12:00:00Z", Some(1.0)),
        ("2020-01-01T00:00:00Z", "2026-01-01T00:00:00Z", Some(1.0)),
        // Created after the renewal that the duration implies, so the duration was changed.
        ("2026-11-25T00:00:01Z", "2026-11-26T00:00:00Z", None),
        // Likewise, the renewal would be in the future.
        ("2020-01-01T00:00:00Z", "2026-11-26T12:00:01Z", None),
    ] {
        let share = share(created, "24h", expires);
        assert_eq!(share.is_some(), expected.is_some(), "{created} {expires}");
        let difference = share.unwrap_or_default() - expected.unwrap_or_default();
        assert!(difference.abs() < 1e-9, "{created} {expires}: {share:?}");
    }
    for duration in ["forever", "", "soon", "0", "0s"] {
        assert_eq!(
            share("2020-01-01T00:00:00Z", duration, "2026-11-26T00:00:00Z"),
            None,
            "{duration}"
        );
    }
    for date in ["", "0001-01-01T00:00:00Z", "soon"] {
        assert_eq!(share(date, "24h", "2026-11-26T00:00:00Z"), None);
        assert_eq!(share("2020-01-01T00:00:00Z", "24h", date), None);
    }
    // The duration reaches back beyond the calendar.
    assert_eq!(
        share(
            "2020-01-01T00:00:00Z",
            "99999999999999999h",
            "2026-11-26T00:00:00Z"
        ),
        None
    );
}

#[test]
fn a_servers_date_is_compared_with_the_middle_of_its_request() {
    let sent = at("2026-11-25T12:00:00Z");
    let date = at("2026-11-25T12:03:12Z");
    let after = |millis: i64| sent + TimeDelta::milliseconds(millis);
    let measure = |date, sent, received, was_cached| {
        ServerClock::measured(date, sent, received, was_cached).offset()
    };
    // Plus half a second for the header's missing fraction, minus half of the round trip.
    assert_eq!(
        measure(date, sent, sent, false),
        Some(TimeDelta::milliseconds(192_500))
    );
    assert_eq!(
        measure(date, sent, after(1_000), false),
        Some(TimeDelta::milliseconds(192_000))
    );
    assert!(measure(date, sent, after(1_999), false).is_some());
    assert_eq!(
        measure(date, sent, after(2_000), false),
        None,
        "too slow to be trusted"
    );
    assert_eq!(
        measure(date, sent, after(-1), false),
        None,
        "the local clock was set meanwhile"
    );
    assert_eq!(measure(date, sent, after(10), true), None, "an old answer");
}

#[test]
fn an_offset_applies_above_two_seconds_and_stops_below_one() {
    let millis = TimeDelta::milliseconds;
    for sign in [1, -1] {
        let steps = [
            (1_999, 0),
            (2_000, 0),
            (2_001, 2_001),
            (1_500, 1_500),
            (1_000, 1_000),
            (2_000, 2_000),
            (999, 0),
            (1_500, 0),
            (90_000, 90_000),
            (0, 0),
        ];
        let mut offset = ClockOffset::default();
        for (measured, used) in steps {
            offset = offset.updated(millis(sign * measured));
            assert_eq!(
                offset.correct(now()) - now(),
                millis(sign * used),
                "after {measured}"
            );
            assert_eq!(offset.seconds(), sign * used / 1_000);
            assert_eq!(offset.to_local(offset.correct(now())), now());
        }
    }
}

#[test]
fn warns_about_clocks_more_than_five_seconds_apart() {
    let notice = |seconds: i64, millis: i64| {
        ClockOffset::default()
            .updated(TimeDelta::seconds(seconds) + TimeDelta::milliseconds(millis))
            .notice()
    };
    assert_eq!(notice(0, 0), None);
    assert_eq!(notice(5, 0), None);
    assert_eq!(notice(-5, 0), None);
    assert_eq!(notice(5, 1).unwrap(), "your clock is 5 s slow");
    assert_eq!(notice(-5, -1).unwrap(), "your clock is 5 s fast");
    assert_eq!(notice(192, 0).unwrap(), "your clock is 3 m 12 s slow");
    assert_eq!(notice(-192, -999).unwrap(), "your clock is 3 m 12 s fast");
    assert_eq!(notice(7_200, 0).unwrap(), "your clock is 2 h slow");
    assert_eq!(
        notice(86_400 + 60, 0).unwrap(),
        "your clock is 1 d 1 m slow"
    );
}

#[test]
fn an_offset_beyond_the_calendar_changes_nothing() {
    let offset = ClockOffset::default().updated(TimeDelta::MAX);
    assert_eq!(offset.correct(now()), now());
    assert_eq!(offset.to_local(now()), now());
}

#[test]
fn a_leap_second_is_the_second_after_it() {
    let token = token(r#"{"id":"x","expires_at":"2026-12-31T23:59:60.5Z"}"#);
    let end = token.expires_at.valid().copied().unwrap();
    assert_eq!(end.to_rfc3339(), "2027-01-01T00:00:00.500+00:00");
    let now = "2026-12-31T23:59:59.5Z".parse().unwrap();
    assert_eq!(Remaining::until(end, now).seconds(), 1);
}

#[test]
fn an_implausible_date_is_reported() {
    let local = at("2026-11-25T12:00:00Z");
    let doubt = |date: &str, token: &ServiceToken| {
        let clock = ServerClock::Offset(at(date) - local);
        clock
            .checked(local, std::iter::once(token))
            .implausible_date()
    };
    let fresh = token("{}");
    for early in ["1970-01-01T00:00:00Z", "2024-12-31T23:59:59Z"] {
        assert_eq!(doubt(early, &fresh), Some(at(early)));
    }
    for fine in [
        "2025-01-01T00:00:00Z",
        "2026-11-20T00:00:00Z",
        "2027-06-01T00:00:00Z",
    ] {
        assert_eq!(doubt(fine, &fresh), None, "{fine}");
    }
    for key in ["created_at", "updated_at", "last_seen_at"] {
        let seen = token(&format!(r#"{{"{key}":"2026-11-01T00:00:00Z"}}"#));
        assert!(doubt("2026-10-01T00:00:00Z", &seen).is_some(), "{key}");
        assert_eq!(doubt("2026-10-31T12:00:00Z", &seen), None, "within a day");
        assert_eq!(doubt("2026-11-25T12:03:00Z", &seen), None);
    }
    let ahead = token(r#"{"updated_at":"2030-01-01T00:00:00Z"}"#);
    assert_eq!(
        doubt("2026-11-20T00:00:00Z", &ahead),
        None,
        "contradicted by every clock"
    );
    assert_eq!(
        ServerClock::Offset(TimeDelta::MAX)
            .checked(local, std::iter::empty())
            .implausible_date(),
        None
    );
}
