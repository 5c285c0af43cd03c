//! What state a token is in at an instant, and how urgent that is.
//!
//! Pure: the same facts and the same instant give the same status. Not here: sentences (`findings`).

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::clock::ClockOffset;
use super::countdown::Remaining;
use super::duration::Lifetime;
use super::token::{Reported, ServiceToken};

pub use super::thresholds::{Threshold, Thresholds, TokenThresholds};

/// Everything besides the token that its evaluation depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvaluationContext {
    /// The instant, by the server's clock.
    pub now: DateTime<Utc>,
    /// How far the server's clock is ahead of the local one; `now` includes it already.
    pub clock_offset: ClockOffset,
    /// The thresholds that the user set.
    pub thresholds: Thresholds,
}

/// The state of a token. The order of the variants is the order in which they are tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Switched off, whatever its dates say.
    Disabled,
    /// Lives until somebody deletes it.
    NeverExpires,
    /// The API reported no usable expiry, or not whether it is switched on.
    Unknown,
    /// Its end has come.
    Expired,
    /// Less time left than the critical threshold.
    Critical,
    /// Less time left than the warning threshold.
    Expiring,
    /// Nothing to do.
    Active,
}

/// How loud a thing is, on screen and for monitoring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// Fine.
    Calm,
    /// Look at it soon.
    Warning,
    /// Look at it now.
    Critical,
}

/// The facts that a status depends on, small enough to remember after the token is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifecycle {
    /// Whether it is switched on; nothing where what was sent says neither yes nor no.
    pub enabled: Option<bool>,
    /// Has no end.
    pub forever: bool,
    /// When it ends, where a usable date was reported.
    pub expires_at: Option<DateTime<Utc>>,
    /// How long it lives from one renewal to its expiry, where that is known.
    pub duration: Option<TimeDelta>,
}

impl Lifecycle {
    /// The facts of a token.
    #[must_use]
    pub fn of(token: &ServiceToken) -> Self {
        Self {
            enabled: match token.enabled {
                Reported::Valid(enabled) => Some(enabled),
                Reported::Absent | Reported::Null => Some(true),
                Reported::Invalid => None,
            },
            forever: token.duration.valid().is_some_and(Lifetime::is_forever),
            expires_at: token.expires_at.valid().copied(),
            duration: token.duration.valid().and_then(Lifetime::length),
        }
    }

    /// Whether the token is known to be disabled.
    #[must_use]
    pub fn is_disabled(self) -> bool {
        self.enabled == Some(false)
    }

    /// When the token ends, where it does end and the date is known.
    #[must_use]
    pub fn end(self) -> Option<DateTime<Utc>> {
        if self.forever { None } else { self.expires_at }
    }

    /// The time left at an instant, where the token ends at a known date.
    #[must_use]
    pub fn remaining(self, now: DateTime<Utc>) -> Option<Remaining> {
        self.end().map(|end| Remaining::until(end, now))
    }
}

impl Status {
    /// Every status, in the order in which they are tested.
    pub const ALL: [Self; 7] = [
        Self::Disabled,
        Self::NeverExpires,
        Self::Unknown,
        Self::Expired,
        Self::Critical,
        Self::Expiring,
        Self::Active,
    ];

    /// The status at an instant. The first rule that matches decides. Where it is not known whether
    /// the token is switched on, its dates can make it worse than unknown, and never better.
    #[must_use]
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

    /// The status at an instant of a token that is switched on.
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

    /// The status of a token at an instant.
    #[must_use]
    pub fn of(token: &ServiceToken, context: EvaluationContext) -> Self {
        Self::at(Lifecycle::of(token), context)
    }

    /// The name used in JSON, CSV, metrics and on the command line.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::NeverExpires => "never_expires",
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Critical => "critical",
            Self::Expiring => "expiring",
            Self::Active => "active",
        }
    }

    /// The status with a code, `-` and `_` being the same.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let code = code.trim().to_ascii_lowercase().replace('-', "_");
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// How loud it is.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Self::Disabled | Self::Expired | Self::Critical => Tone::Critical,
            Self::Unknown | Self::Expiring => Tone::Warning,
            Self::NeverExpires | Self::Active => Tone::Calm,
        }
    }

    /// The sign that stands before its word.
    #[must_use]
    pub fn symbol(self, ascii: bool) -> &'static str {
        match (self, ascii) {
            (Self::Disabled | Self::Expired | Self::Critical, false) => "✖",
            (Self::Disabled | Self::Expired | Self::Critical, true) => "X",
            (Self::NeverExpires, false) => "∞",
            (Self::NeverExpires, true) => "~",
            (Self::Unknown, _) => "?",
            (Self::Expiring, false) => "▲",
            (Self::Expiring, true) => "!",
            (Self::Active, false) => "●",
            (Self::Active, true) => "*",
        }
    }

    /// One or two words for it where a countdown stands beside it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Disabled => "DISABLED",
            Self::NeverExpires => "NEVER EXPIRES",
            Self::Unknown => "UNKNOWN",
            Self::Expired => "EXPIRED",
            Self::Critical => "CRITICAL",
            Self::Expiring => "EXPIRING",
            Self::Active => "ACTIVE",
        }
    }

    /// The headline before a countdown's digits: `CRITICAL · EXPIRES IN`.
    #[must_use]
    pub fn headline(self) -> &'static str {
        match self {
            Self::Critical => "CRITICAL · EXPIRES IN",
            Self::Expiring => "EXPIRES IN",
            other => other.word(),
        }
    }
}

/// When a token's status next changes by itself, if it does.
#[must_use]
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
    /// Ranks a token by its facts.
    #[must_use]
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
            Status::Expired => Self(5, end.saturating_neg()),
            Status::Disabled => Self(6, 0),
        }
    }

    /// When a token's urgency next changes by itself: with its status, and once more when its end is
    /// no longer recent.
    #[must_use]
    pub fn next_change(life: Lifecycle, context: EvaluationContext) -> Option<DateTime<Utc>> {
        next_status_change(life, context).or_else(|| {
            let end = life.end().filter(|_| !life.is_disabled())?;
            let change = end.checked_add_signed(RECENTLY + TimeDelta::nanoseconds(1))?;
            (change > context.now).then_some(change)
        })
    }
}
