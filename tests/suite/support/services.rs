//! Homes with profiles, and buses that are slow or silent.

#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::api::{Fake, Outcome, Reply, home, http, run, run_with_input, success, token};
use crate::support::binary::BINARY;
use crate::support::keyring as dbus;
use crate::support::terminal::Session;
use crate::support::tokens::{ACCOUNT, CANARY, ID};

/// A fake API with one token, alone and in the list.
pub(crate) fn api() -> Fake {
    Fake::start(|head, _| {
        let one = token(r#""name":"CI","duration":"forever""#);
        let result = if head.contains(ID) {
            one
        } else {
            format!("[{one}]")
        };
        Reply::Bytes(http(200, &[], success(&result)))
    })
}

/// Writes a configuration whose default profile has its secret in the keyring.
pub(crate) fn with_profile(home: &Path) {
    let text = format!("[profiles.default]\ncredential = \"api_token\"\naccount = \"{ACCOUNT}\"\n");
    std::fs::write(home.join("config.toml"), text).unwrap();
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(home.join("config.toml"), private).unwrap();
}

pub(crate) fn add_to_config(home: &Path, more: &str) {
    let path = home.join("config.toml");
    let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(more.as_bytes()).unwrap();
}

/// A directory whose `bus` accepts connections and never answers, and their number.
pub(crate) struct SilentBus {
    dir: tempfile::TempDir,
    pub(crate) connections: Arc<AtomicUsize>,
}

impl SilentBus {
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(dir.path().join("bus")).unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        std::thread::spawn(move || {
            let mut kept = Vec::new();
            for stream in listener.incoming().map_while(Result::ok) {
                count.fetch_add(1, Ordering::SeqCst);
                kept.push(stream);
            }
        });
        Self { dir, connections }
    }

    pub(crate) fn address(&self) -> String {
        format!("unix:path={}", self.dir.path().join("bus").display())
    }
}

/// How a bus delays the answers of the real one.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// Every answer by this much.
    Each(Duration),
    /// All answers until a connection is this old.
    NotBefore(Duration),
}

/// A bus in front of another that delays its answers.
pub(crate) struct SlowBus {
    pub(crate) dir: tempfile::TempDir,
}

impl SlowBus {
    pub(crate) fn before(desktop: &dbus::Session, pace: Pace) -> Self {
        let real = desktop.socket();
        let dir = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(dir.path().join("bus")).unwrap();
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let far = UnixStream::connect(&real).unwrap();
                let (near_too, far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
                std::thread::spawn(move || pass(near, far, Pace::Each(Duration::ZERO)));
                std::thread::spawn(move || pass(far_too, near_too, pace));
            }
        });
        Self { dir }
    }

    pub(crate) fn address(&self) -> String {
        format!("unix:path={}", self.dir.path().join("bus").display())
    }
}

fn pass(mut from: UnixStream, mut to: UnixStream, pace: Pace) {
    let began = Instant::now();
    let mut buffer = [0; 8192];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        std::thread::sleep(match pace {
            Pace::Each(pause) => pause,
            Pace::NotBefore(age) => age.saturating_sub(began.elapsed()),
        });
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _gone = to.shutdown(std::net::Shutdown::Both);
}

/// Binds the profiles of a home to a fake, as storing their secrets there would have done.
pub(crate) fn bind(home: &Path, fake: &Fake) {
    let path = home.join("config.toml");
    // Reading a pipe would block.
    if !path.is_file() {
        return;
    }
    let Ok(text) = std::fs::read_to_string(&path) else {
        return;
    };
    if text.contains("base_url") {
        return;
    }
    let mut bound = String::new();
    for line in text.split_inclusive('\n') {
        bound.push_str(line);
        if line.starts_with("[profiles.") {
            bound.extend(["base_url = \"", &fake.url(), "\"\n"]);
        }
    }
    std::fs::write(&path, bound).unwrap();
}

/// A command for a profile, without a credential in the environment.
pub(crate) fn profiled(fake: &Fake, home: &Path, arguments: &[&str]) -> Command {
    bind(home, fake);
    fake.binary(arguments).home(home).command()
}

/// The same in a private session.
pub(crate) fn in_session(
    desktop: &dbus::Session,
    fake: &Fake,
    home: &Path,
    arguments: &[&str],
) -> Command {
    bind(home, fake);
    let mut command = desktop.command(BINARY);
    command
        .args(arguments)
        .env("TOKENSCOPE_HOME", home)
        .env("CLOUDFLARE_BASE_URL", fake.url())
        .stdin(std::process::Stdio::null());
    command
}

/// The screens in a private session with this home.
pub(crate) fn screens_in(
    desktop: &dbus::Session,
    fake: &Fake,
    home: &Path,
    arguments: &[&str],
) -> Session {
    bind(home, fake);
    fake.binary(arguments).on(desktop).home(home).on_terminal()
}

/// A private session with a keyring, a fake API, and a home.
pub(crate) struct Host {
    pub(crate) desktop: dbus::Session,
    pub(crate) fake: Fake,
    pub(crate) home: tempfile::TempDir,
}

impl Host {
    /// `None` if the programs for a session are not installed.
    pub(crate) fn start(keyring: dbus::Keyring) -> Option<Self> {
        Some(Self {
            desktop: dbus::Session::start(keyring)?,
            fake: api(),
            home: home(),
        })
    }

    pub(crate) fn unlocked() -> Option<Self> {
        Self::start(dbus::Keyring::Unlocked)
    }

    /// An unlocked one, whose default profile has its secret in the keyring.
    pub(crate) fn profiled() -> Option<Self> {
        let host = Self::unlocked()?;
        with_profile(host.path());
        Some(host)
    }

    /// Stores the secret of the default profile without the program.
    pub(crate) fn store(&self) {
        let secret = CANARY.as_bytes();
        self.desktop.store_directly("default", "by hand", secret);
    }

    pub(crate) fn path(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        in_session(&self.desktop, &self.fake, self.path(), arguments)
    }

    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        run(&mut self.command(arguments))
    }

    /// Runs a command with the secret on its stdin.
    #[track_caller]
    pub(crate) fn run_with_secret(&self, arguments: &[&str]) -> Outcome {
        run_with_input(&mut self.command(arguments), CANARY.as_bytes())
    }

    pub(crate) fn screens(&self, arguments: &[&str]) -> Session {
        screens_in(&self.desktop, &self.fake, self.path(), arguments)
    }
}
