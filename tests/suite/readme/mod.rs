//! The README: every command line in it runs, prints what it says, and its tables are those of the code.

mod commands;
mod settings;

use std::collections::BTreeSet;
use std::path::Path;

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

/// The name that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let kept: String = heading.to_lowercase().chars().filter(is_kept).collect();
    kept.replace(' ', "-")
}

#[test]
fn every_link_of_the_readme_leads_somewhere() {
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
            // Of the repository, wherever it is.
            None if target == "../../releases" => true,
            None => Path::new(env!("CARGO_MANIFEST_DIR")).join(target).exists(),
        };
        assert!(exists, "{target}");
        count += 1;
    }
    assert!(count > 20, "only {count} links were found");
}
