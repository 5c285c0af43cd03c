//! The one HTTP client: it sends a `GET`, bounds what comes back, and tries again where that helps.
//!
//! No other file sends anything. Neither headers nor bodies are ever logged. Not here: what
//! answers mean (`envelope`, `verdict`) and how lists are put together (`listing`).

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Response, Url};
use tokio::time::{Instant, sleep, timeout_at};

use super::base_url::BaseUrl;
use super::envelope::{self, Envelope, bounded};
use super::error::{Error, Problem, Reason, Refusal, Subject, Unreadable};
use super::listing::{self, Listing, NamedScope, Page};
use super::request::{self, Request};
use super::verdict::{self, Facts};
use super::{retry, setup, transport};
use crate::domain::clock;
use crate::domain::credential::Credential;
use crate::domain::scope::Scope;
use crate::domain::token::{ServiceToken, TokenId};

/// Bodies larger than this, after decompression, are refused.
const MAX_BODY: usize = 16 * 1024 * 1024;
/// Entries asked for where only the answer's kind counts. The API's least elsewhere is 5.
const FEW: u64 = 5;

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

/// How long a call may take, and what it does when it is told to wait.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// When the call ends, whatever it is doing.
    pub deadline: Instant,
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
    patience: Patience,
    begun: Instant,
}

impl Call {
    fn new(credential: &Credential, patience: Patience) -> Result<Self, Error> {
        Ok(Self {
            headers: request::headers(credential)?,
            credential: credential.kind.label(),
            patience,
            begun: Instant::now(),
        })
    }

    /// How long the call has been going on.
    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// Speaks to the API. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base_url: BaseUrl,
    proxy: Option<String>,
    clock: fn() -> DateTime<Utc>,
}

impl Client {
    /// Builds a client. Takes some milliseconds for an https base URL: the system's certificates
    /// are read here.
    ///
    /// # Errors
    /// [`Error::CaFile`] and [`Error::Setup`].
    pub fn new(options: &Options) -> Result<Self, Error> {
        Ok(Self {
            http: setup::http(options)?,
            proxy: setup::proxy_host(options),
            base_url: options.base_url.clone(),
            clock: options.clock,
        })
    }

    /// Fetches one service token.
    ///
    /// # Errors
    /// [`Error`], for whatever kept the token from arriving whole and in time.
    pub async fn get_token(
        &self,
        credential: &Credential,
        scope: &Scope,
        id: &TokenId,
        patience: Patience,
    ) -> Result<Answer<ServiceToken>, Error> {
        let call = Call::new(credential, patience)?;
        self.ask(&call, Request::token(scope, id), |envelope| {
            envelope.object().map(|raw| ServiceToken::parse(&raw))
        })
        .await
    }

    /// Lists the service tokens of a scope. Pages go to `on_page` as they arrive.
    ///
    /// # Errors
    /// [`Error`], if not even the first page could be read. Later failures leave a listing that
    /// says that it is incomplete.
    pub async fn list_tokens(
        &self,
        credential: &Credential,
        scope: &Scope,
        patience: Patience,
        on_page: &mut (dyn FnMut(Page) + Send),
    ) -> Result<Answer<Listing>, Error> {
        let call = Call::new(credential, patience)?;
        listing::tokens(self, &call, scope, on_page).await
    }

    /// Finds out whether the credential may read the scope's service tokens, by reading some.
    ///
    /// # Errors
    /// [`Error`], for whatever kept them from being read.
    pub async fn check_access(
        &self,
        credential: &Credential,
        scope: &Scope,
        patience: Patience,
    ) -> Result<Answer<()>, Error> {
        let call = Call::new(credential, patience)?;
        let request = Request::tokens(scope).page(1, FEW);
        self.ask(&call, request, |envelope| envelope.list().map(drop))
            .await
    }

    /// Lists the accounts that the credential can see, as far as they could be read.
    ///
    /// # Errors
    /// [`Error`], if not even the first page could be read.
    pub async fn list_accounts(
        &self,
        credential: &Credential,
        patience: Patience,
    ) -> Result<Vec<NamedScope>, Error> {
        let call = Call::new(credential, patience)?;
        listing::scopes(self, &call, Subject::Accounts).await
    }

    /// Lists the zones that the credential can see, as far as they could be read.
    ///
    /// # Errors
    /// [`Error`], if not even the first page could be read.
    pub async fn list_zones(
        &self,
        credential: &Credential,
        patience: Patience,
    ) -> Result<Vec<NamedScope>, Error> {
        let call = Call::new(credential, patience)?;
        listing::scopes(self, &call, Subject::Zones).await
    }

