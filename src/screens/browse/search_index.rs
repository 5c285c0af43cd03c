//! What a filter looks at, of all tokens in one piece: to walk through it is several times as fast
//! as to visit every token where it lies.
//!
//! Not here: looking (`domain::search`).

use crate::domain::search::Haystack;
use crate::domain::status::Status;
use crate::domain::text;
use crate::domain::token::ServiceToken;

/// Names, IDs, client IDs and statuses of tokens, by their places.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct SearchIndex {
    text: String,
    /// Where the name, the ID and the client ID of a token end.
    ends: Vec<[usize; 3]>,
    have_hex_ids: Vec<bool>,
    statuses: Vec<Status>,
}

impl SearchIndex {
    /// Takes note of the token of a place, which may be the next, and of its status.
    pub(crate) fn set(&mut self, place: usize, token: &ServiceToken, status: Status) {
        if let Some(known) = self.statuses.get_mut(place) {
            *known = status;
            return;
        }
        let parts = [token.name_text(), token.id_text(), token.client_id_text()];
        self.ends.push(parts.map(|part| {
            self.text.push_str(text::beginning(part));
            self.text.len()
        }));
        let [_, id, client_id] = parts;
        self.have_hex_ids.push(Haystack::are_hex(id, client_id));
        self.statuses.push(status);
    }

    /// What there is of the token of a place.
    pub(crate) fn get(&self, place: usize) -> Option<Haystack<'_>> {
        let [name, id, client_id] = *self.ends.get(place)?;
        let before = place.checked_sub(1).and_then(|place| self.ends.get(place));
        let start = before.map_or(0, |ends| ends[2]);
        Some(Haystack {
            name: self.text.get(start..name)?,
            id: self.text.get(name..id)?,
            client_id: self.text.get(id..client_id)?,
            has_hex_ids: *self.have_hex_ids.get(place)?,
            status: *self.statuses.get(place)?,
        })
    }
}
