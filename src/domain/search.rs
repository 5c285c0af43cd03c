//! Finding text: fuzzy over tokens, plain over lines.
//!
//! Not here: sorting or drawing what was found.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::status::Status;
use super::token::ServiceToken;

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

/// A filter over tokens. Each word of its query has to be in the name, loosely, or in the ID or the
/// client ID as it stands, or has to begin the status: IDs are long enough to hold the letters of
/// any short word somewhere.
pub struct TokenFilter {
    words: Vec<Word>,
    matcher: Matcher,
    buffer: Vec<char>,
}

struct Word {
    in_name: Atom,
    in_ids: Atom,
    letters: usize,
    /// Which statuses it begins, in the order of [`Status::ALL`].
    begins: [bool; Status::ALL.len()],
    is_negative: bool,
}

impl TokenFilter {
    /// A filter for a query in the manner of fzf: `word`, `'exact`, `^start`, `end$`, `!not`.
    #[must_use]
    pub fn new(query: &str) -> Self {
        let atoms = |case| Pattern::parse(query, case, Normalization::Smart).atoms;
        let words = atoms(CaseMatching::Smart)
            .into_iter()
            .zip(atoms(CaseMatching::Ignore));
        Self {
            words: words
                .map(|(in_name, in_ids)| Word::new(in_name, in_ids))
                .collect(),
            matcher: Matcher::new(Config::DEFAULT),
            buffer: Vec::new(),
        }
    }

    /// Whether a token, of a status, passes.
    pub fn passes(&mut self, token: &ServiceToken, status: Status) -> bool {
        let (matcher, buffer) = (&mut self.matcher, &mut self.buffer);
        self.words.iter().all(|word| {
            let mut has = |atom: &Atom, text: &str| {
                !text.is_empty() && atom.score(haystack(text, buffer), matcher).is_some()
            };
            let is_found = word.begins[status as usize]
                || has(&word.in_name, token.name_text())
                || has(&word.in_ids, token.id_text())
                || has(&word.in_ids, token.client_id_text());
            is_found != word.is_negative
        })
    }

    /// The positions of the characters of a name that were searched for, sorted.
    pub fn in_name(&mut self, name: &str) -> Vec<u32> {
        self.positions(name, |word| &word.in_name)
    }

    /// The positions of the characters of an ID or client ID that were searched for, sorted.
    pub fn in_id(&mut self, id: &str) -> Vec<u32> {
        self.positions(id, |word| &word.in_ids)
    }

    /// How many characters at the start of a status's word were searched for.
    #[must_use]
    pub fn in_status(&self, status: Status) -> usize {
        self.words
            .iter()
            .filter(|word| !word.is_negative && word.begins[status as usize])
            .map(|word| word.letters)
            .max()
            .unwrap_or(0)
    }

    fn positions(&mut self, text: &str, atom: impl Fn(&Word) -> &Atom) -> Vec<u32> {
        let mut positions = Vec::new();
        for word in self.words.iter().filter(|word| !word.is_negative) {
            let haystack = haystack(text, &mut self.buffer);
            atom(word).indices(haystack, &mut self.matcher, &mut positions);
        }
        positions.sort_unstable();
        positions.dedup();
        positions
    }
}

impl Word {
    fn new(mut in_name: Atom, mut in_ids: Atom) -> Self {
        let is_negative = in_name.negative;
        (in_name.negative, in_ids.negative) = (false, false);
        if in_ids.kind == AtomKind::Fuzzy {
            in_ids.kind = AtomKind::Substring;
        }
        let text = in_ids.needle_text().to_string().to_lowercase();
        Self {
            letters: text.chars().count(),
            begins: Status::ALL.map(|status| {
                status.code().starts_with(&text) || status.word().to_lowercase().starts_with(&text)
            }),
            in_name,
            in_ids,
            is_negative,
        }
    }
}

/// Whether whatever passes a filter for one query also passes one for the other, so that only that
/// has to be looked at: the other has more letters, and no sign that turns its sense around.
#[must_use]
pub fn is_narrower(longer: &str, query: &str) -> bool {
    let is_plain = |text: &str| !text.contains(['!', '^', '$', '\'', '\\']);
    longer.starts_with(query) && is_plain(longer)
}

/// A query for a text as it stands, whatever signs are in it.
#[must_use]
pub fn query_for(text: &str) -> String {
    let word = |word: &str| {
        let mut query = String::with_capacity(word.len() + 2);
        if word.starts_with(['!', '^', '\'']) {
            query.push('\\');
        }
        query.push_str(word);
        if query.ends_with('$') {
            query.insert(query.len() - 1, '\\');
        }
        query
    };
    text.split_whitespace()
        .map(word)
        .collect::<Vec<_>>()
        .join(" ")
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
