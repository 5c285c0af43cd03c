//! The service token as the API reports it: its fields, how each is read, and its members as rows.
//!
//! Every field may be absent, null or of the wrong type; none of that makes a token unreadable. A new
//! field is a member of [`ServiceToken`] and a row of `FIELDS`.

use std::borrow::Cow;
use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap, RandomState};
use std::fmt;
use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Datelike, Utc};

use super::duration::Lifetime;
use super::raw::{self, RawJson, RawLines, RawStr};
use super::redaction;
use super::text;

pub use super::token_ref::{ClientId, InvalidTokenRef, TokenId, TokenRef};

/// A field of the API's response, with every way in which it can lack a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reported<T> {
    /// Not there, or an empty date: says nothing.
    #[default]
    Absent,
    /// `null`, or Go's zero time (year 1), both of which mean "none".
    Null,
    Valid(T),
    /// A value of another type or form, as JSON.
    Malformed(RawStr),
}

impl<T> Reported<T> {
    /// The value, if it is valid.
    pub fn valid(&self) -> Option<&T> {
        match self {
            Self::Valid(value) => Some(value),
            Self::Absent | Self::Null | Self::Malformed(_) => None,
        }
    }
}

/// A value of the wrong type or form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed<'a> {
    /// The text before the value: `unexpected type: `.
    pub mark: &'static str,
    /// The value's JSON as received. Untrusted text.
    pub raw: &'a str,
}

impl fmt::Display for Malformed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.mark, self.raw)
    }
}

const UNEXPECTED_TYPE: &str = "unexpected type: ";

/// The result of reading a value: `None` if it means "none", `Err` if it is malformed.
type Parsed<T> = Result<Option<T>, NotOfType>;

/// The error for a malformed value.
pub struct NotOfType;

/// A type of field.
pub trait FieldType: Sized {
    /// The complaint about a malformed string.
    const MALFORMED_STRING: &'static str = UNEXPECTED_TYPE;

    /// Reads a JSON value from within some raw JSON.
    ///
    /// # Errors
    /// [`NotOfType`] for a malformed value.
    fn parse(json: &str, raw: &RawJson) -> Parsed<Self>;

    /// The value as a field shows it.
    fn value(&self) -> FieldValue<'static> {
        FieldValue::Valid
    }

    /// The text of a text value, given the raw JSON it was read from.
    fn text<'a>(&'a self, _: &'a RawJson) -> &'a str {
        ""
    }
}

impl FieldType for RawStr {
    const MALFORMED_STRING: &'static str = "not Unicode: ";

    fn parse(json: &str, raw: &RawJson) -> Parsed<Self> {
        Ok(string(json)?.map(|text| Self::new(raw, &text)))
    }

    fn text<'a>(&'a self, raw: &'a RawJson) -> &'a str {
        self.within(raw)
    }
}

impl FieldType for Lifetime {
    const MALFORMED_STRING: &'static str = "not Unicode: ";

    fn parse(json: &str, _: &RawJson) -> Parsed<Self> {
        Ok(string(json)?.map(|text| Self::parse(&text)))
    }

    fn text<'a>(&'a self, _: &'a RawJson) -> &'a str {
        self.as_str()
    }
}

impl FieldType for bool {
    fn parse(json: &str, _: &RawJson) -> Parsed<Self> {
        serde_json::from_str(json).map_err(|_| NotOfType)
    }
}

impl FieldType for DateTime<Utc> {
    const MALFORMED_STRING: &'static str = "not a date: ";

    fn parse(json: &str, _: &RawJson) -> Parsed<Self> {
        let Some(text) = string(json)? else {
            return Ok(None);
        };
        let date = match DateTime::parse_from_rfc3339(&text) {
            Ok(date) => date,
            Err(_) => match text::trim_input(&text) {
                "" => return Ok(None),
                text => DateTime::parse_from_rfc3339(text).map_err(|_| NotOfType)?,
            },
        };
        // The offset can carry a date past the last year that RFC 3339 can write.
        match date.to_utc().year() {
            ..=1 => Ok(None),
            2..=9999 => Ok(Some(without_leap_second(date.to_utc()))),
            _ => Err(NotOfType),
        }
    }

    fn value(&self) -> FieldValue<'static> {
        FieldValue::Time(*self)
    }
}

/// A number kept as text, so that no number is too large.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(RawStr);

impl FieldType for Number {
    fn parse(json: &str, raw: &RawJson) -> Parsed<Self> {
        match json.bytes().next() {
            Some(b'-' | b'0'..=b'9') => Ok(Some(Self(RawStr::new(raw, json)))),
            Some(b'n') => Ok(None),
            _ => Err(NotOfType),
        }
    }

