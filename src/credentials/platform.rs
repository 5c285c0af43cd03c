//! What differs between the keyrings of the platforms: how one is opened, searched and named, and
//! what its errors mean.
//!
//! Not here: what is asked of a keyring (`keyring`).

use keyring::Error;
use zeroize::Zeroize;

use super::error::StoreError;

#[cfg(any(target_os = "macos", windows))]
mod facade;
#[cfg(all(unix, not(target_os = "macos")))]
mod secret_service;

#[cfg(any(target_os = "macos", windows))]
use facade as native;
#[cfg(all(unix, not(target_os = "macos")))]
use secret_service as native;

pub(super) use native::{Session, contains, may_be_session_loss, place};

/// What an error of the keyring library means. Secret bytes that travel in it are zeroed.
pub(super) fn explain(error: Error) -> StoreError {
    match error {
        Error::NoEntry => StoreError::Missing,
        Error::Ambiguous(entries) => StoreError::Ambiguous(entries.len()),
        Error::BadEncoding(mut bytes) | Error::BadDataFormat(mut bytes, _) => {
            bytes.zeroize();
            StoreError::NotText
        }
        Error::PlatformFailure(cause) | Error::NoStorageAccess(cause) => {
            native::explain_platform(cause.as_ref())
        }
        other => StoreError::Other(other.to_string()),
    }
}
