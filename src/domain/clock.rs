//! How far the local clock is from the API's, judged from the `Date` header of its answers.
//!
//! Not here: reading any clock. Instants come in from outside.

use chrono::{DateTime, Datelike, TimeDelta, Utc};

use super::duration::humanize;
use super::token::ServiceToken;

/// No server that this program asks can be in an earlier year.
const FIRST_YEAR: i32 = 2025;

/// What to add to the local clock to get the server's; zero while they agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockOffset(TimeDelta);

impl Default for ClockOffset {
    fn default() -> Self {
        Self(TimeDelta::zero())
    }
}

/// The offset that one answer shows, or nothing when it is too slow or was cached.
///
/// `Date` has whole seconds, so the server's time lies on average half a second later.
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
    /// By a clock that only runs forward, also while the computer sleeps: for intervals. It is
    /// counted from what the wall clock said when the program started.
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
    /// How far the wall clock is ahead of the steady one; a change of it means that somebody set it.
    #[must_use]
    pub fn lead(self) -> TimeDelta {
        self.wall.signed_duration_since(self.steady)
    }
}
/// How far the local clock can be behind with a connection made: certificates live no longer, and
/// one that is not valid yet is refused (CA/Browser Forum, from March 2026).
const LONGEST_CERTIFICATE: TimeDelta = TimeDelta::days(200);

/// The server's date, where it cannot be right: it is in a year before this program was written, or
/// a day before something in the tokens happened that the local clock has no doubt of; or it is over
/// a day ahead, and the newest thing that happened to the tokens was within a day of the local clock,
/// or the clock cannot be as far behind. A clock that is plainly behind is no witness: one in a year
/// before this program was written, or a day before something that happened to the tokens.
#[must_use]
pub fn doubtful_date<'a>(
    measured: TimeDelta,
    local: DateTime<Utc>,
    tokens: impl Iterator<Item = &'a ServiceToken>,
) -> Option<DateTime<Utc>> {
    let date = local.checked_add_signed(measured)?;
    let (after, until) = (date + TimeDelta::days(1), local + TimeDelta::days(1));
    let contradicts = |token: &ServiceToken| past(token).any(|past| past > after && past <= until);
    let is_doubtful = if date > until {
        is_too_far_ahead(date, local, tokens)
    } else {
        date.year() < FIRST_YEAR || (after < local && tokens.into_iter().any(contradicts))
    };
    is_doubtful.then_some(date)
}

/// Whether a date over a day ahead of the local clock is less likely than that clock.
fn is_too_far_ahead<'a>(
    date: DateTime<Utc>,
    local: DateTime<Utc>,
    tokens: impl Iterator<Item = &'a ServiceToken>,
) -> bool {
    let day = TimeDelta::days(1);
    let happened = tokens.flat_map(past);
    // What lies ahead of both clocks says nothing about either.
    let newest = happened.filter(|past| *past <= date + day).max();
    let is_behind = local.year() < FIRST_YEAR || newest.is_some_and(|past| past > local + day);
    let is_confirmed = newest.is_some_and(|past| past > local - day);
    !is_behind && (is_confirmed || date - local > LONGEST_CERTIFICATE)
}

/// When something happened to a token, as far as that is reported.
fn past(token: &ServiceToken) -> impl Iterator<Item = DateTime<Utc>> + '_ {
    [&token.created_at, &token.updated_at, &token.last_seen_at]
        .into_iter()
        .filter_map(|reported| reported.valid().copied())
}

impl ClockOffset {
    /// Takes a measurement in: used once it exceeds two seconds, dropped once it is under one.
    #[must_use]
    pub fn updated(self, measured: TimeDelta) -> Self {
        let size = measured.abs();
        if size > TimeDelta::seconds(2) {
            Self(measured)
        } else if size < TimeDelta::seconds(1) {
            Self::default()
        } else if self.0.is_zero() {
            self
        } else {
            Self(measured)
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

    /// Server minus local in whole seconds; 0 while not in use.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.num_seconds()
    }

    /// What to tell the user once the clocks are more than five seconds apart.
    #[must_use]
    pub fn notice(self) -> Option<String> {
        let size = self.0.abs();
        let word = if self.0 > TimeDelta::zero() {
            "slow"
        } else {
            "fast"
        };
        (size > TimeDelta::seconds(5)).then(|| {
            let whole = TimeDelta::seconds(size.num_seconds());
            format!("your clock is {} {word}", spaced(&humanize(whole)))
        })
    }
}

/// `3m 12s` as `3 m 12 s`.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    for c in text.chars() {
        if c.is_ascii_alphabetic() {
            out.push(' ');
        }
        out.push(c);
    }
    out
}
