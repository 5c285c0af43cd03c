//! The offset between the local clock and the API's, measured by the `Date` header of its responses.

use chrono::{DateTime, Datelike, TimeDelta, Utc};

use super::duration::humanize;
use super::token::ServiceToken;

/// The year this program was written. No server's clock can be earlier.
const FIRST_YEAR: i32 = 2025;

/// Server minus local clock; zero while they agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockOffset(TimeDelta);

impl Default for ClockOffset {
    fn default() -> Self {
        Self(TimeDelta::zero())
    }
}

/// The offset that a response shows, unless it was slow or cached.
///
/// `Date` has whole seconds, so the server's time is half a second later on average.
#[must_use]
pub fn measure(
    date: DateTime<Utc>,
    sent: DateTime<Utc>,
    received: DateTime<Utc>,
    was_cached: bool,
) -> Option<TimeDelta> {
    let took = received.signed_duration_since(sent);
    if was_cached || took < TimeDelta::zero() || took >= TimeDelta::seconds(2) {
        return None;
    }
    let midpoint = sent + took / 2;
    Some(date.signed_duration_since(midpoint) + TimeDelta::milliseconds(500))
}

/// One instant by both clocks of this computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// By the wall clock, which people and NTP set: for dates.
    pub wall: DateTime<Utc>,
    /// By a monotonic clock that also runs while the computer sleeps: for intervals. Starts at the
    /// wall clock's time when the program starts.
    pub steady: DateTime<Utc>,
}

impl From<DateTime<Utc>> for Now {
    /// An instant at which both clocks agree, as they do at the start.
    fn from(both: DateTime<Utc>) -> Self {
        Self {
            wall: both,
            steady: both,
        }
    }
}

impl Now {
    /// Wall minus steady clock. Changes when somebody sets the wall clock.
    #[must_use]
    pub fn lead(self) -> TimeDelta {
        self.wall.signed_duration_since(self.steady)
    }
}

/// How far the local clock can be behind if a connection succeeded: certificates are valid for no longer
/// (CA/Browser Forum, from March 2026), and one that is not valid yet is rejected.
const LONGEST_CERTIFICATE: TimeDelta = TimeDelta::days(200);

/// The server's date, if it is implausible:
///
/// - it is in a year before this program was written,
/// - it is over a day before an event of a token that lies in the past by the local clock too, or
/// - it is over a day ahead of the local clock, although the newest event of the tokens is within a day
///   of that clock, or the clock cannot be so far behind. A local clock that is before this program or
///   an event of a token is itself wrong, and proves nothing.
#[must_use]
pub fn doubtful_date<'a>(
    measured: TimeDelta,
    local: DateTime<Utc>,
    tokens: impl Iterator<Item = &'a ServiceToken>,
) -> Option<DateTime<Utc>> {
    let day = TimeDelta::days(1);
    let date = local.checked_add_signed(measured)?;
    // An event ahead of both clocks says nothing about either.
    let horizon = date.max(local) + day;
    let newest = || tokens.flat_map(events).filter(|at| *at <= horizon).max();
    let is_doubtful = if date > local + day {
        let newest = newest();
        let is_behind = local.year() < FIRST_YEAR || newest.is_some_and(|at| at > local + day);
        let is_confirmed = newest.is_some_and(|at| at > local - day);
        !is_behind && (is_confirmed || date - local > LONGEST_CERTIFICATE)
    } else {
        let is_past = date + day < local;
        date.year() < FIRST_YEAR || (is_past && newest().is_some_and(|at| at > date + day))
    };
    is_doubtful.then_some(date)
}

/// The reported events of a token.
fn events(token: &ServiceToken) -> impl Iterator<Item = DateTime<Utc>> + '_ {
    [&token.created_at, &token.updated_at, &token.last_seen_at]
        .into_iter()
        .filter_map(|reported| reported.valid().copied())
}

impl ClockOffset {
    /// Applies a measurement: used once it exceeds two seconds, dropped once it is under one.
    #[must_use]
    pub fn updated(self, measured: TimeDelta) -> Self {
        let size = measured.abs();
        let is_kept = !self.0.is_zero() && size >= TimeDelta::seconds(1);
        if is_kept || size > TimeDelta::seconds(2) {
            Self(measured)
        } else {
            Self::default()
        }
    }

    /// The server's time at a local instant.
    #[must_use]
    pub fn correct(self, local: DateTime<Utc>) -> DateTime<Utc> {
        local.checked_add_signed(self.0).unwrap_or(local)
    }

    /// The local time at a server's instant.
    #[must_use]
    pub fn to_local(self, corrected: DateTime<Utc>) -> DateTime<Utc> {
        corrected.checked_sub_signed(self.0).unwrap_or(corrected)
    }

    /// Server minus local clock in whole seconds; 0 while not in use.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.num_seconds()
    }

    /// What to tell the user if the clocks are more than five seconds apart.
    #[must_use]
    pub fn notice(self) -> Option<String> {
        let size = self.0.abs();
        let word = if self.0 > TimeDelta::zero() {
            "slow"
        } else {
            "fast"
        };
        (size > TimeDelta::seconds(5)).then(|| {
            let length = humanize(TimeDelta::seconds(size.num_seconds()));
            let spaced = |c: char| {
                c.is_ascii_alphabetic()
                    .then_some(' ')
                    .into_iter()
                    .chain([c])
            };
            let length: String = length.chars().flat_map(spaced).collect();
            format!("your clock is {length} {word}")
        })
    }
}
