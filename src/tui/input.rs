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

    use crossterm::event::Event;
    use rustix::io::{Errno, read};
    use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
    use tokio::time::{Instant, timeout_at};

    use crate::tui::decode::Decoder;
    use crate::tui::signals::HUNG_UP;

    /// What the loop has to end the program by itself once the terminal is closed.
    const GRACE: Duration = Duration::from_millis(500);

    /// The keys and pastes of the terminal on standard input.
    pub(in crate::tui) struct Input {
        bytes: UnboundedReceiver<Vec<u8>>,
        heard: Instant,
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
                    Some(patience) => timeout_at(self.heard + patience, self.bytes.recv()).await,
                    None => Ok(self.bytes.recv().await),
                };
                match come {
                    Ok(bytes) => {
                        self.heard = Instant::now();
                        self.ready.extend(self.decoder.feed(&bytes?));
                    }
                    Err(_late) => self.ready.extend(self.decoder.give_up()),
                }
            }
        }
    }

    /// Reads until the terminal is closed. Where that does not end the program soon, this does: a
    /// window that is gone must leave no process behind.
    fn read_to_end(sender: UnboundedSender<Vec<u8>>) {
        let mut buffer = [0; 4096];
        loop {
            match read(io::stdin(), &mut buffer) {
                Ok(count @ 1..) => {
                    if sender.send(buffer[..count].to_vec()).is_err() {
                        return;
                    }
                }
                Err(Errno::INTR | Errno::AGAIN) => {}
                Ok(_) | Err(_) => break,
            }
        }
        drop(sender);
        thread::sleep(GRACE);
        std::process::exit(i32::from(HUNG_UP));
    }
}

/// The library's own reader, which needs no bytes here.
#[cfg(not(unix))]
pub(super) struct Input(crossterm::event::EventStream);

#[cfg(not(unix))]
impl Input {
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere a thread is started")]
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self(crossterm::event::EventStream::new()))
    }

    pub(super) async fn next(&mut self) -> Option<crossterm::event::Event> {
        use futures_util::StreamExt;
        self.0.next().await?.ok()
    }
}
