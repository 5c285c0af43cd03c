//! Text that people typed or strangers sent: cleaning it, measuring it, cutting it to a width.
//!
//! Not here: colours, layout, or any knowledge of what the text means.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What stands in for a character that must not reach a terminal.
pub const PLACEHOLDER: char = '\u{FFFD}';

/// The bytes of a text that can matter for a row of cells; no honest name is longer.
const ENOUGH: usize = 1024;

/// The start of a text that may be of any length, and that is drawn or searched again and again.
#[must_use]
pub fn beginning(text: &str) -> &str {
    start(text, ENOUGH)
}

/// The start of a text, of at most a number of bytes.
#[must_use]
pub fn start(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// The longest line of untrusted text that people are shown, in bytes. JSON and CSV have it whole.
const LONGEST_LINE: usize = 4096;

/// Untrusted text for one line that people read: safe, and of a length that a terminal, a mail or a
/// log can take.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST_LINE {
        return sanitize(text);
    }
    let start = sanitize(start(text, LONGEST_LINE));
    Cow::Owned([&start, "..."].concat())
}

/// Text for output that a monitoring system may read, which takes what follows a `|` for
/// performance data.
#[must_use]
pub fn without_pipes(text: &str) -> Cow<'_, str> {
    if text.contains('|') {
        Cow::Owned(text.replace('|', "¦"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Makes untrusted text safe for one line of a terminal or a log.
///
/// Line breaks and tabs become a space; every other control, direction override and invisible
/// format character becomes [`PLACEHOLDER`], and so does a joiner that joins no emoji: a terminal
/// may put what follows it into the cell before. A mark at the start gets a base, without which
/// it would go to whatever stands before the text. A letter keeps at most eight marks, since all of
/// them would be drawn in one cell.
#[must_use]
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let text = without_controls(text);
    let text = and_then(text, thinned);
    and_then(text, without_loose_joiners)
}

/// Applies a second change to a text that may have been changed before.
fn and_then<'a>(
    text: Cow<'a, str>,
    change: impl for<'b> Fn(&'b str) -> Cow<'b, str>,
) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => change(text),
        Cow::Owned(text) => {
            let changed = match change(&text) {
                Cow::Borrowed(_) => None,
                Cow::Owned(changed) => Some(changed),
            };
            Cow::Owned(changed.unwrap_or(text))
        }
    }
}

fn without_controls(text: &str) -> Cow<'_, str> {
    let lacks_base = text.chars().next().is_some_and(is_mark);
    if !lacks_base && text.chars().all(|c| replacement(c).is_none()) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + BASE.len_utf8());
    clean.extend(lacks_base.then_some(BASE));
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if c != '\r' || characters.peek() != Some(&'\n') {
            clean.push(replacement(c).unwrap_or(c));
        }
    }
    Cow::Owned(clean)
}

/// The most characters on a letter that are drawn with it, and the most that anything drawn as one
/// is made of: emoji are joined from a dozen.
const MOST_MARKS: usize = 8;
const LONGEST_CLUSTER: usize = 32;

/// Text in which nothing that is drawn as one consists of more characters than honest text needs.
fn thinned(text: &str) -> Cow<'_, str> {
    let text = if text.chars().all(few_marks()) {
        Cow::Borrowed(text)
    } else {
        let mut is_kept = few_marks();
        Cow::Owned(text.chars().filter(|c| is_kept(*c)).collect())
    };
    and_then(text, |text| {
        let is_long = |cluster: &str| cluster.chars().nth(LONGEST_CLUSTER).is_some();
        if text.len() <= LONGEST_CLUSTER || !text.graphemes(true).any(is_long) {
            return Cow::Borrowed(text);
        }
        let mut thin = String::with_capacity(text.len());
        for cluster in text.graphemes(true) {
            if is_long(cluster) {
                thin.extend(cluster.chars().take(LONGEST_CLUSTER - 1));
                thin.push(PLACEHOLDER);
            } else {
                thin.push_str(cluster);
            }
        }
        Cow::Owned(thin)
    })
}

/// Tells of one character after another whether few enough marks stand before it.
fn few_marks() -> impl FnMut(char) -> bool {
    let mut marks = 0;
    move |c| {
        marks = if extends(c) { marks + 1 } else { 0 };
        marks <= MOST_MARKS
    }
}

fn without_loose_joiners(text: &str) -> Cow<'_, str> {
    if !text.contains(JOINER) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut before = None;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let next = characters.peek().copied();
        let is_loose =
            c == JOINER && !(before.is_some_and(is_joined) && next.is_some_and(is_joined));
        clean.push(if is_loose { PLACEHOLDER } else { c });
        before = Some(c);
    }
    if clean == text {
        return Cow::Borrowed(text);
    }
    Cow::Owned(clean)
}

/// Whether a text holds characters that a terminal would act on, or that make it read as what it is
/// not; line breaks and tabs aside.
#[must_use]
pub fn has_controls(text: &str) -> bool {
    text.chars().any(|c| replacement(c) == Some(PLACEHOLDER))
}

/// The zero-width joiner.
const JOINER: char = '\u{200D}';

/// The circle that stands for a missing letter beneath a mark.
const BASE: char = '\u{25CC}';

