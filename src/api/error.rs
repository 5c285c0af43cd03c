//! Signatures.
use crate::domain::{failure::{Failure, FailureKind}, scope::Scope};
/// Why a call failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Not there yet.
    #[error("not there yet")]
    Stub,
}
impl Error {
    /// The failure as the user sees it.
    #[must_use]
    pub fn into_failure(self, _scope: Option<&Scope>) -> Failure { Failure::new(FailureKind::Server, self.to_string(), "") }
}
