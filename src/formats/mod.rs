//! Formats for scripts, spreadsheets and calendars, which commands print and the screens write to files.

pub mod csv;
mod error_json;
pub mod ics;
pub mod json;
pub mod parallel;

use std::borrow::Cow;
use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::domain::text;

/// Whether a terminal shows a character and does nothing else with it.
fn is_inert(c: char) -> bool {
    matches!(c, ' '..='~') || matches!(text::sanitize(c.encode_utf8(&mut [0; 4])), Cow::Borrowed(_))
}

/// A character as JSON escapes.
pub fn unicode_escape(c: char) -> String {
    let mut escaped = String::new();
    for unit in c.encode_utf16(&mut [0; 2]) {
        let _infallible = write!(escaped, "\\u{unit:04x}");
    }
    escaped
}

/// An instant in machine-readable output: RFC 3339, UTC, whole seconds.
pub fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}
