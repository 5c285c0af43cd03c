//! Errors in words: for each a sentence that says what happened and one that says what to do.
//!
//! The only place where an [`Error`] becomes a [`Failure`]. Not here: deciding what an error is.

use std::time::Duration;

use super::error::{Error, Part, Problem, Reason, Refusal, Subject, Unreadable};
use crate::domain::duration::humanize;
use crate::domain::failure::{Details, Failure, FailureKind};
use crate::domain::scope::Scope;

/// The permission that reading service tokens takes, as the dashboard names it.
const PERMISSION: &str = "Access: Service Tokens Read";

/// A kind, a summary and a hint.
type Words = (FailureKind, String, String);

/// The failure as the user sees it.
pub(super) fn failure(error: Error, scope: Option<&Scope>) -> Failure {
    let retry_after = error.retry_after();
    let (kind, summary, hint) = words(&error, scope);
    let mut failure = Failure::new(kind, summary, hint).with_details(details(error));
    failure.retry_after = retry_after;
    failure
}

fn details(error: Error) -> Details {
    match error {
        Error::CaFile { cause, .. } | Error::Setup { cause } => Details {
            cause: Some(cause),
            ..Details::default()
        },
        Error::UnusableCredential { .. } => Details::default(),
        Error::Timeout { request, .. } => Details {
            request: Some(request),
            ..Details::default()
        },
        Error::Transport { request, cause, .. } => Details {
            request: Some(request),
            cause: Some(cause),
            ..Details::default()
        },
        Error::Refused(refusal) => Details {
            http_status: Some(refusal.http_status),
            request: Some(refusal.request),
            api_errors: refusal.api_errors,
            cf_ray: refusal.cf_ray,
            cause: None,
        },
    }
}

fn words(error: &Error, scope: Option<&Scope>) -> Words {
    match error {
        Error::CaFile { path, .. } => (
            FailureKind::Usage,
            format!("The certificate file {} cannot be used.", path.display()),
            "Give --ca-file a readable file of certificates in PEM form.".to_owned(),
        ),
        Error::Setup { .. } => (
            FailureKind::Tls,
            "No certificates to trust could be loaded.".to_owned(),
            "Check SSL_CERT_FILE and SSL_CERT_DIR, or install the system's CA certificates."
                .to_owned(),
        ),
        Error::UnusableCredential { part } => (
            FailureKind::Authentication,
            format!("The {part} cannot be sent: it is empty or holds a character that none has."),
            format!("Enter the {part} again, without spaces or line breaks."),
        ),
        Error::Timeout { waited, .. } => (
            FailureKind::Timeout,
            format!("No answer after {}.", seconds(*waited)),
            "Check the connection, or allow more time with --timeout.".to_owned(),
        ),
        Error::Transport { problem, host, .. } => transport(*problem, host),
        Error::Refused(refusal) => refused(refusal, scope),
    }
}

