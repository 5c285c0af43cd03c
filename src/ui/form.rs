//! Forms: rows with a label and a string, a choice or a button, one of which has the focus.

use ratatui::layout::Rect;
use ratatui::text::Span;

use super::areas::{across, bottom, row};
use super::painter::{Painter, RenderContext, Spans, width};
use crate::action::{Action, Context};
use crate::app::form::TextField;
use crate::domain::scope::ScopeKind;
use crate::domain::text;
use crate::theme::Role;

/// The column where values begin: after a marker and the longest label.
const VALUES: usize = 14;

/// A text field's usual width, in cells: a UUID or client ID with room to spare.
const USUAL: usize = 64;

/// One row of a form.
#[derive(Default)]
pub(crate) struct FormRow {
    spans: Spans,
    has_focus: bool,
    /// The column of the cursor.
    cursor: Option<usize>,
    is_spacer: bool,
    /// Whether this row belongs to the one above.
    is_remark: bool,
    /// Whether it goes where the form does not fit and the row above has no focus.
    is_aside: bool,
}

impl FormRow {
    /// A row without a field.
    pub(crate) fn text(spans: Spans) -> Self {
        Self {
            spans,
            ..Self::default()
        }
    }

    /// A row without a field, some cells from the left.
    pub(crate) fn indented(indent: usize, mut spans: Spans) -> Self {
        spans.insert(0, Span::raw(" ".repeat(indent)));
        Self::text(spans)
    }

    /// The same row, scrolled into view.
    pub(crate) fn in_view(self) -> Self {
        Self {
            has_focus: true,
            ..self
        }
    }

    /// An empty row, dropped first if the form does not fit.
    pub(crate) fn spacer() -> Self {
        Self {
            is_spacer: true,
            ..Self::default()
        }
    }
}

/// Builds the rows of a form with the given width.
pub(crate) struct Form<'a> {
    pub(crate) ctx: &'a RenderContext<'a>,
    pub(crate) columns: usize,
    /// Whether letters go into the field with the focus.
    pub(crate) is_editing: bool,
}

