//! Where requests go: the base URL, and the account or zone that a token belongs to.

use std::fmt;

use serde::Serialize;
use url::{Host, Url};

use super::words::words;
use super::{pasted, text};

words! {
    /// The two kinds of scope: the word, also for configuration and sentences, and the segment of the
    /// API's paths.
    #[derive(Hash)]
    pub enum ScopeKind: word, segment {
        Account = ("account", "accounts"),
        /// A zone (a domain) of an account.
        Zone = ("zone", "zones"),
    }
}

impl ScopeKind {
    /// The other kind.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Account => Self::Zone,
            Self::Zone => Self::Account,
        }
    }

    /// Advice if an ID of this kind is unknown: IDs of both kinds look alike.
    pub fn doubt(self) -> &'static str {
        match self {
            Self::Account => "If that is a zone ID, choose zone instead.",
            Self::Zone => "If that is an account ID, choose account instead.",
        }
    }

    /// The scope of this kind with the given ID.
    pub fn with(self, id: ScopeId) -> Scope {
        match self {
            Self::Account => Scope::Account(id),
            Self::Zone => Scope::Zone(id),
        }
    }
}

/// 32 hexadecimal digits, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct ScopeId(String);

/// Why a string is not an account or zone ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidScopeId {
    #[error("an account or zone ID has 32 hexadecimal digits; this has {0} characters")]
    Length(usize),
    #[error("an account or zone ID has 32 hexadecimal digits; {0:?} is not one")]
    Digit(char),
}

impl ScopeId {
    /// Reads an account or zone ID in either case, with whatever copying leaves around it.
    ///
    /// # Errors
    /// [`InvalidScopeId`] if the text is not 32 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, InvalidScopeId> {
        let text = text::bare(pasted::peel(text));
        match (
            text.chars().count(),
            text.chars().find(|c| !c.is_ascii_hexdigit()),
        ) {
            (32, None) => Ok(Self(text.to_ascii_lowercase())),
            (32, Some(stranger)) => Err(InvalidScopeId::Digit(stranger)),
            (length, _) => Err(InvalidScopeId::Length(length)),
        }
    }

    /// The ID's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The account or zone of a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Scope {
    Account(ScopeId),
    Zone(ScopeId),
}

impl Scope {
    /// Account or zone.
    pub fn kind(&self) -> ScopeKind {
        match self {
            Self::Account(_) => ScopeKind::Account,
            Self::Zone(_) => ScopeKind::Zone,
        }
    }

    /// The bare ID.
    pub fn id(&self) -> &str {
        match self {
            Self::Account(id) | Self::Zone(id) => id.as_str(),
        }
    }

    /// The dashboard page with the scope's service tokens. A zone's account is not known, so the link
    /// lets the dashboard ask for it.
    pub fn dashboard_url(&self) -> String {
        self.dashboard_page("service-auth/service-tokens")
    }

    /// The dashboard page with the apps that Access protects.
    pub fn apps_url(&self) -> String {
        self.dashboard_page("apps")
    }

    fn dashboard_page(&self, page: &str) -> String {
        let account = match self {
            Self::Account(id) => id.as_str(),
            Self::Zone(_) => "?to=/:account",
        };
        format!("https://one.dash.cloudflare.com/{account}/access/{page}")
    }
}

/// The dashboard page that makes an API token, with the name and the permission *Access: Service Tokens
/// Read* filled in. Cloudflare does not document the key of that permission, and ignores unknown ones.
pub const TOKEN_PAGE: &str = "https://dash.cloudflare.com/profile/api-tokens?permissionGroupKeys=%5B%7B%22key%22%3A%22access_service_token%22%2C%22type%22%3A%22read%22%7D%5D&accountId=*&zoneId=all&name=tokenscope";

/// An account or zone that a credential can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedScope {
    pub scope: Scope,
    /// Untrusted text.
    pub name: String,
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.kind().word(), self.id())
    }
}

const DEFAULT_BASE_URL: &str = "https://api.cloudflare.com/client/v4";

/// The base URL of all requests, path included: credentials are sent nowhere else. Plain http is allowed
/// for loopback addresses only. URLs are normalised, so two URLs are equal if and only if requests go
/// to the same place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl(Url);

/// Why a string is not a base URL. Does not repeat it: it may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBaseUrl {
    #[error("it is not a URL such as https://api.cloudflare.com/client/v4")]
    Malformed,
    #[error("it begins with neither https:// nor http://")]
    Scheme,
    /// The credential would cross a network unencrypted.
    #[error("plain http is only allowed for this computer (127.0.0.1, ::1, localhost); use https")]
    PlainHttp,
    #[error("it contains a user name or a password")]
    Credentials,
    #[error("it contains a query (?) or a fragment (#)")]
    Query,
}

impl BaseUrl {
    /// Reads an https URL, or an http URL of a loopback address; ignores trailing slashes.
    ///
    /// # Errors
    /// [`InvalidBaseUrl`] for anything that a credential must not be sent to.
    pub fn parse(text: &str) -> Result<Self, InvalidBaseUrl> {
        let mut url = Url::parse(pasted::peel(text)).map_err(|_| InvalidBaseUrl::Malformed)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidBaseUrl::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidBaseUrl::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidBaseUrl::Query);
        }
        if url.scheme() == "http" && !url.host().as_ref().is_some_and(is_loopback) {
            return Err(InvalidBaseUrl::PlainHttp);
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// Whether requests are encrypted.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The host, with the port if it is not the default of the scheme.
    pub fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        match self.0.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Whether it is Cloudflare's API.
    pub fn is_default(&self) -> bool {
        // URLs are normalised, so that equal ones are written alike.
        self.0.as_str() == DEFAULT_BASE_URL
    }

    /// Whether requests stay on this computer.
    pub fn is_loopback(&self) -> bool {
        self.0.host().as_ref().is_some_and(is_loopback)
    }

    /// The host to display; `None` for Cloudflare's API.
    pub fn foreign_host(&self) -> Option<String> {
        (!self.is_default()).then(|| self.host())
    }

    /// The URL of a resource. Percent-encodes each segment, so that none can become several.
    pub(crate) fn join(&self, segments: &[&str]) -> Url {
        let mut url = self.0.clone();
        // An http or https URL always has a path to extend.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

impl Default for BaseUrl {
    #[expect(
        clippy::expect_used,
        reason = "a constant that a test parses; there is nothing to fall back on"
    )]
    fn default() -> Self {
        Self(Url::parse(DEFAULT_BASE_URL).expect("the default base URL parses"))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// Whether a host is this computer.
pub(crate) fn is_loopback<S: AsRef<str>>(host: &Host<S>) -> bool {
    match host {
        Host::Domain(name) => name.as_ref().eq_ignore_ascii_case("localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}
