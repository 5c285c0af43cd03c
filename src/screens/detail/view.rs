//! The token in view: its status and countdown, its fields, its findings.
//!
//! Not here: the raw JSON (`raw`), or what a status is.

use chrono::{DateTime, Utc};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::fields_view::{Fields, PANE};
use super::{findings_view, headline_view};
use crate::action::Action;
use crate::app::state::State;
use crate::domain::fields::NO_NAME;
use crate::domain::findings::Finding;
use crate::domain::status::Status;
use crate::theme::Role;
use crate::ui::layout::WIDE;
use crate::ui::render_context::RenderContext;
use crate::ui::waiting;
use crate::ui::widgets::{
    cells, divider, frame_title, frame_title_right, hint_for, inset, panel, render_spans_centred,
    row, splitter,
};

/// ```text
/// ╭ CI/CD token ───────────────────────────────────────────────────────╮
/// │ ▲ EXPIRES IN  12d 04:33:21            Mon 7 Dec 2026 16:37:52 UTC  │
/// │ ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸── 96.7 % elapsed │
/// ├ Fields ───────────────────────────┬ Findings ──────────────────────┤
/// │ ID             f174e90a-fafe-46…  │ ▲ Expires within 30 days.      │
/// ╰ "id": "f174e90a-fafe-4643-…" ─────┴────────────────────────────────╯
/// ```
pub(crate) fn render(frame: &mut Frame<'_>, area: Rect, state: &State, look: &RenderContext<'_>) {
    let Some(token) = state.detail.token.value() else {
        render_nothing(frame, area, state, look);
        return;
    };
    let context = state.evaluation_context();
    let now = context.now;
    let name = token.display_text(&token.name);
    let name = if name.trim().is_empty() {
        NO_NAME
    } else {
        &name
    };
    let buffer = frame.buffer_mut();
    let inner = panel(buffer, area, name, look);
    let status = Status::of(token, context);
    let top = headline_view::render(buffer, inner, token, status, now, look);
    let sections = Sections {
        frame: area,
        inner,
        top: inner.y + top,
        fields: Fields {
            token,
            changed: &state.detail.changed,
            selected: state.detail.selected,
            now,
            look,
        },
        findings: crate::domain::findings::findings(token, context),
        now,
        look,
    };
    if area.width >= WIDE {
        sections.render_beside(buffer);
    } else {
        sections.render_below(buffer);
    }
}

/// Fields and findings, and the frame they are in.
struct Sections<'a> {
    frame: Rect,
    inner: Rect,
    /// The row of the divider beneath the headline.
    top: u16,
    fields: Fields<'a>,
    findings: Vec<Finding>,
    now: DateTime<Utc>,
    look: &'a RenderContext<'a>,
}

