//! Credentials: which one is selected, how its secret is read and stored, and which host may receive it.

use super::token_service::TokenService;
use crate::config::settings;
use crate::credentials::{Environment, StoreError, StoredEntries};
use crate::domain::credential::{
    ActiveCredential, Credential, CredentialKind, CredentialRef, CredentialSource, Identity,
    Location, Secret,
};
use crate::domain::failure::{Alternative, Failure, FailureKind};
use crate::domain::profile::{Profile, Settings, Target, no_such_profile};
use crate::domain::redaction;
use crate::domain::scope::{BaseUrl, Scope, ScopeKind};
use crate::domain::sync::locked;

/// Maximum number of profiles that a sentence names.
const MOST_NAMED: usize = 8;

/// The credential and scope requested on the command line.
#[derive(Debug, Clone, Default)]
pub struct CredentialRequest {
    pub profile: Option<String>,
    pub scope: Option<Scope>,
    /// Prefer the account if the environment sets account and zone. A user can correct a screen, but not
    /// a command.
    pub prefers_account: bool,
}

/// Selects the credential and, independently, the scope: from the command line, the environment, or the
/// default profile.
///
/// # Errors
/// [`Failure`], if the profile does not exist or environment variables contradict each other.
pub fn select(
    request: &CredentialRequest,
    environment: &Environment,
    settings: &Settings,
) -> Result<ActiveCredential, Failure> {
    let named = match &request.profile {
        Some(name) => Some(
            settings
                .profile(name)
                .ok_or_else(|| no_such_profile(name))?,
        ),
        None => None,
    };
    let default = settings.profile(&settings.default_profile);
    let from_environment = match named {
        Some(_) => None,
        None => environment.credential()?,
    };
    let (identity, profile) = if let Some(found) = from_environment {
        let source = CredentialSource::Environment {
            variable: found.variable,
        };
        let kind = found.credential.kind;
        (Some(Identity { source, kind }), None)
    } else {
        let profile = named.or(default);
        (profile.map(Identity::of), profile.map(|it| it.name.clone()))
    };
    let (scope, scope_origin) = select_scope(request, named, environment, default)?;
    Ok(ActiveCredential {
        identity,
        profile,
        scope,
        scope_origin,
    })
}

fn select_scope(
    request: &CredentialRequest,
    named: Option<&Profile>,
    environment: &Environment,
    default: Option<&Profile>,
) -> Result<(Option<Scope>, String), Failure> {
    let of = |profile: &Profile| {
        Some((
            Some(profile.scope.clone()?),
            format!("profile {}", profile.name),
        ))
    };
    if let Some(scope) = &request.scope {
        return Ok((Some(scope.clone()), format!("--{}", scope.kind().word())));
    }
    if let Some(found) = named.and_then(of) {
        return Ok(found);
    }
    let from_environment = match environment.scope_of(ScopeKind::Account)? {
        Some(account) if request.prefers_account => Some(account),
        _ => environment.scope()?,
    };
    if let Some((scope, variable)) = from_environment {
        return Ok((Some(scope), variable.to_owned()));
    }
    Ok(default.and_then(of).unwrap_or_default())
}

/// The failure if [`select`] found no credential.
#[must_use]
pub fn nothing_selected(settings: &Settings) -> Failure {
    no_default(settings).unwrap_or_else(no_credential)
}

/// The failure if there are profiles, but not the default one.
#[must_use]
pub fn no_default(settings: &Settings) -> Option<Failure> {
    let name = &settings.default_profile;
    if settings.profiles.is_empty() || settings.profile(name).is_some() {
        return None;
    }
    let mut names = settings
        .profiles
        .iter()
        .map(|profile| profile.name.as_str());
    let mut known: Vec<&str> = names.by_ref().take(MOST_NAMED).collect();
    if names.next().is_some() {
        known.push("others");
    }
    Some(Failure::new(
        FailureKind::NoCredential,
        format!(
            "The default profile, {}, does not exist; existing profiles: {}.",
            redaction::quoted(name),
            known.join(", ")
        ),
        "Name one with --profile, or make one the default with `tokenscope profile use NAME`.",
    ))
}

