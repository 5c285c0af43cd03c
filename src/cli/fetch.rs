//! Fetches from the API or the demo, with progress on a terminal and warnings on the error stream.

use futures_util::stream::{self, StreamExt as _};

use super::error_report::warn;
use super::progress::Progress;
use crate::api::Page;
use crate::domain::access::map::{AccessMap, Part, PartAnswer, PartState};
use crate::domain::credential::{Access, Identity};
use crate::domain::credential_survey::{CredentialSurvey, CredentialValidity};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::{ClockOffset, Fetched, ServerClock, Tokens};
use crate::domain::profile::Settings;
use crate::domain::scope::Scope;
use crate::domain::status::EvaluationContext;
use crate::domain::token::TokenRef;
use crate::formats::rfc3339;
use crate::service::{ListedAndVerified, nothing_selected};
use crate::startup::Context;

/// How many profiles are asked at once.
const AT_ONCE: usize = 4;

/// The commands' access to the API, with progress on a terminal and warnings on the error stream.
pub(super) struct Fetcher {
    pub(super) context: Context,
}

impl Fetcher {
    /// Starts the demo, if that is to be asked.
    pub(super) async fn connect(context: Context) -> Result<Self, Failure> {
        let context = context.connected().await?;
        Ok(Self { context })
    }

    /// The access to a scope. The scope in a token's URL takes precedence.
    pub(super) fn access(&self, named: Option<&Scope>) -> Result<Access, Failure> {
        let selected = &self.context.credential;
        let scope = named.or(selected.scope.as_ref()).cloned();
        access(selected.identity.clone(), scope, &self.context.settings)
    }

    /// Lists a scope's tokens.
    pub(super) async fn list(&self, access: &Access) -> Result<Fetched<Tokens>, Failure> {
        let progress = Progress::new(self.context.style.is_dumb);
        let mut count = |page: Page<'_, _>| progress.count(page.received, page.total);
        let listing = self
            .context
            .service
            .list(access, || progress.network(), &mut count);
        let listed = progress.beside(listing).await?;
        warn_of(&listed);
        Ok(listed)
    }

    /// Asks the API about the credential, and what it may read.
    pub(super) async fn survey(&self, access: &Access) -> Result<CredentialSurvey, Failure> {
        let progress = Progress::new(self.context.style.is_dumb);
        let service = &self.context.service;
        let surveying = service.survey(access, || progress.network());
        progress.beside(surveying).await
    }

    /// Verifies the credential.
    pub(super) async fn verify(&self, access: &Access) -> Result<CredentialValidity, Failure> {
        let progress = Progress::new(self.context.style.is_dumb);
        progress.network();
        let verifying = self.context.service.verify_credential(access);
        progress.beside(verifying).await
    }

    /// Lists a scope's tokens and verifies the credential, both at once.
    pub(super) async fn list_and_verify(&self, access: &Access) -> ListedAndVerified {
        let progress = Progress::new(self.context.style.is_dumb);
        let mut count = |page: Page<'_, _>| progress.count(page.received, page.total);
        let on_network = || progress.network();
        let service = &self.context.service;
        let asking = service.list_and_verify(access, true, on_network, &mut count);
        let answers = progress.beside(asking).await;
        answers.0.iter().for_each(warn_of);
        answers
    }

    /// Lists the tokens of several scopes concurrently and, if wanted, verifies the credentials, each with
    /// its own results.
    pub(super) async fn list_all(
        &self,
        accesses: &[Result<Access, Failure>],
        verifies: bool,
    ) -> Vec<ListedAndVerified> {
        let progress = &Progress::new(self.context.style.is_dumb);
        let service = &self.context.service;
        let on_network = || progress.network();
        let ask = async |access: &Result<Access, Failure>| match access {
            Ok(access) => {
                let mut ignore = |_: Page<'_, _>| {};
                let asking = service.list_and_verify(access, verifies, on_network, &mut ignore);
                asking.await
            }
            Err(failure) => (Err(failure.clone()), verifies.then(|| Err(failure.clone()))),
        };
        let asking = stream::iter(accesses.iter().map(ask)).buffered(AT_ONCE);
        let answers: Vec<_> = progress.beside(asking.collect()).await;
        answers
            .iter()
            .flat_map(|(listed, _)| listed)
            .for_each(warn_of);
        answers
    }

