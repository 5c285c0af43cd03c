//! What a run stands on: environment, files, and the credential and scope that are meant.
//!
//! The network and the keyring are not touched. Not here: what is done with it.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::args::{Auth, Command, Global};
use crate::api::{BaseUrl, Options};
use crate::config::paths::Paths;
use crate::config::{log, settings};
use crate::credentials::Environment;
use crate::domain::credential::ActiveCredential;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::profile::{Settings, parse_profile_name, unfit_name};
use crate::domain::scope::{Scope, ScopeId, ScopeKind};
use crate::service::{self, CredentialRequest};

/// What a run stands on, demo or not.
pub struct Ground {
    /// The variables that matter.
    pub environment: Environment,
    /// Where the files are; none for the demo, and where there is no home directory.
    pub paths: Option<Paths>,
    /// What the user set.
    pub settings: Settings,
    /// What is wrong with files and settings, and does not stop anything.
    pub warnings: Vec<Failure>,
    /// What a client is made of.
    pub options: Options,
}

/// Reads what environment and files say. The demo reads neither, and neither does what only prints itself.
///
/// # Errors
/// An environment or files that cannot be used.
pub fn prepare(
    global: &Global,
    command: Option<&Command>,
    environment: Environment,
    clock: fn() -> DateTime<Utc>,
) -> Result<Ground, Failure> {
    if let Some(name) = &global.profile {
        parse_profile_name(name).map_err(|error| unfit_name(name, error))?;
    }
    let prints_itself = matches!(command, Some(Command::Completions { .. } | Command::Man));
    let mut options = Options {
        base_url: BaseUrl::default(),
        ca_file: global.ca_file.clone(),
        use_system_proxy: true,
        idle_limit: idle_limit(&Settings::default()),
        clock,
    };
    if global.demo || prints_itself {
        let (settings, warnings) = (Settings::default(), Vec::new());
        return Ok(Ground {
            environment,
            paths: None,
            settings,
            warnings,
            options,
        });
    }
    let mut warnings = Vec::new();
    let paths = match Paths::find(environment.path("TOKENSCOPE_HOME").as_deref()) {
        Ok(paths) => Some(paths),
        Err(no_home) => {
            warnings.push(no_home);
            None
        }
    };
    let level = match &global.log {
        Some(level) => Some(level.as_str()),
        None => environment.log()?,
    };
    if let (Some(paths), Some(level)) = (&paths, level) {
        warnings.extend(log::start(paths, level)?);
    }
    if let Some((text, variable)) = environment.base_url()? {
        options.base_url = base_url(text, variable)?;
    }
    let loaded = paths.as_ref().map(settings::load).transpose()?;
    let loaded = loaded.unwrap_or_default();
    warnings.extend(loaded.warnings);
    options.idle_limit = idle_limit(&loaded.settings);
    Ok(Ground {
        environment,
        paths,
        settings: loaded.settings,
        warnings,
        options,
    })
}

fn base_url(text: &str, variable: &str) -> Result<BaseUrl, Failure> {
    BaseUrl::parse(text).map_err(|error| {
        Failure::new(
            FailureKind::Usage,
            format!("{variable} cannot be used: {error}."),
            "Set it to an https URL, or to http on a loopback address.",
        )
    })
}

/// A connection is used again from one reload to the next, and not after a longer pause.
fn idle_limit(settings: &Settings) -> Duration {
    let seconds = match settings.refresh_seconds {
        0 => Settings::default().refresh_seconds,
        seconds => seconds,
    };
    Duration::from_secs(seconds)
}

fn wishes(global: &Global, for_screens: bool) -> Result<CredentialRequest, Failure> {
    Ok(CredentialRequest {
        profile: global.profile.clone(),
        scope: scope(global, for_screens)?,
        prefers_account: for_screens,
    })
}

/// The scope that the command line names.
///
/// # Errors
/// A usage failure for a malformed ID, and for an account and a zone at once, which screens take as
/// the account.
pub fn scope(global: &Global, for_screens: bool) -> Result<Option<Scope>, Failure> {
    let (kind, text) = match (&global.account, &global.zone) {
        (Some(_), Some(_)) if !for_screens => {
            return Err(Failure::new(
                FailureKind::Usage,
                "--account and --zone are both given; a token lives in one of them.",
                "Leave one of the two out.",
            ));
        }
        (Some(account), _) => (ScopeKind::Account, account),
        (None, Some(zone)) => (ScopeKind::Zone, zone),
        (None, None) => return Ok(None),
    };
    let id = ScopeId::parse(text).map_err(|error| {
        Failure::new(
            FailureKind::Usage,
            format!("--{} is malformed: {error}.", kind.word()),
            "Copy the ID from the dashboard.",
        )
    })?;
    Ok(Some(kind.with(id)))
}

/// The credential and the scope that are meant.
///
/// # Errors
/// What was said contradicts itself, or names a profile that does not exist.
pub fn selection(
    global: &Global,
    ground: &Ground,
    command: Option<&Command>,
) -> Result<ActiveCredential, Failure> {
    let mut wishes = wishes(global, command.is_none())?;
    // These need no credential, and one that cannot be used must not stop them.
    let needs_none = match command {
        Some(Command::Check(check)) => check.all_profiles,
        Some(
            Command::Profile { .. }
            | Command::Completions { .. }
            | Command::Man
            | Command::Auth {
                command: Auth::Clear,
            },
        ) => true,
        _ => global.demo,
    };
    if needs_none {
        return Ok(ActiveCredential {
            scope: wishes.scope,
            ..ActiveCredential::default()
        });
    }
    // A credential may be stored for a profile that is not in the file.
    let makes_profiles = matches!(
        command,
        Some(Command::Auth {
            command: Auth::Set { .. }
        })
    );
    if makes_profiles {
        let environment = ground.environment.without_credential();
        let is_known = |name: &String| ground.settings.profile(name).is_some();
        if !wishes.profile.as_ref().is_none_or(is_known) {
            // A new profile takes nothing over from another one.
            wishes.profile = None;
            return service::select(&wishes, &environment, &Settings::default());
        }
        return service::select(&wishes, &environment, &ground.settings);
    }
    service::select(&wishes, &ground.environment, &ground.settings)
}
