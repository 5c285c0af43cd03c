//! What the API wraps every answer in: `{success, errors, messages, result, result_info}`.
//!
//! Pure, from text to borrowed parts. Real answers leave out any of these, send `null`, strings
//! or `{code, error}` in their place, or are no JSON at all; none of that is an excuse to panic
//! or to lose what was said. Not here: what an error code means (`verdict`).

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::error::Unreadable;
use crate::domain::failure::ApiError;
use crate::domain::raw::{Key, RawJson};

/// Text from strangers is kept up to this many characters.
const MAX_TEXT: usize = 500;
/// Entries kept of one list of errors, or of one chain of causes.
const MAX_ERRORS: usize = 20;
/// How deep chains of causes are followed.
const MAX_DEPTH: usize = 4;

/// What `success` says, as a boolean or as the text of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Claim {
    /// Nothing: the key is absent or null.
    #[default]
    Unsaid,
    Yes,
    No,
    /// Something that is neither yes nor no.
    Odd,
}

impl Claim {
    fn read(raw: Option<&RawValue>) -> Self {
        match raw.map(RawValue::get) {
            None | Some("null") => Self::Unsaid,
            Some("true" | r#""true""#) => Self::Yes,
            Some("false" | r#""false""#) => Self::No,
            Some(_) => Self::Odd,
        }
    }
}

/// The parts of one answer.
#[derive(Debug, Default)]
pub(super) struct Envelope<'a> {
    success: Claim,
    /// What the API says went wrong.
    pub(super) errors: Vec<ApiError>,
    /// The thing asked for, unless it is absent or `null`.
    pub(super) result: Option<&'a RawValue>,
    has_result: bool,
    /// Where in a list this page is.
    pub(super) pages: PageNote,
}

/// What `result_info` says of a list. Untrusted numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct PageNote {
    /// Items asked for or allowed in a page.
    pub(super) per_page: Option<u64>,
    /// Items in all.
    pub(super) total_count: Option<u64>,
    /// Pages in all.
    pub(super) total_pages: Option<u64>,
}

impl<'a> Envelope<'a> {
    /// Reads an answer's text.
    pub(super) fn read(text: &'a str) -> Result<Self, Unreadable> {
        let parts: Parts<'a> = serde_json::from_str(text).map_err(|cause| {
            let start = text.trim_start();
            match start.bytes().next() {
                None => Unreadable::Empty,
                Some(b'<') => Unreadable::Html,
                Some(b'{' | b'[') if cause.is_eof() => Unreadable::CutOff,
                Some(_) if cause.is_data() => Unreadable::NotEnvelope,
                Some(_) => Unreadable::NotJson,
            }
        })?;
        Ok(Self {
            success: Claim::read(parts.success),
            errors: parts.complaints(),
            result: parts.result.filter(|raw| raw.get() != "null"),
            has_result: parts.result.is_some(),
            pages: parts.result_info.map(PageNote::read).unwrap_or_default(),
        })
    }

    /// Whether the API says that it did what was asked. Where it does not say, a result without
    /// errors is a yes.
    pub(super) fn is_success(&self) -> bool {
        match self.success {
            Claim::Yes => true,
            Claim::Unsaid => self.result.is_some() && self.errors.is_empty(),
            Claim::No | Claim::Odd => false,
        }
    }

    /// Whether there is anything in it that the API's answers have.
    pub(super) fn is_recognised(&self) -> bool {
        let is_claimed = match self.success {
            Claim::Yes | Claim::No => true,
            Claim::Unsaid => self.has_result,
            Claim::Odd => false,
        };
        is_claimed || !self.errors.is_empty()
    }

    /// The result, which must be an object.
    pub(super) fn object(&self) -> Result<RawJson, Unreadable> {
        self.result
            .map(RawJson::from)
            .filter(RawJson::is_object)
            .ok_or(Unreadable::NoObject)
    }

    /// The result, which must be a list. `null`, as Go writes a nil slice, is an empty one, unless the
    /// API says that there are some.
    pub(super) fn list(&self) -> Result<Vec<&'a RawValue>, Unreadable> {
        match self.result {
            Some(raw) => serde_json::from_str(raw.get()).map_err(|_| Unreadable::NoList),
            None if self.has_result && self.pages.total_count.unwrap_or(0) == 0 => Ok(Vec::new()),
            None => Err(Unreadable::NoList),
        }
    }
}

impl PageNote {
    fn read(raw: &RawValue) -> Self {
        let mut note = Self::default();
        for (key, value) in RawJson::from(raw).members() {
            let number = unquoted(value).parse().ok();
            match key.as_str() {
                "per_page" => note.per_page = number,
                "total_count" => note.total_count = number,
                "total_pages" => note.total_pages = number,
                _ => {}
            }
        }
        note
    }
}

