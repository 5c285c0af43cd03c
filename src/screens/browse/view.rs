//! Draws the list of all tokens: counts, visible rows with the columns that fit, the filter, and notes
//! on missing tokens.

use chrono::{DateTime, Utc};
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::state::{Browse, Sort};
use crate::action::{Action, Context};
use crate::app::state::State;
use crate::app::token_list::TokenList;
use crate::domain::duration::{self, Lifetime, Remaining};
use crate::domain::fields::{last_seen_word, title as token_title};
use crate::domain::search::TokenFilter;
use crate::domain::status::{Emphasis, EvaluationContext, Lifecycle, Status};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::layout;
use crate::theme::Role;
use crate::ui::form::render_query;
use crate::ui::painter::{
    GAP, Painter, RenderContext, Spans, below, bottom, first_rows, number, row, width,
};
use crate::ui::texts::{distance, keyring_note};

/// The order of the counts in the title.
const COUNTED: [Status; 7] = [
    Status::Expired,
    Status::Critical,
    Status::Expiring,
    Status::Unknown,
    Status::Active,
    Status::NeverExpires,
    Status::Disabled,
];

/// ```text
/// ╭ 14 tokens · 2 critical · 3 expiring · 9 active ──────────────────────────────────╮
/// │   Name                      Status              Left      Last seen  Duration    │
/// │ ✖ deploy-staging            CRITICAL      3d 04:33:21     41 d ago   365d        │
/// │ ▲ CI/CD token               EXPIRING     12d 04:33:21     3 h ago    365d        │
/// │ ⠋ 1,000 of 12,000 tokens · 3 s · Esc cancel                                      │
/// ╰ / ci ─────────────────────────────────────────────────── 1–2 of 2 · by urgency ──╯
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
    let ctx = paint.ctx;
    let browse = &state.browse;
    let inner = paint.panel(area, "");
    let title = title(&state.list, usize::from(area.width).saturating_sub(4), ctx);
    paint.frame_title(row(area, 0), &title);
    let rows = Browse::table_rows(&state.list, usize::from(inner.height));
    let first = layout::first_row_kept(browse.top, browse.selected, browse.table.rows(), rows);
    if browse.table.rows() == 0 {
        let columns = usize::from(inner.width);
        paint.render_centred(inner, &placeholder(state, columns, ctx));
    } else {
        let columns = Columns::new(usize::from(inner.width), ctx);
        paint.render_spans(row(inner, 0), &columns.names(browse.table.sort()));
        let at = state.evaluation_context();
        let mut filter = browse.table.filter();
        let tokens = browse.table.tokens(&state.list, first, rows);
        let tokens = tokens.map(|token| columns.row(token, at, &mut filter));
        let table = first_rows(below(inner, 1), rows);
        paint.render_list(table, tokens, browse.selected.checked_sub(first));
        paint.render_lines(below(inner, 1 + rows), notes(state, ctx));
    }
    let place = position(browse, first, rows, ctx);
    paint.frame_title_right(bottom(area), &place);
    let is_typing = (browse.is_filtering, state.overlay.is_some());
    let room = usize::from(area.width).saturating_sub(width(&place) + 11);
    render_query(paint, bottom(area), &browse.filter, is_typing, room);
}

/// The number of tokens, in total and per status.
fn title(list: &TokenList, room: usize, ctx: &RenderContext<'_>) -> Spans {
    let total = list.total();
    if total == 0 {
        return vec![ctx.span(Role::Title, "All tokens")];
    }
    let glyphs = ctx.glyphs();
    let rest = format!("{}{}", glyphs.dot, glyphs.ellipsis);
    let mut spans = vec![ctx.span(Role::Title, &tokens(total))];
    for status in COUNTED {
        let count = list.count(status);
        if count == 0 {
            continue;
        }
        let text = format!("{} {}", number(count), status.word().to_lowercase());
        let more = [ctx.dot(), ctx.span(Role::from(status.tone()), &text)];
        // An ellipsis replaces omitted counts, so it needs room too.
        if width(&spans) + width(&more) + text::width(&rest) > room {
            spans.push(ctx.span(Role::Muted, &rest));
            break;
        }
        spans.extend(more);
    }
    spans
}

/// The range of visible rows, and the sort column.
fn position(browse: &Browse, first: usize, rows: usize, ctx: &RenderContext<'_>) -> Spans {
    let shown = browse.table.rows();
    if shown == 0 {
        return Vec::new();
    }
    let last = (first + rows).min(shown);
    let sort = browse.table.sort();
    let place = format!(
        "{}–{} of {} · by {} {}",
        number(first + 1),
        number(last),
        number(shown),
        sort.word(),
        arrow(sort, ctx)
    );
    vec![ctx.span(Role::Muted, &place)]
}

/// Notes on the list: its progress, or what it lacks.
///
/// ```text
/// ⠋ 1,000 of 12,000 tokens · 3 s · Esc cancel
/// ▲ Showing 1,000 of 12,000 tokens.  r fetch the list again
///   page 2 of 12 could not be read: the API did not answer
/// ```
fn notes(state: &State, ctx: &RenderContext<'_>) -> Vec<Spans> {
    let list = &state.list;
    if list.extent.is_loading() {
        return vec![progress(state, ctx)];
    }
    let extent = list.extent.value().cloned().unwrap_or_default();
    let Some(why) = extent.incomplete else {
        return Vec::new();
    };
    let shown = list.total();
    let of = match extent.total.filter(|total| *total > shown) {
        Some(total) => format!("{} of {}", number(shown), tokens(total)),
        None => tokens(shown),
    };
    let mut spans = vec![
        Span::raw(" "),
        ctx.span(Role::Warning, ctx.glyphs().warning),
        ctx.plain(&format!(" Showing {of}.  ")),
    ];
    spans.extend(ctx.hint(Context::Browse, Action::Reload, "fetch the list again"));
    vec![spans, vec![ctx.span(Role::Muted, &format!("   {why}"))]]
}

