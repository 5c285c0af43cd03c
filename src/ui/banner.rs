//! The last error: what happened, what to do, and the keys that help.

use ratatui::layout::Rect;
use ratatui::text::Span;

use super::painter::{Painter, RenderContext, Spans, row, width, without_right};
use crate::app::state::State;
use crate::domain::failure::FailureKind;
use crate::layout::banner::{BannerKeys, BannerLines, INDENT, KeyHint};
use crate::theme::Role;

/// ```text
///  ✖ The API token works, but not for account 023e…c353
///    (HTTP 403, code 10000). ×3
///    Check the ID, and what the API token was made for.      e details
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, area: Rect, banner: &BannerLines, state: &State) {
    let ctx = paint.ctx;
    let Some(failure) = state.failures().next() else {
        return;
    };
    let lines = spans(banner, failure.kind, ctx);
    let last = lines.len().saturating_sub(1);
    let mut beside = last;
    let mut keys = Vec::new();
    if state.overlay.is_none() {
        (keys, beside) = place_keys(&state.banner_keys(), banner, &lines, area, ctx);
    }
    let taken = width(&keys) + 1;
    for (at, line) in lines.iter().enumerate() {
        let taken = if at == beside { taken } else { 0 };
        paint.render_spans(without_right(row(area, at), taken), line);
    }
    paint.render_spans_right(row(area, beside), &keys);
}

/// The largest set of keys that covers no text, and the line it fits on. The details contain the
/// whole error, so their key matters more than the end of the hint.
fn place_keys(
    keys: &BannerKeys,
    banner: &BannerLines,
    lines: &[Spans],
    area: Rect,
    ctx: &RenderContext<'_>,
) -> (Spans, usize) {
    let last = lines.len().saturating_sub(1);
    let places = [last, banner.headline.len().saturating_sub(1)];
    let fits = |set: &[KeyHint], at: usize| {
        let used = lines.get(at).map_or(0, |line| width(line));
        keys.width(set) + used + 2 <= usize::from(area.width)
    };
    for set in &keys.sets {
        if let Some(at) = places.into_iter().find(|at| fits(set, *at)) {
            return (key_spans(keys, set, ctx), at);
        }
    }
    let details = keys.sets.last().map(|set| key_spans(keys, set, ctx));
    (details.unwrap_or_default(), last)
}

/// `Esc then e details  a re-enter `
fn key_spans(keys: &BannerKeys, set: &[KeyHint], ctx: &RenderContext<'_>) -> Spans {
    let mut spans = Vec::new();
    if let Some(leave) = keys.leave.as_ref().filter(|_| !set.is_empty()) {
        spans.push(ctx.span(Role::Accent, leave));
        spans.push(ctx.span(Role::Muted, " then "));
    }
    let hints: Vec<Spans> = set
        .iter()
        .map(|hint| ctx.key_hint(&hint.key, hint.label))
        .collect();
    spans.extend(hints.join(&Span::raw("  ")));
    spans.push(Span::raw(" "));
    spans
}

/// The lines, with a symbol before the first.
fn spans(banner: &BannerLines, kind: FailureKind, ctx: &RenderContext<'_>) -> Vec<Spans> {
    let glyphs = ctx.glyphs();
    let is_mild = matches!(kind, FailureKind::RateLimited | FailureKind::Config);
    let (role, symbol) = if is_mild {
        (Role::Warning, glyphs.warning)
    } else {
        (Role::Critical, glyphs.critical)
    };
    let indent = || Span::raw(" ".repeat(INDENT));
    let headline = banner.headline.iter();
    let headline = headline.map(|line| vec![indent(), ctx.span(Role::Strong, line)]);
    let mut lines: Vec<Spans> = headline.collect();
    if let Some(last) = lines.last_mut() {
        last.push(ctx.span(Role::Muted, &banner.count));
    }
    if let Some(first) = lines.first_mut() {
        let start = [Span::raw(" "), ctx.span(role, symbol), Span::raw(" ")];
        first.splice(..1, start);
    }
    let hint = banner.hint.iter();
    lines.extend(hint.map(|line| vec![indent(), ctx.plain(line)]));
    lines
}
