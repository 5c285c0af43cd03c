//! Values from the API: what their responses say about time and completeness, and their state while
//! the screens wait for them.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Datelike, TimeDelta, Utc};

use super::duration::humanize;
use super::failure::Failure;
use super::token::ServiceToken;

/// Service tokens in the API's order, each once.
pub type Tokens = Vec<Arc<ServiceToken>>;

/// A value that was read from the API. `api` creates it; it reaches screens and commands unchanged.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetched<T> {
    pub value: T,
    /// How long the whole call took, retries included.
    pub took: Duration,
    pub clock: ServerClock,
    /// Why a list may lack entries; `None` if it is complete.
    pub gap: Option<Gap>,
    /// How many entries the API announced for a list.
    pub announced: Option<usize>,
    /// Oddities of the responses, each a sentence without its full stop. Untrusted text.
    pub notes: Vec<String>,
}

impl<T> Fetched<T> {
    /// A complete value without any remark.
    pub fn new(value: T, took: Duration) -> Self {
        Self {
            value,
            took,
            clock: ServerClock::default(),
            gap: None,
            announced: None,
            notes: Vec::new(),
        }
    }

    /// Takes over the clock, the duration and the oddities of another answer of the same call, and
    /// returns its value.
    pub fn absorb<U>(&mut self, other: Fetched<U>) -> U {
        self.clock = self.clock.or(other.clock);
        self.took = self.took.max(other.took);
        for note in other.notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        other.value
    }

    /// Replaces the value and keeps the rest.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Fetched<U> {
        Fetched {
            value: change(self.value),
            took: self.took,
            clock: self.clock,
            gap: self.gap,
            announced: self.announced,
            notes: self.notes,
        }
    }

    /// Why a list may lack entries, as a sentence fragment.
    pub fn incomplete(&self) -> Option<&str> {
        self.gap.as_ref().map(|gap| gap.reason.as_str())
    }

    /// How long the API asked us to pause, if it did so after part of the value had arrived.
    pub fn retry_after(&self) -> Option<Duration> {
        self.gap.as_ref()?.failure.as_ref()?.retry_after
    }
}

/// Why a list may lack entries.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// A sentence fragment. Untrusted text.
    pub reason: String,
    /// The error that stopped the reading, if there was one.
    pub failure: Option<Failure>,
}

/// The server's clock according to the `Date` of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ServerClock {
    /// Not measured: too slow, cached, or without a date.
    #[default]
    Unknown,
    /// Server minus local clock.
    Offset(TimeDelta),
    /// An implausible date, so nothing was measured.
    Implausible(DateTime<Utc>),
}

/// The year this program was written. No server's clock can be earlier.
const FIRST_YEAR: i32 = 2025;

/// How far the local clock can be behind if a connection succeeded: certificates are valid for no longer
/// (CA/Browser Forum, from March 2026), and one that is not valid yet is rejected.
const LONGEST_CERTIFICATE: TimeDelta = TimeDelta::days(200);

impl ServerClock {
    /// The offset that a response shows, unless it was slow or cached.
    ///
    /// `Date` has whole seconds, so the server's time is half a second later on average.
    pub fn measured(
        date: DateTime<Utc>,
        sent: DateTime<Utc>,
        received: DateTime<Utc>,
        was_cached: bool,
    ) -> Self {
        let took = received.signed_duration_since(sent);
        if was_cached || took < TimeDelta::zero() || took >= TimeDelta::seconds(2) {
            return Self::Unknown;
        }
        let midpoint = sent + took / 2;
        Self::Offset(date.signed_duration_since(midpoint) + TimeDelta::milliseconds(500))
    }

    /// Rejects an offset if the server's date is implausible:
    ///
    /// - it is in a year before this program was written,
    /// - it is over a day before an event of a token that lies in the past by the local clock too, or
    /// - it is over a day ahead of the local clock, although the newest event of the tokens is within a
    ///   day of that clock, or the clock cannot be so far behind. A local clock that is before this
    ///   program or an event of a token is itself wrong, and proves nothing.
    #[must_use]
    pub fn checked<'a>(
        self,
        local: DateTime<Utc>,
        tokens: impl Iterator<Item = &'a ServiceToken>,
    ) -> Self {
        let offset = self.offset();
        let Some(date) = offset.and_then(|offset| local.checked_add_signed(offset)) else {
            return self;
        };
        let day = TimeDelta::days(1);
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
        if is_doubtful {
            Self::Implausible(date)
        } else {
            self
        }
    }

    /// The offset, if one was measured.
    pub fn offset(self) -> Option<TimeDelta> {
        match self {
            Self::Offset(offset) => Some(offset),
            Self::Unknown | Self::Implausible(_) => None,
        }
    }

    /// This clock, or the other one if this one was not measured.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Offset(_), _) | (Self::Implausible(_), Self::Unknown | Self::Implausible(_)) => {
                self
            }
            (Self::Unknown, _) | (Self::Implausible(_), Self::Offset(_)) => other,
        }
    }

    /// The implausible date, if any.
    pub fn implausible_date(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Implausible(date) => Some(date),
            Self::Unknown | Self::Offset(_) => None,
        }
    }
}

