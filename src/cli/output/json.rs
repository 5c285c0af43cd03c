//! The JSON reports, as `assets/schema` describes them. Names and types never change with the state.
//!
//! Not here: any other form.

use std::borrow::Cow;
use std::fmt;
use std::io;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{json_value, rfc3339};
use crate::cli::check_result::{CheckResult, Entry, ProfileRead};
use crate::domain::duration::Remaining;
use crate::domain::failure::{Failure, and_more};
use crate::domain::findings::findings;
use crate::domain::scope::Scope;
use crate::domain::status::{EvaluationContext, Lifecycle, Status};
use crate::domain::token::ServiceToken;

/// A scope in a report.
#[derive(Debug, Serialize)]
pub struct ScopeReport {
    /// `account` or `zone`.
    pub kind: &'static str,
    /// Its ID.
    pub id: String,
}

impl From<&Scope> for ScopeReport {
    fn from(scope: &Scope) -> Self {
        Self {
            kind: scope.kind().word(),
            id: scope.id().to_owned(),
        }
    }
}

impl fmt::Display for ScopeReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.kind, self.id)
    }
}

#[derive(Serialize)]
struct FindingReport {
    code: &'static str,
    severity: &'static str,
    message: String,
}

/// Writes one token and everything that is said of it.
fn token_fields<M: SerializeMap>(
    map: &mut M,
    token: &ServiceToken,
    context: EvaluationContext,
) -> Result<(), M::Error> {
    map.serialize_entry("token", &token.raw)?;
    judged_fields(map, token, context)
}

fn judged_fields<M: SerializeMap>(
    map: &mut M,
    token: &ServiceToken,
    context: EvaluationContext,
) -> Result<(), M::Error> {
    let status = Status::of(token, context);
    let end = Lifecycle::of(token).end();
    let end = end.filter(|_| status != Status::Unknown);
    let remaining = end.map(|end| Remaining::until(end, context.now));
    let findings: Vec<FindingReport> = findings(token, context)
        .into_iter()
        .map(|found| FindingReport {
            code: found.code,
            severity: found.severity.code(),
            message: found.message,
        })
        .collect();
    map.serialize_entry("status", status.code())?;
    map.serialize_entry("expires_at", &end.map(rfc3339))?;
    map.serialize_entry("seconds_left", &remaining.map(Remaining::seconds))?;
    map.serialize_entry("days_left", &remaining.map(Remaining::days))?;
    let last_seen = token.last_seen_at.valid().copied();
    map.serialize_entry("last_seen_at", &last_seen.map(rfc3339))?;
    map.serialize_entry("findings", &findings)
}

/// Writes what `list` and `check` say of a token beyond [`judged_fields`].
fn listed_fields<M: SerializeMap>(
    map: &mut M,
    token: Option<&ServiceToken>,
) -> Result<(), M::Error> {
    let end = token.and_then(|token| token.previous_client_secret_expires_at.valid().copied());
    map.serialize_entry("previous_secret_expires_at", &end.map(rfc3339))
}

/// Writes the fields of [`token_fields`] for a token that there is not.
fn no_token_fields<M: SerializeMap>(map: &mut M) -> Result<(), M::Error> {
    map.serialize_entry("token", &())?;
    map.serialize_entry("status", Status::Unknown.code())?;
    for key in ["expires_at", "seconds_left", "days_left", "last_seen_at"] {
        map.serialize_entry(key, &())?;
    }
    map.serialize_entry::<_, [(); 0]>("findings", &[])
}

fn clock_fields<M: SerializeMap>(map: &mut M, context: EvaluationContext) -> Result<(), M::Error> {
    map.serialize_entry("checked_at", &rfc3339(context.now))?;
    map.serialize_entry("clock_skew_seconds", &context.clock_offset.seconds())
}

/// What `get` says.
pub struct TokenReport<'a> {
    /// The token.
    pub token: &'a ServiceToken,
    /// Where it lives.
    pub scope: &'a Scope,
    /// What it is judged by.
    pub context: EvaluationContext,
}

impl Serialize for TokenReport<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("scope", &ScopeReport::from(self.scope))?;
        token_fields(&mut map, self.token, self.context)?;
        clock_fields(&mut map, self.context)?;
        map.end()
    }
}

/// What `list` prints around its rows.
pub struct ListReport<'a> {
    pub scope: &'a Scope,
    pub count: usize,
    /// Why the list may lack some tokens.
    pub incomplete: Option<&'a str>,
    pub context: EvaluationContext,
}

