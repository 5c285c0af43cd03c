//! Text that several screens show: instants, and the progress of a lookup.

use chrono::{DateTime, TimeDelta, Utc};

use super::painter::{RenderContext, Spans};
use crate::action::Action;
use crate::app::message::Stage;
use crate::app::state::State;
use crate::domain::duration;
use crate::domain::text;
use crate::theme::Role;

/// An instant in every written form.
pub(crate) struct FormattedInstant {
    /// `Mon 7 Dec 2026 16:37:52 UTC`.
    pub(crate) utc: String,
    /// `Mon 7 Dec 2026 17:37:52 +01:00`; `None` if local time is UTC.
    pub(crate) local: Option<String>,
    /// `in 12 d`, `3 h ago`, `just now`.
    pub(crate) distance: String,
    at: DateTime<Utc>,
    /// ` · 17:37:52 +01:00`, with the day if it differs; empty if local time is UTC.
    local_time: String,
}

/// The number of forms that fit on one line, from the longest to the shortest.
pub(crate) const FORMS: usize = 5;

impl FormattedInstant {
    pub(crate) fn new(at: DateTime<Utc>, now: DateTime<Utc>, ctx: &RenderContext<'_>) -> Self {
        let there = (ctx.local)(at);
        let is_local = there.offset().local_minus_utc() != 0;
        let time = if there.date_naive() == at.date_naive() {
            "%H:%M:%S %:z"
        } else {
            "%-d %b %H:%M:%S %:z"
        };
        let local_time = if is_local {
            format!("{}{}", ctx.glyphs().dot, there.format(time))
        } else {
            String::new()
        };
        Self {
            utc: at.format("%a %-d %b %Y %H:%M:%S UTC").to_string(),
            local: is_local.then(|| there.format("%a %-d %b %Y %H:%M:%S %:z").to_string()),
            distance: distance(at, now),
            at,
            local_time,
        }
    }

    /// With the distance. Days are padded, so that instants in a column line up.
    pub(crate) fn lines(&self, ctx: &RenderContext<'_>) -> [String; FORMS] {
        let dot = ctx.glyphs().dot;
        let (at, local, distance) = (self.at, &self.local_time, &self.distance);
        let long = at.format("%a %e %b %Y %H:%M:%S UTC");
        let plain = at.format("%e %b %Y %H:%M:%S UTC");
        [
            format!("{long}{local}{dot}{distance}"),
            format!("{plain}{local}{dot}{distance}"),
            format!("{plain}{dot}{distance}"),
            at.format("%e %b %Y %H:%M UTC").to_string(),
            at.format("%Y-%m-%d").to_string(),
        ]
    }

    /// Without the distance.
    pub(crate) fn dates(&self) -> [String; FORMS] {
        let at = self.at;
        [
            format!("{}{}", self.utc, self.local_time),
            self.utc.clone(),
            at.format("%-d %b %Y %H:%M:%S UTC").to_string(),
            at.format("%-d %b %Y").to_string(),
            String::new(),
        ]
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
    let seconds = state
        .clock
        .seconds_since(state.detail.token.loading_since()?);
    let what = state.detail.reference.as_ref().map(ToString::to_string);
    let what = ctx.clean(what.as_deref().unwrap_or("")).into_owned();
    let room = columns.saturating_sub(36).clamp(8, 40);
    let what = text::truncate(&what, room, ctx.glyphs().ellipsis);
    let mut line = vec![
        ctx.spinner(state.clock.steady),
        ctx.plain(" Looking up "),
        ctx.span(Role::Strong, &what),
        ctx.plain(" …"),
    ];
    if seconds > 0 && !ctx.calm {
        line.push(ctx.plain(&format!(" {seconds} s")));
    }
    let cancel = ctx.hint(state.context(), Action::Back, "cancel");
    if !cancel.is_empty() {
        line.push(ctx.dot());
        line.extend(cancel);
    }
    let mut lines = vec![line];
    lines.extend(keyring_note(state.detail.stage, seconds, columns, ctx));
    Some(lines)
}

/// The note shown once the keyring takes more than a moment.
pub(crate) fn keyring_note(
    stage: Stage,
    seconds: i64,
    columns: usize,
    ctx: &RenderContext<'_>,
) -> Vec<Spans> {
    if stage != Stage::Keyring || seconds <= 1 {
        return Vec::new();
    }
    let texts = [
        "waiting for the OS keyring",
        "(an unlock prompt may be on the desktop)",
    ];
    let line = |text: &str| vec![ctx.span(Role::Muted, text)];
    if columns > 76 {
        vec![line(&texts.join(" "))]
    } else {
        texts.map(line).to_vec()
    }
}
