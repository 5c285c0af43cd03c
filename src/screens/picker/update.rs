//! Key handling of the choice between accounts and zones.

use crate::action::{Action, Context, Motion};
use crate::app::form::Editor;
use crate::app::handler::{self, Handler, Pending};
use crate::app::list_fetch::use_scope;

use crate::app::state::{Screen, State};
use crate::domain::credential::VisibleScopes;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::RequestId;
use crate::layout::glyphs::Glyphs;
use crate::layout::{self, TextLine};
use crate::screens::picker::state::Picker;
use crate::screens::setup::update::choose_scope;
use crate::theme::Role;

impl Handler for handler::Picker {
    fn context(&self, _: &State) -> Context {
        Context::PickerText
    }

    fn can(&self, state: &State, action: Action) -> bool {
        action != Action::Submit || state.picker.count() > 0
    }

    fn editor<'a>(&self, state: &'a mut State) -> Option<Editor<'a>> {
        Some(Editor::Plain(&mut state.picker.filter))
    }

    fn edited(&self, state: &mut State) {
        state.picker.selected = 0;
        state.picker.refilter();
        state.find.is_edited |= state.screen == Screen::Find;
    }

    fn submit(&self, state: &mut State) {
        let picker = &state.picker;
        let chosen = picker
            .rows(picker.selected, 1)
            .map(|named| named.scope.clone())
            .next();
        if let Some(scope) = chosen {
            // Nobody waits for a list any more.
            self.back(state);
            if state.screen == Screen::Setup {
                choose_scope(state, &scope);
            } else {
                use_scope(state, &scope);
            }
        }
    }

    fn back(&self, state: &mut State) {
        state.overlay = None;
        let request = state.picker.scopes.cancel();
        state.cancel(request);
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        // One row shows the filter.
        let rows = state.picker_layout(state.body()).list.saturating_sub(1);
        let picker = &mut state.picker;
        let last = picker.count().saturating_sub(1);
        picker.selected = motion.from(picker.selected, rows, last);
    }

    fn pending(&self, state: &State) -> Option<Pending> {
        let is_loading = state.picker.scopes.is_loading();
        is_loading.then_some(Pending::First)
    }
}

/// The box of accounts and zones.
pub(crate) struct PickerLayout {
    pub(crate) columns: u16,
    pub(crate) rows: u16,
    /// The rows of the filter and the list.
    pub(crate) list: usize,
    /// Why accounts or zones are missing, and what to do; below the list, with a gap.
    pub(crate) remarks: Vec<TextLine>,
}

impl State {
    /// How the parts of the box share a body of some size.
    pub(crate) fn picker_layout(&self, body: (u16, u16)) -> PickerLayout {
        const WIDEST: u16 = 96;
        let total = self.picker.total();
        let (columns, _) = layout::overlay(body, WIDEST, 0);
        let room = usize::from(columns.saturating_sub(4));
        let mut remarks = remarks(&self.picker, room, self.glyphs());
        if !remarks.is_empty() {
            remarks.insert(0, Vec::new());
        }
        // A line says that nothing matches.
        let matching = match self.picker.count() {
            0 => usize::from(!self.picker.filter.is_blank()),
            count => count,
        };
        let wanted = layout::picker_list(total, matching, usize::MAX, 0) + remarks.len();
        let wanted = u16::try_from(wanted + 2).unwrap_or(u16::MAX);
        let (columns, rows) = layout::overlay(body, WIDEST, wanted);
        let is_tight = rows < wanted;
        if is_tight && !remarks.is_empty() {
            remarks.remove(0);
        }
        let room = usize::from(rows.saturating_sub(2));
        PickerLayout {
            columns,
            rows,
            list: layout::picker_list(total, matching, room, remarks.len()),
            remarks,
        }
    }
}

/// Why accounts or zones are missing, and what to do.
fn remarks(picker: &Picker, columns: usize, glyphs: &Glyphs) -> Vec<TextLine> {
    if picker.scopes.is_loading() {
        return Vec::new();
    }
    let refusals = picker.refusals();
    let is_empty = picker.total() == 0;
    let way_out = match (refusals.is_empty(), is_empty) {
        (true, false) => return Vec::new(),
        (true, true) => "This credential sees no account and no zone. Type an ID of 32 digits.",
        (false, _) => "Type an ID of 32 digits.",
    };
    let (role, symbol) = if is_empty {
        (Role::Critical, glyphs.critical)
    } else {
        (Role::Warning, glyphs.warning)
    };
    let mut lines = Vec::new();
    for refusal in refusals {
        let summary = glyphs.clean(&refusal.summary);
        lines.extend(layout::marked((role, symbol), None, &summary, columns));
    }
    let muted = Some(Role::Muted);
    lines.extend(layout::marked((role, " "), muted, way_out, columns));
    lines
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
        state.received(visible)
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
