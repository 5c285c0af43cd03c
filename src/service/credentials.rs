//! Credentials and profiles: which one is selected, how its secret is read and stored, which host may
//! receive it, and how a profile is stored together with its secret.

use super::token_service::TokenService;
use crate::config::settings::{self, PreparedWrite};
use crate::credentials::{Environment, Provider, STORE_NAME, StoreError, StoredEntries};
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

/// A profile that was removed.
#[derive(Debug, Clone, PartialEq)]
pub struct Removed {
    /// The settings after the removal.
    pub settings: Settings,
    /// Why its secret may still exist, if the keyring could not be reached.
    pub unreached: Option<Failure>,
}

/// Why a profile was not stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NotSaved {
    pub failure: Failure,
    /// Whether another attempt may succeed, because the keyring waits for the user.
    pub may_pass: bool,
}

impl From<Failure> for NotSaved {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            may_pass: false,
        }
    }
}

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
    let known = |name: &String| settings.profile(name).ok_or_else(|| no_such_profile(name));
    let named = request.profile.as_ref().map(known).transpose()?;
    let default = settings.profile(&settings.default_profile);
    let from_environment = match named {
        Some(_) => None,
        None => environment.credential()?,
    };
    let mut selected = if let Some((Credential { kind, .. }, variable)) = from_environment {
        let source = CredentialSource::Environment { variable };
        ActiveCredential {
            identity: Some(Identity { source, kind }),
            ..ActiveCredential::default()
        }
    } else {
        let profile = named.or(default);
        profile.map(ActiveCredential::of).unwrap_or_default()
    };
    (selected.scope, selected.scope_origin) = select_scope(request, named, environment, default)?;
    Ok(selected)
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
pub fn nothing_selected(settings: &Settings) -> Failure {
    no_default(settings).unwrap_or_else(no_credential)
}

