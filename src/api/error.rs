//! Why a call failed, typed where it arose, and the classification of a response that is not a
//! success by its status and error codes. `error_messages` turns these into sentences.
//!
//! Values here hold no secret and no URL, only hosts and paths. Text from the server is untrusted
//! and bounded in length. Sources of the codes: the API reference and responses quoted in public
//! issues.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::access::map::Part;
use crate::domain::failure::{ApiError, Details};
use crate::domain::scope::ScopeKind;

/// Codes that mean "too many requests" under any status.
const LIMIT_CODES: [i64; 3] = [971, 10_040, 10_429];
/// Codes for a rejected credential, under any status: unknown token, unknown key or address,
/// missing header, and "unable to authenticate request".
const UNACCEPTED_CODES: [i64; 4] = [1000, 9103, 9107, 10_001];
/// The header with the credential is malformed: in general, and one code for each header.
const FORM_CODES: [i64; 5] = [6003, 6111, 6103, 6102, 9106];

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the certificate file {} cannot be used: {cause}", path.display())]
    CaFile { path: PathBuf, cause: String },
    /// No certificates to trust, or the TLS library failed to start.
    #[error("TLS could not be set up: {cause}")]
    Setup { cause: String },
    #[error("the proxy in {} cannot be used", variable.unwrap_or("the system's settings"))]
    ProxySetting {
        /// The environment variable that names the proxy; `None` for the system's settings.
        variable: Option<&'static str>,
        fault: ProxyFault,
    },
    /// The credential contains characters that no HTTP header can carry.
    #[error("the {part} cannot be sent in an HTTP header")]
    UnusableCredential {
        /// API token, Global API key or email address.
        part: &'static str,
    },
    #[error("{request}: no complete response after {} s", allowed.as_secs())]
    Timeout {
        allowed: Duration,
        /// Whether the response headers had arrived.
        has_begun: bool,
        /// Method and path.
        request: String,
    },
    /// No response, or only part of one.
    #[error("{request}: {cause}")]
    Transport {
        fault: TransportFault,
        /// Method and path.
        request: String,
        /// The API's host, or the proxy's for proxy faults.
        host: String,
        /// The HTTP library's own words.
        cause: String,
    },
    /// A proxy requires a login.
    #[error("{}: the proxy requires a login", _0.request)]
    ProxyLogin(Box<ProxyLogin>),
    /// The API, or something in front of it, sent an unexpected response.
    #[error("{}: HTTP {}", _0.details.request.as_deref().unwrap_or_default(), _0.http_status)]
    Refused(Box<Refusal>),
}

impl Error {
    /// How long the API asked clients to pause, if it did.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        if let Self::Refused(refusal) = self
            && let Reason::RateLimited { retry_after } = refusal.reason
        {
            return Some(retry_after);
        }
        None
    }
}

/// Why a proxy's address cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyFault {
    /// Not the URL of a proxy.
    Malformed,
    /// A version of SOCKS before 5.
    OldSocks,
    /// A user name or password longer than SOCKS can carry.
    LongLogin,
}

/// A proxy that requires a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyLogin {
    pub fault: LoginFault,
    /// Host and port of the proxy; `None` if an unknown one in between answered.
    pub host: Option<String>,
    /// The environment variable that names it; `None` for the system's settings.
    pub variable: Option<&'static str>,
    pub is_socks: bool,
    /// Method and path.
    pub request: String,
    /// `None` for a SOCKS proxy.
    pub http_status: Option<u16>,
}

/// Why a proxy refused the login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginFault {
    /// No user name is configured.
    Missing,
    /// The configured user name and password were rejected.
    Refused,
    /// The proxy accepts no login, but one is configured.
    Unwanted,
    /// The proxy offers only these schemes, and Basic is not among them.
    Unsupported(Vec<String>),
}

