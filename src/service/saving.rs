//! Storing a profile with its secret: both, or neither, or it is said what is left.
//!
//! Not here: whether the credential works (`credentials`).

use super::credentials::TokenService;
use crate::config::settings::{self, Prepared};
use crate::credentials::{STORE_NAME, StoreError};
use crate::domain::credential::{Credential, Location};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::profile::{Profile, Settings};
use crate::domain::secret::Secret;

/// Why a profile was not stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NotSaved {
    /// What to say of it.
    pub failure: Failure,
    /// Whether the same can be tried again, since the keyring only waits for a person.
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
    /// Stores a secret, reads it back, then writes its profile. Gives the new settings and where
    /// the secret is kept.
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

    /// The same, with whether it is worth another try.
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
        // The file first: a secret that no profile can name must not be stored. What this gives
        // holds the lock over both.
        let prepared = self.prepare(profile).await?;
        let location = self.keep(profile, credential, &prepared).await?;
        Ok((settings::load(paths)?.settings, location))
    }

    /// Waits for the lock where that does not hold up anything else.
    async fn prepare(&self, profile: &Profile) -> Result<Prepared, Failure> {
        let (paths, profile) = (self.paths()?.clone(), profile.clone());
        // The keyring needs time too.
        let wait = self.left().unwrap_or(self.limits.timeout) / 3;
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

    /// Stores the secret and writes the profile. Where the latter fails, or nobody waits for it any
    /// more, the secret is taken back.
    async fn keep(
        &self,
        profile: &Profile,
        credential: &Credential,
        prepared: &Prepared,
    ) -> Result<Location, NotSaved> {
        let wait = self.limits.keyring;
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
        // The secret is kept; a service too slow to say where must not undo that.
        let location = self.ask_store(self.store.location()).await;
        Ok(location.unwrap_or_else(|_| Location::new(STORE_NAME)))
    }

    /// What is kept for a profile now, to be kept again if the profile cannot be written.
    async fn before(&self, name: &str, prepared: &Prepared) -> Result<Option<Secret>, StoreError> {
        if !prepared.is_a_change() {
            return Ok(None);
        }
        let reading = self.store.get(name);
        match self.ask_store(reading).await {
            Ok(secret) => Ok(Some(secret)),
            // What is no credential is no loss.
            Err(
                StoreError::Missing
                | StoreError::Ambiguous(_)
                | StoreError::NotText
                | StoreError::Unusable(_)
                // On macOS an entry of another program's may be replaced, but not read.
                | StoreError::Denied,
            ) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What is kept is not what was stored a moment ago, so that somebody else stored it.
fn another(name: &str) -> Failure {
    Failure::new(
        FailureKind::Keyring,
        "The keyring took the secret, but gave another one back.",
        format!(
            "Another program stored one for {name} at the same moment. See which one is meant, and \
             store it again with `tokenscope auth set --profile {name}`."
        ),
    )
}

/// A failure after which it is not known whether the keyring has the secret.
fn perhaps_kept(error: &StoreError, mut failure: Failure, name: &str) -> Failure {
    if !error.may_have_stored() {
        return failure;
    }
    failure.hint.add(&format!(
        "The keyring may have the secret nevertheless: `tokenscope auth status --profile {name}` \
         tells."
    ));
    failure
}

/// A failure after which the secret lies in the keyring all the same.
fn left(mut failure: Failure, name: &str) -> Failure {
    failure.hint.add(&format!(
        "The secret is in the keyring: remove it with `tokenscope auth clear --profile {name}`."
    ));
    failure
}
