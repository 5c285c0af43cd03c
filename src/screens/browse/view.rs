//! Draws the list of all tokens: counts, visible rows, the filter, and notes on missing tokens.

use ratatui::layout::Rect;
use ratatui::text::Span;

use super::row_view::{Columns, arrow};
use super::state::Browse;
use crate::action::{Action, Context};
use crate::app::state::State;
use crate::domain::search::TokenFilter;
use crate::domain::status::Status;
use crate::domain::text;
use crate::layout;
use crate::theme::Role;
use crate::ui::form::render_query;
use crate::ui::painter::{
    Painter, RenderContext, Spans, below, bottom, first_rows, number, row, width,
};
use crate::ui::waiting::on_keyring;

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
    let title = title(browse, usize::from(area.width).saturating_sub(4), ctx);
    paint.frame_title(row(area, 0), &title);
    let rows = browse.table_rows(usize::from(inner.height));
    let first = layout::first_row_kept(browse.top, browse.selected, browse.table.rows(), rows);
    if browse.table.rows() == 0 {
        let columns = usize::from(inner.width);
        paint.render_centred(inner, &placeholder(state, columns, ctx));
    } else {
        let columns = Columns::new(usize::from(inner.width), ctx);
        paint.render_spans(row(inner, 0), &columns.names(browse.table.sort()));
        let at = state.evaluation_context();
        let mut filter = TokenFilter::new(browse.filter.value());
        let tokens = browse.table.tokens(first, rows);
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
fn title(browse: &Browse, room: usize, ctx: &RenderContext<'_>) -> Spans {
    let total = browse.table.total();
    if total == 0 {
        return vec![ctx.span(Role::Title, "All tokens")];
    }
    let glyphs = ctx.glyphs();
    let rest = format!("{}{}", glyphs.dot, glyphs.ellipsis);
    let mut spans = vec![ctx.span(Role::Title, &tokens(total))];
    for status in COUNTED {
        let count = browse.table.count(status);
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
    let browse = &state.browse;
    if browse.list.is_loading() {
        return vec![progress(state, ctx)];
    }
    let extent = browse.list.value().cloned().unwrap_or_default();
    let Some(why) = extent.incomplete else {
        return Vec::new();
    };
    let shown = browse.table.total();
    let of = match extent.total.filter(|total| *total > shown) {
        Some(total) => format!("{} of {}", number(shown), tokens(total)),
        None => tokens(shown),
    };
    let mut spans = vec![
        Span::raw(" "),
        ctx.span(Role::Warning, ctx.glyphs().warning),
        ctx.plain(&format!(" Showing {of}.  ")),
    ];
    spans.extend(ctx.hint(Context::Browse, Action::Refresh, "fetch the list again"));
    vec![spans, vec![ctx.span(Role::Muted, &format!("   {why}"))]]
}

fn progress(state: &State, ctx: &RenderContext<'_>) -> Spans {
    let browse = &state.browse;
    let received = browse.progress.received;
    let again = match browse.list.value() {
        Some(_) => "Fetching again: ",
        None => "",
    };
    let what = match (browse.progress.total, received) {
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
    let since = state.browse.list.loading_since();
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
    let browse = &state.browse;
    let is_filtered = browse.table.total() > 0;
    let mut lines = Vec::new();
    if browse.list.is_loading() {
        lines.push(progress(state, ctx));
        if !is_filtered {
            let reached = browse.progress.stage;
            lines.extend(on_keyring(reached, waited(state), columns, ctx));
            return lines;
        }
        lines.push(Vec::new());
    }
    let (what, why) = match (browse.list.value(), browse.list.failure()) {
        _ if is_filtered => (
            "No tokens match the filter.".to_owned(),
            "Type part of a name, ID, client ID or status; !word excludes.",
        ),
        // A role may cover only individual tokens, so an empty list proves nothing.
        (Some(_), _) => (
            format!("The API lists no service tokens{}.", in_scope(browse, ctx)),
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
        let wrapped = text::wrap(&ctx.clean(text), columns.saturating_sub(4).min(72));
        lines.extend(wrapped.iter().map(|line| vec![ctx.span(role, line)]));
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
            (Action::Refresh, "try again"),
            (Action::LookUp, "look up one token"),
        ],
    };
    let keys = ctx.hints(state.context(), &keys, "   ");
    lines.extend([Vec::new(), keys]);
    lines
}

/// ` in account 4f1b…9c2e`
fn in_scope(browse: &Browse, ctx: &RenderContext<'_>) -> String {
    browse.access.as_ref().map_or_else(String::new, |access| {
        let id = ctx.abbreviate(access.scope.id());
        format!(" in {} {id}", access.scope.kind().word())
    })
}
