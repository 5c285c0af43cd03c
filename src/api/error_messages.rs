//! The one place where an API error becomes a [`Failure`]: a sentence that says what happened, and
//! a hint that says what to do.

use std::time::Duration;

use super::connection_messages::{proxy_login, proxy_setting, transport};
use super::envelope::{brief, first_words};
use super::error::{self, CredentialPart, Error, Reason, Refusal, Subject, Unreadable};
use crate::domain::access::map::Part;
use crate::domain::credential::CredentialKind;
use crate::domain::duration::{humanize, pause};
use crate::domain::failure::{ApiError, Failure, FailureKind, Hint};
use crate::domain::scope::{Scope, ScopeKind};

impl Error {
    /// Converts the error for display. With the scope in use, the sentences can name it.
    pub fn into_failure(self, scope: Option<&Scope>) -> Failure {
        match self {
            Self::CaFile { path, cause } => Failure::new(
                FailureKind::Usage,
                format!(
                    "The certificate file {} cannot be used: {cause}.",
                    path.display()
                ),
                "Pass --ca-file a readable file of CA certificates in PEM format.",
            ),
            Self::Setup { cause } => Failure::new(
                FailureKind::Tls,
                format!("No certificates to trust could be loaded: {cause}."),
                "Check SSL_CERT_FILE and SSL_CERT_DIR, or install the system's CA certificates.",
            ),
            Self::ProxySetting { variable, fault } => proxy_setting(variable, fault),
            Self::UnusableCredential { part } => Failure::new(
                FailureKind::Authentication,
                format!("The {part} cannot be sent: it is empty or contains an invalid character."),
                format!("Enter the {part} again, without spaces or line breaks."),
            ),
            Self::Timeout {
                allowed,
                has_begun,
                request,
            } => {
                let allowed = seconds(allowed);
                let summary = if has_begun {
                    format!("The response was still incomplete after {allowed}.")
                } else {
                    format!("No response after {allowed}.")
                };
                let hint = "Check the connection, or allow more time with --timeout.";
                let mut failure = Failure::new(FailureKind::Timeout, summary, hint);
                failure.details.request = Some(request);
                failure
            }
            Self::Transport {
                fault,
                request,
                host,
                cause,
            } => {
                let mut failure = transport(fault, &host);
                (failure.details.request, failure.details.cause) = (Some(request), Some(cause));
                failure
            }
            Self::ProxyLogin(login) => {
                let mut failure = proxy_login(&login);
                failure.details.http_status = login.http_status;
                failure.details.request = Some(login.request);
                failure
            }
            Self::Refused(refusal) => {
                let mut failure = refused(&refusal, scope);
                if let Reason::RateLimited { retry_after } = refusal.reason {
                    failure.retry_after = Some(retry_after);
                }
                *failure.details = refusal.details;
                // The server's words may contain secrets that are not ours.
                failure.scrubbed()
            }
        }
    }
}

