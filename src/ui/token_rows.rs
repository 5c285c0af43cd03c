//! The rows of a list of tokens, and the names of their columns.

use chrono::{DateTime, Datelike, Utc};
use ratatui::style::Style;
use ratatui::text::Span;

use super::painter::{RenderContext, Spans, width as cells_of};
use super::texts::distance;
use crate::app::access_reading::OpensCounts;
use crate::domain::access::verdict::Verdict;
use crate::domain::fields::last_seen_word;
use crate::domain::findings::note;
use crate::domain::search::TokenFilter;
use crate::domain::status::{Emphasis, EvaluationContext, Lifecycle, Status, elapsed};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::layout::half_cells;
use crate::layout::token_columns::{Column, GAP, LEAD, TokenColumns};
use crate::theme::Role;

/// The rows of a list at an instant.
///
/// ```text
///    NAME                     LEFT  EXPIRES      LAST SEEN   NOTE
///  ✖ nightly-backup-legacy  9d ago  17 Nov       5 h ago     still used
///  ● staging-e2e              174d  20 May 2027  41 d ago    unused
/// ```
pub(crate) struct TokenRows<'a> {
    pub(crate) columns: &'a TokenColumns,
    pub(crate) context: EvaluationContext,
    pub(crate) opens: &'a OpensCounts,
    pub(crate) ctx: &'a RenderContext<'a>,
}