    fn text<'a>(&'a self, raw: &'a RawJson) -> &'a str {
        self.0.within(raw)
    }
}

/// Whether a value is an empty string, or one of blanks.
pub(super) fn is_blank(json: &str) -> bool {
    raw::string(json).is_some_and(|text| text::trim_input(&text).is_empty())
}

/// The content of a JSON string; none for `null`.
fn string(json: &str) -> Parsed<Cow<'_, str>> {
    match raw::string(json) {
        None if json == "null" => Ok(None),
        text => text.map(Some).ok_or(NotOfType),
    }
}

/// A leap second becomes the second after it, which is the same instant to every other program.
fn without_leap_second(date: DateTime<Utc>) -> DateTime<Utc> {
    match date.timestamp_subsec_nanos().checked_sub(1_000_000_000) {
        None => date,
        Some(nanos) => DateTime::from_timestamp(date.timestamp() + 1, nanos).unwrap_or(date),
    }
}

/// How a field is shown and copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    Text,
    /// Text that names the token to the API or to Access: copied whole, never cut.
    Identifier,
    /// Yes or no; absent means yes.
    Switch,
    Duration,
    Time,
    /// The number of a secret.
    Version,
    /// A field that we do not know: shown as JSON.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// Shown even if absent.
    Expected,
    /// Left out if absent.
    Optional,
}

/// A field that the API documents or is known to send.
#[derive(Debug)]
struct KnownField {
    key: &'static str,
    label: &'static str,
    kind: FieldKind,
    /// The text for a missing value.
    none: &'static str,
    presence: Presence,
    read: fn(&mut ServiceToken, &str),
    value: fn(&ServiceToken) -> FieldValue<'_>,
}

/// The value of a field of any type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldValue<'a> {
    /// The key is absent, or its value means "none".
    None,
    Time(DateTime<Utc>),
    /// Any other valid value.
    Valid,
    Malformed(Malformed<'a>),
}

/// A row for a member of the token, whose name is the JSON key and whose type says how it is read.
macro_rules! field {
    ($member:ident, $label:literal, $kind:ident, $none:literal, $presence:ident) => {
        KnownField {
            key: stringify!($member),
            label: $label,
            kind: FieldKind::$kind,
            none: $none,
            presence: Presence::$presence,
            read: |token, json| token.$member = token.read(json),
            value: |token| token.value(&token.$member),
        }
    };
}

/// The known fields in the order in which they are shown.
#[rustfmt::skip]
const FIELDS: &[KnownField] = &[
    field!(last_seen_at, "Last seen", Time, "never used", Expected),
    field!(client_secret_version, "Secret", Version, "none", Optional),
    field!(previous_client_secret_expires_at, "Secret before", Time, "none", Optional),
    field!(enabled, "Enabled", Switch, "yes (not reported)", Expected),
    // "None" would read as if the token never expired.
    field!(expires_at, "Expires", Time, "not reported", Expected),
    field!(updated_at, "Updated", Time, "none", Expected),
    field!(created_at, "Created", Time, "none", Expected),
    field!(duration, "Duration", Duration, "none", Expected),
    field!(id, "ID", Identifier, "none", Expected),
    field!(client_id, "Client ID", Identifier, "none", Expected),
    field!(name, "Name", Text, "none", Expected),
];

/// A service token (API reference: *Get a service token*). Times are UTC.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ServiceToken {
    /// The object as received.
    pub raw: RawJson,
    /// The UUID that policies refer to.
    pub id: Reported<RawStr>,
    /// The value of `CF-Access-Client-Id`; not the ID.
    pub client_id: Reported<RawStr>,
    /// Untrusted text.
    pub name: Reported<RawStr>,
    /// The time from one renewal to the expiry.
    pub duration: Reported<Lifetime>,
    /// Absent means yes.
    pub enabled: Reported<bool>,
    pub created_at: Reported<DateTime<Utc>>,
    pub updated_at: Reported<DateTime<Utc>>,
    /// A date even for tokens that never expire.
    pub expires_at: Reported<DateTime<Utc>>,
    /// When it last let somebody in; null for a token never used.
    pub last_seen_at: Reported<DateTime<Utc>>,
    /// How often its secret was replaced, counted from 1.
    pub client_secret_version: Reported<Number>,
    /// Until when the secret from before the last rotation works.
    pub previous_client_secret_expires_at: Reported<DateTime<Utc>>,
    derived: Derived,
}

