//! Draws the current token: its status and countdown, what to do about it, the facts, and its JSON.

use chrono::TimeDelta;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::facts_view::FactTable;
use super::raw_view;
use super::state::View;
use crate::action::{Action, Context};
use crate::app::state::State;
use crate::domain::duration::{Remaining, humanize};
use crate::domain::status::{Emphasis, EvaluationContext, Lifecycle, Status, elapsed};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::layout::detail::{DetailLayout, LARGE_DIGITS, Part};
use crate::layout::half_cells;
use crate::theme::Role;
use crate::ui::areas::{
    across, below, bottom, cells, first_rows, inset, last_columns, row, without_right,
};
use crate::ui::digits;
use crate::ui::painter::{Painter, RenderContext, Spans, width};
use crate::ui::texts::{FormattedInstant, lookup_progress, render_token_title};

/// The fewest columns of JSON beside the facts.
const FEWEST_JSON_COLUMNS: u16 = 34;

/// ```text
/// ╭ ▲ CI/CD token ──────────────────────── expires Tue 8 Dec 2026 12:57 +01:00 ╮
/// │ EXPIRES IN  12d 04:33:17                      last renewed 8 Dec 2025 · 365d │
/// │ ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━▲━╸✖─  96.6 % elapsed │
/// ├ What to do ──────────────────────────────────────────────────────────────────┤
/// │ ▲ Ends in 12 d. Renew it, or every client fails then.                        │
/// ├ Facts ───────────────────────────────────────────────────────────────────────┤
/// │  Last seen      6 min ago   Thu 26 Nov 2026 08:18:10 +01:00   07:18 UTC      │
/// ╰ "last_seen_at": "2026-11-26T07:18:10Z" ──────────────────────────── 1 of 11 ─╯
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
    if let View::Raw(raw) = &state.detail.view {
        raw_view::render(paint, area, state, raw);
        return;
    }
    let layout = state.detail_layout((area.width, area.height));
    let (Some(token), Some(layout)) = (state.detail.token.value(), layout) else {
        render_nothing(paint, area, state);
        return;
    };
    let context = state.evaluation_context();
    let inner = paint.panel(area, "");
    let headline = Headline {
        token,
        status: Status::of(token, context),
        context,
        layout,
    };
    let dates = headline.dates(paint.ctx);
    render_token_title(paint, row(area, 0), (token, context), dates);
    headline.render(paint, inner);
    let sections = Sections {
        frame: area,
        inner,
        state,
        token,
        layout,
        focus: layout.focus(state.detail.focus),
    };
    sections.render_advice(paint);
    sections.render_facts(paint);
}

/// Status, countdown, date and lifetime bar.
struct Headline<'a> {
    token: &'a ServiceToken,
    status: Status,
    context: EvaluationContext,
    layout: DetailLayout,
}

