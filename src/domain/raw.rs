//! JSON text exactly as the API sent it: its keys in order, numbers of any size, unknown fields.
//!
//! Not here: what any key means. Numbers are never turned into floats on the way.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::redaction::HIDDEN;

/// One JSON value as its original bytes. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct RawJson(Arc<str>);

impl RawJson {
    /// The original text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The members of an object in the order they were sent; empty for any other value.
    /// A key that was sent twice appears twice; the later one counts, as in JavaScript.
    #[must_use]
    pub fn members(&self) -> Vec<(String, &str)> {
        let mut members = Vec::new();
        self.for_each_member(|key, value| members.push((key.to_owned(), value)));
        members
    }

    /// Hands over what [`Self::members`] gives, without a copy of any key: for long lists.
    pub fn for_each_member<'a>(&'a self, each: impl FnMut(&str, &'a str)) {
        for_each_member(&self.0, each);
    }

    /// Whether the value is a JSON object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        self.0.starts_with('{')
    }

    /// Where a part of the text lies that was borrowed from it; nothing for any other text.
    #[must_use]
    pub fn range_of(&self, part: &str) -> Option<Range<usize>> {
        let start = (part.as_ptr() as usize).checked_sub(self.0.as_ptr() as usize)?;
        let range = start..start.checked_add(part.len())?;
        (self.0.get(range.clone()) == Some(part)).then_some(range)
    }
}

/// Hands over the members of an object without a copy of it; none for any other value.
pub fn for_each_member<'a>(json: &'a str, each: impl FnMut(&str, &'a str)) {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    // What is no object has no members.
    let _not_an_object = Visit(each).deserialize(&mut deserializer);
}

/// The JSON with [`HIDDEN`] for every secret in it, at any depth; nothing where it holds none.
#[must_use]
pub fn without_secrets(json: &str) -> Option<String> {
    let mut clean = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = json[at..].find('"') {
        let start = at + found;
        let end = start + string_length(&json[start..]);
        at = end;
        let after = json[end..].trim_start();
        let Some(value) = after.strip_prefix(':').map(str::trim_start) else {
            continue;
        };
        let key: String = serde_json::from_str(&json[start..end]).unwrap_or_default();
        // Nearly all keys are ruled out before their values, which nest, are measured.
        if !is_secret_key(&key) {
            continue;
        }
        let begin = json.len() - value.len();
        let length = value_length(value);
        if is_secret(&key, &value[..length]) {
            clean.push_str(&json[copied..begin]);
            clean.push('"');
            clean.push_str(HIDDEN);
            clean.push('"');
            copied = begin + length;
            at = copied;
        }
    }
    (copied > 0).then(|| clean + &json[copied..])
}

/// Whether a member holds a secret: a service token's, under any spelling of its key.
#[must_use]
pub fn is_secret(key: &str, value: &str) -> bool {
    let is_value = !matches!(value, "null" | "true" | "false" | "\"\"" | "{}" | "[]");
    is_value && value.trim_matches('"') != HIDDEN && is_secret_key(key)
}

/// Whether an object or list holds a secret at any depth.
#[must_use]
pub fn nests_secret(value: &str) -> bool {
    value.starts_with(['{', '[']) && without_secrets(value).is_some()
}

fn is_secret_key(key: &str) -> bool {
    let letters = key.chars().filter(|c| !matches!(c, '_' | '-' | ' ' | '.'));
    let folded: String = letters.map(|c| c.to_ascii_lowercase()).collect();
    folded == "secret" || folded.ends_with("clientsecret")
}

/// The bytes of the JSON value that `text` starts with.
fn value_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at += string_length(&text[at..]),
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' if depth > 0 => {
                depth -= 1;
                at += 1;
            }
            b'}' | b']' | b',' if depth == 0 => return at,
            byte if byte.is_ascii_whitespace() && depth == 0 => return at,
            _ => {
                at += 1;
                continue;
            }
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The bytes of the JSON string that `text` starts with, quotes included.
pub(super) fn string_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    // Byte by byte, since a string may be the whole of an answer, and is walked through for a frame.
    while let Some(rest) = bytes.get(at..)
        && let Some(found) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))
    {
        at += found + 1;
        if rest.get(found) == Some(&b'"') {
            return at;
        }
        at += 1;
    }
    text.len()
}

/// Calls a function with each member of an object.
struct Visit<F>(F);

impl<'de, F: FnMut(&str, &'de str)> DeserializeSeed<'de> for Visit<F> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(&str, &'de str)> Visitor<'de> for Visit<F> {
    type Value = ();
    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }
    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((Key(key), value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
            (self.0)(&key, value.get());
        }
        Ok(())
    }
}

/// The key of a member, copied only where it holds an escape. Half a surrogate pair in it, which JSON
/// can spell and Unicode does not have, is read as placeholders: it must not cost the whole object.
pub struct Key<'a>(pub Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lossy;
        impl<'de> Visitor<'de> for Lossy {
            type Value = Key<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a key")
            }
            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
                Ok(Key(String::from_utf8_lossy(bytes)))
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(Key(String::from_utf8_lossy(bytes).into_owned().into()))
            }
        }
        deserializer.deserialize_bytes(Lossy)
    }
}

impl From<String> for RawJson {
    fn from(json: String) -> Self {
        Self(json.into())
    }
}

impl From<&RawValue> for RawJson {
    fn from(value: &RawValue) -> Self {
        Self(value.get().into())
    }
}

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(&self.0)
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
