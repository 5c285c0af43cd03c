//! The fields of a token as text to show, copy and compare.

use std::borrow::Cow;
use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::text;
use super::token::{self, Malformed, Reported, ServiceToken};

pub use super::token::{Field, FieldKind, FieldValue};

/// Maximum bytes of a value on a screen; far more than any screen is wide.
const LONGEST_SHOWN: usize = 4096;

/// Maximum bytes of an escape in a JSON string: a surrogate pair.
const LONGEST_ESCAPE: usize = 12;

/// The text for a value that the API left out, or left empty.
const NOT_REPORTED: &str = "not reported";

/// The title of a token without a name.
pub const NO_NAME: &str = "(no name)";

impl Field {
    /// The value, if it is malformed.
    pub fn malformed<'a>(&self, token: &'a ServiceToken) -> Option<Malformed<'a>> {
        match self.value(token) {
            FieldValue::Malformed(malformed) => Some(malformed),
            FieldValue::None | FieldValue::Time(_) | FieldValue::Valid => None,
        }
    }

    /// The instant, for a field that holds one.
    pub fn instant(&self, token: &ServiceToken) -> Option<DateTime<Utc>> {
        match self.value(token) {
            FieldValue::Time(instant) => Some(instant),
            FieldValue::None | FieldValue::Valid | FieldValue::Malformed(_) => None,
        }
    }

    /// The value as plain text: a string's content, or the JSON of anything else.
    pub fn text(&self, token: &ServiceToken) -> Option<String> {
        let raw = self.raw(token)?;
        match serde_json::from_str::<String>(raw) {
            Ok(text) => Some(text),
            Err(_) if raw == "null" => None,
            Err(_) => Some(raw.to_owned()),
        }
    }

    /// As much of the value's text as a screen can show; does not read the rest.
    pub fn shown_text(&self, token: &ServiceToken) -> Option<String> {
        let raw = self.raw(token)?;
        if raw.len() <= LONGEST_SHOWN {
            return self.text(token);
        }
        let start = text::start(raw, LONGEST_SHOWN);
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

    /// The text for a missing value: absent, null, empty, or Go's zero time.
    pub fn absence(&self, token: &ServiceToken) -> Option<Cow<'static, str>> {
        let raw = self.raw(token);
        match self.value(token) {
            FieldValue::None => match raw {
                None if self.kind != FieldKind::Switch => Some(NOT_REPORTED.into()),
                None | Some("null") => Some(self.none().into()),
                Some(raw) => {
                    let (sent, is_blank) = (text::beginning(raw), token::is_blank(raw));
                    let none = if is_blank { NOT_REPORTED } else { self.none() };
                    Some(format!("{none} (sent as {sent})").into())
                }
            },
            FieldValue::Valid if raw == Some("\"\"") => Some("empty".into()),
            FieldValue::Valid | FieldValue::Time(_) | FieldValue::Malformed(_) => None,
        }
    }
}

/// The fields of a token: the known ones in a fixed order, then up to a maximum number of unknown
/// fields as sent.
pub fn fields(token: &ServiceToken) -> &[Field] {
    &token.members().fields
}

/// The text for a token without a time of last use, in a column of so many cells.
pub fn last_seen_word(token: &ServiceToken, cells: usize) -> Option<&'static str> {
    match &token.last_seen_at {
        Reported::Valid(_) => None,
        Reported::Null => Some("never"),
        Reported::Absent if cells < NOT_REPORTED.len() => Some("unreported"),
        Reported::Absent => Some(NOT_REPORTED),
        Reported::Malformed(_) => Some("invalid"),
    }
}

/// The name of a token, or a placeholder. Untrusted text.
pub fn title(token: &ServiceToken) -> Cow<'_, str> {
    let name = token.display_text(&token.name);
    if !name.trim().is_empty() {
        return name;
    }
    match token.display_text(&token.id) {
        id if id.is_empty() => "(no name, no ID)".into(),
        id => format!("{NO_NAME} {id}").into(),
    }
}

/// The keys, sorted, whose values differ between two fetches of one token.
pub fn changed_keys(before: &ServiceToken, after: &ServiceToken) -> Vec<String> {
    fn values(token: &ServiceToken) -> BTreeSet<(&str, &str)> {
        let fields = fields(token).iter();
        let sent = fields.filter_map(|field| Some((field.key.as_str(), field.raw(token)?)));
        sent.collect()
    }
    let (old, new) = (values(before), values(after));
    let changed = old.symmetric_difference(&new);
    let mut keys: Vec<String> = changed.map(|(key, _)| (*key).to_owned()).collect();
    keys.dedup();
    keys
}
