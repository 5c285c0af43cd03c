//! Sends `GET` requests, bounds the size of responses, and retries if that may help.
//!
//! Neither headers nor bodies are ever logged.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode, Url};
use tokio::sync::Semaphore;
use tokio::task::coop::consume_budget;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use super::envelope::{self, Envelope, bounded, brief};
use super::error::{
    self, Error, Reason, Refusal, ResponseFacts, Subject, TransportFault, Unreadable,
};
use super::http_client::{self, Connections, Options};
use super::proxy::{self, ProxyInfo};
use super::request::{self, Request};
use super::{connection_errors, retry};
use crate::domain::credential::{Credential, Secret};
use crate::domain::failure::Details;
use crate::domain::fetched::{Fetched, ServerClock};
use crate::domain::redaction::hide;
use crate::domain::scope::BaseUrl;
use crate::domain::sync::locked;

/// How many requests of one call run at once.
pub(super) const MAX_CONCURRENT: usize = 4;

/// Maximum size of a body after decompression.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// Larger bodies are parsed on another thread: that takes longer than signals and keys can wait, and the
/// next page of a list arrives meanwhile.
const SMALL_BODY: usize = 64 * 1024;

/// How long to wait for the body of an error whose status alone identifies it.
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(1);

/// Time limits.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// For a whole command, or for each request of a screen.
    pub timeout: Duration,
    /// For the keyring, within that.
    pub keyring: Duration,
    /// When a command ends. It may use the time until then to wait for a rate limit to pass.
    /// Screens have no deadline: the user is watching and can leave.
    pub end: Option<Instant>,
}

impl Deadlines {
    /// The deadline of a request that starts now.
    pub fn request_deadline(self) -> Instant {
        self.end.unwrap_or_else(|| Instant::now() + self.timeout)
    }
}

/// One API call, made of one or more requests.
pub(super) struct RequestContext {
    headers: HeaderMap,
    credential: &'static str,
    secret: Secret,
    deadlines: Deadlines,
    pub(super) started: Instant,
    /// Until when the API asked us to pause, and the response that said so.
    pause: Mutex<Option<(Instant, Error)>>,
    /// One for each request that may run.
    slots: Semaphore,
}

impl RequestContext {
    pub(super) fn new(credential: &Credential, deadlines: Deadlines) -> Result<Self, Error> {
        Ok(Self {
            headers: request::headers(credential)?,
            credential: credential.kind.label(),
            secret: credential.secret.clone(),
            deadlines,
            started: Instant::now(),
            pause: Mutex::default(),
            slots: Semaphore::new(MAX_CONCURRENT),
        })
    }

    /// Waits for the pause, which applies to every request of the context.
    async fn wait_for_pause(&self, deadline: Instant) -> Result<(), Error> {
        loop {
            let pause = locked(&self.pause).clone();
            let Some((until, error)) = pause.filter(|(until, _)| *until > Instant::now()) else {
                return Ok(());
            };
            if self.deadlines.end.is_none() || until >= deadline {
                return Err(error);
            }
            sleep_until(until).await;
        }
    }
}

/// A client of the API.
pub struct Client {
    /// How requests are sent.
    pub(super) connections: Connections,
    base_url: BaseUrl,
    proxy: Option<ProxyInfo>,
    pub(super) clock: fn() -> DateTime<Utc>,
}

impl Client {
    /// Builds a client. Reads the system's certificates for an https URL, which takes milliseconds.
    ///
    /// # Errors
    /// [`Error::CaFile`], [`Error::ProxySetting`] and [`Error::Setup`].
    pub fn new(options: &Options) -> Result<Self, Error> {
        let connections = Connections::new(options)?;
        Ok(Self {
            proxy: connections.config.proxy(),
            connections,
            base_url: options.base_url.clone(),
            clock: options.clock,
        })
    }

    /// The configured certificates that cannot be used, in sentences.
    pub fn complaint(&self) -> Option<&str> {
        self.connections.config.roots.complaint.as_deref()
    }

