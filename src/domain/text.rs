//! Cleans, measures and cuts text that people typed or strangers sent.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Replaces a character that must not reach a terminal.
pub const PLACEHOLDER: char = '\u{FFFD}';

/// Maximum bytes considered for a row of cells; no genuine name is longer.
const ENOUGH: usize = 1024;

/// The start of a string of any length, for repeated drawing or searching.
pub fn beginning(text: &str) -> &str {
    start(text, ENOUGH)
}

/// The start of a string, of at most so many bytes.
pub fn start(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// The longest line of untrusted text to show to people, in bytes. JSON and CSV contain it whole.
const LONGEST_LINE: usize = 4096;

/// Untrusted text as one safe line that is not too long for a terminal, a mail or a log.
pub fn line(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST_LINE {
        return sanitize(text);
    }
    let start = sanitize(start(text, LONGEST_LINE));
    Cow::Owned([&start, "..."].concat())
}

/// Text for a monitoring system, which takes everything after a `|` for performance data.
pub fn without_pipes(text: &str) -> Cow<'_, str> {
    if text.contains('|') {
        return Cow::Owned(text.replace('|', "¦"));
    }
    Cow::Borrowed(text)
}

/// Makes untrusted text safe for one line of a terminal or a log.
///
/// Line breaks and tabs become a space. Other controls, direction overrides and invisible format
/// characters become [`PLACEHOLDER`], and so do joiners that join no emoji: a terminal may draw what
/// follows one in the cell before. A mark at the start gets a base, or it would combine with whatever
/// precedes the text. A letter keeps at most eight marks, since all of them share one cell.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let lacks_base = text.chars().next().is_some_and(is_mark);
    let mut clean = String::with_capacity(text.len() + BASE.len_utf8());
    clean.extend(lacks_base.then_some(BASE));
    let mut marks = 0;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if c == '\r' && characters.peek() == Some(&'\n') {
            continue;
        }
        let c = replacement(c).unwrap_or(c);
        marks = if extends(c) { marks + 1 } else { 0 };
        clean.extend((marks <= MOST_MARKS).then_some(c));
    }
    if clean.len() > LONGEST_CLUSTER {
        clean = clean.graphemes(true).map(shortened).collect();
    }
    if clean.contains(JOINER) {
        clean = without_loose_joiners(&clean);
    }
    if clean == text {
        return Cow::Borrowed(text);
    }
    Cow::Owned(clean)
}

/// Whether a terminal shows a character and does nothing else with it.
pub fn is_inert(c: char) -> bool {
    matches!(c, ' '..='~') || matches!(sanitize(c.encode_utf8(&mut [0; 4])), Cow::Borrowed(_))
}

/// A character as JSON escapes.
pub fn unicode_escape(c: char) -> String {
    let mut escaped = String::new();
    for unit in c.encode_utf16(&mut [0; 2]) {
        let _infallible = write!(escaped, "\\u{unit:04x}");
    }
    escaped
}

/// The most marks of a letter, and maximum characters of a grapheme: emoji join about a dozen.
const MOST_MARKS: usize = 8;
const LONGEST_CLUSTER: usize = 32;

/// A grapheme, cut if it has more characters than genuine text needs.
fn shortened(cluster: &str) -> Cow<'_, str> {
    let mut last = cluster.char_indices().skip(LONGEST_CLUSTER - 1);
    match (last.next(), last.next()) {
        (Some((end, _)), Some(_)) => format!("{}{PLACEHOLDER}", &cluster[..end]).into(),
        _ => cluster.into(),
    }
}

fn without_loose_joiners(text: &str) -> String {
    let before = std::iter::once(None).chain(text.chars().map(Some));
    let after = text.chars().skip(1).map(Some).chain([None]);
    let neighbours = before.zip(after);
    let characters = text.chars().zip(neighbours).map(|(c, (before, after))| {
        let joins = before.is_some_and(is_joined) && after.is_some_and(is_joined);
        if c == JOINER && !joins {
            PLACEHOLDER
        } else {
            c
        }
    });
    characters.collect()
}

/// Whether a string has characters that a terminal would act on or that change how it reads, apart
/// from line breaks and tabs.
pub fn has_controls(text: &str) -> bool {
    text.chars().any(|c| replacement(c) == Some(PLACEHOLDER))
}

/// The zero-width joiner.
const JOINER: char = '\u{200D}';

/// The dotted circle: a base for a mark without a letter.
const BASE: char = '\u{25CC}';

/// Whether a character can be next to a joiner in an emoji: a pictograph or a modifier.
fn is_joined(c: char) -> bool {
    matches!(c,
        '\u{FE0F}' | '\u{2190}'..='\u{21FF}' | '\u{2300}'..='\u{23FF}' | '\u{2460}'..='\u{24FF}'
        | '\u{25A0}'..='\u{27BF}' | '\u{2900}'..='\u{297F}' | '\u{2B00}'..='\u{2BFF}'
        | '\u{1F000}'..='\u{1FAFF}')
}

/// Whether a character is drawn on the one before it.
pub(super) fn is_mark(c: char) -> bool {
    extends(c) && replacement(c).is_none() && !is_blank_mark(c)
}

/// Whether a character joins the grapheme before it, whatever that is.
fn extends(c: char) -> bool {
    // The letters and dashes of most names, without a look at the tables.
    if matches!(c, ..'\u{300}' | '\u{370}'..='\u{482}' | '\u{48A}'..='\u{590}'
        | '\u{2010}'..='\u{205E}' | '\u{30A0}'..='\u{A66E}' | '\u{AC00}'..='\u{D7A3}')
    {
        return false;
    }
    let mut bytes = [b'a'; 5];
    let end = 1 + c.encode_utf8(&mut bytes[1..]).len();
    std::str::from_utf8(&bytes[..end]).is_ok_and(|pair| pair.graphemes(true).nth(1).is_none())
}

