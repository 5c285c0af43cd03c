//! Thresholds: units, defaults from a token's duration, boundaries, and order of urgency.

#![cfg(unix)]

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::Value;
use tokenscope::domain::status::{Lifecycle, Status, Threshold, Thresholds};

use crate::cli::monitoring::{LATER, answer, api_at_noon, ending, eternal, id};
use crate::domain::context;
use crate::support::api::{Fake, run};

#[test]
fn a28_each_threshold_applies_to_the_second_and_expired_stays_loud() {
    use chrono::{DateTime, TimeDelta};
    use tokenscope::domain::status::{Lifecycle, Status, Threshold, Thresholds, Urgency};
    let end = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let life = |expires_at| Lifecycle {
        enabled: Some(true),
        forever: false,
        expires_at,
        duration: None,
    };
    let day = 86_400;
    for (warn, critical) in [(30, 7), (14, 1)] {
        let thresholds = Thresholds {
            warn: Some(Threshold::Time(TimeDelta::days(warn))),
            critical: Some(Threshold::Time(TimeDelta::days(critical))),
        };
        for (left, status) in [
            (warn * day + 1, Status::Active),
            (warn * day, Status::Active),
            (warn * day - 1, Status::Expiring),
            (critical * day + 1, Status::Expiring),
            (critical * day, Status::Expiring),
            (critical * day - 1, Status::Critical),
            (1, Status::Critical),
            (0, Status::Expired),
            (-1, Status::Expired),
            (-3_000 * day, Status::Expired),
        ] {
            let now = end - TimeDelta::seconds(left);
            assert_eq!(
                Status::at(life(Some(end)), context(now, thresholds)),
                status,
                "{left}"
            );
            let rank = |expires_at| Urgency::of(life(expires_at), context(now, thresholds));
            let unknown_first = rank(None) < rank(Some(end));
            let is_behind = status == Status::Active || left < -30 * day;
            assert_eq!(unknown_first, is_behind, "unknown beside {left}");
        }
    }
}

#[test]
fn e05_contradictory_thresholds_are_refused_before_any_request() {
    let fake = api_at_noon(&[ending(1, LATER)]);
    for (warn, critical) in [
        ("7", "30"),
        ("7d", "8d"),
        ("7d", "169h"),
        ("1d", "25h"),
        ("7", "8d"),
        ("90m", "2h"),
        ("4%", "25%"),
    ] {
        let line = [
            "check",
            "--warn",
            warn,
            "--critical",
            critical,
            "-o",
            "json",
        ];
        let words = assert_refused(&fake, &line);
        // Whole days are printed as days.
        let days = |text: &str| match text {
            unit if unit.ends_with(['h', 'm', '%']) => unit.to_owned(),
            days => format!("{}d", days.trim_end_matches('d')),
        };
        for (name, value) in [("warning", warn), ("critical", critical)] {
            let said = format!("{name} threshold, {}", days(value));
            assert!(words.contains(&said), "{said}: {words}");
        }
    }
    for flag in ["--warn", "--critical"] {
        for value in [
            "-1",
            "0",
            "0d",
            "0h",
            "abc",
            "",
            " ",
            "7w",
            "1.5d",
            "7 d",
            "d",
            "1d12h",
            "+7",
            "0x7",
            "٧",
            "99999999999999999999",
            "9223372036854775807d",
            "0m",
            "0%",
            "101%",
            "%",
            "1.5%",
            "-5%",
            "7M",
            "7s",
            "1e3",
        ] {
            let given = format!("{flag}={value}");
            let words = assert_refused(&fake, &["check", &given, "-o", "json"]);
            assert!(words.contains(flag), "{words}");
        }
    }
    assert!(fake.heads().is_empty(), "nothing was asked");
    for (warn, critical) in [
        ("30", "7"),
        ("30d", "168h"),
        ("25h", "1d"),
        ("8", "7d"),
        ("7d", "168h"),
        ("10%", "5%"),
        ("90m", "5%"),
    ] {
        let line = ["check", "--warn", warn, "--critical", critical];
        assert_eq!(run(&mut fake.command(&line)).code, Some(0), "{line:?}");
    }
    // The default of the other one gives way.
    for line in [["check", "--warn", "5d"], ["check", "--critical", "31"]] {
        assert_eq!(run(&mut fake.command(&line)).code, Some(0), "{line:?}");
    }
}

#[track_caller]
fn assert_refused(fake: &Fake, line: &[&str]) -> String {
    run(&mut fake.command(line)).is_error("usage", 3)
}

pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_740_830_400, 0).unwrap()
}

/// A token with this duration and this much left, plus half a minute.
pub(crate) fn lasting(number: usize, duration: &str, left: TimeDelta) -> String {
    let end = (noon() + left + TimeDelta::seconds(30)).to_rfc3339();
    format!(
        r#"{{"id":"{}","name":"n{number}","duration":"{duration}","expires_at":"{end}"}}"#,
        id(number)
    )
}

