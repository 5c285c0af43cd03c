//! Beside `files`: settings this version does not know, what was open to others, and the log.

#![cfg(target_os = "linux")]

use std::fs;

use tempfile::TempDir;

use super::files::{config, mode, place, put, screens, set_mode, text, warnings};
use crate::keyring::states::{api, profiled};
use crate::support::api::{ACCOUNT, CANARY, Fake, ID, Reply, http, run, token};

// I05: settings of other versions.

const OF_ANY_TYPE: [&str; 14] = [
    "\"solarized\"",
    "\"\"",
    "3",
    "-1",
    "1.5",
    "nan",
    "2026-11-26",
    "[]",
    "[true]",
    "{ a = 1 }",
    "9223372036854775807",
    "31536001",
    "\"true\"",
    "12:00:00",
];

#[test]
fn i05_how_things_look_is_never_a_reason_to_fail() {
    let fake = api();
    let (_dir, home) = place();
    for key in [
        "theme",
        "ascii",
        "bell",
        "title",
        "notify",
        "mouse",
        "calm",
        "refresh_seconds",
    ] {
        let known = match key {
            "theme" => "\"light\"",
            "refresh_seconds" => "3",
            _ => "true",
        };
        for value in OF_ANY_TYPE.into_iter().chain([known]) {
            let written = format!("{key} = {value} # kept\n{}", config());
            put(&home.join("config.toml"), &written);
            let mut command = profiled(&fake, &home, &["check", "--account", ACCOUNT]);
            let outcome = run(command.env("CLOUDFLARE_API_TOKEN", CANARY));
            assert_eq!(outcome.code, Some(0), "{written}: {}", outcome.stderr);
            let warned = warnings(&outcome);
            if value == known {
                assert_eq!(warned, [""; 0], "{written}");
                continue;
            }
            assert_eq!(warned.len(), 1, "{written}: {}", outcome.stderr);
            for said in [&format!("`{key}`"), "line 1", "the default is used"] {
                assert!(warned[0].contains(said), "{}", warned[0]);
            }
            assert!(
                !warned[0].contains("solarized"),
                "values are not repeated: {}",
                warned[0]
            );
        }
    }
    // A change keeps what was not understood.
    put(
        &home.join("config.toml"),
        &format!("theme = \"solarized\"\nmouse = 7\n{}", config()),
    );
    let outcome = run(&mut profiled(&fake, &home, &["profile", "use", "other"]));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let now = text(&home.join("config.toml"));
    assert!(now.contains("theme = \"solarized\"\nmouse = 7\n"), "{now}");
    let path = home.to_str().unwrap();
    let mut session = screens(&[], &fake, ("TOKENSCOPE_HOME", path), &[ID]);
    session.wait_for("NEVER EXPIRES");
    session.type_keys("q");
    session.end();
    // What decides a verdict or a credential is an error as ever.
    for wrong in [
        "warn = \"soon\"",
        "critical = []",
        "default_profile = 3",
        "profiles = true",
    ] {
        put(&home.join("config.toml"), &format!("{wrong}\n"));
        let mut command = profiled(&fake, &home, &["check", "--account", ACCOUNT]);
        let outcome = run(command.env("CLOUDFLARE_API_TOKEN", CANARY));
        assert_eq!(outcome.code, Some(3), "{wrong}: {}", outcome.stdout);
    }
    put(&home.join("config.toml"), &config());
    let outcome = run(&mut profiled(
        &fake,
        &home,
        &["list", "--theme", "solarized"],
    ));
    assert_ne!(outcome.code, Some(0), "the flag: {}", outcome.stdout);
}

// I06: what was open to others.

#[test]
fn i06_a_folder_and_files_that_were_open_to_others_are_closed_and_that_is_said_once() {
    let fake = api();
    let (_dir, home) = place();
    let log = home.join("tokenscope.log");
    for (folder, file, said) in [
        (0o755, 0o644, 2),
        (0o700, 0o604, 1),
        (0o750, 0o600, 1),
        (0o2755, 0o666, 2),
    ] {
        put(&log, "from before\n");
        set_mode(&log, file);
        set_mode(&home, folder);
        for (turn, said) in [(1, said), (2, 0)] {
            let outcome = run(fake
                .command(&["get", ID, "--log", "info"])
                .env("TOKENSCOPE_HOME", &home));
            assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
            assert_eq!(
                warnings(&outcome).len(),
                said,
                "{folder:o} {turn}: {}",
                outcome.stderr
            );
            assert_eq!((mode(&home) & 0o777, mode(&log)), (0o700, 0o600));
        }
        assert!(text(&log).starts_with("from before\n"));
    }
    // The lock too, by a command that changes something, and by the screens, at their end.
    set_mode(&home, 0o755);
    put(&home.join("tokenscope.lock"), "");
    set_mode(&home.join("tokenscope.lock"), 0o644);
    let path = home.to_str().unwrap();
    let mut session = screens(&[], &fake, ("TOKENSCOPE_HOME", path), &[ID]);
    session.wait_for("NEVER EXPIRES");
    session.type_keys("q");
    let (_, stream) = session.end();
    let (_, after) = stream.split_once("\u{1b}[?1049l").unwrap();
    assert_eq!(
        after.matches("was open to other users").count(),
        2,
        "{after}"
    );
    assert_eq!(
        (mode(&home), mode(&home.join("tokenscope.lock"))),
        (0o700, 0o600)
    );
}

#[test]
fn i06_a_folder_with_more_in_it_than_our_files_is_left_as_it_is() {
    let fake = api();
    for foreign in ["photos", ".profile"] {
        let (_dir, home) = place();
        set_mode(&home, 0o755);
        put(&home.join(foreign), "");
        let outcome = run(fake
            .command(&["get", ID, "--log", "info"])
            .env("TOKENSCOPE_HOME", &home));
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
        assert_eq!(mode(&home), 0o755);
        assert_eq!(mode(&home.join("tokenscope.log")), 0o600);
    }
}

// I07: what the log holds.

/// Lists two pages, of which the second is never to be had.
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

/// The fake, the command, and for each level what is said from there on.
type LogCase = (
    fn() -> Fake,
    &'static [&'static str],
    [&'static [&'static str]; 4],
);

#[test]
fn i07_each_level_of_the_log_says_what_it_is_for() {
    let limited = || Fake::start(|_, _| Reply::Bytes(http(429, &[("retry-after", "600")], "{}")));
    let failing = || Fake::saying(500, "{}");
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
                    // What is told at a lower level is there, and what is told at a higher is not.
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

#[test]
fn i07_the_screens_log_their_failures_and_warnings_too() {
    let fake = Fake::saying(500, "{}");
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
    session.type_keys("q");
    session.end();
    let log = text(&home.join("tokenscope.log"));
    for word in ["`theme`", "`bell`", "trying again", "ERROR"] {
        assert!(log.contains(word), "{word}: {log}");
    }
    assert!(!log.contains(CANARY), "{log}");
}

#[test]
fn i07_the_steps_of_the_keyring_are_logged_without_the_secret() {
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
