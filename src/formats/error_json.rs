//! A failure in the JSON reports.

use std::borrow::Cow;

use serde::Serialize;

use crate::domain::failure::{Failure, and_more};

/// A failure.
#[derive(Serialize)]
pub struct ErrorReport<'a> {
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
