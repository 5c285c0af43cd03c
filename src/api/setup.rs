//! How the HTTP client is set up: which certificates are trusted.
//!
//! The file of additional certificates is the only one this room reads. Not here: requests, and which proxy is
//! used (`proxy`).

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{Certificate, ClientBuilder, redirect};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::base_url::BaseUrl;
use super::coding;
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
    choose_cryptography();
    let extra = match &options.ca_file {
        Some(path) => certificates(path)?,
        None => Vec::new(),
    };
    let builder = builder();
    let builder = if options.base_url.is_https() {
        let trusted = extra.into_iter().chain(despite_empty_variables());
        builder.https_only(true).tls_certs_merge(trusted)
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

/// `ring` encrypts. The other provider, aws-lc, measures the processor's jitter before its first
/// random number, which costs a command longer than its request.
fn choose_cryptography() {
    // Refused where it is chosen already, which is as well.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
}

fn builder() -> ClientBuilder {
    let accept = HeaderMap::from_iter([
        (ACCEPT, HeaderValue::from_static("application/json")),
        (ACCEPT_ENCODING, HeaderValue::from_static(coding::ACCEPTED)),
    ]);
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .default_headers(accept)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
}

/// The system's certificates where the variables that replace them are set, but empty: that counts
/// as unset, as with curl, while the platform's verifier would be left without any.
#[cfg(all(unix, not(target_os = "macos")))]
fn despite_empty_variables() -> Vec<Certificate> {
    let [file, directory] = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(|name| {
        #[expect(
            clippy::disallowed_methods,
            reason = "the platform's verifier reads these two variables itself"
        )]
        std::env::var_os(name)
    });
    let is_set =
        |value: &Option<std::ffi::OsString>| value.as_ref().is_some_and(|value| !value.is_empty());
    if file.is_none() || is_set(&file) || is_set(&directory) {
        return Vec::new();
    }
    let bundle = openssl_probe::probe().cert_file;
    // Without any, building the client says so.
    bundle
        .and_then(|path| certificates(&path).ok())
        .unwrap_or_default()
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn despite_empty_variables() -> Vec<Certificate> {
    Vec::new()
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
