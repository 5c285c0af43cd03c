//! Reports a command's failure: in which format, on which stream, with which exit code.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use chrono::{DateTime, Utc};
use clap::ValueEnum as _;

use super::args::Command;
use super::check_result::{CheckResult, Verdict};
use super::output::Report;
use super::output::print::{Destination, unwritten};
use super::output::{self, OutputFormat, json, prometheus};
use crate::config::{log, permissions};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::ClockOffset;
use crate::domain::redaction::scrub;
use crate::domain::scope::Scope;
use crate::domain::status::{EvaluationContext, Thresholds};
use crate::domain::text;
use crate::signals;

/// The exit code of a probe that decides nothing.
const UNDECIDED: u8 = 3;

/// Reports failures in the output format of a command.
#[derive(Debug, Clone)]
pub struct ErrorReporter {
    format: OutputFormat,
    /// Where the command's output goes.
    destination: Destination,
    is_check: bool,
    /// Whether the report of a check lists profiles.
    has_profiles: bool,
    is_probe: bool,
    clock: fn() -> DateTime<Utc>,
}

impl ErrorReporter {
    /// The reporter of a command.
    pub fn of(command: &Command, clock: fn() -> DateTime<Utc>) -> Self {
        Self {
            format: command.output(),
            destination: Destination::of(command.to()),
            is_check: matches!(command, Command::Check(_)),
            has_profiles: matches!(command, Command::Check(check) if check.all_profiles),
            is_probe: matches!(command, Command::Probe(_)),
            clock,
        }
    }

    /// The reporter for a command line without a command or that could not be parsed, as far as it
    /// could be read.
    pub fn of_words(
        command: Option<&str>,
        (output, to): (Option<&str>, Option<&str>),
        clock: fn() -> DateTime<Utc>,
    ) -> Self {
        let format = output.and_then(|name| OutputFormat::from_str(name, false).ok());
        Self {
            format: format.unwrap_or(OutputFormat::Table),
            destination: Destination::of(to),
            is_check: command == Some("check"),
            has_profiles: false,
            is_probe: command == Some("probe"),
            clock,
        }
    }

    /// Whether a program reads the report: it is JSON, or a check's.
    pub(super) fn is_for_programs(&self) -> bool {
        self.is_json() || self.is_check
    }

    fn is_json(&self) -> bool {
        self.format == OutputFormat::Json
    }

    /// Escapes the control characters of machine-readable output for a terminal.
    pub fn on_terminal(&self, printed: Vec<u8>) -> Vec<u8> {
        if self.format == OutputFormat::Table {
            return printed;
        }
        let machine = String::from_utf8_lossy(&printed);
        output::inert(&machine, self.is_json()).into_bytes()
    }

    /// Prints a failure and returns its exit code. The file of a check gets it, so that whoever
    /// collects the file learns that nothing could be read; any other file is kept as it is. If standard output
    /// cannot be written, the failure goes to standard error. The report of a check includes the scope,
    /// if known.
    pub fn report(&self, failure: &Failure, scope: Option<&Scope>) -> u8 {
        if let (false, Some(reporter)) = (self.is_check, self.beside_the_file()) {
            return reporter.report(failure, scope);
        }
        let failure = &failure.clone().scrubbed();
        log::failed(failure);
        let mut printed = Vec::new();
        let is_printed = if self.is_check {
            self.print_check(&mut printed, failure, scope)
        } else if self.is_json() {
            json::failure(&mut printed, failure)
        } else {
            Ok(())
        };
        // First, for a monitoring system that reads both streams as one.
        let written = match is_printed {
            Ok(()) if printed.is_empty() => Ok(()),
            Ok(()) => self.destination.write(&printed),
            Err(error) => Err(unwritten(&error)),
        };
        if self.is_check {
            self.report_hint(failure);
        }
        let is_lost = self.undelivered(written).is_some();
        if is_lost || !self.is_for_programs() {
            explain(failure);
        }
        self.exit_code(failure)
    }

    /// Reports that the output could not be written, and returns the exit code for that.
    pub fn undelivered(&self, written: Result<(), Failure>) -> Option<u8> {
        let failure = written.err()?;
        if let Some(reporter) = self.beside_the_file() {
            return Some(reporter.report(&failure, None));
        }
        log::failed(&failure);
        explain(&failure);
        Some(self.exit_code(&failure))
    }

    /// The reporter on standard output of a command that writes a file.
    fn beside_the_file(&self) -> Option<Self> {
        match self.destination {
            Destination::StandardOutput => None,
            Destination::File(_) => Some(Self {
                destination: Destination::StandardOutput,
                ..self.clone()
            }),
        }
    }