impl TokenRows<'_> {
    /// The names of the columns, with an arrow at the one that the rows are sorted by.
    pub(crate) fn heading(&self, sorted: Option<(Column, &str)>) -> Spans {
        let mut line = " ".repeat(LEAD);
        for (at, (column, width)) in self.columns.iter().enumerate() {
            let arrow = sorted.filter(|(by, _)| *by == column);
            let arrow = arrow.map_or("", |(_, arrow)| arrow);
            let name = format!("{}{arrow}", heading(column));
            line.push_str(&" ".repeat(if at > 0 { GAP } else { 0 }));
            line.push_str(&aligned(column, &name, width));
        }
        vec![self.ctx.span(Role::Label, line.trim_end())]
    }

    /// The row of a token, with what a filter found in it underlined.
    pub(crate) fn row(
        &self,
        (token, profile): (&ServiceToken, Option<&str>),
        filter: &mut TokenFilter,
        is_changed: bool,
    ) -> Spans {
        let ctx = self.ctx;
        let status = Status::of(token, self.context);
        let emphasis = Emphasis::at(Lifecycle::of(token), self.context);
        let (is_quiet, role) = (emphasis == Emphasis::Quiet, Role::from(emphasis));
        let mut spans = ctx.lead(role, status.symbol(ctx.ascii));
        for (at, (column, width)) in self.columns.iter().enumerate() {
            if at > 0 {
                spans.push(Span::raw(" ".repeat(GAP)));
            }
            match column {
                Column::Name => {
                    spans.extend(self.name(token, filter, width, (is_quiet, is_changed)));
                }
                Column::Profile => {
                    let role = is_quiet.then_some(Role::Muted);
                    let profile = ctx.fitted(profile.unwrap_or_default(), width);
                    spans.push(ctx.span(role, &profile));
                }
                Column::Left => {
                    let (role, left) = self.left(token, status, is_quiet);
                    spans.push(ctx.span(role, &aligned(column, &left, width)));
                }
                Column::Expires => {
                    let role = is_quiet.then_some(Role::Muted);
                    let day = self.expires(token, status);
                    spans.push(ctx.span(role, &ctx.fitted(&day, width)));
                }
                Column::LastSeen => {
                    let (role, seen) = self.last_seen(token, width);
                    spans.push(ctx.span(role, &ctx.fitted(&seen, width)));
                }
                Column::Note => {
                    spans.extend(self.note(token, filter, (width, is_quiet)));
                }
                Column::Opens => spans.extend(self.opens(token, is_quiet, width)),
                Column::Lifetime => spans.extend(self.lifetime(token, role, width)),
                Column::ClientId => {
                    let id = ctx.fitted(&token.display_text(&token.client_id), width);
                    let marks = filter.in_id(id.trim_end());
                    spans.extend(marked(&id, &marks, ctx.style(Role::Muted), ctx));
                }
            }
        }
        spans
    }

    /// The name, or its placeholder; followed by the ID if that is what the filter matched, and by a
    /// mark if the last fetch changed the token.
    fn name(
        &self,
        token: &ServiceToken,
        filter: &mut TokenFilter,
        width: usize,
        (is_quiet, is_changed): (bool, bool),
    ) -> Spans {
        let ctx = self.ctx;
        if is_changed && width > 2 {
            let mut spans = self.name(token, filter, width - 2, (is_quiet, false));
            let mark = format!(" {}", ctx.glyphs().changed);
            spans.push(ctx.span(Role::Accent, &mark));
            return spans;
        }
        let name = ctx.token_name(token);
        let name = text::beginning(&name);
        if token.display_text(&token.name).trim().is_empty() {
            return vec![ctx.span(Role::Muted, &ctx.fitted(name, width))];
        }
        let style = if is_quiet {
            ctx.style(Role::Muted)
        } else {
            Style::new()
        };
        let fitted = ctx.fitted(name, width);
        let marks = filter.in_name(name);
        let room = width - text::width(fitted.trim_end());
        let id = ctx.clean(text::beginning(token.id_text()));
        let in_id = filter.in_id(&id);
        if marks.is_empty() && !in_id.is_empty() && room > GAP + 8 {
            let mut spans = vec![Span::styled(format!("{}  ", fitted.trim_end()), style)];
            let id = ctx.fitted(&id, room - GAP);
            spans.extend(marked(&id, &in_id, ctx.style(Role::Muted), ctx));
            spans
        } else {
            marked(&fitted, &marks, style, ctx)
        }
    }

    /// The time left in two units. What is urgent is bold.
    fn left(&self, token: &ServiceToken, status: Status, is_quiet: bool) -> (Option<Role>, String) {
        let remaining = Lifecycle::of(token).remaining(self.context.now);
        let short = || match remaining {
            Some(left) => left.calm(self.ctx.calm).short(),
            None => "–".to_owned(),
        };
        let quiet = is_quiet.then_some(Role::Muted);
        match status {
            Status::Disabled => (quiet, "off".to_owned()),
            Status::NeverExpires => (None, "never".to_owned()),
            Status::Expired | Status::Critical => (quiet.or(Some(Role::Strong)), short()),
            Status::Unknown | Status::Expiring | Status::Active => (None, short()),
        }
    }

    fn expires(&self, token: &ServiceToken, status: Status) -> String {
        let end = Lifecycle::of(token).end();
        match (status, end) {
            (Status::Disabled | Status::NeverExpires, _) => String::new(),
            (_, Some(end)) => day(end, self.context.now, self.ctx),
            (_, None) => "no date".to_owned(),
        }
    }

    fn last_seen(&self, token: &ServiceToken, width: usize) -> (Option<Role>, String) {
        if let Some(seen) = token.last_seen_at.valid() {
            return (None, distance(*seen, self.context.now));
        }
        let word = last_seen_word(token, width).unwrap_or_default();
        (Some(Role::Muted), word.to_owned())
    }

    /// The worst finding in two words.
    fn note(
        &self,
        token: &ServiceToken,
        filter: &TokenFilter,
        (width, is_quiet): (usize, bool),
    ) -> Spans {
        let Some(note) = note(token, self.context) else {
            return vec![Span::raw(" ".repeat(width))];
        };
        let style = match note.ends_at {
            _ if is_quiet => self.ctx.style(Role::Muted),
            Some(_) => self.ctx.style(Role::Strong),
            None => Style::new(),
        };
        let words = self.ctx.fitted(&note.text(self.context.now), width);
        marked(&words, &filter.in_note(note), style, self.ctx)
    }

    /// How many apps open, may open, refuse, and are not known: `2 ▲1 ✖1`. Counts that do not fit
    /// are left out whole. A plus says that apps may be hidden.
    fn opens(&self, token: &ServiceToken, is_quiet: bool, width: usize) -> Spans {
        let ctx = self.ctx;
        let Some(counts) = self.opens.of(token) else {
            return vec![Span::raw(" ".repeat(width))];
        };
        let more = if self.opens.is_complete() { "" } else { "+" };
        let quiet = is_quiet.then_some(Role::Muted);
        let mut spans = vec![ctx.span(quiet, &format!("{}{more}", counts.opens))];
        let others = [
            (Verdict::Refused, counts.refused),
            (Verdict::Depends, counts.depends),
            (Verdict::Unknown, counts.unknown),
        ];
        for (verdict, count) in others.into_iter().filter(|(_, count)| *count > 0) {
            let text = format!(" {}{count}", verdict.symbol(ctx.ascii));
            if cells_of(&spans) + text::width(&text) > width {
                break;
            }
            spans.push(ctx.span(quiet.or(Some(Role::from(verdict.tone()))), &text));
        }
        let drawn = cells_of(&spans);
        spans.push(Span::raw(" ".repeat(width.saturating_sub(drawn))));
        spans
    }

    /// `━━━━━━╸───`
    fn lifetime(&self, token: &ServiceToken, role: Role, width: usize) -> Spans {
        let ctx = self.ctx;
        let glyphs = ctx.glyphs();
        let Some(share) = elapsed(token, self.context.now) else {
            return vec![Span::raw(" ".repeat(width))];
        };
        let halves = half_cells(share, width);
        let (done, half) = (halves / 2, halves % 2);
        let part = |role, glyph: &str, count| Span::styled(glyph.repeat(count), ctx.style(role));
        vec![
            part(role, glyphs.bar_done, done),
            part(role, glyphs.bar_half, half),
            part(Role::Border, glyphs.horizontal, width - done - half),
        ]
    }
}

