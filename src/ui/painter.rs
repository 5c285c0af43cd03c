//! Draws rows of text, lists, frames, and the lines and titles on frames.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::symbols::border;
use ratatui::text::Span;
use ratatui::widgets::{Block, Clear, Widget};

use super::area::{bottom, cells, inset, row, width};
use super::render_context::RenderContext;
use crate::domain::text;
use crate::theme::Role;

/// A frame to draw on, with what drawing needs besides the state.
pub(crate) struct Painter<'p, 'f> {
    frame: &'p mut Frame<'f>,
    pub(crate) ctx: &'p RenderContext<'p>,
}

impl<'p, 'f> Painter<'p, 'f> {
    pub(crate) fn new(frame: &'p mut Frame<'f>, ctx: &'p RenderContext<'p>) -> Self {
        Self { frame, ctx }
    }

    pub(crate) fn buffer(&mut self) -> &mut Buffer {
        self.frame.buffer_mut()
    }

    /// Erases an area, including its styles.
    pub(crate) fn clear(&mut self, area: Rect) {
        Clear.render(area, self.buffer());
    }

    /// Shows the cursor at a column of a row, if the row has it.
    pub(crate) fn set_cursor(&mut self, row: Rect, column: usize) {
        let x = row.x.saturating_add(cells(column));
        if x < row.right() && row.height > 0 {
            self.frame.set_cursor_position(Position::new(x, row.y));
        }
    }

