//! The use-cases that change profiles: which is the default, which there are, and their scopes.
//!
//! Not here: storing a profile with its secret (`credentials`).

use super::credentials::TokenService;
use crate::config::settings;
use crate::domain::base_url::BaseUrl;
use crate::domain::credential::{Credential, CredentialRef, Location};
use crate::domain::failure::Failure;
use crate::domain::profile::{Profile, Settings};
use crate::domain::scope::Scope;

/// A profile that was removed.
#[derive(Debug, Clone, PartialEq)]
pub struct Removed {
    /// The settings as they are then.
    pub settings: Settings,
    /// Why its secret may still be somewhere, where that is so.
    pub unreached: Option<Failure>,
}

impl TokenService {
    /// The settings as the file has them now.
    ///
    /// # Errors
    /// The file's failure.
    pub fn settings(&self) -> Result<Settings, Failure> {
        Ok(settings::load(self.paths()?)?.settings)
    }

    /// Makes a profile the one that is used when none is named. Gives the settings as they are then.
    ///
    /// # Errors
    /// `usage` where there is no such profile; else the file's failure.
    pub fn use_profile(&self, name: &str) -> Result<Settings, Failure> {
        let paths = self.paths()?;
        settings::set_default_profile(paths, name)?;
        Ok(settings::load(paths)?.settings)
    }

    /// Writes a profile whose secret stays as it is. Gives the settings as they are then, and where
    /// the secret is kept.
    ///
    /// # Errors
    /// The file's failure.
    pub async fn change_profile(&self, profile: &Profile) -> Result<(Settings, Location), Failure> {
        let location = self.location().await?;
        let paths = self.paths()?;
        // The secret stays, and so does what it is bound to, whatever the form knew of that.
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

    /// Tries what was typed, or what is kept, with one real read of the scope's list of tokens.
    ///
    /// # Errors
    /// Whatever kept the credential or the list from being read.
    pub async fn verify_as(&self, asker: &CredentialRef, scope: &Scope) -> Result<(), Failure> {
        let credential = self.credential_of(asker).await?;
        let source = asker.source();
        self.verify_from(&credential, source, scope).await
    }

    /// What was typed, or what is kept.
    pub(super) async fn credential_of(&self, asker: &CredentialRef) -> Result<Credential, Failure> {
        match asker {
            CredentialRef::Credential(credential) => Ok(credential.clone()),
            CredentialRef::Identity(identity) => self.credential(identity).await,
        }
    }

    /// Removes a profile: first its secret from the credential store, then the profile from the
    /// file, so that no secret is left behind that nothing names. Where this session has no keyring
    /// at all the profile goes nevertheless.
    ///
    /// # Errors
    /// A keyring that is there and does not remove the secret; the file's failure. The profile is
    /// then still there.
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
}

/// What is to be known of a secret that may be kept where there is a keyring.
fn left_elsewhere(name: &str, why: Failure) -> Failure {
    let hint = format!(
        "If the secret of {name} is kept where there is a keyring, remove it there with \
         `tokenscope auth clear --profile {name}`."
    )
    .into();
    Failure { hint, ..why }
}
