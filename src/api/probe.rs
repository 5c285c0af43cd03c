//! Asks a protected app twice: without a token and, if Access itself refused that, with it.
//!
//! The secret needs a [`Permit`], which only such a refusal gives and which one request uses up. Nothing
//! follows a redirect, keeps a cookie or is sent again.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::header::{HOST, HeaderMap, HeaderName, HeaderValue, LOCATION, WWW_AUTHENTICATE};
use reqwest::{Client, Response, Url};
use tokio::time::{Instant, timeout_at};
use url::Position;
use zeroize::Zeroizing;

use super::envelope::bounded;
use super::error::{Error, TransportFault};
use super::http_client::{self, HttpConfig, Options};
use super::proxy::{self, ProxyInfo};
use super::transport::{Client as ApiClient, Deadlines, broken};
use crate::domain::access::probe::{ProbeAnswer, ProbeUrl};
use crate::domain::access::signs::{AnsweredBy, Signs};
use crate::domain::access::token_pair::{TokenHeader, TokenPair};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::redaction::hide;

/// Maximum bytes read of a body.
const MAX_BODY: usize = 64 * 1024;
/// How long to wait for a body that decides nothing, so that its connection can be used again.
const BODY_TIMEOUT: Duration = Duration::from_secs(1);

const CLIENT_ID: HeaderName = HeaderName::from_static("cf-access-client-id");
const CLIENT_SECRET: HeaderName = HeaderName::from_static("cf-access-client-secret");

/// Allows one request with the token, since Access refused the one without it.
#[derive(Debug)]
pub struct Permit {
    /// The challenge that came with the refusal.
    challenge: Option<String>,
}

/// The outcome of a request. A missing answer, or one that breaks off before it decides, has a failure.
#[derive(Debug)]
pub struct Asked {
    pub answer: ProbeAnswer,
    pub failure: Option<Failure>,
}

/// Asks one URL.
pub struct Prober {
    http: Client,
    config: HttpConfig,
    url: ProbeUrl,
    /// Where requests go: the URL itself, except in the demo.
    target: Url,
    proxy: Option<ProxyInfo>,
}

impl Prober {
    /// Prepares to ask a URL, at its host or at another address of this computer. Reads certificates
    /// unless an API client has them already.
    ///
    /// # Errors
    /// [`Error::CaFile`], [`Error::ProxySetting`] and [`Error::Setup`].
    pub fn new(
        options: &Options,
        url: &ProbeUrl,
        via: Option<SocketAddr>,
        known: Option<&ApiClient>,
    ) -> Result<Self, Error> {
        let mut target = url.url().clone();
        if let Some(address) = via {
            // Neither fails for an https URL with a host.
            let _is_http = target.set_scheme("http");
            let _has_port = target.set_port(Some(address.port()));
        }
        let config =
            HttpConfig::for_probe(options, &target, known.map(|it| &it.connections.config))?;
        let host = target.host_str().unwrap_or_default();
        let http = config.probe_client(via.map(|address| (host, address)))?;
        Ok(Self {
            http,
            proxy: config.proxy(),
            config,
            url: url.clone(),
            target,
        })
    }

    /// The configured certificates that cannot be used, in sentences.
    pub fn complaint(&self) -> Option<&str> {
        self.config.roots.complaint.as_deref()
    }

    /// Asks without the token. The permit is there if Access itself refused, and if the connection may
    /// carry a secret.
    pub async fn ask_bare(&self, deadlines: Deadlines) -> (Asked, Option<Permit>) {
        let mut permit = None;
        let asked = self
            .ask(HeaderMap::new(), "", deadlines, |signs| {
                if signs.allow_the_secret() && self.url.may_carry_secret() {
                    permit = Some(Permit {
                        challenge: signs.www_authenticate.clone(),
                    });
                }
                signs.bare_answered_by()
            })
            .await;
        let permit = permit.filter(|_| asked.failure.is_none());
        (asked, permit)
    }

    /// Asks with the token, in its two headers or in the one that an app reads both from.
    pub async fn ask_with_token(
        &self,
        permit: Permit,
        pair: &TokenPair,
        header: Option<&TokenHeader>,
        deadlines: Deadlines,
    ) -> Asked {
        let Some(headers) = headers(pair, header) else {
            return Asked {
                answer: unanswered(Duration::ZERO),
                failure: Some(Failure::new(
                    FailureKind::Usage,
                    "The secret cannot be sent in an HTTP header.",
                    "Copy the secret again, without spaces or line breaks.",
                )),
            };
        };
        let challenge = permit.challenge;
        self.ask(headers, pair.secret.expose(), deadlines, |signs| {
            signs.answered_by(challenge.as_deref())
        })
        .await
    }

