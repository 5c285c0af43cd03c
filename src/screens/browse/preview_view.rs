//! Draws the preview of the selected token beside the list.

use std::sync::Arc;

use chrono::{DateTime, Datelike, Utc};
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::action::Context;
use crate::app::state::State;
use crate::domain::fields::last_seen_word;
use crate::domain::status::{Emphasis, EvaluationContext, Lifecycle, Status, elapsed};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::theme::Role;
use crate::ui::areas::{below, inset, row};
use crate::ui::painter::{Painter, RenderContext, Spans};
use crate::ui::texts::distance;

/// The cells of a label.
const LABEL: usize = 11;

/// ```text
/// ┬ ▲ CI/CD token ───────────────────────╮
/// │ EXPIRES IN 12d 04h                   │
/// │                                      │
/// │ ▲ Ends in 12 days. Renew it, or …    │
/// │                                      │
/// │ Last seen  6 min ago    08:18 today  │
/// │ Expires    in 12 d       8 Dec 12:57 │
/// │                                      │
/// │ ID                                   │
/// │ f174e90a-fafe-4643-bbbc-4a0ed4fc8415 │
/// ┴──────────────────────────────────────╯
/// ```
pub(super) fn render(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
    let Some(token) = state.browse.token(&state.list) else {
        return;
    };
    let ctx = paint.ctx;
    let context = state.evaluation_context();
    let status = Status::of(token, context);
    let role = Role::from(Emphasis::at(Lifecycle::of(token), context));
    let room = usize::from(area.width).saturating_sub(6);
    let name = ctx.cut(&ctx.token_name(token), room);
    let heading = [
        ctx.span(role, status.symbol(ctx.ascii)),
        Span::raw(" "),
        ctx.span(Role::Title, &name),
    ];
    paint.frame_title(row(area, 0), &heading);
    let place = inset(inset(below(area, 1)));
    let rows = usize::from(place.height).saturating_sub(1);
    let lines = Preview {
        state,
        token,
        context,
        columns: usize::from(place.width),
        ctx,
    }
    .lines(rows);
    paint.render_lines(place, lines);
}

struct Preview<'a> {
    state: &'a State,
    token: &'a Arc<ServiceToken>,
    context: EvaluationContext,
    columns: usize,
    ctx: &'a RenderContext<'a>,
}

impl Preview<'_> {
    /// As many lines as there are rows. Blank lines make room first.
    fn lines(&self, rows: usize) -> Vec<Spans> {
        let parts = [self.headline(), self.advice(), self.times(), self.ids()];
        let lines: Vec<Spans> = parts.join(&Vec::new());
        if lines.len() <= rows {
            return lines;
        }
        let mut lines = parts.concat();
        if lines.len() > rows {
            lines.truncate(rows.saturating_sub(1));
            lines.push(vec![self.ctx.span(Role::Muted, self.ctx.glyphs().ellipsis)]);
        }
        lines
    }

    /// ```text
    /// EXPIRES IN 12d 04h      96.6 % elapsed
    /// ```
    fn headline(&self) -> Vec<Spans> {
        let (ctx, now) = (self.ctx, self.context.now);
        let life = Lifecycle::of(self.token);
        let status = Status::at(life, self.context);
        let left = life.remaining(now).map(|left| left.calm(ctx.calm));
        let left = left.filter(|_| status != Status::Disabled);
        let words = status.headline();
        let role = Role::from(Emphasis::at(life, self.context));
        let text = match (status, left) {
            (Status::Active, Some(left)) => format!("{words} · {} left", left.short()),
            (_, Some(left)) => format!("{words} {}", left.short()),
            (_, None) => words.to_owned(),
        };
        let style = ctx.style(role).patch(ctx.style(Role::Strong));
        let mut spans = vec![Span::styled(ctx.clean(&text).into_owned(), style)];
        let share = elapsed(self.token, now).filter(|_| left.is_some_and(|it| !it.is_over()));
        if let Some(share) = share {
            let percent = (share * 1000.0).floor() / 10.0;
            let elapsed = format!("{percent:.1} % elapsed");
            let taken = text::width(&text) + text::width(&elapsed);
            if taken + 2 <= self.columns {
                spans.push(Span::raw(" ".repeat(self.columns - taken)));
                spans.push(ctx.span(Role::Muted, &elapsed));
            }
        }
        vec![spans]
    }

    /// The advice about the token, as on its own screen.
    fn advice(&self) -> Vec<Spans> {
        let access = self.state.list.access_of(self.token);
        let advice = self.state.advice_lines(
            self.token,
            access.as_ref(),
            (Context::Browse, &[]),
            self.columns,
        );
        self.ctx.lines(&advice)
    }

    /// ```text
    /// Last seen  6 min ago    08:18 today
    /// Expires    in 12 d       8 Dec 12:57
    /// ```
    fn times(&self) -> Vec<Spans> {
        let token = self.token.as_ref();
        let times = [
            ("Last seen", &token.last_seen_at),
            ("Expires", &token.expires_at),
            ("Updated", &token.updated_at),
            ("Created", &token.created_at),
        ];
        let mut lines: Vec<Spans> = Vec::new();
        for (label, time) in times {
            if let Some(at) = time.valid() {
                lines.push(self.time(label, *at));
            } else if label == "Last seen" {
                let word = last_seen_word(token, self.columns);
                lines.extend(word.map(|word| self.fact(label, word)));
            }
        }
        let duration = token.display_text(&token.duration);
        if !duration.is_empty() {
            lines.push(self.fact("Duration", &duration));
        }
        lines
    }

    /// The date gives up its time where the distance is long.
    fn time(&self, label: &str, at: DateTime<Utc>) -> Spans {
        let (there, today) = ((self.ctx.local)(at), (self.ctx.local)(self.context.now));
        let forms = if there.date_naive() == today.date_naive() {
            ["%H:%M today", "%H:%M"]
        } else if there.year() == today.year() {
            ["%e %b %H:%M", "%e %b"]
        } else {
            ["%e %b %Y", "%b %Y"]
        };
        let distance = format!("{:<12}", distance(at, self.context.now));
        let forms = forms.map(|form| format!("{distance} {}", there.format(form)));
        let fits = |form: &&String| LABEL + text::width(form) <= self.columns;
        let form = forms.iter().find(fits).unwrap_or(&forms[1]);
        self.fact(label, form)
    }

    fn fact(&self, label: &str, value: &str) -> Spans {
        vec![
            self.ctx.span(Role::Label, &format!("{label:<LABEL$}")),
            self.ctx.plain(text::beginning(value)),
        ]
    }

    /// The IDs, whole: beside their label if they fit there.
    fn ids(&self) -> Vec<Spans> {
        let token = self.token;
        let ids = [("ID", &token.id), ("Client ID", &token.client_id)];
        let mut lines = Vec::new();
        for (label, id) in ids {
            let id = token.display_text(id);
            let id = self.ctx.clean(text::beginning(&id)).into_owned();
            if id.is_empty() {
                continue;
            }
            if text::width(&id) + LABEL <= self.columns {
                lines.push(self.fact(label, &id));
                continue;
            }
            lines.push(vec![self.ctx.span(Role::Label, label)]);
            // The suffix of a client ID goes on a line of its own.
            let (stem, suffix) = id.split_at(id.find('.').unwrap_or(id.len()));
            let parts = [stem, suffix].map(|part| text::wrap(part, self.columns));
            let parts = parts.concat().into_iter().filter(|line| !line.is_empty());
            lines.extend(parts.map(|line| vec![self.ctx.plain(&line)]));
        }
        lines
    }
}
