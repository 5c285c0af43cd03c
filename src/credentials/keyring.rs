//! The OS keyring: one entry per profile, service `tokenscope`, the bare secret as its value.

use super::error::StoreError;
#[cfg(any(target_os = "macos", windows))]
use super::native_keyring as platform;
#[cfg(all(unix, not(target_os = "macos")))]
use super::secret_service as platform;
use super::store::{CredentialStore, EntryKind, OperationError, PromptTracker, StoredEntries};
use crate::domain::credential::{Location, Secret};
use crate::domain::profile::PROBE_USER;

/// The name of the OS keyring on this platform.
pub const STORE_NAME: &str = if cfg!(target_os = "macos") {
    "Keychain"
} else if cfg!(windows) {
    "Windows Credential Manager"
} else {
    "Secret Service"
};

/// Maximum bytes of UTF-16 that Windows Credential Manager stores per entry.
const WINDOWS_LIMIT: usize = 2560;

/// The OS keyring. Opens at the first call.
#[derive(Default)]
pub struct Keyring {
    session: Option<platform::Session>,
    prompts: PromptTracker,
}

impl Keyring {
    /// Runs an operation, and opens the keyring first if needed.
    ///
    /// A keyring service that was restarted has forgotten our session, so every operation on it
    /// fails from then on. A failure over a session from an earlier call is therefore retried once
    /// over a new session.
    fn with_session<T>(
        &mut self,
        operation: impl Fn(&platform::Session) -> Result<T, OperationError>,
    ) -> Result<T, StoreError> {
        if let Some(session) = self.session.take() {
            match operation(&session) {
                Err(error) if error.may_be_session_loss => {}
                done => {
                    self.session = Some(session);
                    return done.map_err(|error| error.error);
                }
            }
        }
        tracing::debug!("keyring: open");
        let session = platform::Session::open(&self.prompts).map_err(|error| error.error)?;
        let done = operation(&session);
        self.session = Some(session);
        done.map_err(|error| error.error)
    }
}

impl CredentialStore for Keyring {
    fn get(&mut self, profile: &str) -> Result<Secret, StoreError> {
        tracing::debug!(profile, "keyring: read a secret");
        let bytes = self.with_session(|session| session.get(EntryKind::Credential, profile))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| StoreError::NotText)?;
        Secret::parse(text).map_err(StoreError::Unusable)
    }

    fn set(&mut self, profile: &str, secret: &Secret) -> Result<(), StoreError> {
        tracing::debug!(profile, "keyring: store a secret");
        if cfg!(windows) {
            check_windows_length(secret)?;
        }
        self.with_session(|session| session.set(EntryKind::Credential, profile, secret.expose()))
    }

    fn delete(&mut self, profile: &str) -> Result<bool, StoreError> {
        tracing::debug!(profile, "keyring: remove a secret");
        self.with_session(|session| session.delete(EntryKind::Credential, profile))
    }

    fn find(&mut self, profile: &str) -> Result<StoredEntries, StoreError> {
        tracing::debug!(profile, "keyring: look for a secret");
        self.with_session(|session| session.find(EntryKind::Credential, profile))
    }

    fn binding(&mut self, profile: &str) -> Result<Option<String>, StoreError> {
        match self.with_session(|session| session.get(EntryKind::BaseUrl, profile)) {
            Ok(address) => Ok(String::from_utf8(address.to_vec()).ok()),
            // Several entries are indistinguishable.
            Err(StoreError::Missing | StoreError::Ambiguous(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn bind(&mut self, profile: &str, base_url: Option<&str>) -> Result<(), StoreError> {
        self.with_session(|session| match base_url {
            Some(address) => session.set(EntryKind::BaseUrl, profile, address),
            None => session.delete(EntryKind::BaseUrl, profile).map(drop),
        })
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        self.set(PROBE_USER, &Secret::new("probe".to_owned()))?;
        self.delete(PROBE_USER).map(drop)
    }

    fn location(&mut self) -> Location {
        Location {
            store: STORE_NAME,
            collection: platform::collection(),
        }
    }

    fn report_prompts(&mut self, prompts: PromptTracker) {
        self.prompts = prompts;
    }
}

/// Checks that Windows, which counts in UTF-16, would store a secret of this length.
///
/// # Errors
/// [`StoreError::TooLong`].
pub fn check_windows_length(secret: &Secret) -> Result<(), StoreError> {
    let bytes = 2 * secret.expose().encode_utf16().count();
    if bytes > WINDOWS_LIMIT {
        return Err(StoreError::TooLong {
            bytes,
            limit: WINDOWS_LIMIT,
        });
    }
    Ok(())
}
