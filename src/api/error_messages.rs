//! Refusals in words: what an answer that was not wanted means to the user.
//!
//! Not here: judging it (`classify`), and errors without an answer (`wording`).

use std::time::Duration;

use super::classify;
use super::envelope::{brief, first_words};
use super::error::{CredentialPart, Reason, Refusal, Subject, Unreadable};
use crate::domain::credential::CredentialKind;
use crate::domain::duration::{humanize, pause};
use crate::domain::failure::{ApiError, FailureKind};
use crate::domain::scope::Scope;

/// The permission that reading service tokens takes, as the dashboard names it.
const PERMISSION: &str = "Access: Service Tokens Read";

/// A kind, a summary and a hint.
pub(super) type Words = (FailureKind, String, String);

/// What happened and what to do, for an answer that is not what was asked for.
pub(super) fn words(refusal: &Refusal, scope: Option<&Scope>) -> Words {
    match &refusal.reason {
        Reason::Malformed(_)
        | Reason::BadCredential
        | Reason::WrongPlace
        | Reason::AccountOwned => credential(refusal),
        Reason::LacksPermission | Reason::OutOfScope | Reason::NotEnabled => {
            permission(refusal, scope)
        }
        Reason::BadId | Reason::NotFound => missing(refusal, scope),
        _ => answer(refusal),
    }
}

fn credential(refusal: &Refusal) -> Words {
    let label = refusal.credential;
    let evidence = evidence(refusal);
    match &refusal.reason {
        Reason::Malformed(parts) => (
            FailureKind::Authentication,
            format!("{} the wrong form {evidence}.", subject_of(parts, label)),
            malformed_hint(parts).to_owned(),
        ),
        Reason::WrongPlace => (
            FailureKind::Permission,
            format!("The {label} may not be used from this network address {evidence}."),
            "Add this address to the token's client IP filter, or connect from an allowed one."
                .to_owned(),
        ),
        Reason::AccountOwned => (
            if refusal.http_status == 403 {
                FailureKind::Permission
            } else {
                FailureKind::Rejected
            },
            format!("An account-owned API token cannot list accounts {evidence}."),
            "Enter the account ID by hand; the token can still read its service tokens.".to_owned(),
        ),
        _ if is_key(label) && refusal.api_errors.iter().any(|error| error.has_code(9103)) => (
            FailureKind::Authentication,
            format!("Cloudflare knows no such key for this address {evidence}."),
            format!(
                "Enter the {label} and the email address of the same user; if it is an API token, \
                 switch the credential kind."
            ),
        ),
        _ => (
            FailureKind::Authentication,
            format!("Cloudflare does not accept the {label} {evidence}."),
            format!("It is wrong, expired or revoked: enter a valid {label}."),
        ),
    }
}

fn is_key(label: &str) -> bool {
    label != CredentialKind::ApiToken.label()
}

/// `The API token has`, `The email address and the Global API key have`.
fn subject_of(parts: &[CredentialPart], label: &str) -> String {
    let names: Vec<&str> = parts.iter().copied().map(part_name).collect();
    match names.as_slice() {
        [] => format!("The {label} has"),
        [one] => format!("The {one} has"),
        [first, .., last] if names.len() == 2 => format!("The {first} and the {last} have"),
        all => format!("The {} have", all.join(", the ")),
    }
}

fn part_name(part: CredentialPart) -> &'static str {
    match part {
        CredentialPart::ApiToken => "API token",
        CredentialPart::Email => "email address",
        CredentialPart::GlobalKey => "Global API key",
    }
}

/// The form is the matter, not what the credential may do.
fn malformed_hint(parts: &[CredentialPart]) -> &'static str {
    if parts.contains(&CredentialPart::GlobalKey) {
        "The key may be an API token: if so, switch the credential kind to API token; otherwise copy it again, whole."
    } else if parts.contains(&CredentialPart::ApiToken) {
        "Copy the token again, whole; if it is a Global API key, switch the credential kind."
    } else if parts.contains(&CredentialPart::Email) {
        "Enter the email address that you log in to Cloudflare with."
    } else {
        "Copy the credential again, whole, and check that its kind is the right one."
    }
}

