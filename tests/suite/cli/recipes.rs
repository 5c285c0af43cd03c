//! The recipes of README, extracted and run in a shell.

#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Output};

use crate::support::access::{AccessApi, Answer, POLICIES, example};
use crate::support::binary::{BINARY, Stage, TOKENS, dress, text, without_the_clock};
use crate::support::tokens::{ACCOUNT, CANARY};

/// The blocks of code of one language, in their order.
fn blocks(language: &str) -> Vec<String> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let recipes = readme.split_once("### Recipes").unwrap().1;
    let recipes = recipes.split_once("\n## ").unwrap().0;
    let fence = format!("```{language}\n");
    let mut parts = recipes.split(&fence);
    parts.next();
    parts
        .map(|part| part.split_once("```").unwrap().0.to_owned())
        .collect()
}

/// Runs a script with the binary on the path; the credential is in the environment.
fn shell(stage: &Stage, script: &str) -> Output {
    let folder = Path::new(BINARY).parent().unwrap();
    let mut bash = Command::new("bash");
    stage.dress(&mut bash);
    bash.env(
        "PATH",
        format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display()),
    )
    .env("HOME", stage.home.path())
    .env("CLOUDFLARE_API_TOKEN", CANARY)
    .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT)
    .env("GITHUB_STEP_SUMMARY", stage.home.path().join("summary"))
    .current_dir(stage.home.path())
    .args(["-e", "-c", script])
    .output()
    .unwrap()
}

const FINE: &str = r#"[{"id":"x","name":"fine","duration":"forever"}]"#;