    async fn ask(
        &self,
        headers: HeaderMap,
        secret: &str,
        deadlines: Deadlines,
        judge: impl FnOnce(&Signs) -> AnsweredBy,
    ) -> Asked {
        let deadline = deadlines.request_deadline();
        let started = Instant::now();
        let answered = self.send(headers, deadlines, deadline).await;
        let took = started.elapsed();
        let mut response = match answered {
            Ok(response) => response,
            Err(error) => {
                return Asked {
                    answer: unanswered(took),
                    failure: Some(failure(error)),
                };
            }
        };
        let mut head = ResponseHead::of(&response, &self.url);
        let failure = if head.signs.needs_body() {
            let reading = timeout_at(deadline, read_body(&mut response, &mut head.signs.body));
            match reading.await {
                Ok(Ok(())) => head.unreadable(),
                Ok(Err(error)) => Some(failure(self.broken(error))),
                Err(_) => Some(failure(self.timed_out(deadlines, true))),
            }
        } else {
            None
        };
        let answered_by = match (judge(&head.signs), &failure) {
            (by, None) => by,
            // The start of a page may already show that it is the firewall's.
            (AnsweredBy::Waf, Some(_)) => AnsweredBy::Waf,
            (AnsweredBy::Access | AnsweredBy::Origin | AnsweredBy::Unknown, Some(_)) => {
                AnsweredBy::Unknown
            }
        };
        if answered_by == AnsweredBy::Access && secret.is_empty() {
            let until = deadline.min(Instant::now() + BODY_TIMEOUT);
            let _not_needed =
                timeout_at(until, read_body(&mut response, &mut head.signs.body)).await;
        }
        let answer = head.into_answer(answered_by, took, secret);
        Asked { answer, failure }
    }

    async fn send(
        &self,
        mut headers: HeaderMap,
        deadlines: Deadlines,
        deadline: Instant,
    ) -> Result<Response, Error> {
        if self.target != *self.url.url()
            && let Ok(host) = HeaderValue::from_str(self.url.host())
        {
            headers.insert(HOST, host);
        }
        let request = self.http.get(self.target.clone()).headers(headers);
        match timeout_at(deadline, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(self.no_answer(error, deadline).await),
            Err(_) => Err(self.timed_out(deadlines, false)),
        }
    }

    fn timed_out(&self, deadlines: Deadlines, has_begun: bool) -> Error {
        Error::Timeout {
            allowed: deadlines.timeout,
            has_begun,
            request: self.line(),
        }
    }

    /// The error of a request without a response.
    async fn no_answer(&self, error: reqwest::Error, deadline: Instant) -> Error {
        let asking = self.config.proxy_schemes(&self.target);
        let schemes = async { timeout_at(deadline, asking).await.unwrap_or_default() };
        let login = proxy::login(&error, self.proxy.as_ref(), schemes, self.line());
        let login = login.await;
        login.unwrap_or_else(|| self.broken(error))
    }

    fn broken(&self, error: reqwest::Error) -> Error {
        let is_https = self.target.scheme() == "https";
        let host = self.url.host().to_owned();
        broken(self.line(), host, self.proxy.as_ref(), is_https, error)
    }

    /// Method and path, as errors show them: the query may hold anything.
    fn line(&self) -> String {
        bounded(&format!("GET {}", self.url.url().path()))
    }
}

/// A response without most of its body.
struct ResponseHead {
    signs: Signs,
    cf_ray: Option<String>,
    /// Whether the body is compressed, though that was not asked for.
    is_encoded: bool,
}