fn permission(refusal: &Refusal, scope: Option<&Scope>) -> Words {
    let label = refusal.credential;
    let evidence = evidence(refusal);
    let place = place(scope);
    let other = other_scope(scope);
    let (summary, hint) = match (&refusal.reason, refusal.subject) {
        (Reason::NotEnabled, _) => (
            format!("Access is not enabled on {place} {evidence}."),
            format!("Enable Access in the Zero Trust dashboard, or choose another account.{other}"),
        ),
        (_, Subject::Accounts) => (
            format!("The {label} works, but may not list accounts {evidence}."),
            "Give it the permission Account Settings Read, or enter the account ID by hand."
                .to_owned(),
        ),
        (_, Subject::Zones) => (
            format!("The {label} works, but may not list zones {evidence}."),
            "Give it the permission Zone Read, or enter the zone ID by hand.".to_owned(),
        ),
        (Reason::OutOfScope, _) => (
            format!("The {label} works, but not for {place} {evidence}."),
            format!(
                "Check the ID, and what the {label} was made for: it needs {PERMISSION} there.{other}"
            ),
        ),
        _ => (
            format!(
                "The {label} works, but may not read the service tokens of {place} {evidence}."
            ),
            if is_key(label) {
                format!("Its user needs a role that may read Zero Trust.{other}")
            } else {
                format!("Give it the permission {PERMISSION}.{other}")
            },
        ),
    };
    (FailureKind::Permission, summary, hint)
}

fn missing(refusal: &Refusal, scope: Option<&Scope>) -> Words {
    let evidence = evidence(refusal);
    let place = place(scope);
    let other = other_scope(scope);
    match (&refusal.reason, refusal.subject) {
        (Reason::BadId, Subject::Token) => (
            FailureKind::Usage,
            format!("The API found the ID of {place} or of the token malformed {evidence}."),
            format!("Check both IDs.{other}"),
        ),
        (Reason::BadId, _) => (
            FailureKind::Usage,
            format!("The API found the ID of {place} malformed {evidence}."),
            format!("Check the ID.{other}"),
        ),
        (_, Subject::Token) => (
            FailureKind::NotFound,
            format!("No such service token in {place} {evidence}."),
            format!("It may have been deleted or recreated: look for its name in the list.{other}"),
        ),
        (_, Subject::Tokens) => (
            FailureKind::Rejected,
            sentence(
                &format!(
                    "There is no such account or zone, or it is not visible to the {}",
                    refusal.credential
                ),
                refusal,
            ),
            format!("Check the ID of {place} and the base URL.{other}"),
        ),
        (_, Subject::Accounts | Subject::Zones) => (
            FailureKind::Rejected,
            sentence("The API knows no such list", refusal),
            "Check the base URL, or enter the ID by hand.".to_owned(),
        ),
    }
}

/// Answers that say nothing about the credential or the scope.
fn answer(refusal: &Refusal) -> Words {
    use FailureKind::{InvalidResponse, RateLimited, Redirect, Rejected, Server};
    let evidence = evidence(refusal);
    match &refusal.reason {
        Reason::RateLimited { retry_after } => (
            RateLimited,
            format!("Cloudflare received too many requests {evidence}."),
            format!(
                "Wait {}; the limit is shared with the dashboard and everything else of the same user.",
                seconds(*retry_after)
            ),
        ),
        Reason::ServerFailed => (
            Server,
            format!("Cloudflare's API failed {evidence}."),
            "Try again in a moment; https://www.cloudflarestatus.com tells of outages.".to_owned(),
        ),
        Reason::Blocked => (
            InvalidResponse,
            format!("The request was blocked before reaching the API {evidence}."),
            "Look for a firewall, proxy or VPN on the way, and check the base URL.".to_owned(),
        ),
        Reason::Redirected { host } => (
            Redirect,
            match host {
                Some(host) => {
                    format!("Unexpected redirect to {host} {evidence}; it was not followed.")
                }
                None => format!("Unexpected redirect {evidence}; it was not followed."),
            },
            "Check the base URL; a login page or proxy may be in the way.".to_owned(),
        ),
        Reason::TooLarge
        | Reason::Encoded { .. }
        | Reason::TooMany { .. }
        | Reason::OtherToken { .. }
        | Reason::Unreadable(_) => {
            let (summary, hint) = invalid(refusal);
            (InvalidResponse, summary, hint.to_owned())
        }
        _ => (
            Rejected,
            sentence("The API refused the request", refusal),
            rejected_hint(refusal),
        ),
    }
}

