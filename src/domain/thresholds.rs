//! The thresholds for the time left: what the user set, and what that means for one token.
//!
//! Pure. Not here: the status that follows from them (`status`), or reading flags and files.

use std::fmt;

use chrono::TimeDelta;

use super::duration::{InvalidSpan, parse_span, write_span};

/// The most that a percentage can be: the whole duration.
const WHOLE: i32 = 100;

/// One threshold as the user writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// A length of time: `30d`, `12h`, `90m`.
    Time(TimeDelta),
    /// A percentage of the token's duration: `10%`.
    Percent(i32),
}

impl Threshold {
    /// Reads a whole number above zero with `d`, `h`, `m` or `%`; bare numbers are days.
    ///
    /// # Errors
    /// [`InvalidSpan`] for anything else, a percentage above 100 included.
    pub fn parse(text: &str) -> Result<Self, InvalidSpan> {
        let Some(number) = text.strip_suffix('%') else {
            return parse_span(text).map(Self::Time);
        };
        let is_whole = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        match number.parse() {
            Ok(percent @ 1..=WHOLE) if is_whole => Ok(Self::Percent(percent)),
            _ => Err(InvalidSpan::of(text)),
        }
    }

    /// The time that it stands for; nothing for a percentage of an unknown duration.
    #[must_use]
    pub fn of(self, duration: Option<TimeDelta>) -> Option<TimeDelta> {
        match self {
            Self::Time(time) => Some(time),
            Self::Percent(percent) => known(duration).map(|length| length / WHOLE * percent),
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) => formatter.write_str(&write_span(*time)),
            Self::Percent(percent) => write!(formatter, "{percent}%"),
        }
    }
}

/// A duration that a threshold can be taken from.
fn known(duration: Option<TimeDelta>) -> Option<TimeDelta> {
    duration.filter(|length| *length > TimeDelta::zero())
}

/// What the user set, for all tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Thresholds {
    /// A warning below this.
    pub warn: Option<Threshold>,
    /// Critical below this.
    pub critical: Option<Threshold>,
}

/// The thresholds of one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenThresholds {
    /// A warning below this; never less than the other.
    pub warn: TimeDelta,
    /// Critical below this.
    pub critical: TimeDelta,
}

impl Thresholds {
    /// The default of [`Self::warn`].
    pub const WARN: TimeDelta = TimeDelta::days(30);
    /// The default of [`Self::critical`].
    pub const CRITICAL: TimeDelta = TimeDelta::days(7);

    /// Whether both are set, and critical is known to begin before the warning. A time and a
    /// percentage can only be compared for one token.
    #[must_use]
    pub fn is_out_of_order(self) -> bool {
        match (self.warn, self.critical) {
            (Some(Threshold::Time(warn)), Some(Threshold::Time(critical))) => critical > warn,
            (Some(Threshold::Percent(warn)), Some(Threshold::Percent(critical))) => critical > warn,
            _ => false,
        }
    }

    /// The thresholds of a token with a duration.
    ///
    /// What was set by hand holds as it is. The defaults shrink to a quarter and a twelfth of a short
    /// duration, and give way where only the other one was set.
    #[must_use]
    pub fn for_duration(self, duration: Option<TimeDelta>) -> TokenThresholds {
        let set = |threshold: Option<Threshold>| threshold.and_then(|it| it.of(duration));
        let at_most = |default: TimeDelta, part: i32| {
            known(duration).map_or(default, |length| default.min(length / part))
        };
        let (warn, critical) = (at_most(Self::WARN, 4), at_most(Self::CRITICAL, 12));
        let (warn, critical) = match (set(self.warn), set(self.critical)) {
            (None, None) => (warn, critical),
            (Some(set), None) => (set, critical.min(set)),
            (None, Some(set)) => (warn.max(set), set),
            (Some(warn), Some(critical)) => (warn, critical),
        };
        // Critical goes first, so a warning that would begin later never shows.
        TokenThresholds {
            warn: warn.max(critical),
            critical,
        }
    }
}
