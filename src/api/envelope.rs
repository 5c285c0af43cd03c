//! Parses the object that wraps every response: `{success, errors, messages, result, result_info}`.
//! Pure; the parts borrow from the text.
//!
//! Real responses omit any of these, send `null`, strings or `{code, error}` instead, or are not JSON
//! at all. Nothing here panics on them or loses an error message.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::error::{Reason, Unreadable};
use crate::domain::failure::{ApiError, MAX_SHOWN};
use crate::domain::raw::{RawJson, for_each_member};

/// Maximum characters kept of the server's text.
const MAX_TEXT: usize = 500;
/// Maximum characters of the server's text in a sentence.
const MAX_LINE: usize = 200;
/// A response that is not JSON is quoted only up to this size.
const MAX_QUOTED: usize = 4 * 1024;
/// Maximum depth of a chain of causes.
const MAX_DEPTH: usize = 4;

/// The member `success`: a boolean or the text of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum SuccessFlag {
    /// Absent or null.
    #[default]
    Missing,
    True,
    False,
    Invalid,
}

impl SuccessFlag {
    fn read(json: Option<&str>) -> Self {
        match json {
            None | Some("null") => Self::Missing,
            Some("true" | r#""true""#) => Self::True,
            Some("false" | r#""false""#) => Self::False,
            Some(_) => Self::Invalid,
        }
    }
}

/// The parts of one response.
#[derive(Debug, Default)]
pub(super) struct Envelope<'a> {
    success: SuccessFlag,
    pub(super) errors: Vec<ApiError>,
    pub(super) messages: Vec<ApiError>,
    /// How many entries were dropped from both lists.
    pub(super) omitted: usize,
    /// Bytes of the whole response.
    pub(super) size: usize,
    /// `None` if absent or `null`.
    result: Option<&'a str>,
    has_result: bool,
    pub(super) pages: PageNote,
}

/// The member `result_info` of a list. Untrusted numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct PageNote {
    /// The page size that was requested or is allowed.
    pub(super) per_page: Option<u64>,
    pub(super) total_count: Option<u64>,
    pub(super) total_pages: Option<u64>,
    /// Whether the list goes on after a cursor: no list that is read here is documented to.
    pub(super) has_cursor: bool,
}

