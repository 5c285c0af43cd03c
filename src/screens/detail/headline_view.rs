//! How the token in view stands: its status, its countdown, its date, and its life as a bar.
//!
//! Not here: what a status is (`domain::status`), or any field.

use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use tui_big_text::{BigText, PixelSize};

use crate::domain::duration::Remaining;
use crate::domain::status::{self, Lifecycle, Status};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::theme::Role;
use crate::ui::layout::WIDE;
use crate::ui::render_context::RenderContext;
use crate::ui::times::FormattedInstant;
use crate::ui::widgets::{bar, cells, inset, render_spans, render_spans_right, row, width};

/// Rows that the large digits take.
const LARGE: u16 = 4;

/// From this height of the panel on, in cells, the digits are large.
const TALL: u16 = 26;

/// Draws status, countdown, date and bar, and gives back how many rows they took.
///
/// ```text
///  ▲ EXPIRES IN  12d 04:33:21                  Mon 7 Dec 2026 16:37:52 UTC
///  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸──  96.6 % elapsed
/// ```
pub(crate) fn render(
    buffer: &mut Buffer,
    inner: Rect,
    token: &ServiceToken,
    status: Status,
    now: DateTime<Utc>,
    look: &RenderContext<'_>,
) -> u16 {
    let end = Lifecycle::of(token).end();
    let remaining = end
        .filter(|_| status != Status::Disabled)
        .map(|end| Remaining::until(end, now));
    let is_large = !look.ascii && inner.height >= TALL && inner.width + 2 >= WIDE;
    let place = inset(row(inner, 0));
    let mut left = words(status, look);
    let mut used = 1;
    if let Some(remaining) = remaining {
        let after = match status {
            Status::Expired => " ago",
            Status::Active | Status::Unknown => " left",
            _ => "",
        };
        if is_large {
            let role = Role::from(status.tone());
            let digits = Rect {
                y: inner.y + 1,
                height: LARGE,
                ..inset(inner)
            };
            render_large(buffer, digits, &remaining.digits(), after, role, look);
            used += LARGE;
        } else {
            let text = format!("  {}{after}", remaining.digits());
            left.push(look.span(Role::Strong, &text));
        }
    }
    render_spans(buffer, place, &left, look);
    if let Some(end) = end {
        let moment = FormattedInstant::new(end, now, look);
        let room = usize::from(place.width).saturating_sub(width(&left) + 2);
        let dates = moment.dates(look);
        let date = dates.iter().find(|date| text::width(date) <= room);
        let date = date.map_or("", String::as_str);
        render_spans_right(buffer, place, &[look.plain(date)], look);
    }
    let share = status::elapsed(token, now).filter(|_| inner.height >= 10);
    if let Some(share) = share {
        render_bar(
            buffer,
            inset(row(inner, usize::from(used))),
            share,
            status,
            look,
        );
        used += 1;
    }
    used
}

/// `▲ EXPIRES IN`
fn words(status: Status, look: &RenderContext<'_>) -> Vec<Span<'static>> {
    let role = Role::from(status.tone());
    let symbol = status.symbol(look.ascii);
    let style = look.style(role).patch(look.style(Role::Strong));
    let text = format!("{symbol} {}", look.clean(status.headline()));
    vec![Span::styled(text, style)]
}

/// The digits four rows high.
fn render_large(
    buffer: &mut Buffer,
    area: Rect,
    digits: &str,
    after: &str,
    role: Role,
    look: &RenderContext<'_>,
) {
    BigText::builder()
        .pixel_size(PixelSize::Quadrant)
        .style(look.style(role))
        .lines([Line::from(digits.to_owned())])
        .build()
        .render(area, buffer);
    let x = cells(digits.chars().count() * 4);
    let beside = Rect {
        x: area.x + x,
        y: area.y + LARGE - 2,
        width: area.width.saturating_sub(x),
        height: 1,
    };
    render_spans(buffer, beside, &[look.plain(after)], look);
}

/// ```text
/// ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸──  96.7 % elapsed
/// ```
fn render_bar(
    buffer: &mut Buffer,
    place: Rect,
    share: f64,
    status: Status,
    look: &RenderContext<'_>,
) {
    // Floored, so that a living token never reads 100 %.
    let percent = (share * 1000.0).floor() / 10.0;
    let label = format!("  {percent:.1} % elapsed");
    let columns = usize::from(place.width).saturating_sub(text::width(&label));
    let mut spans = bar(share, columns, Role::from(status.tone()), look).to_vec();
    spans.push(look.span(Role::Muted, &label));
    render_spans(buffer, place, &spans, look);
}
