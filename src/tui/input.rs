//! Reads keys and pastes from the terminal, on a thread because a read may block forever.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::terminal::background::Background;
#[cfg(unix)]
pub(super) use unix::EventStream;

/// Input from the terminal.
pub(super) enum TerminalInput {
    Event(Event),
    /// Its answer to the question for its background.
    Background(Background),
}

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

    use super::TerminalInput;
    use crate::signals::HUNG_UP;
    use crate::terminal::{CTRL_C, Decoder};

    /// How long the loop may take to end the program once the terminal is closed.
    const GRACE: Duration = Duration::from_millis(500);

    /// The shortest pause before a key that a person presses.
    const KEY_PAUSE: Duration = Duration::from_millis(50);

    /// The same within a paste, whose chunks may arrive late and may contain a Ctrl-C.
    const KEY_PAUSE_IN_PASTE: Duration = Duration::from_millis(120);

    /// The keys and pastes of the terminal on standard input.
    pub(in crate::tui) struct EventStream {
        /// Zeroized because somebody may type or paste a secret.
        bytes: UnboundedReceiver<Zeroizing<Vec<u8>>>,
        last_read: Instant,
        /// Since when an unfinished sequence or paste has been pending.
        pending_since: Instant,
        decoder: Decoder,
        ready: VecDeque<Event>,
    }

    impl EventStream {
        /// Starts the thread that reads.
        pub(in crate::tui) fn listen() -> io::Result<Self> {
            let (sender, bytes) = unbounded_channel();
            thread::Builder::new()
                .name("input".to_owned())
                .spawn(move || read_to_end(sender))?;
            Ok(Self {
                bytes,
                last_read: Instant::now(),
                pending_since: Instant::now(),
                decoder: Decoder::default(),
                ready: VecDeque::new(),
            })
        }

        /// Reports the mouse from now on.
        pub(in crate::tui) fn report_mouse(&mut self) {
            self.decoder.report_mouse();
        }

        /// Expects the terminal's background, at any time.
        pub(in crate::tui) fn expect_background(&mut self) {
            self.decoder.expect_background();
        }

        /// The next input; `None` once the terminal is closed.
        pub(in crate::tui) async fn next(&mut self) -> Option<TerminalInput> {
            loop {
                if let Some(background) = self.decoder.take_background() {
                    return Some(TerminalInput::Background(background));
                }
                if let Some(event) = self.ready.pop_front() {
                    return Some(TerminalInput::Event(event));
                }
                let read = match self.decoder.timeout() {
                    Some(timeout) => {
                        timeout_at(self.pending_since + timeout, self.bytes.recv()).await
                    }
                    None => Ok(self.bytes.recv().await),
                };
                let Ok(bytes) = read else {
                    self.ready.extend(self.decoder.time_out());
                    continue;
                };
                let bytes = bytes?;
                let now = Instant::now();
                // A lone Ctrl-C after a pause is a key press, not part of a reply or paste: it must get
                // through even if either never ends.
                let pause = if self.decoder.is_in_paste() {
                    KEY_PAUSE_IN_PASTE
                } else {
                    KEY_PAUSE
                };
                if *bytes == [CTRL_C] && now - self.last_read > pause {
                    self.decoder.restart();
                }
                let was_pending = self.decoder.timeout().is_some();
                let events = self.decoder.feed(&bytes);
                // A paste or an answer may take long, but a sequence arrives at once: a later key must
                // not restart its timeout.
                let is_long = self.decoder.is_in_paste() || self.decoder.is_in_answer();
                if !was_pending || !events.is_empty() || is_long {
                    self.pending_since = now;
                }
                self.last_read = now;
                self.ready.extend(events);
            }
        }

        /// Splits an Alt key without a meaning into Escape and the key. Terminals send the same bytes
        /// for both, and tmux holds Escape back until the next key.
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

        /// Whether no event or byte is waiting.
        pub(in crate::tui) fn is_quiet(&self) -> bool {
            self.ready.is_empty() && self.bytes.is_empty()
        }
    }

    /// Reads until the terminal is closed, and then ends the program unless the loop does so soon: a
    /// closed window must leave no process behind.
    fn read_to_end(sender: UnboundedSender<Zeroizing<Vec<u8>>>) {
        let mut buffer = Zeroizing::new([0; 4096]);
        loop {
            match read(io::stdin(), &mut *buffer) {
                Ok(count @ 1..) => {
                    let bytes = Zeroizing::new(buffer[..count].to_vec());
                    buffer[..count].zeroize();
                    if sender.send(bytes).is_err() {
                        return;
                    }
                }
                Err(Errno::INTR) => {}
                // An earlier program left the terminal non-blocking.
                Err(Errno::AGAIN) => {
                    let terminal = io::stdin();
                    let mut wait = [PollFd::new(&terminal, PollFlags::IN)];
                    if poll(&mut wait, None).is_err() {
                        thread::sleep(KEY_PAUSE);
                    }
                }
                Ok(_) | Err(_) => break,
            }
        }
        drop(sender);
        thread::sleep(GRACE);
        std::process::exit(i32::from(HUNG_UP));
    }
}

