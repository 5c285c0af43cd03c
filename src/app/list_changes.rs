//! Changes of the shared list, which all that shows a part of it follows.

use chrono::{DateTime, TimeDelta, Utc};

use super::state::{State, whole_second};
use super::token_list::TokenList;
use crate::screens::browse::state::Follow;

impl State {
    /// Changes the list, and all that shows a part of it.
    pub(crate) fn change_list(&mut self, follow: Follow, change: impl FnOnce(&mut TokenList)) {
        let browsed = self.browse.token(&self.list).cloned();
        change(&mut self.list);
        self.browse
            .list_changed(&self.list, browsed.as_ref(), follow);
    }

    /// The first whole second of the server's clock from an instant on, by the steady clock.
    pub(crate) fn steady_second(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let last = whole_second(at);
        let next = last + TimeDelta::seconds(1);
        let whole = if last < at { next } else { at };
        self.clock.steady_at(whole)
    }

    /// Moves tokens of the list whose status changed over time to their new positions.
    pub(crate) fn keep_up(&mut self) {
        let context = self.list_context();
        if self.list.is_due(context.now) {
            self.change_list(Follow::Token, |list| list.keep_up(context));
        }
    }
}
