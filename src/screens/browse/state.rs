//! The state of the list of all tokens: its tokens, filter and cursor.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::app::form::TextField;
use crate::app::message::Stage;
use crate::domain::credential::Access;
use crate::domain::fetched::{Received, Remote, RequestId};
use crate::domain::status::{EvaluationContext, Lifecycle};
use crate::domain::token::ServiceToken;
use crate::layout::first_row_kept;
use crate::screens::browse::token_table::TokenTable;

/// The list of all tokens of a scope.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Browse {
    /// How complete the list is, with its age. Its tokens are in the table.
    pub list: Remote<Extent>,
    /// The tokens; during the first fetch, those that have arrived.
    pub table: TokenTable,
    /// The progress of the current fetch.
    pub progress: Progress,
    /// The credential and scope of the list.
    pub access: Option<Access>,
    pub filter: TextField,
    /// Whether letters go into the filter.
    pub is_filtering: bool,
    /// The selected row.
    pub selected: usize,
    /// The first visible row when the list was last scrolled.
    pub top: usize,
}

/// How complete a list is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extent {
    /// Why it may lack tokens, as a sentence fragment; `None` if it is complete.
    pub incomplete: Option<String>,
    /// How many tokens the API announced.
    pub total: Option<usize>,
}

/// The progress of fetching a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// The number of tokens that have arrived.
    pub received: usize,
    /// How many tokens the API announced.
    pub total: Option<usize>,
    pub stage: Stage,
}

/// How the cursor moves when the rows change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follow {
    /// Follows its token, but stays on the first row until the user moves it.
    TokenBelowTop,
    /// Follows its token. If the token is gone, keeps its position.
    Token,
    /// Follows its token. If the token is gone, moves to the first row.
    TokenOrTop,
}

impl Browse {
    /// The selected token.
    #[must_use]
    pub fn token(&self) -> Option<&ServiceToken> {
        self.table.token(self.selected).map(AsRef::as_ref)
    }

    /// The number of token rows in a panel with room for some rows: one shows the column names, and
    /// some may show notes on the list.
    #[must_use]
    pub fn table_rows(&self, rows: usize) -> usize {
        rows.saturating_sub(1 + self.note_rows())
    }

    /// Rows that show the progress of the list, or what it lacks.
    #[must_use]
    pub fn note_rows(&self) -> usize {
        let lacks = |extent: &Extent| extent.incomplete.is_some();
        if self.list.is_loading() {
            1
        } else if self.list.value().is_some_and(lacks) {
            2
        } else {
            0
        }
    }

    /// Whether a visible row counts down. `rows` are those inside the panel.
    pub(crate) fn is_counting(&self, rows: usize) -> bool {
        let rows = self.table_rows(rows);
        let first = first_row_kept(self.top, self.selected, self.table.rows(), rows);
        self.table.tokens(first, rows).any(|token| {
            let life = Lifecycle::of(token);
            !life.is_disabled() && life.end().is_some()
        })
    }

    /// Clears everything, and returns the pending request.
    pub(crate) fn reset(&mut self) -> Option<RequestId> {
        std::mem::take(self).list.request()
    }

    /// Applies the filter.
    pub(crate) fn filter_changed(&mut self) {
        let query = self.filter.value().to_owned();
        self.change(Follow::TokenOrTop, |table| table.search(&query));
    }

    /// Stops waiting. A first list keeps the tokens that arrived; a refreshed list stays unchanged.
    pub(crate) fn stop(&mut self, now: DateTime<Utc>) -> Option<RequestId> {
        self.keep_part(now, "cancelled")
            .or_else(|| self.list.cancel())
    }

    /// Keeps the tokens of a first list that arrived, and returns its request; `None` if none
    /// arrived.
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

    /// Moves tokens whose status changed over time to their new positions.
    pub(crate) fn keep_up(&mut self, context: EvaluationContext) {
        self.change(Follow::Token, |table| table.keep_up(context));
    }

    /// Scrolls so that the selected row is visible.
    pub(crate) fn keep_in_view(&mut self, rows: usize) {
        let rows = self.table_rows(rows);
        self.top = first_row_kept(self.top, self.selected, self.table.rows(), rows);
    }

    /// Changes the rows, and moves the cursor with them.
    pub(crate) fn change(&mut self, follow: Follow, change: impl FnOnce(&mut TokenTable)) {
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
