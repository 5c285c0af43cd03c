//! Filters tokens by a query: first those that contain it, and fuzzily only if none does.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::findings::Note;
use super::status::Status;
use super::token_ref::TokenRef;

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
    pub note: Option<Note>,
    /// The profile that the token was read with, in the list of all profiles; else empty.
    pub profile: &'a str,
}

impl Haystack<'_> {
    /// Whether an ID and a client ID are well-formed hex, apart from the suffix of all client IDs.
    pub fn are_hex(id: &str, client_id: &str) -> bool {
        let digits = client_id.strip_suffix(SUFFIX).unwrap_or(client_id);
        is_hex_id(id) && is_hex_id(digits)
    }
}

fn is_hex_id(id: &str) -> bool {
    id.bytes()
        .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Minimum query length for matching IDs, statuses and notes; shorter strings occur in almost every
/// ID.
const MIN_ID_QUERY: usize = 3;

/// The suffix of every client ID.
const SUFFIX: &str = ".access";

/// How the words of a query match names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Matching {
    /// The name contains the word.
    #[default]
    Containing,
    /// The name has the letters of the word, in order. For queries that nothing contains.
    Fuzzy,
}

/// A filter over tokens. Each word of its query must match the name, be part of the ID or the client
/// ID, or begin the status, a word of the note or the profile. IDs are never matched fuzzily: they are so long that
/// they contain the letters of most words somewhere.
pub struct TokenFilter {
    words: Vec<Word>,
    matcher: Matcher,
    buffer: Vec<char>,
    /// An ID without its dashes.
    digits: String,
}

struct Word {
    in_name: Atom,
    in_ids: Atom,
    /// The word in lower case.
    text: String,
    letters: usize,
    has_dot: bool,
    /// Whether it can be part of a well-formed ID.
    is_hex_id: bool,
    /// Whether it has no other characters than hexadecimal digits and dashes.
    is_digits: bool,
    /// Which statuses it begins, in the order of [`Status::ALL`].
    begins: [bool; Status::ALL.len()],
    is_negative: bool,
}

impl TokenFilter {
    /// Parses a query in the syntax of fzf: `word`, `'exact`, `^start`, `end$`, `!not`. Case matters
    /// only for names, and only if the query has upper case. A full ID, client ID or URL is searched
    /// for in whatever form it was pasted.
    pub fn new(query: &str, matching: Matching) -> Self {
        let id = full_id(query);
        let query = id.as_deref().unwrap_or(query);
        let atoms = |case| Pattern::parse(query, case, Normalization::Smart).atoms;
        let words = atoms(CaseMatching::Smart)
            .into_iter()
            .zip(atoms(CaseMatching::Ignore));
        Self {
            words: words
                .map(|(in_name, in_ids)| Word::new(in_name, in_ids, matching))
                .collect(),
            matcher: Matcher::new(Config::DEFAULT),
            buffer: Vec::new(),
            digits: String::new(),
        }
    }

    /// Whether a token matches.
    pub fn passes(&mut self, token: Haystack<'_>) -> bool {
        self.matches(token, true)
    }

    /// Whether the name and the IDs of a token match, whatever its status and note.
    pub fn finds(&mut self, token: Haystack<'_>) -> bool {
        self.matches(token, false)
    }

    fn matches(&mut self, token: Haystack<'_>, with_state: bool) -> bool {
        let Self {
            words,
            matcher,
            buffer,
            digits,
        } = self;
        words.iter().all(|word| {
            let mut has = |atom: &Atom, text: &str| {
                !text.is_empty() && atom.score(utf32(text, buffer), matcher).is_some()
            };
            let is_state = with_state
                && (word.begins[token.status as usize]
                    || token
                        .note
                        .is_some_and(|note| word.place_in_note(note).is_some())
                    || word.begins_profile(token.profile));
            let is_found = is_state
                || has(&word.in_name, token.name)
                || (word.is_in_ids(token.has_hex_ids)
                    && (has(&word.in_ids, word.id_text(token.id, digits))
                        || has(&word.in_ids, word.id_text(token.client_id, digits))));
            is_found != word.is_negative
        })
    }

    /// The positions of the characters of a name that match, sorted.
    pub fn in_name(&mut self, name: &str) -> Vec<u32> {
        let mut positions = Vec::new();
        for word in self.words.iter().filter(|word| !word.is_negative) {
            let text = utf32(name, &mut self.buffer);
            word.in_name
                .indices(text, &mut self.matcher, &mut positions);
        }
        sorted(positions)
    }

    /// The positions of the characters of an ID or client ID that match, sorted.
    pub fn in_id(&mut self, id: &str) -> Vec<u32> {
        let mut positions = Vec::new();
        let words = self.words.iter().filter(|word| !word.is_negative);
        for word in words.filter(|word| word.letters >= MIN_ID_QUERY) {
            let from = positions.len();
            let text = utf32(word.id_text(id, &mut self.digits), &mut self.buffer);
            word.in_ids.indices(text, &mut self.matcher, &mut positions);
            let is_kept = |c: char| !word.is_digits || c != '-';
            let kept = id.chars().zip(0_u32..).filter(|(c, _)| is_kept(*c));
            let places: Vec<u32> = kept.map(|(_, at)| at).collect();
            for position in &mut positions[from..] {
                *position = places.get(*position as usize).copied().unwrap_or(*position);
            }
        }
        sorted(positions)
    }

    /// The positions of the characters of a note that match, sorted.
    pub fn in_note(&self, note: Note) -> Vec<u32> {
        let words = self.words.iter().filter(|word| !word.is_negative);
        let positions = words.filter_map(|word| {
            let at = u32::try_from(word.place_in_note(note)?).ok()?;
            Some(at..at + u32::try_from(word.letters).ok()?)
        });
        sorted(positions.flatten().collect())
    }
}

