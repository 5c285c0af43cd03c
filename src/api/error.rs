//! Why a call failed, typed where it arose. `error_messages` turns these into sentences.
//!
//! Values here hold no secret and no URL, only hosts and paths. Text from the server is untrusted
//! and bounded in length.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::failure::ApiError;

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
    #[error("{}: HTTP {}", _0.request, _0.http_status)]
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

/// What went wrong while sending a request or receiving its response.
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
    /// Method and path.
    pub request: String,
    pub http_status: u16,
    /// Cloudflare's ID of the exchange.
    pub cf_ray: Option<String>,
    /// The API's own list of errors. Untrusted text.
    pub api_errors: Vec<ApiError>,
    /// The messages that came with them. Untrusted text.
    pub api_messages: Vec<ApiError>,
    /// How many entries were dropped from both lists.
    pub omitted: usize,
    /// A further observation about the response. Untrusted text.
    pub remark: Option<String>,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// One service token.
    Token,
    /// The service tokens of a scope.
    Tokens,
    /// The accounts that the credential can see.
    Accounts,
    /// The zones that the credential can see.
    Zones,
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

/// What a refusal means.
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
    /// The envelope holds no token.
    NoObject,
    /// The envelope holds no list.
    NoList,
}
