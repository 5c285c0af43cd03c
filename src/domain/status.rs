//! The state of a token at an instant, how urgent it is, and when that next changes.
//!
//! Pure: the same facts and the same context give the same answer.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::duration::{InvalidSpan, Lifetime, Remaining, parse_span, write_span};
use super::fetched::ClockOffset;
use super::token::{Reported, ServiceToken};
use super::words::words;

/// The inputs of an evaluation besides the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvaluationContext {
    /// The instant, by the server's clock.
    pub now: DateTime<Utc>,
    /// How far the server's clock is ahead of the local one; already part of `now`.
    pub clock_offset: ClockOffset,
    pub thresholds: Thresholds,
}

/// Maximum percentage: the whole duration.
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

    /// Resolves the threshold for a token's duration; a percentage of an unknown one is nothing.
    pub fn of(self, duration: Option<TimeDelta>) -> Option<TimeDelta> {
        match self {
            Self::Time(time) => Some(time),
            Self::Percent(percent) => positive(duration).map(|length| length / WHOLE * percent),
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

fn positive(duration: Option<TimeDelta>) -> Option<TimeDelta> {
    duration.filter(|length| *length > TimeDelta::zero())
}

/// The thresholds for the time left, as the user set them for all tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Thresholds {
    /// A token with less time left is expiring.
    pub warn: Option<Threshold>,
    /// A token with less time left is critical.
    pub critical: Option<Threshold>,
}

/// The thresholds that apply to one token; `warn` is never below `critical`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenThresholds {
    pub warn: TimeDelta,
    pub critical: TimeDelta,
}

impl Thresholds {
    /// The default of [`Self::warn`].
    pub const WARN: TimeDelta = TimeDelta::days(30);
    /// The default of [`Self::critical`].
    pub const CRITICAL: TimeDelta = TimeDelta::days(7);

    /// Whether both are set and `critical` is known to begin before `warn`. A time and a percentage
    /// compare only for a given token.
    pub fn is_out_of_order(self) -> bool {
        match (self.warn, self.critical) {
            (Some(Threshold::Time(warn)), Some(Threshold::Time(critical))) => critical > warn,
            (Some(Threshold::Percent(warn)), Some(Threshold::Percent(critical))) => critical > warn,
            _ => false,
        }
    }

    /// Resolves the thresholds for a token's duration.
    ///
    /// A threshold set by hand is used unchanged. The defaults shrink to a quarter and a twelfth of a
    /// short duration, and never contradict the one that was set.
    pub fn for_duration(self, duration: Option<TimeDelta>) -> TokenThresholds {
        let set = |threshold: Option<Threshold>| threshold.and_then(|it| it.of(duration));
        let at_most = |default: TimeDelta, part: i32| {
            positive(duration).map_or(default, |length| default.min(length / part))
        };
        let warn = set(self.warn);
        let critical = set(self.critical).unwrap_or_else(|| {
            let critical = at_most(Self::CRITICAL, 12);
            warn.map_or(critical, |warn| critical.min(warn))
        });
        let warn = warn.unwrap_or_else(|| at_most(Self::WARN, 4));
        TokenThresholds {
            warn: warn.max(critical),
            critical,
        }
    }
}

words! {
    /// The state of a token. Statuses are tested in the order of the variants. The code is the name used in
    /// JSON, CSV, metrics and on the command line; the word stands beside a countdown.
    #[derive(Hash, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Status: code, word, mark, plain {
        /// Disabled, whatever its dates say.
        Disabled = ("disabled", "DISABLED", "⊘", "-"),
        /// Valid until somebody deletes it.
        NeverExpires = ("never_expires", "NEVER EXPIRES", "∞", "~"),
        /// The API reported no usable expiry, or not whether the token is enabled.
        Unknown = ("unknown", "UNKNOWN", "?", "?"),
        Expired = ("expired", "EXPIRED", "✖", "X"),
        /// Less time left than the critical threshold.
        Critical = ("critical", "CRITICAL", "✖", "X"),
        /// Less time left than the warning threshold.
        Expiring = ("expiring", "EXPIRING", "▲", "!"),
        Active = ("active", "ACTIVE", "●", "*"),
    }
}

