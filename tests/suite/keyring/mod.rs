//! A real OS keyring: a Secret Service in a private D-Bus session.
//!
//! The library finds the session bus through an environment variable, which a test cannot change in
//! its own process. So [`Remote`] runs this test binary again inside the session, where one test,
//! [`remote_end`], answers requests line by line.

#![cfg(target_os = "linux")]

mod processes;
mod prompts;
pub(crate) mod states;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use keyring_core::api::CredentialStoreApi;
use tokenscope::credentials::{
    CredentialStore, Keyring as OsKeyring, PromptTracker, StoreError, StoreHandle,
};
use tokenscope::domain::credential::Secret;
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::profile::PROBE_USER;

use crate::support::keyring::{self as dbus, Keyring, Session, TIMEOUT, unlocked};

/// Selects the role of the remote end.
const REMOTE: &str = "TOKENSCOPE_SUITE_KEYRING_REMOTE";
/// Marks an answer among the output of the test harness.
const MARK: &str = "=> ";

/// A keyring in another process.
pub(crate) struct Remote {
    process: Child,
    requests: Option<ChildStdin>,
    answers: Receiver<String>,
}

impl Remote {
    pub(crate) fn start(session: &Session) -> Self {
        Self::spawn(session.command(std::env::current_exe().unwrap()))
    }

