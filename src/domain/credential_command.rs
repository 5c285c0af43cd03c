//! The command that prints a profile's secret, and what it may print. Running it is elsewhere.

use std::fmt;

use super::credential::{InvalidSecret, Secret};

/// A program and its arguments. `Debug` shows the program only: an argument may say where a secret
/// is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct CredentialCommand {
    program: String,
    arguments: Vec<String>,
}

/// Why words are not a command, to follow the name of the setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCommand {
    #[error("must begin with a program")]
    Empty,
    #[error("must not contain empty text")]
    EmptyWord,
    #[error("must not contain a NUL character")]
    Nul,
    /// It would be another program in every folder.
    #[error("must begin with the name of a program, or with its full path")]
    RelativePath,
}

impl CredentialCommand {
    /// A command of these words. No shell reads them.
    ///
    /// # Errors
    /// [`InvalidCommand`] says what is wrong.
    pub fn new(words: Vec<String>) -> Result<Self, InvalidCommand> {
        if words.iter().any(String::is_empty) {
            return Err(InvalidCommand::EmptyWord);
        }
        if words.iter().any(|word| word.contains('\0')) {
            return Err(InvalidCommand::Nul);
        }
        let mut words = words.into_iter();
        let program = words.next().ok_or(InvalidCommand::Empty)?;
        let has_folder = program.contains(std::path::is_separator);
        if has_folder && !std::path::Path::new(&program).is_absolute() {
            return Err(InvalidCommand::RelativePath);
        }
        Ok(Self {
            program,
            arguments: words.collect(),
        })
    }

    /// The name or the path of the program.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// The arguments of the program.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }
}

impl fmt::Debug for CredentialCommand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CredentialCommand")
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}

/// Why what a command printed is not a secret. Does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOutput {
    #[error("printed nothing")]
    Nothing,
    #[error("printed an empty line first")]
    EmptyFirstLine,
    #[error("printed more than one line")]
    SeveralLines,
    #[error("printed something that is not text")]
    NotText,
    #[error("printed no valid credential: {0}")]
    NotCredential(InvalidSecret),
}

/// The secret in what a command printed: its first line, with nothing but blank lines after it.
///
/// # Errors
/// [`InvalidOutput`] says what is wrong.
pub fn secret_in(printed: &[u8]) -> Result<Secret, InvalidOutput> {
    let text = std::str::from_utf8(printed).map_err(|_| InvalidOutput::NotText)?;
    let mut lines = text.lines().map(|line| !line.trim().is_empty());
    let (first, more) = (lines.next() == Some(true), lines.any(|is_filled| is_filled));
    match (first, more) {
        (false, false) => Err(InvalidOutput::Nothing),
        (false, true) => Err(InvalidOutput::EmptyFirstLine),
        (true, true) => Err(InvalidOutput::SeveralLines),
        (true, false) => Secret::parse(text).map_err(InvalidOutput::NotCredential),
    }
}