/// How urgent something is, on screen and for monitoring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    Calm,
    Warning,
    Critical,
}

/// The facts that a status depends on, small enough to store for recent lookups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifecycle {
    /// `None` where the API sent something that is neither true nor false.
    pub enabled: Option<bool>,
    pub forever: bool,
    pub expires_at: Option<DateTime<Utc>>,
    /// The time from one renewal to the expiry.
    pub duration: Option<TimeDelta>,
}

impl Lifecycle {
    /// Enabled, and without a known end.
    pub const UNKNOWN: Self = Self {
        enabled: Some(true),
        forever: false,
        expires_at: None,
        duration: None,
    };

    /// Extracts the facts from a token.
    pub fn of(token: &ServiceToken) -> Self {
        Self {
            enabled: match token.enabled {
                Reported::Valid(enabled) => Some(enabled),
                Reported::Absent | Reported::Null => Some(true),
                Reported::Malformed(_) => None,
            },
            forever: token.duration.valid().is_some_and(Lifetime::is_forever),
            expires_at: token.expires_at.valid().copied(),
            duration: token.duration.valid().and_then(Lifetime::length),
        }
    }

    /// Whether the token is known to be disabled.
    pub fn is_disabled(self) -> bool {
        self.enabled == Some(false)
    }

    /// When the token ends, if it does and the date is known.
    pub fn end(self) -> Option<DateTime<Utc>> {
        if self.forever { None } else { self.expires_at }
    }

    /// The time left at an instant, if the token ends at a known date.
    pub fn remaining(self, now: DateTime<Utc>) -> Option<Remaining> {
        self.end().map(|end| Remaining::until(end, now))
    }
}

impl Status {
    /// Evaluates a token.
    pub fn of(token: &ServiceToken, context: EvaluationContext) -> Self {
        Self::at(Lifecycle::of(token), context)
    }

    /// Evaluates the facts of a token. If it is unknown whether the token is enabled, its dates can
    /// make the status worse than unknown, never better.
    pub fn at(life: Lifecycle, context: EvaluationContext) -> Self {
        if life.is_disabled() {
            return Self::Disabled;
        }
        match Self::by_dates(life, context) {
            Self::NeverExpires | Self::Expiring | Self::Active if life.enabled.is_none() => {
                Self::Unknown
            }
            status => status,
        }
    }

    /// The status that the dates alone give.
    pub(super) fn by_dates(life: Lifecycle, context: EvaluationContext) -> Self {
        if life.forever {
            return Self::NeverExpires;
        }
        let Some(end) = life.expires_at else {
            return Self::Unknown;
        };
        let left = end.signed_duration_since(context.now);
        let thresholds = context.thresholds.for_duration(life.duration);
        if end <= context.now {
            Self::Expired
        } else if left < thresholds.critical {
            Self::Critical
        } else if left < thresholds.warn {
            Self::Expiring
        } else {
            Self::Active
        }
    }

    /// The symbol drawn before the status.
    pub fn symbol(self, ascii: bool) -> &'static str {
        if ascii { self.plain() } else { self.mark() }
    }

    /// The severity of the status.
    pub fn tone(self) -> Tone {
        match self {
            Self::NeverExpires | Self::Active => Tone::Calm,
            Self::Unknown | Self::Expiring => Tone::Warning,
            Self::Disabled | Self::Expired | Self::Critical => Tone::Critical,
        }
    }

    /// Finds a status by its code; case does not matter, and `-` and `_` are the same.
    pub fn from_code(code: &str) -> Option<Self> {
        let code = code.trim().to_ascii_lowercase().replace('-', "_");
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// The status as shown before a countdown: `CRITICAL · EXPIRES IN`.
    pub fn headline(self) -> &'static str {
        match self {
            Self::Critical => "CRITICAL · EXPIRES IN",
            Self::Expiring => "EXPIRES IN",
            Self::Disabled | Self::NeverExpires | Self::Unknown | Self::Expired | Self::Active => {
                self.word()
            }
        }
    }
}

/// How much a token's status stands out on screen. Unlike its [`Tone`], it takes into account that
/// nobody acts on what is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Emphasis {
    /// Over: disabled, or expired more than 30 days ago.
    Quiet,
    Calm,
    Warning,
    Critical,
}

