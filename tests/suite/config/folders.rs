//! Shared folders, links, pipes, and leftovers of killed writers.

#![cfg(target_os = "linux")]

use std::fs;
use std::fs::File;
use std::os::unix::fs::{chown, symlink};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::config::files::{
    STRANGER, as_user, is_root, mode, place, put, screens, set_mode, text, through, warnings,
};
use crate::support::api::{Fake, Outcome, run};
use crate::support::assertions::assert_contains;
use crate::support::services::{api, profiled};
use crate::support::tokens::ID;

fn log_here(fake: &Fake, home: &Path) -> Outcome {
    run(fake
        .command(&["get", ID, "--log", "trace"])
        .env("TOKENSCOPE_HOME", home))
}

/// Looks a token up on the screens, and returns the state written at their end.
fn remember(fake: &Fake, home: &Path) -> String {
    let home = home.to_str().unwrap();
    let mut session = screens(&[], fake, ("TOKENSCOPE_HOME", home), &[ID]).showing("NEVER EXPIRES");
    session.type_keys("q");
    session.end().1
}

#[test]
fn k09_links_are_followed_only_for_files_that_users_write() {
    let fake = api();
    for target in ["victim", "absent"] {
        let (dir, home) = place();
        let victim = dir.path().join("victim");
        put(&victim, "precious\n");
        for name in ["state.json", "tokenscope.lock", "tokenscope.log"] {
            symlink(dir.path().join(target), home.join(name)).unwrap();
        }
        let outcome = log_here(&fake, &home);
        assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
        assert_contains(
            &outcome.stderr,
            "tokenscope.log cannot be written: it is a symbolic link",
        );
        // The directory is writable, so the hint must not ask to change that.
        assert!(!outcome.stderr.contains("writable"), "{}", outcome.stderr);
        let outcome = run(&mut profiled(&fake, &home, &["profile", "use", "other"]));
        assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
        assert_contains(
            &outcome.stderr,
            "tokenscope.lock cannot be written: it is a symbolic link",
        );
        remember(&fake, &home);
        fs::remove_file(home.join("tokenscope.lock")).unwrap();
        // With a lock available, the link itself is moved aside.
        remember(&fake, &home);
        let aside = home.join("state.damaged.json");
        assert_eq!(fs::read_link(&aside).unwrap(), dir.path().join(target));
        assert!(
            fs::symlink_metadata(home.join("state.json"))
                .unwrap()
                .is_file()
        );
        assert!(text(&home.join("state.json")).contains(ID));
        assert_eq!(text(&victim), "precious\n");
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            2,
            "nothing was created"
        );
    }
    // These are followed, and stay links.
    let (dir, home) = place();
    let dotfiles = dir.path().join("config of mine");
    fs::rename(home.join("config.toml"), &dotfiles).unwrap();
    symlink("../config of mine", home.join("config.toml")).unwrap();
    let outcome = run(&mut profiled(&fake, &home, &["profile", "use", "other"]));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(home.join("config.toml").is_symlink());
    assert!(text(&dotfiles).contains("default_profile = \"other\""));
}

#[test]
fn k09_pipes_and_devices_are_not_opened() {
    let fake = api();
    let makers: [fn(&Path); 3] = [
        |path| fs::create_dir(path).unwrap(),
        |path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
        |path| symlink("/dev/zero", path).unwrap(),
    ];
    for make in makers {
        let (_dir, home) = place();
        for name in ["state.json", "tokenscope.lock", "tokenscope.log"] {
            make(&home.join(name));
        }
        let outcome = log_here(&fake, &home);
        assert_eq!(outcome.code, Some(1));
        assert!(!outcome.stderr.contains("writable"), "{}", outcome.stderr);
        let outcome = run(&mut profiled(&fake, &home, &["profile", "use", "other"]));
        assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
        assert!(!text(&home.join("config.toml")).contains("default_profile"));
        remember(&fake, &home);
        fs::remove_file(home.join("config.toml")).unwrap();
        make(&home.join("config.toml"));
        let outcome = run(&mut profiled(&fake, &home, &["profile", "list"]));
        assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
        assert_contains(&outcome.stderr, "not a regular file");
    }
}

