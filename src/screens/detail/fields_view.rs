//! The fields of the token in view: a table of human forms, and a pane with every form of the
//! selected one.
//!
//! Not here: which fields there are (`domain::fields`).

use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::domain::duration;
use crate::domain::fields::{Field, FieldKind, fields};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::theme::Role;
use crate::ui::render_context::RenderContext;
use crate::ui::times::{FORMS, FormattedInstant};
use crate::ui::widgets::{divider, first_shown, frame_title, number, render_spans, row};

/// Rows of the pane: a divider, the raw form, UTC, local time, and the distance from now.
pub(crate) const PANE: usize = 5;

/// Where values begin at most, in cells: the labels of the fields that we know fit.
const LONGEST_LABEL: usize = 17;

/// The fields of a token at an instant.
pub(crate) struct Fields<'a> {
    pub(crate) token: &'a ServiceToken,
    pub(crate) changed: &'a [String],
    pub(crate) selected: usize,
    pub(crate) now: DateTime<Utc>,
    pub(crate) look: &'a RenderContext<'a>,
}

/// A field's value in words.
enum Value {
    /// As it is.
    Text(String),
    /// Of which nothing is known.
    Nothing(String),
    /// An instant.
    Time(Box<FormattedInstant>),
    /// Not what the field holds, and in what way.
    Invalid(&'static str, String),
}

/// A line of the table.
enum Item<'a> {
    Field(usize, &'a Field),
    /// Above the fields that we do not know.
    Others,
    /// How many there are beyond those that are shown.
    Rest(usize),
}

/// Of a value's JSON, this much is looked at for a line or a pane.
const ENOUGH: usize = 4096;

/// Of a label, this much is looked at to measure it.
const ENOUGH_TO_MEASURE: usize = 128;

impl<'a> Fields<'a> {
    fn rows(&self) -> &'a [Field] {
        fields(self.token)
    }

    /// How many lines the table has.
    pub(crate) fn height(&self) -> usize {
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

    /// As much of a field's JSON as can be shown.
    fn raw(&self, field: &Field) -> Option<&'a str> {
        field.raw(self.token).map(|raw| text::start(raw, ENOUGH))
    }

    /// Draws the table, scrolled so that the selected field is in view.
    ///
    /// ```text
    ///  ID               f174e90a-fafe-4643-bbbc-4a0ed4fc8415
    /// ΔDuration         365d (8760h)
    ///  Last seen        15 Oct 2026 09:12:44 UTC · 41 d ago
    ///  Other fields
    ///  policies         ["a","b"]
    /// ```
    pub(crate) fn render(&self, buffer: &mut Buffer, area: Rect) {
        let look = self.look;
        let rows = usize::from(area.height);
        let items = self.items();
        let is_selected =
            |item: &Item<'_>| matches!(item, Item::Field(at, _) if *at == self.selected);
        let selected = items.iter().position(is_selected).unwrap_or(0);
        let last_field = items.len() - usize::from(matches!(items.last(), Some(Item::Rest(_))));
        // What is beyond the last field cannot be selected, but is seen with it.
        let shown_with = selected + usize::from(selected + 1 == last_field);
        let first = first_shown(shown_with, items.len(), rows).min(selected);
        let labels = self.label_width(usize::from(area.width));
        let room = usize::from(area.width).saturating_sub(labels + 2);
        let form = self.form(room);
        for (line, item) in items.iter().skip(first).take(rows).enumerate() {
            let place = row(area, line);
            match item {
                Item::Others => {
                    render_spans(
                        buffer,
                        place,
                        &[look.span(Role::Muted, " Other fields")],
                        look,
                    );
                }
                Item::Rest(count) => {
                    let ellipsis = look.glyphs().ellipsis;
                    let rest = format!(" {ellipsis} and {} more fields", number(*count));
                    render_spans(buffer, place, &[look.span(Role::Muted, &rest)], look);
                }
                Item::Field(at, field) => {
                    let has_changed = self.changed.binary_search(&field.key).is_ok();
                    let mut spans = self.label(field, labels, has_changed);
                    spans.extend(self.words(&self.value(field), form));
                    render_spans(buffer, place, &spans, look);
                    if *at == self.selected {
                        buffer.set_style(place, look.style(Role::Selected));
                    }
                }
            }
        }
    }

    fn label_width(&self, columns: usize) -> usize {
        let longest = self.rows().iter().map(|field| {
            let label = text::start(&field.label, ENOUGH_TO_MEASURE);
            text::width(&self.look.clean(label))
        });
        let longest = longest.max().unwrap_or(0) + 2;
        longest.clamp(11, LONGEST_LABEL).min((columns / 3).max(11))
    }

