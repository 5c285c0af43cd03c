//! Asks for a secret on the terminal, without showing it.
//!
//! Not here: anything else a command might ask; no other command asks anything.

use std::io::{self, IsTerminal, Write};

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, read};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use crate::domain::failure::{Failure, FailureKind};
use crate::domain::secret::Secret;

/// The longest answer, in bytes, which has room to be seen as too long. A buffer of that capacity
/// never moves, so no copy is left behind.
const CAPACITY: usize = Secret::LONGEST + 4;

/// Asks for a secret by its name; nothing of it is shown, not even its length.
///
/// # Errors
/// A usage failure without a terminal on both ends, an interruption on Ctrl-C.
pub(super) fn ask(label: &str) -> Result<Secret, Failure> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(Failure::new(
            FailureKind::Usage,
            "There is no terminal to ask for the secret on.",
            "Pipe the secret in and add --stdin.",
        ));
    }
    write!(io::stderr(), "{label} (not shown): ").map_err(|error| unusable(&error))?;
    enable_raw_mode().map_err(|error| unusable(&error))?;
    let typed = read_line();
    let restored = disable_raw_mode();
    let _closed = writeln!(io::stderr());
    restored.map_err(|error| unusable(&error))?;
    typed.map_err(|error| unusable(&error))?.ok_or_else(|| {
        Failure::new(
            FailureKind::Interrupted,
            "Nothing was stored.",
            "Start it again.",
        )
    })
}

fn unusable(error: &io::Error) -> Failure {
    Failure::new(
        FailureKind::Usage,
        "The terminal cannot be used.",
        "Pipe the secret in and add --stdin.",
    )
    .caused_by(error)
}

/// The line up to Enter; nothing on Ctrl-C or Ctrl-D.
fn read_line() -> io::Result<Option<Secret>> {
    let mut typed = zeroize::Zeroizing::new(String::with_capacity(CAPACITY));
    loop {
        let Event::Key(key) = read()? else { continue };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        match key.code {
            KeyCode::Enter => return Ok(Some(Secret::new(typed.to_string()))),
            KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return Ok(None);
            }
            KeyCode::Backspace => {
                typed.pop();
            }
            KeyCode::Char(c) if typed.len() + c.len_utf8() <= CAPACITY => typed.push(c),
            _ => {}
        }
    }
}
