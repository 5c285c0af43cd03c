//! Key handling of the list of all tokens.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::action::{Action, Context, Motion};
use crate::app::form::{Editor, TextField};
use crate::app::handler::{Browse, Copied, Fetch, Handler, Pending};
use crate::app::message::Effect;
use crate::app::navigation::open_find;
use crate::app::state::{State, whole_second};
use crate::app::token_fetch::{fetch_list, open_row};
use crate::domain::credential::Access;
use crate::domain::fetched::RequestId;
use crate::domain::scope::Scope;
use crate::domain::token::ServiceToken;
use crate::screens::browse::state::{Browse as Browsed, Follow, TokenTable};
use crate::screens::export::update::can_export;

impl Handler for Browse {
    fn context(&self, state: &State) -> Context {
        if state.browse.is_filtering {
            Context::BrowseText
        } else {
            Context::Browse
        }
    }

    fn crumbs(&self, _: &State) -> Vec<String> {
        vec!["Tokens".to_owned()]
    }

    fn contexts(&self, _: &State) -> &'static [Context] {
        &[Context::Browse, Context::BrowseText]
    }

    fn can(&self, state: &State, action: Action) -> bool {
        action != Action::WriteList || can_export(state)
    }

    fn editor<'a>(&self, state: &'a mut State) -> Option<Editor<'a>> {
        let browse = &mut state.browse;
        let is_filtering = browse.is_filtering;
        is_filtering.then_some(Editor::Plain(&mut browse.filter))
    }

    fn edited(&self, state: &mut State) {
        state.browse.filter_changed(&state.list);
    }

    fn edit(&self, state: &mut State) {
        state.browse.is_filtering = true;
    }

    fn submit(&self, state: &mut State) -> Vec<Effect> {
        if std::mem::take(&mut state.browse.is_filtering) {
            return Vec::new();
        }
        let Some(token) = state.browse.token(&state.list).cloned() else {
            return Vec::new();
        };
        // A pending lookup is for another token.
        let dropped = state.detail.token.cancel().map(Effect::Cancel);
        let sent = open_row(state, token);
        dropped.into_iter().chain(sent).collect()
    }

    fn back(&self, state: &mut State) -> Vec<Effect> {
        let browse = &mut state.browse;
        if browse.is_filtering {
            browse.is_filtering = false;
        } else if browse.filter.value().is_empty() {
            return open_find(state);
        } else {
            browse.filter = TextField::default();
            browse.filter_changed(&state.list);
        }
        Vec::new()
    }

    fn stop_waiting(&self, state: &mut State) -> Option<RequestId> {
        let now = state.clock.steady;
        let is_filtering = state.browse.is_filtering;
        (!is_filtering).then(|| state.list.stop(now)).flatten()
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        let rows = state.body_rows();
        let browse = &mut state.browse;
        let last = browse.table.rows().saturating_sub(1);
        let rows = Browsed::table_rows(&state.list, rows);
        browse.selected = motion.from(browse.selected, rows, last);
    }

    fn reload(&self, state: &mut State) -> Option<Effect> {
        fetch_list(state)
    }

    fn copy(&self, state: &mut State, what: Copied) -> Option<Effect> {
        let token = state.browse.token(&state.list).cloned();
        match what {
            Copied::Selection => state.copy(Some(token?.id_text())),
            Copied::ClientId => state.copy(Some(token?.client_id_text())),
            Copied::Json => None,
        }
    }

    fn token(&self, state: &State) -> Option<(Arc<ServiceToken>, Access)> {
        let token = state.browse.token(&state.list)?;
        Some((token.clone(), state.list.access.clone()?))
    }

    fn scope(&self, state: &State) -> Option<Scope> {
        let access = state.list.access.as_ref();
        access.map(|access| access.scope.clone())
    }

    fn pending(&self, state: &State) -> Option<Pending> {
        let is_loading = state.list.extent.is_loading();
        is_loading.then_some(Pending::First)
    }

    fn instant(&self, state: &State) -> DateTime<Utc> {
        whole_second(state.clock.corrected())
    }

    fn fetch(&self, state: &State) -> Option<Fetch> {
        Fetch::of(&state.list.extent)
    }

    fn next_countdown(&self, state: &State) -> Option<DateTime<Utc>> {
        let next = whole_second(state.clock.corrected()) + TimeDelta::seconds(1);
        let is_counting = state.browse.is_counting(&state.list, state.body_rows());
        is_counting.then(|| state.clock.steady_at(next))
    }

    fn next_change(&self, state: &State) -> Option<DateTime<Utc>> {
        let at = state.list.next_change()?;
        let last = whole_second(at);
        let next = last + TimeDelta::seconds(1);
        let whole = if last < at { next } else { at };
        Some(state.clock.steady_at(whole))
    }
}

/// Sorts the list by the next column.
pub(crate) fn sort(state: &mut State) {
    let (browse, list) = (&mut state.browse, &state.list);
    let next = browse.table.sort().next();
    let sort = |table: &mut TokenTable| table.sort_by(list, next);
    browse.change(list, Follow::TokenBelowTop, sort);
}
