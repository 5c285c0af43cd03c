//! Draws who uses the current token: facts about it, its apps and other places, and why the selected
//! one is as it is.

use ratatui::layout::Rect;
use ratatui::text::Span;

use super::state::UsesLine;
use super::update::LABEL;
use crate::action::{Action, Context};
use crate::app::state::State;
use crate::app::uses_report::{UsesFact, UsesMark, UsesRow};
use crate::domain::access::Counts;
use crate::domain::access::verdict::Verdict;
use crate::domain::text::number;
use crate::layout::advice::sign;
use crate::layout::uses::{UsesColumns, UsesLayout};
use crate::theme::Role;
use crate::ui::areas::{
    across, below, bottom, first_rows, inset, last_columns, row, without_right,
};
use crate::ui::form::render_query;
use crate::ui::painter::{GAP, Painter, RenderContext, Spans, width};
use crate::ui::texts::render_token_title;

/// The title of the rows that are no apps.
const PLACES: &str = "Other places";

/// ```text
/// ╭ ▲ CI/CD token ────────────────────────────── opens 2, depends 1, refused 1 ──╮
/// │ Delete?    no: a policy and a group name it (the API would refuse)           │
/// │ Told       ops@example.com, 7 days before                                    │
/// │ Clean-up   spared: policy CI only names it directly                          │
/// ├ Apps ────────────────────────────────────────────────────────────────────────┤
/// │▌✖ REFUSED   metrics.example.com          under Robots: needs Service Auth    │
/// │ ● OPENS     deploy.example.com/hooks     by CI only                          │
/// ├ Other places ────────────────────────────────────────────────────────────────┤
/// │   group     CI                           in Machines; 1 app                  │
/// ├ Why ─────────────────────────────────────────────────────────────────────────┤
/// │ Policy Robots (Allow, 1st) names any valid service token, but …              │
/// ╰ incomplete: 1 app is hidden, device profiles refused ────────────── 1 of 3 ──╯
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
    let layout = state.uses_layout();
    let inner = paint.panel(area, "");
    render_title(paint, row(area, 0), state);
    let facts = state.uses.report.facts.iter().take(layout.facts);
    let facts = facts.map(|fact| fact_line(fact, paint.ctx));
    paint.render_lines(inset(inner), facts);
    let divider = row(area, 1 + layout.facts);
    let lines = state.uses_lines();
    let first = state.uses.first_line(lines, layout.list);
    let title = if lines.are_places_from(first) {
        PLACES
    } else {
        "Apps"
    };
    paint.divider(divider, title);
    let beside = layout.beside.unwrap_or(0);
    let list = first_rows(below(inner, layout.facts + 1), layout.list);
    let list = without_right(list, usize::from(beside.saturating_sub(1)));
    if layout.beside.is_some() {
        let x = area.right() - beside;
        paint.splitter(x, (divider.y, area.bottom() - 1), None);
    }
    render_list(paint, list, state, layout);
    render_why(paint, area, state, layout);
    render_foot(paint, bottom(area), state);
}

/// `▲ CI/CD token`, and how many apps it opens.
fn render_title(paint: &mut Painter<'_, '_>, line: Rect, state: &State) {
    let ctx = paint.ctx;
    let Some(token) = state.detail.token.value() else {
        return;
    };
    let report = &state.uses.report;
    let forms = report.counts.map(|it| counts(it, ctx)).unwrap_or_default();
    render_token_title(paint, line, (token, state.evaluation_context()), forms);
}

/// `opens 2, depends 1, refused 1`, or with symbols where there is no room for words.
fn counts(counts: Counts, ctx: &RenderContext<'_>) -> Vec<Spans> {
    let all = [
        ("opens", Verdict::Opens, counts.opens),
        ("depends", Verdict::Depends, counts.depends),
        ("refused", Verdict::Refused, counts.refused),
        ("unknown", Verdict::Unknown, counts.unknown),
        ("open to all", Verdict::OpenToAll, counts.open_to_all),
    ];
    let (mut words, mut short) = (Vec::new(), Vec::new());
    for (word, verdict, count) in all {
        if count == 0 && verdict != Verdict::Opens {
            continue;
        }
        words.push(format!("{word} {}", number(count)));
        if verdict != Verdict::OpenToAll {
            let (role, symbol) = symbol(verdict, ctx);
            short.push(vec![ctx.span(role, &format!("{symbol} {}", number(count)))]);
        }
    }
    let short = short.join(&Span::raw("  "));
    vec![vec![ctx.plain(&words.join(", "))], short]
}

/// `Clean-up   ▲ disabled after 90 days without use, on or after 2 Dec 2026`
fn fact_line(fact: &UsesFact, ctx: &RenderContext<'_>) -> Spans {
    let mut spans = vec![ctx.span(Role::Label, &format!("{:LABEL$}", fact.label))];
    if let Some(severity) = fact.severity {
        let (role, mark) = sign(severity, ctx.glyphs());
        spans.extend([ctx.span(role, mark), Span::raw(" ")]);
    }
    spans.push(ctx.plain(&fact.text));
    spans
}

