//! The endpoints, and how each response is parsed. A new endpoint is a variant of [`Request`] and a
//! method here.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::envelope::{Envelope, bounded};
use super::error::{Error, Reason};
use super::list::{self, List, Page};
use super::request::{PageQuery, Paging, Request};
use super::transport::{Client, Deadlines, RequestContext};
use crate::domain::credential::Credential;
use crate::domain::fetched::{Fetched, Tokens};
use crate::domain::raw::{self, RawJson};
use crate::domain::scope::{NamedScope, Scope, ScopeId, ScopeKind};
use crate::domain::token::{Reported, ServiceToken, TokenId};

/// Service tokens in one page: the API's default and its maximum.
pub(super) const TOKENS_PER_PAGE: u64 = 1_000;
/// Accounts or zones in one page: the API's maximum.
const SCOPES_PER_PAGE: u64 = 50;
/// Entries to request if only success or failure matters. Other endpoints require at least 5.
const FEW: u64 = 5;

/// Reads one scope with one credential. All requests share four slots, and a pause that the API asks for.
pub struct ScopeReader<'a> {
    pub(super) client: &'a Client,
    pub(super) scope: &'a Scope,
    pub(super) context: RequestContext,
}

impl Client {
    /// Prepares to read a scope. Sends nothing yet.
    ///
    /// # Errors
    /// [`Error::UnusableCredential`].
    pub fn reader<'a>(
        &'a self,
        credential: &Credential,
        scope: &'a Scope,
        deadlines: Deadlines,
    ) -> Result<ScopeReader<'a>, Error> {
        Ok(ScopeReader {
            client: self,
            scope,
            context: RequestContext::new(credential, deadlines)?,
        })
    }

    /// Lists the accounts or the zones that the credential can see.
    ///
    /// # Errors
    /// [`Error`], if not even the first page could be read.
    pub async fn list_scopes(
        &self,
        credential: &Credential,
        kind: ScopeKind,
        deadlines: Deadlines,
    ) -> Result<Fetched<Vec<NamedScope>>, Error> {
        let context = RequestContext::new(credential, deadlines)?;
        let list = List {
            request: &|page| Request::Scopes { kind, page },
            scope: None,
            paging: Paging::Pages(SCOPES_PER_PAGE),
            parse: move |raw: &RawValue| named_scope(raw, kind),
            key: |named: &NamedScope| named.scope.id(),
        };
        list::fetch(self, &context, list, &mut |_| {}).await
    }
}

impl ScopeReader<'_> {
    /// Gets one service token.
    ///
    /// # Errors
    /// [`Error`], if the token did not arrive completely and in time.
    pub async fn token(&self, id: &TokenId) -> Result<Fetched<Arc<ServiceToken>>, Error> {
        let (client, scope) = (self.client, self.scope);
        let asked = id.clone();
        let parse = move |envelope: &Envelope<'_>| {
            let token = ServiceToken::parse(&envelope.object()?);
            check_id(&token, &asked).map(|()| Arc::new(token))
        };
        let request = Request::Token { scope, id };
        let mut fetched = client.send(&self.context, request, parse).await?;
        fetched.clock = fetched
            .clock
            .checked((client.clock)(), std::iter::once(&*fetched.value));
        Ok(fetched)
    }

    /// Lists the service tokens of a scope in the API's order, each once. Pages go to `on_page` as they
    /// arrive.
    ///
    /// # Errors
    /// [`Error`], if not even the first page could be read. Later failures leave a list with a gap.
    pub async fn tokens(
        &self,
        on_page: &mut (dyn FnMut(Page<'_, Arc<ServiceToken>>) + Send),
    ) -> Result<Fetched<Tokens>, Error> {
        let (client, scope) = (self.client, self.scope);
        let list = List {
            request: &|page| Request::Tokens { scope, page },
            scope: Some(scope),
            paging: Paging::Pages(TOKENS_PER_PAGE),
            parse: |raw: &RawValue| {
                let is_object = raw.get().starts_with('{');
                is_object.then(|| Arc::new(ServiceToken::parse(&RawJson::from(raw))))
            },
            key: |token: &Arc<ServiceToken>| token.id_text(),
        };
        let mut listed = list::fetch(client, &self.context, list, on_page).await?;
        let tokens = listed.value.iter().map(Arc::as_ref);
        listed.clock = listed.clock.checked((client.clock)(), tokens);
        Ok(listed)
    }

    /// Checks whether the credential may read the scope's service tokens, by reading a few. Returns
    /// how many it read.
    ///
    /// # Errors
    /// [`Error`], if they could not be read.
    pub async fn check(&self) -> Result<Fetched<usize>, Error> {
        let (client, scope) = (self.client, self.scope);
        let page = PageQuery {
            number: 1,
            size: FEW,
        };
        // The entries are dropped, so a server that ignores the page size does no harm.
        let parse = |envelope: &Envelope<'_>| envelope.list(TOKENS_PER_PAGE, |_| {});
        let request = Request::Tokens { scope, page };
        let mut fetched = client.send(&self.context, request, parse).await?;
        fetched.clock = (fetched.clock).checked((client.clock)(), std::iter::empty());
        Ok(fetched)
    }
}

/// Parses an account or a zone.
fn named_scope(raw: &RawValue, kind: ScopeKind) -> Option<NamedScope> {
    let (mut id, mut name) = (None, None);
    raw::for_each_member(raw.get(), |key, value| match key {
        "id" => id = Some(value),
        "name" => name = Some(value),
        _ => {}
    })
    .ok()?;
    let text = |value: &str| serde_json::from_str::<String>(value).ok();
    Some(NamedScope {
        scope: kind.with(ScopeId::parse(&text(id?)?).ok()?),
        name: name.and_then(text).unwrap_or_default(),
    })
}

/// Rejects a different token than the one asked for. One without an ID passes: no field is guaranteed.
fn check_id(token: &ServiceToken, asked: &TokenId) -> Result<(), Reason> {
    let sent = token.raw_text(&token.id);
    let has_id = !matches!(token.id, Reported::Absent | Reported::Null);
    let is_other =
        has_id && !sent.trim().is_empty() && TokenId::parse(sent).as_ref() != Some(asked);
    if is_other {
        return Err(Reason::OtherToken {
            asked: asked.to_string(),
            sent: bounded(sent),
        });
    }
    Ok(())
}
