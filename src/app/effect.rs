//! What to do, in the imperative: everything the program asks of the outside world.
//!
//! Plain data that a test can compare. Not here: doing it (`tui/effects.rs`).

use std::sync::Arc;

use crate::domain::credential::{Access, Credential, CredentialRef};
use crate::domain::profile::Profile;
use crate::domain::raw::RawLines;
use crate::domain::recent_lookups::Recent;
use crate::domain::remote::RequestId;
use crate::domain::scope::Scope;
use crate::domain::token::TokenRef;

/// Something to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Look a token up.
    FetchToken {
        /// Names the answer.
        request: RequestId,
        /// Who asks, and where.
        access: Access,
        /// Which token.
        token: TokenRef,
    },
    /// List the tokens of a scope.
    ListTokens {
        /// Names the answers.
        request: RequestId,
        /// Who asks, and where.
        access: Access,
    },
    /// Ask for the server's time, by the smallest question there is.
    MeasureClock {
        /// Names the answer.
        request: RequestId,
        /// Who asks, and where.
        access: Access,
    },
    /// Find out which accounts and zones there are.
    ListScopes {
        /// Names the answer.
        request: RequestId,
        /// Who asks.
        asker: CredentialRef,
    },
    /// Find out which profiles have their secret in the credential store, without reading any.
    FindSecrets {
        /// Names the answer.
        request: RequestId,
        /// The profiles by name.
        profiles: Vec<String>,
    },
    /// Make a profile the default.
    UseProfile {
        /// Names the answer.
        request: RequestId,
        /// The profile's name.
        name: String,
    },
    /// Remove a profile's secret, then the profile.
    RemoveProfile {
        /// Names the answer.
        request: RequestId,
        /// The profile's name.
        name: String,
    },
    /// Try a credential on the API: one real read of the list of tokens.
    CheckCredential {
        /// Names the answer.
        request: RequestId,
        /// What to try: what was typed, or what is stored.
        asker: CredentialRef,
        /// Where.
        scope: Scope,
    },
    /// Store the secret, read it back, then write the profile.
    SaveProfile {
        /// Names the answer.
        request: RequestId,
        /// The profile to write.
        profile: Profile,
        /// Its credential; none leaves the stored one as it is.
        credential: Option<Credential>,
    },
    /// Keep a credential in memory until the program ends.
    HoldCredential(Credential),
    /// Find out whether the credential store can be written to.
    ProbeStore {
        /// Names the answer.
        request: RequestId,
    },
    /// Start the embedded demo and use it from now on.
    OpenDemo {
        /// Names the answer.
        request: RequestId,
    },
    /// Read the recent look-ups.
    LoadRecents,
    /// Put a look-up among the recent ones.
    Remember(Recent),
    /// Search the JSON of a token that is too long for it to be done at once.
    SearchJson {
        /// Where, which names the answer too.
        lines: Arc<RawLines>,
        /// What for.
        query: String,
    },
    /// Send text to the clipboard, and say where it went.
    Copy(String),
    /// Ring the terminal's bell.
    RingBell,
    /// Stop the process until it is continued.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// Drop a request that is under way.
    Cancel(RequestId),
}
