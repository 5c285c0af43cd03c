//! Which known word a word with a typing mistake may stand for.

/// The known words that one with a typing mistake may stand for, the likeliest first.
#[must_use]
pub(super) fn similar<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    /// As the library of the grammar has it for options and values.
    const ALIKE: f64 = 0.7;
    let word = word.to_ascii_lowercase();
    let mut found: Vec<(f64, &str)> = known
        .map(|known| (strsim::jaro(&word, known), known))
        .filter(|(alike, _)| *alike > ALIKE)
        .collect();
    found.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    found.into_iter().map(|(_, known)| known.to_owned()).collect()
}
