//! What every command starts from, and the way from there to the API or the demo.
//!
//! Not here: what any command does.

use std::sync::OnceLock;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;

use super::error_report::{explain, warn};
use super::output::rfc3339;
use super::output::table::Style;
use super::output_style;
use super::progress::Progress;
use crate::api::{BaseUrl, Options, Page};
use crate::credentials::{Environment, MemoryStore, StoreHandle};
use crate::demo::Demo;
use crate::domain::clock::ClockOffset;
use crate::domain::credential::{Access, ActiveCredential, CredentialSource, Identity};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::profile::Settings;
use crate::domain::scope::Scope;
use crate::domain::status::EvaluationContext;
use crate::domain::token::TokenRef;
use crate::service::{Aside, Found, Limits, Listed, TokenService, nothing_selected};

/// Everything a command starts from.
pub struct Desk {
    /// The use-cases.
    pub service: TokenService,
    /// The credential and scope in use.
    pub selection: ActiveCredential,
    /// What the user set.
    pub settings: Settings,
    /// The variables that matter.
    pub environment: Environment,
    /// The profile named on the command line.
    pub profile: Option<String>,
    /// The scope named on the command line.
    pub scope: Option<Scope>,
    /// What the demo's client is made of, its address aside.
    pub options: Options,
    /// How patient it is.
    pub limits: Limits,
    /// Whether the embedded demo is asked.
    pub is_demo: bool,
    /// How tables look.
    pub style: Style,
}

impl Desk {
    /// Whether the stored secret of a profile may go where requests go; if not, that is said.
    pub(super) fn may_use(&self, profile: &str) -> bool {
        let known = self.settings.profile(profile);
        let kept = known.and_then(|profile| profile.is_kept_from(self.service.target()));
        let is_kept = kept.is_some();
        let kept = kept.map(|failure| self.service.with_open_ways(failure));
        kept.iter().for_each(explain);
        !is_kept
    }
}

/// Where questions go: the API or the demo, whose server lives as long as this.
pub(super) struct Reach {
    pub(super) service: TokenService,
    pub(super) scope: Option<Scope>,
    pub(super) style: Style,
    identity: Option<Identity>,
    options: Options,
    settings: Settings,
    /// Whether the terminal understands no escape sequences.
    is_dumb: bool,
    /// The date of an answer that cannot be right.
    doubtful_date: OnceLock<DateTime<Utc>>,
    _demo: Option<Demo>,
}

impl Reach {
    /// Sets it up; the API is not asked yet.
    pub(super) async fn new(desk: Desk) -> Result<Self, Failure> {
        if desk.is_demo {
            return Self::demo(desk).await;
        }
        Ok(Self {
            identity: desk.selection.identity,
            service: desk.service,
            scope: desk.selection.scope,
            style: desk.style,
            options: desk.options,
            settings: desk.settings,
            is_dumb: output_style::is_dumb(&desk.environment),
            doubtful_date: OnceLock::new(),
            _demo: None,
        })
    }

    async fn demo(desk: Desk) -> Result<Self, Failure> {
        let cannot = |cause: String| {
            Failure::new(
                FailureKind::Network,
                "The demo's server could not be started on loopback.",
                "Check that programs may listen on 127.0.0.1.",
            )
            .caused_by(&cause)
        };
        let server = Demo::start((desk.options.clock)())
            .await
            .map_err(|error| cannot(error.to_string()))?;
        let base_url =
            BaseUrl::parse(&server.base_url).map_err(|error| cannot(error.to_string()))?;
        let options = Options {
            base_url,
            ca_file: None,
            use_system_proxy: false,
            ..desk.options
        };
        let store = StoreHandle::start(|| Box::new(MemoryStore::default()));
        let environment = Environment::default();
        let service = TokenService::new(options.clone(), store, environment, None, desk.limits);
        service.start_the_clock();
        service.hold(server.credential.clone());
        Ok(Self {
            service,
            identity: Some(Identity {
                source: CredentialSource::Demo,
                kind: server.credential.kind.clone(),
            }),
            scope: desk.selection.scope.or_else(|| Some(server.scope.clone())),
            style: desk.style,
            options,
            settings: desk.settings,
            is_dumb: output_style::is_dumb(&desk.environment),
            doubtful_date: OnceLock::new(),
            _demo: Some(server),
        })
    }

