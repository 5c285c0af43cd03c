//! The address that all requests start with, path included.
//!
//! Plain http is taken for loopback addresses alone. What is parsed is normalised, so that two of
//! them are equal exactly if requests go to the same place. Not here: where the address comes from.

use std::fmt;

use url::{Host, Url};

use super::pasted;

/// Cloudflare's own.
const DEFAULT: &str = "https://api.cloudflare.com/client/v4";

/// An address that credentials may be sent to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl(Url);

/// Why text is no base URL. Repeats none of it: somebody may have put a password in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBaseUrl {
    /// Not an absolute URL.
    #[error("it is not a URL such as https://api.cloudflare.com/client/v4")]
    Malformed,
    /// Something other than http and https.
    #[error("it starts with neither https:// nor http://")]
    Scheme,
    /// The credential would cross a network in the clear.
    #[error("plain http is only taken for this computer (127.0.0.1, ::1, localhost); use https")]
    PlainHttp,
    /// A user name or password.
    #[error("it holds a user name or a password")]
    Credentials,
    /// A query or fragment.
    #[error("it holds a query (?) or a fragment (#)")]
    Query,
}

impl BaseUrl {
    /// Reads an https URL, or an http one of a loopback address; trailing slashes are forgiven.
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

    /// The host, with the port where it is not the scheme's own.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        match self.0.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Whether it is Cloudflare's own.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether requests stay on this computer.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.0.host().as_ref().is_some_and(is_loopback)
    }

    /// The host, where it is not Cloudflare's own address: what people are to see.
    #[must_use]
    pub fn foreign_host(&self) -> Option<String> {
        (!self.is_default()).then(|| self.host())
    }

    /// The URL of a resource. Each segment is percent-encoded, so none can leave its place.
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
        reason = "a constant, which a test parses; there is nothing to fall back on"
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
