//! Owners, links and locks of files, and homes that cannot be read.

#![cfg(target_os = "linux")]

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use portable_pty::CommandBuilder;
use rustix::io::Errno;
use rustix::process::geteuid;
use tempfile::TempDir;

use crate::support::api::{Fake, Outcome, run};
use crate::support::assertions::assert_contains;
use crate::support::binary::BINARY;
use crate::support::services::{api, profiled};
use crate::support::terminal::Session;
use crate::support::tokens::{ACCOUNT, CANARY, ID};

/// A user without a name or a home.
pub(crate) const STRANGER: u32 = 54_321;

/// Two profiles, the first of which is the default.
pub(crate) fn config() -> String {
    let profile =
        |name| format!("[profiles.{name}]\ncredential = \"api_token\"\naccount = \"{ACCOUNT}\"\n");
    format!("# mine\n{}{}", profile("default"), profile("other"))
}

/// A directory that others may enter, with one inside it for the program's files.
pub(crate) fn place() -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    set_mode(dir.path(), 0o755);
    let home = dir.path().join("home");
    fs::create_dir(&home).unwrap();
    set_mode(&home, 0o700);
    put(&home.join("config.toml"), &config());
    (dir, home)
}

pub(crate) fn put(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    set_mode(path, 0o600);
}

pub(crate) fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn owner(path: &Path) -> (u32, u32) {
    let found = fs::symlink_metadata(path).unwrap();
    (found.uid(), found.gid())
}

/// Only root can become another user or mount something; other users skip such tests.
pub(crate) fn is_root() -> bool {
    let is_root = geteuid().is_root();
    if !is_root {
        std::io::stderr().write_all(b"skipped, not root\n").unwrap();
    }
    is_root
}

/// The words that run a command as a user without any rights.
pub(crate) fn as_user(uid: u32) -> Vec<String> {
    let id = |kind| format!("--{kind}={uid}");
    [
        "setpriv".to_owned(),
        id("reuid"),
        id("regid"),
        "--clear-groups".to_owned(),
    ]
    .into()
}

/// A command behind these words, with a complete credential in the environment.
pub(crate) fn through(before: &[String], fake: &Fake, arguments: &[&str]) -> Command {
    let mut words: Vec<&str> = before.iter().map(String::as_str).collect();
    words.push(BINARY);
    words.extend(arguments);
    let mut command = Command::new(words[0]);
    command
        .args(&words[1..])
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .env("XDG_RUNTIME_DIR", "/nonexistent")
        .env("CLOUDFLARE_BASE_URL", fake.url())
        .env("CLOUDFLARE_API_TOKEN", CANARY)
        .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT);
    command
}

/// The same on a terminal.
pub(crate) fn screens(
    before: &[String],
    fake: &Fake,
    home: (&str, &str),
    arguments: &[&str],
) -> Session {
    let command = through(before, fake, arguments);
    let mut on_terminal = CommandBuilder::new(command.get_program());
    on_terminal.args(command.get_args());
    on_terminal.cwd("/");
    let url = fake.url();
    let variables = [
        ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
        ("TOKENSCOPE_HOME", ""),
        ("CLOUDFLARE_BASE_URL", &url),
        ("CLOUDFLARE_API_TOKEN", CANARY),
        ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
        home,
    ];
    Session::spawn(on_terminal, &variables)
}

pub(crate) fn warnings(outcome: &Outcome) -> Vec<&str> {
    let lines = outcome.stderr.lines();
    lines.filter(|line| line.starts_with("warning: ")).collect()
}

// I01: homes that cannot be read.

/// Homes that a stranger cannot read: the variable, its value, the warning.
fn unreadable_homes(dir: &Path) -> Vec<(&'static str, PathBuf, &'static str)> {
    let locked = dir.join("locked");
    fs::create_dir(&locked).unwrap();
    put(&locked.join("config.toml"), "not even TOML");
    set_mode(&locked, 0o700);
    // It may be listed, but not entered.
    let listed = dir.join("listed");
    fs::create_dir(&listed).unwrap();
    put(&listed.join("config.toml"), "not even TOML");
    set_mode(&listed, 0o644);
    put(&dir.join("file"), "");
    let (dangling, circle) = (dir.join("dangling"), dir.join("circle"));
    symlink("nowhere", &dangling).unwrap();
    symlink("circle", &circle).unwrap();
    let long = dir.join("x".repeat(300));
    let mut all = vec![
        ("HOME", PathBuf::from("/dev/null"), "a file is where"),
        ("HOME", locked.clone(), "permission denied"),
        ("HOME", circle.clone(), "form a loop"),
        ("HOME", dangling.clone(), "is dangling"),
        ("XDG_CONFIG_HOME", locked.clone(), "permission denied"),
    ];
    for (path, said) in [
        (PathBuf::from("/dev/null"), "a file is where"),
        (dir.join("file"), "a file is where"),
        (dir.join("file/below"), "a file is where"),
        (locked, "permission denied"),
        (listed, "permission denied"),
        (circle, "form a loop"),
        (dangling.join("below"), "is dangling"),
        (dangling, "is dangling"),
        (long, "cannot be entered"),
    ] {
        all.push(("TOKENSCOPE_HOME", path, said));
    }
    all
}

