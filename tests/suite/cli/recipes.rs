//! The recipes of the README, extracted and run in a shell.

#![cfg(unix)]

use std::process::{Command, Output};

use crate::readme::{between, blocks_in};
use crate::support::access::{AccessApi, Answer, POLICIES, example};
use crate::support::binary::{TOKENS, TestEnv, isolate, search_path, text, without_the_clock};
use crate::support::tokens::{ACCOUNT, CANARY};

/// The code blocks of the recipes in one language, in order.
fn recipes(language: &str) -> Vec<&'static str> {
    blocks_in(between("### Recipes", "\n### "), language).collect()
}

/// The workflow step of this name: its head, and its script.
pub(super) fn step(name: &str) -> (&'static str, String) {
    let steps = recipes("yaml");
    let step = steps
        .iter()
        .find(|step| step.starts_with(&format!("- name: {name}\n")));
    let (head, run) = step.unwrap().split_once("  run: |\n").unwrap();
    let lines = run.lines().map(|line| line.strip_prefix("    ").unwrap());
    (head, lines.collect::<Vec<_>>().join("\n"))
}

/// Runs a script with the binary on the path and the credential in the environment.
fn shell(env: &TestEnv, script: &str) -> Output {
    let mut bash = Command::new("bash");
    env.isolate(&mut bash);
    bash.env("PATH", search_path())
        .env("HOME", env.home.path())
        .env("CLOUDFLARE_API_TOKEN", CANARY)
        .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT)
        .env("GITHUB_STEP_SUMMARY", env.home.path().join("summary"))
        .current_dir(env.home.path())
        .args(["-e", "-c", script])
        .output()
        .unwrap()
}

const FINE: &str = r#"[{"id":"x","name":"fine","duration":"forever"}]"#;

