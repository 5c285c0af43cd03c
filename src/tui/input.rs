//! Where keys come from.
//!
//! A thread reads the terminal, for a read may wait for ever. Not here: what the bytes mean
//! (`decode`).

#[cfg(unix)]
pub(super) use unix::Input;

#[cfg(unix)]
mod unix {
    use std::collections::VecDeque;
    use std::io;
    use std::thread;
    use std::time::Duration;

    use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::io::{Errno, read};
    use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
    use tokio::time::{Instant, timeout_at};
    use zeroize::{Zeroize, Zeroizing};

    use crate::terminal::CTRL_C;
    use crate::terminal::decode::Decoder;
    use crate::tui::signals::HUNG_UP;

    /// What the loop has to end the program by itself once the terminal is closed.
    const GRACE: Duration = Duration::from_millis(500);

    /// The pause before a key that a person presses after something else.
    const PRESSED: Duration = Duration::from_millis(50);

    /// The same for a paste, whose parts may come late, a Ctrl-C of its own among them.
    const WITHIN_A_PASTE: Duration = Duration::from_millis(120);

    /// The keys and pastes of the terminal on standard input.
    pub(in crate::tui) struct Input {
        /// What is read may be a secret that somebody types or pastes.
        bytes: UnboundedReceiver<Zeroizing<Vec<u8>>>,
        /// The last bytes came then.
        heard: Instant,
        /// What is not complete yet is waited for since then.
        since: Instant,
        decoder: Decoder,
        ready: VecDeque<Event>,
    }

    impl Input {
        /// Starts to read.
        pub(in crate::tui) fn listen() -> io::Result<Self> {
            let (sender, bytes) = unbounded_channel();
            thread::Builder::new()
                .name("input".to_owned())
                .spawn(move || read_to_end(sender))?;
            Ok(Self {
                bytes,
                heard: Instant::now(),
                since: Instant::now(),
                decoder: Decoder::default(),
                ready: VecDeque::new(),
            })
        }

        /// The next event; none once the terminal is closed.
        pub(in crate::tui) async fn next(&mut self) -> Option<Event> {
            loop {
                if let Some(event) = self.ready.pop_front() {
                    return Some(event);
                }
                let come = match self.decoder.patience() {
                    Some(patience) => timeout_at(self.since + patience, self.bytes.recv()).await,
                    None => Ok(self.bytes.recv().await),
                };
                match come {
                    Ok(bytes) => self.take_in(&bytes?),
                    Err(_late) => self.ready.extend(self.decoder.give_up()),
                }
            }
        }

        /// Takes a key with Alt that means nothing for Escape and the key: they come as the same
        /// bytes, and tmux holds Escape back until the next key is there.
        pub(in crate::tui) fn split(&mut self, event: &Event) {
            let Event::Key(key) = *event else { return };
            if key.modifiers.contains(KeyModifiers::ALT) && key.kind == KeyEventKind::Press {
                let modifiers = key.modifiers - KeyModifiers::ALT;
                let apart = [KeyCode::Esc.into(), KeyEvent { modifiers, ..key }];
                for key in apart.into_iter().rev() {
                    self.ready.push_front(Event::Key(key));
                }
            }
        }

        /// Whether nothing has come that was not given out yet.
        pub(in crate::tui) fn is_quiet(&self) -> bool {
            self.ready.is_empty() && self.bytes.is_empty()
        }

        fn take_in(&mut self, bytes: &[u8]) {
            let now = Instant::now();
            // Somebody presses it, for nothing else works: no answer pauses before one, and a paste
            // hardly this long.
            let pause = if self.decoder.is_in_paste() {
                WITHIN_A_PASTE
            } else {
                PRESSED
            };
            if bytes == [CTRL_C] && now - self.heard > pause {
                self.decoder = Decoder::default();
            }
            let has_begun = self.decoder.patience().is_some();
            let events = self.decoder.feed(bytes);
            // A paste may be long, but all else comes at once: a key after its beginning must not
            // make it be waited for anew.
            if !has_begun || !events.is_empty() || self.decoder.is_in_paste() {
                self.since = now;
            }
            self.heard = now;
            self.ready.extend(events);
        }
    }

    /// Reads until the terminal is closed. Where that does not end the program soon, this does: a
    /// window that is gone must leave no process behind.
    fn read_to_end(sender: UnboundedSender<Zeroizing<Vec<u8>>>) {
        let mut buffer = Zeroizing::new([0; 4096]);
        loop {
            match read(io::stdin(), &mut *buffer) {
                Ok(count @ 1..) => {
                    let come = Zeroizing::new(buffer[..count].to_vec());
                    buffer[..count].zeroize();
                    if sender.send(come).is_err() {
                        return;
                    }
                }
                Err(Errno::INTR) => {}
                // A program before left the terminal so.
                Err(Errno::AGAIN) => wait_for_bytes(),
                Ok(_) | Err(_) => break,
            }
        }
        drop(sender);
        thread::sleep(GRACE);
        std::process::exit(i32::from(HUNG_UP));
    }

    fn wait_for_bytes() {
        let terminal = io::stdin();
        let mut wait = [PollFd::new(&terminal, PollFlags::IN)];
        if poll(&mut wait, None).is_err() {
            thread::sleep(PRESSED);
        }
    }
}

/// The library's own reader, which needs no bytes here.
#[cfg(not(unix))]
pub(super) struct Input(
    crossterm::event::EventStream,
    crate::tui::windows_keys::TypedKeys,
);

#[cfg(not(unix))]
impl Input {
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere a thread is started")]
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self(
            crossterm::event::EventStream::new(),
            crate::tui::windows_keys::TypedKeys::default(),
        ))
    }

    #[expect(clippy::unused_self, reason = "elsewhere keys come as bytes")]
    pub(super) fn split(&mut self, _: &crossterm::event::Event) {}

    #[expect(clippy::unused_self, reason = "elsewhere it is known")]
    pub(super) fn is_quiet(&self) -> bool {
        true
    }

    pub(super) async fn next(&mut self) -> Option<crossterm::event::Event> {
        use futures_util::StreamExt;
        let event = self.0.next().await?.ok()?;
        Some(match event {
            crossterm::event::Event::Key(key) => {
                crossterm::event::Event::Key(self.1.translate(key))
            }
            other => other,
        })
    }
}
