//! Configures and builds the HTTP client: its headers, timeouts, trusted certificates and proxy.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{ACCEPT, CONTENT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{ClientBuilder, Method, redirect};

use super::connection_errors;
use super::envelope::bounded;
use super::error::Error;
use super::proxy::{self, ConfiguredProxy, ProxyInfo};
use super::trust_roots::TrustRoots;
use crate::domain::scope::BaseUrl;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait for a proxy to name its authentication schemes.
const SCHEMES_TIMEOUT: Duration = Duration::from_secs(3);
const USER_AGENT: &str = concat!("tokenscope/", env!("CARGO_PKG_VERSION"));

/// How to reach the API.
#[derive(Debug, Clone)]
pub struct Options {
    pub base_url: BaseUrl,
    /// Certificates to trust in addition to the system's.
    pub ca_file: Option<PathBuf>,
    /// Whether to use the proxy of the environment or the system.
    pub use_system_proxy: bool,
    /// How long an idle connection may be reused.
    pub idle_limit: Duration,
    /// Reads the local clock, which is compared with the `Date` of responses.
    pub clock: fn() -> DateTime<Utc>,
}

/// Everything a client is built from. Read only once, since `--ca-file` may be a pipe.
pub(super) struct HttpConfig {
    is_https: bool,
    idle_limit: Duration,
    roots: TrustRoots,
    proxy: Option<ConfiguredProxy>,
}

impl HttpConfig {
    /// Reads the files and variables that the options name.
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        let is_https = options.base_url.is_https();
        Ok(Self {
            is_https,
            idle_limit: options.idle_limit,
            proxy: if options.use_system_proxy {
                proxy::select(&options.base_url)?
            } else {
                None
            },
            roots: TrustRoots::load(is_https, options.ca_file.as_deref())?,
        })
    }

    pub(super) fn proxy(&self) -> Option<ProxyInfo> {
        self.proxy.as_ref()?.info()
    }

    /// Sentences about certificates that cannot be used.
    pub(super) fn complaint(&self) -> Option<&str> {
        self.roots.complaint.as_deref()
    }

    /// Builds the client with the caller's customization.
    pub(super) fn build(
        &self,
        add: fn(ClientBuilder) -> ClientBuilder,
    ) -> Result<reqwest::Client, Error> {
        let builder = add(builder())
            .https_only(self.is_https)
            .pool_idle_timeout(self.idle_limit);
        self.client(builder, self.proxy.as_ref())
            .map_err(|error| Error::Setup {
                cause: connection_errors::describe(error),
            })
    }

    fn client(
        &self,
        builder: ClientBuilder,
        proxy: Option<&ConfiguredProxy>,
    ) -> reqwest::Result<reqwest::Client> {
        // The other provider, aws-lc, measures the processor's jitter before its first random
        // number, which takes longer than a request. Fails if a provider is already installed,
        // which is fine.
        let _chosen = rustls::crypto::ring::default_provider().install_default();
        let builder = self.roots.apply(builder);
        let builder = match proxy {
            Some(proxy) => builder.proxy(proxy.intercept()?),
            None => builder.no_proxy(),
        };
        builder.build()
    }

    /// Asks a proxy that refused a tunnel which authentication schemes it supports: the HTTP library
    /// does not pass them on. Sends no login, since some proxies lock an account after a few refusals.
    pub(super) async fn proxy_schemes(&self, base_url: &BaseUrl) -> Vec<String> {
        let asking = async {
            let mut url = base_url.join(&[]);
            let port = url.port_or_known_default();
            url.set_path("");
            // For https, the library would send its own CONNECT and hide the response.
            url.set_scheme("http").ok()?;
            url.set_port(port).ok()?;
            let proxy = self.proxy.clone()?.without_login();
            let client = self.client(builder(), Some(&proxy)).ok()?;
            let response = client.request(Method::CONNECT, url).send().await.ok()?;
            Some(proxy::schemes(response.headers()))
        };
        let schemes = tokio::time::timeout(SCHEMES_TIMEOUT, asking).await;
        schemes.ok().flatten().unwrap_or_default()
    }
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
