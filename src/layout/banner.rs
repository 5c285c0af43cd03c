//! The error banner: how its sentences and keys wrap into the few rows it gets.

use super::glyphs::Glyphs;
use crate::action::{Action, Context};
use crate::domain::text;
use crate::keymap::Keymap;

/// The cells before the text.
pub const INDENT: usize = 3;

/// A key, and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHint {
    pub key: String,
    pub label: &'static str,
}

/// What to say about an error. Untrusted text.
#[derive(Debug, Clone, Copy)]
pub struct BannerText<'a> {
    pub headline: &'a str,
    pub hint: &'a str,
    /// How often the error occurred in a row.
    pub count: usize,
    /// How many failures it holds beyond the first.
    pub more: usize,
}

/// The keys that a banner offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BannerKeys {
    /// In a text field, the key that leaves it: letters are letters there.
    pub leave: Option<String>,
    /// Sets to choose from, fullest first; the last contains only the key to the details.
    pub sets: Vec<Vec<KeyHint>>,
    /// The set that the text leaves room for.
    reserved: usize,
}

impl BannerKeys {
    /// The keys for an error in a context: to its details, and those that may help.
    #[must_use]
    pub fn new(keymap: &Keymap, context: Context, can_reenter: bool, can_list: bool) -> Self {
        let place = if context.is_text() {
            Context::Commands
        } else {
            context
        };
        let hint = |action, label| {
            let key = keymap.key_for(place, action)?;
            Some(KeyHint { key, label })
        };
        let details = hint(Action::ErrorDetails, "details");
        let set = |other| details.iter().cloned().chain(other).collect::<Vec<_>>();
        let mut sets = Vec::new();
        if can_reenter {
            for label in ["re-enter credential", "re-enter"] {
                sets.push(set(hint(Action::ReenterCredential, label)));
            }
        }
        let shortest_reentry = sets.len().checked_sub(1);
        if can_list {
            sets.push(set(hint(Action::Browse, "list by its name")));
        }
        sets.push(set(None));
        Self {
            leave: keymap
                .key_for(context, Action::Back)
                .filter(|_| context.is_text()),
            reserved: shortest_reentry.unwrap_or(sets.len() - 1),
            sets,
        }
    }

    /// The cells of a set, with the space after it: `Esc then e details  a re-enter `.
    #[must_use]
    pub fn width(&self, set: &[KeyHint]) -> usize {
        let leave = self
            .leave
            .as_ref()
            .map_or(0, |key| text::width(key) + " then ".len());
        let hints = set
            .iter()
            .map(|hint| text::width(&hint.key) + 1 + hint.label.len() + 2);
        match hints.sum() {
            0 => 0,
            hints => leave + hints - 1,
        }
    }
}

/// A banner in lines that fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BannerLines {
    pub headline: Vec<String>,
    /// `×3`, which ends the headline; empty for an error that occurred once.
    pub count: String,
    pub hint: Vec<String>,
}

impl BannerLines {
    /// How many rows they take.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.headline.len() + self.hint.len()
    }
}

/// Wraps a banner for a terminal of the given size. Account and zone IDs are shortened where that
/// saves a line: the header shows them too. The last line of headline or hint leaves room for the
/// keys. Several failures get two lines more each, up to a third of the terminal.
#[must_use]
pub fn fit_banner(
    text: BannerText<'_>,
    (width, height): (u16, u16),
    keys: &BannerKeys,
    glyphs: &Glyphs,
) -> BannerLines {
    let columns = usize::from(width).saturating_sub(INDENT + 1);
    let most = match height {
        0..14 => 3,
        14..24 => 4,
        _ => 5,
    };
    let most = (most + 2 * text.more).min(most.max(usize::from(height) / 3));
    let count = match text.count {
        0 | 1 => String::new(),
        count => format!("{}{count}", glyphs.times),
    };
    let sentence = match count.as_str() {
        "" => glyphs.clean(text.headline).into_owned(),
        count => format!("{} {count}", glyphs.clean(text.headline)),
    };
    let whole = text::wrap(&sentence, columns);
    let short = text::wrap(&with_short_ids(&sentence, glyphs.ellipsis), columns);
    let headline = if short.len() < whole.len() {
        short
    } else {
        whole
    };
    let mut headline = at_most(headline, most - 1);
    let mut hint = text::wrap(&glyphs.clean(text.hint), columns);
    let reserved = keys.width(&keys.sets[keys.reserved]);
    let has_room = |line: Option<&String>, gap| {
        line.is_some_and(|line| text::width(line) + gap + reserved <= columns)
    };
    if !has_room(headline.last(), 0) && !has_room(hint.last(), 1) {
        hint.push(String::new());
    }
    let hint = at_most(hint, most - headline.len());
    if let Some(last) = headline.last_mut() {
        last.truncate(last.len() - count.len());
    }
    BannerLines {
        headline,
        count,
        hint,
    }
}

/// The first lines; what would follow ends the last one, to be cut when drawn.
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
