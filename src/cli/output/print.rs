//! Prints a report in an output format.

use std::io::{self, IsTerminal as _, Write};
use std::sync::Arc;

#[cfg(unix)]
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{OutputFormat, Report, details, json, nagios, prometheus, table, uses_table};
use crate::config::export;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::list_report::{Existing, NotWritten};
use crate::formats::{csv, ics};
use crate::signals;
use crate::startup::output_style::OutputStyle;

/// From this many bytes on, deferred text is written while more is printed: to touch memory for the
/// first time costs more than to print into it.
const BLOCK: usize = 32 * 1024;

/// Where the output of a command goes.
#[derive(Debug, Clone)]
pub(in crate::cli) enum Destination {
    StandardOutput,
    /// A file that is written whole or not at all.
    File(Arc<str>),
}

impl Destination {
    pub(in crate::cli) fn of(file: Option<&str>) -> Self {
        file.map_or(Self::StandardOutput, |path| Self::File(path.into()))
    }

    /// Writes all of the output, or a block of it.
    ///
    /// # Errors
    /// A `config` failure that names the file.
    pub(in crate::cli) fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::StandardOutput => {
                if may_block(bytes) {
                    signals::start();
                }
                let mut out = Unbuffered(io::stdout());
                delivered(out.write_all(bytes).and_then(|()| out.flush()))
            }
            Self::File(path) => {
                signals::start();
                let written = export::write(path, Existing::Replaced, |out| out.write_all(bytes));
                written.map(drop).map_err(|why| match why {
                    NotWritten::Exists => unwritten(&io::ErrorKind::AlreadyExists.into()),
                    NotWritten::Because(sentence) => {
                        Failure::new(FailureKind::Config, sentence, NAME_ANOTHER)
                    }
                })
            }
        }
    }
}

/// Whether a reader of standard output may keep a write waiting.
#[cfg(unix)]
fn may_block(bytes: &[u8]) -> bool {
    // What every pipe takes at once if it takes anything.
    const PIPE_BUF: usize = 4096;
    let stdout = io::stdout();
    let mut streams = [PollFd::new(&stdout, PollFlags::OUT)];
    bytes.len() > PIPE_BUF
        || stdout.is_terminal()
        || !poll(&mut streams, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
}

#[cfg(not(unix))]
fn may_block(_: &[u8]) -> bool {
    true
}

/// Standard output without the buffer that searches whatever is written for the end of a line.
struct Unbuffered(io::Stdout);

impl Write for Unbuffered {
    #[cfg(unix)]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(&self.0, bytes)?)
    }

    #[cfg(not(unix))]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

const NAME_ANOTHER: &str = "Name a file that can be written with --to.";
const WHERE_IT_GOES: &str = "Check where it goes: the disk may be full.";

/// The result of a write to standard output: a closed pipe is not a failure, a full disk is.
pub(in crate::cli) fn delivered(written: io::Result<()>) -> Result<(), Failure> {
    written.or_else(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(unwritten(&error)),
    })
}

/// The failure if output cannot be written.
pub(in crate::cli) fn unwritten(error: &io::Error) -> Failure {
    let summary = format!("The output could not be written: {}.", error.kind());
    Failure::new(FailureKind::Config, summary, WHERE_IT_GOES)
}

/// The output of a command. A terminal gets it as a whole at the end, since it may need escaping.
pub(in crate::cli) struct Output {
    pub(in crate::cli) text: Vec<u8>,
    is_terminal: bool,
    /// Whether the command is over, so that a slow reader may block it.
    is_over: bool,
    destination: Destination,
    /// Stays an error after the first one.
    written: Result<(), Failure>,
    deferred: Option<Deferred>,
}

/// Prints a report once the command is over.
type Deferred = Box<dyn FnOnce(&mut Output) -> Result<(), Failure>>;

impl Output {
    pub(in crate::cli) fn new(is_terminal: bool, destination: Destination) -> Self {
        Self {
            text: Vec::new(),
            is_terminal,
            is_over: false,
            destination,
            written: Ok(()),
            deferred: None,
        }
    }

    /// Prints once the command no longer waits for signals, which then end the program even if nobody reads
    /// what it writes.
    pub(in crate::cli) fn defer(
        &mut self,
        print: impl FnOnce(&mut Self) -> Result<(), Failure> + 'static,
    ) {
        self.deferred = Some(Box::new(print));
    }

    /// Prints what was deferred.
    ///
    /// # Errors
    /// Those of [`print`].
    pub(in crate::cli) fn print_deferred(&mut self) -> Result<(), Failure> {
        self.is_over = true;
        self.deferred.take().map_or(Ok(()), |print| print(self))
    }

    /// Writes the rest, which is everything for a terminal.
    ///
    /// # Errors
    /// The first error of the destination.
    pub(in crate::cli) fn finish(
        mut self,
        escape: impl FnOnce(Vec<u8>) -> Vec<u8>,
    ) -> Result<(), Failure> {
        if self.is_terminal {
            self.text = escape(self.text);
        }
        self.pass_on();
        self.written
    }

    fn pass_on(&mut self) {
        if self.written.is_ok() {
            self.written = self.destination.write(&self.text);
        }
        self.text.clear();
    }
}

/// Never fails, so that the error of a closed pipe is not one of printing.
impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let is_to_file = matches!(self.destination, Destination::File(_));
        let in_blocks = self.is_over && !self.is_terminal && !is_to_file;
        if in_blocks && bytes.len() >= BLOCK {
            self.pass_on();
            if self.written.is_ok() {
                self.written = self.destination.write(bytes);
            }
            return Ok(bytes.len());
        }
        self.text.extend_from_slice(bytes);
        if in_blocks && self.text.len() >= BLOCK {
            self.pass_on();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Prints a report.
///
/// # Errors
/// For a report without this format; `args` rejects such pairs.
pub(in crate::cli) fn print(
    report: Report<'_>,
    format: OutputFormat,
    out: &mut Output,
    style: OutputStyle,
) -> Result<(), Failure> {
    let printed = match (format, report) {
        (OutputFormat::Json, report) => json::print(out, report),
        (OutputFormat::Table, Report::Token { token, context, .. }) => {
            details::token(out, token, context, style)
        }
        (OutputFormat::Table, Report::Tokens(list)) => table::tokens(out, list, style),
        (OutputFormat::Table, Report::Check(check)) => details::check(out, check, style),
        (OutputFormat::Table, Report::Probe(probe)) => details::probe(out, probe, style),
        (OutputFormat::Table, Report::Credential(auth)) => details::auth(out, auth, style),
        (OutputFormat::Table, Report::Profiles(profiles)) => table::profiles(out, profiles, style),
        (OutputFormat::Table, Report::Uses(uses)) => uses_table::print(out, uses, style),
        (OutputFormat::Csv, Report::Tokens(list)) => csv::list(out, list),
        (OutputFormat::Ics, Report::Tokens(list)) => ics::list(out, list),
        (OutputFormat::Prometheus, Report::Check(check)) => prometheus::print(out, check),
        (OutputFormat::Nagios, Report::Check(check)) => nagios::print(out, check, style),
        (
            OutputFormat::Csv | OutputFormat::Ics | OutputFormat::Prometheus | OutputFormat::Nagios,
            _,
        ) => Err(io::ErrorKind::Unsupported.into()),
    };
    printed.map_err(|error| unprintable(&error))
}

pub(in crate::cli) fn unprintable(error: &io::Error) -> Failure {
    Failure::new(
        FailureKind::InvalidResponse,
        "The result could not be printed.",
        "Try -o table.",
    )
    .caused_by(error)
}
