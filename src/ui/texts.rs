//! Text that several screens show: the title of a token, instants, and the progress of a lookup.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::painter::{Painter, RenderContext, Spans, width};
use crate::action::Action;
use crate::app::message::Stage;
use crate::app::state::State;
use crate::domain::credential::{Access, CredentialSource};
use crate::domain::duration;
use crate::domain::status::{Emphasis, EvaluationContext, Lifecycle, Status};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::theme::Role;

/// An instant as a distance from now, in local time, and in UTC.
pub(crate) struct FormattedInstant {
    /// `in 12 d`, `3 h ago`, `just now`.
    pub(crate) distance: String,
    /// `Tue  8 Dec 2026 12:57:45 +01:00` first, shorter ones after it. Days are padded, so that
    /// instants in a column line up.
    pub(crate) local: [String; 4],
    /// `11:57 UTC`, with the day if it differs; `None` if local time is UTC.
    pub(crate) utc: Option<String>,
    there: DateTime<FixedOffset>,
}

/// The offset, or UTC.
fn zone(there: DateTime<FixedOffset>) -> &'static str {
    if there.offset().local_minus_utc() == 0 {
        "UTC"
    } else {
        "%:z"
    }
}

impl FormattedInstant {
    pub(crate) fn new(at: DateTime<Utc>, now: DateTime<Utc>, ctx: &RenderContext<'_>) -> Self {
        let there = (ctx.local)(at);
        let utc = if there.date_naive() == at.date_naive() {
            "%H:%M UTC"
        } else {
            "%-d %b %H:%M UTC"
        };
        let is_local = there.offset().local_minus_utc() != 0;
        let long = format!("%a %e %b %Y %H:%M:%S {}", zone(there));
        Self {
            distance: distance(at, now),
            local: [
                there.format(&long).to_string(),
                there.format("%e %b %Y %H:%M").to_string(),
                there.format("%e %b %Y").to_string(),
                String::new(),
            ],
            utc: is_local.then(|| at.format(utc).to_string()),
            there,
        }
    }

    /// For a title, to the minute; the longest first.
    pub(crate) fn dates(&self) -> [String; 4] {
        let there = self.there;
        let long = format!("%a %-d %b %Y %H:%M {}", zone(there));
        [&long, "%-d %b %Y %H:%M", "%-d %b %Y", "%-d %b"].map(|form| there.format(form).to_string())
    }

    /// In a few cells, beside another instant.
    pub(crate) fn short(&self, other: &Self) -> String {
        let form = if self.there.date_naive() == other.there.date_naive() {
            "%H:%M:%S"
        } else {
            "%-d %b %Y"
        };
        self.there.format(form).to_string()
    }
}

/// How far an instant is from now, in whole minutes or larger units.
pub(crate) fn distance(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let ahead = at.signed_duration_since(now);
    if ahead <= TimeDelta::zero() {
        duration::ago(-ahead)
    } else if ahead.num_seconds() < 60 {
        "in under 1 min".to_owned()
    } else {
        format!("in {}", duration::rough(ahead))
    }
}

/// Draws the status and the name of a token on the upper line of a frame and, at its right end, the first
/// of some forms that leaves the name room.
pub(crate) fn render_token_title(
    paint: &mut Painter<'_, '_>,
    line: Rect,
    (token, context): (&ServiceToken, EvaluationContext),
    forms: Vec<Spans>,
) {
    let ctx = paint.ctx;
    let status = Status::of(token, context);
    let role = Role::from(Emphasis::at(Lifecycle::of(token), context));
    let name = ctx.token_name(token);
    let room = usize::from(line.width).saturating_sub(8);
    let least = text::width(&name).min(room / 2) + 2;
    let mut forms = forms.into_iter();
    let fitting = forms.find(|form| width(form) + least + 3 <= room);
    let right = fitting.unwrap_or_default();
    let reserved = if right.is_empty() {
        0
    } else {
        width(&right) + 3
    };
    let name = ctx.cut(&name, room.saturating_sub(reserved + 2));
    let symbol = ctx.span(role, status.symbol(ctx.ascii));
    paint.frame_title(
        line,
        &[symbol, Span::raw(" "), ctx.span(Role::Title, &name)],
    );
    paint.frame_title_right(line, &right);
}

/// What a lookup waits for, and how long it has taken.
///
/// ```text
/// ⠋ Looking up CI/CD token … 3 s · Esc cancel
///   waiting for the OS keyring (an unlock prompt may be on the desktop)
/// ```
pub(crate) fn lookup_progress(
    state: &State,
    columns: usize,
    ctx: &RenderContext<'_>,
) -> Option<Vec<Spans>> {
    let since = state.detail.token.loading_since()?;
    let seconds = state.clock.seconds_since(since);
    let what = state.detail.reference.as_ref().map(ToString::to_string);
    let room = columns.saturating_sub(36).clamp(8, 40);
    let what = ctx.cut(what.as_deref().unwrap_or(""), room);
    let mut line = vec![
        ctx.spinner(state.clock.steady),
        ctx.plain(" Looking up "),
        ctx.span(Role::Strong, &what),
        ctx.plain(" …"),
    ];
    if seconds > 0 && !ctx.calm {
        line.push(ctx.plain(&format!(" {seconds} s")));
    }
    line.extend(ctx.dotted_hint(state.context(), Action::Back, "cancel"));
    let mut lines = vec![line];
    let access = state.detail.access.as_ref();
    let waited = (state.detail.stage, seconds);
    lines.extend(credential_note(access, waited, columns, state, ctx));
    Some(lines)
}

/// The note shown once the keyring, or the command that prints the credential, takes more than a
/// moment.
pub(crate) fn credential_note(
    access: Option<&Access>,
    (waits_for, seconds): (Stage, i64),
    columns: usize,
    state: &State,
    ctx: &RenderContext<'_>,
) -> Vec<Spans> {
    if waits_for != Stage::Credential || seconds <= 1 {
        return Vec::new();
    }
    let command = access.and_then(|access| {
        let CredentialSource::Command { profile } = &access.identity.source else {
            return None;
        };
        state.session.settings.command_of(profile)
    });
    let texts = match command {
        Some(command) => [
            format!(
                "waiting for {}, which prints the credential",
                command.program()
            ),
            "(it may ask for something in a window)".to_owned(),
        ],
        None => [
            "waiting for the OS keyring".to_owned(),
            "(an unlock prompt may be on the desktop)".to_owned(),
        ],
    };
    let line = |text: &str| vec![ctx.span(Role::Muted, &ctx.cut(text, columns))];
    if columns > 76 {
        vec![line(&texts.join(" "))]
    } else {
        texts.iter().map(|text| line(text)).collect()
    }
}