fn no_credential() -> Failure {
    Failure::new(
        FailureKind::NoCredential,
        "No credential for the API was found.",
        "Set CLOUDFLARE_API_TOKEN, or start tokenscope in a terminal and set one up.",
    )
}

impl TokenService {
    /// Keeps a credential in memory until the program ends.
    pub fn hold(&self, credential: Credential) {
        *locked(&self.held) = Some(credential);
    }

    /// Reads a secret, at most once for each profile in use.
    pub(super) async fn credential(&self, identity: &Identity) -> Result<Credential, Failure> {
        let kind = identity.kind.clone();
        match &identity.source {
            CredentialSource::Environment { .. } => Ok(self
                .environment
                .credential()?
                .ok_or_else(no_credential)?
                .credential),
            CredentialSource::Session | CredentialSource::Demo => {
                locked(&self.held).clone().ok_or_else(no_credential)
            }
            CredentialSource::Keyring { profile } => {
                let known = locked(&self.secrets).get(profile).cloned();
                if let Some(secret) = known {
                    return Ok(Credential { kind, secret });
                }
                self.check_binding(profile).await?;
                let secret = self.store.get(profile);
                let secret = self.ask_store(secret).await;
                let secret = secret.map_err(|error| self.store_failure(error, profile))?;
                let host = self.options.base_url.foreign_host();
                if let (Some(host), Some(listener)) = (host, self.on_foreign_host.get()) {
                    listener(&format!(
                        "the stored secret of {profile} is sent to {host}."
                    ));
                }
                self.remember(profile, secret.clone());
                Ok(Credential { kind, secret })
            }
        }
    }

    /// The credential to send, typed in or stored.
    pub(super) async fn credential_of(
        &self,
        credential: &CredentialRef,
    ) -> Result<Credential, Failure> {
        match credential {
            CredentialRef::Credential(credential) => Ok(credential.clone()),
            CredentialRef::Identity(identity) => self.credential(identity).await,
        }
    }

    /// Keeps the secret of one profile for its next request, and drops that of any other.
    pub(super) fn remember(&self, profile: &str, secret: Secret) {
        let mut secrets = locked(&self.secrets);
        secrets.clear();
        secrets.insert(profile.to_owned(), secret);
    }

