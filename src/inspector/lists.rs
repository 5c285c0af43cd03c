//! The use-cases that read lists: the tokens of a scope, and the scopes a credential can see.
//!
//! Not here: judging, sorting or filtering what was read.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::cases::Inspector;
use crate::api::Page;
use crate::domain::access::{Access, Asker, VisibleScopes};
use crate::domain::failure::Failure;
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
}

impl Inspector {
    /// Lists the tokens of a scope. Pages go to `on_page` as they arrive.
    ///
    /// # Errors
    /// Whatever kept the credential or the first page from being read; later failures leave a list
    /// that says that it is incomplete.
    pub async fn list(
        &self,
        access: &Access,
        on_network: impl FnOnce(),
        on_page: &mut (dyn FnMut(Page) + Send),
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
            .map_err(|error| error.into_failure(Some(scope)))?;
        let listing = answer.value;
        let (measured_offset, doubtful_date) = self.dated(answer.measured_offset, &listing.tokens);
        Ok(Listed {
            tokens: listing.tokens,
            incomplete: listing.incomplete,
            total: listing.total,
            took: answer.took,
            measured_offset,
            doubtful_date,
        })
    }

    /// Lists the accounts and the zones that a credential can see, at once.
    ///
    /// # Errors
    /// Whatever kept the credential from being read; what the API refuses is in the answer.
    pub async fn scopes(&self, asker: &Asker) -> Result<VisibleScopes, Failure> {
        let patience = self.patience();
        let credential = self.credential_of(asker).await?;
        let client = self.client().await?;
        let (accounts, zones) = tokio::join!(
            client.list_accounts(&credential, patience),
            client.list_zones(&credential, patience),
        );
        Ok(VisibleScopes {
            accounts: accounts.map_err(|error| error.into_failure(None)),
            zones: zones.map_err(|error| error.into_failure(None)),
        })
    }
}
