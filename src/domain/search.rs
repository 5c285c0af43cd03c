//! Finding text: fuzzy over tokens, plain over lines.
//!
//! Not here: sorting or drawing what was found.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// A fuzzy filter, made once a query and used over many texts.
pub struct Filter {
    pattern: Pattern,
    matcher: Matcher,
    buffer: Vec<char>,
}

impl Filter {
    /// A filter for a query. Case counts only if the query has upper case; words may stand anywhere.
    #[must_use]
    pub fn new(query: &str) -> Self {
        Self {
            pattern: Pattern::parse(query, CaseMatching::Smart, Normalization::Smart),
            matcher: Matcher::new(Config::DEFAULT),
            buffer: Vec::new(),
        }
    }

    /// How well a text matches, higher is better; nothing if it does not.
    pub fn score(&mut self, text: &str) -> Option<u32> {
        self.pattern
            .score(haystack(text, &mut self.buffer), &mut self.matcher)
    }

    /// The character positions that matched, sorted; nothing if the text does not match.
    pub fn positions(&mut self, text: &str) -> Option<Vec<u32>> {
        let mut positions = Vec::new();
        self.pattern.indices(
            haystack(text, &mut self.buffer),
            &mut self.matcher,
            &mut positions,
        )?;
        positions.sort_unstable();
        positions.dedup();
        Some(positions)
    }
}

/// The characters of a text. [`Utf32Str::new`] takes graphemes, and falls back to bytes where each
/// begins with an ASCII letter, so that its positions mean now this, now that.
fn haystack<'a>(text: &'a str, buffer: &'a mut Vec<char>) -> Utf32Str<'a> {
    if text.is_ascii() {
        return Utf32Str::Ascii(text.as_bytes());
    }
    buffer.clear();
    buffer.extend(text.chars());
    Utf32Str::Unicode(buffer)
}

/// The lines that contain a text, case ignored unless the text has upper case.
#[must_use]
pub fn matching_lines(lines: &[String], query: &str) -> Vec<usize> {
    if query.is_empty() {
        return Vec::new();
    }
    let exact = query.chars().any(char::is_uppercase);
    let contains = |line: &String| {
        if exact {
            line.contains(query)
        } else {
            line.to_lowercase().contains(&query.to_lowercase())
        }
    };
    lines
        .iter()
        .enumerate()
        .filter(|(_, line)| contains(line))
        .map(|(at, _)| at)
        .collect()
}
