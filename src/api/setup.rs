//! How the HTTP client is set up: which certificates are trusted, which proxy is used.
//!
//! The file of additional certificates is the only one this room reads. Not here: requests.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use reqwest::{Certificate, ClientBuilder, redirect};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::base_url::BaseUrl;
use super::error::Error;
use super::transport;

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
    /// Reads the local clock, to be compared with the answers' `Date`.
    pub clock: fn() -> DateTime<Utc>,
}

/// Builds the HTTP client.
///
/// The certificates are the system's; on Linux `SSL_CERT_FILE` and `SSL_CERT_DIR` take their
/// place, which the platform's verifier sees to. Plain http needs none, so none are loaded.
pub(super) fn http(options: &Options, uses_proxy: bool) -> Result<reqwest::Client, Error> {
    let extra = match &options.ca_file {
        Some(path) => certificates(path)?,
        None => Vec::new(),
    };
    let builder = builder();
    let builder = if options.base_url.is_https() {
        builder.https_only(true).tls_certs_merge(extra)
    } else {
        builder.tls_certs_only(extra)
    };
    let builder = if uses_proxy {
        builder
    } else {
        builder.no_proxy()
    };
    builder.build().map_err(|error| Error::Setup {
        cause: transport::describe(error),
    })
}

fn builder() -> ClientBuilder {
    let accept = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .default_headers(accept)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .gzip(true)
}

/// The proxy that requests go to, found by the same rules as the HTTP library's own: its host and
/// port, never the user name and password that its URL may hold.
pub(super) fn proxy_host(options: &Options) -> Option<String> {
    if !options.use_system_proxy {
        return None;
    }
    let matcher = Matcher::from_system();
    let target = options.base_url.join(&[]);
    let proxy = matcher.intercept(&target.as_str().parse().ok()?)?;
    // The matcher holds `NO_PROXY=*` against names but not against addresses, so ask for a name.
    let any_name = format!("{}://name.invalid", target.scheme());
    matcher.intercept(&any_name.parse().ok()?)?;
    let host = proxy.uri().host()?;
    Some(match proxy.uri().port_u16() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// Reads a PEM bundle, and makes sure of every certificate in it: the HTTP library would only say
/// that some certificate is bad.
fn certificates(path: &Path) -> Result<Vec<Certificate>, Error> {
    let unusable = |cause: String| Error::CaFile {
        path: path.to_owned(),
        cause,
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "the one file this room reads; nothing is written"
    )]
    let bytes = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
    let mut checked = RootCertStore::empty();
    let mut certificates = Vec::new();
    for der in CertificateDer::pem_slice_iter(&bytes) {
        let der = der.map_err(|error| unusable(format!("not PEM: {error}")))?;
        let certificate = Certificate::from_der(&der);
        checked
            .add(der)
            .map_err(|error| unusable(format!("a certificate in it is damaged: {error}")))?;
        let certificate = certificate.map_err(|error| unusable(transport::describe(error)))?;
        certificates.push(certificate);
    }
    if certificates.is_empty() {
        return Err(unusable("it holds no certificate in PEM form".to_owned()));
    }
    Ok(certificates)
}
