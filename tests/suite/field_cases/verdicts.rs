//! Verdicts of monitoring, thresholds, and clocks that jump.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as expected"
)]

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::Value;
use tokenscope::domain::status::{Lifecycle, Status, Threshold, Thresholds};

use super::fake::{ACCOUNT, Fake, Outcome, Reply, http, refusal, run, success};

/// When it is by the fake's clock.
const DATE: &str = "Sat, 01 Mar 2025 12:00:00 GMT";
const LIST: &str = "/access/service_tokens";

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_740_830_400, 0).unwrap()
}

fn id(number: usize) -> String {
    format!("a0000000-0000-4000-8000-{number:012}")
}

/// A token with a duration, and this much left and half a minute.
fn lasting(number: usize, duration: &str, left: TimeDelta) -> String {
    let end = (noon() + left + TimeDelta::seconds(30)).to_rfc3339();
    format!(
        r#"{{"id":"{}","name":"n{number}","duration":"{duration}","expires_at":"{end}"}}"#,
        id(number)
    )
}

fn eternal(number: usize, more: &str) -> String {
    format!(
        r#"{{"id":"{}","name":"n{number}","duration":"forever"{more}}}"#,
        id(number)
    )
}

fn ok(result: &str) -> Reply {
    Reply::Bytes(http(200, &[("date", DATE)], success(result)))
}

/// An API with these tokens; a token that is none of them is not found.
fn api(tokens: &[String]) -> Fake {
    let tokens = tokens.to_vec();
    Fake::start(move |head, _| answer(head, &tokens))
}

