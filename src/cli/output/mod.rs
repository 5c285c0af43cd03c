//! What commands print, to whatever takes bytes: a file a form.
//!
//! Not here: fetching, or deciding about exit codes.

pub mod card;
pub mod csv;
pub mod metrics;
pub mod report;
pub mod summary;
pub mod table;

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

/// An instant as every machine-readable form has it: RFC 3339, UTC, whole seconds.
fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}
