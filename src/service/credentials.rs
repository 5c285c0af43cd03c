//! The use-cases: look a token up, try a credential, store it, remove it.
//!
//! Not here: choosing which credential and scope are meant (`selection`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use super::lookup::{Aside, Found, matching, not_in_list};
use super::origin::{refused, without_variable};
use crate::api::{Client, Deadlines, Options};
use crate::config::paths::{Paths, no_home};
use crate::credentials::{Environment, Kept, MemoryStore, StoreError, StoreHandle};
use crate::domain::base_url::BaseUrl;
use crate::domain::clock;
use crate::domain::credential::{Access, Credential, CredentialSource, Identity, Location};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::scope::Scope;
use crate::domain::secret::Secret;
use crate::domain::token::{ServiceToken, TokenRef};

/// What there is to authenticate with, when there is nothing.
pub(super) fn no_credential() -> Failure {
    Failure::new(
        FailureKind::NoCredential,
        "There is no credential to ask the API with.",
        "Set CLOUDFLARE_API_TOKEN, or start tokenscope in a terminal and set one up.",
    )
}

/// How patient a service is.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For a whole command, or for each request of a screen.
    pub timeout: Duration,
    /// For the keyring, within that.
    pub keyring: Duration,
    /// Whether a pause that the API asks for is waited out where it fits.
    pub waits_when_limited: bool,
}

/// Hears a sentence on what stops nothing.
type OnComplaint = Box<dyn Fn(&str) + Send + Sync>;

/// The use-cases over an API client, a credential store and the files.
pub struct TokenService {
    pub(super) options: Options,
    client: OnceCell<Client>,
    on_complaint: OnceLock<OnComplaint>,
    pub(super) on_foreign_host: OnceLock<OnComplaint>,
    pub(super) store: StoreHandle,
    pub(super) environment: Environment,
    paths: Option<Paths>,
    pub(super) limits: Limits,
    /// When the command as a whole must be done.
    ends: Mutex<Option<Instant>>,
    held: Mutex<Option<Credential>>,
    /// That of the profile that was last used.
    secrets: Mutex<HashMap<String, Secret>>,
    /// The flag that overrules the environment's credential, where one was given.
    overruling: Option<&'static str>,
    /// Where the store keeps things, once it was tried out.
    tried: OnceCell<Location>,
}

impl TokenService {
    /// A service. Nothing is opened or read yet; without paths, no file ever is.
    #[must_use]
    pub fn new(
        options: Options,
        store: StoreHandle,
        environment: Environment,
        paths: Option<Paths>,
        limits: Limits,
    ) -> Self {
        Self {
            options,
            client: OnceCell::new(),
            on_complaint: OnceLock::new(),
            on_foreign_host: OnceLock::new(),
            store,
            environment,
            paths,
            limits,
            ends: Mutex::default(),
            held: Mutex::default(),
            secrets: Mutex::default(),
            overruling: None,
            tried: OnceCell::new(),
        }
    }

    /// From now on no hint tells to set a variable, since a flag overrules it: `--profile`.
    #[must_use]
    pub fn overruling_variables(mut self, flag: Option<&'static str>) -> Self {
        self.overruling = flag;
        self
    }

    /// The failure of a store that was asked for a profile, with hints that can work.
    #[must_use]
    pub fn store_failure(&self, error: StoreError, profile: &str) -> Failure {
        self.with_open_ways(error.of(profile))
    }

    /// A failure without the advice that a flag makes useless.
    #[must_use]
    pub fn with_open_ways(&self, failure: Failure) -> Failure {
        match self.overruling {
            Some(flag) => without_variable(failure, flag),
            None => failure,
        }
    }

    /// From now on everything together has the time of one request: the keyring, retries, every
    /// page and every profile.
    pub fn start_the_clock(&self) {
        let end = Instant::now() + self.limits.timeout;
        *self.ends.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
    }

    /// The same service over another server that has no stored credentials: no keyring, files,
    /// environment, proxy or extra certificates.
    #[must_use]
    pub fn for_server(&self, base_url: BaseUrl) -> Self {
        let options = Options {
            base_url,
            ca_file: None,
            use_system_proxy: false,
            ..self.options.clone()
        };
        let store = StoreHandle::start(|| Box::new(MemoryStore::default()));
        Self::new(options, store, Environment::default(), None, self.limits)
    }

    /// Where requests go.
    #[must_use]
    pub fn base_url(&self) -> &BaseUrl {
        &self.options.base_url
    }

    /// The local clock.
    #[must_use]
    pub fn clock(&self) -> fn() -> DateTime<Utc> {
        self.options.clock
    }

