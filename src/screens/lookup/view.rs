//! The look-up panel: which scope, which token, and what was looked up lately.
//!
//! Not here: its rules (`screens::lookup`).

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::app::state::State;
use crate::domain::duration;
use crate::domain::recent_lookups::Recent;
use crate::domain::scope::{Scope, ScopeKind};
use crate::domain::text;
use crate::screens::lookup::state::LookupField;
use crate::theme::Role;
use crate::ui::form::{self, Form, FormRow, scope_label};
use crate::ui::render_context::RenderContext;
use crate::ui::waiting;
use crate::ui::widgets::{divider, first_shown, panel, render_spans, row, width};

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
pub(crate) fn render(frame: &mut Frame<'_>, area: Rect, state: &State, look: &RenderContext<'_>) {
    let inner = panel(frame.buffer_mut(), area, "Look up a service token", look);
    let form = Form {
        look,
        columns: usize::from(inner.width),
    };
    let rows = rows(&form, state);
    let recents = state.lookup.recents.len();
    let height = usize::from(inner.height);
    // The form keeps its rows without the empty ones; the recent look-ups get the rest.
    let wanted = rows.len();
    let for_recents = (recents + 1)
        .min(height.saturating_sub(wanted.min(6)))
        .max(2);
    let for_form = wanted.min(height.saturating_sub(for_recents));
    let place = |from: usize, rows: usize| Rect {
        y: inner.y + u16::try_from(from).unwrap_or(0),
        height: u16::try_from(rows).unwrap_or(0),
        ..inner
    };
    form::render(frame, place(0, for_form), rows, look);
    if height > for_form + 1 {
        let line = place(for_form, 1).y;
        divider(frame.buffer_mut(), area, line, "Recent", look);
        let list = place(for_form + 1, height - for_form - 1);
        render_recents(frame, list, state, look);
    }
}

fn rows(form: &Form<'_>, state: &State) -> Vec<FormRow> {
    let lookup = &state.lookup;
    let is_editing = lookup.is_editing() && state.overlay.is_none();
    let has_focus = |field| lookup.focus == field;
    let complaint = |field| {
        lookup
            .complaint
            .as_ref()
            .filter(|(at, _)| *at == field)
            .map(|(_, complaint)| form.complaint(complaint))
            .unwrap_or_default()
    };
    let mut rows = vec![
        FormRow::spacer(),
        form.choice(
            "Scope",
            ["Account", "Zone"],
            usize::from(lookup.scope_kind == ScopeKind::Zone),
            has_focus(LookupField::ScopeKind),
        ),
        form.text_field(
            scope_label(lookup.scope_kind),
            &lookup.scope_id,
            "32 hexadecimal digits",
            has_focus(LookupField::ScopeId),
            is_editing,
        ),
    ];
    rows.extend(complaint(LookupField::ScopeId));
    let can_ask = state.session.identity.is_some() && lookup.complaint.is_none();
    if can_ask && lookup.scope_id.is_blank() {
        rows.extend(form.scopes_by_name(state.context()));
    }
    rows.push(FormRow::spacer());
    rows.push(form.text_field(
        "Token",
        &lookup.token,
        "ID, client ID, exact name, or a URL",
        has_focus(LookupField::Token),
        is_editing,
    ));
    rows.extend(complaint(LookupField::Token));
    if state.session.is_demo() && lookup.token.is_blank() {
        rows.extend(form.remark(Role::Muted, "Try the name CI/CD token."));
    }
    rows.extend(scope_of_url(form, state));
    if let Some(lines) = waiting::lines(state, form.columns, form.look) {
        rows.push(FormRow::spacer());
        rows.extend(lines.into_iter().map(|mut line| {
            line.insert(0, Span::raw("   "));
            FormRow::text(line)
        }));
    }
    rows.push(FormRow::spacer());
    rows
}

/// That the typed URL's own scope wins over the panel's.
fn scope_of_url(form: &Form<'_>, state: &State) -> Vec<FormRow> {
    let Some(scope) = state.lookup.scope_of_url() else {
        return Vec::new();
    };
    let id = form.look.abbreviate(scope.id());
    let remark = format!("The URL names {} {id}, which is used.", scope.kind().word());
    form.remark(Role::Muted, &remark)
}

fn render_recents(frame: &mut Frame<'_>, area: Rect, state: &State, look: &RenderContext<'_>) {
    let lookup = &state.lookup;
    if lookup.recents.is_empty() {
        let text = look.span(Role::Muted, "   Tokens that you look up are listed here.");
        render_spans(frame.buffer_mut(), row(area, 0), &[text], look);
        return;
    }
    let rows = usize::from(area.height);
    let has_focus = lookup.focus == LookupField::Recents;
    let selected = if has_focus { lookup.selected } else { 0 };
    let first = first_shown(selected, lookup.recents.len(), rows);
    let names = lookup
        .recents
        .iter()
        .map(|recent| text::width(&look.clean(&recent.name)))
        .max()
        .unwrap_or(0);
    let panel_scope = state.session.scope.as_ref();
    for (at, recent) in lookup.recents.iter().enumerate().skip(first).take(rows) {
        let place = row(area, at - first);
        let spans = recent_row(recent, place.width, names, panel_scope, state, look);
        render_spans(frame.buffer_mut(), place, &spans, look);
        if has_focus && at == lookup.selected {
            frame
                .buffer_mut()
                .set_style(place, look.style(Role::Selected));
        }
    }
}

/// ```text
///   ▲ CI/CD token      EXPIRING       3 min ago   zone 9a7b…11c0
/// ```
fn recent_row(
    recent: &Recent,
    columns: u16,
    names: usize,
    usual: Option<&Scope>,
    state: &State,
    look: &RenderContext<'_>,
) -> Vec<Span<'static>> {
    let status = recent.status(state.evaluation_context());
    let role = Role::from(status.tone());
    let age = state.clock.local.signed_duration_since(recent.looked_up_at);
    let age = duration::ago(age);
    // Marker and symbol, the word, the age, and the gaps between them.
    let room = usize::from(columns).saturating_sub(5 + 2 + 13 + 2 + 10);
    let name = look.clean(&recent.name);
    let name = if name.trim().is_empty() {
        look.clean(recent.id.as_str())
    } else {
        name
    };
    let name = text::fit(&name, names.clamp(8, 40).min(room), look.glyphs().ellipsis);
    let mut spans = vec![
        Span::raw("   "),
        look.span(role, status.symbol(look.ascii)),
        Span::raw(format!(" {name}  ")),
        look.span(role, &text::fit(status.word(), 13, "")),
        look.plain(&format!("  {}", text::fit(&age, 10, ""))),
    ];
    let scope = &recent.scope;
    let scope_text = format!("  {} {}", scope.kind().word(), look.abbreviate(scope.id()));
    let has_room = width(&spans) + text::width(&scope_text) <= usize::from(columns);
    if usual != Some(scope) && has_room {
        spans.push(look.span(Role::Muted, &scope_text));
    }
    spans
}
