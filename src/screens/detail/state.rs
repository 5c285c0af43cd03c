//! What is known of the token in view.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::raw::RawView;
use crate::app::message::Stage;
use crate::domain::credential::Access;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fields::{self, Field};
use crate::domain::remote::Remote;
use crate::domain::status::Lifecycle;
use crate::domain::token::{ServiceToken, TokenRef};

/// The token in view.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Detail {
    pub token: Remote<Arc<ServiceToken>>,
    /// What was looked up.
    pub reference: Option<TokenRef>,
    /// The credential and scope it was looked up with.
    pub access: Option<Access>,
    /// What the request under way waits for.
    pub stage: Stage,
    /// The keys whose values the last fetch changed, sorted.
    pub changed: Vec<String>,
    /// The selected field.
    pub selected: usize,
    pub view: View,
    /// The tokens to choose from if several have the name.
    pub choices: Vec<Arc<ServiceToken>>,
    /// Whether it was opened from the list of all tokens, to which Back leads.
    pub opened_from_list: bool,
    /// The last known name of a token that was not found.
    pub lost_name: Option<String>,
    /// Whether the answer to the request under way shows the token, as for a look-up; the answer to
    /// a refresh does not change the screen.
    pub(crate) opens_on_answer: bool,
    /// When it was last fetched or tried to, by the steady clock.
    pub(crate) attempted_at: Option<DateTime<Utc>>,
}

/// How the token is shown.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum View {
    /// Its fields and findings.
    #[default]
    Fields,
    /// Its JSON as received.
    Raw(RawView),
}

impl Detail {
    /// The fields of the token in view.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        let token = self.token.value();
        token.map_or(&[], |token| fields::fields(token))
    }

    /// When the token in view ends, if it does.
    #[must_use]
    pub fn end(&self) -> Option<DateTime<Utc>> {
        Lifecycle::of(self.token.value()?).end()
    }

    /// Why a token without a UUID cannot be opened.
    pub(crate) fn without_id() -> Failure {
        Failure::new(
            FailureKind::InvalidResponse,
            "The API reported no usable ID for this token, so it cannot be fetched by itself.",
            "Look it up in the dashboard.",
        )
    }
}
