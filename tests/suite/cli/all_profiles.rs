//! `list --all-profiles`: the tokens of every profile in one list, in every format.

#![cfg(target_os = "linux")]

use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use serde_json::Value;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, ResponseTemplate};

use super::schema::assert_fits;
use crate::support::api::success;
use crate::support::assertions::{assert_contains, assert_lacks};
use crate::support::binary::{TestEnv, json, ok, text};
use crate::support::tokens::{ACCOUNT, ZONE};

const SECRETS: [(&str, &str); 3] = [
    ("prod", "secret-of-prod"),
    ("same", "secret-of-same"),
    ("edge", "secret-of-edge"),
];

/// Two profiles of one account and one of a zone. Commands print their secrets, so no keyring is
/// needed.
async fn test_env(of_zone: ResponseTemplate) -> TestEnv {
    let env = TestEnv::empty().await;
    let token = |digit: char, name: &str, end: &str| {
        let id = format!("a0000000-0000-4000-8000-00000000000{digit}");
        format!(
            r#"{{"id":"{id}","name":"{name}","duration":"8760h","enabled":true,"expires_at":"{end}"}}"#
        )
    };
    let of_account = format!(
        "[{},{}]",
        token('1', "late", "2025-12-01T00:00:00Z"),
        token('2', "soon, really", "2025-03-04T00:00:00Z")
    );
    let account = format!("/accounts/{ACCOUNT}/access/service_tokens");
    let zone = format!("/zones/{ZONE}/access/service_tokens");
    for ((_, secret), (route, answer)) in SECRETS.iter().zip([
        (&account, ok(success(&of_account))),
        (&account, ok(success(&of_account))),
        (&zone, of_zone),
    ]) {
        Mock::given(method("GET"))
            .and(path(route.as_str()))
            .and(header("authorization", format!("Bearer {secret}").as_str()))
            .respond_with(answer)
            .mount(&env.server)
            .await;
    }
    let url = env.server.uri();
    let profiles = SECRETS.map(|(name, secret)| {
        let scope = match name {
            "edge" => format!("zone = \"{ZONE}\""),
            _ => format!("account = \"{ACCOUNT}\""),
        };
        format!(
            "[profiles.{name}]\n{scope}\nbase_url = \"{url}\"\n\
             credential_command = [\"/bin/sh\", \"-c\", \"echo {secret}\"]\n"
        )
    });
    env.write_config(&profiles.concat());
    let file = env.home.path().join("config.toml");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
    env
}

fn edge() -> ResponseTemplate {
    let token = r#"[{"id":"a0000000-0000-4000-8000-000000000003","name":"edge","duration":"8760h","enabled":true,"expires_at":"2025-03-02T00:00:00Z"}]"#;
    ok(success(token))
}