/// The symbol of a verdict.
fn symbol(verdict: Verdict, ctx: &RenderContext<'_>) -> (Role, &'static str) {
    (Role::from(verdict.tone()), verdict.symbol(ctx.ascii))
}

/// Draws the visible lines of the list.
fn render_list(paint: &mut Painter<'_, '_>, area: Rect, state: &State, layout: UsesLayout) {
    let (ctx, uses) = (paint.ctx, &state.uses);
    let lines = state.uses_lines();
    let columns = UsesColumns::new(usize::from(area.width), uses.report.widest);
    let remark = state.uses_remark();
    let first = uses.first_line(lines, layout.list);
    let selected = (uses.rows() > 0).then(|| lines.of_row(uses.selected));
    for (at, line) in (first..lines.total()).take(layout.list).enumerate() {
        let place = row(area, at);
        match lines.at(line) {
            UsesLine::Remark(at) => {
                let is_awaiting = !uses.report.awaited.is_empty();
                let spinner = is_awaiting.then(|| ctx.spinner(state.clock.steady));
                let mark = spinner.unwrap_or(Span::raw(" "));
                let text = remark.get(at).map_or("", String::as_str);
                let spans = [Span::raw(" "), mark, Span::raw(" "), ctx.plain(text)];
                paint.render_spans(place, &spans);
            }
            UsesLine::Places => {
                paint.divider(across(place), PLACES);
            }
            UsesLine::Row(at) => {
                let spans = uses.row(at).map(|row| row_line(row, columns, ctx));
                let is_selected = selected == Some(line);
                paint.render_list(place, spans, is_selected.then_some(0), true);
            }
        }
    }
}

/// `✖ REFUSED   metrics.example.com          under Robots: needs Service Auth`
fn row_line(row: &UsesRow, columns: UsesColumns, ctx: &RenderContext<'_>) -> Spans {
    let (role, mark) = match row.mark {
        UsesMark::App(verdict) => symbol(verdict, ctx),
        UsesMark::Place(_) => (Role::Label, " "),
    };
    let gap = || Span::raw(" ".repeat(GAP));
    let mut spans = ctx.lead(role, mark);
    spans.extend([
        ctx.span(role, &ctx.fitted(row.mark.word(), columns.word)),
        gap(),
        ctx.plain(&ctx.fitted(&row.place, columns.place)),
    ]);
    if columns.note > 0 {
        let note = ctx.fitted(&row.note, columns.note);
        spans.extend([gap(), ctx.span(Role::Muted, &note)]);
    }
    spans
}

/// Draws why the selected row is as it is, and the key to the rest of it.
fn render_why(paint: &mut Painter<'_, '_>, area: Rect, state: &State, layout: UsesLayout) {
    if layout.why == 0 {
        return;
    }
    let ctx = paint.ctx;
    let columns = layout.why_columns(area.width);
    let (name, lines) = if state.uses.report.rows.is_empty() {
        ("What was read", state.uses_reads(columns))
    } else {
        ("Why", state.uses_why(columns))
    };
    let (title, place) = if let Some(beside) = layout.beside {
        let right = last_columns(area, beside);
        let title = row(right, 1 + layout.facts);
        (title, below(right, 2 + layout.facts))
    } else {
        let at = 2 + layout.facts + layout.list;
        paint.divider(row(area, at), "");
        (row(area, at), below(area, at + 1))
    };
    paint.frame_title(title, &[ctx.span(Role::Title, name)]);
    if lines.len() > layout.why {
        let more = ctx.hint(Context::Uses, Action::Submit, "shows all");
        paint.frame_title_right(title, &more);
    }
    let place = first_rows(inset(inset(place)), layout.why);
    paint.render_lines(place, ctx.lines(&lines));
}

/// Draws what was read and what was not, or the filter; and the place of the selected row.
fn render_foot(paint: &mut Painter<'_, '_>, line: Rect, state: &State) {
    let (ctx, uses) = (paint.ctx, &state.uses);
    let (rows, all) = (uses.rows(), uses.report.rows.len());
    let mut place = String::new();
    if rows > 0 {
        place = format!("{} of {}", number(uses.selected + 1), number(rows));
    }
    if rows < all {
        let gap = if rows > 0 { ctx.glyphs().dot } else { "" };
        place = format!("{place}{gap}{} in all", number(all));
    }
    let place = [ctx.span(Role::Muted, &place)];
    paint.frame_title_right(line, &place);
    let room = usize::from(line.width).saturating_sub(width(&place) + 9);
    if uses.is_filtering || !uses.filter.value().is_empty() {
        let is_typing = (uses.is_filtering, state.overlay.is_some());
        render_query(paint, line, &uses.filter, is_typing, room.saturating_sub(2));
        return;
    }
    let role = if uses.report.is_incomplete {
        Role::Warning
    } else {
        Role::Muted
    };
    let extent = ctx.span(role, &ctx.cut(&uses.report.extent, room));
    paint.frame_title(without_right(line, width(&place) + 2), &[extent]);
}
