//! The OS keyring: one entry a profile, service `tokenscope`, the bare secret as its value.
//!
//! Not here: the thread that its blocking calls must run on (`store_thread`), and what only one platform
//! has (`platform`).

use super::asking::Asking;
use super::error::StoreError;
pub use super::platform::SERVICE;
use super::platform::{self, Fault, Session};
use super::store::{CredentialStore, Kept};
use crate::domain::credential::Location;
use crate::domain::profile::PROBE_USER;
use crate::domain::secret::Secret;

/// The service under which is kept, by profile, the address that a secret was stored for. It is no
/// secret, but a file could be anybody's.
const ADDRESSES: &str = "tokenscope-base-url";

/// What the OS keyring is called here.
pub const STORE_NAME: &str = if cfg!(target_os = "macos") {
    "Keychain"
} else if cfg!(windows) {
    "Windows Credential Manager"
} else {
    "Secret Service"
};

/// What Windows Credential Manager keeps of one entry, in bytes of UTF-16.
pub const WINDOWS_LIMIT: usize = 2560;

/// The platform's keyring. It is first spoken to at the first call.
#[derive(Default)]
pub struct Keyring {
    session: Option<Session>,
    asking: Asking,
}

impl Keyring {
    /// Runs one operation, opening the keyring where that has not been done.
    ///
    /// A keyring service that was restarted has forgotten our session, and every entry made with it
    /// fails from then on. So a failure over a session from an earlier call is tried once more over
    /// a new one.
    fn with<T>(&mut self, work: impl Fn(&Session) -> Result<T, Fault>) -> Result<T, StoreError> {
        if let Some(session) = self.session.take() {
            match work(&session) {
                Err(fault) if fault.may_be_session_loss => {}
                done => {
                    self.session = Some(session);
                    return done.map_err(|fault| fault.error);
                }
            }
        }
        tracing::debug!("keyring: open");
        let session = Session::open(&self.asking).map_err(|fault| fault.error)?;
        let done = work(&session);
        self.session = Some(session);
        done.map_err(|fault| fault.error)
    }
}

impl CredentialStore for Keyring {
    fn get(&mut self, profile: &str) -> Result<Secret, StoreError> {
        tracing::debug!(profile, "keyring: read a secret");
        let bytes = self.with(|session| session.get(SERVICE, profile))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| StoreError::NotText)?;
        Secret::parse(text).map_err(StoreError::Unusable)
    }

    fn set(&mut self, profile: &str, secret: &Secret) -> Result<(), StoreError> {
        tracing::debug!(profile, "keyring: store a secret");
        if cfg!(windows) {
            check_windows_length(secret)?;
        }
        self.with(|session| session.set(SERVICE, profile, secret.expose()))
    }

    fn delete(&mut self, profile: &str) -> Result<bool, StoreError> {
        tracing::debug!(profile, "keyring: remove a secret");
        self.with(|session| session.delete(SERVICE, profile))
    }

    fn contains(&mut self, profile: &str) -> Result<bool, StoreError> {
        Ok(self.look(profile)?.entries.is_some_and(|count| count > 0))
    }

    fn look(&mut self, profile: &str) -> Result<Kept, StoreError> {
        tracing::debug!(profile, "keyring: look for a secret");
        self.with(|session| session.look(profile))
    }

    fn bound(&mut self, profile: &str) -> Result<Option<String>, StoreError> {
        match self.with(|session| session.get(ADDRESSES, profile)) {
            Ok(address) => Ok(String::from_utf8(address.to_vec()).ok()),
            // Which of several is meant nobody knows.
            Err(StoreError::Missing | StoreError::Ambiguous(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn bind(&mut self, profile: &str, base_url: Option<&str>) -> Result<(), StoreError> {
        self.with(|session| match base_url {
            Some(address) => session.set(ADDRESSES, profile, address),
            None => session.delete(ADDRESSES, profile).map(drop),
        })
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        self.set(PROBE_USER, &Secret::new("probe".to_owned()))?;
        self.delete(PROBE_USER).map(|_was_there| ())
    }

    fn location(&mut self) -> Location {
        Location {
            store: STORE_NAME,
            collection: platform::collection(),
        }
    }

    fn report_to(&mut self, asking: Asking) {
        self.asking = asking;
    }
}

/// Whether Windows would keep a secret of this length, which it counts in UTF-16.
///
/// # Errors
/// [`StoreError::TooLong`] with the number.
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
