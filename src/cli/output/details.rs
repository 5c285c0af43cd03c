//! One token, or the credential in use, as rows of a label and a value; a check as the line that
//! monitoring shows, then one row per token.

use std::fmt::Write as _;
use std::io::{self, Write};

use chrono::{DateTime, Utc};

use super::table::{GAP, LabelledRow, colored, entries, row, rows, status_row};
use super::{AuthReport, ProbeReport, online};
use crate::cli::check_result::{CheckEntry, CheckResult, CredentialEntry, Verdict};
use crate::domain::access::probe::{AppView, PolicyView, ProbeAnswer};
use crate::domain::duration;
use crate::domain::fields::{Field, FieldKind, fields};
use crate::domain::findings::findings;
use crate::domain::scope::BaseUrl;
use crate::domain::status::{EvaluationContext, Lifecycle, Status, Tone};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::formats::rfc3339;
use crate::startup::output_style::OutputStyle;

/// Prints rows of a label and a value. On a terminal, long values continue on the next line.
pub(super) fn labelled(
    out: &mut impl Write,
    rows: &[LabelledRow],
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
    let mut rows = vec![status_row(Status::of(token, context))];
    let left = Lifecycle::of(token).remaining(context.now);
    rows.extend(left.map(|left| row("Left", left.to_string())));
    rows.extend(
        fields(token)
            .iter()
            .map(|field| row(&field.label, value(field, token))),
    );
    let rest = token.members().rest;
    if rest > 0 {
        rows.push(row(
            "…",
            format!("{rest} more fields; use -o json to see all"),
        ));
    }
    rows.extend(findings(token, context).into_iter().map(|found| {
        let label = format!("Finding ({})", found.severity.code());
        row(&label, found.message)
    }));
    labelled(out, &rows, style)
}

fn value(field: &Field, token: &ServiceToken) -> String {
    let text = field.text(token).unwrap_or_default();
    match (field.malformed(token), field.absence(token), field.kind) {
        (Some(malformed), ..) => malformed.to_string(),
        (_, Some(_), FieldKind::Switch) => "true (not reported)".to_owned(),
        (_, Some(said), _) => said.into_owned(),
        (_, None, FieldKind::Duration) => duration::described(&text),
        (_, None, FieldKind::Version) => format!("v{text}"),
        (_, None, _) => text,
    }
}

/// Prints the outcome of a probe.
///
/// # Errors
/// The writer's.
pub fn probe(out: &mut impl Write, report: ProbeReport<'_>, style: OutputStyle) -> io::Result<()> {
    let ProbeReport {
        answers,
        conclusion,
        policies,
        ..
    } = report;
    let word = conclusion.verdict.word();
    outcome(out, word, &conclusion.message, conclusion.tone(), style)?;
    let token = report.token.map(ServiceToken::name_text);
    let said = |view: &PolicyView| match &view.app {
        AppView::Judged { app, verdict, .. } => Some(format!("{} ({app})", verdict.word())),
        AppView::HostNotListed | AppView::PathNotListed | AppView::NotNamed { .. } => None,
    };
    let with_token = match &answers.with_token {
        Some(answer) => answered(answer),
        None => "not sent".to_owned(),
    };
    let rows = rows([
        ("URL", Some(report.url.to_string())),
        ("Token", token.map(str::to_owned)),
        ("Client ID", Some(report.client_id.to_owned())),
        ("Without the token", Some(answered(&answers.bare))),
        ("With the token", Some(with_token)),
        ("Policies", policies.and_then(said)),
        ("What to do", conclusion.hint.clone()),
    ]);
    labelled(out, &rows, style)
}

/// `403 from Access in 41 ms, cf-ray 95942549-LHR`.
fn answered(answer: &ProbeAnswer) -> String {
    let took = answer.took.as_millis();
    let Some(status) = answer.status else {
        return format!("no answer in {took} ms");
    };
    let mut said = format!("{status} from {} in {took} ms", answer.answered_by.sender());
    if let Some(ray) = &answer.cf_ray {
        let _infallible = write!(said, ", cf-ray {ray}");
    }
    said
}

/// Prints a word, in its colour, and the sentence that explains it.
fn outcome(
    out: &mut impl Write,
    word: &str,
    sentence: &str,
    tone: Tone,
    style: OutputStyle,
) -> io::Result<()> {
    let line = format!("{word}: {}", style.clean(sentence));
    let shown = match style.width {
        Some(width) => wrapped(&line, width).join("\n"),
        None => line,
    };
    match shown.strip_prefix(word) {
        Some(rest) if style.colored => writeln!(out, "{}{rest}", colored(word, tone)),
        _ => writeln!(out, "{shown}"),
    }
}

/// Prints the report of `auth status`.
///
/// # Errors
/// The writer's.
pub fn auth(out: &mut impl Write, report: &AuthReport, style: OutputStyle) -> io::Result<()> {
    let word = |is_so: bool| (if is_so { "yes" } else { "no" }).to_owned();
    let source = if report.is_demo {
        "the demo, which needs no credential of yours"
    } else {
        report.source
    };
    // Where the demo's server listens says nothing.
    let is_foreign = !report.is_demo && report.base_url != BaseUrl::default().to_string();
    let mut rows = rows([
        ("Profile", report.profile.clone()),
        ("Source", Some(source.to_owned())),
        ("Variable", report.variable.map(str::to_owned)),
        ("Program", report.program.clone()),
        ("Credential", report.credential.map(str::to_owned)),
        ("Email", report.email.clone()),
        ("Scope", report.scope.as_ref().map(ToString::to_string)),
        ("Base URL", is_foreign.then(|| report.base_url.clone())),
        ("Stored", report.stored.map(word)),
        ("Locked", report.locked.map(word)),
        ("Store", report.store.map(str::to_owned)),
    ]);
    rows.extend(report.online.iter().flat_map(online::rows));
    labelled(out, &rows, style)
}

