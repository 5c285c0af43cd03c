//! Go durations, thresholds, and lengths of time in words.

use chrono::TimeDelta;
use proptest::prelude::*;
use tokenscope::domain::duration::{
    Lifetime, ago, described, humanize, parse_go, parse_span, rough, write_span,
};

#[cfg(unix)]
use crate::cli::unknown_values::{at, judge, parse};
use crate::domain::nanos;

#[cfg(unix)]
#[test]
fn extreme_dates_and_durations_do_not_overflow() {
    let far = parse(
        r#"{"duration":"9999999999999h","created_at":"0002-01-01T00:00:00Z","expires_at":"9999-12-31T23:59:59Z","last_seen_at":"0002-01-01T00:00:00Z"}"#,
    );
    for days in [-700_000, -1, 0, 1, 700_000] {
        judge(&far, at("2026-11-25T12:00:00Z") + TimeDelta::days(days));
    }
}

#[test]
fn reads_go_durations_as_go_does() {
    for (text, length) in [
        ("0", TimeDelta::zero()),
        ("+0", TimeDelta::zero()),
        ("0s", TimeDelta::zero()),
        ("8760h", TimeDelta::days(365)),
        ("8760h0m0s", TimeDelta::days(365)),
        ("+8760h", TimeDelta::days(365)),
        ("525600m", TimeDelta::days(365)),
        ("300ms", TimeDelta::milliseconds(300)),
        ("2h45m", TimeDelta::minutes(165)),
        ("1.5h", TimeDelta::minutes(90)),
        (".5s", TimeDelta::milliseconds(500)),
        ("1.s", TimeDelta::seconds(1)),
        ("1m1m", TimeDelta::minutes(2)),
        ("5s1h", TimeDelta::seconds(3_605)),
        ("7ns", nanos(7)),
        ("7us", nanos(7_000)),
        ("7µs", nanos(7_000)),
        ("7μs", nanos(7_000)),
        ("0.9ns", nanos(0)),
        ("1.000000001s", nanos(1_000_000_001)),
        ("1.0000000009s", TimeDelta::seconds(1)),
        ("100000000000000000ns", TimeDelta::seconds(100_000_000)),
        ("9223372036854775807ns", nanos(i64::MAX)),
        (
            "00000000000000000000000000000000000000000001h",
            TimeDelta::hours(1),
        ),
    ] {
        assert_eq!(parse_go(text), Some(length), "{text}");
    }
}

#[test]
fn malformed_durations_have_no_length() {
    for text in [
        "", " ", "+", "-", "++1s", "-5m", "1", "1.5", "h", "s1", "1x", "1d", "1w", "1y", "1H",
        "1 h", " 1h", "1h ", ".s", ".", "1..5s", "1.2.3s", "1h-5m", "1e3s", "0x1s", "１h", "1hm",
        "forever", "Infinity", "1h\0", "5µ",
    ] {
        assert_eq!(parse_go(text), None, "{text:?}");
    }
}

#[test]
fn huge_durations_saturate() {
    let nines = "9".repeat(200);
    for unit in ["ns", "us", "ms", "s", "m", "h"] {
        assert_eq!(
            parse_go(&format!("{nines}{unit}")),
            Some(TimeDelta::MAX),
            "{unit}"
        );
    }
    let sum = format!("{nines}h").repeat(50);
    assert_eq!(parse_go(&sum), Some(TimeDelta::MAX));
}

/// An independent model of Go's parser: each term in 10⁻⁹ of a nanosecond, in whole numbers.
fn model(terms: &[(u32, u32, &str)]) -> TimeDelta {
    let total: i128 = terms
        .iter()
        .map(|(whole, billionths, unit)| {
            let unit = match *unit {
                "ns" => 1_i128,
                "us" | "µs" => 1_000,
                "ms" => 1_000_000,
                "s" => 1_000_000_000,
                "m" => 60_000_000_000,
                _ => 3_600_000_000_000,
            };
            i128::from(*whole) * unit + i128::from(*billionths) * unit / 1_000_000_000
        })
        .sum();
    TimeDelta::seconds(i64::try_from(total / 1_000_000_000).unwrap())
        + nanos(i64::try_from(total % 1_000_000_000).unwrap())
}

