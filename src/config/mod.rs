//! Files: settings and profiles, recent lookups, the log. Never secrets.
//!
//! Every function here blocks.

pub mod export;
mod files;
pub mod log;
pub mod permissions;
pub mod settings;
pub mod state;
pub mod themes;

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use crate::domain::failure::{Failure, FailureKind};

/// The failure for a user without a home directory.
pub fn no_home() -> Failure {
    Failure::new(
        FailureKind::Config,
        "No home directory for tokenscope's files.",
        "Set HOME, or set TOKENSCOPE_HOME to a directory.",
    )
}

/// The two directories of tokenscope's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// Contains `config.toml`, `keymap.toml` and `themes`.
    pub config_dir: PathBuf,
    /// Contains `state.json` and `tokenscope.log`.
    pub state_dir: PathBuf,
}

impl Paths {
    /// One directory for everything, as in `TOKENSCOPE_HOME`, or else the platform's directories.
    ///
    /// # Errors
    /// A `config` failure if the user has no home directory.
    pub fn find(home: Option<&Path>) -> Result<Self, Failure> {
        if let Some(dir) = home {
            return Ok(Self::in_one(dir));
        }
        let dirs = ProjectDirs::from("", "", "tokenscope").ok_or_else(no_home)?;
        let state_dir = dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir());
        Ok(Self {
            config_dir: dirs.config_dir().to_owned(),
            state_dir: state_dir.to_owned(),
        })
    }

    /// One directory for everything.
    pub fn in_one(dir: &Path) -> Self {
        Self {
            config_dir: dir.to_owned(),
            state_dir: dir.to_owned(),
        }
    }

    /// Settings and profiles.
    pub fn config_file(&self) -> PathBuf {
        self.config_dir.join("config.toml")
    }

    /// The user's changes to the keys.
    pub fn keymap_file(&self) -> PathBuf {
        self.config_dir.join("keymap.toml")
    }

    /// Recent lookups.
    pub fn state_file(&self) -> PathBuf {
        self.state_dir.join("state.json")
    }

    /// The log.
    pub fn log_file(&self) -> PathBuf {
        self.state_dir.join("tokenscope.log")
    }
}
