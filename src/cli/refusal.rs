//! A command line that cannot be used; also help and version, which come the same way.
//!
//! Not here: what is wrong with a line that the grammar lets through.

use std::borrow::Cow;
use std::io::{self, Write};

use chrono::{DateTime, Utc};
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::line::Line;
use super::telling::Telling;
use crate::credentials::Environment;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::secrecy::{misplaced, scrub};
use crate::domain::text;

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
    tame(&mut error);
    if telling.is_text() && command != Some("check") {
        let said = error.to_string();
        // What is printed as it is may be coloured.
        let _closed = match scrub(&said) {
            Cow::Borrowed(_) => error.print(),
            Cow::Owned(clean) => io::stderr().write_all(clean.as_bytes()),
        };
        return 64;
    }
    telling.tell(&failure(&error), None)
}

/// Refuses a line that holds a credential of the environment, and gives its exit code.
#[must_use]
pub fn refuse_secret(
    words: &[String],
    environment: &Environment,
    clock: fn() -> DateTime<Utc>,
) -> Option<u8> {
    if !words.iter().any(|word| environment.is_secret_in(word)) {
        return None;
    }
    let line = Line::read(words.iter().map(String::as_str));
    let command = line.path.first().map(String::as_str);
    let telling = Telling::of_words(command, line.output.as_deref(), clock);
    Some(telling.tell(&misplaced(), None))
}

/// Cuts what is repeated of a line that somebody pasted a whole file into, and takes out secrets and
/// what a terminal would act on.
fn tame(error: &mut clap::Error) {
    const LONGEST: usize = 80;
    let tamed: Vec<_> = error
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(word) => {
                let hidden = scrub(word);
                let clean = text::sanitize(&hidden);
                let cut = text::truncate(&clean, LONGEST, "...");
                (cut != *word).then(|| (kind, ContextValue::String(cut.into_owned())))
            }
            _ => None,
        })
        .collect();
    if !tamed.is_empty() {
        error.remove(ContextKind::Suggested);
    }
    for (kind, word) in tamed {
        error.insert(kind, word);
    }
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