    /// The time by the local clock.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        (self.options.clock)()
    }

    /// Says who hears of certificates that were named and cannot be used, once.
    pub fn complain_to(&self, listener: impl Fn(&str) + Send + Sync + 'static) {
        // The first listener is as good as any.
        let _heard_before = self.on_complaint.set(Box::new(listener));
    }

    /// Keeps a credential in memory until the program ends.
    pub fn hold(&self, credential: Credential) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(credential);
    }

    /// Looks a token up: by its ID straight, by anything else in the list.
    ///
    /// # Errors
    /// Whatever kept the credential or the token from being read; `not_found` if none fits.
    pub async fn look_up(
        &self,
        access: &Access,
        token: &TokenRef,
        on_network: impl FnOnce(),
    ) -> Result<Found, Failure> {
        let credential = self.credential(&access.identity).await?;
        let patience = self.patience();
        on_network();
        let client = self.client().await?;
        let scope = &access.scope;
        let source = &access.identity.source;
        let to_failure = |error| refused(error, Some(scope), &credential, Some(source));
        if let Some(id) = token.id() {
            let answer = client
                .get_token(&credential, scope, id, patience)
                .await
                .map_err(to_failure)?;
            let tokens = vec![Arc::new(answer.value)];
            let (measured_offset, doubtful_date) = self.dated(answer.measured_offset, &tokens);
            return Ok(Found {
                tokens,
                took: answer.took,
                measured_offset,
                doubtful_date,
                aside: Aside {
                    retry_after: None,
                    notes: answer.notes,
                },
            });
        }
        let answer = client
            .list_tokens(&credential, scope, patience, &mut |_| {})
            .await
            .map_err(to_failure)?;
        let mut listed = self.listed(answer, scope);
        listed.tokens = matching(&listed.tokens, token);
        if listed.tokens.is_empty() {
            return Err(not_in_list(token, scope, listed.lack()));
        }
        if let Some(why) = &listed.incomplete {
            let note = format!("the list is incomplete, there may be another of this name: {why}");
            listed.aside.notes.push(note);
        }
        Ok(Found {
            tokens: listed.tokens,
            took: listed.took,
            measured_offset: listed.measured_offset,
            doubtful_date: listed.doubtful_date,
            aside: listed.aside,
        })
    }

    /// The offset that an answer showed, or else its date, where that cannot be right.
    pub(super) fn dated(
        &self,
        measured: Option<TimeDelta>,
        tokens: &[Arc<ServiceToken>],
    ) -> (Option<TimeDelta>, Option<DateTime<Utc>>) {
        let local = (self.options.clock)();
        let tokens = tokens.iter().map(Arc::as_ref);
        let doubtful = measured.and_then(|offset| clock::doubtful_date(offset, local, tokens));
        (measured.filter(|_| doubtful.is_none()), doubtful)
    }

    /// Tries a credential with one real read of the scope's list of tokens.
    ///
    /// # Errors
    /// Whatever kept the list from being read.
    pub async fn verify(&self, credential: &Credential, scope: &Scope) -> Result<(), Failure> {
        self.verify_from(credential, None, scope).await
    }

    /// The same of a credential from somewhere.
    pub(super) async fn verify_from(
        &self,
        credential: &Credential,
        source: Option<&CredentialSource>,
        scope: &Scope,
    ) -> Result<(), Failure> {
        let patience = self.patience();
        let answer = self
            .client()
            .await?
            .check_access(credential, scope, patience)
            .await;
        answer
            .map(drop)
            .map_err(|error| refused(error, Some(scope), credential, source))
    }

    /// How far the server's clock is ahead of ours, where the answer to the smallest question shows it.
    ///
    /// # Errors
    /// Whatever kept the credential or the answer from being read.
    pub async fn measure_clock(&self, access: &Access) -> Result<Option<TimeDelta>, Failure> {
        let patience = self.patience();
        let credential = self.credential(&access.identity).await?;
        let scope = &access.scope;
        let client = self.client().await?;
        let answer = client.check_access(&credential, scope, patience).await;
        let answer = answer.map_err(|error| error.into_failure(Some(scope)))?;
        Ok(self.dated(answer.measured_offset, &[]).0)
    }

    /// Where the credential store keeps secrets.
    pub(super) async fn location(&self) -> Result<Location, Failure> {
        Ok(self.store.location(self.limits.keyring).await?)
    }

    /// Tries the credential store out with a real write, once a run, and says where it keeps secrets.
    ///
    /// # Errors
    /// The store's failure; the next call tries again.
    pub async fn probe(&self) -> Result<Location, Failure> {
        let wait = self.limits.keyring;
        let trial = async {
            self.store.probe(wait).await?;
            self.store.location(wait).await
        };
        let trial = || async { Ok::<_, Failure>(self.ask_store(trial).await?) };
        self.tried.get_or_try_init(trial).await.cloned()
    }

    /// Removes a profile's secret, and says whether there was one.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn clear(&self, profile: &str) -> Result<bool, Failure> {
        let removed = self.remove_secret(profile).await;
        removed.map_err(|error| self.store_failure(error, profile))
    }

    pub(super) async fn remove_secret(&self, profile: &str) -> Result<bool, StoreError> {
        self.secrets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(profile);
        let wait = self.limits.keyring;
        let removing = async {
            let was_there = self.store.delete(profile, wait).await?;
            self.unbind(profile).await?;
            Ok(was_there)
        };
        self.ask_store(removing).await
    }

    /// Where a profile's secret is stored, without reading it; `None` if it has none.
    ///
    /// # Errors
    /// The store's failure, also where it does not show what it holds while it is locked.
    pub async fn stored(&self, profile: &str) -> Result<Option<Location>, Failure> {
        let (kept, location) = self.look(profile).await?;
        match kept.entries {
            Some(entries) => Ok((entries > 0).then_some(location)),
            None => Err(kept.locked.unwrap_or(StoreError::Locked).of(profile)),
        }
    }

    /// What the store shows of a profile's entry without asking anybody, and where that is.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn look(&self, profile: &str) -> Result<(Kept, Location), Failure> {
        let wait = self.limits.keyring;
        let looking = async {
            let kept = self.store.look(profile, wait).await?;
            Ok((kept, self.store.location(wait).await?))
        };
        let looked = self.ask_store(looking).await;
        looked.map_err(|error| self.store_failure(error, profile))
    }

    /// Asks the store several things within one wait, however slowly it answers each. What a person
    /// takes over the keyring's dialogue is not the command's time.
    pub(super) async fn ask_store<T>(
        &self,
        asking: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let before = self.store.asked();
        let answered = self.store.within(self.keyring_wait(), asking).await;
        let asked = self.store.asked().saturating_sub(before);
        if let Some(end) = &mut *self.ends.lock().unwrap_or_else(PoisonError::into_inner) {
            *end += asked;
        }
        match answered {
            // What is left of a command's time is not what the keyring is given.
            Err(StoreError::Unanswered(wait)) if wait < self.limits.keyring => {
                Err(StoreError::Unanswered(self.limits.keyring))
            }
            answered => answered,
        }
    }

    /// Reads a secret at most once a process and profile.
    pub(super) async fn credential(&self, identity: &Identity) -> Result<Credential, Failure> {
        let kind = identity.kind.clone();
        match &identity.source {
            CredentialSource::Environment { .. } => Ok(self
                .environment
                .credential()?
                .ok_or_else(no_credential)?
                .credential),
            CredentialSource::Session | CredentialSource::Demo => self
                .held
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone()
                .ok_or_else(no_credential),
            CredentialSource::Keyring { profile } => {
                let known = self
                    .secrets
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .get(profile)
                    .cloned();
                if let Some(secret) = known {
                    return Ok(Credential { kind, secret });
                }
                self.may_send(profile).await?;
                let secret = self.store.get(profile, self.limits.keyring);
                let secret = self.ask_store(secret).await;
                let secret = secret.map_err(|error| self.store_failure(error, profile))?;
                self.tell_of_host(profile);
                self.remember(profile, secret.clone());
                Ok(Credential { kind, secret })
            }
        }
    }

    /// The client, built off the loop, since reading the system's certificates takes milliseconds;
    /// and once, since a pipe can be read only once.
    pub(super) async fn client(&self) -> Result<&Client, Failure> {
        self.client.get_or_try_init(|| self.build_client()).await
    }

    async fn build_client(&self) -> Result<Client, Failure> {
        let options = self.options.clone();
        let reading = tokio::task::spawn_blocking(move || Client::new(&options));
        let patience = self.patience();
        let Ok(built) = timeout_at(patience.deadline, reading).await else {
            return Err(Failure::new(
                FailureKind::Timeout,
                format!(
                    "The certificates to trust were not read within {} s.",
                    patience.allowed.as_secs()
                ),
                "Check what --ca-file, SSL_CERT_FILE and SSL_CERT_DIR name.",
            ));
        };
        let client = built
            .map_err(|error| {
                Failure::new(
                    FailureKind::Network,
                    "The HTTP client could not be built.",
                    "Start tokenscope again.",
                )
                .caused_by(&error)
            })?
            .map_err(|error| error.into_failure(None))?;
        if let (Some(complaint), Some(listener)) = (client.complaint(), self.on_complaint.get()) {
            listener(complaint);
        }
        Ok(client)
    }

    /// Keeps a secret for the next request of its profile. That of another profile is dropped.
    pub(super) fn remember(&self, profile: &str, secret: Secret) {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.clear();
        secrets.insert(profile.to_owned(), secret);
    }

    fn end(&self) -> Option<Instant> {
        *self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is left of a command's time.
    pub(super) fn left(&self) -> Option<Duration> {
        let end = self.end()?;
        Some(end.saturating_duration_since(Instant::now()))
    }

    /// The keyring's time, or what is left of it.
    pub(super) fn keyring_wait(&self) -> Duration {
        let wait = self.limits.keyring;
        self.left().map_or(wait, |left| wait.min(left))
    }

    pub(super) fn patience(&self) -> Deadlines {
        Deadlines {
            allowed: self.limits.timeout,
            deadline: self
                .end()
                .unwrap_or_else(|| Instant::now() + self.limits.timeout),
            // A command has one deadline in which to wait; a screen is watched, and can be left.
            per_request: (!self.limits.waits_when_limited).then_some(self.limits.timeout),
            waits_when_limited: self.limits.waits_when_limited,
        }
    }

    pub(super) fn paths(&self) -> Result<&Paths, Failure> {
        // The demo offers nothing that keeps anything.
        self.paths.as_ref().ok_or_else(no_home)
    }
}
