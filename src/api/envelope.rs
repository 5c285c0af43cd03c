//! What the API wraps every answer in: `{success, errors, messages, result, result_info}`.
//!
//! Pure, from text to borrowed parts. Real answers leave out any of these, send `null`, strings
//! or `{code, error}` in their place, or are no JSON at all; none of that is an excuse to panic
//! or to lose what was said. Not here: what an error code means (`classify`).

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::value::RawValue;

use super::error::{Reason, Unreadable};
use crate::domain::failure::{ApiError, MAX_SHOWN};
use crate::domain::raw::{self, Key, RawJson};

/// Text from strangers is kept up to this many characters.
const MAX_TEXT: usize = 500;
/// Text from strangers within a sentence is kept up to this many characters.
const MAX_LINE: usize = 200;
/// An answer that is no JSON is quoted only where it is no longer than this.
const SHORT: usize = 4 * 1024;
/// How deep chains of causes are followed.
const MAX_DEPTH: usize = 4;

/// What `success` says, as a boolean or as the text of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum SuccessFlag {
    /// Nothing: the key is absent or null.
    #[default]
    Unsaid,
    Yes,
    No,
    /// Something that is neither yes nor no.
    Odd,
}

impl SuccessFlag {
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
    success: SuccessFlag,
    /// What the API says went wrong.
    pub(super) errors: Vec<ApiError>,
    /// What it says besides.
    pub(super) messages: Vec<ApiError>,
    /// Entries of either that were left out.
    pub(super) omitted: usize,
    /// Bytes of the whole answer.
    pub(super) size: usize,
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
        let parts: EnvelopeFields<'a> = serde_json::from_str(text).map_err(|cause| {
            let start = text.trim_start();
            match start.bytes().next() {
                None => Unreadable::Empty,
                Some(b'<') => Unreadable::Html,
                Some(b'{' | b'[') if cause.is_eof() => Unreadable::CutOff,
                // A text may begin as a JSON value does: `404 page not found`.
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
        let errors = parts.error_list(&mut budget);
        let messages = parts.messages.map(|raw| entries(raw, 0, &mut budget));
        Ok(Self {
            success: SuccessFlag::read(parts.success),
            errors,
            messages: messages.unwrap_or_default(),
            omitted: budget.omitted,
            size: text.len(),
            result: parts.result.filter(|raw| raw.get() != "null"),
            has_result: parts.result.is_some(),
            pages: parts.result_info.map(PageNote::read).unwrap_or_default(),
        })
    }

    /// Whether the API says that it did what was asked. Where it does not say, a result without
    /// errors is a yes.
    pub(super) fn is_success(&self) -> bool {
        match self.success {
            SuccessFlag::Yes => true,
            SuccessFlag::Unsaid => self.result.is_some() && self.errors.is_empty(),
            SuccessFlag::No | SuccessFlag::Odd => false,
        }
    }

    /// What is odd about an answer that is taken for a success, for whoever wonders. Untrusted text.
    pub(super) fn notes(&self) -> Vec<String> {
        let reported = first_words(&self.errors).map(|words| {
            let code = self.errors.iter().find_map(|error| error.code);
            let code = code.map_or_else(String::new, |code| format!(" (code {code})"));
            format!("the API's answer is a success, but reports an error{code}: {words}")
        });
        self.unsaid().into_iter().chain(reported).collect()
    }

    /// That it does not say whether it is a success, where it does not.
    pub(super) fn unsaid(&self) -> Option<String> {
        let what =
            "the API's answer does not say whether it is a success; it was judged by what it holds";
        (self.success == SuccessFlag::Unsaid).then(|| what.to_owned())
    }

