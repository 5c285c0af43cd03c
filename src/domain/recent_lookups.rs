//! The tokens looked up lately: data only. `config` loads and saves it.

use chrono::{DateTime, Utc};

use super::scope::Scope;
use super::status::{EvaluationContext, Lifecycle, Status};
use super::text;
use super::token::{ServiceToken, TokenId};

/// How many look-ups are remembered.
pub const CAPACITY: usize = 20;

/// One look-up, with enough to say how the token stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    /// Where the token lives.
    pub scope: Scope,
    /// Its UUID.
    pub id: TokenId,
    /// Its name at the time, cut where it is very long. Untrusted text.
    pub name: String,
    /// What its status depended on at the time.
    pub life: Lifecycle,
    /// When it was looked up.
    pub looked_up_at: DateTime<Utc>,
    /// The profile that looked it up; none for a credential of no profile, and where it is not known.
    pub profile: Option<String>,
}

impl Recent {
    /// The record of a token that was just fetched, by no profile yet; none for a token without a UUID.
    #[must_use]
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

    /// How the token stands now, if nobody has changed it since.
    #[must_use]
    pub fn status(&self, context: EvaluationContext) -> Status {
        Status::at(self.life, context)
    }

    /// Whether both speak of the same token.
    #[must_use]
    pub fn is_same_token(&self, other: &Self) -> bool {
        self.scope == other.scope && self.id == other.id
    }
}

/// Puts a look-up in front, its token's older record and what is beyond [`CAPACITY`] removed.
pub fn remember(recents: &mut Vec<Recent>, recent: Recent) {
    recents.retain(|other| !other.is_same_token(&recent));
    recents.insert(0, recent);
    recents.truncate(CAPACITY);
}
