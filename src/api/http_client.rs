//! How the HTTP client is set up.
//!
//! Not here: whom it trusts (`trust_roots`), which way it goes (`proxy`), and requests (`connections`).

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{ACCEPT, CONTENT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{ClientBuilder, redirect};

use super::connection_errors;
use super::envelope::bounded;
use super::error::Error;
use super::proxy::{self, ProxyChoice, ProxyInfo};
use super::trust_roots::TrustRoots;
use crate::domain::base_url::BaseUrl;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("tokenscope/", env!("CARGO_PKG_VERSION"));

/// What a client is made of.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where requests go.
    pub base_url: BaseUrl,
    /// Certificates to trust beside the system's: a PEM bundle.
    pub ca_file: Option<PathBuf>,
    /// Whether the proxies of the environment or the system are used.
    pub use_system_proxy: bool,
    /// How long a connection may be idle and still be used.
    pub idle_limit: Duration,
    /// Reads the local clock, to be compared with the answers' `Date`.
    pub clock: fn() -> DateTime<Utc>,
}

/// All that a client is built from, which is read once: a pipe gives its bytes a single time.
pub(super) struct HttpConfig {
    is_https: bool,
    idle_limit: Duration,
    roots: TrustRoots,
    route: ProxyChoice,
}

impl HttpConfig {
    /// Reads what the options name.
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        let is_https = options.base_url.is_https();
        Ok(Self {
            is_https,
            idle_limit: options.idle_limit,
            route: if options.use_system_proxy {
                proxy::find(&options.base_url)?
            } else {
                ProxyChoice::Straight
            },
            roots: TrustRoots::load(is_https, options.ca_file.as_deref())?,
        })
    }

    /// The proxy that requests go through.
    pub(super) fn proxy(&self) -> Option<ProxyInfo> {
        self.route.proxy()
    }

    /// The certificates that cannot be used, in sentences.
    pub(super) fn complaint(&self) -> Option<&str> {
        self.roots.complaint.as_deref()
    }

    /// Builds the client, to which more may be added.
    pub(super) fn build(
        &self,
        add: fn(ClientBuilder) -> ClientBuilder,
    ) -> Result<reqwest::Client, Error> {
        choose_cryptography();
        let builder = add(builder())
            .https_only(self.is_https)
            .pool_idle_timeout(self.idle_limit);
        built(self.route.take(self.roots.trust(builder))?)
    }

    /// Builds a client that asks the proxy something without logging in, in plain http.
    pub(super) fn build_without_login(&self) -> Result<reqwest::Client, Error> {
        let route = self.route.clone().without_login();
        built(route.take(self.roots.trust(builder()))?)
    }
}

fn built(builder: ClientBuilder) -> Result<reqwest::Client, Error> {
    builder.build().map_err(|error| Error::Setup {
        cause: connection_errors::describe(error),
    })
}

/// `ring` encrypts. The other provider, aws-lc, measures the processor's jitter before its first
/// random number, which costs a command longer than its request.
fn choose_cryptography() {
    // Refused where it is chosen already, which is as well.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
}

fn builder() -> ClientBuilder {
    let accept = (ACCEPT, HeaderValue::from_static("application/json"));
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .default_headers(HeaderMap::from_iter([accept]))
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
}

/// The encodings that the HTTP library left in place because it supports only gzip. Untrusted text.
pub(super) fn unsupported_encoding(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(CONTENT_ENCODING).iter();
    let values: Vec<_> = values
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    let values = values.join(",");
    let names = values.split(',').map(str::trim);
    let names: Vec<_> = names
        .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"))
        .collect();
    (!names.is_empty()).then(|| bounded(&names.join(", ")))
}
