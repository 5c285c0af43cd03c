//! Finding text, fuzzily, over tokens.
//!
//! Not here: sorting or drawing what was found.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::status::Status;

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

/// What a filter looks at of one token.
#[derive(Debug, Clone, Copy)]
pub struct Haystack<'a> {
    /// Its name. Untrusted text.
    pub name: &'a str,
    /// Its ID.
    pub id: &'a str,
    /// Its client ID.
    pub client_id: &'a str,
    /// Whether both IDs are the digits that they should be, in which no other letter has to be
    /// looked for.
    pub has_usual_ids: bool,
    /// Its status.
    pub status: Status,
}

impl Haystack<'_> {
    /// Whether an ID and a client ID are hexadecimal digits, but for what is always there.
    #[must_use]
    pub fn are_usual(id: &str, client_id: &str) -> bool {
        let digits = client_id.strip_suffix(SUFFIX).unwrap_or(client_id);
        is_hex_id(id) && is_hex_id(digits)
    }
}

fn is_hex_id(id: &str) -> bool {
    id.bytes()
        .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// The letters from which on a word is looked for beyond the name: any two are in some ID.
const MIN_ID_QUERY: usize = 3;

/// What every client ID ends with, which says nothing about one.
const SUFFIX: &str = ".access";

/// A filter over tokens. Each word of its query has to be in the name, loosely, or in the ID or the
/// client ID as it stands, or has to begin the status: IDs are so long that they hold the letters
/// of most words somewhere.
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
    /// Whether it may be part of an ID as it should be.
    is_hex_id: bool,
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

    /// Whether a token passes.
    pub fn passes(&mut self, token: Haystack<'_>) -> bool {
        let (matcher, buffer) = (&mut self.matcher, &mut self.buffer);
        self.words.iter().all(|word| {
            let mut has = |atom: &Atom, text: &str| {
                !text.is_empty() && atom.score(haystack(text, buffer), matcher).is_some()
            };
            let is_found = word.begins[token.status as usize]
                || has(&word.in_name, token.name)
                || (word.letters >= MIN_ID_QUERY
                    && (word.is_hex_id || !token.has_usual_ids)
                    && (has(&word.in_ids, token.id)
                        || has(&word.in_ids, word.without_suffix(token.client_id))));
            is_found != word.is_negative
        })
    }

    /// The positions of the characters of a name that were searched for, sorted.
    pub fn in_name(&mut self, name: &str) -> Vec<u32> {
        self.positions(name, |word| Some(&word.in_name))
    }

    /// The positions of the characters of an ID or client ID that were searched for, sorted.
    pub fn in_id(&mut self, id: &str) -> Vec<u32> {
        self.positions(id, |word| {
            (word.letters >= MIN_ID_QUERY).then_some(&word.in_ids)
        })
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

    fn positions(&mut self, text: &str, atom: impl Fn(&Word) -> Option<&Atom>) -> Vec<u32> {
        let mut positions = Vec::new();
        let words = self.words.iter().filter(|word| !word.is_negative);
        for atom in words.filter_map(atom) {
            let haystack = haystack(text, &mut self.buffer);
            atom.indices(haystack, &mut self.matcher, &mut positions);
        }
        positions.sort_unstable();
        positions.dedup();
        positions
    }
}

impl Word {
    /// The part of a client ID that it is worth being looked for in.
    fn without_suffix<'a>(&self, client_id: &'a str) -> &'a str {
        match client_id.strip_suffix(SUFFIX) {
            Some(digits) if !self.has_dot => digits,
            _ => client_id,
        }
    }

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
}

/// Whether whatever passes a filter for the longer query also passes one for the other, so that
/// nothing else has to be looked at: it goes on where the other ends, has no sign that turns its
/// sense around, and does not go on to look beyond names.
#[must_use]
pub fn is_narrower(longer: &str, query: &str) -> bool {
    let is_plain = !longer.contains(['!', '^', '$', '\'', '\\']);
    let mut gaps = query
        .char_indices()
        .rev()
        .filter(|(_, c)| c.is_whitespace());
    let start = gaps.next().map_or(0, |(at, gap)| at + gap.len_utf8());
    let letters = |text: &str| {
        let word = text.get(start..).unwrap_or("");
        word.chars().take_while(|c| !c.is_whitespace()).count()
    };
    let goes_on = |last: usize| last == 0 || last >= MIN_ID_QUERY || letters(longer) < MIN_ID_QUERY;
    longer.starts_with(query) && is_plain && goes_on(letters(query))
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
