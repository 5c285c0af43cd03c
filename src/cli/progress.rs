//! Shows a progress line on standard error during long requests, and erases it before anything else
//! is printed.

use std::convert::Infallible;
use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::error_report::warn;
use crate::domain::text;

/// Whether the line is visible now. A terminal shows one line at a time.
static IS_SHOWN: AtomicBool = AtomicBool::new(false);

/// Requests that take less than this show no progress.
const PATIENCE: Duration = Duration::from_millis(500);
/// The same for the keyring.
const FOR_THE_KEYRING: Duration = Duration::from_secs(1);
/// How often the line is redrawn.
const PACE: Duration = Duration::from_millis(200);

/// The program that the command waits for before the API, unless only the keyring is needed.
static SOURCE: OnceLock<String> = OnceLock::new();

/// Says what the command waits for before the API: `op, which prints the credential`.
pub(super) fn wait_for(source: &str) {
    let _once = SOURCE.set(format!("waiting for {}", text::sanitize(source)));
}

/// The progress of a command. Dropping it erases the line.
pub(super) struct Progress {
    received: AtomicUsize,
    /// Zero if unknown.
    total: AtomicUsize,
    /// The unit that is counted.
    noun: &'static str,
    is_wanted: bool,
    /// Whether the command waits for the API, no longer for the keyring.
    is_on_network: AtomicBool,
    /// Whom the command waits for, if not the API.
    host: Option<String>,
    is_paused: AtomicBool,
}

impl Progress {
    /// The progress of a command that fetches tokens. Shows nothing unless standard error is a terminal
    /// that can erase the line.
    pub(super) fn new(is_dumb: bool) -> Self {
        Self {
            noun: "tokens",
            is_wanted: io::stderr().is_terminal() && !is_dumb,
            received: AtomicUsize::new(0),
            total: AtomicUsize::new(0),
            is_on_network: AtomicBool::new(false),
            host: None,
            is_paused: AtomicBool::new(false),
        }
    }

    /// The same for something else.
    pub(super) fn counting(mut self, noun: &'static str) -> Self {
        self.noun = noun;
        self
    }

    /// The progress of requests to an app.
    pub(super) fn of_app(is_dumb: bool, host: &str) -> Self {
        let mut progress = Self::new(is_dumb);
        progress.host = Some(host.to_owned());
        progress.network();
        progress
    }

    /// Erases the line, and shows none until it goes on.
    pub(super) fn pause(&self) {
        self.is_paused.store(true, Ordering::Relaxed);
        erase();
    }

    /// Shows the line again.
    pub(super) fn go_on(&self) {
        self.is_paused.store(false, Ordering::Relaxed);
    }

    /// Records that the command now waits for the API.
    pub(super) fn network(&self) {
        self.is_on_network.store(true, Ordering::Relaxed);
    }

    pub(super) fn count(&self, received: usize, total: Option<usize>) {
        self.received.store(received, Ordering::Relaxed);
        self.total.store(total.unwrap_or(0), Ordering::Relaxed);
    }

    /// Shows the line while a future runs.
    pub(super) async fn beside<T>(&self, work: impl Future<Output = T>) -> T {
        if !self.is_wanted {
            return work.await;
        }
        tokio::select! {
            done = work => {
                erase();
                done
            }
            never = self.show() => match never {},
        }
    }

    async fn show(&self) -> Infallible {
        tokio::time::sleep(PATIENCE).await;
        if !self.is_on_network.load(Ordering::Relaxed) {
            tokio::time::sleep(FOR_THE_KEYRING.saturating_sub(PATIENCE)).await;
        }
        loop {
            if !self.is_paused.load(Ordering::Relaxed) {
                IS_SHOWN.store(true, Ordering::Relaxed);
                print(&format!("\r\x1b[K{}", self.line()));
            }
            tokio::time::sleep(PACE).await;
        }
    }

    fn line(&self) -> String {
        if !self.is_on_network.load(Ordering::Relaxed) {
            let keyring = || "waiting for the keyring (it may ask you to unlock it)".to_owned();
            return SOURCE.get().cloned().unwrap_or_else(keyring);
        }
        if let Some(host) = &self.host {
            return format!("waiting for {host}");
        }
        let received = self.received.load(Ordering::Relaxed);
        match (received, self.total.load(Ordering::Relaxed)) {
            (0, _) => "waiting for the API".to_owned(),
            (received, 0) => format!("fetched {received} {}", self.noun),
            (received, total) => format!("fetched {received} of {total} {}", self.noun),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        erase();
    }
}

/// Warns while a future runs: erases the line first.
pub(super) fn warn_meanwhile(what: &str) {
    erase();
    warn(what);
}

fn erase() {
    if IS_SHOWN.swap(false, Ordering::Relaxed) {
        print("\r\x1b[K");
    }
}

/// Prints to standard error; a closed stream has no reader to tell.
fn print(text: &str) {
    let mut stream = io::stderr().lock();
    let _closed = stream.write_all(text.as_bytes());
    let _closed = stream.flush();
}