#[test]
fn i01_an_inaccessible_home_is_treated_as_empty() {
    if !is_root() {
        return;
    }
    let (fake, stranger) = (api(), as_user(STRANGER));
    let (dir, _) = place();
    for (variable, path, said) in unreadable_homes(dir.path()) {
        for arguments in [
            &["check"][..],
            &["get", ID],
            &["list", "-o", "json"],
            &["auth", "status"],
            &["profile", "list"],
        ] {
            let mut command = through(&stranger, &fake, arguments);
            if variable != "TOKENSCOPE_HOME" {
                command.env("HOME", "/nonexistent");
            }
            let outcome = run(command.env(variable, &path));
            let case = format!("{variable}={} {arguments:?}", path.display());
            assert_eq!(outcome.code, Some(0), "{case}: {}", outcome.stderr);
            let warned = warnings(&outcome);
            assert_eq!(warned.len(), 1, "{case}: {}", outcome.stderr);
            assert!(warned[0].contains(said), "{case}: {}", outcome.stderr);
            assert!(
                !warned[0].contains("permission denied (os"),
                "{case}: {}",
                warned[0]
            );
        }
        // Without a credential in the environment either, the error says that.
        for (arguments, code) in [
            (&["get", ID, "-o", "json"][..], 1),
            (&["check", "-o", "json"], 3),
        ] {
            let mut command = through(&stranger, &fake, arguments);
            command
                .env("HOME", "/nonexistent")
                .env_remove("CLOUDFLARE_API_TOKEN");
            let outcome = run(command.env(variable, &path));
            assert_eq!(outcome.code, Some(code), "{}", outcome.stdout);
            assert_eq!(
                outcome.json()["error"]["kind"],
                "no_credential",
                "{}",
                outcome.stdout
            );
            assert_eq!(warnings(&outcome).len(), 1, "{}", outcome.stderr);
        }
        // A change is refused with an explanation.
        let mut command = through(&stranger, &fake, &["profile", "use", "default"]);
        command.env("HOME", "/nonexistent");
        let outcome = run(command.env(variable, &path));
        assert_eq!(outcome.code, Some(64), "{}", outcome.stderr);
        let mut session = screens(&stranger, &fake, (variable, path.to_str().unwrap()), &[ID]);
        session.wait_for("NEVER EXPIRES");
        session.type_keys("q");
        let (status, stream) = session.end();
        assert_eq!(
            status.exit_code(),
            0,
            "{variable} {}: {stream}",
            path.display()
        );
    }
}

#[test]
fn i01_a_user_without_a_home_has_no_files() {
    if !is_root() {
        return;
    }
    let (fake, stranger) = (api(), as_user(STRANGER));
    for arguments in [
        &["check"][..],
        &["get", ID, "--log", "info"],
        &["list"],
        &["auth", "status"],
    ] {
        let outcome = run(&mut through(&stranger, &fake, arguments));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert_eq!(warnings(&outcome).len(), 1, "{}", outcome.stderr);
        assert_contains(&outcome.stderr, "No home directory");
    }
    let mut command = through(&stranger, &fake, &["profile", "use", "default"]);
    let outcome = run(command.env_remove("CLOUDFLARE_API_TOKEN"));
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("Set HOME"), "{}", outcome.stderr);
}

#[test]
fn i01_a_log_without_a_directory_is_a_warning() {
    if !is_root() {
        return;
    }
    let (fake, stranger) = (api(), as_user(STRANGER));
    let mut command = through(&stranger, &fake, &["check"]);
    command
        .env("HOME", "/dev/null")
        .env("TOKENSCOPE_LOG", "info");
    let outcome = run(&mut command);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(warnings(&outcome).len(), 2, "{}", outcome.stderr);
}

