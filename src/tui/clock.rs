//! Time for the event loop: the wall clock, a monotonic clock, and a timer for the next change on
//! screen.
//!
//! The monotonic clock also runs during sleep: `CLOCK_BOOTTIME` on Linux and `CLOCK_MONOTONIC` on other
//! Unix systems. Elsewhere it is the standard library's, which may pause during sleep; waking up then
//! looks as if somebody had set the wall clock.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::fetched::Now;

#[cfg(target_os = "linux")]
pub(super) use timer_fd::Timer;

/// Both clocks, counted from one instant.
pub(super) struct Clock {
    wall: fn() -> DateTime<Utc>,
    start: DateTime<Utc>,
    uptime: Duration,
}

impl Clock {
    pub(super) fn start(wall: fn() -> DateTime<Utc>) -> Self {
        Self {
            wall,
            start: wall(),
            uptime: uptime(),
        }
    }

    pub(super) fn now(&self) -> Now {
        let elapsed = TimeDelta::from_std(uptime().saturating_sub(self.uptime));
        let steady = self
            .start
            .checked_add_signed(elapsed.unwrap_or(TimeDelta::MAX));
        Now {
            wall: (self.wall)(),
            steady: steady.unwrap_or(DateTime::<Utc>::MAX_UTC),
        }
    }
}

/// The time of the monotonic clock.
#[cfg(unix)]
fn uptime() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    #[cfg(target_os = "linux")]
    let clock = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = ClockId::Monotonic;
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}

/// The time since the first call.
#[cfg(not(unix))]
fn uptime() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> =
        std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}

/// The kernel's timer. For a one-second wait the runtime's own would wake the process twice, first to
/// look at the clock more closely.
#[cfg(target_os = "linux")]
mod timer_fd {
    use std::future::pending;
    use std::io;
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    use rustix::io::read;
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::unix::AsyncFd;

    pub(in crate::tui) struct Timer(AsyncFd<OwnedFd>);

    impl Timer {
        pub(in crate::tui) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
            let timer = timerfd_create(TimerfdClockId::Boottime, flags)?;
            #[expect(
                deprecated,
                reason = "the replacement is unsafe because the fd might be closed early; here it is owned"
            )]
            let timer = AsyncFd::new(timer)?;
            Ok(Self(timer))
        }

        /// Waits this long, or forever.
        pub(in crate::tui) async fn wait(&mut self, wait: Option<Duration>) {
            let Some(wait) = wait.and_then(|wait| Timespec::try_from(wait).ok()) else {
                return pending().await;
            };
            // Zero would disarm the timer.
            let shortest = Timespec {
                tv_sec: 0,
                tv_nsec: 1,
            };
            let timer = Itimerspec {
                it_interval: Timespec::default(),
                it_value: wait.max(shortest),
            };
            // Setting the timer discards an unread expiration.
            if timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &timer).is_err() {
                return pending().await;
            }
            while let Ok(mut ready) = self.0.readable().await {
                let mut expirations = [0; 8];
                // A cancelled wait may have left it ready.
                if ready
                    .try_io(|timer| Ok(read(timer, &mut expirations)?))
                    .is_ok()
                {
                    return;
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) struct Timer;

#[cfg(not(target_os = "linux"))]
impl Timer {
    #[expect(clippy::unnecessary_wraps, reason = "it can fail on Linux")]
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    /// Waits this long, or forever.
    pub(super) async fn wait(&mut self, wait: Option<Duration>) {
        match wait {
            Some(wait) => tokio::time::sleep(wait).await,
            None => std::future::pending().await,
        }
    }
}
