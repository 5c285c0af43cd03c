//! The README: every command line in it runs, prints what it says, and its tables are those of the code.

mod commands;
mod settings;

pub(crate) const README: &str = include_str!("../../../README.md");

/// What stands between two markers of the README.
pub(crate) fn between(start: &str, end: &str) -> &'static str {
    let (_, rest) = README.split_once(start).unwrap();
    rest.split_once(end).unwrap().0
}

/// The blocks of code of a language, in their order.
pub(crate) fn blocks(language: &str) -> impl Iterator<Item = &'static str> {
    blocks_in(README, language)
}

/// The blocks of code of a language in a part of the README, in their order.
pub(crate) fn blocks_in(part: &'static str, language: &str) -> impl Iterator<Item = &'static str> {
    let mut rest = part;
    let fence = format!("```{language}\n");
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(&fence)?;
        let (block, after) = after.split_once("```\n")?;
        rest = after;
        Some(block)
    })
}
