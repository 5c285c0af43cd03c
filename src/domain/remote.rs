//! The life of a thing that is fetched: asked for, there, failed, or stale.
//!
//! An answer belongs to the request that asked; any other is dropped. Not here: fetching.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::failure::Failure;

/// Names one request for as long as the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RequestId(pub u64);

/// A value with its age and what it cost. Times are of the steady clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Received<T> {
    /// What was fetched.
    pub value: T,
    /// When the answer came.
    pub at: DateTime<Utc>,
    /// How long it took.
    pub took: Duration,
}

/// A fetched thing.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Remote<T> {
    /// Nobody asked.
    #[default]
    Idle,
    /// Under way; with the last good value during a refresh.
    Loading {
        /// The request whose answer counts.
        request: RequestId,
        /// When it was sent, by the steady clock.
        since: DateTime<Utc>,
        /// The last good value.
        last: Option<Received<T>>,
    },
    /// There.
    Ready(Received<T>),
    /// Not to be had.
    Failed(Failure),
    /// The last good value, after a refresh that failed.
    Stale {
        /// The last good value.
        last: Received<T>,
        /// Why the refresh failed.
        failure: Failure,
    },
}

impl<T> Remote<T> {
    /// The newest good value with its age.
    pub fn fetched(&self) -> Option<&Received<T>> {
        match self {
            Self::Ready(fetched) | Self::Stale { last: fetched, .. } => Some(fetched),
            Self::Loading { last, .. } => last.as_ref(),
            Self::Idle | Self::Failed(_) => None,
        }
    }

    /// The newest good value.
    pub fn value(&self) -> Option<&T> {
        self.fetched().map(|fetched| &fetched.value)
    }

    /// Why the last request failed, where it did.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) | Self::Stale { failure, .. } => Some(failure),
            _ => None,
        }
    }

    /// The request under way.
    pub fn request(&self) -> Option<RequestId> {
        match self {
            Self::Loading { request, .. } => Some(*request),
            _ => None,
        }
    }

    /// Since when the request under way has been running.
    pub fn loading_since(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Loading { since, .. } => Some(*since),
            _ => None,
        }
    }

    /// Whether a request is under way.
    pub fn is_loading(&self) -> bool {
        matches!(self, Self::Loading { .. })
    }

    /// Notes that a request was sent; the last good value stays.
    pub fn begin(&mut self, request: RequestId, since: DateTime<Utc>) {
        let last = self.take_last();
        *self = Self::Loading {
            request,
            since,
            last,
        };
    }

    /// Takes an answer in. False, and nothing changed, if another request is awaited.
    pub fn settle(&mut self, request: RequestId, result: Result<Received<T>, Failure>) -> bool {
        if self.request() != Some(request) {
            return false;
        }
        *self = match (result, self.take_last()) {
            (Ok(fetched), _) => Self::Ready(fetched),
            (Err(failure), Some(last)) => Self::Stale { last, failure },
            (Err(failure), None) => Self::Failed(failure),
        };
        true
    }

    /// Stops waiting; the last good value stays.
    pub fn cancel(&mut self) -> Option<RequestId> {
        let request = self.request()?;
        *self = self.take_last().map_or(Self::Idle, Self::Ready);
        Some(request)
    }

    fn take_last(&mut self) -> Option<Received<T>> {
        match std::mem::take(self) {
            Self::Ready(fetched) | Self::Stale { last: fetched, .. } => Some(fetched),
            Self::Loading { last, .. } => last,
            Self::Idle | Self::Failed(_) => None,
        }
    }
}
