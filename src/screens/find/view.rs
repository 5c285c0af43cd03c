//! Draws Find: the field, the matches, the tokens that need the user, and the recent lookups.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::state::{Item, MatchKind};
use crate::action::{Action, Context};
use crate::app::state::State;
use crate::domain::duration::{self, Remaining};
use crate::domain::findings::note;
use crate::domain::recent_lookups::Recent;
use crate::domain::search::{self, Matching, TokenFilter};
use crate::domain::status::{Lifecycle, Status, Urgency};
use crate::domain::text;
use crate::domain::text::number;
use crate::domain::token::{Reported, ServiceToken};
use crate::layout::find::FindLayout;
use crate::layout::find::ListColumns;
use crate::theme::Role;
use crate::ui::areas::{below, bottom, first_rows, inset, last_columns, row};
use crate::ui::form::field_window;
use crate::ui::painter::{GAP, Painter, RenderContext, Spans, width};
use crate::ui::texts::{distance, lookup_progress};
use crate::ui::token_rows::marked;

/// The cells of `looked up 12 min ago`.
const LOOKED_UP: usize = 20;

/// ```text
/// ╭─ Find a token ───────────────────────────────────────────────────────────────╮
/// │ › dep▏                                                              17 known │
/// │   a name or a part of it, an ID, a client ID, a URL                          │
/// ├─ 1 match ────────────────────────────────────────────────────────────────────┤
/// │ ▌● github-actions-deploy      211d       seen 2 min ago                      │
/// ├─ Needs you · 8 ──────────────────────────────────────────────────────────────┤
/// │  ✖ nightly-backup-legacy      9d ago     seen 5 h ago      still used        │
/// │    7 more: 1 expired, 2 critical, 2 expiring, 1 unknown, 1 unused            │
/// ├─ Recent ─────────────────────────────────────────────────────────────────────┤
/// │  ● staging-e2e                362d       looked up 2 h ago                   │
/// ╰─────────────────────────────────────────── account Example Ltd · F5 change ─╯
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
    let ctx = paint.ctx;
    let inner = paint.panel(area, "Find a token");
    render_scope(paint, bottom(area), state);
    let layout = state.find_layout(state.find_focus());
    let cursor = render_field(paint, row(inner, 0), state);
    render_remarks(paint, first_rows(below(inner, 1), layout.remarks), state);
    let mut at = 1 + layout.remarks;
    let lists = Lists {
        state,
        layout,
        columns: ListColumns::new(usize::from(inner.width).saturating_sub(1)),
        ctx,
    };
    let sections: [(usize, String, Draw<'_>); 3] = [
        (layout.matches, lists.match_title(), Lists::render_matches),
        (layout.needs, lists.needs_title(), Lists::render_needs),
        (layout.recent, lists.recent_title(), Lists::render_recent),
    ];
    for (rows, title, draw) in sections {
        if rows == 0 {
            continue;
        }
        paint.divider(row(area, at + 1), &title);
        let lines = first_rows(below(inner, at + 1), rows);
        draw(
            &lists,
            paint,
            last_columns(lines, lines.width.saturating_sub(1)),
        );
        at += 1 + rows;
    }
    if let Some(column) = cursor.filter(|_| state.overlay.is_none()) {
        paint.set_cursor(row(inner, 0), column);
    }
}

type Draw<'a> = fn(&Lists<'a>, &mut Painter<'_, '_>, Rect);

/// `account Example Ltd · F5 change`
fn render_scope(paint: &mut Painter<'_, '_>, line: Rect, state: &State) {
    let ctx = paint.ctx;
    let Some(scope) = &state.session.active.scope else {
        let hint = ctx.hint(state.context(), Action::PickScope, "chooses an account");
        paint.frame_title_right(line, &hint);
        return;
    };
    let named = state.scope_name(scope);
    let named = named.map(|name| format!("{} {name}", scope.kind().word()));
    let text = named.unwrap_or_else(|| ctx.scope(scope, false));
    let room = usize::from(line.width).saturating_sub(20);
    let mut spans = vec![ctx.span(Role::Muted, &ctx.cut(&text, room))];
    spans.extend(ctx.dotted_hint(state.context(), Action::PickScope, "change"));
    paint.frame_title_right(line, &spans);
}

