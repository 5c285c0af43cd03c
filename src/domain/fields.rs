//! The fields of a token as rows: what people look at, copy and compare.
//!
//! Not here: which rows there are (`token`), how a row is drawn or how dates are worded.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use chrono::{DateTime, Utc};

use super::text;
use super::token::{ServiceToken, kind_of};

pub use super::token::{Field, FieldKind};

/// Of a value that is drawn, this many bytes are read: far more than any screen is wide.
const ENOUGH: usize = 4096;

/// The most bytes that an escape in a JSON string takes, a pair of surrogates.
const LONGEST_ESCAPE: usize = 12;

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

impl Field {
    /// The value's JSON text as received; nothing where the key was absent. Untrusted text.
    #[must_use]
    pub fn raw<'a>(&self, token: &'a ServiceToken) -> Option<&'a str> {
        token.raw.as_str().get(self.value.clone()?)
    }

    /// What is said before a value that is not what the field holds: `not a date: `.
    #[must_use]
    pub fn mark(&self, token: &ServiceToken) -> Option<&'static str> {
        odd(token, &self.key).map(|odd| odd.mark)
    }

    /// The value as plain text: a string's content, or the JSON text of anything else.
    #[must_use]
    pub fn text(&self, token: &ServiceToken) -> Option<String> {
        let raw = self.raw(token)?;
        match serde_json::from_str::<String>(raw) {
            Ok(text) => Some(text),
            Err(_) if raw == "null" => None,
            Err(_) => Some(raw.to_owned()),
        }
    }

    /// As much of the value's text as a screen can show, without a look at the rest.
    #[must_use]
    pub fn shown_text(&self, token: &ServiceToken) -> Option<String> {
        let raw = self.raw(token)?;
        if raw.len() <= ENOUGH {
            return self.text(token);
        }
        let start = text::start(raw, ENOUGH);
        let content = start.starts_with('"').then(|| {
            // The cut may have split an escape.
            (0..LONGEST_ESCAPE).find_map(|less| {
                let whole = start.get(..start.len() - less)?;
                serde_json::from_str::<String>(&format!("{whole}\"")).ok()
            })
        });
        let content = content.flatten().unwrap_or_else(|| start.to_owned());
        Some(content + "…")
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
        let sent = self.raw(token).filter(|raw| *raw != "null" && is_date);
        Some(sent.map_or(Cow::Borrowed(said), |raw| {
            format!("{said} (sent as {})", text::beginning(raw)).into()
        }))
    }

    fn absence_word(&self, token: &ServiceToken) -> Option<&'static str> {
        if self.mark(token).is_some() {
            return None;
        }
        match self.kind {
            FieldKind::Switch => token
                .enabled
                .valid()
                .is_none()
                .then_some("yes (not reported)"),
            _ if self.value.is_none() => Some("not reported"),
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
            | FieldKind::Other => match self.raw(token) {
                None | Some("null") => Some("none"),
                Some(raw) => (raw == "\"\"").then_some("empty"),
            },
        }
    }
}

/// The fields of a token: the known ones in a fixed order, then those we do not know as sent, up to
/// a number.
#[must_use]
pub fn fields(token: &ServiceToken) -> &[Field] {
    &token.members().fields
}

/// The value of a known field, where it is not what the field holds.
#[must_use]
pub fn odd<'a>(token: &'a ServiceToken, key: &str) -> Option<Odd<'a>> {
    let raw = token.odd(key)?;
    let mark = mark(kind_of(key)?, raw);
    Some(Odd { mark, raw })
}

/// A known field of text as it was sent: its text, or the JSON of what is no text; empty where there
/// is none. Untrusted text.
#[must_use]
pub fn sent<'a>(token: &'a ServiceToken, key: &str) -> &'a str {
    odd(token, key).map_or_else(|| text_of(token, key), |odd| odd.raw)
}

/// The same for people: what is no text is marked, and cut where it is very long.
#[must_use]
pub fn shown<'a>(token: &'a ServiceToken, key: &str) -> Cow<'a, str> {
    odd(token, key).map_or_else(
        || text_of(token, key).into(),
        |odd| {
            let raw = text::beginning(odd.raw);
            Odd { raw, ..odd }.to_string().into()
        },
    )
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

/// The keys, sorted, whose value differs between two fetches of one token.
#[must_use]
pub fn changed_keys(before: &ServiceToken, after: &ServiceToken) -> Vec<String> {
    fn values(token: &ServiceToken) -> HashMap<&str, Option<&str>> {
        let fields = fields(token).iter();
        fields
            .map(|field| (field.key.as_str(), field.raw(token)))
            .collect()
    }
    let (old, new) = (values(before), values(after));
    let is_changed =
        |key: &&str| old.get(key).copied().flatten() != new.get(key).copied().flatten();
    let keys = old.keys().chain(new.keys()).copied().filter(is_changed);
    let mut keys: Vec<String> = keys.map(str::to_owned).collect();
    keys.sort();
    keys.dedup();
    keys
}