    /// Looks up a token.
    pub(super) async fn look_up(
        &self,
        access: &Access,
        token: &TokenRef,
    ) -> Result<Fetched<Tokens>, Failure> {
        let progress = Progress::new(self.context.style.is_dumb);
        let looking = self
            .context
            .service
            .look_up(access, token, || progress.network());
        let found = progress.beside(looking).await?;
        warn_of(&found);
        Ok(found)
    }

    /// Reads the access map of a scope and, at the same time, the token that is meant; without one, all
    /// tokens of the scope.
    ///
    /// # Errors
    /// Those of the token or the tokens. Errors about other parts are kept in the map.
    pub(super) async fn read_map(
        &self,
        access: &Access,
        token: Option<&TokenRef>,
    ) -> Result<Fetched<(AccessMap, Tokens)>, Failure> {
        let service = &self.context.service;
        let progress = Progress::new(self.context.style.is_dumb).counting("parts");
        let parts = Part::ALL.into_iter();
        let parts = parts.filter(|part| token.is_none() || *part != Part::Tokens);
        let parts: Vec<Part> = parts.collect();
        let kind = access.scope.kind();
        let asked = parts.iter().filter(|part| part.is_in(kind)).count();
        let mut map = AccessMap::new(access.scope.clone());
        let mut on_part = |answer: PartAnswer| {
            map.take(answer);
            let read = parts.iter();
            let read = read.filter(|part| part.is_in(kind) && map.read(**part).is_some());
            let read = read.count();
            progress.count(read, Some(asked));
            // The tokens usually come last, and need not wait for the index then.
            if read + 1 >= asked {
                map.index();
            }
        };
        let on_network = || progress.network();
        let reading = service.read_access(access, token, &parts, on_network, &mut on_part);
        let read = progress.beside(reading).await?;
        warn_of(&read);
        if let Some(PartState::Failed(failure)) = map.read(Part::Tokens).map(|read| &read.state) {
            return Err(failure.clone());
        }
        Ok(read.map(|tokens| (map, tokens)))
    }

    /// The instant and thresholds to evaluate tokens with, by the API's clock if it was measured. Warns
    /// of an implausible date and, for people, of a local clock that is off.
    pub(super) fn evaluation_context(
        &self,
        clock: ServerClock,
        is_for_people: bool,
    ) -> EvaluationContext {
        let offset = clock.offset().map_or_else(ClockOffset::default, |by| {
            ClockOffset::default().updated(by)
        });
        if let Some(date) = clock.implausible_date() {
            let date = rfc3339(date);
            warn(&format!(
                "the API's response has an implausible date ({date}); using this computer's clock."
            ));
        }
        if let Some(notice) = offset.notice().filter(|_| is_for_people) {
            warn(&format!("{notice}; using the API's clock."));
        }
        EvaluationContext {
            now: offset.correct(self.context.service.now()),
            clock_offset: offset,
            thresholds: self.context.settings.thresholds,
        }
    }
}

/// Warns of oddities in a response that was accepted anyway.
fn warn_of<T>(fetched: &Fetched<T>) {
    for note in &fetched.notes {
        warn(&format!("{note}."));
    }
}

/// Warns of an empty list, which does not prove that there are no tokens.
pub(super) fn warn_of_none_listed() {
    warn(
        "the API lists no service tokens; a credential limited to individual tokens may not be allowed \
         to list them.",
    );
}

/// The access, if both a credential and a scope are known.
pub(super) fn access(
    identity: Option<Identity>,
    scope: Option<Scope>,
    settings: &Settings,
) -> Result<Access, Failure> {
    Ok(Access {
        identity: identity.ok_or_else(|| nothing_selected(settings))?,
        scope: scope.ok_or_else(no_scope)?,
    })
}

/// The failure without an account or a zone.
pub(super) fn no_scope() -> Failure {
    Failure::new(
        FailureKind::Usage,
        "No account or zone specified.",
        "Pass --account or --zone, set CLOUDFLARE_ACCOUNT_ID, or use a profile that has one.",
    )
}
