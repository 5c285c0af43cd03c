//! The macOS Keychain and Windows Credential Manager, through the keyring library.
//!
//! Neither has a session to lose, so the library's one store per process is enough. Never print an
//! error of the library with `Debug`: it would show the bytes of a secret.

use keyring::Error;
use keyring_core::Entry;
use zeroize::{Zeroize, Zeroizing};

#[cfg(target_os = "macos")]
use super::error::Provider;
use super::error::StoreError;
use super::store::{EntryName, PromptTracker, StoredEntries};

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
