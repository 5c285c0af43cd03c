//! Filters tokens by a fuzzy query.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::status::Status;

/// The characters of a string. [`Utf32Str::new`] splits graphemes, or bytes if every grapheme
/// begins with an ASCII letter, so its positions have no fixed meaning.
fn utf32<'a>(text: &'a str, buffer: &'a mut Vec<char>) -> Utf32Str<'a> {
    if text.is_ascii() {
        return Utf32Str::Ascii(text.as_bytes());
    }
    buffer.clear();
    buffer.extend(text.chars());
    Utf32Str::Unicode(buffer)
}

/// The parts of a token that a filter searches.
#[derive(Debug, Clone, Copy)]
pub struct Haystack<'a> {
    /// Untrusted text.
    pub name: &'a str,
    pub id: &'a str,
    pub client_id: &'a str,
    /// Whether both IDs are well-formed hex, so that a query containing other letters can skip them.
    pub has_hex_ids: bool,
    pub status: Status,
}

impl Haystack<'_> {
    /// Whether an ID and a client ID are well-formed hex, apart from the suffix of all client IDs.
    #[must_use]
    pub fn are_hex(id: &str, client_id: &str) -> bool {
        let digits = client_id.strip_suffix(SUFFIX).unwrap_or(client_id);
        is_hex_id(id) && is_hex_id(digits)
    }
}

fn is_hex_id(id: &str) -> bool {
    id.bytes()
        .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Minimum query length for matching IDs; shorter strings occur in almost every ID.
const MIN_ID_QUERY: usize = 3;

/// The suffix of every client ID.
const SUFFIX: &str = ".access";

/// A filter over tokens. Each word of its query must match the name fuzzily, be part of the ID or the
/// client ID, or begin the status. IDs are not matched fuzzily: they are so long that they contain the
/// letters of most words somewhere.
pub struct TokenFilter {
    words: Vec<Word>,
    matcher: Matcher,
    buffer: Vec<char>,
}

struct Word {
    in_name: Atom,
    in_ids: Atom,
    letters: usize,
    has_dot: bool,
    /// Whether it can be part of a well-formed ID.
    is_hex_id: bool,
    /// Which statuses it begins, in the order of [`Status::ALL`].
    begins: [bool; Status::ALL.len()],
    is_negative: bool,
}

impl TokenFilter {
    /// Parses a query in the syntax of fzf: `word`, `'exact`, `^start`, `end$`, `!not`. Case matters
    /// only for names, and only if the query has upper case.
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

    /// Whether a token matches.
    pub fn passes(&mut self, token: Haystack<'_>) -> bool {
        let (matcher, buffer) = (&mut self.matcher, &mut self.buffer);
        self.words.iter().all(|word| {
            let mut has = |atom: &Atom, text: &str| {
                !text.is_empty() && atom.score(utf32(text, buffer), matcher).is_some()
            };
            let is_found = word.begins[token.status as usize]
                || has(&word.in_name, token.name)
                || (word.letters >= MIN_ID_QUERY
                    && (word.is_hex_id || !token.has_hex_ids)
                    && (has(&word.in_ids, token.id)
                        || has(&word.in_ids, word.without_suffix(token.client_id))));
            is_found != word.is_negative
        })
    }

    /// The positions of the characters of a name that match, sorted.
    pub fn in_name(&mut self, name: &str) -> Vec<u32> {
        self.positions(name, |word| Some(&word.in_name))
    }

    /// The positions of the characters of an ID or client ID that match, sorted.
    pub fn in_id(&mut self, id: &str) -> Vec<u32> {
        self.positions(id, |word| {
            (word.letters >= MIN_ID_QUERY).then_some(&word.in_ids)
        })
    }

    /// How many characters at the start of a status's word match.
    #[must_use]
    pub fn in_status(&self, status: Status) -> usize {
        self.words
            .iter()
            .filter(|word| !word.is_negative && word.begins[status as usize])
            .map(|word| word.letters)
            .max()
            .unwrap_or(0)
    }

    fn positions(&mut self, text: &str, atom: impl Fn(&Word) -> Option<&Atom>) -> Vec<u32> {
        let mut positions = Vec::new();
        let words = self.words.iter().filter(|word| !word.is_negative);
        for atom in words.filter_map(atom) {
            let text = utf32(text, &mut self.buffer);
            atom.indices(text, &mut self.matcher, &mut positions);
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
        let letters = text.chars().count();
        let is_begun = |word: &str| letters >= MIN_ID_QUERY && word.starts_with(&text);
        Self {
            letters,
            has_dot: text.contains('.'),
            is_hex_id: text.contains('.') || is_hex_id(&text),
            begins: Status::ALL
                .map(|status| is_begun(status.code()) || is_begun(&status.word().to_lowercase())),
            in_name,
            in_ids,
            is_negative,
        }
    }

    /// The part of a client ID to search.
    fn without_suffix<'a>(&self, client_id: &'a str) -> &'a str {
        match client_id.strip_suffix(SUFFIX) {
            Some(digits) if !self.has_dot => digits,
            _ => client_id,
        }
    }
}

/// Whether every match of the longer query is also a match of the other one, so that a search can
/// start from the earlier result. The longer query must continue the other one, contain no operator
/// that could invert its meaning, and not begin to match IDs.
#[must_use]
pub fn is_narrower(longer: &str, query: &str) -> bool {
    let is_plain = !longer.contains(['!', '^', '$', '\'', '\\']);
    let last_word = query.rsplit(char::is_whitespace).next().unwrap_or(query);
    let start = query.len() - last_word.len();
    let letters = |text: &str| {
        let word = text.get(start..).unwrap_or("");
        word.chars().take_while(|c| !c.is_whitespace()).count()
    };
    let last = letters(query);
    longer.starts_with(query)
        && is_plain
        && (last == 0 || last >= MIN_ID_QUERY || letters(longer) < MIN_ID_QUERY)
}

/// The query that finds a string literally, whatever special characters it contains.
#[must_use]
pub fn query_for(text: &str) -> String {
    let literal = |word: &str| {
        let is_operator = word.starts_with(['!', '^', '\'']);
        let start = if is_operator { "\\" } else { "" };
        match word.strip_suffix('$') {
            Some(rest) => format!("{start}{rest}\\$"),
            None => format!("{start}{word}"),
        }
    };
    let words = text.split_whitespace().map(literal);
    words.collect::<Vec<_>>().join(" ")
}