#[tokio::test(flavor = "multi_thread")]
async fn cron_mails_only_when_something_is_wrong() {
    let [line] = blocks("cron").try_into().unwrap();
    let (schedule, command) = line.trim().split_at("17 7 * * *".len());
    assert_eq!(schedule.split(' ').count(), 5);
    assert!(!command.contains('%'), "cron makes a line break of it");
    for (tokens, is_mailed) in [(TOKENS, true), (FINE, false)] {
        let stage = Stage::with(tokens).await;
        let variables = format!("export CLOUDFLARE_API_TOKEN={CANARY}\n");
        std::fs::write(stage.home.path().join(".tokenscope.env"), variables).unwrap();
        let output = shell(&stage, command);
        let mail = without_the_clock(&text(&output.stdout));
        assert_eq!(mail.starts_with("CRITICAL: "), is_mailed);
        assert_eq!(mail.is_empty(), !is_mailed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workflow_step_fails_unless_ok_or_warning() {
    let [step] = blocks("yaml").try_into().unwrap();
    let (head, run) = step.split_once("  run: |\n").unwrap();
    assert!(head.starts_with("- name: ") && head.contains("CLOUDFLARE_API_TOKEN"));
    let lines: Vec<&str> = run
        .lines()
        .map(|line| line.strip_prefix("    ").unwrap())
        .collect();
    let script = lines.join("\n");
    let warning = TOKENS
        .replace("2025-03-02T12:00:01Z", "2025-03-20T12:00:01Z")
        .replace("2025-02-20", "2025-04-20");
    let warning = warning.replace(
        "\"expires_at\":null",
        "\"expires_at\":\"2026-01-01T00:00:00Z\"",
    );
    let warning = warning.replace(",\n{}", "");
    for (tokens, expected) in [(FINE, 0), (warning.as_str(), 0), (TOKENS, 2), ("[]", 3)] {
        let stage = Stage::with(tokens).await;
        let output = shell(&stage, &script);
        assert_eq!(
            output.status.code(),
            Some(expected),
            "{}",
            text(&output.stdout)
        );
        let summary = std::fs::read_to_string(stage.home.path().join("summary")).unwrap();
        assert_eq!(summary, text(&output.stdout));
        assert!(
            summary.starts_with("    | ") && summary.contains(": "),
            "{summary}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k14_no_name_is_a_command_of_the_workflow() {
    let [step] = blocks("yaml").try_into().unwrap();
    let (_, run) = step.split_once("  run: |\n").unwrap();
    let script: Vec<&str> = run.lines().map(|line| &line[4..]).collect();
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
        let stage = Stage::with(&token).await;
        let output = shell(&stage, &script.join("\n"));
        assert_eq!(output.status.code(), Some(2), "{name}");
        let said = text(&output.stdout);
        // The runner trims a line, and takes the second form anywhere in it.
        for line in said.split(['\n', '\r', '\u{2028}']) {
            assert!(!line.trim().starts_with("::"), "{name}: {said}");
            assert!(!line.contains("##["), "{name}: {said}");
            assert!(line.is_empty() || line.starts_with("    "), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_textfile_is_replaced_whole() {
    let script = blocks("sh").remove(0);
    let stage = Stage::with(TOKENS).await;
    let dir = stage.home.path().join("collector");
    std::fs::create_dir(&dir).unwrap();
    let script = script.replace(
        "/var/lib/node_exporter/textfile_collector",
        dir.to_str().unwrap(),
    );
    let output = shell(&stage, &script);
    assert_eq!(output.status.code(), Some(0));
    let metrics = std::fs::read_to_string(dir.join("tokenscope.prom")).unwrap();
    assert!(metrics.starts_with("# HELP tokenscope_up") && metrics.ends_with('\n'));
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 1);
    for rule in blocks("promql").concat().lines() {
        for word in rule.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            if word.starts_with("tokenscope_") {
                assert!(metrics.contains(&format!("# TYPE {word} gauge")), "{word}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_used_and_the_spreadsheet() {
    let script = blocks("sh").remove(1);
    let stage = Stage::with(TOKENS).await;
    if Command::new("jq").arg("--version").output().is_err() {
        return;
    }
    let output = shell(&stage, &script);
    assert_eq!(
        text(&output.stdout),
        "now\nnull\n",
        "{}",
        text(&output.stderr)
    );
    let sheet = std::fs::read_to_string(stage.home.path().join("tokens.csv")).unwrap();
    assert_eq!(sheet.lines().count(), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_units_are_what_systemd_takes() {
    let stage = Stage::with(FINE).await;
    let units = blocks("ini");
    assert_eq!(units.len(), 2);
    for unit in &units {
        let name = unit.lines().next().unwrap().rsplit('/').next().unwrap();
        let unit = unit.replace("/usr/local/bin/tokenscope", BINARY);
        std::fs::write(stage.home.path().join(name), unit).unwrap();
    }
    let start = units[0]
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="))
        .unwrap();
    let output = shell(&stage, start.trim_start_matches("/usr/local/bin/"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let verified = Command::new("systemd-analyze")
        .arg("verify")
        .args(["tokenscope-check.service", "tokenscope-check.timer"])
        .current_dir(stage.home.path())
        .output();
    if let Ok(verified) = verified {
        let said = text(&verified.stderr);
        let ours: Vec<&str> = said
            .lines()
            .filter(|line| line.contains("tokenscope"))
            .collect();
        assert!(ours.is_empty(), "{ours:#?}");
    }
}

#[test]
fn what_nothing_names_and_the_step_that_keeps_what_is_still_named() {
    if Command::new("jq").arg("--version").output().is_err() {
        return;
    }
    let script = blocks("sh").remove(2);
    let (list, step) = script.split_once('\n').unwrap();
    let mut shared = example(POLICIES, 0);
    shared["app_count"] = serde_json::json!(2);
    let policies = Answer::list([shared, example(POLICIES, 1)]);
    let api = AccessApi::example().with(POLICIES, policies).start();
    let on_path = format!(
        "PATH={}:$PATH",
        Path::new(BINARY).parent().unwrap().display()
    );
    let bash = |script: &str, token: &str| {
        let mut bash = Command::new("bash");
        dress(&mut bash);
        bash.env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("CLOUDFLARE_BASE_URL", api.url())
            .env("CLOUDFLARE_API_TOKEN", CANARY)
            .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT)
            .env("TOKEN", token)
            .args(["-e", "-c", &format!("{on_path}; {script}")])
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