fn replacement(c: char) -> Option<char> {
    match c {
        '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => Some(' '),
        c if c.is_control() || is_invisible(c) => Some(PLACEHOLDER),
        _ => None,
    }
}

/// Direction controls and invisible format characters, which change how a string reads.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E007F}')
}

/// Removes the residue of copying and piping around a value: white space, byte-order marks,
/// zero-width characters. Keeps those inside the value.
pub fn trim_input(text: &str) -> &str {
    text.trim_matches(|c: char| {
        c.is_whitespace() || c.is_control() || is_invisible(c) || is_blank_mark(c)
    })
}

/// Removes quotes, brackets and list punctuation around a value that contains none itself.
pub fn bare(text: &str) -> &str {
    let is_around = |c: char| "\"'`“”‘’«»(){}[]<>,;.:".contains(c);
    let mut text = trim_input(text);
    loop {
        let inner = trim_input(text.trim_matches(is_around));
        if inner.len() == text.len() {
            return text;
        }
        text = inner;
    }
}

/// Quotes a string for a sentence: on one line, and cut if it is long.
pub fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    format!("{:?}", truncate(beginning(text), LONGEST, "..."))
}

/// Text whose first letter is upper case.
pub fn capitalized(text: &str) -> String {
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    first.to_uppercase() + rest
}

/// Text whose first letter is lower case.
pub fn uncapitalized(text: &str) -> String {
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    first.to_lowercase() + rest
}

/// Lists some things in a sentence: `a`, `a and b`, `a, b and c`.
pub fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

/// A whole number with a comma between its thousands.
pub fn number(number: usize) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// Joiners, selectors and fillers: characters without a glyph that scripts and emoji need inside a
/// string, so sanitising keeps them.
fn is_blank_mark(c: char) -> bool {
    matches!(c,
        '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200C}' | '\u{200D}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FFA0}'
        | '\u{E0100}'..='\u{E01EF}')
}

/// A number of things, with their noun: `1 token`, `12,000 tokens`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    let noun = if count == 1 { one } else { many };
    format!("{} {noun}", number(count))
}

/// The line of a paste that a single-line field takes: the first that is not blank.
pub fn first_line(text: &str) -> &str {
    text.split(['\n', '\r'])
        .map(trim_input)
        .find(|line| !line.is_empty())
        .unwrap_or("")
}

/// The width in terminal cells, counted by grapheme as the drawing library does.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.bytes().filter(|b| !b.is_ascii_control()).count();
    }
    text.graphemes(true).map(cells_of).sum()
}

/// The cells of a grapheme. The drawing library leaves out graphemes with control characters.
fn cells_of(grapheme: &str) -> usize {
    if grapheme.contains(char::is_control) {
        0
    } else {
        grapheme.width()
    }
}

/// Cuts text to at most `cells` cells between graphemes, and ends it in `ellipsis` if it was cut. Leaves
/// out an ellipsis that is wider than that.
pub fn truncate<'a>(text: &'a str, cells: usize, ellipsis: &str) -> Cow<'a, str> {
    if head(text, cells).len() == text.len() {
        return Cow::Borrowed(text);
    }
    match cells.checked_sub(width(ellipsis)) {
        Some(room) => Cow::Owned([head(text, room), ellipsis].concat()),
        None => Cow::Borrowed(head(text, cells)),
    }
}

/// The start of a string that fits into `cells` cells. Does not look at the rest.
fn head(text: &str, cells: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += cells_of(grapheme);
        if used > cells {
            return &text[..at];
        }
    }
    text
}

/// The fewest cells at the end of a line in which a very long word may begin.
const WORTHWHILE: usize = 12;

/// Breaks clean text into lines of at most `cells` cells, between words if possible. Returns at least
/// one line.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let long = width(word);
        let gap = usize::from(!line.is_empty());
        if used + gap + long <= cells {
            line.extend(std::iter::repeat_n(' ', gap));
            line.push_str(word);
            used += gap + long;
            continue;
        }
        let mut word = word;
        if long > cells && used + WORTHWHILE <= cells {
            // The word must be cut anyway, so it begins on this line.
            let piece = head(word, cells - used - gap);
            line.extend(std::iter::repeat_n(' ', gap));
            line.push_str(piece);
            word = &word[piece.len()..];
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        while head(word, cells).len() < word.len() {
            let piece = head(word, cells);
            if piece.is_empty() {
                // Not even one character fits.
                word = "";
            } else {
                lines.push(piece.to_owned());
                word = &word[piece.len()..];
            }
        }
        line.push_str(word);
        used = width(&line);
    }
    lines.push(line);
    lines
}

/// Truncates or pads with spaces to exactly `cells` cells.
pub fn fit(text: &str, cells: usize, ellipsis: &str) -> String {
    let mut fitted = truncate(text, cells, ellipsis).into_owned();
    let missing = cells.saturating_sub(width(&fitted));
    fitted.extend(std::iter::repeat_n(' ', missing));
    fitted
}

/// Shortens an identifier in the middle, `4f1b…9c2e`, so that both ends can be compared.
pub fn abbreviate(id: &str, ellipsis: &str) -> String {
    let starts: Vec<usize> = id.char_indices().map(|(at, _)| at).collect();
    if starts.len() <= 12 {
        return id.to_owned();
    }
    let (head, tail) = (&id[..starts[4]], &id[starts[starts.len() - 4]..]);
    format!("{head}{ellipsis}{tail}")
}
