//! The OS keyring: one entry a profile, service `tokenscope`, the bare secret as its value.
//!
//! Not here: the thread that its blocking calls must run on (`vault`), and what only one platform
//! has (`platform`).

use super::asking::Asking;
use super::error::StoreError;
pub use super::platform::SERVICE;
use super::platform::{self, Fault, Session};
use super::store::{CredentialStore, Kept};
use crate::domain::profile::PROBE_USER;
use crate::domain::secret::Secret;

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
        let session = Session::open(&self.asking).map_err(|fault| fault.error)?;
        let done = work(&session);
        self.session = Some(session);
        done.map_err(|fault| fault.error)
    }
}

impl CredentialStore for Keyring {
    fn get(&mut self, profile: &str) -> Result<Secret, StoreError> {
        let bytes = self.with(|session| session.get(profile))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| StoreError::NotText)?;
        Secret::parse(text).map_err(StoreError::Unusable)
    }

    fn set(&mut self, profile: &str, secret: &Secret) -> Result<(), StoreError> {
        if cfg!(windows) {
            check_windows_length(secret)?;
        }
        self.with(|session| session.set(profile, secret.expose()))
    }

    fn delete(&mut self, profile: &str) -> Result<bool, StoreError> {
        self.with(|session| session.delete(profile))
    }

    fn contains(&mut self, profile: &str) -> Result<bool, StoreError> {
        Ok(self.look(profile)?.entries.is_some_and(|count| count > 0))
    }

    fn look(&mut self, profile: &str) -> Result<Kept, StoreError> {
        self.with(|session| session.look(profile))
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        self.set(PROBE_USER, &Secret::new("probe".to_owned()))?;
        self.delete(PROBE_USER).map(|_was_there| ())
    }

    fn place(&mut self) -> String {
        platform::place()
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