impl Headline<'_> {
    /// When the token ends, longest form first; a date always says what it is of.
    fn dates(&self, ctx: &RenderContext<'_>) -> Vec<Spans> {
        let Some(end) = Lifecycle::of(self.token).end() else {
            return Vec::new();
        };
        let word = match self.status {
            _ if end <= self.context.now => "expired",
            Status::Disabled => "would expire",
            Status::NeverExpires
            | Status::Unknown
            | Status::Expired
            | Status::Critical
            | Status::Expiring
            | Status::Active => "expires",
        };
        let dates = FormattedInstant::new(end, self.context.now, ctx).dates();
        dates
            .map(|date| vec![ctx.plain(&format!("{word} {date}"))])
            .to_vec()
    }

    /// How much the status stands out.
    fn role(&self) -> Role {
        Role::from(Emphasis::at(Lifecycle::of(self.token), self.context))
    }

    /// ```text
    ///  EXPIRES IN  12d 04:33:21                      last renewed 8 Dec 2025 · 365d
    ///  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━▲━╸✖─  96.6 % elapsed
    /// ```
    fn render(&self, paint: &mut Painter<'_, '_>, inner: Rect) {
        let (ctx, now, status) = (paint.ctx, self.context.now, self.status);
        let role = self.role();
        let place = inset(row(inner, 0));
        let words = ctx.clean(status.headline()).into_owned();
        let style = ctx.style(role).patch(ctx.style(Role::Strong));
        let mut left = vec![Span::styled(words, style)];
        let end = Lifecycle::of(self.token).end();
        if let Some(end) = end.filter(|_| status != Status::Disabled) {
            let digits = Remaining::until(end, now).calm(ctx.calm).digits();
            let after = match status {
                Status::Expired => " ago",
                Status::Active | Status::Unknown => " left",
                Status::Critical | Status::Expiring | Status::NeverExpires | Status::Disabled => "",
            };
            if self.layout.is_large {
                let area = inset(first_rows(below(inner, 1), LARGE_DIGITS));
                digits::render(paint, area, &digits, after, role);
            } else {
                left.push(ctx.span(Role::Strong, &format!("  {digits}{after}")));
            }
        }
        paint.render_spans(place, &left);
        let room = usize::from(place.width).saturating_sub(width(&left) + 2);
        let renewals = self.renewals(ctx);
        let renewal = renewals.iter().find(|form| text::width(form) <= room);
        if let Some(renewal) = renewal {
            paint.render_spans_right(place, &[ctx.span(Role::Muted, renewal)]);
        }
        if self.layout.has_bar {
            let place = inset(row(inner, self.layout.headline - 1));
            let bar = self.bar(usize::from(place.width), ctx);
            paint.render_spans(place, &bar);
        }
    }

    /// When the token was last renewed, and for how long; longest form first.
    fn renewals(&self, ctx: &RenderContext<'_>) -> Vec<String> {
        let (token, now) = (self.token, self.context.now);
        let life = Lifecycle::of(token);
        let (Some(length), Some(end)) = (life.duration, life.end()) else {
            return Vec::new();
        };
        let duration = humanize(length);
        let start = end.checked_sub_signed(length);
        let start = start.filter(|_| elapsed(token, now).is_some());
        let created = token.created_at.valid();
        let Some((start, created)) = start.zip(created) else {
            return vec![format!("duration {duration}")];
        };
        // The API stamps the creation and the start of the lifetime one after the other.
        let is_first = start.signed_duration_since(*created) < TimeDelta::minutes(1);
        let word = if is_first { "created" } else { "last renewed" };
        let date = (ctx.local)(start).format("%-d %b %Y");
        let dot = ctx.glyphs().dot;
        vec![
            format!("{word} {date}{dot}{duration}"),
            format!("{word} {date}"),
        ]
    }

    /// A bar of the lifetime, with the thresholds marked on it.
    ///
    /// ```text
    /// ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━▲━╸✖─  96.7 % elapsed
    /// ```
    fn bar(&self, columns: usize, ctx: &RenderContext<'_>) -> Spans {
        let glyphs = ctx.glyphs();
        let share = elapsed(self.token, self.context.now).unwrap_or_default();
        // Floored, so that a live token never reads 100 %.
        let percent = (share * 1000.0).floor() / 10.0;
        let label = format!("  {percent:.1} % elapsed");
        let columns = columns.saturating_sub(text::width(&label));
        let halves = half_cells(share, columns);
        let role = self.role();
        let cell = |at: usize| match halves.saturating_sub(2 * at) {
            0 => (Role::Border, glyphs.horizontal),
            1 => (role, glyphs.bar_half),
            _ => (role, glyphs.bar_done),
        };
        let mut bar: Vec<_> = (0..columns).map(cell).collect();
        let [warn, critical] = self.thresholds(columns);
        for (at, mark) in [
            (warn, (Role::Warning, glyphs.warning)),
            (critical, (Role::Critical, glyphs.critical)),
        ] {
            if let Some(cell) = at.and_then(|at| bar.get_mut(at)) {
                *cell = mark;
            }
        }
        let parts = bar.chunk_by(|one, other| one.0 == other.0).map(|part| {
            let text: String = part.iter().map(|(_, glyph)| *glyph).collect();
            Span::styled(text, ctx.style(part[0].0))
        });
        parts.chain([ctx.span(Role::Muted, &label)]).collect()
    }

    /// The cells of a bar in which the token begins to be expiring and critical; never the same.
    fn thresholds(&self, columns: usize) -> [Option<usize>; 2] {
        let Some(length) = Lifecycle::of(self.token).duration else {
            return [None; 2];
        };
        let thresholds = self.context.thresholds.for_duration(Some(length));
        let cell = |left: TimeDelta| {
            let gone = i128::from(length.num_seconds()) - i128::from(left.num_seconds());
            let columns = i128::try_from(columns).ok()?;
            let cell = gone
                .checked_mul(columns)?
                .checked_div(length.num_seconds().into())?;
            usize::try_from(cell).ok()
        };
        let [warn, critical] = [thresholds.warn, thresholds.critical].map(cell);
        let apart = match critical {
            Some(critical) => warn.and_then(|warn| warn.min(critical.checked_sub(1)?).into()),
            None => warn,
        };
        [apart, critical]
    }
}

/// The advice, the facts and the JSON, with their frame.
struct Sections<'a> {
    frame: Rect,
    inner: Rect,
    state: &'a State,
    token: &'a ServiceToken,
    layout: DetailLayout,
    focus: Part,
}

