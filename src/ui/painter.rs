//! Draws rows of text, lists, frames, boxes of text, and the lines and titles on frames, in areas
//! within areas.
//!
//! Converts text to spans and sanitizes it, so that no untrusted text reaches the screen unchanged.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset, Utc};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;
use ratatui::text::Span;
use ratatui::widgets::{Block, Clear, Widget};

use super::areas::{bottom, cells, centred, inset, row};
use crate::action::{Action, Context};
use crate::domain::fields;
use crate::domain::scope::Scope;
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::keymap::Keymap;
use crate::layout::glyphs::Glyphs;
use crate::layout::{self, Styled, TextBox, TextLine};
use crate::theme::{Role, Theme};

/// The gap between two columns of a table, in cells.
pub(crate) const GAP: usize = 2;

/// A row of text on the screen.
pub(crate) type Spans = Vec<Span<'static>>;

/// The local time at an instant.
pub type LocalTime = fn(DateTime<Utc>) -> DateTime<FixedOffset>;

/// What drawing needs besides the state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RenderContext<'a> {
    pub(crate) keymap: &'a Keymap,
    pub(crate) theme: &'a Theme,
    /// Whether to draw with ASCII only.
    pub(crate) ascii: bool,
    /// Whether to draw nothing that changes more often than once a minute.
    pub(crate) calm: bool,
    pub(crate) local: LocalTime,
}