impl<'a> Envelope<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, Unreadable> {
        let fields = EnvelopeFields::read(text).map_err(|cause| {
            let start = text.trim_start();
            match start.bytes().next() {
                None => Unreadable::Empty,
                Some(b'<') => Unreadable::Html,
                Some(b'{' | b'[') if cause.is_eof() => Unreadable::CutOff,
                // Plain text may start like a JSON value: `404 page not found`.
                Some(_) if serde_json::from_str::<IgnoredAny>(text).is_ok() => {
                    Unreadable::NotEnvelope
                }
                Some(_) => Unreadable::NotJson,
            }
        })?;
        let mut budget = Budget {
            left: MAX_SHOWN,
            omitted: 0,
        };
        let errors = fields.error_list(&mut budget);
        let messages = fields.messages.map(|json| entries(json, 0, &mut budget));
        Ok(Self {
            success: SuccessFlag::read(fields.success),
            errors,
            messages: messages.unwrap_or_default(),
            omitted: budget.omitted,
            size: text.len(),
            result: fields.result.filter(|json| *json != "null"),
            has_result: fields.result.is_some(),
            pages: fields.result_info.map(PageNote::read).unwrap_or_default(),
        })
    }

    /// Whether the request succeeded. Without the flag, a result without errors is a success.
    pub(super) fn is_success(&self) -> bool {
        match self.success {
            SuccessFlag::True => true,
            SuccessFlag::Missing => self.result.is_some() && self.errors.is_empty(),
            SuccessFlag::False | SuccessFlag::Invalid => false,
        }
    }

    /// Oddities of a successful response, as sentence fragments. Untrusted text.
    pub(super) fn notes(&self) -> Vec<String> {
        let reported = first_words(&self.errors).map(|words| {
            let code = self.errors.iter().find_map(|error| error.code);
            let code = code.map_or_else(String::new, |code| format!(" (code {code})"));
            format!("the API reported success, but also an error{code}: {words}")
        });
        self.unsaid().into_iter().chain(reported).collect()
    }

    /// A note that the flag is missing.
    pub(super) fn unsaid(&self) -> Option<String> {
        let note =
            "the API's response does not say whether it succeeded; it was judged by its content";
        (self.success == SuccessFlag::Missing).then(|| note.to_owned())
    }

    /// Whether anything identifies it as a response of the API.
    pub(super) fn is_recognised(&self) -> bool {
        let has_flag_or_result = match self.success {
            SuccessFlag::True | SuccessFlag::False => true,
            SuccessFlag::Missing => self.result.is_some(),
            SuccessFlag::Invalid => false,
        };
        has_flag_or_result || !self.errors.is_empty()
    }

    /// Whether the result is null or has no content.
    pub(super) fn has_empty_result(&self) -> bool {
        let is_blank = |json: &str| {
            let bare = json.bytes().filter(|byte| !byte.is_ascii_whitespace());
            matches!(
                bare.take(3).collect::<Vec<u8>>().as_slice(),
                b"{}" | b"[]" | b"\"\""
            )
        };
        self.has_result && self.result.is_none_or(is_blank)
    }

    /// The result, which must be an object.
    pub(super) fn object(&self) -> Result<RawJson, Unreadable> {
        self.result
            .map(RawJson::from)
            .filter(RawJson::is_object)
            .ok_or(Unreadable::NoObject)
    }

    /// Passes on the entries of the result, which must be a list, and returns their number. `null` is
    /// an empty list (Go's nil slice), unless the API announces entries. Refuses a list as soon as it
    /// exceeds twice the number asked for.
    pub(super) fn list(
        &self,
        asked: u64,
        mut each: impl FnMut(&'a RawValue),
    ) -> Result<usize, Reason> {
        let Some(list) = self.result else {
            let is_empty = self.has_result && self.pages.total_count.unwrap_or(0) == 0;
            return if is_empty {
                Ok(0)
            } else {
                Err(Unreadable::NoList.into())
            };
        };
        let most = usize::try_from(asked.saturating_mul(2)).unwrap_or(usize::MAX);
        let mut count = 0;
        let whole = each_entry(list, |entry| {
            count += 1;
            if count <= most {
                each(entry);
            }
            count <= most
        });
        match whole {
            Ok(()) => Ok(count),
            Err(_) if count > most => Err(Reason::TooMany { asked }),
            Err(_) => Err(Unreadable::NoList.into()),
        }
    }
}

impl PageNote {
    fn read(json: &str) -> Self {
        let mut note = Self::default();
        let _invalid = for_each_member(json, |key, value| {
            let number = || unquoted(value).parse().ok();
            match key {
                "per_page" => note.per_page = number(),
                "total_count" => note.total_count = number(),
                "total_pages" => note.total_pages = number(),
                "cursor" => note.has_cursor |= is_filled(value),
                "cursors" => {
                    let _invalid = for_each_member(value, |key, value| {
                        note.has_cursor |= key == "after" && is_filled(value);
                    });
                }
                _ => {}
            }
        });
        note
    }
}

/// Whether a member says something.
fn is_filled(json: &str) -> bool {
    !matches!(json, "null" | "false" | "\"\"")
}

/// A body as text, without a byte order mark. Invalid UTF-8 becomes a placeholder, so that one bad
/// byte does not cost the whole response.
pub(super) fn text(bytes: Vec<u8>) -> String {
    let mut text = String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    if text.starts_with('\u{FEFF}') {
        text.drain(..'\u{FEFF}'.len_utf8());
    }
    text
}

/// Cuts the server's text to a bounded length.
pub(super) fn bounded(text: &str) -> String {
    cut(text, MAX_TEXT)
}

/// Cuts the server's text to the length of a sentence. Hide secrets first: half of one would remain.
pub(super) fn brief(text: &str) -> String {
    cut(text, MAX_LINE)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The first line of a short body that is plain text.
pub(super) fn first_line(text: &str) -> Option<&str> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let is_text = !line.chars().any(|c| c.is_control() || c == '\u{FFFD}');
    let is_quotable = text.len() <= MAX_QUOTED && is_text && !line.starts_with('<');
    is_quotable.then_some(line)
}

/// The first message that is not empty. Untrusted text.
pub(super) fn first_words(list: &[ApiError]) -> Option<&str> {
    list.iter().find_map(|entry| {
        let own = entry.message.trim().trim_end_matches('.');
        if own.is_empty() {
            first_words(&entry.chain)
        } else {
            Some(own)
        }
    })
}

/// Bounds the number of entries that are kept.
struct Budget {
    left: usize,
    omitted: usize,
}

