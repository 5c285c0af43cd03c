//! `state.json`.

use std::fs::File;

use super::paths::Paths;
use crate::domain::failure::Failure;
use crate::domain::recent::Recent;

/// Loads; the second is a warning.
#[must_use]
pub fn load_recents(_paths: &Paths) -> (Vec<Recent>, Option<String>) {
    (Vec::new(), None)
}
/// Remembers.
///
/// # Errors
/// Kind config.
pub fn remember(_paths: &Paths, _recent: Recent) -> Result<(), Failure> {
    Ok(())
}
/// Opens the log for appending.
///
/// # Errors
/// Kind config.
pub fn open_log(paths: &Paths) -> Result<File, Failure> {
    Err(Failure::new(
        crate::domain::failure::FailureKind::Config,
        format!("{}", paths.log_file().display()),
        "",
    ))
}
