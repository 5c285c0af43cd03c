//! Draws the list of all tokens: counts, visible rows with the columns that fit, the filter, notes on
//! missing tokens, and on wide terminals a preview of the selected token.

use ratatui::layout::Rect;
use ratatui::text::Span;

use super::preview_view;
use super::profiles_view;
use super::state::Browse;
use super::update::STATUSES;
use crate::action::{Action, Context};
use crate::app::profile_reads::ProfileReads;
use crate::app::state::State;
use crate::app::token_list::TokenList;
use crate::app::token_table::TokenTable;
use crate::domain::status::Status;
use crate::domain::text::{counted, number};
use crate::layout;
use crate::layout::token_columns::{BrowseLayout, MoreColumns};
use crate::theme::Role;
use crate::ui::areas::{below, bottom, first_rows, inset, last_columns, row, without_right};
use crate::ui::form::render_query;
use crate::ui::painter::{Painter, RenderContext, Spans, width};
use crate::ui::texts::credential_note;
use crate::ui::token_rows::TokenRows;

/// How many of the counts in the title have a word beside their symbol.
const WITH_WORDS: usize = 3;

/// ```text
/// ╭ ✖ 2 expired  ✖ 2 critical  ▲ 2 expiring  ? 1  ● 7  ∞ 1  ⊘ 2 ───────────────────╮
/// │   NAME                          LEFT  EXPIRES      LAST SEEN   NOTE             │
/// │▌✖ nightly-backup-legacy       9d ago  17 Nov       5 h ago     still used       │
/// │ ▲ CI/CD token                12d 04h   8 Dec       6 min ago   2 secrets        │
/// │ ⠋ 1,000 of 12,000 tokens · 3 s · Esc cancel                                     │
/// ╰ / filter ──────────────────────────────────────────── 17 tokens, by urgency ↓ ──╯
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
    let ctx = paint.ctx;
    let browse = &state.browse;
    let profiles = state.list.profiles.as_ref();
    let profile = profiles.map_or(0, ProfileReads::widest_name);
    let more = MoreColumns {
        profile,
        has_opens: state.opens.is_known(),
    };
    let parts = BrowseLayout::with(area.width, !browse.hides_preview, more);
    let inner = paint.panel(area, "");
    let preview = parts.preview.unwrap_or(0);
    let list = without_right(inner, usize::from(preview.saturating_sub(1)));
    let counts = without_right(row(area, 0), usize::from(preview));
    render_counts(paint, counts, (&state.list, &browse.table));
    render_rows(paint, list, state, &parts);
    let line = without_right(bottom(area), usize::from(preview));
    let place = position(state, ctx);
    paint.frame_title_right(line, &place);
    render_filter(paint, line, state, width(&place));
    if let Some(columns) = parts.preview {
        let preview = last_columns(area, columns);
        paint.splitter(preview.x, (area.y, area.bottom() - 1), None);
        preview_view::render(paint, preview, state);
    }
}

/// Draws the visible rows, or why there are none.
fn render_rows(paint: &mut Painter<'_, '_>, list: Rect, state: &State, parts: &BrowseLayout) {
    let (ctx, browse) = (paint.ctx, &state.browse);
    if browse.table.rows() == 0 {
        let lines = placeholder(state, usize::from(list.width), ctx);
        paint.render_centred(list, &lines);
        return;
    }
    let rows = Browse::table_rows(&state.list, usize::from(list.height));
    let first = layout::first_row_kept(browse.top, browse.selected, browse.table.rows(), rows);
    let drawing = TokenRows {
        columns: &parts.columns,
        context: state.evaluation_context(),
        opens: &state.opens,
        ctx,
    };
    let table = &browse.table;
    let sorted = table.sort().column().map(|it| (it, arrow(table, ctx)));
    paint.render_spans(row(list, 0), &drawing.heading(sorted));
    let mut filter = table.filter();
    let places = table.places().iter().skip(first).take(rows);
    let tokens = places.filter_map(|place| {
        let token = state.list.token(*place)?;
        let origin = state.list.origin(*place);
        let profile = origin.map(|origin| origin.profile.as_str());
        let is_changed = state.list.has_changed(*place);
        Some(drawing.row((token, profile), &mut filter, is_changed))
    });
    let place = first_rows(below(list, 1), rows);
    paint.render_list(place, tokens, browse.selected.checked_sub(first), true);
    let notes = notes(state, usize::from(list.width), ctx);
    paint.render_lines(below(list, 1 + rows), notes);
}

/// Draws the number of tokens of each status. The first three have a word, since their symbols are
/// not enough; from the right, words and then counts make room.
///
/// ```text
/// ╭ ✖ 2 expired  ✖ 2 critical  ▲ 2 expiring  ? 1  ● 7 ──╮
/// ```
fn render_counts(
    paint: &mut Painter<'_, '_>,
    line: Rect,
    (list, table): (&TokenList, &TokenTable),
) {
    let ctx = paint.ctx;
    if list.total() == 0 {
        paint.frame_title(line, &[ctx.span(Role::Title, "Tokens")]);
        return;
    }
    let line = inset(line);
    let with_words = |words: usize| -> Spans {
        let shown = STATUSES
            .into_iter()
            .enumerate()
            .filter_map(|(at, (_, status))| {
                let (count, is_chosen) = (list.count(status), table.is_chosen(status));
                (count > 0 || is_chosen)
                    .then(|| count_of(status, count, (is_chosen, at < words), ctx))
            });
        shown.collect()
    };
    let fits = |spans: &Spans| width(spans) <= usize::from(line.width);
    let mut forms = (0..=WITH_WORDS).rev().map(with_words);
    let mut spans = forms.find(fits).unwrap_or_else(|| with_words(0));
    if !fits(&spans) {
        // A count that is cut would be wrong.
        while width(&spans) + 2 > usize::from(line.width) && spans.pop().is_some() {}
        spans.push(ctx.span(Role::Muted, &format!("{} ", ctx.glyphs().ellipsis)));
    }
    paint.render_spans(line, &spans);
}

