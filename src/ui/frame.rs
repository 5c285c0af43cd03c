//! Frames around panels, and the lines and titles on them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::symbols::border;
use ratatui::text::Span;
use ratatui::widgets::{Block, Clear, Widget};

use super::list::{cells, inset, render_spans, render_spans_right, row, width};
use super::render_context::{RenderContext, Spans};
use crate::layout;
use crate::theme::Role;

/// Draws a frame with a title, and gives back the area inside.
///
/// ```text
/// ╭ Title ─────╮
/// │            │
/// ╰────────────╯
/// ```
pub(crate) fn panel(buffer: &mut Buffer, area: Rect, title: &str, ctx: &RenderContext<'_>) -> Rect {
    let glyphs = ctx.glyphs();
    let [top_left, top_right, bottom_left, bottom_right] = glyphs.corners;
    let block = Block::bordered()
        .border_style(ctx.style(Role::Border))
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
    block.render(area, buffer);
    frame_title(buffer, row(area, 0), &[ctx.span(Role::Title, title)], ctx);
    inner
}

/// Draws a frame over what lies beneath it.
pub(crate) fn overlay_panel(
    buffer: &mut Buffer,
    area: Rect,
    title: &str,
    ctx: &RenderContext<'_>,
) -> Rect {
    Clear.render(area, buffer);
    panel(buffer, area, title, ctx)
}

/// The lower line of a frame.
pub(crate) fn bottom(frame: Rect) -> Rect {
    row(frame, usize::from(frame.height.saturating_sub(1)))
}

/// Draws spans at the left end of a horizontal line of a frame.
pub(crate) fn frame_title(
    buffer: &mut Buffer,
    line: Rect,
    spans: &[Span<'_>],
    ctx: &RenderContext<'_>,
) {
    if width(spans) > 0 {
        render_spans(buffer, inset(line), &padded(spans), ctx);
    }
}

/// Draws spans at the right end of a horizontal line of a frame.
pub(crate) fn frame_title_right(
    buffer: &mut Buffer,
    line: Rect,
    spans: &[Span<'_>],
    ctx: &RenderContext<'_>,
) {
    if width(spans) > 0 {
        render_spans_right(buffer, inset(line), &padded(spans), ctx);
    }
}

fn padded<'a>(spans: &[Span<'a>]) -> Vec<Span<'a>> {
    let blank = [Span::raw(" ")];
    [&blank, spans, &blank].concat()
}

/// Draws a line across a frame that joins its sides, with a title on it.
///
/// ```text
/// ├ Title ─────┤
/// ```
pub(crate) fn divider(buffer: &mut Buffer, line: Rect, title: &str, ctx: &RenderContext<'_>) {
    let glyphs = ctx.glyphs();
    let [left, right, _, _] = glyphs.tees;
    let between = usize::from(line.width.saturating_sub(2));
    let symbols = [left, &glyphs.horizontal.repeat(between), right].concat();
    let spans = [Span::styled(symbols, ctx.style(Role::Border))];
    render_spans(buffer, line, &spans, ctx);
    frame_title(buffer, line, &[ctx.span(Role::Title, title)], ctx);
}

/// Draws a line down a frame that joins the lines above and below it, and one on its left at a
/// height.
pub(crate) fn splitter(
    buffer: &mut Buffer,
    x: u16,
    (top, bottom): (u16, u16),
    joint: Option<u16>,
    ctx: &RenderContext<'_>,
) {
    let glyphs = ctx.glyphs();
    let [_, right, upper, lower] = glyphs.tees;
    for y in top..=bottom {
        let symbol = match y {
            y if y == top => upper,
            y if y == bottom => lower,
            y if Some(y) == joint => right,
            _ => glyphs.vertical,
        };
        if let Some(cell) = buffer.cell_mut((x, y)) {
            cell.set_symbol(symbol).set_style(ctx.style(Role::Border));
        }
    }
}

/// The area of an overlay of at most a size, in the middle of the body.
pub(crate) fn overlay(body: Rect, columns: u16, rows: usize) -> Rect {
    let rows = cells(rows);
    let (width, height) = layout::overlay((body.width, body.height), columns, rows);
    centred(body, width, height)
}

/// An area of a size in the middle of the body.
pub(crate) fn centred(body: Rect, width: u16, height: u16) -> Rect {
    Rect {
        x: body.x + (body.width - width) / 2,
        y: body.y + (body.height - height) / 2,
        width,
        height,
    }
}

/// Which lines are in view, for a frame; empty where all are.
///
/// ```text
/// 1–20 of 34
/// ```
pub(crate) fn position(first: usize, rows: usize, total: usize, ctx: &RenderContext<'_>) -> Spans {
    if rows >= total {
        return Vec::new();
    }
    let place = format!("{}–{} of {total}", first + 1, first + rows);
    vec![ctx.span(Role::Muted, &place)]
}
