//! Parses the arguments, chooses a front end, and returns the exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use tokenscope::cli::args::Cli;
use tokenscope::cli::commands::{self, completions};
use tokenscope::cli::error_report::{ErrorReporter, warn_at_exit};
use tokenscope::cli::{prompt, usage_error};
use tokenscope::credentials::Environment;
#[cfg(unix)]
use tokenscope::credentials::detached;
use tokenscope::domain::failure::Failure;
use tokenscope::signals;
use tokenscope::startup::flags::Flags;
use tokenscope::startup::{Context, Needs};
use tokenscope::tui::{self, Appearance};

/// The exit code if no terminal can show the screens.
const NO_TERMINAL: u8 = 65;
/// The exit code if this process cannot become another program, as in shells.
#[cfg(unix)]
const NOT_STARTED: u8 = 127;

// musl's own serves one thread at a time, which doubles the time of a long list.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    exit_on_panic();
    #[cfg(unix)]
    if std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == detached::REQUEST)
    {
        say_plainly(&detached::become_program(std::env::args_os().skip(2)));
        return ExitCode::from(NOT_STARTED);
    }
    #[cfg(unix)]
    detached::enable();
    signals::ignore_file_size_limit();
    let words: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    if let Some((first, rest)) = words.split_first()
        && first == completions::REQUEST
    {
        completions::complete(rest);
        return ExitCode::SUCCESS;
    }
    let environment = Environment::read();
    let code = match usage_error::parse(&words, &environment, now) {
        Err(code) => return ExitCode::from(code),
        Ok(Cli {
            flags,
            command,
            token,
        }) => match command {
            Some(command) => commands::run(command, flags, environment, now),
            None => open(flags, environment, token.as_deref()).unwrap_or_else(|failure| {
                ErrorReporter::of_words(None, (None, None), now).report(&failure, None)
            }),
        },
    };
    warn_at_exit();
    ExitCode::from(code)
}

/// Opens the screens, and gives the exit code.
fn open(flags: Flags, environment: Environment, token: Option<&str>) -> Result<u8, Failure> {
    signals::start();
    let mut warnings = Vec::new();
    let context = Context::prepare(flags, Needs::Screens, environment, now, &mut warnings)?;
    let token = token.map(usage_error::parse_token_to_open).transpose()?;
    if let Some(why) = tui::unusable_terminal(&context) {
        say(&format!(
            "{why}; use the commands `tokenscope list`, `get` and `check`"
        ));
        return Ok(NO_TERMINAL);
    }
    let appearance = Appearance::of(&context, &mut warnings)?;
    Ok(
        tui::run(context, &appearance, token, warnings).unwrap_or_else(|error| {
            tracing::error!("the terminal cannot be used: {error}");
            say(&format!("the terminal cannot be used: {error}"));
            1
        }),
    )
}

fn say(error: &str) {
    say_plainly(&format!("error: {error}"));
}

fn say_plainly(line: &str) {
    let _closed = writeln!(io::stderr(), "{line}");
}

/// Ends the program with its own exit code after a panic in any thread. The release build does not
/// unwind.
fn exit_on_panic() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        prompt::give_back_in_panic();
        report(panic);
        std::process::exit(101);
    }));
}

#[expect(
    clippy::disallowed_methods,
    reason = "the clock that is handed to everything else"
)]
fn now() -> DateTime<Utc> {
    Utc::now()
}
