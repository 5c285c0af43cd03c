//! The fields of a token as rows: what people look at, copy and compare.
//!
//! A new field is one row of `KNOWN`. Not here: how a row is drawn or how dates are worded.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};

use super::token::{Reported, ServiceToken};

/// A value that is not what its field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Odd<'a> {
    /// In what way, to stand before it: `unexpected type: `.
    pub mark: &'static str,
    /// Its JSON text as received. Untrusted text.
    pub raw: &'a str,
}

impl fmt::Display for Odd<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.mark, self.raw)
    }
}

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

/// One field of one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The JSON key. Untrusted text for fields we do not know.
    pub key: String,
    /// What it is called on screen; the key itself for fields we do not know.
    pub label: String,
    /// How to read the value.
    pub kind: FieldKind,
    /// The value's JSON text as received; nothing where the key was absent. Untrusted text.
    pub raw: Option<String>,
    /// What is said before a value that is not what the field holds: `not a date: `.
    pub mark: Option<&'static str>,
}

impl Field {
    /// The value as plain text: a string's content, or the JSON text of anything else.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let raw = self.raw.as_deref()?;
        match serde_json::from_str::<String>(raw) {
            Ok(text) => Some(text),
            Err(_) if raw == "null" => None,
            Err(_) => Some(raw.to_owned()),
        }
    }

    /// The instant, for a field that holds one.
    #[must_use]
    pub fn instant(&self, token: &ServiceToken) -> Option<DateTime<Utc>> {
        let reported = match self.key.as_str() {
            "created_at" => &token.created_at,
            "updated_at" => &token.updated_at,
            "expires_at" => &token.expires_at,
            "last_seen_at" => &token.last_seen_at,
            "previous_client_secret_expires_at" => &token.previous_client_secret_expires_at,
            _ => return None,
        };
        reported.valid().copied()
    }

    /// What is said in place of a value that is not there: the key absent, null, an empty text, or
    /// Go's zero time.
    #[must_use]
    pub fn absence(&self, token: &ServiceToken) -> Option<Cow<'static, str>> {
        let said = self.absence_word(token)?;
        let is_date = matches!(self.kind, FieldKind::Time | FieldKind::LastUse);
        let sent = self.raw.as_deref().filter(|raw| *raw != "null" && is_date);
        Some(sent.map_or(Cow::Borrowed(said), |raw| {
            format!("{said} (sent as {raw})").into()
        }))
    }

    fn absence_word(&self, token: &ServiceToken) -> Option<&'static str> {
        if self.mark.is_some() {
            return None;
        }
        match self.kind {
            FieldKind::Switch => token
                .enabled
                .valid()
                .is_none()
                .then_some("yes (not reported)"),
            _ if self.raw.is_none() => Some("not reported"),
            FieldKind::LastUse => self.instant(token).is_none().then_some("never used"),
            // "None" would read as if it never ended.
            FieldKind::Time if self.key == "expires_at" => {
                self.instant(token).is_none().then_some("not reported")
            }
            FieldKind::Time => self.instant(token).is_none().then_some("none"),
            FieldKind::Text
            | FieldKind::Identifier
            | FieldKind::Duration
            | FieldKind::Number
            | FieldKind::Other => match self.text() {
                None => Some("none"),
                Some(text) => text.is_empty().then_some("empty"),
            },
        }
    }
}

