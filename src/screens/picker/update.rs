//! Key handling of the choice between accounts and zones.

use std::time::Duration;

use crate::action::{Context, Motion};
use crate::app::form::Editor;
use crate::app::handler::{Handler, Pending, Picker};
use crate::app::message::Effect;
use crate::app::state::{Screen, State};
use crate::domain::credential::VisibleScopes;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::RequestId;

impl Handler for Picker {
    fn context(&self, _: &State) -> Context {
        Context::PickerText
    }

    fn editor<'a>(&self, state: &'a mut State) -> Option<Editor<'a>> {
        Some(Editor::Plain(&mut state.picker.filter))
    }

    fn edited(&self, state: &mut State) {
        state.picker.selected = 0;
        state.picker.refilter();
        state.lookup.is_edited |= state.screen == Screen::Lookup;
    }

    fn submit(&self, state: &mut State) -> Vec<Effect> {
        let mut chosen = state.picker.rows(state.picker.selected, 1);
        let Some(scope) = chosen.next().map(|named| named.scope.clone()) else {
            return Vec::new();
        };
        drop(chosen);
        state.overlay = None;
        if state.screen == Screen::Setup {
            state.setup.use_scope(&scope);
        } else {
            state.lookup.use_scope(&scope);
            state.lookup.reopen();
        }
        Vec::new()
    }

    fn back(&self, state: &mut State) -> Vec<Effect> {
        state.overlay = None;
        let request = state.picker.scopes.cancel();
        request.into_iter().map(Effect::Cancel).collect()
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        let rows = state.body_rows();
        let picker = &mut state.picker;
        let last = picker.count().saturating_sub(1);
        picker.selected = motion.from(picker.selected, rows, last);
    }

    fn pending(&self, state: &State) -> Option<Pending> {
        let is_loading = state.picker.scopes.is_loading();
        is_loading.then_some(Pending::First)
    }
}

/// Handles the list of accounts and zones.
pub(crate) fn listed(
    state: &mut State,
    request: RequestId,
    result: Result<VisibleScopes, Failure>,
) {
    let sorted = result.map(|mut visible| {
        let VisibleScopes { accounts, zones } = &mut visible;
        for named in [accounts, zones].into_iter().flatten() {
            named.sort_by_cached_key(|named| named.name.to_lowercase());
        }
        state.received(visible, Duration::ZERO)
    });
    let picker = &mut state.picker;
    if !picker.scopes.settle(request, sorted) {
        return;
    }
    picker.refilter();
    let mut rows = picker.rows(0, picker.count());
    let at = rows.position(|named| named.scope.id() == picker.current);
    drop(rows);
    picker.selected = at.unwrap_or(0);
    // A pause that the API asks for applies to everything.
    let is_pause = |failure: &&Failure| failure.kind == FailureKind::RateLimited;
    let pause = picker.refusals().into_iter().find(is_pause).cloned();
    if let Some(failure) = pause {
        state.report(failure);
    }
}
