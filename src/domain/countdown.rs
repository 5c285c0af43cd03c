//! The time from an instant to a token's end: as digits, and when those digits next change.
//!
//! All numbers are floors, and are computed from two instants each time, never decremented.
//! Not here: clocks; whoever asks says what time it is.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

/// What lies between an instant and an end: time left, or time since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remaining {
    end: DateTime<Utc>,
    now: DateTime<Utc>,
}

impl Remaining {
    /// The time from `now` to `end`.
    #[must_use]
    pub fn until(end: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self { end, now }
    }

    /// Whether the end has come. The very instant counts as over.
    #[must_use]
    pub fn is_over(self) -> bool {
        self.end <= self.now
    }

    /// Whole seconds left, floored; negative after the end.
    #[must_use]
    pub fn seconds(self) -> i64 {
        let left = self.end.signed_duration_since(self.now);
        left.num_seconds() - i64::from(left.subsec_nanos() < 0)
    }

    /// Whole days left, floored; negative after the end.
    #[must_use]
    pub fn days(self) -> i64 {
        self.seconds().div_euclid(86_400)
    }

    /// The digits alone, `364d 23:59:58`, `23:59:58` or `59:58`: of what is left, or of what has
    /// gone by since the end.
    #[must_use]
    pub fn digits(self) -> String {
        let seconds = if self.is_over() {
            self.seconds_over()
        } else {
            self.seconds()
        };
        clock_digits(seconds)
    }

    /// When the digits next change. Digits count down just after a whole second is left, and up on
    /// whole seconds since the end.
    #[must_use]
    pub fn next_change(self) -> DateTime<Utc> {
        let change = if self.is_over() {
            // Counting up: at the next whole second.
            self.end.checked_add_signed(
                TimeDelta::try_seconds(self.seconds_over() + 1).unwrap_or(TimeDelta::MAX),
            )
        } else {
            just_after(self.end, self.seconds())
        };
        change.unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// The instant at which the digits shown now appeared. Everything else on a screen is computed
    /// at this instant, so that it changes together with the digits.
    #[must_use]
    pub fn shown_since(self) -> DateTime<Utc> {
        let since = if self.is_over() {
            self.end
                .checked_add_signed(TimeDelta::seconds(self.seconds_over()))
        } else {
            just_after(self.end, self.seconds().saturating_add(1))
        };
        since.map_or(self.now, |since| since.min(self.now))
    }

    fn seconds_over(self) -> i64 {
        self.now.signed_duration_since(self.end).num_seconds()
    }
}

/// The first instant at which fewer than `seconds` are left; for none, the end itself.
fn just_after(end: DateTime<Utc>, seconds: i64) -> Option<DateTime<Utc>> {
    let edge = TimeDelta::nanoseconds(i64::from(seconds > 0));
    end.checked_sub_signed(TimeDelta::try_seconds(seconds)? - edge)
}

impl fmt::Display for Remaining {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_over() {
            write!(formatter, "expired {} ago", self.digits())
        } else {
            formatter.write_str(&self.digits())
        }
    }
}

fn clock_digits(seconds: i64) -> String {
    let (days, hours, minutes, seconds) = (
        seconds / 86_400,
        seconds / 3_600 % 24,
        seconds / 60 % 60,
        seconds % 60,
    );
    match (days, hours) {
        (0, 0) => format!("{minutes:02}:{seconds:02}"),
        (0, _) => format!("{hours:02}:{minutes:02}:{seconds:02}"),
        _ => format!("{days}d {hours:02}:{minutes:02}:{seconds:02}"),
    }
}
