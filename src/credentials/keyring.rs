//! The OS keyring: one entry per profile, service `tokenscope`, the bare secret as its value.

use super::error::StoreError;
#[cfg(any(target_os = "macos", windows))]
use super::native_keyring as platform;
#[cfg(all(unix, not(target_os = "macos")))]
use super::secret_service as platform;
use super::store::{CredentialStore, EntryKind, PromptTracker, StoredEntries};
use crate::domain::credential::Location;
use crate::domain::secret::Secret;

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
pub struct Keyring {
    session: Option<platform::Session>,
    prompts: PromptTracker,
}

impl Keyring {
    /// A keyring that reports its prompts to this tracker.
    #[must_use]
    pub fn new(prompts: PromptTracker) -> Self {
        Self {
            session: None,
            prompts,
        }
    }

    /// Runs an operation, and opens the keyring first if needed.
    ///
    /// A keyring service that was restarted has forgotten our session, so every operation on it
    /// fails from then on. Such a failure over a session from an earlier call is therefore retried
    /// once over a new session, unless a prompt was open: nobody is prompted twice.
    fn with_session<T>(
        &mut self,
        operation: impl Fn(&platform::Session) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if let Some(session) = self.session.take() {
            let prompted = self.prompts.total_time();
            match operation(&session) {
                Err(error)
                    if platform::is_session_loss(&error)
                        && self.prompts.total_time() == prompted => {}
                done => {
                    self.session = Some(session);
                    return done;
                }
            }
        }
        tracing::debug!("keyring: open");
        let session = platform::Session::open(&self.prompts)?;
        let done = operation(&session);
        self.session = Some(session);
        done
    }
}

impl CredentialStore for Keyring {
    fn get(&mut self, profile: &str) -> Result<Secret, StoreError> {
        tracing::debug!(profile, "keyring: read a secret");
        let entry = EntryKind::Credential.of(profile);
        let bytes = self.with_session(|session| session.get(entry))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| StoreError::NotText)?;
        Secret::parse(text).map_err(StoreError::Unusable)
    }

    fn set(&mut self, profile: &str, secret: &Secret) -> Result<(), StoreError> {
        tracing::debug!(profile, "keyring: store a secret");
        if cfg!(windows) {
            check_windows_length(secret)?;
        }
        self.with_session(|session| session.set(EntryKind::Credential.of(profile), secret.expose()))
    }

    fn delete(&mut self, profile: &str) -> Result<bool, StoreError> {
        tracing::debug!(profile, "keyring: remove a secret");
        self.with_session(|session| session.delete(EntryKind::Credential.of(profile)))
    }

    fn find(&mut self, profile: &str) -> Result<StoredEntries, StoreError> {
        tracing::debug!(profile, "keyring: look for a secret");
        self.with_session(|session| session.find(EntryKind::Credential.of(profile)))
    }

    fn binding(&mut self, profile: &str) -> Result<Option<String>, StoreError> {
        match self.with_session(|session| session.get(EntryKind::BaseUrl.of(profile))) {
            Ok(address) => Ok(String::from_utf8(address.to_vec()).ok()),
            // Several entries are indistinguishable.
            Err(StoreError::Missing | StoreError::Ambiguous(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn bind(&mut self, profile: &str, address: Option<&str>) -> Result<(), StoreError> {
        self.with_session(|session| match address {
            Some(address) => session.set(EntryKind::BaseUrl.of(profile), address),
            None => session.delete(EntryKind::BaseUrl.of(profile)).map(drop),
        })
    }

    fn location(&mut self) -> Location {
        let collection = self.with_session(platform::Session::collection);
        Location {
            store: STORE_NAME,
            collection: collection.ok().flatten(),
        }
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
