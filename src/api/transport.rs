//! The only code that sends anything: a `GET`, whose answer is bounded, read, and asked for again
//! where that helps.
//!
//! Neither headers nor bodies are ever logged. Not here: what answers mean (`envelope`, `classify`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode, Url};
use tokio::task::coop::consume_budget;
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use super::classify::{self, ResponseFacts};
use super::connection_errors::LoginRequest;
use super::connections::Connections;
use super::envelope::{self, Envelope, bounded, brief};
use super::error::{Error, Reason, Refusal, TransportFault, Unreadable};
use super::http_client::{self, HttpConfig, Options};
use super::proxy::{self, ProxyInfo};
use super::request::{self, Request};
use super::{connection_errors, retry};
use crate::domain::base_url::BaseUrl;
use crate::domain::clock;
use crate::domain::credential::Credential;
use crate::domain::redaction::hide;
use crate::domain::secret::Secret;

/// Bodies larger than this, after decompression, are refused.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// A body up to this size is parsed where it arrives; a larger one on a thread of its own, since that
/// may take longer than signals and keys can wait.
const SMALL_BODY: usize = 64 * 1024;

/// How long the body of an answer is waited for whose status says enough.
const DETAILS: Duration = Duration::from_secs(1);

/// How long a call may take, and what it does when it is told to wait.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
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
    /// What is odd about the answer, a fragment of a sentence each. Untrusted text.
    pub notes: Vec<String>,
}

impl<T> Answer<T> {
    /// The same answer about another value.
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Answer<U> {
        Answer {
            value: change(self.value),
            took: self.took,
            measured_offset: self.measured_offset,
            notes: self.notes,
        }
    }
}

/// One call: with what credential, since when and until when.
pub(super) struct RequestContext {
    headers: HeaderMap,
    credential: &'static str,
    secret: Secret,
    patience: Deadlines,
    begun: Instant,
    /// The pause that an answer to any of its requests asked for, and that answer.
    pause: Mutex<Option<(Instant, Error)>>,
}

impl RequestContext {
    /// A call that begins now.
    pub(super) fn new(credential: &Credential, patience: Deadlines) -> Result<Self, Error> {
        Ok(Self {
            headers: request::headers(credential)?,
            credential: credential.kind.label(),
            secret: credential.secret.clone(),
            patience,
            begun: Instant::now(),
            pause: Mutex::default(),
        })
    }

    fn pause(&self) -> Option<(Instant, Error)> {
        let pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        pause.clone().filter(|(until, _)| *until > Instant::now())
    }

    /// Takes note of a pause that an answer asks for: it holds for every request of the call.
    fn note_pause(&self, error: &Error) {
        if let Some(pause) = error.retry_after() {
            *self.pause.lock().unwrap_or_else(PoisonError::into_inner) =
                Some((Instant::now() + pause, error.clone()));
        }
    }

    /// Waits until no pause is on, where that fits a deadline.
    async fn wait_out(&self, deadline: Instant) -> Result<(), Error> {
        while let Some((until, error)) = self.pause() {
            if !self.patience.waits_when_limited || until >= deadline {
                return Err(error);
            }
            sleep_until(until).await;
        }
        Ok(())
    }

    /// How long the call has been going on.
    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// The way to the API. Cheap to clone.
#[derive(Clone)]
pub(super) struct HttpTransport {
    connections: Arc<Connections>,
    base_url: BaseUrl,
    proxy: Option<ProxyInfo>,
    clock: fn() -> DateTime<Utc>,
}

impl HttpTransport {
    /// Sets the way up; sends nothing.
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        let config = HttpConfig::new(options)?;
        Ok(Self {
            proxy: config.proxy(),
            connections: Arc::new(Connections::new(config)?),
            base_url: options.base_url.clone(),
            clock: options.clock,
        })
    }

    /// The certificates that cannot be used, in sentences.
    pub(super) fn complaint(&self) -> Option<&str> {
        self.connections.config().complaint()
    }

