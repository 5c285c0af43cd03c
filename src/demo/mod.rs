//! The embedded demo: a loopback server that answers as Cloudflare's API does, from `assets/demo`,
//! with dates relative to its start, and as the apps under `example.com` do, for probes. The API never
//! simulates network faults; tests have their own server for those.
//!
//! [`hosts`] lists what each app answers.

mod fixtures;
pub mod hosts;
mod routes;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    ALLOW, AUTHORIZATION, CONTENT_TYPE, DATE, HOST, HeaderName, HeaderValue, RETRY_AFTER, SERVER,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

use crate::domain::access::probe::is_demo_host;
use crate::domain::credential::{Credential, CredentialKind, Secret};
use crate::domain::scope::{Scope, ScopeId};

use fixtures::Fixtures;
use hosts::{HostRequest, Hosts, Reply};
use routes::Answer;

pub use fixtures::{ACCOUNT, EMPTY_ACCOUNT, FILTERED_ACCOUNT, TOKEN, ZONE};
pub use routes::{FAILING_TOKEN, FORBIDDEN_TOKEN, LIMITED_TOKEN, MISSING_TOKEN, SLOW_TOKEN};

/// A running demo server. Dropping it stops the server, which still finishes pending responses.
#[derive(Debug)]
pub struct Demo {
    /// `http://127.0.0.1:PORT/client/v4`.
    pub base_url: String,
    /// Where it answers for the hosts of [`is_demo_host`], over plain http, by their `Host` header.
    pub address: SocketAddr,
    /// The only credential that the server accepts; random.
    pub credential: Credential,
    /// The account that the demo opens on.
    pub scope: Scope,
    /// Dropping it closes the channel, which stops the server.
    _running: watch::Sender<()>,
}

impl Demo {
    /// Starts a server on a free loopback port, inside the current tokio runtime. The dates of its tokens
    /// and its clock start at `now`.
    ///
    /// # Errors
    /// An I/O error, if no loopback port is available.
    pub async fn start(now: DateTime<Utc>) -> std::io::Result<Self> {
        let secret: String = std::iter::repeat_with(fastrand::alphanumeric)
            .take(40)
            .collect();
        let account = ScopeId::parse(ACCOUNT).map_err(std::io::Error::other)?;
        let fixtures = Fixtures::new(now)?;
        let api = Arc::new(Api {
            hosts: OnceLock::new(),
            fixtures,
            bearer: Secret::new(format!("Bearer {secret}")),
            ahead: now.signed_duration_since(wall_clock()),
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (running, stopped) = watch::channel(());
        tokio::spawn(accept(listener, api, stopped));
        Ok(Self {
            base_url: format!("http://{address}/client/v4"),
            address,
            credential: Credential {
                kind: CredentialKind::ApiToken,
                secret: Secret::new(secret),
            },
            scope: Scope::Account(account),
            _running: running,
        })
    }
}

struct Api {
    fixtures: Fixtures,
    /// Read by the first probe.
    hosts: OnceLock<Hosts>,
    bearer: Secret,
    /// The server's clock minus the local one.
    ahead: TimeDelta,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the demo stands in for the API, which has its own clock that runs while this computer sleeps"
)]
fn wall_clock() -> DateTime<Utc> {
    Utc::now()
}

async fn accept(listener: TcpListener, api: Arc<Api>, mut stopped: watch::Receiver<()>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                tokio::spawn(serve(stream, Arc::clone(&api), stopped.clone()));
            }
            // Probably out of file descriptors: wait until some are closed.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn serve(stream: TcpStream, api: Arc<Api>, mut stopped: watch::Receiver<()>) {
    // Only an optimization.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| respond(Arc::clone(&api), request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    // Clients may disconnect at any time.
    drop(ended);
}

/// The server closes a connection instead of answering.
#[derive(Debug, thiserror::Error)]
#[error("closed without an answer")]
struct Closed;

async fn respond(
    api: Arc<Api>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Closed> {
    let now = wall_clock() + api.ahead;
    if let Some(url) = demo_url(&request) {
        let hosts = api.hosts.get_or_init(|| Hosts::new(&api.fixtures));
        let reply = hosts.answer(&HostRequest {
            url: &url,
            headers: request.headers(),
            now,
        });
        let reply = reply.ok_or(Closed)?;
        tokio::time::sleep(reply.delay).await;
        return Ok(host_response(reply, now));
    }
    let is_authentic = request
        .headers()
        .get(AUTHORIZATION)
        .is_some_and(|value| value.as_bytes() == api.bearer.expose().as_bytes());
    let answer = routes::answer(
        &api.fixtures,
        &routes::Request {
            method: request.method(),
            path: request.uri().path(),
            query: request.uri().query().unwrap_or(""),
            is_authentic,
        },
    );
    if !answer.delay.is_zero() {
        tokio::time::sleep(answer.delay).await;
    }
    Ok(response(answer, wall_clock() + api.ahead))
}

/// The URL of a request for a host of the demo.
fn demo_url(request: &Request<Incoming>) -> Option<Url> {
    let host = request.headers().get(HOST)?.to_str().ok()?;
    let url = Url::parse(&format!("https://{host}{}", request.uri().path())).ok()?;
    is_demo_host(url.host_str()?).then_some(url)
}

fn host_response(reply: Reply, now: DateTime<Utc>) -> Response<Full<Bytes>> {
    let mut response = from_edge(reply.status, now);
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    *response.body_mut() = Full::new(Bytes::from(reply.body));
    response
}

fn response(answer: Answer, now: DateTime<Utc>) -> Response<Full<Bytes>> {
    let mut response = from_edge(answer.status, now);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let cache = HeaderName::from_static("cf-cache-status");
    headers.insert(cache, HeaderValue::from_static("DYNAMIC"));
    if let Some(seconds) = answer.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if answer.status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET"));
    }
    *response.body_mut() = Full::new(Bytes::from(answer.body));
    response
}

/// An empty answer with the headers that every answer has.
fn from_edge(status: StatusCode, now: DateTime<Utc>) -> Response<Full<Bytes>> {
    let builder = Response::builder()
        .status(status)
        .header(DATE, now.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .header(SERVER, "cloudflare")
        .header("cf-ray", format!("{:016x}-LHR", fastrand::u64(..)));
    // Every name and value above is valid, so this never falls back to the default.
    builder.body(Full::default()).unwrap_or_default()
}
