//! The commands: which function carries out which, and how each ends.
//!
//! Not here: the form of the output (`output`), or the grammar (`args`).

use std::io::{self, Write};

use crate::cli::args::{Auth, Command, ProfileCommand};
use crate::cli::desk::Desk;
use crate::cli::error_report::ErrorReporter;
use crate::cli::progress::warn_meanwhile;
use crate::cli::{interrupt, prompt};
use crate::domain::failure::{Failure, FailureKind};

mod auth;
mod check;
pub mod completions;
mod exclude;
mod get;
mod list;
mod named;
mod profile;

/// The manual page. A test holds it against the grammar.
const MANUAL: &str = include_str!("../../../assets/tokenscope.1");

/// Runs a command. Failures are printed too, as JSON where that was asked for.
pub async fn run(desk: Desk, command: Command) -> u8 {
    let telling = ErrorReporter::of(Some(&command), desk.options.clock);
    let is_terminal = desk.style.width.is_some();
    let scope = desk.selection.scope.clone();
    let mut text = Vec::new();
    // Signals are listened for before the command begins.
    let outcome = tokio::select! { biased;
        code = interrupt::signalled() => {
            // The command may have been asking for a secret.
            prompt::give_back();
            let _of_the_signal = telling.tell(&interrupted(), scope.as_ref());
            return code;
        }
        outcome = execute(desk, command, telling, &mut text) => outcome,
    };
    if is_terminal {
        text = telling.on_terminal(text);
    }
    match outcome {
        Ok(code) => telling.delivered(print(&text)).unwrap_or(code),
        Err(failure) => telling.tell(&failure, scope.as_ref()),
    }
}

fn print(text: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text)?;
    out.flush()
}

fn interrupted() -> Failure {
    Failure::new(
        FailureKind::Interrupted,
        "A signal ended the command.",
        "Start it again.",
    )
}

async fn execute(
    mut desk: Desk,
    command: Command,
    telling: ErrorReporter,
    out: &mut Vec<u8>,
) -> Result<u8, Failure> {
    if desk.is_demo && changes_something(&command) {
        return Err(Failure::new(
            FailureKind::Usage,
            "The demo keeps neither credentials nor profiles.",
            "Run the command without --demo.",
        ));
    }
    desk.service.complain_to(warn_meanwhile);
    desk.service.tell_foreign_hosts_to(warn_meanwhile);
    desk.service.start_the_clock();
    match command {
        Command::Get(wanted) => {
            desk.settings.thresholds = wanted.thresholds.over(desk.settings.thresholds)?;
            get::get(desk, &wanted, out).await
        }
        Command::List(wanted) => {
            desk.settings.thresholds = wanted.thresholds.over(desk.settings.thresholds)?;
            list::list(desk, &wanted, out).await
        }
        Command::Check(wanted) => {
            desk.settings.thresholds = wanted.thresholds.over(desk.settings.thresholds)?;
            check::check(desk, &wanted, telling, out).await
        }
        Command::Auth { command } => match command {
            Auth::Set {
                stdin,
                email,
                no_check,
            } => auth::set(desk, stdin, email.as_deref(), no_check).await,
            Auth::Status { output } => auth::status(desk, output, out).await,
            Auth::Clear => auth::clear(desk).await,
        },
        Command::Profile { command } => profile::profile(desk, command, out).await,
        Command::Completions { shell } => {
            out.extend_from_slice(completions::script(shell).as_bytes());
            Ok(0)
        }
        Command::Man => {
            out.extend_from_slice(MANUAL.as_bytes());
            Ok(0)
        }
    }
}

fn changes_something(command: &Command) -> bool {
    matches!(
        command,
        Command::Auth {
            command: Auth::Set { .. } | Auth::Clear
        } | Command::Profile {
            command: ProfileCommand::Use { .. } | ProfileCommand::Remove { .. }
        }
    )
}