fn answer(head: &str, tokens: &[String]) -> Reply {
    let path = head.split_whitespace().nth(1).unwrap();
    let path = path.split('?').next().unwrap();
    let last = path.rsplit('/').next().unwrap();
    if path.ends_with(LIST) {
        return ok(&format!("[{}]", tokens.join(",")));
    }
    match tokens.iter().find(|token| token.contains(last)) {
        Some(token) => ok(token),
        None => Reply::Bytes(http(
            404,
            &[("date", DATE)],
            refusal(r#"[{"code":12135,"message":"service_token_not_found"}]"#),
        )),
    }
}

fn status_in(report: &Value, number: usize) -> String {
    let tokens = report["tokens"].as_array().unwrap();
    let own = |token: &&Value| token["token"]["id"] == id(number).as_str();
    let token = tokens.iter().find(own).unwrap();
    token["status"].as_str().unwrap().to_owned()
}

/// Status in every command that judges, which must be the same.
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
        // Of a duration that cannot be read, nothing is known.
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
fn f13_the_configuration_takes_the_same_units_and_flags_go_first() {
    let fake = api(&[lasting(1, "24h", TimeDelta::minutes(80))]);
    let home = super::fake::home();
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

fn write(home: &std::path::Path, config: &str) {
    #[expect(clippy::disallowed_methods, reason = "a test makes its own files")]
    std::fs::write(home.join("config.toml"), config).unwrap();
}

#[test]
fn f13_within_takes_the_same_units() {
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
fn f13_findings_say_what_is_true_of_this_token() {
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
    /// The thresholds of a token are in order, and set ones are never shrunk.
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
        let status = Status::at(life, noon(), thresholds);
        let expected = if left < own.critical {
            Status::Critical
        } else if left < own.warn {
            Status::Expiring
        } else {
            Status::Active
        };
        prop_assert_eq!(status, expected);
        // What is written is read back.
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
fn f14_the_previous_secret_has_a_metric_a_column_and_a_warning() {
    let previous = |left: TimeDelta| {
        let end = (noon() + left).to_rfc3339();
        format!(r#","previous_client_secret_expires_at":"{end}""#)
    };
    for (left, severity) in [
        (TimeDelta::hours(2), Some("warning")),
        (TimeDelta::days(8), Some("info")),
        (TimeDelta::hours(-1), None),
    ] {
        let fake = api(&[eternal(1, &previous(left)), eternal(2, "")]);
        let end = (noon() + left).format("%Y-%m-%dT%H:%M:%SZ").to_string();
        for line in [["list", "-o", "json"], ["check", "-o", "json"]] {
            let outcome = run(&mut fake.command(&line));
            assert_eq!(outcome.code, Some(0), "the verdict stays by status");
            let report = outcome.json();
            let tokens = report["tokens"].as_array().unwrap();
            assert_eq!(tokens[0]["previous_secret_expires_at"], end.as_str());
            assert_eq!(tokens[1]["previous_secret_expires_at"], Value::Null);
            let findings = tokens[0]["findings"].as_array().unwrap();
            let alive = findings
                .iter()
                .find(|it| it["code"] == "previous_secret_alive");
            let said = alive.map(|it| it["severity"].as_str().unwrap());
            assert_eq!(said, severity, "{left}");
        }
        let got = run(&mut fake.command(&["get", &id(1), "-o", "json"])).json();
        assert!(got.get("previous_secret_expires_at").is_none());
        let csv = run(&mut fake.command(&["list", "-o", "csv"])).stdout;
        let mut lines = csv.lines();
        assert_eq!(
            lines.next().unwrap(),
            "id,name,client_id,status,expires_at,seconds_left,last_seen_at,duration,enabled,\
             previous_secret_expires_at"
        );
        assert!(lines.next().unwrap().ends_with(&format!(",true,{end}")));
        assert!(lines.next().unwrap().ends_with(",true,"));
        let metrics = run(&mut fake.command(&["check", "-o", "prometheus"])).stdout;
        let name = "tokenscope_service_token_previous_secret_expiry_timestamp_seconds";
        let series = metrics.lines().find(|line| line.starts_with(name));
        let value = (noon() + left).timestamp().to_string();
        assert_eq!(series.is_some(), severity.is_some(), "{metrics}");
        assert!(series.is_none_or(|line| line.contains(&id(1)) && line.ends_with(&value)));
    }
}

/// A token that is switched off takes its previous secret along.
#[test]
fn f14_a_dead_token_has_no_previous_secret() {
    let dead = r#","enabled":false,"previous_client_secret_expires_at":"2025-03-02T12:00:00Z""#;
    let fake = api(&[eternal(1, dead)]);
    let metrics = run(&mut fake.command(&["check", "-o", "prometheus"])).stdout;
    assert!(!metrics.contains("previous_secret"), "{metrics}");
}

#[test]
fn f05_the_first_refusal_ends_the_rest() {
    let code = |code: u16| refusal(&format!(r#"[{{"code":{code},"message":"no"}}]"#));
    for (status, body, kind) in [
        (429, String::new(), "rate_limited"),
        (401, code(1000), "authentication"),
        (403, code(9109), "authentication"),
    ] {
        let body = body.replace("\"no\"", "\"Invalid access token\"");
        for count in [2, 5, 6, 300] {
            let reply = http(status, &[("retry-after", "120")], &body);
            let fake = Fake::start(move |_, _| Reply::Bytes(reply.clone()));
            let ids: Vec<String> = (1..=count).map(id).collect();
            let mut command = fake.command(&["check", "-o", "json"]);
            let outcome = run(command.args(&ids));
            assert_eq!(outcome.code, Some(3));
            assert_eq!(outcome.json()["error"]["kind"], kind);
            assert_eq!(fake.heads().len(), 1, "{status} for {count}");
        }
    }
}

#[test]
fn f05_what_was_read_before_the_refusal_stays_and_the_rest_inherit_it() {
    let fake = Fake::start(|head, _| {
        if head.contains(&id(1)) {
            return answer(head, &[eternal(1, "")]);
        }
        if head.contains(LIST) && !head.contains(&format!("{LIST}/")) {
            return answer(head, &[eternal(1, "")]);
        }
        Reply::Bytes(http(429, &[("retry-after", "120")], ""))
    });
    let ids: Vec<String> = (1..=5).map(id).collect();
    let report = run(fake.command(&["check", "-o", "json"]).args(&ids)).json();
    assert_eq!(report["count"], 5);
    assert_eq!(report["complete"], false);
    let limited = report["tokens"].as_array().unwrap().iter();
    let limited = limited.filter(|token| token["error"]["kind"] == "rate_limited");
    assert_eq!(limited.count(), 4);
}

#[test]
fn f05_above_five_names_the_list_is_read_once() {
    let tokens: Vec<String> = (1..=300).map(|number| eternal(number, "")).collect();
    for count in [6, 300] {
        let fake = api(&tokens);
        let mut named: Vec<String> = (1..=count).map(id).collect();
        named[1] = "n2".to_owned();
        named[2] = id(3).to_uppercase();
        named[3] = format!(
            "https://api.cloudflare.com/client/v4/accounts/{ACCOUNT}{LIST}/{}",
            id(4)
        );
        let outcome = run(fake.command(&["check", "-o", "json"]).args(&named));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
        assert_eq!(outcome.json()["count"], count);
        assert_eq!(fake.heads().len(), 1);
    }
    // What a whole list lacks is not there, and not asked for again.
    let fake = api(&tokens[..4]);
    let named: Vec<String> = (1..=6).map(id).collect();
    let outcome = run(fake.command(&["check", "-o", "json"]).args(&named));
    assert_eq!(outcome.code, Some(3));
    let report = outcome.json();
    assert_eq!(report["tokens"][0]["error"]["kind"], "not_found");
    assert_eq!(report["complete"], true);
    assert_eq!(fake.heads().len(), 1);
}

/// A role that covers single tokens may read them, and list none.
#[test]
fn f05_a_list_that_says_nothing_is_not_the_last_word() {
    let tokens: Vec<String> = (1..=6).map(|number| eternal(number, "")).collect();
    for is_refused in [false, true] {
        let tokens = tokens.clone();
        let fake = Fake::start(move |head, _| {
            if head.contains(&format!("{LIST}/")) {
                return answer(head, &tokens);
            }
            if is_refused {
                let body = refusal(r#"[{"code":10000,"message":"Forbidden"}]"#);
                return Reply::Bytes(http(403, &[("date", DATE)], body));
            }
            ok("[]")
        });
        let named: Vec<String> = (1..=6).map(id).collect();
        let outcome = run(fake.command(&["check", "-o", "json"]).args(&named));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    }
}

#[test]
fn f15_a_token_that_could_not_be_read_is_seen_in_every_form() {
    for (status, body) in [
        (501, String::new()),
        (403, refusal(r#"[{"code":10000,"message":"Forbidden"}]"#)),
        (200, "<html>".to_owned()),
    ] {
        let fake = Fake::start(move |head, _| {
            if head.contains(&id(3)) {
                return Reply::Bytes(http(status, &[("date", DATE)], &body));
            }
            answer(head, &[eternal(1, "")])
        });
        let url = format!(
            "https://api.cloudflare.com/client/v4/accounts/{ACCOUNT}{LIST}/{}",
            id(3)
        );
        for named in [id(3), id(3).to_uppercase(), url] {
            let metrics = run(&mut fake.command(&["check", &id(1), &named, "-o", "prometheus"]));
            assert_eq!(metrics.code, Some(3));
            assert!(
                metrics.stdout.contains("\ntokenscope_complete 0\n"),
                "{}",
                metrics.stdout
            );
            let unknown = format!("id=\"{}\"", id(3));
            let series = metrics
                .stdout
                .lines()
                .filter(|line| line.contains(&unknown));
            assert_eq!(series.count(), 7, "{}", metrics.stdout);
            assert!(!metrics.stdout.contains("id=\"\""), "{}", metrics.stdout);
            let report = run(&mut fake.command(&["check", &id(1), &named, "-o", "json"])).json();
            assert_eq!(report["complete"], false);
            let reason = report["incomplete_reason"].as_str().unwrap();
            assert!(reason.contains("1 of 2 tokens"), "{reason}");
        }
    }
}

/// Monitoring that reads metrics alone must see that it sees nothing.
#[test]
fn f04_a_scope_without_tokens_is_not_complete() {
    let fake = api(&[]);
    let metrics = run(&mut fake.command(&["check", "-o", "prometheus"]));
    assert!(metrics.stdout.contains("\ntokenscope_complete 0\n"));
    let table = run(&mut fake.command(&["check"]));
    assert_eq!(table.code, Some(3));
    assert!(
        table
            .stdout
            .starts_with("UNKNOWN: there is no service token")
    );
    let listed = run(&mut fake.command(&["list", "-o", "json"])).json();
    assert_eq!(listed["complete"], true, "a list is what it is");
    // To leave everything out is a wish, not blindness.
    let fake = api(&[eternal(1, "")]);
    let metrics = run(&mut fake.command(&["check", "--exclude", "n1", "-o", "prometheus"]));
    assert_eq!(metrics.code, Some(0));
    assert!(metrics.stdout.contains("\ntokenscope_complete 1\n"));
}

/// Every way in which one profile of two can be blind.
#[cfg(target_os = "linux")]
#[test]
fn f04_a_blind_profile_is_named_and_never_green() {
    use crate::dbus::{Keyring, Session};
    const OTHER: &str = "11111111111111111111111111111111";
    let Some(session) = Session::start(Keyring::Unlocked) else {
        return;
    };
    let page = r#"{"success":true,"errors":[],"messages":[],"result":[],"result_info":{"page":1,"per_page":1,"total_count":9,"total_pages":9}}"#;
    let refused = refusal(r#"[{"code":10000,"message":"Forbidden"}]"#);
    let empty = success("[]");
    for (status, body, said) in [
        (200, empty.as_str(), "the API lists no service token"),
        (200, page, ""),
        (403, refused.as_str(), ""),
        (429, "", ""),
        (501, "", ""),
        (200, "<html>", ""),
    ] {
        let reply = http(status, &[("date", DATE)], body);
        let fake = Fake::start(move |head, _| {
            if head.contains(OTHER) {
                return Reply::Bytes(reply.clone());
            }
            answer(head, &[eternal(1, "")])
        });
        let home = super::fake::home();
        let run = |arguments: &[&str]| -> Outcome {
            let mut command = session.command(env!("CARGO_BIN_EXE_tokenscope"));
            command.args(arguments);
            command.env("TOKENSCOPE_HOME", home.path());
            command.env("CLOUDFLARE_BASE_URL", fake.url());
            super::fake::run_with_input(&mut command, super::fake::CANARY.as_bytes())
        };
        for (profile, account) in [("sees", ACCOUNT), ("blind", OTHER)] {
            let set = run(&[
                "auth",
                "set",
                "--stdin",
                "--no-check",
                "--profile",
                profile,
                "--account",
                account,
            ]);
            assert_eq!(set.code, Some(0), "{}", set.stderr);
        }
        let table = run(&["check", "--all-profiles"]);
        assert_eq!(table.code, Some(3), "{status}: {}", table.stdout);
        let first = table.stdout.lines().next().unwrap();
        assert!(
            first.contains("profile blind: ") && first.contains(said),
            "{first}"
        );
        assert!(!first.contains("profile sees"), "{first}");
        let report = run(&["check", "--all-profiles", "-o", "json"]).json();
        assert_eq!(report["complete"], false);
        let blind = report["profiles"].as_array().unwrap().iter();
        let blind = blind.filter(|profile| profile["complete"] == false);
        assert_eq!(blind.count(), 1, "{report}");
        let metrics = run(&["check", "--all-profiles", "-o", "prometheus"]).stdout;
        assert!(metrics.contains("\ntokenscope_complete 0\n"), "{metrics}");
        // What is left out by wish is not missing; what cannot be seen still is.
        assert_eq!(
            run(&["check", "--all-profiles", "--exclude", "n1"]).code,
            Some(3)
        );
    }
}

#[test]
fn f12_names_that_look_like_something_else_are_found() {
    let names = [
        "https://grafana.example.com",
        "https://grafana.example.com/d/abc?orgId=1",
        "http://x",
        "dash.cloudflare.com/login",
        "https://dash.cloudflare.com/",
        "grafana.access",
        "88bf3b6d86161464f6509f7219099e57",
        "88bf3b6d86161464f6509f7219099e57.access",
        "88bf3b6d86161464f6509f7219099e57.access.example.com",
        "accounts/team",
    ];
    for name in names {
        let token = format!(
            r#"{{"id":"{}","name":"{name}","duration":"forever"}}"#,
            id(1)
        );
        let fake = api(&[token]);
        let got = run(&mut fake.command(&["get", name, "-o", "json"]));
        assert_eq!(got.code, Some(0), "{name}: {}", got.stdout);
        assert_eq!(got.json()["token"]["name"], name);
        let checked = run(&mut fake.command(&["check", name]));
        assert_eq!(checked.code, Some(0), "{name}: {}", checked.stdout);
        let excluded = run(&mut fake.command(&["check", "--exclude", name, "-o", "json"]));
        assert_eq!(excluded.json()["count"], 0, "{name}");
        // What is no name either is not found, with the reason why it was taken for one.
        let fake = api(&[eternal(2, "")]);
        let missing = run(&mut fake.command(&["get", name, "-o", "json"]));
        let words = missing.is_error("not_found", 4);
        assert!(
            !name.contains("//") || words.contains("URL without"),
            "{words}"
        );
    }
}

#[test]
fn f12_a_client_id_is_no_name_while_a_token_has_it() {
    let client_id = "88bf3b6d86161464f6509f7219099e57.access";
    let named = format!(
        r#"{{"id":"{}","name":"{client_id}","duration":"forever"}}"#,
        id(1)
    );
    let owner = eternal(2, &format!(r#","client_id":"{client_id}""#));
    let fake = api(&[named, owner]);
    let got = run(&mut fake.command(&["get", client_id, "-o", "json"])).json();
    assert_eq!(got["token"]["id"], id(2).as_str());
}

/// The order of urgency is one for every command.
#[test]
fn f13_the_order_of_urgency_is_the_same_everywhere() {
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
