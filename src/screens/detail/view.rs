//! Draws the current token: its status and countdown, its findings, a table of its fields, and a pane
//! with every form of the selected one.

use std::iter;

use chrono::{DateTime, Utc};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use tui_big_text::{BigText, PixelSize};

use super::raw_view;
use super::state::{Item, View, items};
use super::update::sign;
use crate::action::Action;
use crate::app::state::State;
use crate::domain::duration::{self, Remaining};
use crate::domain::fields::{Field, FieldKind, NO_NAME, fields};
use crate::domain::findings::findings;
use crate::domain::status::{EvaluationContext, Lifecycle, Status, elapsed};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::layout::{self, DetailLayout, LARGE_DIGITS};
use crate::theme::Role;
use crate::ui::painter::{
    Painter, RenderContext, Spans, below, bottom, cells, first_rows, inset, number, row, width,
};
use crate::ui::texts::{FORMS, FormattedInstant, lookup_progress};

/// ```text
/// ╭ CI/CD token ───────────────────────────────────────────────────────╮
/// │ ▲ EXPIRES IN  12d 04:33:21            Mon 7 Dec 2026 16:37:52 UTC  │
/// │ ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸── 96.7 % elapsed │
/// ├ Fields ───────────────────────────┬ Findings ──────────────────────┤
/// │ ID             f174e90a-fafe-46…  │ ▲ Expires within 30 days.      │
/// ╰ "id": "f174e90a-fafe-4643-…" ─────┴────────────────────────────────╯
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
    let ctx = paint.ctx;
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
    let name = token.display_text(&token.name);
    let name = match name.trim() {
        "" => NO_NAME,
        _ => &name,
    };
    let inner = paint.panel(area, name);
    render_headline(paint, inner, token, layout, context);
    let sections = Sections {
        frame: area,
        divider: row(area, 1 + layout.headline),
        body: below(inner, layout.headline + 1),
        layout,
        fields: Fields {
            token,
            changed: &state.detail.changed,
            selected: state.detail.selected,
            now: context.now,
            ctx,
        },
    };
    paint.divider(sections.divider, "Fields");
    match layout.beside {
        Some(right) => sections.render_beside(paint, state, right),
        None => sections.render_below(paint, state),
    }
}

/// Draws status, countdown, date and lifetime bar.
///
/// ```text
///  ▲ EXPIRES IN  12d 04:33:21                  Mon 7 Dec 2026 16:37:52 UTC
///  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸──  96.6 % elapsed
/// ```
fn render_headline(
    paint: &mut Painter<'_, '_>,
    inner: Rect,
    token: &ServiceToken,
    layout: DetailLayout,
    context: EvaluationContext,
) {
    let (ctx, now) = (paint.ctx, context.now);
    let status = Status::of(token, context);
    let end = Lifecycle::of(token).end();
    let place = inset(row(inner, 0));
    let mut left = vec![status_words(status, ctx)];
    if let Some(end) = end.filter(|_| status != Status::Disabled) {
        let digits = Remaining::until(end, now).digits();
        let after = match status {
            Status::Expired => " ago",
            Status::Active | Status::Unknown => " left",
            Status::Critical | Status::Expiring | Status::NeverExpires | Status::Disabled => "",
        };
        if layout.is_large {
            let area = inset(first_rows(below(inner, 1), LARGE_DIGITS));
            render_large(paint, area, &digits, after, Role::from(status.tone()));
        } else {
            left.push(ctx.span(Role::Strong, &format!("  {digits}{after}")));
        }
    }
    paint.render_spans(place, &left);
    if let Some(end) = end {
        let room = usize::from(place.width).saturating_sub(width(&left) + 2);
        let dates = FormattedInstant::new(end, now, ctx).dates();
        let date = dates.iter().find(|date| text::width(date) <= room);
        let date = date.map_or("", String::as_str);
        paint.render_spans_right(place, &[ctx.plain(date)]);
    }
    if let Some(share) = elapsed(token, now).filter(|_| layout.has_bar) {
        let place = inset(row(inner, layout.headline - 1));
        let bar = bar(share, usize::from(place.width), status, ctx);
        paint.render_spans(place, &bar);
    }
}

