//! A private D-Bus session with a real or faulty keyring service, for one test.
//!
//! The machine's own session and keyring are never touched: every program gets the private bus's
//! address and private directories. Everything ends when the [`Session`] is dropped.
#![cfg(target_os = "linux")]

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Far longer than anything here takes, so that a fault fails instead of hanging.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);

/// Variables that would leak the developer's environment.
const FOREIGN: [&str; 19] = [
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "GNOME_KEYRING_CONTROL",
    "SSH_AUTH_SOCK",
    "TOKENSCOPE_HOME",
    "TOKENSCOPE_LOG",
    "CLOUDFLARE_API_TOKEN",
    "CLOUDFLARE_API_TOKEN_FILE",
    "CLOUDFLARE_API_KEY",
    "CLOUDFLARE_EMAIL",
    "CLOUDFLARE_ACCOUNT_ID",
    "CLOUDFLARE_ZONE_ID",
    "CLOUDFLARE_BASE_URL",
    "CLOUDFLARE_API_BASE_URL",
    "CF_API_TOKEN",
    "CF_API_KEY",
    "CF_API_EMAIL",
    "CF_EMAIL",
    "CF_ACCOUNT_ID",
];

/// The keyring of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyring {
    /// A service with an unlocked login collection.
    Unlocked,
    /// A bus without a service.
    NoService,
    /// A service that the bus starts on demand, without a collection: a server over SSH.
    NeverUnlocked,
}

pub(crate) struct Session {
    dir: TempDir,
    bus: Child,
    daemon: Mutex<Option<Child>>,
}

impl Session {
    /// Starts a session. `None`, with a message, if the programs for it are not installed; with
    /// `TOKENSCOPE_REQUIRE_KEYRING=1` that is a failure.
    pub(crate) fn start(keyring: Keyring) -> Option<Self> {
        if !is_installed() {
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        for name in ["home", "data", "config", "cache", "state", "run"] {
            private_dir(&dir.path().join(name));
        }
        let services = match keyring {
            Keyring::NeverUnlocked => "<standard_session_servicedirs/>",
            Keyring::Unlocked | Keyring::NoService => "",
        };
        let config = dir.path().join("bus.conf");
        write(&config, &bus_config(&dir.path().join("bus"), services));
        let mut bus = command(dir.path(), "dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--print-address=1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The address is printed once the bus listens.
        let mut address = String::new();
        BufReader::new(bus.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        let session = Self {
            dir,
            bus,
            daemon: Mutex::default(),
        };
        if keyring == Keyring::Unlocked {
            session.start_keyring(Some("password"));
        }
        Some(session)
    }

    /// The bus's socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("bus")
    }

    /// A program in this session, without a display.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        command(self.dir.path(), program)
    }

    /// Runs `secret-tool` with this text on its stdin.
    pub(crate) fn secret_tool(&self, arguments: &[&str], stdin: &[u8]) -> Output {
        let mut child = self
            .command("secret-tool")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that does not read its stdin may have exited.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        child.wait_with_output().unwrap()
    }

    /// The secret that `secret-tool` finds for a profile.
    pub(crate) fn look_up(&self, profile: &str) -> Option<String> {
        let arguments = ["lookup", "service", "tokenscope", "username", profile];
        let output = self.secret_tool(&arguments, b"");
        let text = String::from_utf8(output.stdout).unwrap();
        output.status.success().then_some(text)
    }

    /// Stores an entry for a profile without the program, with an extra attribute so that it does
    /// not replace another.
    pub(crate) fn store_directly(&self, profile: &str, extra: &str, secret: &[u8]) {
        let arguments = [
            "store",
            "--label=beside",
            "service",
            "tokenscope",
            "username",
            profile,
            "extra",
            extra,
        ];
        let output = self.secret_tool(&arguments, secret);
        assert!(output.status.success(), "{output:?}");
    }

    /// Restarts the keyring service with the same files.
    pub(crate) fn restart_keyring(&self) {
        self.stop_keyring();
        self.start_keyring(Some("password"));
    }

    /// Restarts the keyring service without unlocking it.
    pub(crate) fn lock_keyring(&self) {
        self.stop_keyring();
        self.start_keyring(None);
    }

    fn start_keyring(&self, password: Option<&str>) {
        let mut daemon = self.command("gnome-keyring-daemon");
        daemon.args(["--foreground", "--components=secrets"]);
        if password.is_some() {
            daemon.arg("--unlock");
        }
        let mut daemon = daemon
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = daemon.stdin.take().unwrap();
        stdin
            .write_all(password.unwrap_or_default().as_bytes())
            .unwrap();
        drop(stdin);
        *self.daemon.lock().unwrap() = Some(daemon);
        // Searches fail until the service has its name on the bus.
        eventually("the keyring service answers", || {
            let output = self.secret_tool(&["search", "probe", "none"], b"");
            output.status.success()
                && !String::from_utf8_lossy(&output.stderr).contains("not provided")
        });
    }

    fn stop_keyring(&self) {
        if let Some(mut daemon) = self.daemon.lock().unwrap().take() {
            end(&mut daemon);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stop_keyring();
        end(&mut self.bus);
    }
}

/// A session with an unlocked keyring, if the programs for it are installed.
pub(crate) fn unlocked() -> Option<Session> {
    Session::start(Keyring::Unlocked)
}

/// Waits for a condition, and fails with its description if that takes too long.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + TIMEOUT;
    while !is_so() {
        assert!(Instant::now() < deadline, "not within {TIMEOUT:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A program with the private directories of `dir` and the bus that listens there, if any.
pub(crate) fn command(dir: &Path, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for variable in FOREIGN {
        command.env_remove(variable);
    }
    command
        .env("HOME", dir.join("home"))
        .env("XDG_DATA_HOME", dir.join("data"))
        .env("XDG_CONFIG_HOME", dir.join("config"))
        .env("XDG_CACHE_HOME", dir.join("cache"))
        .env("XDG_STATE_HOME", dir.join("state"))
        .env("XDG_RUNTIME_DIR", dir.join("run"))
        .env(
            "DBUS_SESSION_BUS_ADDRESS",
            format!("unix:path={}", dir.join("bus").display()),
        );
    command
}

fn is_installed() -> bool {
    let missing: Vec<&str> = ["dbus-daemon", "gnome-keyring-daemon", "secret-tool"]
        .into_iter()
        .filter(|program| find_program(program).is_none())
        .collect();
    if missing.is_empty() {
        return true;
    }
    let required = variable("TOKENSCOPE_REQUIRE_KEYRING").is_some_and(|value| value == "1");
    assert!(!required, "not installed: {}", missing.join(", "));
    // Straight to the descriptor: the test harness would hide a `println!` of a passing test.
    let line = format!("skipped, not installed: {}\n", missing.join(", "));
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    false
}

fn find_program(name: &str) -> Option<PathBuf> {
    let path = variable("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|program| program.is_file())
}

pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn bus_config(socket: &Path, services: &str) -> String {
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={}</listen>
  <auth>EXTERNAL</auth>
  {services}
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#,
        socket.display()
    )
}

fn private_dir(path: &Path) {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(path).unwrap();
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}
