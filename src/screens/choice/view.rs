//! The tokens of one name, to choose from.
//!
//! Not here: what choosing does (`screens::detail`).

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;
use ratatui::widgets::{Clear, Widget};

use crate::app::state::State;
use crate::domain::fields::last_seen_word;
use crate::domain::status::Status;
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::theme::Role;
use crate::ui::layout;
use crate::ui::render_context::RenderContext;
use crate::ui::times::distance;
use crate::ui::widgets::{cells, first_shown, frame_title, panel, render_spans, row};

/// ```text
/// ╭ 3 tokens are called CI/CD token ─────────────────────────────────────╮
/// │   ▲ EXPIRING  f174e90a-fafe-4643-bbbc-4a0ed4fc8415  seen 41 d ago    │
/// ╰──────────────────────────────────────────────────────────────────────╯
/// ```
pub(crate) fn render(
    frame: &mut Frame<'_>,
    body: Rect,
    state: &State,
    selected: usize,
    look: &RenderContext<'_>,
) {
    let tokens = &state.detail.choices;
    let area = layout::overlay(body, 96, cells(tokens.len().saturating_add(2)).max(4));
    Clear.render(area, frame.buffer_mut());
    let name = tokens.first().map_or("", |token| token.name_text());
    let title = format!("{} tokens are called {name}", tokens.len());
    let inner = panel(frame.buffer_mut(), area, &title, look);
    let rows = usize::from(inner.height);
    let selected = selected.min(tokens.len().saturating_sub(1));
    let first = first_shown(selected, tokens.len(), rows);
    for (at, token) in tokens.iter().enumerate().skip(first).take(rows) {
        let place = row(inner, at - first);
        let spans = choice_row(token, place.width, state, look);
        render_spans(frame.buffer_mut(), place, &spans, look);
        if at == selected {
            frame
                .buffer_mut()
                .set_style(place, look.style(Role::Selected));
        }
    }
    if rows < tokens.len() {
        let place = format!("{}–{} of {}", first + 1, first + rows, tokens.len());
        let y = area.bottom() - 1;
        frame_title(
            frame.buffer_mut(),
            area,
            y,
            &[look.span(Role::Muted, &place)],
            look,
        );
    }
}

fn choice_row(
    token: &ServiceToken,
    columns: u16,
    state: &State,
    look: &RenderContext<'_>,
) -> Vec<Span<'static>> {
    let context = state.evaluation_context();
    let status = Status::of(token, context);
    let role = Role::from(status.tone());
    let seen = match token.last_seen_at.valid() {
        Some(seen) => format!("seen {}", distance(*seen, context.now)),
        None => {
            let word = last_seen_word(token, usize::MAX).unwrap_or_default();
            format!("last seen: {word}")
        }
    };
    let wide = columns >= 72;
    let id = token.display_text(&token.id);
    let id = if wide {
        id.into_owned()
    } else {
        look.abbreviate(&look.clean(&id))
    };
    let id = text::fit(&look.clean(&id), if wide { 36 } else { 12 }, "");
    vec![
        Span::raw(" "),
        look.span(role, status.symbol(look.ascii)),
        Span::raw(" "),
        look.span(role, &text::fit(status.word(), 13, "")),
        look.plain(&format!("  {id}")),
        look.span(Role::Muted, &format!("  {seen}")),
    ]
}
