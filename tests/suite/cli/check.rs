//! `check`: output and exit code for every status, every failure, and combinations of them.

#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output};

use serde_json::Value;
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, ResponseTemplate};

use crate::support::api::success;
use crate::support::assertions::{assert_contains, assert_starts};
use crate::support::binary::{BINARY, TOKENS, TestEnv, json, ok, text};
use crate::support::tokens::{ACCOUNT, CANARY};

const OTHER: &str = "11111111111111111111111111111111";

/// The ID of token `number` of the env.
fn id(number: usize) -> String {
    format!("a0000000-0000-4000-8000-00000000000{number}")
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn first_line(output: &Output) -> String {
    text(&output.stdout)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_status_has_its_exit_code_in_every_format() {
    let env = TestEnv::with(TOKENS).await;
    let numbers = [(1, 2), (2, 2), (3, 1), (4, 3), (5, 0), (6, 0), (7, 2)];
    for (number, expected) in numbers {
        for form in ["table", "json", "prometheus"] {
            let output = env.run(&["check", &id(number), "-o", form]);
            assert_eq!(code(&output), expected, "{number} {form}");
            let said = text(&output.stderr);
            let is_clock = said.starts_with("warning: your clock is ") && said.lines().count() == 1;
            assert_eq!(is_clock, form == "table", "{said}");
            assert!(is_clock || said.is_empty(), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worst_status_decides_and_unknown_outranks_warning() {
    let env = TestEnv::with(TOKENS).await;
    for (numbers, expected, word) in [
        (&[5, 6][..], 0, "OK: 2 tokens"),
        (&[5, 3], 1, "WARNING: 1 of 2 tokens"),
        (&[5, 3, 4], 3, "UNKNOWN: 1 of 3 tokens"),
        (&[5, 3, 4, 2], 2, "CRITICAL: 1 of 4 tokens"),
        (&[1, 2, 7], 2, "CRITICAL: 3 of 3 tokens"),
    ] {
        let ids: Vec<String> = numbers.iter().map(|number| id(*number)).collect();
        let mut arguments = vec!["check"];
        arguments.extend(ids.iter().map(String::as_str));
        let output = env.run(&arguments);
        assert_eq!(code(&output), expected, "{numbers:?}");
        assert_starts(&first_line(&output), word);
        assert_eq!(text(&output.stdout).lines().count(), 1 + numbers.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_row_has_name_id_time_left_and_end() {
    let env = TestEnv::with(TOKENS).await;
    for (number, parts) in [
        (
            1,
            ["over", "expired 9d 00:00:00 ago", "2025-02-20T12:00:00Z"],
        ),
        (2, ["now", "1d 00:00:00", "2025-03-02T12:00:01Z"]),
        (3, ["soon", "19d 00:00:00", "2025-03-20T12:00:01Z"]),
        (
            5,
            ["fine, \"really\"", "306d 00:00:00", "2026-01-01T12:00:01Z"],
        ),
    ] {
        let output = env.steady(&["check", &id(number)]);
        let row = text(&output.stdout).lines().nth(1).unwrap().to_owned();
        for part in parts.iter().chain([&id(number).as_str()]) {
            assert!(row.contains(part), "{part:?} in {row:?}");
        }
        let line = first_line(&output);
        assert!(line.contains(parts[0]) && line.contains(parts[2]), "{line}");
        assert!(line.contains(" d left") || line.contains(" d ago") || line.contains(" h left"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_and_ambiguous_tokens_have_entries_of_their_own() {
    let twins = format!(
        r#"[{{"id":"{}","name":"twin","duration":"forever"}},{{"id":"{}","name":"twin","duration":"forever"}},
            {{"id":"{}","name":"one","duration":"forever"}}]"#,
        id(1),
        id(2),
        id(3)
    );
    let env = TestEnv::with(&twins).await;
    let gone = id(9);
    let output = env.run(&["check", "twin", "nobody", &gone, "one", "-o", "json"]);
    assert_eq!(code(&output), 3);
    let report = json(&output);
    assert_eq!(
        (&report["count"], &report["error"]),
        (&Value::from(4), &Value::Null)
    );
    assert_eq!(report["complete"], true);
    let by_request: BTreeMap<&str, &Value> = report["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["requested"].as_str().unwrap(), entry))
        .collect();
    for (requested, kind) in [
        ("twin", "ambiguous"),
        ("nobody", "not_found"),
        (gone.as_str(), "not_found"),
    ] {
        let entry = by_request[requested];
        assert_eq!(entry["token"], Value::Null);
        assert_eq!(entry["status"], "unknown");
        assert_eq!(entry["error"]["kind"], kind, "{requested}");
    }
    let hint = by_request["twin"]["error"]["hint"].as_str().unwrap();
    assert!(hint.contains(&id(1)) && hint.contains(&id(2)), "{hint}");
    assert_eq!(by_request["one"]["error"], Value::Null);
    let listings = env.server.received_requests().await.unwrap();
    let listings = listings.iter().filter(|request| {
        let mut pairs = request.url.query_pairs();
        let is_first = pairs.any(|pair| pair == ("page".into(), "1".into()));
        is_first && request.url.path().ends_with("service_tokens")
    });
    assert_eq!(listings.count(), 1, "one list serves every name");
    // `--ignore unknown` does not hide a missing token; `--exclude` does.
    assert_eq!(
        code(&env.run(&["check", "nobody", "one", "--ignore", "unknown"])),
        3
    );
    assert_eq!(
        code(&env.run(&["check", "nobody", "one", "--exclude", "nobody"])),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ignored_and_excluded_tokens_do_not_count() {
    let env = TestEnv::with(TOKENS).await;
    for (arguments, expected) in [
        (&["--ignore", "expired,critical,disabled"][..], 3),
        (&["--ignore", "expired,critical,disabled,unknown"], 1),
        (
            &[
                "--ignore",
                "expired,critical,disabled,unknown",
                "--ignore",
                "expiring",
            ],
            0,
        ),
        (
            &[
                "--ignore",
                "EXPIRED,never-expires",
                "--exclude",
                "off",
                "--exclude",
                "now",
            ],
            3,
        ),
        (
            &[
                "--ignore",
                "active,expiring,critical,expired,never_expires,disabled,unknown",
            ],
            0,
        ),
    ] {
        let mut line = vec!["check"];
        line.extend(arguments);
        assert_eq!(code(&env.run(&line)), expected, "{arguments:?}");
    }
    let upper = id(2).to_uppercase();
    let output = env.run(&["check", &id(2), "--exclude", &upper]);
    assert_eq!(code(&output), 0);
    assert_eq!(
        first_line(&output),
        "OK: every token is ignored or excluded"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_count_only_with_fail_on() {
    let env = TestEnv::with(TOKENS).await;
    for (arguments, expected, line) in [
        (&["6"][..], 0, "OK: 1 token, none need attention"),
        (
            &["6", "--fail-on", "never-expires,unused"],
            1,
            "WARNING: 1 of 1 token expiring or with a finding to fail on; eternal \
             (a0000000-0000-4000-8000-000000000006): Never expires: it works until someone \
             disables or deletes it",
        ),
        (
            &["6", "--fail-on", "UNUSED"],
            0,
            "OK: 1 token, none need attention",
        ),
        (
            &["4", "--fail-on", "expiry_unknown"],
            3,
            "UNKNOWN: 1 of 1 token with unknown status; it is not known when dateless \
             (a0000000-0000-4000-8000-000000000004) expires",
        ),
    ] {
        let token = id(arguments[0].parse().unwrap());
        let output = env.run(&[&["check", &token], &arguments[1..]].concat());
        assert_eq!(code(&output), expected, "{arguments:?}");
        assert_eq!(first_line(&output), line);
        let row = text(&output.stdout)
            .lines()
            .nth(1)
            .unwrap_or_default()
            .to_owned();
        assert_eq!(
            expected == 1,
            row.contains("\tNever expires: it works"),
            "{row}"
        );
    }
    let ignored = [
        "check",
        &id(6),
        "--fail-on",
        "never_expires",
        "--ignore",
        "never_expires",
    ];
    assert_eq!(
        code(&env.run(&ignored)),
        0,
        "an ignored token has no findings either"
    );
    let refused = env.run(&["check", "--fail-on", "nonsense"]);
    assert_eq!(code(&refused), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn thresholds_come_from_flags_then_from_the_configuration() {
    let env = TestEnv::with(TOKENS).await;
    let check = |arguments: &[&str]| {
        let five = id(5);
        let mut line = vec!["check", &five];
        line.extend(arguments);
        code(&env.run(&line))
    };
    assert_eq!(check(&[]), 0);
    assert_eq!(check(&["--warn", "307"]), 1);
    assert_eq!(
        check(&["--warn", "7368h", "--critical=307d"]),
        2,
        "equal thresholds leave no warning"
    );
    assert_eq!(check(&["--warn", "400d", "--critical", "307d"]), 2);
    env.write_config("warn = \"400d\"\ncritical = \"310d\"\n");
    assert_eq!(check(&[]), 2);
    assert_eq!(check(&["--critical", "1h"]), 1);
    assert_eq!(
        json(&env.run(&["get", &id(5), "-o", "json"]))["status"],
        "critical"
    );
    let listed = json(&env.run(&["list", "--status", "critical", "-o", "json"]));
    assert_eq!(listed["count"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_arguments_are_refused_before_any_request_as_unknown() {
    let env = TestEnv::with(TOKENS).await;
    for arguments in [
        &["--warn", "7", "--critical", "30"][..],
        &["--warn", "1h", "--critical", "61m"],
        &["--warn", "5%", "--critical", "6%"],
        &["--warn", "-1"],
        &["--warn=-1"],
        &["--warn", "abc"],
        &["--critical", "0"],
        &["--warn", "1.5d"],
        &["--warn", "99999999999999999999"],
        &["--warn", ""],
        &["--ignore", "fine"],
        &["--ignore", ""],
        &["--bogus"],
        &["--timeout", "0"],
        &["--all-profiles", "name"],
        &["--all-profiles", "--account", ACCOUNT],
        &[""],
        &["-o", "xml"],
    ] {
        let mut line = vec!["check"];
        line.extend(arguments);
        let output = env.run(&line);
        assert_eq!(code(&output), 3, "{arguments:?}");
        assert!(
            first_line(&output).starts_with("UNKNOWN: "),
            "{arguments:?}"
        );
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
    let both = env.run(&["check", "--warn", "7", "--critical", "30"]);
    assert!(first_line(&both).contains("30d") && first_line(&both).contains("7d"));
    assert!(env.server.received_requests().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn other_commands_with_the_word_check_in_them_exit_64() {
    let env = TestEnv::empty().await;
    for (arguments, expected) in [
        (&["--profile", "check", "list", "--bogus"][..], 64),
        (&["list", "check", "--bogus"], 64),
        (&["--profile", "list", "check", "--bogus"], 3),
        (&["--bogus", "check"], 3),
        (&["--profile=list", "check", "--", "--bogus", ""], 3),
    ] {
        assert_eq!(code(&env.run(arguments)), expected, "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_failure_is_unknown_in_every_format() {
    let answers = [
        (
            401,
            r#"{"success":false,"errors":[{"code":1000,"message":"x"}]}"#,
            "authentication",
        ),
        (
            403,
            r#"{"success":false,"errors":[{"code":10000,"message":"x"}]}"#,
            "permission",
        ),
        (429, "", "rate_limited"),
        (501, "", "server"),
        (302, "", "redirect"),
        (200, "<html>", "invalid_response"),
    ];
    for (status, body, kind) in answers {
        let answer = ResponseTemplate::new(status).set_body_string(body);
        let env = TestEnv::answering(answer).await;
        let output = env.run(&["check", "-o", "json"]);
        assert_eq!(code(&output), 3, "{kind}");
        let report = json(&output);
        assert_eq!(report["verdict"], "unknown");
        assert_eq!(report["error"]["kind"], kind);
        let output = env.run(&["check", "some name", "-o", "prometheus"]);
        assert_eq!(code(&output), 3);
        let families = exposition(&text(&output.stdout));
        assert_eq!(families.len(), 1, "tokenscope_up alone");
        assert_eq!(
            families["tokenscope_up"],
            [(BTreeMap::new(), "0".to_owned())]
        );
    }
    let env = TestEnv::with("[]").await;
    let nothing = env.run(&["check"]);
    assert_eq!(code(&nothing), 3);
    assert_eq!(first_line(&nothing), "UNKNOWN: no service tokens found");
    for output in [
        env.bare(&["check", "--account", ACCOUNT]).output().unwrap(),
        env.bare(&["check"])
            .env("CLOUDFLARE_API_TOKEN", CANARY)
            .output()
            .unwrap(),
        env.command(&["check"])
            .env("CLOUDFLARE_BASE_URL", "http://127.0.0.1:1")
            .output()
            .unwrap(),
        env.command(&["check"])
            .env("CLOUDFLARE_BASE_URL", "nonsense")
            .output()
            .unwrap(),
        env.command(&["check", "--profile", "nobody"])
            .output()
            .unwrap(),
    ] {
        assert_eq!(code(&output), 3);
        assert_starts(&first_line(&output), "UNKNOWN: ");
    }
    env.write_config("nonsense");
    assert_eq!(
        json(&env.run(&["check", "-o", "json"]))["error"]["kind"],
        "config"
    );
}

/// One token in one account and two in another, each for its own credential.
#[cfg(target_os = "linux")]
async fn mount_two_accounts(env: &TestEnv) {
    let token = |digit, name: &str| {
        let id = id(digit);
        format!(r#"{{"id":"{id}","name":"{name}","duration":"forever"}}"#)
    };
    let others = format!("[{},{}]", token(1, "other"), token(2, "two"));
    for (account, tokens) in [(ACCOUNT, format!("[{}]", token(1, "one"))), (OTHER, others)] {
        Mock::given(method("GET"))
            .and(path(format!("/accounts/{account}/access/service_tokens")))
            .and(header("authorization", format!("Bearer {CANARY}").as_str()))
            .respond_with(ok(success(&tokens)))
            .mount(&env.server)
            .await;
    }
}

/// Two accounts, one of which refuses; uses a real keyring.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn reads_all_profiles_and_a_failing_one_hides_no_other() {
    use crate::support::binary::piped;
    use crate::support::keyring::unlocked;
    let Some(session) = unlocked() else { return };
    let env = TestEnv::empty().await;
    mount_two_accounts(&env).await;
    let run = |arguments: &[&str], stdin: &str| {
        let mut command: Command = session.command(BINARY);
        command.args(arguments);
        command.env("TOKENSCOPE_HOME", env.home.path());
        command.env("CLOUDFLARE_BASE_URL", env.server.uri());
        piped(&mut command, stdin)
    };
    for (profile, account) in [("a", ACCOUNT), ("b", OTHER), ("same", OTHER)] {
        let set = run(
            &[
                "auth",
                "set",
                "--stdin",
                "--profile",
                profile,
                "--account",
                account,
            ],
            CANARY,
        );
        assert_eq!(code(&set), 0, "{}", text(&set.stderr));
    }
    let output = run(&["check", "--all-profiles", "-o", "json"], "");
    assert_eq!(code(&output), 0);
    let report = json(&output);
    assert_eq!(
        (&report["scope"], &report["count"]),
        (&Value::Null, &Value::from(3))
    );
    let places: BTreeSet<String> = report["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            format!(
                "{} {} {}",
                entry["profile"], entry["scope"]["id"], entry["token"]["name"]
            )
        })
        .collect();
    assert_eq!(places.len(), 3, "{places:?}");
    assert!(
        places.iter().all(|place| !place.contains("same")),
        "a token counts once"
    );
    assert_eq!(report["profiles"][1]["count"], 2);
    let metrics = run(&["check", "--all-profiles", "-o", "prometheus"], "");
    exposition(&text(&metrics.stdout));

    let broken = run(&["auth", "clear", "--profile", "b"], "");
    assert_eq!(code(&broken), 0);
    let output = run(&["check", "--all-profiles", "-o", "json"], "");
    assert_eq!(code(&output), 3);
    let report = json(&output);
    assert_eq!(
        report["count"], 3,
        "another profile of the account replaces it"
    );
    assert_eq!(report["complete"], false);
    assert_eq!(report["profiles"][1]["error"]["kind"], "no_credential");
    assert_contains(&text(&output.stderr), "profile b");
    assert_contains(report["incomplete_reason"].as_str().unwrap(), "profile b");

    for profile in ["a", "same"] {
        run(&["auth", "clear", "--profile", profile], "");
    }
    let report = json(&run(&["check", "--all-profiles", "-o", "json"], ""));
    assert_eq!(report["error"]["kind"], "no_credential");
    assert_eq!(report["tokens"], Value::Array(Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incomplete_list_is_unknown_whatever_its_tokens() {
    let env = TestEnv::empty().await;
    let page = |number: usize| {
        let tokens = format!(
            r#"[{{"id":"{}","name":"n","duration":"forever"}}]"#,
            id(number)
        );
        let body = success(&tokens);
        let body = body.trim_end_matches('}');
        ok(format!(
            r#"{body},"result_info":{{"page":{number},"per_page":1,"count":1,"total_count":2,"total_pages":2}}}}"#
        ))
    };
    Mock::given(query_param("page", "1"))
        .respond_with(page(1))
        .mount(&env.server)
        .await;
    Mock::given(query_param("page", "2"))
        .respond_with(ResponseTemplate::new(400))
        .mount(&env.server)
        .await;
    let output = env.run(&["check", "-o", "json"]);
    assert_eq!(code(&output), 3);
    assert_eq!(json(&output)["complete"], false);
    assert!(text(&output.stderr).starts_with("warning: the list is incomplete: page 2"));
    let table = env.run(&["check"]);
    assert_contains(&first_line(&table), "the list is incomplete");
    let metrics = text(&env.run(&["check", "-o", "prometheus"]).stdout);
    assert_eq!(exposition(&metrics)["tokenscope_complete"][0].1, "0");
    let found = env.run(&["check", "n"]);
    assert_eq!(code(&found), 3, "there may be another of this name");
}

type Series = (BTreeMap<String, String>, String);

/// Reads the text format strictly: one group per metric, HELP and TYPE before its samples, no
/// duplicate series, no empty group, and a final line break.
fn exposition(text: &str) -> BTreeMap<String, Vec<Series>> {
    assert!(text.ends_with('\n') && !text.contains("\n\n"));
    let mut families: BTreeMap<String, Vec<Series>> = BTreeMap::new();
    let (mut helped, mut typed) = (None, None);
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(
                !help.is_empty() && !families.contains_key(name),
                "{name} comes twice"
            );
            helped = Some(name);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(kind, "gauge");
            assert_eq!(helped, Some(name));
            typed = Some(name);
            families.insert(name.to_owned(), Vec::new());
        } else {
            let (name, labels, value) = sample(line);
            assert_eq!(typed, Some(name.as_str()), "{line}");
            assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
            let series = families.get_mut(&name).unwrap();
            assert!(
                series.iter().all(|(other, _)| *other != labels),
                "{line} comes twice"
            );
            series.push((labels, value));
        }
    }
    assert!(families.values().all(|series| !series.is_empty()));
    families
}

/// `name{label="value",…} number`
fn sample(line: &str) -> (String, BTreeMap<String, String>, String) {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = line.find(|c| !is_word(c)).unwrap();
    let (name, mut rest) = line.split_at(end);
    let mut labels = BTreeMap::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (label, after) = rest.split_once("=\"").unwrap();
            assert!(!label.is_empty() && label.chars().all(is_word), "{line}");
            let (value, after) = quoted(after);
            assert!(labels.insert(label.to_owned(), value).is_none());
            let Some(more) = after.strip_prefix(',') else {
                rest = after.strip_prefix('}').unwrap();
                break;
            };
            rest = more;
        }
    }
    let value = rest.strip_prefix(' ').unwrap();
    (name.to_owned(), labels, value.to_owned())
}

/// The value of a label up to its closing quote, and the rest.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.push(match characters.next().unwrap().1 {
                'n' => '\n',
                c @ ('\\' | '"') => c,
                other => unreachable!("\\{other} is no escape"),
            }),
            c => value.push(c),
        }
    }
    unreachable!("no closing quote in {text:?}")
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_satisfy_a_strict_reader() {
    let hostile = r#"[{"id":"x\"y","name":"a\\b\"c\nd\u0007é","duration":"forever","enabled":true},
        {"name":"same","duration":"forever"},{"name":"same","duration":"forever"}]"#;
    let env = TestEnv::with(hostile).await;
    let output = env.run(&["check", "-o", "prometheus"]);
    let families = exposition(&text(&output.stdout));
    let enabled = &families["tokenscope_service_token_enabled"];
    let (labels, _) = enabled
        .iter()
        .find(|(labels, _)| labels["id"] == "x\"y")
        .unwrap();
    assert_eq!(labels["name"], "a\\b\"c\nd\u{7}é");
    assert_eq!(labels["scope"], ACCOUNT);
    assert_eq!(enabled.len(), 2, "what cannot be told apart is one series");

    let env = TestEnv::with(TOKENS).await;
    let families = exposition(&text(&env.run(&["check", "-o", "prometheus"]).stdout));
    assert_eq!(
        families["tokenscope_up"],
        [(BTreeMap::new(), "1".to_owned())]
    );
    assert_eq!(
        families["tokenscope_service_token_expiry_timestamp_seconds"].len(),
        5
    );
    let statuses = &families["tokenscope_service_token_status"];
    assert_eq!(statuses.len(), 8 * 7);
    assert_eq!(statuses.iter().filter(|(_, value)| value == "1").count(), 8);
    let gone = env.run(&["check", "nobody", &id(5), "-o", "prometheus"]);
    let families = exposition(&text(&gone.stdout));
    let unknown = families["tokenscope_service_token_status"]
        .iter()
        .find(|(labels, value)| {
            labels["name"] == "nobody" && labels["status"] == "unknown" && value == "1"
        });
    assert!(unknown.is_some(), "one that is missing alarms too");
}

#[tokio::test]
async fn lists_no_profiles_if_there_are_none() {
    let env = TestEnv::empty().await;
    let output = env
        .bare(&["check", "--all-profiles", "-o", "json"])
        .output()
        .unwrap();
    assert_eq!(code(&output), 3);
    let report = json(&output);
    assert_eq!(report["error"]["kind"], "no_credential");
    assert_eq!(report["profiles"], Value::Array(Vec::new()));
}
