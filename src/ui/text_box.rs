//! A box of text over the body, for help and error details.

use ratatui::layout::Rect;
use ratatui::text::Span;

use super::area::{bottom, centred, inset};
use super::painter::Painter;
use super::render_context::Spans;
use crate::action::{Action, Context};
use crate::layout::text_box::TextBox;

/// Draws a box, its scroll position, and the key that closes it.
///
/// ```text
/// ╭ Title ─────────────────╮
/// │ line                   │
/// ╰ 1–20 of 34 ─ Esc close ╯
/// ```
pub(crate) fn render(
    paint: &mut Painter<'_, '_>,
    body: Rect,
    title: &str,
    (text, top): (&TextBox, usize),
    context: Context,
) {
    let ctx = paint.ctx;
    let area = centred(body, text.columns, text.rows);
    let inner = inset(paint.overlay_panel(area, title));
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
    paint.render_lines(inner, lines);
    paint.frame_position(area, top, text.page(), text.lines.len());
    let close = ctx.hint(context, Action::Back, "close");
    paint.frame_title_right(bottom(area), &close);
}
