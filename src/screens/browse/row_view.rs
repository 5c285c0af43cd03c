//! Draws one row of the list of all tokens, with the columns that fit.

use chrono::{DateTime, Utc};
use ratatui::style::Style;
use ratatui::text::Span;

use super::token_table::Sort;
use crate::domain::duration::{self, Lifetime, Remaining};
use crate::domain::fields::{last_seen_word, title};
use crate::domain::search::TokenFilter;
use crate::domain::status::{EvaluationContext, Lifecycle, Status};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::theme::Role;
use crate::ui::painter::{RenderContext, Spans};
use crate::ui::times::distance;

/// The gap before a column.
const GAP: usize = 2;
/// A space, the status's symbol, a space.
const LEAD: usize = 3;
/// A space at the end.
const MARGIN: usize = 1;
/// The name's width before the time left or the status gets room.
const LEAST_NAME: usize = 16;
/// The name's width before any other column gets room.
const USUAL_NAME: usize = 20;
/// The name's width before the client ID gets room.
const ROOMY_NAME: usize = 28;
/// The name's width before the client ID is shown whole.
const FAIR_NAME: usize = 36;
const STATUS: usize = 13;
/// `1234d 23:59:58 ago`, and its digits.
const LEFT: usize = 18;
const DIGITS: usize = 14;
/// `1234 d ago`, or its name with an arrow.
const LAST_SEEN: usize = 11;
const DURATION: usize = 10;
/// The first digits of a client ID, and the whole of it.
const CLIENT_ID: (usize, usize) = (12, 39);

/// The widths of the columns; zero for those without room.
pub(super) struct Columns<'a> {
    name: usize,
    status: usize,
    left: usize,
    last_seen: usize,
    duration: usize,
    client_id: usize,
    ctx: &'a RenderContext<'a>,
}

impl<'a> Columns<'a> {
    /// The columns of a row with a width in cells. They depend only on the width, so that no column
    /// moves when tokens come and go.
    pub(super) fn new(width: usize, ctx: &'a RenderContext<'a>) -> Self {
        let mut left = width.saturating_sub(LEAD + MARGIN);
        let mut take = |column: usize, name: usize| {
            let cost = column + GAP;
            let fits = left >= name + cost;
            left -= if fits { cost } else { 0 };
            if fits { column } else { 0 }
        };
        // The time takes precedence: the symbol already shows the status.
        let time = match take(LEFT, LEAST_NAME) {
            0 => take(DIGITS, LEAST_NAME),
            time => time,
        };
        let status = take(STATUS, LEAST_NAME);
        let last_seen = take(LAST_SEEN, USUAL_NAME);
        let duration = take(DURATION, USUAL_NAME);
        let mut client_id = take(CLIENT_ID.0, ROOMY_NAME);
        if client_id > 0 {
            let missing = CLIENT_ID.1 - CLIENT_ID.0;
            let more = left.saturating_sub(FAIR_NAME).min(missing);
            client_id += more;
            left -= more;
        }
        Self {
            name: left,
            status,
            left: time,
            last_seen,
            duration,
            client_id,
            ctx,
        }
    }

    /// The row of column names.
    ///
    /// ```text
    ///    Name               Status ↓             Left      Last seen   Duration   Client ID
    /// ```
    pub(super) fn names(&self, sort: Sort) -> Spans {
        let named = |name: &str, by: Sort| {
            if by == sort {
                format!("{name} {}", arrow(sort, self.ctx))
            } else {
                name.to_owned()
            }
        };
        // The digits end where "ago" would begin.
        let left = format!("{:>DIGITS$}", named("Left", Sort::Left));
        let texts = [
            (named("Name", Sort::Name), self.name),
            (named("Status", Sort::Urgency), self.status),
            (left, self.left),
            (named("Last seen", Sort::LastSeen), self.last_seen),
            (named("Duration", Sort::Duration), self.duration),
            ("Client ID".to_owned(), self.client_id),
        ];
        let texts = texts.into_iter().filter(|(_, width)| *width > 0);
        let texts: Vec<String> = texts
            .map(|(text, width)| text::fit(&text, width, ""))
            .collect();
        let line = format!("{:LEAD$}{}", "", texts.join(&" ".repeat(GAP)));
        vec![self.ctx.span(Role::Label, line.trim_end())]
    }

