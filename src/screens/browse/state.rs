//! The list of all tokens: its cursor and its filter, and what keys do to them.
//!
//! Not here: order and matching (`token_table`); fetching (`list_fetch`); wording and layout (`ui`).

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::action::Action;
use crate::app::field::{Editor, TextField};
use crate::app::message::Stage;
use crate::app::scroll::moved;
use crate::app::step::Step;
use crate::domain::credential::Access;
use crate::domain::remote::{Received, Remote, RequestId};
use crate::domain::status::{EvaluationContext, Lifecycle};
use crate::domain::token::ServiceToken;
use crate::layout::first_row_kept;
use crate::screens::browse::token_table::Table;

/// The list of all tokens.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Browse {
    /// Whether the list is there, with its age. Its tokens are in the table.
    pub list: Remote<Extent>,
    /// The tokens; during the first fetch, those that have arrived.
    pub table: Table,
    /// What has arrived of the list under way.
    pub progress: Progress,
    /// Who asked, and where.
    pub access: Option<Access>,
    /// What the list is filtered by.
    pub filter: TextField,
    /// Whether letters go into the filter.
    pub is_filtering: bool,
    /// The selected row.
    pub selected: usize,
    /// The row at the top when the list was last scrolled.
    pub top: usize,
}

/// Whether a list is the whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extent {
    /// Why it may lack some, as a fragment of a sentence; nothing when it is whole.
    pub incomplete: Option<String>,
    /// How many the API announced.
    pub total: Option<usize>,
}

/// How far a list has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Tokens that have arrived.
    pub received: usize,
    /// How many the API announced.
    pub total: Option<usize>,
    /// What the request waits for.
    pub stage: Stage,
}

/// Where the cursor goes when the rows change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follow {
    /// With its token; the first row stays the first while nobody has moved.
    TokenBelowTop,
    /// With its token. Where that is gone, it stays at its place.
    Token,
    /// With its token. Where that is gone, to the first row.
    TokenOrTop,
}

impl Browse {
    /// The selected token.
    #[must_use]
    pub fn token(&self) -> Option<&ServiceToken> {
        self.table.token(self.selected).map(AsRef::as_ref)
    }

    /// Rows of tokens in a panel with room for some rows inside: one is for the names of the
    /// columns, and some are for what there is to say of the list.
    #[must_use]
    pub fn table_rows(&self, rows: usize) -> usize {
        rows.saturating_sub(1 + self.note_rows())
    }

    /// Rows that say that the list is on its way, or what it lacks.
    #[must_use]
    pub fn note_rows(&self) -> usize {
        let lacks = |extent: &Extent| extent.incomplete.is_some();
        match &self.list {
            Remote::Loading { .. } => 1,
            list if list.value().is_some_and(lacks) => 2,
            _ => 0,
        }
    }

    /// Whether a visible row of some has digits that change each second.
    pub(crate) fn is_counting(&self, rows: usize) -> bool {
        let rows = self.table_rows(rows);
        let first = first_row_kept(self.top, self.selected, self.table.rows(), rows);
        self.table.tokens(first, rows).any(|token| {
            let life = Lifecycle::of(token);
            !life.is_disabled() && life.end().is_some()
        })
    }

    /// Forgets everything, and gives the request that nobody waits for any longer.
    pub fn clear(&mut self) -> Option<RequestId> {
        let request = self.list.cancel();
        *self = Self::default();
        request
    }