#[test]
fn i01_an_existing_file_that_cannot_be_read_is_an_error() {
    if !is_root() {
        return;
    }
    let (fake, stranger) = (api(), as_user(STRANGER));
    let (_dir, home) = place();
    set_mode(&home, 0o755);
    let mut command = through(&stranger, &fake, &["get", ID, "-o", "json"]);
    let outcome = run(command.env("TOKENSCOPE_HOME", &home));
    let words = outcome.is_error("config", 1);
    assert_contains(&words, "config.toml cannot be read: permission denied");
}

// I02: owners of files.

#[test]
fn i02_root_leaves_the_files_of_a_user_to_that_user() {
    if !is_root() {
        return;
    }
    let fake = api();
    for (uid, gid) in [(1000, 1000), (1000, 1234), (STRANGER, 7)] {
        let (dir, home) = place();
        for path in [dir.path(), &home, &home.join("config.toml")] {
            chown(path, Some(uid), Some(gid)).unwrap();
        }
        let run_here = |arguments: &[&str]| {
            let mut command = profiled(&fake, &home, arguments);
            command.env("CLOUDFLARE_API_TOKEN", CANARY);
            let outcome = run(&mut command);
            assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        };
        run_here(&["profile", "use", "other", "--log", "info"]);
        assert!(text(&home.join("config.toml")).contains("default_profile = \"other\""));
        let path = home.to_str().unwrap();
        let mut session = screens(&[], &fake, ("TOKENSCOPE_HOME", path), &[ID]);
        session.wait_for("NEVER EXPIRES");
        session.quit();
        for name in [
            "config.toml",
            "state.json",
            "tokenscope.lock",
            "tokenscope.log",
        ] {
            assert_eq!(owner(&home.join(name)), (uid, gid), "{name}");
            assert_eq!(mode(&home.join(name)), 0o600, "{name}");
        }
        // New folders belong to the owner of the nearest existing one.
        let below = home.join("new/and newer");
        let mut command = profiled(&fake, &below, &["get", ID, "--log", "info"]);
        command
            .env("CLOUDFLARE_API_TOKEN", CANARY)
            .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT);
        assert_eq!(run(&mut command).code, Some(0));
        for path in [
            home.join("new"),
            below.clone(),
            below.join("tokenscope.log"),
        ] {
            assert_eq!(owner(&path), (uid, gid), "{}", path.display());
        }
        assert_eq!(mode(&below), 0o700);
        // A lock that an older version left to root locks nobody out.
        chown(home.join("tokenscope.lock"), Some(0), Some(0)).unwrap();
        let mut command = through(&as_user(uid), &fake, &["profile", "use", "default"]);
        let outcome = run(command.env("TOKENSCOPE_HOME", &home));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        run_here(&["profile", "use", "other"]);
        // A file that root put there on purpose stays root's.
        chown(home.join("config.toml"), Some(0), Some(0)).unwrap();
        run_here(&["profile", "use", "default"]);
        assert_eq!(owner(&home.join("config.toml")), (0, 0));
    }
}

// I03: files that are mount points.

/// Mounts the file over the one in the home, and runs the command.
const MOUNTED: &str = r#"
    mount --bind "$SEED" "$TOKENSCOPE_HOME/config.toml" || exit 99
    exec "$@""#;

/// The same in a folder where nothing can be created.
const MOUNTED_IN_A_PROTECTED_FOLDER: &str = r#"
    mount --bind "$SEED" "$TOKENSCOPE_HOME/config.toml" && chmod 500 "$TOKENSCOPE_HOME" || exit 99
    setpriv --bounding-set=-dac_override,-dac_read_search "$@"; code=$?
    chmod 700 "$TOKENSCOPE_HOME"
    exit $code"#;

/// The same on a read-only disk.
const MOUNTED_ON_A_READ_ONLY_DISK: &str = r#"
    mount --bind "$TOKENSCOPE_HOME" "$TOKENSCOPE_HOME" || exit 99
    mount --bind "$SEED" "$TOKENSCOPE_HOME/config.toml" || exit 99
    mount -o remount,bind,ro "$TOKENSCOPE_HOME" || exit 99
    exec "$@""#;

/// The same on a disk of one page, which the file fills.
const MOUNTED_FROM_A_FULL_DISK: &str = r#"
    mkdir "$SEED.d" && mount -t tmpfs -o size=4k none "$SEED.d" || exit 99
    cp "$SEED" "$SEED.d/file" && mount --bind "$SEED.d/file" "$TOKENSCOPE_HOME/config.toml" || exit 99
    "$@"; code=$?
    cp "$SEED.d/file" "$SEED"
    exit $code"#;

fn mounted(script: &str, fake: &Fake, home: &Path, seed: &Path, arguments: &[&str]) -> Outcome {
    let before = ["unshare", "-m", "sh", "-c", script, "sh"].map(str::to_owned);
    let mut command = through(&before, fake, arguments);
    run(command.env("SEED", seed).env("TOKENSCOPE_HOME", home))
}