proptest! {
    #[test]
    fn any_sum_of_terms_equals_the_model(
        terms in proptest::collection::vec(
            (0_u32..100_000, 0_u32..1_000_000_000, proptest::sample::select(vec!["ns", "us", "µs", "ms", "s", "m", "h"])),
            1..6,
        )
    ) {
        let parts: Vec<String> = terms
            .iter()
            .map(|(whole, billionths, unit)| format!("{whole}.{billionths:09}{unit}"))
            .collect();
        let text = parts.concat();
        prop_assert_eq!(parse_go(&text), Some(model(&terms)), "{}", text);
    }

    #[test]
    fn no_text_breaks_the_parser(text in "\\PC*|[0-9.a-zµ+-]{0,40}") {
        let read = Lifetime::parse(&text);
        prop_assert_eq!(read.as_str(), text.as_str());
        prop_assert!(read.length().is_none_or(|length| length >= TimeDelta::zero()));
    }

    #[test]
    fn a_humanised_length_parses_back(seconds in 1_i64..100_000_000_000) {
        let length = TimeDelta::seconds(seconds);
        let text = humanize(length);
        let read: i64 = text
            .split(' ')
            .map(|part| {
                let (count, unit) = part.split_at(part.len() - 1);
                let unit = match unit { "d" => 86_400, "h" => 3_600, "m" => 60, _ => 1 };
                count.parse::<i64>().unwrap() * unit
            })
            .sum();
        prop_assert_eq!(read, seconds, "{}", text);
    }

    #[test]
    fn a_threshold_parses_back(minutes in 1_i64..10_000_000) {
        let span = TimeDelta::minutes(minutes);
        prop_assert_eq!(parse_span(&write_span(span)).unwrap(), span);
    }
}

#[test]
fn equal_lifetimes_keep_their_spelling() {
    let (short, long) = (Lifetime::parse("8760h"), Lifetime::parse("8760h0m0s"));
    assert_eq!(short.length(), long.length());
    assert_ne!(short.as_str(), long.as_str());
    let forever = Lifetime::parse("forever");
    assert!(forever.is_forever() && forever.length().is_none());
    let odd = Lifetime::parse("one year");
    assert!(!odd.is_forever() && odd.length().is_none());
    assert_eq!(odd.as_str(), "one year");
}

#[test]
fn humanises_lengths() {
    for (length, text) in [
        (TimeDelta::zero(), "0s"),
        (nanos(7), "7ns"),
        (nanos(7_999), "7µs"),
        (nanos(999_999_999), "999ms"),
        (TimeDelta::seconds(1) + nanos(5), "1s"),
        (TimeDelta::minutes(90), "1h 30m"),
        (TimeDelta::days(365), "365d"),
        (TimeDelta::days(1) + TimeDelta::seconds(1), "1d 1s"),
        (TimeDelta::seconds(90_061), "1d 1h 1m 1s"),
    ] {
        assert_eq!(humanize(length), text);
    }
    assert!(humanize(TimeDelta::MAX).ends_with('s'));
}

#[test]
fn distances_use_one_unit_rounded_down() {
    for (seconds, text) in [
        (-5, "0 s"),
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (172_799, "47 h"),
        (172_800, "2 d"),
        (41 * 86_400 + 86_399, "41 d"),
    ] {
        assert_eq!(rough(TimeDelta::seconds(seconds)), text);
    }
    assert_eq!(ago(TimeDelta::seconds(-7_200)), "2 h ahead of this clock");
    assert_eq!(ago(TimeDelta::seconds(-60)), "1 min ahead of this clock");
    assert_eq!(ago(TimeDelta::seconds(-1)), "just now");
    assert_eq!(ago(TimeDelta::seconds(59)), "just now");
    assert_eq!(ago(TimeDelta::seconds(60)), "1 min ago");
    assert_eq!(ago(TimeDelta::seconds(119)), "1 min ago");
}

#[test]
fn a_threshold_is_a_whole_number_of_days_hours_or_minutes() {
    for (text, span) in [
        ("30d", TimeDelta::days(30)),
        ("30", TimeDelta::days(30)),
        ("12h", TimeDelta::hours(12)),
        ("90m", TimeDelta::minutes(90)),
        ("007d", TimeDelta::days(7)),
        ("365000000d", TimeDelta::days(365_000_000)),
    ] {
        assert_eq!(parse_span(text).unwrap(), span, "{text}");
    }
    for text in [
        "",
        "0",
        "0d",
        "0h",
        "-1",
        "-1d",
        "+1",
        "1.5d",
        "1 d",
        " 1d",
        "d",
        "h",
        "abc",
        "1w",
        "30D",
        "1d1h",
        "٣d",
        "é",
        "365000001d",
        "99999999999999999999",
    ] {
        let refused = parse_span(text).unwrap_err().to_string();
        assert!(refused.contains(&format!("{text:?}")), "{refused}");
    }
}

#[test]
fn thresholds_are_written_in_the_largest_unit_that_fits() {
    assert_eq!(write_span(TimeDelta::days(30)), "30d");
    assert_eq!(write_span(TimeDelta::hours(48)), "2d");
    assert_eq!(write_span(TimeDelta::hours(36)), "36h");
    assert_eq!(write_span(TimeDelta::minutes(120)), "2h");
    assert_eq!(write_span(TimeDelta::minutes(90)), "90m");
}

#[test]
fn a_duration_is_repeated_as_sent_only_if_that_adds_something() {
    for (text, said) in [
        ("8760h", "365d (8760h)"),
        ("60m", "1h (60m)"),
        ("0", "0s (0)"),
        ("300ms", "300ms"),
        ("23h", "23h"),
        ("0s", "0s"),
        ("2h45m", "2h 45m (2h45m)"),
        ("forever", "forever"),
        ("ten years", "ten years"),
    ] {
        assert_eq!(described(text), said);
    }
}
