//! Effects, in the imperative: everything the program asks of the outside world.
//!
//! Plain data that tests can compare.

use std::sync::Arc;

use crate::domain::credential::{Access, Credential, CredentialRef};
use crate::domain::fetched::RequestId;
use crate::domain::profile::Profile;
use crate::domain::raw::RawLines;
use crate::domain::recent_lookups::Recent;
use crate::domain::scope::Scope;
use crate::domain::token::TokenRef;

/// An effect to run. The message that answers a request carries the request's ID.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    FetchToken {
        request: RequestId,
        access: Access,
        token: TokenRef,
    },
    ListTokens {
        request: RequestId,
        access: Access,
    },
    /// Measure the server's clock with the smallest request.
    MeasureClock {
        request: RequestId,
        access: Access,
    },
    /// List the accounts and zones that a credential can see.
    ListScopes {
        request: RequestId,
        asker: CredentialRef,
    },
    /// Find out which profiles have their secret in the credential store, without reading any.
    FindSecrets {
        request: RequestId,
        profiles: Vec<String>,
    },
    /// Make a profile the default.
    UseProfile {
        request: RequestId,
        name: String,
    },
    /// Remove a profile's secret, then the profile.
    RemoveProfile {
        request: RequestId,
        name: String,
    },
    /// Try a credential on the API with one read of the token list.
    CheckCredential {
        request: RequestId,
        asker: CredentialRef,
        scope: Scope,
    },
    /// Store the secret, read it back, then write the profile.
    SaveProfile {
        request: RequestId,
        profile: Profile,
        /// `None` keeps the stored credential.
        credential: Option<Credential>,
    },
    /// Keep a credential in memory until the program ends.
    HoldCredential(Credential),
    /// Find out whether the credential store can be written to.
    ProbeStore {
        request: RequestId,
    },
    /// Start the embedded demo and use it from now on.
    OpenDemo {
        request: RequestId,
    },
    LoadRecents,
    /// Add a lookup to the recent ones.
    Remember(Recent),
    /// Search JSON in the background, if it is too long to search at once.
    SearchJson {
        lines: Arc<RawLines>,
        query: String,
    },
    /// Copy text to the clipboard, and report where it went.
    Copy(String),
    RingBell,
    /// Stop the process until it is continued.
    Suspend,
    /// Draw the whole screen again.
    Redraw,
    /// Drop a pending request.
    Cancel(RequestId),
}