fn heading(column: Column) -> &'static str {
    match column {
        Column::Name => "NAME",
        Column::Profile => "PROFILE",
        Column::Left => "LEFT",
        Column::Expires => "EXPIRES",
        Column::LastSeen => "LAST SEEN",
        Column::Note => "NOTE",
        Column::Opens => "OPENS",
        Column::Lifetime => "LIFETIME",
        Column::ClientId => "CLIENT ID",
    }
}

/// Text that fills a column. The times left end where they are compared.
fn aligned(column: Column, text: &str, width: usize) -> String {
    if column == Column::Left {
        format!("{text:>width$}")
    } else {
        text::fit(text, width, "")
    }
}

/// The local day of an instant, as short as it is unambiguous: `17 Nov`, `08:25 today`,
/// `20 May 2027`.
fn day(at: DateTime<Utc>, now: DateTime<Utc>, ctx: &RenderContext<'_>) -> String {
    let (there, today) = ((ctx.local)(at), (ctx.local)(now));
    let form = if there.date_naive() == today.date_naive() {
        "%H:%M today"
    } else if there.year() == today.year() {
        "%e %b"
    } else {
        "%e %b %Y"
    };
    there.format(form).to_string()
}

/// Clean text with the characters at some positions marked.
pub(crate) fn marked(
    text: &str,
    positions: &[u32],
    style: Style,
    ctx: &RenderContext<'_>,
) -> Spans {
    if positions.is_empty() {
        return vec![Span::styled(text.to_owned(), style)];
    }
    let mut runs: Vec<(bool, String)> = Vec::new();
    let mut next = positions.iter().copied().peekable();
    for (at, c) in (0_u32..).zip(text.chars()) {
        let is_marked = next.next_if_eq(&at).is_some();
        match runs.last_mut() {
            Some((was_marked, run)) if *was_marked == is_marked => run.push(c),
            _ => runs.push((is_marked, c.to_string())),
        }
    }
    let matched = style.patch(ctx.style(Role::Matched));
    let style_of = |is_marked| if is_marked { matched } else { style };
    runs.into_iter()
        .map(|(is_marked, run)| Span::styled(run, style_of(is_marked)))
        .collect()
}