#[tokio::test(flavor = "multi_thread")]
async fn cron_sends_mail_only_about_problems() {
    let [line] = recipes("cron").try_into().unwrap();
    let (schedule, command) = line.trim().split_at("17 7 * * *".len());
    assert_eq!(schedule.split(' ').count(), 5);
    assert!(!command.contains('%'), "cron makes a line break of it");
    for (tokens, is_mailed) in [(TOKENS, true), (FINE, false)] {
        let env = TestEnv::with(tokens).await;
        let variables = format!("export CLOUDFLARE_API_TOKEN={CANARY}\n");
        std::fs::write(env.home.path().join(".tokenscope.env"), variables).unwrap();
        let output = shell(&env, command);
        let mail = without_the_clock(&text(&output.stdout));
        assert_eq!(mail.starts_with("CRITICAL: "), is_mailed);
        assert_eq!(mail.is_empty(), !is_mailed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workflow_step_fails_unless_ok_or_warning() {
    let (head, script) = step("Check service tokens");
    assert!(head.contains("CLOUDFLARE_API_TOKEN"));
    let warning = TOKENS
        .replace("2025-03-02T12:00:01Z", "2025-03-20T12:00:01Z")
        .replace("2025-02-20", "2025-04-20");
    let warning = warning.replace(
        "\"expires_at\":null",
        "\"expires_at\":\"2026-01-01T00:00:00Z\"",
    );
    let warning = warning.replace(",\n{}", "");
    for (tokens, expected) in [(FINE, 0), (warning.as_str(), 0), (TOKENS, 2), ("[]", 3)] {
        let env = TestEnv::with(tokens).await;
        let output = shell(&env, &script);
        assert_eq!(
            output.status.code(),
            Some(expected),
            "{}",
            text(&output.stdout)
        );
        let summary = std::fs::read_to_string(env.home.path().join("summary")).unwrap();
        assert_eq!(summary, text(&output.stdout));
        assert!(
            summary.starts_with("    | ") && summary.contains(": "),
            "{summary}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k14_a_name_is_never_a_workflow_command() {
    let (_, script) = step("Check service tokens");
    for name in [
        "::error::x",
        "  ::add-mask::x",
        "##[error]x",
        "a ##[warning]x",
        "a\\n::error::x",
        "\\u00a0::error::x",
        "a\\r::error::x",
        "a\\u2028::error::x",
        "# heading",
    ] {
        let token =
            format!(r#"[{{"id":"x","name":"{name}","expires_at":"2025-03-02T00:00:00Z"}}]"#);
        let env = TestEnv::with(&token).await;
        let output = shell(&env, &script);
        assert_eq!(output.status.code(), Some(2), "{name}");
        let said = text(&output.stdout);
        // The runner trims lines, and recognises the second form anywhere in one.
        for line in said.split(['\n', '\r', '\u{2028}']) {
            assert!(!line.trim().starts_with("::"), "{name}: {said}");
            assert!(!line.contains("##["), "{name}: {said}");
            assert!(line.is_empty() || line.starts_with("    "), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_unused_tokens_and_writes_the_spreadsheet() {
    let script = recipes("sh").remove(0);
    let env = TestEnv::with(TOKENS).await;
    if Command::new("jq").arg("--version").output().is_err() {
        return;
    }
    let output = shell(&env, script);
    assert_eq!(text(&output.stdout), "now\n", "{}", text(&output.stderr));
    let sheet = std::fs::read_to_string(env.home.path().join("tokens.csv")).unwrap();
    assert_eq!(sheet.lines().count(), 9);
}

/// The recipe installs what the unit reads and starts.
#[cfg(target_os = "linux")]
#[test]
fn the_recipe_installs_the_files_that_the_units_need() {
    let root = tempfile::tempdir().unwrap();
    let of = |path: &str| root.path().join(path);
    for folder in ["usr/local/bin", "etc/systemd/system"] {
        std::fs::create_dir_all(of(folder)).unwrap();
    }
    let at_root = format!(" {}", root.path().display());
    let script = recipes("sh").remove(2);
    let script = script.replace(" /etc/", &format!("{at_root}/etc/"));
    let script = script.replace(" /usr/", &format!("{at_root}/usr/"));
    let script =
        format!("sudo() {{ \"$@\"; }}; systemctl() {{ echo \"$3\" > \"$ENABLED\"; }}\n{script}");
    let mut bash = Command::new("bash");
    isolate(&mut bash);
    let output = bash
        .env("PATH", search_path())
        .env("CLOUDFLARE_API_TOKEN", CANARY)
        .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT)
        .env("ENABLED", of("enabled"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["-e", "-c", &script])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let read = |path: &str| std::fs::read_to_string(of(path)).unwrap();
    assert_eq!(read("etc/tokenscope/api-token"), CANARY);
    let scope = format!("CLOUDFLARE_ACCOUNT_ID={ACCOUNT}\n");
    assert_eq!(read("etc/tokenscope/environment"), scope);
    assert!(of("usr/local/bin/tokenscope").is_file());
    let timer = read("enabled");
    let timer = timer.trim();
    assert!(of("etc/systemd/system").join(timer).is_file(), "{timer}");
    let service = read(&format!(
        "etc/systemd/system/{}",
        timer.replace(".timer", ".service")
    ));
    for line in [
        "LoadCredential=api-token:/etc/tokenscope/api-token\n",
        "EnvironmentFile=/etc/tokenscope/environment\n",
        "ExecStart=/usr/local/bin/tokenscope check\n",
    ] {
        assert!(service.contains(line), "{line}");
    }
}

#[test]
fn lists_unreferenced_tokens_and_fails_on_referenced_ones() {
    if Command::new("jq").arg("--version").output().is_err() {
        return;
    }
    let script = recipes("sh").remove(1);
    let (list, step) = script.split_once('\n').unwrap();
    let mut shared = example(POLICIES, 0);
    shared["app_count"] = serde_json::json!(2);
    let policies = Answer::list([shared, example(POLICIES, 1)]);
    let api = AccessApi::example().with(POLICIES, policies).start();
    let bash = |script: &str, token: &str| {
        let mut bash = Command::new("bash");
        isolate(&mut bash);
        bash.env("PATH", search_path())
            .env("CLOUDFLARE_BASE_URL", api.url())
            .env("CLOUDFLARE_API_TOKEN", CANARY)
            .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT)
            .env("TOKEN", token)
            .args(["-e", "-c", script])
            .output()
            .unwrap()
    };
    let listed = text(&bash(list, "").stdout);
    let mut names: Vec<&str> = listed.lines().collect();
    names.sort_unstable();
    assert_eq!(names, ["heartbeat", "old-crawler", "old-jenkins"]);
    for (token, code) in [("old-crawler", 0), ("CI/CD token", 1)] {
        assert_eq!(bash(step, token).status.code(), Some(code), "{token}");
    }
}
