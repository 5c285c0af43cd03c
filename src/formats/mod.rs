//! Formats for scripts, spreadsheets and calendars, which commands print and the screens write to files.

pub mod csv;
mod error_json;
pub mod ics;
pub mod json;
pub mod parallel;

use chrono::{DateTime, SecondsFormat, Utc};

/// An instant in machine-readable output: RFC 3339, UTC, whole seconds.
pub fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}
