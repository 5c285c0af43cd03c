//! A box of lines over a screen that scrolls: for help and for the details of an error.
//!
//! Not here: what the lines say.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;
use ratatui::widgets::{Clear, Widget};

use super::render_context::RenderContext;
use super::widgets::{frame_title, frame_title_right, panel, render_spans, row};
use crate::domain::text;
use crate::theme::Role;

/// A box of lines over the body, and the line it is scrolled to.
pub(crate) struct Scroll<'a> {
    pub(crate) title: &'a str,
    pub(crate) top: usize,
}

/// Draws lines in a box, and how far down it is scrolled.
///
/// ```text
/// ╭ Title ─────────────────╮
/// │ line                   │
/// ╰ 1–20 of 34 ─ Esc closes╯
/// ```
pub(crate) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    scroll: &Scroll<'_>,
    lines: &[Vec<Span<'static>>],
    closes: Option<Vec<Span<'static>>>,
    look: &RenderContext<'_>,
) {
    Clear.render(area, frame.buffer_mut());
    let inner = panel(frame.buffer_mut(), area, scroll.title, look);
    let rows = usize::from(inner.height);
    let top = scroll.top.min(lines.len().saturating_sub(rows));
    for (at, line) in lines.iter().skip(top).take(rows).enumerate() {
        let mut place = row(inner, at);
        place.x += 1;
        place.width = place.width.saturating_sub(2);
        render_spans(frame.buffer_mut(), place, line, look);
    }
    let y = area.bottom().saturating_sub(1);
    if rows < lines.len() {
        let place = format!("{}–{} of {}", top + 1, top + rows, lines.len());
        frame_title(
            frame.buffer_mut(),
            area,
            y,
            &[look.span(Role::Muted, &place)],
            look,
        );
    }
    if let Some(closes) = closes {
        frame_title_right(frame.buffer_mut(), area, y, &closes, look);
    }
}

/// Clean text in lines of a width: each keeps the text's own indent, and those after the first are
/// indented further.
pub(crate) fn hanging(text: &str, columns: usize) -> Vec<String> {
    let body = text.trim_start_matches(' ');
    let indent = (text.len() - body.len()).min(columns / 2);
    text::wrap(body, columns.saturating_sub(indent + 2))
        .into_iter()
        .enumerate()
        .map(|(at, line)| format!("{:1$}{line}", "", indent + 2 * usize::from(at > 0)))
        .collect()
}
