//! Lists the tokens of a scope, writes such a list to a file, and lists the scopes that a credential can
//! see.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt};

use super::lookup::refused;
use super::token_service::TokenService;
use crate::api::{Error, Page};
use crate::config::export;
use crate::domain::credential::{Access, Credential, CredentialRef, VisibleScopes};
use crate::domain::failure::Failure;
use crate::domain::fetched::{Fetched, Tokens};
use crate::domain::list_report::{Existing, FileFormat, ListReport, NotWritten};
use crate::domain::scope::{NamedScope, ScopeKind};
use crate::domain::token::ServiceToken;
use crate::formats::{csv, json};

/// How many scopes are read at once.
const AT_ONCE: usize = 4;

/// Something that happened while a scope was read.
pub enum ListEvent<'p> {
    /// The credential was read, and the first request goes to the network.
    SentOff,
    Page(Page<'p, Arc<ServiceToken>>),
    Ended(Result<Fetched<Tokens>, Failure>),
}

impl TokenService {
    /// Lists the tokens of a scope in the API's order, each once. Pages go to `on_page` as they arrive.
    ///
    /// # Errors
    /// [`Failure`], if the credential or the first page could not be read. Later failures leave a list
    /// with a gap.
    pub async fn list(
        &self,
        access: &Access,
        on_network: impl FnOnce(),
        on_page: &mut (dyn FnMut(Page<'_, Arc<ServiceToken>>) + Send),
    ) -> Result<Fetched<Tokens>, Failure> {
        let credential = self.credential(&access.identity).await?;
        on_network();
        self.list_with(&credential, access, on_page).await
    }

    /// Lists the tokens of a scope with a credential that was read.
    pub(super) async fn list_with(
        &self,
        credential: &Credential,
        access: &Access,
        on_page: &mut (dyn FnMut(Page<'_, Arc<ServiceToken>>) + Send),
    ) -> Result<Fetched<Tokens>, Failure> {
        let (scope, source) = (&access.scope, Some(&access.identity.source));
        let reader = self.reader(credential, scope, source).await?;
        let listed = reader.tokens(on_page).await;
        listed.map_err(|error| refused(error, Some(scope), credential, source))
    }

    /// Lists the tokens of several scopes, a few at a time. A scope has several credentials to try:
    /// the next one is used if one fails or lists nothing. Each access has its own outcome.
    pub async fn list_each(
        &self,
        scopes: &[Vec<Access>],
        on_event: &(dyn Fn(&Access, ListEvent<'_>) + Send + Sync),
    ) {
        let read = |accesses: &Vec<Access>| {
            let accesses = accesses.clone();
            async move {
                for access in accesses {
                    let on_network = || on_event(&access, ListEvent::SentOff);
                    let mut on_page = |page: Page<'_, Arc<ServiceToken>>| {
                        on_event(&access, ListEvent::Page(page));
                    };
                    let listed = self.list(&access, on_network, &mut on_page).await;
                    let has_some = listed.as_ref().is_ok_and(|it| !it.value.is_empty());
                    on_event(&access, ListEvent::Ended(listed));
                    if has_some {
                        break;
                    }
                }
            }
        };
        let reads = stream::iter(scopes.iter().map(read));
        reads.buffer_unordered(AT_ONCE).collect::<()>().await;
    }

    /// Lists the accounts and the zones that a credential can see, both at once.
    ///
    /// # Errors
    /// [`Failure`], if the credential could not be read. Errors of the API are part of the value.
    pub async fn scopes(
        &self,
        credential: &CredentialRef,
    ) -> Result<Fetched<VisibleScopes>, Failure> {
        let source = credential.source();
        let credential = self.credential_of(credential).await?;
        let client = self.client().await?;
        let deadlines = self.deadlines();
        let (accounts, zones) = tokio::join!(
            client.list_scopes(&credential, ScopeKind::Account, deadlines),
            client.list_scopes(&credential, ScopeKind::Zone, deadlines),
        );
        let mut visible = Fetched::new((), std::time::Duration::ZERO);
        let mut take = |what: &str, listed: Result<Fetched<Vec<NamedScope>>, Error>| {
            let listed = listed.map_err(|error| refused(error, None, &credential, source))?;
            if let Some(reason) = listed.incomplete() {
                let note = format!("the list of {what} is incomplete: {reason}");
                visible.notes.push(note);
            }
            visible.took = visible.took.max(listed.took);
            if listed.retry_after() > visible.retry_after() || visible.gap.is_none() {
                visible.gap = listed.gap;
            }
            Ok(listed.value)
        };
        let scopes = VisibleScopes {
            accounts: take("accounts", accounts),
            zones: take("zones", zones),
        };
        Ok(visible.map(|()| scopes))
    }
}

/// Writes a list in the format that the file's name asks for, with the bytes that `list` prints.
/// Returns the whole path of the file. Blocks.
///
/// # Errors
/// The file exists and must be kept, or one sentence about why nothing was written.
pub fn write_list(list: &ListReport, path: &str, existing: Existing) -> Result<String, NotWritten> {
    let Some(format) = FileFormat::of(path) else {
        return Err(NotWritten::unknown_format());
    };
    let written = export::write(path, existing, |mut out| match format {
        FileFormat::Csv => csv::list(&mut out, list),
        FileFormat::Json => json::list(&mut out, list),
    })?;
    Ok(written.display().to_string())
}
