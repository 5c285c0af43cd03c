//! Faults on purpose, so that tests see the terminal given back. Debug builds only.

use std::io;
use std::time::Duration;

/// Makes the named fault: a panic in the loop (`draw`), a panic in a task (`task`), or an error
/// after the terminal was taken over (`start`).
#[expect(clippy::panic, reason = "the fault that a test asks for")]
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

/// What each frame but the first takes longer for the fault `slow`.
pub(super) fn pause(fault: Option<&str>) -> Duration {
    match fault {
        Some("slow") => Duration::from_secs(2),
        _ => Duration::ZERO,
    }
}