/// The members as JSON. If a key is repeated, the last one wins.
#[derive(Default)]
struct EnvelopeFields<'a> {
    success: Option<&'a str>,
    errors: Option<&'a str>,
    messages: Option<&'a str>,
    result: Option<&'a str>,
    result_info: Option<&'a str>,
    code: Option<&'a str>,
    error: Option<&'a str>,
    message: Option<&'a str>,
}

impl<'a> EnvelopeFields<'a> {
    fn read(text: &'a str) -> Result<Self, serde_json::Error> {
        let mut fields = Self::default();
        for_each_member(text, |key, value| {
            let field = match key {
                "success" => &mut fields.success,
                "errors" => &mut fields.errors,
                "messages" => &mut fields.messages,
                "result" => &mut fields.result,
                "result_info" => &mut fields.result_info,
                "code" => &mut fields.code,
                "error" => &mut fields.error,
                "message" => &mut fields.message,
                _ => return,
            };
            *field = Some(value);
        })?;
        Ok(fields)
    }

    /// The errors, or if none are listed, whatever else describes the failure.
    fn error_list(&self, budget: &mut Budget) -> Vec<ApiError> {
        let listed = self.errors.map(|json| entries(json, 0, budget));
        let listed = listed.unwrap_or_default();
        if !listed.is_empty() {
            return listed;
        }
        let said = self.error.or(self.message);
        let said = said.map(|json| entries(json, 0, budget));
        let code = self.code.and_then(code);
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
        let mut one = Budget {
            left: 1,
            omitted: 0,
        };
        self.messages
            .map(|json| entries(json, MAX_DEPTH - 1, &mut one))
            .and_then(|list| list.into_iter().next())
            .map(|entry| entry.message)
            .unwrap_or_default()
    }
}

/// Parses a list of errors or a single one: an object, or any other value as the message. All entries
/// of a list come before any of their causes, so that no chain uses up the budget.
fn entries(json: &str, depth: usize, budget: &mut Budget) -> Vec<ApiError> {
    let mut kept = Vec::new();
    let mut take = |entry| {
        if matches!(entry, "null" | "false" | "{}" | "\"\"") {
            return;
        }
        if depth < MAX_DEPTH && budget.left > 0 {
            budget.left -= 1;
            kept.push(entry);
        } else {
            budget.omitted += 1;
        }
    };
    let is_list = each_entry(json, |entry| {
        take(entry.get());
        true
    });
    if is_list.is_err() {
        take(json);
    }
    kept.into_iter()
        .map(|entry| error(entry, depth, budget))
        .collect()
}

/// Passes on the entries of a list until `each` returns false.
fn each_entry<'a>(
    list: &'a str,
    each: impl FnMut(&'a RawValue) -> bool,
) -> Result<(), serde_json::Error> {
    struct Walk<F>(F);
    impl<'de, F: FnMut(&'de RawValue) -> bool> DeserializeSeed<'de> for Walk<F> {
        type Value = ();
        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
            deserializer.deserialize_seq(self)
        }
    }
    impl<'de, F: FnMut(&'de RawValue) -> bool> Visitor<'de> for Walk<F> {
        type Value = ();
        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a JSON array")
        }
        fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
            while let Some(entry) = list.next_element::<&'de RawValue>()? {
                if !(self.0)(entry) {
                    return Err(A::Error::custom("more entries than are wanted"));
                }
            }
            Ok(())
        }
    }
    Walk(each).deserialize(&mut serde_json::Deserializer::from_str(list))
}

fn error(json: &str, depth: usize, budget: &mut Budget) -> ApiError {
    let mut error = ApiError::default();
    let is_object = for_each_member(json, |key, value| match key {
        "code" => error.code = code(value),
        "message" => error.message = plain(value),
        "error" if error.message.is_empty() => error.message = plain(value),
        "documentation_url" => error.documentation_url = text_of(value),
        "source" => error.pointer = pointer(value),
        "error_chain" => error.chain = entries(value, depth + 1, budget),
        _ => {}
    });
    if is_object.is_err() {
        error.message = plain(json);
    }
    error
}

fn pointer(source: &str) -> Option<String> {
    let mut pointer = None;
    let _invalid = for_each_member(source, |key, value| {
        if key == "pointer" {
            pointer = text_of(value);
        }
    });
    pointer
}

/// A non-empty string's content.
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