/// An answer's bytes as text: without a byte-order mark, and with a placeholder for what is not
/// UTF-8, so that one bad byte does not cost the whole answer.
pub(super) fn text(bytes: Vec<u8>) -> String {
    let mut text = String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    if text.starts_with('\u{FEFF}') {
        text.drain(..'\u{FEFF}'.len_utf8());
    }
    text
}

/// Cuts a stranger's text to a bounded length.
pub(super) fn bounded(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[derive(Default)]
struct Parts<'a> {
    success: Option<&'a RawValue>,
    errors: Option<&'a RawValue>,
    messages: Option<&'a RawValue>,
    result: Option<&'a RawValue>,
    result_info: Option<&'a RawValue>,
    code: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
    message: Option<&'a RawValue>,
}

impl Parts<'_> {
    /// The list of errors; where there is none, whatever else tells what went wrong.
    fn complaints(&self) -> Vec<ApiError> {
        let listed = self.errors.map(|raw| errors(raw, 0)).unwrap_or_default();
        if !listed.is_empty() {
            return listed;
        }
        let said = self.error.or(self.message).map(|raw| errors(raw, 0));
        let code = self.code.and_then(|raw| code(raw.get()));
        match said.and_then(|list| list.into_iter().next()) {
            Some(error) => vec![ApiError {
                code: error.code.or(code),
                ..error
            }],
            None if code.is_some() => vec![ApiError {
                code,
                message: self.first_message(),
                ..ApiError::default()
            }],
            None => Vec::new(),
        }
    }

    fn first_message(&self) -> String {
        self.messages
            .map(|raw| errors(raw, 0))
            .and_then(|list| list.into_iter().next())
            .map(|entry| entry.message)
            .unwrap_or_default()
    }
}

/// Reads a list of errors, or a single one; each an object, or any other value as its message.
fn errors(raw: &RawValue, depth: usize) -> Vec<ApiError> {
    if depth >= MAX_DEPTH {
        return Vec::new();
    }
    let items: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_else(|_| vec![raw]);
    items
        .into_iter()
        .filter(|item| !matches!(item.get(), "null" | "false" | "{}" | "\"\""))
        .take(MAX_ERRORS)
        .map(|item| error(item, depth))
        .collect()
}

fn error(raw: &RawValue, depth: usize) -> ApiError {
    let json = RawJson::from(raw);
    let mut error = ApiError::default();
    if !json.is_object() {
        error.message = plain(raw.get());
        return error;
    }
    for (key, value) in json.members() {
        match key.as_str() {
            "code" => error.code = code(value),
            "message" => error.message = plain(value),
            "error" if error.message.is_empty() => error.message = plain(value),
            "documentation_url" => error.documentation_url = text_of(value),
            "source" => error.pointer = pointer(value),
            "error_chain" => {
                error.chain = serde_json::from_str(value)
                    .map(|raw: &RawValue| errors(raw, depth + 1))
                    .unwrap_or_default();
            }
            _ => {}
        }
    }
    error
}

fn pointer(value: &str) -> Option<String> {
    let source: &RawValue = serde_json::from_str(value).ok()?;
    RawJson::from(source)
        .members()
        .iter()
        .find(|(key, _)| key == "pointer")
        .and_then(|(_, value)| text_of(value))
}

/// A string's content, if there is any.
fn text_of(value: &str) -> Option<String> {
    serde_json::from_str::<String>(value)
        .ok()
        .filter(|text| !text.is_empty())
        .map(|text| bounded(&text))
}

/// A string's content, or the JSON of any other value; nothing for `null`.
fn plain(value: &str) -> String {
    match serde_json::from_str::<Option<String>>(value) {
        Ok(text) => bounded(&text.unwrap_or_default()),
        Err(_) => bounded(value),
    }
}

/// A code as a number or as a string of digits.
fn code(value: &str) -> Option<i64> {
    unquoted(value).parse().ok()
}

fn unquoted(value: &str) -> &str {
    value.trim_matches('"').trim()
}

/// By hand, since a derived reader refuses a key that comes twice; here the later one counts.
impl<'de> Deserialize<'de> for Parts<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Parts<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut parts = Parts::default();
                while let Some(key) = map.next_key::<Key<'_>>()? {
                    let part = match key.0.as_ref() {
                        "success" => &mut parts.success,
                        "errors" => &mut parts.errors,
                        "messages" => &mut parts.messages,
                        "result" => &mut parts.result,
                        "result_info" => &mut parts.result_info,
                        "code" => &mut parts.code,
                        "error" => &mut parts.error,
                        "message" => &mut parts.message,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    *part = Some(map.next_value()?);
                }
                Ok(parts)
            }
        }
        deserializer.deserialize_map(Collect)
    }
}