/// Whether a character can stand beside a joiner within an emoji: a pictograph, or what modifies one.
fn is_joined(c: char) -> bool {
    matches!(c,
        '\u{FE0F}' | '\u{2190}'..='\u{21FF}' | '\u{2300}'..='\u{23FF}' | '\u{2460}'..='\u{24FF}'
        | '\u{25A0}'..='\u{27BF}' | '\u{2900}'..='\u{297F}' | '\u{2B00}'..='\u{2BFF}'
        | '\u{1F000}'..='\u{1FAFF}')
}

/// Whether a character is drawn on the one before it.
fn is_mark(c: char) -> bool {
    extends(c) && replacement(c).is_none() && !is_blank_mark(c)
}

/// Whether a character belongs to the one before it, whatever that is.
fn extends(c: char) -> bool {
    // The letters of most names need no look at the tables.
    if matches!(c, ..'\u{300}' | '\u{370}'..='\u{482}' | '\u{48A}'..='\u{590}'
        | '\u{30A0}'..='\u{A66E}' | '\u{AC00}'..='\u{D7A3}')
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

/// Direction controls and invisible format characters, which make text read as what it is not.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E007F}')
}

/// Strips what copying and piping leave around a value: white space, byte-order marks, zero-width
/// characters. What stands inside the value is kept.
#[must_use]
pub fn trim_input(text: &str) -> &str {
    text.trim_matches(|c: char| {
        c.is_whitespace() || c.is_control() || is_invisible(c) || is_blank_mark(c)
    })
}

/// A value without what it is quoted, bracketed or listed with where it was copied: for values that
/// hold nothing of the kind themselves.
#[must_use]
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

/// The longest quotation in a sentence, in cells.
const QUOTED: usize = 60;

/// Text as a sentence quotes it: in quotation marks, on one line, and cut where it is long.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("{:?}", truncate(beginning(text), QUOTED, "..."))
}

/// Characters without a glyph of their own that sanitising keeps, since scripts and emoji need them
/// inside a text: joiners, selectors, fillers.
fn is_blank_mark(c: char) -> bool {
    matches!(c,
        '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200C}' | '\u{200D}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FFA0}'
        | '\u{E0100}'..='\u{E01EF}')
}

/// The one line that a single-line field takes from a paste: the first that is not blank.
#[must_use]
pub fn first_line(text: &str) -> &str {
    text.split(['\n', '\r'])
        .map(trim_input)
        .find(|line| !line.is_empty())
        .unwrap_or("")
}

/// Display width in terminal cells, counted by grapheme as the drawing library does.
#[must_use]
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.bytes().filter(|b| !b.is_ascii_control()).count();
    }
    text.graphemes(true).map(taken_by).sum()
}

/// The cells of a grapheme. The drawing library leaves out what holds a control character.
fn taken_by(grapheme: &str) -> usize {
    if grapheme.contains(char::is_control) {
        0
    } else {
        grapheme.width()
    }
}

/// Cuts text to at most `cells` cells on a grapheme edge, ending in `ellipsis` where something was
/// cut. An ellipsis wider than the room is left out.
#[must_use]
pub fn truncate<'a>(text: &'a str, cells: usize, ellipsis: &str) -> Cow<'a, str> {
    if head(text, cells).len() == text.len() {
        return Cow::Borrowed(text);
    }
    let ellipsis = if width(ellipsis) <= cells {
        ellipsis
    } else {
        ""
    };
    let kept = head(text, cells - width(ellipsis));
    Cow::Owned([kept, ellipsis].concat())
}

/// As much of the start of a text as fits into `cells` cells. Looks at no more of it than that.
fn head(text: &str, cells: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += taken_by(grapheme);
        if used > cells {
            return &text[..at];
        }
    }
    text
}

/// The cells at the end of a line that are worth beginning a very long word in.
const WORTHWHILE: usize = 12;

/// Breaks clean text into lines of at most `cells` cells, between words where that is possible.
/// Never gives no line.
#[must_use]
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
            // It has to be cut anyway, so the rest of this line is used first.
            let piece = head(word, cells - used - gap);
            line.extend(std::iter::repeat_n(' ', gap));
            line.push_str(piece);
            word = &word[piece.len()..];
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        line = break_word(word, cells, &mut lines);
        used = width(&line);
    }
    lines.push(line);
    lines
}

/// Cuts a word that is wider than a line; what is left over starts the next line.
fn break_word(word: &str, cells: usize, lines: &mut Vec<String>) -> String {
    let mut rest = word;
    loop {
        let piece = head(rest, cells);
        if piece.len() == rest.len() {
            return rest.to_owned();
        }
        if piece.is_empty() {
            // Not even one character fits.
            return String::new();
        }
        lines.push(piece.to_owned());
        rest = &rest[piece.len()..];
    }
}

/// Truncates or pads with spaces to exactly `cells` cells.
#[must_use]
pub fn fit(text: &str, cells: usize, ellipsis: &str) -> String {
    let mut fitted = truncate(text, cells, ellipsis).into_owned();
    let missing = cells.saturating_sub(width(&fitted));
    fitted.extend(std::iter::repeat_n(' ', missing));
    fitted
}

/// Shortens an identifier in the middle, `4f1b…9c2e`, so that both ends can be compared.
#[must_use]
pub fn abbreviate(id: &str, ellipsis: &str) -> String {
    let characters: Vec<char> = id.chars().collect();
    if characters.len() <= 12 {
        return id.to_owned();
    }
    let head: String = characters[..4].iter().collect();
    let tail: String = characters[characters.len() - 4..].iter().collect();
    format!("{head}{ellipsis}{tail}")
}
