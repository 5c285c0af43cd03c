//! `config.toml`.

use super::paths::Paths;
use crate::domain::failure::Failure;
use crate::domain::profile::Profile;
use crate::domain::settings::Settings;

/// What `config.toml` says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loaded {
    /// The settings, defaults filled in.
    pub settings: Settings,
    /// Sentences about keys that were not understood.
    pub warnings: Vec<String>,
}

/// Loads.
///
/// # Errors
/// Kind config.
pub fn load(_paths: &Paths) -> Result<Loaded, Failure> {
    Ok(Loaded::default())
}
/// Saves.
///
/// # Errors
/// Kind config.
pub fn save_profile(_paths: &Paths, _profile: &Profile) -> Result<(), Failure> {
    Ok(())
}
/// Removes; says whether there was one.
///
/// # Errors
/// Kind config.
pub fn remove_profile(_paths: &Paths, _name: &str) -> Result<bool, Failure> {
    Ok(false)
}
/// Sets the default profile.
///
/// # Errors
/// Kind config; kind usage where there is no such profile.
pub fn set_default_profile(_paths: &Paths, _name: &str) -> Result<(), Failure> {
    Ok(())
}
/// The text of `keymap.toml`, if there is one.
///
/// # Errors
/// Kind config.
pub fn keymap_text(_paths: &Paths) -> Result<Option<String>, Failure> {
    Ok(None)
}
