//! Looks up one token by its ID or, by any other reference, in the list; also checks whether a
//! credential works.

use std::sync::Arc;

use chrono::TimeDelta;

use super::token_service::TokenService;
use crate::api::{self, ScopeReader};
use crate::credentials::STORE_NAME;
use crate::domain::credential::{Access, Credential, CredentialRef, CredentialSource};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::{Fetched, Gap, Tokens};
use crate::domain::redaction;
use crate::domain::scope::Scope;
use crate::domain::search;
use crate::domain::token::{ServiceToken, TokenRef};

/// A read with a credential that works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// How far the server's clock is ahead of ours, if that could be measured.
    pub offset: Option<TimeDelta>,
    /// How many tokens the first page showed.
    pub tokens: usize,
}

impl TokenService {
    /// Looks a token up: an ID directly, anything else in the list. The value holds several tokens if
    /// they have the same name.
    ///
    /// # Errors
    /// [`Failure`], if the credential or the token could not be read; `not_found` if none matches.
    pub async fn look_up(
        &self,
        access: &Access,
        token: &TokenRef,
        on_network: impl FnOnce(),
    ) -> Result<Fetched<Tokens>, Failure> {
        let Some(id) = token.id() else {
            let listed = self.list(access, on_network, &mut |_| {}).await?;
            return found_in(listed, token, &access.scope);
        };
        let credential = self.credential(&access.identity).await?;
        on_network();
        let (scope, source) = (&access.scope, Some(&access.identity.source));
        let reader = self.reader(&credential, scope, source).await?;
        let fetched = reader.token(id).await;
        fetched
            .map(|fetched| fetched.map(|token| vec![token]))
            .map_err(|error| refused(error, Some(scope), &credential, source))
    }

    /// Prepares to read a scope with a credential that was read. Sends nothing yet.
    pub(super) async fn reader<'a>(
        &'a self,
        credential: &Credential,
        scope: &'a Scope,
        source: Option<&CredentialSource>,
    ) -> Result<ScopeReader<'a>, Failure> {
        let client = self.client().await?;
        let reader = client.reader(credential, scope, self.deadlines());
        reader.map_err(|error| refused(error, Some(scope), credential, source))
    }

    /// Tries a credential with the smallest read of the scope's list of tokens.
    ///
    /// # Errors
    /// [`Failure`], if the credential or the list could not be read.
    pub async fn verify(
        &self,
        credential: &CredentialRef,
        scope: &Scope,
    ) -> Result<Verified, Failure> {
        let source = credential.source();
        let credential = self.credential_of(credential).await?;
        let reader = self.reader(&credential, scope, source).await?;
        let checked = reader.check().await;
        let checked = checked.map_err(|it| refused(it, Some(scope), &credential, source))?;
        Ok(Verified {
            offset: checked.clock.offset(),
            tokens: checked.value,
        })
    }
}

/// Keeps the tokens of a list that a reference names. If the list is incomplete, a note says that
/// others may be meant too.
pub(super) fn found_in(
    mut listed: Fetched<Tokens>,
    token: &TokenRef,
    scope: &Scope,
) -> Result<Fetched<Tokens>, Failure> {
    let found = matching(&listed.value, token);
    if found.is_empty() {
        return Err(not_in_list(token, scope, &listed));
    }
    listed.value = found;
    if let Some(why) = listed.incomplete() {
        let note = format!("the list is incomplete, so another token may have this name: {why}");
        listed.notes.push(note);
    }
    Ok(listed)
}

/// The tokens of a list that a reference names. A client ID or digits that no token has may be a name.
pub fn matching(tokens: &[Arc<ServiceToken>], reference: &TokenRef) -> Vec<Arc<ServiceToken>> {
    let filter = |fits: &dyn Fn(&ServiceToken) -> bool| -> Vec<Arc<ServiceToken>> {
        let fitting = tokens.iter().filter(|token| fits(token));
        fitting.cloned().collect()
    };
    let named = filter(&|token| token.is_named_by(reference));
    match reference {
        TokenRef::ClientId(_) | TokenRef::Digits(_) if named.is_empty() => {
            let name = reference.to_string();
            filter(&|token| token.name_text().trim().eq_ignore_ascii_case(&name))
        }
        _ => named,
    }
}

