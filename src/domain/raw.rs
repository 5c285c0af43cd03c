//! JSON exactly as the API sent it: keys in order, numbers of any size, unknown fields. Also strings in
//! it, and its re-indented lines.
//!
//! Numbers never become floats.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::text;

/// One JSON value as its original bytes. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct RawJson(Arc<str>);

impl Default for RawJson {
    fn default() -> Self {
        Self("null".into())
    }
}

impl RawJson {
    /// The original text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Calls a function with each member of an object as sent; never for any other value. A key
    /// that was sent twice appears twice; the later one wins, as in JavaScript.
    pub fn for_each_member<'a>(&'a self, each: impl FnMut(&str, &'a str)) {
        // Any other value has no members.
        let _not_an_object = for_each_member(&self.0, each);
    }

    /// Whether the value is a JSON object.
    pub fn is_object(&self) -> bool {
        self.0.starts_with('{')
    }

    /// The position of a slice borrowed from the text; `None` for any other text.
    pub fn range_of(&self, part: &str) -> Option<Range<usize>> {
        let start = (part.as_ptr() as usize).checked_sub(self.0.as_ptr() as usize)?;
        let range = start..start.checked_add(part.len())?;
        (self.0.get(range.clone()) == Some(part)).then_some(range)
    }
}

/// Passes on the members of an object without copying it.
///
/// # Errors
/// For anything but one JSON object. Members before a syntax error were passed on.
pub fn for_each_member<'a>(
    json: &'a str,
    each: impl FnMut(&str, &'a str),
) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    Visit(each).deserialize(&mut deserializer)?;
    deserializer.end()
}

/// The length of the JSON value that `text` begins with.
pub(super) fn value_length(text: &str) -> usize {
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

/// The length of the JSON string that `text` begins with, quotes included.
pub(super) fn string_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    // Bytes, not characters: a string may be a whole response, and every frame scans it.
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
        while let Some((key, value)) = map.next_entry::<&'de RawValue, &'de RawValue>()? {
            // A lone surrogate, valid in JSON but not in Unicode, must not invalidate the whole object.
            let name = string(key.get()).unwrap_or(key.get().into());
            (self.0)(&name, value.get());
        }
        Ok(())
    }
}

/// The content of a JSON string, copied only if it has escapes; `None` for any other value, and if it is
/// not Unicode.
pub(super) fn string(json: &str) -> Option<Cow<'_, str>> {
    let quoted = json.strip_prefix('"')?.strip_suffix('"')?;
    if quoted.as_bytes().contains(&b'\\') {
        serde_json::from_str(json).ok().map(Cow::Owned)
    } else {
        Some(quoted.into())
    }
}

impl From<&str> for RawJson {
    fn from(json: &str) -> Self {
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

/// A slice of raw JSON, stored as its position: lists hold tens of thousands of tokens, whose IDs
/// and names would otherwise be stored twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawStr(Source);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Slice { start: u32, end: u32 },
    Copied(Box<str>),
}

impl RawStr {
    /// Stores a string's position in the raw JSON, or a copy if the text is not part of it.
    pub fn new(raw: &RawJson, text: &str) -> Self {
        let slice = raw.range_of(text).and_then(|range| {
            let (start, end) = (u32::try_from(range.start), u32::try_from(range.end));
            Some(Source::Slice {
                start: start.ok()?,
                end: end.ok()?,
            })
        });
        Self(slice.unwrap_or_else(|| Source::Copied(text.into())))
    }

    /// The text, given the raw JSON that it is part of.
    pub fn within<'a>(&'a self, raw: &'a RawJson) -> &'a str {
        match &self.0 {
            Source::Slice { start, end } => raw
                .as_str()
                .get(*start as usize..*end as usize)
                .unwrap_or_default(),
            Source::Copied(text) => text,
        }
    }
}

/// Maximum lines and bytes from one recorded line to the next. A single line may be longer.
const LINES_APART: usize = 64;
const BYTES_APART: usize = 16 * 1024;

/// Maximum indentation: otherwise the spaces would grow with the square of the depth.
const DEEPEST: usize = 64;

/// Maximum bytes of a line that [`RawLines::window`] returns; far more than any screen is wide.
pub const LONGEST_SHOWN: usize = 4096;

/// Maximum number of matching lines listed.
pub const MOST_MATCHES: usize = 10_000;

/// The lines of a JSON value, indented by two spaces and made on demand.
///
/// A response of 16 MiB can have eight million lines, so lines are not stored: one pass records
/// where some of them begin, and a screen is read from the nearest recorded line.
#[derive(Clone, PartialEq, Eq)]
pub struct RawLines {
    raw: RawJson,
    marks: Vec<Place>,
    total: usize,
}

/// The start of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Place {
    line: usize,
    /// The byte of the JSON text.
    at: usize,
    depth: usize,
}

/// The lines that contain a string.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matches {
    /// The first [`MOST_MATCHES`], in order.
    pub lines: Vec<usize>,
    pub has_more: bool,
}

