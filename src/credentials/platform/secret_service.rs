//! The Secret Service, the keyring of Linux and the BSDs, over D-Bus.
//!
//! Entries are read and written through the keyring library. What that would do by asking somebody
//! to unlock the keyring, or cannot do at all, is asked of the service itself: whether there is an
//! entry, and what its collection is called. No secret crosses that second connection.

use std::collections::HashMap;
use std::error::Error as _;
use std::io;
use std::sync::Arc;

use keyring::Error;
use keyring_core::{CredentialStore, Entry};
use secret_service::EncryptionType;
use secret_service::blocking::SecretService;

use crate::credentials::error::StoreError;
use crate::domain::text;

/// A connection to the service, with the key under which secrets cross the bus.
pub(in crate::credentials) struct Session {
    store: Arc<CredentialStore>,
}

impl Session {
    pub(in crate::credentials) fn open() -> Result<Self, Error> {
        let store = zbus_secret_service_keyring_store::Store::new()?;
        Ok(Self { store })
    }

    pub(in crate::credentials) fn entry(
        &self,
        service: &str,
        profile: &str,
    ) -> Result<Entry, Error> {
        let what = if service.ends_with("base-url") {
            "base URL"
        } else {
            "credential"
        };
        let label = format!("tokenscope: {what} of profile {profile}");
        let modifiers = HashMap::from([("label", label.as_str())]);
        self.store.build(service, profile, Some(&modifiers))
    }
}

/// Whether an error may come of a session that the service has forgotten, or of a dead connection.
pub(in crate::credentials) fn may_be_session_loss(error: &Error) -> bool {
    use secret_service::Error as Service;
    let Error::PlatformFailure(cause) = error else {
        return false;
    };
    matches!(
        cause.downcast_ref(),
        Some(Service::Zbus(_) | Service::ZbusFdo(_))
    )
}

pub(in crate::credentials) fn contains(service: &str, profile: &str) -> Result<bool, Error> {
    let count = || {
        let connection = SecretService::connect(EncryptionType::Plain)?;
        let attributes = HashMap::from([("service", service), ("username", profile)]);
        let found = connection.search_items(attributes)?;
        Ok::<_, secret_service::Error>(found.unlocked.len() + found.locked.len())
    };
    match count() {
        Ok(count) => Ok(count > 0),
        Err(error) => Err(Error::PlatformFailure(Box::new(error))),
    }
}

pub(in crate::credentials) fn place() -> String {
    let label = SecretService::connect(EncryptionType::Plain)
        .and_then(|service| service.get_default_collection()?.get_label());
    match label {
        Ok(label) if !label.is_empty() => {
            let label = text::sanitize(&label).to_lowercase();
            format!("Secret Service, {label} collection")
        }
        _ => "Secret Service".to_owned(),
    }
}

/// What a failure of the platform means.
pub(super) fn explain_platform(error: &(dyn std::error::Error + 'static)) -> StoreError {
    match error.downcast_ref() {
        Some(error) => explain_service(error),
        None => StoreError::Other(error.to_string()),
    }
}

fn explain_service(error: &secret_service::Error) -> StoreError {
    use secret_service::Error as Service;
    match error {
        Service::Unavailable => StoreError::NoBus,
        // Nobody can tell a prompt that was dismissed from one that found no display.
        Service::Locked | Service::Prompt | Service::PromptDisconnected => StoreError::Locked,
        Service::NoResult => StoreError::NoCollection,
        Service::Zbus(_) | Service::ZbusFdo(_) => explain_bus(error),
        other => StoreError::Other(other.to_string()),
    }
}

/// The bus gives its errors as names in a text.
fn explain_bus(error: &secret_service::Error) -> StoreError {
    const NOT_THERE: [&str; 3] = [
        "org.freedesktop.DBus.Error.ServiceUnknown",
        "org.freedesktop.DBus.Error.NameHasNoOwner",
        "org.freedesktop.DBus.Error.Spawn.",
    ];
    let text = error.to_string();
    if NOT_THERE.iter().any(|name| text.contains(name)) {
        return StoreError::NoService;
    }
    if text.contains("org.freedesktop.Secret.Error.IsLocked") {
        return StoreError::Locked;
    }
    if text.contains("org.freedesktop.DBus.Error.AccessDenied") {
        return StoreError::Denied;
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<io::Error>() || inner.is::<Arc<io::Error>>() {
            return StoreError::NoBus;
        }
        cause = inner.source();
    }
    StoreError::Other(text)
}
