//! The last error in a few lines: how many rows it gets, and what is left out where it gets few.
//!
//! Not here: its colours, and the keys that help (`ui::banner`).

use crate::domain::text;

/// The cells before the text of the banner.
pub const INDENT: usize = 3;

/// What is said of an error, in lines that fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What happened.
    pub headline: Vec<String>,
    /// What to do.
    pub hint: Vec<String>,
}

/// Breaks what is said of an error, clean text, into the lines that it gets on a terminal of a size,
/// with some cells left at the end of headline or hint for the way to the details. An account's or
/// zone's ID is shortened where that saves a line: the header shows it as well. What holds more
/// failures than one gets two lines for each of them, up to a third of the terminal.
#[must_use]
pub fn fit_banner(
    headline: &str,
    hint: &str,
    (width, height): (u16, u16),
    keys: usize,
    more: usize,
    ellipsis: &str,
) -> Told {
    let columns = usize::from(width).saturating_sub(INDENT + 1);
    let most = match height {
        0..14 => 3,
        14..24 => 4,
        _ => 5,
    };
    let most = (most + 2 * more).min(most.max(usize::from(height) / 3));
    let whole = text::wrap(headline, columns);
    let short = text::wrap(&with_short_ids(headline, ellipsis), columns);
    let headline = if short.len() < whole.len() {
        short
    } else {
        whole
    };
    let headline = at_most(headline, most - 1);
    let has_room = |line: &String| text::width(line) + keys <= columns;
    let placeholder = if headline.last().is_some_and(has_room) {
        String::new()
    } else {
        format!(" {}", "_".repeat(keys))
    };
    let mut hint = text::wrap(&format!("{hint}{placeholder}"), columns);
    if let Some(last) = hint.last_mut() {
        *last = last.trim_end_matches('_').trim_end().to_owned();
    }
    let hint = at_most(hint, most - headline.len());
    Told { headline, hint }
}

/// The first lines; what there is beyond them is put at the end of the last one, to be cut there.
fn at_most(mut lines: Vec<String>, most: usize) -> Vec<String> {
    if lines.len() > most {
        let rest = lines.split_off(most.saturating_sub(1)).join(" ");
        lines.push(rest);
    }
    lines
}

fn with_short_ids(sentence: &str, ellipsis: &str) -> String {
    let words = sentence.split(' ').map(|word| {
        let id = word.trim_end_matches(|c: char| c.is_ascii_punctuation());
        let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        match word.strip_prefix(id) {
            Some(rest) if is_id => text::abbreviate(id, ellipsis) + rest,
            _ => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}
