//! The tokens before and after the current one, in the list that it was opened from.
//!
//! The list's copy is shown at once. The token itself is fetched when the key rests, so that going
//! through a list sends no request for each row.

use std::sync::Arc;

use chrono::TimeDelta;

use super::all_profiles::use_profile_of;
use super::handler::{Place, Rows};

use super::state::State;
use super::token_fetch::show_row;
use crate::domain::token::{ServiceToken, TokenId};
use crate::screens::find::state::Item;

/// How long the key must rest.
const REST: TimeDelta = TimeDelta::milliseconds(500);

impl Rows {
    /// Those of the list that the current token was opened from; `None` for one that was looked up.
    fn of(state: &State) -> Option<Self> {
        let detail = &state.detail;
        match state.find.selected {
            _ if !detail.opened_from_list => None,
            _ if !detail.returns_to_find => Some(Self::Whole),
            Some(Item::Match(_)) => Some(Self::Matches),
            Some(Item::Need(_)) => Some(Self::Needs),
            Some(Item::More | Item::Recent(_)) | None => None,
        }
    }

    fn total(self, state: &State) -> usize {
        match self {
            Self::Whole => state.browse.table.rows(),
            Self::Matches => state.find.matches.count(),
            Self::Needs => state.list.needs().len(),
        }
    }

    fn token(self, state: &State, row: usize) -> Option<&Arc<ServiceToken>> {
        let (find, list) = (&state.find, &state.list);
        match self {
            Self::Whole => state.browse.table.token(list, row),
            Self::Matches => find.token_at(Item::Match(row), list),
            Self::Needs => find.token_at(Item::Need(row), list),
        }
    }

    fn selected(self, state: &State) -> usize {
        match (self, state.find.selected) {
            (Self::Matches, Some(Item::Match(row))) | (Self::Needs, Some(Item::Need(row))) => row,
            (Self::Whole | Self::Matches | Self::Needs, _) => state.browse.selected,
        }
    }

    /// Selects a row, so that Back returns to it.
    fn select(self, state: &mut State, row: usize) {
        match self {
            Self::Whole => state.browse.selected = row,
            Self::Matches => state.find.pick(Item::Match(row), &state.list),
            Self::Needs => state.find.pick(Item::Need(row), &state.list),
        }
    }
}

/// The row of the current token in the list that it was opened from.
fn row(state: &State, rows: Rows) -> Option<usize> {
    let id = state.detail.token.value()?.id_text();
    let is_it = |row: &usize| {
        let token = rows.token(state, *row);
        token.is_some_and(|token| token.id_text() == id)
    };
    let selected = Some(rows.selected(state)).filter(is_it);
    selected.or_else(|| (0..rows.total(state)).find(is_it))
}

/// The place of the current token in the list that it was opened from.
pub(crate) fn place(state: &State) -> Option<Place> {
    let rows = Rows::of(state)?;
    Some(Place {
        at: Some(row(state, rows)? + 1),
        total: rows.total(state),
        rows,
    })
}

/// Whether there is a token before or after the current one.
pub(crate) fn exists(state: &State, is_next: bool) -> bool {
    neighbour(state, is_next).is_some()
}

/// The row of the nearest token in a direction that can be fetched.
fn neighbour(state: &State, is_next: bool) -> Option<usize> {
    let rows = Rows::of(state)?;
    let row = row(state, rows)?;
    let can_open = |row: &usize| {
        let token = rows.token(state, *row);
        token.is_some_and(|token| TokenId::parse(token.id_text()).is_some())
    };
    if is_next {
        (row + 1..rows.total(state)).find(can_open)
    } else {
        (0..row).rev().find(can_open)
    }
}

/// Why there is no token in a direction.
fn end_of(rows: Rows, is_next: bool, total: usize) -> String {
    let end = if is_next { "last" } else { "first" };
    match (rows, total) {
        (Rows::Whole, 1) => "This is the only token in the list.".to_owned(),
        (Rows::Matches, 1) => "This is the only match.".to_owned(),
        (Rows::Needs, 1) => "This is the only token that needs you.".to_owned(),
        (Rows::Whole, _) => format!("This is the {end} of {total} tokens."),
        (Rows::Matches, _) => format!("This is the {end} of {total} matches."),
        (Rows::Needs, _) => format!("This is the {end} of {total} tokens that need you."),
    }
}

/// Shows the token before or after the current one, with the same field selected.
pub(crate) fn open(state: &mut State, is_next: bool) {
    let Some(row) = neighbour(state, is_next) else {
        if let Some(place) = place(state) {
            state.notify(end_of(place.rows, is_next, place.total));
        }
        return;
    };
    let rows = Rows::of(state);
    let Some((rows, token)) = rows.and_then(|rows| Some((rows, rows.token(state, row)?.clone())))
    else {
        return;
    };
    state.cancel_lookup();
    let detail = &state.detail;
    let focus = detail.focus;
    let key = detail.fields().get(detail.selected);
    let key = key.map(|field| field.key.clone());
    if !use_profile_of(state, &token) {
        return;
    }
    rows.select(state, row);
    if !show_row(state, token) {
        return;
    }
    let due = state.clock.steady.checked_add_signed(REST);
    let detail = &mut state.detail;
    detail.fetch_due = due;
    detail.focus = focus;
    let mut fields = detail.fields().iter();
    let same = fields.position(|field| Some(&field.key) == key.as_ref());
    detail.selected = same.unwrap_or_default();
}
