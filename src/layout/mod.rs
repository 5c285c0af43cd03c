//! Which parts a screen has at a given size, how many rows each gets, and how text wraps.
//!
//! Both `update` and the views use it, so nothing scrolls past its last drawn row, and no height is
//! computed twice.

#![deny(clippy::wildcard_enum_match_arm)]

pub mod advice;
pub mod detail;
pub mod find;
pub mod glyphs;
pub mod token_columns;
pub mod uses;

use std::iter;

use crate::action::{Action, Context};
use crate::domain::failure::FailureKind;
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
pub fn body((width, height): (u16, u16), banner_rows: u16) -> (u16, u16) {
    (width, height.saturating_sub(2).saturating_sub(banner_rows))
}

/// The size of an overlay with a maximum size: has margins at its sides if the body is wide enough.
pub fn overlay(body: (u16, u16), columns: u16, rows: u16) -> (u16, u16) {
    let margin = if body.0 >= ROOMY { 4 } else { 0 };
    (columns.min(body.0 - margin), rows.min(body.1))
}

/// The size of the choice between tokens of the same name.
pub fn choice(body: (u16, u16), tokens: usize) -> (u16, u16) {
    let rows = u16::try_from(tokens.saturating_add(2)).unwrap_or(u16::MAX);
    overlay(body, 96, rows.max(4))
}

/// The first row of a list to show so that the selected one is in its middle.
pub fn first_row_centred(selected: usize, total: usize, rows: usize) -> usize {
    let last = total.saturating_sub(rows);
    selected.saturating_sub(rows / 2).min(last)
}

/// The first row of a list to show: as before, unless the selected one would be out of view, or
/// rows would stay empty below.
pub fn first_row_kept(top: usize, selected: usize, total: usize, rows: usize) -> usize {
    // Counts the selected row even if no row fits.
    let rows = rows.max(1);
    top.clamp((selected + 1).saturating_sub(rows), selected)
        .min(total.saturating_sub(rows))
}

/// The next of some ascending places after one, or the previous one, wrapping around; the first without
/// one to start from.
pub fn next_place(places: &[usize], from: Option<usize>, forward: bool) -> Option<usize> {
    let next = match from {
        None => places.first(),
        Some(from) if forward => places.iter().find(|it| **it > from).or(places.first()),
        Some(from) => places.iter().rfind(|it| **it < from).or(places.last()),
    };
    next.copied()
}

/// Wraps clean text: each line keeps the text's own indent, those after the first get two more.
pub fn hanging(text: &str, columns: usize) -> Vec<String> {
    let body = text.trim_start_matches(' ');
    let indent = (text.len() - body.len()).min(columns / 2);
    text::wrap(body, columns.saturating_sub(indent + 2))
        .into_iter()
        .enumerate()
        .map(|(at, line)| format!("{:1$}{line}", "", indent + 2 * usize::from(at > 0)))
        .collect()
}

/// The rows of the facts about the selected profile, with the divider above them.
pub const PROFILE_FACTS: usize = 6;

/// The rows of the list of profiles; the rest, if any, is for the facts about the selected one.
pub fn profile_list(rows: usize) -> usize {
    const LEAST: usize = 4;
    let facts = PROFILE_FACTS.min(rows.saturating_sub(LEAST));
    if facts + 1 >= PROFILE_FACTS {
        rows - facts
    } else {
        rows
    }
}

/// The rows of the list of accounts and zones, with the filter above them: at least a few of those
/// that match, even if the remarks below are cut. An ID typed there takes two.
pub fn picker_list(total: usize, matching: usize, rows: usize, remarks: usize) -> usize {
    const MOST: usize = 16;
    const LEAST: usize = 3;
    let wanted = 1 + total.clamp(2, MOST);
    let left = rows.saturating_sub(remarks);
    let least = if total == 0 { matching } else { LEAST };
    wanted.min(left.max(wanted.min(1 + least))).min(rows)
}

/// Text in the style of a role, or body text.
pub type Styled = (Option<Role>, String);

/// A line of text, clean and cut to the box's width.
pub type TextLine = Vec<Styled>;

/// Wraps clean text beside a mark of one cell.
pub fn marked(
    (mark_role, mark): (Role, &str),
    role: Option<Role>,
    text: &str,
    columns: usize,
) -> Vec<TextLine> {
    beside((Some(mark_role), mark), 2, (role, text), columns)
}

