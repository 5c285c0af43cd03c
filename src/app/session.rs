//! The state outside the screens: the active credential, the time, and the messages on screen.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::credential::{Access, ActiveCredential, CredentialSource};
use crate::domain::failure::Failure;
use crate::domain::fetched::{ClockOffset, Now};
use crate::domain::profile::Settings;
use crate::domain::scope::{BaseUrl, Scope};

/// The active credential and the defaults of requests.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Session {
    pub active: ActiveCredential,
    /// The store that holds the profile's secret, once known: `Secret Service`.
    pub store: Option<&'static str>,
    pub base_url: BaseUrl,
    /// The environment variable that takes precedence over the default profile, if it is set.
    pub variable: Option<&'static str>,
    /// Whether the command line named the profile, which takes precedence over any variable.
    pub is_named: bool,
    pub settings: Settings,
    /// Whether the program was started with `--demo`.
    pub demo_only: bool,
}

impl Session {
    /// The credential in use, with a scope.
    #[must_use]
    pub fn access(&self, scope: &Scope) -> Option<Access> {
        Some(Access {
            identity: self.active.identity.clone()?,
            scope: scope.clone(),
        })
    }

    /// The API's host, unless it is Cloudflare's or the demo's.
    #[must_use]
    pub fn foreign_host(&self) -> Option<String> {
        let is_demo = self.is_demo() || self.demo_only;
        (!is_demo).then(|| self.base_url.foreign_host()).flatten()
    }

    /// Whether the embedded demo is in use.
    #[must_use]
    pub fn is_demo(&self) -> bool {
        self.uses(&CredentialSource::Demo)
    }

    /// Whether the credential in use comes from a source.
    #[must_use]
    pub fn uses(&self, source: &CredentialSource) -> bool {
        self.active.source() == Some(source)
    }

    /// Whether the user must choose a profile: some exist, and no credential is active.
    #[must_use]
    pub fn needs_choice(&self) -> bool {
        self.active.identity.is_none() && !self.settings.profiles.is_empty()
    }
}

/// The last error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    pub failure: Failure,
    /// How often it happened in a row.
    pub count: usize,
}

/// A short message that disappears by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// May contain untrusted text.
    pub text: String,
    /// When it disappears, by the steady clock.
    pub until: DateTime<Utc>,
}

/// Smaller changes of the wall clock are adjustments, not jumps.
const JUMP: TimeDelta = TimeDelta::seconds(2);

/// The time, here and on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// The wall clock: with the offset, for dates.
    pub local: DateTime<Utc>,
    /// The monotonic clock: for intervals.
    pub steady: DateTime<Utc>,
    /// How far the server's clock is ahead of the wall clock.
    pub offset: ClockOffset,
    /// When the wall clock was last set, or the computer woke up, by the steady clock. Connections
    /// and measurements from before then are not trusted.
    pub jumped_at: Option<DateTime<Utc>>,
    /// How far the wall clock was ahead of the steady one when the offset was measured.
    lead: TimeDelta,
    is_measured: bool,
    /// Whether the offset was dropped and must be measured again.
    pub(crate) needs_measuring: bool,
}

impl Clock {
    /// The clocks at an instant, before any measurement.
    #[must_use]
    pub fn at(now: Now) -> Self {
        Self {
            local: now.wall,
            steady: now.steady,
            offset: ClockOffset::default(),
            jumped_at: None,
            lead: now.lead(),
            is_measured: false,
            needs_measuring: false,
        }
    }

    /// Whole seconds since an instant of the steady clock.
    #[must_use]
    pub fn seconds_since(&self, steady: DateTime<Utc>) -> i64 {
        self.steady.signed_duration_since(steady).num_seconds()
    }

    /// The time by the server's clock, which decides about expiry.
    #[must_use]
    pub fn corrected(&self) -> DateTime<Utc> {
        self.offset.correct(self.local)
    }

    /// What the steady clock will show at an instant of the server's clock.
    pub(crate) fn steady_at(&self, corrected: DateTime<Utc>) -> DateTime<Utc> {
        let ahead = self.local.signed_duration_since(self.steady);
        let local = self.offset.to_local(corrected);
        local.checked_sub_signed(ahead).unwrap_or(local)
    }

    /// Advances to an instant. If the wall clock was set meanwhile, drops the measured offset and
    /// returns true.
    pub(crate) fn move_to(&mut self, now: Now) -> bool {
        (self.local, self.steady) = (now.wall, now.steady);
        let has_jumped = (now.lead() - self.lead).abs() > JUMP;
        if has_jumped {
            self.jumped_at = Some(now.steady);
            self.lead = now.lead();
            self.offset = ClockOffset::default();
            self.needs_measuring |= self.is_measured;
            self.is_measured = false;
        }
        has_jumped
    }

    /// Updates the offset from a response, if it had a usable date.
    pub(crate) fn measured(&mut self, offset: Option<TimeDelta>) {
        let Some(offset) = offset else { return };
        self.offset = self.offset.updated(offset);
        self.lead = self.local.signed_duration_since(self.steady);
        self.is_measured = true;
        self.needs_measuring = false;
    }
}
