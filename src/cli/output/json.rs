//! The JSON reports, as `assets/schema` describes them: names and types never change with the state.

use std::io::{self, Write};

use serde::Serialize;

use super::{AuthReport, ProbeReport, Report, uses_json};
use crate::cli::check_result::{CheckEntry, CheckResult};
use crate::domain::access::probe::{PolicyView, ProbeAnswer};
use crate::domain::access::verdict::Verdict;
use crate::domain::duration::Remaining;
use crate::domain::failure::Failure;
use crate::domain::raw::RawJson;
use crate::domain::status::Status;
use crate::formats::error_json::ErrorReport;
use crate::formats::json::{Clock, Judged, ProfileReport, document, list, previous_secret_end};
use crate::formats::{ScopeReport, rfc3339};

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
        Report::Tokens(report) => list(out, report),
        Report::Check(check) => document(out, &CheckReport::from(check)),
        Report::Probe(report) => document(out, &ProbeDocument::from(report)),
        Report::Credential(report) => document(out, &AuthStatusReport::from(report)),
        Report::Profiles(report) => document(out, report),
        Report::Uses(report) => uses_json::print(out, report),
    }
}

#[derive(Serialize)]
struct AuthStatusReport<'a> {
    #[serde(flatten)]
    offline: &'a AuthReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    online: Option<OnlineReport<'a>>,
}

#[derive(Serialize)]
struct OnlineReport<'a> {
    credential: Option<ValidityReport<'a>>,
    reads: Vec<SampleReport<'a>>,
}

#[derive(Serialize)]
struct ValidityReport<'a> {
    status: &'a str,
    expires_on: Option<String>,
}

#[derive(Serialize)]
struct SampleReport<'a> {
    part: &'static str,
    state: &'static str,
    count: Option<usize>,
    permission: Option<&'static str>,
    error: Option<ErrorReport<'a>>,
}

impl<'a> From<&'a AuthReport> for AuthStatusReport<'a> {
    fn from(report: &'a AuthReport) -> Self {
        let online = report.online.as_ref().map(|online| {
            let validity = online.validity.as_ref().and_then(|it| it.as_ref().ok());
            let samples = online.samples.iter().map(|sample| SampleReport {
                part: sample.part.code(),
                state: sample.code(),
                count: sample.count,
                permission: sample.permission(),
                error: sample.failure().map(Into::into),
            });
            OnlineReport {
                credential: validity.map(|validity| ValidityReport {
                    status: &validity.word,
                    expires_on: validity.expires_at().map(rfc3339),
                }),
                reads: samples.collect(),
            }
        });
        Self {
            offline: report,
            online,
        }
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
    profiles: Option<Vec<ProfileReport<'a>>>,
    credential: Option<CredentialReport<'a>>,
    #[serde(flatten)]
    clock: Clock,
    error: Option<ErrorReport<'a>>,
}

/// The credential of a check: one, or one for each profile.
#[derive(Serialize)]
#[serde(untagged)]
enum CredentialReport<'a> {
    One(CheckedCredential<'a>),
    OfProfiles(Vec<CheckedCredential<'a>>),
}

#[derive(Serialize)]
struct CheckedCredential<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'a str>,
    status: &'static str,
    expires_at: Option<String>,
    seconds_left: Option<i64>,
    error: Option<ErrorReport<'a>>,
}

impl<'a> CredentialReport<'a> {
    fn of(check: &'a CheckResult) -> Option<Self> {
        let reports = check.credentials.as_ref()?.iter().map(|entry| {
            let status = entry.status(check.context);
            let end = entry.expires_at().filter(|_| status != Status::Unknown);
            CheckedCredential {
                profile: entry.profile.as_deref(),
                status: status.code(),
                expires_at: end.map(rfc3339),
                seconds_left: end.map(|end| Remaining::until(end, check.context.now).seconds()),
                error: entry.validity.as_ref().err().map(Into::into),
            }
        });
        let mut reports: Vec<CheckedCredential<'_>> = reports.collect();
        if check.profiles.is_some() {
            return Some(Self::OfProfiles(reports));
        }
        reports.pop().map(Self::One)
    }
}

impl<'a> From<&'a CheckResult> for CheckReport<'a> {
    fn from(check: &'a CheckResult) -> Self {
        let incomplete_reason = check.incomplete_reason();
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
            profiles: check
                .profiles
                .as_ref()
                .map(|profiles| profiles.iter().map(Into::into).collect()),
            credential: CredentialReport::of(check),
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
struct ProbeDocument<'a> {
    url: String,
    token: Option<&'a RawJson>,
    client_id: &'a str,
    verdict: &'static str,
    fault: &'static str,
    message: &'a str,
    hint: Option<&'a str>,
    mode: Option<&'static str>,
    bare: AnswerReport<'a>,
    with_token: Option<AnswerReport<'a>>,
    uses_verdict: Option<&'static str>,
    error: Option<ErrorReport<'a>>,
    checked_at: String,
}

impl<'a> From<ProbeReport<'a>> for ProbeDocument<'a> {
    fn from(report: ProbeReport<'a>) -> Self {
        let (answers, conclusion) = (report.answers, report.conclusion);
        let uses = report.policies.and_then(PolicyView::uses_verdict);
        Self {
            url: report.url.to_string(),
            token: report.token.map(|token| &token.raw),
            client_id: report.client_id,
            verdict: conclusion.verdict.code(),
            fault: conclusion.fault.code(),
            message: &conclusion.message,
            hint: conclusion.hint.as_deref(),
            mode: report.policies.and_then(PolicyView::mode),
            bare: (&answers.bare).into(),
            with_token: answers.with_token.as_ref().map(Into::into),
            uses_verdict: uses.map(Verdict::code),
            error: answers.failure.as_ref().map(Into::into),
            checked_at: rfc3339(report.checked_at),
        }
    }
}

#[derive(Serialize)]
struct AnswerReport<'a> {
    status: Option<u16>,
    answered_by: &'static str,
    cf_ray: Option<&'a str>,
    took_ms: u128,
}

impl<'a> From<&'a ProbeAnswer> for AnswerReport<'a> {
    fn from(answer: &'a ProbeAnswer) -> Self {
        Self {
            status: answer.status,
            answered_by: answer.answered_by.code(),
            cf_ray: answer.cf_ray.as_deref(),
            took_ms: answer.took.as_millis(),
        }
    }
}
