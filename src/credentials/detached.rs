//! Runs programs without a terminal: in a session of their own, where `/dev/tty` leads nowhere.
//!
//! Only a process itself can leave its session, and a safe program runs nothing of its own between its
//! fork and the other program. So this one starts itself, leaves the session, and becomes the other.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The argument that asks for it, before the program and its arguments.
pub const REQUEST: &str = "__without_terminal";

static OWN_PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// Makes it possible, from `main` of a program that answers [`REQUEST`].
pub fn enable() {
    if let Ok(path) = std::env::current_exe() {
        let _set_before = OWN_PROGRAM.set(path);
    }
}

/// The program that answers [`REQUEST`], if it is enabled.
pub(super) fn own_program() -> Option<&'static Path> {
    OWN_PROGRAM.get().map(PathBuf::as_path)
}

/// Becomes a program, in a session of its own. Returns only if that is impossible: with the line for the
/// error output that says why to the process that started this one.
pub fn become_program(mut words: impl Iterator<Item = OsString>) -> String {
    // It fails only for the leader of a group, which a process just started is not.
    let _own_session = rustix::process::setsid();
    let error = match words.next() {
        Some(program) => Command::new(program).args(words).exec(),
        None => io::Error::from(io::ErrorKind::NotFound),
    };
    format!("{REQUEST} {}", error.raw_os_error().unwrap_or_default())
}

/// Why a program could not be started, if its error output is that of [`become_program`].
pub(super) fn error_in(said: &[u8]) -> Option<io::Error> {
    let said = std::str::from_utf8(said).ok()?;
    let number = said.strip_prefix(REQUEST)?.trim().parse().ok()?;
    Some(io::Error::from_raw_os_error(number))
}