    /// Sends a request, again where that helps, and reads the answer before the deadline.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        context: &RequestContext,
        request: Request<'_>,
        read: impl Read<T>,
    ) -> Result<Answer<T>, Error> {
        let own = context.patience.per_request;
        let deadline = own.map_or(context.patience.deadline, |own| Instant::now() + own);
        let has_begun = AtomicBool::new(false);
        let exchange = self.persist(context, deadline, request, &has_begun, read);
        match timeout_at(deadline, exchange).await {
            Ok(result) => result,
            Err(_) => Err(Error::Timeout {
                allowed: own.unwrap_or(context.patience.allowed),
                has_begun: has_begun.into_inner(),
                request: request.line(),
            }),
        }
    }

    async fn persist<T: Send + 'static>(
        &self,
        context: &RequestContext,
        deadline: Instant,
        request: Request<'_>,
        has_begun: &AtomicBool,
        read: impl Read<T>,
    ) -> Result<Answer<T>, Error> {
        let mut retries = 0;
        let mut has_jumped = false;
        loop {
            context.wait_out(deadline).await?;
            has_jumped |= self.connections.touch((self.clock)());
            let attempt = self
                .attempt(context, request, has_begun, read.clone())
                .await;
            has_jumped |= self.connections.touch((self.clock)());
            let error = match attempt {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            context.note_pause(&error);
            let waits = context.patience.waits_when_limited;
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

    async fn attempt<T: Send + 'static>(
        &self,
        context: &RequestContext,
        request: Request<'_>,
        has_begun: &AtomicBool,
        read: impl Read<T>,
    ) -> Result<Answer<T>, Error> {
        has_begun.store(false, Ordering::Relaxed);
        let url = request.url(&self.base_url);
        let headers = &context.headers;
        let message = |http: &reqwest::Client| http.get(url.clone()).headers(headers.clone());
        let (sent, mut response) = match self.connections.send(self.clock, message).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.unanswered(request, error).await),
        };
        has_begun.store(true, Ordering::Relaxed);
        if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            let schemes = proxy::schemes(response.headers());
            let login = proxy::http_login(self.proxy.as_ref(), schemes, request.line());
            return Err(Error::ProxyLogin(Box::new(login)));
        }
        let head = self.head(&response, context, request, sent);
        let body = match head.facts.status {
            300..=399 => Vec::new(),
            _ if head.says_enough() => match timeout(DETAILS, body(&mut response)).await {
                Ok(Ok(bytes)) => bytes,
                Ok(Err(_)) | Err(_) => Vec::new(),
            },
            _ => match body(&mut response).await {
                Ok(bytes) => bytes,
                Err(BodyError::TooLarge) => return Err(head.refusal(Reason::TooLarge, None)),
                Err(BodyError::Broken(error)) => return Err(self.broken(request, error)),
            },
        };
        tracing::debug!(
            request = request.line(),
            status = head.facts.status,
            ms = context.elapsed().as_millis(),
            cf_ray = head.cf_ray,
            "answered"
        );
        let measured_offset = head.measured_offset;
        let settled = if body.len() > SMALL_BODY {
            let settling = spawn_blocking(move || head.settle(body, read));
            let stopped = |error: JoinError| Err(self.stopped(request, &error));
            settling.await.unwrap_or_else(stopped)
        } else {
            head.settle(body, read)
        };
        settled.map(|(value, notes)| Answer {
            value,
            took: context.elapsed(),
            measured_offset,
            notes,
        })
    }

    /// The error for a response whose parsing was stopped.
    fn stopped(&self, request: Request<'_>, error: &JoinError) -> Error {
        Error::Transport {
            fault: TransportFault::Other,
            request: request.line(),
            host: self.base_url.host(),
            cause: error.to_string(),
        }
    }

    /// The error for a request that got no answer.
    async fn unanswered(&self, request: Request<'_>, error: reqwest::Error) -> Error {
        let login = match (connection_errors::login_request(&error), &self.proxy) {
            (Some(LoginRequest::Http), proxy) => {
                let config = self.connections.config();
                let schemes = config.proxy_schemes(&self.base_url).await;
                proxy::http_login(proxy.as_ref(), schemes, request.line())
            }
            (Some(LoginRequest::Socks { was_refused }), Some(proxy)) => {
                proxy::socks_login(proxy, was_refused, request.line())
            }
            _ => return self.broken(request, error),
        };
        Error::ProxyLogin(Box::new(login))
    }

    /// The error for an exchange that stopped half-way.
    fn broken(&self, request: Request<'_>, error: reqwest::Error) -> Error {
        let is_forwarded = self.proxy.is_some() && !self.base_url.is_https();
        let fault = connection_errors::classify(&error, is_forwarded);
        let host = self.base_url.host();
        let host = match (&self.proxy, fault) {
            (
                Some(proxy),
                TransportFault::ProxyUnreachable
                | TransportFault::ProxyRefused
                | TransportFault::NotSocks,
            ) if proxy.is_socks => format!("{} (SOCKS)", proxy.address),
            (Some(proxy), TransportFault::ProxyUnreachable | TransportFault::ProxyRefused) => {
                proxy.address.clone()
            }
            (Some(proxy), TransportFault::ConnectTimeout) => {
                format!("{host} through the proxy {}", proxy.address)
            }
            // The certificate of a proxy of https, say.
            (Some(proxy), _) if connection_errors::is_before_tunnel(&error) => {
                format!("the proxy {}", proxy.address)
            }
            _ => host,
        };
        Error::Transport {
            fault,
            request: request.line(),
            host,
            cause: connection_errors::describe(error),
        }
    }

    /// What the status line and headers say.
    fn head(
        &self,
        response: &Response,
        context: &RequestContext,
        request: Request<'_>,
        sent: DateTime<Utc>,
    ) -> ResponseHead {
        let received = (self.clock)();
        let text = |name: &str| {
            let value: &HeaderValue = response.headers().get(name)?;
            Some(bounded(&String::from_utf8_lossy(value.as_bytes())))
        };
        let hide = |text: String| hide(text, &context.secret);
        let date = text("date").and_then(|text| retry::http_date(&text));
        let was_cached = response.headers().contains_key(header::AGE);
        let location = text("location").and_then(|text| response.url().join(&text).ok());
        ResponseHead {
            facts: ResponseFacts {
                status: response.status().as_u16(),
                subject: request.subject,
                retry_after: retry::retry_after(
                    text("retry-after").as_deref(),
                    date.unwrap_or(received),
                ),
                encoding: http_client::unsupported_encoding(response.headers()).map(hide),
                location_host: location
                    .as_ref()
                    .and_then(Url::host_str)
                    .map(bounded)
                    .map(hide),
            },
            request: request.line(),
            credential: context.credential,
            secret: context.secret.clone(),
            cf_ray: text("cf-ray").map(hide),
            measured_offset: date.and_then(|date| clock::measure(date, sent, received, was_cached)),
        }
    }
}

