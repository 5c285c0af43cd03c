//! Signals that end the program, received by a dedicated thread, and those of the terminal: stop,
//! continue, resize.
//!
//! A signal ends the program whatever it is doing, even if it computes or waits for a terminal that
//! does not read: it requests the end first, then forces it. A command that takes a few milliseconds
//! starts no thread, which would cost it a tenth of them.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// The exit code after the terminal was closed.
pub const HUNG_UP: u8 = 129;

/// How long the program may take to end once it has received the signal.
const END_TIMEOUT: Duration = Duration::from_secs(2);

/// How to handle a signal that ends the program.
#[derive(Debug, Clone, Copy)]
pub struct ListenOptions {
    /// How long a signal may remain unhandled before the program is forced to end.
    pub unheard_timeout: Duration,
    /// Whether a signal that was ignored when the program started stays ignored.
    pub keep_ignored: bool,
    /// Called before the program is forced to end. Must not block.
    pub last_act: fn(),
}

/// Receives the signals that end the program.
#[derive(Debug)]
pub struct Listener {
    codes: UnboundedReceiver<u8>,
}

impl Listener {
    /// Waits for the next signal. Returns its exit code.
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

/// Listens from now on. Once the listener is dropped, a signal ends the program at once.
pub fn listen(options: ListenOptions) -> Listener {
    let (sender, codes) = unbounded_channel();
    platform::send_to(options, sender);
    Listener { codes }
}

/// A signal, as a request to a terminal program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// End with this exit code.
    End(u8),
    /// The terminal has a new size.
    #[cfg(unix)]
    Resized,
    /// Stop, after giving the terminal back.
    #[cfg(unix)]
    Stop,
    /// The process was stopped and continues. The terminal's modes may be lost.
    #[cfg(unix)]
    Continue,
}

pub use platform::{TerminalSignals, block, ignore_file_size_limit, start};
#[cfg(unix)]
pub use platform::{on_stop, request_stop, stop};

