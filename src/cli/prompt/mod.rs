//! Asks for a secret on the terminal, without showing it, and edits it as the screens' fields do.
//!
//! Not here: anything else a command might ask; no other command asks anything.

use std::io;

use crossterm::event::{Event, KeyCode, KeyModifiers};

use crate::action::{Action, Context, Erase, Input, Typed};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::secret::{InvalidSecret, MaskedField, Secret};
use crate::keymap::Keymap;

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(not(unix), path = "elsewhere.rs")]
mod terminal;

pub(super) use terminal::give_back;

/// Gives the terminal back where a panic ends the program over a question.
pub fn give_back_in_panic() {
    terminal::give_back_in_panic();
}

/// What ends a question, or interrupts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// This was typed.
    Typed(Secret),
    /// More was typed than any credential has.
    TooLong,
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-Z: the question is asked again once the process goes on.
    Suspended,
}

/// The line being typed.
pub struct PromptLine {
    keymap: Keymap,
    field: MaskedField,
    /// What did not fit is not left out silently.
    is_too_long: bool,
}

impl PromptLine {
    /// An empty line under these keys.
    #[must_use]
    pub fn new(keymap: Keymap) -> Self {
        Self {
            keymap,
            field: MaskedField::default(),
            is_too_long: false,
        }
    }

    /// What has been typed so far.
    #[must_use]
    pub fn typed(&self) -> &Secret {
        self.field.secret()
    }

    /// Takes in what the terminal sent. Keys that neither edit nor end the line do nothing.
    pub fn take(&mut self, event: Event) -> Option<Answer> {
        let is_control = |letter| {
            matches!(&event, Event::Key(key) if key.code == KeyCode::Char(letter)
                && key.modifiers == KeyModifiers::CONTROL)
        };
        // What a terminal sends for Enter, and what pipes and pastes have in its place.
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

/// Asks for a secret by its name; nothing of it is shown, not even its length.
///
/// # Errors
/// A usage failure without a terminal on both ends or for what cannot be a credential, an
/// interruption on Ctrl-C.
pub(super) async fn ask(label: &str, is_dumb: bool) -> Result<Secret, Failure> {
    let label = format!("{label} (not shown): ");
    Secret::parse(answer(label, is_dumb).await?.expose()).map_err(unfit)
}

/// Asks whether to try again what a person had no time for. Enter does, Ctrl-C does not.
///
/// # Errors
/// Those of the terminal, and an interruption on Ctrl-C.
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
            "Start it again.",
        )),
    }
}

fn unfit(error: InvalidSecret) -> Failure {
    Failure::new(
        FailureKind::Usage,
        format!("What was typed is no credential: {error}."),
        "Give the API token or key, and nothing else.",
    )
}

fn no_terminal() -> Failure {
    Failure::new(
        FailureKind::Usage,
        "There is no terminal to ask for the secret on.",
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
