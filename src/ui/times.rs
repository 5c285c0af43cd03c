//! Formats instants for people: in UTC, in local time with its offset, and relative to now.

use chrono::{DateTime, TimeDelta, Utc};

use super::painter::RenderContext;
use crate::domain::duration;

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
