//! The profiles: which there are, where the secret of each is kept, and what keys do to them.
//!
//! Not here: the form that adds or changes one (`setup`).

use super::step::Step;
use crate::action::Action;
use crate::domain::failure::Failure;
use crate::domain::remote::RequestId;
use crate::domain::settings::Settings;

/// The profiles.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profiles {
    /// The selected row.
    pub selected: usize,
}

impl Profiles {
    pub(super) fn act(&mut self, _action: Action) -> Vec<Step> {
        Vec::new()
    }

    pub(super) fn found(
        &mut self,
        _request: RequestId,
        _found: Vec<(String, Result<Option<String>, Failure>)>,
    ) {
    }

    pub(super) fn changed(
        &mut self,
        _request: RequestId,
        _result: Result<Settings, Failure>,
    ) -> Vec<Step> {
        Vec::new()
    }
}
