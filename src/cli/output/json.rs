//! The JSON reports, as `assets/schema` describes them: names and types never change with the state.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::{ProbeReport, Report, uses_json};
use crate::cli::check_result::{CheckEntry, CheckResult, Verdict};
use crate::domain::access::conclusion::{Fault, ProbeVerdict};
use crate::domain::access::map::Part;
use crate::domain::access::probe::{PolicyView, ProbeAnswer};
use crate::domain::access::verdict::Verdict as AppVerdict;
use crate::domain::credential_survey::CredentialSurvey;
use crate::domain::duration::Remaining;
use crate::domain::failure::Failure;
use crate::domain::list_report::ProfileOutcome;
use crate::domain::profile::{Profile, Settings};
use crate::domain::raw::RawJson;
use crate::domain::scope::Scope;
use crate::domain::status::Status;
use crate::formats::json::{Clock, Judged, document, list, previous_secret_end};
use crate::formats::rfc3339;

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
                scope,
                token: &token.raw,
                judged: Judged::of(Some(token), context),
                clock: Clock::of(context),
            },
        ),
        Report::Tokens(report) => list(out, report),
        Report::Check(check) => document(out, &CheckReport::from(check)),
        Report::Probe(report) => document(out, &ProbeDocument::from(report)),
        Report::Credential(report) => document(out, report),
        Report::Profiles(settings) => document(out, &ProfilesReport::from(settings)),
        Report::Uses(report) => uses_json::print(out, report),
    }
}

/// The answer of the API about a credential.
impl Serialize for CredentialSurvey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
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
            part: Part,
            state: &'static str,
            count: Option<usize>,
            permission: Option<&'static str>,
            error: Option<&'a Failure>,
        }
        let validity = self.validity.as_ref().and_then(|it| it.as_ref().ok());
        let samples = self.samples.iter().map(|sample| SampleReport {
            part: sample.part,
            state: sample.code(),
            count: sample.count,
            permission: sample.permission(),
            error: sample.failure(),
        });
        let report = OnlineReport {
            credential: validity.map(|validity| ValidityReport {
                status: &validity.word,
                expires_on: validity.expires_at().map(rfc3339),
            }),
            reads: samples.collect(),
        };
        report.serialize(serializer)
    }
}

/// Prints a failure, as every command but `check` does.
///
/// # Errors
/// The writer's.
pub fn failure(out: &mut impl Write, failure: &Failure) -> io::Result<()> {
    #[derive(Serialize)]
    struct FailureReport<'a> {
        error: &'a Failure,
    }
    document(out, &FailureReport { error: failure })
}

#[derive(Serialize)]
struct TokenReport<'a> {
    scope: &'a Scope,
    token: &'a RawJson,
    #[serde(flatten)]
    judged: Judged,
    #[serde(flatten)]
    clock: Clock,
}

#[derive(Serialize)]
struct CheckReport<'a> {
    verdict: Verdict,
    scope: Option<&'a Scope>,
    count: usize,
    complete: bool,
    incomplete_reason: Option<String>,
    tokens: Vec<CheckedToken<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profiles: Option<&'a [ProfileOutcome]>,
    credential: Option<CredentialReport<'a>>,
    #[serde(flatten)]
    clock: Clock,
    error: Option<&'a Failure>,
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
    status: Status,
    expires_at: Option<String>,
    seconds_left: Option<i64>,
    error: Option<&'a Failure>,
}

impl<'a> CredentialReport<'a> {
    fn of(check: &'a CheckResult) -> Option<Self> {
        let reports = check.credentials.as_ref()?.iter().map(|entry| {
            let status = entry.status(check.context);
            let end = entry.expires_at().filter(|_| status != Status::Unknown);
            CheckedCredential {
                profile: entry.profile.as_deref(),
                status,
                expires_at: end.map(rfc3339),
                seconds_left: end.map(|end| Remaining::until(end, check.context.now).seconds()),
                error: entry.validity.as_ref().err(),
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
        let tokens = check.entries.iter();
        let tokens = tokens.map(|entry| CheckedToken::of(entry, check));
        Self {
            verdict: check.verdict(),
            scope: check.scope.as_ref(),
            count: check.entries.len(),
            complete: incomplete_reason.is_none(),
            incomplete_reason,
            tokens: tokens.collect(),
            profiles: check.profiles.as_deref(),
            credential: CredentialReport::of(check),
            clock: Clock::of(check.context),
            error: check.error.as_ref(),
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
    scope: Option<&'a Scope>,
    token: Option<&'a RawJson>,
    #[serde(flatten)]
    judged: Judged,
    previous_secret_expires_at: Option<String>,
    error: Option<&'a Failure>,
}

impl<'a> CheckedToken<'a> {
    fn of(entry: &'a CheckEntry, check: &CheckResult) -> Self {
        let token = entry.subject.as_deref().ok();
        Self {
            requested: entry.requested.as_deref(),
            profile: check.profiles.is_some().then_some(entry.profile.as_deref()),
            scope: check.scope.is_none().then_some(&entry.scope),
            token: token.map(|token| &token.raw),
            judged: Judged::of(token, check.context),
            previous_secret_expires_at: token.and_then(previous_secret_end),
            error: entry.subject.as_ref().err(),
        }
    }
}

#[derive(Serialize)]
struct ProfilesReport<'a> {
    profiles: Vec<ProfileReport<'a>>,
}

#[derive(Serialize)]
struct ProfileReport<'a> {
    name: &'a str,
    default: bool,
    credential: &'static str,
    email: Option<&'a str>,
    scope: Option<&'a Scope>,
}

impl<'a> From<&'a Settings> for ProfilesReport<'a> {
    fn from(settings: &'a Settings) -> Self {
        let report = |profile: &'a Profile| ProfileReport {
            name: &profile.name,
            default: profile.name == settings.default_profile,
            credential: profile.kind.code(),
            email: profile.kind.email(),
            scope: profile.scope.as_ref(),
        };
        Self {
            profiles: settings.profiles.iter().map(report).collect(),
        }
    }
}

#[derive(Serialize)]
struct ProbeDocument<'a> {
    url: String,
    token: Option<&'a RawJson>,
    client_id: &'a str,
    verdict: ProbeVerdict,
    fault: Fault,
    message: &'a str,
    hint: Option<&'a str>,
    mode: Option<&'static str>,
    bare: &'a ProbeAnswer,
    with_token: Option<&'a ProbeAnswer>,
    uses_verdict: Option<AppVerdict>,
    error: Option<&'a Failure>,
    checked_at: String,
}

impl<'a> From<ProbeReport<'a>> for ProbeDocument<'a> {
    fn from(report: ProbeReport<'a>) -> Self {
        let (answers, conclusion) = (report.answers, report.conclusion);
        Self {
            url: report.url.to_string(),
            token: report.token.map(|token| &token.raw),
            client_id: report.client_id,
            verdict: conclusion.verdict,
            fault: conclusion.fault,
            message: &conclusion.message,
            hint: conclusion.hint.as_deref(),
            mode: report.policies.and_then(PolicyView::mode),
            bare: &answers.bare,
            with_token: answers.with_token.as_ref(),
            uses_verdict: report.policies.and_then(PolicyView::uses_verdict),
            error: answers.failure.as_ref(),
            checked_at: rfc3339(report.checked_at),
        }
    }
}
