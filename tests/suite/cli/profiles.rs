//! `profile list`, `use` and `remove`: what they change and what they keep.

#![cfg(unix)]

use std::process::Output;

use tempfile::TempDir;

use crate::support::binary::{BINARY, Binary, TestEnv, json, text};
use crate::support::tokens::ACCOUNT;

fn config() -> String {
    format!(
        "# mine\ndefault_profile = \"home\"\n[profiles.home]\naccount = \"{ACCOUNT}\"\n\
         [profiles.work] # theirs\nzone = \"{ACCOUNT}\"\n"
    )
}

async fn test_env() -> TestEnv {
    let env = TestEnv::empty().await;
    env.write_config(&config());
    env
}

fn kept(env: &TestEnv) -> String {
    std::fs::read_to_string(env.home.path().join("config.toml")).unwrap()
}

fn run(env: &TestEnv, arguments: &[&str]) -> Output {
    env.bare(arguments).output().unwrap()
}

fn default_of(env: &TestEnv) -> Vec<String> {
    let report = json(&run(env, &["profile", "list", "-o", "json"]));
    let profiles = report["profiles"].as_array().unwrap().iter();
    let default = profiles.filter(|profile| profile["default"] == true);
    default
        .map(|profile| profile["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn changing_the_default_keeps_comments() {
    let env = test_env().await;
    assert_eq!(default_of(&env), ["home"]);
    assert_eq!(
        run(&env, &["profile", "use", "work"]).status.code(),
        Some(0)
    );
    assert_eq!(default_of(&env), ["work"]);
    assert!(kept(&env).contains("# mine") && kept(&env).contains("# theirs"));
    for verb in ["use", "remove"] {
        let refused = run(&env, &["profile", verb, "nobody"]);
        assert_eq!(refused.status.code(), Some(64));
        assert!(text(&refused.stderr).contains("nobody"));
    }
}

#[tokio::test]
async fn list_works_without_credential_scope_or_network() {
    let env = test_env().await;
    let mut command = env.bare(&["profile", "list"]);
    // A key without an email and two scopes are errors for other commands.
    command
        .env("CLOUDFLARE_API_KEY", "x")
        .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT)
        .env("CLOUDFLARE_ZONE_ID", ACCOUNT)
        .env("CLOUDFLARE_BASE_URL", "http://127.0.0.1:1");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout).lines().count(), 2);
    assert!(output.stderr.is_empty());
}

#[tokio::test]
async fn the_demo_changes_nothing() {
    let env = test_env().await;
    for arguments in [
        &["profile", "use", "work"][..],
        &["profile", "remove", "work"],
        &["auth", "set", "--stdin"],
        &["auth", "clear"],
    ] {
        let mut line = vec!["--demo"];
        line.extend(arguments);
        assert_eq!(run(&env, &line).status.code(), Some(64), "{arguments:?}");
    }
    assert_eq!(kept(&env), config());
    let list = run(&env, &["--demo", "profile", "list"]);
    assert_eq!(
        (list.status.code(), list.stdout.len()),
        (Some(0), 0),
        "it reads no file"
    );
}

#[tokio::test]
async fn removes_a_profile_without_a_keyring_and_says_what_remains() {
    let env = test_env().await;
    let removed = run(&env, &["profile", "remove", "work"]);
    assert_eq!(removed.status.code(), Some(0), "{}", text(&removed.stderr));
    assert!(text(&removed.stderr).contains("auth clear --profile work"));
    assert!(!kept(&env).contains("profiles.work"));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn removes_the_secret_first_and_keeps_the_profile_if_locked() {
    use crate::support::keyring::unlocked;
    for is_locked in [false, true] {
        let Some(session) = unlocked() else { return };
        let env = test_env().await;
        let attributes = [
            "store",
            "--label=x",
            "service",
            "tokenscope",
            "username",
            "work",
        ];
        session.secret_tool(&attributes, b"canary0123456789");
        assert!(session.look_up("work").is_some());
        if is_locked {
            session.lock_keyring();
        }
        let mut command = session.command(BINARY);
        command.args(["profile", "remove", "work", "--timeout", "2"]);
        command.env("TOKENSCOPE_HOME", env.home.path());
        let removed = command.output().unwrap();
        assert_eq!(
            removed.status.code(),
            Some(i32::from(is_locked)),
            "{}",
            text(&removed.stderr)
        );
        assert_eq!(kept(&env).contains("profiles.work"), is_locked);
        if !is_locked {
            assert_eq!(session.look_up("work"), None);
        }
    }
}

/// A broken file needs the path most.
#[test]
fn config_path_prints_the_path_whatever_the_file_contains() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("config.toml");
    for contents in [None, Some("warn = [")] {
        if let Some(contents) = contents {
            std::fs::write(&path, contents).unwrap();
        }
        let output = Binary::new(&["config", "path"])
            .home(home.path())
            .command()
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(text(&output.stdout), format!("{}\n", path.display()));
    }
}
