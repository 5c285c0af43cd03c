//! Every JSON document that commands print, validated against `assets/schema`.

use std::error::Error;
use std::path::PathBuf;

use jsonschema::{Retrieve, Uri, Validator};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::binary::{TOKENS, TestEnv, json};
use crate::support::tokens::ACCOUNT;

/// Resolves references between the schemas, and no others.
struct Folder;

impl Retrieve for Folder {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn Error + Send + Sync>> {
        let name = uri.path().as_str().rsplit('/').next().unwrap_or_default();
        Ok(read(name))
    }
}

fn read(name: &str) -> Value {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/schema");
    serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

fn schema(name: &str) -> Validator {
    jsonschema::draft202012::options()
        .with_base_uri(format!("file:///schema/{name}.json"))
        .with_retriever(Folder)
        .build(&read(&format!("{name}.json")))
        .unwrap()
}

pub(crate) fn assert_fits(name: &str, report: &Value) {
    let errors: Vec<String> = schema(name)
        .iter_errors(report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}\n{report:#}");
}

/// The fields of an object, which must be exactly those that its schema requires.
fn keys(report: &Value) -> Vec<&String> {
    report.as_object().unwrap().keys().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_status_fits_from_get_list_and_check() {
    let env = TestEnv::with(TOKENS).await;
    let mut seen = Vec::new();
    let mut shape = None;
    for digit in 1..=7 {
        let id = format!("a0000000-0000-4000-8000-00000000000{digit}");
        let report = json(&env.run(&["get", &id, "-o", "json"]));
        assert_fits("get", &report);
        let own: Vec<String> = keys(&report).into_iter().cloned().collect();
        assert_eq!(shape.get_or_insert_with(|| own.clone()), &own);
        seen.push(report["status"].as_str().unwrap().to_owned());
        assert_fits("check", &json(&env.run(&["check", &id, "-o", "json"])));
    }
    seen.sort_unstable();
    let all = [
        "active",
        "critical",
        "disabled",
        "expired",
        "expiring",
        "never_expires",
        "unknown",
    ];
    assert_eq!(seen, all);
    let list = json(&env.run(&["list", "-o", "json"]));
    assert_fits("list", &list);
    assert_eq!(list["count"], 8);
    let check = json(&env.run(&["check", "-o", "json"]));
    assert_fits("check", &check);
    for token in list["tokens"].as_array().unwrap() {
        assert!(token.get("scope").is_none() && token.get("checked_at").is_none());
    }
    assert_fits(
        "list",
        &json(&env.run(&["list", "-o", "json", "--status", "expired"])),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_fit() {
    let env = TestEnv::answering(ResponseTemplate::new(401).set_body_string(
        r#"{"success":false,"errors":[{"code":1000,"message":"Invalid API Token"}]}"#,
    ))
    .await;
    let id = "a0000000-0000-4000-8000-000000000001";
    for arguments in [
        &["get", id, "-o", "json"][..],
        &["get", "-o", "json"],
        &["list", "-o", "json"],
        &["list", "-o", "json", "--bogus"],
        &["profile", "list", "-ojson", "--bogus"],
        &["auth", "status", "--output=json", "--account", "x"],
    ] {
        let report = json(&env.run(arguments));
        assert_fits("error", &report);
        assert_eq!(keys(&report), ["error"], "{arguments:?}");
    }
    for arguments in [
        &["check", "-o", "json"][..],
        &["check", id, "name", "-o", "json"],
        &["check", "-o", "json", "--bogus"],
        &["check", "--warn", "1", "-o=json"],
        &["check", "--all-profiles", "-o", "json"],
        &["check", "-o", "json", "--account", "x"],
    ] {
        let report = json(&env.run(arguments));
        assert_fits("check", &report);
        assert_eq!(report["tokens"], json!([]), "{arguments:?}");
        assert!(report["error"].is_object(), "{arguments:?}");
        assert_eq!(report["complete"], false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn auth_status_and_profile_list_fit() {
    let env = TestEnv::empty().await;
    env.write_config(&format!(
        "default_profile = \"b\"\n[profiles.a]\ncredential = \"global_key\"\nemail = \"me@example.com\"\n\
         zone = \"{ACCOUNT}\"\n[profiles.b]\ncredential = \"api_token\"\n"
    ));
    let report = json(&env.run(&["profile", "list", "-o", "json"]));
    assert_fits("profile-list", &report);
    assert_eq!(
        report["profiles"][0],
        json!({"name": "a", "default": false, "credential": "global_key", "email": "me@example.com",
               "scope": {"kind": "zone", "id": ACCOUNT}})
    );
    assert_eq!(report["profiles"][1]["default"], true);
    for command in [
        env.command(&["auth", "status", "-o", "json"]),
        env.bare(&["auth", "status", "-o", "json"]),
        env.bare(&["auth", "status", "-o", "json", "--profile", "a"]),
        env.bare(&["auth", "status", "-o", "json", "--demo"]),
    ] {
        let mut command = command;
        assert_fits("auth-status", &json(&command.output().unwrap()));
    }
}

#[test]
fn the_schemas_reject_invalid_documents() {
    let scope = json!({"kind": "account", "id": ACCOUNT});
    let error = json!({"kind": "nonsense", "summary": "x", "hint": "", "http_status": null,
                       "api_errors": [], "cf_ray": null});
    for (name, report) in [
        ("error", json!({"error": error})),
        (
            "list",
            json!({"scope": scope, "count": 0, "complete": true, "tokens": []}),
        ),
        ("get", json!({"scope": scope, "token": null})),
    ] {
        assert!(!schema(name).is_valid(&report), "{name}");
    }
}
