//! Key handling of the lookup form.

use chrono::{DateTime, TimeDelta};

use super::state::LookupField;
use crate::action::{Context, Motion};
use crate::app::credential_switch::look_up_again;
use crate::app::form::Editor;
use crate::app::handler::{Handler, Lookup, Pending};
use crate::app::message::Effect;
use crate::app::navigation::{open_session_setup, pick_scope};
use crate::app::state::State;
use crate::app::token_fetch::look_up;
use crate::domain::credential::CredentialRef;
use crate::domain::fetched::RequestId;
use crate::domain::scope::Scope;

impl Handler for Lookup {
    fn context(&self, state: &State) -> Context {
        if state.lookup.is_editing() {
            Context::LookupText
        } else {
            Context::Lookup
        }
    }

    fn contexts(&self, _: &State) -> &'static [Context] {
        &[Context::Lookup, Context::LookupText]
    }

    fn editor<'a>(&self, state: &'a mut State) -> Option<Editor<'a>> {
        let lookup = &mut state.lookup;
        if !lookup.is_editing() {
            return None;
        }
        match lookup.form.focus {
            LookupField::ScopeId => Some(Editor::Plain(&mut lookup.scope_id)),
            LookupField::Token => Some(Editor::Plain(&mut lookup.token)),
            LookupField::ScopeKind | LookupField::Recents => None,
        }
    }

    fn edited(&self, state: &mut State) {
        state.lookup.form.complaint = None;
        state.lookup.is_edited = true;
    }

    fn edit(&self, state: &mut State) {
        let form = &mut state.lookup.form;
        if form.focus != LookupField::ScopeId {
            form.focus = LookupField::Token;
        }
        form.editing = true;
    }

    fn submit(&self, state: &mut State) -> Vec<Effect> {
        let lookup = &mut state.lookup;
        if lookup.form.focus == LookupField::Recents {
            let recent = lookup.recents.get(lookup.selected).cloned();
            return recent.map_or_else(Vec::new, |recent| look_up_again(state, &recent));
        }
        match lookup.parse() {
            Some((token, scope)) => look_up(state, token, &scope),
            None => Vec::new(),
        }
    }

    fn back(&self, state: &mut State) -> Vec<Effect> {
        state.lookup.form.editing = false;
        Vec::new()
    }

    fn stop_waiting(&self, state: &mut State) -> Option<RequestId> {
        state.detail.token.cancel()
    }

    /// Up and Down move through the recent lookups, and past their ends into the fields.
    fn scroll(&self, state: &mut State, motion: Motion) {
        let lookup = &mut state.lookup;
        let (rows, last) = (lookup.rows(), lookup.last_recent());
        let focus = lookup.form.focus;
        let is_in_recents = focus == LookupField::Recents;
        match motion {
            Motion::Up if is_in_recents && lookup.selected > 0 => lookup.selected -= 1,
            Motion::Up if Some(&focus) != rows.first() => lookup.form.move_focus(rows, false),
            Motion::Down if is_in_recents && lookup.selected < last => lookup.selected += 1,
            Motion::Down if Some(&focus) != rows.last() => lookup.form.move_focus(rows, true),
            Motion::Up | Motion::Down | Motion::PageUp | Motion::PageDown => {}
            Motion::Top => lookup.selected = 0,
            Motion::Bottom => lookup.selected = last,
        }
    }

    fn move_focus(&self, state: &mut State, forward: bool) {
        let rows = state.lookup.rows();
        state.lookup.form.move_focus(rows, forward);
    }

    fn switch(&self, state: &mut State) {
        let lookup = &mut state.lookup;
        if lookup.form.focus == LookupField::ScopeKind {
            lookup.scope_kind = lookup.scope_kind.other();
            lookup.is_edited = true;
        }
    }

    fn pick_scope(&self, state: &mut State) -> Option<Effect> {
        let Some(identity) = state.session.active.identity.clone() else {
            return open_session_setup(state, false);
        };
        let id = state.lookup.scope_id.value().to_owned();
        pick_scope(state, CredentialRef::Identity(identity), &id)
    }

    fn scope(&self, state: &State) -> Option<Scope> {
        state.lookup.scope()
    }

    fn pending(&self, state: &State) -> Option<Pending> {
        // Shows every fetch, including a refresh that the user left behind.
        let is_loading = state.detail.token.is_loading();
        is_loading.then_some(Pending::First)
    }

    /// The dates of recent lookups are relative to the wall clock.
    fn age(&self, state: &State) -> Option<TimeDelta> {
        let has_recents = !state.lookup.recents.is_empty();
        let epoch = DateTime::UNIX_EPOCH;
        has_recents.then(|| state.clock.local.signed_duration_since(epoch))
    }
}
