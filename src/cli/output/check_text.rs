//! Prints a check as text: the line that monitoring shows, then one row per token.
//!

use std::fmt::Write as _;
use std::io::{self, Write};

use chrono::{DateTime, Utc};

use super::details;
use super::rfc3339;
use super::table;
use crate::cli::check_result::{CheckResult, Verdict};
use crate::domain::duration::rough;
use crate::domain::status::{EvaluationContext, Status, Tone};
use crate::startup::output_style::OutputStyle;

/// Prints the result of a check.
///
/// # Errors
/// The writer's.
pub fn print(out: &mut impl Write, checkup: &CheckResult, style: OutputStyle) -> io::Result<()> {
    let verdict = checkup.verdict();
    let word = verdict.code().to_ascii_uppercase();
    let said = style.clean(&sentence(checkup, verdict)).into_owned();
    let shown = match style.width {
        Some(width) => details::wrapped(&format!("{word}: {said}"), width).join("\n"),
        None => format!("{word}: {said}"),
    };
    match shown.strip_prefix(&word) {
        Some(rest) if style.colored => {
            writeln!(out, "{}{rest}", table::colored(&word, tone(verdict)))?;
        }
        _ => writeln!(out, "{shown}")?,
    }
    table::entries(out, &checkup.entries, checkup.context, style)?;
    // On a terminal, rows have no room for sentences.
    let Some(width) = style.width else {
        return Ok(());
    };
    for entry in &checkup.entries {
        if let Err(failure) = &entry.subject {
            let line = format!("{}: {} {}", entry.name(), failure.summary, failure.hint);
            for part in details::wrapped(&style.clean(&line), width) {
                writeln!(out, "{part}")?;
            }
        }
    }
    Ok(())
}

fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Ok => Tone::Calm,
        Verdict::Warning | Verdict::Unknown => Tone::Warning,
        Verdict::Critical => Tone::Critical,
    }
}

fn sentence(checkup: &CheckResult, verdict: Verdict) -> String {
    if let Some(failure) = &checkup.error {
        return failure.summary.clone();
    }
    let all = checkup.entries.len();
    let at = |level: Verdict| {
        let entries = checkup.entries.iter();
        entries
            .filter(|entry| checkup.verdict_on(entry) == level)
            .count()
    };
    let tokens = if all == 1 { "token" } else { "tokens" };
    let mut said = match verdict {
        Verdict::Critical => format!(
            "{} of {all} {tokens} expired, disabled or about to expire",
            at(Verdict::Critical)
        ),
        Verdict::Warning => format!("{} of {all} {tokens} expiring", at(Verdict::Warning)),
        Verdict::Unknown if at(Verdict::Unknown) > 0 => format!(
            "{} of {all} {tokens} with unknown status",
            at(Verdict::Unknown)
        ),
        Verdict::Ok if checkup.read > 0 && all == 0 => {
            "every token is ignored or excluded".to_owned()
        }
        Verdict::Unknown | Verdict::Ok if checkup.read == 0 => "no service tokens found".to_owned(),
        Verdict::Unknown | Verdict::Ok => format!("{all} {tokens}, none need attention"),
    };
    if let Some(worst) = worst(checkup, verdict) {
        said.push_str("; ");
        said.push_str(&worst);
    }
    if let Some(why) = &checkup.incomplete {
        let _infallible = write!(said, "; the list is incomplete: {why}");
    }
    said
}

/// The first token with the verdict of the check, and why.
fn worst(checkup: &CheckResult, verdict: Verdict) -> Option<String> {
    let entry = checkup
        .entries
        .iter()
        .find(|entry| checkup.verdict_on(entry) == verdict)?;
    let context = checkup.context;
    let name = entry.name();
    let who = match (name, entry.id()) {
        ("", "") => "an unnamed token without an ID".to_owned(),
        ("", id) => id.to_owned(),
        (name, id) => format!("{name} ({id})"),
    };
    let failure = match &entry.subject {
        Ok(_) => None,
        Err(failure) => Some(format!("{name}: {} {}", failure.summary, failure.hint)),
    };
    failure.or_else(|| match (entry.status(context), entry.life().end()) {
        (Status::Disabled, _) => Some(format!("{who} is disabled")),
        (Status::Unknown, _) if entry.life().enabled.is_none() => {
            Some(format!("it is not known whether {who} is enabled"))
        }
        (Status::Unknown, _) => Some(format!("it is not known when {who} expires")),
        (_, Some(end)) => Some(format!("{who} {}", term(end, context))),
        (_, None) => None,
    })
}

fn term(end: DateTime<Utc>, context: EvaluationContext) -> String {
    let away = end.signed_duration_since(context.now);
    let when = if end <= context.now {
        format!("expired {} ago, at", rough(-away))
    } else {
        format!("has {} left, until", rough(away))
    };
    format!("{when} {}", rfc3339(end))
}
