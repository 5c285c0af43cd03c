//! What happened, in the past tense: everything that can change the state.
//!
//! Plain data; each answer names the request it belongs to. Not here: what follows from it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::action::{Action, Input};
use crate::domain::credential::{Access, CredentialSource, Location, VisibleScopes};
use crate::domain::failure::Failure;
use crate::domain::fetched::{Fetched, Tokens};
use crate::domain::profile::Settings;
use crate::domain::raw::{Matches, RawLines};
use crate::domain::recent_lookups::Recent;
use crate::domain::remote::RequestId;
use crate::domain::secret::Secret;
use crate::domain::token::ServiceToken;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// A key that means something was pressed.
    Acted(Action),
    /// A character was typed into a text field.
    Typed(Typed),
    /// Text was pasted. It may be a credential.
    Pasted(Secret),
    /// The terminal has a new size in cells.
    Resized(u16, u16),
    /// The instant came at which something on screen changes.
    Ticked,
    /// The process was stopped and goes on.
    Resumed,
    /// The server's time was asked for.
    ClockMeasured {
        /// The request it answers.
        request: RequestId,
        /// How far the server's clock is ahead of ours, where the answer showed it.
        offset: Option<TimeDelta>,
    },
    /// A request moved on to its next stage.
    Staged {
        /// The request.
        request: RequestId,
        /// What it waits for now.
        stage: Stage,
    },
    /// A look-up ended.
    TokenFetched {
        /// The request it answers.
        request: RequestId,
        /// The tokens that match: one, or several of one name.
        result: Result<Fetched<Tokens>, Failure>,
    },
    /// A page of a scope's tokens arrived.
    TokensArrived {
        /// The request it answers.
        request: RequestId,
        /// The new ones, in the order sent.
        tokens: Vec<Arc<ServiceToken>>,
        /// How many the API announced.
        total: Option<usize>,
    },
    /// The list of a scope's tokens ended.
    TokensListed {
        /// The request it answers.
        request: RequestId,
        /// All of them.
        result: Result<Fetched<Tokens>, Failure>,
    },
    /// An answer says more than what was asked for.
    AnsweredBesides {
        /// The credential that it was asked with.
        source: CredentialSource,
        /// How long the API wants to be left alone, where it does.
        retry_after: Option<Duration>,
        /// What is odd about the answer, if anything. Untrusted text.
        note: Option<String>,
    },
    /// The accounts and zones were listed.
    ScopesListed {
        /// The request it answers.
        request: RequestId,
        /// What the credential can see.
        result: Result<VisibleScopes, Failure>,
    },
    /// The profiles' secrets were looked for.
    SecretsFound {
        /// The request it answers.
        request: RequestId,
        /// For each profile, where its secret is kept; nothing where it has none.
        found: Vec<(String, Result<Option<Location>, Failure>)>,
    },
    /// The settings were read again, since they may be others than we know.
    SettingsRead(Settings),
    /// A profile was removed, or made the default.
    ProfilesChanged {
        /// The request it answers.
        request: RequestId,
        /// The settings as they are now.
        result: Result<Settings, Failure>,
    },
    /// A credential was tried on the API.
    CredentialChecked {
        /// The request it answers.
        request: RequestId,
        /// Whether the API let it read.
        result: Result<(), Failure>,
    },
    /// A credential and its profile were stored.
    ProfileSaved {
        /// The request it answers.
        request: RequestId,
        /// The settings as they are now, and where the secret went.
        result: Result<Saved, Failure>,
    },
    /// The credential store was tried out.
    StoreProbed {
        /// The request it answers.
        request: RequestId,
        /// Where secrets will be stored.
        result: Result<Location, Failure>,
    },
    /// The embedded demo is running.
    DemoOpened {
        /// The request it answers.
        request: RequestId,
        /// How to reach it.
        result: Result<Access, Failure>,
    },
    /// The JSON of a token was searched.
    JsonSearched(JsonSearch),
    /// The recent look-ups were read.
    RecentsLoaded(Vec<Recent>),
    /// A look-up could not be put among the recent ones.
    NotRemembered(Failure),
    /// Something failed that nobody waits for, such as reading the recent look-ups.
    Warned(Failure),
    /// Something is worth a short message.
    Told(String),
}

impl Message {
    /// What failed, if anything did.
    #[must_use]
    pub fn failures(&self) -> Vec<&Failure> {
        match self {
            Self::TokenFetched { result, .. } => result.as_ref().err().into_iter().collect(),
            Self::TokensListed { result, .. } => result.as_ref().err().into_iter().collect(),
            Self::ScopesListed { result, .. } => match result {
                Ok(visible) => [
                    visible.accounts.as_ref().err(),
                    visible.zones.as_ref().err(),
                ]
                .into_iter()
                .flatten()
                .collect(),
                Err(failure) => vec![failure],
            },
            Self::SecretsFound { found, .. } => {
                let results = found.iter().map(|(_, result)| result);
                results.filter_map(|result| result.as_ref().err()).collect()
            }
            Self::ProfilesChanged { result, .. } => result.as_ref().err().into_iter().collect(),
            Self::CredentialChecked { result, .. } => result.as_ref().err().into_iter().collect(),
            Self::ProfileSaved { result, .. } => result.as_ref().err().into_iter().collect(),
            Self::StoreProbed { result, .. } => result.as_ref().err().into_iter().collect(),
            Self::DemoOpened { result, .. } => result.as_ref().err().into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

impl From<Input> for Message {
    fn from(input: Input) -> Self {
        match input {
            Input::Act(action) => Self::Acted(action),
            Input::Type(character) => Self::Typed(Typed(character)),
            Input::Paste(text) => Self::Pasted(text),
            Input::Resize(width, height) => Self::Resized(width, height),
        }
    }
}

/// A typed character. It may be part of a secret, so it does not print.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Typed(pub char);

impl fmt::Debug for Typed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("_")
    }
}

/// What a request waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// The keyring, which may be asking the user to unlock it.
    Keyring,
    /// The API.
    #[default]
    Network,
}

/// What a search of a token's JSON found.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonSearch {
    /// Where.
    pub lines: Arc<RawLines>,
    /// What for.
    pub query: String,
    /// What was found.
    pub matches: Matches,
}

/// What was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The settings after the change.
    pub settings: Settings,
    /// Where the secret is now.
    pub location: Location,
}