/// An API with these tokens; any other is not found.
pub(crate) fn api(tokens: &[String]) -> Fake {
    let tokens = tokens.to_vec();
    Fake::start(move |head, _| answer(head, &tokens))
}

fn status_in(report: &Value, number: usize) -> String {
    let tokens = report["tokens"].as_array().unwrap();
    let own = |token: &&Value| token["token"]["id"] == id(number).as_str();
    let token = tokens.iter().find(own).unwrap();
    token["status"].as_str().unwrap().to_owned()
}

/// The status according to every command, which must agree.
fn judged(fake: &Fake, number: usize, flags: &[&str]) -> String {
    let run = |words: &[&str]| run(fake.command(words).args(flags));
    let got = run(&["get", &id(number), "-o", "json"]).json();
    let listed = run(&["list", "-o", "json"]).json();
    let checked = run(&["check", "-o", "json"]).json();
    let csv = run(&["list", "-o", "csv"]).stdout;
    let status = got["status"].as_str().unwrap().to_owned();
    assert_eq!(status_in(&listed, number), status);
    assert_eq!(status_in(&checked, number), status);
    assert!(csv.contains(&format!(",{status},")), "{status}: {csv}");
    status
}

#[test]
fn f13_a_token_is_judged_by_its_own_duration() {
    let (hour, day) = (TimeDelta::hours(1), TimeDelta::days(1));
    for (duration, left, flags, status) in [
        ("24h", hour * 20, &[][..], "active"),
        ("24h", hour * 6, &[], "active"),
        ("24h", hour * 5, &[], "expiring"),
        ("24h", hour * 2, &[], "expiring"),
        ("24h", hour, &[], "critical"),
        ("8760h", day * 30, &[], "active"),
        ("8760h", day * 29, &[], "expiring"),
        ("8760h", day * 6, &[], "critical"),
        ("720h", day * 8, &[], "active"),
        ("720h", day * 7, &[], "expiring"),
        ("720h", day * 2, &[], "critical"),
        // A malformed duration implies nothing.
        ("a while", day * 8, &[], "expiring"),
        ("0s", day * 6, &[], "critical"),
        (
            "24h",
            hour * 3,
            &["--warn", "2h", "--critical", "30m"],
            "active",
        ),
        (
            "24h",
            hour,
            &["--warn", "2h", "--critical", "30m"],
            "expiring",
        ),
        (
            "24h",
            TimeDelta::minutes(29),
            &["--warn", "2h", "--critical", "30m"],
            "critical",
        ),
        ("8760h", day * 40, &["--warn", "10%"], "active"),
        ("8760h", day * 36, &["--warn", "10%"], "expiring"),
        ("a while", day * 29, &["--warn", "10%"], "expiring"),
        ("24h", hour, &["--critical", "3%"], "expiring"),
        // The default of the other one gives way.
        ("8760h", day * 4, &["--warn", "5d"], "critical"),
        ("8760h", day * 6, &["--warn", "5d"], "active"),
        ("8760h", day * 39, &["--critical", "40d"], "critical"),
        ("8760h", day * 41, &["--critical", "40d"], "active"),
        (
            "24h",
            hour * 20,
            &["--warn", "30", "--critical", "7"],
            "critical",
        ),
    ] {
        let fake = api(&[lasting(1, duration, left)]);
        let shown = judged(&fake, 1, flags);
        assert_eq!(shown, status, "{duration} with {left} left, {flags:?}");
    }
}

#[test]
fn f13_the_configuration_has_the_same_units_and_flags_win() {
    let fake = api(&[lasting(1, "24h", TimeDelta::minutes(80))]);
    let home = crate::support::api::home();
    for (config, flags, status) in [
        ("warn = \"90m\"", &[][..], "critical"),
        ("warn = \"90m\"\ncritical = \"30m\"", &[], "expiring"),
        ("warn = \"50m\"\ncritical = \"2%\"", &[], "active"),
        ("warn = 1\ncritical = \"1h\"", &[], "expiring"),
        (
            "warn = \"50m\"",
            &["--warn", "90m", "--critical", "1h"],
            "expiring",
        ),
    ] {
        write(home.path(), config);
        let mut command = fake.command(&["check", "-o", "json"]);
        let outcome = run(command.args(flags).env("TOKENSCOPE_HOME", home.path()));
        assert_eq!(status_in(&outcome.json(), 1), status, "{config}");
    }
    let asked = fake.heads().len();
    for (config, flags, kind) in [
        ("warn = \"1h\"\ncritical = \"2h\"", &[][..], "config"),
        ("warn = \"90s\"", &[], "config"),
        ("critical = \"0m\"", &[], "config"),
        ("critical = \"2h\"", &["--warn", "1h"], "usage"),
    ] {
        write(home.path(), config);
        for command in [&["check"][..], &["list"], &["get", "n1"]] {
            let mut command = fake.command(command);
            command.args(flags).args(["-o", "json"]);
            let report = run(command.env("TOKENSCOPE_HOME", home.path())).json();
            assert_eq!(report["error"]["kind"], kind, "{config}");
        }
    }
    assert_eq!(fake.heads().len(), asked, "nothing was asked");
}

