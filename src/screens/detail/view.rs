//! Draws the current token: its status and countdown, its fields, its findings.

use chrono::{DateTime, Utc};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use tui_big_text::{BigText, PixelSize};

use super::fields_view::Fields;
use super::raw_view;
use super::state::View;
use crate::action::Action;
use crate::app::state::State;
use crate::domain::duration::Remaining;
use crate::domain::fields::NO_NAME;
use crate::domain::findings::{Finding, Severity, findings};
use crate::domain::status::{self, Lifecycle, Status};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::layout;
use crate::theme::Role;
use crate::ui::painter::{
    Painter, RenderContext, Spans, below, bottom, cells, first_rows, inset, row, width,
};
use crate::ui::texts::{FormattedInstant, lookup_progress};

/// The rows of the large digits.
const LARGE: u16 = 4;

/// From this height of the panel on, in cells, the digits are large.
const TALL: u16 = 26;

/// From this height of the panel on, in cells, the lifetime has a bar.
const ROOM_FOR_BAR: u16 = 10;

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
    let Some(token) = state.detail.token.value() else {
        render_nothing(paint, area, state);
        return;
    };
    let context = state.evaluation_context();
    let now = context.now;
    let name = token.display_text(&token.name);
    let name = match name.trim() {
        "" => NO_NAME,
        _ => &name,
    };
    let inner = paint.panel(area, name);
    let status = Status::of(token, context);
    let headline = render_headline(paint, inner, token, status, now);
    let sections = Sections {
        frame: area,
        divider: row(area, usize::from(1 + headline)),
        body: below(inner, usize::from(headline + 1)),
        fields: Fields {
            token,
            changed: &state.detail.changed,
            selected: state.detail.selected,
            now,
            ctx,
        },
        findings: findings(token, context),
        now,
        ctx,
    };
    if area.width >= layout::WIDE {
        sections.render_beside(paint);
    } else {
        sections.render_below(paint);
    }
}