/// `▲ EXPIRES IN`
fn status_words(status: Status, ctx: &RenderContext<'_>) -> Span<'static> {
    let words = match status {
        Status::Critical => "CRITICAL · EXPIRES IN",
        Status::Expiring => "EXPIRES IN",
        Status::Active
        | Status::Expired
        | Status::NeverExpires
        | Status::Disabled
        | Status::Unknown => status.word(),
    };
    let style = ctx
        .style(Role::from(status.tone()))
        .patch(ctx.style(Role::Strong));
    let text = format!("{} {}", status.symbol(ctx.ascii), ctx.clean(words));
    Span::styled(text, style)
}

/// Draws digits four rows high, and a word after them.
fn render_large(paint: &mut Painter<'_, '_>, area: Rect, digits: &str, after: &str, role: Role) {
    let ctx = paint.ctx;
    BigText::builder()
        .pixel_size(PixelSize::Quadrant)
        .style(ctx.style(role))
        .lines([Line::from(digits.to_owned())])
        .build()
        .render(area, paint.buffer());
    let taken = cells(digits.chars().count() * 4);
    let baseline = row(area, LARGE_DIGITS - 2);
    let behind = Rect {
        x: baseline.x + taken,
        width: baseline.width.saturating_sub(taken),
        ..baseline
    };
    paint.render_spans(behind, &[ctx.plain(after)]);
}

/// A bar filled to a fraction from 0 to 1.
///
/// ```text
/// ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸──  96.7 % elapsed
/// ```
fn bar(share: f64, columns: usize, status: Status, ctx: &RenderContext<'_>) -> [Span<'static>; 4] {
    let glyphs = ctx.glyphs();
    // Floored, so that a live token never reads 100 %.
    let percent = (share * 1000.0).floor() / 10.0;
    let label = format!("  {percent:.1} % elapsed");
    let columns = columns.saturating_sub(text::width(&label));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a few hundred cells"
    )]
    let halves = (share.clamp(0.0, 1.0) * (columns * 2) as f64) as usize;
    let (done, half) = (halves / 2, halves % 2);
    let part = |role, glyph: &str, count| Span::styled(glyph.repeat(count), ctx.style(role));
    let role = Role::from(status.tone());
    [
        part(role, glyphs.bar_done, done),
        part(role, glyphs.bar_half, half),
        part(Role::Border, glyphs.horizontal, columns - done - half),
        ctx.span(Role::Muted, &label),
    ]
}

/// Fields and findings, with their frame.
struct Sections<'a> {
    frame: Rect,
    /// The line beneath the headline.
    divider: Rect,
    /// The area beneath that.
    body: Rect,
    layout: DetailLayout,
    fields: Fields<'a>,
}

impl Sections<'_> {
    /// Draws findings to the right of the fields.
    fn render_beside(&self, paint: &mut Painter<'_, '_>, state: &State, right: u16) {
        let (frame, ctx) = (self.frame, paint.ctx);
        let split = frame.right() - 1 - right;
        let left = Rect {
            width: split - self.body.x,
            ..self.body
        };
        let left_frame = Rect {
            width: left.width + 2,
            ..frame
        };
        let pane = self.render_fields(paint, left, left_frame);
        let ends = (self.divider.y, frame.bottom() - 1);
        paint.splitter(split, ends, pane);
        let title = Rect {
            x: split,
            width: right + 1,
            ..self.divider
        };
        paint.frame_title(title, &[ctx.span(Role::Title, "Findings")]);
        let place = Rect {
            x: split + 2,
            width: right.saturating_sub(3),
            ..left
        };
        render_findings(paint, place, state, self.fields.token);
    }

    /// Draws findings below the fields, or their number if they do not fit.
    fn render_below(&self, paint: &mut Painter<'_, '_>, state: &State) {
        let (rows, token) = (self.layout.fields, self.fields.token);
        self.render_fields(paint, first_rows(self.body, rows), self.frame);
        if self.layout.findings > 0 {
            let line = row(self.frame, 2 + self.layout.headline + rows);
            paint.divider(line, "Findings");
            render_findings(paint, inset(below(self.body, rows + 1)), state, token);
            return;
        }
        let findings = findings(token, state.evaluation_context());
        let Some(loudest) = findings.first() else {
            return;
        };
        let (role, symbol) = sign(loudest.severity, paint.ctx.glyphs());
        let count = match findings.len() {
            1 => " 1 finding".to_owned(),
            count => format!(" {count} findings"),
        };
        let spans = [paint.ctx.span(role, symbol), paint.ctx.plain(&count)];
        paint.frame_title_right(self.divider, &spans);
    }

    /// Draws the table, and below it the pane, whose height it returns; or the raw form on the
    /// frame if the pane does not fit.
    fn render_fields(&self, paint: &mut Painter<'_, '_>, area: Rect, frame: Rect) -> Option<u16> {
        let height = self.layout.table;
        self.fields.render(paint, first_rows(area, height));
        if height < usize::from(area.height) {
            let line = row(frame, 2 + self.layout.headline + height);
            self.fields
                .render_pane(paint, line, below(area, height + 1));
            Some(line.y)
        } else {
            self.fields.render_raw(paint, bottom(frame));
            None
        }
    }
}

