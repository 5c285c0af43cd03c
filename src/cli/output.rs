//! What commands print: tables and JSON, to whatever takes bytes.
//!
//! Not here: fetching, or deciding about exit codes.

use std::borrow::Cow;
use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use crossterm::style::Stylize;
use serde::Serialize;

use crate::domain::clock::ClockOffset;
use crate::domain::countdown::Remaining;
use crate::domain::duration;
use crate::domain::failure::Failure;
use crate::domain::fields::{FieldKind, fields};
use crate::domain::findings::findings;
use crate::domain::raw::RawJson;
use crate::domain::scope::Scope;
use crate::domain::status::{Lifecycle, Status, Thresholds, Tone};
use crate::domain::text;
use crate::domain::token::ServiceToken;

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

#[derive(Serialize)]
struct ScopeReport<'a> {
    kind: &'static str,
    id: &'a str,
}

#[derive(Serialize)]
struct FindingReport {
    code: &'static str,
    severity: &'static str,
    message: String,
}

#[derive(Serialize)]
struct TokenReport<'a> {
    scope: ScopeReport<'a>,
    token: &'a RawJson,
    status: &'static str,
    expires_at: Option<String>,
    seconds_left: Option<i64>,
    days_left: Option<i64>,
    last_seen_at: Option<String>,
    findings: Vec<FindingReport>,
    checked_at: String,
    clock_skew_seconds: i64,
}

/// Prints one token as JSON.
///
/// # Errors
/// The writer's.
pub fn token_json(
    out: &mut impl Write,
    token: &ServiceToken,
    scope: &Scope,
    by: Judgement,
) -> io::Result<()> {
    let remaining = Lifecycle::of(token).remaining(by.now);
    let report = TokenReport {
        scope: ScopeReport {
            kind: scope.kind().word(),
            id: scope.id(),
        },
        token: &token.raw,
        status: Status::of(token, by.now, by.thresholds).code(),
        expires_at: Lifecycle::of(token).end().map(rfc3339),
        seconds_left: remaining.map(Remaining::seconds),
        days_left: remaining.map(Remaining::days),
        last_seen_at: token.last_seen_at.valid().copied().map(rfc3339),
        findings: findings(token, by.now, by.thresholds)
            .into_iter()
            .map(|found| FindingReport {
                code: found.code,
                severity: found.severity.code(),
                message: found.message,
            })
            .collect(),
        checked_at: rfc3339(by.now),
        clock_skew_seconds: by.offset.seconds(),
    };
    json(out, &report)
}

/// How a table looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns are aligned for people; otherwise a tab stands between them.
    pub aligned: bool,
    /// The status has its colour.
    pub colored: bool,
}

fn colored(word: &str, tone: Tone) -> String {
    match tone {
        Tone::Calm => word.green().to_string(),
        Tone::Warning => word.yellow().to_string(),
        Tone::Critical => word.red().to_string(),
    }
}

/// Prints one token as rows of a label and a value.
///
/// # Errors
/// The writer's.
pub fn token_table(
    out: &mut impl Write,
    token: &ServiceToken,
    by: Judgement,
    style: Style,
) -> io::Result<()> {
    let status = Status::of(token, by.now, by.thresholds);
    let mut rows = vec![("Status".to_owned(), status.code().to_owned())];
    if let Some(left) = Lifecycle::of(token).remaining(by.now) {
        rows.push(("Left".to_owned(), left.to_string()));
    }
    for field in fields(token) {
        let sent = field.text();
        let value = match (field.kind, sent) {
            (FieldKind::Switch, None) => "true (not reported)".to_owned(),
            (FieldKind::LastUse, None) => "never".to_owned(),
            (_, None) => "not reported".to_owned(),
            (FieldKind::Duration, Some(raw)) => match duration::parse_go(&raw) {
                Some(length) => format!("{} ({raw})", duration::humanize(length)),
                None => raw,
            },
            (_, Some(raw)) => raw,
        };
        rows.push((field.label, value));
    }
    for found in findings(token, by.now, by.thresholds) {
        rows.push((
            format!("Finding ({})", found.severity.code()),
            found.message,
        ));
    }
    let widest = rows
        .iter()
        .map(|(label, _)| text::width(&text::sanitize(label)))
        .max()
        .unwrap_or(0);
    for (label, value) in &rows {
        let (label, value) = (text::sanitize(label), text::sanitize(value));
        let value = match label.as_ref() {
            "Status" if style.colored => Cow::Owned(colored(&value, status.tone())),
            _ => value,
        };
        if style.aligned {
            writeln!(out, "{}  {value}", text::fit(&label, widest, "…"))?;
        } else {
            writeln!(out, "{label}\t{value}")?;
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct ErrorReport<'a> {
    kind: &'static str,
    summary: &'a str,
    hint: &'a str,
    http_status: Option<u16>,
    api_errors: Vec<ApiErrorReport<'a>>,
    cf_ray: Option<&'a str>,
}

#[derive(Serialize)]
struct ApiErrorReport<'a> {
    code: Option<i64>,
    message: &'a str,
}

#[derive(Serialize)]
struct ErrorDocument<'a> {
    error: ErrorReport<'a>,
}