fn sorted(mut positions: Vec<u32>) -> Vec<u32> {
    positions.sort_unstable();
    positions.dedup();
    positions
}

impl Word {
    fn new(mut in_name: Atom, mut in_ids: Atom, matching: Matching) -> Self {
        let is_negative = in_name.negative;
        (in_name.negative, in_ids.negative) = (false, false);
        if in_ids.kind == AtomKind::Fuzzy {
            in_ids.kind = AtomKind::Substring;
        }
        if matching == Matching::Containing && in_name.kind == AtomKind::Fuzzy {
            in_name.kind = AtomKind::Substring;
        }
        let text = in_ids.needle_text().to_string().to_lowercase();
        let letters = text.chars().count();
        let digits = text.replace('-', "");
        let is_digits = is_hex_id(&text) && !digits.is_empty();
        if is_digits && digits != text {
            let (case, form) = (CaseMatching::Ignore, Normalization::Smart);
            in_ids = Atom::new(&digits, case, form, in_ids.kind, false);
        }
        let is_begun = |word: &str| letters >= MIN_ID_QUERY && word.starts_with(&text);
        Self {
            letters,
            has_dot: text.contains('.'),
            is_hex_id: text.contains('.') || is_hex_id(&text),
            is_digits,
            begins: Status::ALL
                .map(|status| is_begun(status.code()) || is_begun(&status.word().to_lowercase())),
            in_name,
            in_ids,
            text,
            is_negative,
        }
    }

    fn is_in_ids(&self, are_hex: bool) -> bool {
        self.letters >= MIN_ID_QUERY && (self.is_hex_id || !are_hex)
    }

    /// The text of an ID or a client ID to search: for digits without dashes, since people copy IDs
    /// with and without.
    fn id_text<'a>(&self, id: &'a str, digits: &'a mut String) -> &'a str {
        let id = match id.strip_suffix(SUFFIX) {
            Some(stem) if !self.has_dot => stem,
            _ => id,
        };
        if !self.is_digits || !id.contains('-') {
            return id;
        }
        digits.clear();
        digits.extend(id.chars().filter(|c| *c != '-'));
        digits
    }

    /// Whether the word begins the name of a profile.
    fn begins_profile(&self, profile: &str) -> bool {
        let start = profile.get(..self.text.len());
        let begins = start.is_some_and(|start| start.to_lowercase() == self.text);
        begins && self.letters >= MIN_ID_QUERY
    }

    /// Where the word begins a word of a note. A short word must be the whole one.
    fn place_in_note(&self, note: Note) -> Option<usize> {
        let mut at = 0;
        for word in note.words.split(' ') {
            let is_long = self.letters >= MIN_ID_QUERY;
            if word == self.text || (is_long && word.starts_with(&self.text)) {
                return Some(at);
            }
            at += word.len() + 1;
        }
        None
    }
}

/// The digits of a query that is one full ID, client ID or URL in whatever form.
fn full_id(query: &str) -> Option<String> {
    match TokenRef::parse(query).ok()? {
        TokenRef::Id(id) | TokenRef::Url { id, .. } => Some(id.as_str().to_owned()),
        TokenRef::ClientId(id) => {
            let (digits, _) = id.as_str().split_once('.')?;
            Some(digits.to_owned())
        }
        TokenRef::Digits(digits) => Some(digits.as_str().to_owned()),
        TokenRef::Name(_) => None,
    }
}

/// The most names that [`nearest`] returns.
const NEAREST: usize = 3;

/// Longer queries are no misspelt names.
const LONGEST_MISSPELLING: usize = 64;

/// The indices of the names nearest to a query, best first: those that have its letters in order or,
/// if none has, all of its letters but one.
pub fn nearest<'a>(query: &str, names: impl Iterator<Item = &'a str> + Clone) -> Vec<usize> {
    let letters: Vec<char> = query.chars().filter(|c| !c.is_whitespace()).collect();
    if letters.is_empty() || letters.len() > LONGEST_MISSPELLING {
        return Vec::new();
    }
    let atom = |letters: &[char]| {
        let text: String = letters.iter().collect();
        let (case, form) = (CaseMatching::Ignore, Normalization::Smart);
        Atom::new(&text, case, form, AtomKind::Fuzzy, false)
    };
    let but_one = (0..letters.len()).filter_map(|gone| {
        let rest = [&letters[..gone], &letters[gone + 1..]].concat();
        (rest.len() >= MIN_ID_QUERY).then(|| atom(&rest))
    });
    let found = best(&[atom(&letters)], names.clone());
    if found.is_empty() {
        return best(&but_one.collect::<Vec<_>>(), names);
    }
    found
}

/// The indices of the names with the best scores.
fn best<'a>(atoms: &[Atom], names: impl Iterator<Item = &'a str>) -> Vec<usize> {
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut scored: Vec<_> = names
        .enumerate()
        .filter_map(|(at, name)| {
            let scores = atoms
                .iter()
                .filter_map(|atom| atom.score(utf32(name, &mut buffer), &mut matcher));
            Some((std::cmp::Reverse(scores.max()?), name.len(), at))
        })
        .collect();
    scored.sort_unstable();
    scored.truncate(NEAREST);
    scored.into_iter().map(|(_, _, at)| at).collect()
}

/// Whether every match of the longer query is also a match of the other one, so that a search can
/// start from the earlier result. The longer query must continue the other one, contain no operator
/// that could invert its meaning, not begin to match more than names, and not be a whole reference.
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
        && full_id(longer).is_none()
}

/// The query that finds a string literally, whatever special characters it contains.
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
