//! Draws the choice between tokens of the same name.

use std::sync::Arc;

use ratatui::layout::Rect;

use crate::app::state::State;
use crate::domain::fields::last_seen_word;
use crate::domain::status::{Emphasis, Lifecycle, Status};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::layout;
use crate::theme::Role;
use crate::ui::areas::centred;
use crate::ui::painter::{Painter, RenderContext, Spans};
use crate::ui::texts::distance;

/// From this width on, in cells, IDs are shown whole.
const WIDE: u16 = 72;

/// ```text
/// ╭ 3 tokens are called CI/CD token ─────────────────────────────────────╮
/// │   ▲ EXPIRING  f174e90a-fafe-4643-bbbc-4a0ed4fc8415  seen 41 d ago    │
/// ╰──────────────────────────────────────────────────────────────────────╯
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, body: Rect, state: &State, selected: usize) {
    let ctx = paint.ctx;
    let tokens = &state.detail.choices;
    let (columns, rows) = layout::choice((body.width, body.height), tokens.len());
    let area = centred(body, columns, rows);
    let name = tokens.first().map_or("", |token| token.name_text());
    let title = format!("{} tokens are called {name}", tokens.len());
    let inner = paint.overlay_panel(area, &title);
    let context = state.evaluation_context();
    let words = tokens.iter().map(|it| Status::of(it, context).word().len());
    let columns = (words.max().unwrap_or(0), inner.width >= WIDE);
    let row = |token: &Arc<_>| choice_row(token, columns, state, ctx);
    let list = (tokens.iter(), tokens.len());
    let first = paint.render_scrolled(inner, list, Some(selected), row);
    paint.frame_position(area, first, usize::from(inner.height), tokens.len());
}

fn choice_row(
    token: &ServiceToken,
    (word, is_wide): (usize, bool),
    state: &State,
    ctx: &RenderContext<'_>,
) -> Spans {
    let context = state.evaluation_context();
    let status = Status::of(token, context);
    let role = Role::from(Emphasis::at(Lifecycle::of(token), context));
    let seen = if let Some(seen) = token.last_seen_at.valid() {
        format!("seen {}", distance(*seen, context.now))
    } else {
        let word = last_seen_word(token, usize::MAX).unwrap_or_default();
        format!("seen: {word}")
    };
    let id = ctx.clean(&token.display_text(&token.id)).into_owned();
    let id = ctx.id(&id, is_wide);
    let id = text::fit(&id, text::width(&id).max(if is_wide { 36 } else { 9 }), "");
    let mut spans = ctx.lead(role, status.symbol(ctx.ascii));
    spans.extend([
        ctx.span(role, &text::fit(status.word(), word, "")),
        ctx.plain(&format!("  {id}")),
        ctx.span(Role::Muted, &format!("  {seen}")),
    ]);
    spans
}