/// Draws the findings that fit, with a mark if some do not.
fn render_findings(paint: &mut Painter<'_, '_>, area: Rect, state: &State, token: &ServiceToken) {
    let ctx = paint.ctx;
    let mut lines = ctx.lines(&state.finding_lines(token, usize::from(area.width)));
    let rows = usize::from(area.height);
    if lines.len() > rows {
        lines.truncate(rows.saturating_sub(1));
        let more = format!("  {} more", ctx.glyphs().ellipsis);
        lines.push(vec![ctx.span(Role::Muted, &more)]);
    }
    paint.render_lines(area, lines);
}

/// Draws the replacement for a missing token: the progress, or why it is missing.
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

/// The widest column of labels, in cells: the labels of all known fields fit.
const LONGEST_LABEL: usize = 17;

/// Where the values of the pane begin.
const PANE_LABEL: usize = 8;

/// Maximum bytes of a value's JSON that a line or a pane can show.
const ENOUGH: usize = 4096;

/// Maximum bytes of a label that are measured.
const ENOUGH_TO_MEASURE: usize = 128;

/// The fields of a token at an instant.
struct Fields<'a> {
    token: &'a ServiceToken,
    changed: &'a [String],
    selected: usize,
    now: DateTime<Utc>,
    ctx: &'a RenderContext<'a>,
}