    /// Sends a request, again where that helps, and reads the answer before the deadline.
    pub(super) async fn ask<T>(
        &self,
        call: &Call,
        request: Request<'_>,
        read: impl Fn(&Envelope<'_>) -> Result<T, Unreadable>,
    ) -> Result<Answer<T>, Error> {
        let exchange = self.persist(call, request, read);
        match timeout_at(call.patience.deadline, exchange).await {
            Ok(result) => result,
            Err(_) => Err(Error::Timeout {
                waited: call.elapsed(),
                request: request.line(),
            }),
        }
    }

    async fn persist<T>(
        &self,
        call: &Call,
        request: Request<'_>,
        read: impl Fn(&Envelope<'_>) -> Result<T, Unreadable>,
    ) -> Result<Answer<T>, Error> {
        let mut retries = 0;
        loop {
            let error = match self.attempt(call, request, &read).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let waits = call.patience.waits_when_limited;
            let pause = retry::pause(&error, retries, fastrand::f64(), waits)
                .filter(|pause| Instant::now() + *pause < call.patience.deadline);
            let Some(pause) = pause else {
                return Err(error);
            };
            tracing::debug!(%error, pause_ms = pause.as_millis(), "trying again");
            sleep(pause).await;
            retries += 1;
        }
    }

    async fn attempt<T>(
        &self,
        call: &Call,
        request: Request<'_>,
        read: impl Fn(&Envelope<'_>) -> Result<T, Unreadable>,
    ) -> Result<Answer<T>, Error> {
        let sent = (self.clock)();
        let message = self
            .http
            .get(request.url(&self.base_url))
            .headers(call.headers.clone());
        let mut response = match message.send().await {
            Ok(response) => response,
            Err(error) => return Err(self.broken(request, error)),
        };
        let head = self.head(&response, request, sent);
        let status = head.facts.status;
        let bytes = match status {
            300..=399 => Vec::new(),
            200..=299 => match body(&mut response).await {
                Ok(bytes) => bytes,
                Err(Cut::TooLarge) => return Err(head.refusal(call, request, Reason::TooLarge)),
                Err(Cut::Broken(error)) => return Err(self.broken(request, error)),
            },
            // The status says the most; a body that cannot be had takes nothing from it.
            _ => body(&mut response).await.unwrap_or_default(),
        };
        tracing::debug!(
            request = request.line(),
            status,
            ms = call.elapsed().as_millis(),
            cf_ray = head.cf_ray,
            "answered"
        );
        let text = envelope::text(bytes);
        let envelope = Envelope::read(&text);
        match (&envelope, status) {
            (Ok(envelope), 200..=299) if envelope.is_success() => match read(envelope) {
                Ok(value) => Ok(Answer {
                    value,
                    took: call.elapsed(),
                    measured_offset: head.measured_offset,
                }),
                Err(unreadable) => Err(head.refusal(call, request, Reason::Unreadable(unreadable))),
            },
            (Ok(envelope), 200..=299) if !envelope.is_recognised() => {
                let reason = Reason::Unreadable(Unreadable::NotEnvelope);
                Err(head.refusal(call, request, reason))
            }
            _ => {
                let reason = verdict::judge(&head.facts, &envelope);
                let mut refusal = head.into_refusal(call, request, reason);
                if let Ok(envelope) = envelope {
                    refusal.api_errors = envelope.errors;
                }
                Err(Error::Refused(Box::new(refusal)))
            }
        }
    }

    /// The error for an exchange that stopped half-way.
    fn broken(&self, request: Request<'_>, error: reqwest::Error) -> Error {
        let problem = transport::problem(&error, self.proxy.is_some());
        let is_proxy = matches!(
            problem,
            Problem::ProxyUnreachable | Problem::ProxyAuthentication | Problem::ProxyRefused
        );
        let proxy = self.proxy.clone().filter(|_| is_proxy);
        Error::Transport {
            problem,
            request: request.line(),
            host: proxy.unwrap_or_else(|| self.base_url.host()),
            cause: transport::describe(error),
        }
    }

    /// What the status line and headers say.
    fn head(&self, response: &Response, request: Request<'_>, sent: DateTime<Utc>) -> Head {
        let received = (self.clock)();
        let text = |name: &str| {
            let value: &HeaderValue = response.headers().get(name)?;
            Some(bounded(&String::from_utf8_lossy(value.as_bytes())))
        };
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
                location_host: location.as_ref().and_then(Url::host_str).map(bounded),
                proxy: self.proxy.clone(),
            },
            cf_ray: text("cf-ray"),
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
    fn refusal(self, call: &Call, request: Request<'_>, reason: Reason) -> Error {
        Error::Refused(Box::new(self.into_refusal(call, request, reason)))
    }

    fn into_refusal(self, call: &Call, request: Request<'_>, reason: Reason) -> Refusal {
        Refusal {
            reason,
            subject: request.subject,
            credential: call.credential,
            request: request.line(),
            http_status: self.facts.status,
            cf_ray: self.cf_ray,
            api_errors: Vec::new(),
        }
    }
}

/// Why a body did not come whole.
enum Cut {
    TooLarge,
    Broken(reqwest::Error),
}

/// The body, decompressed, piece by piece, so that an endless one is noticed at the bound.
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
    Ok(bytes)
}
