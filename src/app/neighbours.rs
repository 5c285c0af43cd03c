//! The tokens before and after the current one, in the list that it was opened from.
//!
//! The list's copy is shown at once. The token itself is fetched when the key rests, so that going
//! through a list sends no request for each row.

use std::sync::Arc;

use chrono::TimeDelta;

use super::all_profiles::use_profile_of;
use super::message::Effect;
use super::state::State;
use super::token_fetch::show_row;
use crate::domain::token::{ServiceToken, TokenId};

/// How long the key must rest.
const REST: TimeDelta = TimeDelta::milliseconds(500);

/// The row of the current token in the list that it was opened from, and the number of rows.
pub(crate) fn place(state: &State) -> Option<(usize, usize)> {
    let (detail, browse, list) = (&state.detail, &state.browse, &state.list);
    let token = detail.token.value().filter(|_| detail.opened_from_list)?;
    let is_it = |other: &Arc<ServiceToken>| other.id_text() == token.id_text();
    let selected = browse.token(list).is_some_and(is_it);
    let row = if selected {
        browse.selected
    } else {
        browse.table.row_of(list, token)?
    };
    Some((row, browse.table.rows()))
}

/// Whether there is a token before or after the current one.
pub(crate) fn exists(state: &State, is_next: bool) -> bool {
    neighbour(state, is_next).is_some()
}

/// The row of the nearest token in a direction that can be fetched.
fn neighbour(state: &State, is_next: bool) -> Option<usize> {
    let (row, total) = place(state)?;
    let can_open = |row: &usize| {
        let token = state.browse.table.token(&state.list, *row);
        token.is_some_and(|token| TokenId::parse(token.id_text()).is_some())
    };
    if is_next {
        (row + 1..total).find(can_open)
    } else {
        (0..row).rev().find(can_open)
    }
}

/// Shows the token before or after the current one, with the same field selected.
pub(crate) fn open(state: &mut State, is_next: bool) -> Vec<Effect> {
    let Some(row) = neighbour(state, is_next) else {
        if let Some((_, total)) = place(state) {
            let end = if is_next { "last" } else { "first" };
            state.notify(format!("This is the {end} of {total} tokens."));
        }
        return Vec::new();
    };
    let Some(token) = state.browse.table.token(&state.list, row).cloned() else {
        return Vec::new();
    };
    let detail = &mut state.detail;
    let dropped = detail.token.cancel().map(Effect::Cancel);
    let mut effects: Vec<Effect> = dropped.into_iter().collect();
    let focus = detail.focus;
    let key = detail.fields().get(detail.selected);
    let key = key.map(|field| field.key.clone());
    match use_profile_of(state, &token) {
        Some(switched) => effects.extend(switched),
        None => return effects,
    }
    state.browse.selected = row;
    if !show_row(state, token) {
        return effects;
    }
    let due = state.clock.steady.checked_add_signed(REST);
    let detail = &mut state.detail;
    detail.fetch_due = due;
    detail.focus = focus;
    let same = detail
        .fields()
        .iter()
        .position(|field| Some(&field.key) == key.as_ref());
    detail.selected = same.unwrap_or_default();
    effects
}
