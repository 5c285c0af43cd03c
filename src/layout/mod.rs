//! Which parts a screen has at a given size, how many rows each gets, and how text wraps.
//!
//! Both `update` and the views use it, so nothing scrolls past its last drawn row, and no height is
//! computed twice.

#![deny(clippy::wildcard_enum_match_arm)]

pub mod glyphs;

use crate::action::{Action, Context};
use crate::domain::text;
use crate::keymap::Keymap;
use crate::theme::Role;
use glyphs::Glyphs;

/// The smallest terminal that screens are drawn on, in cells.
pub const SMALLEST: (u16, u16) = (40, 10);

/// From this width on, in cells, panels are placed side by side, and the countdown may be large.
pub const WIDE: u16 = 100;

/// From this width on, in cells, overlays leave a margin.
const ROOMY: u16 = 72;

/// The size of the body, between the header and the banner, on a terminal of the given size.
#[must_use]
pub fn body((width, height): (u16, u16), banner_rows: u16) -> (u16, u16) {
    (width, height.saturating_sub(2).saturating_sub(banner_rows))
}

/// The size of an overlay with a maximum size: has margins at its sides if the body is wide enough.
#[must_use]
pub fn overlay(body: (u16, u16), columns: u16, rows: u16) -> (u16, u16) {
    let margin = if body.0 >= ROOMY { 4 } else { 0 };
    (columns.min(body.0 - margin), rows.min(body.1))
}

/// The first row of a list to show so that the selected one is in its middle.
#[must_use]
pub fn first_row_centred(selected: usize, total: usize, rows: usize) -> usize {
    let last = total.saturating_sub(rows);
    selected.saturating_sub(rows / 2).min(last)
}

/// The first row of a list to show: as before, unless the selected one would be out of view, or
/// rows would stay empty below.
#[must_use]
pub fn first_row_kept(top: usize, selected: usize, total: usize, rows: usize) -> usize {
    // Counts the selected row even if no row fits.
    let rows = rows.max(1);
    top.clamp((selected + 1).saturating_sub(rows), selected)
        .min(total.saturating_sub(rows))
}

/// Wraps clean text: each line keeps the text's own indent, those after the first get two more.
#[must_use]
pub fn hanging(text: &str, columns: usize) -> Vec<String> {
    let body = text.trim_start_matches(' ');
    let indent = (text.len() - body.len()).min(columns / 2);
    text::wrap(body, columns.saturating_sub(indent + 2))
        .into_iter()
        .enumerate()
        .map(|(at, line)| format!("{:1$}{line}", "", indent + 2 * usize::from(at > 0)))
        .collect()
}

/// The rows of the pane that shows every form of a field: a divider, the raw form, UTC, local
/// time, and the distance from now.
const PANE: usize = 5;

/// The rows that the table of fields gets; the rest, if any, is the pane's.
#[must_use]
pub fn field_table(rows: usize, fields: usize) -> usize {
    if rows >= fields + PANE { fields } else { rows }
}

/// The rows of fields, and of findings below them and a divider. Fields can be scrolled and
/// findings cannot, so findings get up to half of the rows; but few rows are better spent on fields.
#[must_use]
pub fn fields_and_findings(rows: usize, fields: usize, findings: usize) -> (usize, usize) {
    if rows < 8 {
        return (rows, 0);
    }
    let left = (rows - 1).saturating_sub(fields);
    let for_findings = findings.min(left.max((rows - 1) / 2));
    let divider = usize::from(for_findings > 0);
    (rows - for_findings - divider, for_findings)
}

/// The rows of the lookup form, which keeps those that are not blank; the recent lookups get
/// the rest.
#[must_use]
pub fn lookup_form(rows: usize, form: usize, recents: usize) -> usize {
    let for_recents = (recents + 1).min(rows.saturating_sub(form.min(6))).max(2);
    form.min(rows.saturating_sub(for_recents))
}

/// The rows of the facts about the selected profile, with the divider above them.
pub const PROFILE_FACTS: usize = 5;

/// The rows of the list of profiles; the rest, if any, is for the facts about the selected one.
#[must_use]
pub fn profile_list(rows: usize) -> usize {
    if rows >= PROFILE_FACTS + 4 {
        rows - PROFILE_FACTS
    } else {
        rows
    }
}

/// The rows of the list of accounts and zones, with the filter above them: at least a few, even
/// if the remarks below are cut.
#[must_use]
pub fn picker_list(total: usize, rows: usize, remarks: usize) -> usize {
    const MOST: usize = 16;
    const LEAST: usize = 4;
    let wanted = if total > 0 { 1 + total.min(MOST) } else { 0 };
    let left = rows.saturating_sub(remarks);
    wanted.min(left.max(wanted.min(LEAST))).min(rows)
}

/// Text in the style of a role, or body text.
pub type Styled = (Option<Role>, String);

/// A line of text, clean and cut to the box's width.
pub type TextLine = Vec<Styled>;

/// The width of a line, in cells.
#[must_use]
pub fn line_width(line: &[Styled]) -> usize {
    line.iter().map(|(_, text)| text::width(text)).sum()
}

/// A box of text over the body: its lines, and its size with the frame, as large as the lines or
/// the body. Lines that do not fit are scrolled to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextBox {
    pub lines: Vec<TextLine>,
    pub columns: u16,
    pub rows: u16,
}

impl TextBox {
    /// A box of a width, and of at most a height.
    #[must_use]
    pub fn new((columns, most): (u16, u16), lines: Vec<TextLine>) -> Self {
        let wanted = u16::try_from(lines.len().saturating_add(2)).unwrap_or(u16::MAX);
        Self {
            lines,
            columns,
            rows: wanted.min(most),
        }
    }

    /// The number of visible lines.
    #[must_use]
    pub fn page(&self) -> usize {
        usize::from(self.rows.saturating_sub(2))
    }

    /// The first visible line when scrolled to the end.
    #[must_use]
    pub fn last_top(&self) -> usize {
        self.lines.len().saturating_sub(self.page())
    }
}

/// The cells before the text of the error banner.
pub const BANNER_INDENT: usize = 3;

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
    let columns = usize::from(width).saturating_sub(BANNER_INDENT + 1);
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
