//! Verdicts of monitoring, thresholds, and clocks that jump.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;
use tokenscope::action::Action;
use tokenscope::app::effect::Effect;
use tokenscope::app::message::Message;
use tokenscope::app::state::{Screen, Session, State};
use tokenscope::app::{self, Opening};
use tokenscope::domain::access::Identity;
use tokenscope::domain::clock::Now;
use tokenscope::domain::credential::{CredentialKind, CredentialSource};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::fetched::Fetched;
use tokenscope::domain::raw::RawJson;
use tokenscope::domain::scope::{Scope, ScopeId};
use tokenscope::domain::settings::Settings;
use tokenscope::domain::status::{Lifecycle, Status, Threshold, Thresholds};
use tokenscope::domain::token::{ServiceToken, TokenRef};

use crate::support::api::{ACCOUNT, Fake, Outcome, Reply, http, refusal, run, success};

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
        let count = tokens.len();
        let all = tokens.join(",");
        let info = format!(r#"{{"page":1,"per_page":1000,"count":{count},"total_count":{count}}}"#);
        let body = format!(
            r#"{{"success":true,"errors":[],"messages":[],"result":[{all}],"result_info":{info}}}"#
        );
        return Reply::Bytes(http(200, &[("date", DATE)], body));
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

fn write(home: &std::path::Path, config: &str) {
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
    use crate::support::keyring::{Keyring, Session};
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
        let home = crate::support::api::home();
        let run = |arguments: &[&str]| -> Outcome {
            let mut command = session.command(env!("CARGO_BIN_EXE_tokenscope"));
            command.args(arguments);
            command.env("TOKENSCOPE_HOME", home.path());
            command.env("CLOUDFLARE_BASE_URL", fake.url());
            crate::support::api::run_with_input(
                &mut command,
                crate::support::api::CANARY.as_bytes(),
            )
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

/// A URL in the place of a token may hold a secret, which goes into no request and no message.
#[test]
fn f12_a_url_with_a_secret_in_it_is_no_name() {
    let fake = api(&[eternal(1, "")]);
    for url in [
        "https://dash.cloudflare.com/?token=canary0123456789",
        "https://grafana.example.com/d/x?orgId=1&api_key=canary0123456789",
        "https://grafana.example.com/#access_token=canary0123456789",
        "https://me:canary0123456789@grafana.example.com/",
    ] {
        run(&mut fake.command(&["get", url, "-o", "json"])).is_error("usage", 64);
        run(&mut fake.command(&["check", url, "-o", "json"])).is_error("usage", 3);
    }
    assert!(fake.heads().is_empty());
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

/// What time it is some seconds after the start, where the wall clock was set by a step.
fn after(seconds: i64, step: i64) -> Now {
    let steady = noon() + TimeDelta::seconds(seconds);
    Now {
        wall: steady + TimeDelta::seconds(step),
        steady,
    }
}

fn scope() -> Scope {
    Scope::Account(ScopeId::parse(ACCOUNT).unwrap())
}

fn app_state(opening: Opening, refresh_seconds: u64) -> (State, Vec<Effect>) {
    let session = Session {
        identity: Some(Identity {
            source: CredentialSource::Environment {
                variable: "CLOUDFLARE_API_TOKEN",
            },
            kind: CredentialKind::ApiToken,
        }),
        scope: Some(scope()),
        settings: Settings {
            refresh_seconds,
            bell: true,
            ..Settings::default()
        },
        ..Session::default()
    };
    let mut state = State::new(session, after(0, 0), (100, 30));
    let effects = app::start(&mut state, opening);
    (state, effects)
}

fn parsed(json: &str) -> Arc<ServiceToken> {
    let raw: &RawValue = serde_json::from_str(json).unwrap();
    Arc::new(ServiceToken::parse(&RawJson::from(raw)))
}

/// Answers every request among the effects with a token that has ten days left, and says how many
/// there were; the server's clock is ahead by some seconds.
fn answered(state: &mut State, effects: &[Effect], now: Now, ahead: i64) -> usize {
    let token = parsed(&lasting(1, "8760h", TimeDelta::days(10)));
    let measured_offset = Some(TimeDelta::seconds(ahead));
    let found = || Fetched {
        clock: measured_offset.into(),
        ..Fetched::new(vec![token.clone()], Duration::ZERO)
    };
    let mut count = 0;
    for effect in effects {
        let message = match effect {
            Effect::FetchToken { request, .. } => Message::TokenFetched {
                request: *request,
                result: Ok(found()),
            },
            Effect::ListTokens { request, .. } => Message::TokensListed {
                request: *request,
                result: Ok(found()),
            },
            Effect::MeasureClock { request, .. } => Message::ClockMeasured {
                request: *request,
                offset: measured_offset,
            },
            _ => continue,
        };
        count += 1;
        app::update(state, now, message);
    }
    count
}

fn on_detail(refresh_seconds: u64, ahead: i64) -> State {
    let token = TokenRef::parse(&id(1)).unwrap();
    let (mut state, effects) = app_state(Opening::Token(token), refresh_seconds);
    assert_eq!(answered(&mut state, &effects, after(0, 0), ahead), 1);
    state
}

fn on_browse(ahead: i64) -> State {
    let (mut state, _) = app_state(Opening::Lookup, 60);
    app::update(&mut state, after(0, 0), Message::Acted(Action::Back));
    let effects = app::update(&mut state, after(0, 0), Message::Acted(Action::Browse));
    assert_eq!(answered(&mut state, &effects, after(0, 0), ahead), 1);
    assert_eq!(state.screen, Screen::Browse);
    state
}

/// An hour, the least that counts, a time zone, and a battery that ran out; each in both directions.
const STEPS: [i64; 8] = [
    -3600,
    3600,
    -3,
    3,
    -7200,
    7200,
    -1_000_000_000,
    1_000_000_000,
];

#[test]
fn l01_a_reload_and_its_age_go_by_the_clock_that_only_runs_forward() {
    for step in STEPS {
        let mut state = on_detail(5, 0);
        let (mut reloads, mut rings) = (0, 0);
        for second in 1..=60 {
            let now = after(second, if second > 7 { step } else { 0 });
            let effects = app::update(&mut state, now, Message::Ticked);
            rings += effects.iter().filter(|it| **it == Effect::RingBell).count();
            let wake = state.wake_at().unwrap();
            assert!(wake > now.steady, "{step}: {wake}");
            assert!(wake - now.steady <= TimeDelta::seconds(5), "{step}: {wake}");
            // The server's clock is right, so it parts from ours by the step.
            let ahead = now.steady.signed_duration_since(now.wall).num_seconds();
            reloads += answered(&mut state, &effects, now, ahead);
            let age = now.steady - state.detail.token.fetched().unwrap().at;
            assert!((0..=5).contains(&age.num_seconds()), "{step}: {age}");
            // Once the server's time is known again, nothing is seen of the step.
            let off = (state.clock.corrected() - now.steady).num_seconds().abs();
            assert!(off <= 2, "{step} at {second}: off by {off} s");
        }
        assert!((12..=13).contains(&reloads), "{step}: {reloads}");
        assert_eq!(rings, 0, "nothing expired");
    }
}

#[test]
fn l01_a_pause_and_a_notice_end_when_they_should() {
    for step in STEPS {
        for mut state in [on_detail(5, 0), on_browse(0)] {
            let mut limited = Failure::new(FailureKind::RateLimited, "Too many.", "Wait.");
            limited.retry_after = Some(Duration::from_secs(8));
            let effects = app::update(&mut state, after(1, 0), Message::Acted(Action::Refresh));
            let message = match effects.as_slice() {
                [Effect::FetchToken { request, .. }] => Message::TokenFetched {
                    request: *request,
                    result: Err(limited),
                },
                [Effect::ListTokens { request, .. }] => Message::TokensListed {
                    request: *request,
                    result: Err(limited),
                },
                _ => unreachable!("{effects:?}"),
            };
            app::update(&mut state, after(1, 0), message);
            // In the pause nothing is sent, and that is said for six seconds.
            let effects = app::update(&mut state, after(2, step), Message::Acted(Action::Refresh));
            assert_eq!(effects, [], "{step}");
            assert_eq!(state.limited_for(), Some(7), "{step}");
            assert!(state.notice.is_some());
            assert_eq!(app::update(&mut state, after(7, step), Message::Ticked), []);
            assert!(state.notice.is_some(), "{step}");
            assert_eq!(app::update(&mut state, after(8, step), Message::Ticked), []);
            assert!(state.notice.is_none(), "{step}");
            assert_eq!(state.limited_for(), Some(1), "{step}");
            let effects = app::update(&mut state, after(9, step), Message::Ticked);
            assert_eq!(state.limited_for(), None, "{step}");
            assert_eq!(
                effects.len(),
                1,
                "the server's time is asked for: {effects:?}"
            );
        }
    }
}

#[test]
fn l01_what_was_measured_by_a_clock_that_was_set_is_dropped_and_measured_anew() {
    for step in STEPS {
        for (screen, mut state) in [("detail", on_detail(0, 192)), ("browse", on_browse(192))] {
            assert_eq!(state.clock.offset.seconds(), 192);
            assert_eq!(state.clock.jumped_at, None);
            let now = after(30, step);
            let effects = app::update(&mut state, now, Message::Ticked);
            assert_eq!(state.clock.offset.seconds(), 0, "{screen} {step}");
            assert_eq!(state.clock.jumped_at, Some(now.steady));
            assert!(state.changed);
            let is_small = matches!(effects.as_slice(), [Effect::MeasureClock { .. }]);
            let is_token = matches!(effects.as_slice(), [Effect::FetchToken { .. }]);
            assert!(
                if screen == "detail" {
                    is_token
                } else {
                    is_small
                },
                "{effects:?}"
            );
            assert_eq!(
                app::update(&mut state, now, Message::Ticked),
                [],
                "asked once"
            );
            answered(&mut state, &effects, now, 192 - step);
            let off = (state.clock.corrected() - now.steady).num_seconds();
            assert!((190..=194).contains(&off), "{screen} {step}: {off}");
            assert_eq!(
                app::update(&mut state, after(31, step), Message::Ticked),
                []
            );
        }
    }
}

#[test]
fn l01_a_clock_that_is_only_drawn_near_is_no_jump() {
    for step in [-2, -1, 0, 1, 2] {
        let mut state = on_browse(192);
        assert_eq!(app::update(&mut state, after(5, step), Message::Ticked), []);
        assert_eq!(state.clock.offset.seconds(), 192, "{step}");
        assert_eq!(state.clock.jumped_at, None);
    }
}

#[test]
fn l01_sleep_is_no_jump_of_the_clock_but_is_noted() {
    let mut state = on_detail(60, 192);
    let effects = app::update(&mut state, after(8 * 3600, 0), Message::Ticked);
    assert!(matches!(effects.as_slice(), [Effect::FetchToken { .. }]));
    assert_eq!(state.clock.offset.seconds(), 192, "both clocks ran on");
    assert_eq!(state.clock.jumped_at, Some(after(8 * 3600, 0).steady));
}

#[test]
fn l01_a_store_is_slow_after_a_second_whatever_the_wall_clock_says() {
    use tokenscope::screens::setup::state::Trial;
    for step in STEPS {
        let (mut state, _) = app_state(Opening::Setup, 60);
        app::update(&mut state, after(0, step), Message::Ticked);
        assert_eq!(state.setup.trial, Trial::Quick, "{step}");
        app::update(&mut state, after(1, step), Message::Ticked);
        assert_eq!(state.setup.trial, Trial::Slow, "{step}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However often and far the wall clock is set, reloads keep their pace and the loop never spins.
    #[test]
    fn l01_no_step_stops_or_floods_the_reloads(
        steps in proptest::collection::vec((1_i64..120, -100_000_i64..100_000), 1..6),
    ) {
        let mut state = on_detail(10, 0);
        let (mut second, mut reloads) = (0, 0);
        for (pause, step) in &steps {
            for _ in 0..*pause {
                second += 1;
                let now = after(second, *step);
                let effects = app::update(&mut state, now, Message::Ticked);
                reloads += answered(&mut state, &effects, now, -*step);
                prop_assert!(state.wake_at().is_some_and(|wake| wake > now.steady));
                let off = (state.clock.corrected() - now.steady).num_seconds().abs();
                prop_assert!(off <= 2, "off by {off} s");
            }
        }
        let fewest = usize::try_from(second / 10).unwrap();
        prop_assert!(reloads >= fewest.saturating_sub(1), "{reloads} in {second} s");
        prop_assert!(reloads <= fewest + steps.len() + 1, "{reloads} in {second} s");
    }
}

#[test]
fn l10_warnings_stay_until_a_key_is_pressed_and_all_are_shown() {
    let warning = |name: &str| {
        Message::Warned(Failure::new(
            FailureKind::Config,
            format!("{name} is odd."),
            "Check it.",
        ))
    };
    let token = TokenRef::parse(&id(1)).unwrap();
    let (mut state, effects) = app_state(Opening::Token(token), 5);
    for name in ["config.toml", "keymap.toml", "state.json"] {
        app::update(&mut state, after(0, 0), warning(name));
    }
    let shown = |state: &State| {
        let shown = state
            .shown_banner()
            .map(|(banner, _)| banner.failure.summary);
        shown.unwrap_or_default()
    };
    let all = "config.toml is odd. keymap.toml is odd. state.json is odd.";
    assert_eq!(shown(&state), all);
    // Neither answers nor time take them away, and an error comes beside them.
    answered(&mut state, &effects, after(1, 0), 0);
    assert_eq!(shown(&state), all);
    let effects = app::update(&mut state, after(6, 0), Message::Ticked);
    let [Effect::FetchToken { request, .. }] = effects.as_slice() else {
        unreachable!("{effects:?}")
    };
    let result = Err(Failure::new(
        FailureKind::Network,
        "It failed.",
        "Try again.",
    ));
    let request = *request;
    app::update(
        &mut state,
        after(7, 0),
        Message::TokenFetched { request, result },
    );
    assert_eq!(shown(&state), format!("It failed. {all}"));
    app::update(&mut state, after(8, 0), Message::Resized(120, 40));
    assert_eq!(shown(&state), format!("It failed. {all}"));
    // Their details can be read; the key after that takes them away, and the error stays.
    app::update(
        &mut state,
        after(9, 0),
        Message::Acted(Action::ErrorDetails),
    );
    app::update(&mut state, after(9, 0), Message::Acted(Action::Down));
    assert_eq!(shown(&state), format!("It failed. {all}"));
    app::update(&mut state, after(9, 0), Message::Acted(Action::Back));
    assert_eq!(shown(&state), "It failed.");
}

#[test]
fn l10_any_key_takes_the_warnings_away_and_esc_does_no_more_than_that() {
    for (action, screen) in [
        (Action::Down, Screen::Detail),
        (Action::Back, Screen::Detail),
        (Action::LookUp, Screen::Lookup),
    ] {
        let mut state = on_detail(0, 0);
        let failure = Failure::new(FailureKind::Config, "It is odd.", "Check it.");
        app::update(&mut state, after(0, 0), Message::Warned(failure));
        assert!(state.banner_rows() > 0);
        app::update(&mut state, after(1, 0), Message::Acted(action));
        assert_eq!(state.banner_rows(), 0, "{action:?}");
        assert_eq!(state.screen, screen, "{action:?}");
    }
}

/// The real screens: two files that cannot be used and a damaged third one are all told of, and the
/// first answer takes nothing of that away.
#[test]
fn l10_the_warnings_of_the_start_outlast_the_first_answer() {
    let fake = api(&[lasting(1, "8760h", TimeDelta::days(10))]);
    let home = crate::support::api::home();
    write(home.path(), "shiny = 1\nrefresh_seconds = 1\n");
    for (name, text) in [("keymap.toml", "nonsense"), ("state.json", "{")] {
        std::fs::write(home.path().join(name), text).unwrap();
    }
    let folder = home.path().to_str().unwrap();
    let mut session = fake.screens_with(
        &[&id(1)],
        &[
            ("CLOUDFLARE_API_TOKEN", crate::support::api::CANARY),
            ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
            ("TOKENSCOPE_HOME", folder),
        ],
    );
    for part in ["EXPIRES IN", "`shiny`", "keymap.toml", "state.json"] {
        crate::support::api::shows(&mut session, part);
    }
    // A reload or two later they are still there.
    session.wait_until("a third request", |_| fake.heads().len() > 2);
    let contents = session.screen.screen().contents();
    assert!(contents.contains("`shiny`"), "{contents}");
    session.type_keys("j");
    session.wait_until("no warning", |session| {
        !session.screen.screen().contents().contains("`shiny`")
    });
    session.type_keys("q");
}
