//! Refusals in words: what an answer that was not wanted means to the user.
//!
//! Not here: judging it (`verdict`), and errors without an answer (`wording`).

use std::time::Duration;

use super::error::{Part, Reason, Refusal, Subject, Unreadable};
use super::verdict;
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
            FailureKind::Permission,
            format!("An account-owned API token cannot list accounts {evidence}."),
            "Enter the account ID by hand; the token can still read its service tokens.".to_owned(),
        ),
        _ => (
            FailureKind::Authentication,
            format!("Cloudflare does not accept the {label} {evidence}."),
            format!("It is wrong, expired or revoked: enter a valid {label}."),
        ),
    }
}

/// `The API token has`, `The email address and the Global API key have`.
fn subject_of(parts: &[Part], label: &str) -> String {
    let names: Vec<&str> = parts.iter().copied().map(part_name).collect();
    match names.as_slice() {
        [] => format!("The {label} has"),
        [one] => format!("The {one} has"),
        [first, .., last] if names.len() == 2 => format!("The {first} and the {last} have"),
        all => format!("The {} have", all.join(", the ")),
    }
}

fn part_name(part: Part) -> &'static str {
    match part {
        Part::ApiToken => "API token",
        Part::Email => "email address",
        Part::GlobalKey => "Global API key",
    }
}

/// The form is the matter, not what the credential may do.
fn malformed_hint(parts: &[Part]) -> &'static str {
    if parts.contains(&Part::GlobalKey) {
        "The key may be an API token: if so, switch the credential kind to API token; otherwise copy it again, whole."
    } else if parts.contains(&Part::ApiToken) {
        "Copy the token again, whole; if it is a Global API key, switch the credential kind."
    } else if parts.contains(&Part::Email) {
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
            if label == CredentialKind::ApiToken.label() {
                format!("Give it the permission {PERMISSION}.{other}")
            } else {
                format!("Its user needs a role that may read Zero Trust.{other}")
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
        _ => (
            FailureKind::NotFound,
            format!("The API knows no service tokens of {place} {evidence}."),
            format!("Check the ID and the base URL.{other}"),
        ),
    }
}

/// Answers that say nothing about the credential or the scope.
fn answer(refusal: &Refusal) -> Words {
    use FailureKind::{InvalidResponse, RateLimited, Redirect, Server};
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
        Reason::TooLarge => (
            InvalidResponse,
            format!("The answer is larger than 16 MiB {evidence}."),
            "Check the base URL.".to_owned(),
        ),
        Reason::Encoded { encoding } => (
            InvalidResponse,
            format!("The answer is compressed as {encoding}, which was not asked for {evidence}."),
            "Look for a proxy on the way that compresses answers anew; only gzip is read."
                .to_owned(),
        ),
        Reason::Unreadable(how) => (
            InvalidResponse,
            format!("{} {evidence}.", unreadable(*how)),
            "Check the base URL, and for a proxy, cache or login page on the way.".to_owned(),
        ),
        _ => (
            Server,
            format!("The API refused the request {evidence}."),
            if refusal.api_errors.iter().any(ApiError::says_something) {
                "The error's details show what it says.".to_owned()
            } else {
                "It does not say why: try again later, and check the base URL.".to_owned()
            },
        ),
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

/// `(HTTP 403, code 10000)`: what people search the web for.
fn evidence(refusal: &Refusal) -> String {
    match verdict::deciding_code(&refusal.reason, &refusal.api_errors) {
        Some(code) => format!("(HTTP {}, code {code})", refusal.http_status),
        None => format!("(HTTP {})", refusal.http_status),
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
