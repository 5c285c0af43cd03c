//! Asks about the credential itself: whether it is active, until when, and what it may read.

use std::sync::Arc;

use futures_util::future::join_all;

use super::lookup::refused;
use super::token_service::TokenService;
use crate::api::{Error, Page, ScopeReader};
use crate::domain::access::map::Part;
use crate::domain::credential::{Access, Credential, CredentialKind};
use crate::domain::credential_survey::{
    CredentialSurvey, CredentialValidity, PartSample, SampleState,
};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::{Fetched, Tokens};
use crate::domain::scope::{Scope, ScopeId};
use crate::domain::token::ServiceToken;

/// The tokens of a scope, and what is known about the credential that listed them, if that was asked.
pub type ListedAndVerified = (
    Result<Fetched<Tokens>, Failure>,
    Option<Result<CredentialValidity, Failure>>,
);

impl TokenService {
    /// Verifies a credential, and reads one entry of each part.
    ///
    /// # Errors
    /// [`Failure`], if nothing could be sent: no credential, or no client.
    pub async fn survey(
        &self,
        access: &Access,
        on_network: impl FnOnce(),
    ) -> Result<CredentialSurvey, Failure> {
        let credential = self.credential(&access.identity).await?;
        on_network();
        let (scope, source) = (&access.scope, Some(&access.identity.source));
        let reader = self.reader(&credential, scope, source).await?;
        let failure = |error| refused(error, Some(scope), &credential, source);
        let sample = async |part: Part| {
            if !part.is_in(scope.kind()) {
                return PartSample {
                    part,
                    state: SampleState::NotAsked,
                    count: None,
                };
            }
            let (state, count) = match reader.sample(part).await {
                Ok(read) if read.value.is_empty => (SampleState::Empty, read.value.total),
                Ok(read) => (SampleState::Readable, read.value.total),
                Err(error) => (SampleState::Failed(failure(error)), None),
            };
            PartSample { part, state, count }
        };
        let (validity, samples) = tokio::join!(
            verified(&reader, &credential, scope),
            join_all(Part::ALL.map(sample)),
        );
        let can_be_verified = credential.kind == CredentialKind::ApiToken;
        Ok(CredentialSurvey {
            validity: can_be_verified.then_some(validity),
            samples,
        })
    }

    /// Verifies a credential.
    ///
    /// # Errors
    /// [`Failure`], if it could not be verified, which does not prove that it is invalid.
    pub async fn verify_credential(&self, access: &Access) -> Result<CredentialValidity, Failure> {
        let credential = self.credential(&access.identity).await?;
        self.verify_with(&credential, &access.scope).await
    }

    /// Lists the tokens of a scope and, if wanted, verifies the credential, both at once.
    pub async fn list_and_verify(
        &self,
        access: &Access,
        verifies: bool,
        on_network: impl FnOnce(),
        on_page: &mut (dyn FnMut(Page<'_, Arc<ServiceToken>>) + Send),
    ) -> ListedAndVerified {
        let credential = match self.credential(&access.identity).await {
            Ok(credential) => credential,
            Err(failure) => return (Err(failure.clone()), verifies.then_some(Err(failure))),
        };
        on_network();
        let verifying = async {
            if !verifies {
                return None;
            }
            Some(self.verify_with(&credential, &access.scope).await)
        };
        tokio::join!(self.list_with(&credential, access, on_page), verifying)
    }

    async fn verify_with(
        &self,
        credential: &Credential,
        scope: &Scope,
    ) -> Result<CredentialValidity, Failure> {
        let client = self.client().await?;
        let reader = client.reader(credential, scope, self.deadlines());
        let reader = reader.map_err(|error| error.into_failure(Some(scope)))?;
        verified(&reader, credential, scope).await
    }
}

/// Verifies an API token where it belongs: with a user, or with the account in use.
async fn verified(
    reader: &ScopeReader<'_>,
    credential: &Credential,
    scope: &Scope,
) -> Result<CredentialValidity, Failure> {
    if credential.kind != CredentialKind::ApiToken {
        return Ok(CredentialValidity::of_global_key());
    }
    let account = match scope {
        Scope::Account(account) => Some(account),
        Scope::Zone(_) => None,
    };
    if credential.is_account_owned() {
        return match account {
            Some(account) => verified_by(reader, Some(account)).await,
            None => Err(Failure::new(
                FailureKind::Usage,
                "An API token of an account can be verified only with the account's ID.",
                "Pass --account ID.",
            )),
        };
    }
    let failure = match verified_by(reader, None).await {
        Ok(validity) => return Ok(validity),
        Err(failure) => failure,
    };
    let may_be_the_accounts = matches!(
        failure.kind,
        FailureKind::Authentication | FailureKind::Permission
    );
    match account {
        _ if !may_be_the_accounts => Err(failure),
        Some(account) => verified_by(reader, Some(account)).await.or(Err(failure)),
        None => {
            let mut failure = failure;
            failure
                .hint
                .add("If it belongs to an account, pass --account ID.");
            Err(failure)
        }
    }
}

async fn verified_by(
    reader: &ScopeReader<'_>,
    account: Option<&ScopeId>,
) -> Result<CredentialValidity, Failure> {
    let verified = reader.verify(account).await;
    let verified = verified.map_err(|error: Error| error.into_failure(None));
    verified.map(|fetched| fetched.value)
}