/// Values computed from a token's JSON once, on demand.
#[derive(Debug, Clone, Default)]
struct Derived {
    members: OnceLock<Box<Members>>,
    lines: OnceLock<Arc<RawLines>>,
}

/// The same JSON derives the same, computed or not.
impl PartialEq for Derived {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// From this many bytes of JSON on, everything is derived when the token is read, off the thread
/// that draws frames; for fewer the time is negligible.
const LARGE: usize = 64 * 1024;

impl ServiceToken {
    /// Reads a token. A value that is not an object gives a token without fields. Hides secrets: the
    /// API sends one when a token is made or rotated, and none of our outputs is a place for it.
    pub fn parse(raw: &RawJson) -> Self {
        let (token, holds_secret) = Self::read_all(raw);
        let clean = holds_secret.then(|| redaction::without_secrets(raw.as_str()));
        let token = match clean.flatten() {
            Some(clean) => Self::read_all(&clean.as_str().into()).0,
            None => token,
        };
        if token.raw.as_str().len() >= LARGE {
            let _kept = (token.members(), token.lines());
        }
        token
    }

    /// Reads a token, and returns whether it contained a secret.
    fn read_all(raw: &RawJson) -> (Self, bool) {
        let mut token = Self {
            raw: raw.clone(),
            ..Self::default()
        };
        let mut holds_secret = false;
        raw.for_each_member(|key, json| {
            let known = FIELDS.iter().find(|field| field.key == key);
            match known {
                Some(field) => (field.read)(&mut token, json),
                None => holds_secret |= redaction::is_secret_member(key, json),
            }
            holds_secret |= redaction::nests_secret(json);
        });
        (token, holds_secret)
    }

    fn read<T: FieldType>(&self, json: &str) -> Reported<T> {
        match T::parse(json, &self.raw) {
            Ok(Some(value)) => Reported::Valid(value),
            Ok(None) if is_blank(json) => Reported::Absent,
            Ok(None) => Reported::Null,
            Err(NotOfType) => Reported::Malformed(RawStr::new(&self.raw, json)),
        }
    }

    fn value<'a, T: FieldType>(&'a self, field: &'a Reported<T>) -> FieldValue<'a> {
        match field {
            Reported::Absent | Reported::Null => FieldValue::None,
            Reported::Valid(value) => value.value(),
            Reported::Malformed(json) => FieldValue::Malformed(self.mark::<T>(json)),
        }
    }

    fn mark<'a, T: FieldType>(&'a self, json: &'a RawStr) -> Malformed<'a> {
        let raw = json.within(&self.raw);
        let mark = if raw.starts_with('"') {
            T::MALFORMED_STRING
        } else {
            UNEXPECTED_TYPE
        };
        Malformed { mark, raw }
    }

    /// Its members as rows.
    pub fn members(&self) -> &Members {
        let members = || Box::new(Members::of(&self.raw));
        self.derived.members.get_or_init(members)
    }

    /// Its JSON as lines.
    pub fn lines(&self) -> Arc<RawLines> {
        let lines = || Arc::new(RawLines::of(&self.raw));
        self.derived.lines.get_or_init(lines).clone()
    }

    /// The value of a field, if it is malformed.
    pub fn malformed<'a, T: FieldType>(&'a self, field: &'a Reported<T>) -> Option<Malformed<'a>> {
        match field {
            Reported::Malformed(json) => Some(self.mark::<T>(json)),
            Reported::Absent | Reported::Null | Reported::Valid(_) => None,
        }
    }

    /// The text of a valid field, or an empty one. Untrusted text.
    pub fn text<'a, T: FieldType>(&'a self, field: &'a Reported<T>) -> &'a str {
        field.valid().map_or("", |value| value.text(&self.raw))
    }

    /// The text of a field, or the JSON of a malformed one. Untrusted text.
    pub fn raw_text<'a, T: FieldType>(&'a self, field: &'a Reported<T>) -> &'a str {
        let malformed = self.malformed(field);
        malformed.map_or_else(|| self.text(field), |value| value.raw)
    }

    /// The text of a field for people: a malformed one is marked, and cut if it is very long.
    pub fn display_text<'a, T: FieldType>(&'a self, field: &'a Reported<T>) -> Cow<'a, str> {
        match self.malformed(field) {
            Some(Malformed { mark, raw }) => format!("{mark}{}", text::beginning(raw)).into(),
            None => self.text(field).into(),
        }
    }

    /// The ID, or an empty string.
    pub fn id_text(&self) -> &str {
        self.text(&self.id)
    }

    /// The client ID, or an empty string.
    pub fn client_id_text(&self) -> &str {
        self.text(&self.client_id)
    }