/// Wraps clean text beside a lead that takes some cells.
pub fn beside(
    (lead_role, lead): (Option<Role>, &str),
    cells: usize,
    (role, text): (Option<Role>, &str),
    columns: usize,
) -> Vec<TextLine> {
    let lines = text::wrap(text, columns.saturating_sub(cells)).into_iter();
    let leads = iter::once(lead).chain(iter::repeat(""));
    let lines = lines.zip(leads);
    lines
        .map(|(line, lead)| vec![(lead_role, text::fit(lead, cells, "")), (role, line)])
        .collect()
}

/// Wraps clean text in the style of a role.
pub fn wrapped(role: Option<Role>, text: &str, columns: usize) -> Vec<TextLine> {
    let lines = text::wrap(text, columns).into_iter();
    lines.map(|line| vec![(role, line)]).collect()
}

/// The width of a line, in cells.
pub fn line_width(line: &[Styled]) -> usize {
    line.iter().map(|(_, text)| text::width(text)).sum()
}

/// How many halves of cells a bar fills, of a share between 0 and 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a few hundred cells"
)]
pub fn half_cells(share: f64, cells: usize) -> usize {
    (share * (cells * 2) as f64) as usize
}

/// The widest box of text, in cells.
const WIDEST_TEXT: u16 = 100;

/// A box of text over the body: its lines, and its size with the frame, as large as the lines or
/// the body. Lines that do not fit are scrolled to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextBox {
    pub lines: Vec<TextLine>,
    pub columns: u16,
    pub rows: u16,
}

impl TextBox {
    /// A box over a body, with lines wrapped to some columns.
    pub fn new(body: (u16, u16), lines: impl FnOnce(usize) -> Vec<TextLine>) -> Self {
        let (columns, most) = overlay(body, WIDEST_TEXT, u16::MAX);
        let lines = lines(usize::from(columns).saturating_sub(4));
        let wanted = u16::try_from(lines.len().saturating_add(2)).unwrap_or(u16::MAX);
        Self {
            lines,
            columns,
            rows: wanted.min(most),
        }
    }

    /// The number of visible lines.
    pub fn page(&self) -> usize {
        usize::from(self.rows.saturating_sub(2))
    }

    /// The first visible line when scrolled to the end.
    pub fn last_top(&self) -> usize {
        self.lines.len().saturating_sub(self.page())
    }
}

/// The cells before the text of the error banner.
const BANNER_INDENT: usize = 3;

/// The text of an error banner. Untrusted.
#[derive(Debug, Clone, Copy)]
pub struct BannerText<'a> {
    pub headline: &'a str,
    pub hint: &'a str,
    pub kind: FailureKind,
    /// Whether it is only a warning, after which everything goes on.
    pub is_warning: bool,
    /// How often the error occurred in a row.
    pub count: usize,
    /// How many failures it holds beyond the first.
    pub more: usize,
}

/// The keys that a banner may offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BannerKeys {
    /// Sets to choose from, fullest first; the last contains only the key to the details.
    sets: Vec<TextLine>,
    /// The set that the text leaves room for.
    reserved: usize,
}

impl BannerKeys {
    /// The keys for an error in a context: to its details, and those that may help. In a text field,
    /// where letters are letters, a key without one of its own follows the key that leaves the field.
    /// `reentry` has the labels for entering the credential again, the longest first.
    ///
    /// ```text
    /// e details  a re-enter
    /// F7 details  Esc then a re-enter
    /// ```
    pub fn new(keymap: &Keymap, context: Context, reentry: &[&str], can_list: bool) -> Self {
        let set = |more: Option<(Action, &str)>| {
            let mut line = TextLine::new();
            for (action, label) in iter::once((Action::ErrorDetails, "details")).chain(more) {
                let leave = || keymap.key_for(context, Action::Back);
                let (leave, key) = match keymap.key_for(context, action) {
                    Some(key) => (None, key),
                    None => match keymap.key_for(Context::Commands, action) {
                        Some(key) if context.is_text() => (leave(), key),
                        Some(_) | None => continue,
                    },
                };
                if !line.is_empty() {
                    line.push((None, "  ".to_owned()));
                }
                if let Some(leave) = leave {
                    line.push((Some(Role::Accent), leave));
                    line.push((Some(Role::Muted), " then ".to_owned()));
                }
                line.push((Some(Role::Accent), key));
                line.push((Some(Role::Muted), format!(" {label}")));
            }
            line.push((None, " ".to_owned()));
            line
        };
        let reenter = |label: &&str| set(Some((Action::ReenterCredential, *label)));
        let mut sets: Vec<_> = reentry.iter().map(reenter).collect();
        let shortest_reentry = sets.len().checked_sub(1);
        if can_list {
            sets.push(set(Some((Action::Browse, "list by its name"))));
        }
        sets.push(set(None));
        Self {
            reserved: shortest_reentry.unwrap_or(sets.len() - 1),
            sets,
        }
    }

