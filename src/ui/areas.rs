//! Areas within areas: rows, columns, and what an overlay covers.

use ratatui::layout::Rect;

use crate::layout;

/// Converts a number of cells to ratatui's type.
pub(crate) fn cells(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// The row at an offset from the top of an area; empty past its bottom.
pub(crate) fn row(area: Rect, at: usize) -> Rect {
    let at = cells(at);
    Rect {
        y: area.y.saturating_add(at),
        height: u16::from(at < area.height),
        ..area
    }
}

/// The last row of an area.
pub(crate) fn bottom(area: Rect) -> Rect {
    row(area, usize::from(area.height.saturating_sub(1)))
}

/// The first rows of an area.
pub(crate) fn first_rows(area: Rect, rows: usize) -> Rect {
    Rect {
        height: cells(rows).min(area.height),
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

/// An area without its first and last column.
pub(crate) fn inset(area: Rect) -> Rect {
    Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..area
    }
}

/// An area with one more column at either side: a line across the frame around it.
pub(crate) fn across(area: Rect) -> Rect {
    Rect {
        x: area.x - 1,
        width: area.width + 2,
        ..area
    }
}

/// The last columns of an area.
pub(crate) fn last_columns(area: Rect, columns: u16) -> Rect {
    let width = columns.min(area.width);
    Rect {
        x: area.right() - width,
        width,
        ..area
    }
}

/// An area without its last columns.
pub(crate) fn without_right(area: Rect, columns: usize) -> Rect {
    Rect {
        width: area.width.saturating_sub(cells(columns)),
        ..area
    }
}

/// A centred area of the given size within the body.
pub(crate) fn centred(body: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(body.width), height.min(body.height));
    Rect {
        x: body.x + (body.width - width) / 2,
        y: body.y + (body.height - height) / 2,
        width,
        height,
    }
}

/// The area of an overlay with a maximum size, centred in the body.
pub(crate) fn overlay(body: Rect, columns: u16, rows: usize) -> Rect {
    let (width, height) = layout::overlay((body.width, body.height), columns, cells(rows));
    centred(body, width, height)
}
