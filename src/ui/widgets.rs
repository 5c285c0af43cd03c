//! The pieces that screens are made of: rows of text, panels, bars, spinners, key hints.
//!
//! Not here: what any screen says.

use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::render_context::RenderContext;
use crate::action::{Action, Context};
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

/// A number of cells as the drawing library counts them.
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

/// Writes spans into a row, and an ellipsis where they are cut.
pub(crate) fn render_spans(
    buffer: &mut Buffer,
    row: Rect,
    spans: &[Span<'_>],
    look: &RenderContext<'_>,
) {
    let row = row.intersection(buffer.area);
    if row.is_empty() {
        return;
    }
    let is_cut = width(spans) > usize::from(row.width);
    let ellipsis = if is_cut { look.glyphs().ellipsis } else { "" };
    let end = row.right().saturating_sub(cells(text::width(ellipsis)));
    let mut x = row.x;
    let mut style = ratatui::style::Style::new();
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

/// Writes spans at the right end of a row.
pub(crate) fn render_spans_right(
    buffer: &mut Buffer,
    row: Rect,
    spans: &[Span<'_>],
    look: &RenderContext<'_>,
) {
    let width = cells(width(spans)).min(row.width);
    let row = Rect {
        x: row.right() - width,
        width,
        ..row
    };
    render_spans(buffer, row, spans, look);
}

/// Writes spans in the middle of a row.
pub(crate) fn render_spans_centred(
    buffer: &mut Buffer,
    row: Rect,
    spans: &[Span<'_>],
    look: &RenderContext<'_>,
) {
    let width = cells(width(spans)).min(row.width);
    let row = Rect {
        x: row.x + (row.width - width) / 2,
        width,
        ..row
    };
    render_spans(buffer, row, spans, look);
}

/// Draws a frame with a title, and gives back the room inside.
///
/// ```text
/// ╭ Title ─────╮
/// │            │
/// ╰────────────╯
/// ```
pub(crate) fn panel(
    buffer: &mut Buffer,
    area: Rect,
    title: &str,
    look: &RenderContext<'_>,
) -> Rect {
    let area = area.intersection(buffer.area);
    if area.width < 2 || area.height < 2 {
        return Rect { height: 0, ..area };
    }
    let glyphs = look.glyphs();
    let style = look.style(Role::Border);
    let (left, right) = (area.x, area.right() - 1);
    let (top, bottom) = (area.y, area.bottom() - 1);
    for x in left..=right {
        buffer[(x, top)]
            .set_symbol(glyphs.horizontal)
            .set_style(style);
        buffer[(x, bottom)]
            .set_symbol(glyphs.horizontal)
            .set_style(style);
    }
    for y in top..=bottom {
        buffer[(left, y)]
            .set_symbol(glyphs.vertical)
            .set_style(style);
        buffer[(right, y)]
            .set_symbol(glyphs.vertical)
            .set_style(style);
    }
    let corners = [(left, top), (right, top), (left, bottom), (right, bottom)];
    for (at, corner) in corners.into_iter().zip(glyphs.corners) {
        buffer[at].set_symbol(corner);
    }
    frame_title(buffer, area, top, &[look.span(Role::Title, title)], look);
    Rect {
        x: left + 1,
        y: top + 1,
        width: area.width - 2,
        height: area.height - 2,
    }
}

/// Writes spans onto a horizontal line of a frame, at its left end.
pub(crate) fn frame_title(
    buffer: &mut Buffer,
    frame: Rect,
    y: u16,
    spans: &[Span<'_>],
    look: &RenderContext<'_>,
) {
    if width(spans) > 0 {
        render_spans(buffer, line_room(frame, y), &padded(spans), look);
    }
}

/// Writes spans onto a horizontal line of a frame, at its right end.
pub(crate) fn frame_title_right(
    buffer: &mut Buffer,
    frame: Rect,
    y: u16,
    spans: &[Span<'_>],
    look: &RenderContext<'_>,
) {
    if width(spans) > 0 {
        render_spans_right(buffer, line_room(frame, y), &padded(spans), look);
    }
}

fn line_room(frame: Rect, y: u16) -> Rect {
    Rect {
        x: frame.x + 1,
        y,
        width: frame.width.saturating_sub(2),
        height: 1,
    }
}

fn padded<'a>(spans: &[Span<'a>]) -> Vec<Span<'a>> {
    let mut padded = vec![Span::raw(" ")];
    padded.extend_from_slice(spans);
    padded.push(Span::raw(" "));
    padded
}

/// Draws a line across a frame that joins its sides, with a title on it.
///
/// ```text
/// ├ Title ─────┤
/// ```
pub(crate) fn divider(
    buffer: &mut Buffer,
    frame: Rect,
    y: u16,
    title: &str,
    look: &RenderContext<'_>,
) {
    let frame = frame.intersection(buffer.area);
    if frame.width < 2 || y < frame.y || y >= frame.bottom() {
        return;
    }
    let glyphs = look.glyphs();
    let style = look.style(Role::Border);
    for x in frame.x..frame.right() {
        buffer[(x, y)]
            .set_symbol(glyphs.horizontal)
            .set_style(style);
    }
    buffer[(frame.x, y)].set_symbol(glyphs.tees[0]);
    buffer[(frame.right() - 1, y)].set_symbol(glyphs.tees[1]);
    frame_title(buffer, frame, y, &[look.span(Role::Title, title)], look);
}

/// Draws a line down a frame that joins the lines above and below it.
pub(crate) fn splitter(
    buffer: &mut Buffer,
    x: u16,
    top: u16,
    bottom: u16,
    look: &RenderContext<'_>,
) {
    let glyphs = look.glyphs();
    let style = look.style(Role::Border);
    for y in top..=bottom {
        let symbol = match y {
            y if y == top => glyphs.tees[2],
            y if y == bottom => glyphs.tees[3],
            _ => glyphs.vertical,
        };
        if let Some(cell) = buffer.cell_mut((x, y)) {
            cell.set_symbol(symbol).set_style(style);
        }
    }
}

/// A bar that is filled to a share of 0 to 1.
///
/// ```text
/// ━━━━━━━━╸───
/// ```
pub(crate) fn bar(
    share: f64,
    columns: usize,
    role: Role,
    look: &RenderContext<'_>,
) -> [Span<'static>; 3] {
    let glyphs = look.glyphs();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a few hundred cells"
    )]
    let halves = (share.clamp(0.0, 1.0) * (columns * 2) as f64) as usize;
    let (done, half) = (halves / 2, halves % 2);
    [
        look.span_of_glyph(role, glyphs.bar_done, done),
        look.span_of_glyph(role, glyphs.bar_half, half),
        look.span_of_glyph(Role::Border, glyphs.bar_left, columns - done - half),
    ]
}

impl RenderContext<'_> {
    fn span_of_glyph(&self, role: Role, glyph: &str, count: usize) -> Span<'static> {
        Span::styled(glyph.repeat(count), self.style(role))
    }
}

/// The spinner's picture at an instant.
pub(crate) fn spinner(now: DateTime<Utc>, look: &RenderContext<'_>) -> Span<'static> {
    let frames = look.glyphs().spinner;
    let turn = usize::try_from(now.timestamp_millis().rem_euclid(1 << 40) / 125).unwrap_or(0);
    Span::styled(frames[turn % frames.len()], look.style(Role::Accent))
}

/// A key and what it does.
pub(crate) fn key_hint(key: &str, label: &str, look: &RenderContext<'_>) -> [Span<'static>; 3] {
    [
        look.span(Role::Accent, key),
        Span::raw(" "),
        look.span(Role::Muted, label),
    ]
}

/// The key of an action in a context as a hint; none where it has no key.
pub(crate) fn hint_for(
    context: Context,
    action: Action,
    label: &str,
    look: &RenderContext<'_>,
) -> Option<Vec<Span<'static>>> {
    let key = look.keymap.key_for(context, action)?;
    Some(key_hint(&key, label, look).to_vec())
}

/// The first row of a list to show so that the selected one is in view.
pub(crate) fn first_shown(selected: usize, total: usize, rows: usize) -> usize {
    let last = total.saturating_sub(rows);
    selected.saturating_sub(rows / 2).min(last)
}
