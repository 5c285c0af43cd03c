//! The state of the current token.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::raw::RawView;
use crate::app::message::Stage;
use crate::domain::credential::Access;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fields::{self, Field};
use crate::domain::remote::{Remote, RequestId};
use crate::domain::status::Lifecycle;
use crate::domain::token::{ServiceToken, TokenRef};

/// The current token.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Detail {
    pub token: Remote<Arc<ServiceToken>>,
    /// The reference that was looked up.
    pub reference: Option<TokenRef>,
    /// The credential and scope it was looked up with.
    pub access: Option<Access>,
    /// What the pending request waits for.
    pub stage: Stage,
    /// The keys whose values the last fetch changed, sorted.
    pub changed: Vec<String>,
    /// The selected field.
    pub selected: usize,
    pub view: View,
    /// The tokens to choose from if several have the name.
    pub choices: Vec<Arc<ServiceToken>>,
    /// Whether it was opened from the list of all tokens. Back then returns there.
    pub opened_from_list: bool,
    /// The last known name of a token that was not found.
    pub lost_name: Option<String>,
    /// Whether the response to the pending request opens the token, as for a lookup. A refresh does
    /// not change the screen.
    pub(crate) opens_on_answer: bool,
    /// When the last fetch was attempted, by the steady clock.
    pub(crate) attempted_at: Option<DateTime<Utc>>,
}

/// How the token is displayed.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum View {
    /// Its fields and findings.
    #[default]
    Fields,
    /// Its JSON as received.
    Raw(RawView),
}

impl Detail {
    /// The fields of the current token.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        let token = self.token.value();
        token.map_or(&[], |token| fields::fields(token))
    }

    /// Clears everything, and returns the pending request.
    pub(crate) fn reset(&mut self) -> Option<RequestId> {
        std::mem::take(self).token.request()
    }

    /// When the current token ends, if it does.
    #[must_use]
    pub fn end(&self) -> Option<DateTime<Utc>> {
        Lifecycle::of(self.token.value()?).end()
    }

    /// Why a token without a UUID cannot be opened.
    pub(crate) fn without_id() -> Failure {
        Failure::new(
            FailureKind::InvalidResponse,
            "The API reported no usable ID for this token, so it cannot be fetched on its own.",
            "Look it up in the dashboard.",
        )
    }
}
