//! One token, or the credential in use, as rows of a label and a value.

use std::io::{self, Write};

use super::report::AuthReport;
use super::table::{GAP, colored};
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
