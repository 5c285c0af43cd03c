//! What the set-up form is made of: its rows, what it waits for, and the ways on after a failure.
//!
//! Not here: the form itself (`setup`).

use crate::app::step::Step;
use crate::domain::credential::{Credential, CredentialRef, Identity};
use crate::domain::profile::Profile;
use crate::domain::remote::RequestId;
use crate::domain::scope::Scope;

/// A row of the form that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupField {
    /// The profile's name.
    Name,
    /// API token or Global API key.
    Kind,
    /// The email address that goes with a Global API key.
    Email,
    /// The token or key itself.
    Secret,
    /// Account or zone.
    ScopeKind,
    /// The account's or zone's ID.
    ScopeId,
    /// The button that checks and stores.
    Save,
    /// The button that stores without a check, after a network failure.
    SaveUnchecked,
    /// The button that keeps the credential in memory only.
    SessionOnly,
}

impl SetupField {
    /// Whether letters typed here are text.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(
            self,
            Self::Name | Self::Email | Self::Secret | Self::ScopeId
        )
    }
}

/// What opened the form, and comes back when it is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Opener {
    /// The want of a credential, or one that was refused.
    #[default]
    Program,
    /// The profiles.
    Profiles,
}

/// What the form is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// Nothing; it can be filled in.
    #[default]
    Open,
    /// The API's verdict; then storing, or keeping in memory.
    Checking {
        /// The request whose answer counts.
        request: RequestId,
        /// Whether the credential stays in memory only.
        session_only: bool,
    },
    /// The credential store.
    Saving {
        /// The request whose answer counts.
        request: RequestId,
    },
}

/// How long the credential store takes to be tried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trial {
    /// As long as programs take.
    Quick,
    /// So long that it may be waiting for a person to unlock it.
    Slow,
}

/// A way on after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// Store the credential although the API could not be reached.
    SaveUnchecked,
    /// Keep the credential in memory, since it could not be stored.
    SessionOnly,
}

/// A form that was filled in without a mistake.
pub(crate) struct Filled {
    pub(crate) profile: Profile,
    /// What was typed; none where the stored secret stays.
    pub(crate) credential: Option<Credential>,
    pub(crate) scope: Scope,
}

impl Filled {
    /// Who asks the API: what was typed, or what is stored.
    pub(crate) fn asker(&self) -> CredentialRef {
        match &self.credential {
            Some(credential) => CredentialRef::Credential(credential.clone()),
            None => CredentialRef::Identity(Identity::of(&self.profile)),
        }
    }

    pub(crate) fn save(self) -> Step {
        Step::Save {
            profile: self.profile,
            credential: self.credential,
        }
    }
}

/// What was refused for want of a credential that works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repeat {
    /// A look-up.
    #[default]
    LookUp,
    /// The list of all tokens.
    List,
}
