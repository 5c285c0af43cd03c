//! Why a credential store did not do what it was asked.
//!
//! Holds nothing that was read from the store: a secret must not travel in an error.

use std::time::Duration;

use crate::domain::failure::{Failure, FailureKind, ScreenHint};
use crate::domain::secret::InvalidSecret;

/// A program that keeps the secrets of a Linux session, where it is not GNOME's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// GNOME Keyring, whose collections show what they hold while they are locked.
    Gnome,
    /// `KeePassXC`, whose databases are files that a person opens.
    KeePassXc,
    /// `KWallet`.
    KWallet,
    /// Any other.
    Other,
}

impl Provider {
    /// The program that owns a name on the bus.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [
            ("org.gnome.keyring", Self::Gnome),
            ("org.keepassxc", Self::KeePassXc),
            ("org.kde.kwallet", Self::KWallet),
            ("org.kde.ksecret", Self::KWallet),
            ("org.kde.secretservicecompat", Self::KWallet),
        ]
        .into_iter()
        .find(|(beginning, _)| name.starts_with(beginning))
        .map(|(_, provider)| provider)
    }

    /// The program that the kernel knows by a name, of which it keeps fifteen letters.
    #[must_use]
    pub fn run_as(command: &str) -> Option<Self> {
        [
            ("gnome-keyring", Self::Gnome),
            ("keepassxc", Self::KeePassXc),
            ("kwallet", Self::KWallet),
            ("ksecret", Self::KWallet),
        ]
        .into_iter()
        .find(|(beginning, _)| command.starts_with(beginning))
        .map(|(_, provider)| provider)
    }

    /// Where its secrets are, with the program's name.
    fn place(self) -> &'static str {
        match self {
            Self::Gnome => "GNOME Keyring",
            Self::KeePassXc => "KeePassXC's database",
            Self::KWallet => "KDE's wallet",
            Self::Other => "keyring",
        }
    }

    /// How it is opened or unlocked.
    fn way_in(self) -> &'static str {
        match self {
            Self::Gnome => "Log in on the desktop once",
            Self::KeePassXc => {
                "Open and unlock the database in KeePassXC, and see that its settings for Secret \
                 Service share a group of it"
            }
            Self::KWallet => "Open the wallet in KWalletManager, or make one there",
            Self::Other => "Open it in the program that keeps this session's secrets",
        }
    }
}

/// Why a store failed. Each becomes a [`Failure`] with its own sentence and next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is a session bus, but nothing on it keeps secrets.
    #[error("No keyring service is running on this session's D-Bus.")]
    NoService,
    /// The bus that the environment names is another user's; the number says whose.
    #[error("The session bus belongs to user {0}, and answers nobody else.")]
    ForeignBus(u32),
    /// The bus could not start the service.
    #[error("The keyring service did not start.")]
    NotStarted(String),
    /// The service went away over the question.
    #[error("The keyring service ended before it answered.")]
    Ended(String),
    /// What is there is no keyring as the standard has it.
    #[error("The keyring service answered in a way that tokenscope does not understand.")]
    NotUnderstood(String),
    /// It ran out of something.
    #[error("The keyring service has no room or memory left.")]
    Exhausted(String),
    /// There is no session bus to look for a keyring on.
    #[error("No OS keyring is reachable: this session has no D-Bus.")]
    NoBus,
    /// The service runs, but no collection was ever made or unlocked, as on many servers.
    #[error("The keyring service runs, but has no collection to keep secrets in.")]
    NoCollection,
    /// The service is another program than GNOME's, and nothing is open in it to look into.
    #[error("No {} is open, so nothing can be looked up or kept there.", .0.place())]
    NothingOpen(Provider),
    /// It is locked, and was not unlocked.
    #[error("The keyring is locked, and was not unlocked.")]
    Locked,
    /// The same of another program's than GNOME's.
    #[error("The {} is locked, and was not unlocked.", .0.place())]
    LockedIn(Provider),
    /// The user or the system said no.
    #[error("Access to the keyring was denied.")]
    Denied,
    /// Nothing is kept under this name.
    #[error("The keyring holds no secret for this profile.")]
    Missing,
    /// Several entries are kept under this name; the number says how many.
    #[error("The keyring holds {0} entries for this profile, and they cannot be told apart.")]
    Ambiguous(usize),
    /// Some entries could not be removed; the number says how many.
    #[error("The keyring still holds {0} of this profile's entries.")]
    Remaining(usize),
    /// It took a secret, and has none when asked.
    #[error("The keyring took the secret but does not return it.")]
    NotReturned,
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
    /// Anything else, with the platform's words for the details.
    #[error("The keyring failed, and does not say why in terms that tokenscope knows.")]
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
        matches!(self, Self::NoService | Self::NoBus | Self::ForeignBus(_))
    }

    /// Whether asking once more can help, since a person has not answered yet.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Locked
                | Self::LockedIn(_)
                | Self::NothingOpen(_)
                | Self::Denied
                | Self::Unanswered(_)
        )
    }

    /// Whether it is known that nothing was kept of what the store was asked to keep.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        !matches!(
            self,
            Self::Unanswered(_) | Self::Ended(_) | Self::NotUnderstood(_) | Self::Other(_)
        )
    }

    /// What a library or the platform said.
    fn detail(&self) -> Option<&str> {
        match self {
            Self::NotStarted(detail)
            | Self::Ended(detail)
            | Self::NotUnderstood(detail)
            | Self::Exhausted(detail)
            | Self::Other(detail) => Some(detail),
            _ => None,
        }
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
            Self::NothingOpen(provider) | Self::LockedIn(provider) => {
                format!("{}. {INSTEAD}", provider.way_in())
            }
            Self::ForeignBus(_) => format!(
                "Run tokenscope as that user, or set DBUS_SESSION_BUS_ADDRESS to your own bus. \
                 {INSTEAD}"
            ),
            Self::NotStarted(_) => {
                format!("See that it starts on the desktop or in the journal. {INSTEAD}")
            }
            Self::Ended(_) | Self::Exhausted(_) => format!("Try again. {INSTEAD}"),
            Self::NotUnderstood(_) => {
                format!("Check which program keeps this session's secrets. {INSTEAD}")
            }
            Self::Remaining(_) => {
                "Unlock it and try again, or remove them in the keyring's own program.".to_owned()
            }
            Self::NotReturned => format!(
                "Check in the keyring's own program that it lets tokenscope read what it wrote. \
                 {INSTEAD}"
            ),
            Self::Denied => format!("Try again and allow it. {INSTEAD}"),
            Self::Missing => "Store one, or set CLOUDFLARE_API_TOKEN.".to_owned(),
            Self::Ambiguous(_) => "Remove them, then store the secret again.".to_owned(),
            Self::Unanswered(_) => {
                format!(
                    "Unlock it first: an unlock prompt may have been open on the desktop. {INSTEAD}"
                )
            }
            Self::NotText | Self::Unusable(_) => "Store it again.".to_owned(),
            Self::TooLong { .. } => "Check that this is the API token and nothing else.".to_owned(),
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
        failure.details.cause = error.detail().map(str::to_owned);
        failure.hint_on_screen = hint.ends_with(INSTEAD).then_some(IN_MEMORY);
        failure
    }
}