    /// The exit code of a line that cannot be used.
    pub(super) fn usage_exit_code(&self) -> u8 {
        if self.is_probe { UNDECIDED } else { 64 }
    }

    fn exit_code(&self, failure: &Failure) -> u8 {
        if self.is_check {
            return Verdict::Unknown.exit_code();
        }
        if self.is_probe && failure.kind != FailureKind::Interrupted {
            return UNDECIDED;
        }
        match failure.kind {
            FailureKind::Usage => 64,
            FailureKind::NotFound => 4,
            FailureKind::Interrupted => 130,
            FailureKind::NoCredential
            | FailureKind::Keyring
            | FailureKind::Config
            | FailureKind::Authentication
            | FailureKind::Permission
            | FailureKind::Ambiguous
            | FailureKind::Rejected
            | FailureKind::RateLimited
            | FailureKind::Server
            | FailureKind::Network
            | FailureKind::Timeout
            | FailureKind::Tls
            | FailureKind::Proxy
            | FailureKind::Redirect
            | FailureKind::InvalidResponse => 1,
        }
    }

    fn print_check(
        &self,
        out: &mut impl Write,
        failure: &Failure,
        scope: Option<&Scope>,
    ) -> io::Result<()> {
        let context = EvaluationContext {
            now: (self.clock)(),
            clock_offset: ClockOffset::default(),
            thresholds: Thresholds::default(),
        };
        let checkup = CheckResult {
            profiles: self.has_profiles.then(Vec::new),
            ..CheckResult::failed(failure.clone(), scope.cloned(), context)
        };
        match self.format {
            OutputFormat::Json => json::print(out, Report::Check(&checkup)),
            OutputFormat::Prometheus => prometheus::print(out, &checkup),
            OutputFormat::Table | OutputFormat::Csv | OutputFormat::Ics | OutputFormat::Nagios => {
                let line = format!("UNKNOWN: {}", text::line(&failure.summary));
                let is_for_people = self.format == OutputFormat::Table
                    && matches!(self.destination, Destination::StandardOutput)
                    && io::stdout().is_terminal();
                let line = if is_for_people {
                    Cow::Borrowed(line.as_str())
                } else {
                    text::without_pipes(&line)
                };
                writeln!(out, "{line}")
            }
        }
    }

    /// Prints to standard error the parts of a failure that the output of a check omits.
    pub(super) fn report_hint(&self, failure: &Failure) {
        match self.format {
            OutputFormat::Json => {}
            OutputFormat::Prometheus => explain(failure),
            OutputFormat::Table | OutputFormat::Csv | OutputFormat::Ics | OutputFormat::Nagios => {
                let advice = advice(&failure.clone().scrubbed());
                // A closed standard error cannot be reported anywhere.
                print(&for_monitoring(&advice, &io::stderr()));
            }
        }
    }
}

/// Prints a failure and its hint to standard error.
pub(super) fn explain(failure: &Failure) {
    let failure = failure.clone().scrubbed();
    let (summary, advice) = (text::line(&failure.summary), advice(&failure));
    // A closed standard error cannot be reported anywhere.
    print(&format!("error: {summary}\n{advice}"));
}

/// The lines of a failure's hint and details.
fn advice(failure: &Failure) -> String {
    let mut lines = format!("hint: {}\n", text::line(&failure.hint.to_string()));
    let details = failure.said();
    if !details.is_empty() {
        lines.push_str("details:\n");
    }
    for detail in details {
        let _infallible = writeln!(lines, "  {}", text::line(&detail));
    }
    lines
}

/// Removes `|` from text for a stream that a monitoring system may read: some read both streams, and
/// take what follows it for performance data.
fn for_monitoring<'a>(text: &'a str, stream: &impl IsTerminal) -> Cow<'a, str> {
    if stream.is_terminal() {
        Cow::Borrowed(text)
    } else {
        text::without_pipes(text)
    }
}

/// Prints a warning of a check to standard error.
pub(super) fn warn_beside_check(sentence: &str) {
    warn(&for_monitoring(sentence, &io::stderr()));
}

/// Prints a warning to standard error.
pub fn warn(sentence: &str) {
    log::warned(sentence);
    let sentence = scrub(sentence);
    print(&format!("warning: {}\n", text::line(&sentence)));
}

/// Prints to standard error, whose reader may keep this waiting. A closed stream has no reader to tell.
fn print(text: &str) {
    signals::start();
    let _closed = io::stderr().write_all(text.as_bytes());
}

/// Prints the warnings that had to wait until the screens were closed.
pub fn warn_at_exit() {
    permissions::tightened()
        .into_iter()
        .chain(log::complaint())
        .for_each(|sentence| warn(&sentence));
}
