//! What authenticates us to the API, and where it came from.
//!
//! Not here: reading or keeping it (`credentials`).

use std::fmt;

use super::failure::Failure;
use super::scope::{NamedScope, Scope};
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

/// How credentials of other kinds begin where an API token is wanted, and what to say then.
const NO_API_TOKENS: [(&str, &str); 4] = [
    (
        "cfk_",
        "This begins as a Global API key does: use --email, CLOUDFLARE_API_KEY, or that kind in the \
         form.",
    ),
    (
        "cfast_",
        "This begins as a service token's secret does, and that is no credential for the API: make \
         an API token.",
    ),
    (
        "cfoat_",
        "This begins as an OAuth token does: make an API token, which does not expire with a login.",
    ),
    (
        "v1.0-",
        "This begins as an Origin CA key does, and that is for certificates alone: make an API token.",
    ),
];

/// The same where a Global API key is wanted.
const NO_GLOBAL_KEYS: [(&str, &str); 4] = [
    ("cfut_", IS_API_TOKEN),
    ("cfat_", IS_API_TOKEN),
    (
        "cfoat_",
        "This begins as an OAuth token does, which is no Global API key: make an API token.",
    ),
    (
        "cfast_",
        "This begins as a service token's secret does, and that is no credential for the API: make \
         an API token.",
    ),
];

const IS_API_TOKEN: &str = "This begins as an API token does: leave --email out, use \
    CLOUDFLARE_API_TOKEN, or choose that kind in the form.";

impl Credential {
    /// What to say of a credential that begins as another kind does, once it was refused: how they
    /// begin is Cloudflare's to change, so none is refused for that.
    #[must_use]
    pub fn doubt(&self) -> Option<&'static str> {
        let others = match self.kind {
            CredentialKind::ApiToken => NO_API_TOKENS,
            CredentialKind::GlobalKey { .. } => NO_GLOBAL_KEYS,
        };
        let secret = self.secret.expose();
        let found = others.iter().find(|(start, _)| secret.starts_with(start));
        found.map(|(_, sentence)| *sentence)
    }
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

/// Where a secret is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The store's name, such as `Secret Service`.
    pub store: &'static str,
    /// The collection within the store, such as `login`.
    pub collection: Option<String>,
}

impl Location {
    /// A location in a store without collections.
    #[must_use]
    pub fn new(store: &'static str) -> Self {
        Self {
            store,
            collection: None,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.store)?;
        match &self.collection {
            Some(collection) => write!(formatter, ", {collection} collection"),
            None => Ok(()),
        }
    }
}

/// Reads an email address: trimmed, printable ASCII, one `@` with something on both sides.
#[must_use]
pub fn parse_email(text: &str) -> Option<String> {
    let text = super::pasted::peel(text);
    let (user, host) = text.split_once('@')?;
    let plausible = !user.is_empty() && !host.is_empty() && !host.contains('@');
    (plausible && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| text.to_owned())
}

/// A credential by its source: enough to find its secret, and to say which one is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Where the secret is.
    pub source: CredentialSource,
    /// What kind of credential it is.
    pub kind: CredentialKind,
}

/// A credential with the scope that look-ups start from: the one in use, or one to switch to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ActiveCredential {
    /// `None` if there is no credential. Even then a scope may be known.
    pub identity: Option<Identity>,
    /// The profile it belongs to.
    pub profile: Option<String>,
    pub scope: Option<Scope>,
    /// Where the scope came from, as shown to the user: `--account`, `profile prod`.
    pub scope_origin: String,
}

impl ActiveCredential {
    /// Where the secret is.
    #[must_use]
    pub fn source(&self) -> Option<&CredentialSource> {
        self.identity.as_ref().map(|identity| &identity.source)
    }

    /// What kind of credential it is.
    #[must_use]
    pub fn kind(&self) -> Option<&CredentialKind> {
        self.identity.as_ref().map(|identity| &identity.kind)
    }
}

/// A credential and a scope: what every request needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Who asks.
    pub identity: Identity,
    /// What about.
    pub scope: Scope,
}

/// Who wants to know which accounts and zones there are.
#[derive(Debug, Clone, PartialEq)]
pub enum CredentialRef {
    /// The credential in use.
    Identity(Identity),
    /// One that is being typed in.
    Credential(Credential),
}

impl CredentialRef {
    /// Where the credential comes from; nothing where it was typed.
    #[must_use]
    pub fn source(&self) -> Option<&CredentialSource> {
        match self {
            Self::Identity(identity) => Some(&identity.source),
            Self::Credential(_) => None,
        }
    }
}

/// The accounts and zones that a credential can see, or why it cannot list them.
#[derive(Debug, Clone, PartialEq)]
pub struct VisibleScopes {
    /// The accounts.
    pub accounts: Result<Vec<NamedScope>, Failure>,
    /// The zones.
    pub zones: Result<Vec<NamedScope>, Failure>,
}
