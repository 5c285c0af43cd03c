//! Who asks, and about which account or zone. Never a secret.

use super::credential::{CredentialKind, CredentialSource};
use super::scope::Scope;

/// A credential by its source: enough to find its secret, and to say which one is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Where the secret is.
    pub source: CredentialSource,
    /// What kind of credential it is.
    pub kind: CredentialKind,
}

/// A credential and a scope: what every request needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Who asks.
    pub identity: Identity,
    /// What about.
    pub scope: Scope,
}