/// Draws the field, and returns the column of its cursor, if letters go into it.
fn render_field(paint: &mut Painter<'_, '_>, line: Rect, state: &State) -> Option<usize> {
    const LEAD: usize = 3;
    let ctx = paint.ctx;
    let find = &state.find;
    let field = find.token.masked(ctx.glyphs().dot());
    let known = known(state, ctx);
    paint.render_spans_right(inset(line), &known);
    let taken = width(&known) + if known.is_empty() { 2 } else { 4 };
    let room = usize::from(line.width).saturating_sub(LEAD + taken);
    if find.is_commanding {
        let mut spans = vec![Span::raw(" ".repeat(LEAD))];
        if field.value().is_empty() {
            spans.extend(ctx.hint(Context::Find, Action::Search, "finds a token"));
        } else {
            spans.push(ctx.span(Role::Muted, &ctx.cut(field.value(), room)));
        }
        paint.render_spans(line, &spans);
        return None;
    }
    let (shown, cursor) = field_window(&field, room, ctx);
    let marker = format!(" {} ", ctx.glyphs().marker);
    paint.render_spans(line, &[ctx.span(Role::Accent, &marker), Span::raw(shown)]);
    Some(LEAD + cursor)
}

/// `17 known`, or the progress of the list.
fn known(state: &State, ctx: &RenderContext<'_>) -> Spans {
    let list = &state.list;
    let shown = list.total();
    let text = match list.extent.value() {
        None if list.extent.is_loading() => {
            let received = list.progress.received;
            let of = list.progress.total;
            let of = of.map_or_else(String::new, |total| format!(" of {}", number(total)));
            let count = match received {
                0 => "reading the list".to_owned(),
                received => format!("{}{of}", number(received)),
            };
            let spinner = ctx.spinner(state.clock.steady);
            return vec![spinner, ctx.span(Role::Muted, &format!(" {count}"))];
        }
        None => return Vec::new(),
        Some(extent) => match extent.total.filter(|total| *total > shown) {
            Some(total) => format!("{} of {} known", number(shown), number(total)),
            None => format!("{} known", number(shown)),
        },
    };
    vec![ctx.span(Role::Muted, &text)]
}

fn render_remarks(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
    let ctx = paint.ctx;
    let columns = usize::from(area.width).saturating_sub(4);
    let mut lines = lookup_progress(state, columns, ctx).unwrap_or_default();
    if lines.is_empty() && state.find.is_waiting {
        let mut line = vec![
            ctx.spinner(state.clock.steady),
            ctx.plain(" Waiting for the rest of the list"),
        ];
        line.extend(ctx.dotted_hint(state.context(), Action::Back, "cancel"));
        lines.push(line);
    }
    for line in &mut lines {
        line.insert(0, Span::raw("   "));
    }
    let remarks = state.find_remarks();
    lines.extend(remarks.iter().map(|line| indented(line, ctx)));
    paint.render_lines(area, lines);
}

fn indented(line: &[(Option<Role>, String)], ctx: &RenderContext<'_>) -> Spans {
    let mut spans = vec![Span::raw(" ")];
    spans.extend(ctx.line(line));
    spans
}

/// The lists below the field.
struct Lists<'a> {
    state: &'a State,
    layout: FindLayout,
    columns: ListColumns,
    ctx: &'a RenderContext<'a>,
}

