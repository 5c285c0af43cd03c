//! The accounts and zones that the credential can see, to choose one by its name.
//!
//! Not here: the fields that the choice goes into (`setup`, `lookup`).

use super::field::TextField;
use crate::domain::access::VisibleScopes;
use crate::domain::failure::Failure;
use crate::domain::remote::{Remote, RequestId};

/// The accounts and zones to choose from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Picker {
    /// What the credential can see.
    pub scopes: Remote<VisibleScopes>,
    /// What the list is filtered by.
    pub filter: TextField,
}

impl Picker {
    pub(super) fn listed(&mut self, _request: RequestId, _result: Result<VisibleScopes, Failure>) {}
}
