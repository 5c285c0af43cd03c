//! JSON, as `assets/schema` describes it: names and types never change with the state.

use std::io::{self, Write};
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::{parallel, rfc3339};
use crate::domain::duration::Remaining;
use crate::domain::failure::Failure;
use crate::domain::findings::{Finding, findings};
use crate::domain::list_report::{ListReport, Origin, Origins, ProfileOutcome};
use crate::domain::scope::Scope;
use crate::domain::status::{EvaluationContext, Lifecycle, Status};
use crate::domain::text::{is_inert, unicode_escape};
use crate::domain::token::ServiceToken;

/// Writes a JSON document that is safe to show on a terminal, and a line end.
///
/// # Errors
/// The writer's.
pub fn document(out: &mut impl Write, report: &impl Serialize) -> io::Result<()> {
    value(out, report)?;
    writeln!(out)
}

/// Writes JSON that is safe to show on a terminal. The API's own JSON passes through unchanged.
///
/// # Errors
/// The writer's.
pub fn value(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
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

/// Writes a list, token by token. Their bytes were valid JSON when they arrived, so they are copied: parsing
/// them again would take a fifth of the time of a long list.
///
/// # Errors
/// The writer's.
pub fn list(out: &mut impl Write, report: &ListReport) -> io::Result<()> {
    #[derive(Serialize)]
    struct ListHeader<'a> {
        scope: Option<&'a Scope>,
        count: usize,
        complete: bool,
        incomplete_reason: Option<&'a str>,
    }
    let incomplete_reason = report.incomplete.as_deref();
    let head = ListHeader {
        scope: match &report.origin {
            Origins::Scope(scope) => Some(scope),
            Origins::Profiles { .. } => None,
        },
        count: report.tokens.len(),
        complete: incomplete_reason.is_none(),
        incomplete_reason,
    };
    out.write_all(&before_tokens(&head)?)?;
    let text = |first: usize, tokens: &[Arc<ServiceToken>], text: &mut Vec<u8>| {
        for (token, at) in tokens.iter().zip(first..) {
            let start: &[u8] = if at == 0 { b"{" } else { b",{" };
            text.extend_from_slice(start);
            text.extend_from_slice(b"\"token\":");
            text.extend_from_slice(token.raw.as_str().as_bytes());
            let rest = AfterToken::of(token, report.origin_of(at), report.context);
            append(text, &rest)?;
        }
        Ok(())
    };
    parallel::write(out, &report.tokens, &text)?;
    let end = AfterTokens {
        profiles: match &report.origin {
            Origins::Scope(_) => None,
            Origins::Profiles { outcomes, .. } => Some(outcomes.as_slice()),
        },
        clock: Clock::of(report.context),
    };
    out.write_all(&after_tokens(&end)?)
}

/// The beginning of a document with a list of tokens: some members, then the list's name.
///
/// # Errors
/// Those of serialization.
pub fn before_tokens(members: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    value(&mut text, members)?;
    text.pop();
    text.extend_from_slice(b",\"tokens\":[");
    Ok(text)
}

/// The end of such a document.
///
/// # Errors
/// Those of serialization.
pub fn after_tokens(members: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut text = b"]".to_vec();
    append(&mut text, members)?;
    text.push(b'\n');
    Ok(text)
}

/// The members that follow the tokens of a list.
#[derive(Serialize)]
struct AfterTokens<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    profiles: Option<&'a [ProfileOutcome]>,
    #[serde(flatten)]
    clock: Clock,
}

/// How reading one profile's tokens went.
impl Serialize for ProfileOutcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct ProfileReport<'a> {
            profile: &'a str,
            scope: Option<&'a Scope>,
            count: usize,
            complete: bool,
            incomplete_reason: Option<&'a str>,
            error: Option<&'a Failure>,
        }
        let report = ProfileReport {
            profile: &self.profile,
            scope: self.scope.as_ref(),
            count: self.count,
            complete: self.incomplete.is_none() && self.error.is_none(),
            incomplete_reason: self.incomplete.as_deref(),
            error: self.error.as_ref(),
        };
        report.serialize(serializer)
    }
}

/// The members that follow a token in a list.
#[derive(Serialize)]
struct AfterToken<'a> {
    #[serde(flatten)]
    judged: Judged,
    previous_secret_expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a Scope>,
}

impl<'a> AfterToken<'a> {
    fn of(token: &ServiceToken, origin: Option<&'a Origin>, context: EvaluationContext) -> Self {
        Self {
            judged: Judged::of(Some(token), context),
            previous_secret_expires_at: previous_secret_end(token),
            profile: origin.map(|origin| origin.profile.as_str()),
            scope: origin.map(|origin| &origin.scope),
        }
    }
}

/// Adds members to the object that is being written, and closes it.
///
/// # Errors
/// Those of serialization.
pub fn append(text: &mut Vec<u8>, members: &impl Serialize) -> io::Result<()> {
    let start = text.len();
    value(text, members)?;
    text[start] = b',';
    Ok(())
}

/// When the previous secret of a token ends.
pub fn previous_secret_end(token: &ServiceToken) -> Option<String> {
    let end = token.previous_client_secret_expires_at.valid().copied();
    end.map(rfc3339)
}

/// The evaluation of a token; all unknown for a token that could not be read.
#[derive(Serialize)]
pub struct Judged {
    status: Status,
    expires_at: Option<String>,
    seconds_left: Option<i64>,
    days_left: Option<i64>,
    last_seen_at: Option<String>,
    findings: Vec<Finding>,
}

impl Judged {
    /// The evaluation of a token, if it could be read.
    pub fn of(token: Option<&ServiceToken>, context: EvaluationContext) -> Self {
        let status = token.map_or(Status::Unknown, |token| Status::of(token, context));
        let end = token.and_then(|token| Lifecycle::of(token).end());
        let end = end.filter(|_| status != Status::Unknown);
        let remaining = end.map(|end| Remaining::until(end, context.now));
        let seen = token.and_then(|token| token.last_seen_at.valid().copied());
        let findings = token.map(|token| findings(token, context));
        Self {
            status,
            expires_at: end.map(rfc3339),
            seconds_left: remaining.map(Remaining::seconds),
            days_left: remaining.map(Remaining::days),
            last_seen_at: seen.map(rfc3339),
            findings: findings.unwrap_or_default(),
        }
    }
}

/// The clock that tokens were evaluated by.
#[derive(Serialize)]
pub struct Clock {
    checked_at: String,
    clock_skew_seconds: i64,
}

impl Clock {
    /// The clock of an evaluation.
    pub fn of(context: EvaluationContext) -> Self {
        Self {
            checked_at: rfc3339(context.now),
            clock_skew_seconds: context.clock_offset.seconds(),
        }
    }
}
