//! The service token as the API reports it.
//!
//! Every field may be absent, null or of the wrong type; none of that makes a token unreadable.
//! Not here: what a token's fields add up to (`status`, `findings`), or how people refer to one
//! (`token_ref`).

use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap, RandomState};
use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Datelike, Utc};

use super::duration::Lifetime;
use super::raw::{self, RawJson, RawLines, RawStr};
use super::text;

pub use super::token_ref::{ClientId, InvalidTokenRef, TokenId, TokenRef};

/// A field of the API's answer, with every way in which it can fail to hold a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reported<T> {
    /// The key was not there.
    #[default]
    Absent,
    /// `null`, an empty date, or Go's zero time (year 1), all of which mean "none".
    Null,
    /// A value of the documented type.
    Valid(T),
    /// A value of another type or form. The raw token still shows it.
    Invalid,
}

impl<T> Reported<T> {
    /// The value, where there is a valid one.
    pub fn valid(&self) -> Option<&T> {
        match self {
            Self::Valid(value) => Some(value),
            _ => None,
        }
    }
}

/// A service token (API reference: *Get a service token*). Times are UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceToken {
    /// The object as received.
    pub raw: RawJson,
    /// UUID of the token; what policies refer to.
    pub id: Reported<RawStr>,
    /// What clients send as `CF-Access-Client-Id`; not the ID.
    pub client_id: Reported<RawStr>,
    /// The name people gave it. Untrusted text.
    pub name: Reported<RawStr>,
    /// How long it lives from one renewal to its expiry.
    pub duration: Reported<Lifetime>,
    /// Whether it is switched on. Absent means yes.
    pub enabled: Reported<bool>,
    /// When it was made.
    pub created_at: Reported<DateTime<Utc>>,
    /// When it was last changed.
    pub updated_at: Reported<DateTime<Utc>>,
    /// When it ends. A date even for tokens that never expire.
    pub expires_at: Reported<DateTime<Utc>>,
    /// When it last let somebody in; null for a token never used.
    pub last_seen_at: Reported<DateTime<Utc>>,
    /// How often its secret was replaced, counted from 1.
    pub client_secret_version: Reported<String>,
    /// Until when the secret before the last rotation still works.
    pub previous_client_secret_expires_at: Reported<DateTime<Utc>>,
    /// Where the values lie that are not what their fields hold.
    odd: Vec<(&'static str, Range<usize>)>,
    derived: Derived,
}

/// What is computed from a token's JSON once, when it is first asked for.
#[derive(Debug, Clone, Default)]
struct Derived {
    members: OnceLock<Box<Members>>,
    lines: OnceLock<Arc<RawLines>>,
}

/// The same JSON gives the same, whether or not it was asked for already.
impl PartialEq for Derived {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A token with this many bytes of JSON has everything derived where it is read, which is not where
/// frames are drawn: for fewer, that is too quick to notice.
const LARGE: usize = 64 * 1024;

impl ServiceToken {
    /// Reads a token out of its JSON. A value that is no object gives a token without fields. Secrets
    /// in it are hidden: the API sends one where a token is made or rotated, and none of our outputs
    /// is a place for it.
    #[must_use]
    pub fn parse(raw: &RawJson) -> Self {
        let (token, holds_secret) = Self::read_all(raw);
        let clean = holds_secret.then(|| raw::without_secrets(raw.as_str()));
        let token = match clean.flatten() {
            Some(clean) => Self::read_all(&clean.into()).0,
            None => token,
        };
        if token.raw.as_str().len() >= LARGE {
            let _kept = (token.members(), token.lines());
        }
        token
    }

    /// Reads it, and says whether it holds a secret.
    fn read_all(raw: &RawJson) -> (Self, bool) {
        let mut token = Self {
            raw: raw.clone(),
            id: Reported::Absent,
            client_id: Reported::Absent,
            name: Reported::Absent,
            duration: Reported::Absent,
            enabled: Reported::Absent,
            created_at: Reported::Absent,
            updated_at: Reported::Absent,
            expires_at: Reported::Absent,
            last_seen_at: Reported::Absent,
            client_secret_version: Reported::Absent,
            previous_client_secret_expires_at: Reported::Absent,
            odd: Vec::new(),
            derived: Derived::default(),
        };
        let mut holds_secret = false;
        raw.for_each_member(|key, value| {
            let is_known = token.read(key, value);
            holds_secret |= (!is_known && raw::is_secret(key, value)) || raw::nests_secret(value);
        });
        (token, holds_secret)
    }

    /// Its fields as rows.
    #[must_use]
    pub fn members(&self) -> &Members {
        let members = || Box::new(Members::of(&self.raw));
        self.derived.members.get_or_init(members)
    }

    /// Its JSON as lines.
    #[must_use]
    pub fn lines(&self) -> Arc<RawLines> {
        let lines = || Arc::new(RawLines::of(&self.raw));
        self.derived.lines.get_or_init(lines).clone()
    }

    /// The JSON text of a known field's value that is not what the field holds. Untrusted text.
    #[must_use]
    pub fn odd(&self, key: &str) -> Option<&str> {
        let (_, range) = self.odd.iter().find(|(name, _)| *name == key)?;
        self.raw.as_str().get(range.clone())
    }

