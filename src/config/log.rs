//! `tokenscope.log`, written only on request.
//!
//! Other crates' events may contain secrets, so only tokenscope's own are written.

use std::fs::File;
use std::io::{self, Write};

use std::sync::{Mutex, OnceLock};

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::Paths;
use super::files::{self, reason};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::redaction::scrub;
use crate::domain::text::sanitize;

/// The log levels, the quietest first.
pub const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// Starts the log at one of the [`LEVELS`]. Returns a warning if the file cannot be created.
///
/// # Errors
/// A `usage` failure for any other level; a `config` failure if the file exists but cannot be opened.
pub fn start(paths: &Paths, level: &str) -> Result<Option<Failure>, Failure> {
    let level: Level = level.parse().map_err(|_| {
        Failure::new(
            FailureKind::Usage,
            format!("{level:?} is not a valid log level."),
            format!("Use one of {}.", LEVELS.join(", ")),
        )
    })?;
    let file = match open(paths) {
        Ok(file) => file,
        Err(failure) if files::exists(&paths.log_file()) => return Err(failure),
        Err(failure) => return Ok(Some(failure)),
    };
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        // It would print to stderr at once, over the screens.
        .log_internal_errors(false)
        .with_writer(Mutex::new(LogFile(file)));
    let filter = Targets::new().with_target("tokenscope", level);
    // Starting twice in one process keeps the first log.
    let _already_logging = tracing_subscriber::registry()
        .with(layer)
        .with(filter)
        .try_init();
    Ok(None)
}

/// Opens the log for appending.
///
/// # Errors
/// A `config` failure.
pub fn open(paths: &Paths) -> Result<File, Failure> {
    files::append(&paths.log_file())
}

/// Logs a failure.
pub fn failed(failure: &Failure) {
    let failure = failure.clone().scrubbed();
    let said = failure.said().join("; ");
    tracing::error!(
        kind = failure.kind.code(),
        request = failure.details.request,
        status = failure.details.http_status,
        said = %sanitize(&said),
        "{}",
        sanitize(&failure.summary)
    );
}

/// Logs a warning.
pub fn warned(sentence: &str) {
    tracing::warn!("{}", sanitize(&scrub(sentence)));
}

/// Why the first write failed.
static WRITE_ERROR: OnceLock<String> = OnceLock::new();

/// A complaint, without a full stop, if the log is incomplete. Call it just before the program exits.
pub fn complaint() -> Option<String> {
    let why = WRITE_ERROR.get()?;
    Some(format!("tokenscope.log could not be written: {why}"))
}

/// Records the first error, which `tracing` would ignore.
struct LogFile(File);

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                let _already_known = WRITE_ERROR.set(reason(error));
            }
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