impl<'a> Fields<'a> {
    fn rows(&self) -> &'a [Field] {
        fields(self.token)
    }

    fn selected_field(&self) -> Option<&'a Field> {
        let rows = self.rows();
        let last = rows.len().checked_sub(1)?;
        rows.get(self.selected.min(last))
    }

    /// The start of a field's JSON, as far as it can be shown.
    fn raw(&self, field: &Field) -> Option<&'a str> {
        field.raw(self.token).map(|raw| text::start(raw, ENOUGH))
    }

    /// Draws the table, scrolled to the selected field.
    ///
    /// ```text
    ///  ID               f174e90a-fafe-4643-bbbc-4a0ed4fc8415
    /// ΔDuration         365d (8760h)
    ///  Last seen        15 Oct 2026 09:12:44 UTC · 41 d ago
    ///  Other fields
    ///  policies         ["a","b"]
    /// ```
    fn render(&self, paint: &mut Painter<'_, '_>, area: Rect) {
        let rows = usize::from(area.height);
        let items = items(self.token);
        let is_selected =
            |item: &Item<'_>| matches!(item, Item::Field(at, _) if *at == self.selected);
        let selected = items.iter().position(is_selected);
        let at = selected.unwrap_or(0);
        let last_field = items.len() - usize::from(matches!(items.last(), Some(Item::Rest(_))));
        // The line below the last field cannot be selected, so it becomes visible with that field.
        let shown_with = at + usize::from(at + 1 == last_field);
        let first = layout::first_row_centred(shown_with, items.len(), rows).min(at);
        let labels = self.label_width(usize::from(area.width));
        let form = self.form(usize::from(area.width).saturating_sub(labels + 2));
        let lines = items.iter().skip(first);
        let lines = lines.map(|item| self.line(item, labels, form));
        let selected = selected.map(|at| at - first);
        paint.render_list(area, lines, selected);
    }

    fn line(&self, item: &Item<'_>, labels: usize, form: usize) -> Spans {
        let ctx = self.ctx;
        match item {
            Item::Others => vec![ctx.span(Role::Muted, " Other fields")],
            Item::Rest(count) => {
                let ellipsis = ctx.glyphs().ellipsis;
                let rest = format!(" {ellipsis} and {} more fields", number(*count));
                vec![ctx.span(Role::Muted, &rest)]
            }
            Item::Field(_, field) => {
                let mut line = self.label(field, labels);
                line.extend(self.value(field, form));
                line
            }
        }
    }

    fn label_width(&self, columns: usize) -> usize {
        let longest = self.rows().iter().map(|field| {
            let label = text::start(&field.label, ENOUGH_TO_MEASURE);
            text::width(&self.ctx.clean(label))
        });
        let longest = longest.max().unwrap_or(0) + 2;
        longest.clamp(11, LONGEST_LABEL).min((columns / 3).max(11))
    }

    fn label(&self, field: &Field, labels: usize) -> Spans {
        let ctx = self.ctx;
        let label = ctx.clean(&field.label);
        let room = labels.saturating_sub(1);
        let label = text::truncate(&label, room, ctx.glyphs().ellipsis);
        let label = text::fit(&label, labels, "");
        if self.changed.binary_search(&field.key).is_ok() {
            let mark = ctx.span(Role::Warning, ctx.glyphs().changed);
            vec![mark, ctx.span(Role::Warning, &label)]
        } else {
            vec![Span::raw(" "), ctx.span(Role::Label, &label)]
        }
    }

    fn time(&self, field: &Field) -> Option<FormattedInstant> {
        let at = field.instant(self.token)?;
        Some(FormattedInstant::new(at, self.now, self.ctx))
    }

    /// The longest form of times that fits in every row.
    fn form(&self, room: usize) -> usize {
        let times = self.rows().iter().filter_map(|field| self.time(field));
        let times: Vec<_> = times.map(|time| time.lines(self.ctx)).collect();
        let fits = |form: &usize| times.iter().all(|lines| text::width(&lines[*form]) <= room);
        (0..FORMS).find(fits).unwrap_or(FORMS - 1)
    }

    /// A field's value in words, times in a form.
    fn value(&self, field: &Field, form: usize) -> Spans {
        let ctx = self.ctx;
        let raw = self.raw(field).unwrap_or_default();
        if let Some(malformed) = field.malformed(self.token) {
            return vec![ctx.span(Role::Warning, malformed.mark), ctx.plain(raw)];
        }
        if let Some(placeholder) = field.absence(self.token) {
            return vec![ctx.span(Role::Muted, &placeholder)];
        }
        let text = || field.shown_text(self.token).unwrap_or_default();
        let text = match field.kind {
            FieldKind::Other => raw.to_owned(),
            FieldKind::Time => match self.time(field) {
                Some(time) => time.lines(ctx)[form].clone(),
                None => raw.to_owned(),
            },
            FieldKind::Switch if raw == "true" => "yes".to_owned(),
            FieldKind::Switch => "no".to_owned(),
            FieldKind::Duration => duration::described(&text()),
            FieldKind::Text | FieldKind::Identifier | FieldKind::Number => text(),
        };
        vec![ctx.plain(&text)]
    }

    /// Draws every form of the selected field beneath a divider of the frame.
    ///
    /// ```text
    /// ├ Expires ──────────────────────────────────────┤
    /// │ Raw     "2026-12-07T16:37:52Z"                │
    /// │ UTC     Mon 7 Dec 2026 16:37:52 UTC           │
    /// │ Local   Mon 7 Dec 2026 17:37:52 +01:00        │
    /// │ Age     in 12 d                               │
    /// ```
    fn render_pane(&self, paint: &mut Painter<'_, '_>, line: Rect, area: Rect) {
        let ctx = self.ctx;
        let Some(field) = self.selected_field() else {
            return;
        };
        paint.divider(line, &field.label);
        let columns = usize::from(area.width).saturating_sub(1 + PANE_LABEL + 1);
        let raw = self.raw(field).unwrap_or("the key was not sent");
        let raw = text::wrap(&ctx.clean(raw), columns);
        let labels = iter::once("Raw").chain(iter::repeat(""));
        let mut lines: Vec<_> = labels.zip(raw).collect();
        if let Some(time) = self.time(field) {
            let local = time.local.unwrap_or_else(|| "the same as UTC".to_owned());
            lines.extend([("UTC", time.utc), ("Local", local), ("Age", time.distance)]);
        }
        let lines = lines.iter().map(|(label, line)| {
            let label = format!(" {label:PANE_LABEL$}");
            [ctx.span(Role::Label, &label), ctx.plain(line)]
        });
        paint.render_lines(area, lines);
    }

    /// Draws the raw form of the selected field on a line of the frame.
    ///
    /// ```text
    /// ╰ "expires_at": "2026-12-07T16:37:52Z" ─────────╯
    /// ```
    fn render_raw(&self, paint: &mut Painter<'_, '_>, line: Rect) {
        let ctx = self.ctx;
        let field = self.selected_field();
        let Some((field, raw)) = field.and_then(|field| Some((field, self.raw(field)?))) else {
            return;
        };
        let text = format!("\"{}\": {raw}", field.key);
        let room = usize::from(line.width).saturating_sub(6);
        let text = text::truncate(&ctx.clean(&text), room, ctx.glyphs().ellipsis).into_owned();
        paint.frame_title(line, &[ctx.span(Role::Muted, &text)]);
    }
}