impl ListReport<'_> {
    /// Prints it with rows from [`list_row`].
    ///
    /// # Errors
    /// A serialization error, which a plain report never causes.
    pub fn print<'r>(
        &self,
        out: &mut Vec<u8>,
        rows: impl Iterator<Item = &'r [u8]>,
    ) -> io::Result<()> {
        let head = ListHead {
            scope: self.scope.into(),
            count: self.count,
            complete: self.incomplete.is_none(),
            incomplete_reason: self.incomplete,
        };
        json_value(out, &head)?;
        reopen(out, b",\"tokens\":[");
        for (at, row) in rows.enumerate() {
            if at > 0 {
                out.push(b',');
            }
            out.extend_from_slice(row);
        }
        out.push(b']');
        append(out, &Clock(self.context))?;
        out.push(b'\n');
        Ok(())
    }
}

/// Renders one token of a list. Its bytes were valid JSON when they arrived, so they are copied: parsing
/// them again would take a fifth of the time of a long list.
///
/// # Errors
/// A serialization error, which a plain report never causes.
pub fn list_row(
    out: &mut Vec<u8>,
    token: &ServiceToken,
    context: EvaluationContext,
) -> io::Result<()> {
    out.extend_from_slice(b"{\"token\":");
    out.extend_from_slice(token.raw.as_str().as_bytes());
    append(out, &Judged(token, context))
}

/// Goes on with an object that was just closed.
fn reopen(out: &mut Vec<u8>, with: &[u8]) {
    out.pop();
    out.extend_from_slice(with);
}

/// Adds the members of an object to the one that is being written, and closes it.
fn append(out: &mut Vec<u8>, members: &impl Serialize) -> io::Result<()> {
    let brace = out.len();
    json_value(out, members)?;
    out[brace] = b',';
    Ok(())
}

#[derive(Serialize)]
struct ListHead<'a> {
    scope: ScopeReport,
    count: usize,
    complete: bool,
    incomplete_reason: Option<&'a str>,
}

struct Judged<'a>(&'a ServiceToken, EvaluationContext);

impl Serialize for Judged<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        judged_fields(&mut map, self.0, self.1)?;
        listed_fields(&mut map, Some(self.0))?;
        map.end()
    }
}

struct Clock(EvaluationContext);

impl Serialize for Clock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        clock_fields(&mut map, self.0)?;
        map.end()
    }
}

/// What `check` says.
pub struct CheckReport<'a>(pub &'a CheckResult);

struct Checked<'a> {
    entry: &'a Entry,
    context: EvaluationContext,
    names_profile: bool,
    names_scope: bool,
}

impl Serialize for Checked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("requested", &self.entry.requested)?;
        if self.names_profile {
            map.serialize_entry("profile", &self.entry.profile)?;
        }
        if self.names_scope {
            map.serialize_entry("scope", &ScopeReport::from(&self.entry.scope))?;
        }
        match &self.entry.subject {
            Ok(token) => token_fields(&mut map, token, self.context)?,
            Err(_) => no_token_fields(&mut map)?,
        }
        listed_fields(&mut map, self.entry.subject.as_deref().ok())?;
        let error = self.entry.subject.as_ref().err();
        map.serialize_entry("error", &error.map(ErrorReport::from))?;
        map.end()
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
            scope: read.scope.as_ref().map(ScopeReport::from),
            count: read.count,
            complete: read.incomplete.is_none() && read.error.is_none(),
            incomplete_reason: read.incomplete.as_deref(),
            error: read.error.as_ref().map(ErrorReport::from),
        }
    }
}

impl Serialize for CheckReport<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let CheckResult {
            scope,
            entries,
            profiles,
            error,
            context,
            ..
        } = self.0;
        let tokens: Vec<Checked<'_>> = entries
            .iter()
            .map(|entry| Checked {
                entry,
                context: *context,
                names_profile: profiles.is_some(),
                names_scope: scope.is_none(),
            })
            .collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("verdict", self.0.verdict().code())?;
        map.serialize_entry("scope", &scope.as_ref().map(ScopeReport::from))?;
        map.serialize_entry("count", &tokens.len())?;
        let reason = self.0.incomplete_reason();
        map.serialize_entry("complete", &reason.is_none())?;
        map.serialize_entry("incomplete_reason", &reason)?;
        map.serialize_entry("tokens", &tokens)?;
        if let Some(profiles) = profiles {
            let profiles: Vec<ProfileReadReport<'_>> = profiles.iter().map(Into::into).collect();
            map.serialize_entry("profiles", &profiles)?;
        }
        clock_fields(&mut map, *context)?;
        map.serialize_entry("error", &error.as_ref().map(ErrorReport::from))?;
        map.end()
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

/// What every command but `check` says of a failure.
#[derive(Serialize)]
pub struct FailureReport<'a> {
    error: ErrorReport<'a>,
}

impl<'a> From<&'a Failure> for FailureReport<'a> {
    fn from(failure: &'a Failure) -> Self {
        Self {
            error: failure.into(),
        }
    }
}
