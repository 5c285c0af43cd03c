//! A store in memory: for "this session only", the demo, and tests.
//!
//! It writes nothing anywhere; all is gone, zeroed, when it is dropped.

use std::collections::BTreeMap;

use super::error::StoreError;
use super::store::CredentialStore;
use crate::domain::credential::Location;
use crate::domain::secret::Secret;

/// Keeps secrets until it is dropped.
#[derive(Debug, Default)]
pub struct MemoryStore {
    secrets: BTreeMap<String, Secret>,
}

impl MemoryStore {
    /// A store that holds one secret already.
    #[must_use]
    pub fn holding(profile: &str, secret: Secret) -> Self {
        Self {
            secrets: BTreeMap::from([(profile.to_owned(), secret)]),
        }
    }
}

impl CredentialStore for MemoryStore {
    fn get(&mut self, profile: &str) -> Result<Secret, StoreError> {
        self.secrets
            .get(profile)
            .cloned()
            .ok_or(StoreError::Missing)
    }

    fn set(&mut self, profile: &str, secret: &Secret) -> Result<(), StoreError> {
        self.secrets.insert(profile.to_owned(), secret.clone());
        Ok(())
    }

    fn delete(&mut self, profile: &str) -> Result<bool, StoreError> {
        Ok(self.secrets.remove(profile).is_some())
    }

    fn contains(&mut self, profile: &str) -> Result<bool, StoreError> {
        Ok(self.secrets.contains_key(profile))
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn location(&mut self) -> Location {
        Location::new("memory")
    }
}