impl Emphasis {
    /// Weighs a status by its place in the order of urgency.
    pub fn of(status: Status, urgency: Urgency) -> Self {
        if urgency.is_over() {
            return Self::Quiet;
        }
        match status.tone() {
            Tone::Calm => Self::Calm,
            Tone::Warning => Self::Warning,
            Tone::Critical => Self::Critical,
        }
    }

    /// Weighs the facts of a token.
    pub fn at(life: Lifecycle, context: EvaluationContext) -> Self {
        Self::of(Status::at(life, context), Urgency::of(life, context))
    }
}

/// When a token's status next changes with time, if it does.
pub fn next_status_change(life: Lifecycle, context: EvaluationContext) -> Option<DateTime<Utc>> {
    let end = life.end().filter(|_| !life.is_disabled())?;
    let thresholds = context.thresholds.for_duration(life.duration);
    let just_below = |left: TimeDelta| end.checked_sub_signed(left - TimeDelta::nanoseconds(1));
    [
        just_below(thresholds.warn),
        just_below(thresholds.critical),
        Some(end),
    ]
    .into_iter()
    .flatten()
    .find(|change| *change > context.now)
}

/// How long an expired token stays at the top of the order of urgency.
const RECENTLY: TimeDelta = TimeDelta::days(30);

/// A token's place in the order of urgency; the most urgent is least. Equally urgent tokens go by
/// [`ServiceToken::name_and_id`].
///
/// Expired within 30 days (latest first), critical and expiring (soonest first), unknown, active
/// (soonest first), never expires, expired longer ago (latest first), disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Urgency(pub u8, pub i64);

impl Urgency {
    const LONG_EXPIRED: u8 = 5;
    const DISABLED: u8 = 6;

    /// Whether the token ended lately.
    pub fn has_just_ended(self) -> bool {
        self.0 == 0
    }

    /// Ranks a token by its facts.
    pub fn of(life: Lifecycle, context: EvaluationContext) -> Self {
        let end = life.expires_at.map_or(0, |end| end.timestamp_micros());
        let ended = life.expires_at.unwrap_or(context.now);
        match Status::at(life, context) {
            Status::Expired if context.now.signed_duration_since(ended) <= RECENTLY => {
                Self(0, end.saturating_neg())
            }
            Status::Critical | Status::Expiring => Self(1, end),
            Status::Unknown => Self(2, 0),
            Status::Active => Self(3, end),
            Status::NeverExpires => Self(4, 0),
            Status::Expired => Self(Self::LONG_EXPIRED, end.saturating_neg()),
            Status::Disabled => Self(Self::DISABLED, 0),
        }
    }

    /// Whether the token is disabled, or expired more than 30 days ago.
    pub fn is_over(self) -> bool {
        self.0 >= Self::LONG_EXPIRED
    }

    /// When a token's urgency next changes with time: with its status, and once more when its end
    /// is no longer recent.
    pub fn next_change(life: Lifecycle, context: EvaluationContext) -> Option<DateTime<Utc>> {
        next_status_change(life, context).or_else(|| {
            let end = life.end().filter(|_| !life.is_disabled())?;
            let change = end.checked_add_signed(RECENTLY + TimeDelta::nanoseconds(1))?;
            (change > context.now).then_some(change)
        })
    }
}

/// The share of a token's life that has gone by, 0 to 1, from its last renewal to its expiry.
///
/// Known only if the duration is valid and the renewal it implies lies between the creation and now;
/// after a change of the duration, or without one of the dates, the share would be wrong.
pub fn elapsed(token: &ServiceToken, now: DateTime<Utc>) -> Option<f64> {
    let end = Lifecycle::of(token).end()?;
    let length = token.duration.valid()?.length()?;
    let start = end.checked_sub_signed(length)?;
    let created = *token.created_at.valid()?;
    if length.num_milliseconds() <= 0 || created > start || start > now {
        return None;
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "the share of a bar needs no more than f64's 52 bits"
    )]
    let share = now.signed_duration_since(start).num_milliseconds() as f64
        / length.num_milliseconds() as f64;
    Some(share.clamp(0.0, 1.0))
}