/// Answers that are not what was asked for.
fn invalid(refusal: &Refusal) -> (String, &'static str) {
    let evidence = evidence(refusal);
    match &refusal.reason {
        Reason::TooLarge => (
            format!("The answer is larger than 16 MiB {evidence}."),
            "Check the base URL.",
        ),
        Reason::Encoded { encoding } => (
            format!("The answer is compressed as {encoding}, which was not asked for {evidence}."),
            "Look for a proxy on the way that compresses answers anew; only gzip is read.",
        ),
        Reason::TooMany { asked } => (
            format!("The page holds more than twice the {asked} entries asked for {evidence}."),
            "Check the base URL, and what may be answering in the API's place.",
        ),
        Reason::OtherToken { asked, sent } => (
            format!("The answer is about the token {sent}, not {asked} {evidence}."),
            "Check for a proxy or cache on the way that mixes answers up, and try again.",
        ),
        Reason::Unreadable(how) => (
            sentence(unreadable(*how), refusal),
            "Check the base URL, and for a proxy, cache or login page on the way.",
        ),
        _ => (
            sentence("The answer is not the API's", refusal),
            "Check the base URL.",
        ),
    }
}

fn rejected_hint(refusal: &Refusal) -> String {
    let all = || refusal.api_errors.iter().chain(&refusal.api_messages);
    if all().any(|error| error.has_code(10_000)) {
        format!(
            "This account or zone may not take this kind of credential: try another one than the {}.",
            refusal.credential
        )
    } else if all().any(ApiError::says_something) {
        "The error's details show all that it says.".to_owned()
    } else {
        "It does not say why: try again later, and check the base URL.".to_owned()
    }
}

/// What happened, what the API says of it, and the evidence.
fn sentence(what: &str, refusal: &Refusal) -> String {
    let numbers = numbers(refusal);
    let said = first_words(&refusal.api_errors).or_else(|| first_words(&refusal.api_messages));
    match said {
        Some(words) => format!("{what}: {} ({numbers}).", brief(words)),
        None => format!("{what} ({numbers})."),
    }
}

fn unreadable(how: Unreadable) -> &'static str {
    match how {
        Unreadable::Empty => "The answer is empty",
        Unreadable::Html => "The answer is a web page and not the API's",
        Unreadable::CutOff => "The answer ends in the middle",
        Unreadable::NotJson => "The answer is not JSON",
        Unreadable::NotEnvelope => "The answer is JSON, but not the API's",
        Unreadable::NoObject => "The answer holds no service token",
        Unreadable::NoList => "The answer holds no list",
    }
}

/// `(HTTP 403, code 10000)`, and what the API says besides where its errors say nothing.
fn evidence(refusal: &Refusal) -> String {
    let numbers = numbers(refusal);
    let said = match first_words(&refusal.api_errors) {
        Some(_) => None,
        None => first_words(&refusal.api_messages),
    };
    match said {
        Some(words) => format!("({numbers}: {})", brief(words)),
        None => format!("({numbers})"),
    }
}

/// `HTTP 403, code 10000`: what people search the web for.
fn numbers(refusal: &Refusal) -> String {
    match classify::deciding_code(&refusal.reason, &refusal.api_errors) {
        Some(code) => format!("HTTP {}, code {code}", refusal.http_status),
        None => format!("HTTP {}", refusal.http_status),
    }
}

fn place(scope: Option<&Scope>) -> String {
    scope.map_or_else(|| "this account or zone".to_owned(), Scope::to_string)
}

/// The doubt whether the scope is the one that is meant, to be put behind a hint.
fn other_scope(scope: Option<&Scope>) -> String {
    scope.map_or_else(String::new, |scope| format!(" {}", scope.doubt()))
}

/// `30 seconds`, `5m`, and from an hour on as what is left of a pause: `24 h`.
pub(super) fn seconds(time: Duration) -> String {
    let whole = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    match whole {
        1 => "1 second".to_owned(),
        0..=119 => format!("{whole} seconds"),
        120..3_600 => humanize(chrono::TimeDelta::seconds(whole)),
        _ => pause(whole),
    }
}