/// The number of tokens of a status: ` ✖ 2 expired `, or `[✖ 2 expired]` if only chosen statuses are
/// shown.
fn count_of(
    status: Status,
    count: usize,
    (is_chosen, has_word): (bool, bool),
    ctx: &RenderContext<'_>,
) -> Span<'static> {
    let word = has_word.then(|| format!(" {}", status.word().to_lowercase()));
    let role = if status == Status::Disabled {
        Role::Muted
    } else {
        Role::from(status.tone())
    };
    let (open, close) = if is_chosen { ('[', ']') } else { (' ', ' ') };
    let (symbol, word) = (status.symbol(ctx.ascii), word.unwrap_or_default());
    ctx.span(
        role,
        &format!("{open}{symbol} {}{word}{close}", number(count)),
    )
}

/// The number of tokens, and of those that pass the filter; and the sort column.
fn position(state: &State, ctx: &RenderContext<'_>) -> Spans {
    let browse = &state.browse;
    let (shown, total) = (browse.table.rows(), state.list.total());
    if total == 0 {
        return Vec::new();
    }
    let count = if shown == total {
        tokens(total)
    } else {
        format!("{} of {}", number(shown), number(total))
    };
    let (table, sort) = (&browse.table, browse.table.sort().word());
    let place = format!("{count}, by {sort} {}", arrow(table, ctx));
    vec![ctx.span(Role::Muted, &place)]
}

/// Draws the filter, or the key that opens it.
fn render_filter(paint: &mut Painter<'_, '_>, line: Rect, state: &State, taken: usize) {
    let ctx = paint.ctx;
    let browse = &state.browse;
    if !browse.is_filtering && browse.filter.value().is_empty() {
        let mut spans = Vec::new();
        if browse.table.needs_only() {
            spans.extend([ctx.span(Role::Title, "needs you"), ctx.dot()]);
            spans.extend(ctx.hint(Context::Browse, Action::Back, "shows all"));
        } else if state.front().can(state, Action::Search) {
            spans = ctx.hint(Context::Browse, Action::Search, "filter");
        }
        paint.frame_title(line, &spans);
        return;
    }
    let is_typing = (browse.is_filtering, state.overlay.is_some());
    let room = usize::from(line.width).saturating_sub(taken + 11);
    render_query(paint, line, &browse.filter, is_typing, room);
}

/// The direction of the order: up if ascending.
fn arrow(table: &TokenTable, ctx: &RenderContext<'_>) -> &'static str {
    ctx.glyphs().arrows[usize::from(!table.is_ascending())]
}

/// Notes on the list: its progress, or what it lacks.
///
/// ```text
/// ⠋ 1,000 of 12,000 tokens · 3 s · Esc cancel
/// ▲ Showing 1,000 of 12,000 tokens.  r fetch the list again
///   page 2 of 12 could not be read: the API did not answer
/// ```
fn notes(state: &State, columns: usize, ctx: &RenderContext<'_>) -> Vec<Spans> {
    let list = &state.list;
    if list.extent.is_loading() {
        return vec![progress(state, ctx)];
    }
    if list.profiles.is_some() {
        let note = profiles_view::note(state, columns, ctx);
        return note.into_iter().collect();
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
    let list = &state.list;
    let received = list.progress.received;
    let again = match list.extent.value() {
        Some(_) => "Fetching again: ",
        None => "",
    };
    let what = match (list.progress.total, received) {
        _ if list.profiles.is_some() => profiles_view::progress(state).unwrap_or_default(),
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
    if !state.browse.is_filtering {
        spans.extend(ctx.dotted_hint(state.context(), Action::Back, "cancel"));
    }
    spans
}

/// For how many seconds the list has been loading.
fn waited(state: &State) -> i64 {
    let since = state.list.extent.loading_since();
    since.map_or(0, |since| state.clock.seconds_since(since))
}

fn tokens(count: usize) -> String {
    counted(count, "token", "tokens")
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
    if list.extent.is_first() {
        lines.push(progress(state, ctx));
        if !is_filtered {
            let waited = (list.progress.stage, waited(state));
            let access = list.access.as_ref();
            lines.extend(credential_note(access, waited, columns, state, ctx));
            return lines;
        }
        lines.push(Vec::new());
    }
    let of_profiles = profiles_view::nothing(state, columns.min(76), ctx);
    let of_profiles = of_profiles.filter(|_| !is_filtered);
    let (what, why) = match (list.extent.value(), list.extent.failure()) {
        _ if is_filtered => (
            "No tokens match the filter.".to_owned(),
            "Type part of a name, ID, client ID or status; !word excludes.",
        ),
        _ if of_profiles.is_some() => (String::new(), ""),
        (Some(extent), _) if extent.incomplete.is_some() => {
            ("No service token could be read.".to_owned(), "")
        }
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
    lines.extend(of_profiles.into_iter().flatten());
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
        (false, _) if state.failures_on_screen().next().is_some() && list.profiles.is_some() => [
            (Action::Reload, "try again"),
            (Action::ErrorDetails, "details"),
        ],
        (false, _) => [
            (Action::Reload, "try again"),
            (Action::Find, "look up one token"),
        ],
    };
    let can = |(action, _): &&(Action, _)| *action != Action::Reload || state.can_reload();
    let keys: Vec<_> = keys.iter().filter(can).copied().collect();
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