    pub(crate) fn editor(&mut self) -> Option<Editor<'_>> {
        self.is_filtering.then_some(Editor::Plain(&mut self.filter))
    }

    /// What a key does here, with a number of rows inside the panel.
    pub(crate) fn act(
        &mut self,
        action: Action,
        rows: usize,
        context: EvaluationContext,
    ) -> Vec<Step> {
        let copied = |read: fn(&ServiceToken) -> &str| {
            let text = self.token().map(|token| read(token).to_owned());
            text.map(|text| Step::Copy(Some(text)))
                .into_iter()
                .collect()
        };
        match action {
            Action::Submit if self.is_filtering => self.is_filtering = false,
            Action::Submit => return self.open(),
            Action::Search => self.is_filtering = true,
            Action::Sort => {
                let next = self.table.sort().next();
                self.change(Follow::TokenBelowTop, |table| table.sort_by(next, context));
            }
            Action::Refresh => return vec![Step::ListAgain],
            Action::CopyField => return copied(ServiceToken::id_text),
            Action::CopyClientId => return copied(ServiceToken::client_id_text),
            Action::CopyDashboardLink => {
                let access = self.access.as_ref();
                return vec![Step::Copy(access.map(|at| at.scope.dashboard_url()))];
            }
            action => {
                let last = self.table.rows().saturating_sub(1);
                self.selected = moved(self.selected, action, self.table_rows(rows), last);
            }
        }
        Vec::new()
    }

    /// Opens the selected token. A look-up that is under way is about another one.
    fn open(&self) -> Vec<Step> {
        let token = self.table.token(self.selected).cloned();
        token.map_or_else(Vec::new, |token| {
            vec![Step::DropLookUp, Step::OpenRow(token)]
        })
    }

    /// The query may have changed.
    pub(crate) fn searched(&mut self) {
        let query = self.filter.value().to_owned();
        self.change(Follow::TokenOrTop, |table| table.search(&query));
    }

    /// Leaves the filter's field, gives the filter up, or goes back.
    pub(crate) fn back(&mut self) -> Vec<Step> {
        if self.is_filtering {
            self.is_filtering = false;
        } else if self.filter.value().is_empty() {
            return vec![Step::OpenLookup];
        } else {
            self.filter = TextField::default();
            self.searched();
        }
        Vec::new()
    }

    /// Stops waiting. A first list keeps what has arrived; a list that was there stays as it was.
    pub(crate) fn stop(&mut self, now: DateTime<Utc>) -> Option<RequestId> {
        self.keep_part(now, "cancelled")
            .or_else(|| self.list.cancel())
    }

    /// Makes do with what has arrived of a first list, if anything has, and gives its request.
    pub(crate) fn keep_part(&mut self, now: DateTime<Utc>, why: &str) -> Option<RequestId> {
        let request = self.list.request()?;
        let since = self.list.loading_since()?;
        if self.list.value().is_some() || self.table.total() == 0 {
            return None;
        }
        let value = Extent {
            incomplete: Some(why.to_owned()),
            total: self.progress.total,
        };
        let took = now
            .signed_duration_since(since)
            .to_std()
            .unwrap_or_default();
        let at = now;
        self.list.settle(request, Ok(Received { value, at, took }));
        Some(request)
    }

    /// Time went by: tokens whose status changed move to their new places.
    pub(crate) fn keep_up(&mut self, context: EvaluationContext) {
        self.change(Follow::Token, |table| {
            table.keep_up(context);
        });
    }

    /// Keeps the selected row in view.
    pub(crate) fn scroll(&mut self, rows: usize) {
        let rows = self.table_rows(rows);
        self.top = first_row_kept(self.top, self.selected, self.table.rows(), rows);
    }

    /// Changes the rows, and puts the cursor where it belongs among the new ones.
    pub(crate) fn change(&mut self, follow: Follow, change: impl FnOnce(&mut Table)) {
        let token = self.table.token(self.selected).cloned();
        change(&mut self.table);
        let at_top = follow == Follow::TokenBelowTop && self.selected == 0;
        let row = token.filter(|_| !at_top).and_then(|token| {
            let is_unmoved = self
                .table
                .token(self.selected)
                .is_some_and(|now| Arc::ptr_eq(now, &token));
            if is_unmoved {
                Some(self.selected)
            } else {
                self.table.row_of(&token)
            }
        });
        let gone = if follow == Follow::TokenOrTop {
            0
        } else {
            self.selected
        };
        self.selected = row.unwrap_or(gone).min(self.table.rows().saturating_sub(1));
    }
}