/// The failure for an unexpected response.
fn refused(refusal: &Refusal, scope: Option<&Scope>) -> Failure {
    use FailureKind::{
        Authentication, InvalidResponse, NotFound, Permission, RateLimited, Redirect, Rejected,
        Server, Usage,
    };
    let label = refusal.credential;
    let evidence = evidence(refusal);
    let place = scope.map_or_else(|| "this account or zone".to_owned(), Scope::to_string);
    let doubted = |text: &str| Hint {
        scope_doubt: scope.map(Scope::kind),
        ..Hint::from(text)
    };
    let invalid = |summary, hint| Failure::new(InvalidResponse, summary, hint);
    match &refusal.reason {
        reason if is_unverified(reason, refusal.subject) => Failure::new(
            if *reason == Reason::BadCredential {
                Authentication
            } else {
                Permission
            },
            quoting(&format!("The {label} could not be verified"), refusal),
            "This proves nothing: a token that works may not be allowed to verify itself.",
        ),
        Reason::Malformed(parts) => Failure::new(
            Authentication,
            format!("{} malformed {evidence}.", subject_and_verb(parts, label)),
            malformed_hint(parts),
        ),
        Reason::BadCredential if is_unknown_key(refusal) => Failure::new(
            Authentication,
            format!("Cloudflare knows no such key for this address {evidence}."),
            format!(
                "Enter the {label} and the email address of the same user; if it is an API token, \
                 switch the credential kind."
            ),
        ),
        Reason::BadCredential => Failure::new(
            Authentication,
            format!("Cloudflare does not accept the {label} {evidence}."),
            format!("It is wrong, expired or revoked: enter a valid {label}."),
        ),
        Reason::LacksPermission | Reason::OutOfScope => no_permission(refusal, &place, doubted),
        Reason::WrongPlace => Failure::new(
            Permission,
            format!("The {label} may not be used from this network address {evidence}."),
            "Add this address to the token's client IP filter, or connect from an allowed one.",
        ),
        Reason::NotEnabled => Failure::new(
            Permission,
            format!("Access is not enabled on {place} {evidence}."),
            doubted("Enable Access in the Zero Trust dashboard, or choose another account."),
        ),
        Reason::AccountOwned => Failure::new(
            if refusal.http_status == 403 {
                Permission
            } else {
                Rejected
            },
            format!("An account-owned API token cannot list accounts {evidence}."),
            "Enter the account ID by hand; the token can still read its service tokens.",
        ),
        Reason::BadId => {
            let (ids, hint) = match refusal.subject {
                Subject::Token => (" or of the token", "Check both IDs."),
                Subject::AppPolicies => (" or of the app", "Check both IDs."),
                Subject::Tokens | Subject::Scopes(_) | Subject::Credential | Subject::Part(_) => {
                    ("", "Check the ID.")
                }
            };
            Failure::new(
                Usage,
                format!("The API rejected the ID of {place}{ids} as malformed {evidence}."),
                doubted(hint),
            )
        }
        Reason::NotFound => match refusal.subject {
            Subject::Token => Failure::new(
                NotFound,
                format!("No such service token in {place} {evidence}."),
                doubted("It may have been deleted or recreated: look for its name in the list."),
            ),
            Subject::Tokens => {
                let what = format!("No such account or zone, or it is not visible to the {label}");
                Failure::new(
                    Rejected,
                    quoting(&what, refusal),
                    doubted(&format!("Check the ID of {place} and the base URL.")),
                )
            }
            Subject::Scopes(_) => Failure::new(
                Rejected,
                quoting("The API does not offer this list", refusal),
                "Check the base URL, or enter the ID by hand.",
            ),
            Subject::Credential => Failure::new(
                Rejected,
                quoting("The API does not verify credentials", refusal),
                "Check the base URL.",
            ),
            Subject::Part(part) => Failure::new(
                Rejected,
                quoting(
                    &format!("The API does not offer {} of {place}", part.subject()),
                    refusal,
                ),
                doubted("Check the base URL, and whether the account uses this product."),
            ),
            Subject::AppPolicies => Failure::new(
                Rejected,
                quoting(&format!("No such Access app in {place}"), refusal),
                doubted("It may have been deleted since the list was read: try again."),
            ),
        },
        Reason::RateLimited { retry_after } => Failure::new(
            RateLimited,
            format!("Cloudflare received too many requests {evidence}."),
            format!(
                "Wait {}; the limit is shared with the dashboard and all other clients of the same user.",
                seconds(*retry_after)
            ),
        ),
        Reason::ServerFailed => Failure::new(
            Server,
            format!("Cloudflare's API failed {evidence}."),
            "Try again in a moment; see https://www.cloudflarestatus.com for outages.",
        ),
        Reason::Rejected => Failure::new(
            Rejected,
            quoting("The API refused the request", refusal),
            rejected_hint(refusal),
        ),
        Reason::Blocked => invalid(
            format!("The request was blocked before reaching the API {evidence}."),
            "Look for a firewall, proxy or VPN in between, and check the base URL.",
        ),
        Reason::Redirected { host } => {
            let to = host
                .as_ref()
                .map_or_else(String::new, |host| format!(" to {host}"));
            Failure::new(
                Redirect,
                format!("Unexpected redirect{to} {evidence}; it was not followed."),
                "Check the base URL; a login page or proxy may be in the way.",
            )
        }
        Reason::TooLarge => invalid(
            format!("The response is larger than 16 MiB {evidence}."),
            "Check the base URL.",
        ),
        Reason::Encoded { encoding } => invalid(
            format!(
                "The response is compressed as {encoding}, which was not requested {evidence}."
            ),
            "Look for a proxy in between that recompresses responses; only gzip is supported.",
        ),
        Reason::TooMany { asked } => invalid(
            format!("The page contains more than twice the {asked} requested entries {evidence}."),
            "Check the base URL, and whether something else responds in the API's place.",
        ),
        Reason::OtherToken { asked, sent } => invalid(
            format!("The response is about token {sent}, not {asked} {evidence}."),
            "Look for a proxy or cache in between that mixes up responses, and try again.",
        ),
        Reason::Unreadable(how) => invalid(
            quoting(&unreadable(*how, refusal.subject), refusal),
            "Check the base URL, and look for a proxy, cache or login page in between.",
        ),
    }
}

