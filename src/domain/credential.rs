//! What authenticates us to the API, and where it came from.
//!
//! Not here: reading or keeping it (`credentials`).

use super::secret::Secret;

/// The kind of a credential, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialKind {
    /// An API token, user- or account-owned.
    ApiToken,
    /// The Global API key of a user, who is named by an email address.
    GlobalKey {
        /// The user's address.
        email: String,
    },
}

impl CredentialKind {
    /// The name used in JSON and in `config.toml`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ApiToken => "api_token",
            Self::GlobalKey { .. } => "global_key",
        }
    }

    /// The name used in sentences.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::ApiToken => "API token",
            Self::GlobalKey { .. } => "Global API key",
        }
    }

    /// The email address that goes with a Global API key.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        match self {
            Self::ApiToken => None,
            Self::GlobalKey { email } => Some(email),
        }
    }
}

/// A complete credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Which kind it is.
    pub kind: CredentialKind,
    /// The token or key.
    pub secret: Secret,
}

/// Where a credential is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialSource {
    /// Environment variables.
    Environment {
        /// The variable that holds the secret.
        variable: &'static str,
    },
    /// The OS keyring's entry of a profile.
    Keyring {
        /// The profile's name.
        profile: String,
    },
    /// Typed in, and kept in memory until the program ends.
    Session,
    /// The embedded demo's own.
    Demo,
}

/// Reads an email address: trimmed, printable ASCII, one `@` with something on both sides.
#[must_use]
pub fn parse_email(text: &str) -> Option<String> {
    let text = super::text::trim_input(text);
    let (user, host) = text.split_once('@')?;
    let plausible = !user.is_empty() && !host.is_empty() && !host.contains('@');
    (plausible && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| text.to_owned())
}