pub(crate) fn write(home: &std::path::Path, config: &str) {
    std::fs::write(home.join("config.toml"), config).unwrap();
}

#[test]
fn f13_within_has_the_same_units() {
    let fake = api(&[
        lasting(1, "24h", TimeDelta::minutes(80)),
        lasting(2, "8760h", TimeDelta::days(20)),
        eternal(3, ""),
    ]);
    for (within, count) in [
        ("79m", 0),
        ("90m", 1),
        ("2h", 1),
        ("21", 2),
        ("5%", 0),
        ("6%", 2),
    ] {
        let listed = run(&mut fake.command(&["list", "--within", within, "-o", "json"])).json();
        assert_eq!(listed["count"], count, "{within}");
    }
}

#[test]
fn f13_findings_state_the_time_left_of_this_token() {
    for (duration, left, said) in [
        ("24h", TimeDelta::minutes(1), "Ends in 1 min."),
        ("24h", TimeDelta::hours(3), "Ends in 3 h."),
        ("8760h", TimeDelta::days(12), "Ends in 12 d."),
    ] {
        let fake = api(&[lasting(1, duration, left)]);
        let report = run(&mut fake.command(&["get", &id(1), "-o", "json"])).json();
        let message = report["findings"][0]["message"].as_str().unwrap();
        assert!(message.starts_with(said), "{message}");
    }
}

proptest! {
    /// The thresholds of a token are in order, and explicit ones are never shrunk.
    #[test]
    fn f13_thresholds_are_in_order_for_every_token(
        warn in proptest::option::of(threshold()),
        critical in proptest::option::of(threshold()),
        minutes in proptest::option::of(0_i64..2_000_000),
        left in 1_i64..4_000_000,
    ) {
        let duration = minutes.map(TimeDelta::minutes);
        let thresholds = Thresholds { warn, critical };
        let own = thresholds.for_duration(duration);
        prop_assert!(own.critical <= own.warn);
        if let Some(set) = critical.and_then(|it| it.of(duration)) {
            prop_assert_eq!(own.critical, set);
        }
        let life = Lifecycle {
            enabled: Some(true),
            forever: false,
            expires_at: Some(noon() + TimeDelta::minutes(left)),
            duration,
        };
        let left = TimeDelta::minutes(left);
        let status = Status::at(life, context(noon(), thresholds));
        let expected = if left < own.critical {
            Status::Critical
        } else if left < own.warn {
            Status::Expiring
        } else {
            Status::Active
        };
        prop_assert_eq!(status, expected);
        // Printed thresholds parse back to themselves.
        for set in [warn, critical].into_iter().flatten() {
            prop_assert_eq!(Threshold::parse(&set.to_string()), Ok(set));
        }
    }
}

fn threshold() -> impl Strategy<Value = Threshold> {
    prop_oneof![
        (1_i64..2_000_000).prop_map(|minutes| Threshold::Time(TimeDelta::minutes(minutes))),
        (1_i32..=100).prop_map(Threshold::Percent),
    ]
}

#[test]
fn f13_every_command_has_the_same_order_of_urgency() {
    let day = TimeDelta::days(1);
    let tokens = [
        eternal(1, r#","enabled":false"#),
        lasting(2, "8760h", day * -40),
        eternal(3, ""),
        lasting(4, "8760h", day * 200),
        lasting(5, "8760h", day * 100),
        format!(r#"{{"id":"{}","name":"n6"}}"#, id(6)),
        lasting(7, "8760h", day * 20),
        lasting(8, "8760h", day * 2),
        lasting(9, "8760h", day * -9),
        lasting(10, "8760h", day * -2),
    ];
    let fake = api(&tokens);
    let expected: Vec<String> = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map(id).to_vec();
    let ids = |report: &Value| -> Vec<String> {
        let tokens = report["tokens"].as_array().unwrap().iter();
        let id = |token: &Value| token["token"]["id"].as_str().unwrap().to_owned();
        tokens.map(id).collect()
    };
    let listed = run(&mut fake.command(&["list", "-o", "json"])).json();
    let checked = run(&mut fake.command(&["check", "-o", "json"])).json();
    assert_eq!(ids(&listed), expected);
    assert_eq!(ids(&checked), expected);
    let csv = run(&mut fake.command(&["list", "-o", "csv"])).stdout;
    let rows: Vec<&str> = csv.lines().skip(1).map(|line| &line[..36]).collect();
    assert_eq!(rows, expected);
}
