//! Draws the choice of a change whose request is copied.

use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::action::{Action, Context};
use crate::app::requests::{Choices, choices};
use crate::app::state::State;
use crate::domain::change::PERMISSION;
use crate::domain::fields;
use crate::domain::text;
use crate::theme::Role;
use crate::ui::painter::{Painter, below, bottom, first_rows, inset, overlay};

/// Maximum width of the box, in cells.
const WIDEST: u16 = 92;

/// The cells of a verb.
const VERB: usize = 9;

/// ```text
/// ╭ Copy a request: CI/CD token ─────────────────────────────╮
/// │ ▌renew    same secret, later expiry; no client changes   │
/// │  rotate   new secret for every client within a day       │
/// │                                                          │
/// │ curl -sS -X POST 'https://api.cloudflare.com/client/v4/… │
/// │ Needs Service Tokens Write. tokenscope only ever reads.  │
/// ╰ Enter copy · Esc back ───────────────────────────────────╯
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, body: Rect, state: &State, selected: usize) {
    let ctx = paint.ctx;
    let Some(Choices { token, commands }) = choices(state) else {
        return;
    };
    let selected = selected.min(commands.len().saturating_sub(1));
    let columns = usize::from(overlay(body, WIDEST, 0).width.saturating_sub(4));
    let note = format!("Needs {PERMISSION}. You run it: tokenscope only ever reads.");
    let mut notes = ctx.wrapped(Role::Muted, &note, columns);
    if let Some((_, chosen)) = commands.get(selected) {
        let command = text::wrap(&ctx.clean(&chosen.command), columns);
        let command = command.iter().map(|line| vec![ctx.plain(line)]);
        notes.splice(0..0, command.chain([Vec::new()]));
    }
    let area = overlay(body, WIDEST, commands.len() + notes.len() + 3);
    let title = format!("Copy a request: {}", fields::title(&token));
    let room = usize::from(area.width).saturating_sub(6);
    let title = text::truncate(&ctx.clean(&title), room, ctx.glyphs().ellipsis).into_owned();
    let inner = paint.overlay_panel(area, &title);
    let rows = commands.iter().map(|(change, _)| {
        vec![
            Span::raw("  "),
            ctx.span(Role::Strong, &text::fit(change.word(), VERB, "")),
            ctx.plain(change.price()),
        ]
    });
    paint.render_list(first_rows(inner, commands.len()), rows, Some(selected));
    // Without a blank row where rows are scarce.
    let is_short = usize::from(inner.height) < commands.len() + notes.len() + 1;
    let gap = usize::from(!is_short);
    paint.render_lines(inset(below(inner, commands.len() + gap)), notes);
    let keys = [(Action::Submit, "copy"), (Action::Back, "back")];
    let keys = ctx.hints(Context::Request, &keys, ctx.glyphs().dot);
    paint.frame_title(bottom(area), &keys);
}
