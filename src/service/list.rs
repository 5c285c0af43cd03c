//! The use-cases that read lists: the tokens of a scope, and the scopes a credential can see.
//!
//! Not here: judging, sorting or filtering what was read.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::credentials::TokenService;
use super::lookup::{Aside, Lack};
use super::origin::refused;
use crate::api::{Answer, Error, Listing, Page, Scopes};
use crate::domain::credential::{Access, CredentialRef, VisibleScopes};
use crate::domain::failure::Failure;
use crate::domain::scope::Scope;
use crate::domain::token::ServiceToken;

/// The tokens of a scope.
#[derive(Debug, Clone)]
pub struct Listed {
    /// In the API's order, each once.
    pub tokens: Vec<Arc<ServiceToken>>,
    /// Why the list may lack some, as a fragment of a sentence; nothing when it is whole.
    pub incomplete: Option<String>,
    /// How many the API announced.
    pub total: Option<usize>,
    /// How long the API took.
    pub took: Duration,
    /// How far the server's clock is ahead of ours, where the answer showed it.
    pub measured_offset: Option<TimeDelta>,
    /// The date of the answer, where it cannot be right and nothing was measured by it.
    pub doubtful_date: Option<DateTime<Utc>>,
    /// What kept some tokens from being read, where it was an error.
    pub failure: Option<Failure>,
    /// What the answers say besides.
    pub aside: Aside,
}

impl Listed {
    /// What the list lacks; nothing where it is whole.
    #[must_use]
    pub fn lack(&self) -> Option<Lack<'_>> {
        let why = self.incomplete.as_deref()?;
        let failure = self.failure.as_ref();
        Some(Lack { why, failure })
    }
}

impl TokenService {
    /// Lists the tokens of a scope. Pages go to `on_page` as they arrive.
    ///
    /// # Errors
    /// Whatever kept the credential or the first page from being read; later failures leave a list
    /// that says that it is incomplete.
    pub async fn list(
        &self,
        access: &Access,
        on_network: impl FnOnce(),
        on_page: &mut (dyn FnMut(Page<'_>) + Send),
    ) -> Result<Listed, Failure> {
        let credential = self.credential(&access.identity).await?;
        let patience = self.patience();
        on_network();
        let scope = &access.scope;
        let answer = self
            .client()
            .await?
            .list_tokens(&credential, scope, patience, on_page)
            .await
            .map_err(|error| {
                let source = &access.identity.source;
                refused(error, Some(scope), &credential, Some(source))
            })?;
        Ok(self.listed(answer, scope))
    }

    /// A list as the rest of the program has it.
    pub(super) fn listed(&self, answer: Answer<Listing>, scope: &Scope) -> Listed {
        let listing = answer.value;
        let (measured_offset, doubtful_date) = self.dated(answer.measured_offset, &listing.tokens);
        let failure = listing.error.map(|error| error.into_failure(Some(scope)));
        Listed {
            tokens: listing.tokens,
            incomplete: listing.incomplete,
            total: listing.total,
            took: answer.took,
            measured_offset,
            doubtful_date,
            aside: Aside {
                retry_after: failure.as_ref().and_then(|failure| failure.retry_after),
                notes: answer.notes,
            },
            failure,
        }
    }

    /// Lists the accounts and the zones that a credential can see, at once.
    ///
    /// # Errors
    /// Whatever kept the credential from being read; what the API refuses is in the answer.
    pub async fn scopes(&self, asker: &CredentialRef) -> Result<(VisibleScopes, Aside), Failure> {
        let patience = self.patience();
        let credential = self.credential_of(asker).await?;
        let source = asker.source();
        let client = self.client().await?;
        let (accounts, zones) = tokio::join!(
            client.list_accounts(&credential, patience),
            client.list_zones(&credential, patience),
        );
        let mut aside = Aside::default();
        let mut take = |what: &str, scopes: Result<Scopes, Error>| {
            let scopes = scopes.map_err(|error| refused(error, None, &credential, source))?;
            aside.retry_after = aside.retry_after.max(scopes.retry_after);
            let lack = scopes.incomplete.into_iter();
            let said = lack.map(|why| format!("the list of {what} is incomplete: {why}"));
            aside.notes.extend(said);
            Ok(scopes.named)
        };
        let visible = VisibleScopes {
            accounts: take("accounts", accounts),
            zones: take("zones", zones),
        };
        Ok((visible, aside))
    }
}
