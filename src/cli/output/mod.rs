//! What commands print, to whatever takes bytes: a file a form.
//!
//! Not here: fetching, or deciding about exit codes.

pub mod card;
pub mod csv;
pub mod metrics;
pub mod report;
pub mod setup;
pub mod summary;
pub mod table;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::domain::clock::ClockOffset;
use crate::domain::failure::Failure;
use crate::domain::status::Thresholds;
use crate::domain::text;

/// What a report is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Judgement {
    /// The instant, by the server's clock.
    pub now: DateTime<Utc>,
    /// What the server's clock is ahead of ours.
    pub offset: ClockOffset,
    /// The limits.
    pub thresholds: Thresholds,
}

/// Prints any report as one JSON document.
///
/// # Errors
/// The writer's.
pub fn json(out: &mut impl Write, report: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, report)?;
    writeln!(out)
}

/// Prints a failure for people.
///
/// # Errors
/// The writer's.
pub fn failure_text(out: &mut impl Write, failure: &Failure) -> io::Result<()> {
    writeln!(out, "error: {}", text::sanitize(&failure.summary))?;
    writeln!(out, "hint: {}", text::sanitize(&failure.hint))
}

/// What machines read, made safe for a terminal that it is shown on: what a terminal would act on
/// is escaped in JSON, which then means the same, and replaced anywhere else.
#[must_use]
pub fn shown(machine: &str, is_json: bool) -> String {
    let mut shown = String::with_capacity(machine.len());
    let mut characters = machine.chars().peekable();
    while let Some(c) = characters.next() {
        let is_line_end = c == '\n' || (c == '\r' && characters.peek() == Some(&'\n'));
        if is_line_end || (is_json && c.is_ascii_whitespace()) {
            shown.push(c);
            continue;
        }
        match text::sanitize(c.encode_utf8(&mut [0; 4])) {
            Cow::Borrowed(same) => shown.push_str(same),
            Cow::Owned(_) if is_json => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _infallible = write!(shown, "\\u{unit:04x}");
                }
            }
            Cow::Owned(replaced) => shown.push_str(&replaced),
        }
    }
    shown
}

/// An instant as every machine-readable form has it: RFC 3339, UTC, whole seconds.
pub(super) fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}
