//! The HTTP client: its headers, timeouts, certificates and proxy, its pool of connections, and how
//! long an idle connection is trusted.
//!
//! A router or VPN may drop an idle connection silently, most often while the computer sleeps. The HTTP
//! library's idle timer stops during sleep, and the library does not say whether a connection is new.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, Response, Url, redirect, retry};
use tokio::time::{Instant, timeout};
use tower::util::MapFutureLayer;

use super::connection_errors;
use super::envelope::bounded;
use super::error::Error;
use super::proxy::{self, ConfiguredProxy, ProxyInfo};
use super::trust_roots::TrustRoots;
use crate::domain::scope::BaseUrl;
use crate::domain::sync::locked;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait for a proxy to name its authentication schemes.
const SCHEMES_TIMEOUT: Duration = Duration::from_secs(3);
const USER_AGENT: &str = concat!("tokenscope/", env!("CARGO_PKG_VERSION"));

/// How long a probe's connection waits for its second request: a person may be typing the secret.
const PROBE_IDLE_LIMIT: Duration = Duration::from_secs(5);
/// Headers that a probed app may send.
const MAX_PROBE_HEADERS: usize = 2_000;

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

impl Options {
    /// The proxy on the way to a URL.
    fn proxy(&self, url: &Url) -> Result<Option<ConfiguredProxy>, Error> {
        let selected = self.use_system_proxy.then(|| proxy::select(url));
        Ok(selected.transpose()?.flatten())
    }
}

/// Everything a client is built from. Read only once, since `--ca-file` may be a pipe.
pub(super) struct HttpConfig {
    is_https: bool,
    idle_limit: Duration,
    pub(super) roots: TrustRoots,
    proxy: Option<ConfiguredProxy>,
}

impl HttpConfig {
    /// The configuration to probe a URL with. `known` has the certificates that were read before.
    ///
    /// # Errors
    /// [`Error::CaFile`], [`Error::ProxySetting`] and [`Error::Setup`].
    pub(super) fn for_probe(
        options: &Options,
        url: &Url,
        known: Option<&Self>,
    ) -> Result<Self, Error> {
        let is_https = url.scheme() == "https";
        let mut roots = match known {
            Some(known) => known.roots.clone(),
            None => TrustRoots::load(is_https, options.ca_file.as_deref())?,
        };
        if is_https && known.is_some_and(|known| !known.is_https) {
            roots.add_system()?;
        }
        Ok(Self {
            is_https,
            idle_limit: PROBE_IDLE_LIMIT,
            roots,
            proxy: if is_https { options.proxy(url)? } else { None },
        })
    }

