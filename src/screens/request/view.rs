//! Draws the choice of a change whose request is copied.

use ratatui::layout::Rect;
use ratatui::text::Span;

use super::state::RequestChoice;
use super::update::VERB;
use crate::action::{Action, Context};
use crate::app::state::State;
use crate::domain::fields;
use crate::domain::text;
use crate::layout;
use crate::theme::Role;
use crate::ui::areas::{below, bottom, centred, first_rows, inset};
use crate::ui::painter::Painter;

/// ```text
/// ╭ Copy a request: CI/CD token ─────────────────────────────╮
/// │ ▌renew    same secret, later expiry; no client changes   │
/// │  rotate   new secret for every client; the old one …     │
/// │                                                          │
/// │ curl -sS -X POST 'https://api.cloudflare.com/client/v4/… │
/// │                                                          │
/// │ Needs Service Tokens Write. tokenscope only ever reads.  │
/// ╰ Enter copy · Esc close ──────────────── PgDn scrolls ────╯
/// ```
pub(crate) fn render(
    paint: &mut Painter<'_, '_>,
    body: Rect,
    state: &State,
    chosen: RequestChoice,
) {
    let ctx = paint.ctx;
    let Some(view) = state.request_box((body.width, body.height), chosen) else {
        return;
    };
    let area = centred(body, view.columns, view.rows);
    let title = format!("Copy a request: {}", fields::title(&view.token));
    let room = usize::from(area.width).saturating_sub(6);
    let inner = paint.overlay_panel(area, &ctx.cut(&title, room));
    let first = layout::first_row_centred(view.selected, view.commands.len(), view.list);
    let rows = view.commands.iter().skip(first).map(|(change, _)| {
        vec![
            Span::raw("  "),
            ctx.span(Role::Strong, &text::fit(change.word(), VERB, "")),
            ctx.plain(change.price()),
        ]
    });
    let list = first_rows(inner, view.list);
    paint.render_list(list, rows, Some(view.selected - first), true);
    let below = below(inner, view.list + view.gap);
    paint.render_lines(inset(below), ctx.lines(&view.text[view.top..]));
    let keys = [(Action::Submit, "copy"), (Action::Back, "close")];
    let keys = ctx.hints(Context::Request, &keys, ctx.glyphs().dot);
    paint.frame_title(bottom(area), &keys);
    if view.last_top() > 0 {
        let is_at_end = view.top >= view.last_top();
        let action = if is_at_end {
            Action::PageUp
        } else {
            Action::PageDown
        };
        let hint = ctx.hint(Context::Request, action, "scrolls");
        paint.frame_title_right(bottom(area), &hint);
    }
}
