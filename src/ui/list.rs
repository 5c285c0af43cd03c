//! Rows of text, and lists of them with a selected row.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::render_context::RenderContext;
use crate::domain::text;
use crate::theme::Role;

/// The width of a row of spans, in cells.
pub(crate) fn width(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|span| text::width(&span.content)).sum()
}

/// A whole number with a comma between its thousands.
pub(crate) fn number(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of cells as ratatui counts them.
pub(crate) fn cells(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// The row at a distance from the top of an area; empty below its bottom.
pub(crate) fn row(area: Rect, at: usize) -> Rect {
    let at = cells(at);
    Rect {
        y: area.y.saturating_add(at),
        height: u16::from(at < area.height),
        ..area
    }
}

/// An area without its first and last column.
pub(crate) fn inset(area: Rect) -> Rect {
    Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..area
    }
}

/// An area without its first rows.
pub(crate) fn below(area: Rect, rows: usize) -> Rect {
    let rows = cells(rows).min(area.height);
    Rect {
        y: area.y + rows,
        height: area.height - rows,
        ..area
    }
}

/// The first rows of an area.
pub(crate) fn first_rows(area: Rect, rows: usize) -> Rect {
    Rect {
        height: cells(rows).min(area.height),
        ..area
    }
}

/// Draws spans in a row, with an ellipsis where they are cut.
pub(crate) fn render_spans(
    buffer: &mut Buffer,
    row: Rect,
    spans: &[Span<'_>],
    ctx: &RenderContext<'_>,
) {
    let row = row.intersection(buffer.area);
    if row.is_empty() {
        return;
    }
    let is_cut = width(spans) > usize::from(row.width);
    let ellipsis = if is_cut { ctx.glyphs().ellipsis } else { "" };
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
pub(crate) fn render_spans_right(
    buffer: &mut Buffer,
    row: Rect,
    spans: &[Span<'_>],
    ctx: &RenderContext<'_>,
) {
    let width = cells(width(spans)).min(row.width);
    let x = row.right() - width;
    render_spans(buffer, Rect { x, width, ..row }, spans, ctx);
}

/// Draws lines in the middle of an area.
pub(crate) fn render_centred<'a>(
    buffer: &mut Buffer,
    area: Rect,
    lines: &[Vec<Span<'a>>],
    ctx: &RenderContext<'_>,
) {
    let top = usize::from(area.height).saturating_sub(lines.len()) / 2;
    for (at, spans) in lines.iter().enumerate() {
        let row = row(area, top + at);
        let width = cells(width(spans)).min(row.width);
        let x = row.x + (row.width - width) / 2;
        render_spans(buffer, Rect { x, width, ..row }, spans, ctx);
    }
}

/// Draws lines beneath each other, as many as fit.
pub(crate) fn render_lines<'a>(
    buffer: &mut Buffer,
    area: Rect,
    lines: impl IntoIterator<Item = impl AsRef<[Span<'a>]>>,
    ctx: &RenderContext<'_>,
) {
    render_list(buffer, area, lines, None, ctx);
}

/// Draws the rows in view of a list, with the selected one marked across.
pub(crate) fn render_list<'a>(
    buffer: &mut Buffer,
    area: Rect,
    rows: impl IntoIterator<Item = impl AsRef<[Span<'a>]>>,
    selected: Option<usize>,
    ctx: &RenderContext<'_>,
) {
    for (at, spans) in rows.into_iter().take(usize::from(area.height)).enumerate() {
        let place = row(area, at);
        render_spans(buffer, place, spans.as_ref(), ctx);
        if selected == Some(at) {
            buffer.set_style(place, ctx.style(Role::Selected));
        }
    }
}