    /// Draws spans in a row, with an ellipsis if they are cut.
    pub(crate) fn render_spans(&mut self, row: Rect, spans: &[Span<'_>]) {
        let ellipsis = self.ctx.glyphs().ellipsis;
        let buffer = self.buffer();
        let row = row.intersection(buffer.area);
        if row.is_empty() {
            return;
        }
        let is_cut = width(spans) > usize::from(row.width);
        let ellipsis = if is_cut { ellipsis } else { "" };
        let end = row.right().saturating_sub(cells(text::width(ellipsis)));
        let mut x = row.x;
        let mut style = Style::new();
        for span in spans {
            style = span.style;
            let room = usize::from(end.saturating_sub(x));
            if room == 0 {
                break;
            }
            (x, _) = buffer.set_stringn(x, row.y, &span.content, room, span.style);
        }
        if is_cut {
            let room = usize::from(row.right().saturating_sub(x));
            buffer.set_stringn(x, row.y, ellipsis, room, style);
        }
    }

    /// Draws spans at the right end of a row.
    pub(crate) fn render_spans_right(&mut self, row: Rect, spans: &[Span<'_>]) {
        let width = cells(width(spans)).min(row.width);
        let x = row.right() - width;
        self.render_spans(Rect { x, width, ..row }, spans);
    }

    /// Draws lines in the middle of an area.
    pub(crate) fn render_centred(&mut self, area: Rect, lines: &[Vec<Span<'_>>]) {
        let top = usize::from(area.height).saturating_sub(lines.len()) / 2;
        for (at, spans) in lines.iter().enumerate() {
            let row = row(area, top + at);
            let width = cells(width(spans)).min(row.width);
            let x = row.x + (row.width - width) / 2;
            self.render_spans(Rect { x, width, ..row }, spans);
        }
    }

    /// Draws as many lines as fit, one per row.
    pub(crate) fn render_lines<'a>(
        &mut self,
        area: Rect,
        lines: impl IntoIterator<Item = impl AsRef<[Span<'a>]>>,
    ) {
        self.render_list(area, lines, None);
    }

    /// Draws the visible rows of a list, and highlights the selected one across its width.
    pub(crate) fn render_list<'a>(
        &mut self,
        area: Rect,
        rows: impl IntoIterator<Item = impl AsRef<[Span<'a>]>>,
        selected: Option<usize>,
    ) {
        let style = self.ctx.style(Role::Selected);
        for (at, spans) in rows.into_iter().take(usize::from(area.height)).enumerate() {
            let place = row(area, at);
            self.render_spans(place, spans.as_ref());
            if selected == Some(at) {
                self.buffer().set_style(place, style);
            }
        }
    }

    /// Draws a frame with a title, and returns the area inside.
    ///
    /// ```text
    /// ╭ Title ─────╮
    /// │            │
    /// ╰────────────╯
    /// ```
    pub(crate) fn panel(&mut self, area: Rect, title: &str) -> Rect {
        let glyphs = self.ctx.glyphs();
        let [top_left, top_right, bottom_left, bottom_right] = glyphs.corners;
        let block = Block::bordered()
            .border_style(self.ctx.style(Role::Border))
            .border_set(border::Set {
                top_left,
                top_right,
                bottom_left,
                bottom_right,
                vertical_left: glyphs.vertical,
                vertical_right: glyphs.vertical,
                horizontal_top: glyphs.horizontal,
                horizontal_bottom: glyphs.horizontal,
            });
        let inner = block.inner(area);
        block.render(area, self.buffer());
        self.frame_title(row(area, 0), &[self.ctx.span(Role::Title, title)]);
        inner
    }

    /// Draws a frame, and clears the area beneath it.
    pub(crate) fn overlay_panel(&mut self, area: Rect, title: &str) -> Rect {
        self.clear(area);
        self.panel(area, title)
    }

    /// Draws spans at the left end of a horizontal line of a frame.
    pub(crate) fn frame_title(&mut self, line: Rect, spans: &[Span<'_>]) {
        if width(spans) > 0 {
            self.render_spans(inset(line), &padded(spans));
        }
    }

    /// Draws spans at the right end of a horizontal line of a frame.
    pub(crate) fn frame_title_right(&mut self, line: Rect, spans: &[Span<'_>]) {
        if width(spans) > 0 {
            self.render_spans_right(inset(line), &padded(spans));
        }
    }

    /// Draws the range of visible lines on the lower line of a frame, unless all are visible.
    ///
    /// ```text
    /// ╰ 1–20 of 34 ────╯
    /// ```
    pub(crate) fn frame_position(&mut self, frame: Rect, first: usize, rows: usize, total: usize) {
        if rows < total {
            let place = format!("{}–{} of {total}", first + 1, first + rows);
            self.frame_title(bottom(frame), &[self.ctx.span(Role::Muted, &place)]);
        }
    }

    /// Draws a line across a frame that joins its sides, with a title on it.
    ///
    /// ```text
    /// ├ Title ─────┤
    /// ```
    pub(crate) fn divider(&mut self, line: Rect, title: &str) {
        let glyphs = self.ctx.glyphs();
        let [left, right, _, _] = glyphs.tees;
        let between = usize::from(line.width.saturating_sub(2));
        let symbols = [left, &glyphs.horizontal.repeat(between), right].concat();
        self.render_spans(line, &[Span::styled(symbols, self.ctx.style(Role::Border))]);
        self.frame_title(line, &[self.ctx.span(Role::Title, title)]);
    }

    /// Draws a line down a frame that joins the lines above and below it, and one on its left at a
    /// height.
    pub(crate) fn splitter(&mut self, x: u16, (top, bottom): (u16, u16), joint: Option<u16>) {
        let glyphs = self.ctx.glyphs();
        let style = self.ctx.style(Role::Border);
        let [_, right, upper, lower] = glyphs.tees;
        for y in top..=bottom {
            let symbol = match y {
                y if y == top => upper,
                y if y == bottom => lower,
                y if Some(y) == joint => right,
                _ => glyphs.vertical,
            };
            if let Some(cell) = self.buffer().cell_mut((x, y)) {
                cell.set_symbol(symbol).set_style(style);
            }
        }
    }
}

fn padded<'a>(spans: &[Span<'a>]) -> Vec<Span<'a>> {
    let blank = [Span::raw(" ")];
    [&blank, spans, &blank].concat()
}