    /// Sends a request before the deadline, retries it if that may help, and parses the response.
    pub(super) async fn send<T: Send + 'static>(
        &self,
        context: &RequestContext,
        request: Request<'_>,
        parse: impl Parse<T>,
    ) -> Result<Fetched<T>, Error> {
        let _slot = context.slots.acquire().await;
        let deadline = context.deadlines.request_deadline();
        let has_begun = AtomicBool::new(false);
        let attempts = async {
            let mut retries = 0;
            let mut jumped = false;
            loop {
                context.wait_for_pause(deadline).await?;
                jumped |= self.connections.touch((self.clock)());
                let attempt = self.attempt(context, request, &has_begun, parse.clone());
                let result = attempt.await;
                jumped |= self.connections.touch((self.clock)());
                let Err(error) = result else {
                    return result;
                };
                if let Some(wait) = error.retry_after() {
                    *locked(&context.pause) = Some((Instant::now() + wait, error.clone()));
                }
                let waits = context.deadlines.end.is_some();
                let delay = retry::pause(&error, retries, fastrand::f64(), waits)
                    .or_else(|| retry::after_jump(&error, retries).filter(|_| jumped))
                    .filter(|delay| Instant::now() + *delay < deadline);
                let Some(delay) = delay else {
                    if let Some(wait) = error.retry_after() {
                        tracing::warn!(wait_s = wait.as_secs(), "rate limited");
                    }
                    return Err(error);
                };
                tracing::warn!(%error, pause_ms = delay.as_millis(), "trying again");
                sleep(delay).await;
                retries += 1;
            }
        };
        match timeout_at(deadline, attempts).await {
            Ok(result) => result,
            Err(_) => Err(Error::Timeout {
                allowed: context.deadlines.timeout,
                has_begun: has_begun.into_inner(),
                request: request.line(),
            }),
        }
    }

    async fn attempt<T: Send + 'static>(
        &self,
        context: &RequestContext,
        request: Request<'_>,
        has_begun: &AtomicBool,
        parse: impl Parse<T>,
    ) -> Result<Fetched<T>, Error> {
        let (head, body) = self.exchange(context, request, has_begun).await?;
        let clock = head.clock;
        let parsed = if body.len() > SMALL_BODY {
            let parsing = spawn_blocking(move || head.parse(body, parse));
            parsing.await.unwrap_or_else(|stopped| {
                Err(Error::Transport {
                    fault: TransportFault::Other,
                    request: request.line(),
                    host: self.base_url.host(),
                    cause: stopped.to_string(),
                })
            })
        } else {
            head.parse(body, parse)
        };
        parsed.map(|(value, notes)| Fetched {
            value,
            took: context.started.elapsed(),
            clock,
            gap: None,
            announced: None,
            notes,
        })
    }

    /// Sends a request once, and reads the response.
    async fn exchange(
        &self,
        context: &RequestContext,
        request: Request<'_>,
        has_begun: &AtomicBool,
    ) -> Result<(ResponseHead, Vec<u8>), Error> {
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
        let head = ResponseHead::new(&response, context, request, sent, (self.clock)());
        let body = match head.read_body(&mut response).await {
            Ok(bytes) => bytes,
            Err(BodyError::TooLarge) => return Err(head.refusal(Reason::TooLarge, None)),
            Err(BodyError::Broken(error)) => return Err(self.broken(request, error)),
        };
        tracing::debug!(
            request = request.line(),
            status = head.facts.status,
            ms = context.started.elapsed().as_millis(),
            cf_ray = head.cf_ray,
            "answered"
        );
        Ok((head, body))
    }

    /// The error of a request without a response.
    async fn unanswered(&self, request: Request<'_>, error: reqwest::Error) -> Error {
        let target = self.base_url.join(&[]);
        let schemes = self.connections.config.proxy_schemes(&target);
        let login = proxy::login(&error, self.proxy.as_ref(), schemes, request.line());
        let login = login.await;
        login.unwrap_or_else(|| self.broken(request, error))
    }

    /// The error of a connection that failed.
    fn broken(&self, request: Request<'_>, error: reqwest::Error) -> Error {
        let host = self.base_url.host();
        let is_https = self.base_url.is_https();
        broken(request.line(), host, self.proxy.as_ref(), is_https, error)
    }
}

/// The error of a connection to a host that failed, perhaps through a proxy.
pub(super) fn broken(
    request: String,
    host: String,
    proxy: Option<&ProxyInfo>,
    is_https: bool,
    error: reqwest::Error,
) -> Error {
    let is_forwarded = proxy.is_some() && !is_https;
    let mut fault = connection_errors::classify(&error, is_forwarded);
    let is_before_tunnel = proxy.is_some() && connection_errors::is_before_tunnel(&error);
    if is_before_tunnel && fault == TransportFault::NotTls {
        fault = TransportFault::ProxyNotTls;
    }
    let host = match (proxy, fault) {
        (
            Some(proxy),
            TransportFault::ProxyUnreachable
            | TransportFault::ProxyRefused
            | TransportFault::NotSocks,
        ) if proxy.is_socks => format!("{} (SOCKS)", proxy.address),
        (
            Some(proxy),
            TransportFault::ProxyUnreachable
            | TransportFault::ProxyRefused
            | TransportFault::ProxyNotTls,
        ) => proxy.address.clone(),
        (Some(proxy), TransportFault::ConnectTimeout) => {
            format!("{host} through the proxy {}", proxy.address)
        }
        // For example, the certificate of an https proxy.
        (Some(proxy), _) if is_before_tunnel => {
            format!("the proxy {}", proxy.address)
        }
        _ => host,
    };
    Error::Transport {
        fault,
        request,
        host,
        cause: connection_errors::describe(error),
    }
}