impl RenderContext<'_> {
    pub(crate) fn glyphs(&self) -> &'static Glyphs {
        Glyphs::of(self.ascii)
    }

    pub(crate) fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    pub(crate) fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.glyphs().clean(text)
    }

    /// A token's name, or its placeholder; in ASCII, the beginning of its ID for a name that cannot be
    /// read there.
    pub(crate) fn token_name(&self, token: &ServiceToken) -> String {
        let id = text::beginning(token.id_text());
        let name = fields::title(token);
        self.glyphs().token_name(&name, id).into_owned()
    }

    /// Text made safe to draw, and cut to some cells.
    pub(crate) fn cut(&self, text: &str, cells: usize) -> String {
        text::truncate(&self.clean(text), cells, self.glyphs().ellipsis).into_owned()
    }

    /// The same, filled up with blanks.
    pub(crate) fn fitted(&self, text: &str, cells: usize) -> String {
        text::fit(
            &self.clean(text::beginning(text)),
            cells,
            self.glyphs().ellipsis,
        )
    }

    /// What precedes the name in a row: the end of the bar, a symbol, and a blank.
    pub(crate) fn lead(&self, role: impl Into<Option<Role>>, symbol: &str) -> Spans {
        vec![Span::raw(" "), self.span(role, symbol), Span::raw(" ")]
    }

    /// Text in the style of a role; without one, body text.
    pub(crate) fn span(&self, role: impl Into<Option<Role>>, text: &str) -> Span<'static> {
        let style = role.into().map_or_else(Style::new, |role| self.style(role));
        Span::styled(self.clean(text).into_owned(), style)
    }

    /// Body text.
    pub(crate) fn plain(&self, text: &str) -> Span<'static> {
        self.span(None, text)
    }

    /// A paragraph, wrapped.
    pub(crate) fn wrapped(
        &self,
        role: impl Into<Option<Role>>,
        text: &str,
        columns: usize,
    ) -> Vec<Spans> {
        self.lines(&layout::wrapped(role.into(), &self.clean(text), columns))
    }

    /// A line of styled text.
    pub(crate) fn line(&self, line: &[Styled]) -> Spans {
        let spans = line.iter();
        spans.map(|(role, text)| self.span(*role, text)).collect()
    }

    /// Lines of styled text.
    pub(crate) fn lines(&self, lines: &[TextLine]) -> Vec<Spans> {
        lines.iter().map(|line| self.line(line)).collect()
    }

    /// The names of those columns of a table that have a width, after the cells for a mark.
    pub(crate) fn heading(&self, lead: usize, columns: &[(&str, usize)]) -> Spans {
        let shown = columns.iter().filter(|(_, width)| *width > 0);
        let names: Vec<String> = shown
            .map(|(name, width)| text::fit(name, *width, ""))
            .collect();
        let line = format!("{:lead$}{}", "", names.join(&" ".repeat(GAP)));
        vec![self.span(Role::Label, line.trim_end())]
    }

    /// An identifier, shortened in the middle unless there is room for all of it.
    pub(crate) fn id(&self, id: &str, is_whole: bool) -> String {
        if is_whole {
            id.to_owned()
        } else {
            text::abbreviate(id, self.glyphs().ellipsis)
        }
    }

    /// An account or zone: `account 4f1b…9c2e`.
    pub(crate) fn scope(&self, scope: &Scope, is_whole: bool) -> String {
        format!("{} {}", scope.kind().word(), self.id(scope.id(), is_whole))
    }

    /// A separator between facts on one line.
    pub(crate) fn dot(&self) -> Span<'static> {
        self.span(Role::Muted, self.glyphs().dot)
    }

    /// The spinner's frame at an instant; nothing but its cell where it must not turn.
    pub(crate) fn spinner(&self, now: DateTime<Utc>) -> Span<'static> {
        if self.calm {
            return Span::raw(" ");
        }
        let frames = self.glyphs().spinner;
        let turn = usize::try_from(now.timestamp_millis().rem_euclid(1 << 40) / 125).unwrap_or(0);
        Span::styled(frames[turn % frames.len()], self.style(Role::Accent))
    }

    /// A key and what it does: `r reload`.
    pub(crate) fn key_hint(&self, key: &str, label: &str) -> Spans {
        vec![
            self.span(Role::Accent, key),
            Span::raw(" "),
            self.span(Role::Muted, label),
        ]
    }

    /// The key of an action in a context, and what it does; empty without a key.
    pub(crate) fn hint(&self, context: Context, action: Action, label: &str) -> Spans {
        let key = self.keymap.key_for(context, action);
        key.map_or_else(Vec::new, |key| self.key_hint(&key, label))
    }

    /// The same after a separator; empty without a key.
    pub(crate) fn dotted_hint(&self, context: Context, action: Action, label: &str) -> Spans {
        let hint = self.hint(context, action, label);
        let dot = (!hint.is_empty()).then(|| self.dot());
        dot.into_iter().chain(hint).collect()
    }

    /// Which lines are visible, unless all are: `1–20 of 34`.
    pub(crate) fn range(&self, first: usize, rows: usize, total: usize) -> Spans {
        if rows >= total {
            return Spans::new();
        }
        let range = format!("{}–{} of {total}", first + 1, (first + rows).min(total));
        vec![self.span(Role::Muted, &range)]
    }

    /// The keys of those actions that have one, with gaps between them.
    pub(crate) fn hints(&self, context: Context, actions: &[(Action, &str)], gap: &str) -> Spans {
        let hints = actions.iter();
        let hints: Vec<Spans> = hints
            .map(|(action, label)| self.hint(context, *action, label))
            .filter(|hint| !hint.is_empty())
            .collect();
        hints.join(&self.span(Role::Muted, gap))
    }
}

/// A frame to draw on, with what drawing needs besides the state.
pub(crate) struct Painter<'p, 'f> {
    frame: &'p mut Frame<'f>,
    pub(crate) ctx: &'p RenderContext<'p>,
    drawn: Drawn,
    /// Whether an overlay will cover this, so that keys act on none of its rows.
    pub(crate) is_covered: bool,
}

/// What the terminal needs to know of a frame besides its cells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drawn {
    /// Where the selected row begins, if no text cursor is visible.
    pub cursor: Option<Position>,
    /// The rows of the lists in front, in the order in which keys reach them.
    rows: Vec<Rect>,
    /// Which of them is selected.
    selected: Option<usize>,
    has_text_cursor: bool,
}

