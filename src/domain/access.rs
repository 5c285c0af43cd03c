//! Who asks, and about which account or zone.

use super::credential::{Credential, CredentialKind, CredentialSource};
use super::failure::Failure;
use super::profile::Profile;
use super::scope::{NamedScope, Scope};

/// A credential by its source: enough to find its secret, and to say which one is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Where the secret is.
    pub source: CredentialSource,
    /// What kind of credential it is.
    pub kind: CredentialKind,
}

impl Identity {
    /// The credential of a profile.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        Self {
            source: CredentialSource::Keyring {
                profile: profile.name.clone(),
            },
            kind: profile.kind.clone(),
        }
    }
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
    /// The credential of a profile.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        Self {
            identity: Some(Identity::of(profile)),
            profile: Some(profile.name.clone()),
            scope: profile.scope.clone(),
            scope_origin: format!("profile {}", profile.name),
        }
    }

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
