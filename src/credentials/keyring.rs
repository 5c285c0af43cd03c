//! The OS keyring: one entry a profile, service `tokenscope`, the bare secret as its value.
//!
//! Not here: the thread that its blocking calls must run on (`vault`), and what only one platform
//! has (`platform`). An error of the keyring library is never printed with `Debug`, which would show
//! the bytes of a secret.

use keyring::Error;
use keyring_core::Entry;
use zeroize::Zeroizing;

use super::error::StoreError;
use super::platform::{self, Session};
use super::store::CredentialStore;
use crate::domain::profile::PROBE_USER;
use crate::domain::secret::Secret;

/// The service under which every entry is kept.
pub const SERVICE: &str = "tokenscope";

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
}

impl Keyring {
    /// Runs one operation, opening the keyring where that has not been done.
    ///
    /// A keyring service that was restarted has forgotten our session, and every entry made with it
    /// fails from then on. So a failure over a session from an earlier call is tried once more over
    /// a new one.
    fn with<T>(&mut self, work: impl Fn(&Session) -> Result<T, Error>) -> Result<T, StoreError> {
        if let Some(session) = self.session.take() {
            match work(&session) {
                Err(error) if platform::may_be_session_loss(&error) => {}
                done => {
                    self.session = Some(session);
                    return done.map_err(platform::explain);
                }
            }
        }
        tracing::debug!("keyring: open");
        let session = Session::open().map_err(platform::explain)?;
        let done = work(&session);
        self.session = Some(session);
        done.map_err(platform::explain)
    }
}

impl CredentialStore for Keyring {
    fn get(&mut self, profile: &str) -> Result<Secret, StoreError> {
        tracing::debug!(profile, "keyring: read a secret");
        let text = self.with(|session| session.entry(SERVICE, profile)?.get_password())?;
        let text = Zeroizing::new(text);
        Secret::parse(&text).map_err(StoreError::Unusable)
    }

    fn set(&mut self, profile: &str, secret: &Secret) -> Result<(), StoreError> {
        tracing::debug!(profile, "keyring: store a secret");
        if cfg!(windows) {
            check_windows_length(secret)?;
        }
        self.with(|session| {
            match session
                .entry(SERVICE, profile)?
                .set_password(secret.expose())
            {
                Err(Error::Ambiguous(entries)) => replace_all(&entries, secret),
                done => done,
            }
        })
    }

    fn delete(&mut self, profile: &str) -> Result<bool, StoreError> {
        tracing::debug!(profile, "keyring: remove a secret");
        self.with(
            |session| match session.entry(SERVICE, profile)?.delete_credential() {
                Err(Error::NoEntry) => Ok(false),
                Err(Error::Ambiguous(entries)) => delete_all(&entries).map(|()| true),
                done => done.map(|()| true),
            },
        )
    }

    fn contains(&mut self, profile: &str) -> Result<bool, StoreError> {
        tracing::debug!(profile, "keyring: look for a secret");
        platform::contains(SERVICE, profile).map_err(platform::explain)
    }

    fn bound(&mut self, profile: &str) -> Result<Option<String>, StoreError> {
        match self.with(|session| session.entry(ADDRESSES, profile)?.get_password()) {
            Ok(address) => Ok(Some(address)),
            // Which of several is meant nobody knows.
            Err(StoreError::Missing | StoreError::Ambiguous(_) | StoreError::NotText) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn bind(&mut self, profile: &str, base_url: Option<&str>) -> Result<(), StoreError> {
        self.with(|session| {
            let entry = session.entry(ADDRESSES, profile)?;
            match base_url {
                Some(address) => entry.set_password(address),
                None => match entry.delete_credential() {
                    Err(Error::NoEntry) => Ok(()),
                    Err(Error::Ambiguous(entries)) => delete_all(&entries),
                    done => done,
                },
            }
        })
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        self.set(PROBE_USER, &Secret::new("probe".to_owned()))?;
        self.delete(PROBE_USER).map(|_was_there| ())
    }

    fn place(&mut self) -> String {
        platform::place()
    }
}

/// Saving says what the one secret of this name is from now on. It goes into the first entry before
/// any other is deleted, so that no failure in between loses it.
fn replace_all(entries: &[Entry], secret: &Secret) -> Result<(), Error> {
    let Some((first, others)) = entries.split_first() else {
        return Err(Error::NoEntry);
    };
    first.set_password(secret.expose())?;
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
