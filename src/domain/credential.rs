//! Credentials for the API: their secrets and kinds, their sources, and the scopes that go with them.

use std::fmt;

use zeroize::Zeroizing;

use super::failure::Failure;
use super::scope::{NamedScope, Scope};
use super::{pasted, text};

/// Secret text: an API token or a Global API key, complete or being typed.
///
/// Zeroed when dropped, printed as `Secret(..)`, and without `Display` or `Serialize`. Copies in the
/// HTTP and D-Bus buffers of libraries are beyond our control.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(Zeroizing<String>);

/// Why a string cannot be a credential. Does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecret {
    #[error("it is empty")]
    Empty,
    #[error(
        "it contains a space, a line break or another character that no credential has; copy it again"
    )]
    Characters,
    #[error("it is longer than any credential")]
    Long,
}

impl Secret {
    /// Maximum bytes of a credential; far more than any has.
    pub const LONGEST: usize = 4096;

    /// Wraps a string unchecked.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Removes the residue of copying and piping around a credential, and checks that the rest can
    /// go into an HTTP header.
    ///
    /// # Errors
    /// [`InvalidSecret`] for an empty string, for characters that no credential has, and for more
    /// than [`Self::LONGEST`] bytes.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let trimmed = pasted::peel(text);
        if trimmed.is_empty() {
            return Err(InvalidSecret::Empty);
        }
        if trimmed.len() > Self::LONGEST {
            return Err(InvalidSecret::Long);
        }
        if !trimmed.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidSecret::Characters);
        }
        Ok(Self::new(trimmed.to_owned()))
    }

    /// The text itself, for a header or the keyring only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

/// The error for text that does not fit into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

/// A secret being typed: characters come and go at its end, and only a fixed mask is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MaskedField(Secret);

impl MaskedField {
    /// The most bytes that the field takes.
    pub const CAPACITY: usize = Secret::LONGEST;

    /// The text typed so far.
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// Adds a character.
    ///
    /// # Errors
    /// [`TooLong`] if the field is full.
    pub fn insert(&mut self, character: char) -> Result<(), TooLong> {
        self.add(character.encode_utf8(&mut [0; 4]))
    }

    /// Adds the first line of a paste that is not blank.
    ///
    /// # Errors
    /// [`TooLong`] if it does not fit; the field is unchanged.
    pub fn paste(&mut self, pasted: &Secret) -> Result<(), TooLong> {
        self.add(text::first_line(pasted.expose()))
    }

    /// Deletes the last character.
    pub fn delete(&mut self) {
        self.edit(|typed| {
            typed.pop();
        });
    }

    /// Deletes everything. Behind a mask, the cursor has no parts before or after it.
    pub fn clear(&mut self) {
        self.0 = Secret::default();
    }

    fn add(&mut self, text: &str) -> Result<(), TooLong> {
        if self.0.expose().len() + text.len() > Self::CAPACITY {
            return Err(TooLong);
        }
        self.edit(|typed| typed.push_str(text));
        Ok(())
    }

    fn edit(&mut self, change: impl FnOnce(&mut String)) {
        // A buffer of full capacity never moves, so it leaves no copy of the secret behind.
        let mut typed = String::with_capacity(Self::CAPACITY);
        typed.push_str(self.0.expose());
        change(&mut typed);
        self.0 = Secret::new(typed);
    }
}

/// The kind of a credential, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialKind {
    /// An API token, user- or account-owned.
    ApiToken,
    /// The Global API key of the user with this email address.
    GlobalKey { email: String },
}

impl CredentialKind {
    /// The name in JSON and in `config.toml`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ApiToken => "api_token",
            Self::GlobalKey { .. } => "global_key",
        }
    }

    /// The name in sentences.
    pub fn label(&self) -> &'static str {
        match self {
            Self::ApiToken => "API token",
            Self::GlobalKey { .. } => "Global API key",
        }
    }

    /// The email address that goes with a Global API key.
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
    pub kind: CredentialKind,
    /// The token or key.
    pub secret: Secret,
}

impl Credential {
    /// Whether it is an API token that belongs to an account, by its prefix.
    pub fn is_account_owned(&self) -> bool {
        self.kind == CredentialKind::ApiToken && self.secret.expose().starts_with("cfat_")
    }