/// Reads what was asked for out of an answer, on whichever thread.
pub(super) trait Read<T>:
    Fn(&Envelope<'_>) -> Result<T, Reason> + Clone + Send + 'static
{
}

impl<T, F> Read<T> for F where F: Fn(&Envelope<'_>) -> Result<T, Reason> + Clone + Send + 'static {}

/// An answer without its body.
struct ResponseHead {
    facts: ResponseFacts,
    cf_ray: Option<String>,
    measured_offset: Option<TimeDelta>,
    request: String,
    credential: &'static str,
    secret: Secret,
}

impl ResponseHead {
    /// Whether the status tells what happened; a body that cannot be had, or not soon, takes nothing
    /// from it.
    fn says_enough(&self) -> bool {
        matches!(self.facts.status, 401 | 407 | 408 | 429 | 500..)
    }

    /// The thing asked for and what is odd about the answer, or what the answer means instead.
    fn settle<T>(
        self,
        body: Vec<u8>,
        read: impl Fn(&Envelope<'_>) -> Result<T, Reason>,
    ) -> Result<(T, Vec<String>), Error> {
        let text = envelope::text(body);
        let envelope = Envelope::read(&text);
        let reason = match (&envelope, self.facts.status) {
            (Ok(envelope), 200..=299) if envelope.is_success() => match read(envelope) {
                Ok(value) => {
                    return Ok((value, self.notes(envelope)));
                }
                Err(reason) => reason,
            },
            (Ok(envelope), 200..=299) if !envelope.is_recognised() => {
                Unreadable::NotEnvelope.into()
            }
            _ => classify::classify(&self.facts, &envelope),
        };
        let remark = match &envelope {
            Ok(envelope) if envelope.is_recognised() => envelope.unsaid(),
            Ok(_) | Err(_) => envelope::first_line(&text).map(|line| {
                let line = hide(line.to_owned(), &self.secret);
                format!("the response begins with: {}", brief(&line))
            }),
        };
        let mut error = self.refusal(reason, remark);
        if let (Error::Refused(refusal), Ok(mut envelope)) = (&mut error, envelope) {
            let hide = |text: &mut String| *text = hide(std::mem::take(text), &self.secret);
            let said = envelope.errors.iter_mut().chain(&mut envelope.messages);
            said.for_each(|entry| entry.edit_text(&hide));
            refusal.api_errors = envelope.errors;
            refusal.api_messages = envelope.messages;
            refusal.omitted = envelope.omitted;
        }
        Err(error)
    }

    /// What is odd about a success, a fragment of a sentence each.
    fn notes(&self, envelope: &Envelope<'_>) -> Vec<String> {
        let notes = envelope.notes().into_iter();
        notes.map(|note| brief(&hide(note, &self.secret))).collect()
    }

    fn refusal(&self, mut reason: Reason, remark: Option<String>) -> Error {
        if let Reason::OtherToken { sent, .. } = &mut reason {
            *sent = hide(std::mem::take(sent), &self.secret);
        }
        Error::Refused(Box::new(Refusal {
            reason,
            subject: self.facts.subject,
            credential: self.credential,
            request: self.request.clone(),
            http_status: self.facts.status,
            cf_ray: self.cf_ray.clone(),
            api_errors: Vec::new(),
            api_messages: Vec::new(),
            omitted: 0,
            remark,
        }))
    }
}

/// Why a body did not come whole.
enum BodyError {
    TooLarge,
    Broken(reqwest::Error),
}

/// The decompressed body, received in chunks so that an endless one stops at the bound.
async fn body(response: &mut Response) -> Result<Vec<u8>, BodyError> {
    let announced = response
        .content_length()
        .and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > MAX_BODY) {
        return Err(BodyError::TooLarge);
    }
    let mut bytes = Vec::with_capacity(announced.unwrap_or_default());
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Broken)? {
        if bytes.len() + chunk.len() > MAX_BODY {
            return Err(BodyError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
        // Decompression alone never waits: let keys and deadlines have their turn.
        consume_budget().await;
    }
    Ok(bytes)
}
