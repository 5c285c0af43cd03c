//! Keeps secrets out of core files.
//!
//! Not here: secrets.

/// From here on the process leaves no core file when it dies, since that would hold all that is in
/// memory. The size limit is used and not `PR_SET_DUMPABLE`, which would hide the process from its
/// user's own tools too.
#[cfg(unix)]
pub(super) fn forbid() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // To lower a limit is always allowed.
    let _refused = setrlimit(Resource::Core, none);
}

#[cfg(not(unix))]
pub(super) fn forbid() {}
