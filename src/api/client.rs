//! The one HTTP client.
use std::path::PathBuf;
use std::time::Duration;
use chrono::{DateTime, TimeDelta, Utc};
use super::{BaseUrl, Error, Listing, NamedScope, Page};
use crate::domain::credential::Credential;
use crate::domain::scope::Scope;
use crate::domain::token::{ServiceToken, TokenId};

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
    pub deadline: tokio::time::Instant,
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

/// Speaks to the API. Cheap to clone.
#[derive(Clone)]
pub struct Client;

impl Client {
    /// a
    pub fn new(_options: &Options) -> Result<Self, Error> { Ok(Self) }
    /// a
    pub async fn get_token(&self, _c: &Credential, _s: &Scope, _t: &TokenId, _p: Patience) -> Result<Answer<ServiceToken>, Error> { Err(Error::Stub) }
    /// a
    pub async fn list_tokens(&self, _c: &Credential, _s: &Scope, _p: Patience, _on_page: &mut (dyn FnMut(Page) + Send)) -> Result<Answer<Listing>, Error> { Err(Error::Stub) }
    /// a
    pub async fn check_access(&self, _c: &Credential, _s: &Scope, _p: Patience) -> Result<Answer<()>, Error> { Err(Error::Stub) }
    /// a
    pub async fn list_accounts(&self, _c: &Credential, _p: Patience) -> Result<Vec<NamedScope>, Error> { Err(Error::Stub) }
    /// a
    pub async fn list_zones(&self, _c: &Credential, _p: Patience) -> Result<Vec<NamedScope>, Error> { Err(Error::Stub) }
}
