//! A failure in the JSON reports.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use crate::domain::failure::{Failure, and_more};

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

impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let details = &self.details;
        let (errors, more) = details.shown();
        let errors = errors.into_iter().map(|(_, error)| ApiErrorReport {
            code: error.code,
            message: error.message.as_str().into(),
        });
        let rest = (more > 0).then(|| ApiErrorReport {
            code: None,
            message: and_more(more).into(),
        });
        let report = ErrorReport {
            kind: self.kind.code(),
            summary: &self.summary,
            hint: self.hint.to_string(),
            http_status: details.http_status,
            api_errors: errors.chain(rest).collect(),
            cf_ray: details.cf_ray.as_deref(),
        };
        report.serialize(serializer)
    }
}
