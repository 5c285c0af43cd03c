//! The next change on screen that time alone brings.
//!
//! Not here: when that is (`app`).

#[cfg(target_os = "linux")]
pub(super) use linux::Wakeup;

/// The kernel's own timer. The runtime's wakes the process up twice for a second's wait, first to
/// look at the clock more closely.
#[cfg(target_os = "linux")]
mod linux {
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

    pub(in crate::tui) struct Wakeup(AsyncFd<OwnedFd>);

    impl Wakeup {
        pub(in crate::tui) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
            let timer = timerfd_create(TimerfdClockId::Boottime, flags)?;
            #[expect(
                deprecated,
                reason = "its heir is unsafe, for descriptors that are closed meanwhile; this is owned"
            )]
            let timer = AsyncFd::new(timer)?;
            Ok(Self(timer))
        }

        /// Waits; for ever where there is nothing to wait for.
        pub(in crate::tui) async fn ring(&mut self, wait: Option<Duration>) {
            let Some(wait) = wait.and_then(|wait| Timespec::try_from(wait).ok()) else {
                return pending().await;
            };
            let none = Timespec::default();
            // A time of nothing would switch it off.
            let at_once = Timespec {
                tv_sec: 0,
                tv_nsec: 1,
            };
            let timer = Itimerspec {
                it_interval: none,
                it_value: wait.max(at_once),
            };
            // To set it forgets a ring that nobody heard.
            if timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &timer).is_err() {
                return pending().await;
            }
            while let Ok(mut rung) = self.0.readable().await {
                let mut rings = [0; 8];
                // It may only have rung for a wait that was broken off.
                if rung.try_io(|timer| Ok(read(timer, &mut rings)?)).is_ok() {
                    return;
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) struct Wakeup;

#[cfg(not(target_os = "linux"))]
impl Wakeup {
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere the kernel is asked")]
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    /// Waits; for ever where there is nothing to wait for.
    pub(super) async fn ring(&mut self, wait: Option<std::time::Duration>) {
        match wait {
            Some(wait) => tokio::time::sleep(wait).await,
            None => std::future::pending().await,
        }
    }
}