impl Sections<'_> {
    fn findings_lines(&self, columns: usize) -> Vec<Vec<Span<'static>>> {
        findings_view::lines(&self.findings, self.now, columns, self.look)
    }

    fn rows_below(&self) -> u16 {
        self.inner.bottom().saturating_sub(self.top + 1)
    }

    /// Findings to the right of the fields.
    fn render_beside(&self, buffer: &mut Buffer) {
        let (frame, inner, look) = (self.frame, self.inner, self.look);
        let right = (frame.width / 3).clamp(39, 56);
        let line = frame.right() - 1 - right;
        divider(buffer, frame, self.top, "Fields", look);
        let bottom = frame.bottom() - 1;
        let left = Rect {
            y: self.top + 1,
            width: line - inner.x,
            height: self.rows_below(),
            ..inner
        };
        self.render_fields(
            buffer,
            left,
            Rect {
                width: left.width + 2,
                ..frame
            },
        );
        splitter(buffer, line, self.top, bottom, look);
        if left.height as usize >= self.fields.height() + PANE {
            let pane = left.y + cells(self.fields.height());
            if let Some(cell) = buffer.cell_mut((line, pane)) {
                cell.set_symbol(look.glyphs().tees[1]);
            }
        }
        let title = Rect {
            x: line,
            width: right + 1,
            ..frame
        };
        let spans = [look.span(Role::Title, "Findings")];
        frame_title(buffer, title, self.top, &spans, look);
        let place = Rect {
            x: line + 2,
            width: right.saturating_sub(3),
            ..left
        };
        let lines = self.findings_lines(usize::from(place.width));
        findings_view::render(buffer, place, &lines, look);
    }

    /// The table, and below it the pane, or the raw form on the frame where there is no room.
    fn render_fields(&self, buffer: &mut Buffer, area: Rect, frame: Rect) {
        let rows = usize::from(area.height);
        if rows >= self.fields.height() + PANE {
            let height = cells(self.fields.height());
            let table = Rect { height, ..area };
            let pane = Rect {
                y: area.y + height,
                height: area.height - height,
                ..area
            };
            self.fields.render(buffer, table);
            self.fields.render_pane(buffer, frame, pane);
        } else {
            self.fields.render(buffer, area);
            self.fields.render_raw(buffer, frame, frame.bottom() - 1);
        }
    }

    /// Findings below the fields.
    fn render_below(&self, buffer: &mut Buffer) {
        let (frame, inner, look) = (self.frame, self.inner, self.look);
        divider(buffer, frame, self.top, "Fields", look);
        let rows = usize::from(self.rows_below());
        let lines = self.findings_lines(usize::from(inner.width).saturating_sub(2));
        let wanted = self.fields.height();
        // Fields can be scrolled and findings cannot, so these get up to half of the room; but few
        // rows are better spent on fields, and the divider says what there is to know.
        let for_findings = if rows < 8 {
            0
        } else {
            let left = (rows - 1).saturating_sub(wanted);
            lines.len().min(left.max((rows - 1) / 2))
        };
        let for_fields = rows - for_findings - usize::from(for_findings > 0);
        let fields = Rect {
            y: self.top + 1,
            height: cells(for_fields),
            ..inner
        };
        self.render_fields(buffer, fields, frame);
        if for_findings == 0 {
            self.render_count(buffer);
            return;
        }
        let line = fields.bottom();
        divider(buffer, frame, line, "Findings", look);
        let place = Rect {
            y: line + 1,
            height: cells(for_findings),
            ..inset(inner)
        };
        findings_view::render(buffer, place, &lines, look);
    }

    /// How many findings there are, where they have no room.
    fn render_count(&self, buffer: &mut Buffer) {
        let Some(loudest) = self.findings.first() else {
            return;
        };
        let (role, symbol) = findings_view::sign(loudest.severity, self.look);
        let count = match self.findings.len() {
            1 => "1 finding".to_owned(),
            count => format!("{count} findings"),
        };
        let spans = [
            self.look.span(role, symbol),
            self.look.plain(&format!(" {count}")),
        ];
        frame_title_right(buffer, self.frame, self.top, &spans, self.look);
    }
}

/// What stands there while there is no token: the wait, or why there is nothing.
///
/// ```text
///               ⠋ Looking up CI/CD token … 3 s · Esc cancels
/// ```
fn render_nothing(frame: &mut Frame<'_>, area: Rect, state: &State, look: &RenderContext<'_>) {
    let reference = state.detail.reference.as_ref().map(ToString::to_string);
    let title = reference.as_deref().unwrap_or("Token");
    let buffer = frame.buffer_mut();
    let inner = panel(buffer, area, title, look);
    let lines = waiting::lines(state, usize::from(inner.width), look).unwrap_or_else(|| {
        let what = if state.detail.token.failure().is_some() {
            "The token could not be fetched."
        } else {
            "Nothing was fetched."
        };
        let context = state.context();
        let mut keys = Vec::new();
        for (action, label) in [
            (Action::Refresh, "tries again"),
            (Action::LookUp, "looks up another"),
        ] {
            if let Some(hint) = hint_for(context, action, label, look) {
                keys.extend(hint);
                keys.push(Span::raw("   "));
            }
        }
        keys.pop();
        vec![vec![look.plain(what)], Vec::new(), keys]
    });
    let top = usize::from(inner.height).saturating_sub(lines.len()) / 2;
    for (at, line) in lines.iter().enumerate() {
        render_spans_centred(buffer, row(inner, top + at), line, look);
    }
}
