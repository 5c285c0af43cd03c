//! The log: its levels, and places where it cannot be written.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

#[cfg(target_os = "linux")]
use tempfile::TempDir;

#[cfg(target_os = "linux")]
use crate::config::files::{place, put, screens, text};
use crate::support::api::{Fake, home, run, token, tokenscope};
#[cfg(target_os = "linux")]
use crate::support::api::{Reply, http};
#[cfg(target_os = "linux")]
use crate::support::services::{api, profiled};
#[cfg(target_os = "linux")]
use crate::support::tokens::CANARY;
use crate::support::tokens::ID;

#[test]
fn an_unwritable_log_fails_before_anything_else() {
    let fake = Fake::with_result(&token(""));
    for make in [
        |path: &Path| fs::create_dir(path).unwrap(),
        |path: &Path| {
            let made = Command::new("mkfifo").arg(path).status().unwrap();
            assert!(made.success());
        },
    ] {
        let home = home();
        make(&home.path().join("tokenscope.log"));
        let mut command = fake.command(&["get", ID, "-o", "json", "--log", "trace"]);
        let outcome = run(command.env("TOKENSCOPE_HOME", home.path()));
        let words = outcome.is_error("config", 1);
        assert!(words.contains("tokenscope.log"), "{words}");
    }
    let home = home();
    symlink("/dev/full", home.path().join("tokenscope.log")).unwrap();
    let mut command = fake.command(&["get", ID, "--log", "trace"]);
    let outcome = run(command.env("TOKENSCOPE_HOME", home.path()));
    assert!(
        outcome.stderr.is_empty() || outcome.code == Some(1),
        "{}",
        outcome.stderr
    );
    let mut command = tokenscope(&["get", ID, "--log", "loud", "-o", "json"]);
    run(command.env("TOKENSCOPE_HOME", home.path())).is_error("usage", 64);
}

/// Lists two pages, the second of which always fails.
#[cfg(target_os = "linux")]
fn broken_list() -> Fake {
    Fake::start(|head, _| {
        if head.contains("page=1&") || head.contains("page=1 ") {
            let body = format!(
                r#"{{"success":true,"errors":[],"messages":[],"result":[{}],"result_info":{{"page":1,"per_page":1,"total_count":2,"total_pages":2}}}}"#,
                token(r#""duration":"forever""#)
            );
            return Reply::Bytes(http(200, &[], body));
        }
        Reply::Bytes(http(500, &[], "{}"))
    })
}

/// The fake, the command, and the text that each level adds.
#[cfg(target_os = "linux")]
type LogCase = (
    fn() -> Fake,
    &'static [&'static str],
    [&'static [&'static str]; 4],
);

#[cfg(target_os = "linux")]
#[test]
fn i07_each_log_level_adds_its_own_messages() {
    let limited = || Fake::start(|_, _| Reply::Bytes(http(429, &[("retry-after", "600")], "{}")));
    let failing = || Fake::answering(500, "{}");
    let started: &'static [&'static str] = &["started", "CLOUDFLARE_API_TOKEN", "127.0.0.1"];
    let cases: [LogCase; 4] = [
        (
            failing,
            &["get", ID],
            [
                &["ERROR", "kind=\"server\""],
                &["WARN", "trying again"],
                started,
                &["answered"],
            ],
        ),
        (
            limited,
            &["list"],
            [
                &["ERROR", "kind=\"rate_limited\""],
                &["rate limited"],
                started,
                &["answered"],
            ],
        ),
        (
            broken_list,
            &["list"],
            [
                &[],
                &["the list is incomplete"],
                started,
                &["a page arrived"],
            ],
        ),
        (
            api,
            &["check"],
            [&[], &[], started, &["answered", "a page arrived"]],
        ),
    ];
    for (fake, arguments, said) in cases {
        for (number, level) in ["error", "warn", "info", "debug", "trace"]
            .into_iter()
            .enumerate()
        {
            let (fake, home) = (fake(), TempDir::new().unwrap());
            let mut command = fake.command(arguments);
            command
                .args(["--log", level])
                .env("TOKENSCOPE_HOME", home.path());
            run(&mut command);
            let log = text(&home.path().join("tokenscope.log"));
            for (lowest, words) in said.into_iter().enumerate() {
                for word in words {
                    // The log contains the texts of lower levels and none of higher ones.
                    let is_said = log.contains(word);
                    assert_eq!(
                        is_said,
                        lowest <= number,
                        "{arguments:?} {level} {word:?}:\n{log}"
                    );
                }
            }
            assert!(!log.contains(CANARY), "{log}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn i07_the_screens_log_failures_and_warnings() {
    let fake = Fake::answering(500, "{}");
    let (_dir, home) = place();
    put(&home.join("config.toml"), "theme = 3\nbell = 3\n");
    let path = home.to_str().unwrap();
    let mut session = screens(
        &[],
        &fake,
        ("TOKENSCOPE_HOME", path),
        &[ID, "--log", "warn"],
    );
    session.wait_until("the failure", |_| {
        fs::read_to_string(home.join("tokenscope.log"))
            .is_ok_and(|log| log.contains("kind=\"server\""))
    });
    session.quit();
    let log = text(&home.join("tokenscope.log"));
    for word in ["`theme`", "`bell`", "trying again", "ERROR"] {
        assert!(log.contains(word), "{word}: {log}");
    }
    assert!(!log.contains(CANARY), "{log}");
}

#[cfg(target_os = "linux")]
#[test]
fn i07_keyring_calls_are_logged_without_the_secret() {
    let fake = api();
    for (level, is_said) in [("info", false), ("debug", true)] {
        let (_dir, home) = place();
        let outcome = run(&mut profiled(&fake, &home, &["get", ID, "--log", level]));
        assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
        let log = text(&home.join("tokenscope.log"));
        assert_eq!(log.contains("keyring: read a secret"), is_said, "{log}");
        for word in ["profile default", "kind=\"keyring\""] {
            assert!(log.contains(word), "{word}: {log}");
        }
    }
}
