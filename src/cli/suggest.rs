//! Which known word a word with a typing mistake may stand for.

/// The known words that one with a typing mistake may stand for, the likeliest first.
#[must_use]
pub(super) fn similar<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let word = word.to_lowercase();
    // One mistake in three letters; more makes another word of it.
    let most = (word.chars().count() / 3).max(1);
    let mut found: Vec<(usize, &str)> = known
        .map(|known| (strsim::osa_distance(&word, known), known))
        .filter(|(mistakes, _)| *mistakes <= most)
        .collect();
    found.sort_by_key(|(mistakes, _)| *mistakes);
    found
        .into_iter()
        .map(|(_, known)| known.to_owned())
        .collect()
}
