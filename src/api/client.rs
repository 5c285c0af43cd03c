//! What the rest of the program asks the API for, and what it gets.
//!
//! Not here: sending (`transport`), and putting lists together (`listing`).

use super::envelope::{Envelope, bounded};
use super::error::{Error, Reason, Subject};
use super::http_client::Options;
use super::listing::{self, Listing, Page, Scopes};
use super::request::Request;
use super::transport::{Answer, Deadlines, HttpTransport, RequestContext};
use crate::domain::credential::Credential;
use crate::domain::scope::Scope;
use crate::domain::token::{Reported, ServiceToken, TokenId};

/// Entries asked for where only the answer's kind counts. The API's least elsewhere is 5.
const FEW: u64 = 5;

/// Speaks to the API. Cheap to clone.
#[derive(Clone)]
pub struct Client(HttpTransport);

impl Client {
    /// Builds a client. Takes some milliseconds for an https base URL: the system's certificates
    /// are read here.
    ///
    /// # Errors
    /// [`Error::CaFile`], [`Error::ProxySetting`] and [`Error::Setup`].
    pub fn new(options: &Options) -> Result<Self, Error> {
        HttpTransport::new(options).map(Self)
    }

    /// The certificates that were named and cannot be used, in sentences; nothing where all can.
    #[must_use]
    pub fn complaint(&self) -> Option<&str> {
        self.0.complaint()
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
        patience: Deadlines,
    ) -> Result<Answer<ServiceToken>, Error> {
        let context = RequestContext::new(credential, patience)?;
        let asked = id.clone();
        let read = move |envelope: &Envelope<'_>| {
            let token = ServiceToken::parse(&envelope.object()?);
            is_it(&token, &asked).map(|()| token)
        };
        self.0.ask(&context, Request::token(scope, id), read).await
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
        patience: Deadlines,
        on_page: &mut (dyn FnMut(Page<'_>) + Send),
    ) -> Result<Answer<Listing>, Error> {
        let context = RequestContext::new(credential, patience)?;
        listing::tokens(&self.0, &context, scope, on_page).await
    }

    /// Finds out whether the credential may read the scope's service tokens, by reading some.
    ///
    /// # Errors
    /// [`Error`], for whatever kept them from being read.
    pub async fn check_access(
        &self,
        credential: &Credential,
        scope: &Scope,
        patience: Deadlines,
    ) -> Result<Answer<()>, Error> {
        let context = RequestContext::new(credential, patience)?;
        let request = Request::tokens(scope).page(1, FEW);
        // What comes is not kept, so a server that knows no smaller pages does no harm.
        let read =
            |envelope: &Envelope<'_>| envelope.list(listing::TOKENS_PER_PAGE, |_| {}).map(drop);
        self.0.ask(&context, request, read).await
    }

    /// Lists the accounts that the credential can see, as far as they could be read.
    ///
    /// # Errors
    /// [`Error`], if not even the first page could be read.
    pub async fn list_accounts(
        &self,
        credential: &Credential,
        patience: Deadlines,
    ) -> Result<Scopes, Error> {
        let context = RequestContext::new(credential, patience)?;
        listing::scopes(&self.0, &context, Subject::Accounts).await
    }

    /// Lists the zones that the credential can see, as far as they could be read.
    ///
    /// # Errors
    /// [`Error`], if not even the first page could be read.
    pub async fn list_zones(
        &self,
        credential: &Credential,
        patience: Deadlines,
    ) -> Result<Scopes, Error> {
        let context = RequestContext::new(credential, patience)?;
        listing::scopes(&self.0, &context, Subject::Zones).await
    }
}

/// Refuses another token than the one asked for. One without an ID, or with something else in its
/// place, is not known to be another: no field of the API's is sure to be there.
fn is_it(token: &ServiceToken, asked: &TokenId) -> Result<(), Reason> {
    let sent = token.id_text();
    let is_other = matches!(token.id, Reported::Valid(_))
        && !sent.trim().is_empty()
        && TokenId::parse(sent).as_ref() != Some(asked);
    if is_other {
        return Err(Reason::OtherToken {
            asked: asked.to_string(),
            sent: bounded(sent),
        });
    }
    Ok(())
}
