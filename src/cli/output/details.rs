//! One token, or the credential in use, as rows of a label and a value; a check as the line that
//! monitoring shows, then one row per token.

use std::fmt::Write as _;
use std::io::{self, Write};

use chrono::{DateTime, Utc};

use super::AuthReport;
use super::rfc3339;
use super::table::{GAP, colored, entries};
use crate::cli::check_result::{CheckResult, Verdict};
use crate::domain::duration;
use crate::domain::fields::{Field, FieldKind, fields};
use crate::domain::findings::findings;
use crate::domain::scope::BaseUrl;
use crate::domain::status::{EvaluationContext, Lifecycle, Status, Tone};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::startup::output_style::OutputStyle;

/// Prints rows of a label and a value. On a terminal, long values continue on the next line.
pub(super) fn labelled(
    out: &mut impl Write,
    rows: &[(String, String, Option<Tone>)],
    style: OutputStyle,
) -> io::Result<()> {
    let clean: Vec<_> = rows
        .iter()
        .map(|(label, value, tone)| (style.clean(label), style.clean(value), tone))
        .collect();
    let widest = clean.iter().map(|(label, ..)| text::width(label)).max();
    let widest = widest.unwrap_or(0);
    for (label, value, tone) in &clean {
        let paint = |value: &str| match tone {
            Some(tone) if style.colored => colored(value, *tone),
            _ => value.to_owned(),
        };
        let Some(width) = style.width else {
            writeln!(out, "{label}\t{}", paint(value))?;
            continue;
        };
        let indent = widest + GAP.len();
        for (at, line) in wrapped(value, width.saturating_sub(indent))
            .iter()
            .enumerate()
        {
            let label = if at == 0 { label.as_ref() } else { "" };
            writeln!(out, "{}{GAP}{}", text::fit(label, widest, ""), paint(line))?;
        }
    }
    Ok(())
}

/// Wraps clean text, however narrow the terminal is.
pub(super) fn wrapped(value: &str, cells: usize) -> Vec<String> {
    text::wrap(value, cells.max(8))
}

/// Prints one token as rows of a label and a value.
///
/// # Errors
/// The writer's.
pub fn token(
    out: &mut impl Write,
    token: &ServiceToken,
    context: EvaluationContext,
    style: OutputStyle,
) -> io::Result<()> {
    let status = Status::of(token, context);
    let row = |label: &str, value: String| (label.to_owned(), value, None);
    let mut rows = vec![(
        "Status".to_owned(),
        status.code().to_owned(),
        Some(status.tone()),
    )];
    if let Some(left) = Lifecycle::of(token).remaining(context.now) {
        rows.push(row("Left", left.to_string()));
    }
    for field in fields(token) {
        rows.push(row(&field.label, value(field, token)));
    }
    match token.members().rest {
        0 => {}
        rest => rows.push(row(
            "…",
            format!("{rest} more fields; use -o json to see all"),
        )),
    }
    for found in findings(token, context) {
        let label = format!("Finding ({})", found.severity.code());
        rows.push(row(&label, found.message));
    }
    labelled(out, &rows, style)
}

fn value(field: &Field, token: &ServiceToken) -> String {
    let text = field.text(token).unwrap_or_default();
    match (field.malformed(token), field.absence(token), field.kind) {
        (Some(malformed), ..) => malformed.to_string(),
        (_, Some(_), FieldKind::Switch) => "true (not reported)".to_owned(),
        (_, Some(said), _) => said.into_owned(),
        (_, None, FieldKind::Duration) => duration::described(&text),
        (_, None, _) => text,
    }
}

/// An address that is not Cloudflare's own.
fn foreign_address(base_url: &str) -> Option<String> {
    (base_url != BaseUrl::default().to_string()).then(|| base_url.to_owned())
}

/// Prints the report of `auth status`.
///
/// # Errors
/// The writer's.
pub fn auth(out: &mut impl Write, report: &AuthReport, style: OutputStyle) -> io::Result<()> {
    let word = |is_so: bool| (if is_so { "yes" } else { "no" }).to_owned();
    let rows = [
        ("Profile", report.profile.clone()),
        ("Source", Some(report.source.to_owned())),
        ("Variable", report.variable.map(str::to_owned)),
        ("Credential", report.credential.map(str::to_owned)),
        ("Email", report.email.clone()),
        ("Scope", report.scope.as_ref().map(ToString::to_string)),
        ("Base URL", foreign_address(&report.base_url)),
        ("Stored", report.stored.map(word)),
        ("Locked", report.locked.map(word)),
        ("Store", report.store.map(str::to_owned)),
    ];
    let rows: Vec<_> = rows
        .into_iter()
        .filter_map(|(label, value)| Some((label.to_owned(), value?, None)))
        .collect();
    labelled(out, &rows, style)
}

/// Prints the result of a check.
///
/// # Errors
/// The writer's.
pub fn check(out: &mut impl Write, checkup: &CheckResult, style: OutputStyle) -> io::Result<()> {
    let verdict = checkup.verdict();
    let word = verdict.code().to_ascii_uppercase();
    let said = style.clean(&sentence(checkup, verdict)).into_owned();
    let shown = match style.width {
        Some(width) => wrapped(&format!("{word}: {said}"), width).join("\n"),
        None => format!("{word}: {said}"),
    };
    match shown.strip_prefix(&word) {
        Some(rest) if style.colored => {
            writeln!(out, "{}{rest}", colored(&word, tone(verdict)))?;
        }
        _ => writeln!(out, "{shown}")?,
    }
    entries(out, &checkup.entries, checkup.context, style)?;
    // On a terminal, rows have no room for sentences.
    let Some(width) = style.width else {
        return Ok(());
    };
    for entry in &checkup.entries {
        if let Err(failure) = &entry.subject {
            let line = format!("{}: {} {}", entry.name(), failure.summary, failure.hint);
            for part in wrapped(&style.clean(&line), width) {
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
        format!("expired {} ago, at", duration::rough(-away))
    } else {
        format!("has {} left, until", duration::rough(away))
    };
    format!("{when} {}", rfc3339(end))
}
