//! The two clocks: the wall clock, and one that only runs forward.
//!
//! On Linux the second one is `CLOCK_BOOTTIME`, and on other Unix systems `CLOCK_MONOTONIC`, which on
//! macOS runs through sleep as well. Elsewhere it is the standard library's, which may stand still
//! while the computer sleeps; waking up then looks as if the wall clock had been set. Not here: what
//! follows from that (`app`).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::clock::Now;

/// Both clocks, counted from one instant.
pub(super) struct Clocks {
    wall: fn() -> DateTime<Utc>,
    start: DateTime<Utc>,
    uptime: Uptime,
}

impl Clocks {
    pub(super) fn start(wall: fn() -> DateTime<Utc>) -> Self {
        Self {
            wall,
            start: wall(),
            uptime: Uptime::start(),
        }
    }

    pub(super) fn now(&self) -> Now {
        let elapsed = TimeDelta::from_std(self.uptime.elapsed()).unwrap_or(TimeDelta::MAX);
        let steady = self.start.checked_add_signed(elapsed);
        Now {
            wall: (self.wall)(),
            steady: steady.unwrap_or(DateTime::<Utc>::MAX_UTC),
        }
    }
}

#[cfg(unix)]
struct Uptime(Duration);

#[cfg(unix)]
impl Uptime {
    fn start() -> Self {
        Self(Self::now())
    }

    fn elapsed(&self) -> Duration {
        Self::now().saturating_sub(self.0)
    }

    fn now() -> Duration {
        use rustix::time::{ClockId, clock_gettime};
        #[cfg(target_os = "linux")]
        let clock = ClockId::Boottime;
        #[cfg(not(target_os = "linux"))]
        let clock = ClockId::Monotonic;
        Duration::try_from(clock_gettime(clock)).unwrap_or_default()
    }
}

#[cfg(not(unix))]
struct Uptime(std::time::Instant);

#[cfg(not(unix))]
impl Uptime {
    fn start() -> Self {
        Self(std::time::Instant::now())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
