//! What a refusal means, judged from its status and its error codes.
//!
//! Pure. Sources of the codes: the API reference and answers seen in public issues. Not here: the
//! sentences (`wording`).

use std::time::Duration;

use super::envelope::Envelope;
use super::error::{CredentialPart, Reason, Subject, Unreadable};
use crate::domain::failure::ApiError;

/// Codes that mean "too many requests" under any status.
const LIMIT_CODES: [i64; 3] = [971, 10_040, 10_429];
/// Codes that mean that a credential is not accepted under any status: an unknown token, an unknown key
/// or address, no header with either, and "unable to authenticate request".
const UNACCEPTED_CODES: [i64; 4] = [1000, 9103, 9107, 10_001];
/// The header with the credential is malformed: in general, and one code for each header.
const FORM_CODES: [i64; 5] = [6003, 6111, 6103, 6102, 9106];

/// What is known of an answer before its body is looked into.
#[derive(Debug, Clone)]
pub(super) struct ResponseFacts {
    pub(super) status: u16,
    pub(super) subject: Subject,
    /// How long to wait, should it be a rate limit.
    pub(super) retry_after: Duration,
    /// How the body is still compressed.
    pub(super) encoding: Option<String>,
    /// Where a redirect leads to.
    pub(super) location_host: Option<String>,
}

/// Judges an answer that is not a success.
pub(super) fn classify(facts: &ResponseFacts, body: &Result<Envelope<'_>, Unreadable>) -> Reason {
    let errors = body.as_ref().map_or(&[][..], |body| body.errors.as_slice());
    match facts.status {
        300..=399 => Reason::Redirected {
            host: facts.location_host.clone(),
        },
        status if status == 429 || has_any(errors, &LIMIT_CODES) => Reason::RateLimited {
            retry_after: facts.retry_after,
        },
        // Of Access, 10001 is an internal error as well.
        500.. if has_any(errors, &[9103]) || says(errors, 10_001, "authenticate") => {
            Reason::BadCredential
        }
        500.. => Reason::ServerFailed,
        status => match body {
            Ok(_) => by_codes(status, facts.subject, errors),
            Err(unreadable) => without_json(facts, *unreadable),
        },
    }
}

fn by_codes(status: u16, subject: Subject, errors: &[ApiError]) -> Reason {
    let parts = malformed_parts(errors);
    if !parts.is_empty() || has_any(errors, &FORM_CODES) {
        return Reason::Malformed(parts);
    }
    if status == 401 || is_unaccepted(errors) {
        return Reason::BadCredential;
    }
    if says(errors, 9109, "from location") {
        return Reason::WrongPlace;
    }
    if is_not_enabled(errors) {
        return Reason::NotEnabled;
    }
    if has_any(errors, &[7003, 7000]) {
        return Reason::BadId;
    }
    if subject == Subject::Accounts && has_any(errors, &[1001]) {
        return Reason::AccountOwned;
    }
    if has_any(errors, &[9109]) {
        return Reason::OutOfScope;
    }
    match status {
        403 => Reason::LacksPermission,
        404 => Reason::NotFound,
        _ => Reason::Rejected,
    }
}

/// The code of the error that a reason was judged by, which need not be the first; where the status
/// alone decided, the first code there is.
pub(super) fn deciding_code(reason: &Reason, errors: &[ApiError]) -> Option<i64> {
    let decides = |error: &&ApiError| {
        let one = std::slice::from_ref(*error);
        match reason {
            Reason::Malformed(_) => has_any(one, &FORM_CODES),
            Reason::BadCredential => is_unaccepted(one),
            Reason::WrongPlace => says(one, 9109, "from location"),
            Reason::NotEnabled => is_not_enabled(one),
            Reason::BadId => has_any(one, &[7003, 7000]),
            Reason::AccountOwned => has_any(one, &[1001]),
            Reason::OutOfScope => has_any(one, &[9109]),
            Reason::LacksPermission => has_any(one, &[10_000]),
            Reason::RateLimited { .. } => has_any(one, &LIMIT_CODES),
            _ => false,
        }
    };
    let decisive = errors.iter().find(decides).and_then(|error| error.code);
    decisive.or_else(|| errors.iter().find_map(|error| error.code))
}

fn is_unaccepted(errors: &[ApiError]) -> bool {
    has_any(errors, &UNACCEPTED_CODES) || says(errors, 9109, "invalid access token")
}

fn is_not_enabled(errors: &[ApiError]) -> bool {
    has_any(errors, &[9999]) || mentions(errors, "access.api.error.not_enabled")
}

/// A status can say enough by itself. A web page cannot say that there is no such token, though:
/// it comes from somewhere else.
fn without_json(facts: &ResponseFacts, unreadable: Unreadable) -> Reason {
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

/// The parts that the codes and their chains name, each once.
fn malformed_parts(errors: &[ApiError]) -> Vec<CredentialPart> {
    [
        (6111, CredentialPart::ApiToken),
        (6102, CredentialPart::Email),
        (6103, CredentialPart::GlobalKey),
    ]
    .into_iter()
    .filter(|(code, _)| has_any(errors, &[*code]))
    .map(|(_, part)| part)
    .collect()
}

fn has_any(errors: &[ApiError], codes: &[i64]) -> bool {
    errors
        .iter()
        .any(|error| codes.iter().any(|code| error.has_code(*code)))
}

fn says(errors: &[ApiError], code: i64, words: &str) -> bool {
    errors
        .iter()
        .any(|error| error.has_code(code) && mentions(std::slice::from_ref(error), words))
}

fn mentions(errors: &[ApiError], words: &str) -> bool {
    errors.iter().any(|error| {
        error.message.to_ascii_lowercase().contains(words) || mentions(&error.chain, words)
    })
}
