//! The prompt on a console that reports keys as events.

use std::io::{self, IsTerminal, Write};

use crossterm::event::read;
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use super::{Answer, PromptLine, no_terminal, unusable};
use crate::domain::failure::Failure;

pub(in crate::cli) async fn ask(
    label: String,
    mut line: PromptLine,
    _is_dumb: bool,
) -> Result<Answer, Failure> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(no_terminal());
    }
    let asking = move || -> io::Result<Answer> {
        write!(io::stderr(), "{label}")?;
        enable_raw_mode()?;
        let answer = loop {
            match read().map(|event| line.take(event)) {
                Ok(None | Some(Answer::Suspended)) => {}
                Ok(Some(answer)) => break Ok(answer),
                Err(error) => break Err(error),
            }
        };
        give_back();
        answer
    };
    let answer = tokio::task::spawn_blocking(asking).await;
    answer
        .map_err(|error| unusable(&error.into()))?
        .map_err(|error| unusable(&error))
}

/// Restores the terminal in a panic.
pub(in crate::cli) fn give_back_in_panic() {
    let _not_raw = disable_raw_mode();
}

/// Restores the terminal after the prompt.
pub(in crate::cli) fn give_back() {
    let _not_raw = disable_raw_mode();
    let _closed = writeln!(io::stderr());
}