    /// Takes a member in. False for one that is not known.
    fn read(&mut self, key: &str, value: &str) -> bool {
        let (name, is_odd) = match key {
            "id" => ("id", take(&mut self.id, piece(&self.raw, value))),
            "client_id" => (
                "client_id",
                take(&mut self.client_id, piece(&self.raw, value)),
            ),
            "name" => ("name", take(&mut self.name, piece(&self.raw, value))),
            "duration" => ("duration", take(&mut self.duration, duration(value))),
            "enabled" => ("enabled", take(&mut self.enabled, typed(value))),
            "created_at" => ("created_at", take(&mut self.created_at, instant(value))),
            "updated_at" => ("updated_at", take(&mut self.updated_at, instant(value))),
            "expires_at" => ("expires_at", take(&mut self.expires_at, instant(value))),
            "last_seen_at" => ("last_seen_at", take(&mut self.last_seen_at, instant(value))),
            "client_secret_version" => (
                "client_secret_version",
                take(&mut self.client_secret_version, number(value)),
            ),
            "previous_client_secret_expires_at" => (
                "previous_client_secret_expires_at",
                take(&mut self.previous_client_secret_expires_at, instant(value)),
            ),
            _ => return false,
        };
        self.odd.retain(|(other, _)| *other != name);
        if let Some(range) = self.raw.range_of(value).filter(|_| is_odd) {
            self.odd.push((name, range));
        }
        true
    }

    /// The ID as text, empty where none was reported.
    #[must_use]
    pub fn id_text(&self) -> &str {
        self.text(&self.id)
    }

    /// The client ID as text, empty where none was reported.
    #[must_use]
    pub fn client_id_text(&self) -> &str {
        self.text(&self.client_id)
    }

    /// The name as sent, empty where none was reported. Untrusted text.
    #[must_use]
    pub fn name_text(&self) -> &str {
        self.text(&self.name)
    }

    /// Decides between tokens that are equal otherwise.
    #[must_use]
    pub fn name_and_id(&self) -> (&str, &str) {
        (self.name_text(), self.id_text())
    }

    fn text<'a>(&'a self, piece: &'a Reported<RawStr>) -> &'a str {
        piece.valid().map_or("", |piece| piece.text(&self.raw))
    }

    /// The duration's text as the API sent it.
    #[must_use]
    pub fn duration_text(&self) -> &str {
        self.duration.valid().map_or("", Lifetime::as_str)
    }

    /// Whether a reference names this token.
    #[must_use]
    pub fn is_named_by(&self, reference: &TokenRef) -> bool {
        match reference {
            TokenRef::Id(id) | TokenRef::Url { id, .. } => {
                self.id_text().eq_ignore_ascii_case(id.as_str())
            }
            TokenRef::ClientId(id) => self.client_id_text().eq_ignore_ascii_case(id.as_str()),
            TokenRef::Name(name) => {
                self.name_text() == name || text::trim_input(self.name_text()) == name
            }
        }
    }
}

/// Takes a field's value, and says whether it is not what the field holds.
fn take<T: PartialEq>(field: &mut Reported<T>, value: Reported<T>) -> bool {
    *field = value;
    *field == Reported::Invalid
}

fn typed<T: for<'de> serde::Deserialize<'de>>(value: &str) -> Reported<T> {
    match serde_json::from_str::<Option<T>>(value) {
        Ok(Some(value)) => Reported::Valid(value),
        Ok(None) => Reported::Null,
        Err(_) => Reported::Invalid,
    }
}

fn string(value: &str) -> Reported<String> {
    typed(value)
}

fn piece(raw: &RawJson, value: &str) -> Reported<RawStr> {
    if let Some(piece) = RawStr::within(raw, value) {
        return Reported::Valid(piece);
    }
    match string(value) {
        Reported::Valid(text) => Reported::Valid(RawStr::decoded(&text)),
        Reported::Absent => Reported::Absent,
        Reported::Null => Reported::Null,
        Reported::Invalid => Reported::Invalid,
    }
}

fn duration(value: &str) -> Reported<Lifetime> {
    match string(value) {
        Reported::Valid(text) => Reported::Valid(Lifetime::parse(&text)),
        Reported::Absent => Reported::Absent,
        Reported::Null => Reported::Null,
        Reported::Invalid => Reported::Invalid,
    }
}

/// A number's text, so that none is too large.
fn number(value: &str) -> Reported<String> {
    match value.bytes().next() {
        Some(b'-' | b'0'..=b'9') => Reported::Valid(value.to_owned()),
        Some(b'n') => Reported::Null,
        _ => Reported::Invalid,
    }
}

fn instant(value: &str) -> Reported<DateTime<Utc>> {
    match string(value) {
        Reported::Valid(text) if text::trim_input(&text).is_empty() => Reported::Null,
        Reported::Valid(text) => match DateTime::parse_from_rfc3339(text::trim_input(&text)) {
            Ok(date) => of_our_calendar(date.to_utc()),
            Err(_) => Reported::Invalid,
        },
        Reported::Absent => Reported::Absent,
        Reported::Null => Reported::Null,
        Reported::Invalid => Reported::Invalid,
    }
}

/// Go's zero time means none. An offset can carry a date past the last year that RFC 3339 can write.
fn of_our_calendar(date: DateTime<Utc>) -> Reported<DateTime<Utc>> {
    match date.year() {
        ..=1 => Reported::Null,
        2..=9999 => Reported::Valid(without_leap_second(date)),
        _ => Reported::Invalid,
    }
}

/// A leap second as the second after it, which is the same instant to every other program.
fn without_leap_second(date: DateTime<Utc>) -> DateTime<Utc> {
    match date.timestamp_subsec_nanos().checked_sub(1_000_000_000) {
        None => date,
        Some(nanos) => DateTime::from_timestamp(date.timestamp() + 1, nanos).unwrap_or(date),
    }
}

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
