//! Keychain on macOS and Credential Manager on Windows, through the keyring library's own facade.
//!
//! Neither has a session that could be lost, so the facade's one store for the process is enough.

use keyring::Error;
use keyring_core::Entry;

use crate::credentials::error::StoreError;

/// The platform's store, which is opened by the first entry made.
pub(in crate::credentials) struct Session;

impl Session {
    #[expect(
        clippy::unnecessary_wraps,
        reason = "opening can fail on the other platforms"
    )]
    pub(in crate::credentials) fn open() -> Result<Self, Error> {
        Ok(Self)
    }

    #[expect(
        clippy::unused_self,
        reason = "entries are made of a session on the other platforms"
    )]
    pub(in crate::credentials) fn entry(
        &self,
        service: &str,
        profile: &str,
    ) -> Result<Entry, Error> {
        keyring::Entry::new(service, profile).map(|entry| entry.inner)
    }
}

pub(in crate::credentials) fn may_be_session_loss(_error: &Error) -> bool {
    false
}

/// Searches by attributes, which reads no secret and so asks nobody for leave.
#[cfg(target_os = "macos")]
pub(in crate::credentials) fn contains(service: &str, profile: &str) -> Result<bool, Error> {
    use std::collections::HashMap;

    let search = || {
        Session.entry(service, profile)?;
        Entry::search(&HashMap::from([("service", service), ("user", profile)]))
    };
    search().map(|found| !found.is_empty())
}

#[cfg(windows)]
pub(in crate::credentials) fn contains(service: &str, profile: &str) -> Result<bool, Error> {
    let attributes = Session
        .entry(service, profile)
        .and_then(|entry| entry.get_attributes());
    match attributes {
        Ok(_) => Ok(true),
        Err(Error::NoEntry) => Ok(false),
        Err(error) => Err(error),
    }
}

pub(in crate::credentials) fn place() -> String {
    let name = if cfg!(windows) {
        "Windows Credential Manager"
    } else {
        "Keychain"
    };
    name.to_owned()
}

/// What a failure of the platform means.
#[cfg(target_os = "macos")]
pub(super) fn explain_platform(error: &(dyn std::error::Error + 'static)) -> StoreError {
    let code = error
        .downcast_ref::<security_framework::base::Error>()
        .map(|error| error.code());
    match code {
        // errSecUserCanceled, errSecAuthFailed, wrPermErr, errSecInvalidOwnerEdit
        Some(-128 | -25293 | -61 | -25244) => StoreError::Denied,
        // errSecInteractionNotAllowed: locked, and nobody to ask, as over ssh
        Some(-25308) => StoreError::Locked,
        _ => StoreError::Other(error.to_string()),
    }
}

#[cfg(windows)]
pub(super) fn explain_platform(error: &(dyn std::error::Error + 'static)) -> StoreError {
    StoreError::Other(error.to_string())
}