    fn label(&self, field: &Field, labels: usize, has_changed: bool) -> Vec<Span<'static>> {
        let look = self.look;
        let ellipsis = look.glyphs().ellipsis;
        let label = look.clean(&field.label);
        let label = text::truncate(&label, labels.saturating_sub(1), ellipsis);
        let label = text::fit(&label, labels, "");
        if has_changed {
            vec![
                look.span(Role::Warning, look.glyphs().changed),
                look.span(Role::Warning, &label),
            ]
        } else {
            vec![Span::raw(" "), look.span(Role::Label, &label)]
        }
    }

    /// The longest form of times that fits in every row.
    fn form(&self, room: usize) -> usize {
        let times: Vec<Box<FormattedInstant>> = self
            .rows()
            .iter()
            .filter_map(|field| match self.value(field) {
                Value::Time(moment) => Some(moment),
                _ => None,
            })
            .collect();
        let widest = |form: usize| {
            let widths = times
                .iter()
                .map(|it| text::width(&it.lines(self.look)[form]));
            widths.max().unwrap_or(0)
        };
        (0..FORMS)
            .find(|form| widest(*form) <= room)
            .unwrap_or(FORMS - 1)
    }

    fn words(&self, value: &Value, form: usize) -> Vec<Span<'static>> {
        let look = self.look;
        match value {
            Value::Text(text) => vec![look.plain(text)],
            Value::Nothing(text) => vec![look.span(Role::Muted, text)],
            Value::Time(moment) => vec![look.plain(&moment.lines(look)[form])],
            Value::Invalid(mark, raw) => vec![look.span(Role::Warning, mark), look.plain(raw)],
        }
    }

    fn value(&self, field: &Field) -> Value {
        let raw = self.raw(field).unwrap_or_default().to_owned();
        if let Some(malformed) = field.malformed(self.token) {
            return Value::Invalid(malformed.mark, raw);
        }
        if let Some(said) = field.absence(self.token) {
            return Value::Nothing(said.into_owned());
        }
        let text = field.shown_text(self.token).unwrap_or_default();
        match field.kind {
            FieldKind::Other => Value::Text(raw),
            FieldKind::Time => match field.instant(self.token) {
                Some(at) => Value::Time(Box::new(FormattedInstant::new(at, self.now, self.look))),
                None => Value::Text(raw),
            },
            FieldKind::Switch => {
                let word = if raw == "true" { "yes" } else { "no" };
                Value::Text(word.to_owned())
            }
            FieldKind::Duration => Value::Text(duration::described(&text)),
            FieldKind::Text | FieldKind::Identifier | FieldKind::Number => Value::Text(text),
        }
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
    pub(crate) fn render_pane(&self, buffer: &mut Buffer, frame: Rect, area: Rect) {
        let look = self.look;
        let Some(field) = self.selected_field() else {
            return;
        };
        divider(buffer, frame, area.y, &field.label, look);
        let columns = usize::from(area.width).saturating_sub(1 + PANE_LABEL + 1);
        let mut lines = Vec::new();
        let raw = self.raw(field).map(|raw| look.clean(raw));
        match &raw {
            Some(raw) => {
                let wrapped = text::wrap(raw, columns);
                for (at, line) in wrapped.into_iter().enumerate() {
                    lines.push((if at == 0 { "Raw" } else { "" }, line));
                }
            }
            None => lines.push(("Raw", "the key was not sent".to_owned())),
        }
        if let Value::Time(moment) = self.value(field) {
            let local = moment.local.as_deref().unwrap_or("the same as UTC");
            lines.push(("UTC", moment.utc.clone()));
            lines.push(("Local", local.to_owned()));
            lines.push(("Age", moment.distance.clone()));
        }
        let rows = usize::from(area.height).saturating_sub(1);
        for (at, (label, line)) in lines.iter().take(rows).enumerate() {
            let label = text::fit(label, PANE_LABEL, "");
            let spans = [
                look.span(Role::Label, &format!(" {label}")),
                look.plain(line),
            ];
            render_spans(buffer, row(area, at + 1), &spans, look);
        }
    }

    /// Writes the raw form of the selected field on a line of the frame.
    ///
    /// ```text
    /// ╰ "expires_at": "2026-12-07T16:37:52Z" ─────────╯
    /// ```
    pub(crate) fn render_raw(&self, buffer: &mut Buffer, frame: Rect, y: u16) {
        let look = self.look;
        let Some((field, raw)) = self
            .selected_field()
            .and_then(|field| Some((field, self.raw(field)?)))
        else {
            return;
        };
        let text = format!("\"{}\": {raw}", field.key);
        let text = look.clean(&text);
        let room = usize::from(frame.width).saturating_sub(6);
        let text = text::truncate(&text, room, look.glyphs().ellipsis);
        frame_title(buffer, frame, y, &[look.span(Role::Muted, &text)], look);
    }
}

/// Where the values of the pane begin.
const PANE_LABEL: usize = 8;