#[test]
fn k09_warns_about_a_folder_that_others_may_write() {
    let fake = api();
    let (_dir, home) = place();
    let listed = |home: &Path| {
        let outcome = run(&mut profiled(&fake, home, &["profile", "list"]));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        outcome
    };
    for (folder, file, is_said) in [
        (0o700, 0o600, false),
        (0o755, 0o644, false),
        (0o775, 0o600, true),
        (0o757, 0o600, true),
        (0o777, 0o666, true),
        // The sticky bit keeps others from replacing files.
        (0o1777, 0o600, false),
        (0o1777, 0o666, true),
        (0o700, 0o660, true),
    ] {
        set_mode(&home, folder);
        set_mode(&home.join("config.toml"), file);
        let outcome = listed(&home);
        let is_warned = warnings(&outcome)
            .iter()
            .any(|it| it.contains("may write to"));
        assert_eq!(
            is_warned, is_said,
            "{folder:o} {file:o}: {}",
            outcome.stderr
        );
        assert!(warnings(&outcome).len() < 2, "{}", outcome.stderr);
        assert_eq!(mode(&home), folder, "what only reads changes nothing");
    }
    if !is_root() {
        return;
    }
    // A folder of another user, and one of root, who may do anything anyway.
    set_mode(&home, 0o755);
    set_mode(&home.join("config.toml"), 0o644);
    for (owner, is_said) in [(1000, true), (STRANGER, false), (0, false)] {
        chown(&home, Some(owner), None).unwrap();
        let mut command = through(&as_user(STRANGER), &fake, &["profile", "list"]);
        let outcome = run(command.env("TOKENSCOPE_HOME", &home));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let is_warned = outcome
            .stderr
            .contains("belongs to another user (uid 1000)");
        assert_eq!(is_warned, is_said, "{owner}: {}", outcome.stderr);
    }
}

#[test]
fn k13_temporary_files_of_killed_writers_are_removed() {
    let fake = api();
    let (dir, home) = place();
    // Temporary files are made beside the target of a link.
    let elsewhere = dir.path().join("dotfiles");
    fs::create_dir(&elsewhere).unwrap();
    fs::rename(home.join("config.toml"), elsewhere.join("config.toml")).unwrap();
    symlink(elsewhere.join("config.toml"), home.join("config.toml")).unwrap();
    let aged = |path: &Path, seconds| {
        put(path, "half");
        let then = SystemTime::now() - Duration::from_secs(seconds);
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_modified(then)
            .unwrap();
    };
    let old = [".tokenscope-a1B2c3", ".tokenscope-ZZZZZZ"];
    let foreign = [
        ".tokenscope-a1B2c",
        ".tokenscope-a1B2c3d",
        ".tokenscope-a1B2c_",
        ".tokenscope-mine.txt",
        "tokenscope-a1B2c3",
        ".tokenscopea1B2c3",
        "config.toml.a1B2c3",
    ];
    for folder in [&home, &elsewhere] {
        for name in old.iter().chain(&foreign) {
            aged(&folder.join(name), 61);
        }
        aged(&folder.join(".tokenscope-young0"), 5);
        fs::create_dir(folder.join(".tokenscope-folder")).unwrap();
        symlink("victim", folder.join(".tokenscope-linked")).unwrap();
    }
    let outcome = run(&mut profiled(&fake, &home, &["profile", "use", "other"]));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    for folder in [&home, &elsewhere] {
        for name in old {
            assert!(!folder.join(name).exists(), "{name} is left");
        }
        for name in foreign
            .into_iter()
            .chain([".tokenscope-young0", ".tokenscope-folder"])
        {
            assert!(folder.join(name).exists(), "{name} is gone");
        }
        assert!(folder.join(".tokenscope-linked").is_symlink());
    }
    // The screens remove them too.
    aged(&home.join(old[0]), 61);
    remember(&fake, &home);
    assert!(!home.join(old[0]).exists());
}

#[test]
fn i06_folders_and_files_open_to_others_are_closed_with_one_message() {
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
    // The lock is closed by commands that change something, and by the screens at their end.
    set_mode(&home, 0o755);
    put(&home.join("tokenscope.lock"), "");
    set_mode(&home.join("tokenscope.lock"), 0o644);
    let path = home.to_str().unwrap();
    let mut session = screens(&[], &fake, ("TOKENSCOPE_HOME", path), &[ID]);
    session.wait_for("NEVER EXPIRES");
    let stream = session.quit();
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
fn i06_a_folder_with_foreign_files_keeps_its_permissions() {
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
