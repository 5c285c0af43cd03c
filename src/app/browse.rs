//! The list of all tokens: what has arrived, in which order, and what keys do to it.
//!
//! Not here: fetching it; wording, colours and layout (`ui`).

use std::sync::Arc;

use super::field::{Editor, TextField};
use super::message::TokenList;
use super::step::Step;
use crate::action::Action;
use crate::domain::access::Access;
use crate::domain::failure::Failure;
use crate::domain::remote::{Remote, RequestId};
use crate::domain::token::ServiceToken;

/// The list of all tokens.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Browse {
    /// The list, with its age.
    pub list: Remote<TokenList>,
    /// Who asked, and where.
    pub access: Option<Access>,
    /// What the list is filtered by.
    pub filter: TextField,
    /// Whether letters go into the filter.
    pub is_filtering: bool,
}

impl Browse {
    pub(super) fn editor(&mut self) -> Option<Editor<'_>> {
        self.is_filtering.then(|| Editor::Plain(&mut self.filter))
    }

    pub(super) fn act(&mut self, _action: Action, _rows: usize) -> Vec<Step> {
        Vec::new()
    }

    pub(super) fn arrived(
        &mut self,
        _request: RequestId,
        _tokens: Vec<Arc<ServiceToken>>,
        _total: Option<usize>,
    ) {
    }

    pub(super) fn listed(
        &mut self,
        _request: RequestId,
        _result: Result<TokenList, Failure>,
    ) -> Vec<Step> {
        Vec::new()
    }
}
