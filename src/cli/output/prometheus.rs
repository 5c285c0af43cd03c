//! Prometheus's text format, version 0.0.4: one group per metric, each series once. The verdict is left
//! to alerting rules.

use std::collections::HashSet;
use std::io::{self, Write};

use chrono::{DateTime, Utc};

use crate::cli::check_result::{CheckEntry, CheckResult};
use crate::domain::findings::previous_secret_end;
use crate::domain::status::{EvaluationContext, Status};

const UP: &str = "tokenscope_up";
const COMPLETE: &str = "tokenscope_complete";
const EXPIRY: &str = "tokenscope_service_token_expiry_timestamp_seconds";
const LAST_SEEN: &str = "tokenscope_service_token_last_seen_timestamp_seconds";
const PREVIOUS: &str = "tokenscope_service_token_previous_secret_expiry_timestamp_seconds";
const ENABLED: &str = "tokenscope_service_token_enabled";
const STATUS: &str = "tokenscope_service_token_status";

/// Prints the result of a check.
///
/// # Errors
/// The writer's.
pub fn print(out: &mut impl Write, checkup: &CheckResult) -> io::Result<()> {
    open(out, UP, "Whether the service tokens could be read.")?;
    if checkup.error.is_some() {
        return writeln!(out, "{UP} 0");
    }
    writeln!(out, "{UP} 1")?;
    open(out, COMPLETE, "Whether all service tokens were read.")?;
    writeln!(
        out,
        "{COMPLETE} {}",
        u8::from(checkup.incomplete_reason().is_none())
    )?;
    let mut seen = HashSet::new();
    let rows: Vec<(String, &CheckEntry)> = checkup
        .entries
        .iter()
        .map(|entry| (labels(entry), entry))
        .filter(|(labels, _)| seen.insert(labels.clone()))
        .collect();
    instants_and_switches(out, &rows, checkup.context)?;
    statuses(out, &rows, checkup)
}

fn instants_and_switches(
    out: &mut impl Write,
    rows: &[(String, &CheckEntry)],
    context: EvaluationContext,
) -> io::Result<()> {
    let expiry = |entry: &CheckEntry| entry.life().end().map(timestamp);
    let last_seen = |entry: &CheckEntry| {
        let token = entry.subject.as_ref().ok()?;
        token.last_seen_at.valid().copied().map(timestamp)
    };
    let previous = |entry: &CheckEntry| {
        let token = entry.subject.as_ref().ok()?;
        previous_secret_end(token, context).map(timestamp)
    };
    let enabled = |entry: &CheckEntry| {
        let enabled = entry.life().enabled.filter(|_| entry.subject.is_ok());
        enabled.map(|enabled| u8::from(enabled).to_string())
    };
    group(out, EXPIRY, "When the service token expires.", rows, expiry)?;
    group(
        out,
        LAST_SEEN,
        "When the service token was last used.",
        rows,
        last_seen,
    )?;
    group(
        out,
        PREVIOUS,
        "When the service token's previous secret expires, while it still works.",
        rows,
        previous,
    )?;
    group(
        out,
        ENABLED,
        "Whether the service token is enabled.",
        rows,
        enabled,
    )
}

/// Every status has a series, so that a change of status shows as one going to 0 and another to 1.
fn statuses(
    out: &mut impl Write,
    rows: &[(String, &CheckEntry)],
    checkup: &CheckResult,
) -> io::Result<()> {
    if !rows.is_empty() {
        open(
            out,
            STATUS,
            "The service token's status: 1 for the current one.",
        )?;
    }
    for (labels, entry) in rows {
        let current = entry.status(checkup.context);
        for status in Status::ALL {
            let value = u8::from(status == current);
            writeln!(
                out,
                "{STATUS}{{{labels},status=\"{}\"}} {value}",
                status.code()
            )?;
        }
    }
    Ok(())
}

/// Prints a metric for the tokens that have a value; nothing if none has.
fn group(
    out: &mut impl Write,
    metric: &str,
    help: &str,
    rows: &[(String, &CheckEntry)],
    value: impl Fn(&CheckEntry) -> Option<String>,
) -> io::Result<()> {
    let mut is_open = false;
    for (labels, entry) in rows {
        let Some(value) = value(entry) else { continue };
        if !std::mem::replace(&mut is_open, true) {
            open(out, metric, help)?;
        }
        writeln!(out, "{metric}{{{labels}}} {value}")?;
    }
    Ok(())
}

fn open(out: &mut impl Write, metric: &str, help: &str) -> io::Result<()> {
    writeln!(out, "# HELP {metric} {help}")?;
    writeln!(out, "# TYPE {metric} gauge")
}

fn timestamp(instant: DateTime<Utc>) -> String {
    instant.timestamp().to_string()
}

/// The scope is its bare ID: an account and a zone never share one.
fn labels(entry: &CheckEntry) -> String {
    format!(
        "scope=\"{}\",id=\"{}\",name=\"{}\"",
        entry.scope.id(),
        escaped(entry.id()),
        escaped(entry.name())
    )
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