    /// The name, or an empty string. Untrusted text.
    pub fn name_text(&self) -> &str {
        self.text(&self.name)
    }

    /// Decides between tokens that are equal otherwise.
    pub fn name_and_id(&self) -> (&str, &str) {
        (self.name_text(), self.id_text())
    }

    /// Whether a reference names this token.
    pub fn is_named_by(&self, reference: &TokenRef) -> bool {
        match reference {
            TokenRef::Id(id) | TokenRef::Url { id, .. } => {
                self.id_text().eq_ignore_ascii_case(id.as_str())
            }
            TokenRef::Digits(digits) => {
                digits.are_of(self.id_text()) || digits.are_of(self.client_id_text())
            }
            TokenRef::ClientId(id) => self.client_id_text().eq_ignore_ascii_case(id.as_str()),
            TokenRef::Name(name) => {
                self.name_text() == name || text::trim_input(self.name_text()) == name
            }
        }
    }
}

/// Up to this number, unknown fields are kept apart; the rest are counted.
pub const MOST_OTHERS: usize = 500;

/// One field of one token.
#[derive(Debug, Clone)]
pub struct Field {
    /// The JSON key, cut if it is very long. Untrusted text for fields we do not know.
    pub key: String,
    /// The name on screen: the key itself for fields we do not know.
    pub label: String,
    pub kind: FieldKind,
    known: Option<&'static KnownField>,
    /// Where the value is in the token's JSON; `None` if the key was absent.
    range: Option<Range<usize>>,
}

impl Field {
    /// The text for a missing value.
    pub(super) fn none(&self) -> &'static str {
        self.known.map_or("none", |known| known.none)
    }

    /// The value's JSON as received; `None` if the key was absent. Untrusted text.
    pub fn raw<'a>(&self, token: &'a ServiceToken) -> Option<&'a str> {
        token.raw.as_str().get(self.range.clone()?)
    }

    /// The value; a field that we do not know has one unless it is null.
    pub fn value<'a>(&self, token: &'a ServiceToken) -> FieldValue<'a> {
        match self.known {
            Some(known) => (known.value)(token),
            None if self.raw(token) == Some("null") => FieldValue::None,
            None => FieldValue::Valid,
        }
    }
}

/// The fields of a token.
#[derive(Debug, Clone)]
pub struct Members {
    /// The known ones in a fixed order, then the first [`MOST_OTHERS`] of the others as sent.
    pub fields: Vec<Field>,
    /// How many other fields were left out.
    pub rest: usize,
}

impl Members {
    /// The members of an object; of any other value, the known fields without values. Takes one pass
    /// over the JSON and copies no value.
    fn of(raw: &RawJson) -> Self {
        let mut ranges: [Option<Range<usize>>; FIELDS.len()] = Default::default();
        let mut others = Others::default();
        raw.for_each_member(|key, value| {
            let range = raw.range_of(value);
            match FIELDS.iter().position(|known| known.key == key) {
                Some(at) => ranges[at] = range,
                None => others.add(key, range),
            }
        });
        let mut fields: Vec<Field> = FIELDS
            .iter()
            .zip(ranges)
            .filter(|(known, range)| known.presence == Presence::Expected || range.is_some())
            .map(|(known, range)| Field {
                key: known.key.to_owned(),
                label: known.label.to_owned(),
                kind: known.kind,
                known: Some(known),
                range,
            })
            .collect();
        fields.append(&mut others.fields);
        Self {
            fields,
            rest: others.rest.len(),
        }
    }
}

/// The fields that we do not know. If a key was sent twice, the later value wins.
#[derive(Default)]
struct Others {
    fields: Vec<Field>,
    places: HashMap<String, usize>,
    /// Hashes of the keys beyond the first ones: a response can hold millions of keys.
    rest: HashSet<u64>,
    hasher: RandomState,
}

impl Others {
    fn add(&mut self, key: &str, range: Option<Range<usize>>) {
        if self.fields.len() == MOST_OTHERS {
            match self.places.get(key) {
                Some(at) => self.fields[*at].range = range,
                None => {
                    self.rest.insert(self.hasher.hash_one(key));
                }
            }
            return;
        }
        match self.places.entry(key.to_owned()) {
            Entry::Occupied(place) => self.fields[*place.get()].range = range,
            Entry::Vacant(place) => {
                place.insert(self.fields.len());
                let key = text::beginning(key);
                self.fields.push(Field {
                    key: key.to_owned(),
                    label: key.to_owned(),
                    kind: FieldKind::Other,
                    known: None,
                    range,
                });
            }
        }
    }
}
