//! The credentials that commands print. A command runs at most once for each run of the program, and
//! only if nobody else could have written it.

use tokio::time::Instant;

use super::token_service::TokenService;
use crate::config::settings;
use crate::credentials::{CommandRun, check_program, run_command};
use crate::domain::credential_command::CredentialCommand;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::profile::Profile;

impl TokenService {
    /// Forgets what a profile's command printed: the next request runs it again.
    pub fn forget_printed(&self, profile: &str) {
        self.printed.forget(profile);
    }

    /// The run of a profile's command, which begins once it is awaited.
    ///
    /// # Errors
    /// `config`, if others may write to `config.toml`; `usage`, if the secret may not go where requests go.
    /// The run itself has the command's failure.
    pub(super) fn run_of(&self, name: &str) -> Result<CommandRun, Failure> {
        let (profile, command) = self.command_of(name)?;
        self.check_command(&profile)?;
        self.tell_of_foreign_host("the credential", name);
        let deadlines = self.deadlines();
        let deadline = deadlines
            .end
            // A person may have to unlock something in a window of its own.
            .unwrap_or_else(|| Instant::now() + 2 * deadlines.timeout);
        let name = name.to_owned();
        let run = async move {
            tracing::debug!(profile = name, "credential command: run");
            let printed = run_command(&command, deadline).await;
            printed.map_err(|error| error.for_profile(&name, &command))
        };
        Ok(Box::pin(run))
    }

    /// Reads the profile again, since it may have changed since the start.
    fn command_of(&self, name: &str) -> Result<(Profile, CredentialCommand), Failure> {
        let settings = self.settings()?;
        let profile = settings.profile(name).cloned();
        let found = profile.and_then(|profile| Some((profile.clone(), profile.command?)));
        found.ok_or_else(|| {
            Failure::new(
                FailureKind::Config,
                format!("Profile {name} has no `credential_command` any more."),
                "Start tokenscope again.",
            )
        })
    }

    /// Checks, without running it, that the command of a profile may be run, and that what it prints
    /// may go where requests go. Whoever writes `config.toml` decides what runs, so its `base_url`
    /// needs no confirmation by the keyring.
    ///
    /// # Errors
    /// `config`, if others may write to `config.toml`; `usage`, if the profile is for another address.
    pub fn check_command(&self, profile: &Profile) -> Result<(), Failure> {
        if let Some(exposure) = settings::exposure(self.paths()?) {
            return Err(Failure::new(
                FailureKind::Config,
                format!(
                    "The credential command of profile {} is not run: {}",
                    profile.name, exposure.summary
                ),
                exposure.hint,
            ));
        }
        let failure = profile.binding_failure(self.target());
        failure.map_or(Ok(()), |failure| Err(self.with_applicable_hint(failure)))
    }

    /// Whether the program of a profile's command is there, without running it.
    ///
    /// # Errors
    /// The failure that running it would have.
    pub fn check_program(&self, profile: &Profile) -> Result<(), Failure> {
        let Some(command) = &profile.command else {
            return Ok(());
        };
        let path = self.environment.path("PATH");
        let checked = check_program(command, path.as_deref());
        checked.map_err(|error| error.for_profile(&profile.name, command))
    }

    /// Refuses to store a secret for a profile whose credential comes from a command: it would never
    /// be used.
    ///
    /// # Errors
    /// `usage`, if the profile has a command.
    pub fn refuse_to_store(&self, name: &str) -> Result<(), Failure> {
        if self.paths.is_none() {
            return Ok(());
        }
        let settings = self.settings()?;
        let command = settings.command_of(name);
        command.map_or(Ok(()), |command| Err(not_in_keyring(name, command)))
    }
}

/// The failure of a change that only a secret in the keyring allows.
fn not_in_keyring(name: &str, command: &CredentialCommand) -> Failure {
    Failure::new(
        FailureKind::Usage,
        format!(
            "The credential of profile {name} comes from a command, {}, not from the keyring.",
            command.program()
        ),
        "Change `credential_command` in config.toml, or delete it to use the keyring.",
    )
}
