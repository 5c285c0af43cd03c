//! Writes a file of the user's choice: atomically, with their permissions, and replacing nothing
//! unless told to.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use directories::BaseDirs;

use super::files;
use crate::domain::list_report::{Existing, NotWritten};

/// Writes a file. Expands `~/` at the start of the path, and nothing else. Returns the whole path.
///
/// # Errors
/// The file exists and must be kept, or one sentence about why it cannot be written.
pub fn write(
    path: &str,
    existing: Existing,
    contents: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<PathBuf, NotWritten> {
    let whole = whole_path(path)?;
    match files::write_for_user(&whole, existing == Existing::Replaced, contents) {
        Ok(()) => Ok(whole),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(NotWritten::Exists),
        Err(error) => Err(NotWritten::Because(format!(
            "{} cannot be written: {}.",
            whole.display(),
            files::reason(&error)
        ))),
    }
}

fn whole_path(path: &str) -> Result<PathBuf, NotWritten> {
    let expanded = match path.strip_prefix("~/") {
        Some(rest) => {
            let dirs = BaseDirs::new().ok_or_else(|| {
                NotWritten::Because("~/ cannot be expanded: there is no home directory.".to_owned())
            })?;
            dirs.home_dir().join(rest)
        }
        None => Path::new(path).to_owned(),
    };
    std::path::absolute(expanded)
        .map_err(|error| NotWritten::Because(format!("{path} cannot be written: {error}.")))
}
