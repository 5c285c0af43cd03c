//! Banned names: private words with a usual equivalent, common nouns as types, and names with two
//! meanings.

use super::source::File;

/// Modules, by the end of their path.
const MODULES: &[&str] = &[
    "alarm",
    "browse_table",
    "browsing",
    "card",
    "cases",
    "coding",
    "core_file",
    "desk",
    "exchange",
    "tui::fault",
    "fetching",
    "found",
    "ground",
    "inspector",
    "line",
    "lists",
    "look",
    "looks",
    "perform",
    "piece",
    "refusal",
    "roots",
    "secrecy",
    "setup_fill",
    "setup_parts",
    "step",
    "summary",
    "switching",
    "telling",
    "timing",
    "vault",
    "world",
    "cli::output::setup",
    "api::setup",
    "demo::answers",
];

/// Types, functions and fields.
const ITEMS: &[&str] = &[
    "Arrived",
    "Asker",
    "Basis",
    "Call",
    "Checkup",
    "Claim",
    "Course",
    "Cut",
    "Desk",
    "Entry",
    "Facts",
    "Ground",
    "Head",
    "Inspector",
    "Judgement",
    "Launch",
    "Line",
    "Look",
    "Moment",
    "Next",
    "Odd",
    "Parts",
    "Patience",
    "Piece",
    "Reach",
    "Seat",
    "Selection",
    "Sheet",
    "Sources",
    "Step",
    "TELLING",
    "Telling",
    "Vault",
    "Wire",
    "Wishes",
    "World",
    "advise",
    "age_step",
    "complaints",
    "doomed",
    "forbid",
    "haystacks",
    "is_usual",
    "on_line",
    "pacemaker",
    "settle_time",
    "sit_down",
    "telling_part",
    "vacate",
    "visitors",
    "welcome",
];

/// Words that do not appear in the docs of `lib.rs`.
const WORDS: &[&str] = &["room", "rooms", "floor", "floors"];

/// The banned names in a file.
pub(crate) fn banned(file: &File) -> Vec<String> {
    let path = file.module.join("::");
    let is_end = |name: &&&str| {
        path.strip_suffix(**name)
            .is_some_and(|before| before.is_empty() || before.ends_with("::"))
    };
    let modules = MODULES.iter().filter(is_end).copied();
    let items = ITEMS
        .iter()
        .filter(|name| file.defined.contains(**name))
        .copied();
    let words = WORDS
        .iter()
        .filter(|word| file.module.is_empty() && file.words.contains(**word));
    modules
        .chain(items)
        .chain(words.copied())
        .map(str::to_owned)
        .collect()
}
