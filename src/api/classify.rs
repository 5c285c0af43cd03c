//! Classifies a response that is not a success by its status and error codes. Pure.
//!
//! Sources of the codes: the API reference and responses quoted in public issues.

use std::time::Duration;

use super::envelope::Envelope;
use super::error::{CredentialPart, Reason, Subject, Unreadable};
use crate::domain::failure::ApiError;

/// Codes that mean "too many requests" under any status.
const LIMIT_CODES: [i64; 3] = [971, 10_040, 10_429];
/// Codes for a rejected credential, under any status: unknown token, unknown key or address,
/// missing header, and "unable to authenticate request".
const UNACCEPTED_CODES: [i64; 4] = [1000, 9103, 9107, 10_001];
/// The header with the credential is malformed: in general, and one code for each header.
const FORM_CODES: [i64; 5] = [6003, 6111, 6103, 6102, 9106];

/// What the headers of a response say, before its body is parsed.
#[derive(Debug, Clone)]
pub(super) struct ResponseFacts {
    pub(super) status: u16,
    pub(super) subject: Subject,
    /// How long to pause if this turns out to be a rate limit.
    pub(super) retry_after: Duration,
    /// The content encoding that was left in place because it is not supported.
    pub(super) encoding: Option<String>,
    /// The host that a redirect points to.
    pub(super) location_host: Option<String>,
}

/// Classifies a response that is not a success.
pub(super) fn classify(facts: &ResponseFacts, body: &Result<Envelope<'_>, Unreadable>) -> Reason {
    let errors = body.as_ref().map_or(&[][..], |body| body.errors.as_slice());
    match facts.status {
        300..=399 => Reason::Redirected {
            host: facts.location_host.clone(),
        },
        status if status == 429 || has_any(errors, &LIMIT_CODES) => Reason::RateLimited {
            retry_after: facts.retry_after,
        },
        // Access also uses 10001 for internal errors.
        500.. if has_any(errors, &[9103]) || says(errors, 10_001, "authenticate") => {
            Reason::BadCredential
        }
        500.. => Reason::ServerFailed,
        status => match body {
            Ok(_) => by_codes(status, facts.subject, errors),
            Err(unreadable) => by_status(facts, *unreadable),
        },
    }
}

fn by_codes(status: u16, subject: Subject, errors: &[ApiError]) -> Reason {
    let applies = |reason: &Reason| {
        let is_possible = *reason != Reason::AccountOwned || subject == Subject::Accounts;
        let is_unauthorized = status == 401 && *reason == Reason::BadCredential;
        is_unauthorized || (is_possible && is_indicated(reason, errors))
    };
    [
        Reason::Malformed(malformed_parts(errors)),
        Reason::BadCredential,
        Reason::WrongPlace,
        Reason::NotEnabled,
        Reason::BadId,
        Reason::AccountOwned,
        Reason::OutOfScope,
    ]
    .into_iter()
    .find(applies)
    .unwrap_or(match status {
        403 => Reason::LacksPermission,
        404 => Reason::NotFound,
        _ => Reason::Rejected,
    })
}

/// The code of the error that indicated the reason, which need not be the first error; if only the
/// status did, the first code.
pub(super) fn deciding_code(reason: &Reason, errors: &[ApiError]) -> Option<i64> {
    let decisive = errors
        .iter()
        .find(|error| is_indicated(reason, std::slice::from_ref(*error)))
        .and_then(|error| error.code);
    decisive.or_else(|| errors.iter().find_map(|error| error.code))
}

/// Whether the error codes or messages match a reason.
fn is_indicated(reason: &Reason, errors: &[ApiError]) -> bool {
    match reason {
        Reason::Malformed(_) => has_any(errors, &FORM_CODES),
        Reason::BadCredential => {
            has_any(errors, &UNACCEPTED_CODES) || says(errors, 9109, "invalid access token")
        }
        Reason::WrongPlace => says(errors, 9109, "from location"),
        Reason::NotEnabled => {
            has_any(errors, &[9999]) || mentions(errors, "access.api.error.not_enabled")
        }
        Reason::BadId => has_any(errors, &[7003, 7000]),
        Reason::AccountOwned => has_any(errors, &[1001]),
        Reason::OutOfScope => has_any(errors, &[9109]),
        Reason::LacksPermission => has_any(errors, &[10_000]),
        Reason::RateLimited { .. } => has_any(errors, &LIMIT_CODES),
        Reason::NotFound
        | Reason::ServerFailed
        | Reason::Rejected
        | Reason::Blocked
        | Reason::Redirected { .. }
        | Reason::TooLarge
        | Reason::Encoded { .. }
        | Reason::TooMany { .. }
        | Reason::OtherToken { .. }
        | Reason::Unreadable(_) => false,
    }
}

/// Without JSON, some statuses are still conclusive. A web page with status 404 is not: it comes
/// from something other than the API, which cannot know whether the token exists.
fn by_status(facts: &ResponseFacts, unreadable: Unreadable) -> Reason {
    match (facts.status, unreadable, &facts.encoding) {
        (401, ..) => Reason::BadCredential,
        (404, Unreadable::Empty, _) => Reason::NotFound,
        (_, _, Some(encoding)) => Reason::Encoded {
            encoding: encoding.clone(),
        },
        (403, ..) => Reason::Blocked,
        _ => Reason::Unreadable(unreadable),
    }
}

/// The parts named by the codes and their chains, without duplicates.
fn malformed_parts(errors: &[ApiError]) -> Vec<CredentialPart> {
    let parts = [
        (6111, CredentialPart::ApiToken),
        (6102, CredentialPart::Email),
        (6103, CredentialPart::GlobalKey),
    ];
    let named = parts
        .into_iter()
        .filter(|(code, _)| has_any(errors, &[*code]));
    named.map(|(_, part)| part).collect()
}

fn has_any(errors: &[ApiError], codes: &[i64]) -> bool {
    let has_one = |error: &ApiError| codes.iter().any(|code| error.has_code(*code));
    errors.iter().any(has_one)
}

fn says(errors: &[ApiError], code: i64, words: &str) -> bool {
    let has_code = |error: &&ApiError| error.has_code(code);
    let mut coded = errors.iter().filter(has_code);
    coded.any(|error| mentions(std::slice::from_ref(error), words))
}

fn mentions(errors: &[ApiError], words: &str) -> bool {
    errors.iter().any(|error| {
        error.message.to_ascii_lowercase().contains(words) || mentions(&error.chain, words)
    })
}