/// Prints the result of a check.
///
/// # Errors
/// The writer's.
pub fn check(out: &mut impl Write, checkup: &CheckResult, style: OutputStyle) -> io::Result<()> {
    let verdict = checkup.verdict();
    let word = verdict.code().to_ascii_uppercase();
    outcome(out, &word, &sentences(checkup), tone(verdict), style)?;
    entries(out, checkup, style)?;
    // On a terminal, rows have no room for sentences.
    let Some(width) = style.width else {
        return Ok(());
    };
    let tokens = checkup.entries.iter();
    let tokens = tokens.map(|it| (it.name().to_owned(), it.subject.as_ref().err()));
    let credentials = checkup.credentials.iter().flatten();
    let credentials = credentials.map(|it| (it.name(), it.validity.as_ref().err()));
    for (name, failure) in tokens.chain(credentials) {
        let Some(failure) = failure else { continue };
        let line = format!("{name}: {} {}", failure.summary, failure.hint);
        for part in wrapped(&style.clean(&line), width) {
            writeln!(out, "{part}")?;
        }
    }
    Ok(())
}

/// The sentence about the tokens, and in front of it that about a credential that is no better.
fn sentences(checkup: &CheckResult) -> String {
    let verdict = checkup.verdict_on_tokens();
    let of_tokens = sentence(checkup, verdict);
    let worst = checkup.worst_credential();
    let Some((worst, credential)) = worst.filter(|(worst, _)| *worst != Verdict::Ok) else {
        return of_tokens;
    };
    let of_credential = credential_reason(credential, checkup.context);
    let (first, second) = if worst > verdict {
        (of_credential, of_tokens)
    } else {
        (of_tokens, of_credential)
    };
    format!("{}; {second}", first.trim_end_matches('.'))
}

/// Why a credential has its verdict.
fn credential_reason(entry: &CredentialEntry, context: EvaluationContext) -> String {
    let name = format!("the {}", entry.name());
    let status = entry.status(context);
    match (&entry.validity, entry.expires_at(), status) {
        (Err(failure), ..) => format!("{name}: {} {}", failure.summary, failure.hint),
        (Ok(_), _, Status::Disabled) => format!("{name} is disabled"),
        // The API's word counts, whatever its date says.
        (Ok(_), Some(end), Status::Expired) if end > context.now => format!("{name} has expired"),
        (Ok(_), Some(end), Status::Expired | Status::Critical | Status::Expiring) => {
            format!("{name} {}", term(end, context))
        }
        (Ok(_), _, Status::Expired) => format!("{name} has expired"),
        (Ok(_), ..) => format!("it is not known when {name} expires"),
    }
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
    let is_worst = |entry: &&CheckEntry| checkup.verdict_on(entry) == verdict;
    let count = checkup.entries.iter().filter(is_worst).count();
    let tokens = if all == 1 { "token" } else { "tokens" };
    let of_all = format!("{count} of {all} {tokens}");
    let mut said = match verdict {
        Verdict::Critical => format!("{of_all} expired, disabled or about to expire"),
        Verdict::Warning if checkup.fail_on.is_empty() => format!("{of_all} expiring"),
        Verdict::Warning => format!("{of_all} expiring or with a finding to fail on"),
        Verdict::Unknown if count > 0 => format!("{of_all} with unknown status"),
        Verdict::Ok if checkup.read > 0 && all == 0 => {
            "every token is ignored or excluded".to_owned()
        }
        Verdict::Unknown | Verdict::Ok if checkup.read == 0 => "no service tokens found".to_owned(),
        Verdict::Unknown | Verdict::Ok => format!("{all} {tokens}, none need attention"),
    };
    let worst = checkup.entries.iter().find(is_worst);
    if let Some(why) = worst.and_then(|entry| reason(entry, checkup)) {
        let _infallible = write!(said, "; {why}");
    }
    if let Some(why) = &checkup.incomplete {
        let _infallible = write!(said, "; the list is incomplete: {why}");
    }
    said
}

/// Why a token has its verdict.
fn reason(entry: &CheckEntry, checkup: &CheckResult) -> Option<String> {
    let (name, context) = (entry.name(), checkup.context);
    if let Err(failure) = &entry.subject {
        return Some(format!("{name}: {} {}", failure.summary, failure.hint));
    }
    let who = match (name, entry.id()) {
        ("", "") => "an unnamed token without an ID".to_owned(),
        ("", id) => id.to_owned(),
        (name, id) => format!("{name} ({id})"),
    };
    let end = entry.life().end();
    let status = entry.status(context);
    if Verdict::of(status) == Verdict::Ok
        && let Some(finding) = checkup.failing(entry)
    {
        return Some(format!("{who}: {}", finding.summary.trim_end_matches('.')));
    }
    Some(match status {
        Status::Disabled => format!("{who} is disabled"),
        Status::Unknown if entry.life().enabled.is_none() => {
            format!("it is not known whether {who} is enabled")
        }
        Status::Unknown => format!("it is not known when {who} expires"),
        Status::Active
        | Status::NeverExpires
        | Status::Expiring
        | Status::Critical
        | Status::Expired => format!("{who} {}", term(end?, context)),
    })
}

fn term(end: DateTime<Utc>, context: EvaluationContext) -> String {
    let left = end.signed_duration_since(context.now);
    let at = rfc3339(end);
    if end <= context.now {
        format!("expired {} ago, at {at}", duration::rough(-left))
    } else {
        format!("has {} left, until {at}", duration::rough(left))
    }
}
