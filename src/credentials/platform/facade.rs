//! Keychain on macOS and Credential Manager on Windows, through the keyring library's own facade.
//!
//! Neither has a session that could be lost, so the facade's one store for the process is enough. An
//! error of the library is never printed with `Debug`, which would show the bytes of a secret.

use keyring::Error;
use keyring_core::Entry;
use zeroize::{Zeroize, Zeroizing};

use super::fault::{Fault, SERVICE};
use crate::credentials::asking::Asking;
use crate::credentials::error::StoreError;
use crate::credentials::store::Kept;

/// The platform's store, which is opened by the first entry made.
pub(in crate::credentials) struct Session;

#[expect(
    clippy::unused_self,
    reason = "entries are made of a session on the other platforms"
)]
impl Session {
    #[expect(
        clippy::unnecessary_wraps,
        reason = "opening can fail on the other platforms"
    )]
    pub(in crate::credentials) fn open(_asking: &Asking) -> Result<Self, Fault> {
        Ok(Self)
    }

    pub(in crate::credentials) fn get(
        &self,
        service: &str,
        profile: &str,
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        Ok(entry(service, profile)?.get_secret().map(Zeroizing::new)?)
    }

    pub(in crate::credentials) fn set(
        &self,
        service: &str,
        profile: &str,
        secret: &str,
    ) -> Result<(), Fault> {
        match entry(service, profile)?.set_password(secret) {
            Err(Error::Ambiguous(entries)) => Ok(replace_all(&entries, secret)?),
            done => Ok(done?),
        }
    }

    pub(in crate::credentials) fn delete(
        &self,
        service: &str,
        profile: &str,
    ) -> Result<bool, Fault> {
        match entry(service, profile)?.delete_credential() {
            Err(Error::NoEntry) => Ok(false),
            Err(Error::Ambiguous(entries)) => {
                delete_all(&entries)?;
                Ok(true)
            }
            done => Ok(done.map(|()| true)?),
        }
    }

    /// Searches by attributes, which reads no secret and so asks nobody for leave.
    #[cfg(target_os = "macos")]
    pub(in crate::credentials) fn look(&self, profile: &str) -> Result<Kept, Fault> {
        use std::collections::HashMap;

        entry(SERVICE, profile)?;
        let found = Entry::search(&HashMap::from([("service", SERVICE), ("user", profile)]));
        Ok(kept(found?.len()))
    }

    #[cfg(windows)]
    pub(in crate::credentials) fn look(&self, profile: &str) -> Result<Kept, Fault> {
        match entry(SERVICE, profile)?.get_attributes() {
            Ok(_) => Ok(kept(1)),
            Err(Error::NoEntry) => Ok(kept(0)),
            Err(error) => Err(error.into()),
        }
    }
}

fn entry(service: &str, profile: &str) -> Result<Entry, Error> {
    keyring::Entry::new(service, profile).map(|entry| entry.inner)
}

fn kept(entries: usize) -> Kept {
    Kept {
        entries: Some(entries),
        locked: None,
    }
}

/// Saving says what the one secret of this name is from now on. It goes into the first entry before
/// any other is deleted, so that no failure in between loses it.
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

/// Only the Secret Service has collections.
pub(in crate::credentials) fn collection() -> Option<String> {
    None
}

/// What an error of the keyring library means. Secret bytes that travel in it are zeroed.
impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let error = match error {
            Error::NoEntry => StoreError::Missing,
            Error::Ambiguous(entries) => StoreError::Ambiguous(entries.len()),
            Error::BadEncoding(mut bytes) | Error::BadDataFormat(mut bytes, _) => {
                bytes.zeroize();
                StoreError::NotText
            }
            Error::PlatformFailure(cause) | Error::NoStorageAccess(cause) => {
                explain_platform(cause.as_ref())
            }
            other => StoreError::Other(other.to_string()),
        };
        error.into()
    }
}

/// What a failure of the platform means.
#[cfg(target_os = "macos")]
fn explain_platform(error: &(dyn std::error::Error + 'static)) -> StoreError {
    let code = error
        .downcast_ref::<security_framework::base::Error>()
        .map(|error| error.code());
    match code {
        // errSecItemNotFound
        Some(-25300) => StoreError::Missing,
        // errSecUserCanceled, errSecAuthFailed, wrPermErr, errSecInvalidOwnerEdit
        Some(-128 | -25293 | -61 | -25244) => StoreError::Denied,
        // errSecInteractionNotAllowed: locked, and nobody to ask, as over ssh
        Some(-25308) => StoreError::Locked,
        _ => StoreError::Other(error.to_string()),
    }
}

#[cfg(windows)]
fn explain_platform(error: &(dyn std::error::Error + 'static)) -> StoreError {
    StoreError::Other(error.to_string())
}
