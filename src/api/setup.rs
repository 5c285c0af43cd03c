//! How the HTTP client is set up.
//!
//! Not here: whom it trusts (`roots`), which way it goes (`proxy`), and requests.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{ClientBuilder, redirect};

use super::coding;
use super::error::Error;
use super::proxy::Route;
use super::{roots, transport};
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
    /// Reads the local clock, to be compared with the answers' `Date`.
    pub clock: fn() -> DateTime<Utc>,
}

/// Builds the HTTP client.
pub(super) fn http(options: &Options, route: Route) -> Result<reqwest::Client, Error> {
    choose_cryptography();
    let is_https = options.base_url.is_https();
    let builder = builder().https_only(is_https);
    let builder = roots::trust(builder, is_https, options.ca_file.as_deref())?;
    let client = route.take(builder)?.build();
    client.map_err(|error| Error::Setup {
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