fn transport(problem: Problem, host: &str) -> Words {
    use FailureKind::{InvalidResponse, Network, Proxy, Timeout, Tls};
    let ca = "If your network inspects TLS, add its CA certificate with --ca-file FILE, or name it in SSL_CERT_FILE.";
    let proxy = "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or the system's proxy settings.";
    let (kind, summary, hint) = match problem {
        Problem::Dns => (
            Network,
            format!("The name {host} could not be resolved."),
            "Check the network connection, DNS and the base URL.",
        ),
        Problem::Refused => (
            Network,
            format!("{host} refused the connection."),
            "Check the network connection, the firewall and the base URL.",
        ),
        Problem::Reset => (
            Network,
            format!("The connection to {host} was cut before the answer was complete."),
            "Try again; if it stays so, look for a firewall or proxy on the way.",
        ),
        Problem::ConnectTimeout => (
            Timeout,
            format!("No connection to {host} within 10 seconds."),
            "Check the network connection, the firewall and the proxy settings.",
        ),
        Problem::UnknownIssuer => (
            Tls,
            format!("The certificate of {host} was issued by somebody who is not trusted here."),
            ca,
        ),
        Problem::WrongName => (
            Tls,
            format!("The certificate of {host} is for another name."),
            "Check the base URL; something on the way may be answering in its place.",
        ),
        Problem::NotValidNow => (
            Tls,
            format!("The certificate of {host} has expired or is not valid yet."),
            "Check this computer's clock.",
        ),
        Problem::Tls => (
            Tls,
            format!("No secure connection to {host} could be agreed on."),
            "Check the base URL, and whether something on the way inspects TLS; --ca-file adds a CA.",
        ),
        Problem::ProxyUnreachable => (
            Proxy,
            format!("The proxy {host} could not be reached."),
            proxy,
        ),
        Problem::ProxyAuthentication => return proxy_login(Some(host)),
        Problem::ProxyRefused => (
            Proxy,
            format!("The proxy {host} refused to connect to the API."),
            proxy,
        ),
        Problem::Compression => (
            InvalidResponse,
            format!("The answer of {host} could not be decompressed."),
            "Try again; if it stays so, something on the way alters the answers.",
        ),
        Problem::Other => (
            Network,
            format!("The exchange with {host} failed."),
            "Try again; the error's details name the cause.",
        ),
    };
    (kind, summary, hint.to_owned())
}

fn proxy_login(host: Option<&str>) -> Words {
    let proxy = host.map_or_else(|| "A proxy".to_owned(), |host| format!("The proxy {host}"));
    (
        FailureKind::Proxy,
        format!("{proxy} refused the request: it wants a valid user name and password."),
        "Put them into the proxy's URL in HTTPS_PROXY or HTTP_PROXY.".to_owned(),
    )
}

fn refused(refusal: &Refusal, scope: Option<&Scope>) -> Words {
    match &refusal.reason {
        Reason::Malformed(_)
        | Reason::BadCredential
        | Reason::WrongPlace
        | Reason::AccountOwned => credential(refusal),
        Reason::LacksPermission | Reason::OutOfScope | Reason::NotEnabled => {
            permission(refusal, scope)
        }
        Reason::BadId | Reason::NotFound => missing(refusal, scope),
        Reason::ProxyAuthentication { host } => proxy_login(host.as_deref()),
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
            format!("Give it the permission {PERMISSION} for {place}.{other}"),
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
        Reason::Unreadable(how) => (
            InvalidResponse,
            format!("{} {evidence}.", unreadable(*how)),
            "Check the base URL, and for a proxy or login page on the way.".to_owned(),
        ),
        _ => (
            Server,
            format!("The API refused the request {evidence}."),
            "The error's details show what it says.".to_owned(),
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
    let code = refusal.api_errors.iter().find_map(|error| error.code);
    match code {
        Some(code) => format!("(HTTP {}, code {code})", refusal.http_status),
        None => format!("(HTTP {})", refusal.http_status),
    }
}

fn place(scope: Option<&Scope>) -> String {
    scope.map_or_else(|| "this account or zone".to_owned(), Scope::to_string)
}

/// Both IDs look alike, so the one may have been given for the other.
fn other_scope(scope: Option<&Scope>) -> String {
    scope.map_or_else(String::new, |scope| {
        let other = scope.kind().other().word();
        let article = if other.starts_with('a') { "an" } else { "a" };
        format!(
            " If {} is {article} {other} ID, choose {other} instead.",
            scope.id()
        )
    })
}

/// `30 seconds`, `5m`.
fn seconds(time: Duration) -> String {
    match time.as_secs() {
        1 => "1 second".to_owned(),
        whole @ 0..=119 => format!("{whole} seconds"),
        whole => humanize(chrono::TimeDelta::seconds(
            i64::try_from(whole).unwrap_or(i64::MAX / 1_000),
        )),
    }
}
