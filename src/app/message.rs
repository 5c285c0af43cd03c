//! Messages, in the past tense: everything that can change the state. Effects, in the imperative:
//! everything the program asks of the outside world.
//!
//! Plain data that tests can compare. Each response carries the ID of its request.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::action::Input;
use crate::domain::access::map::PartAnswer;
use crate::domain::access::probe::{ProbeAnswers, ProbeUrl};
use crate::domain::access::token_pair::TokenPair;
use crate::domain::credential::{
    Access, Credential, CredentialRef, CredentialSource, Location, VisibleScopes,
};
use crate::domain::failure::Failure;
use crate::domain::fetched::{Fetched, RequestId, Tokens};
use crate::domain::list_report::{Existing, ListReport, NotWritten};
use crate::domain::profile::{Profile, Settings};
use crate::domain::raw::{Matches, RawLines};
use crate::domain::recent_lookups::Recent;
use crate::domain::scope::Scope;
use crate::domain::token::{ServiceToken, TokenRef};

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// The keyboard or the terminal sent something.
    Input(Input),
    /// The time for the next change on screen has come.
    Ticked,
    /// The process was stopped and continues.
    Resumed,
    ClockMeasured {
        request: RequestId,
        /// How far the server's clock is ahead of ours, if the response showed it.
        offset: Option<TimeDelta>,
    },
    /// A request reached its next stage.
    Staged {
        request: RequestId,
        stage: Stage,
    },
    TokenFetched {
        request: RequestId,
        /// The matching tokens: one, or several of the same name.
        result: Result<Fetched<Tokens>, Failure>,
    },
    /// A page of a scope's tokens arrived.
    TokensArrived {
        request: RequestId,
        /// In the order received, without those of earlier pages.
        tokens: Vec<Arc<ServiceToken>>,
        /// How many tokens the API announced.
        total: Option<usize>,
    },
    /// The last page of a scope's tokens arrived.
    TokensListed {
        request: RequestId,
        result: Result<Fetched<Tokens>, Failure>,
    },
    /// A page of one profile's tokens arrived, in the list of all profiles.
    ProfileArrived {
        request: RequestId,
        /// The credential of the profile.
        source: CredentialSource,
        tokens: Vec<Arc<ServiceToken>>,
    },
    /// The last page of one profile's tokens arrived.
    ProfileListed {
        request: RequestId,
        source: CredentialSource,
        result: Result<Fetched<Tokens>, Failure>,
    },
    /// All profiles were read.
    ProfilesListed {
        request: RequestId,
    },
    /// A part of a scope's access map was read, or could not be. A part may come twice; the later
    /// answer counts.
    AccessPartRead {
        request: RequestId,
        answer: PartAnswer,
    },
    /// The last part arrived.
    AccessRead {
        request: RequestId,
        result: Result<Fetched<()>, Failure>,
    },
    /// An app was probed.
    Probed {
        request: RequestId,
        result: Result<ProbeAnswers, Failure>,
    },
    /// A response carried additional information.
    ResponseNoted {
        /// The credential it was sent with.
        source: CredentialSource,
        /// How long the API asks us to pause.
        retry_after: Option<Duration>,
        /// An oddity of the response. Untrusted text.
        note: Option<String>,
    },
    ScopesListed {
        request: RequestId,
        result: Result<VisibleScopes, Failure>,
    },
    SecretsFound {
        request: RequestId,
        /// Where each profile's secret is stored; `None` for a profile without one.
        found: Vec<(String, Result<Option<Location>, Failure>)>,
    },
    /// The settings were read again, since another process may have changed them.
    SettingsRead(Settings),
    /// A profile was removed, or made the default.
    ProfilesChanged {
        request: RequestId,
        result: Result<Settings, Failure>,
    },
    /// A credential was tried on the API.
    CredentialChecked {
        request: RequestId,
        /// How many tokens the first page showed.
        result: Result<usize, Failure>,
    },
    /// A profile, and its credential if one was entered, were stored.
    ProfileSaved {
        request: RequestId,
        /// The settings after the change, and where the secret is stored now; `None` if a command
        /// prints it.
        result: Result<(Settings, Option<Location>), Failure>,
    },
    StoreProbed {
        request: RequestId,
        /// Where secrets will be stored.
        result: Result<Location, Failure>,
    },
    DemoOpened {
        request: RequestId,
        result: Result<Access, Failure>,
    },
    /// A list was written to a file.
    ListWritten {
        request: RequestId,
        /// The whole path of the file.
        result: Result<String, NotWritten>,
    },
    JsonSearched(JsonSearch),
    RecentsLoaded(Vec<Recent>),
    /// A lookup could not be added to the recent ones.
    NotRemembered(Failure),
    /// Something failed in the background, such as reading the recent lookups.
    Warned(Failure),
    /// An effect has a short message for the user.
    Notified(String),
}

/// What a request waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// The keyring, which may be asking the user to unlock it, or a command that prints the
    /// credential.
    Credential,
    #[default]
    Network,
}

/// The result of a search of a token's JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonSearch {
    pub lines: Arc<RawLines>,
    pub query: String,
    pub matches: Matches,
}

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
    /// List the tokens of several scopes: each with the first of its credentials that lists any.
    ListProfiles {
        request: RequestId,
        scopes: Vec<Vec<Access>>,
    },
    /// Read who uses the tokens of a scope, part by part.
    ReadAccess {
        request: RequestId,
        access: Access,
    },
    /// Ask a URL without a token and, if Access refuses that, with it.
    Probe {
        request: RequestId,
        /// Where the token was read from: the demo answers for its own hosts.
        source: CredentialSource,
        url: ProbeUrl,
        pair: TokenPair,
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
    /// Write the name of a profile's account or zone to the profile.
    NameScope {
        profile: String,
        scope: Scope,
        /// Untrusted text.
        scope_name: String,
    },
    /// Keep a credential in memory until the program ends.
    HoldCredential(Credential),
    /// Forget what the command of a profile printed, so that the next request runs it again.
    ForgetPrinted {
        profile: String,
    },
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
    /// Write a list to a file.
    WriteList {
        request: RequestId,
        list: ListReport,
        /// As typed; its ending names the format.
        path: String,
        existing: Existing,
    },
    /// Copy text to the clipboard, and report where it went.
    Copy {
        /// Names the text in the report: `the ID`.
        what: String,
        text: String,
    },
    /// Open an address in the browser, or copy it where none can open, and report which.
    OpenUrl(String),
    RingBell,
    /// Show a notification on the desktop.
    Notify(String),
    /// Stop the process until it is continued.
    Suspend,
    /// Draw the whole screen again.
    Redraw,
    /// Drop a pending request.
    Cancel(RequestId),
}