/// The failure if there are profiles, but not the default one.
pub fn no_default(settings: &Settings) -> Option<Failure> {
    let name = &settings.default_profile;
    if settings.profiles.is_empty() || settings.profile(name).is_some() {
        return None;
    }
    let mut names = settings.profiles.iter().map(|it| it.name.as_str());
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
            // Read again: the state of the screens holds no secret.
            CredentialSource::Environment { .. } => {
                let found = self.environment.credential()?.ok_or_else(no_credential)?;
                Ok(found.0)
            }
            CredentialSource::Session | CredentialSource::Demo => {
                locked(&self.held).clone().ok_or_else(no_credential)
            }
            CredentialSource::Keyring { profile } => {
                let known = locked(&self.secret).clone();
                if let Some((_, secret)) = known.filter(|(of, _)| of == profile) {
                    return Ok(Credential { kind, secret });
                }
                self.check_binding(profile).await?;
                let secret = self.ask_store(self.store.get(profile)).await;
                let secret = secret.map_err(|error| self.store_failure(error, profile))?;
                self.tell_of_foreign_host("the stored secret", profile);
                self.remember(profile, secret.clone());
                Ok(Credential { kind, secret })
            }
            CredentialSource::Command { profile } => {
                // Requests at the same time share one run, and later ones its secret. After a failure, the
                // next request runs the command again.
                let secret = self.printed.get(profile, || self.run_of(profile)).await?;
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
        *locked(&self.secret) = Some((profile.to_owned(), secret));
    }

    /// Where requests go.
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
        let profile = self.profile_now(name)?;
        if let Some(failure) = profile.binding_failure(self.target()) {
            return Err(self.with_applicable_hint(failure));
        }
        let Some(wanted) = recorded(&profile.base_url) else {
            return Ok(());
        };
        let kept = self.ask_store(self.store.binding(name)).await;
        if kept.map_err(|error| self.store_failure(error, name))? == Some(wanted) {
            return Ok(());
        }
        Err(self.with_applicable_hint(profile.unconfirmed_binding()))
    }

    /// Reads the profile again, since another instance may have changed it. A secret without a
    /// profile is bound to Cloudflare.
    fn profile_now(&self, name: &str) -> Result<Profile, Failure> {
        let profile = self.settings()?.profile(name).cloned();
        Ok(profile.unwrap_or_else(|| Profile {
            name: name.to_owned(),
            kind: CredentialKind::ApiToken,
            scope: None,
            scope_name: None,
            base_url: BaseUrl::default(),
            command: None,
        }))
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
    /// The store's failure; `usage` for a profile whose credential comes from a command.
    pub async fn clear(&self, profile: &str) -> Result<bool, Failure> {
        self.refuse_to_store(profile)?;
        let removed = self.remove_secret(profile).await;
        removed.map_err(|error| self.store_failure(error, profile))
    }

    pub(super) async fn remove_secret(&self, profile: &str) -> Result<bool, StoreError> {
        locked(&self.secret).take_if(|(of, _)| of == profile);
        let removing = async {
            let was_there = self.store.delete(profile).await?;
            self.store.bind(profile, None).await?;
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
        let Some(entries) = kept.count else {
            let locked = kept.locked.unwrap_or(StoreError::Locked(Provider::Other));
            return Err(self.store_failure(locked, profile));
        };
        Ok((entries > 0).then_some(location))
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
    pub fn store_failure(&self, error: StoreError, profile: &str) -> Failure {
        self.with_applicable_hint(error.for_profile(profile))
    }

    /// Replaces advice to set a variable that a flag overrides.
    pub fn with_applicable_hint(&self, mut failure: Failure) -> Failure {
        if let (Some(flag), Some(alternative)) =
            (self.overriding_flag, &mut failure.hint.alternative)
        {
            *alternative = Alternative::LeaveOut(flag);
        }
        failure
    }

    /// Reads the settings from the file.
    ///
    /// # Errors
    /// The file's failure.
    pub fn settings(&self) -> Result<Settings, Failure> {
        Ok(settings::load(self.paths()?)?.settings)
    }

    /// Makes a profile the default. Returns the new settings.
    ///
    /// # Errors
    /// `usage` if there is no such profile, otherwise the file's failure.
    pub fn use_profile(&self, name: &str) -> Result<Settings, Failure> {
        settings::set_default_profile(self.paths()?, name)
    }

    /// Writes the name of a profile's account or zone, if the profile still has that scope. Returns the
    /// new settings.
    ///
    /// # Errors
    /// The file's failure.
    pub fn name_scope(
        &self,
        profile: &str,
        scope: &Scope,
        scope_name: String,
    ) -> Result<Settings, Failure> {
        let settings = self.settings()?;
        let known = settings.profile(profile);
        let Some(known) = known.filter(|known| known.scope.as_ref() == Some(scope)) else {
            return Ok(settings);
        };
        let named = Profile {
            scope_name: Some(scope_name),
            ..known.clone()
        };
        settings::save_profile(self.paths()?, &named)
    }

    /// Writes a profile and keeps its secret. Returns the new settings and where the secret is stored;
    /// `None` if a command prints it.
    ///
    /// # Errors
    /// The file's failure.
    pub async fn change_profile(
        &self,
        profile: &Profile,
    ) -> Result<(Settings, Option<Location>), Failure> {
        let known = self.settings()?;
        let location = match known.command_of(&profile.name) {
            Some(_) => None,
            None => Some(self.ask_store(self.store.location()).await?),
        };
        let known = known.profile(&profile.name);
        let profile = Profile {
            // The secret stays, and so does the address that it is bound to.
            base_url: known.map(|it| it.base_url.clone()).unwrap_or_default(),
            ..profile.clone()
        };
        Ok((settings::save_profile(self.paths()?, &profile)?, location))
    }

    /// Removes a profile: first its secret from the store, then the profile from the file, so that no
    /// secret is left without a name. Without any keyring in this session, the profile is removed
    /// nevertheless.
    ///
    /// # Errors
    /// The failure of a keyring that does not remove the secret, or of the file. The profile then stays.
    pub async fn remove_profile(&self, name: &str) -> Result<Removed, Failure> {
        let paths = self.paths()?;
        let removed = match self.settings()?.command_of(name) {
            // The keyring does not have it.
            Some(_) => Ok(false),
            None => self.remove_secret(name).await,
        };
        let unreached = match removed {
            Ok(_) => None,
            Err(error) if error.is_absent() => Some(Failure {
                hint: format!(
                    "If the secret of {name} is in a keyring that another session can reach, remove \
                     it there with `tokenscope auth clear --profile {name}`."
                )
                .into(),
                // The one of the error is about a credential to use.
                hint_on_screen: None,
                ..error.into()
            }),
            Err(error) => return Err(self.store_failure(error, name)),
        };
        Ok(Removed {
            settings: settings::remove_profile(paths, name)?,
            unreached,
        })
    }

    /// Stores a secret, reads it back, then writes its profile. Returns the new settings and where the
    /// secret is stored.
    ///
    /// # Errors
    /// The store's or the file's failure.
    pub async fn save(
        &self,
        profile: &Profile,
        credential: &Credential,
    ) -> Result<(Settings, Location), NotSaved> {
        self.refuse_to_store(&profile.name)?;
        let profile = &Profile {
            base_url: self.options.base_url.clone(),
            ..profile.clone()
        };
        // The file first: no secret must be stored without a profile. `prepared` holds the lock over both.
        let prepared = self.prepare(profile).await?;
        let location = self.keep(profile, credential, &prepared).await?;
        Ok((prepared.settings, location))
    }

    /// Waits for the lock on another thread.
    async fn prepare(&self, profile: &Profile) -> Result<PreparedWrite, Failure> {
        let (paths, profile) = (self.paths()?.clone(), profile.clone());
        // The keyring needs time too.
        let wait = self.remaining().unwrap_or(self.deadlines().timeout) / 3;
        let preparing = move || settings::prepare_profile(&paths, &profile, wait);
        let prepared = tokio::task::spawn_blocking(preparing).await;
        prepared.unwrap_or_else(|error| {
            Err(Failure::new(
                FailureKind::Config,
                "The profile could not be prepared.",
                "Start tokenscope again.",
            )
            .caused_by(&error))
        })
    }

    /// Stores the secret and writes the profile. If the latter fails or is cancelled, removes the secret
    /// again.
    async fn keep(
        &self,
        profile: &Profile,
        credential: &Credential,
        prepared: &PreparedWrite,
    ) -> Result<Location, NotSaved> {
        let wait = self.deadlines().keyring;
        let (name, secret) = (&profile.name, &credential.secret);
        let failed = |error: StoreError| NotSaved {
            may_pass: error.is_retryable(),
            failure: self.store_failure(error, name),
        };
        let before = self.before(name, prepared).await.map_err(failed)?;
        let keeping = async {
            // Unbound first, so that a failure half-way leaves a secret that is sent only to
            // Cloudflare.
            self.store.bind(name, None).await?;
            let undo = self.store.set(name, secret, before).await?;
            let kept = self.store.get(name).await;
            let address = recorded(&self.options.base_url);
            if address.is_some() {
                self.store.bind(name, address).await?;
            }
            Ok((undo, kept))
        };
        let (undo, kept) = self.ask_store(keeping).await.map_err(|error| {
            let may_have_stored = error.may_have_stored();
            let mut not_saved = failed(error);
            if may_have_stored {
                not_saved.failure.hint.add(&format!(
                    "The keyring may have stored the secret anyway: check with `tokenscope auth \
                     status --profile {name}`."
                ));
            }
            not_saved
        })?;
        let written = match kept {
            Ok(kept) if kept == *secret => prepared.write().map_err(NotSaved::from),
            Ok(_) => {
                undo.keep();
                return Err(another(name).into());
            }
            Err(StoreError::Missing) => {
                undo.keep();
                return Err(failed(StoreError::NotReturned));
            }
            Err(error) => Err(failed(error)),
        };
        if let Err(mut not_saved) = written {
            if undo.undo(wait).await.is_err() {
                not_saved.failure.hint.add(&format!(
                    "The secret is in the keyring: remove it with `tokenscope auth clear --profile \
                     {name}`."
                ));
            }
            return Err(not_saved);
        }
        undo.keep();
        self.remember(name, secret.clone());
        // The secret is stored, even if the service is too slow to say where.
        let location = self.ask_store(self.store.location()).await;
        Ok(location.unwrap_or_else(|_| Location::new(STORE_NAME)))
    }

    /// The secret stored for a profile before the change, to be restored if the profile cannot be written.
    async fn before(
        &self,
        name: &str,
        prepared: &PreparedWrite,
    ) -> Result<Option<Secret>, StoreError> {
        if !prepared.is_a_change() {
            return Ok(None);
        }
        match self.ask_store(self.store.get(name)).await {
            Ok(secret) => Ok(Some(secret)),
            // No usable secret is lost.
            Err(
                StoreError::Missing
                | StoreError::Ambiguous(_)
                | StoreError::NotText
                | StoreError::Unusable(_)
                // On macOS an entry of another program can be replaced, but not read.
                | StoreError::Denied,
            ) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The address to record in the store: neither Cloudflare's, which is the default, nor a loopback address.
fn recorded(base_url: &BaseUrl) -> Option<String> {
    let is_foreign = !base_url.is_default() && !base_url.is_loopback();
    is_foreign.then(|| base_url.to_string())
}

/// The failure if the store returns another secret than the one just stored.
fn another(name: &str) -> Failure {
    Failure::new(
        FailureKind::Keyring,
        "The keyring accepted the secret but returned a different one.",
        format!(
            "Another program stored one for {name} at the same moment. Decide which one is correct, and store it again with `tokenscope auth set --profile {name}`."
        ),
    )
}
