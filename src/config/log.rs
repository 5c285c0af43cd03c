//! `tokenscope.log`, written only when asked for.
//!
//! Other crates log too, and may say more than they should: only our own events are written.

use std::fs::File;
use std::io::{self, Write};
use std::str::FromStr;
use std::sync::{Mutex, OnceLock};

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::files::{self, reason};
use super::paths::Paths;
use super::state::open_log;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::redaction::scrub;
use crate::domain::text::sanitize;

/// Starts the log at a level: `error`, `warn`, `info`, `debug` or `trace`. Gives a warning where
/// there is no place for it.
///
/// # Errors
/// A usage failure for another level, and one of kind `config` where the file is there and cannot be
/// opened.
pub fn start(paths: &Paths, level: &str) -> Result<Option<Failure>, Failure> {
    let level = Level::from_str(level).map_err(|_| {
        Failure::new(
            FailureKind::Usage,
            format!("{level:?} is no level of the log."),
            "Name error, warn, info, debug or trace.",
        )
    })?;
    let file = match open_log(paths) {
        Ok(file) => file,
        Err(failure) if files::is_there(&paths.log_file()) => return Err(failure),
        Err(failure) => return Ok(Some(failure)),
    };
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        // It would complain on stderr at once, which belongs to the screens.
        .log_internal_errors(false)
        .with_writer(Mutex::new(Watched(file)));
    let filter = Targets::new().with_target("tokenscope", level);
    // A second start in one process keeps the first log.
    let _already_logging = tracing_subscriber::registry()
        .with(layer)
        .with(filter)
        .try_init();
    Ok(None)
}

/// Logs what failed.
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

/// Logs a sentence on what does not stop anything.
pub fn warned(sentence: &str) {
    tracing::warn!("{}", sanitize(&scrub(sentence)));
}

/// Why the first line that was lost was lost.
static LOST: OnceLock<String> = OnceLock::new();

/// A sentence, where the log lacks lines that could not be written. To be asked at the very end.
#[must_use]
pub fn complaint() -> Option<String> {
    let why = LOST.get()?;
    Some(format!("tokenscope.log could not be written: {why}"))
}

/// The file, with an eye on what it does not take.
struct Watched(File);

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                let _already_known = LOST.set(reason(error));
            }
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
