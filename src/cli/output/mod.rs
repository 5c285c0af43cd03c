//! What commands print, to whatever takes bytes: a file a form.
//!
//! Not here: fetching, or deciding about exit codes.

pub mod check_text;
pub mod config_report;
pub mod csv;
pub mod details;
pub mod json;
pub mod prometheus;
pub mod table;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::domain::failure::Failure;
use crate::domain::text;

/// Prints any report as one JSON document.
///
/// # Errors
/// The writer's.
pub fn json(out: &mut impl Write, report: &impl Serialize) -> io::Result<()> {
    json_value(out, report)?;
    writeln!(out)
}

/// Prints a value as JSON that no terminal acts on. What was JSON when the API sent it stays as it is.
fn json_value(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(out, Inert);
    Ok(value.serialize(&mut serializer)?)
}

/// Compact JSON in which every character that a terminal would act on, or not show, is escaped.
struct Inert;

impl serde_json::ser::Formatter for Inert {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut plain = 0;
        for (at, c) in fragment.char_indices() {
            if is_inert(c) {
                continue;
            }
            writer.write_all(&fragment.as_bytes()[plain..at])?;
            writer.write_all(escaped(c).as_bytes())?;
            plain = at + c.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[plain..])
    }
}

fn is_inert(c: char) -> bool {
    matches!(c, ' '..='~') || matches!(text::sanitize(c.encode_utf8(&mut [0; 4])), Cow::Borrowed(_))
}

/// A character as JSON's escapes.
fn escaped(c: char) -> String {
    let mut escaped = String::new();
    for unit in c.encode_utf16(&mut [0; 2]) {
        let _infallible = write!(escaped, "\\u{unit:04x}");
    }
    escaped
}

/// Prints a failure for people.
///
/// # Errors
/// The writer's.
pub fn failure_text(out: &mut impl Write, failure: &Failure) -> io::Result<()> {
    writeln!(out, "error: {}", text::line(&failure.summary))?;
    advice_text(out, failure)
}

/// Prints what goes with a failure's summary: what to do, and what the API or a library said.
///
/// # Errors
/// The writer's.
pub fn advice_text(out: &mut impl Write, failure: &Failure) -> io::Result<()> {
    writeln!(out, "hint: {}", text::line(&failure.hint.to_string()))?;
    let said = failure.said();
    if !said.is_empty() {
        writeln!(out, "details:")?;
    }
    said.iter()
        .try_for_each(|line| writeln!(out, "  {}", text::line(line)))
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
            Cow::Owned(_) if is_json => shown.push_str(&escaped(c)),
            Cow::Owned(replaced) => shown.push_str(&replaced),
        }
    }
    shown
}

/// An instant as every machine-readable form has it: RFC 3339, UTC, whole seconds.
pub(super) fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}
