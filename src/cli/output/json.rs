//! The JSON reports, as `assets/schema` describes them: names and types never change with the state.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

use serde::Serialize;

use super::{Report, ScopeReport};
use super::{is_inert, rfc3339, unicode_escape};
use crate::cli::check_result::{CheckEntry, CheckResult, ProfileRead};
use crate::domain::duration::Remaining;
use crate::domain::failure::{Failure, and_more};
use crate::domain::findings::findings;
use crate::domain::raw::RawJson;
use crate::domain::scope::Scope;
use crate::domain::status::{EvaluationContext, Lifecycle, Status};
use crate::domain::token::ServiceToken;

/// Prints a report as one JSON document.
///
/// # Errors
/// The writer's.
pub fn print(out: &mut impl Write, report: Report<'_>) -> io::Result<()> {
    match report {
        Report::Token {
            token,
            scope,
            context,
        } => document(
            out,
            &TokenReport {
                scope: scope.into(),
                token: &token.raw,
                judged: Judged::of(token, context),
                clock: Clock::of(context),
            },
        ),
        Report::Tokens {
            tokens,
            scope,
            incomplete,
            context,
        } => tokens_document(out, tokens, scope, incomplete, context),
        Report::Check(check) => document(out, &CheckReport::from(check)),
        Report::Credential(report) => document(out, report),
        Report::Profiles(report) => document(out, report),
    }
}

/// Prints a failure, as every command but `check` does.
///
/// # Errors
/// The writer's.
pub fn failure(out: &mut impl Write, failure: &Failure) -> io::Result<()> {
    #[derive(Serialize)]
    struct FailureReport<'a> {
        error: ErrorReport<'a>,
    }
    let error = failure.into();
    document(out, &FailureReport { error })
}

fn document(out: &mut impl Write, report: &impl Serialize) -> io::Result<()> {
    value(out, report)?;
    writeln!(out)
}

/// Prints JSON that is safe to show on a terminal. The API's own JSON passes through unchanged.
fn value(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(out, Inert);
    Ok(value.serialize(&mut serializer)?)
}

/// Compact JSON that escapes every character a terminal would act on or not show.
struct Inert;

impl serde_json::ser::Formatter for Inert {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        // Without an early end it compares many bytes at once.
        let is_plain = |plain, byte| plain & matches!(byte, b' '..=b'~');
        if fragment.bytes().fold(true, is_plain) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut plain = 0;
        for (at, c) in fragment.char_indices() {
            if is_inert(c) {
                continue;
            }
            writer.write_all(&fragment.as_bytes()[plain..at])?;
            writer.write_all(unicode_escape(c).as_bytes())?;
            plain = at + c.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[plain..])
    }
}

/// Prints a list, token by token. Their bytes were valid JSON when they arrived, so they are copied: parsing
/// them again would take a fifth of the time of a long list.
fn tokens_document(
    out: &mut impl Write,
    tokens: &[Arc<ServiceToken>],
    scope: &Scope,
    incomplete_reason: Option<&str>,
    context: EvaluationContext,
) -> io::Result<()> {
    #[derive(Serialize)]
    struct ListHeader<'a> {
        scope: ScopeReport,
        count: usize,
        complete: bool,
        incomplete_reason: Option<&'a str>,
    }
    #[derive(Serialize)]
    struct AfterToken {
        #[serde(flatten)]
        judged: Judged,
        previous_secret_expires_at: Option<String>,
    }
    let head = ListHeader {
        scope: scope.into(),
        count: tokens.len(),
        complete: incomplete_reason.is_none(),
        incomplete_reason,
    };
    let mut members = Vec::new();
    value(&mut members, &head)?;
    out.write_all(members.strip_suffix(b"}").unwrap_or_default())?;
    out.write_all(b",\"tokens\":[")?;
    for (at, token) in tokens.iter().enumerate() {
        out.write_all(if at == 0 {
            b"{\"token\":"
        } else {
            b",{\"token\":"
        })?;
        out.write_all(token.raw.as_str().as_bytes())?;
        let rest = AfterToken {
            judged: Judged::of(token, context),
            previous_secret_expires_at: previous_secret_end(token),
        };
        append(out, &mut members, &rest)?;
    }
    out.write_all(b"]")?;
    append(out, &mut members, &Clock::of(context))?;
    out.write_all(b"\n")
}

/// Adds members to the object that is being written, and closes it.
fn append(out: &mut impl Write, scratch: &mut Vec<u8>, members: &impl Serialize) -> io::Result<()> {
    scratch.clear();
    value(&mut *scratch, members)?;
    scratch[0] = b',';
    out.write_all(scratch)
}

fn previous_secret_end(token: &ServiceToken) -> Option<String> {
    let end = token.previous_client_secret_expires_at.valid().copied();
    end.map(rfc3339)
}

/// The evaluation of a token; all unknown for a token that could not be read.
#[derive(Serialize)]
struct Judged {
    status: &'static str,
    expires_at: Option<String>,
    seconds_left: Option<i64>,
    days_left: Option<i64>,
    last_seen_at: Option<String>,
    findings: Vec<FindingReport>,
}

#[derive(Serialize)]
struct FindingReport {
    code: &'static str,
    severity: &'static str,
    message: String,
}

