//! The exact output of every command, against an API with a fixed clock.

#![cfg(unix)]

use std::fmt::Write as _;
use std::process::Output;

use wiremock::ResponseTemplate;

use crate::support::binary::{TOKENS, TestEnv, text};
use crate::support::tokens::ACCOUNT;

/// One run as a terminal shows it: the line, its output and its exit code.
fn shown(arguments: &[&str], output: &Output) -> String {
    let mut shown = format!("$ tokenscope {}\n", arguments.join(" "));
    for stream in [&output.stdout, &output.stderr] {
        for line in text(stream).lines() {
            let _infallible = writeln!(shown, "{}", without_clock_offset(line).trim_end());
        }
    }
    let code = output.status.code().unwrap();
    let _infallible = writeln!(shown, "[exit {code}]\n");
    shown
}

/// Only the offset between the machine's clock and the env's varies.
fn without_clock_offset(line: &str) -> String {
    if line.starts_with("tokenscope_scrape_duration_seconds ") {
        return "tokenscope_scrape_duration_seconds …".to_owned();
    }
    if line.starts_with("warning: your clock is ") {
        return "warning: your clock is …; using the API's clock.".to_owned();
    }
    let key = "\"clock_skew_seconds\":";
    let Some((before, after)) = line.split_once(key) else {
        return line.to_owned();
    };
    let rest = after.trim_start_matches(|c: char| c == '-' || c.is_ascii_digit());
    format!("{before}{key}…{rest}")
}

fn session(env: &TestEnv, lines: &[&[&str]]) -> String {
    let shown = lines.iter().map(|line| shown(line, &env.steady(line)));
    let shown: String = shown.collect();
    shown.replace(&env.server.uri(), "http://127.0.0.1:PORT")
}

macro_rules! assert_golden {
    ($name:literal, $text:expr) => {
        insta::with_settings!({snapshot_path => "golden", prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!($name, $text);
        });
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn get() {
    let env = TestEnv::with(TOKENS).await;
    let ids: Vec<String> = (1..=7)
        .map(|digit| format!("a0000000-0000-4000-8000-00000000000{digit}"))
        .collect();
    let mut lines = Vec::new();
    for id in &ids {
        lines.push(vec!["get", id]);
        lines.push(vec!["get", id, "-o", "json"]);
    }
    let lines: Vec<&[&str]> = lines.iter().map(Vec::as_slice).collect();
    assert_golden!("get", session(&env, &lines));
}

#[tokio::test(flavor = "multi_thread")]
async fn list() {
    let env = TestEnv::with(TOKENS).await;
    let lines: [&[&str]; 5] = [
        &["list"],
        &[
            "list",
            "--color",
            "always",
            "--status",
            "expired,expiring,active",
        ],
        &["list", "-o", "csv"],
        &["list", "-o", "json", "--status", "critical"],
        &["list", "--within", "1h", "--status", "active", "-o", "json"],
    ];
    assert_golden!("list", session(&env, &lines));
}

#[tokio::test(flavor = "multi_thread")]
async fn check() {
    let env = TestEnv::with(TOKENS).await;
    let lines: [&[&str]; 7] = [
        &["check"],
        &["check", "--ignore", "expired,critical,disabled"],
        &["check", "soon", "eternal"],
        &["check", "eternal", "nobody"],
        &["check", "fine, \"really\"", "eternal"],
        &["check", "soon", "nobody", "-o", "json"],
        &[
            "check",
            "--ignore",
            "active,expiring,critical,expired,never_expires,disabled,unknown",
        ],
    ];
    assert_golden!("check", session(&env, &lines));
    let lines: [&[&str]; 2] = [
        &["check", "-o", "prometheus"],
        &["check", "nobody", "-o", "prometheus"],
    ];
    assert_golden!("metrics", session(&env, &lines));
}

#[tokio::test(flavor = "multi_thread")]
async fn failures() {
    let refusal = r#"{"success":false,"errors":[{"code":10000,"message":"Authentication error"}],"result":null}"#;
    let refusing = ResponseTemplate::new(403)
        .insert_header("cf-ray", "8f00000000000000-AMS")
        .insert_header("date", "Sat, 01 Mar 2025 12:00:00 GMT")
        .set_body_string(refusal);
    let env = TestEnv::answering(refusing).await;
    let lines: [&[&str]; 8] = [
        &["list"],
        &["list", "-o", "json"],
        &["get", "a0000000-0000-4000-8000-000000000001", "-o", "json"],
        &["check"],
        &["check", "--bogus"],
        &["list", "--status", "fine"],
        &["list", "--bogus", "-o", "json"],
        &["profile", "use", "nobody"],
    ];
    assert_golden!("failures", session(&env, &lines));
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_and_credentials() {
    let env = TestEnv::empty().await;
    env.write_config(&format!(
        "default_profile = \"work\"\n[profiles.home]\ncredential = \"global_key\"\nemail = \"me@example.com\"\n\
         zone = \"{ACCOUNT}\"\nbase_url = \"{}\"\n[profiles.work]\ncredential = \"api_token\"\naccount = \"{ACCOUNT}\"\n",
        env.server.uri()
    ));
    let lines: [&[&str]; 5] = [
        &["profile", "list"],
        &["profile", "list", "-o", "json"],
        &["auth", "status"],
        &["auth", "status", "-o", "json"],
        &["auth", "status", "--profile", "home"],
    ];
    assert_golden!("profiles", session(&env, &lines));
}

#[tokio::test(flavor = "multi_thread")]
async fn help() {
    let env = TestEnv::empty().await;
    let lines: [&[&str]; 7] = [
        &["--help"],
        &["get", "--help"],
        &["list", "--help"],
        &["check", "--help"],
        &["uses", "--help"],
        &["auth", "set", "--help"],
        &["profile", "--help"],
    ];
    assert_golden!("help", session(&env, &lines));
}
