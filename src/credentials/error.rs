//! Errors of credential stores, and what to do about each.
//!
//! An error never contains data read from a store: that could be a secret.

use std::time::Duration;

use crate::domain::credential::InvalidSecret;
use crate::domain::failure::{Alternative, Failure, FailureKind, ScreenHint};

/// The program that keeps the secrets of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// GNOME Keyring, the only one that lists the items of a locked collection.
    Gnome,
    KeePassXc,
    KWallet,
    /// The one of macOS. The others are behind the Secret Service.
    Keychain,
    Other,
}

impl Provider {
    /// Recognizes a program by its bus name, or by its process name, which Linux cuts to 15 bytes.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            ("org.gnome.keyring", Self::Gnome),
            ("org.keepassxc", Self::KeePassXc),
            ("org.kde.kwallet", Self::KWallet),
            ("org.kde.ksecret", Self::KWallet),
            ("org.kde.secretservicecompat", Self::KWallet),
            ("gnome-keyring", Self::Gnome),
            ("keepassxc", Self::KeePassXc),
            ("kwallet", Self::KWallet),
            ("ksecret", Self::KWallet),
        ]
        .into_iter()
        .find(|(prefix, _)| name.starts_with(prefix))
        .map(|(_, provider)| provider)
    }

    /// The container of the secrets, as named after "No" or "The".
    fn container(self) -> &'static str {
        match self {
            Self::KeePassXc => "KeePassXC database",
            Self::KWallet => "KDE wallet",
            Self::Gnome | Self::Keychain | Self::Other => "keyring",
        }
    }

    fn how_to_unlock(self) -> &'static str {
        match self {
            Self::Gnome => {
                "Unlock it on the desktop, or with `gnome-keyring-daemon --unlock`, and try again."
            }
            Self::Keychain => "Unlock it with `security unlock-keychain`, and try again.",
            Self::KeePassXc => {
                "Open and unlock the database in KeePassXC, and check that its Secret Service \
                 settings expose a group of it."
            }
            Self::KWallet => "Open the wallet in KWalletManager, or create one there.",
            Self::Other => "Open it in the program that manages this session's secrets.",
        }
    }
}

/// Why a credential store failed. Strings are a library's or the platform's own words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The session bus runs, but nothing on it stores secrets.
    #[error("No keyring service is running on this session's D-Bus.")]
    NoService,
    /// The bus in the environment belongs to this other user.
    #[error("The session bus belongs to user {0} and rejects other users.")]
    ForeignBus(u32),
    #[error("The keyring service failed to start.")]
    NotStarted(String),
    #[error("The keyring service exited before it answered.")]
    Exited(String),
    #[error("The keyring service sent a reply that tokenscope does not understand.")]
    UnexpectedReply(String),
    #[error("The keyring service is out of memory or over a limit.")]
    Exhausted(String),
    /// This session has no bus on which to look for a keyring.
    #[error("No OS keyring is reachable: this session has no D-Bus.")]
    NoBus,
    /// The service runs, but has no collection, as on many servers.
    #[error("The keyring service is running but has no collection to store secrets in.")]
    NoCollection,
    /// The service is not GNOME's, and no collection is open.
    #[error("No {} is open, so secrets can be neither read nor stored.", .0.container())]
    NothingOpen(Provider),
    #[error("The {} is locked and was not unlocked.", .0.container())]
    Locked(Provider),
    /// The user or the system refused.
    #[error("Access to the keyring was denied.")]
    Denied,
    #[error("The keyring holds no secret for this profile.")]
    Missing,
    #[error("The keyring holds {0} entries for this profile, and they are indistinguishable.")]
    Ambiguous(usize),
    /// This many entries could not be removed.
    #[error("The keyring still holds {0} of this profile's entries.")]
    Remaining(usize),
    #[error("The keyring accepted the secret but does not return it.")]
    NotReturned,
    #[error("The keyring did not answer within {} s.", .0.as_secs_f64().ceil())]
    Unanswered(Duration),
    #[error("The keyring entry for this profile is not text.")]
    NotText,
    #[error("The keyring entry for this profile is not a valid credential: {0}.")]
    Unusable(InvalidSecret),
    /// Both lengths are in bytes, as the store encodes the secret.
    #[error("The secret takes {bytes} bytes; this keyring stores at most {limit}.")]
    TooLong { bytes: usize, limit: usize },
    #[error("The keyring failed for an unknown reason.")]
    Other(String),
}

