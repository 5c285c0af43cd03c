//! The JSON reports, as `assets/schema` describes them: names and types never change with the state.

use std::io::{self, Write};

use serde::Serialize;

use super::error_json::ErrorReport;
use super::{Report, uses_json};
use crate::cli::check_result::{CheckEntry, CheckResult, ProfileRead};
use crate::domain::failure::Failure;
use crate::domain::raw::RawJson;
use crate::formats::ScopeReport;
use crate::formats::json::{Clock, Judged, document, list, previous_secret_end};

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
        Report::Credential(report) => document(out, report),
        Report::Profiles(report) => document(out, report),
        Report::Uses(report) => uses_json::print(out, report),
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
