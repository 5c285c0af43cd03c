//! A command line that cannot be used; also help and version, which come the same way.
//!
//! Not here: what is wrong with a line that the grammar lets through.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::line::Line;
use super::telling::Telling;
use crate::domain::failure::{Failure, FailureKind};

/// Prints what the grammar says of a line, in the form that the line asks for, and gives its exit
/// code: monitoring must not take a typing mistake for a warning.
#[must_use]
pub fn refuse(mut error: clap::Error, words: &[String], clock: fn() -> DateTime<Utc>) -> u8 {
    let line = Line::read(words.iter().map(String::as_str));
    let command = line.path.first().map(String::as_str);
    let telling = Telling::of_words(command, line.output.as_deref(), clock);
    if !error.use_stderr() {
        let printed = error.print().and_then(|()| io::stdout().flush());
        return telling.delivered(printed).unwrap_or(0);
    }
    forget_strangers(&mut error);
    if telling.is_text() && command != Some("check") {
        let _closed = error.print();
        return 64;
    }
    telling.tell(&failure(&error), None)
}

/// A word that stands where none belongs may be a secret, and is not repeated. An option, and what
/// is almost a command, are typing mistakes.
fn forget_strangers(error: &mut clap::Error) {
    let is_option = matches!(
        error.get(ContextKind::InvalidArg),
        Some(ContextValue::String(word)) if word.starts_with('-')
    );
    if error.kind() == ErrorKind::UnknownArgument && !is_option {
        error.remove(ContextKind::InvalidArg);
        error.remove(ContextKind::Suggested);
    }
    if error.get(ContextKind::SuggestedSubcommand).is_none() {
        error.remove(ContextKind::InvalidSubcommand);
    }
}

/// The first paragraph of what the grammar says, as one sentence.
fn failure(error: &clap::Error) -> Failure {
    let text = error.to_string();
    let lines: Vec<&str> = text
        .lines()
        .take_while(|line| !line.is_empty())
        .map(str::trim)
        .collect();
    let summary = lines.join(" ");
    let summary = summary.trim_start_matches("error: ");
    Failure::new(FailureKind::Usage, summary, "See `tokenscope --help`.")
}
