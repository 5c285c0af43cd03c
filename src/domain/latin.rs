//! Text in ASCII: Latin letters without their accents.

use icu_normalizer::DecomposingNormalizerBorrowed;

use super::text;

/// The replacement for a letter or sign that does not decompose into a base and marks.
fn replacement(c: char) -> Option<&'static str> {
    Some(match c {
        '…' => "...",
        '·' | '–' | '—' | '‐' | '‑' | '−' => "-",
        '×' => "x",
        '‹' | '«' => "<",
        '›' | '»' => ">",
        '‘' | '’' | '‚' | '′' => "'",
        '“' | '”' | '„' | '″' => "\"",
        'µ' => "u",
        'ß' => "ss",
        'ẞ' => "SS",
        'æ' | 'ǽ' | 'ǣ' => "ae",
        'Æ' | 'Ǽ' | 'Ǣ' => "AE",
        'œ' => "oe",
        'Œ' => "OE",
        'ø' | 'ǿ' => "o",
        'Ø' | 'Ǿ' => "O",
        'ł' => "l",
        'Ł' => "L",
        'đ' | 'ð' => "d",
        'Đ' | 'Ð' => "D",
        'þ' => "th",
        'Þ' => "Th",
        'ħ' => "h",
        'Ħ' => "H",
        'ŧ' => "t",
        'Ŧ' => "T",
        'ŋ' => "n",
        'Ŋ' => "N",
        'ı' | 'ɨ' => "i",
        'ȷ' => "j",
        'ĸ' => "k",
        'ə' => "e",
        'Ə' => "E",
        'ƒ' => "f",
        _ => return None,
    })
}

/// A character in ASCII; `None` if it has no Latin base.
fn ascii(c: char) -> Option<String> {
    if c.is_ascii() {
        return Some(c.to_string());
    }
    if let Some(text) = replacement(c) {
        return Some(text.to_owned());
    }
    let normalizer = DecomposingNormalizerBorrowed::new_nfkd();
    let decomposed = normalizer.normalize_iter(std::iter::once(c));
    let base: String = decomposed.filter(|part| !text::is_mark(*part)).collect();
    base.is_ascii().then_some(base)
}

/// Text in ASCII, with a question mark for each character that has no Latin base.
pub fn to_ascii(text: &str) -> String {
    let characters = text.chars();
    let parts = characters.map(|c| ascii(c).unwrap_or_else(|| "?".to_owned()));
    parts.collect()
}

/// Whether every letter has a Latin base, so that the text can be read in ASCII.
pub fn is_latin(text: &str) -> bool {
    let mut letters = text.chars().filter(|c| c.is_alphanumeric());
    text.is_ascii() || letters.all(|c| ascii(c).is_some())
}
