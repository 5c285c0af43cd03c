//! Prompts for a secret on the terminal without showing it, with the editing keys of the screens.

use std::io::{self, IsTerminal};

use crossterm::event::{Event, KeyCode, KeyModifiers};

use crate::action::{Action, Context, Erase, Input, Typed};
use crate::domain::credential::{InvalidSecret, MaskedField, Secret};
use crate::domain::failure::{Failure, FailureKind};
use crate::keymap::Keymap;

/// Restores the terminal if a panic ends the program during a prompt.
pub fn give_back_in_panic() {
    terminal::give_back_in_panic();
}

/// How a prompt ended, or was interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Typed(Secret),
    /// The input is longer than any credential.
    TooLong,
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-Z: the prompt is shown again when the process continues.
    Suspended,
}

/// The line being typed.
pub struct PromptLine {
    keymap: Keymap,
    field: MaskedField,
    /// Remembered, so that input that did not fit is not dropped silently.
    is_too_long: bool,
}

impl PromptLine {
    /// An empty line that is edited with these keys.
    pub fn new(keymap: Keymap) -> Self {
        Self {
            keymap,
            field: MaskedField::default(),
            is_too_long: false,
        }
    }

    /// The input so far.
    pub fn typed(&self) -> &Secret {
        self.field.secret()
    }

    /// Handles a key or a paste. Keys that neither edit nor end the line do nothing.
    pub fn take(&mut self, event: Event) -> Option<Answer> {
        let is_control = |letter| {
            matches!(&event, Event::Key(key) if key.code == KeyCode::Char(letter)
                && key.modifiers == KeyModifiers::CONTROL)
        };
        // Terminals send a carriage return for Enter; pipes and pastes contain line feeds.
        let is_line_feed = is_control('j');
        let is_end = is_control('d') && self.field.secret().is_empty();
        let input = self.keymap.translate(Context::SetupText, event);
        if is_line_feed || is_end {
            return Some(self.answer());
        }
        match input? {
            Input::Type(Typed(character)) => {
                self.is_too_long |= self.field.insert(character).is_err();
            }
            Input::Paste(pasted) => self.is_too_long |= self.field.paste(&pasted).is_err(),
            Input::Act(Action::Submit) => return Some(self.answer()),
            Input::Act(Action::Quit) => return Some(Answer::Interrupted),
            Input::Act(Action::Suspend) => return Some(Answer::Suspended),
            Input::Act(action) => match action.erases() {
                Some(Erase::Character) => self.field.delete(),
                Some(Erase::All) => {
                    self.field.clear();
                    self.is_too_long = false;
                }
                None => {}
            },
            Input::Resize(..) | Input::Wheel(_) | Input::Click(_) | Input::ForeignLetter => {}
        }
        None
    }

    fn answer(&mut self) -> Answer {
        if self.is_too_long {
            return Answer::TooLong;
        }
        Answer::Typed(std::mem::take(&mut self.field).secret().clone())
    }
}

/// Prompts for a secret without showing any of it, not even its length.
///
/// # Errors
/// A usage failure without a terminal or for an invalid credential; an interruption on Ctrl-C.
pub(super) async fn ask(label: &str, is_dumb: bool) -> Result<Secret, Failure> {
    let label = format!("{label} (not shown): ");
    Secret::parse(answer(label, Purpose::Store, is_dumb).await?.expose()).map_err(unfit)
}

/// Whether somebody can be asked.
///
/// # Errors
/// A usage failure without a terminal.
pub(super) fn check_terminal(purpose: Purpose) -> Result<(), Failure> {
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        return Ok(());
    }
    Err(Failure::new(
        FailureKind::Usage,
        "Cannot prompt for the secret: not a terminal.",
        purpose.hint(),
    ))
}

/// The purpose of a secret that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Store,
    Probe,
    /// A probe in the demo, which reads no variables.
    DemoProbe,
}

impl Purpose {
    /// The hint for a command without a terminal.
    fn hint(self) -> &'static str {
        match self {
            Self::Store => "Pipe the secret in and add --stdin.",
            Self::Probe => {
                "Pipe the secret in and add --secret-stdin, or set CLOUDFLARE_ACCESS_CLIENT_ID and \
                 CLOUDFLARE_ACCESS_CLIENT_SECRET."
            }
            Self::DemoProbe => {
                "Pipe `demo-secret` in and add --secret-stdin; the demo reads no variables."
            }
        }
    }

    fn abandoned(self) -> &'static str {
        match self {
            Self::Store => "Nothing was stored.",
            Self::Probe | Self::DemoProbe => "The secret was not sent.",
        }
    }
}

