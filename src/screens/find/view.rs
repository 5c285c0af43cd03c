//! Draws the lookup form: the scope, the token, and the recent lookups.

use ratatui::layout::Rect;
use ratatui::text::Span;

use super::state::FindField;
use crate::app::state::State;
use crate::domain::duration;
use crate::domain::recent_lookups::Recent;
use crate::domain::status::Emphasis;
use crate::domain::text;
use crate::layout;
use crate::theme::Role;
use crate::ui::form::{self, Form, FormRow};
use crate::ui::painter::{Painter, RenderContext, Spans, below, first_rows, row, width};
use crate::ui::texts::lookup_progress;

/// ```text
/// ╭ Look up a service token ─────────────────────────────╮
/// │                                                      │
/// │   Scope      ‹ Account ›   Zone                      │
/// │   Account ID 4f1b…                                   │
/// │                                                      │
/// │ › Token      ID, client ID, exact name, or a URL     │
/// │                                                      │
/// ├ Recent ──────────────────────────────────────────────┤
/// │ ▲ CI/CD token      EXPIRING    3 min ago             │
/// ╰──────────────────────────────────────────────────────╯
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
    let ctx = paint.ctx;
    let inner = paint.panel(area, "Look up a service token");
    let form = Form {
        ctx,
        columns: usize::from(inner.width),
        is_editing: state.find.is_editing() && state.overlay.is_none(),
    };
    let rows = rows(&form, state);
    let recents = state.find.recents.len();
    let height = usize::from(inner.height);
    let for_form = layout::find_form(height, rows.len(), recents);
    form::render(paint, first_rows(inner, for_form), rows);
    if height > for_form + 1 {
        paint.divider(row(area, for_form + 1), "Recent");
        render_recents(paint, below(inner, for_form + 1), state);
    }
}

fn rows(form: &Form<'_>, state: &State) -> Vec<FormRow> {
    let find = &state.find;
    let has_focus = |field| find.form.focus == field;
    let complaint = |field| form.complaint(find.form.complaint_about(field));
    let mut rows = vec![
        FormRow::spacer(),
        form.scope_kind(find.scope_kind, has_focus(FindField::ScopeKind)),
        form.scope_id(
            find.scope_kind,
            &find.scope_id,
            has_focus(FindField::ScopeId),
        ),
    ];
    rows.extend(complaint(FindField::ScopeId));
    let can_ask = state.session.active.identity.is_some() && find.form.complaint.is_none();
    if can_ask && find.scope_id.is_blank() {
        rows.extend(form.scopes_by_name(state.context()));
    }
    rows.push(FormRow::spacer());
    rows.push(form.text_field(
        "Token",
        &find.token,
        "ID, client ID, exact name, or a URL",
        has_focus(FindField::Token),
    ));
    rows.extend(complaint(FindField::Token));
    if state.session.is_demo() && find.token.is_blank() {
        rows.extend(form.remark(Role::Muted, "Try the name CI/CD token."));
    }
    if let Some(scope) = find.scope_of_url() {
        let remark = format!("Using {} from the URL.", form.ctx.scope(&scope, false));
        rows.extend(form.remark(Role::Muted, &remark));
    }
    if let Some(lines) = lookup_progress(state, form.columns, form.ctx) {
        rows.push(FormRow::spacer());
        let lines = lines.into_iter();
        rows.extend(lines.map(|line| FormRow::indented(3, line)));
    }
    rows.push(FormRow::spacer());
    rows
}

fn render_recents(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
    let ctx = paint.ctx;
    let find = &state.find;
    let recents = &find.recents;
    if recents.is_empty() {
        let text = ctx.span(Role::Muted, "   Tokens that you look up are listed here.");
        paint.render_spans(row(area, 0), &[text]);
        return;
    }
    let selected = (find.form.focus == FindField::Recents).then_some(find.selected);
    let names = recents.iter();
    let widths = names.map(|recent| text::width(&ctx.clean(&recent.name)));
    let widest = widths.max().unwrap_or(0);
    let row = |recent: &Recent| recent_row(recent, area.width, widest, state, ctx);
    paint.render_scrolled(area, (recents.iter(), recents.len()), selected, row);
}

/// ```text
///   ▲ CI/CD token      EXPIRING       3 min ago   zone 9a7b…11c0
/// ```
fn recent_row(
    recent: &Recent,
    columns: u16,
    widest: usize,
    state: &State,
    ctx: &RenderContext<'_>,
) -> Spans {
    let status = recent.status(state.evaluation_context());
    let role = Role::from(Emphasis::at(recent.life, state.evaluation_context()));
    let age = state.clock.local.signed_duration_since(recent.looked_up_at);
    // Marker and symbol, the word, the age, and the gaps between them.
    let room = usize::from(columns).saturating_sub(5 + 2 + 13 + 2 + 10);
    let name = ctx.clean(&recent.name);
    let name = if name.trim().is_empty() {
        ctx.clean(recent.id.as_str())
    } else {
        name
    };
    let name = text::fit(&name, widest.clamp(8, 40).min(room), ctx.glyphs().ellipsis);
    let mut spans = vec![
        Span::raw("   "),
        ctx.span(role, status.symbol(ctx.ascii)),
        Span::raw(format!(" {name}  ")),
        ctx.span(role, &text::fit(status.word(), 13, "")),
        ctx.plain(&format!("  {}", text::fit(&duration::ago(age), 10, ""))),
    ];
    let scope = &recent.scope;
    let scope_text = format!("  {}", ctx.scope(scope, false));
    let has_room = width(&spans) + text::width(&scope_text) <= usize::from(columns);
    if state.session.active.scope.as_ref() != Some(scope) && has_room {
        spans.push(ctx.span(Role::Muted, &scope_text));
    }
    spans
}
