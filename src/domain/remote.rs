//! The state of a value that the screens fetch: not requested, loading, ready, failed or stale.
//!
//! A response counts only for the request that it answers.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::failure::Failure;

/// Identifies a request while the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RequestId(pub u64);

/// A value with its age. Times are of the steady clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Received<T> {
    pub value: T,
    pub at: DateTime<Utc>,
    pub took: Duration,
}

/// A value that is fetched.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Remote<T> {
    #[default]
    Idle,
    /// Requested; with the last good value during a reload.
    Loading {
        request: RequestId,
        since: DateTime<Utc>,
        last: Option<Received<T>>,
    },
    Ready(Received<T>),
    Failed(Failure),
    /// The last good value after a reload that failed.
    Stale {
        last: Received<T>,
        failure: Failure,
    },
}

impl<T> Remote<T> {
    /// The latest good value with its age.
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

    /// Why the last request failed, if it did.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) | Self::Stale { failure, .. } => Some(failure),
            _ => None,
        }
    }

    /// The request in progress.
    pub fn request(&self) -> Option<RequestId> {
        match self {
            Self::Loading { request, .. } => Some(*request),
            _ => None,
        }
    }

    /// When the request in progress was sent.
    pub fn loading_since(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Loading { since, .. } => Some(*since),
            _ => None,
        }
    }

    /// Whether a request is in progress.
    pub fn is_loading(&self) -> bool {
        matches!(self, Self::Loading { .. })
    }

    /// Records that a request was sent. Keeps the last good value.
    pub fn begin(&mut self, request: RequestId, since: DateTime<Utc>) {
        let last = self.take_last();
        *self = Self::Loading {
            request,
            since,
            last,
        };
    }

    /// Applies a response. Returns false, and changes nothing, if it answers another request.
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

    /// Stops waiting. Keeps the last good value.
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
