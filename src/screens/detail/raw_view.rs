//! The raw JSON: its lines, lightly coloured, with what was searched for marked.
//!
//! Not here: scrolling and searching (`screens::detail`).

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Span;

use crate::app::state::State;
use crate::domain::text;
use crate::screens::detail::raw::RawView;
use crate::theme::Role;
use crate::ui::render_context::RenderContext;
use crate::ui::widgets::{cells, frame_title, frame_title_right, panel, render_spans, row, width};

/// ```text
/// ╭ CI/CD token · raw JSON ───────────── 3/7 matches · 12–40 of 88 ╮
/// │ {                                                              │
/// │   "id": "f174e90a-fafe-4643-bbbc-4a0ed4fc8415",                │
/// ╰ / expires ─────────────────────────────────────────────────────╯
/// ```
pub(crate) fn render(
    frame: &mut Frame<'_>,
    area: Rect,
    state: &State,
    raw: &RawView,
    look: &RenderContext<'_>,
) {
    let token = state.detail.token.value();
    let name = token.map_or_else(Default::default, |token| token.display_text(&token.name));
    let title = format!("{name} · raw JSON");
    let place = position(raw, usize::from(area.height.saturating_sub(2)), look);
    let room = usize::from(area.width).saturating_sub(width(&place) + 8);
    let title = text::truncate(&look.clean(&title), room, look.glyphs().ellipsis).into_owned();
    let inner = panel(
        frame.buffer_mut(),
        area,
        title.trim_start_matches(" · "),
        look,
    );
    frame_title_right(frame.buffer_mut(), area, area.y, &place, look);
    let query = look.clean(raw.query.value()).into_owned();
    let lines = raw.lines.window(raw.top, usize::from(inner.height));
    for (at, line) in lines.iter().enumerate() {
        let line = look.clean(line);
        let is_current = raw.current == Some(raw.top + at);
        let mut spans = vec![Span::raw(" ")];
        spans.extend(marked(&line, &query, is_current, look));
        render_spans(frame.buffer_mut(), row(inner, at), &spans, look);
    }
    render_search(frame, area, state, raw, look);
}

/// Which match and which lines are in view.
fn position(raw: &RawView, rows: usize, look: &RenderContext<'_>) -> Vec<Span<'static>> {
    let total = raw.lines.len();
    let mut spans = Vec::new();
    if !raw.query.value().is_empty() {
        let matches = &raw.matches.lines;
        let at = raw
            .current
            .and_then(|line| matches.binary_search(&line).ok())
            .map_or(0, |at| at + 1);
        let text = match matches.len() {
            _ if raw.is_searching() => format!("searching {}", look.glyphs().ellipsis),
            0 => "no match".to_owned(),
            1 => "1/1 match".to_owned(),
            count if raw.matches.has_more => format!("{at}/{count}+ matches"),
            count => format!("{at}/{count} matches"),
        };
        spans.push(look.plain(&text));
        spans.push(look.span(Role::Muted, look.glyphs().dot));
    }
    let last = (raw.top + rows).min(total);
    let text = format!("{}–{last} of {total}", (raw.top + 1).min(total));
    spans.push(look.span(Role::Muted, &text));
    spans
}

fn render_search(
    frame: &mut Frame<'_>,
    area: Rect,
    state: &State,
    raw: &RawView,
    look: &RenderContext<'_>,
) {
    if !raw.is_typing && raw.query.value().is_empty() {
        return;
    }
    let query = look.clean(raw.query.value()).into_owned();
    let room = usize::from(area.width).saturating_sub(8);
    let shown = text::truncate(&query, room, look.glyphs().ellipsis);
    let spans = [look.span(Role::Accent, "/ "), look.plain(&shown)];
    let y = area.bottom().saturating_sub(1);
    frame_title(frame.buffer_mut(), area, y, &spans, look);
    if raw.is_typing && state.overlay.is_none() {
        let column = raw.query.cursor_column().min(room) + 4;
        frame.set_cursor_position(Position::new(area.x + cells(column), y));
    }
}

/// One line of JSON: a key, its value, and over them what was searched for.
fn marked(
    line: &str,
    query: &str,
    is_current: bool,
    look: &RenderContext<'_>,
) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    let matches = occurrences(line, query);
    let role = if is_current {
        Role::Selected
    } else {
        Role::Matched
    };
    for (start, end, style) in parts(line, look) {
        let mut at = start;
        for (from, to) in &matches {
            let (from, to) = ((*from).clamp(at, end), (*to).clamp(at, end));
            if from < to {
                spans.push(Span::styled(line[at..from].to_owned(), style));
                let style = style.patch(look.style(role));
                spans.push(Span::styled(line[from..to].to_owned(), style));
                at = to;
            }
        }
        spans.push(Span::styled(line[at..end].to_owned(), style));
    }
    spans
}

/// The stretches of a re-indented line: indent, key, and value with what follows it.
fn parts(line: &str, look: &RenderContext<'_>) -> Vec<(usize, usize, Style)> {
    let indent = line.len() - line.trim_start().len();
    let body = &line[indent..];
    let key = body
        .starts_with('"')
        .then(|| body.find("\": "))
        .flatten()
        .map_or(indent, |quote| indent + quote + 1);
    let value = &line[key..];
    let is_literal = value
        .trim_start_matches([':', ' '])
        .starts_with(|c: char| c == '-' || c.is_ascii_digit() || c.is_ascii_lowercase());
    let literal = if is_literal {
        look.style(Role::Literal)
    } else {
        Style::new()
    };
    let colon = key + value.len() - value.trim_start_matches([':', ' ']).len();
    let comma = line.len() - usize::from(line.ends_with(','));
    let comma = comma.max(colon);
    vec![
        (0, indent, Style::new()),
        (indent, key, look.style(Role::Accent)),
        (key, colon, Style::new()),
        (colon, comma, literal),
        (comma, line.len(), Style::new()),
    ]
}

/// Where a text stands in a line; case counts only if the text has upper case.
fn occurrences(line: &str, query: &str) -> Vec<(usize, usize)> {
    let exact = query.chars().any(char::is_uppercase);
    let mut found = Vec::new();
    let mut from = 0;
    if query.is_empty() {
        return found;
    }
    for (at, _) in line.char_indices() {
        if at >= from
            && let Some(length) = starts_with(&line[at..], query, exact)
        {
            found.push((at, at + length));
            from = at + length;
        }
    }
    found
}

fn starts_with(text: &str, query: &str, exact: bool) -> Option<usize> {
    if exact {
        return text.starts_with(query).then_some(query.len());
    }
    let mut wanted = query.chars().flat_map(char::to_lowercase).peekable();
    for (at, c) in text.char_indices() {
        if wanted.peek().is_none() {
            return Some(at);
        }
        for lower in c.to_lowercase() {
            if wanted.next() != Some(lower) {
                return None;
            }
        }
    }
    wanted.peek().is_none().then_some(text.len())
}
