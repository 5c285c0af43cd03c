//! The use-cases that change profiles: which is the default, and which there are.
//!
//! Not here: storing a profile with its secret (`cases`).

use super::cases::Inspector;
use crate::config::settings;
use crate::domain::failure::Failure;
use crate::domain::settings::Settings;

impl Inspector {
    /// Makes a profile the one that is used when none is named. Gives the settings as they are then.
    ///
    /// # Errors
    /// `usage` where there is no such profile; else the file's failure.
    pub fn use_profile(&self, name: &str) -> Result<Settings, Failure> {
        let paths = self.paths()?;
        settings::set_default_profile(paths, name)?;
        Ok(settings::load(paths)?.settings)
    }

    /// Removes a profile: first its secret from the credential store, then the profile from the
    /// file, so that no secret is left behind that nothing names. Gives the settings as they are
    /// then.
    ///
    /// # Errors
    /// The store's or the file's failure; the profile is then still there.
    pub async fn remove_profile(&self, name: &str) -> Result<Settings, Failure> {
        let paths = self.paths()?;
        self.clear(name).await?;
        settings::remove_profile(paths, name)?;
        Ok(settings::load(paths)?.settings)
    }

    /// Removes a profile as [`Self::remove_profile`] does, and also where this session has no
    /// keyring at all: gives then what is to be known of the secret that may be kept elsewhere.
    ///
    /// # Errors
    /// A keyring that is there and does not remove the secret; the file's failure. The profile is
    /// then still there.
    pub async fn forget_profile(&self, name: &str) -> Result<Option<Failure>, Failure> {
        let paths = self.paths()?;
        let unreached = match self.remove_secret(name).await {
            Ok(_) => None,
            Err(error) if error.is_absent() => Some(error.into()),
            Err(error) => return Err(error.into()),
        };
        settings::remove_profile(paths, name)?;
        Ok(unreached)
    }
}
