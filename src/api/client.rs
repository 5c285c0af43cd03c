//! What the rest of the program asks the API for, and what it gets.
//!
//! Not here: sending (`exchange`), and putting lists together (`listing`).

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use super::base_url::BaseUrl;
use super::error::{Error, Subject};
use super::exchange::Call;
use super::listing::{self, Listing, NamedScope, Page};
use super::request::Request;
use super::setup;
use crate::domain::credential::Credential;
use crate::domain::scope::Scope;
use crate::domain::token::{ServiceToken, TokenId};

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

/// Speaks to the API. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    pub(super) http: reqwest::Client,
    pub(super) base_url: BaseUrl,
    /// Host and port of the proxy in use.
    pub(super) proxy: Option<String>,
    pub(super) clock: fn() -> DateTime<Utc>,
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
}