impl Judged {
    fn of(token: &ServiceToken, context: EvaluationContext) -> Self {
        let status = Status::of(token, context);
        let end = Lifecycle::of(token).end();
        let end = end.filter(|_| status != Status::Unknown);
        let remaining = end.map(|end| Remaining::until(end, context.now));
        let findings = findings(token, context).into_iter();
        Self {
            status: status.code(),
            expires_at: end.map(rfc3339),
            seconds_left: remaining.map(Remaining::seconds),
            days_left: remaining.map(Remaining::days),
            last_seen_at: token.last_seen_at.valid().copied().map(rfc3339),
            findings: findings
                .map(|found| FindingReport {
                    code: found.code,
                    severity: found.severity.code(),
                    message: found.message,
                })
                .collect(),
        }
    }

    fn unknown() -> Self {
        Self {
            status: Status::Unknown.code(),
            expires_at: None,
            seconds_left: None,
            days_left: None,
            last_seen_at: None,
            findings: Vec::new(),
        }
    }
}

#[derive(Serialize)]
struct Clock {
    checked_at: String,
    clock_skew_seconds: i64,
}

impl Clock {
    fn of(context: EvaluationContext) -> Self {
        Self {
            checked_at: rfc3339(context.now),
            clock_skew_seconds: context.clock_offset.seconds(),
        }
    }
}

#[derive(Serialize)]
struct TokenReport<'a> {
    scope: ScopeReport,
    token: &'a RawJson,
    #[serde(flatten)]
    judged: Judged,
    #[serde(flatten)]
    clock: Clock,
}

#[derive(Serialize)]
struct CheckReport<'a> {
    verdict: &'static str,
    scope: Option<ScopeReport>,
    count: usize,
    complete: bool,
    incomplete_reason: Option<String>,
    tokens: Vec<CheckedToken<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profiles: Option<Vec<ProfileReadReport<'a>>>,
    #[serde(flatten)]
    clock: Clock,
    error: Option<ErrorReport<'a>>,
}

impl<'a> From<&'a CheckResult> for CheckReport<'a> {
    fn from(check: &'a CheckResult) -> Self {
        let incomplete_reason = check.incomplete_reason();
        let profiles = check.profiles.as_ref();
        Self {
            verdict: check.verdict().code(),
            scope: check.scope.as_ref().map(Into::into),
            count: check.entries.len(),
            complete: incomplete_reason.is_none(),
            incomplete_reason,
            tokens: check
                .entries
                .iter()
                .map(|entry| CheckedToken::of(entry, check))
                .collect(),
            profiles: profiles.map(|profiles| profiles.iter().map(Into::into).collect()),
            clock: Clock::of(check.context),
            error: check.error.as_ref().map(Into::into),
        }
    }
}

#[derive(Serialize)]
struct CheckedToken<'a> {
    requested: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[expect(
        clippy::option_option,
        reason = "absent unless all profiles are checked, and null for a token of none"
    )]
    profile: Option<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<ScopeReport>,
    token: Option<&'a RawJson>,
    #[serde(flatten)]
    judged: Judged,
    previous_secret_expires_at: Option<String>,
    error: Option<ErrorReport<'a>>,
}

impl<'a> CheckedToken<'a> {
    fn of(entry: &'a CheckEntry, check: &CheckResult) -> Self {
        let token = entry.subject.as_deref().ok();
        Self {
            requested: entry.requested.as_deref(),
            profile: check.profiles.is_some().then_some(entry.profile.as_deref()),
            scope: check.scope.is_none().then(|| (&entry.scope).into()),
            token: token.map(|token| &token.raw),
            judged: token.map_or_else(Judged::unknown, |token| Judged::of(token, check.context)),
            previous_secret_expires_at: token.and_then(previous_secret_end),
            error: entry.subject.as_ref().err().map(Into::into),
        }
    }
}

#[derive(Serialize)]
struct ProfileReadReport<'a> {
    profile: &'a str,
    scope: Option<ScopeReport>,
    count: usize,
    complete: bool,
    incomplete_reason: Option<&'a str>,
    error: Option<ErrorReport<'a>>,
}

impl<'a> From<&'a ProfileRead> for ProfileReadReport<'a> {
    fn from(read: &'a ProfileRead) -> Self {
        Self {
            profile: &read.name,
            scope: read.scope.as_ref().map(Into::into),
            count: read.count,
            complete: read.incomplete.is_none() && read.error.is_none(),
            incomplete_reason: read.incomplete.as_deref(),
            error: read.error.as_ref().map(Into::into),
        }
    }
}

#[derive(Serialize)]
struct ErrorReport<'a> {
    kind: &'static str,
    summary: &'a str,
    hint: String,
    http_status: Option<u16>,
    api_errors: Vec<ApiErrorReport<'a>>,
    cf_ray: Option<&'a str>,
}

#[derive(Serialize)]
struct ApiErrorReport<'a> {
    code: Option<i64>,
    message: Cow<'a, str>,
}

impl<'a> From<&'a Failure> for ErrorReport<'a> {
    fn from(failure: &'a Failure) -> Self {
        let details = &failure.details;
        let (errors, more) = details.shown();
        let errors = errors.into_iter().map(|(_, error)| ApiErrorReport {
            code: error.code,
            message: error.message.as_str().into(),
        });
        let rest = (more > 0).then(|| ApiErrorReport {
            code: None,
            message: and_more(more).into(),
        });
        Self {
            kind: failure.kind.code(),
            summary: &failure.summary,
            hint: failure.hint.to_string(),
            http_status: details.http_status,
            api_errors: errors.chain(rest).collect(),
            cf_ray: details.cf_ray.as_deref(),
        }
    }
}