    /// Where requests go.
    #[must_use]
    pub fn target(&self) -> Target<'_> {
        let set = self.environment.base_url().ok().flatten();
        Target {
            base_url: &self.options.base_url,
            variable: set.map(|(_, variable)| variable),
        }
    }

    /// Checks, without reading the secret of a profile, that requests go to the address it was stored for.
    ///
    /// `config.toml` alone does not prove that: `TOKENSCOPE_HOME` may name a file that came with a
    /// repository. For any host but Cloudflare's, the store must have recorded the same address.
    ///
    /// # Errors
    /// A [`Failure`] of kind `usage` that names both addresses, or the store's failure.
    pub async fn check_binding(&self, name: &str) -> Result<(), Failure> {
        let profile = self.profile_now(name).await?;
        if let Some(failure) = profile.binding_failure(self.target()) {
            return Err(self.with_applicable_hint(failure));
        }
        let Some(wanted) = recorded(&profile.base_url) else {
            return Ok(());
        };
        let asking = self.store.binding(name);
        match self
            .ask_store(asking)
            .await
            .map_err(|error| self.store_failure(error, name))?
        {
            Some(kept) if kept == wanted => Ok(()),
            _ => Err(self.with_applicable_hint(profile.unconfirmed_binding())),
        }
    }

    /// Reads the profile again, since another instance may have changed it. A secret without a
    /// profile is bound to Cloudflare.
    async fn profile_now(&self, name: &str) -> Result<Profile, Failure> {
        let paths = self.paths()?.clone();
        let loading = tokio::task::spawn_blocking(move || settings::load(&paths)).await;
        let loaded = loading.unwrap_or_else(|_| Ok(settings::LoadedSettings::default()))?;
        let profile = loaded.settings.profile(name).cloned();
        Ok(profile.unwrap_or_else(|| Profile {
            name: name.to_owned(),
            kind: CredentialKind::ApiToken,
            scope: None,
            base_url: BaseUrl::default(),
        }))
    }

    /// Removes the recorded address of a profile's secret. Done before the secret changes, so that a
    /// failure half-way leaves one that is sent only to Cloudflare.
    pub(super) async fn unbind(&self, name: &str) -> Result<(), StoreError> {
        self.store.bind(name, None).await
    }

    /// Records that the secret of a profile is for the current address.
    pub(super) async fn bind(&self, name: &str) -> Result<(), StoreError> {
        match recorded(&self.options.base_url) {
            None => Ok(()),
            kept => self.store.bind(name, kept).await,
        }
    }

    /// Tests the credential store with a real write, once a run, and returns where it keeps secrets.
    ///
    /// # Errors
    /// The store's failure. The next call tries again.
    pub async fn probe(&self) -> Result<Location, Failure> {
        let trial = async {
            self.store.probe().await?;
            self.store.location().await
        };
        let trial = || async { Ok::<_, Failure>(self.ask_store(trial).await?) };
        self.probed_location.get_or_try_init(trial).await.cloned()
    }

    /// Removes a profile's secret. Returns whether there was one.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn clear(&self, profile: &str) -> Result<bool, Failure> {
        let removed = self.remove_secret(profile).await;
        removed.map_err(|error| self.store_failure(error, profile))
    }

    pub(super) async fn remove_secret(&self, profile: &str) -> Result<bool, StoreError> {
        locked(&self.secrets).remove(profile);
        let removing = async {
            let was_there = self.store.delete(profile).await?;
            self.unbind(profile).await?;
            Ok(was_there)
        };
        self.ask_store(removing).await
    }

    /// Where a profile's secret is stored, without reading it; `None` if it has none.
    ///
    /// # Errors
    /// The store's failure, also if it is locked and does not show its entries.
    pub async fn stored(&self, profile: &str) -> Result<Option<Location>, Failure> {
        let (kept, location) = self.look(profile).await?;
        match kept.count {
            Some(entries) => Ok((entries > 0).then_some(location)),
            None => Err(kept
                .locked
                .unwrap_or(StoreError::Locked)
                .for_profile(profile)),
        }
    }

    /// The parts of a profile's entry that the store shows without prompting, and their location.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn look(&self, profile: &str) -> Result<(StoredEntries, Location), Failure> {
        let looking = async {
            let kept = self.store.find(profile).await?;
            Ok((kept, self.store.location().await?))
        };
        let looked = self.ask_store(looking).await;
        looked.map_err(|error| self.store_failure(error, profile))
    }

    /// Runs several calls to the store within one timeout. Time that a user spends on the keyring's dialog
    /// does not count towards the command's.
    pub(super) async fn ask_store<T>(
        &self,
        asking: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let before = self.store.time_in_prompts();
        let wait = self.deadlines().keyring;
        let left = self.remaining().map_or(wait, |left| wait.min(left));
        let answered = self.store.within(left, asking).await;
        let asked = self.store.time_in_prompts().saturating_sub(before);
        if let Some(end) = &mut locked(&self.deadlines).end {
            *end += asked;
        }
        match answered {
            // Report the keyring's timeout, not the rest of a command's time.
            Err(StoreError::Unanswered(shorter)) if shorter < wait => {
                Err(StoreError::Unanswered(wait))
            }
            answered => answered,
        }
    }

    /// The failure of a store, with hints that apply to this run.
    #[must_use]
    pub fn store_failure(&self, error: StoreError, profile: &str) -> Failure {
        self.with_applicable_hint(error.for_profile(profile))
    }

    /// Replaces advice to set a variable that a flag overrides.
    #[must_use]
    pub fn with_applicable_hint(&self, mut failure: Failure) -> Failure {
        if let (Some(flag), Some(alternative)) =
            (self.overriding_flag, &mut failure.hint.alternative)
        {
            *alternative = Alternative::LeaveOut(flag);
        }
        failure
    }
}

/// The address to record in the store: neither Cloudflare's, which is the default, nor a loopback address.
fn recorded(base_url: &BaseUrl) -> Option<String> {
    let is_foreign = !base_url.is_default() && !base_url.is_loopback();
    is_foreign.then(|| base_url.to_string())
}
