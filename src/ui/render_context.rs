//! What drawing needs besides the state: keys, styles, glyphs, and the local time zone.
//!
//! All text on screen is made into spans here, so that untrusted text cannot get past the
//! cleaning. Not here: where anything goes.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset, Utc};
use ratatui::style::Style;
use ratatui::text::Span;

use crate::domain::text;
use crate::keymap::Keymap;
use crate::theme::{Role, Theme};

/// What drawing needs besides the state.
#[derive(Debug, Clone, Copy)]
pub struct RenderContext<'a> {
    /// The keys that footer, help and hints name.
    pub keymap: &'a Keymap,
    /// The styles.
    pub theme: &'a Theme,
    /// Whether to draw with ASCII only.
    pub ascii: bool,
    /// The local time at an instant.
    pub local: fn(DateTime<Utc>) -> DateTime<FixedOffset>,
}

/// The bytes of one piece of text that are drawn at most.
const LONGEST: usize = 16 * 1024;

/// The signs that we draw with.
#[derive(Debug)]
pub(crate) struct Glyphs {
    pub(crate) ellipsis: &'static str,
    /// Stands between facts on one line.
    pub(crate) dot: &'static str,
    pub(crate) times: &'static str,
    /// Stands behind the column that rows are sorted by: up where less comes first, else down.
    pub(crate) arrows: [&'static str; 2],
    /// Stands before the row with the focus.
    pub(crate) marker: &'static str,
    /// Stands before a field that the last fetch changed.
    pub(crate) changed: &'static str,
    pub(crate) info: &'static str,
    pub(crate) warning: &'static str,
    pub(crate) critical: &'static str,
    /// What a secret is shown as, whatever its length.
    pub(crate) mask: &'static str,
    pub(crate) bar_done: &'static str,
    pub(crate) bar_half: &'static str,
    pub(crate) bar_left: &'static str,
    pub(crate) spinner: &'static [&'static str],
    pub(crate) horizontal: &'static str,
    pub(crate) vertical: &'static str,
    /// Top left, top right, bottom left, bottom right.
    pub(crate) corners: [&'static str; 4],
    /// Where a line meets the frame: at its left, right, top, bottom.
    pub(crate) tees: [&'static str; 4],
}

const UNICODE: Glyphs = Glyphs {
    ellipsis: "…",
    dot: " · ",
    times: "×",
    arrows: ["↑", "↓"],
    marker: "›",
    changed: "Δ",
    info: "●",
    warning: "▲",
    critical: "✖",
    mask: "••••••••",
    bar_done: "━",
    bar_half: "╸",
    bar_left: "─",
    spinner: &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
    horizontal: "─",
    vertical: "│",
    corners: ["╭", "╮", "╰", "╯"],
    tees: ["├", "┤", "┬", "┴"],
};

const ASCII: Glyphs = Glyphs {
    ellipsis: "...",
    dot: " - ",
    times: "x",
    arrows: ["^", "v"],
    marker: ">",
    changed: "~",
    info: "*",
    warning: "!",
    critical: "X",
    mask: "********",
    bar_done: "#",
    bar_half: "#",
    bar_left: "-",
    spinner: &["|", "/", "-", "\\"],
    horizontal: "-",
    vertical: "|",
    corners: ["+", "+", "+", "+"],
    tees: ["+", "+", "+", "+"],
};

impl RenderContext<'_> {
    pub(crate) fn glyphs(&self) -> &'static Glyphs {
        if self.ascii { &ASCII } else { &UNICODE }
    }

    pub(crate) fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// Text that may stand on this screen: without control characters and, where only ASCII can be
    /// shown, without anything else. Nothing is longer than a screen could show, so that no frame
    /// costs more than that, whatever an answer holds.
    pub(crate) fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let start = text::start(text, LONGEST);
        let mut clean = text::sanitize(start);
        if start.len() < text.len() {
            clean.to_mut().push('…');
        }
        if !self.ascii || clean.is_ascii() {
            return clean;
        }
        let mut plain = String::with_capacity(clean.len());
        for c in clean.chars() {
            match c {
                c if c.is_ascii() => plain.push(c),
                '…' => plain.push_str("..."),
                '·' | '–' | '—' => plain.push('-'),
                '×' => plain.push('x'),
                '‹' => plain.push('<'),
                '›' => plain.push('>'),
                'µ' => plain.push('u'),
                _ => plain.push('?'),
            }
        }
        Cow::Owned(plain)
    }

    /// A piece of text in the style of a role.
    pub(crate) fn span(&self, role: Role, text: &str) -> Span<'static> {
        Span::styled(self.clean(text).into_owned(), self.style(role))
    }

    /// A piece of body text.
    pub(crate) fn plain(&self, text: &str) -> Span<'static> {
        Span::raw(self.clean(text).into_owned())
    }

    /// An identifier shortened in the middle.
    pub(crate) fn abbreviate(&self, id: &str) -> String {
        text::abbreviate(id, self.glyphs().ellipsis)
    }
}
