//! What every place that keeps secrets can do.
//!
//! Not here: any of them.

use super::asking::Asking;
use super::error::StoreError;
use crate::domain::credential::Location;
use crate::domain::secret::Secret;

/// What a store shows of a profile's entry without being unlocked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// How many entries there are; none where a locked store does not tell.
    pub entries: Option<usize>,
    /// What to say of it where what there is, or may be, is locked.
    pub locked: Option<StoreError>,
}

/// A place that keeps one secret a profile. Its calls block, and come from one thread only.
pub trait CredentialStore: Send {
    /// Reads a profile's secret.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is none; any other for a store that does not give it.
    fn get(&mut self, profile: &str) -> Result<Secret, StoreError>;

    /// Keeps a profile's secret, in place of whatever was kept under that name.
    ///
    /// # Errors
    /// A [`StoreError`] where it was not kept.
    fn set(&mut self, profile: &str, secret: &Secret) -> Result<(), StoreError>;

    /// Removes all that is kept for a profile, and says whether there was anything.
    ///
    /// # Errors
    /// A [`StoreError`] where something may remain.
    fn delete(&mut self, profile: &str) -> Result<bool, StoreError>;

    /// Whether anything is kept for a profile, found without reading a secret or asking anybody to
    /// unlock one.
    ///
    /// # Errors
    /// A [`StoreError`] where the store cannot tell.
    fn contains(&mut self, profile: &str) -> Result<bool, StoreError>;

    /// What is kept for a profile, found in the same way.
    ///
    /// # Errors
    /// A [`StoreError`] where the store cannot be asked.
    fn look(&mut self, profile: &str) -> Result<Kept, StoreError> {
        Ok(Kept {
            entries: Some(usize::from(self.contains(profile)?)),
            locked: None,
        })
    }

    /// The address that a profile's secret was stored for, where [`bind`](Self::bind) noted one.
    ///
    /// # Errors
    /// A [`StoreError`] where the store cannot tell.
    fn bound(&mut self, _profile: &str) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    /// Notes the address that a profile's secret is for, or forgets it. A store that lasts no longer
    /// than the program need not.
    ///
    /// # Errors
    /// A [`StoreError`] where that was not done.
    fn bind(&mut self, _profile: &str, _base_url: Option<&str>) -> Result<(), StoreError> {
        Ok(())
    }

    /// Tries the store out: writes an entry for [`PROBE_USER`](crate::domain::profile::PROBE_USER)
    /// and deletes it, since a store that reads may still refuse to write.
    ///
    /// # Errors
    /// The [`StoreError`] that keeping a secret would meet.
    fn probe(&mut self) -> Result<(), StoreError>;

    /// Where it keeps secrets.
    fn location(&mut self) -> Location;

    /// Says where to note that somebody is asked for something; called once, before all else.
    fn report_to(&mut self, _asking: Asking) {}
}
