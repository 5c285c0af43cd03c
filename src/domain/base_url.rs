//! The base URL of all requests, path included.
//!
//! Plain http is allowed for loopback addresses only. URLs are normalised, so two URLs are equal if
//! and only if requests go to the same place.

use std::fmt;

use url::{Host, Url};

use super::pasted;

const DEFAULT: &str = "https://api.cloudflare.com/client/v4";

/// A URL that credentials may be sent to.
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
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The host, with the port if it is not the default of the scheme.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        match self.0.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Whether it is Cloudflare's API.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether requests stay on this computer.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.0.host().as_ref().is_some_and(is_loopback)
    }

    /// The host to display; `None` for Cloudflare's API.
    #[must_use]
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
        Self(Url::parse(DEFAULT).expect("the default base URL parses"))
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
