//! The README: every command line runs and prints what is shown, and the tables match the code.

mod commands;
mod settings;

use std::collections::BTreeSet;
use std::path::Path;

pub(crate) const README: &str = include_str!("../../../README.md");

/// The text between two markers of the README.
pub(crate) fn between(start: &str, end: &str) -> &'static str {
    let (_, rest) = README.split_once(start).unwrap();
    rest.split_once(end).unwrap().0
}

/// The code blocks of a language, in order.
pub(crate) fn blocks(language: &str) -> impl Iterator<Item = &'static str> {
    blocks_in(README, language)
}

/// The code blocks of a language in a part of the README, in order.
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

/// The anchor that GitHub derives from a heading.
fn anchor(heading: &str) -> String {
    let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let kept: String = heading.to_lowercase().chars().filter(is_kept).collect();
    kept.replace(' ', "-")
}

#[test]
fn every_link_of_the_readme_has_a_target() {
    let headings = README.lines().filter_map(|line| line.split_once("# "));
    let headings = headings.filter(|(level, _)| level.chars().all(|c| c == '#'));
    let anchors: BTreeSet<String> = headings.map(|it| anchor(it.1)).collect();
    let mut count = 0;
    for link in README
        .split("](")
        .skip(1)
        .chain(README.split("src=\"").skip(1))
    {
        let target = link.split([')', '"']).next().unwrap();
        let exists = match target.strip_prefix('#') {
            Some(name) => anchors.contains(name),
            // A file of the repository, wherever that is hosted.
            None if target == "../../releases" => true,
            None => Path::new(env!("CARGO_MANIFEST_DIR")).join(target).exists(),
        };
        assert!(exists, "{target}");
        count += 1;
    }
    assert!(count > 20, "only {count} links were found");
}