/// All fields of a token: the known ones in a fixed order, then those we do not know as sent.
#[must_use]
pub fn fields(token: &ServiceToken) -> Vec<Field> {
    let members = token.raw.members();
    let sent = |key: &str| {
        members
            .iter()
            .rev()
            .find(|(name, _)| name == key)
            .map(|(_, value)| (*value).to_owned())
    };
    let mut rows: Vec<Field> = KNOWN
        .iter()
        .map(|row| {
            let raw = sent(row.key);
            let bad = raw.as_deref().filter(|_| is_invalid(token, row.key));
            Field {
                key: row.key.to_owned(),
                label: row.label.to_owned(),
                kind: row.kind,
                mark: bad.map(|raw| mark(row.kind, raw)),
                raw,
            }
        })
        .zip(&KNOWN)
        .filter(|(field, row)| row.always || field.raw.is_some())
        .map(|(field, _)| field)
        .collect();
    for (key, _) in &members {
        if rows.iter().all(|row| row.key != *key) {
            rows.push(Field {
                key: key.clone(),
                label: key.clone(),
                kind: FieldKind::Other,
                raw: sent(key),
                mark: None,
            });
        }
    }
    rows
}

/// The value of a known field, where it is not what the field holds.
#[must_use]
pub fn odd<'a>(token: &'a ServiceToken, key: &str) -> Option<Odd<'a>> {
    let row = KNOWN.iter().find(|row| row.key == key)?;
    let is_odd = is_invalid(token, key);
    let members = is_odd.then(|| token.raw.members())?;
    let (_, raw) = members.into_iter().rev().find(|(name, _)| name == key)?;
    let mark = mark(row.kind, raw);
    Some(Odd { mark, raw })
}

/// A known field of text as it was sent: its text, or the JSON of what is no text; empty where there
/// is none. Untrusted text.
#[must_use]
pub fn sent<'a>(token: &'a ServiceToken, key: &str) -> &'a str {
    odd(token, key).map_or_else(|| text_of(token, key), |odd| odd.raw)
}

/// The same for people: what is no text is marked.
#[must_use]
pub fn shown<'a>(token: &'a ServiceToken, key: &str) -> Cow<'a, str> {
    odd(token, key).map_or_else(|| text_of(token, key).into(), |odd| odd.to_string().into())
}

fn text_of<'a>(token: &'a ServiceToken, key: &str) -> &'a str {
    match key {
        "id" => token.id_text(),
        "client_id" => token.client_id_text(),
        "name" => token.name_text(),
        "duration" => token.duration_text(),
        _ => "",
    }
}

/// In what way a value is not what a field of a kind holds.
fn mark(kind: FieldKind, raw: &str) -> &'static str {
    match kind {
        FieldKind::Time | FieldKind::LastUse if raw.starts_with('"') => "not a date: ",
        FieldKind::Text | FieldKind::Identifier | FieldKind::Duration if raw.starts_with('"') => {
            "not Unicode: "
        }
        _ => "unexpected type: ",
    }
}

fn is_invalid(token: &ServiceToken, key: &str) -> bool {
    match key {
        "id" => token.id == Reported::Invalid,
        "client_id" => token.client_id == Reported::Invalid,
        "name" => token.name == Reported::Invalid,
        "enabled" => token.enabled == Reported::Invalid,
        "duration" => token.duration == Reported::Invalid,
        "created_at" => token.created_at == Reported::Invalid,
        "updated_at" => token.updated_at == Reported::Invalid,
        "expires_at" => token.expires_at == Reported::Invalid,
        "last_seen_at" => token.last_seen_at == Reported::Invalid,
        "client_secret_version" => token.client_secret_version == Reported::Invalid,
        "previous_client_secret_expires_at" => {
            token.previous_client_secret_expires_at == Reported::Invalid
        }
        _ => false,
    }
}

/// The keys whose value differs between two fetches of one token.
#[must_use]
pub fn changed_keys(before: &ServiceToken, after: &ServiceToken) -> Vec<String> {
    let (old, new) = (fields(before), fields(after));
    let value = |rows: &[Field], key: &str| {
        rows.iter()
            .find(|row| row.key == key)
            .and_then(|row| row.raw.clone())
    };
    let mut keys: Vec<String> = new.iter().chain(&old).map(|row| row.key.clone()).collect();
    keys.dedup();
    keys.retain(|key| value(&old, key) != value(&new, key));
    keys.sort();
    keys.dedup();
    keys
}
