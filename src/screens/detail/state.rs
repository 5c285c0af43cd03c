//! The token in view: what is known of it, and what keys do to it.
//!
//! Not here: fetching it (`token_fetch`); wording, colours and layout (`ui`).

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::action::Action;
use crate::app::message::{JsonSearch, Stage};
use crate::app::scroll::moved;
use crate::app::step::Step;
use crate::domain::credential::Access;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fields::{self, Field};
use crate::domain::remote::Remote;
use crate::domain::status::Lifecycle;
use crate::domain::token::{ServiceToken, TokenId, TokenRef};
use crate::screens::detail::raw::RawView;

/// The token in view.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Detail {
    /// The token, with its age.
    pub token: Remote<Arc<ServiceToken>>,
    /// What was asked for.
    pub reference: Option<TokenRef>,
    /// Who asked, and where.
    pub access: Option<Access>,
    /// What the request under way waits for.
    pub stage: Stage,
    /// The keys whose values the last fetch changed, sorted.
    pub changed: Vec<String>,
    /// The selected field.
    pub selected: usize,
    /// Fields or raw JSON.
    pub view: View,
    /// The tokens to choose from, where a name fits several.
    pub choices: Vec<Arc<ServiceToken>>,
    /// Whether it was opened from the list of all tokens, to which the way back leads.
    pub from_browse: bool,
    /// What a token was called that was not found, if it is known from better times.
    pub lost_name: Option<String>,
    /// Whether the request under way asks for another token than was in view, and its answer comes to
    /// the front; a refresh stays where it is.
    pub(crate) is_asked_for: bool,
    pub(crate) attempted_at: Option<DateTime<Utc>>,
}

/// What is shown of the token.
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
        self.token
            .value()
            .map(|token| fields::fields(token))
            .unwrap_or_default()
    }

    /// A search of the JSON ended, which may be in view.
    pub(crate) fn searched(&mut self, found: JsonSearch, rows: usize) {
        if let View::Raw(raw) = &mut self.view {
            raw.searched(found, rows);
        }
    }

    /// When the token in view ends, where it does.
    #[must_use]
    pub fn end(&self) -> Option<DateTime<Utc>> {
        Lifecycle::of(self.token.value()?).end()
    }

    /// What a key does on the fields and on the raw JSON, with a number of visible rows.
    pub(crate) fn act(&mut self, action: Action, rows: usize) -> Vec<Step> {
        let token = self.token.value();
        match action {
            Action::Refresh => vec![Step::Refresh],
            Action::CopyClientId => vec![Step::Copy(
                token.map(|token| token.client_id_text().to_owned()),
            )],
            Action::CopyJson => {
                vec![Step::CopyRaw(
                    token.map(|token| token.raw.as_str().to_owned()),
                )]
            }
            Action::CopyDashboardLink => {
                vec![Step::Copy(
                    self.access
                        .as_ref()
                        .map(|access| access.scope.dashboard_url()),
                )]
            }
            Action::CopyField if self.view == View::Fields => {
                let field = self.fields().get(self.selected);
                vec![Step::Copy(
                    token.and_then(|token| field.and_then(|field| field.text(token))),
                )]
            }
            action => {
                self.change_view(action, rows);
                Vec::new()
            }
        }
    }

    fn change_view(&mut self, action: Action, rows: usize) {
        let last = self.fields().len().saturating_sub(1);
        match (&mut self.view, action) {
            (View::Raw(_), Action::ToggleRaw) => self.view = View::Fields,
            (View::Fields, Action::ToggleRaw) => {
                if let Some(token) = self.token.value() {
                    self.view = View::Raw(RawView::of(token));
                }
            }
            (View::Raw(raw), action) => raw.act(action, rows),
            (View::Fields, action) => self.selected = moved(self.selected, action, rows, last),
        }
    }

    /// Leaves the search field, the raw JSON, or the token.
    pub(crate) fn back(&mut self) -> Vec<Step> {
        match &mut self.view {
            View::Raw(raw) if raw.is_typing => raw.is_typing = false,
            View::Raw(_) => self.view = View::Fields,
            View::Fields if self.from_browse => return vec![Step::DropLookUp, Step::OpenBrowse],
            View::Fields => return vec![Step::OpenLookup],
        }
        Vec::new()
    }

    /// Opens one of several tokens of one name.
    pub(crate) fn choose(&self, selected: usize) -> Step {
        let id = self
            .choices
            .get(selected)
            .and_then(|token| TokenId::parse(token.id_text()));
        if let (Some(id), Some(access)) = (id, self.access.clone()) {
            return Step::Fetch {
                access,
                token: TokenRef::Id(id),
            };
        }
        Step::Report(Self::without_id())
    }

    /// Why a token cannot be opened that has no UUID.
    pub(crate) fn without_id() -> Failure {
        Failure::new(
            FailureKind::InvalidResponse,
            "The API reported no usable ID for this token, so it cannot be fetched by itself.",
            "Look it up in the dashboard.",
        )
    }
}
