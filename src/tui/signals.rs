//! The signals that end the program, stop it, wake it up after a stop, or tell of another size.
//!
//! Not here: giving the terminal back.

/// The exit code when the terminal was closed.
pub(super) const HUNG_UP: u8 = 129;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// End with this exit code.
    End(u8),
    /// The terminal has another size.
    #[cfg(unix)]
    Resized,
    /// Give the terminal back and stop.
    #[cfg(unix)]
    Stop,
    /// The process was stopped and goes on; the terminal's modes may be gone.
    #[cfg(unix)]
    Continue,
}

#[cfg(unix)]
pub(super) use unix::{Signals, ask_for_stop, stop};

#[cfg(unix)]
mod unix {
    use std::io;
    use std::thread;
    use std::time::Duration;

    use nix::sys::signal::{SigSet, Signal as Number, raise};
    use rustix::process::kill_current_process_group;
    use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    use super::Signal;
    use crate::signals::{Listener, Manner, listen};
    use crate::tui::terminal;

    /// How long a frame may take before a signal ends the program in the middle of it.
    const UNHEARD: Duration = Duration::from_millis(700);

    pub(in crate::tui) struct Signals {
        ends: Listener,
        resize: Stream,
        go_on: Stream,
        stop: UnboundedReceiver<()>,
    }

    impl Signals {
        /// Listens from now on. Must come before the terminal is taken, and before any other thread
        /// is started: a thread that does not block the stop would be stopped by it, and the whole
        /// process with it.
        pub(in crate::tui) fn listen() -> io::Result<Self> {
            Ok(Self {
                stop: stops()?,
                ends: listen(Manner {
                    unheard: UNHEARD,
                    // The screens have a terminal, and end with it.
                    keeps_ignored: false,
                    last_act: terminal::give_back_at_once,
                }),
                resize: signal(SignalKind::window_change())?,
                go_on: signal(SignalKind::from_raw(Number::SIGCONT as i32))?,
            })
        }

        pub(in crate::tui) async fn next(&mut self) -> Signal {
            tokio::select! {
                code = self.ends.hear() => Signal::End(code),
                Some(()) = self.stop.recv() => Signal::Stop,
                _ = self.resize.recv() => Signal::Resized,
                _ = self.go_on.recv() => Signal::Continue,
            }
        }

        /// Waits for the stop that [`ask_for_stop`] asked for.
        pub(in crate::tui) async fn stopping(&mut self) {
            let _ended = self.stop.recv().await;
        }
    }

    fn terminal_stop() -> SigSet {
        let mut stop = SigSet::empty();
        stop.add(Number::SIGTSTP);
        stop
    }

    /// The stops that are asked for. The signal keeps its default action, which alone knows that a
    /// process without a shell to wake it up must not stop; it is only held back until [`stop`].
    fn stops() -> io::Result<UnboundedReceiver<()>> {
        terminal_stop().thread_block()?;
        let (sender, receiver) = unbounded_channel();
        thread::Builder::new()
            .name("stops".to_owned())
            .spawn(
                move || {
                    while terminal_stop().wait().is_ok() && sender.send(()).is_ok() {}
                },
            )?;
        Ok(receiver)
    }

    /// Asks the whole process group to stop, as the terminal does where Ctrl-Z is not a key.
    pub(in crate::tui) fn ask_for_stop() -> io::Result<()> {
        Ok(kill_current_process_group(rustix::process::Signal::TSTP)?)
    }

    /// Stops the process here and now, until it is continued.
    pub(in crate::tui) fn stop() -> io::Result<()> {
        // Raised for this thread alone, it takes effect as soon as the thread lets it through.
        raise(Number::SIGTSTP)?;
        terminal_stop().thread_unblock()?;
        terminal_stop().thread_block()?;
        Ok(())
    }
}

#[cfg(not(unix))]
pub(super) struct Signals(crate::signals::Listener);

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere signals are asked for")]
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self(crate::signals::listen(crate::signals::Manner {
            unheard: std::time::Duration::from_secs(1),
            keeps_ignored: false,
            last_act: || {},
        })))
    }

    pub(super) async fn next(&mut self) -> Signal {
        Signal::End(self.0.hear().await)
    }
}