/// Parses the response to one request, on any thread.
pub(super) trait Parse<T>:
    Fn(&Envelope<'_>) -> Result<T, Reason> + Clone + Send + 'static
{
}

impl<T, F> Parse<T> for F where F: Fn(&Envelope<'_>) -> Result<T, Reason> + Clone + Send + 'static {}

/// A response without its body.
struct ResponseHead {
    facts: ResponseFacts,
    cf_ray: Option<String>,
    clock: ServerClock,
    request: String,
    credential: &'static str,
    secret: Secret,
}

impl ResponseHead {
    fn new(
        response: &Response,
        context: &RequestContext,
        request: Request<'_>,
        sent: DateTime<Utc>,
        received: DateTime<Utc>,
    ) -> Self {
        let text = |name: &str| {
            let value: &HeaderValue = response.headers().get(name)?;
            Some(bounded(&String::from_utf8_lossy(value.as_bytes())))
        };
        let hide = |text: String| hide(text, context.secret.expose());
        let date = text("date").and_then(|text| retry::http_date(&text));
        let was_cached = response.headers().contains_key(header::AGE);
        let location = text("location").and_then(|text| response.url().join(&text).ok());
        let pause = text("retry-after");
        Self {
            facts: ResponseFacts {
                status: response.status().as_u16(),
                subject: request.subject(),
                retry_after: retry::retry_after(pause.as_deref(), date.unwrap_or(received)),
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
            clock: date.map_or(ServerClock::Unknown, |date| {
                ServerClock::measured(date, sent, received, was_cached)
            }),
        }
    }

    /// Reads the body if it matters. Does not wait long if the status is enough.
    async fn read_body(&self, response: &mut Response) -> Result<Vec<u8>, BodyError> {
        match self.facts.status {
            300..=399 => Ok(Vec::new()),
            // The status alone identifies the error.
            401 | 407 | 408 | 429 | 500.. => {
                let read = timeout(ERROR_BODY_TIMEOUT, body(response)).await;
                Ok(read.ok().and_then(Result::ok).unwrap_or_default())
            }
            _ => body(response).await,
        }
    }

    /// The value with the oddities of its response, or the error that the response reports.
    fn parse<T>(self, body: Vec<u8>, parse: impl Parse<T>) -> Result<(T, Vec<String>), Error> {
        let text = envelope::text(body);
        let envelope = Envelope::read(&text);
        let reason = match (&envelope, self.facts.status) {
            (Ok(envelope), 200..=299) if envelope.is_success() => match parse(envelope) {
                Ok(value) => {
                    return Ok((value, self.notes(envelope)));
                }
                Err(reason) => reason,
            },
            (Ok(envelope), 200..=299) if !envelope.is_recognised() => {
                Unreadable::NotEnvelope.into()
            }
            _ => {
                let errors = envelope.as_ref().map(|envelope| envelope.errors.as_slice());
                error::classify(&self.facts, errors.map_err(|unreadable| *unreadable))
            }
        };
        let remark = match &envelope {
            Ok(envelope) if envelope.is_recognised() => envelope.unsaid(),
            Ok(_) | Err(_) => self.quotable(&text).map(|line| {
                let line = hide(line.to_owned(), self.secret.expose());
                format!("the response begins with: {}", brief(&line))
            }),
        };
        let mut error = self.refusal(reason, remark);
        if let (Error::Refused(refusal), Ok(mut envelope)) = (&mut error, envelope) {
            let hide = |text: &mut String| *text = hide(std::mem::take(text), self.secret.expose());
            let said = envelope.errors.iter_mut().chain(&mut envelope.messages);
            said.for_each(|entry| entry.edit_text(&hide));
            refusal.details.api_errors = envelope.errors;
            refusal.details.api_messages = envelope.messages;
            refusal.details.omitted = envelope.omitted;
        }
        Err(error)
    }

    /// The first line of a body that is plain text. JSON about apps may hold their secrets.
    fn quotable<'t>(&self, text: &'t str) -> Option<&'t str> {
        let may_hold_secrets =
            matches!(self.facts.subject, Subject::Part(_) | Subject::AppPolicies);
        let line = envelope::first_line(text);
        line.filter(|line| !(may_hold_secrets && line.starts_with(['{', '['])))
    }

    /// The oddities of a success, each a sentence fragment.
    fn notes(&self, envelope: &Envelope<'_>) -> Vec<String> {
        let notes = envelope.notes().into_iter();
        notes
            .map(|note| brief(&hide(note, self.secret.expose())))
            .collect()
    }

    fn refusal(&self, mut reason: Reason, remark: Option<String>) -> Error {
        if let Reason::OtherToken { sent, .. } = &mut reason {
            *sent = hide(std::mem::take(sent), self.secret.expose());
        }
        Error::Refused(Box::new(Refusal {
            reason,
            subject: self.facts.subject,
            credential: self.credential,
            http_status: self.facts.status,
            details: Details {
                http_status: Some(self.facts.status),
                request: Some(self.request.clone()),
                cf_ray: self.cf_ray.clone(),
                cause: remark,
                ..Details::default()
            },
        }))
    }
}

/// Why a body could not be read.
enum BodyError {
    TooLarge,
    Broken(reqwest::Error),
}

/// Reads the decompressed body in chunks, so that an endless one stops at the bound.
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
        // Decompression alone never yields, which would delay keys and deadlines.
        consume_budget().await;
    }
    Ok(bytes)
}
