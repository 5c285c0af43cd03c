//! The JSON reports of what is set up: the credential and the profiles.
//!
//! Not here: tokens (`report`).

use serde::Serialize;

use super::json::ScopeReport;
use crate::domain::profile::{Profile, Settings};

/// What `auth status` says.
#[derive(Debug, Serialize)]
pub struct AuthReport {
    /// The profile in use.
    pub profile: Option<String>,
    /// `environment`, `keyring` or `none`.
    pub source: &'static str,
    /// The variable that holds the secret.
    pub variable: Option<&'static str>,
    /// `api_token` or `global_key`.
    pub credential: Option<&'static str>,
    /// The address that goes with a Global API key.
    pub email: Option<String>,
    /// The scope in use.
    pub scope: Option<ScopeReport>,
    /// Where requests go.
    pub base_url: String,
    /// Whether the keyring holds the secret.
    pub stored: Option<bool>,
    /// Whether the keyring is locked.
    pub locked: Option<bool>,
    /// Where.
    pub store: Option<&'static str>,
}

/// What `profile list` says.
#[derive(Debug, Serialize)]
pub struct ProfilesReport {
    /// The profiles in the order of the file.
    pub profiles: Vec<ProfileReport>,
}

/// One profile.
#[derive(Debug, Serialize)]
pub struct ProfileReport {
    /// Its name.
    pub name: String,
    /// Whether it is used when none is named.
    pub default: bool,
    /// `api_token` or `global_key`.
    pub credential: &'static str,
    /// The address that goes with a Global API key.
    pub email: Option<String>,
    /// Its scope; a hand-written profile may have none.
    pub scope: Option<ScopeReport>,
}

impl From<&Settings> for ProfilesReport {
    fn from(settings: &Settings) -> Self {
        let report = |profile: &Profile| ProfileReport {
            name: profile.name.clone(),
            default: profile.name == settings.default_profile,
            credential: profile.kind.code(),
            email: profile.kind.email().map(str::to_owned),
            scope: profile.scope.as_ref().map(ScopeReport::from),
        };
        Self {
            profiles: settings.profiles.iter().map(report).collect(),
        }
    }
}
