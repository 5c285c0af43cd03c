//! The JSON report of `probe`, as `assets/schema/probe.json` describes it.

use std::io::{self, Write};

use serde::Serialize;

use super::ProbeReport;
use crate::domain::access::probe::{PolicyView, ProbeAnswer};
use crate::domain::access::verdict::Verdict;
use crate::domain::raw::RawJson;
use crate::formats::error_json::ErrorReport;
use crate::formats::json::document;
use crate::formats::rfc3339;

/// Prints the report as one JSON document.
///
/// # Errors
/// The writer's.
pub(super) fn print(out: &mut impl Write, report: ProbeReport<'_>) -> io::Result<()> {
    document(out, &ProbeDocument::from(report))
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