/// Whether the API refused to verify the credential.
fn is_unverified(reason: &Reason, subject: Subject) -> bool {
    let is_refusal = matches!(
        reason,
        Reason::BadCredential | Reason::LacksPermission | Reason::OutOfScope
    );
    is_refusal && subject == Subject::Credential
}

fn no_permission(refusal: &Refusal, place: &str, doubted: impl Fn(&str) -> Hint) -> Failure {
    let label = refusal.credential;
    let (what, hint) = match refusal.subject {
        Subject::Scopes(ScopeKind::Account) => (
            "but may not list accounts".to_owned(),
            "Give it the permission Account Settings Read, or enter the account ID by hand.".into(),
        ),
        Subject::Scopes(ScopeKind::Zone) => (
            "but may not list zones".to_owned(),
            "Give it the permission Zone Read, or enter the zone ID by hand.".into(),
        ),
        Subject::Token | Subject::Tokens if refusal.reason == Reason::OutOfScope => (
            format!("but not for {place}"),
            doubted(&format!(
                "Check the ID, and what the {label} was made for: it needs Access: Service Tokens Read there."
            )),
        ),
        Subject::Token | Subject::Tokens => (
            format!("but may not read the service tokens of {place}"),
            doubted(if is_key(label) {
                "Its user needs a role that can read Zero Trust."
            } else {
                "Give it the permission Access: Service Tokens Read."
            }),
        ),
        Subject::Credential => (
            "but may not be verified".to_owned(),
            "Use a token that may read itself.".into(),
        ),
        Subject::Part(part) => (
            format!("but may not read {} of {place}", part.subject()),
            part_hint(part, label).into(),
        ),
        Subject::AppPolicies => (
            format!("but may not read the policies of an Access app of {place}"),
            part_hint(Part::Apps, label).into(),
        ),
    };
    let summary = format!("The {label} works, {what} {}.", evidence(refusal));
    Failure::new(FailureKind::Permission, summary, hint)
}

/// How to get the permission for a part.
fn part_hint(part: Part, label: &str) -> String {
    match part.permission() {
        _ if is_key(label) => "Its user needs a role that can read this.".to_owned(),
        Some(permission) => format!("Give it the permission {permission}."),
        None => "Cloudflare does not document which permission this needs.".to_owned(),
    }
}

fn is_key(label: &str) -> bool {
    label != CredentialKind::ApiToken.label()
}

fn is_unknown_key(refusal: &Refusal) -> bool {
    let errors = &refusal.details.api_errors;
    is_key(refusal.credential) && errors.iter().any(|error| error.has_code(9103))
}