    /// The largest set that covers no text, and the one of two lines that it fits on. The details
    /// contain the whole error, so their key matters more than the end of the last line.
    fn place(&self, lines: &[TextLine], places: [usize; 2], width: usize) -> (TextLine, usize) {
        let fits = |set: &TextLine, at: usize| {
            let used = lines.get(at).map_or(0, |line| line_width(line));
            line_width(set) + used + 2 <= width
        };
        let fitting = self.sets.iter().find_map(|set| {
            let at = places.into_iter().find(|at| fits(set, *at))?;
            Some((set.clone(), at))
        });
        let details = || self.sets.last().cloned().unwrap_or_default();
        let is_cut = lines
            .get(places[0])
            .is_some_and(|line| line_width(line) > width);
        if is_cut {
            return (details(), places[0]);
        }
        fitting.unwrap_or_else(|| (details(), places[0]))
    }
}

/// A banner in lines that fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BannerLines {
    pub lines: Vec<TextLine>,
    pub keys: TextLine,
    /// The line that ends in the keys.
    pub keys_at: usize,
}

/// Wraps a banner for a terminal of the given size. Account and zone IDs are shortened where that
/// saves a line: the header shows them too. The last line of headline or hint leaves room for the
/// keys. Several failures get two lines more each, up to a third of the terminal.
pub fn fit_banner(
    text: BannerText<'_>,
    (width, height): (u16, u16),
    keys: &BannerKeys,
    glyphs: &Glyphs,
) -> BannerLines {
    let columns = usize::from(width).saturating_sub(BANNER_INDENT + 1);
    let most = most_banner_rows(height, text.more);
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
    let reserved = line_width(&keys.sets[keys.reserved]);
    // With a gap in between.
    let has_room =
        |line: Option<&String>| line.is_some_and(|line| text::width(line) + reserved < columns);
    if !has_room(headline.last()) && !has_room(hint.last()) {
        hint.push(String::new());
    }
    let hint = at_most(hint, most - headline.len());
    // It is muted, unless the cut took it away.
    let count = match headline.last_mut() {
        Some(last) if last.ends_with(&count) => {
            last.truncate(last.len() - count.len());
            count
        }
        _ => String::new(),
    };
    let is_mild =
        text.is_warning || matches!(text.kind, FailureKind::RateLimited | FailureKind::Config);
    let (role, symbol) = if is_mild {
        (Role::Warning, glyphs.warning)
    } else {
        (Role::Critical, glyphs.critical)
    };
    let places = [headline.len() + hint.len() - 1, headline.len() - 1];
    let indented = |role, line| vec![(None, " ".repeat(BANNER_INDENT)), (role, line)];
    let strong = |line| indented(Some(Role::Strong), line);
    let mut lines: Vec<TextLine> = headline.into_iter().map(strong).collect();
    lines[places[1]].push((Some(Role::Muted), count));
    lines[0].splice(
        ..1,
        [
            (None, " ".to_owned()),
            (Some(role), symbol.to_owned()),
            (None, " ".to_owned()),
        ],
    );
    lines.extend(hint.into_iter().map(|line| indented(None, line)));
    let (keys, keys_at) = keys.place(&lines, places, usize::from(width));
    BannerLines {
        lines,
        keys,
        keys_at,
    }
}

fn most_banner_rows(height: u16, more_failures: usize) -> usize {
    let most = match height {
        0..14 => 3,
        14..24 => 4,
        _ => 5,
    };
    (most + 2 * more_failures).min(most.max(usize::from(height) / 3))
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