/// Prints a failure as JSON.
///
/// # Errors
/// The writer's.
pub fn failure_json(out: &mut impl Write, failure: &Failure) -> io::Result<()> {
    let details = &failure.details;
    let error = ErrorReport {
        kind: failure.kind.code(),
        summary: &failure.summary,
        hint: &failure.hint,
        http_status: details.http_status,
        api_errors: details
            .api_errors
            .iter()
            .map(|error| ApiErrorReport {
                code: error.code,
                message: &error.message,
            })
            .collect(),
        cf_ray: details.cf_ray.as_deref(),
    };
    json(out, &ErrorDocument { error })
}

/// Prints a failure for people.
///
/// # Errors
/// The writer's.
pub fn failure_text(out: &mut impl Write, failure: &Failure) -> io::Result<()> {
    writeln!(out, "error: {}", text::sanitize(&failure.summary))?;
    writeln!(out, "hint: {}", text::sanitize(&failure.hint))
}

/// What `auth status` says.
#[derive(Debug, Serialize)]
pub struct AuthReport {
    /// The profile in use.
    pub profile: Option<String>,
    /// `environment`, `keyring` or `none`.
    pub source: &'static str,
    /// The variable that holds the secret.
    pub variable: Option<&'static str>,
    /// `api_token` or `global_key`.
    pub credential: Option<&'static str>,
    /// The address that goes with a Global API key.
    pub email: Option<String>,
    /// The scope in use.
    pub scope: Option<AuthScope>,
    /// Whether the keyring holds the secret.
    pub stored: Option<bool>,
    /// Where.
    pub store: Option<String>,
}

/// A scope in a report.
#[derive(Debug, Serialize)]
pub struct AuthScope {
    /// `account` or `zone`.
    pub kind: &'static str,
    /// Its ID.
    pub id: String,
}

/// Prints what `auth status` says.
///
/// # Errors
/// The writer's.
pub fn auth_table(out: &mut impl Write, report: &AuthReport) -> io::Result<()> {
    let scope = report
        .scope
        .as_ref()
        .map(|scope| format!("{} {}", scope.kind, scope.id));
    let stored = report
        .stored
        .map(|stored| if stored { "yes" } else { "no" }.to_owned());
    let rows = [
        ("Profile", report.profile.clone()),
        ("Source", Some(report.source.to_owned())),
        ("Variable", report.variable.map(str::to_owned)),
        ("Credential", report.credential.map(str::to_owned)),
        ("Email", report.email.clone()),
        ("Scope", scope),
        ("Stored", stored),
        ("Store", report.store.clone()),
    ];
    for (label, value) in rows {
        if let Some(value) = value {
            writeln!(out, "{label}\t{}", text::sanitize(&value))?;
        }
    }
    Ok(())
}

/// Prints any report as one JSON document.
///
/// # Errors
/// The writer's.
pub fn json(out: &mut impl Write, report: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, report)?;
    writeln!(out)
}

fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}
