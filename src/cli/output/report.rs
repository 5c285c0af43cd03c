//! The reports of the commands, independent of the output format.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::cli::check_result::CheckResult;
use crate::domain::profile::{Profile, Settings};
use crate::domain::scope::Scope;
use crate::domain::status::EvaluationContext;
use crate::domain::token::ServiceToken;

/// The report of a command.
#[derive(Clone, Copy)]
pub enum Report<'a> {
    Token {
        token: &'a ServiceToken,
        scope: &'a Scope,
        context: EvaluationContext,
    },
    Tokens {
        /// The most urgent first.
        tokens: &'a [Arc<ServiceToken>],
        /// The rows that `print::row` produced.
        rows: &'a [&'a [u8]],
        scope: &'a Scope,
        /// Why the list may be incomplete.
        incomplete: Option<&'a str>,
        context: EvaluationContext,
    },
    Check(&'a CheckResult),
    Credential(&'a AuthReport),
    Profiles(&'a ProfilesReport),
}

/// A scope.
#[derive(Debug, Serialize)]
pub struct ScopeReport {
    kind: &'static str,
    id: String,
}

impl From<&Scope> for ScopeReport {
    fn from(scope: &Scope) -> Self {
        Self {
            kind: scope.kind().word(),
            id: scope.id().to_owned(),
        }
    }
}

impl fmt::Display for ScopeReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.kind, self.id)
    }
}

/// What `auth status` reports.
#[derive(Debug, Serialize)]
pub struct AuthReport {
    pub profile: Option<String>,
    /// `environment`, `keyring` or `none`.
    pub source: &'static str,
    /// The variable that holds the secret.
    pub variable: Option<&'static str>,
    /// `api_token` or `global_key`.
    pub credential: Option<&'static str>,
    pub email: Option<String>,
    pub scope: Option<ScopeReport>,
    pub base_url: String,
    /// Whether the keyring holds the secret.
    pub stored: Option<bool>,
    /// Whether the keyring is locked.
    pub locked: Option<bool>,
    /// The store that holds the secret.
    pub store: Option<&'static str>,
}

/// What `profile list` reports.
#[derive(Debug, Serialize)]
pub struct ProfilesReport {
    pub profiles: Vec<ProfileReport>,
}

/// A profile.
#[derive(Debug, Serialize)]
pub struct ProfileReport {
    pub name: String,
    pub default: bool,
    /// `api_token` or `global_key`.
    pub credential: &'static str,
    pub email: Option<String>,
    /// A hand-written profile may have none.
    pub scope: Option<ScopeReport>,
}

impl From<&Settings> for ProfilesReport {
    fn from(settings: &Settings) -> Self {
        let report = |profile: &Profile| ProfileReport {
            name: profile.name.clone(),
            default: profile.name == settings.default_profile,
            credential: profile.kind.code(),
            email: profile.kind.email().map(str::to_owned),
            scope: profile.scope.as_ref().map(Into::into),
        };
        Self {
            profiles: settings.profiles.iter().map(report).collect(),
        }
    }
}
