//! The members of a token's JSON as rows: the known fields in a fixed order, then the others.
//!
//! One pass over the JSON, whatever it holds, and no copy of any value. A new field is one row of
//! `KNOWN`. Not here: what values mean (`fields`).

use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap, RandomState};
use std::hash::BuildHasher;
use std::ops::Range;

use super::raw::RawJson;
use super::text;

/// Fields that we do not know are told apart up to this number; the rest are counted.
pub const MOST_OTHERS: usize = 500;

/// How a field's value is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Plain text.
    Text,
    /// Text that names the token to the API or to Access: never cut in the middle of a copy.
    Identifier,
    /// Yes or no; absent means yes.
    Switch,
    /// A Go duration.
    Duration,
    /// An instant.
    Time,
    /// The time of the last use; none means never.
    LastUse,
    /// A number.
    Number,
    /// Something that the API sends and we do not know: shown as JSON.
    Other,
}

/// A field that the API documents or is known to send.
struct Known {
    key: &'static str,
    label: &'static str,
    kind: FieldKind,
    /// Shown as "not reported" when absent; the others are left out.
    always: bool,
}

const fn known(key: &'static str, label: &'static str, kind: FieldKind, always: bool) -> Known {
    Known {
        key,
        label,
        kind,
        always,
    }
}

const KNOWN: [Known; 11] = [
    known("id", "ID", FieldKind::Identifier, true),
    known("client_id", "Client ID", FieldKind::Identifier, true),
    known("name", "Name", FieldKind::Text, true),
    known("enabled", "Enabled", FieldKind::Switch, true),
    known("duration", "Duration", FieldKind::Duration, true),
    known("created_at", "Created", FieldKind::Time, true),
    known("updated_at", "Updated", FieldKind::Time, true),
    known("expires_at", "Expires", FieldKind::Time, true),
    known("last_seen_at", "Last seen", FieldKind::LastUse, true),
    known(
        "client_secret_version",
        "Secret version",
        FieldKind::Number,
        false,
    ),
    known(
        "previous_client_secret_expires_at",
        "Previous secret",
        FieldKind::Time,
        false,
    ),
];

/// How a known field is to be read.
pub(super) fn kind_of(key: &str) -> Option<FieldKind> {
    let row = KNOWN.iter().find(|row| row.key == key)?;
    Some(row.kind)
}

/// One field of one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The JSON key, cut where it is very long. Untrusted text for fields we do not know.
    pub key: String,
    /// What it is called on screen; the key itself for fields we do not know.
    pub label: String,
    /// How to read the value.
    pub kind: FieldKind,
    /// Where the value lies in the token's JSON; nothing where the key was absent.
    pub(super) value: Option<Range<usize>>,
}

/// The fields of a token.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Members {
    /// The known ones in a fixed order, then the first [`MOST_OTHERS`] of the others as sent.
    pub fields: Vec<Field>,
    /// How many others there are beyond these.
    pub rest: usize,
}

impl Members {
    /// The members of an object; of any other value, the known fields without values.
    #[must_use]
    pub fn of(raw: &RawJson) -> Self {
        let mut known: [Option<Range<usize>>; KNOWN.len()] = Default::default();
        let mut others = Others::default();
        raw.for_each_member(|key, value| {
            let value = raw.range_of(value);
            match KNOWN.iter().position(|row| row.key == key) {
                Some(at) => known[at] = value,
                None => others.take(key, value),
            }
        });
        let known = KNOWN.iter().zip(known).map(|(row, value)| Field {
            key: row.key.to_owned(),
            label: row.label.to_owned(),
            kind: row.kind,
            value,
        });
        let mut fields: Vec<Field> = known
            .zip(&KNOWN)
            .filter(|(field, row)| row.always || field.value.is_some())
            .map(|(field, _)| field)
            .collect();
        fields.append(&mut others.fields);
        Self {
            fields,
            rest: others.rest.len(),
        }
    }
}

/// The fields that we do not know. Of a key that was sent twice the later value counts.
#[derive(Default)]
struct Others {
    fields: Vec<Field>,
    places: HashMap<String, usize>,
    /// The keys beyond the first ones as hashes: millions of keys fit into an answer.
    rest: HashSet<u64>,
    hasher: RandomState,
}

impl Others {
    fn take(&mut self, key: &str, value: Option<Range<usize>>) {
        if self.fields.len() == MOST_OTHERS {
            match self.places.get(key) {
                Some(at) => self.fields[*at].value = value,
                None => {
                    self.rest.insert(self.hasher.hash_one(key));
                }
            }
            return;
        }
        match self.places.entry(key.to_owned()) {
            Entry::Occupied(place) => self.fields[*place.get()].value = value,
            Entry::Vacant(place) => {
                place.insert(self.fields.len());
                let key = text::beginning(key);
                self.fields.push(Field {
                    key: key.to_owned(),
                    label: key.to_owned(),
                    kind: FieldKind::Other,
                    value,
                });
            }
        }
    }
}
