//! Files that are damaged, from a newer version, or replaced by something else.

#![cfg(unix)]

use std::fs;
#[cfg(target_os = "linux")]
use std::fs::File;
#[cfg(target_os = "linux")]
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

#[cfg(target_os = "linux")]
use crate::config::files::{config, place, put, screens, text, warnings};
use crate::support::api::{Fake, home, http, run, shows, success, token};
use crate::support::keyring::eventually;
#[cfg(target_os = "linux")]
use crate::support::services::{api, profiled};
use crate::support::terminal::Session;
use crate::support::tokens::{ACCOUNT, CANARY, ID};

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_damaged_configuration_is_an_error_with_its_line_and_stays_unchanged() {
    let fake = Fake::with_result(&token(""));
    let deep = format!("a = {}", "[".repeat(100_000));
    let huge = format!("# {}\n", "x".repeat(2 << 20));
    let secret = format!("api_token = \"{CANARY}");
    let cases: [(&[u8], &str); 8] = [
        (b"theme = ", "line 1"),
        (b"\n\nwarn = \"soon\"", "line 3"),
        (b"[profiles.x]\naccount = \"short\"", "line 2"),
        (b"[profiles.\"a b\"]\n", "line 1"),
        (b"\xFF\xFE", "UTF-8"),
        (deep.as_bytes(), "line 1"),
        (huge.as_bytes(), "1 MiB"),
        (secret.as_bytes(), "line 1"),
    ];
    for (bytes, said) in cases {
        let home = home();
        let file = home.path().join("config.toml");
        write(&file, bytes);
        let mut command = fake.command(&["get", ID, "-o", "json"]);
        let outcome = run(command.env("TOKENSCOPE_HOME", home.path()));
        let words = outcome.is_error("config", 1);
        assert!(
            words.contains("config.toml") && words.contains(said),
            "{said}: {words}"
        );
        assert_eq!(fs::read(&file).unwrap(), bytes);
    }
    for make in [
        |path: &Path| fs::create_dir(path).unwrap(),
        |path: &Path| symlink(path, path).unwrap(),
        |path: &Path| {
            let made = Command::new("mkfifo").arg(path).status().unwrap();
            assert!(made.success());
        },
        |path: &Path| symlink("/dev/zero", path).unwrap(),
    ] {
        let home = home();
        make(&home.path().join("config.toml"));
        let mut command = fake.command(&["get", ID, "-o", "json"]);
        let outcome = run(command.env("TOKENSCOPE_HOME", home.path()));
        let words = outcome.is_error("config", 1);
        assert!(words.contains("config.toml"), "{words}");
    }
    assert_eq!(fake.heads().len(), 0);
}

