//! Instants as people read them: in UTC, in local time with its offset, and as a distance from now.
//!
//! Not here: countdowns (`domain::duration`) and clocks.

use chrono::{DateTime, Utc};

use super::render_context::RenderContext;
use crate::domain::duration;

/// An instant in every way in which it is written.
pub(crate) struct FormattedInstant {
    /// `Mon  7 Dec 2026 16:37:52 UTC`.
    pub(crate) utc: String,
    /// `Mon  7 Dec 2026 17:37:52 +01:00`; none where local time is UTC.
    pub(crate) local: Option<String>,
    /// `in 12 d`, `3 h ago`, `just now`.
    pub(crate) distance: String,
    at: DateTime<Utc>,
    /// `17:37:52 +01:00`, with the day where it is another one.
    local_time: Option<String>,
}

/// How many forms a moment is written in on one line.
pub(crate) const FORMS: usize = 5;

impl FormattedInstant {
    pub(crate) fn new(at: DateTime<Utc>, now: DateTime<Utc>, look: &RenderContext<'_>) -> Self {
        let there = (look.local)(at);
        let is_local = there.offset().local_minus_utc() != 0;
        let time = if there.date_naive() == at.date_naive() {
            "%H:%M:%S %:z"
        } else {
            "%-d %b %H:%M:%S %:z"
        };
        Self {
            utc: at.format("%a %-d %b %Y %H:%M:%S UTC").to_string(),
            local: is_local.then(|| there.format("%a %-d %b %Y %H:%M:%S %:z").to_string()),
            distance: distance(at, now),
            at,
            local_time: is_local.then(|| there.format(time).to_string()),
        }
    }

    /// One line with the distance, from the longest form to the shortest. Days are padded, so that
    /// moments beneath each other line up.
    pub(crate) fn lines(&self, look: &RenderContext<'_>) -> [String; FORMS] {
        let dot = look.glyphs().dot;
        let local = self
            .local_time
            .as_ref()
            .map(|local| format!("{dot}{local}"))
            .unwrap_or_default();
        let (at, distance) = (self.at, &self.distance);
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

    /// One line without the distance, from the longest form to the shortest.
    pub(crate) fn dates(&self, look: &RenderContext<'_>) -> [String; FORMS] {
        let dot = look.glyphs().dot;
        let local = self
            .local_time
            .as_ref()
            .map(|local| format!("{dot}{local}"))
            .unwrap_or_default();
        let at = self.at;
        [
            format!("{}{local}", self.utc),
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
    if ahead > chrono::TimeDelta::zero() {
        return match ahead.num_seconds() {
            0..60 => "in under 1 min".to_owned(),
            _ => format!("in {}", duration::rough(ahead)),
        };
    }
    duration::ago(-ahead)
}
