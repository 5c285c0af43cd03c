//! One line on the error stream while a list takes long, gone before anything else is printed.
//!
//! Not here: what is listed.

use std::convert::Infallible;
use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::error_report::warn;

/// Whether a line is on the terminal now. There is one terminal, and one line at a time.
static IS_SHOWN: AtomicBool = AtomicBool::new(false);

/// Nothing is shown of what takes less.
const PATIENCE: Duration = Duration::from_millis(500);
/// The same of the keyring.
const FOR_THE_KEYRING: Duration = Duration::from_secs(1);
/// How often the line is drawn again.
const PACE: Duration = Duration::from_millis(200);

/// How far a list is. Dropping it removes the line, whatever ends the command.
pub(super) struct Progress {
    received: AtomicUsize,
    /// Zero while nothing was announced.
    total: AtomicUsize,
    is_wanted: bool,
    /// Whether the API is asked, and no longer the keyring.
    is_on_network: AtomicBool,
}

impl Progress {
    /// A line that is shown only where the terminal can take it back.
    pub(super) fn new(is_dumb: bool) -> Self {
        Self {
            is_wanted: io::stderr().is_terminal() && !is_dumb,
            received: AtomicUsize::new(0),
            total: AtomicUsize::new(0),
            is_on_network: AtomicBool::new(false),
        }
    }

    /// How far something is that the keyring has no part in.
    pub(super) fn of_network(is_dumb: bool) -> Self {
        let progress = Self::new(is_dumb);
        progress.network();
        progress
    }

    /// Takes note that the API is asked from now on.
    pub(super) fn network(&self) {
        self.is_on_network.store(true, Ordering::Relaxed);
    }

    /// Takes note of what has come.
    pub(super) fn count(&self, received: usize, total: Option<usize>) {
        self.received.store(received, Ordering::Relaxed);
        self.total.store(total.unwrap_or(0), Ordering::Relaxed);
    }

    /// Runs work, with the line beside it if the error stream is a terminal.
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
            IS_SHOWN.store(true, Ordering::Relaxed);
            print(&format!("\r\x1b[K{}", self.line()));
            tokio::time::sleep(PACE).await;
        }
    }

    fn line(&self) -> String {
        if !self.is_on_network.load(Ordering::Relaxed) {
            return "waiting for the keyring (it may ask you to unlock it)".to_owned();
        }
        let received = self.received.load(Ordering::Relaxed);
        match (received, self.total.load(Ordering::Relaxed)) {
            (0, _) => "asking the API".to_owned(),
            (received, 0) => format!("{received} tokens read"),
            (received, total) => format!("{received} of {total} tokens read"),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        erase();
    }
}

/// Warns beside work that goes on, with the line out of the way.
pub(super) fn warn_meanwhile(what: &str) {
    erase();
    warn(what);
}

fn erase() {
    if IS_SHOWN.swap(false, Ordering::Relaxed) {
        print("\r\x1b[K");
    }
}

/// Nobody is left to see it on a closed stream.
fn print(text: &str) {
    let mut stream = io::stderr().lock();
    let _closed = stream.write_all(text.as_bytes());
    let _closed = stream.flush();
}