impl Lists<'_> {
    fn match_title(&self) -> String {
        let matches = &self.state.find.matches;
        if matches.kind == MatchKind::Nearest || matches.count() == 0 {
            "No match".to_owned()
        } else {
            text::counted(matches.count(), "match", "matches")
        }
    }

    fn needs_title(&self) -> String {
        match self.state.list.needs().len() {
            0 => "Needs you".to_owned(),
            count => format!("Needs you{}{}", self.ctx.glyphs().dot, number(count)),
        }
    }

    /// Says what the times are where there is no room to say it beside each.
    fn recent_title(&self) -> String {
        let title = "Recent".to_owned();
        if self.is_terse() {
            return format!("{title}{}looked up", self.ctx.glyphs().dot);
        }
        title
    }

    /// Whether `looked up 12 min ago` has no room.
    fn is_terse(&self) -> bool {
        let columns = self.columns;
        let has_note = |recent: &Recent| self.scope_elsewhere(recent).is_some();
        let is_note_free = !self.state.find.recents.iter().any(has_note);
        columns.seen > 0 && columns.seen_without_note(is_note_free) < LOOKED_UP
    }

    /// The scope of a recent lookup, unless it is the one in use.
    fn scope_elsewhere(&self, recent: &Recent) -> Option<String> {
        let is_elsewhere = self.state.session.active.scope.as_ref() != Some(&recent.scope);
        is_elsewhere.then(|| self.ctx.scope(&recent.scope, false))
    }

    fn render_matches(&self, paint: &mut Painter<'_, '_>, area: Rect) {
        let state = self.state;
        let text = state.match_text();
        paint.render_lines(area, text.iter().map(|line| self.ctx.line(line)));
        let area = below(area, text.len());
        let first = state.first_match(self.layout);
        let matching = match state.find.matches.kind {
            MatchKind::Containing => Some(Matching::Containing),
            MatchKind::Fuzzy => Some(Matching::Fuzzy),
            MatchKind::Nearest => None,
        };
        let query = search::query_for(text::trim_input(state.find.token.value()));
        let mut filter = matching.map(|matching| TokenFilter::new(&query, matching));
        let rows = (first..state.find.matches.count()).map_while(|at| {
            let token = state.find.token_at(Item::Match(at), &state.list)?;
            Some(self.token_row(token, filter.as_mut()))
        });
        let selected = match state.find.selected {
            Some(Item::Match(at)) => at.checked_sub(first),
            Some(Item::Need(_) | Item::More | Item::Recent(_)) | None => None,
        };
        paint.render_list(area, rows, selected, state.find.is_commanding);
    }

    fn render_needs(&self, paint: &mut Painter<'_, '_>, area: Rect) {
        let state = self.state;
        let needs = state.list.needs();
        if needs.is_empty() {
            let text = state.needs_text();
            paint.render_lines(area, text.iter().map(|line| self.ctx.line(line)));
            return;
        }
        let rows = usize::from(area.height);
        let shown = if needs.len() > rows {
            rows.saturating_sub(1)
        } else {
            needs.len()
        };
        let tokens = needs[..shown]
            .iter()
            .filter_map(|need| state.list.token(need.place));
        let tokens = tokens.map(|token| self.token_row(token, None));
        let more = (needs.len() > shown).then(|| self.more_row(shown));
        let selected = match state.find.selected {
            Some(Item::Need(at)) => Some(at),
            Some(Item::More) => Some(shown),
            Some(Item::Match(_) | Item::Recent(_)) | None => None,
        };
        let rows = tokens.chain(more);
        paint.render_list(area, rows, selected, state.find.is_commanding);
    }

    /// `5 more: 2 expiring, 1 unknown, 1 unused, 1 never used`
    fn more_row(&self, shown: usize) -> Spans {
        let mut counts: Vec<(&str, usize)> = Vec::new();
        let hidden = &self.state.list.needs()[shown..];
        for need in hidden {
            match counts.iter_mut().find(|(word, _)| *word == need.word) {
                Some((_, count)) => *count += 1,
                None => counts.push((need.word, 1)),
            }
        }
        let counts = counts.iter();
        let counts: Vec<String> = counts
            .map(|(word, count)| format!("{} {word}", number(*count)))
            .collect();
        let more = if shown > 0 { " more" } else { "" };
        let text = format!("   {}{more}: {}", number(hidden.len()), counts.join(", "));
        vec![self.ctx.span(Role::Muted, &text)]
    }

    fn render_recent(&self, paint: &mut Painter<'_, '_>, area: Rect) {
        let recents = &self.state.find.recents;
        let selected = match self.state.find.selected {
            Some(Item::Recent(at)) => Some(at),
            Some(Item::Match(_) | Item::Need(_) | Item::More) | None => None,
        };
        let rows = usize::from(area.height);
        let first = crate::layout::first_row_centred(selected.unwrap_or(0), recents.len(), rows);
        let shown = recents.iter().skip(first).map(|it| self.recent_row(it));
        let selected = selected.map(|at| at - first);
        paint.render_list(area, shown, selected, self.state.find.is_commanding);
    }

    /// ```text
    ///  ✖ nightly-backup-legacy      9d ago     seen 5 h ago      still used
    /// ```
    fn token_row(&self, token: &ServiceToken, filter: Option<&mut TokenFilter>) -> Spans {
        let ctx = self.ctx;
        let context = self.state.evaluation_context();
        let life = Lifecycle::of(token);
        let status = Status::at(life, context);
        let name = ctx.token_name(token);
        let clean = text::beginning(&name);
        let marks = filter.map_or_else(Vec::new, |filter| filter.in_name(clean));
        let seen = match &token.last_seen_at {
            Reported::Valid(seen) => format!("seen {}", distance(*seen, context.now)),
            Reported::Null => "never seen".to_owned(),
            Reported::Absent | Reported::Malformed(_) => String::new(),
        };
        let note = note(token, context);
        let words = note.map_or_else(Default::default, |note| note.text(context.now));
        let is_ending = note.is_some_and(|note| note.ends_at.is_some());
        self.row(
            (life, status),
            (clean, &marks),
            (Role::Muted, &seen),
            (is_ending.then_some(Role::Strong), &words),
        )
    }

    /// ```text
    ///  ● staging-e2e                362d       looked up 2 h ago
    /// ```
    fn recent_row(&self, recent: &Recent) -> Spans {
        let ctx = self.ctx;
        let state = self.state;
        let status = recent.status(state.evaluation_context());
        let id = recent.id.as_str();
        let named = Some(recent.name.as_str()).filter(|name| !name.trim().is_empty());
        let name = ctx.glyphs().token_name(named.unwrap_or(id), id);
        let age = state.clock.local.signed_duration_since(recent.looked_up_at);
        let mut seen = duration::ago(age);
        if !self.is_terse() {
            seen = format!("looked up {seen}");
        }
        let scope = self.scope_elsewhere(recent).unwrap_or_default();
        self.row(
            (recent.life, status),
            (&name, &[]),
            (Role::Muted, &seen),
            (Some(Role::Muted), &scope),
        )
    }

    fn row(
        &self,
        (life, status): (Lifecycle, Status),
        (name, marks): (&str, &[u32]),
        (seen_role, seen): (Role, &str),
        (note_role, note): (Option<Role>, &str),
    ) -> Spans {
        let (ctx, columns) = (self.ctx, self.columns);
        let context = self.state.evaluation_context();
        let is_over = Urgency::of(life, context).is_over();
        let (role, name_style) = if is_over {
            (Role::Muted, ctx.style(Role::Muted))
        } else {
            (Role::from(status.tone()), Style::new())
        };
        let mut spans = ctx.lead(role, status.symbol(ctx.ascii));
        let name = ctx.fitted(name, columns.name);
        spans.extend(marked(&name, marks, name_style, ctx));
        let left = life.remaining(context.now).map(Remaining::short);
        let left = match status {
            Status::Disabled => "off".to_owned(),
            Status::NeverExpires => "never".to_owned(),
            Status::Unknown
            | Status::Expired
            | Status::Critical
            | Status::Expiring
            | Status::Active => left.unwrap_or_else(|| "no date".to_owned()),
        };
        let is_urgent = matches!(status, Status::Expired | Status::Critical) && !is_over;
        let left_role = is_over.then_some(Role::Muted);
        let left_role = left_role.or_else(|| is_urgent.then_some(Role::Strong));
        let seen_cells = columns.seen_without_note(note.is_empty());
        let note_cells = if note.is_empty() { 0 } else { columns.note };
        let cells = [
            (columns.left, left_role, left.as_str()),
            (seen_cells, Some(seen_role), seen),
            (note_cells, note_role, note),
        ];
        for (cells, role, text) in cells {
            if cells > 0 {
                spans.push(Span::raw(" ".repeat(GAP)));
                spans.push(ctx.span(role, &ctx.fitted(text, cells)));
            }
        }
        spans
    }
}