impl ResponseHead {
    fn of(response: &Response, url: &ProbeUrl) -> Self {
        let headers = response.headers();
        let text = |name: &str| {
            let value = headers.get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        // Of several targets, none is certain.
        let mut locations = headers.get_all(LOCATION).iter();
        let location = match (locations.next(), locations.next()) {
            (Some(only), None) => only.to_str().ok().map(str::to_owned),
            _ => None,
        };
        let challenges = headers.get_all(WWW_AUTHENTICATE).iter();
        let challenges: Vec<_> = challenges
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        Self {
            signs: Signs {
                url: url.url().clone(),
                status: response.status().as_u16(),
                location,
                cf_access_aud: text("cf-access-aud"),
                cf_access_domain: text("cf-access-domain"),
                cf_mitigated: text("cf-mitigated"),
                www_authenticate: (!challenges.is_empty()).then(|| challenges.join(", ")),
                body: Vec::new(),
            },
            cf_ray: text("cf-ray"),
            is_encoded: http_client::unsupported_encoding(headers).is_some(),
        }
    }

    /// The parts to show, without the secret: a server may repeat it.
    fn into_answer(self, answered_by: AnsweredBy, took: Duration, secret: &str) -> ProbeAnswer {
        let hidden = |text: String| bounded(&hide(text, secret));
        let answer = ProbeAnswer {
            status: Some(self.signs.status),
            answered_by,
            redirect: self.redirect().map(hidden),
            cf_ray: self.cf_ray.map(hidden),
            took,
        };
        tracing::debug!(
            status = answer.status,
            answered_by = answered_by.code(),
            ms = took.as_millis(),
            cf_ray = answer.cf_ray,
            with_token = !secret.is_empty(),
            "probed"
        );
        answer
    }

    /// Where a redirect leads, without its query.
    fn redirect(&self) -> Option<String> {
        let target = self.signs.redirect()?;
        Some(target[..Position::AfterPath].to_owned())
            .filter(|_| target.username().is_empty() && target.password().is_none())
    }

    /// The failure if the body decides and cannot be read.
    fn unreadable(&self) -> Option<Failure> {
        self.is_encoded.then(|| {
            let mut failure = Failure::new(
                FailureKind::InvalidResponse,
                format!(
                    "The answer, {}, is compressed although tokenscope did not ask for that: it cannot \
                     tell whether the firewall or the app sent it.",
                    self.signs.status
                ),
                "Probe another path of the app.",
            );
            failure.details.http_status = Some(self.signs.status);
            failure
        })
    }
}

/// Reads a body to its end, but at most as much as decides.
async fn read_body(response: &mut Response, body: &mut Vec<u8>) -> Result<(), reqwest::Error> {
    while body.len() < MAX_BODY {
        let Some(chunk) = response.chunk().await? else {
            break;
        };
        let left = MAX_BODY - body.len();
        body.extend_from_slice(&chunk[..left.min(chunk.len())]);
    }
    Ok(())
}

fn unanswered(took: Duration) -> ProbeAnswer {
    ProbeAnswer {
        status: None,
        answered_by: AnsweredBy::Unknown,
        cf_ray: None,
        redirect: None,
        took,
    }
}

/// The headers that carry the token, marked sensitive so that no library logs them.
fn headers(pair: &TokenPair, header: Option<&TokenHeader>) -> Option<HeaderMap> {
    let sensitive = |text: &str| {
        let mut value = HeaderValue::from_str(text).ok()?;
        value.set_sensitive(true);
        Some(value)
    };
    let (id, secret) = (pair.client_id.as_str(), pair.secret.expose());
    let mut headers = HeaderMap::new();
    match header {
        None => {
            headers.insert(CLIENT_ID, sensitive(id)?);
            headers.insert(CLIENT_SECRET, sensitive(secret)?);
        }
        Some(name) => {
            let name = HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
            let secret = Zeroizing::new(serde_json::to_string(secret).ok()?);
            let mut json = Zeroizing::new(String::with_capacity(256 + secret.len()));
            for part in [
                "{\"cf-access-client-id\":\"",
                id,
                "\",\"cf-access-client-secret\":",
                &secret,
                "}",
            ] {
                json.push_str(part);
            }
            headers.insert(name, sensitive(&json)?);
        }
    }
    Some(headers)
}

/// The failure of a request to an app, which has no base URL to check.
fn failure(error: Error) -> Failure {
    let hint = match &error {
        Error::Transport { fault, .. } => transport_hint(*fault),
        Error::Timeout { .. } => {
            Some("Check the URL and the connection, or allow more time with --timeout.")
        }
        Error::CaFile { .. }
        | Error::Setup { .. }
        | Error::ProxySetting { .. }
        | Error::UnusableCredential { .. }
        | Error::ProxyLogin(_)
        | Error::Refused(_) => None,
    };
    let mut failure = error.into_failure(None);
    if let Some(hint) = hint {
        failure.hint = hint.into();
    }
    failure
}

fn transport_hint(fault: TransportFault) -> Option<&'static str> {
    match fault {
        TransportFault::Dns => {
            Some("Check the spelling of the host, the network connection and DNS.")
        }
        TransportFault::Refused => Some("Check the host and the port, and any firewall."),
        TransportFault::WrongName => {
            Some("Check the host; something in between may be responding in its place.")
        }
        TransportFault::OldTls | TransportFault::Tls => {
            Some("Check whether something in between inspects TLS; --ca-file adds a CA.")
        }
        TransportFault::NotTls | TransportFault::NotHttp => {
            Some("Check the URL, especially its port.")
        }
        TransportFault::NoRoute
        | TransportFault::Forbidden
        | TransportFault::Reset
        | TransportFault::ConnectTimeout
        | TransportFault::UnknownIssuer
        | TransportFault::NotValidNow
        | TransportFault::CaAsServer
        | TransportFault::WrongPurpose
        | TransportFault::ProxyUnreachable
        | TransportFault::ProxyRefused
        | TransportFault::ProxyNotTls
        | TransportFault::NotSocks
        | TransportFault::Compression
        | TransportFault::Other => None,
    }
}