/// Draws status, countdown, date and lifetime bar, and returns the rows they took.
///
/// ```text
///  ▲ EXPIRES IN  12d 04:33:21                  Mon 7 Dec 2026 16:37:52 UTC
///  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸──  96.6 % elapsed
/// ```
fn render_headline(
    paint: &mut Painter<'_, '_>,
    inner: Rect,
    token: &ServiceToken,
    status: Status,
    now: DateTime<Utc>,
) -> u16 {
    let ctx = paint.ctx;
    let end = Lifecycle::of(token).end();
    let is_large = !ctx.ascii && inner.height >= TALL && inner.width + 2 >= layout::WIDE;
    let place = inset(row(inner, 0));
    let mut left = vec![status_words(status, ctx)];
    let mut used = 1;
    if let Some(end) = end.filter(|_| status != Status::Disabled) {
        let digits = Remaining::until(end, now).digits();
        let after = match status {
            Status::Expired => " ago",
            Status::Active | Status::Unknown => " left",
            Status::Critical | Status::Expiring | Status::NeverExpires | Status::Disabled => "",
        };
        if is_large {
            let area = inset(first_rows(below(inner, 1), usize::from(LARGE)));
            render_large(paint, area, &digits, after, Role::from(status.tone()));
            used += LARGE;
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
    let share = status::elapsed(token, now).filter(|_| inner.height >= ROOM_FOR_BAR);
    if let Some(share) = share {
        let place = inset(row(inner, usize::from(used)));
        let bar = bar(share, usize::from(place.width), status, ctx);
        paint.render_spans(place, &bar);
        used += 1;
    }
    used
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
    let baseline = row(area, usize::from(LARGE) - 2);
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
        part(Role::Border, glyphs.bar_left, columns - done - half),
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
    fields: Fields<'a>,
    findings: Vec<Finding>,
    now: DateTime<Utc>,
    ctx: &'a RenderContext<'a>,
}

impl Sections<'_> {
    /// Findings to the right of the fields.
    fn render_beside(&self, paint: &mut Painter<'_, '_>) {
        let (frame, ctx) = (self.frame, self.ctx);
        let right = (frame.width / 3).clamp(39, 56);
        let split = frame.right() - 1 - right;
        paint.divider(self.divider, "Fields");
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
        let lines = self.findings_lines(usize::from(place.width));
        render_findings(paint, place, &lines);
    }

    /// Findings below the fields.
    fn render_below(&self, paint: &mut Painter<'_, '_>) {
        let body = self.body;
        paint.divider(self.divider, "Fields");
        let lines = self.findings_lines(usize::from(body.width).saturating_sub(2));
        let rows = usize::from(body.height);
        let (for_fields, for_findings) =
            layout::fields_and_findings(rows, self.fields.height(), lines.len());
        self.render_fields(paint, first_rows(body, for_fields), self.frame);
        if for_findings == 0 {
            self.render_count(paint);
            return;
        }
        let line = row(
            self.frame,
            usize::from(self.divider.y - self.frame.y) + 1 + for_fields,
        );
        paint.divider(line, "Findings");
        render_findings(paint, inset(below(body, for_fields + 1)), &lines);
    }

    /// Draws the table, and below it the pane, whose height it returns; or the raw form on the
    /// frame if the pane does not fit.
    fn render_fields(&self, paint: &mut Painter<'_, '_>, area: Rect, frame: Rect) -> Option<u16> {
        let rows = usize::from(area.height);
        let height = layout::field_table(rows, self.fields.height());
        self.fields.render(paint, first_rows(area, height));
        if height < rows {
            let line = row(frame, usize::from(area.y - frame.y) + height);
            self.fields
                .render_pane(paint, line, below(area, height + 1));
            Some(line.y)
        } else {
            self.fields.render_raw(paint, bottom(frame));
            None
        }
    }

    fn findings_lines(&self, columns: usize) -> Vec<Spans> {
        let ctx = self.ctx;
        if self.findings.is_empty() {
            let calm = ctx.span(Role::Calm, ctx.glyphs().info);
            return vec![vec![calm, ctx.plain(" No action needed.")]];
        }
        let mut lines = Vec::new();
        for finding in &self.findings {
            let (role, symbol) = sign(finding.severity, ctx);
            let message = ctx.clean(&finding.message);
            let wrapped = text::wrap(&message, columns.saturating_sub(2));
            for (at, line) in wrapped.iter().enumerate() {
                let start = if at == 0 { symbol } else { " " };
                lines.push(vec![ctx.span(role, start), Span::raw(format!(" {line}"))]);
            }
            if let Some(end) = finding.ends_at {
                let digits = Remaining::until(end, self.now).digits();
                let digits = ctx.span(Role::Strong, &digits);
                lines.push(vec![Span::raw("  ends in "), digits]);
            }
        }
        lines
    }

    /// Draws the number of findings if they do not fit.
    fn render_count(&self, paint: &mut Painter<'_, '_>) {
        let Some(loudest) = self.findings.first() else {
            return;
        };
        let (role, symbol) = sign(loudest.severity, self.ctx);
        let count = match self.findings.len() {
            1 => "1 finding".to_owned(),
            count => format!("{count} findings"),
        };
        let spans = [
            self.ctx.span(role, symbol),
            self.ctx.plain(&format!(" {count}")),
        ];
        paint.frame_title_right(self.divider, &spans);
    }
}

fn sign(severity: Severity, ctx: &RenderContext<'_>) -> (Role, &'static str) {
    let glyphs = ctx.glyphs();
    match severity {
        Severity::Info => (Role::Accent, glyphs.info),
        Severity::Warning => (Role::Warning, glyphs.warning),
        Severity::Critical => (Role::Critical, glyphs.critical),
    }
}

/// Draws the lines that fit, with a mark if some do not.
///
/// ```text
/// ▲ Expires within 30 days. Refresh adds a year and
///   keeps the secret; …
/// ● The previous secret still works.
///   ends in 01:12:09
/// ```
fn render_findings(paint: &mut Painter<'_, '_>, area: Rect, lines: &[Spans]) {
    let ctx = paint.ctx;
    let rows = usize::from(area.height);
    if lines.len() <= rows {
        paint.render_lines(area, lines);
    } else if let Some(shown) = rows.checked_sub(1) {
        paint.render_lines(first_rows(area, shown), lines);
        let more = ctx.span(Role::Muted, &format!("  {} more", ctx.glyphs().ellipsis));
        paint.render_spans(row(area, shown), &[more]);
    }
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
            (Action::Refresh, "try again"),
            (Action::LookUp, "look up another"),
        ];
        let keys = ctx.hints(state.context(), &keys, "   ");
        vec![vec![ctx.plain(what)], Vec::new(), keys]
    });
    paint.render_centred(inner, &lines);
}