/// Server minus local clock, measured by the `Date` header of responses; zero while they agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClockOffset(TimeDelta);

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
    pub fn lead(self) -> TimeDelta {
        self.wall.signed_duration_since(self.steady)
    }
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
    pub fn correct(self, local: DateTime<Utc>) -> DateTime<Utc> {
        local.checked_add_signed(self.0).unwrap_or(local)
    }

    /// The local time at a server's instant.
    pub fn to_local(self, corrected: DateTime<Utc>) -> DateTime<Utc> {
        corrected.checked_sub_signed(self.0).unwrap_or(corrected)
    }

    /// Server minus local clock in whole seconds; 0 while not in use.
    pub fn seconds(self) -> i64 {
        self.0.num_seconds()
    }

    /// A warning if the clocks are more than five seconds apart.
    pub fn notice(self) -> Option<String> {
        let size = self.0.abs();
        if size <= TimeDelta::seconds(5) {
            return None;
        }
        let is_slow = self.0 > TimeDelta::zero();
        let word = if is_slow { "slow" } else { "fast" };
        let mut length = humanize(TimeDelta::seconds(size.num_seconds()));
        for unit in ["d", "h", "m", "s"] {
            length = length.replace(unit, &format!(" {unit}"));
        }
        Some(format!("your clock is {length} {word}"))
    }
}

/// Identifies a request while the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RequestId(pub u64);

/// A value with its age. Times are of the steady clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Received<T> {
    pub value: T,
    pub at: DateTime<Utc>,
}

/// A value that the screens fetch. A response counts only for the request that it answers.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Remote<T> {
    #[default]
    Idle,
    /// Requested; with the last good value during a reload.
    Loading {
        request: RequestId,
        since: DateTime<Utc>,
        last: Option<Received<T>>,
    },
    Ready(Received<T>),
    Failed(Failure),
    /// The last good value after a reload that failed.
    Stale {
        last: Received<T>,
        failure: Failure,
    },
}

impl<T> Remote<T> {
    /// The latest good value with its age.
    pub fn fetched(&self) -> Option<&Received<T>> {
        match self {
            Self::Ready(fetched) | Self::Stale { last: fetched, .. } => Some(fetched),
            Self::Loading { last, .. } => last.as_ref(),
            Self::Idle | Self::Failed(_) => None,
        }
    }

    /// The newest good value.
    pub fn value(&self) -> Option<&T> {
        self.fetched().map(|fetched| &fetched.value)
    }

    /// Why the last request failed, if it did.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) | Self::Stale { failure, .. } => Some(failure),
            _ => None,
        }
    }

    /// The request in progress.
    pub fn request(&self) -> Option<RequestId> {
        match self {
            Self::Loading { request, .. } => Some(*request),
            _ => None,
        }
    }

    /// When the request in progress was sent.
    pub fn loading_since(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Loading { since, .. } => Some(*since),
            _ => None,
        }
    }

    /// Whether a request is in progress.
    pub fn is_loading(&self) -> bool {
        matches!(self, Self::Loading { .. })
    }

    /// Whether a request is in progress, and no value is there yet.
    pub fn is_first(&self) -> bool {
        self.is_loading() && self.value().is_none()
    }

    /// Records that a request was sent. Keeps the last good value.
    pub fn begin(&mut self, request: RequestId, since: DateTime<Utc>) {
        let last = self.take_last();
        *self = Self::Loading {
            request,
            since,
            last,
        };
    }

    /// Applies a response. Returns false, and changes nothing, if it answers another request.
    pub fn settle(&mut self, request: RequestId, result: Result<Received<T>, Failure>) -> bool {
        if self.request() != Some(request) {
            return false;
        }
        *self = match (result, self.take_last()) {
            (Ok(fetched), _) => Self::Ready(fetched),
            (Err(failure), Some(last)) => Self::Stale { last, failure },
            (Err(failure), None) => Self::Failed(failure),
        };
        true
    }

    /// Stops waiting. Keeps the last good value.
    pub fn cancel(&mut self) -> Option<RequestId> {
        let request = self.request()?;
        *self = self.take_last().map_or(Self::Idle, Self::Ready);
        Some(request)
    }

    fn take_last(&mut self) -> Option<Received<T>> {
        match std::mem::take(self) {
            Self::Ready(fetched) | Self::Stale { last: fetched, .. } => Some(fetched),
            Self::Loading { last, .. } => last,
            Self::Idle | Self::Failed(_) => None,
        }
    }
}
