//! How a command tells of its failure: in which form, on which stream, with which exit code.
//!
//! Not here: what failed.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use chrono::{DateTime, Utc};

use super::args::{Auth, Check, CheckOutput, Command, ListOutput, Output, ProfileCommand};
use super::check_result::{CheckResult, Verdict};
use super::output::json::{CheckReport, FailureReport};
use super::output::{self, prometheus};
use crate::config::{log, permissions};
use crate::domain::clock::ClockOffset;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::redaction::scrub;
use crate::domain::scope::Scope;
use crate::domain::status::{EvaluationContext, Thresholds};
use crate::domain::text;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Csv,
    Json,
    Metrics,
}

/// How a command tells of its failure.
#[derive(Debug, Clone, Copy)]
pub struct ErrorReporter {
    form: Form,
    is_check: bool,
    clock: fn() -> DateTime<Utc>,
}

impl ErrorReporter {
    /// The reporter of a command.
    #[must_use]
    pub fn of(command: &Command, clock: fn() -> DateTime<Utc>) -> Self {
        let form = match command {
            Command::Get { output, .. }
            | Command::Auth {
                command: Auth::Status { output },
            }
            | Command::Profile {
                command: ProfileCommand::List { output },
            } => form(*output == Output::Json),
            Command::List(list) => match list.output {
                ListOutput::Table => Form::Text,
                ListOutput::Json => Form::Json,
                ListOutput::Csv => Form::Csv,
            },
            Command::Check(check) => return Self::of_check(check, clock),
            _ => Form::Text,
        };
        Self {
            form,
            is_check: false,
            clock,
        }
    }

    /// The reporter of the screens.
    #[must_use]
    pub fn plain(clock: fn() -> DateTime<Utc>) -> Self {
        Self {
            form: Form::Text,
            is_check: false,
            clock,
        }
    }

    /// As a check does.
    pub(super) fn of_check(check: &Check, clock: fn() -> DateTime<Utc>) -> Self {
        let form = match check.output {
            CheckOutput::Table => Form::Text,
            CheckOutput::Json => Form::Json,
            CheckOutput::Prometheus => Form::Metrics,
        };
        Self {
            form,
            is_check: true,
            clock,
        }
    }

    /// As a command does whose line was not understood, by what can be told of it.
    #[must_use]
    pub fn of_words(
        command: Option<&str>,
        output: Option<&str>,
        clock: fn() -> DateTime<Utc>,
    ) -> Self {
        let is_check = command == Some("check");
        Self {
            form: match output {
                Some("json") => Form::Json,
                Some("prometheus") if is_check => Form::Metrics,
                _ => Form::Text,
            },
            is_check,
            clock,
        }
    }

    /// Whether people read what it says of a failure.
    #[must_use]
    pub fn is_text(self) -> bool {
        self.form == Form::Text
    }

    /// What a command printed, as a terminal may show it.
    #[must_use]
    pub fn on_terminal(self, printed: Vec<u8>) -> Vec<u8> {
        if self.form == Form::Text {
            return printed;
        }
        let machine = String::from_utf8_lossy(&printed);
        output::shown(&machine, self.form == Form::Json).into_bytes()
    }

    /// Prints a failure, and gives its exit code. What standard output does not take is said on the
    /// error stream. A check says which scope it was about, where that is known.
    #[must_use]
    pub fn report(self, failure: &Failure, scope: Option<&Scope>) -> u8 {
        let failure = &failure.clone().scrubbed();
        log::failed(failure);
        let printed = if self.is_check {
            self.print_check(failure, scope)
        } else if self.form == Form::Json {
            output::json(&mut io::stdout().lock(), &FailureReport::from(failure))
        } else {
            explain(failure);
            Ok(())
        };
        if self.delivered(printed).is_some() {
            explain(failure);
        }
        if self.is_check {
            Verdict::Unknown.exit_code()
        } else {
            exit_code(failure)
        }
    }

    /// Says on the error stream that standard output could not be written, and gives the exit code
    /// of that. A reader that went away is no failure of the command; a full disk is.
    #[must_use]
    pub fn delivered(self, printed: io::Result<()>) -> Option<u8> {
        let error = printed
            .err()
            .filter(|error| error.kind() != io::ErrorKind::BrokenPipe)?;
        let failure = Failure::new(
            FailureKind::Config,
            format!("The output could not be written: {}.", error.kind()),
            "Check where it goes: the disk may be full.",
        );
        log::failed(&failure);
        explain(&failure);
        Some(if self.is_check {
            Verdict::Unknown.exit_code()
        } else {
            exit_code(&failure)
        })
    }

    fn print_check(self, failure: &Failure, scope: Option<&Scope>) -> io::Result<()> {
        let context = EvaluationContext {
            now: (self.clock)(),
            clock_offset: ClockOffset::default(),
            thresholds: Thresholds::default(),
        };
        let checkup = CheckResult::failed(failure.clone(), scope.cloned(), context);
        let mut out = io::stdout().lock();
        match self.form {
            Form::Json => output::json(&mut out, &CheckReport(&checkup)),
            Form::Metrics => {
                self.report_hint(failure);
                prometheus::checkup(&mut out, &checkup)
            }
            Form::Text | Form::Csv => {
                let line = format!("UNKNOWN: {}", text::line(&failure.summary));
                writeln!(out, "{}", for_monitoring(&line, &io::stdout()))?;
                self.report_hint(failure);
                Ok(())
            }
        }
    }

    /// Says on the error stream what a check's own output leaves out of a failure.
    pub(super) fn report_hint(self, failure: &Failure) {
        match self.form {
            Form::Json => {}
            Form::Metrics => explain(failure),
            Form::Text | Form::Csv => {
                let failure = failure.clone().scrubbed();
                let mut advice = Vec::new();
                let _infallible = output::advice_text(&mut advice, &failure);
                let advice = String::from_utf8_lossy(&advice);
                // Nobody is left to hear of a closed stream.
                let _closed = write!(io::stderr(), "{}", for_monitoring(&advice, &io::stderr()));
            }
        }
    }
}

fn form(is_json: bool) -> Form {
    if is_json { Form::Json } else { Form::Text }
}

fn exit_code(failure: &Failure) -> u8 {
    match failure.kind {
        FailureKind::Usage => 64,
        FailureKind::NotFound => 4,
        FailureKind::Interrupted => 130,
        _ => 1,
    }
}

/// Says on the error stream what failed and what to do about it.
pub(super) fn explain(failure: &Failure) {
    // Nobody is left to hear of a closed stream.
    let _closed = output::failure_text(&mut io::stderr().lock(), &failure.clone().scrubbed());
}

/// What a check says on a stream that a monitoring system may read: some read both.
fn for_monitoring<'a>(text: &'a str, stream: &impl IsTerminal) -> Cow<'a, str> {
    if stream.is_terminal() {
        Cow::Borrowed(text)
    } else {
        text::without_pipes(text)
    }
}

/// Says on the error stream what does not stop a check.
pub(super) fn warn_beside_check(sentence: &str) {
    warn(&for_monitoring(sentence, &io::stderr()));
}

/// Says on the error stream what does not stop a command.
pub fn warn(sentence: &str) {
    log::warned(sentence);
    let sentence = scrub(sentence);
    let _closed = writeln!(io::stderr(), "warning: {}", text::line(&sentence));
}

/// Warns of what went on unseen: nothing may be printed while the screens are in front.
pub fn warn_at_exit() {
    permissions::tightened()
        .into_iter()
        .chain(log::complaint())
        .for_each(|sentence| warn(&sentence));
}
