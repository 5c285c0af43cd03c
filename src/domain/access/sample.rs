//! Whether a credential may read each part, judged by a request for a single entry.

use super::map::Part;
use crate::domain::failure::{Failure, FailureKind};

/// Whether a part can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartSample {
    pub part: Part,
    pub state: SampleState,
    /// How many entries the API says there are, if it says so.
    pub count: Option<usize>,
}

/// The outcome of reading one entry of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SampleState {
    Readable,
    /// Nothing is visible. A credential without the permission may get the same answer.
    Empty,
    Failed(Failure),
    /// The scope has no such part.
    NotAsked,
}

impl PartSample {
    /// The word used in JSON.
    pub fn code(&self) -> &'static str {
        match &self.state {
            SampleState::Readable => "readable",
            SampleState::Empty => "empty",
            SampleState::Failed(failure) if failure.kind == FailureKind::Permission => "refused",
            SampleState::Failed(_) => "failed",
            SampleState::NotAsked => "not_asked",
        }
    }

    /// The permission that is missing, if the API refused and its documentation names one.
    pub fn permission(&self) -> Option<&'static str> {
        let is_refused = self
            .failure()
            .is_some_and(|failure| failure.kind == FailureKind::Permission);
        self.part.permission().filter(|_| is_refused)
    }

    /// Why it could not be read.
    pub fn failure(&self) -> Option<&Failure> {
        match &self.state {
            SampleState::Failed(failure) => Some(failure),
            SampleState::Readable | SampleState::Empty | SampleState::NotAsked => None,
        }
    }

    /// Whether there is something to read.
    pub fn is_readable(&self) -> bool {
        self.state == SampleState::Readable
    }
}