    fn spawn(mut command: Command) -> Self {
        let mut process = command
            .args(["keyring::remote_end", "--exact", "--nocapture"])
            .env(REMOTE, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, answers) = mpsc::channel();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if let Some(answer) = line.strip_prefix(MARK) {
                    let _ = sender.send(answer.to_owned());
                }
            }
        });
        Self {
            requests: process.stdin.take(),
            process,
            answers,
        }
    }

    /// The answer in its `Debug` form, secrets in plain text.
    pub(crate) fn ask(&mut self, request: &str) -> String {
        let requests = self.requests.as_mut().unwrap();
        writeln!(requests, "{request}").unwrap();
        self.answers.recv_timeout(TIMEOUT).unwrap()
    }

    /// Ends the requests, and returns how long the process took to exit.
    fn finish(&mut self) -> Duration {
        self.requests = None;
        let began = Instant::now();
        dbus::eventually("the remote end exits", || {
            self.process.try_wait().unwrap().is_some()
        });
        began.elapsed()
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The other end of [`Remote`]; does nothing in an ordinary run of the suite.
#[test]
fn remote_end() {
    if dbus::variable(REMOTE).is_none() {
        return;
    }
    let mut keyring = OsKeyring::new(PromptTracker::default());
    for line in io::stdin().lines().map_while(Result::ok) {
        let answer = answer(&mut keyring, &line);
        // The harness has begun a line of its own.
        writeln!(io::stdout(), "\n{MARK}{answer}").unwrap();
    }
}

fn answer(keyring: &mut OsKeyring, request: &str) -> String {
    let words: Vec<&str> = request.split(' ').collect();
    match words[..] {
        ["get", profile] => {
            let got = keyring.get(profile);
            format!("{:?}", got.as_ref().map(Secret::expose))
        }
        ["set", profile, secret] => {
            format!(
                "{:?}",
                keyring.set(profile, &Secret::new(secret.to_owned()))
            )
        }
        ["delete", profile] => format!("{:?}", keyring.delete(profile)),
        ["contains", profile] => {
            let found = keyring.find(profile);
            format!(
                "{:?}",
                found.map(|entries| entries.count.is_some_and(|count| count > 0))
            )
        }
        ["set-bytes", profile] => format!("{:?}", set_bytes(profile)),
        ["probe"] => format!("{:?}", keyring.probe(&mut false)),
        ["location"] => keyring.location().to_string(),
        ["thread", profile, milliseconds] => {
            let wait = Duration::from_millis(milliseconds.parse().unwrap());
            format!("{:?}", get_through_thread(profile, wait))
        }
        _ => "no such request".to_owned(),
    }
}

/// Stores bytes that are not UTF-8.
fn set_bytes(profile: &str) -> Result<(), keyring_core::Error> {
    let store = zbus_secret_service_keyring_store::Store::new()?;
    let entry = store.build("tokenscope", profile, None)?;
    entry.set_secret(&[0xFF, b't', b'o', b'k'])
}

fn get_through_thread(profile: &str, wait: Duration) -> Result<Secret, StoreError> {
    let handle = StoreHandle::start(|prompts| Box::new(OsKeyring::new(prompts)));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(handle.within(wait, handle.get(profile)))
}

#[test]
fn a_secret_is_stored_and_read_and_secret_tool_sees_it() {
    let Some(session) = unlocked() else { return };
    let mut keyring = Remote::start(&session);
    assert_eq!(keyring.ask("location"), "Secret Service, login collection");
    assert_eq!(keyring.ask("get default"), "Err(Missing)");
    assert_eq!(keyring.ask("contains default"), "Ok(false)");
    assert_eq!(keyring.ask("set default first"), "Ok(())");
    assert_eq!(session.look_up("default").as_deref(), Some("first"));
    assert_eq!(keyring.ask("contains default"), "Ok(true)");
    assert_eq!(keyring.ask("contains other"), "Ok(false)");
    assert_eq!(keyring.ask("set default second"), "Ok(())");
    assert_eq!(keyring.ask("get default"), r#"Ok("second")"#);
    assert_eq!(keyring.ask("delete default"), "Ok(true)");
    assert_eq!(keyring.ask("delete default"), "Ok(false)");
    assert_eq!(keyring.ask("get default"), "Err(Missing)");
    assert_eq!(session.look_up("default"), None);
}

#[test]
fn line_breaks_around_a_stored_secret_are_removed() {
    let Some(session) = unlocked() else { return };
    session.store_directly("default", "by hand", b"tok_abc\r\n");
    let mut keyring = Remote::start(&session);
    assert_eq!(keyring.ask("get default"), r#"Ok("tok_abc")"#);
}

#[test]
fn the_probe_leaves_nothing_behind() {
    let Some(session) = unlocked() else { return };
    let mut keyring = Remote::start(&session);
    assert_eq!(keyring.ask("probe"), "Ok(())");
    assert_eq!(session.look_up(PROBE_USER), None);
}

#[test]
fn a_bus_without_a_service_is_reported_as_such() {
    let Some(session) = Session::start(Keyring::NoService) else {
        return;
    };
    let mut keyring = Remote::start(&session);
    for request in ["get default", "set default x", "probe", "contains default"] {
        assert_eq!(keyring.ask(request), "Err(NoService)", "{request}");
    }
    assert_eq!(keyring.ask("location"), "Secret Service");
}

#[test]
fn a_missing_bus_is_reported_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    // Neither the socket of the address nor the one in the runtime directory exists.
    let mut keyring = Remote::spawn(dbus::command(dir.path(), program));
    for request in ["get default", "set default x", "probe", "contains default"] {
        assert_eq!(keyring.ask(request), "Err(NoBus)", "{request}");
    }
}

#[test]
fn a_service_never_unlocked_finds_and_stores_nothing() {
    let Some(session) = Session::start(Keyring::NeverUnlocked) else {
        return;
    };
    let mut keyring = Remote::start(&session);
    assert_eq!(keyring.ask("get default"), "Err(Missing)");
    assert_eq!(keyring.ask("contains default"), "Ok(false)");
    assert_eq!(keyring.ask("set default x"), "Err(NoCollection)");
    assert_eq!(keyring.ask("probe"), "Err(NoCollection)");
}

#[test]
fn a_locked_keyring_says_so_but_shows_which_secrets_exist() {
    let Some(session) = unlocked() else { return };
    assert_eq!(Remote::start(&session).ask("set default tok"), "Ok(())");
    session.lock_keyring();
    let mut keyring = Remote::start(&session);
    assert_eq!(keyring.ask("get default"), "Err(Locked(Gnome))");
    assert_eq!(keyring.ask("set default other"), "Err(Locked(Gnome))");
    assert_eq!(keyring.ask("delete default"), "Err(Locked(Gnome))");
    assert_eq!(keyring.ask("probe"), "Err(Locked(Gnome))");
    assert_eq!(keyring.ask("contains default"), "Ok(true)");
    assert_eq!(keyring.ask("contains other"), "Ok(false)");
}

#[test]
fn a_silent_bus_costs_the_timeout_and_does_not_block_the_exit() {
    let dir = tempfile::tempdir().unwrap();
    // The kernel accepts connections that nobody reads.
    let _silent = UnixListener::bind(dir.path().join("bus")).unwrap();
    let program = std::env::current_exe().unwrap();
    let mut keyring = Remote::spawn(dbus::command(dir.path(), program));
    assert_eq!(keyring.ask("thread default 200"), "Err(Unanswered(200ms))");
    let took = keyring.finish();
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn duplicates_are_counted_and_deleted_together() {
    let Some(session) = unlocked() else { return };
    let mut keyring = Remote::start(&session);
    assert_eq!(keyring.ask("set default ours"), "Ok(())");
    session.store_directly("default", "one", b"first");
    session.store_directly("default", "two", b"second");
    session.store_directly("other", "one", b"kept");
    assert_eq!(keyring.ask("get default"), "Err(Ambiguous(3))");
    assert_eq!(keyring.ask("contains default"), "Ok(true)");
    assert_eq!(keyring.ask("delete default"), "Ok(true)");
    assert_eq!(keyring.ask("get default"), "Err(Missing)");
    assert_eq!(keyring.ask("get other"), r#"Ok("kept")"#);
}

#[test]
fn storing_over_duplicates_leaves_one_secret() {
    let Some(session) = unlocked() else { return };
    let mut keyring = Remote::start(&session);
    session.store_directly("default", "one", b"first");
    session.store_directly("default", "two", b"second");
    assert_eq!(keyring.ask("get default"), "Err(Ambiguous(2))");
    assert_eq!(keyring.ask("set default new"), "Ok(())");
    assert_eq!(keyring.ask("get default"), r#"Ok("new")"#);
    assert_eq!(session.look_up("default").as_deref(), Some("new"));
}

#[test]
fn stored_bytes_that_are_not_text_are_not_shown() {
    let Some(session) = unlocked() else { return };
    // `secret-tool` refuses such bytes, so another program stores them.
    assert_eq!(Remote::start(&session).ask("set-bytes default"), "Ok(())");
    assert_eq!(Remote::start(&session).ask("get default"), "Err(NotText)");
}

#[test]
fn a_restarted_service_is_found_again() {
    let Some(session) = unlocked() else { return };
    let mut keyring = Remote::start(&session);
    assert_eq!(keyring.ask("set default tok"), "Ok(())");
    session.restart_keyring();
    assert_eq!(keyring.ask("get default"), r#"Ok("tok")"#);
    session.restart_keyring();
    assert_eq!(keyring.ask("set default new"), "Ok(())");
    session.restart_keyring();
    assert_eq!(keyring.ask("delete default"), "Ok(true)");
}

#[test]
fn a_missing_secret_is_not_a_keyring_failure() {
    assert_eq!(
        Failure::from(StoreError::Missing).kind,
        FailureKind::NoCredential
    );
    assert_eq!(Failure::from(StoreError::NoBus).kind, FailureKind::Keyring);
}