impl Form<'_> {
    fn marker(&self, has_focus: bool) -> Span<'static> {
        let glyphs = self.ctx.glyphs();
        let marker = if has_focus { glyphs.marker } else { " " };
        self.ctx.span(Role::Accent, &format!(" {marker} "))
    }

    fn label(&self, label: &str, has_focus: bool) -> Spans {
        let role = if has_focus { Role::Strong } else { Role::Label };
        let label = text::fit(label, VALUES - 3, "");
        vec![self.marker(has_focus), self.ctx.span(role, &label)]
    }

    /// The usual width, or the width of longer text if it fits.
    fn field_width(&self, value: &str) -> usize {
        let wanted = USUAL.max(text::width(value) + 1);
        self.columns.saturating_sub(VALUES + 2).min(wanted)
    }

    /// A text field, with a placeholder while it is empty.
    ///
    /// ```text
    /// › ID          4f1b0c8d…
    /// ```
    pub(crate) fn text_field(
        &self,
        label: &str,
        field: &TextField,
        placeholder: &str,
        has_focus: bool,
    ) -> FormRow {
        let ctx = self.ctx;
        let mut spans = self.label(label, has_focus);
        let value = ctx.clean(field.value());
        let room = self.field_width(&value);
        let (shown, cursor) = if has_focus {
            field_window(field, room, ctx)
        } else {
            (window(&value, 0, room, None, ctx), 0)
        };
        let style = ctx.style(Role::Field);
        spans.push(if value.is_empty() {
            let shown = ctx.fitted(placeholder, room);
            Span::styled(shown, style.patch(ctx.style(Role::Muted)))
        } else {
            Span::styled(shown, style)
        });
        FormRow {
            spans,
            has_focus,
            cursor: (has_focus && self.is_editing).then(|| VALUES + cursor),
            ..FormRow::default()
        }
    }

    /// A text field where a secret may be pasted by mistake: it is masked.
    pub(crate) fn plain_field(
        &self,
        label: &str,
        field: &TextField,
        placeholder: &str,
        has_focus: bool,
    ) -> FormRow {
        let field = field.masked(self.ctx.glyphs().dot());
        self.text_field(label, &field, placeholder, has_focus)
    }

    /// A value that cannot be changed, and why.
    ///
    /// ```text
    ///   Profile     prod  (why)
    /// ```
    pub(crate) fn fixed(&self, label: &str, value: &str, why: &str) -> FormRow {
        let ctx = self.ctx;
        let mut spans = self.label(label, false);
        spans.push(ctx.span(Role::Strong, value));
        spans.push(ctx.span(Role::Muted, &format!("  {why}")));
        FormRow::text(spans)
    }

    /// The choice between an account and a zone.
    pub(crate) fn scope_kind(&self, kind: ScopeKind, has_focus: bool) -> FormRow {
        let chosen = usize::from(kind == ScopeKind::Zone);
        self.choice("Scope", ["Account", "Zone"], chosen, has_focus)
    }

    /// The ID of an account or zone.
    pub(crate) fn scope_id(&self, kind: ScopeKind, id: &TextField, has_focus: bool) -> FormRow {
        let label = match kind {
            ScopeKind::Account => "Account ID",
            ScopeKind::Zone => "Zone ID",
        };
        self.plain_field(label, id, "32 hexadecimal digits", has_focus)
    }

    /// A choice of two. Where both do not fit, the chosen one.
    ///
    /// ```text
    ///   Scope       ‹ Account ›   Zone
    ///   Kind        ‹ API token › 1/2
    /// ```
    pub(crate) fn choice(
        &self,
        label: &str,
        options: [&str; 2],
        chosen: usize,
        has_focus: bool,
    ) -> FormRow {
        let ctx = self.ctx;
        let mut spans = self.label(label, has_focus);
        let taken = VALUES + options.iter().map(|it| text::width(it) + 4).sum::<usize>();
        let fits = taken <= self.columns;
        let shown = options.into_iter().enumerate();
        for (at, option) in shown.filter(|(at, _)| fits || *at == chosen) {
            spans.push(match (at == chosen, has_focus) {
                (true, true) => ctx.span(Role::Selected, &format!("‹ {option} ›")),
                (true, false) => ctx.plain(&format!("‹ {option} ›")),
                (false, _) => ctx.span(Role::Muted, &format!("  {option}  ")),
            });
            spans.push(Span::raw(" "));
        }
        if !fits {
            spans.push(ctx.span(Role::Muted, &format!("{}/2", chosen + 1)));
        }
        FormRow {
            has_focus,
            ..FormRow::text(spans)
        }
    }

    /// A button, with a remark where it fits.
    ///
    /// ```text
    /// › [ Keep for this session only ]  checked first; gone when you quit
    /// ```
    pub(crate) fn button(&self, label: &str, remark: &str, has_focus: bool) -> FormRow {
        let role = if has_focus {
            Role::Selected
        } else {
            Role::Accent
        };
        let label = self.ctx.span(role, &format!("[ {label} ]"));
        let mut spans = vec![self.marker(has_focus), label];
        if width(&spans) + 2 + text::width(remark) < self.columns {
            spans.push(self.ctx.span(Role::Muted, &format!("  {remark}")));
        }
        FormRow {
            has_focus,
            ..FormRow::text(spans)
        }
    }

    /// A remark below a field, wrapped to as many rows as needed.
    pub(crate) fn remark(&self, role: Role, remark: &str) -> Vec<FormRow> {
        let mut rows = self.lines(VALUES, role, remark);
        for row in &mut rows {
            row.is_remark = true;
            row.is_aside = role == Role::Muted;
        }
        rows
    }

    /// What is wrong with the field above, if anything.
    pub(crate) fn complaint(&self, complaint: Option<&str>) -> Vec<FormRow> {
        let Some(complaint) = complaint else {
            return Vec::new();
        };
        let sentence = text::capitalized(complaint);
        let complaint = format!("{} {sentence}.", self.ctx.glyphs().critical);
        self.remark(Role::Critical, &complaint)
    }

    /// A hint that an account or zone can be picked instead of typed.
    ///
    /// ```text
    ///               Press F5 to pick one by name.
    /// ```
    pub(crate) fn scopes_by_name(&self, context: Context) -> Vec<FormRow> {
        let key = self.ctx.keymap.key_for(context, Action::PickScope);
        key.map_or_else(Vec::new, |key| {
            let remark = format!("Press {key} to pick one by name.");
            self.remark(Role::Muted, &remark)
        })
    }

    /// A paragraph at the form's left edge.
    pub(crate) fn paragraph(&self, role: Role, paragraph: &str) -> Vec<FormRow> {
        self.lines(3, role, paragraph)
    }

    fn lines(&self, indent: usize, role: Role, text: &str) -> Vec<FormRow> {
        let room = self.columns.saturating_sub(indent + 2);
        let lines = self.ctx.wrapped(role, text, room).into_iter();
        lines.map(|line| FormRow::indented(indent, line)).collect()
    }
}

/// The part of a field that fits in some cells, scrolled to its cursor, and the column of the cursor.
pub(crate) fn field_window(
    field: &TextField,
    room: usize,
    ctx: &RenderContext<'_>,
) -> (String, usize) {
    let value = ctx.clean(field.value());
    let cursor = text::width(&ctx.clean(field.before_cursor()));
    let offset = (cursor + 1).saturating_sub(room.max(1));
    let shown = window(&value, offset, room, Some(cursor), ctx);
    (shown, cursor - offset)
}

