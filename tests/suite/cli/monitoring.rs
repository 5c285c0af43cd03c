//! `check` and metrics as a monitoring system reads them: a failure never looks like a result.

#![cfg(unix)]

use chrono::TimeDelta;
use serde_json::Value;

use crate::cli::thresholds::{api, noon};
use crate::support::api::{
    Fake, Outcome, Reply, home, http, refusal, run, success, token, tokenscope,
};
use crate::support::assertions::{assert_contains, assert_starts};
use crate::support::binary::{BINARY, TestEnv, text};
use crate::support::tokens::{ACCOUNT, ID};

/// Every answer that tells a monitor nothing, with the expected ending.
#[test]
fn a26_a_check_without_results_is_unknown_in_every_format() {
    let bad_date = format!("[{}]", token(r#""name":"CI","expires_at":"soon""#));
    let no_date = format!("[{}]", token(r#""name":"CI","duration":"8760h""#));
    let mut fakes: Vec<(String, Fake)> = [400, 401, 403, 404, 409, 418, 429, 500, 503, 302, 204]
        .map(|status| {
            let errors = r#"[{"code":10000,"message":"no"}]"#;
            (
                status.to_string(),
                Fake::answering(status, &refusal(errors)),
            )
        })
        .into();
    for body in [
        "",
        "null",
        "{}",
        "[]",
        "<html>",
        r#"{"success":true}"#,
        r#"{"success":true,"result":null}"#,
        r#"{"success":true,"result":{}}"#,
        r#"{"success":true,"result":7}"#,
        r#"{"success":false,"result":[]}"#,
    ] {
        fakes.push((body.to_owned(), Fake::answering(200, body)));
    }
    for result in ["[]", "[null]", "[7]", "[{}]", &bad_date, &no_date] {
        fakes.push((result.to_owned(), Fake::with_result(result)));
    }
    fakes.push(("reset".to_owned(), Fake::start(|_, _| Reply::Reset)));
    fakes.push((
        "silence".to_owned(),
        Fake::start(|_, _| Reply::ThenSilence(Vec::new())),
    ));
    for (what, fake) in &fakes {
        for form in ["table", "json", "prometheus", "nagios"] {
            let line = ["check", "-o", form, "--timeout", "1"];
            assert_unknown(&run(&mut fake.command(&line)), form, what);
        }
        let named = ["check", "CI", "--ignore", "unknown", "--timeout", "1"];
        let outcome = run(&mut fake.command(&named));
        if !what.contains("\"CI\"") {
            assert_unknown(&outcome, "table", what);
        }
    }
}

#[test]
fn a26_a_check_that_cannot_send_requests_is_unknown_in_every_format() {
    let fake = Fake::with_result("[]");
    let home = home();
    std::fs::write(home.path().join("config.toml"), "warn = [").unwrap();
    for form in ["table", "json", "prometheus", "nagios"] {
        for arguments in [
            &["check", "-o", form][..],
            &["check", "-o", form, "--all-profiles"],
            &["check", "-o", form, "--profile", "nobody"],
            &["check", "-o", form, "--account", "x"],
            &["check", "-o", form, ""],
            &["check", "-o", form, "https://example.com/"],
        ] {
            let mut bare = tokenscope(arguments);
            bare.env("CLOUDFLARE_BASE_URL", fake.url());
            assert_unknown(&run(&mut bare), form, &arguments.join(" "));
            bare.env("TOKENSCOPE_HOME", home.path());
            assert_unknown(&run(&mut bare), form, &arguments.join(" "));
        }
        for (name, value) in [
            ("CLOUDFLARE_API_TOKEN", "two words"),
            ("CLOUDFLARE_ACCOUNT_ID", "x"),
            ("CLOUDFLARE_ZONE_ID", ACCOUNT),
            ("CLOUDFLARE_BASE_URL", "http://example.com"),
            ("CLOUDFLARE_BASE_URL", "http://127.0.0.1:1"),
        ] {
            let line = ["check", "-o", form, "--timeout", "2"];
            assert_unknown(&run(fake.command(&line).env(name, value)), form, name);
        }
    }
    assert!(fake.heads().is_empty());
}

#[track_caller]
fn assert_unknown(outcome: &Outcome, form: &str, what: &str) {
    assert_eq!(
        outcome.code,
        Some(3),
        "{form} {what}: {}{}",
        outcome.stdout,
        outcome.stderr
    );
    match form {
        "json" => assert_eq!(outcome.json()["verdict"], "unknown", "{what}"),
        "prometheus" => assert!(
            outcome.stdout.contains("tokenscope_up 0")
                || outcome.stdout.contains("tokenscope_complete 0")
                || outcome.stdout.contains("status=\"unknown\"} 1")
                || !outcome.stdout.contains("status="),
            "{what}: {}",
            outcome.stdout
        ),
        _ => assert!(
            outcome.stdout.starts_with("UNKNOWN: "),
            "{what}: {}",
            outcome.stdout
        ),
    }
}

/// The API's clock in these tests, which the binary goes by.
const NOON: (&str, &str) = ("date", "Sat, 01 Mar 2025 12:00:00 GMT");

/// Token `number` with this `expires_at`.
pub(crate) fn ending(number: usize, end: &str) -> String {
    format!(
        r#"{{"id":"a0000000-0000-4000-8000-00000000000{number}","name":"number {number}","duration":"8760h","expires_at":{end}}}"#
    )
}

pub(crate) fn api_at_noon(tokens: &[String]) -> Fake {
    let bytes = http(200, &[NOON], success(&format!("[{}]", tokens.join(","))));
    Fake::sending(bytes)
}

const OVER: &str = r#""2025-02-20T12:00:00Z""#;

const NOW: &str = r#""2025-03-03T12:00:00Z""#;

const SOON: &str = r#""2025-03-20T18:00:00Z""#;

pub(crate) const LATER: &str = r#""2026-01-01T18:00:00Z""#;

#[test]
fn e02_the_worst_status_decides_and_an_error_is_never_a_result() {
    let (over, now, soon, later) = (
        ending(1, OVER),
        ending(2, NOW),
        ending(3, SOON),
        ending(4, LATER),
    );
    let off = r#"{"id":"off","name":"off","enabled":false,"duration":"forever"}"#.to_owned();
    let forever = r#"{"id":"f","name":"forever","duration":"forever"}"#.to_owned();
    let dateless = ending(5, "null");
    for (tokens, code, word) in [
        (vec![&later], 0, "OK"),
        (vec![&forever], 0, "OK"),
        (vec![&forever, &later], 0, "OK"),
        (vec![&later, &soon], 1, "WARNING"),
        (vec![&soon, &dateless, &forever], 3, "UNKNOWN"),
        (vec![&dateless, &now], 2, "CRITICAL"),
        (vec![&later, &over], 2, "CRITICAL"),
        (vec![&off, &later], 2, "CRITICAL"),
        (vec![], 3, "UNKNOWN"),
    ] {
        let tokens: Vec<String> = tokens.into_iter().cloned().collect();
        let fake = api_at_noon(&tokens);
        let table = run(&mut fake.command(&["check"]));
        assert_eq!(table.code, Some(code), "{}", table.stdout);
        assert_starts(&table.stdout, &format!("{word}: "));
        let json = run(&mut fake.command(&["check", "-o", "json"]));
        assert_eq!(json.code, Some(code));
        assert_eq!(json.json()["verdict"], word.to_lowercase());
        let metrics = run(&mut fake.command(&["check", "-o", "prometheus"]));
        assert_eq!(metrics.code, Some(code));
        // Commands that only read do not judge.
        assert_eq!(run(&mut fake.command(&["list"])).code, Some(0));
    }
    let fake = api_at_noon(&[]);
    for (line, code) in [
        (&["check", "--nonsense"][..], 3),
        (&["check", "-o", "csv"], 3),
        (&["list", "--nonsense"], 64),
        (&["nonsense"], 64),
        (&["list", "--account", "x"], 64),
        (&["get", ID, ID], 64),
    ] {
        assert_eq!(run(&mut fake.command(line)).code, Some(code), "{line:?}");
    }
    assert!(fake.heads().is_empty());
}

#[test]
fn e04_every_status_shows_name_id_time_left_and_end() {
    for (end, word, left, seconds, days) in [
        (LATER, "OK", "306 d left", 26_460_000_i64, 306),
        (SOON, "WARNING", "19 d left", 1_663_200, 19),
        (NOW, "CRITICAL", "2 d left", 172_800, 2),
        (OVER, "CRITICAL", "expired 9 d ago", -777_600, -9),
    ] {
        let fake = api_at_noon(&[ending(1, end)]);
        let table = run(&mut fake.command(&["check"]));
        let (first, rows) = table.stdout.split_once('\n').unwrap();
        let (id, when) = (
            "a0000000-0000-4000-8000-000000000001",
            end.trim_matches('"'),
        );
        assert!(first.starts_with(word), "{first}");
        for part in ["number 1", id, when] {
            assert!(first.contains(part), "{part}: {first}");
            assert!(rows.contains(part), "{part}: {rows}");
        }
        // The two clocks may be a second or an hour apart.
        let unit = left
            .split(' ')
            .find_map(|word| word.parse::<i64>().ok())
            .unwrap();
        let near = [unit - 1, unit].map(|days| left.replace(&unit.to_string(), &days.to_string()));
        let is_said = near.iter().any(|left| first.contains(left.as_str()))
            || (end == NOW && first.contains("47 h left"));
        assert!(is_said, "{left}: {first}");
        let report = run(&mut fake.command(&["check", "-o", "json"])).json();
        let one = &report["tokens"][0];
        let told = one["seconds_left"].as_i64().unwrap();
        assert!((seconds - 60..=seconds).contains(&told), "{told}");
        let told = one["days_left"].as_i64().unwrap();
        assert!((days - 1..=days).contains(&told), "{told}");
        assert_eq!(one["expires_at"], when);
        let metrics = run(&mut fake.command(&["check", "-o", "prometheus"]));
        assert_contains(&metrics.stdout, "expiry_timestamp_seconds{");
    }
}

/// The fake's clock.
const DATE: &str = "Sat, 01 Mar 2025 12:00:00 GMT";

const LIST: &str = "/access/service_tokens";

pub(crate) fn id(number: usize) -> String {
    format!("a0000000-0000-4000-8000-{number:012}")
}

pub(crate) fn eternal(number: usize, more: &str) -> String {
    format!(
        r#"{{"id":"{}","name":"n{number}","duration":"forever"{more}}}"#,
        id(number)
    )
}

fn ok(result: &str) -> Reply {
    Reply::Bytes(http(200, &[("date", DATE)], success(result)))
}

pub(crate) fn answer(head: &str, tokens: &[String]) -> Reply {
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

/// Disabling a token disables its previous secret.
#[test]
fn f14_a_disabled_token_has_no_previous_secret() {
    let dead = r#","enabled":false,"previous_client_secret_expires_at":"2025-03-02T12:00:00Z""#;
    let fake = api(&[eternal(1, dead)]);
    let metrics = run(&mut fake.command(&["check", "-o", "prometheus"])).stdout;
    assert!(!metrics.contains("previous_secret"), "{metrics}");
}

#[test]
fn f05_the_first_rejection_ends_the_remaining_lookups() {
    let code = |code: u16| refusal(&format!(r#"[{{"code":{code},"message":"no"}}]"#));
    for (status, body, kind) in [
        (429, String::new(), "rate_limited"),
        (401, code(1000), "authentication"),
        (403, code(9109), "authentication"),
    ] {
        let body = body.replace("\"no\"", "\"Invalid access token\"");
        for count in [2, 5, 6, 300] {
            let fake = Fake::sending(http(status, &[("retry-after", "120")], &body));
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
fn f05_results_before_a_rejection_stay_and_the_rest_inherit_it() {
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
fn f05_more_than_five_names_are_read_from_one_list() {
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
    // A token missing from a complete list does not exist and is not requested again.
    let fake = api(&tokens[..4]);
    let named: Vec<String> = (1..=6).map(id).collect();
    let outcome = run(fake.command(&["check", "-o", "json"]).args(&named));
    assert_eq!(outcome.code, Some(3));
    let report = outcome.json();
    assert_eq!(report["tokens"][0]["error"]["kind"], "not_found");
    assert_eq!(report["complete"], true);
    assert_eq!(fake.heads().len(), 1);
}

/// A role limited to single tokens may read them, but lists nothing.
#[test]
fn f05_an_empty_or_refused_list_falls_back_to_single_lookups() {
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
fn f15_an_unreadable_token_is_reported_in_every_format() {
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
            assert_contains(&metrics.stdout, "\ntokenscope_complete 0\n");
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

/// A monitor that only reads metrics must notice that they cover nothing.
#[test]
fn f04_a_scope_without_tokens_is_incomplete() {
    let fake = api(&[]);
    let metrics = run(&mut fake.command(&["check", "-o", "prometheus"]));
    assert!(metrics.stdout.contains("\ntokenscope_complete 0\n"));
    let table = run(&mut fake.command(&["check"]));
    assert_eq!(table.code, Some(3));
    assert!(table.stdout.starts_with("UNKNOWN: no service tokens found"));
    let listed = run(&mut fake.command(&["list", "-o", "json"])).json();
    assert_eq!(listed["complete"], true, "a list is what it is");
    // Excluding every token is intended.
    let fake = api(&[eternal(1, "")]);
    let metrics = run(&mut fake.command(&["check", "--exclude", "n1", "-o", "prometheus"]));
    assert_eq!(metrics.code, Some(0));
    assert!(metrics.stdout.contains("\ntokenscope_complete 1\n"));
}

/// Every way in which one of two profiles cannot be read.
#[cfg(target_os = "linux")]
#[test]
fn f04_an_unreadable_profile_is_named_and_never_ok() {
    use crate::support::keyring::unlocked;
    const OTHER: &str = "11111111111111111111111111111111";
    let Some(session) = unlocked() else { return };
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
            let mut command = session.command(BINARY);
            command.args(arguments);
            command.env("TOKENSCOPE_HOME", home.path());
            command.env("CLOUDFLARE_BASE_URL", fake.url());
            crate::support::api::run_with_input(
                &mut command,
                crate::support::tokens::CANARY.as_bytes(),
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
        assert_contains(first, "profile blind: ");
        assert_contains(first, said);
        assert!(!first.contains("profile sees"), "{first}");
        let report = run(&["check", "--all-profiles", "-o", "json"]).json();
        assert_eq!(report["complete"], false);
        let blind = report["profiles"].as_array().unwrap().iter();
        let blind = blind.filter(|profile| profile["complete"] == false);
        assert_eq!(blind.count(), 1, "{report}");
        let metrics = run(&["check", "--all-profiles", "-o", "prometheus"]).stdout;
        assert!(metrics.contains("\ntokenscope_complete 0\n"), "{metrics}");
        // Excluded tokens are not missing; unreadable ones are.
        assert_eq!(
            run(&["check", "--all-profiles", "--exclude", "n1"]).code,
            Some(3)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn performance_data_follows_the_first_line_and_no_other_text_has_a_pipe() {
    let year = r#"{"id":"1","name":"a|b","duration":"8760h","expires_at":"2025-03-31T12:00:01Z"}"#;
    let off = r#"{"id":"2","name":"off","duration":"8760h","expires_at":"2025-03-02T12:00:00Z","enabled":false}"#;
    let gone = r#"{"id":"3","name":"gone","duration":"8760h","expires_at":"2025-02-01T12:00:00Z"}"#;
    let day = r#"{"id":"4","name":"day","duration":"24h","expires_at":"2025-03-02T11:00:01Z"}"#;
    let counts = |expired, critical, expiring, active, disabled| {
        format!(
            " 'disabled'={disabled};;;0 'never_expires'=0;;;0 'unknown'=0;;;0 'expired'={expired};;;0 \
             'critical'={critical};;;0 'expiring'={expiring};;;0 'active'={active};;;0"
        )
    };
    for (tokens, arguments, data) in [
        (
            format!("[{year},{off},{gone}]"),
            &[][..],
            " 'soonest'=2592000s;2592000:;604800:".to_owned() + &counts(1, 0, 0, 1, 1),
        ),
        // Their thresholds differ.
        (
            format!("[{year},{day}]"),
            &[],
            " 'soonest'=82800s".to_owned() + &counts(0, 0, 0, 2, 0),
        ),
        (
            format!("[{year},{day}]"),
            &["--warn", "2d", "--critical", "1d"],
            " 'soonest'=82800s;172800:;86400:".to_owned() + &counts(0, 1, 0, 1, 0),
        ),
        (
            format!("[{off}]"),
            &[],
            " 'soonest'=U".to_owned() + &counts(0, 0, 0, 0, 1),
        ),
    ] {
        let env = TestEnv::with(&tokens).await;
        let mut line = vec!["check", "-o", "nagios"];
        line.extend(arguments);
        let printed = text(&env.run(&line).stdout);
        let (first, rest) = printed.split_once('\n').unwrap();
        let (said, performance) = first.split_once(" |").unwrap();
        assert_eq!(performance, data, "{said}");
        assert!(!rest.contains('|') && rest.lines().count() > 0, "{rest}");
    }
}
