//! Draws the probe of an app: the form, then both answers, what follows from them, and what to do.

use ratatui::layout::Rect;
use ratatui::text::Span;

use super::state::{Probe, ProbeField, ProbePhase};
use super::update::ProbeLine;
use crate::app::form::TextField;
use crate::app::state::State;
use crate::domain::access::probe::AppView;
use crate::domain::text;
use crate::theme::Role;
use crate::ui::areas::{across, bottom, inset, row, without_right};
use crate::ui::form::{self, Form, FormRow};
use crate::ui::painter::{Painter, Spans, width};

/// The side effect of a probe.
const COUNTS: &str = "a probe counts as a use: last seen moves";

/// The cells of `↓ 5 more` with some line before it.
const OUT_OF_VIEW: usize = 11;

/// ```text
/// ╭ https://deploy.example.com/hooks ────────────────────────────────────────────╮
/// │ ✖ REFUSED   The secret is not the current one.                               │
/// ├ Answers ─────────────────────────────────────────────────────────────────────┤
/// │               without the token             with the token                   │
/// │ status        403                           403                              │
/// │ answered by   Access                        Access                           │
/// ├ What to do ──────────────────────────────────────────────────────────────────┤
/// │ Policy CI only admits this token, so what Access refused is the secret: …    │
/// ╰ a probe counts as a use: last seen moves ────────────────────────────────────╯
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
    let inner = paint.panel(area, "");
    match &state.probe.phase {
        ProbePhase::Typing => {
            let name = state.detail.token.value();
            let name = name.map_or_else(String::new, |token| paint.ctx.token_name(token));
            render_title(paint, area, &format!("Probe with {name}"));
            // The form says at the right how many rows are out of view.
            let foot = without_right(bottom(area), OUT_OF_VIEW);
            render_foot(paint, foot, &[]);
            let rows = form_rows(paint, inner, state);
            form::render(paint, inner, rows);
        }
        ProbePhase::Waiting { url, .. } => {
            render_title(paint, area, &url.to_string());
            let spinner = paint.ctx.spinner(state.clock.steady);
            let asking = format!(" Asking {} …", url.host());
            let line: Spans = vec![spinner, paint.ctx.plain(&asking)];
            paint.render_spans(inset(row(inner, 0)), &line);
            render_foot(paint, bottom(area), &[]);
        }
        ProbePhase::Done { url, .. } => {
            render_title(paint, area, &url.to_string());
            render_outcome(paint, area, inner, state);
        }
    }
}

fn render_title(paint: &mut Painter<'_, '_>, area: Rect, title: &str) {
    let ctx = paint.ctx;
    let room = usize::from(area.width.saturating_sub(6));
    let title = ctx.span(Role::Title, &ctx.cut(title, room));
    paint.frame_title(row(area, 0), &[title]);
}

/// Draws the side effect of a probe, and a position at the right end of the line.
fn render_foot(paint: &mut Painter<'_, '_>, line: Rect, place: &[Span<'_>]) {
    let ctx = paint.ctx;
    paint.frame_title_right(line, place);
    let line = without_right(line, width(place) + 2);
    let room = usize::from(line.width.saturating_sub(6));
    let counts = ctx.span(Role::Muted, &ctx.cut(COUNTS, room));
    paint.frame_title(line, &[counts]);
}

fn render_outcome(paint: &mut Painter<'_, '_>, area: Rect, inner: Rect, state: &State) {
    let (lines, page) = state.probe_lines();
    let top = state.probe.top.min(lines.len().saturating_sub(page));
    for (at, line) in lines.iter().skip(top).take(page).enumerate() {
        match line {
            ProbeLine::Divider(title) => {
                paint.divider(across(row(inner, at)), title);
            }
            ProbeLine::Text(line) => {
                let spans = paint.ctx.line(line);
                paint.render_spans(inset(row(inner, at)), &spans);
            }
        }
    }
    let place = paint.ctx.range(top, page, lines.len());
    render_foot(paint, bottom(area), &place);
}

fn form_rows(paint: &Painter<'_, '_>, inner: Rect, state: &State) -> Vec<FormRow> {
    let probe = &state.probe;
    let form = Form {
        ctx: paint.ctx,
        columns: usize::from(inner.width),
        is_editing: probe.form.editing && state.overlay.is_none(),
    };
    let focus = |field| probe.form.focus == field;
    let placeholder = "https://app.example.com/path";
    let mut rows = vec![form.plain_field("URL", &probe.url, placeholder, focus(ProbeField::Url))];
    let complaint = form.complaint(probe.form.complaint_about(ProbeField::Url));
    if complaint.is_empty() {
        rows.extend(app_remark(&form, state));
    }
    rows.extend(complaint);
    rows.push(FormRow::spacer());
    let is_empty = probe.secret.secret().is_empty();
    let mask = TextField::with(if is_empty { "" } else { form.ctx.glyphs().mask });
    let placeholder = secret_placeholder(probe, state.session.is_demo());
    rows.push(form.text_field("Secret", &mask, placeholder, focus(ProbeField::Secret)));
    rows.extend(form.complaint(probe.form.complaint_about(ProbeField::Secret)));
    let url = probe.current_url();
    let host = url.as_ref().map_or("this host", |url| url.host());
    let sent = format!(
        "Sent once, to {host}, if Access refuses a request without it. Kept in memory alone."
    );
    rows.extend(form.remark(Role::Muted, &sent));
    rows
}

fn secret_placeholder(probe: &Probe, is_demo: bool) -> &'static str {
    if probe.kept.is_some() {
        "empty sends the same again"
    } else if is_demo {
        "empty: demo-secret"
    } else {
        "type or paste it; it stays hidden"
    }
}

/// Which app the URL belongs to, and what its policies say.
fn app_remark(form: &Form<'_>, state: &State) -> Vec<FormRow> {
    let probe = &state.probe;
    let ctx = form.ctx;
    if probe.url.value().contains('*') {
        return form.remark(
            Role::Warning,
            "Put what the app serves in the place of the *.",
        );
    }
    let Some(view) = &probe.policies else {
        let is_reading = state.access_reading.is_arriving() && probe.current_url().is_some();
        return if is_reading {
            form.remark(Role::Muted, "Looking up the app …")
        } else {
            Vec::new()
        };
    };
    match &view.app {
        AppView::Judged { app, verdict, .. } => {
            let app = ctx.clean(text::beginning(app)).into_owned();
            let line: Vec<Span<'static>> = vec![
                ctx.span(Role::from(verdict.tone()), verdict.symbol(ctx.ascii)),
                ctx.plain(" "),
                ctx.span(Role::from(verdict.tone()), verdict.word()),
                ctx.plain(&format!(" by the policies of the app {app}")),
            ];
            vec![FormRow::indented(14, line)]
        }
        AppView::NotNamed { app } => {
            let app = text::beginning(app);
            form.remark(
                Role::Warning,
                &format!("No policy that was read lets this token into the app {app}."),
            )
        }
        AppView::HostNotListed => form.remark(
            Role::Warning,
            "No app that was read has this host. Send the secret only if you know whose it is.",
        ),
        AppView::PathNotListed => form.remark(
            Role::Warning,
            "An app on this host was read, but none that covers this path.",
        ),
    }
}
