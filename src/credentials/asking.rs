//! Whether a keyring is asking a person for something at this moment, and how to take that back.
//!
//! A dialogue that nobody waits for any more must not stay on the desktop. Not here: the dialogue,
//! which is the keyring's own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

type Dismiss = Box<dyn FnOnce() + Send>;

/// What a store tells of its dialogues, and those who wait for it ask.
#[derive(Clone, Default)]
pub struct Asking(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The call that the store is at.
    current: u64,
    /// Whether nobody waits for that call any more.
    is_given_up: bool,
    /// How to take back the dialogue that is open.
    dismiss: Option<Dismiss>,
    /// Since when one is open.
    since: Option<Instant>,
    /// For how long others were open.
    before: Duration,
}

impl Asking {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the store begins with a call.
    pub(super) fn begin(&self, call: u64) {
        let mut state = self.state();
        state.current = call;
        state.is_given_up = false;
    }

    /// Nobody waits for a call any more: its dialogue is taken back, and no other one is opened.
    pub(super) fn give_up(&self, call: u64) {
        let mut state = self.state();
        if state.current != call {
            return;
        }
        state.is_given_up = true;
        let dismiss = state.dismiss.take();
        // What it does may end the dialogue at once, which is noted here too.
        drop(state);
        if let Some(dismiss) = dismiss {
            dismiss();
        }
    }

    /// Whether somebody still waits for what a dialogue would be opened for.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        !self.state().is_given_up
    }

    /// Notes that a dialogue is open until what is given back is dropped.
    #[must_use]
    pub fn open(&self, dismiss: impl FnOnce() + Send + 'static) -> Open {
        let mut state = self.state();
        state.since.get_or_insert_with(Instant::now);
        if state.is_given_up {
            drop(state);
            dismiss();
        } else {
            state.dismiss = Some(Box::new(dismiss));
        }
        Open(self.clone())
    }

    /// Whether a person may be looking at a dialogue. The Keychain of macOS does not tell.
    #[must_use]
    pub fn is_open(&self) -> bool {
        cfg!(target_os = "macos") || self.state().since.is_some()
    }

    /// For how long dialogues were open altogether.
    #[must_use]
    pub fn took(&self) -> Duration {
        let state = self.state();
        state.before + state.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

/// An open dialogue.
pub struct Open(Asking);

impl Drop for Open {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.dismiss = None;
        if let Some(since) = state.since.take() {
            state.before += since.elapsed();
        }
    }
}
