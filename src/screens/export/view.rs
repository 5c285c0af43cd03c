//! Draws the prompt for the file to write a list to.

use ratatui::layout::Rect;

use super::state::{Phase, USUAL_FILE};
use crate::action::{Action, Context};
use crate::app::state::State;
use crate::domain::text;

use crate::theme::Role;
use crate::ui::areas::{bottom, overlay};
use crate::ui::form::{self, Form, FormRow};
use crate::ui::painter::{Painter, Spans};

/// Maximum width of the box, in cells.
const WIDEST: u16 = 84;

/// ```text
/// ╭ Write 17 tokens to a file ───────────────────────────────────╮
/// │ › File        ~/tokens.csv                                    │
/// │               CSV or JSON by its ending; ~/ is your home.     │
/// ╰ Enter write ───────────────────────────────────── Esc cancel ╯
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, body: Rect, state: &State) {
    let ctx = paint.ctx;
    let columns = usize::from(overlay(body, WIDEST, 0).width.saturating_sub(2));
    let is_typing = state.export.phase == Phase::Typing;
    let form = Form {
        ctx,
        columns,
        is_editing: is_typing,
    };
    let placeholder = format!("{USUAL_FILE} in the current directory");
    let mut rows = vec![form.plain_field("File", &state.export.path, &placeholder, is_typing)];
    rows.extend(remark(&form, state));
    let area = overlay(body, WIDEST, rows.len() + 2);
    let count = match state.export.phase {
        Phase::Writing { count, .. } => count,
        Phase::Typing | Phase::Asking => state.browse.table.rows(),
    };
    let tokens = text::counted(count, "token", "tokens");
    let title = format!("Write {tokens} to a file");
    let inner = paint.overlay_panel(area, &title);
    form::render(paint, inner, rows);
    let (context, keys): (_, [(Action, &str); 2]) = match state.export.phase {
        Phase::Asking => (
            Context::ExportReplace,
            [(Action::Submit, "replace it"), (Action::Back, "keep it")],
        ),
        Phase::Typing | Phase::Writing { .. } => (
            Context::ExportText,
            [(Action::Submit, "write"), (Action::Back, "cancel")],
        ),
    };
    let [act, leave] = keys.map(|(action, label)| ctx.hint(context, action, label));
    if state.export.request().is_none() {
        paint.frame_title(bottom(area), &act);
    }
    paint.frame_title_right(bottom(area), &leave);
}

/// The hint for the field, the reason why nothing was written, or the question to the user.
fn remark(form: &Form<'_>, state: &State) -> Vec<FormRow> {
    let (ctx, export) = (form.ctx, &state.export);
    let glyphs = ctx.glyphs();
    let file = text::beginning(export.file());
    match (export.phase, &export.complaint) {
        (Phase::Writing { .. }, _) => {
            let line: Spans = vec![ctx.spinner(state.clock.steady), ctx.plain(" Writing …")];
            vec![FormRow::indented(14, line)]
        }
        (Phase::Asking, _) => form.remark(
            Role::Warning,
            &format!("{} {file} exists. Replace it?", glyphs.warning),
        ),
        (Phase::Typing, Some(complaint)) => {
            form.remark(Role::Critical, &format!("{} {complaint}", glyphs.critical))
        }
        (Phase::Typing, None) => form.remark(
            Role::Muted,
            "CSV or JSON by its ending; ~/ is your home directory.",
        ),
    }
}
