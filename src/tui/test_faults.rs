//! Deliberate faults that let tests check that the terminal is restored. Debug builds only.

use std::io;
use std::time::Duration;

/// Causes the named fault: a panic in the loop (`draw`) or in a task (`task`), or an error once the
/// terminal is taken over (`start`).
#[expect(clippy::panic, reason = "a test requested it")]
pub(super) fn make(fault: Option<&str>) -> io::Result<()> {
    match fault {
        Some("draw") => panic!("a fault on purpose, while drawing"),
        Some("task") => {
            tokio::spawn(async { panic!("a fault on purpose, in a task") });
            Ok(())
        }
        Some("start") => Err(io::Error::other("a fault on purpose, at the start")),
        _ => Ok(()),
    }
}

/// The delay of each frame after the first for the fault `slow`.
pub(super) fn pause(fault: Option<&str>) -> Duration {
    match fault {
        Some("slow") => Duration::from_secs(2),
        _ => Duration::ZERO,
    }
}