/// `The API token is`, `The email address and the Global API key are`.
fn subject_and_verb(parts: &[CredentialPart], label: &str) -> String {
    let name = |part: &CredentialPart| match part {
        CredentialPart::ApiToken => "API token",
        CredentialPart::Email => "email address",
        CredentialPart::GlobalKey => "Global API key",
    };
    let names: Vec<&str> = parts.iter().map(name).collect();
    match names.as_slice() {
        [] => format!("The {label} is"),
        [one] => format!("The {one} is"),
        [first, second] => format!("The {first} and the {second} are"),
        all => format!("The {} are", all.join(", the ")),
    }
}

/// For a malformed credential. Its permissions do not matter.
fn malformed_hint(parts: &[CredentialPart]) -> &'static str {
    if parts.contains(&CredentialPart::GlobalKey) {
        "The key may be an API token: if so, switch the credential kind to API token; otherwise copy all of it again."
    } else if parts.contains(&CredentialPart::ApiToken) {
        "Copy the token again, whole; if it is a Global API key, switch the credential kind."
    } else if parts.contains(&CredentialPart::Email) {
        "Enter the email address that you log in to Cloudflare with."
    } else {
        "Copy all of the credential again, and check its kind."
    }
}

fn rejected_hint(refusal: &Refusal) -> String {
    let details = &refusal.details;
    let all = || details.api_errors.iter().chain(&details.api_messages);
    if all().any(|error| error.has_code(10_000)) {
        format!(
            "This account or zone may not accept this kind of credential: use a kind other than the {}.",
            refusal.credential
        )
    } else if all().any(ApiError::says_something) {
        "See the error details for the full message.".to_owned()
    } else {
        "The API gave no reason: try again later, and check the base URL.".to_owned()
    }
}

fn unreadable(how: Unreadable, subject: Subject) -> String {
    match how {
        Unreadable::Empty => "The response is empty".to_owned(),
        Unreadable::Html => "The response is a web page, not an API response".to_owned(),
        Unreadable::CutOff => "The response was cut off".to_owned(),
        Unreadable::NotJson => "The response is not JSON".to_owned(),
        Unreadable::NotEnvelope => "The response is JSON, but not the API's".to_owned(),
        Unreadable::NoObject => match subject {
            Subject::Part(part) => format!("The response does not contain {}", part.subject()),
            Subject::AppPolicies => {
                "The response does not contain the policies of the app".to_owned()
            }
            Subject::Credential => "The response contains no status".to_owned(),
            Subject::Token | Subject::Tokens | Subject::Scopes(_) => {
                "The response contains no service token".to_owned()
            }
        },
        Unreadable::NoList => "The response contains no list".to_owned(),
    }
}

/// What happened, followed by the API's own words and the evidence.
fn quoting(what: &str, refusal: &Refusal) -> String {
    let details = &refusal.details;
    let said = first_words(&details.api_errors).or_else(|| first_words(&details.api_messages));
    let said = said.map_or_else(String::new, |words| format!(": {}", brief(words)));
    format!("{what}{said} ({}).", numbers(refusal))
}

/// `(HTTP 403, code 10000)`. Where the errors have no text, includes the API's message.
fn evidence(refusal: &Refusal) -> String {
    let message = match first_words(&refusal.details.api_errors) {
        Some(_) => None,
        None => first_words(&refusal.details.api_messages),
    };
    let message = message.map_or_else(String::new, |words| format!(": {}", brief(words)));
    format!("({}{message})", numbers(refusal))
}

/// `HTTP 403, code 10000`: what people search the web for.
fn numbers(refusal: &Refusal) -> String {
    let code = error::deciding_code(&refusal.reason, &refusal.details.api_errors);
    let code = code.map_or_else(String::new, |code| format!(", code {code}"));
    format!("HTTP {}{code}", refusal.http_status)
}

/// `30 seconds`, `5m`; from an hour on, as a countdown shows it: `24 h`.
pub(super) fn seconds(time: Duration) -> String {
    let whole = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    match whole {
        1 => "1 second".to_owned(),
        0..=119 => format!("{whole} seconds"),
        120..3_600 => humanize(chrono::TimeDelta::seconds(whole)),
        _ => pause(whole),
    }
}
