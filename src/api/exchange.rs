//! The only code that sends anything: a `GET`, whose answer is bounded, read, and asked for again
//! where that helps.
//!
//! Neither headers nor bodies are ever logged. Not here: what answers mean (`envelope`, `verdict`).

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode, Url};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::coding::{self, Coding};
use super::connections::Connections;
use super::envelope::{self, Envelope, bounded};
use super::error::{Error, Problem, Reason, Refusal, Unreadable};
use super::proxy::ProxyInUse;
use super::request::{self, Request};
use super::setup::{Options, Recipe};
use super::transport::WantedLogin;
use super::verdict::{self, Facts};
use super::{proxy_login, redact, retry, transport};
use crate::domain::base_url::BaseUrl;
use crate::domain::clock;
use crate::domain::credential::Credential;
use crate::domain::failure::ApiError;
use crate::domain::secret::Secret;

/// Bodies larger than this, after decompression, are refused.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// How long the body of an answer is waited for whose status says enough.
const DETAILS: Duration = Duration::from_secs(1);

/// How long a call may take, and what it does when it is told to wait.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long the caller allowed, as it is told when that was not enough.
    pub allowed: Duration,
    /// When the call ends, whatever it is doing.
    pub deadline: Instant,
    /// How long each request may take, where that counts instead of the deadline: a list of many
    /// pages then goes on for as long as each of them comes.
    pub per_request: Option<Duration>,
    /// Whether a 429 is waited out where that fits the deadline; otherwise it is an error at once.
    pub waits_when_limited: bool,
}

/// What a call brought back.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    /// The thing asked for.
    pub value: T,
    /// How long the whole call took, retries included.
    pub took: Duration,
    /// Server minus local clock, where the answer allowed it to be measured.
    pub measured_offset: Option<TimeDelta>,
}

impl<T> Answer<T> {
    /// The same answer about another value.
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Answer<U> {
        Answer {
            value: change(self.value),
            took: self.took,
            measured_offset: self.measured_offset,
        }
    }
}

/// One call: with what credential, since when and until when.
pub(super) struct Call {
    headers: HeaderMap,
    credential: &'static str,
    secret: Secret,
    patience: Patience,
    begun: Instant,
}

impl Call {
    /// A call that begins now.
    pub(super) fn new(credential: &Credential, patience: Patience) -> Result<Self, Error> {
        Ok(Self {
            headers: request::headers(credential)?,
            credential: credential.kind.label(),
            secret: credential.secret.clone(),
            patience,
            begun: Instant::now(),
        })
    }

    /// How long the call has been going on.
    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// The way to the API. Cheap to clone.
#[derive(Clone)]
pub(super) struct Wire {
    connections: Arc<Connections>,
    base_url: BaseUrl,
    proxy: Option<ProxyInUse>,
    clock: fn() -> DateTime<Utc>,
}

impl Wire {
    /// Sets the way up; sends nothing.
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        let recipe = Recipe::new(options)?;
        Ok(Self {
            proxy: recipe.proxy(),
            connections: Arc::new(Connections::new(recipe)?),
            base_url: options.base_url.clone(),
            clock: options.clock,
        })
    }

    /// The certificates that cannot be used, in sentences.
    pub(super) fn complaint(&self) -> Option<&str> {
        self.connections.recipe().complaint()
    }

