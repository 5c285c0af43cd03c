//! Profiles: which ones exist, which is the default, and storing one together with its secret.

use super::token_service::TokenService;
use crate::config::settings::{self, PreparedWrite};
use crate::credentials::{STORE_NAME, StoreError};
use crate::domain::credential::{Credential, Location, Secret};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::profile::{Profile, Settings};
use crate::domain::scope::BaseUrl;

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

impl TokenService {
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
        let paths = self.paths()?;
        settings::set_default_profile(paths, name)?;
        Ok(settings::load(paths)?.settings)
    }

    /// Writes a profile and keeps its secret. Returns the new settings and where the secret is stored.
    ///
    /// # Errors
    /// The file's failure.
    pub async fn change_profile(&self, profile: &Profile) -> Result<(Settings, Location), Failure> {
        let location = self.ask_store(self.store.location()).await?;
        let paths = self.paths()?;
        // The secret stays, and so does the address that it is bound to.
        let known = settings::load(paths)?.settings;
        let base_url = match known.profile(&profile.name) {
            Some(kept) => kept.base_url.clone(),
            None => BaseUrl::default(),
        };
        let profile = Profile {
            base_url,
            ..profile.clone()
        };
        settings::save_profile(paths, &profile)?;
        Ok((settings::load(paths)?.settings, location))
    }

    /// Removes a profile: first its secret from the store, then the profile from the file, so that no
    /// secret is left without a name. Without any keyring in this session, the profile is removed
    /// nevertheless.
    ///
    /// # Errors
    /// The failure of a keyring that does not remove the secret, or of the file. The profile then stays.
    pub async fn remove_profile(&self, name: &str) -> Result<Removed, Failure> {
        let paths = self.paths()?;
        let unreached = match self.remove_secret(name).await {
            Ok(_) => None,
            Err(error) if error.is_absent() => Some(left_elsewhere(name, error.into())),
            Err(error) => return Err(self.store_failure(error, name)),
        };
        settings::remove_profile(paths, name)?;
        let settings = settings::load(paths)?.settings;
        Ok(Removed {
            settings,
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
    ) -> Result<(Settings, Location), Failure> {
        let saved = self.try_to_save(profile, credential).await;
        saved.map_err(|not_saved| not_saved.failure)
    }

    /// Does the same, and tells whether another attempt may succeed.
    ///
    /// # Errors
    /// The store's or the file's failure.
    pub async fn try_to_save(
        &self,
        profile: &Profile,
        credential: &Credential,
    ) -> Result<(Settings, Location), NotSaved> {
        let paths = self.paths()?;
        let profile = &Profile {
            base_url: self.options.base_url.clone(),
            ..profile.clone()
        };
        // The file first: no secret must be stored without a profile. `prepared` holds the lock over both.
        let prepared = self.prepare(profile).await?;
        let location = self.keep(profile, credential, &prepared).await?;
        Ok((settings::load(paths)?.settings, location))
    }

    /// Waits for the lock on another thread.
    async fn prepare(&self, profile: &Profile) -> Result<PreparedWrite, Failure> {
        let (paths, profile) = (self.paths()?.clone(), profile.clone());
        // The keyring needs time too.
        let wait = self.remaining().unwrap_or(self.deadlines().timeout) / 3;
        let preparing = move || settings::prepare_profile(&paths, &profile, wait);
        match tokio::task::spawn_blocking(preparing).await {
            Ok(prepared) => prepared,
            Err(error) => Err(Failure::new(
                FailureKind::Config,
                "The profile could not be prepared.",
                "Start tokenscope again.",
            )
            .caused_by(&error)),
        }
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
            self.unbind(name).await?;
            let undo = self.store.set(name, secret, before);
            let undo = undo.await?;
            let kept = self.store.get(name).await;
            self.bind(name).await?;
            Ok((undo, kept))
        };
        let (undo, kept) = self.ask_store(keeping).await.map_err(|error| NotSaved {
            failure: perhaps_kept(&error, self.store_failure(error.clone(), name), name),
            ..failed(error)
        })?;
        match kept {
            Ok(kept) if kept == *secret => {}
            Ok(_) => {
                undo.keep();
                return Err(another(name).into());
            }
            Err(StoreError::Missing) => {
                undo.keep();
                return Err(Failure::from(StoreError::NotReturned).into());
            }
            Err(error) => {
                let failure = self.store_failure(error.clone(), name);
                let is_left = undo.undo(wait).await.is_err();
                return Err(NotSaved {
                    failure: if is_left {
                        left(failure, name)
                    } else {
                        failure
                    },
                    ..failed(error)
                });
            }
        }
        if let Err(failure) = prepared.write() {
            let is_left = undo.undo(wait).await.is_err();
            return Err(if is_left {
                left(failure, name)
            } else {
                failure
            }
            .into());
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
        let reading = self.store.get(name);
        match self.ask_store(reading).await {
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

/// The warning that a secret may remain in a keyring that this session cannot reach.
fn left_elsewhere(name: &str, why: Failure) -> Failure {
    let hint = format!(
        "If the secret of {name} is in a keyring that another session can reach, remove it there with \
         `tokenscope auth clear --profile {name}`."
    )
    .into();
    Failure { hint, ..why }
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

/// Adds to a failure that the keyring may have stored the secret.
fn perhaps_kept(error: &StoreError, mut failure: Failure, name: &str) -> Failure {
    if error.may_have_stored() {
        failure.hint.add(&format!(
            "The keyring may have stored the secret anyway: check with `tokenscope auth status --profile {name}`."
        ));
    }
    failure
}

/// Adds to a failure that the secret remains in the keyring.
fn left(mut failure: Failure, name: &str) -> Failure {
    failure.hint.add(&format!(
        "The secret is in the keyring: remove it with `tokenscope auth clear --profile {name}`."
    ));
    failure
}
