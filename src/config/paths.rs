//! Where the files are.
//!
//! Not here: reading or writing any of them.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use crate::domain::failure::{Failure, FailureKind};

/// What to say where there is no home directory.
#[must_use]
pub fn no_home() -> Failure {
    Failure::new(
        FailureKind::Config,
        "There is no home directory to keep files in.",
        "Set HOME, or set TOKENSCOPE_HOME to a directory.",
    )
}

/// The two directories that tokenscope keeps files in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// Holds `config.toml` and `keymap.toml`.
    pub config_dir: PathBuf,
    /// Holds `state.json` and `tokenscope.log`.
    pub state_dir: PathBuf,
}

impl Paths {
    /// Everything in one directory, as `TOKENSCOPE_HOME` asks, else the platform's own places.
    ///
    /// # Errors
    /// A [`Failure`] of kind `config` where the user has no home directory.
    pub fn find(home: Option<&Path>) -> Result<Self, Failure> {
        match home {
            Some(dir) => Ok(Self::in_one(dir)),
            None => Self::of_platform(),
        }
    }

    /// Everything in one directory.
    #[must_use]
    pub fn in_one(dir: &Path) -> Self {
        Self {
            config_dir: dir.to_owned(),
            state_dir: dir.to_owned(),
        }
    }

    fn of_platform() -> Result<Self, Failure> {
        let dirs = ProjectDirs::from("", "", "tokenscope").ok_or_else(no_home)?;
        let state_dir = dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir());
        Ok(Self {
            config_dir: dirs.config_dir().to_owned(),
            state_dir: state_dir.to_owned(),
        })
    }

    /// Settings and profiles.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.config_dir.join("config.toml")
    }

    /// The user's changes to the keys.
    #[must_use]
    pub fn keymap_file(&self) -> PathBuf {
        self.config_dir.join("keymap.toml")
    }

    /// Recent look-ups.
    #[must_use]
    pub fn state_file(&self) -> PathBuf {
        self.state_dir.join("state.json")
    }

    /// The log.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.state_dir.join("tokenscope.log")
    }
}