impl Drawn {
    /// How many rows below the selected one a cell is, if it is on a row of a list.
    pub fn rows_to(&self, cell: Position) -> Option<i16> {
        let at = self.rows.iter().position(|row| row.contains(cell))?;
        let (at, selected) = (i16::try_from(at).ok()?, i16::try_from(self.selected?).ok()?);
        at.checked_sub(selected)
    }
}

impl<'p, 'f> Painter<'p, 'f> {
    pub(crate) fn new(frame: &'p mut Frame<'f>, ctx: &'p RenderContext<'p>) -> Self {
        Self {
            frame,
            ctx,
            drawn: Drawn::default(),
            is_covered: false,
        }
    }

    /// Where the selected row, or the button with the focus, begins: screen readers and Braille
    /// lines follow the terminal's cursor there. And where the rows of lists are, for clicks.
    pub(crate) fn finish(&mut self) -> Drawn {
        let mut drawn = std::mem::take(&mut self.drawn);
        drawn.cursor.take_if(|_| drawn.has_text_cursor);
        drawn
    }

    /// Notes that a row with the focus begins here.
    pub(crate) fn select(&mut self, row: Rect) {
        self.drawn.cursor = (!row.is_empty()).then(|| row.as_position());
    }

    pub(crate) fn buffer(&mut self) -> &mut Buffer {
        self.frame.buffer_mut()
    }

    /// Erases an area, including its styles.
    pub(crate) fn clear(&mut self, area: Rect) {
        Clear.render(area, self.buffer());
    }

    /// Shows the cursor at a column of a row, if the row has it.
    pub(crate) fn set_cursor(&mut self, row: Rect, column: usize) {
        let x = row.x.saturating_add(cells(column));
        if x < row.right() && row.height > 0 {
            self.frame.set_cursor_position(Position::new(x, row.y));
            self.drawn.has_text_cursor = true;
        }
    }

