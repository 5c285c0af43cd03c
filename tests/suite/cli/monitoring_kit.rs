//! `assets/monitoring`: each file is valid for its program and uses what tokenscope prints.

#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::api::success;
use crate::support::assertions::{assert_contains, assert_starts};
use crate::support::binary::{BINARY, TestEnv, ok, text};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("assets/monitoring")
        .join(name)
}

fn yaml(name: &str) -> Value {
    serde_yaml_ng::from_str(&fs::read_to_string(file(name)).unwrap()).unwrap()
}

/// The strings under this key, anywhere in a document.
fn strings(value: &Value, key: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == key => found.push(text.clone()),
                    member => strings(member, key, found),
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|it| strings(it, key, found)),
        _ => {}
    }
}

/// The names of tokenscope's metrics in an expression.
fn metrics(expression: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = expression.split(|c| !is_part(c));
    let ours = words.filter(|word| word.starts_with("tokenscope_"));
    ours.map(str::to_owned).collect()
}

/// The metrics that a check can print.
async fn printed() -> BTreeSet<String> {
    let tokens = r#"[{"id":"1","name":"a","duration":"8760h","expires_at":"2025-06-01T00:00:00Z","enabled":true,
        "last_seen_at":"2025-02-01T00:00:00Z","client_secret_version":2,
        "previous_client_secret_expires_at":"2025-04-01T00:00:00Z"}]"#;
    let env = TestEnv::with(tokens).await;
    let printed = text(&env.run(&["check", "-o", "prometheus"]).stdout);
    printed
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .map(|line| line.split(' ').next().unwrap().to_owned())
        // Its expiry is read from another endpoint.
        .chain(["tokenscope_credential_expiry_timestamp_seconds".to_owned()])
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_and_dashboard_use_only_printed_metrics() {
    let printed = printed().await;
    let dashboard = fs::read_to_string(file("grafana-dashboard.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    for (what, document) in [
        ("rules", yaml("prometheus-rules.yml")),
        ("dashboard", dashboard.clone()),
    ] {
        let mut expressions = Vec::new();
        strings(&document, "expr", &mut expressions);
        assert!(expressions.len() > 5, "{what}");
        let asked: BTreeSet<String> = expressions.iter().flat_map(|it| metrics(it)).collect();
        let unknown: Vec<_> = asked.difference(&printed).collect();
        assert!(unknown.is_empty(), "{what}: {unknown:?}");
        if what == "dashboard" {
            let unused: Vec<_> = printed.difference(&asked).collect();
            assert_eq!(unused, ["tokenscope_service_token_enabled"]);
        }
    }
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<u64> = panels.iter().map(|it| it["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
}

#[test]
fn promtool_accepts_the_rules_and_their_tests() {
    for arguments in [
        ["check", "rules", "prometheus-rules.yml"],
        ["test", "rules", "prometheus-rules-test.yml"],
    ] {
        let folder = file("");
        let run = Command::new("promtool")
            .current_dir(&folder)
            .args(arguments)
            .output();
        let Ok(output) = run else {
            return;
        };
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
}

#[test]
fn template_and_job_are_well_formed() {
    let template = yaml("zabbix-template.yaml");
    let mut ids = Vec::new();
    strings(&template, "uuid", &mut ids);
    let unique: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
    // Zabbix accepts only UUIDs of version 4.
    assert!(ids.iter().all(|id| id.len() == 32 && &id[12..13] == "4"));
    let job = yaml("kubernetes-cronjob.yaml");
    assert_eq!(job["kind"], "CronJob");
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!(pod["restartPolicy"], "Never");
    assert_eq!(
        pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"],
        true
    );
}

#[test]
fn units_start_existing_commands() {
    for unit in ["tokenscope-check", "tokenscope-metrics"] {
        let service = fs::read_to_string(file(&format!("{unit}.service"))).unwrap();
        let start = service.lines().find(|line| line.starts_with("ExecStart="));
        assert_starts(start.unwrap(), "ExecStart=/usr/local/bin/tokenscope check");
        assert_contains(&service, "LoadCredential=api-token:");
        let timer = fs::read_to_string(file(&format!("{unit}.timer"))).unwrap();
        assert_contains(&timer, "OnCalendar=");
        assert_contains(&timer, "WantedBy=timers.target");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_units_run_and_systemd_accepts_the_units() {
    let env = TestEnv::with(r#"[{"id":"x","name":"fine","duration":"forever"}]"#).await;
    let verified = r#"{"status":"active","expires_on":"2099-01-01T00:00:00Z"}"#;
    let verify = Mock::given(method("GET")).and(path("/user/tokens/verify"));
    let verify = verify.respond_with(ok(success(verified)));
    verify.mount(&env.server).await;
    let folder = env.home.path();
    let collector = folder.join("tokenscope.prom");
    let units = ["tokenscope-check", "tokenscope-metrics"];
    for unit in units {
        let service = fs::read_to_string(file(&format!("{unit}.service"))).unwrap();
        let target = "/var/lib/node_exporter/textfile_collector/tokenscope.prom";
        let start = service.lines().find_map(|it| it.strip_prefix("ExecStart="));
        let start = start.unwrap().replace(target, collector.to_str().unwrap());
        let arguments: Vec<&str> = start.split(' ').skip(1).collect();
        let output = env.run(&arguments);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let service = service.replace("/usr/local/bin/tokenscope", BINARY);
        fs::write(folder.join(format!("{unit}.service")), service).unwrap();
        let timer = format!("{unit}.timer");
        fs::copy(file(&timer), folder.join(timer)).unwrap();
    }
    let metrics = fs::read_to_string(collector).unwrap();
    assert_starts(&metrics, "# HELP tokenscope_up");
    // The alerts and the dashboard use it.
    assert_contains(&metrics, "\ntokenscope_credential_expiry_timestamp_seconds");
    let mut verify = Command::new("systemd-analyze");
    verify.arg("verify").current_dir(folder);
    verify.args(units.map(|unit| format!("{unit}.service")));
    verify.args(units.map(|unit| format!("{unit}.timer")));
    let Ok(verified) = verify.output() else {
        return;
    };
    let said = text(&verified.stderr);
    let ours: Vec<&str> = said
        .lines()
        .filter(|it| it.contains("tokenscope"))
        .collect();
    assert!(ours.is_empty(), "{ours:#?}");
}

/// A chat that records posts, and a check with a given result.
struct Chat {
    server: MockServer,
    folder: TempDir,
}

impl Chat {
    /// Refuses the first posts with these statuses, then accepts. `None` on a machine without curl,
    /// which the script needs.
    async fn refusing(statuses: &[u16]) -> Option<Self> {
        Command::new("curl").arg("--version").output().ok()?;
        let server = MockServer::start().await;
        for status in statuses {
            let refusal = Mock::given(method("POST")).respond_with(ResponseTemplate::new(*status));
            refusal.up_to_n_times(1).mount(&server).await;
        }
        let taken = Mock::given(method("POST")).and(path("/hook"));
        let taken = taken.respond_with(ResponseTemplate::new(200));
        taken.mount(&server).await;
        Some(Self {
            server,
            folder: TempDir::new().unwrap(),
        })
    }

    fn run_check_ending(&self, code: i32, line: &str) -> Output {
        let program = self.folder.path().join("check");
        let script =
            format!("#!/bin/sh\nprintf '%s\\n' '{line}' 'more'\necho noise >&2\nexit {code}\n");
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o700)).unwrap();
        Command::new("sh")
            .arg(file("notify.sh"))
            .env("WEBHOOK_URL", format!("{}/hook", self.server.uri()))
            .env("TOKENSCOPE", &program)
            .env("TOKENSCOPE_NOTIFY", self.folder.path().join("state/last"))
            .env("NO_PROXY", "*")
            .output()
            .unwrap()
    }

    /// The texts posted so far.
    async fn texts(&self) -> Vec<String> {
        let requests = self.server.received_requests().await.unwrap();
        let text = |request: &Request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            body["text"].as_str().unwrap().to_owned()
        };
        requests.iter().map(text).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_to_the_chat_only_when_the_status_changes() {
    let Some(chat) = Chat::refusing(&[]).await else {
        return;
    };
    for (code, posts) in [(0, 0), (0, 0), (2, 1), (2, 1), (1, 2), (0, 3), (0, 3)] {
        let output = chat.run_check_ending(code, "CRITICAL: 1 of 2");
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout) + &text(&output.stderr), "");
        assert_eq!(chat.texts().await.len(), posts);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_mentions_nobody_in_the_chat() {
    let Some(chat) = Chat::refusing(&[]).await else {
        return;
    };
    chat.run_check_ending(2, "CRITICAL: @channel <!here> expired");
    let posted = "CRITICAL: @\u{200b}channel &lt;!here&gt; expired";
    assert_eq!(chat.texts().await, [posted]);
}

/// It would be posted again on every run.
#[tokio::test(flavor = "multi_thread")]
async fn posts_nothing_if_the_state_cannot_be_saved() {
    let Some(chat) = Chat::refusing(&[]).await else {
        return;
    };
    fs::write(
        chat.folder.path().join("state"),
        "a file where the folder belongs",
    )
    .unwrap();
    let output = chat.run_check_ending(2, "CRITICAL: 1 of 2");
    assert_ne!(output.status.code(), Some(0));
    assert!(!output.stderr.is_empty());
    assert!(chat.texts().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn retries_a_failed_post() {
    let Some(chat) = Chat::refusing(&[500]).await else {
        return;
    };
    let failed = chat.run_check_ending(2, "CRITICAL: 1 of 2");
    assert_ne!(failed.status.code(), Some(0));
    let said = text(&failed.stderr);
    assert!(!said.is_empty() && !said.contains("/hook"), "{said}");
    for _ in 0..2 {
        assert_eq!(
            chat.run_check_ending(2, "CRITICAL: 1 of 2").status.code(),
            Some(0)
        );
    }
    assert_eq!(chat.texts().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_plain_text_in_the_chat() {
    let Some(chat) = Chat::refusing(&[]).await else {
        return;
    };
    let wild = "CRITICAL: <!channel> \"x\" \\ & 東京 $(id) `id`";
    assert_eq!(chat.run_check_ending(2, wild).status.code(), Some(0));
    assert_eq!(
        chat.texts().await,
        ["CRITICAL: &lt;!channel&gt; \"x\" \\ &amp; 東京 $(id) `id`"]
    );
}