    /// ```text
    ///  ▲ CI/CD token        EXPIRING      12d 04:33:21      41 d ago    365d       88bf3b6d8616…
    /// ```
    pub(super) fn row(
        &self,
        token: &ServiceToken,
        context: EvaluationContext,
        filter: &mut TokenFilter,
    ) -> Spans {
        let ctx = self.ctx;
        let now = context.now;
        let status = Status::of(token, context);
        let role = Role::from(status.tone());
        let mut spans = vec![
            Span::raw(" "),
            ctx.span(role, status.symbol(ctx.ascii)),
            Span::raw(" "),
        ];
        self.push_name(&mut spans, token, filter);
        if self.status > 0 {
            spans.push(Span::raw("  "));
            let letters = 0..u32::try_from(filter.in_status(status)).unwrap_or(0);
            let word = text::fit(status.word(), self.status, "");
            let marks: Vec<u32> = letters.collect();
            spans.extend(marked(&word, &marks, ctx.style(role), ctx));
        }
        let mut column = |width: usize, text: &str, role: Option<Role>| {
            if width > 0 {
                let fitted = self.fitted(text, width);
                spans.push(Span::raw("  "));
                spans.push(match role {
                    Some(role) => ctx.span(role, &fitted),
                    None => ctx.plain(&fitted),
                });
            }
        };
        let (left, is_urgent) = left(token, status, now, self.left);
        column(self.left, &left, is_urgent.then_some(Role::Strong));
        if let Some(seen) = token.last_seen_at.valid() {
            column(self.last_seen, &distance(*seen, now), None);
        } else {
            let word = last_seen_word(token, self.last_seen).unwrap_or_default();
            column(self.last_seen, word, Some(Role::Muted));
        }
        column(self.duration, &lifetime(token), None);
        if self.client_id > 0 {
            spans.push(Span::raw("  "));
            let id = self.fitted(&token.display_text(&token.client_id), self.client_id);
            let marks = filter.in_id(id.trim_end());
            spans.extend(marked(&id, &marks, ctx.style(Role::Muted), ctx));
        }
        spans
    }

    /// The name, or its placeholder; followed by the ID if that is what the filter matched.
    fn push_name(&self, spans: &mut Spans, token: &ServiceToken, filter: &mut TokenFilter) {
        let ctx = self.ctx;
        let name = token.display_text(&token.name);
        let name = text::beginning(&name);
        if name.trim().is_empty() {
            spans.push(ctx.span(Role::Muted, &self.fitted(&title(token), self.name)));
            return;
        }
        let fitted = self.fitted(name, self.name);
        let marks = filter.in_name(&ctx.clean(name));
        let room = self.name - text::width(fitted.trim_end());
        let id = ctx.clean(text::beginning(token.id_text()));
        let in_id = filter.in_id(&id);
        if marks.is_empty() && !in_id.is_empty() && room > GAP + 8 {
            spans.push(ctx.plain(&format!("{}  ", fitted.trim_end())));
            let id = self.fitted(&id, room - GAP);
            spans.extend(marked(&id, &in_id, ctx.style(Role::Muted), ctx));
        } else {
            spans.extend(marked(&fitted, &marks, Style::new(), ctx));
        }
    }

    fn fitted(&self, text: &str, cells: usize) -> String {
        let clean = self.ctx.clean(text::beginning(text));
        text::fit(&clean, cells, self.ctx.glyphs().ellipsis)
    }
}

/// The direction of an order: up if ascending.
pub(super) fn arrow(sort: Sort, ctx: &RenderContext<'_>) -> &'static str {
    ctx.glyphs().arrows[usize::from(!sort.is_ascending())]
}

/// The digits of the time left or since expiry, and whether they are urgent.
fn left(token: &ServiceToken, status: Status, now: DateTime<Utc>, room: usize) -> (String, bool) {
    let end = Lifecycle::of(token).end();
    let Some(end) = end.filter(|_| status != Status::Disabled) else {
        return (format!("{:>DIGITS$}", "-"), false);
    };
    let digits = Remaining::until(end, now).digits();
    match status {
        Status::Expired if room < LEFT => (format!("{:>DIGITS$}", format!("-{digits}")), false),
        Status::Expired => (format!("{digits:>DIGITS$} ago"), false),
        Status::Critical | Status::Expiring => (format!("{digits:>DIGITS$}"), true),
        Status::Active | Status::NeverExpires | Status::Disabled | Status::Unknown => {
            (format!("{digits:>DIGITS$}"), false)
        }
    }
}

fn lifetime(token: &ServiceToken) -> String {
    let length = token.duration.valid().and_then(Lifetime::length);
    length.map_or_else(
        || text::beginning(token.raw_text(&token.duration)).to_owned(),
        duration::humanize,
    )
}

/// Clean text with the characters at some positions marked.
fn marked(text: &str, positions: &[u32], style: Style, ctx: &RenderContext<'_>) -> Spans {
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
