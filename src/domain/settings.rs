//! What the user set: data only. `config` loads and saves it.

use super::profile::{DEFAULT_PROFILE, Profile};
use super::status::Thresholds;

/// The settings of `config.toml`, defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The profile that is used when none is named.
    pub default_profile: String,
    /// The theme's name.
    pub theme: String,
    /// Draw with ASCII only; the locale decides where nothing is set.
    pub ascii: Option<bool>,
    /// Ring the terminal's bell when the token on screen expires.
    pub bell: bool,
    /// Seconds between automatic refreshes; 0 switches them off.
    pub refresh_seconds: u64,
    /// When time left becomes a warning or critical.
    pub thresholds: Thresholds,
    /// The profiles in the order of the file.
    pub profiles: Vec<Profile>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_profile: DEFAULT_PROFILE.to_owned(),
            theme: "dark".to_owned(),
            ascii: None,
            bell: false,
            refresh_seconds: 60,
            thresholds: Thresholds::default(),
            profiles: Vec::new(),
        }
    }
}

impl Settings {
    /// The profile of a name.
    #[must_use]
    pub fn profile(&self, name: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.name == name)
    }
}
