//! Draws the fields of the current token: a table of readable values, and a pane with every form of
//! the selected one.

use chrono::{DateTime, Utc};
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::domain::duration;
use crate::domain::fields::{Field, FieldKind, fields};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::layout;
use crate::theme::Role;
use crate::ui::painter::{Painter, RenderContext, Spans, number};
use crate::ui::texts::{FORMS, FormattedInstant};

/// The widest column of labels, in cells: the labels of all known fields fit.
const LONGEST_LABEL: usize = 17;

/// Where the values of the pane begin.
const PANE_LABEL: usize = 8;

/// Maximum bytes of a value's JSON that a line or a pane can show.
const ENOUGH: usize = 4096;

/// Maximum bytes of a label that are measured.
const ENOUGH_TO_MEASURE: usize = 128;

/// The fields of a token at an instant.
pub(super) struct Fields<'a> {
    pub(super) token: &'a ServiceToken,
    pub(super) changed: &'a [String],
    pub(super) selected: usize,
    pub(super) now: DateTime<Utc>,
    pub(super) ctx: &'a RenderContext<'a>,
}

/// A line of the table.
enum Item<'a> {
    Field(usize, &'a Field),
    /// The heading of the unknown fields.
    Others,
    /// The number of fields not listed.
    Rest(usize),
}

impl<'a> Fields<'a> {
    fn rows(&self) -> &'a [Field] {
        fields(self.token)
    }

    /// The lines of the table.
    pub(super) fn height(&self) -> usize {
        self.items().len()
    }

    fn items(&self) -> Vec<Item<'a>> {
        let rows = self.rows();
        let mut items = Vec::with_capacity(rows.len() + 2);
        let mut met_other = false;
        for (at, field) in rows.iter().enumerate() {
            if field.kind == FieldKind::Other && !met_other {
                met_other = true;
                items.push(Item::Others);
            }
            items.push(Item::Field(at, field));
        }
        let rest = self.token.members().rest;
        items.extend((rest > 0).then_some(Item::Rest(rest)));
        items
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
    pub(super) fn render(&self, paint: &mut Painter<'_, '_>, area: Rect) {
        let rows = usize::from(area.height);
        let items = self.items();
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
    pub(super) fn render_pane(&self, paint: &mut Painter<'_, '_>, line: Rect, area: Rect) {
        let ctx = self.ctx;
        let Some(field) = self.selected_field() else {
            return;
        };
        paint.divider(line, &field.label);
        let columns = usize::from(area.width).saturating_sub(1 + PANE_LABEL + 1);
        let mut lines = Vec::new();
        match self.raw(field) {
            Some(raw) => {
                let wrapped = text::wrap(&ctx.clean(raw), columns);
                let label = |at| if at == 0 { "Raw" } else { "" };
                let labelled = |(at, line)| (label(at), line);
                lines.extend(wrapped.into_iter().enumerate().map(labelled));
            }
            None => lines.push(("Raw", "the key was not sent".to_owned())),
        }
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
    pub(super) fn render_raw(&self, paint: &mut Painter<'_, '_>, line: Rect) {
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
