//! Draws the facts about a token: a row per field, and the JSON of the selected one.

use chrono::{DateTime, Utc};
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::state::{Item, items};
use crate::app::state::State;
use crate::domain::duration;
use crate::domain::fields::{Field, FieldKind, fields};
use crate::domain::status::Lifecycle;
use crate::domain::text;
use crate::domain::text::number;
use crate::domain::token::ServiceToken;
use crate::layout;
use crate::theme::Role;
use crate::ui::painter::{Painter, RenderContext, Spans, width};
use crate::ui::texts::{FormattedInstant, distance};

/// The usual width of the column of labels, in cells: those of all known fields fit, whether the
/// token has them or not.
const USUAL_LABEL: usize = 15;
const LONGEST_LABEL: usize = 17;

/// The fewest cells of a distance that the times of all rows are aligned after.
const DISTANCE: usize = 9;

/// The field whose label has a shorter form.
const OLD_SECRET: &str = "previous_client_secret_expires_at";

/// Maximum bytes of a value's JSON that a line can show.
const ENOUGH: usize = 4096;

/// Maximum bytes of a label that are measured.
const ENOUGH_TO_MEASURE: usize = 128;

/// The fields of a token at an instant.
pub(super) struct FactTable<'a> {
    token: &'a ServiceToken,
    /// The token before the last fetch, if that changed something.
    before: Option<&'a ServiceToken>,
    changed: &'a [String],
    selected: usize,
    now: DateTime<Utc>,
    ctx: &'a RenderContext<'a>,
    /// The cells of the longest distance, so that the times of all rows line up.
    distance: usize,
}

impl<'a> FactTable<'a> {
    pub(super) fn new(
        token: &'a ServiceToken,
        state: &'a State,
        ctx: &'a RenderContext<'a>,
    ) -> Self {
        let detail = &state.detail;
        let mut table = Self {
            token,
            before: detail.before.as_deref(),
            changed: &detail.changed,
            selected: detail.selected,
            now: state.instant(),
            ctx,
            distance: DISTANCE,
        };
        let times = table.rows().iter().filter(|field| !table.is_unused(field));
        let times = times.filter_map(|field| field.instant(token));
        let widths = times.map(|at| text::width(&distance(at, table.now)));
        table.distance = widths.max().unwrap_or(0).max(DISTANCE);
        table
    }

