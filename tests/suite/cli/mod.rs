//! The built program: output, streams and exit codes.

mod all_profiles;
mod calendar;
mod check;
mod completions;
mod credential;
mod error_text;
mod get;
mod golden;
mod list;
mod manual;
mod misplaced_secrets;
pub(crate) mod monitoring;
mod monitoring_kit;
mod parallel;
mod probe;
mod profiles;
mod recipes;
pub(crate) mod schema;
mod streams;
pub(crate) mod thresholds;
pub(crate) mod unknown_values;
mod usage;
mod uses;

use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::api::success;
use crate::support::assertions::assert_contains;
use crate::support::binary::{Binary, TestEnv, json, ok};
use crate::support::tokens::{ACCOUNT, CANARY, ID};

fn tokenscope(home: &TempDir, arguments: &[&str]) -> Command {
    Binary::new(arguments).home(home.path()).command()
}

fn run(arguments: &[&str]) -> Output {
    tokenscope(&TempDir::new().unwrap(), arguments)
        .output()
        .unwrap()
}

#[test]
fn the_demo_token_is_expiring() {
    let output = run(&["--demo", "get", ID, "-o", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let report = json(&output);
    assert_eq!(report["status"], "expiring");
    assert_eq!(report["days_left"], 12);
    assert_eq!(report["token"]["name"], "CI/CD token");
    assert_eq!(report["scope"]["kind"], "account");
}

#[test]
fn a_name_or_a_client_id_finds_the_token() {
    for token in ["CI/CD token", "88bf3b6d86161464f6509f7219099e57.access"] {
        let output = run(&["--demo", "get", token, "-o", "json"]);
        assert_eq!(json(&output)["token"]["id"], ID, "{token}");
    }
}

#[test]
fn each_failure_of_the_demo_has_its_kind_and_exit_code() {
    for (digits, kind, code) in [
        ("403", "permission", 1),
        ("404", "not_found", 4),
        ("500", "server", 1),
    ] {
        let id = format!("00000000-0000-4000-8000-000000000{digits}");
        let output = run(&["--demo", "get", &id, "-o", "json"]);
        assert_eq!(output.status.code(), Some(code), "{digits}");
        assert_eq!(json(&output)["error"]["kind"], kind);
    }
}

#[test]
fn an_invalid_command_line_exits_64() {
    for arguments in [
        &["get"][..],
        &["--nonsense"],
        &["get", ID, "--account", "x"],
        &["get", ID, "--account", ACCOUNT, "--zone", ACCOUNT],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert!(output.stdout.is_empty());
        assert!(!output.stderr.is_empty());
    }
    let output = run(&["get", "-o", "json"]);
    assert_eq!(output.status.code(), Some(64));
    assert_eq!(json(&output)["error"]["kind"], "usage");
}

#[test]
fn screens_without_a_terminal_print_one_line_and_exit_65() {
    let output = run(&["--demo"]);
    assert_eq!(output.status.code(), Some(65));
    assert_eq!(String::from_utf8(output.stderr).unwrap().lines().count(), 1);
    assert!(output.stdout.is_empty());
}

#[test]
fn a_missing_credential_fails_with_its_kind() {
    let output = run(&["get", ID, "--account", ACCOUNT, "-o", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json(&output)["error"]["kind"], "no_credential");
}

#[test]
fn auth_status_names_the_variable_and_never_the_secret() {
    let home = TempDir::new().unwrap();
    let output = tokenscope(&home, &["auth", "status", "-o", "json"])
        .env("CLOUDFLARE_API_TOKEN", CANARY)
        .env("CLOUDFLARE_ZONE_ID", ACCOUNT)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let report = json(&output);
    assert_eq!(report["source"], "environment");
    assert_eq!(report["variable"], "CLOUDFLARE_API_TOKEN");
    assert_eq!(report["scope"]["kind"], "zone");
    assert!(!String::from_utf8(output.stdout).unwrap().contains(CANARY));
}

#[test]
fn auth_status_says_that_the_demo_needs_no_credential() {
    let output = run(&["--demo", "auth", "status"]);
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        said,
        "Source\tthe demo, which needs no credential of yours\n"
    );
    assert!(output.stderr.is_empty());
}

#[test]
fn the_demo_stores_and_clears_nothing() {
    for command in ["set", "clear"] {
        assert_eq!(run(&["--demo", "auth", command]).status.code(), Some(64));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_global_key_sends_only_its_own_headers() {
    let server = MockServer::start().await;
    let body = format!(
        r#"{{"success":true,"errors":[],"messages":[],"result":{{"id":"{ID}","duration":"forever","n":123456789012345678901234567890}}}}"#
    );
    Mock::given(method("GET"))
        .and(path(format!("/zones/{ACCOUNT}/access/service_tokens/{ID}")))
        .and(header("x-auth-email", "me@example.com"))
        .and(header("x-auth-key", CANARY))
        .respond_with(ResponseTemplate::new(200).set_body_string(body))
        .mount(&server)
        .await;
    let home = TempDir::new().unwrap();
    let output = tokenscope(&home, &["get", ID, "-o", "json"])
        .env("CLOUDFLARE_BASE_URL", server.uri())
        .env("CLOUDFLARE_API_KEY", CANARY)
        .env("CLOUDFLARE_EMAIL", "me@example.com")
        .env("CLOUDFLARE_ZONE_ID", ACCOUNT)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("123456789012345678901234567890"),
        "big numbers survive: {text}"
    );
    assert_eq!(json(&output)["status"], "never_expires");
    let requests = server.received_requests().await.unwrap();
    assert!(
        requests
            .iter()
            .all(|request| !request.headers.contains_key("authorization"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ambiguous_name_lists_the_ids_in_the_hint() {
    let twins = r#"[{"id":"one","name":"twin","client_id":"00000000000000000000000000000001.access"},
                    {"id":"two","name":"twin"}]"#;
    let env = TestEnv::with(twins).await;
    let output = env.run(&["get", "twin", "-o", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let error = json(&output)["error"].clone();
    assert_eq!(error["kind"], "ambiguous");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains("one") && hint.contains("two"), "{hint}");
    let upper = "00000000000000000000000000000001.ACCESS";
    assert_eq!(
        json(&env.run(&["get", upper, "-o", "json"]))["token"]["id"],
        "one"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scope_of_a_url_wins_and_is_shown() {
    let zone = "1".repeat(32);
    let env = TestEnv::empty().await;
    Mock::given(path(format!("/zones/{zone}/access/service_tokens/{ID}")))
        .respond_with(ok(success(&format!(
            r#"{{"id":"{ID}","duration":"forever"}}"#
        ))))
        .mount(&env.server)
        .await;
    let url =
        format!("https://api.cloudflare.com/client/v4/zones/{zone}/access/service_tokens/{ID}");
    let report = json(&env.run(&["get", &url, "-o", "json"]));
    assert_eq!(
        report["scope"],
        serde_json::json!({"kind": "zone", "id": zone})
    );
    let check = json(&env.run(&["check", &url, "-o", "json"]));
    assert_eq!(
        (&check["scope"], &check["verdict"]),
        (&report["scope"], &Value::from("ok"))
    );
    let mixed = json(&env.run(&["check", &url, ID, "-o", "json"]));
    assert_eq!(mixed["scope"], Value::Null, "two scopes");
    let kinds: Vec<&Value> = mixed["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["scope"]["kind"])
        .collect();
    assert_eq!(kinds, ["account", "zone"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_deadline_covers_all_requests_of_a_command() {
    let slow = ok(success(r#"{"duration":"forever"}"#));
    let slow = slow.set_delay(std::time::Duration::from_millis(700));
    let env = TestEnv::answering(slow).await;
    let ids: Vec<String> = (1..=5)
        .map(|digit| ID.replace("f174e90a", &"12345678".replace('1', &digit.to_string())))
        .collect();
    let mut line = vec!["check", "-o", "json", "--timeout", "1"];
    line.extend(ids.iter().map(String::as_str));
    let begun = std::time::Instant::now();
    let output = env.run(&line);
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
    assert_eq!(output.status.code(), Some(3));
    assert_contains(
        &String::from_utf8(output.stdout).unwrap(),
        r#""kind":"timeout""#,
    );
}

#[test]
fn a_usage_error_is_json_wherever_the_format_is_given() {
    for (line, code) in [
        (["-o", "json", "list"], 64),
        (["profile", "-ojson", "bogus"], 64),
        (["--output=json", "check", "--foo"], 3),
        (["check", "-o", "json"], 3),
    ] {
        let output = run(&line);
        assert_eq!(output.status.code(), Some(code), "{line:?}");
        assert!(json(&output)["error"]["kind"].is_string(), "{line:?}");
    }
}

#[test]
fn an_unknown_theme_or_log_level_is_a_usage_error() {
    for flag in [["--theme", "pink"], ["--log", "loud"]] {
        let of = |command: &str| run(&["--demo", flag[0], flag[1], command]).status.code();
        assert_eq!((of("list"), of("check")), (Some(64), Some(3)), "{flag:?}");
    }
}

#[test]
fn a_new_profile_does_not_inherit_the_default_scope() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("config.toml");
    let text = format!("[profiles.default]\ncredential = \"api_token\"\naccount = \"{ACCOUNT}\"\n");
    std::fs::write(&file, &text).unwrap();
    let output = tokenscope(&home, &["--profile", "new", "auth", "set", "--stdin"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(64));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("No account or zone"), "{said}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}