/// The failure of a search without a match. Only a complete list proves that there is no such token; of
/// any other, the cause of the gap is reported.
pub fn not_in_list(token: &TokenRef, scope: &Scope, list: &Fetched<Tokens>) -> Failure {
    let what = match token {
        TokenRef::Name(name) => format!("is called {}", redaction::quoted(name)),
        TokenRef::ClientId(_) => format!("has the client ID {token}"),
        TokenRef::Digits(_) => format!("has the ID or client ID {token}"),
        TokenRef::Id(_) | TokenRef::Url { .. } => format!("has the ID {token}"),
    };
    let Some(Gap { reason, failure }) = &list.gap else {
        let elsewhere =
            "Check the spelling and the scope; the credential may also be limited to some tokens.";
        let meant = token.resembles().map(str::to_owned);
        let meant = meant.or_else(|| similar_names(token, &list.value));
        return Failure::new(
            FailureKind::NotFound,
            format!("No service token in {scope} {what}."),
            match meant {
                Some(meant) => format!("{meant} {elsewhere}"),
                None => elsewhere.to_owned(),
            },
        );
    };
    let failure = failure.as_ref();
    let mut unknown = Failure::new(
        failure.map_or(FailureKind::InvalidResponse, |failure| failure.kind),
        format!("No service token read from {scope} {what}, but the list is incomplete: {reason}."),
        "Try again, or use the token's ID.",
    );
    if let Some(failure) = failure {
        unknown.details.clone_from(&failure.details);
        unknown.retry_after = failure.retry_after;
    }
    unknown
}

/// A question that names the tokens whose names are nearest to the one searched for.
fn similar_names(token: &TokenRef, tokens: &Tokens) -> Option<String> {
    let TokenRef::Name(name) = token else {
        return None;
    };
    let names = tokens.iter().map(|token| token.name_text());
    let nearest = search::nearest(name, names);
    let quoted = nearest
        .iter()
        .filter_map(|at| Some(redaction::quoted(tokens.get(*at)?.name_text())));
    let quoted: Vec<String> = quoted.collect();
    (!quoted.is_empty()).then(|| format!("Did you mean {}?", quoted.join(" or ")))
}

/// The failure of a request. If the API does not accept the credential, the hint says where it came from
/// and which other kind it looks like.
pub(super) fn refused(
    error: api::Error,
    scope: Option<&Scope>,
    credential: &Credential,
    source: Option<&CredentialSource>,
) -> Failure {
    let mut failure = error.into_failure(scope);
    let is_unaccepted = failure.kind == FailureKind::Authentication;
    if !is_unaccepted && failure.kind != FailureKind::Permission {
        return failure;
    }
    let origin = match source.filter(|_| is_unaccepted) {
        Some(CredentialSource::Environment { variable }) => {
            Some(format!("It came from {variable}."))
        }
        Some(CredentialSource::Keyring { profile }) => Some(format!(
            "It belongs to profile {profile}, from {STORE_NAME}."
        )),
        Some(CredentialSource::Command { profile }) => {
            // Nobody enters it.
            let kind = credential.kind.label();
            failure.hint.text = format!("Make it print a valid {kind}.");
            Some(format!("The command of profile {profile} printed it."))
        }
        Some(CredentialSource::Session | CredentialSource::Demo) | None => None,
    };
    let remarks = [credential.doubt().map(str::to_owned), origin];
    for sentence in remarks.into_iter().flatten().rev() {
        failure.hint.text = format!("{sentence} {}", failure.hint.text);
    }
    failure
}
