//! Comma-separated values after RFC 4180: lines end in CR LF, and quotes within quotes are doubled.
//!
//! Values keep the bytes that the API sent: a name that a spreadsheet would read as a formula, or that
//! contains a line break, is only quoted.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{parallel, rfc3339};
use crate::domain::duration::Remaining;
use crate::domain::list_report::{ListReport, Origin, Origins};
use crate::domain::status::{EvaluationContext, Lifecycle, Status};
use crate::domain::token::{Reported, ServiceToken};

/// The header of one scope's list.
const HEADER: &str = "id,name,client_id,status,expires_at,seconds_left,last_seen_at,duration,enabled,\
                      previous_secret_expires_at";

/// Writes the header, and each token as a record.
///
/// # Errors
/// The writer's.
pub fn list(out: &mut impl Write, report: &ListReport) -> io::Result<()> {
    out.write_all(HEADER.as_bytes())?;
    out.write_all(match report.origin {
        Origins::Scope(_) => b"\r\n",
        Origins::Profiles { .. } => b",profile,scope\r\n",
    })?;
    let text = |first: usize, tokens: &[Arc<ServiceToken>], text: &mut Vec<u8>| {
        for (token, at) in tokens.iter().zip(first..) {
            row(text, token, report.context)?;
            if let Some(Origin { profile, scope }) = report.origin_of(at) {
                let (kind, id) = (scope.kind().word(), scope.id());
                write!(text, ",{},{kind} {id}", quoted(profile))?;
            }
            text.extend_from_slice(b"\r\n");
        }
        Ok(())
    };
    parallel::write(out, &report.tokens, &text)
}

fn row(out: &mut impl Write, token: &ServiceToken, context: EvaluationContext) -> io::Result<()> {
    let life = Lifecycle::of(token);
    let status = Status::of(token, context);
    let end = life.end().filter(|_| status != Status::Unknown);
    let left = end.map(|end| Remaining::until(end, context.now).seconds());
    let enabled = life.enabled.map(|enabled| enabled.to_string());
    let malformed = token.raw_text(&token.enabled);
    let record = [
        quoted(token.raw_text(&token.id)),
        quoted(token.raw_text(&token.name)),
        quoted(token.raw_text(&token.client_id)),
        status.code().into(),
        end.map(rfc3339).unwrap_or_default().into(),
        left.map(|left| left.to_string()).unwrap_or_default().into(),
        time(&token.last_seen_at),
        quoted(token.raw_text(&token.duration)),
        enabled.map_or_else(|| quoted(malformed), Cow::Owned),
        time(&token.previous_client_secret_expires_at),
    ];
    out.write_all(record.join(",").as_bytes())
}

fn time(reported: &Reported<DateTime<Utc>>) -> Cow<'static, str> {
    let instant = reported.valid().copied();
    instant.map(rfc3339).unwrap_or_default().into()
}

/// Quotes a value if it contains a separator or surrounding whitespace.
fn quoted(value: &str) -> Cow<'_, str> {
    let is_plain =
        !value.contains(['"', ',', '\r', '\n']) && !value.starts_with(' ') && !value.ends_with(' ');
    if is_plain {
        Cow::Borrowed(value)
    } else {
        Cow::Owned(format!("\"{}\"", value.replace('"', "\"\"")))
    }
}