/// The part of a string that fits, with an ellipsis at each side where more is hidden, but never
/// over the cursor.
fn window(
    value: &str,
    offset: usize,
    room: usize,
    cursor: Option<usize>,
    ctx: &RenderContext<'_>,
) -> String {
    let ellipsis = ctx.glyphs().ellipsis;
    let mark = text::width(ellipsis);
    let hides_cursor = cursor.is_some_and(|cursor| cursor - offset + mark >= room);
    let at_end = if hides_cursor { "" } else { ellipsis };
    let shown = text::fit(&without(value, offset), room, at_end);
    if offset == 0 || room <= 2 * mark {
        return shown;
    }
    text::fit(&format!("{ellipsis}{}", without(&shown, mark)), room, "")
}

/// A string without its first cells.
fn without(text: &str, columns: usize) -> String {
    let mut used = 0;
    text.chars()
        .skip_while(|c| {
            let is_hidden = used < columns;
            used += text::width(c.encode_utf8(&mut [0; 4]));
            is_hidden
        })
        .collect()
}

/// Draws a form within a frame, scrolled to the focus and its remarks, with the cursor in the edited
/// field. The frame says how many rows are out of view on either side.
///
/// ```text
/// ╭ Set up a credential ──────── ↑ 2 more ╮
/// │   Kind        ‹ API token ›           │
/// │ › Token       ••••••••                │
/// ╰───────────────────────────── ↓ 5 more ╯
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, area: Rect, rows: Vec<FormRow>) {
    let height = usize::from(area.height);
    let rows = without_asides(rows, height);
    let focus = rows.iter().position(|row| row.has_focus).unwrap_or(0);
    let remarks = remarks_below(&rows, focus);
    // One row more shows where the form goes on.
    let more = usize::from(height > 2 && focus + 1 + remarks < rows.len());
    let top = (focus + 1 + remarks + more)
        .saturating_sub(height)
        .min(focus);
    for (at, form_row) in rows.iter().skip(top).take(height).enumerate() {
        let place = row(area, at);
        paint.render_spans(place, &form_row.spans);
        if form_row.has_focus {
            paint.select(place);
        }
        if let Some(cursor) = form_row.cursor {
            paint.set_cursor(place, cursor);
        }
    }
    let [up, down] = paint.ctx.glyphs().arrows;
    let frame = Rect {
        y: area.y.saturating_sub(1),
        height: area.height + 2,
        ..across(area)
    };
    let below = rows.len().saturating_sub(top + height);
    for (line, arrow, count) in [(row(frame, 0), up, top), (bottom(frame), down, below)] {
        if count > 0 {
            let more = format!("{arrow} {count} more");
            paint.frame_title_right(line, &[paint.ctx.span(Role::Muted, &more)]);
        }
    }
}

/// Drops gaps, then remarks on rows without the focus, from the top, until the rest fits.
fn without_asides(mut rows: Vec<FormRow>, height: usize) -> Vec<FormRow> {
    let mut excess = rows.len().saturating_sub(height);
    rows.retain(|row| {
        let is_dropped = row.is_spacer && excess > 0;
        excess -= usize::from(is_dropped);
        !is_dropped
    });
    // A remark goes as a whole.
    let (mut has_focus, mut is_going) = (false, false);
    rows.retain(|row| {
        has_focus = row.has_focus || has_focus && row.is_remark;
        is_going = row.is_aside && !has_focus && (is_going || excess > 0);
        excess = excess.saturating_sub(usize::from(is_going));
        !is_going
    });
    rows
}

/// The number of remarks on a row.
fn remarks_below(rows: &[FormRow], at: usize) -> usize {
    let below = rows.iter().skip(at + 1);
    below.take_while(|row| row.is_remark).count()
}

/// Draws a query on the lower line of a frame, with the cursor while it is typed.
///
/// ```text
/// ╰ / expires ─────────────────────────────────╯
/// ```
pub(crate) fn render_query(
    paint: &mut Painter<'_, '_>,
    line: Rect,
    query: &TextField,
    (is_typing, is_covered): (bool, bool),
    room: usize,
) {
    let ctx = paint.ctx;
    if !is_typing && query.value().is_empty() {
        return;
    }
    let query = query.masked(ctx.glyphs().dot());
    let shown = ctx.clean(query.value());
    let (shown, cursor) = if is_typing && text::width(&shown) >= room {
        field_window(&query, room, ctx)
    } else {
        let cursor = text::width(&ctx.clean(query.before_cursor()));
        (ctx.cut(&shown, room), cursor)
    };
    let spans = [ctx.span(Role::Accent, "/ "), ctx.plain(&shown)];
    paint.frame_title(line, &spans);
    if is_typing && !is_covered {
        paint.set_cursor(line, cursor + 4);
    }
}