impl Sections<'_> {
    /// Draws a line across the frame with the name of a part; the part that keys act on is bright.
    fn divider(&self, paint: &mut Painter<'_, '_>, line: Rect, part: Part) {
        let title = match part {
            Part::Advice => "What to do",
            Part::Facts => "Facts",
            Part::Json => "JSON",
        };
        paint.divider(line, "");
        self.title(paint, line, part, title);
    }

    fn title(&self, paint: &mut Painter<'_, '_>, line: Rect, part: Part, title: &str) {
        let has_focus = part == self.focus;
        let role = if has_focus { Role::Title } else { Role::Label };
        paint.frame_title(line, &[paint.ctx.span(role, title)]);
    }

    fn render_advice(&self, paint: &mut Painter<'_, '_>) {
        let (ctx, layout) = (paint.ctx, self.layout);
        let columns = usize::from(self.inner.width.saturating_sub(2));
        let lines = ctx.lines(&self.state.current_advice(self.token, columns));
        let total = lines.len();
        if layout.is_folded {
            let place = inset(row(self.inner, layout.headline));
            let more = if total > 1 {
                ctx.hint(Context::Detail, Action::NextField, "opens")
            } else {
                Spans::new()
            };
            paint.render_spans_right(place, &more);
            let mut first = lines.into_iter().next().unwrap_or_default();
            if total > 1 {
                first.push(ctx.plain(&format!(" {}", ctx.glyphs().ellipsis)));
            }
            paint.render_spans(without_right(place, width(&more) + 1), &first);
            return;
        }
        let line = row(self.frame, 1 + layout.headline);
        self.divider(paint, line, Part::Advice);
        let top = self.state.detail.advice_top;
        let top = top.min(total.saturating_sub(layout.advice));
        paint.frame_title_right(line, &ctx.range(top, layout.advice, total));
        let area = first_rows(below(self.inner, layout.headline + 1), layout.advice);
        paint.render_lines(inset(area), lines.into_iter().skip(top));
    }

    fn render_facts(&self, paint: &mut Painter<'_, '_>) {
        let (layout, state, ctx) = (self.layout, self.state, paint.ctx);
        let facts = FactTable::new(self.token, state, ctx);
        facts.render_raw(paint, bottom(self.frame));
        if layout.facts == 0 {
            return;
        }
        let divider = usize::from(!layout.is_folded);
        let at = layout.headline + divider + layout.advice;
        let line = row(self.frame, 1 + at);
        self.divider(paint, line, Part::Facts);
        let area = first_rows(below(self.inner, at + 1), layout.facts);
        let has_focus = self.focus == Part::Facts;
        if layout.is_beside {
            let most = area.width.saturating_sub(FEWEST_JSON_COLUMNS);
            let columns = cells(facts.columns()).min(most);
            let right = last_columns(area, area.width - columns - 1);
            let left = without_right(area, usize::from(right.width + 1));
            facts.render(paint, left, has_focus);
            paint.splitter(left.right(), (line.y, area.bottom()), None);
            facts.render_raw(paint, bottom(self.frame));
            let title = row(across(right), 0);
            let title = Rect { y: line.y, ..title };
            self.title(paint, title, Part::Json, "JSON");
            self.render_json(paint, right, title);
            return;
        }
        facts.render(paint, area, has_focus);
        if layout.json > 0 {
            let at = at + 1 + layout.facts;
            let line = row(self.frame, 1 + at);
            self.divider(paint, line, Part::Json);
            let area = first_rows(below(self.inner, at + 1), layout.json);
            self.render_json(paint, area, line);
        }
    }

    /// Draws the JSON, with the line of the selected field in bold.
    fn render_json(&self, paint: &mut Painter<'_, '_>, area: Rect, line: Rect) {
        let (ctx, detail) = (paint.ctx, &self.state.detail);
        let lines = self.token.lines();
        let rows = usize::from(area.height);
        let first = detail.first_json_line(&lines, rows, self.focus == Part::Json);
        paint.frame_title_right(line, &ctx.range(first, rows, lines.len()));
        let selected = detail.selected_json_line(&lines);
        let shown = lines.window(first, rows);
        let shown = shown.iter().enumerate().map(|(at, line)| {
            let mut spans = raw_view::marked(&ctx.clean(line), "", false, ctx);
            if selected == Some(first + at) {
                for span in &mut spans {
                    span.style = span.style.patch(ctx.style(Role::Strong));
                }
            }
            spans
        });
        paint.render_lines(area, shown);
    }
}

/// Draws the progress of the lookup, or why there is no token.
///
/// ```text
///               ⠋ Looking up CI/CD token … 3 s · Esc cancel
/// ```
fn render_nothing(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
    let ctx = paint.ctx;
    let reference = state.detail.reference.as_ref().map(ToString::to_string);
    let inner = paint.panel(area, reference.as_deref().unwrap_or("Token"));
    let lines = lookup_progress(state, usize::from(inner.width), ctx).unwrap_or_else(|| {
        let what = if state.detail.token.failure().is_some() {
            "The token could not be fetched."
        } else {
            "Nothing was fetched."
        };
        let keys = [
            (Action::Reload, "try again"),
            (Action::Find, "look up another"),
        ];
        let keys = ctx.hints(state.context(), &keys, "   ");
        vec![vec![ctx.plain(what)], Vec::new(), keys]
    });
    paint.render_centred(inner, &lines);
}
