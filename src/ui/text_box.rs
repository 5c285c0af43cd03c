//! A box of text over the body, for help and error details.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::frame::{bottom, centred, frame_title, frame_title_right, overlay_panel, position};
use super::list::{inset, render_lines};
use super::render_context::{RenderContext, Spans};
use crate::action::{Action, Context};
use crate::layout::text_box::TextBox;

/// Draws a box, how far down it is scrolled, and the key that closes it.
///
/// ```text
/// ╭ Title ─────────────────╮
/// │ line                   │
/// ╰ 1–20 of 34 ─ Esc close ╯
/// ```
pub(crate) fn render(
    buffer: &mut Buffer,
    body: Rect,
    title: &str,
    (text, top): (&TextBox, usize),
    context: Context,
    ctx: &RenderContext<'_>,
) {
    let area = centred(body, text.columns, text.rows);
    let inner = inset(overlay_panel(buffer, area, title, ctx));
    let top = top.min(text.last_top());
    let lines = text.lines.iter().skip(top);
    let lines = lines.map(|line| -> Spans {
        let styled = line.iter();
        let span = |(role, text): &(Option<_>, String)| match role {
            Some(role) => ctx.span(*role, text),
            None => Span::raw(text.clone()),
        };
        styled.map(span).collect()
    });
    render_lines(buffer, inner, lines, ctx);
    let place = position(top, text.page(), text.lines.len(), ctx);
    frame_title(buffer, bottom(area), &place, ctx);
    let close = ctx.hint(context, Action::Back, "close");
    frame_title_right(buffer, bottom(area), &close, ctx);
}