#[cfg(unix)]
mod platform {
    use std::io;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Condvar, Mutex, PoisonError};
    use std::thread;
    use std::time::Duration;

    use nix::sys::signal::{SigSet, SigmaskHow, Signal as Number, raise};
    use rustix::process::kill_current_process_group;
    use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
    use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

    use super::{END_TIMEOUT, ListenOptions, Listener, Signal, listen};
    use crate::domain::sync::locked;

    static LISTENER: Mutex<Option<(ListenOptions, UnboundedSender<u8>)>> = Mutex::new(None);
    static HEARD: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

    static IS_RUNNING: AtomicBool = AtomicBool::new(false);

    fn ending() -> SigSet {
        Number::SIGINT | Number::SIGQUIT | Number::SIGTERM | Number::SIGHUP
    }

    /// Makes a write beyond the limit on file sizes fail instead of ending the process.
    pub fn ignore_file_size_limit() {
        let _fatal = SigSet::from(Number::SIGXFSZ).thread_block();
    }

    /// Keeps the signals that end the program pending until [`start`]. Call it before any other thread
    /// starts: a thread that does not block these signals would end the whole process. If this fails,
    /// signals have their default effects.
    pub fn block() {
        let _unblocked = ending().thread_block();
    }

    /// Blocks the signals that end the program, and starts the thread that receives them, unless it is
    /// running. If this fails, signals have their default effects.
    pub fn start() {
        if !IS_RUNNING.swap(true, Ordering::Relaxed) && start_thread().is_err() {
            IS_RUNNING.store(false, Ordering::Relaxed);
            let _blocked = ending().thread_unblock();
        }
    }

    fn start_thread() -> io::Result<()> {
        block();
        // The new thread must not stop: it could then neither notice a closed terminal nor restore
        // the modes.
        let stopping = Number::SIGTSTP | Number::SIGTTOU;
        let masked = stopping.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        let thread = thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                while let Ok(signal) = ending().wait() {
                    act_on(signal);
                }
            });
        masked.thread_set_mask()?;
        thread.map(drop)
    }

    pub(super) fn send_to(options: ListenOptions, sender: UnboundedSender<u8>) {
        *locked(&LISTENER) = Some((options, sender));
    }

    pub(super) fn heard() {
        *locked(&HEARD.0) = true;
        HEARD.1.notify_all();
    }

    /// Requests the end, and forces it if that does not help.
    fn act_on(signal: Number) {
        let listening = locked(&LISTENER);
        let listener = listening.clone();
        let keep_ignored = listener
            .as_ref()
            .is_none_or(|(options, _)| options.keep_ignored);
        if keep_ignored && is_ignored(signal) {
            return;
        }
        let number = u8::try_from(signal as i32).unwrap_or_default();
        let code = 128_u8.saturating_add(number);
        // Without a listener keep the lock, so that nothing takes over the terminal while the process
        // exits.
        if let Some((options, sender)) = listener {
            drop(listening);
            if sender.send(code).is_ok() && was_heard(options) {
                thread::sleep(END_TIMEOUT);
            }
            (options.last_act)();
        }
        std::process::exit(i32::from(code));
    }

    fn was_heard(options: ListenOptions) -> bool {
        let heard = locked(&HEARD.0);
        let waited = HEARD
            .1
            .wait_timeout_while(heard, options.unheard_timeout, |heard| !*heard);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Whether a signal is ignored, as under `nohup`. Other systems drop an ignored signal before
    /// `sigwait` sees it.
    #[cfg(target_os = "linux")]
    fn is_ignored(signal: Number) -> bool {
        #[expect(
            clippy::disallowed_methods,
            reason = "a file of the kernel, not one of ours"
        )]
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status
            .lines()
            .find_map(|line| line.strip_prefix("SigIgn:"))
            .and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
        ignored.is_some_and(|ignored| ignored >> (signal as i32 - 1) & 1 == 1)
    }

    #[cfg(not(target_os = "linux"))]
    fn is_ignored(_: Number) -> bool {
        false
    }

    /// The signals of a program in a terminal.
    pub struct TerminalSignals {
        ends: Listener,
        resize: Stream,
        go_on: Stream,
        stop: UnboundedReceiver<()>,
    }

    impl TerminalSignals {
        /// Listens from now on, and calls `last_act` before the program ends by force. Call this
        /// before taking over the terminal and before any other thread starts: a thread that does not
        /// block SIGTSTP would stop the whole process.
        ///
        /// # Errors
        /// If a thread or a handler cannot be set up.
        pub fn listen(last_act: fn()) -> io::Result<Self> {
            Ok(Self {
                stop: stop_requests()?,
                ends: listen(ListenOptions {
                    // A frame may take this long.
                    unheard_timeout: Duration::from_millis(700),
                    // The screens end with their terminal.
                    keep_ignored: false,
                    last_act,
                }),
                resize: signal(SignalKind::window_change())?,
                go_on: signal(SignalKind::from_raw(Number::SIGCONT as i32))?,
            })
        }

        /// Waits for the next signal.
        pub async fn next(&mut self) -> Signal {
            tokio::select! {
                code = self.ends.hear() => Signal::End(code),
                Some(()) = self.stop.recv() => Signal::Stop,
                _ = self.resize.recv() => Signal::Resized,
                _ = self.go_on.recv() => Signal::Continue,
            }
        }

        /// Waits for the stop that [`request_stop`] requested.
        pub async fn stop_requested(&mut self) {
            let _ended = self.stop.recv().await;
        }
    }

    fn terminal_stop() -> SigSet {
        Number::SIGTSTP.into()
    }

    fn stop_requests() -> io::Result<UnboundedReceiver<()>> {
        let (sender, receiver) = unbounded_channel();
        on_stop(move || sender.send(()).is_ok())?;
        Ok(receiver)
    }

    /// Calls `act` on a thread for each SIGTSTP, until it returns false. The signal keeps its default
    /// action, which already ignores orphaned process groups, and is only blocked until [`stop`].
    ///
    /// # Errors
    /// If the thread cannot start.
    pub fn on_stop(act: impl Fn() -> bool + Send + 'static) -> io::Result<()> {
        terminal_stop().thread_block()?;
        let stops = thread::Builder::new().name("stops".to_owned());
        stops.spawn(move || while terminal_stop().wait().is_ok() && act() {})?;
        Ok(())
    }

    /// Requests that the whole process group stop, as the terminal does for Ctrl-Z.
    ///
    /// # Errors
    /// The system's.
    pub fn request_stop() -> io::Result<()> {
        Ok(kill_current_process_group(rustix::process::Signal::TSTP)?)
    }

    /// Stops the process now, until it is continued.
    ///
    /// # Errors
    /// The system's.
    pub fn stop() -> io::Result<()> {
        // Raised for this thread alone, so it takes effect when the thread unblocks it.
        raise(Number::SIGTSTP)?;
        terminal_stop().thread_unblock()?;
        terminal_stop().thread_block()?;
        Ok(())
    }
}

#[cfg(not(unix))]
mod platform {
    use std::io;
    use std::thread;
    use std::time::Duration;

    use tokio::sync::mpsc::UnboundedSender;

    use super::{ListenOptions, Listener, Signal, listen};

    /// Does nothing: there is no such signal.
    pub fn ignore_file_size_limit() {}

    /// Does nothing: a thread hears signals once somebody listens.
    pub fn block() {}

    /// Does nothing, see [`block`].
    pub fn start() {}

    pub(super) fn send_to(_: ListenOptions, sender: UnboundedSender<u8>) {
        let _no_thread = thread::Builder::new()
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
    }

    pub(super) fn heard() {}

    /// The signals of a program in a terminal.
    pub struct TerminalSignals(Listener);

    impl TerminalSignals {
        /// Listens from now on.
        ///
        /// # Errors
        /// Never.
        pub fn listen(last_act: fn()) -> io::Result<Self> {
            Ok(Self(listen(ListenOptions {
                unheard_timeout: Duration::from_secs(1),
                keep_ignored: false,
                last_act,
            })))
        }

        /// Waits for the next signal.
        pub async fn next(&mut self) -> Signal {
            Signal::End(self.0.hear().await)
        }
    }
}