fn run(env: &TestEnv, more: &[&str]) -> Output {
    let arguments = [&["list", "--all-profiles"][..], more].concat();
    env.bare(&arguments).output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_starts_with_profiles_and_lists_the_most_urgent_first() {
    let env = test_env(edge()).await;
    let output = run(&env, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    let rows: Vec<Vec<&str>> = printed
        .lines()
        .map(|line| line.split('\t').take(3).collect())
        .collect();
    assert_eq!(
        rows,
        [
            ["edge", "edge", "critical"],
            ["prod", "soon, really", "critical"],
            ["prod", "late", "active"],
        ]
    );
    let near = text(&run(&env, &["--within", "2d"]).stdout);
    assert_eq!(near.lines().count(), 1, "{near}");
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_ends_with_profile_and_scope_and_ics_lists_each_token_once() {
    let env = test_env(edge()).await;
    let csv = text(&run(&env, &["-o", "csv"]).stdout);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(lines[0].ends_with(",previous_secret_expires_at,profile,scope"));
    assert!(lines[1].ends_with(&format!(",edge,zone {ZONE}")), "{csv}");
    assert!(lines[2].contains("\"soon, really\""));
    assert!(
        lines[2].ends_with(&format!(",prod,account {ACCOUNT}")),
        "{csv}"
    );
    let calendar = text(&run(&env, &["-o", "ics"]).stdout);
    assert_eq!(calendar.matches("BEGIN:VEVENT").count(), 3);
    let unfolded = calendar.replace("\r\n ", "");
    assert_contains(&unfolded, &format!("Scope: zone {ZONE}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn json_has_the_shape_of_a_check_of_all_profiles() {
    let env = test_env(edge()).await;
    let file = env.home.path().join("all.json");
    let to = ["-o", "json", "--to", file.to_str().unwrap()];
    let output = run(&env, &to);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
    let report: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_fits("list", &report);
    assert_eq!(report["scope"], Value::Null);
    assert_eq!(
        (&report["count"], &report["complete"]),
        (&3.into(), &true.into())
    );
    let check = ["check", "--all-profiles", "-o", "json"];
    let check = json(&env.bare(&check).output().unwrap());
    assert_fits("check", &check);
    assert_eq!(report["profiles"], check["profiles"]);
    assert_eq!(report["profiles"][1]["count"], 0, "they are those of prod");
    let names = |report: &Value| -> Vec<(Value, Value, Value)> {
        let tokens = report["tokens"].as_array().unwrap().iter();
        let name = |it: &Value| {
            (
                it["token"]["name"].clone(),
                it["profile"].clone(),
                it["scope"].clone(),
            )
        };
        tokens.map(name).collect()
    };
    assert_eq!(names(&report), names(&check));
    let expired = json(&run(&env, &["-o", "json", "--status", "active"]));
    assert_fits("list", &expired);
    let counts: Vec<_> = (0..3)
        .map(|at| expired["profiles"][at]["count"].clone())
        .collect();
    assert_eq!(counts, [1, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_profile_makes_the_list_incomplete_and_hides_no_other() {
    let env = test_env(ResponseTemplate::new(403).set_body_string(
        r#"{"success":false,"errors":[{"code":10000,"message":"Authentication error"}]}"#,
    ))
    .await;
    let output = run(&env, &["-o", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let report = json(&output);
    assert_fits("list", &report);
    assert_eq!(
        (&report["count"], &report["complete"]),
        (&2.into(), &false.into())
    );
    assert_contains(
        report["incomplete_reason"].as_str().unwrap(),
        "profile edge: ",
    );
    let edge = &report["profiles"][2];
    assert_eq!(
        (&edge["complete"], &edge["error"]["kind"]),
        (&false.into(), &"permission".into())
    );
    let table = run(&env, &[]);
    assert_eq!(table.status.code(), Some(1));
    assert_eq!(text(&table.stdout).lines().count(), 2);
    assert_contains(
        &text(&table.stderr),
        "the list is incomplete: profile edge: ",
    );
    for (_, secret) in SECRETS {
        assert_lacks(&text(&table.stderr), secret);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_without_tokens_is_reported_and_an_empty_list_succeeds() {
    let env = test_env(ok(success("[]"))).await;
    let output = run(&env, &["-o", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output.stderr);
    assert_contains(&said, "profile edge: the API lists no service tokens.");
    assert_lacks(&said, "profile same");
    env.write_config(&format!(
        "[profiles.none]\naccount = \"{ACCOUNT}\"\ncredential_command = [\"/no/such/program\"]\n"
    ));
    let output = run(&env, &["-o", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let report = json(&output);
    assert_fits("list", &report);
    assert_eq!(
        (&report["count"], &report["complete"]),
        (&0.into(), &false.into())
    );
    assert!(report["profiles"][0]["error"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn options_for_one_scope_conflict_with_all_profiles() {
    let env = test_env(edge()).await;
    for (more, named) in [
        (&["--profile", "prod"][..], "--profile"),
        (&["--account", ACCOUNT], "--account or --zone"),
        (&["--demo"], "--demo"),
    ] {
        let output = run(&env, more);
        assert_eq!(output.status.code(), Some(64));
        let said = format!("--all-profiles cannot be combined with {named}.");
        assert_contains(&text(&output.stderr), &said);
    }
    env.write_config("");
    let output = run(&env, &["-o", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json(&output)["error"]["kind"], "no_credential");
}
