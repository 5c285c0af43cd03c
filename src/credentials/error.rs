//! Why a credential store did not do what it was asked.
//!
//! Holds nothing that was read from the store: a secret must not travel in an error.

use std::time::Duration;

use crate::domain::failure::{Failure, FailureKind, ScreenHint};
use crate::domain::secret::InvalidSecret;

/// Why a store failed. Each becomes a [`Failure`] with its own sentence and next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is a session bus, but nothing on it keeps secrets.
    #[error("No keyring service is running on this session's D-Bus.")]
    NoService,
    /// There is no session bus to look for a keyring on.
    #[error("No OS keyring is reachable: this session has no D-Bus.")]
    NoBus,
    /// The service runs, but no collection was ever made or unlocked, as on many servers.
    #[error("The keyring service runs, but has no collection to keep secrets in.")]
    NoCollection,
    /// It is locked, and was not unlocked.
    #[error("The keyring is locked, and was not unlocked.")]
    Locked,
    /// The user or the system said no.
    #[error("Access to the keyring was denied.")]
    Denied,
    /// Nothing is kept under this name.
    #[error("The keyring holds no secret for this profile.")]
    Missing,
    /// Several entries are kept under this name; the number says how many.
    #[error("The keyring holds {0} entries for this profile, and they cannot be told apart.")]
    Ambiguous(usize),
    /// No answer within the time given.
    #[error("The keyring did not answer within {} s.", .0.as_secs_f64().ceil())]
    Unanswered(Duration),
    /// What is kept is not text.
    #[error("What the keyring holds for this profile is not text.")]
    NotText,
    /// What is kept is text, but no credential.
    #[error("What the keyring holds for this profile is no credential: {0}.")]
    Unusable(InvalidSecret),
    /// The store keeps nothing of this size.
    #[error("The secret takes {bytes} bytes; this keyring keeps at most {limit}.")]
    TooLong {
        /// What it takes as the store encodes it.
        bytes: usize,
        /// What the store allows.
        limit: usize,
    },
    /// The store cannot be written to.
    #[error("Credentials from the environment can be read, but not changed from here.")]
    ReadOnly,
    /// Anything else, in the platform's words.
    #[error("The keyring failed: {0}.")]
    Other(String),
}

/// What helps wherever no keyring does.
const INSTEAD: &str = "Set CLOUDFLARE_API_TOKEN instead.";

/// What only the screens can do then.
const IN_MEMORY: ScreenHint =
    ScreenHint::Besides("Or keep the credential in memory for this session only.");

/// What unlocks it in a terminal.
const UNLOCK: &str = if cfg!(target_os = "macos") {
    "security unlock-keychain"
} else {
    "gnome-keyring-daemon --unlock"
};

impl StoreError {
    /// Whether there is no keyring in this session at all, rather than one that did not do it.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::NoService | Self::NoBus)
    }

    /// The failure of what was asked for a profile. Commands that help are said with its name: they
    /// would change another profile where another one is the default.
    #[must_use]
    pub fn of(self, profile: &str) -> Failure {
        let (hint, on_screen) = match self {
            Self::Missing => (
                format!(
                    "Store one with `tokenscope auth set --profile {profile}`, or set \
                     CLOUDFLARE_API_TOKEN."
                ),
                "Type it in again and save it.",
            ),
            Self::Ambiguous(_) => (
                format!(
                    "Remove them all with `tokenscope auth clear --profile {profile}`, then store \
                     the secret again."
                ),
                "Re-enter the credential: saving it keeps that one only.",
            ),
            Self::NotText | Self::Unusable(_) => (
                format!("Store it again with `tokenscope auth set --profile {profile}`."),
                "Re-enter the credential and save it.",
            ),
            other => return other.into(),
        };
        Failure {
            hint,
            hint_on_screen: Some(ScreenHint::Instead(on_screen)),
            ..self.into()
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::NoService => {
                format!("Start one (GNOME Keyring, KWallet or KeePassXC). {INSTEAD}")
            }
            Self::NoBus => format!("Run in a desktop session or under dbus-run-session. {INSTEAD}"),
            Self::NoCollection => {
                format!("Log in on the desktop once, or unlock it with `{UNLOCK}`. {INSTEAD}")
            }
            Self::Locked => {
                format!("Unlock it on the desktop, or with `{UNLOCK}`, and try again. {INSTEAD}")
            }
            Self::Denied => format!("Try again and allow it. {INSTEAD}"),
            Self::Missing => "Store one, or set CLOUDFLARE_API_TOKEN.".to_owned(),
            Self::Ambiguous(_) => "Remove them, then store the secret again.".to_owned(),
            Self::Unanswered(_) => {
                format!("An unlock prompt may be waiting on the desktop. {INSTEAD}")
            }
            Self::NotText | Self::Unusable(_) => "Store it again.".to_owned(),
            Self::TooLong { .. } => "Check that this is the API token and nothing else.".to_owned(),
            Self::ReadOnly => "Change or unset the environment variable.".to_owned(),
            Self::Other(_) => INSTEAD.to_owned(),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let kind = match error {
            StoreError::Missing => FailureKind::NoCredential,
            _ => FailureKind::Keyring,
        };
        let hint = error.hint();
        let mut failure = Self::new(kind, error.to_string(), hint.as_str());
        failure.hint_on_screen = hint.ends_with(INSTEAD).then_some(IN_MEMORY);
        failure
    }
}
