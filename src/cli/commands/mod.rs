//! Runs a command from startup to its exit code.

use std::io::{self, Write as _};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::runtime::Builder;

use crate::cli::args::{Auth, Check, Command, ConfigCommand, Get, List, ProfileCommand};
use crate::cli::error_report::{ErrorReporter, warn};
use crate::cli::help;
use crate::cli::output::print::{Destination, Output, unprintable};
use crate::cli::progress::{wait_for, warn_meanwhile};
use crate::config::Paths;
use crate::credentials::Environment;
use crate::domain::failure::{Failure, FailureKind};
use crate::signals::{self, ListenOptions};
use crate::startup::Context;
use crate::startup::flags::Flags;

mod auth;
mod check;
pub mod completions;
mod get;
mod list;
mod probe;
mod profile;
mod uses;

/// Signals wait this long for the thread that receives them. Most commands end before it starts.
const SHORT_COMMAND: Duration = Duration::from_millis(10);

/// How long a command may compute before a signal ends it without a message.
const COMPUTATION_TIMEOUT: Duration = Duration::from_secs(2);

/// Runs a command from startup to its exit code. Prints failures too, as JSON if requested.
pub fn run(
    command: Command,
    flags: Flags,
    environment: Environment,
    clock: fn() -> DateTime<Utc>,
) -> u8 {
    let reporter = ErrorReporter::of(&command, clock);
    let mut warnings = Vec::new();
    let prepared = Context::prepare(flags, command.needs(), environment, clock, &mut warnings);
    for warning in &warnings {
        warn(&warning.summary);
    }
    let context = match prepared {
        Ok(context) => context,
        Err(failure) => return reporter.report(&failure, None),
    };
    signals::block();
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return reporter.report(&no_runtime(&error), None),
    };
    let code = runtime.block_on(run_until_signal(command, context, &reporter));
    // A keyring call that hangs must not keep the process.
    runtime.shutdown_background();
    code
}

fn no_runtime(error: &io::Error) -> Failure {
    Failure::new(
        FailureKind::Config,
        "The system refused resources that the command needs.",
        "Check the limits on open files and threads.",
    )
    .caused_by(error)
}

async fn run_until_signal(command: Command, mut context: Context, reporter: &ErrorReporter) -> u8 {
    let scope = context.credential.scope.clone();
    if command.to().is_some() {
        context.style = context.style.for_file();
    }
    let destination = Destination::of(command.to());
    let mut out = Output::new(context.style.width.is_some(), destination);
    let mut listener = signals::listen(ListenOptions {
        unheard_timeout: COMPUTATION_TIMEOUT,
        keep_ignored: true,
        last_act: || {
            // The command may have been asking for a secret.
            let _not_raw = crossterm::terminal::disable_raw_mode();
        },
    });
    let signal = async {
        tokio::time::sleep(SHORT_COMMAND).await;
        signals::start();
        listener.hear().await
    };
    let outcome = tokio::select! { biased;
        code = signal => {
            let _of_the_signal = reporter.report(&interrupted(), scope.as_ref());
            return code;
        }
        outcome = execute(context, command, reporter, &mut out) => outcome,
    };
    // Signals end the program at once from now on: only printing is left to do.
    drop(listener);
    match outcome.and_then(|code| out.print_deferred().map(|()| code)) {
        Ok(code) => {
            let printed = out.finish(|text| reporter.on_terminal(text));
            reporter.undelivered(printed).unwrap_or(code)
        }
        Err(failure) => reporter.report(&failure, scope.as_ref()),
    }
}

fn interrupted() -> Failure {
    Failure::new(
        FailureKind::Interrupted,
        "Interrupted by a signal.",
        "Run the command again.",
    )
}

async fn execute(
    mut context: Context,
    command: Command,
    reporter: &ErrorReporter,
    out: &mut Output,
) -> Result<u8, Failure> {
    if context.flags.demo && changes_something(&command) {
        return Err(Failure::new(
            FailureKind::Usage,
            "The demo does not store credentials or profiles.",
            "Run the command without --demo.",
        ));
    }
    if let Some(command) = context.command() {
        let program = command.program();
        wait_for(&format!("{program}, which prints the credential"));
    }
    context.service.on_complaint(warn_meanwhile);
    context.service.on_foreign_host(warn_meanwhile);
    context.service.start_command();
    if let Command::Get(Get { thresholds, .. })
    | Command::List(List { thresholds, .. })
    | Command::Check(Check { thresholds, .. }) = &command
    {
        context.settings.thresholds = thresholds.over(context.settings.thresholds)?;
    }
    match command {
        Command::Get(wanted) => get::get(context, &wanted, out).await,
        Command::List(wanted) => list::list(context, &wanted, out).await,
        Command::Check(wanted) => check::check(context, &wanted, reporter, out).await,
        Command::Uses(wanted) => uses::uses(context, &wanted, out).await,
        Command::Probe(wanted) => probe::probe(context, &wanted, out).await,
        Command::Auth(command) => match command {
            Auth::Set {
                stdin,
                email,
                no_check,
            } => auth::set(context, stdin, email.as_deref(), no_check).await,
            Auth::Status { online, output } => auth::status(context, online, output, out).await,
            Auth::Clear => auth::clear(context).await,
        },
        Command::Profile(command) => profile::profile(context, command, out).await,
        Command::Config(ConfigCommand::Path) => {
            let home = context.environment.path("TOKENSCOPE_HOME");
            let path = Paths::find(home.as_deref())?.config_file();
            writeln!(out, "{}", path.display()).map_err(|error| unprintable(&error))?;
            Ok(0)
        }
        Command::Completions { shell } => {
            out.text.extend(completions::script(shell).bytes());
            Ok(0)
        }
        Command::Man => {
            help::manual(&mut out.text).map_err(|error| unprintable(&error))?;
            Ok(0)
        }
    }
}

fn changes_something(command: &Command) -> bool {
    matches!(
        command,
        Command::Auth(Auth::Set { .. } | Auth::Clear)
            | Command::Profile(ProfileCommand::Use { .. } | ProfileCommand::Remove { .. })
    )
}