    /// What to say about a rejected credential with the prefix of another kind. Cloudflare may
    /// change the prefixes, so no credential is rejected for its prefix alone.
    pub fn doubt(&self) -> Option<&'static str> {
        let is_global_key = matches!(self.kind, CredentialKind::GlobalKey { .. });
        let lookalike = Lookalike::of(&self.secret, is_global_key)?;
        Some(lookalike.hint(is_global_key))
    }
}

/// Another kind of credential, by its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookalike {
    ApiToken,
    GlobalKey,
    ServiceTokenSecret,
    OAuthToken,
    OriginCaKey,
}

impl Lookalike {
    /// The other kind that a secret looks like, if it is meant as an API token or a Global API key.
    pub fn of(secret: &Secret, is_global_key: bool) -> Option<Self> {
        let value = pasted::peel(secret.expose());
        let prefix = value.split_inclusive(['_', '-']).next()?;
        Some(match (prefix, is_global_key) {
            ("cfk_", false) => Self::GlobalKey,
            ("cfut_" | "cfat_", true) => Self::ApiToken,
            ("cfast_", _) => Self::ServiceTokenSecret,
            ("cfoat_", _) => Self::OAuthToken,
            ("v1.0-", false) => Self::OriginCaKey,
            _ => return None,
        })
    }

    /// The hint of the error for a refused credential.
    fn hint(self, is_global_key: bool) -> &'static str {
        match (self, is_global_key) {
            (Self::GlobalKey, _) => {
                "This looks like a Global API key: use --email, CLOUDFLARE_API_KEY, or that kind in the form."
            }
            (Self::ApiToken, _) => {
                "This looks like an API token: leave out --email, use CLOUDFLARE_API_TOKEN, or choose that kind \
                 in the form."
            }
            (Self::ServiceTokenSecret, _) => {
                "This looks like a service token's secret, which is not a credential for the API: make an API \
                 token."
            }
            (Self::OAuthToken, false) => {
                "This looks like an OAuth token: make an API token, which does not expire with a login."
            }
            (Self::OAuthToken, true) => {
                "This looks like an OAuth token, not a Global API key: make an API token."
            }
            (Self::OriginCaKey, _) => {
                "This looks like an Origin CA key, which is for certificates only: make an API token."
            }
        }
    }

    /// The form's remark about it while it is entered.
    pub fn remark(self) -> &'static str {
        match self {
            Self::ApiToken => "This begins like an API token: choose that kind above.",
            Self::GlobalKey => "This begins like a Global API key: choose that kind above.",
            Self::ServiceTokenSecret => {
                "This begins like a service token's secret, which cannot read the API."
            }
            Self::OAuthToken => "This begins like an OAuth token, which expires with its login.",
            Self::OriginCaKey => {
                "This begins like an Origin CA key, which is for certificates only."
            }
        }
    }
}

/// Where a credential comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialSource {
    /// The environment variable with the secret.
    Environment {
        variable: &'static str,
    },
    /// The OS keyring's entry of a profile.
    Keyring {
        profile: String,
    },
    /// The command of a profile, which prints it.
    Command {
        profile: String,
    },
    /// Typed in, and kept in memory until the program ends.
    Session,
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
pub fn parse_email(text: &str) -> Option<String> {
    let text = pasted::peel(text);
    let (user, host) = text.split_once('@')?;
    let plausible = !user.is_empty() && !host.is_empty() && !host.contains('@');
    (plausible && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| text.to_owned())
}

/// A credential without its secret: enough to find the secret, and to say which one is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub source: CredentialSource,
    pub kind: CredentialKind,
}

/// A credential with the scope that lookups start from: the one in use, or one to switch to.
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
    pub fn source(&self) -> Option<&CredentialSource> {
        self.identity.as_ref().map(|identity| &identity.source)
    }

    /// The kind of the credential.
    pub fn kind(&self) -> Option<&CredentialKind> {
        self.identity.as_ref().map(|identity| &identity.kind)
    }
}

/// The credential and scope that every request needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    pub identity: Identity,
    pub scope: Scope,
}

/// The credential to list accounts and zones with.
#[derive(Debug, Clone, PartialEq)]
pub enum CredentialRef {
    /// The credential in use.
    Identity(Identity),
    /// One that the user is entering.
    Credential(Credential),
}

impl CredentialRef {
    /// Where the credential comes from, unless the user is entering it.
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
    pub accounts: Result<Vec<NamedScope>, Failure>,
    pub zones: Result<Vec<NamedScope>, Failure>,
}