    /// Sends a request, again where that helps, and reads the answer before the deadline.
    pub(super) async fn ask<T>(
        &self,
        call: &Call,
        request: Request<'_>,
        read: impl Fn(&Envelope<'_>) -> Result<T, Unreadable>,
    ) -> Result<Answer<T>, Error> {
        let own = call.patience.per_request;
        let deadline = own.map_or(call.patience.deadline, |own| Instant::now() + own);
        let has_begun = AtomicBool::new(false);
        let exchange = self.persist(call, deadline, request, &has_begun, read);
        match timeout_at(deadline, exchange).await {
            Ok(result) => result,
            Err(_) => Err(Error::Timeout {
                allowed: own.unwrap_or(call.patience.allowed),
                has_begun: has_begun.into_inner(),
                request: request.line(),
            }),
        }
    }

    async fn persist<T>(
        &self,
        call: &Call,
        deadline: Instant,
        request: Request<'_>,
        has_begun: &AtomicBool,
        read: impl Fn(&Envelope<'_>) -> Result<T, Unreadable>,
    ) -> Result<Answer<T>, Error> {
        let mut retries = 0;
        let mut has_jumped = false;
        loop {
            has_jumped |= self.connections.touch((self.clock)());
            let attempt = self.attempt(call, request, has_begun, &read).await;
            has_jumped |= self.connections.touch((self.clock)());
            let error = match attempt {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let waits = call.patience.waits_when_limited;
            let pause = retry::pause(&error, retries, fastrand::f64(), waits)
                .or_else(|| retry::after_jump(&error, retries).filter(|_| has_jumped))
                .filter(|pause| Instant::now() + *pause < deadline);
            let Some(pause) = pause else {
                if let Some(wait) = error.retry_after() {
                    tracing::warn!(wait_s = wait.as_secs(), "rate limited");
                }
                return Err(error);
            };
            tracing::warn!(%error, pause_ms = pause.as_millis(), "trying again");
            sleep(pause).await;
            retries += 1;
        }
    }

    async fn attempt<T>(
        &self,
        call: &Call,
        request: Request<'_>,
        has_begun: &AtomicBool,
        read: impl Fn(&Envelope<'_>) -> Result<T, Unreadable>,
    ) -> Result<Answer<T>, Error> {
        has_begun.store(false, Ordering::Relaxed);
        let url = request.url(&self.base_url);
        let message = |http: &reqwest::Client| http.get(url.clone()).headers(call.headers.clone());
        let (sent, mut response) = match self.connections.send(self.clock, message).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.unanswered(request, error).await),
        };
        has_begun.store(true, Ordering::Relaxed);
        if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            let schemes = proxy_login::schemes(response.headers());
            let login = proxy_login::http(self.proxy.as_ref(), schemes, request.line());
            return Err(Error::ProxyLogin(Box::new(login)));
        }
        let head = self.head(&response, call, request, sent);
        let bytes = match head.facts.status {
            300..=399 => Vec::new(),
            // These say enough; a body that cannot be had, or not soon, takes nothing from it.
            401 | 408 | 429 | 500.. => match timeout(DETAILS, body(&mut response)).await {
                Ok(Ok(bytes)) => bytes,
                Ok(Err(_)) | Err(_) => Vec::new(),
            },
            _ => match body(&mut response).await {
                Ok(bytes) => bytes,
                Err(Cut::TooLarge) => {
                    return Err(head.refusal(call, request, Reason::TooLarge, Vec::new()));
                }
                Err(Cut::Broken(error)) => return Err(self.broken(request, error)),
                Err(Cut::Damaged(error)) => return Err(self.damaged(request, &error)),
            },
        };
        tracing::debug!(
            request = request.line(),
            status = head.facts.status,
            ms = call.elapsed().as_millis(),
            cf_ray = head.cf_ray,
            "answered"
        );
        head.settle(call, request, &envelope::text(bytes), read)
    }

    /// The error for a body that came whole, but cannot be decompressed.
    fn damaged(&self, request: Request<'_>, error: &io::Error) -> Error {
        Error::Transport {
            problem: Problem::Compression,
            request: request.line(),
            host: self.base_url.host(),
            cause: bounded(&error.to_string()),
        }
    }

    /// The error for a request that got no answer.
    async fn unanswered(&self, request: Request<'_>, error: reqwest::Error) -> Error {
        let login = match (transport::wanted_login(&error), &self.proxy) {
            (Some(WantedLogin::Http), proxy) => {
                let recipe = self.connections.recipe();
                let schemes = proxy_login::schemes_of_tunnel(recipe, &self.base_url).await;
                proxy_login::http(proxy.as_ref(), schemes, request.line())
            }
            (Some(WantedLogin::Socks { was_refused }), Some(proxy)) => {
                proxy_login::socks(proxy, was_refused, request.line())
            }
            _ => return self.broken(request, error),
        };
        Error::ProxyLogin(Box::new(login))
    }

    /// The error for an exchange that stopped half-way.
    fn broken(&self, request: Request<'_>, error: reqwest::Error) -> Error {
        let is_forwarded = self.proxy.is_some() && !self.base_url.is_https();
        let problem = transport::problem(&error, is_forwarded);
        let host = self.base_url.host();
        let host = match (&self.proxy, problem) {
            (
                Some(proxy),
                Problem::ProxyUnreachable | Problem::ProxyRefused | Problem::NotSocks,
            ) if proxy.is_socks => format!("{} (SOCKS)", proxy.address),
            (Some(proxy), Problem::ProxyUnreachable | Problem::ProxyRefused) => {
                proxy.address.clone()
            }
            (Some(proxy), Problem::ConnectTimeout) => {
                format!("{host} through the proxy {}", proxy.address)
            }
            // The certificate of a proxy of https, say.
            (Some(proxy), _) if transport::is_before_tunnel(&error) => {
                format!("the proxy {}", proxy.address)
            }
            _ => host,
        };
        Error::Transport {
            problem,
            request: request.line(),
            host,
            cause: transport::describe(error),
        }
    }

    /// What the status line and headers say.
    fn head(
        &self,
        response: &Response,
        call: &Call,
        request: Request<'_>,
        sent: DateTime<Utc>,
    ) -> Head {
        let received = (self.clock)();
        let text = |name: &str| {
            let value: &HeaderValue = response.headers().get(name)?;
            Some(bounded(&String::from_utf8_lossy(value.as_bytes())))
        };
        let hide = |stranger: String| redact::text(stranger, &call.secret);
        let date = text("date").and_then(|text| retry::http_date(&text));
        let was_cached = response.headers().contains_key(header::AGE);
        let location = text("location").and_then(|text| response.url().join(&text).ok());
        Head {
            facts: Facts {
                status: response.status().as_u16(),
                subject: request.subject,
                retry_after: retry::retry_after(
                    text("retry-after").as_deref(),
                    date.unwrap_or(received),
                ),
                encoding: match Coding::of(response.headers()) {
                    Coding::Other(encoding) => Some(hide(encoding)),
                    Coding::Plain | Coding::Gzip => None,
                },
                location_host: location
                    .as_ref()
                    .and_then(Url::host_str)
                    .map(bounded)
                    .map(hide),
            },
            cf_ray: text("cf-ray").map(hide),
            measured_offset: date.and_then(|date| clock::measure(date, sent, received, was_cached)),
        }
    }
}

/// An answer without its body.
struct Head {
    facts: Facts,
    cf_ray: Option<String>,
    measured_offset: Option<TimeDelta>,
}

impl Head {
    /// The thing asked for, or what the answer means instead.
    fn settle<T>(
        self,
        call: &Call,
        request: Request<'_>,
        text: &str,
        read: impl Fn(&Envelope<'_>) -> Result<T, Unreadable>,
    ) -> Result<Answer<T>, Error> {
        let envelope = Envelope::read(text);
        let read = match (&envelope, self.facts.status) {
            (Ok(envelope), 200..=299) if envelope.is_success() => read(envelope),
            (Ok(envelope), 200..=299) if !envelope.is_recognised() => Err(Unreadable::NotEnvelope),
            _ => {
                let reason = verdict::judge(&self.facts, &envelope);
                let errors = envelope.map(|parts| parts.errors).unwrap_or_default();
                let errors = redact::errors(errors, &call.secret);
                return Err(self.refusal(call, request, reason, errors));
            }
        };
        match read {
            Ok(value) => Ok(Answer {
                value,
                took: call.elapsed(),
                measured_offset: self.measured_offset,
            }),
            Err(unreadable) => {
                let reason = Reason::Unreadable(unreadable);
                Err(self.refusal(call, request, reason, Vec::new()))
            }
        }
    }

    fn refusal(
        self,
        call: &Call,
        request: Request<'_>,
        reason: Reason,
        api_errors: Vec<ApiError>,
    ) -> Error {
        let refusal = Refusal {
            reason,
            subject: request.subject,
            credential: call.credential,
            request: request.line(),
            http_status: self.facts.status,
            cf_ray: self.cf_ray,
            api_errors,
        };
        Error::Refused(Box::new(refusal))
    }
}

/// Why a body did not come whole.
enum Cut {
    TooLarge,
    Broken(reqwest::Error),
    Damaged(io::Error),
}

/// The body, decompressed; received piece by piece, so that an endless one is noticed at the bound.
async fn body(response: &mut Response) -> Result<Vec<u8>, Cut> {
    let announced = response
        .content_length()
        .and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > MAX_BODY) {
        return Err(Cut::TooLarge);
    }
    let mut bytes = Vec::with_capacity(announced.unwrap_or_default());
    while let Some(chunk) = response.chunk().await.map_err(Cut::Broken)? {
        if bytes.len() + chunk.len() > MAX_BODY {
            return Err(Cut::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    if Coding::of(response.headers()) == Coding::Gzip {
        bytes = coding::gunzip(&bytes, MAX_BODY).map_err(Cut::Damaged)?;
        if bytes.len() > MAX_BODY {
            return Err(Cut::TooLarge);
        }
    }
    Ok(bytes)
}