/// Restores the terminal however the prompt ends.
struct Closing;

impl Drop for Closing {
    fn drop(&mut self) {
        terminal::give_back();
    }
}

/// Prompts for whatever is typed before Enter.
///
/// # Errors
/// A usage failure without a terminal, or for input that is too long; an interruption on Ctrl-C.
pub(super) async fn answer(
    label: String,
    purpose: Purpose,
    is_dumb: bool,
) -> Result<Secret, Failure> {
    let line = PromptLine::new(Keymap::built_in()?);
    check_terminal(purpose)?;
    let _closing = Closing;
    let answer = terminal::ask(label, line, is_dumb).await;
    let unusable = |error: io::Error| {
        Failure::new(
            FailureKind::Usage,
            "The terminal cannot be used.",
            purpose.hint(),
        )
        .caused_by(&error)
    };
    match answer.map_err(unusable)? {
        Answer::Typed(secret) => Ok(secret),
        Answer::TooLong => Err(unfit(InvalidSecret::Long)),
        Answer::Interrupted | Answer::Suspended => Err(Failure::new(
            FailureKind::Interrupted,
            purpose.abandoned(),
            "Run the command again.",
        )),
    }
}

fn unfit(error: InvalidSecret) -> Failure {
    Failure::new(
        FailureKind::Usage,
        format!("The input is not a valid credential: {error}."),
        "Enter only the API token or key.",
    )
}

/// The prompt on a terminal that sends keys as bytes.
///
/// Restores the terminal on every exit: input, signal, stop or panic. Discards the rest of a paste
/// first, because the shell would run it.
#[cfg(unix)]
mod terminal {
    use std::io::{self, Write};
    use std::sync::{Mutex, MutexGuard, Once};
    use std::time::{Duration, Instant};

    use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
    use crossterm::execute;
    use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
    use nix::sys::signal::Signal;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::{Errno, read};
    use rustix::termios::{LocalModes, QueueSelector, tcflush, tcgetattr};
    use tokio::signal::unix::{SignalKind, signal};
    use zeroize::{Zeroize, Zeroizing};

    use super::{Answer, PromptLine};
    use crate::domain::sync::locked;
    use crate::signals;
    use crate::terminal::Decoder;

    /// How often the reading thread checks whether the prompt is still open.
    const ROUND: Duration = Duration::from_millis(50);
    /// Input that follows the end of the line without such a pause is the rest of a paste.
    const PAUSE: Duration = Duration::from_millis(100);
    /// Maximum duration of a paste.
    const LONGEST_REST: Duration = Duration::from_secs(10);

    /// The open prompt, so that the terminal is restored exactly once.
    static OPEN: Mutex<Option<Question>> = Mutex::new(None);
    static STOPS: Once = Once::new();

    struct Question {
        label: String,
        is_dumb: bool,
        /// Whether the terminal is in raw mode; it is not while the process is stopped.
        is_taken: bool,
    }