fn progress(state: &State, ctx: &RenderContext<'_>) -> Spans {
    let (browse, list) = (&state.browse, &state.list);
    let received = list.progress.received;
    let again = match list.extent.value() {
        Some(_) => "Fetching again: ",
        None => "",
    };
    let what = match (list.progress.total, received) {
        (Some(total), _) => format!("{} of {}", number(received), tokens(total)),
        (None, 0) => "waiting for the list …".to_owned(),
        (None, received) => tokens(received),
    };
    let mut spans = vec![
        Span::raw(" "),
        ctx.spinner(state.clock.steady),
        ctx.plain(&format!(" {again}{what}")),
    ];
    let seconds = waited(state);
    if seconds > 0 {
        spans.push(ctx.dot());
        spans.push(ctx.plain(&format!("{seconds} s")));
    }
    let cancel = ctx.hint(state.context(), Action::Back, "cancel");
    if !browse.is_filtering && !cancel.is_empty() {
        spans.push(ctx.dot());
        spans.extend(cancel);
    }
    spans
}

/// For how many seconds the list has been loading.
fn waited(state: &State) -> i64 {
    let since = state.list.extent.loading_since();
    since.map_or(0, |since| state.clock.seconds_since(since))
}

fn tokens(count: usize) -> String {
    let noun = if count == 1 { "token" } else { "tokens" };
    format!("{} {noun}", number(count))
}

/// The replacement for the rows of an empty list: the progress, or why it is empty.
///
/// ```text
///        The API lists no service tokens in account 4f1b…9c2e.
///    There may still be some: a credential limited to …
///
///               r try again   t look up one token
/// ```
fn placeholder(state: &State, columns: usize, ctx: &RenderContext<'_>) -> Vec<Spans> {
    let (browse, list) = (&state.browse, &state.list);
    let is_filtered = list.total() > 0;
    let mut lines = Vec::new();
    if list.extent.is_loading() {
        lines.push(progress(state, ctx));
        if !is_filtered {
            let reached = list.progress.stage;
            lines.extend(keyring_note(reached, waited(state), columns, ctx));
            return lines;
        }
        lines.push(Vec::new());
    }
    let (what, why) = match (list.extent.value(), list.extent.failure()) {
        _ if is_filtered => (
            "No tokens match the filter.".to_owned(),
            "Type part of a name, ID, client ID or status; !word excludes.",
        ),
        // A role may cover only individual tokens, so an empty list proves nothing.
        (Some(_), _) => (
            format!("The API lists no service tokens{}.", in_scope(list, ctx)),
            "There may still be some: a credential limited to individual tokens may not be \
             allowed to list them.",
        ),
        (None, Some(failure)) if state.banner.is_none() => (
            "The list could not be fetched.".to_owned(),
            failure.summary.as_str(),
        ),
        (None, Some(_)) => ("The list could not be fetched.".to_owned(), ""),
        (None, None) => ("Nothing was fetched.".to_owned(), ""),
    };
    let texts = [(Role::Strong, what.as_str()), (Role::Muted, why)];
    for (role, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        lines.extend(ctx.wrapped(role, text, columns.saturating_sub(4).min(72)));
    }
    let keys = match (is_filtered, browse.is_filtering) {
        (true, true) => [
            (Action::DeleteToStart, "clear filter"),
            (Action::Back, "leave field"),
        ],
        (true, false) => [
            (Action::Search, "edit filter"),
            (Action::Back, "clear filter"),
        ],
        (false, _) => [
            (Action::Reload, "try again"),
            (Action::Find, "look up one token"),
        ],
    };
    let keys = ctx.hints(state.context(), &keys, "   ");
    lines.extend([Vec::new(), keys]);
    lines
}

/// ` in account 4f1b…9c2e`
fn in_scope(list: &TokenList, ctx: &RenderContext<'_>) -> String {
    list.access.as_ref().map_or_else(String::new, |access| {
        format!(" in {}", ctx.scope(&access.scope, false))
    })
}

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
struct Columns<'a> {
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
    fn new(width: usize, ctx: &'a RenderContext<'a>) -> Self {
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
    fn names(&self, sort: Sort) -> Spans {
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
        let names = texts
            .each_ref()
            .map(|(name, width)| (name.as_str(), *width));
        self.ctx.heading(LEAD, &names)
    }

    /// ```text
    ///  ▲ CI/CD token        EXPIRING      12d 04:33:21      41 d ago    365d       88bf3b6d8616…
    /// ```
    fn row(
        &self,
        token: &ServiceToken,
        context: EvaluationContext,
        filter: &mut TokenFilter,
    ) -> Spans {
        let ctx = self.ctx;
        let now = context.now;
        let status = Status::of(token, context);
        let role = Role::from(Emphasis::at(Lifecycle::of(token), context));
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
                spans.push(ctx.span(role, &fitted));
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
            spans.push(ctx.span(Role::Muted, &self.fitted(&token_title(token), self.name)));
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
fn arrow(sort: Sort, ctx: &RenderContext<'_>) -> &'static str {
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
