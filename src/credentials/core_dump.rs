//! Keeps secrets out of core files.
//!
//! Not here: secrets.

/// From here on the process leaves no core file when it dies, since that would hold all that is in
/// memory. A handler of cores, as systemd has one, is not bound by the limit of their size; it is by
/// the process's being not dumpable, which also keeps other programs of the user from reading its
/// memory. A build for development can be looked into.
#[cfg(unix)]
pub(super) fn disable() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // To lower a limit is always allowed.
    let _refused = setrlimit(Resource::Core, none);
    #[cfg(all(target_os = "linux", not(debug_assertions)))]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _refused = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

#[cfg(not(unix))]
pub(super) fn disable() {}
