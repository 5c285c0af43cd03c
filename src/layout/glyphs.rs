//! Drawing characters in Unicode and ASCII, and text reduced to displayable characters.

use std::borrow::Cow;

use crate::domain::{latin, text};

/// Maximum bytes drawn of one text: more than any screen can show. Bounds the cost of a frame,
/// whatever a response contains.
const LONGEST: usize = 16 * 1024;

/// The characters to draw with.
#[derive(Debug, PartialEq, Eq)]
pub struct Glyphs {
    pub is_ascii: bool,
    pub ellipsis: &'static str,
    /// Separates facts on one line.
    pub dot: &'static str,
    /// Leads from a screen to what it holds, in the header.
    pub crumb: &'static str,
    pub times: &'static str,
    /// Ascending and descending order.
    pub arrows: [&'static str; 2],
    /// Marks the row with the focus.
    pub marker: &'static str,
    /// The end of the bar across the selected row.
    pub bar: &'static str,
    /// Marks a field that the last fetch changed.
    pub changed: &'static str,
    /// Marks the default.
    pub default: &'static str,
    /// Marks the item in use, or one without a problem.
    pub active: &'static str,
    pub info: &'static str,
    pub warning: &'static str,
    pub critical: &'static str,
    /// Stands for a secret of any length.
    pub mask: &'static str,
    pub bar_done: &'static str,
    pub bar_half: &'static str,
    pub spinner: &'static [&'static str],
    pub horizontal: &'static str,
    pub vertical: &'static str,
    /// Top left, top right, bottom left, bottom right.
    pub corners: [&'static str; 4],
    /// Where a line meets the frame: at its left, right, top, bottom.
    pub tees: [&'static str; 4],
}

static UNICODE: Glyphs = Glyphs {
    is_ascii: false,
    ellipsis: "…",
    dot: " · ",
    crumb: " › ",
    times: "×",
    arrows: ["↑", "↓"],
    marker: "›",
    bar: "▌",
    changed: "Δ",
    default: "★",
    active: "●",
    info: "i",
    warning: "▲",
    critical: "✖",
    mask: "••••••••",
    bar_done: "━",
    bar_half: "╸",
    spinner: &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
    horizontal: "─",
    vertical: "│",
    corners: ["╭", "╮", "╰", "╯"],
    tees: ["├", "┤", "┬", "┴"],
};

static ASCII: Glyphs = Glyphs {
    is_ascii: true,
    ellipsis: "...",
    dot: " - ",
    crumb: " > ",
    times: "x",
    arrows: ["^", "v"],
    marker: ">",
    bar: ">",
    changed: "d",
    default: "*",
    active: "*",
    info: "i",
    warning: "!",
    critical: "X",
    mask: "********",
    bar_done: "#",
    bar_half: "#",
    spinner: &["|", "/", "-", "\\"],
    horizontal: "-",
    vertical: "|",
    corners: ["+", "+", "+", "+"],
    tees: ["+", "+", "+", "+"],
};

impl Glyphs {
    /// The ASCII set, or the full one.
    pub fn of(ascii: bool) -> &'static Self {
        if ascii { &ASCII } else { &UNICODE }
    }

    /// What stands for a character of a secret.
    pub fn dot(&self) -> char {
        if self.is_ascii { '*' } else { '•' }
    }

    /// A token's name, safe to draw. In ASCII, a name that cannot be read there gives way to the
    /// beginning of the token's ID.
    pub fn token_name<'t>(&self, name: &'t str, id: &str) -> Cow<'t, str> {
        if !self.is_ascii || latin::is_latin(text::beginning(name)) {
            return self.clean(name);
        }
        let id: String = id.chars().filter(char::is_ascii_hexdigit).take(8).collect();
        if id.is_empty() {
            return self.clean(name);
        }
        Cow::Owned(format!("#{id}"))
    }

    /// Untrusted text made safe to draw: without control characters and, in ASCII, without accents and
    /// with a replacement for everything else.
    pub fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let start = text::start(text, LONGEST);
        let mut clean = text::sanitize(start);
        if start.len() < text.len() {
            clean.to_mut().push('…');
        }
        if !self.is_ascii || clean.is_ascii() {
            return clean;
        }
        Cow::Owned(latin::to_ascii(&clean))
    }
}
