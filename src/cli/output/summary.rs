//! What a check says for people: the line that monitoring shows, then a row a token.
//!
//! Not here: the verdict itself (`verdict`).

use std::fmt::Write as _;
use std::io::{self, Write};

use super::card;
use super::table::{self, Style};
use super::{Judgement, rfc3339};
use crate::cli::verdict::{Checkup, Entry, Verdict};
use crate::domain::duration::rough;
use crate::domain::status::Tone;
use crate::domain::text;

/// Prints a check.
///
/// # Errors
/// The writer's.
pub fn checkup(out: &mut impl Write, checkup: &Checkup, style: Style) -> io::Result<()> {
    let verdict = checkup.verdict();
    let word = verdict.code().to_ascii_uppercase();
    let said = text::sanitize(&sentence(checkup, verdict)).into_owned();
    let shown = match style.width {
        Some(width) => card::wrapped(&format!("{word}: {said}"), width).join("\n"),
        None => format!("{word}: {said}"),
    };
    match shown.strip_prefix(&word) {
        Some(rest) if style.colored => {
            writeln!(out, "{}{rest}", table::colored(&word, tone(verdict)))?;
        }
        _ => writeln!(out, "{shown}")?,
    }
    table::entries(out, &checkup.entries, checkup.by, style)?;
    // Beside the rows there is no room for a sentence on a terminal.
    let Some(width) = style.width else {
        return Ok(());
    };
    for entry in &checkup.entries {
        if let Err(failure) = &entry.subject {
            let line = format!("{}: {}", entry.name(), failure.summary);
            for part in card::wrapped(&text::sanitize(&line), width) {
                writeln!(out, "{part}")?;
            }
        }
    }
    Ok(())
}

fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Ok => Tone::Calm,
        Verdict::Warning | Verdict::Unknown => Tone::Warning,
        Verdict::Critical => Tone::Critical,
    }
}

fn sentence(checkup: &Checkup, verdict: Verdict) -> String {
    if let Some(failure) = &checkup.error {
        return failure.summary.clone();
    }
    let all = checkup.entries.len();
    let at = |level: Verdict| {
        let entries = checkup.entries.iter();
        entries
            .filter(|entry| checkup.verdict_on(entry) == level)
            .count()
    };
    let tokens = if all == 1 { "token" } else { "tokens" };
    let mut said = match verdict {
        Verdict::Critical => format!(
            "{} of {all} {tokens} expired, disabled or about to expire",
            at(Verdict::Critical)
        ),
        Verdict::Warning => format!("{} of {all} {tokens} expiring", at(Verdict::Warning)),
        Verdict::Unknown if at(Verdict::Unknown) > 0 => format!(
            "{} of {all} {tokens} cannot be judged",
            at(Verdict::Unknown)
        ),
        Verdict::Ok if checkup.read > 0 && all == 0 => {
            "every token is ignored or excluded".to_owned()
        }
        Verdict::Unknown | Verdict::Ok if checkup.read == 0 => {
            "there is no service token".to_owned()
        }
        Verdict::Unknown | Verdict::Ok => format!("{all} {tokens}, none that needs attention"),
    };
    if let Some(next) = next_to_end(checkup, verdict) {
        said.push_str(&next);
    }
    if let Some(why) = &checkup.incomplete {
        let _infallible = write!(said, "; the list is incomplete: {why}");
    }
    said
}

/// The first token that the verdict is about and that has an end: name, ID, days left, instant.
fn next_to_end(checkup: &Checkup, verdict: Verdict) -> Option<String> {
    let entry = checkup
        .entries
        .iter()
        .find(|entry| checkup.verdict_on(entry) == verdict && entry.life().end().is_some())?;
    Some(format!("; {}", term(entry, checkup.by)?))
}

fn term(entry: &Entry, by: Judgement) -> Option<String> {
    let end = entry.life().end()?;
    let away = end.signed_duration_since(by.now);
    let when = if end <= by.now {
        format!("expired {} ago, at", rough(-away))
    } else {
        format!("has {} left, until", rough(away))
    };
    let (name, id) = (entry.name(), entry.id());
    Some(format!("{name} ({id}) {when} {}", rfc3339(end)))
}
