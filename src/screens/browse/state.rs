//! The state of Browse: its rows, its filter, and its cursor.

use std::sync::Arc;

use crate::app::form::TextField;
use crate::app::token_list::TokenList;
use crate::app::token_table::TokenTable;

use crate::domain::fetched::RequestId;
use crate::domain::status::Status;
use crate::domain::token::ServiceToken;
use crate::layout::first_row_kept;

/// The list of all tokens of a scope, as a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Browse {
    /// The rows.
    pub table: TokenTable,
    pub filter: TextField,
    /// Whether letters go into the filter.
    pub is_filtering: bool,
    /// The filter and the selected token when the user began to type, which Esc restores.
    before_typing: Option<(TextField, Option<Arc<ServiceToken>>)>,
    /// The selected row.
    pub selected: usize,
    /// The first visible row when the list was last scrolled.
    pub top: usize,
    /// Whether the user hid the preview of the selected token.
    pub hides_preview: bool,
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
    /// Moves to the first row.
    Top,
}

impl Browse {
    /// The selected token.
    pub fn token<'a>(&self, list: &'a TokenList) -> Option<&'a Arc<ServiceToken>> {
        self.table.token(list, self.selected)
    }

    /// Whether rows may be hidden: by a filter or by chosen statuses.
    pub fn is_narrowed(&self) -> bool {
        !self.filter.value().is_empty() || self.table.has_chosen() || self.table.needs_only()
    }

    /// The number of token rows in a panel with room for some rows: one shows the column names, and
    /// some may show notes on the list.
    pub fn table_rows(list: &TokenList, rows: usize) -> usize {
        rows.saturating_sub(1 + list.note_rows())
    }

    /// The tokens of the visible rows, of those inside the panel.
    pub(crate) fn visible<'a>(
        &self,
        list: &'a TokenList,
        rows: usize,
    ) -> impl Iterator<Item = &'a Arc<ServiceToken>> {
        let rows = Self::table_rows(list, rows);
        let first = first_row_kept(self.top, self.selected, self.table.rows(), rows);
        self.table.tokens(list, first, rows)
    }

    /// Clears everything. The list is not part of it.
    pub(crate) fn reset(&mut self) -> Option<RequestId> {
        *self = Self::default();
        None
    }

    /// Begins to type the filter.
    pub(crate) fn start_typing(&mut self, list: &TokenList) {
        self.is_filtering = true;
        self.before_typing = Some((self.filter.clone(), self.token(list).cloned()));
    }

    /// Ends typing, and gives back the filter and the row from before.
    pub(crate) fn stop_typing(&mut self, list: &TokenList) {
        self.is_filtering = false;
        if let Some((filter, token)) = self.before_typing.take() {
            self.filter = filter;
            self.table.search(list, self.filter.value());
            let row = token.and_then(|token| self.table.row_of(list, &token));
            self.selected = row.unwrap_or(0);
        }
    }

    /// Applies the filter. While the user types, the first match is selected: it is the one to open.
    pub(crate) fn filter_changed(&mut self, list: &TokenList) {
        let query = self.filter.value().to_owned();
        let follow = if self.is_filtering {
            Follow::Top
        } else {
            Follow::TokenOrTop
        };
        self.change(list, follow, |table| table.search(list, &query));
    }

    /// Adds a status to those shown, or takes it away.
    pub(crate) fn toggle_status(&mut self, list: &TokenList, status: Status) {
        self.change(list, Follow::TokenOrTop, |table| {
            table.toggle(list, status);
        });
    }

    /// Shows everything again.
    pub(crate) fn show_all(&mut self, list: &TokenList) {
        self.filter = TextField::default();
        self.change(list, Follow::TokenOrTop, |table| {
            table.choose_none(list);
            table.search(list, "");
        });
    }

    /// Shows those tokens that need the user, and nothing else.
    pub(crate) fn show_needs(&mut self, list: &TokenList) {
        self.show_all(list);
        self.change(list, Follow::Top, |table| table.show_needs(list));
    }

    /// Scrolls so that the selected row is visible.
    pub(crate) fn keep_in_view(&mut self, list: &TokenList, rows: usize) {
        let rows = Self::table_rows(list, rows);
        self.top = first_row_kept(self.top, self.selected, self.table.rows(), rows);
    }

    /// Changes the rows, and moves the cursor with them.
    pub(crate) fn change(
        &mut self,
        list: &TokenList,
        follow: Follow,
        change: impl FnOnce(&mut TokenTable),
    ) {
        let token = self.token(list).cloned();
        change(&mut self.table);
        self.follow(list, token.as_ref(), follow);
    }

    /// Updates the rows after a change of the list, and moves the cursor with them. `token` is the
    /// one that was selected before.
    pub(crate) fn list_changed(
        &mut self,
        list: &TokenList,
        token: Option<&Arc<ServiceToken>>,
        follow: Follow,
    ) {
        self.table.update(list);
        self.follow(list, token, follow);
    }

    fn follow(&mut self, list: &TokenList, token: Option<&Arc<ServiceToken>>, follow: Follow) {
        let at_top = follow == Follow::Top || follow == Follow::TokenBelowTop && self.selected == 0;
        let row = token.filter(|_| !at_top).and_then(|token| {
            let now = self.token(list);
            if now.is_some_and(|now| Arc::ptr_eq(now, token)) {
                Some(self.selected)
            } else {
                self.table.row_of(list, token)
            }
        });
        let gone = match follow {
            Follow::TokenOrTop | Follow::Top => 0,
            Follow::TokenBelowTop | Follow::Token => self.selected,
        };
        self.selected = row.unwrap_or(gone).min(self.table.rows().saturating_sub(1));
    }
}
