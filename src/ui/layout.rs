//! Where header, body, banner and footer go, and what stands there when there is no room.
//!
//! Not here: what is in them.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};

use super::render_context::RenderContext;
use super::widgets::render_spans;
use crate::app::state::SMALLEST;
use crate::domain::text;

/// From this width on, in cells, two things stand side by side, and the countdown may be large.
pub(crate) const WIDE: u16 = 100;

/// From this width on, in cells, overlays leave a margin.
const ROOMY: u16 = 72;

/// The parts of the screen.
pub(crate) struct Areas {
    pub(crate) header: Rect,
    pub(crate) body: Rect,
    pub(crate) banner: Rect,
    pub(crate) footer: Rect,
}

/// The parts of a screen; none when it is too small.
pub(crate) fn areas(area: Rect, banner_rows: u16) -> Option<Areas> {
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return None;
    }
    let [header, body, banner, footer] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(banner_rows),
        Constraint::Length(1),
    ])
    .areas(area);
    Some(Areas {
        header,
        body,
        banner,
        footer,
    })
}

/// The area of an overlay of at most a size: in the middle of the body, with a margin at its sides
/// where the body is wide enough to spare it.
pub(crate) fn overlay(body: Rect, columns: u16, rows: u16) -> Rect {
    let margin = if body.width >= ROOMY { 4 } else { 0 };
    centred(body, columns.min(body.width - margin), rows)
}

/// An area of at most a size in the middle of another.
pub(crate) fn centred(body: Rect, columns: u16, rows: u16) -> Rect {
    let width = columns.min(body.width);
    let height = rows.min(body.height);
    Rect {
        x: body.x + (body.width - width) / 2,
        y: body.y + (body.height - height) / 2,
        width,
        height,
    }
}

/// Draws the longest form of the wish that fits.
///
/// ```text
/// tokenscope needs at least 40×10 (this is 30×8)
/// ```
pub(crate) fn render_too_small(frame: &mut Frame<'_>, look: &RenderContext<'_>) {
    let area = frame.area();
    let times = look.glyphs().times;
    let (width, height) = SMALLEST;
    let wish = format!("{width}{times}{height}");
    let is = format!("{}{times}{}", area.width, area.height);
    let forms = [
        format!("tokenscope needs at least {wish} (this is {is})"),
        format!("needs {wish} (this is {is})"),
        format!("needs {wish}, is {is}"),
        format!("needs {wish}"),
        wish,
    ];
    let fits = |form: &&String| text::width(form) <= usize::from(area.width);
    if let Some(form) = forms.iter().find(fits) {
        let row = Rect { height: 1, ..area };
        render_spans(frame.buffer_mut(), row, &[look.plain(form)], look);
    }
}
