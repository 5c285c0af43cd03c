//! The OS keyring: one entry per profile, service `tokenscope`, the bare secret as its value.

#[cfg(any(target_os = "macos", windows))]
use self::native as platform;
use super::error::StoreError;
#[cfg(all(unix, not(target_os = "macos")))]
use super::secret_service as platform;
use super::store::{CredentialStore, EntryKind, PromptTracker, StoredEntries};
use crate::domain::credential::{Location, Secret};

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

/// The macOS Keychain and Windows Credential Manager, through the keyring library.
///
/// Neither has a session to lose, so the library's one store per process is enough. Never print an
/// error of the library with `Debug`: it would show the bytes of a secret.
#[cfg(any(target_os = "macos", windows))]
mod native {
    use keyring::Error;
    use keyring_core::Entry;
    use zeroize::{Zeroize, Zeroizing};

    #[cfg(target_os = "macos")]
    use super::super::error::Provider;
    use super::super::error::StoreError;
    use super::super::store::{EntryName, PromptTracker, StoredEntries};

    /// The platform's store, which the first entry opens.
    pub(super) struct Session;

    #[expect(
        clippy::unused_self,
        reason = "entries belong to a session on other platforms"
    )]
    impl Session {
        #[expect(
            clippy::unnecessary_wraps,
            reason = "opening can fail on other platforms"
        )]
        pub(super) fn open(_prompts: &PromptTracker) -> Result<Self, StoreError> {
            Ok(Self)
        }

        pub(super) fn get(&self, entry: EntryName<'_>) -> Result<Zeroizing<Vec<u8>>, StoreError> {
            Ok(open(entry)?.get_secret().map(Zeroizing::new)?)
        }

        pub(super) fn set(&self, entry: EntryName<'_>, secret: &str) -> Result<(), StoreError> {
            match open(entry)?.set_password(secret) {
                Err(Error::Ambiguous(entries)) => Ok(replace_all(&entries, secret)?),
                done => Ok(done?),
            }
        }

        pub(super) fn delete(&self, entry: EntryName<'_>) -> Result<bool, StoreError> {
            match open(entry)?.delete_credential() {
                Err(Error::NoEntry) => Ok(false),
                Err(Error::Ambiguous(entries)) => {
                    delete_all(&entries)?;
                    Ok(true)
                }
                done => Ok(done.map(|()| true)?),
            }
        }

        /// Searches by attributes, which reads no secret and therefore prompts nobody.
        #[cfg(target_os = "macos")]
        pub(super) fn find(&self, entry: EntryName<'_>) -> Result<StoredEntries, StoreError> {
            use std::collections::HashMap;

            open(entry)?;
            let attributes = HashMap::from([("service", entry.service()), ("user", entry.profile)]);
            Ok(stored(Entry::search(&attributes)?.len()))
        }

        #[cfg(windows)]
        pub(super) fn find(&self, entry: EntryName<'_>) -> Result<StoredEntries, StoreError> {
            match open(entry)?.get_attributes() {
                Ok(_) => Ok(stored(1)),
                Err(Error::NoEntry) => Ok(stored(0)),
                Err(error) => Err(error.into()),
            }
        }

        /// Only the Secret Service has collections.
        #[expect(
            clippy::unnecessary_wraps,
            reason = "reading it can fail on other platforms"
        )]
        pub(super) fn collection(&self) -> Result<Option<String>, StoreError> {
            Ok(None)
        }
    }

    /// Neither store has a session to lose.
    pub(super) fn is_session_loss(_error: &StoreError) -> bool {
        false
    }

    fn open(entry: EntryName<'_>) -> Result<Entry, Error> {
        keyring::Entry::new(entry.service(), entry.profile).map(|entry| entry.inner)
    }

    fn stored(count: usize) -> StoredEntries {
        StoredEntries {
            count: Some(count),
            locked: None,
        }
    }

    /// Overwrites the first entry before it deletes the others, so that no failure in between loses the
    /// secret.
    fn replace_all(entries: &[Entry], secret: &str) -> Result<(), Error> {
        let Some((first, others)) = entries.split_first() else {
            return Err(Error::NoEntry);
        };
        first.set_password(secret)?;
        delete_all(others)
    }

    fn delete_all(entries: &[Entry]) -> Result<(), Error> {
        for entry in entries {
            match entry.delete_credential() {
                Ok(()) | Err(Error::NoEntry) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    impl From<Error> for StoreError {
        fn from(error: Error) -> Self {
            match error {
                Error::NoEntry => Self::Missing,
                Error::Ambiguous(entries) => Self::Ambiguous(entries.len()),
                // The bytes may be a secret.
                Error::BadEncoding(mut bytes) | Error::BadDataFormat(mut bytes, _) => {
                    bytes.zeroize();
                    Self::NotText
                }
                Error::PlatformFailure(cause) | Error::NoStorageAccess(cause) => {
                    platform_error(cause.as_ref())
                }
                other => Self::Other(other.to_string()),
            }
        }
    }

    #[cfg(target_os = "macos")]
    fn platform_error(error: &(dyn std::error::Error + 'static)) -> StoreError {
        let code = error
            .downcast_ref::<security_framework::base::Error>()
            .map(|error| error.code());
        match code {
            // errSecItemNotFound
            Some(-25300) => StoreError::Missing,
            // errSecUserCanceled, errSecAuthFailed, wrPermErr, errSecInvalidOwnerEdit
            Some(-128 | -25293 | -61 | -25244) => StoreError::Denied,
            // errSecInteractionNotAllowed: locked, and nobody to prompt, as over ssh
            Some(-25308) => StoreError::Locked(Provider::Keychain),
            _ => StoreError::Other(error.to_string()),
        }
    }

    #[cfg(windows)]
    fn platform_error(error: &(dyn std::error::Error + 'static)) -> StoreError {
        StoreError::Other(error.to_string())
    }
}
