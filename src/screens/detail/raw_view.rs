//! Draws the raw JSON: its lines, lightly coloured, with matches marked.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::state::RawView;
use crate::app::state::State;

use crate::theme::Role;
use crate::ui::areas::{bottom, row};
use crate::ui::form::render_query;
use crate::ui::painter::{Painter, RenderContext, Spans, width};

/// ```text
/// ╭ CI/CD token · raw JSON ───────────── 3/7 matches · 12–40 of 88 ╮
/// │ {                                                              │
/// │   "id": "f174e90a-fafe-4643-bbbc-4a0ed4fc8415",                │
/// ╰ / expires ─────────────────────────────────────────────────────╯
/// ```
pub(super) fn render(paint: &mut Painter<'_, '_>, area: Rect, state: &State, raw: &RawView) {
    let ctx = paint.ctx;
    let token = state.detail.token.value();
    let name = token.map_or_else(Default::default, |token| token.display_text(&token.name));
    let title = if name.is_empty() {
        "raw JSON".to_owned()
    } else {
        format!("{name} · raw JSON")
    };
    let place = position(raw, usize::from(area.height.saturating_sub(2)), ctx);
    let room = usize::from(area.width).saturating_sub(width(&place) + 8);
    let inner = paint.panel(area, &ctx.cut(&title, room));
    paint.frame_title_right(row(area, 0), &place);
    let query = ctx.clean(raw.query.value());
    let lines = raw.lines.window(raw.top, usize::from(inner.height));
    let lines = lines.iter().enumerate().map(|(at, line)| {
        let is_current = raw.current == Some(raw.top + at);
        marked(&ctx.clean(line), &query, is_current, ctx)
    });
    paint.render_lines(inner, lines);
    let is_typing = (raw.is_typing, state.overlay.is_some());
    let room = usize::from(area.width).saturating_sub(8);
    render_query(paint, bottom(area), &raw.query, is_typing, room);
}

/// The number of the current match, and the range of visible lines.
fn position(raw: &RawView, rows: usize, ctx: &RenderContext<'_>) -> Spans {
    let total = raw.lines.len();
    let mut spans = Vec::new();
    if !raw.query.value().is_empty() {
        let matches = &raw.matches.lines;
        let current = raw
            .current
            .and_then(|line| matches.binary_search(&line).ok());
        let at = current.map_or(0, |at| at + 1);
        let text = match matches.len() {
            _ if raw.is_searching() => format!("searching {}", ctx.glyphs().ellipsis),
            0 => "no match".to_owned(),
            1 => "1/1 match".to_owned(),
            count if raw.matches.has_more => format!("{at}/{count}+ matches"),
            count => format!("{at}/{count} matches"),
        };
        spans.push(ctx.plain(&text));
        spans.push(ctx.dot());
    }
    let last = (raw.top + rows).min(total);
    let text = format!("{}–{last} of {total}", (raw.top + 1).min(total));
    spans.push(ctx.span(Role::Muted, &text));
    spans
}

/// One line of JSON: a key and its value, with matches marked.
pub(super) fn marked(line: &str, query: &str, is_current: bool, ctx: &RenderContext<'_>) -> Spans {
    let mut spans = vec![Span::raw(" ")];
    let matches = occurrences(line, query);
    let marked = ctx.style(if is_current {
        Role::Selected
    } else {
        Role::Matched
    });
    for (start, end, style) in parts(line, ctx) {
        let mut at = start;
        for (from, to) in &matches {
            let (from, to) = ((*from).clamp(at, end), (*to).clamp(at, end));
            if from < to {
                spans.push(Span::styled(line[at..from].to_owned(), style));
                spans.push(Span::styled(line[from..to].to_owned(), style.patch(marked)));
                at = to;
            }
        }
        spans.push(Span::styled(line[at..end].to_owned(), style));
    }
    spans
}

/// The parts of a re-indented line: indent, key, separator, value, comma.
fn parts(line: &str, ctx: &RenderContext<'_>) -> [(usize, usize, Style); 5] {
    let indent = line.len() - line.trim_start().len();
    let body = &line[indent..];
    let key = body
        .starts_with('"')
        .then(|| body.find("\": "))
        .flatten()
        .map_or(indent, |quote| indent + quote + 1);
    let separated = &line[key..];
    let value = separated.trim_start_matches([':', ' ']);
    let is_literal =
        value.starts_with(|c: char| c == '-' || c.is_ascii_digit() || c.is_ascii_lowercase());
    let literal = if is_literal {
        ctx.style(Role::Literal)
    } else if value.starts_with('"') {
        ctx.style(Role::Calm)
    } else {
        Style::new()
    };
    let colon = key + separated.len() - value.len();
    let comma = line.len() - usize::from(line.ends_with(','));
    let comma = comma.max(colon);
    [
        (0, indent, Style::new()),
        (indent, key, ctx.style(Role::Accent)),
        (key, colon, Style::new()),
        (colon, comma, literal),
        (comma, line.len(), Style::new()),
    ]
}

/// The matches of a query in a line. Ignores case unless the query contains upper case.
fn occurrences(line: &str, query: &str) -> Vec<(usize, usize)> {
    if query.is_empty() {
        return Vec::new();
    }
    let exact = query.chars().any(char::is_uppercase);
    // The line in lower case, and the place in the line of each of its bytes.
    let (mut folded, mut places) = (String::new(), Vec::new());
    for (at, c) in line.char_indices() {
        if exact {
            folded.push(c);
        } else {
            folded.extend(c.to_lowercase());
        }
        places.resize(folded.len(), at);
    }
    places.push(line.len());
    let query = if exact {
        query.to_owned()
    } else {
        query.to_lowercase()
    };
    let matches = folded.match_indices(&query);
    matches
        .map(|(at, _)| (places[at], places[at + query.len()]))
        .collect()
}
