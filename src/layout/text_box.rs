//! A box of text over the body: as large as its lines or the body, and scrolled where they do not
//! fit.

use crate::domain::text;
use crate::theme::Role;

/// Text in the style of a role, or body text.
pub type Styled = (Option<Role>, String);

/// A line of text, clean and cut to the box's width.
pub type TextLine = Vec<Styled>;

/// The width of a line, in cells.
#[must_use]
pub fn width(line: &[Styled]) -> usize {
    line.iter().map(|(_, text)| text::width(text)).sum()
}

/// The lines of a box, and its size with the frame.
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
