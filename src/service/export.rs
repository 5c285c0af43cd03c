//! Writes a list of tokens to a file.

use crate::config::export::write;
use crate::domain::list_report::{Existing, FileFormat, ListReport, NotWritten};
use crate::formats::{csv, json};

/// Writes a list in the format that the file's name asks for, with the bytes that `list` prints.
/// Returns the whole path of the file. Blocks.
///
/// # Errors
/// The file exists and must be kept, or one sentence about why nothing was written.
pub fn write_list(list: &ListReport, path: &str, existing: Existing) -> Result<String, NotWritten> {
    let Some(format) = FileFormat::of(path) else {
        return Err(NotWritten::unknown_format());
    };
    let written = write(path, existing, |mut out| match format {
        FileFormat::Csv => csv::list(&mut out, list),
        FileFormat::Json => json::list(&mut out, list),
    })?;
    Ok(written.display().to_string())
}
