//! Why a call failed, typed where it arose.
//!
//! A value here holds no secret and no URL: hosts and paths only. What strangers sent is kept as
//! it came, cut to a bounded length. Not here: the sentences (`wording`).

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::failure::ApiError;

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The file of additional certificates cannot be used.
    #[error("the certificate file {} cannot be used: {cause}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// There are no certificates to trust, or the TLS library refused to start.
    #[error("TLS could not be set up: {cause}")]
    Setup {
        /// As the library words it.
        cause: String,
    },
    /// The proxy that is set up for these requests cannot be used.
    #[error("the proxy in {} cannot be used", variable.unwrap_or("the system's settings"))]
    ProxySetting {
        /// The environment variable that names it, where one does.
        variable: Option<&'static str>,
        /// What is wrong with it.
        fault: ProxyFault,
    },
    /// The credential holds what no HTTP header can.
    #[error("the {part} cannot be sent in an HTTP header")]
    UnusableCredential {
        /// Which part: API token, Global API key, email address.
        part: &'static str,
    },
    /// The deadline passed.
    #[error("{request}: no whole answer after {} s", allowed.as_secs())]
    Timeout {
        /// The time that was allowed.
        allowed: Duration,
        /// Whether a part of the answer had come.
        has_begun: bool,
        /// Method and path.
        request: String,
    },
    /// No answer, or only part of one.
    #[error("{request}: {cause}")]
    Transport {
        /// What went wrong.
        fault: TransportFault,
        /// Method and path.
        request: String,
        /// The host that was to be reached: the proxy's for proxy problems.
        host: String,
        /// As the library words it.
        cause: String,
    },
    /// A proxy wants to be logged in to.
    #[error("{}: the proxy wants to be logged in to", _0.request)]
    ProxyLogin(Box<ProxyLogin>),
    /// The API, or something before it, answered otherwise than was asked for.
    #[error("{}: HTTP {}", _0.request, _0.http_status)]
    Refused(Box<Refusal>),
}

impl Error {
    /// How long the API asked to be left alone, where it did.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => match refusal.reason {
                Reason::RateLimited { retry_after } => Some(retry_after),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Why a proxy's address cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyFault {
    /// It is not the URL of a proxy.
    Malformed,
    /// It is a SOCKS proxy of a version before 5.
    OldSocks,
    /// Its user name or password is longer than SOCKS can carry.
    LongLogin,
}

/// A proxy that lets nobody through without a user name and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyLogin {
    /// What is wrong.
    pub fault: LoginFault,
    /// The proxy, where one is known to be used.
    pub host: Option<String>,
    /// The environment variable that names it, where one does.
    pub variable: Option<&'static str>,
    /// Whether it speaks SOCKS, not HTTP.
    pub is_socks: bool,
    /// Method and path.
    pub request: String,
    /// The status of its answer, where that is HTTP.
    pub http_status: Option<u16>,
}

/// Why a proxy let a request not through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginFault {
    /// It was given no user name.
    Missing,
    /// It did not accept the ones that it was given.
    Refused,
    /// It takes none.
    Unwanted,
    /// It offers these schemes alone, none of which this program speaks. Names without blanks.
    Unsupported(Vec<String>),
}

/// What stopped an exchange half-way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportFault {
    /// The host's name has no address.
    Dns,
    /// Nothing accepts connections there.
    Refused,
    /// There is no way to it from here: no network, or none that leads there.
    NoRoute,
    /// This computer forbids the connection.
    Forbidden,
    /// The connection was cut before the whole answer had come.
    Reset,
    /// The connection was not made in time.
    ConnectTimeout,
    /// The certificate's issuer is not trusted.
    UnknownIssuer,
    /// The certificate is for another host.
    WrongName,
    /// The certificate is not valid at this time.
    NotValidNow,
    /// The certificate is an authority's own, not one that an authority gave to a server.
    CaAsServer,
    /// The certificate is not meant for servers.
    WrongPurpose,
    /// The other side speaks only versions of TLS that are not safe any more.
    OldTls,
    /// What answers does not speak TLS.
    NotTls,
    /// Any other failure of TLS.
    Tls,
    /// The proxy could not be reached.
    ProxyUnreachable,
    /// The proxy did not open a connection to the API.
    ProxyRefused,
    /// What answers as a proxy does not speak SOCKS 5.
    NotSocks,
    /// The answer is not HTTP.
    NotHttp,
    /// The body could not be decompressed.
    Compression,
    /// Anything else.
    Other,
}

/// An answer that is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What it means.
    pub reason: Reason,
    /// What was asked for.
    pub subject: Subject,
    /// What the credential is called in sentences.
    pub credential: &'static str,
    /// Method and path.
    pub request: String,
    /// Status code of the answer.
    pub http_status: u16,
    /// Cloudflare's ID of the exchange.
    pub cf_ray: Option<String>,
    /// The API's own list of errors. Untrusted text.
    pub api_errors: Vec<ApiError>,
    /// The messages that came with them. Untrusted text.
    pub api_messages: Vec<ApiError>,
    /// Entries of either list that were left out, since there are too many.
    pub omitted: usize,
    /// What else there is to know of the answer. Untrusted text.
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
    /// The credential's form is wrong, whatever it may do.
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
    /// Listing accounts takes a user's credential.
    AccountOwned,
    /// An ID in the path is malformed.
    BadId,
    /// There is no such thing.
    NotFound,
    /// Too many requests.
    RateLimited {
        /// How long to wait.
        retry_after: Duration,
    },
    /// The API failed.
    ServerFailed,
    /// The API said no for a reason of its own.
    Rejected,
    /// Something before the API refused the request.
    Blocked,
    /// A redirect, which is not followed.
    Redirected {
        /// Where to, without path and query; nothing where the answer did not say.
        host: Option<String>,
    },
    /// Larger than an answer may be.
    TooLarge,
    /// Compressed in a way that was not asked for.
    Encoded {
        /// As the answer names it. Untrusted text.
        encoding: String,
    },
    /// A page with far more entries than were asked for.
    TooMany {
        /// How many were asked for.
        asked: u64,
    },
    /// Another token than the one asked for.
    OtherToken {
        /// The ID asked for.
        asked: String,
        /// The ID that came. Untrusted text.
        sent: String,
    },
    /// Not what the API answers with.
    Unreadable(Unreadable),
}

impl From<Unreadable> for Reason {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable(unreadable)
    }
}

/// In what way an answer is not the API's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// No body.
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