    /// Whether there is anything in it that the API's answers have.
    pub(super) fn is_recognised(&self) -> bool {
        let is_claimed = match self.success {
            SuccessFlag::Yes | SuccessFlag::No => true,
            SuccessFlag::Unsaid => self.result.is_some(),
            SuccessFlag::Odd => false,
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

    /// Hands over the entries of the result, which must be a list, and gives their number. `null`, as
    /// Go writes a nil slice, is an empty one, unless the API says that there are some. More than twice
    /// as many as were asked for are refused as soon as they are counted.
    pub(super) fn list(&self, asked: u64, each: impl FnMut(&'a RawValue)) -> Result<usize, Reason> {
        let Some(raw) = self.result else {
            let is_empty = self.has_result && self.pages.total_count.unwrap_or(0) == 0;
            return if is_empty {
                Ok(0)
            } else {
                Err(Unreadable::NoList.into())
            };
        };
        let most = usize::try_from(asked.saturating_mul(2)).unwrap_or(usize::MAX);
        let (mut each, mut count) = (each, 0);
        let whole = each_entry(raw, |entry| {
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
    fn read(raw: &RawValue) -> Self {
        let mut note = Self::default();
        raw::for_each_member(raw.get(), |key, value| {
            let number = || unquoted(value).parse().ok();
            match key {
                "per_page" => note.per_page = number(),
                "total_count" => note.total_count = number(),
                "total_pages" => note.total_pages = number(),
                _ => {}
            }
        });
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
    cut(text, MAX_TEXT)
}

/// Cuts a stranger's text to what a sentence can hold. What must not be shown is hidden before, or
/// half of it would be left.
pub(super) fn brief(text: &str) -> String {
    cut(text, MAX_LINE)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The first line of a short answer that is text of any kind.
pub(super) fn first_line(text: &str) -> Option<&str> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let is_text = !line.chars().any(|c| c.is_control() || c == '\u{FFFD}');
    let is_quotable = text.len() <= SHORT && is_text && !line.starts_with('<');
    is_quotable.then_some(line)
}

/// What the first entry says that says anything. Untrusted text.
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

/// How many more entries of the API's lists are kept, and how many were left out.
struct Budget {
    left: usize,
    omitted: usize,
}

#[derive(Default)]
struct EnvelopeFields<'a> {
    success: Option<&'a RawValue>,
    errors: Option<&'a RawValue>,
    messages: Option<&'a RawValue>,
    result: Option<&'a RawValue>,
    result_info: Option<&'a RawValue>,
    code: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
    message: Option<&'a RawValue>,
}

impl EnvelopeFields<'_> {
    /// The list of errors; where there is none, whatever else tells what went wrong.
    fn error_list(&self, budget: &mut Budget) -> Vec<ApiError> {
        let listed = self.errors.map(|raw| entries(raw, 0, budget));
        let listed = listed.unwrap_or_default();
        if !listed.is_empty() {
            return listed;
        }
        let said = self.error.or(self.message);
        let said = said.map(|raw| entries(raw, 0, budget));
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
        let mut one = Budget {
            left: 1,
            omitted: 0,
        };
        self.messages
            .map(|raw| entries(raw, MAX_DEPTH - 1, &mut one))
            .and_then(|list| list.into_iter().next())
            .map(|entry| entry.message)
            .unwrap_or_default()
    }
}

/// Reads a list of errors, or a single one; each an object, or any other value as its message. Those
/// of one list come before the causes of any of them, so that no chain takes their places.
fn entries(raw: &RawValue, depth: usize, budget: &mut Budget) -> Vec<ApiError> {
    let mut kept = Vec::new();
    let mut take = |entry| {
        if depth < MAX_DEPTH && budget.left > 0 {
            budget.left -= 1;
            kept.push(entry);
        } else {
            budget.omitted += 1;
        }
    };
    let is_list = each_entry(raw, |entry| {
        if !matches!(entry.get(), "null" | "false" | "{}" | "\"\"") {
            take(entry);
        }
        true
    });
    if is_list.is_err() && !matches!(raw.get(), "null" | "false" | "{}" | "\"\"") {
        take(raw);
    }
    kept.into_iter()
        .map(|entry| error(entry, depth, budget))
        .collect()
}

/// Hands over the entries of a list one by one, for as long as they are wanted.
fn each_entry<'a>(
    list: &'a RawValue,
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
    Walk(each).deserialize(&mut serde_json::Deserializer::from_str(list.get()))
}

fn error(raw: &RawValue, depth: usize, budget: &mut Budget) -> ApiError {
    let mut error = ApiError::default();
    if !raw.get().starts_with('{') {
        error.message = plain(raw.get());
        return error;
    }
    raw::for_each_member(raw.get(), |key, value| match key {
        "code" => error.code = code(value),
        "message" => error.message = plain(value),
        "error" if error.message.is_empty() => error.message = plain(value),
        "documentation_url" => error.documentation_url = text_of(value),
        "source" => error.pointer = pointer(value),
        "error_chain" => {
            error.chain = serde_json::from_str(value)
                .map(|raw: &RawValue| entries(raw, depth + 1, budget))
                .unwrap_or_default();
        }
        _ => {}
    });
    error
}

fn pointer(value: &str) -> Option<String> {
    let mut pointer = None;
    raw::for_each_member(value, |key, value| {
        if key == "pointer" {
            pointer = text_of(value);
        }
    });
    pointer
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
impl<'de> Deserialize<'de> for EnvelopeFields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = EnvelopeFields<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut parts = EnvelopeFields::default();
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
