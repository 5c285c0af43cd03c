//! Full and read-only disks, made with mounts.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use portable_pty::CommandBuilder;
use rustix::process::geteuid;
use tempfile::TempDir;

use crate::support::api::{Fake, home, run, token};
use crate::support::assertions::assert_contains;
use crate::support::binary::BINARY;
use crate::support::terminal::Session;
use crate::support::tokens::{ACCOUNT, CANARY, ID};

/// Why the home cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disk {
    /// No file may grow (`EFBIG`).
    Limited,
    /// A file system without free blocks (`ENOSPC`).
    Full,
    /// A file system that is mounted read-only (`EROFS`).
    ReadOnly,
    /// A folder without write permission (`EACCES`), for a user other than root.
    Protected,
}

/// Copies the seed to a file system of one page, which it fills, and back when the program has
/// ended.
const FULL: &str = r#"
    mount -t tmpfs -o size=4k none "$TOKENSCOPE_HOME" || exit 99
    cp -p "$SEED"/* "$TOKENSCOPE_HOME"
    "$@"; code=$?
    rm "$SEED"/* && cp -pR "$TOKENSCOPE_HOME"/. "$SEED"
    exit $code"#;

const READ_ONLY: &str = r#"
    mount --bind -o ro "$SEED" "$TOKENSCOPE_HOME" || exit 99
    exec "$@""#;

/// The directories of the tools in the scripts.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// Root may write anywhere, except without these capabilities.
const WITHOUT_CAPABILITIES: [&str; 2] =
    ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];

impl Disk {
    fn before(self) -> Vec<&'static str> {
        let unshare = ["unshare", if geteuid().is_root() { "-m" } else { "-rm" }];
        let shell = |script| vec!["sh", "-c", script, "sh"];
        match self {
            Self::Limited => shell("trap '' XFSZ; ulimit -f 0; exec \"$@\""),
            Self::Full => [&unshare[..], &shell(FULL)].concat(),
            Self::ReadOnly => [&unshare[..], &shell(READ_ONLY)].concat(),
            Self::Protected if geteuid().is_root() => WITHOUT_CAPABILITIES.to_vec(),
            Self::Protected => Vec::new(),
        }
    }

    /// The explanation in the message to the user.
    fn reason(self) -> &'static str {
        match self {
            Self::Limited => "it would exceed the limit on file sizes",
            Self::Full => "the disk is full",
            Self::ReadOnly => "its file system is read-only",
            Self::Protected => "permission denied",
        }
    }

    /// Whether this process may create such a disk: containers may forbid it.
    fn can_be_made(self, disk_home: &DiskHome) -> bool {
        let mut words = self.before();
        words.push("true");
        let made = disk_home.command(&words).stderr(Stdio::null()).status();
        let can = made.is_ok_and(|status| status.success());
        if !can {
            // Written straight to the descriptor, which the harness does not capture.
            let line = format!("skipped, no {self:?} disk can be made here\n");
            std::io::stderr().write_all(line.as_bytes()).unwrap();
        }
        can
    }
}

/// A home that contains a configuration.
struct DiskHome {
    dir: TempDir,
    disk: Disk,
}

impl DiskHome {
    fn on(disk: Disk) -> Self {
        let dir = home();
        for name in ["home", "seed"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let disk_home = Self { dir, disk };
        fs::write(disk_home.seed().join("config.toml"), config()).unwrap();
        let mode = if disk == Disk::Protected {
            0o500
        } else {
            0o700
        };
        fs::set_permissions(disk_home.seed(), fs::Permissions::from_mode(mode)).unwrap();
        disk_home
    }

    /// The folder with the files before and after the run.
    fn seed(&self) -> PathBuf {
        self.dir.path().join("seed")
    }

    /// The home as the program sees it.
    fn home(&self) -> PathBuf {
        match self.disk {
            Disk::Limited | Disk::Protected => self.seed(),
            Disk::Full | Disk::ReadOnly => self.dir.path().join("home"),
        }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(words[0]);
        command
            .args(&words[1..])
            .env("PATH", PATH)
            .env("SEED", self.seed())
            .env("TOKENSCOPE_HOME", self.home())
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        command
    }

    fn tokenscope(&self, fake: &Fake, arguments: &[&str]) -> Command {
        let mut words = self.disk.before();
        words.push(BINARY);
        words.extend(arguments);
        let mut command = self.command(&words);
        command.env("CLOUDFLARE_BASE_URL", fake.url());
        command
    }

    fn screens(&self, fake: &Fake, arguments: &[&str]) -> Session {
        let mut words = self.disk.before();
        words.push(BINARY);
        words.extend(arguments);
        let mut command = CommandBuilder::new(words[0]);
        command.args(&words[1..]);
        let (url, seed, home) = (fake.url(), self.seed(), self.home());
        Session::spawn(
            command,
            &[
                ("PATH", PATH),
                ("SEED", seed.to_str().unwrap()),
                ("TOKENSCOPE_HOME", home.to_str().unwrap()),
                ("CLOUDFLARE_BASE_URL", &url),
                ("CLOUDFLARE_API_TOKEN", CANARY),
            ],
        )
    }

    /// Asserts that the configuration is unchanged, without a partial file beside it.
    #[track_caller]
    fn assert_unchanged(&self) {
        let kept = fs::read_to_string(self.seed().join("config.toml")).unwrap();
        assert_eq!(kept, config(), "{:?}", self.disk);
        for entry in fs::read_dir(self.seed()).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(
                !name.starts_with(".tokenscope-"),
                "{:?}: a half-written {name}",
                self.disk
            );
        }
    }
}

/// A configuration of one page, which fills a disk of one page.
fn config() -> String {
    let profile =
        |name| format!("[profiles.{name}]\ncredential = \"api_token\"\naccount = \"{ACCOUNT}\"\n");
    let comment = "# mine\n".repeat(550);
    format!("{comment}{}{}", profile("default"), profile("other"))
}

#[test]
fn on_an_unwritable_disk_lookups_work_and_changes_are_refused() {
    let fake = Fake::with_result(&token(r#""duration":"forever""#));
    for disk in [Disk::Limited, Disk::Full, Disk::ReadOnly, Disk::Protected] {
        let disk_home = DiskHome::on(disk);
        if !disk.can_be_made(&disk_home) {
            continue;
        }
        let mut command = disk_home.tokenscope(&fake, &["get", ID]);
        let outcome = run(command.env("CLOUDFLARE_API_TOKEN", CANARY));
        assert_eq!(outcome.code, Some(0), "{disk:?}: {}", outcome.stderr);
        assert_contains(&outcome.stdout, "never_expires");
        assert_eq!(outcome.stderr, "", "{disk:?}");

        let outcome = run(&mut disk_home.tokenscope(&fake, &["profile", "use", "other"]));
        assert_eq!(outcome.code, Some(1), "{disk:?}: {}", outcome.stdout);
        for said in [disk_home.home().to_str().unwrap(), disk.reason()] {
            assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
        }
        let (plain, _) = outcome.stderr.split_once("details:").unwrap();
        assert!(!plain.contains("os error"), "{plain}");

        let mut session = disk_home.screens(&fake, &[ID]).showing("NEVER EXPIRES");
        session.wait_for("Look-ups are not remembered");
        let asked = fake.heads().len();
        session.type_keys("r");
        session.wait_until("a refresh", |_| fake.heads().len() > asked);
        session.type_keys("q");
        let (status, stream) = session.end();
        assert_eq!(status.exit_code(), 0, "{disk:?}: {stream}");
        disk_home.assert_unchanged();
    }
}

#[test]
fn a_log_on_a_full_disk_loses_only_its_lines() {
    let fake = Fake::with_result(&token(r#""duration":"forever""#));
    for disk in [Disk::Limited, Disk::Full] {
        let disk_home = DiskHome::on(disk);
        if !disk.can_be_made(&disk_home) {
            continue;
        }
        let mut command = disk_home.tokenscope(&fake, &["get", ID, "--log", "trace"]);
        let outcome = run(command.env("CLOUDFLARE_API_TOKEN", CANARY));
        assert_eq!(outcome.code, Some(0), "{disk:?}: {}", outcome.stderr);
        let said = format!(
            "warning: tokenscope.log could not be written: {}\n",
            disk.reason()
        );
        assert_eq!(outcome.stderr, said, "once, however many lines are lost");
        let mut session = disk_home.screens(&fake, &[ID, "--log", "trace"]);
        session.wait_for("NEVER EXPIRES");
        session.type_keys("q");
        let (status, stream) = session.end();
        assert_eq!(status.exit_code(), 0, "{disk:?}");
        assert!(!stream.contains("Unable to write"), "{stream}");
        let (screens, after) = stream.split_once("\u{1b}[?1049l").unwrap();
        assert!(!screens.contains("could not be written"), "{screens}");
        assert!(after.contains(said.trim_end()), "{after}");
        disk_home.assert_unchanged();
    }
}

#[test]
fn a_list_that_does_not_fit_on_the_disk_is_not_written() {
    let fake = Fake::with_result(&format!(
        "[{}]",
        token(r#""duration":"forever","name":"only""#)
    ));
    for disk in [Disk::Limited, Disk::Full] {
        let disk_home = DiskHome::on(disk);
        if !disk.can_be_made(&disk_home) {
            continue;
        }
        let mut session = disk_home.screens(&fake, &[]).showing("1 known");
        session.type_until("\x1bOQ", "1 token");
        session.type_until("w", "CSV or JSON");
        let path = disk_home.home().join("tokens.csv");
        session.type_keys("\x15");
        session.type_keys(path.to_str().unwrap());
        session.type_until("\r", "cannot be written");
        // The sentence wraps.
        let last = disk.reason().rsplit(' ').next().unwrap();
        session.wait_for(&format!("{last}."));
        session.type_keys("\x03");
        session.end();
        disk_home.assert_unchanged();
        assert!(!disk_home.seed().join("tokens.csv").exists(), "{disk:?}");
    }
}
