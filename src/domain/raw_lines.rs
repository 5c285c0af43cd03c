//! A JSON value as re-indented lines, made only where they are looked at.
//!
//! An answer of 16 MiB can have eight million lines, so none is kept: a pass over the text notes
//! where some of them begin, and the lines of a screen are read from the nearest of these. Not here:
//! drawing.

use std::fmt;

use super::raw::{RawJson, string_length};
use super::text;

/// Lines, and bytes, from one noted line to the next at most; a single line may be longer.
const LINES_APART: usize = 64;
const BYTES_APART: usize = 16 * 1024;

/// Levels beyond this are indented no further: the space would grow with the square of the depth.
const DEEPEST: usize = 64;

/// Of a line that is looked at, this many bytes are made: far more than any screen is wide.
pub const LONGEST_SHOWN: usize = 4096;

/// Matching lines that are told apart; of more, only that there are more.
pub const MOST_MATCHES: usize = 10_000;

/// The lines of a JSON value, indented by two spaces. Every token's text stays as received.
#[derive(Clone, PartialEq, Eq)]
pub struct RawLines {
    raw: RawJson,
    marks: Vec<Place>,
    total: usize,
}

/// The start of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    line: usize,
    /// The byte of the JSON text.
    at: usize,
    depth: usize,
}

/// The lines that contain a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matches {
    /// The first [`MOST_MATCHES`], in order.
    pub lines: Vec<usize>,
    /// Whether there are more.
    pub has_more: bool,
}

impl RawLines {
    /// The lines of a value. Takes one pass over its text.
    #[must_use]
    pub fn of(raw: &RawJson) -> Self {
        let mut place = Place {
            line: 0,
            at: 0,
            depth: 0,
        };
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

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.total
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// How many bytes of JSON they are made of.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.raw.as_str().len()
    }

    /// Some lines, each cut after [`LONGEST_SHOWN`] bytes. Untrusted text.
    #[must_use]
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
                // The line after a long one is always noted.
                noted
            } else {
                walk(text, place, |_| true)
            };
        }
        lines
    }

    /// All lines, whole.
    #[must_use]
    pub fn whole(&self) -> Vec<String> {
        let mut lines = Vec::new();
        self.for_each(|line| {
            lines.push(line.to_owned());
            true
        });
        lines
    }

    /// The lines that contain a text, case ignored unless the text has upper case.
    #[must_use]
    pub fn matching(&self, query: &str) -> Matches {
        let mut matches = Matches::default();
        if query.is_empty() {
            return matches;
        }
        let exact = query.chars().any(char::is_uppercase);
        let lower = query.to_lowercase();
        let mut at = 0;
        self.for_each(|line| {
            let is_match = if exact {
                line.contains(query)
            } else {
                line.to_lowercase().contains(&lower)
            };
            if is_match && matches.lines.len() < MOST_MATCHES {
                matches.lines.push(at);
            } else if is_match {
                matches.has_more = true;
            }
            at += 1;
            !matches.has_more
        });
        matches
    }

    /// Hands over the lines, whole, for as long as they are wanted.
    fn for_each(&self, mut each: impl FnMut(&str) -> bool) {
        let mut line = String::new();
        let mut place = self.nearest(0);
        while place.line < self.total {
            line.clear();
            place = walk(self.raw.as_str(), place, |piece| {
                line.push_str(piece);
                true
            });
            if !each(&line) {
                return;
            }
        }
    }

    /// The last noted line that is not beyond a line.
    fn nearest(&self, line: usize) -> Place {
        let after = self.marks.partition_point(|mark| mark.line <= line);
        let noted = after.checked_sub(1).and_then(|at| self.marks.get(at));
        noted.copied().unwrap_or(Place {
            line: 0,
            at: 0,
            depth: 0,
        })
    }
}

impl fmt::Debug for RawLines {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} lines", self.total)
    }
}

/// A line, cut after [`LONGEST_SHOWN`] bytes, and where the walk along it ended. A string may be the
/// whole of an answer, so no more of the text is looked at than the line needs, where that is enough.
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

/// As much of a piece as a line takes that is looked at.
fn push(line: &mut String, piece: &str) {
    let start = text::start(piece, LONGEST_SHOWN.saturating_sub(line.len()));
    line.push_str(start);
    if start.len() < piece.len() {
        line.push('…');
    }
}

/// Hands over the pieces of a line, and gives the place of the next; the same place where no more
/// pieces were wanted.
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

/// The next token of JSON text, and where it begins.
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
