//! Key handling of the lookup form.

use chrono::{DateTime, TimeDelta};

use super::state::FindField;
use crate::action::{Action, Context, Motion};
use crate::app::credential_switch::look_up_again;
use crate::app::form::Editor;
use crate::app::handler::{Find, Handler, Pending};
use crate::app::message::Effect;
use crate::app::navigation::{open_session_setup, pick_scope};
use crate::app::profile_lists::can_open;
use crate::app::state::State;
use crate::app::token_fetch::look_up;
use crate::domain::credential::CredentialRef;
use crate::domain::fetched::RequestId;
use crate::domain::scope::Scope;

impl Handler for Find {
    fn context(&self, state: &State) -> Context {
        if state.find.is_editing() {
            Context::FindText
        } else {
            Context::Find
        }
    }

    fn back_hint(&self, state: &State) -> Option<&'static str> {
        state.detail.token.is_loading().then_some("cancel")
    }

    fn can(&self, state: &State, action: Action) -> bool {
        action != Action::AllProfiles || can_open(state)
    }

    fn contexts(&self, _: &State) -> &'static [Context] {
        &[Context::Find, Context::FindText]
    }

    fn editor<'a>(&self, state: &'a mut State) -> Option<Editor<'a>> {
        let find = &mut state.find;
        if !find.is_editing() {
            return None;
        }
        match find.form.focus {
            FindField::ScopeId => Some(Editor::Plain(&mut find.scope_id)),
            FindField::Token => Some(Editor::Plain(&mut find.token)),
            FindField::ScopeKind | FindField::Recents => None,
        }
    }

    fn edited(&self, state: &mut State) {
        state.find.form.complaint = None;
        state.banner = None;
        state.find.is_edited = true;
    }

    fn edit(&self, state: &mut State) {
        let form = &mut state.find.form;
        if form.focus != FindField::ScopeId {
            form.focus = FindField::Token;
        }
        form.editing = true;
    }

    fn submit(&self, state: &mut State) -> Vec<Effect> {
        let find = &mut state.find;
        if find.form.focus == FindField::Recents {
            let recent = find.recents.get(find.selected).cloned();
            return recent.map_or_else(Vec::new, |recent| look_up_again(state, &recent));
        }
        match find.parse() {
            Some((token, scope)) => look_up(state, token, &scope),
            None => Vec::new(),
        }
    }

    fn back(&self, state: &mut State) -> Vec<Effect> {
        state.find.form.editing = false;
        Vec::new()
    }

    fn stop_waiting(&self, state: &mut State) -> Option<RequestId> {
        state.detail.token.cancel()
    }

    /// Up and Down move through the recent lookups, and past their ends into the fields.
    fn scroll(&self, state: &mut State, motion: Motion) {
        let find = &mut state.find;
        let (rows, last) = (find.rows(), find.last_recent());
        let focus = find.form.focus;
        let is_in_recents = focus == FindField::Recents;
        match motion {
            Motion::Up if is_in_recents && find.selected > 0 => find.selected -= 1,
            Motion::Up if Some(&focus) != rows.first() => find.form.move_focus(rows, false),
            Motion::Down if is_in_recents && find.selected < last => find.selected += 1,
            Motion::Down if Some(&focus) != rows.last() => find.form.move_focus(rows, true),
            Motion::Up | Motion::Down | Motion::PageUp | Motion::PageDown => {}
            Motion::Top => find.selected = 0,
            Motion::Bottom => find.selected = last,
        }
    }

    fn move_focus(&self, state: &mut State, forward: bool) {
        let rows = state.find.rows();
        state.find.form.move_focus(rows, forward);
    }

    fn switch(&self, state: &mut State) {
        let find = &mut state.find;
        if find.form.focus == FindField::ScopeKind {
            find.scope_kind = find.scope_kind.other();
            find.is_edited = true;
        }
    }

    fn pick_scope(&self, state: &mut State) -> Option<Effect> {
        let Some(identity) = state.session.active.identity.clone() else {
            return open_session_setup(state, false);
        };
        let id = state.find.scope_id.value().to_owned();
        pick_scope(state, CredentialRef::Identity(identity), &id)
    }

    fn scope(&self, state: &State) -> Option<Scope> {
        state.find.scope()
    }

    fn pending(&self, state: &State) -> Option<Pending> {
        // Shows every fetch, including a reload that the user left behind.
        let is_loading = state.detail.token.is_loading();
        is_loading.then_some(Pending::First)
    }

    /// The dates of recent lookups are relative to the wall clock.
    fn age(&self, state: &State) -> Option<TimeDelta> {
        let has_recents = !state.find.recents.is_empty();
        let epoch = DateTime::UNIX_EPOCH;
        has_recents.then(|| state.clock.local.signed_duration_since(epoch))
    }
}