/// The library's own reader: Windows has events instead of bytes.
#[cfg(not(unix))]
pub(super) struct EventStream(crossterm::event::EventStream, TypedKeys);

#[cfg(not(unix))]
impl EventStream {
    #[expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self(
            crossterm::event::EventStream::new(),
            TypedKeys::default(),
        ))
    }

    #[expect(clippy::unused_self, reason = "the library decides on Windows")]
    pub(super) fn report_mouse(&mut self) {}

    #[expect(clippy::unused_self, reason = "nobody asks on Windows")]
    pub(super) fn expect_background(&mut self) {}

    #[expect(clippy::unused_self, reason = "keys arrive as bytes on Unix")]
    pub(super) fn split(&mut self, _: &Event) {}

    #[expect(clippy::unused_self, reason = "the Unix reader knows")]
    pub(super) fn is_quiet(&self) -> bool {
        true
    }

    pub(super) async fn next(&mut self) -> Option<TerminalInput> {
        use futures_util::StreamExt;
        let event = self.0.next().await?.ok()?;
        Some(TerminalInput::Event(match event {
            Event::Key(key) => Event::Key(self.1.translate(key)),
            other => other,
        }))
    }
}

/// Maximum keys held down at once by fast typing. Older ones are forgotten: another window got
/// their release.
const MOST_HELD: usize = 6;

/// Turns key events of a Windows console, which reports `AltGr` and Alt codes, into those of the typed
/// characters. Pure, so that every platform can test it.
#[derive(Debug, Default)]
pub struct TypedKeys {
    /// The keys that are down, oldest first.
    held: Vec<char>,
}

impl TypedKeys {
    /// The event that any other terminal would send.
    pub fn translate(&mut self, event: KeyEvent) -> KeyEvent {
        let KeyCode::Char(c) = event.code else {
            return event;
        };
        let typed = without_alt_gr(event, c);
        if event.kind != KeyEventKind::Release {
            if !self.held.iter().any(|held| is_same_key(*held, c)) {
                self.held.push(c);
            }
            if self.held.len() > MOST_HELD {
                self.held.remove(0);
            }
            return typed;
        }
        // Releasing a modifier first changes the character, so any pressed key will do.
        let same = self.held.iter().position(|held| is_same_key(*held, c));
        if let Some(at) = same.or((!self.held.is_empty()).then_some(0)) {
            self.held.remove(at);
            return typed;
        }
        // The console reports an Alt code as the release of a key that nobody pressed.
        KeyEvent {
            kind: KeyEventKind::Press,
            modifiers: KeyModifiers::NONE,
            ..typed
        }
    }
}

fn is_same_key(one: char, other: char) -> bool {
    one.to_lowercase().eq(other.to_lowercase())
}

/// Consoles report `AltGr` as Ctrl and Alt. No layout uses `AltGr` for ASCII letters and digits, so with
/// those it is a real chord.
fn without_alt_gr(event: KeyEvent, c: char) -> KeyEvent {
    let both = KeyModifiers::CONTROL | KeyModifiers::ALT;
    let is_typed = !c.is_control() && !c.is_ascii_alphanumeric();
    if event.modifiers.contains(both) && is_typed {
        return KeyEvent {
            modifiers: event.modifiers - both,
            ..event
        };
    }
    event
}
