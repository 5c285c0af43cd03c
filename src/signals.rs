//! The signals that end the program, heard by a thread of their own.
//!
//! Whatever the rest of the program is doing, computing or waiting for a terminal that does not
//! read, they end it: first by asking, then by force. Not here: what is done at the end, and the
//! signals of job control.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Hears the signals.
#[derive(Debug)]
pub struct Listener {
    codes: UnboundedReceiver<u8>,
}

/// How a listener listens.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// How long a signal may go unheard before the program ends by force.
    pub unheard: Duration,
    /// Whether a signal that was ignored when the program started stays ignored.
    pub keeps_ignored: bool,
    /// What is done before the program ends by force. It must wait for nothing.
    pub last_act: fn(),
}

/// How long the end may take once the signal was heard.
const LONGEST_END: Duration = Duration::from_secs(2);

impl Listener {
    /// The exit code of the next signal.
    pub async fn hear(&mut self) -> u8 {
        match self.codes.recv().await {
            Some(code) => {
                platform::heard();
                code
            }
            None => std::future::pending().await,
        }
    }
}

/// Listens from now on, and until what is given back is dropped: signals then end the program at
/// once.
#[must_use]
pub fn listen(manner: Manner) -> Listener {
    let (sender, codes) = unbounded_channel();
    platform::send_to(manner, sender);
    Listener { codes }
}

pub use platform::start;

#[cfg(unix)]
mod platform {
    use std::io;
    use std::sync::{Condvar, Mutex, PoisonError};
    use std::thread;

    use nix::sys::signal::{SigSet, Signal};
    use tokio::sync::mpsc::UnboundedSender;

    use super::{LONGEST_END, Manner};

    static LISTENER: Mutex<Option<(Manner, UnboundedSender<u8>)>> = Mutex::new(None);
    static HEARD: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

    /// The signals that end the program.
    fn ending() -> SigSet {
        [
            Signal::SIGINT,
            Signal::SIGQUIT,
            Signal::SIGTERM,
            Signal::SIGHUP,
        ]
        .into_iter()
        .collect()
    }

    /// Starts to hear signals. Must come before any other thread is started: one that does not block
    /// them would be ended by them, and the whole process with it. A write beyond the limit on file
    /// sizes fails from now on, and ends nothing.
    ///
    /// # Errors
    /// The system's, where there can be no thread; signals then do what they always do.
    pub fn start() -> io::Result<()> {
        let mut too_large = SigSet::empty();
        too_large.add(Signal::SIGXFSZ);
        too_large.thread_block()?;
        let ending = ending();
        // These stop a thread that lets them through, and this one must go on: it would let the
        // terminal be lost, or not be able to give it back.
        let mut stopping = SigSet::empty();
        stopping.add(Signal::SIGTSTP);
        stopping.add(Signal::SIGTTOU);
        ending.thread_block()?;
        stopping.thread_block()?;
        let thread = thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                while let Ok(signal) = ending.wait() {
                    act_on(signal);
                }
            });
        stopping.thread_unblock()?;
        if thread.is_err() {
            ending.thread_unblock()?;
        }
        thread.map(drop)
    }

    pub(super) fn send_to(manner: Manner, sender: UnboundedSender<u8>) {
        *LISTENER.lock().unwrap_or_else(PoisonError::into_inner) = Some((manner, sender));
    }

    pub(super) fn heard() {
        *HEARD.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        HEARD.1.notify_all();
    }

    /// Asks for the end, and brings it about where that does not help.
    fn act_on(signal: Signal) {
        let listening = LISTENER.lock().unwrap_or_else(PoisonError::into_inner);
        let listener = listening.clone();
        let keeps_ignored = listener
            .as_ref()
            .is_none_or(|(manner, _)| manner.keeps_ignored);
        if keeps_ignored && is_ignored(signal) {
            return;
        }
        let number = u8::try_from(signal as i32).unwrap_or_default();
        let code = 128_u8.saturating_add(number);
        // Without a listener the lock is kept: nobody gets as far as to take the terminal while the
        // process is on its way out.
        if let Some((manner, sender)) = listener {
            drop(listening);
            if sender.send(code).is_ok() && was_heard(manner) {
                thread::sleep(LONGEST_END);
            }
            (manner.last_act)();
        }
        std::process::exit(i32::from(code));
    }

    fn was_heard(manner: Manner) -> bool {
        let heard = HEARD.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = HEARD
            .1
            .wait_timeout_while(heard, manner.unheard, |heard| !*heard);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Whether a signal is ignored, as `nohup` has it. Elsewhere the system drops such a signal before
    /// anybody can wait for it.
    #[cfg(target_os = "linux")]
    fn is_ignored(signal: Signal) -> bool {
        #[expect(
            clippy::disallowed_methods,
            reason = "this file is no file of ours, but how the kernel says it"
        )]
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status
            .lines()
            .find_map(|line| line.strip_prefix("SigIgn:"))
            .and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
        ignored.is_some_and(|ignored| ignored >> (signal as i32 - 1) & 1 == 1)
    }

    #[cfg(not(target_os = "linux"))]
    fn is_ignored(_: Signal) -> bool {
        false
    }
}

#[cfg(not(unix))]
mod platform {
    use std::io;
    use std::thread;

    use tokio::sync::mpsc::UnboundedSender;

    use super::Manner;

    /// Signals are heard from when somebody listens.
    ///
    /// # Errors
    /// None.
    pub fn start() -> io::Result<()> {
        Ok(())
    }

    pub(super) fn send_to(_: Manner, sender: UnboundedSender<u8>) {
        let listening = thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                if let Ok(runtime) = runtime
                    && runtime.block_on(tokio::signal::ctrl_c()).is_ok()
                {
                    let _unheard = sender.send(130);
                }
            });
        let _without = listening;
    }

    pub(super) fn heard() {}
}
