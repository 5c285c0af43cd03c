//! A value from the API, with what its responses say about time and completeness. `api` creates it;
//! it reaches screens and commands unchanged.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::clock::doubtful_date;
use super::failure::Failure;
use super::token::ServiceToken;

/// Service tokens in the API's order, each once.
pub type Tokens = Vec<Arc<ServiceToken>>;

/// A value that was read from the API.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetched<T> {
    pub value: T,
    /// How long the whole call took, retries included.
    pub took: Duration,
    pub clock: ServerClock,
    /// Why a list may lack entries; `None` if it is complete.
    pub gap: Option<Gap>,
    /// How many entries the API announced for a list.
    pub announced: Option<usize>,
    /// Oddities of the responses, each a sentence without its full stop. Untrusted text.
    pub notes: Vec<String>,
}

impl<T> Fetched<T> {
    /// A complete value without any remark.
    #[must_use]
    pub fn new(value: T, took: Duration) -> Self {
        Self {
            value,
            took,
            clock: ServerClock::default(),
            gap: None,
            announced: None,
            notes: Vec::new(),
        }
    }

    /// Replaces the value and keeps the rest.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Fetched<U> {
        Fetched {
            value: change(self.value),
            took: self.took,
            clock: self.clock,
            gap: self.gap,
            announced: self.announced,
            notes: self.notes,
        }
    }

    /// Why a list may lack entries, as a sentence fragment.
    #[must_use]
    pub fn incomplete(&self) -> Option<&str> {
        self.gap.as_ref().map(|gap| gap.reason.as_str())
    }

    /// How long the API asked us to pause, if it did so after part of the value had arrived.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.gap.as_ref()?.failure.as_ref()?.retry_after
    }
}

/// Why a list may lack entries.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// A sentence fragment. Untrusted text.
    pub reason: String,
    /// The error that kept the rest from being read, if it was one.
    pub failure: Option<Failure>,
}

/// The server's clock according to the `Date` of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ServerClock {
    /// Not measured: too slow, cached, or without a date.
    #[default]
    Unknown,
    /// Server minus local clock.
    Offset(TimeDelta),
    /// An implausible date, so nothing was measured.
    Implausible(DateTime<Utc>),
}

impl ServerClock {
    /// Rejects an offset that the tokens of the response contradict.
    #[must_use]
    pub fn checked<'a>(
        self,
        local: DateTime<Utc>,
        tokens: impl Iterator<Item = &'a ServiceToken>,
    ) -> Self {
        let Self::Offset(offset) = self else {
            return self;
        };
        doubtful_date(offset, local, tokens).map_or(self, Self::Implausible)
    }

    /// The offset, if one was measured.
    #[must_use]
    pub fn offset(self) -> Option<TimeDelta> {
        match self {
            Self::Offset(offset) => Some(offset),
            Self::Unknown | Self::Implausible(_) => None,
        }
    }

    /// This clock, or the other one if this one was not measured.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Offset(_), _) | (Self::Implausible(_), Self::Unknown | Self::Implausible(_)) => {
                self
            }
            (Self::Unknown, _) | (Self::Implausible(_), Self::Offset(_)) => other,
        }
    }

    /// The implausible date, if any.
    #[must_use]
    pub fn implausible_date(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Implausible(date) => Some(date),
            Self::Unknown | Self::Offset(_) => None,
        }
    }
}

impl From<Option<TimeDelta>> for ServerClock {
    fn from(measured: Option<TimeDelta>) -> Self {
        measured.map_or(Self::Unknown, Self::Offset)
    }
}