    /// Draws spans in a row, with an ellipsis if they are cut.
    pub(crate) fn render_spans(&mut self, row: Rect, spans: &[Span<'_>]) {
        let ellipsis = self.ctx.glyphs().ellipsis;
        let buffer = self.buffer();
        let row = row.intersection(buffer.area);
        if row.is_empty() {
            return;
        }
        let is_cut = width(spans) > usize::from(row.width);
        let ellipsis = if is_cut { ellipsis } else { "" };
        let end = row.right().saturating_sub(cells(text::width(ellipsis)));
        let mut x = row.x;
        let mut style = Style::new();
        for span in spans {
            style = span.style;
            let room = usize::from(end.saturating_sub(x));
            if room == 0 {
                break;
            }
            (x, _) = buffer.set_stringn(x, row.y, &span.content, room, span.style);
        }
        if is_cut {
            let room = usize::from(row.right().saturating_sub(x));
            buffer.set_stringn(x, row.y, ellipsis, room, style);
        }
    }

    /// Draws spans at the right end of a row.
    pub(crate) fn render_spans_right(&mut self, row: Rect, spans: &[Span<'_>]) {
        let width = cells(width(spans)).min(row.width);
        let x = row.right() - width;
        self.render_spans(Rect { x, width, ..row }, spans);
    }

    /// Draws lines in the middle of an area.
    pub(crate) fn render_centred(&mut self, area: Rect, lines: &[Vec<Span<'_>>]) {
        let top = usize::from(area.height).saturating_sub(lines.len()) / 2;
        for (at, spans) in lines.iter().enumerate() {
            let row = row(area, top + at);
            let width = cells(width(spans)).min(row.width);
            let x = row.x + (row.width - width) / 2;
            self.render_spans(Rect { x, width, ..row }, spans);
        }
    }

    /// Draws as many lines as fit, one per row.
    pub(crate) fn render_lines<'a>(
        &mut self,
        area: Rect,
        lines: impl IntoIterator<Item = impl AsRef<[Span<'a>]>>,
    ) {
        for (at, spans) in lines.into_iter().take(usize::from(area.height)).enumerate() {
            self.render_spans(row(area, at), spans.as_ref());
        }
    }

    /// Draws the visible rows of a list, with a bar across the selected one. Rows begin with a blank
    /// cell, for the end of the bar; a symbol in the second one keeps its colour. The bar is bold where
    /// keys move it: without the focus, it marks what Enter opens.
    pub(crate) fn render_list<'a>(
        &mut self,
        area: Rect,
        rows: impl IntoIterator<Item = impl AsRef<[Span<'a>]>>,
        selected: Option<usize>,
        has_focus: bool,
    ) {
        for (at, spans) in rows.into_iter().take(usize::from(area.height)).enumerate() {
            let place = row(area, at);
            self.render_spans(place, spans.as_ref());
            self.drawn.rows.push(place);
            if selected == Some(at) && !self.is_covered {
                self.drawn.selected = Some(self.drawn.rows.len() - 1);
                self.render_bar(place, has_focus);
                self.select(place);
            }
        }
    }

    /// Gives a row one foreground and one background; only the symbol of a status, or of a severity,
    /// keeps its colour.
    fn render_bar(&mut self, place: Rect, has_focus: bool) {
        let (selected, accent) = (self.ctx.style(Role::Selected), self.ctx.style(Role::Accent));
        let edge = self.ctx.glyphs().bar;
        let buffer = self.buffer();
        let symbol = symbol_of(buffer, place);
        let reset = Style::new().fg(Color::Reset).bg(Color::Reset);
        let mut style = reset.patch(selected);
        if !has_focus {
            style = style.remove_modifier(Modifier::BOLD | Modifier::DIM);
        }
        buffer.set_style(place, style);
        if let Some((at, symbol)) = symbol
            && let Some(cell) = buffer.cell_mut(at)
        {
            cell.set_style(symbol);
        }
        let is_reversed = selected.add_modifier.contains(Modifier::REVERSED);
        let edge_cell = buffer.cell_mut(place.as_position());
        if let Some(cell) = edge_cell.filter(|_| !is_reversed) {
            cell.set_symbol(edge).set_style(accent);
        }
    }

    /// Draws a list of some length, scrolled to the selected item, and returns the first visible one.
    pub(crate) fn render_scrolled<T>(
        &mut self,
        area: Rect,
        (items, total): (impl Iterator<Item = T>, usize),
        selected: Option<usize>,
        row: impl FnMut(T) -> Spans,
    ) -> usize {
        let selected = selected.map(|at| at.min(total.saturating_sub(1)));
        let rows = usize::from(area.height);
        let first = layout::first_row_centred(selected.unwrap_or(0), total, rows);
        let shown = items.skip(first).map(row);
        self.render_list(area, shown, selected.map(|at| at - first), true);
        first
    }

    /// Draws a frame with a title, and returns the area inside.
    ///
    /// ```text
    /// ╭ Title ─────╮
    /// │            │
    /// ╰────────────╯
    /// ```
    pub(crate) fn panel(&mut self, area: Rect, title: &str) -> Rect {
        let glyphs = self.ctx.glyphs();
        let [top_left, top_right, bottom_left, bottom_right] = glyphs.corners;
        let block = Block::bordered()
            .border_style(self.ctx.style(Role::Border))
            .border_set(border::Set {
                top_left,
                top_right,
                bottom_left,
                bottom_right,
                vertical_left: glyphs.vertical,
                vertical_right: glyphs.vertical,
                horizontal_top: glyphs.horizontal,
                horizontal_bottom: glyphs.horizontal,
            });
        let inner = block.inner(area);
        block.render(area, self.buffer());
        self.frame_title(row(area, 0), &[self.ctx.span(Role::Title, title)]);
        inner
    }

    /// Draws a frame, and clears the area beneath it.
    pub(crate) fn overlay_panel(&mut self, area: Rect, title: &str) -> Rect {
        self.clear(area);
        self.is_covered = false;
        self.drawn = Drawn {
            has_text_cursor: self.drawn.has_text_cursor,
            ..Drawn::default()
        };
        self.panel(area, title)
    }

    /// Draws a box of text in the middle of the body, from some line on.
    pub(crate) fn text_box(
        &mut self,
        body: Rect,
        title: &str,
        text: &TextBox,
        top: usize,
        context: Context,
    ) {
        let area = centred(body, text.columns, text.rows);
        let inner = inset(self.overlay_panel(area, title));
        let top = top.min(text.last_top());
        self.render_lines(inner, self.ctx.lines(&text.lines[top..]));
        self.frame_position(area, top, text.page(), text.lines.len());
        let close = self.ctx.hint(context, Action::Back, "close");
        self.frame_title_right(bottom(area), &close);
    }

    /// Draws spans at the left end of a horizontal line of a frame.
    pub(crate) fn frame_title(&mut self, line: Rect, spans: &[Span<'_>]) {
        if width(spans) > 0 {
            self.render_spans(inset(line), &padded(spans));
        }
    }

    /// Draws spans at the right end of a horizontal line of a frame.
    pub(crate) fn frame_title_right(&mut self, line: Rect, spans: &[Span<'_>]) {
        if width(spans) > 0 {
            self.render_spans_right(inset(line), &padded(spans));
        }
    }

    /// Draws the range of visible lines on the lower line of a frame, unless all are visible.
    ///
    /// ```text
    /// ╰ 1–20 of 34 ────╯
    /// ```
    pub(crate) fn frame_position(&mut self, frame: Rect, first: usize, rows: usize, total: usize) {
        self.frame_title(bottom(frame), &self.ctx.range(first, rows, total));
    }

    /// Draws a line across a frame that joins its sides, with a title on it.
    ///
    /// ```text
    /// ├ Title ─────┤
    /// ```
    pub(crate) fn divider(&mut self, line: Rect, title: &str) {
        let glyphs = self.ctx.glyphs();
        let [left, right, _, _] = glyphs.tees;
        let between = usize::from(line.width.saturating_sub(2));
        let symbols = [left, &glyphs.horizontal.repeat(between), right].concat();
        self.render_spans(line, &[Span::styled(symbols, self.ctx.style(Role::Border))]);
        self.frame_title(line, &[self.ctx.span(Role::Title, title)]);
    }

    /// Draws a line down a frame that joins the lines above and below it, and one on its left at a
    /// height.
    pub(crate) fn splitter(&mut self, x: u16, (top, bottom): (u16, u16), joint: Option<u16>) {
        let glyphs = self.ctx.glyphs();
        let style = self.ctx.style(Role::Border);
        let [_, right, upper, lower] = glyphs.tees;
        for y in top..=bottom {
            let symbol = match y {
                y if y == top => upper,
                y if y == bottom => lower,
                y if Some(y) == joint => right,
                _ => glyphs.vertical,
            };
            if let Some(cell) = self.buffer().cell_mut((x, y)) {
                cell.set_symbol(symbol).set_style(style);
            }
        }
    }
}

/// The colour of the symbol in a row's second cell, if a blank follows it: otherwise it is text.
fn symbol_of(buffer: &Buffer, row: Rect) -> Option<(Position, Style)> {
    let at = Position::new(row.x.saturating_add(1), row.y);
    let after = Position::new(row.x.saturating_add(2), row.y);
    let (cell, after) = (buffer.cell(at)?, buffer.cell(after)?);
    let is_symbol = after.symbol() == " " && cell.fg != Color::Reset;
    is_symbol.then(|| (at, Style::new().fg(cell.fg)))
}

/// Text for a line of a frame, with blanks around it and none of the line's colour.
fn padded<'a>(spans: &[Span<'a>]) -> Vec<Span<'a>> {
    let blank = [Span::raw(" ")];
    let mut spans = [&blank, spans, &blank].concat();
    for span in &mut spans {
        span.style = Style::reset().patch(span.style);
    }
    spans
}

/// The width of a row of spans, in cells.
pub(crate) fn width(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|span| text::width(&span.content)).sum()
}