    fn rows(&self) -> &'a [Field] {
        fields(self.token)
    }

    fn selected_field(&self) -> Option<&'a Field> {
        let rows = self.rows();
        let last = rows.len().checked_sub(1)?;
        rows.get(self.selected.min(last))
    }

    /// Draws the table, scrolled to the selected field.
    ///
    /// ```text
    /// ▌ Last seen      6 min ago   Thu 26 Nov 2026 08:18:10 +01:00   07:18 UTC
    ///  ΔDuration       90d → 365d (8760h)
    ///   Other fields
    ///   policies       ["a","b"]
    /// ```
    pub(super) fn render(&self, paint: &mut Painter<'_, '_>, area: Rect, has_focus: bool) {
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
        let columns = usize::from(area.width);
        let labels = self.label_width(columns);
        let lines = items.iter().skip(first);
        let lines = lines.map(|item| self.line(item, labels, columns.saturating_sub(labels + 3)));
        paint.render_list(area, lines, selected.map(|at| at - first), has_focus);
    }

    /// The columns in which no row is cut or shortened, but for very long values.
    pub(super) fn columns(&self) -> usize {
        let labels = self.label_width(usize::MAX);
        let values = self.rows().iter();
        let values = values.map(|field| width(&self.value(field, ENOUGH)));
        values.max().unwrap_or(0) + labels + 4
    }

    fn line(&self, item: &Item<'_>, labels: usize, room: usize) -> Spans {
        let ctx = self.ctx;
        match item {
            Item::Others => vec![ctx.span(Role::Muted, "  Other fields")],
            Item::Rest(count) => {
                let ellipsis = ctx.glyphs().ellipsis;
                let rest = format!("  {ellipsis} and {} more fields", number(*count));
                vec![ctx.span(Role::Muted, &rest)]
            }
            Item::Field(_, field) => {
                let mut line = self.label(field, labels);
                line.extend(self.value(field, room));
                line
            }
        }
    }

    fn label_width(&self, columns: usize) -> usize {
        let longest = self.rows().iter().map(|field| {
            let label = text::start(self.label_text(field), ENOUGH_TO_MEASURE);
            text::width(&self.ctx.clean(label))
        });
        let longest = longest.max().unwrap_or(0) + 2;
        longest
            .clamp(USUAL_LABEL, LONGEST_LABEL)
            .min((columns / 3).max(11))
    }

    /// A date is never called the expiry of a token that does not expire then.
    fn label_text(&self, field: &'a Field) -> &'a str {
        let life = Lifecycle::of(self.token);
        match field.instant(self.token) {
            Some(end) if is_expiry(field) && end <= self.now && !life.forever => "Expired",
            Some(_) if is_expiry(field) && life.is_disabled() => "Would expire",
            _ => &field.label,
        }
    }

    fn is_changed(&self, field: &Field) -> bool {
        self.changed.binary_search(&field.key).is_ok()
    }

    fn label(&self, field: &'a Field, labels: usize) -> Spans {
        let ctx = self.ctx;
        let label = ctx.clean(self.label_text(field));
        let room = labels.saturating_sub(1);
        let is_tight = field.key == OLD_SECRET && text::width(&label) > room;
        let label = if is_tight { "Old secret".into() } else { label };
        let label = text::fit(&ctx.cut(&label, room), labels, "");
        let (mark, role) = if self.is_changed(field) {
            (ctx.glyphs().changed, Role::Warning)
        } else {
            (" ", Role::Label)
        };
        vec![
            Span::raw(" "),
            ctx.span(Role::Warning, mark),
            ctx.span(role, &label),
        ]
    }

    fn time(&self, field: &Field, token: &ServiceToken) -> Option<FormattedInstant> {
        let at = field.instant(token)?;
        Some(FormattedInstant::new(at, self.now, self.ctx))
    }

    /// A field's value in words. A value that changed is preceded by the old one.
    fn value(&self, field: &Field, room: usize) -> Spans {
        let ctx = self.ctx;
        let Some(old) = self.old_text(field, room) else {
            return self.new_value(field, room);
        };
        let arrow = if ctx.ascii { " -> " } else { " → " };
        let old = [
            Span::styled(old, ctx.style(Role::Muted)),
            Span::styled(arrow, ctx.style(Role::Warning)),
        ];
        let room = room.saturating_sub(width(&old));
        old.into_iter().chain(self.new_value(field, room)).collect()
    }

    fn old_text(&self, field: &Field, room: usize) -> Option<String> {
        let before = self.before.filter(|_| self.is_changed(field))?;
        let old = fields(before).iter().find(|old| old.key == field.key);
        let old = old.map_or_else(
            || "not reported".to_owned(),
            |old| match (self.time(old, before), self.time(field, self.token)) {
                (Some(old), Some(new)) => old.short(&new),
                (Some(old), None) => old.local[1].trim_start().to_owned(),
                (None, _) => Self::words(old, before).1,
            },
        );
        Some(self.ctx.cut(&old, (room / 2).min(40)))
    }

    fn new_value(&self, field: &Field, room: usize) -> Spans {
        let ctx = self.ctx;
        if self.is_unused(field) {
            return vec![ctx.span(Role::Muted, "not used: the duration is forever")];
        }
        if let Some(time) = self.time(field, self.token) {
            let forms = time_forms(&time, self.distance);
            let form = forms.iter().find(|form| text::width(form) <= room);
            let form = form.or(forms.last()).map_or("", String::as_str);
            return vec![ctx.plain(form)];
        }
        if let Some(malformed) = field.malformed(self.token) {
            let raw = raw(field, self.token).unwrap_or_default();
            return vec![ctx.span(Role::Warning, malformed.mark), ctx.plain(raw)];
        }
        let (role, words) = Self::words(field, self.token);
        vec![ctx.span(role, &words)]
    }

    /// Whether the API reports a date that means nothing.
    fn is_unused(&self, field: &Field) -> bool {
        is_expiry(field) && Lifecycle::of(self.token).forever
    }

    /// A value that is not an instant, in words.
    fn words(field: &Field, token: &ServiceToken) -> (Option<Role>, String) {
        let raw = raw(field, token).unwrap_or_default();
        if let Some(placeholder) = field.absence(token) {
            return (Some(Role::Muted), placeholder.into_owned());
        }
        let text = || field.shown_text(token).unwrap_or_default();
        let words = match field.kind {
            FieldKind::Other | FieldKind::Time => raw.to_owned(),
            FieldKind::Switch if raw == "true" => "yes".to_owned(),
            FieldKind::Switch => "no".to_owned(),
            FieldKind::Duration => duration::described(&text()),
            FieldKind::Version => format!("v{}", text()),
            FieldKind::Text | FieldKind::Identifier => text(),
        };
        (None, words)
    }

    /// The JSON of the selected field, and its place among the fields.
    ///
    /// ```text
    /// ╰ "expires_at": "2026-12-07T16:37:52Z" ───────────── 1 of 11 ╯
    /// ```
    pub(super) fn render_raw(&self, paint: &mut Painter<'_, '_>, line: Rect) {
        let ctx = self.ctx;
        let Some(field) = self.selected_field() else {
            return;
        };
        let total = self.rows().len();
        let place = format!("{} of {total}", self.selected.min(total - 1) + 1);
        let text = match raw(field, self.token) {
            Some(raw) => format!("\"{}\": {raw}", field.key),
            None => format!("\"{}\" was not sent", field.key),
        };
        let room = usize::from(line.width).saturating_sub(9 + place.len());
        paint.frame_title(line, &[ctx.plain(&ctx.cut(&text, room))]);
        paint.frame_title_right(line, &[ctx.span(Role::Muted, &place)]);
    }
}

fn is_expiry(field: &Field) -> bool {
    field.key == "expires_at"
}

/// The start of a field's JSON, as far as it can be shown.
fn raw<'t>(field: &Field, token: &'t ServiceToken) -> Option<&'t str> {
    field.raw(token).map(|raw| text::start(raw, ENOUGH))
}

/// The forms of an instant in a row: distance, local time, UTC; the longest first.
fn time_forms(time: &FormattedInstant, columns: usize) -> Vec<String> {
    let distance = text::fit(&time.distance, columns, "");
    let [long, ..] = &time.local;
    let whole = time.utc.iter().map(|utc| format!("{long}   {utc}"));
    let forms = whole.chain(time.local.iter().cloned());
    let forms = forms.map(|form| format!("{distance}   {form}").trim_end().to_owned());
    forms.collect()
}
