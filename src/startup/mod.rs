//! Startup for both front ends: merges flags, environment and files into one [`Context`], and starts
//! the embedded demo.
//!
//! Neither the network beyond loopback nor the keyring is touched here.

pub mod flags;
pub mod output_style;

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::api::{BaseUrl, Deadlines, Options};
use crate::config::Paths;
use crate::config::themes::Themes;
use crate::config::{log, settings};
use crate::credentials::{Environment, Keyring, STORE_NAME, StoreHandle};
use crate::demo::Demo;
use crate::domain::credential::{Access, ActiveCredential, CredentialSource, Identity};
use crate::domain::credential_command::CredentialCommand;
use crate::domain::failure::{Failure, FailureKind, OverridingFlag};
use crate::domain::profile::{Settings, invalid_profile_name, parse_profile_name};
use crate::service::{self, CredentialRequest, TokenService};
use flags::Flags;
use output_style::OutputStyle;

/// Maximum time a command waits for the keyring. The API needs the rest of the timeout.
const KEYRING_WAIT: Duration = Duration::from_secs(5);
/// How long a person may take to unlock the keyring; this is not counted against a timeout.
const UNLOCK_WAIT: Duration = Duration::from_secs(60);

/// The parts of a context that a front end needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Everything, for the screens.
    Screens,
    /// The credential in use.
    Credential,
    /// The credentials of all profiles, not the one in use.
    EveryProfile,
    /// A profile to store a credential for. It may be new, and the environment's credential does not
    /// matter.
    ProfileToStore,
    /// Settings only: an unusable credential must not stop the command.
    Settings,
    /// Nothing: the output is built in.
    Nothing,
}

/// The starting point of a command or the screens.
pub struct Context {
    pub flags: Flags,
    pub environment: Environment,
    /// The location of the files; `None` for the demo or without a home directory.
    pub paths: Option<Paths>,
    pub settings: Settings,
    /// The credential and scope in use.
    pub credential: ActiveCredential,
    pub service: Arc<TokenService>,
    pub style: OutputStyle,
    /// The themes that exist.
    pub themes: Themes,
    demo: Option<RunningDemo>,
}

impl Context {
    /// Reads flags, environment and files. Non-fatal problems go to `warnings`, even if this fails.
    ///
    /// # Errors
    /// Flags, an environment or files that cannot be used; a profile that does not exist.
    pub fn prepare(
        flags: Flags,
        needs: Needs,
        environment: Environment,
        clock: fn() -> DateTime<Utc>,
        warnings: &mut Vec<Failure>,
    ) -> Result<Self, Failure> {
        if let Some(name) = &flags.profile {
            parse_profile_name(name).map_err(|error| invalid_profile_name(name, error))?;
        }
        let mut target = BaseUrl::default();
        let mut paths = None;
        let mut settings = Settings::default();
        if !flags.demo && needs != Needs::Nothing {
            paths = Paths::find(environment.path("TOKENSCOPE_HOME").as_deref())
                .map_err(|no_home| warnings.push(no_home))
                .ok();
            start_log(&flags, &environment, paths.as_ref(), warnings)?;
            if let Some((text, variable)) = environment.base_url()? {
                target = base_url(text, variable)?;
            }
            if let Some(paths) = &paths {
                let loaded = settings::load(paths)?;
                settings = loaded.settings;
                warnings.extend(loaded.warnings);
            }
        }
        let themes = themes(&flags, needs, paths.as_ref())?;
        let credential = select_credential(&flags, needs, &environment, &settings)?;
        log_start(&credential, &target);
        warnings.extend(overlooked(&environment, &credential, paths.is_some()));
        let options = Options {
            base_url: target,
            ca_file: flags.ca_file.clone(),
            use_system_proxy: true,
            idle_limit: idle_limit(&settings),
            clock,
        };
        let service = TokenService::new(
            options,
            keyring(needs),
            environment.clone(),
            paths.clone(),
            deadlines(&flags, needs),
        )
        .overridden_by(overriding_flag(&flags, needs));
        Ok(Self {
            style: output_style::style(&flags, &environment, &settings),
            flags,
            environment,
            paths,
            settings,
            themes,
            credential,
            service: Arc::new(service),
            demo: None,
        })
    }

    /// The command that prints the credential in use, if one does.
    pub fn command(&self) -> Option<&CredentialCommand> {
        let CredentialSource::Command { profile } = self.credential.source()? else {
            return None;
        };
        self.settings.command_of(profile)
    }

    /// Starts the demo where it was asked for; from then on the context is the demo's.
    ///
    /// # Errors
    /// The demo's server cannot listen on loopback.
    pub async fn connected(mut self) -> Result<Self, Failure> {
        if self.flags.demo {
            let demo = start_demo(&self.service).await?;
            demo.service.start_command();
            self.service = demo.service.clone();
            self.credential.identity = Some(demo.access.identity.clone());
            let scope = &mut self.credential.scope;
            scope.get_or_insert_with(|| demo.access.scope.clone());
            self.demo = Some(demo);
        }
        Ok(self)
    }
}

/// The running demo. Its server stops when this is dropped.
pub struct RunningDemo {
    /// Sends to the demo's server only, and keeps secrets in memory.
    pub service: Arc<TokenService>,
    /// The demo's credential and account.
    pub access: Access,
    _server: Demo,
}