    fn open() -> MutexGuard<'static, Option<Question>> {
        locked(&OPEN)
    }

    impl Question {
        /// Takes over the terminal and shows the prompt.
        fn take(&mut self) -> io::Result<()> {
            // The library may remember an outdated mode.
            disable_raw_mode()?;
            enable_raw_mode()?;
            self.is_taken = true;
            write!(io::stderr(), "{}", self.label)?;
            if self.is_dumb {
                return io::stderr().flush();
            }
            execute!(io::stderr(), EnableBracketedPaste)
        }

        /// Restores the terminal. Errors mean that it is gone.
        fn give_back(&mut self) {
            if !std::mem::take(&mut self.is_taken) {
                return;
            }
            if !self.is_dumb {
                let _gone = execute!(io::stderr(), DisableBracketedPaste);
            }
            let _gone = tcflush(io::stdin(), QueueSelector::IFlush);
            let _gone = disable_raw_mode();
            let _gone = writeln!(io::stderr());
        }
    }

    /// Restores the terminal if a prompt is open.
    pub(super) fn give_back() {
        if let Some(mut question) = open().take() {
            question.give_back();
        }
    }

    /// The same during a panic, whose thread may hold the lock.
    pub(super) fn give_back_in_panic() {
        if let Ok(mut open) = OPEN.try_lock()
            && let Some(mut question) = open.take()
        {
            question.give_back();
        }
    }

    pub(super) async fn ask(label: String, line: PromptLine, is_dumb: bool) -> io::Result<Answer> {
        let mut go_on = signal(SignalKind::from_raw(Signal::SIGCONT as i32))?;
        // Running threads would not block the signal, but none exist at the first prompt.
        let mut listening = Ok(());
        STOPS.call_once(|| listening = signals::on_stop(|| stop().is_ok()));
        listening?;
        let mut question = Question {
            label,
            is_dumb,
            is_taken: false,
        };
        question.take()?;
        *open() = Some(question);
        let mut reading = tokio::task::spawn_blocking(|| read_line(line));
        loop {
            tokio::select! {
                read = &mut reading => return read?,
                // After SIGSTOP, the shell took over the terminal and set its own modes.
                _ = go_on.recv() => if let Some(question) = &mut *open()
                    && tcgetattr(io::stdin())?.local_modes.contains(LocalModes::ICANON)
                {
                    question.take()?;
                }
            }
        }
    }

    /// Stops the process until it is continued.
    fn stop() -> io::Result<()> {
        // Locked during the stop, so that no other thread takes the terminal.
        let mut open = open();
        if let Some(question) = &mut *open {
            question.give_back();
        }
        signals::stop()?;
        open.as_mut().map_or(Ok(()), Question::take)
    }

    /// Reads keys until the line ends, and discards what follows at once.
    fn read_line(mut line: PromptLine) -> io::Result<Answer> {
        let mut decoder = Decoder::default();
        let mut buffer = Zeroizing::new([0; 4096]);
        let mut since = Instant::now();
        while open().is_some() {
            let left = decoder
                .timeout()
                .map(|timeout| timeout.saturating_sub(since.elapsed()));
            let events = if let Some(count) =
                read_within(&mut buffer[..], left.unwrap_or(ROUND).min(ROUND))?
            {
                since = Instant::now();
                let events = decoder.feed(&buffer[..count]);
                buffer[..count].zeroize();
                events
            } else if left.is_some_and(|left| left <= ROUND) {
                decoder.time_out()
            } else {
                continue;
            };
            for event in events {
                match line.take(event) {
                    None => {}
                    Some(Answer::Suspended) => signals::request_stop()?,
                    Some(answer) => {
                        discard(&mut buffer[..])?;
                        return Ok(answer);
                    }
                }
            }
        }
        Ok(Answer::Interrupted)
    }

    /// Reads the input that arrives within a timeout, if any.
    fn read_within(buffer: &mut [u8], wait: Duration) -> io::Result<Option<usize>> {
        let terminal = io::stdin();
        let mut waiting = [PollFd::new(&terminal, PollFlags::IN)];
        let wait = Timespec::try_from(wait).map_err(io::Error::other)?;
        match poll(&mut waiting, Some(&wait)) {
            Ok(0) | Err(Errno::INTR) => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        match read(&terminal, buffer) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => Ok(Some(count)),
            Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn discard(buffer: &mut [u8]) -> io::Result<()> {
        let began = Instant::now();
        while began.elapsed() < LONGEST_REST && read_within(buffer, PAUSE)?.is_some() {
            buffer.zeroize();
        }
        Ok(())
    }
}

/// The prompt on a console that reports keys as events.
#[cfg(not(unix))]
mod terminal {
    use std::io::{self, Write};

    use crossterm::event::read;
    use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

    use super::{Answer, PromptLine};

    pub(super) async fn ask(
        label: String,
        mut line: PromptLine,
        _is_dumb: bool,
    ) -> io::Result<Answer> {
        let asking = move || -> io::Result<Answer> {
            write!(io::stderr(), "{label}")?;
            enable_raw_mode()?;
            loop {
                match line.take(read()?) {
                    None | Some(Answer::Suspended) => {}
                    Some(answer) => return Ok(answer),
                }
            }
        };
        tokio::task::spawn_blocking(asking).await?
    }

    /// Restores the terminal in a panic.
    pub(super) fn give_back_in_panic() {
        let _not_raw = disable_raw_mode();
    }

    /// Restores the terminal after the prompt.
    pub(super) fn give_back() {
        let _not_raw = disable_raw_mode();
        let _closed = writeln!(io::stderr());
    }
}