    /// Builds a client that asks as programs do, decompresses nothing, and sends no request twice.
    /// With an address, it connects there instead of where the URL's host is.
    pub(super) fn probe_client(&self, via: Option<(&str, SocketAddr)>) -> Result<Client, Error> {
        let builder = builder()
            .default_headers(HeaderMap::from_iter([
                (ACCEPT, HeaderValue::from_static("*/*")),
                (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
            ]))
            .gzip(false)
            .retry(retry::never())
            .http1_max_headers(MAX_PROBE_HEADERS)
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(self.idle_limit);
        let builder = match via {
            Some((host, address)) => builder.resolve(host, address),
            None => builder,
        };
        self.client(builder, self.proxy.as_ref())
    }

    pub(super) fn proxy(&self) -> Option<ProxyInfo> {
        self.proxy.as_ref()?.info()
    }

    /// Builds a client that records which requests open a connection.
    fn build(&self) -> Result<Client, Error> {
        let builder = builder()
            .connector_layer(MapFutureLayer::new(watched))
            .https_only(self.is_https)
            .pool_idle_timeout(self.idle_limit);
        self.client(builder, self.proxy.as_ref())
    }

    fn client(
        &self,
        builder: ClientBuilder,
        proxy: Option<&ConfiguredProxy>,
    ) -> Result<Client, Error> {
        // The other provider, aws-lc, measures the processor's jitter before its first random
        // number, which takes longer than a request. Fails if a provider is already installed,
        // which is fine.
        let _chosen = rustls::crypto::ring::default_provider().install_default();
        let builder = self.roots.apply(builder);
        let built = match proxy.map(ConfiguredProxy::intercept).transpose() {
            Ok(Some(proxy)) => builder.proxy(proxy).build(),
            Ok(None) => builder.no_proxy().build(),
            Err(error) => Err(error),
        };
        built.map_err(|error| Error::Setup {
            cause: connection_errors::describe(error),
        })
    }

    /// Asks a proxy that refused a tunnel which authentication schemes it supports: the HTTP library
    /// does not pass them on. Sends no login, since some proxies lock an account after a few refusals.
    pub(super) async fn proxy_schemes(&self, url: &Url) -> Vec<String> {
        let asking = async {
            let mut url = url.clone();
            let port = url.port_or_known_default();
            url.set_path("");
            url.set_query(None);
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
    Client::builder()
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

/// How long a reused connection may stay silent.
const SILENCE: Duration = Duration::from_secs(3);

/// Two clocks that diverge by more than this mean that one of them jumped.
const JUMP: TimeDelta = TimeDelta::seconds(5);

tokio::task_local! {
    /// Whether the current request uses a connection that it opened itself.
    static HAS_OPENED: Arc<AtomicBool>;
}

/// Records that a request opens a connection. If another one becomes free meanwhile, the request takes that
/// one, and this one is opened outside of its task.
fn watched<C>(opening: C) -> impl Future<Output = C::Output> + Send
where
    C: Future + Send + 'static,
{
    let note = HAS_OPENED.try_with(Arc::clone).ok();
    let mut opening = Box::pin(opening);
    poll_fn(move |context| {
        if let Some(note) = &note {
            let is_for_the_request = HAS_OPENED.try_with(|_| ()).is_ok();
            note.store(is_for_the_request, Ordering::Relaxed);
        }
        opening.as_mut().poll(context)
    })
}

/// An HTTP client that is replaced when its idle connections cannot be trusted.
pub(super) struct Connections {
    pub(super) config: HttpConfig,
    current: Mutex<Current>,
}

struct Current {
    http: Client,
    /// Incremented with each replacement.
    generation: u64,
    /// When it was last used: by the clock that stops during sleep, and by the one that does not.
    used: Option<(Instant, DateTime<Utc>)>,
    /// Whether a clock jumped since its connections were opened.
    is_stale: bool,
}

impl Connections {
    /// Reads the files and variables that the options name. Opens no connection yet.
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        let is_https = options.base_url.is_https();
        let config = HttpConfig {
            is_https,
            idle_limit: options.idle_limit,
            proxy: options.proxy(&options.base_url.join(&[]))?,
            roots: TrustRoots::load(is_https, options.ca_file.as_deref())?,
        };
        let current = Mutex::new(Current {
            http: config.build()?,
            generation: 0,
            used: None,
            is_stale: false,
        });
        Ok(Self { config, current })
    }

    /// Records a use. Returns whether a clock jumped since the last one: the computer slept, or its clock
    /// was set.
    pub(super) fn touch(&self, now: DateTime<Utc>) -> bool {
        let mut current = locked(&self.current);
        let instant = Instant::now();
        let has_jumped = current.used.is_some_and(|(since, at)| {
            let passed = TimeDelta::from_std(instant.duration_since(since)).unwrap_or_default();
            (now - at - passed).abs() > JUMP
        });
        current.used = Some((instant, now));
        current.is_stale |= has_jumped;
        has_jumped
    }

    /// Sends a request, and also returns when it was sent. Replaces a reused connection that stays
    /// silent; a new one may take as long as it needs.
    pub(super) async fn send(
        &self,
        clock: fn() -> DateTime<Utc>,
        request: impl Fn(&Client) -> RequestBuilder,
    ) -> Result<(DateTime<Utc>, Response), reqwest::Error> {
        let (mut http, mut generation, is_stale) = {
            let current = locked(&self.current);
            (current.http.clone(), current.generation, current.is_stale)
        };
        if is_stale {
            (http, generation) = self.replaced(generation);
        }
        let sent = clock();
        if let Some(answer) = unless_silent(request(&http)).await {
            return answer.map(|response| (sent, response));
        }
        tracing::debug!("a connection that was used before is silent; trying a new one");
        let (http, _) = self.replaced(generation);
        let sent = clock();
        let answer = request(&http).send().await;
        answer.map(|response| (sent, response))
    }

    /// The client of the generation after this one.
    fn replaced(&self, generation: u64) -> (Client, u64) {
        let mut current = locked(&self.current);
        // Building it has worked before.
        if current.generation == generation
            && let Ok(http) = self.config.build()
        {
            current.http = http;
            current.generation += 1;
            current.is_stale = false;
        }
        (current.http.clone(), current.generation)
    }
}

/// Sends a request. `None` if it used an existing connection and no response began in time.
async fn unless_silent(request: RequestBuilder) -> Option<Result<Response, reqwest::Error>> {
    let has_opened = Arc::new(AtomicBool::new(false));
    let note = Arc::clone(&has_opened);
    let sending = async {
        let mut sending = pin!(request.send());
        match timeout(SILENCE, sending.as_mut()).await {
            Ok(answer) => Some(answer),
            Err(_) if has_opened.load(Ordering::Relaxed) => Some(sending.await),
            Err(_) => None,
        }
    };
    HAS_OPENED.scope(note, sending).await
}