/// Starts the demo with the deadlines and clock of an existing service.
///
/// # Errors
/// The server cannot listen on loopback.
pub async fn start_demo(beside: &TokenService) -> Result<RunningDemo, Failure> {
    let server = Demo::start(beside.now())
        .await
        .map_err(|error| cannot_start(&error))?;
    let base_url = BaseUrl::parse(&server.base_url).map_err(|error| cannot_start(&error))?;
    let service = beside.for_server(base_url).probing_at(server.address);
    service.hold(server.credential.clone());
    let access = Access {
        identity: Identity {
            source: CredentialSource::Demo,
            kind: server.credential.kind.clone(),
        },
        scope: server.scope.clone(),
    };
    Ok(RunningDemo {
        service: Arc::new(service),
        access,
        _server: server,
    })
}

fn cannot_start(cause: &impl ToString) -> Failure {
    Failure::new(
        FailureKind::Network,
        "The demo's server could not be started on loopback.",
        "Check that programs may listen on 127.0.0.1.",
    )
    .caused_by(cause)
}

/// The themes that exist, if the one of the flags is among them.
fn themes(flags: &Flags, needs: Needs, paths: Option<&Paths>) -> Result<Themes, Failure> {
    let beside = |paths: &Paths| Themes::beside(&paths.config_file());
    let themes = paths.map_or_else(Themes::default, beside);
    match output_style::unknown_theme(flags, &themes) {
        Some(unknown) if needs != Needs::Nothing => Err(unknown),
        _ => Ok(themes),
    }
}

fn start_log(
    flags: &Flags,
    environment: &Environment,
    paths: Option<&Paths>,
    warnings: &mut Vec<Failure>,
) -> Result<(), Failure> {
    let level = match &flags.log {
        Some(level) => Some(level.as_str()),
        None => environment.log()?,
    };
    if let (Some(paths), Some(level)) = (paths, level) {
        warnings.extend(log::start(paths, level)?);
    }
    Ok(())
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

/// Keeps connections open until the next automatic reload, and no longer.
fn idle_limit(settings: &Settings) -> Duration {
    let seconds = match settings.refresh_seconds {
        0 => Settings::default().refresh_seconds,
        seconds => seconds,
    };
    Duration::from_secs(seconds)
}

fn deadlines(flags: &Flags, needs: Needs) -> Deadlines {
    let timeout = Duration::from_secs(flags.timeout);
    let for_command = Some(KEYRING_WAIT).filter(|_| needs != Needs::Screens);
    Deadlines {
        timeout,
        keyring: for_command.map_or(timeout, |wait| wait.min(timeout)),
        end: None,
    }
}

/// The keyring. It may prompt for its password only if the user can be told to expect that.
fn keyring(needs: Needs) -> StoreHandle {
    let store = StoreHandle::start(|prompts| Box::new(Keyring::new(prompts)));
    if needs == Needs::Screens || io::stderr().is_terminal() {
        store.with_prompt_timeout(UNLOCK_WAIT)
    } else {
        store
    }
}

/// The flag that takes precedence over the environment's credential: a hint to set a variable would
/// not help then.
fn overriding_flag(flags: &Flags, needs: Needs) -> Option<OverridingFlag> {
    match needs {
        _ if flags.profile.is_some() => Some(OverridingFlag::Profile),
        Needs::EveryProfile => Some(OverridingFlag::AllProfiles),
        _ => None,
    }
}

fn select_credential(
    flags: &Flags,
    needs: Needs,
    environment: &Environment,
    settings: &Settings,
) -> Result<ActiveCredential, Failure> {
    let mut request = CredentialRequest {
        profile: flags.profile.clone(),
        scope: flags.scope(needs == Needs::Screens)?,
        prefers_account: needs == Needs::Screens,
    };
    match needs {
        Needs::Screens | Needs::Credential if !flags.demo => {
            service::select(&request, environment, settings)
        }
        Needs::ProfileToStore if !flags.demo => {
            let environment = environment.without_credential();
            let is_known = |name: &String| settings.profile(name).is_some();
            if request.profile.as_ref().is_none_or(is_known) {
                return service::select(&request, &environment, settings);
            }
            // A new profile inherits nothing from an existing one.
            request.profile = None;
            service::select(&request, &environment, &Settings::default())
        }
        _ => Ok(ActiveCredential {
            scope: request.scope,
            ..ActiveCredential::default()
        }),
    }
}

/// Logs which credential the run uses, and the host alone: the path of a base URL may contain
/// anything.
fn log_start(credential: &ActiveCredential, base_url: &BaseUrl) {
    let source = match credential.source() {
        Some(CredentialSource::Environment { variable }) => format!("environment, {variable}"),
        Some(CredentialSource::Keyring { profile }) => format!("{STORE_NAME}, profile {profile}"),
        Some(CredentialSource::Command { profile }) => format!("command, profile {profile}"),
        Some(CredentialSource::Session) => "session".to_owned(),
        Some(CredentialSource::Demo) => "demo".to_owned(),
        None => "none".to_owned(),
    };
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        credential = source,
        base_url = base_url.host(),
        "started"
    );
}

/// Warns of variables that are set and have no effect, because another one takes precedence.
fn overlooked(
    environment: &Environment,
    credential: &ActiveCredential,
    has_files: bool,
) -> Vec<Failure> {
    let source = credential.source();
    let mut sentences = match source {
        Some(CredentialSource::Environment { .. }) => environment.overlooked(),
        _ => Vec::new(),
    };
    // The demo and built-in output use no base URL.
    if source.is_some() || has_files {
        sentences.extend(environment.overlooked_base_url());
    }
    let warning = |text| Failure::new(FailureKind::Usage, text, "Unset the wrong one.");
    sentences.into_iter().map(warning).collect()
}