fn assert_no_partial_files(home: &Path) {
    for entry in fs::read_dir(home).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.starts_with(".tokenscope-"), "left behind: {name}");
    }
}

#[test]
fn i03_a_file_that_is_a_mount_point_is_written_in_place() {
    let fake = api();
    for script in [
        MOUNTED,
        MOUNTED_IN_A_PROTECTED_FOLDER,
        MOUNTED_ON_A_READ_ONLY_DISK,
    ] {
        let (dir, home) = place();
        let seed = dir.path().join("seed");
        put(&seed, &config());
        let change = |arguments: &[&str]| mounted(script, &fake, &home, &seed, arguments);
        if !is_root() || change(&["profile", "list"]).code == Some(99) {
            continue;
        }
        let inode = fs::metadata(&seed).unwrap().ino();
        // Longer, then shorter.
        for (arguments, kept) in [
            (["profile", "use", "other"], "default_profile = \"other\""),
            (
                ["profile", "use", "default"],
                "default_profile = \"default\"",
            ),
        ] {
            let outcome = change(&arguments);
            assert_eq!(outcome.code, Some(0), "{script}: {}", outcome.stderr);
            let now = text(&seed);
            for kept in ["# mine\n", "[profiles.default]", "[profiles.other]", kept] {
                assert_eq!(now.matches(kept).count(), 1, "{script} {kept}: {now}");
            }
        }
        assert_eq!(change(&["profile", "list"]).code, Some(0));
        assert_eq!(fs::metadata(&seed).unwrap().ino(), inode);
        let below = text(&home.join("config.toml"));
        assert_eq!(below, config(), "the one below the mount");
        assert_no_partial_files(&home);
    }
}

#[test]
fn i03_a_mounted_file_is_restored_if_the_new_text_does_not_fit() {
    let fake = api();
    let (dir, home) = place();
    let seed = dir.path().join("seed");
    let script = MOUNTED_FROM_A_FULL_DISK;
    let full = format!(
        "{}{}",
        "#".repeat(4096 - 1 - config().len()) + "\n",
        config()
    );
    put(&seed, &full);
    if !is_root() {
        return;
    }
    let outcome = mounted(script, &fake, &home, &seed, &["profile", "use", "other"]);
    if outcome.code == Some(99) {
        return;
    }
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert_contains(&outcome.stderr, "the disk is full");
    assert_eq!(text(&seed), full);
    assert_no_partial_files(&home);
}

// I04: file systems without locks.

#[test]
fn i04_files_can_be_changed_on_file_systems_without_locks() {
    let (dir, home) = place();
    let library = dir.path().join("flock.so");
    let source = "#include <errno.h>\n#include <stdlib.h>\n\
                  int flock(int fd, int how) { (void)fd; (void)how; errno = atoi(getenv(\"FLOCK\")); return -1; }\n";
    put(&dir.path().join("flock.c"), source);
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &dir.path().join("flock.c")])
        .status();
    if !compiled.is_ok_and(|status| status.success()) {
        std::io::stderr()
            .write_all(b"skipped, no C compiler\n")
            .unwrap();
        return;
    }
    let fake = api();
    let using = |errno: Errno, name| {
        let mut command = profiled(&fake, &home, &["profile", "use", name]);
        command
            .env("LD_PRELOAD", &library)
            .env("FLOCK", errno.raw_os_error().to_string());
        run(&mut command)
    };
    let names = ["other", "default"].into_iter().cycle();
    for (errno, name) in [
        Errno::NOLCK,
        Errno::NOSYS,
        Errno::NOTSUP,
        Errno::OPNOTSUPP,
        Errno::INVAL,
        Errno::NOTTY,
        Errno::PERM,
        Errno::ACCESS,
        Errno::BADF,
        Errno::IO,
        Errno::PROTONOSUPPORT,
        Errno::STALE,
    ]
    .into_iter()
    .zip(names)
    {
        let outcome = using(errno, name);
        assert_eq!(outcome.code, Some(0), "{errno:?}: {}", outcome.stderr);
        let now = text(&home.join("config.toml"));
        assert!(
            now.contains(&format!("default_profile = \"{name}\"")),
            "{errno:?}: {now}"
        );
    }
    // A lock held by another process still fails.
    let before = text(&home.join("config.toml"));
    let outcome = using(Errno::WOULDBLOCK, "other");
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert_contains(&outcome.stderr, "Another program has locked");
    assert_eq!(text(&home.join("config.toml")), before);
}