/// A fault while sending a request or receiving its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportFault {
    /// The host's name has no address.
    Dns,
    /// Nothing accepts connections there.
    Refused,
    /// No network, or no route to the host.
    NoRoute,
    /// This computer forbids the connection.
    Forbidden,
    /// The connection closed before the response was complete.
    Reset,
    ConnectTimeout,
    /// The certificate's issuer is not trusted.
    UnknownIssuer,
    /// The certificate is for another host.
    WrongName,
    /// The certificate has expired or is not valid yet.
    NotValidNow,
    /// The certificate is that of an authority, not of a server.
    CaAsServer,
    /// The certificate is not meant for servers.
    WrongPurpose,
    /// The other side supports only versions of TLS that are no longer safe.
    OldTls,
    NotTls,
    /// A proxy with an https URL does not speak TLS.
    ProxyNotTls,
    /// Any other failure of TLS.
    Tls,
    ProxyUnreachable,
    /// The proxy did not open a connection to the API.
    ProxyRefused,
    /// The proxy does not speak SOCKS 5.
    NotSocks,
    NotHttp,
    /// The body could not be decompressed.
    Compression,
    Other,
}

/// An unexpected response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub reason: Reason,
    pub subject: Subject,
    /// The credential's name in sentences.
    pub credential: &'static str,
    pub http_status: u16,
    /// With the status, and untrusted text of the response.
    pub details: Details,
}

/// The subject of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// One service token.
    Token,
    /// The service tokens of a scope.
    Tokens,
    /// The accounts or the zones that the credential can see.
    Scopes(ScopeKind),
    /// The credential itself.
    Credential,
    /// A part of what tells who uses a token.
    Part(Part),
    /// The policies of one app.
    AppPolicies,
}

/// A part of a credential that the API found malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialPart {
    /// `Authorization`, code 6111.
    ApiToken,
    /// `X-Auth-Email`, code 6102.
    Email,
    /// `X-Auth-Key`, code 6103.
    GlobalKey,
}

/// The meaning of a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The credential is malformed, whatever its permissions.
    Malformed(Vec<CredentialPart>),
    /// The credential is unknown, expired or revoked.
    BadCredential,
    /// The credential works, but lacks the permission.
    LacksPermission,
    /// The credential works, but not on this account or zone.
    OutOfScope,
    /// The credential may not be used from this network address.
    WrongPlace,
    /// Access was never set up on the account.
    NotEnabled,
    /// Listing accounts requires a user's credential.
    AccountOwned,
    /// An ID in the path is malformed.
    BadId,
    NotFound,
    RateLimited {
        retry_after: Duration,
    },
    ServerFailed,
    /// The API refused the request for a reason of its own.
    Rejected,
    /// Something in front of the API refused the request.
    Blocked,
    /// A redirect, which is never followed.
    Redirected {
        /// The host it points to, without path and query, if it names one.
        host: Option<String>,
    },
    /// The body exceeds the size limit.
    TooLarge,
    /// Compressed with an encoding that was not requested.
    Encoded {
        /// As the response names it. Untrusted text.
        encoding: String,
    },
    /// A page with far more entries than were asked for.
    TooMany {
        asked: u64,
    },
    /// A token other than the one asked for.
    OtherToken {
        asked: String,
        /// Untrusted text.
        sent: String,
    },
    /// Not a response of the API.
    Unreadable(Unreadable),
}

impl From<Unreadable> for Reason {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable(unreadable)
    }
}

/// Why a body is not a response of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    Empty,
    /// A web page.
    Html,
    /// JSON that ends too early.
    CutOff,
    /// Something else that is not JSON.
    NotJson,
    /// JSON, but not the API's envelope.
    NotEnvelope,
    /// The envelope holds no object.
    NoObject,
    /// The envelope holds no list.
    NoList,
}

/// Facts from the headers of a response, before its body is parsed.
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
pub(super) fn classify(facts: &ResponseFacts, body: Result<&[ApiError], Unreadable>) -> Reason {
    let errors = body.unwrap_or_default();
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
            Err(unreadable) => by_status(facts, unreadable),
        },
    }
}

fn by_codes(status: u16, subject: Subject, errors: &[ApiError]) -> Reason {
    let applies = |reason: &Reason| {
        let is_possible =
            *reason != Reason::AccountOwned || subject == Subject::Scopes(ScopeKind::Account);
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