    /// The access to a scope; a scope that a token's URL names wins.
    pub(super) fn access(&self, named: Option<&Scope>) -> Result<Access, Failure> {
        let scope = named.or(self.scope.as_ref()).cloned();
        access(self.identity.clone(), scope, &self.settings)
    }

    /// Lists a scope's tokens, and says how far it is where that takes long.
    pub(super) async fn list(&self, access: &Access) -> Result<Listed, Failure> {
        let progress = Progress::new(self.is_dumb);
        let mut count = |page: Page<'_>| progress.count(page.received, page.total);
        let listing = self.service.list(access, || progress.network(), &mut count);
        let listed = progress.beside(listing).await?;
        self.note(listed.doubtful_date);
        tell(&listed.aside);
        Ok(listed)
    }

    /// Lists the tokens of several scopes at once, each with its own answer.
    pub(super) async fn list_all(
        &self,
        accesses: &[Result<Access, Failure>],
    ) -> Vec<Result<Listed, Failure>> {
        let progress = &Progress::new(self.is_dumb);
        let one = |access: &Result<Access, Failure>| {
            let access = access.clone();
            async move {
                let on_network = || progress.network();
                let listed = self.service.list(&access?, on_network, &mut |_| {}).await?;
                self.note(listed.doubtful_date);
                Ok(listed)
            }
        };
        let all = join_all(accesses.iter().map(one));
        let answers = progress.beside(all).await;
        answers
            .iter()
            .flatten()
            .for_each(|listed| tell(&listed.aside));
        answers
    }

    /// Looks a token up, and says how far it is where that takes long.
    pub(super) async fn look_up(
        &self,
        access: &Access,
        token: &TokenRef,
    ) -> Result<Found, Failure> {
        let progress = Progress::new(self.is_dumb);
        let looking = self.service.look_up(access, token, || progress.network());
        let found = progress.beside(looking).await?;
        self.note(found.doubtful_date);
        tell(&found.aside);
        Ok(found)
    }

    fn note(&self, doubtful_date: Option<DateTime<Utc>>) {
        if let Some(date) = doubtful_date {
            // The first one is as good as any.
            let _noted_before = self.doubtful_date.set(date);
        }
    }

    /// What to judge by, once an answer has shown what time the server has. Says so where its date
    /// is not believed, and to people also where the local clock is off.
    pub(super) fn evaluation_context(
        &self,
        measured: Option<TimeDelta>,
        is_for_people: bool,
    ) -> EvaluationContext {
        let offset = measured.map_or_else(ClockOffset::default, |measured| {
            ClockOffset::default().updated(measured)
        });
        if let Some(date) = self.doubtful_date.get() {
            let date = rfc3339(*date);
            warn(&format!(
                "the API's answer is dated {date}, which cannot be right; this computer's clock is used."
            ));
        }
        if let Some(notice) = offset.notice().filter(|_| is_for_people) {
            warn(&format!("{notice}; the API's clock is used."));
        }
        EvaluationContext {
            now: offset.correct((self.options.clock)()),
            clock_offset: offset,
            thresholds: self.settings.thresholds,
        }
    }
}

/// Says what is odd about an answer that was taken nevertheless.
fn tell(aside: &Aside) {
    for note in &aside.notes {
        warn(&format!("{note}."));
    }
}

/// What to ask with, if it is complete.
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

/// What to say where neither an account nor a zone is named.
pub(super) fn no_scope() -> Failure {
    Failure::new(
        FailureKind::Usage,
        "No account or zone is named.",
        "Give --account or --zone, set CLOUDFLARE_ACCOUNT_ID, or use a profile that has one.",
    )
}
