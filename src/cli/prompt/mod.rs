//! Prompts for a secret on the terminal without showing it, with the editing keys of the screens.

use std::io;

use crossterm::event::{Event, KeyCode, KeyModifiers};

use crate::action::{Action, Context, Erase, Input, Typed};
use crate::domain::credential::{InvalidSecret, MaskedField, Secret};
use crate::domain::failure::{Failure, FailureKind};
use crate::keymap::Keymap;

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(not(unix), path = "elsewhere.rs")]
mod terminal;

pub(super) use terminal::give_back;

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
    #[must_use]
    pub fn new(keymap: Keymap) -> Self {
        Self {
            keymap,
            field: MaskedField::default(),
            is_too_long: false,
        }
    }

    /// The input so far.
    #[must_use]
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
            Input::Resize(..) => {}
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
    Secret::parse(answer(label, is_dumb).await?.expose()).map_err(unfit)
}

/// Waits for Enter.
///
/// # Errors
/// Errors of the terminal, and an interruption on Ctrl-C.
pub(super) async fn ask_to_go_on(question: &str, is_dumb: bool) -> Result<(), Failure> {
    answer(question.to_owned(), is_dumb).await.map(drop)
}

async fn answer(label: String, is_dumb: bool) -> Result<Secret, Failure> {
    let keymap = Keymap::built_in()?;
    match terminal::ask(label, PromptLine::new(keymap), is_dumb).await? {
        Answer::Typed(secret) => Ok(secret),
        Answer::TooLong => Err(unfit(InvalidSecret::Long)),
        Answer::Interrupted | Answer::Suspended => Err(Failure::new(
            FailureKind::Interrupted,
            "Nothing was stored.",
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

fn no_terminal() -> Failure {
    Failure::new(
        FailureKind::Usage,
        "Cannot prompt for the secret: not a terminal.",
        "Pipe the secret in and add --stdin.",
    )
}

fn unusable(error: &io::Error) -> Failure {
    Failure::new(
        FailureKind::Usage,
        "The terminal cannot be used.",
        "Pipe the secret in and add --stdin.",
    )
    .caused_by(error)
}
