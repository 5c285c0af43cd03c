//! What a person should know about the token in view, as wrapped lines.
//!
//! Not here: the rules (`domain::findings`).

use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::domain::duration::Remaining;
use crate::domain::findings::{Finding, Severity};
use crate::domain::text;
use crate::theme::Role;
use crate::ui::render_context::RenderContext;
use crate::ui::widgets::{render_spans, row};

/// The findings as lines of at most a number of cells.
pub(crate) fn lines(
    findings: &[Finding],
    now: DateTime<Utc>,
    columns: usize,
    look: &RenderContext<'_>,
) -> Vec<Vec<Span<'static>>> {
    if findings.is_empty() {
        return vec![vec![
            look.span(Role::Calm, look.glyphs().info),
            look.plain(" Nothing needs doing."),
        ]];
    }
    let mut lines = Vec::new();
    for finding in findings {
        let (role, symbol) = sign(finding.severity, look);
        let message = look.clean(&finding.message);
        for (at, line) in text::wrap(&message, columns.saturating_sub(2))
            .iter()
            .enumerate()
        {
            let start = if at == 0 { symbol } else { " " };
            lines.push(vec![look.span(role, start), Span::raw(format!(" {line}"))]);
        }
        if let Some(end) = finding.ends_at {
            let digits = Remaining::until(end, now).digits();
            lines.push(vec![
                Span::raw("  ends in "),
                look.span(Role::Strong, &digits),
            ]);
        }
    }
    lines
}

/// How loud a finding looks.
pub(crate) fn sign(severity: Severity, look: &RenderContext<'_>) -> (Role, &'static str) {
    let glyphs = look.glyphs();
    match severity {
        Severity::Info => (Role::Accent, glyphs.info),
        Severity::Warning => (Role::Warning, glyphs.warning),
        Severity::Critical => (Role::Critical, glyphs.critical),
    }
}

/// Draws the lines that fit, and says so when some do not.
///
/// ```text
/// ▲ Expires within 30 days. Refresh adds a year and
///   keeps the secret; …
/// ● The previous secret still works.
///   ends in 01:12:09
/// ```
pub(crate) fn render(
    buffer: &mut Buffer,
    area: Rect,
    lines: &[Vec<Span<'_>>],
    look: &RenderContext<'_>,
) {
    let rows = usize::from(area.height);
    let cut = lines.len() > rows;
    let shown = if cut { rows.saturating_sub(1) } else { rows };
    for (at, line) in lines.iter().take(shown).enumerate() {
        render_spans(buffer, row(area, at), line, look);
    }
    if cut && rows > 0 {
        let ellipsis = look.span(Role::Muted, &format!("  {} more", look.glyphs().ellipsis));
        render_spans(buffer, row(area, rows - 1), &[ellipsis], look);
    }
}
