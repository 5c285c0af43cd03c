//! `themes/NAME.toml`: the user's own themes, beside `config.toml`.

use std::path::{Path, PathBuf};

use super::files;
use crate::domain::failure::Failure;
use crate::domain::profile::AUTO;
use crate::theme::Theme;

const EXTENSION: &str = "toml";

/// The longest name of a file.
const LONGEST_NAME: usize = 64;

/// The themes that exist: the built-in ones, and the files of a directory. A built-in name takes
/// precedence.
#[derive(Debug, Clone, Default)]
pub struct Themes {
    /// `None` where no files are read, as in the demo.
    dir: Option<PathBuf>,
}

impl Themes {
    /// Those in the directory `themes`, beside a file.
    pub fn beside(config_file: &Path) -> Self {
        let dir = config_file.parent().map(|dir| dir.join("themes"));
        Self { dir }
    }

    /// Whether a name can be used.
    pub fn has(&self, name: &str) -> bool {
        name == AUTO || Theme::names().contains(&name) || self.file(name).is_some()
    }

    /// The text of the user's theme of a name; `None` if it has no file.
    ///
    /// # Errors
    /// A `config` failure if the file cannot be read.
    pub fn text(&self, name: &str) -> Result<Option<String>, Failure> {
        self.file(name)
            .map_or(Ok(None), |file| files::read_text(&file))
    }

    /// Every name that can be used: `auto`, the built-in themes, then the user's.
    pub fn names(&self) -> Vec<String> {
        let built_in = Theme::names().map(str::to_owned);
        let files = self.dir.as_deref().map_or_else(Vec::new, files::names_in);
        let mut own: Vec<String> = files
            .iter()
            .filter_map(|file| file.strip_suffix(EXTENSION)?.strip_suffix('.'))
            .filter(|name| is_file_name(name) && !Theme::names().contains(name))
            .map(str::to_owned)
            .collect();
        own.sort();
        [AUTO.to_owned()]
            .into_iter()
            .chain(built_in)
            .chain(own)
            .collect()
    }

    /// The names that the setting accepts, for a message.
    pub(super) fn expected(&self) -> String {
        let names: Vec<String> = self
            .names()
            .iter()
            .map(|name| format!("{name:?}"))
            .collect();
        match &self.dir {
            Some(dir) => format!(
                "one of {}, or the name of a file in {}",
                names.join(", "),
                dir.display()
            ),
            None => format!("one of {}", names.join(", ")),
        }
    }

    /// The file of a theme, if it exists.
    fn file(&self, name: &str) -> Option<PathBuf> {
        let dir = self.dir.as_ref().filter(|_| is_file_name(name))?;
        let file = dir.join(format!("{name}.{EXTENSION}"));
        files::exists(&file).then_some(file)
    }
}

/// Whether a name cannot lead out of its directory.
fn is_file_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    name.len() <= LONGEST_NAME
        && name.starts_with(char::is_alphanumeric)
        && name.chars().all(is_plain)
}