impl StoreError {
    /// Whether this session has no keyring at all.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::NoService | Self::NoBus | Self::ForeignBus(_))
    }

    /// Whether the same request may succeed once somebody unlocks the keyring or allows access.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Locked(_) | Self::NothingOpen(_) | Self::Denied | Self::Unanswered(_)
        )
    }

    /// Whether the store may have stored a secret in spite of this error.
    pub fn may_have_stored(&self) -> bool {
        matches!(
            self,
            Self::Unanswered(_) | Self::Exited(_) | Self::UnexpectedReply(_) | Self::Other(_)
        )
    }

    /// The failure of a request for a profile. Hints name the profile in their commands: without it
    /// a command would change the default profile.
    pub fn for_profile(self, profile: &str) -> Failure {
        let (hint, on_screen) = match self {
            Self::Missing => (
                format!("Store one with `tokenscope auth set --profile {profile}`."),
                "Type it again and save it.",
            ),
            Self::Ambiguous(_) => (
                format!(
                    "Remove them all with `tokenscope auth clear --profile {profile}`, then store \
                     the secret again."
                ),
                "Re-enter the credential: saving it removes the others.",
            ),
            Self::NotText | Self::Unusable(_) => (
                format!("Store it again with `tokenscope auth set --profile {profile}`."),
                "Re-enter the credential and save it.",
            ),
            other => return other.into(),
        };
        let mut failure = Failure::from(self);
        failure.hint.text = hint;
        failure.hint_on_screen = Some(ScreenHint::Instead(on_screen));
        failure
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::NoService => "Start one (GNOME Keyring, KWallet or KeePassXC).",
            Self::NoBus => "Run in a desktop session or under dbus-run-session.",
            Self::NoCollection => {
                "Log in on the desktop once, or unlock it with `gnome-keyring-daemon --unlock`."
            }
            Self::NothingOpen(provider) | Self::Locked(provider) => provider.how_to_unlock(),
            Self::ForeignBus(_) => {
                "Run tokenscope as that user, or set DBUS_SESSION_BUS_ADDRESS to your own bus."
            }
            Self::NotStarted(_) => "Start it on the desktop, or look for errors in the journal.",
            Self::Exited(_) | Self::Exhausted(_) | Self::Other(_) => "Try again.",
            Self::UnexpectedReply(_) => "Check which program stores this session's secrets.",
            Self::Remaining(_) => {
                "Unlock it and try again, or remove them in the keyring's own program."
            }
            Self::NotReturned => {
                "Check in the keyring's own program that tokenscope may read what it wrote."
            }
            Self::Denied => "Try again and allow it.",
            Self::Missing => "Store one.",
            Self::Ambiguous(_) => "Remove them, then store the secret again.",
            Self::Unanswered(_) => {
                "Unlock it first: an unlock prompt may have been open on the desktop."
            }
            Self::NotText | Self::Unusable(_) => "Store it again.",
            Self::TooLong { .. } => "Check that this is the API token and nothing else.",
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let kind = match error {
            StoreError::Missing => FailureKind::NoCredential,
            _ => FailureKind::Keyring,
        };
        let mut failure = Self::new(kind, error.to_string(), error.hint());
        let is_absent = error.is_absent();
        // Otherwise the remedy is to do without a keyring.
        let is_keyring_usable = matches!(
            error,
            StoreError::Remaining(_)
                | StoreError::Missing
                | StoreError::Ambiguous(_)
                | StoreError::NotText
                | StoreError::Unusable(_)
                | StoreError::TooLong { .. }
        );
        if !is_keyring_usable {
            let besides = "Or re-enter the credential and keep it for this session only.";
            failure.hint_on_screen = Some(ScreenHint::Besides(besides));
        }
        if !is_keyring_usable || error == StoreError::Missing {
            failure.hint.alternative = Some(Alternative::SetVariable);
            failure.hint.prefers_alternative = is_absent;
        }
        failure.details.cause = match error {
            StoreError::NotStarted(cause)
            | StoreError::Exited(cause)
            | StoreError::UnexpectedReply(cause)
            | StoreError::Exhausted(cause)
            | StoreError::Other(cause) => Some(cause),
            _ => None,
        };
        failure
    }
}