#[test]
fn an_unusable_keymap_or_state_is_a_warning_and_screens_open() {
    let fake = Fake::with_result(&token(r#""duration":"forever""#));
    let url = fake.url();
    let huge = "#".repeat(2 << 20);
    let deep = "[".repeat(100_000);
    for (name, bytes, said) in [
        ("keymap.toml", "rows = 5", "keymap.toml"),
        (
            "keymap.toml",
            "rows = [ { context = \"x\" } ]",
            "keymap.toml",
        ),
        ("keymap.toml", huge.as_str(), "keymap.toml"),
        ("keymap.toml", deep.as_str(), "keymap.toml"),
        ("state.json", "{", "was damaged"),
        ("state.json", deep.as_str(), "was damaged"),
        ("state.json", huge.as_str(), "larger than 1 MiB"),
        ("state.json", r#"{"version":1,"recents":5}"#, "was damaged"),
    ] {
        let home = home();
        write(&home.path().join(name), bytes);
        let home_text = home.path().to_str().unwrap().to_owned();
        let variables = [
            ("TOKENSCOPE_HOME", home_text.as_str()),
            ("CLOUDFLARE_BASE_URL", &url),
            ("CLOUDFLARE_API_TOKEN", CANARY),
            ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
        ];
        let mut session = fake.screens_with(&[], &variables).showing("Find a token");
        session.wait_for("▲");
        session.type_until("\x1b", "q quit");
        session.type_keys("e");
        shows(&mut session, said);
        session.type_keys("qq");
        assert_eq!(session.end().0.exit_code(), 0, "{name}: {said}");
    }
}

/// The screens with a token that never expires.
fn showing_token(fake: &Fake, home: &Path) -> Session {
    let variables = [
        ("TOKENSCOPE_HOME", home.to_str().unwrap()),
        ("CLOUDFLARE_API_TOKEN", CANARY),
        ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
    ];
    let mut session = fake.screens_with(&[ID], &variables);
    session.wait_for("NEVER EXPIRES");
    session
}

#[test]
fn the_state_of_a_newer_version_is_left_unchanged() {
    let fake = Fake::with_result(&token(r#""duration":"forever""#));
    let home = home();
    let newer = r#"{"version":99,"recents":{"other":"shape"}}"#;
    write(&home.path().join("state.json"), newer);
    let session = showing_token(&fake, home.path());
    session.quit();
    assert_eq!(
        fs::read_to_string(home.path().join("state.json")).unwrap(),
        newer
    );
}

#[test]
fn a_home_that_is_a_file_or_read_only_does_not_stop_a_lookup() {
    let fake = Fake::sending(http(200, &[], success(&token(r#""duration":"forever""#))));
    let home = home();
    let file = home.path().join("a file");
    write(&file, "x");
    for place in [
        file.as_path(),
        Path::new("/proc/nowhere"),
        Path::new("/dev/null/x"),
    ] {
        let mut command = fake.command(&["get", ID]);
        let outcome = run(command.env("TOKENSCOPE_HOME", place));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let is_barred = !place.starts_with("/proc");
        assert_eq!(outcome.stderr.contains("cannot be entered"), is_barred);
        let place = place.to_str().unwrap();
        let mut session = fake.screens_with(
            &[ID],
            &[
                ("TOKENSCOPE_HOME", place),
                ("CLOUDFLARE_API_TOKEN", CANARY),
                ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
            ],
        );
        session.wait_for("NEVER EXPIRES");
        session.quit();
    }
}

#[test]
fn a_symbolic_link_in_place_of_the_state_is_itself_moved_aside() {
    let fake = Fake::with_result(&token(r#""duration":"forever""#));
    let (home, elsewhere) = (home(), home());
    let real = elsewhere.path().join("real.json");
    let state = home.path().join("state.json");
    symlink(&real, &state).unwrap();
    let session = showing_token(&fake, home.path());
    let is_file = || fs::symlink_metadata(&state).is_ok_and(|found| found.is_file());
    eventually("the look-up is remembered", is_file);
    session.quit();
    let aside = home.path().join("state.damaged.json");
    assert_eq!(fs::read_link(aside).unwrap(), real);
    assert!(!real.exists());
    assert_eq!(
        fs::metadata(&state).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[cfg(target_os = "linux")]
#[test]
fn i03_an_unchanged_file_is_not_written_and_needs_no_lock() {
    let fake = api();
    let (_dir, home) = place();
    let file = home.join("config.toml");
    // The first run binds the profiles of this test to the fake.
    let outcome = run(&mut profiled(&fake, &home, &["profile", "list"]));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let before = fs::metadata(&file).unwrap();
    for name in ["default", "default"] {
        let outcome = run(&mut profiled(&fake, &home, &["profile", "use", name]));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    }
    let after = fs::metadata(&file).unwrap();
    assert_eq!(
        (after.ino(), after.mtime_nsec()),
        (before.ino(), before.mtime_nsec())
    );
    assert!(!home.join("tokenscope.lock").exists());
    // Works without write access, and while another process holds the lock.
    let lock = File::create(home.join("tokenscope.lock")).unwrap();
    lock.lock().unwrap();
    let outcome = run(&mut profiled(&fake, &home, &["profile", "use", "default"]));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let outcome = run(&mut profiled(&fake, &home, &["profile", "use", "other"]));
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
}

#[cfg(target_os = "linux")]
#[test]
fn i05_a_check_with_a_named_profile_prints_no_warning() {
    let fake = api();
    let (_dir, home) = place();
    let named = config().replace(
        "[profiles.other]\n",
        "[profiles.other]\nname = \"Example Ltd\"\n",
    );
    put(&home.join("config.toml"), &named);
    let mut command = profiled(&fake, &home, &["check", "--account", ACCOUNT]);
    let outcome = run(command.env("CLOUDFLARE_API_TOKEN", CANARY));
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
}

#[cfg(target_os = "linux")]
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

#[cfg(target_os = "linux")]
#[test]
fn i05_an_invalid_appearance_setting_never_fails_a_command() {
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
            for said in [&format!("`{key}`"), "line 1", "using the default"] {
                assert!(warned[0].contains(said), "{}", warned[0]);
            }
            assert!(
                !warned[0].contains("solarized"),
                "values are not repeated: {}",
                warned[0]
            );
        }
    }
    // A change keeps values that were not understood.
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
    session.quit();
    // A value that affects results or credentials is still an error.
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