impl RawLines {
    /// Finds the lines in one pass over the text.
    pub fn of(raw: &RawJson) -> Self {
        let mut place = Place::default();
        let mut marks: Vec<Place> = Vec::new();
        let text = raw.as_str();
        while !text[place.at..].trim_ascii_start().is_empty() {
            let is_due = marks.last().is_none_or(|last| {
                place.line - last.line >= LINES_APART || place.at - last.at >= BYTES_APART
            });
            if is_due {
                marks.push(place);
            }
            place = walk(text, place, |_| true);
        }
        Self {
            raw: raw.clone(),
            marks,
            total: place.line,
        }
    }

    /// The number of lines.
    pub fn len(&self) -> usize {
        self.total
    }

    /// Whether there are no lines.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The number of bytes of JSON.
    pub fn bytes(&self) -> usize {
        self.raw.as_str().len()
    }

    /// Some of the lines, each cut after [`LONGEST_SHOWN`] bytes. Untrusted text.
    pub fn window(&self, first: usize, count: usize) -> Vec<String> {
        let text = self.raw.as_str();
        let last = first.saturating_add(count).min(self.total);
        let mut place = self.nearest(first);
        while place.line < first.min(last) {
            place = walk(text, place, |_| true);
        }
        let mut lines = Vec::new();
        while place.line < last {
            let (line, next) = shown(text, place);
            lines.push(line);
            let noted = self.nearest(place.line + 1);
            let was_cut = next.line == place.line;
            place = if !was_cut {
                next
            } else if noted.line > place.line {
                // The line after a long one is always recorded.
                noted
            } else {
                walk(text, place, |_| true)
            };
        }
        lines
    }

    /// The lines that contain a string. Ignores case unless the text has upper case.
    pub fn matching(&self, query: &str) -> Matches {
        let mut matches = Matches::default();
        if query.is_empty() {
            return matches;
        }
        let exact = query.chars().any(char::is_uppercase);
        let lower = query.to_lowercase();
        let (mut line, mut place) = (String::new(), self.nearest(0));
        for at in 0..self.total {
            line.clear();
            place = walk(self.raw.as_str(), place, |piece| {
                line.push_str(piece);
                true
            });
            let is_match = if exact {
                line.contains(query)
            } else {
                line.to_lowercase().contains(&lower)
            };
            if is_match && matches.lines.len() == MOST_MATCHES {
                matches.has_more = true;
                break;
            }
            matches.lines.extend(is_match.then_some(at));
        }
        matches
    }

    /// The last recorded line up to a line.
    fn nearest(&self, line: usize) -> Place {
        let after = self.marks.partition_point(|mark| mark.line <= line);
        let noted = after.checked_sub(1).and_then(|at| self.marks.get(at));
        noted.copied().unwrap_or_default()
    }
}

impl fmt::Debug for RawLines {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} lines", self.total)
    }
}

/// A line, cut after [`LONGEST_SHOWN`] bytes, and the position where reading stopped. Reads no more
/// of the text than needed, since a string may be a whole response.
fn shown(text: &str, place: Place) -> (String, Place) {
    let near = text::start(&text[place.at..], 2 * LONGEST_SHOWN).len();
    let mut line = String::new();
    let mut next = place;
    for end in [place.at + near, text.len()] {
        line.clear();
        next = walk(&text[..end], place, |piece| {
            push(&mut line, piece);
            line.len() < LONGEST_SHOWN
        });
        if next.at < end || line.len() >= LONGEST_SHOWN {
            break;
        }
    }
    (line, next)
}

/// Adds a piece to a line up to [`LONGEST_SHOWN`] bytes.
fn push(line: &mut String, piece: &str) {
    let start = text::start(piece, LONGEST_SHOWN.saturating_sub(line.len()));
    line.push_str(start);
    if start.len() < piece.len() {
        line.push('…');
    }
}

/// Calls a function with the pieces of a line until it returns false. Returns the place of the next
/// line, or the same place if it was stopped.
fn walk(text: &str, place: Place, mut each: impl FnMut(&str) -> bool) -> Place {
    let Place {
        line,
        mut at,
        mut depth,
    } = place;
    let mut is_first = true;
    let mut was_opened = false;
    while let Some((start, token)) = token_at(text, at) {
        let is_end = matches!(token, "}" | "]");
        if is_end && !is_first && !was_opened {
            break;
        }
        if is_end {
            depth = depth.saturating_sub(1);
        }
        if was_opened && !is_end {
            break;
        }
        let indent = "  ".repeat(if is_first { depth.min(DEEPEST) } else { 0 });
        if !each(&indent) || !each(if token == ":" { ": " } else { token }) {
            return place;
        }
        at = start + token.len();
        is_first = false;
        was_opened = matches!(token, "{" | "[");
        depth += usize::from(was_opened);
        if token == "," {
            break;
        }
    }
    Place {
        line: line + 1,
        at,
        depth,
    }
}

/// The next JSON token, and where it begins.
fn token_at(text: &str, from: usize) -> Option<(usize, &str)> {
    let rest = text[from..].trim_ascii_start();
    let start = text.len() - rest.len();
    let length = match rest.as_bytes().first()? {
        b'"' => string_length(rest),
        b'{' | b'[' | b'}' | b']' | b',' | b':' => 1,
        _ => rest
            .find(|c: char| "{}[],:\"".contains(c) || c.is_ascii_whitespace())
            .unwrap_or(rest.len()),
    };
    Some((start, &rest[..length]))
}
