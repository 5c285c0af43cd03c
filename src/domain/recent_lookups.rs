//! The tokens that were looked up recently. Data only: `config` loads and saves it.

use chrono::{DateTime, Utc};

use super::scope::Scope;
use super::status::{EvaluationContext, Lifecycle, Status};
use super::text;
use super::token::{ServiceToken, TokenId};

/// How many lookups to remember.
pub const CAPACITY: usize = 20;

/// A lookup, with enough to evaluate the token later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    pub scope: Scope,
    pub id: TokenId,
    /// The name at the time, cut if it was very long. Untrusted text.
    pub name: String,
    /// The facts that the status depended on at the time.
    pub life: Lifecycle,
    pub looked_up_at: DateTime<Utc>,
    /// `None` if the credential belonged to no profile, or that is not known.
    pub profile: Option<String>,
}

impl Recent {
    /// Records a token that was just fetched; `None` if it has no UUID.
    pub fn of(token: &ServiceToken, scope: &Scope, looked_up_at: DateTime<Utc>) -> Option<Self> {
        Some(Self {
            scope: scope.clone(),
            id: TokenId::parse(token.id_text())?,
            name: text::beginning(token.name_text()).to_owned(),
            life: Lifecycle::of(token),
            looked_up_at,
            profile: None,
        })
    }

    /// The status of the token, if nobody has changed it since.
    pub fn status(&self, context: EvaluationContext) -> Status {
        Status::at(self.life, context)
    }
}

/// Puts a lookup first. Removes the token's older record and those beyond [`CAPACITY`].
pub fn remember(recents: &mut Vec<Recent>, recent: Recent) {
    recents.retain(|other| (&other.scope, &other.id) != (&recent.scope, &recent.id));
    recents.insert(0, recent);
    recents.truncate(CAPACITY);
}
