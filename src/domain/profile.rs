//! The settings of `config.toml` and its profiles, and which secrets may go to which address. Data
//! only: never a secret.

use super::credential::{ActiveCredential, CredentialKind, CredentialSource, Identity};
use super::credential_command::CredentialCommand;
use super::failure::{Alternative, Failure, FailureKind, ScreenHint, misplaced};
use super::redaction::{self, holds_secret};
use super::scope::{BaseUrl, Scope};
use super::status::Thresholds;
use super::text;

/// The profile to use if the command line names none.
pub const DEFAULT_PROFILE: &str = "default";

/// The theme that depends on the terminal's background.
pub const AUTO: &str = "auto";

/// The keyring user for trial entries. No profile may have this name.
pub const PROBE_USER: &str = "tokenscope-probe";

/// A named credential with a default scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Also the user of the keyring entry.
    pub name: String,
    pub kind: CredentialKind,
    /// A hand-written profile may have none.
    pub scope: Option<Scope>,
    /// The name of the account or zone, if the API has told it. Untrusted text. `None` keeps the
    /// name in the file as long as the scope stays the same.
    pub scope_name: Option<String>,
    /// The address that the secret was stored for. It is sent nowhere else.
    pub base_url: BaseUrl,
    /// The command that prints the secret, which is then not in the keyring. Only people write it:
    /// `None` keeps the one in the file.
    pub command: Option<CredentialCommand>,
}

/// Why a string cannot name a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProfileName {
    #[error("a profile needs a name")]
    Empty,
    /// Such a name is ambiguous to the eye.
    #[error("a profile name must not begin or end with blanks or invisible characters")]
    Blanks,
    #[error("a profile name has at most 64 characters")]
    Long,
    /// A character that a shell, a file or a keyring cannot handle.
    #[error(
        "a profile name consists of letters, digits, '.', '_' and '-', and begins with a letter or digit"
    )]
    Characters,
    #[error("this name is reserved for trying out the keyring; choose another")]
    Reserved,
    #[error("this looks like a secret, and anybody can read profile names")]
    Secret,
}

/// Reads a profile's name. Applies the same rule everywhere, and trims nothing: a name with a space
/// too many must not replace the secret of another profile.
///
/// # Errors
/// [`InvalidProfileName`] says what is wrong.
pub fn parse_profile_name(text: &str) -> Result<String, InvalidProfileName> {
    let trimmed = text::trim_input(text);
    let starts_well = text.starts_with(char::is_alphanumeric);
    let is_plain = text
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'));
    match text {
        _ if trimmed.is_empty() => Err(InvalidProfileName::Empty),
        text if trimmed != text => Err(InvalidProfileName::Blanks),
        // Not every keyring distinguishes case.
        text if text.eq_ignore_ascii_case(PROBE_USER) => Err(InvalidProfileName::Reserved),
        text if text.chars().count() > 64 => Err(InvalidProfileName::Long),
        text if starts_well && is_plain => Ok(text.to_owned()),
        _ => Err(InvalidProfileName::Characters),
    }
}

/// Reads the name of a new profile.
///
/// # Errors
/// [`InvalidProfileName`] says what is wrong.
pub fn parse_new_profile_name(text: &str) -> Result<String, InvalidProfileName> {
    let name = parse_profile_name(text)?;
    if holds_secret(&name) {
        return Err(InvalidProfileName::Secret);
    }
    Ok(name)
}

/// The failure for a name that no profile can have.
pub fn invalid_profile_name(name: &str, error: InvalidProfileName) -> Failure {
    if holds_secret(name) {
        return misplaced();
    }
    // Text that does not resemble a name may be a secret, so it is not repeated.
    let what = if error == InvalidProfileName::Long {
        format!("--profile {}", redaction::quoted(name))
    } else {
        "--profile".to_owned()
    };
    Failure::new(
        FailureKind::Usage,
        format!("{what} is not a valid profile name: {error}."),
        "Choose another --profile.",
    )
}

/// The failure for a name that no profile has.
pub fn no_such_profile(name: &str) -> Failure {
    if holds_secret(name) {
        return misplaced();
    }
    Failure::new(
        FailureKind::Usage,
        format!("Profile {} does not exist.", redaction::quoted(name)),
        "List the profiles with `tokenscope profile list`, or create one with `tokenscope auth set`.",
    )
}

impl Identity {
    /// The credential of a profile.
    pub fn of(profile: &Profile) -> Self {
        let name = profile.name.clone();
        Self {
            source: match profile.command {
                Some(_) => CredentialSource::Command { profile: name },
                None => CredentialSource::Keyring { profile: name },
            },
            kind: profile.kind.clone(),
        }
    }
}

impl ActiveCredential {
    /// The credential of a profile.
    pub fn of(profile: &Profile) -> Self {
        Self {
            identity: Some(Identity::of(profile)),
            profile: Some(profile.name.clone()),
            scope: profile.scope.clone(),
            scope_origin: format!("profile {}", profile.name),
        }
    }
}

/// The address that requests go to.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    pub base_url: &'a BaseUrl,
    /// The environment variable that names it, if one does.
    pub variable: Option<&'a str>,
}

impl Profile {
    /// The failure if the profile's secret must not go to an address. A stored secret is bound to the
    /// address it was stored for, so that a variable cannot redirect it.
    pub fn binding_failure(&self, target: Target<'_>) -> Option<Failure> {
        if self.base_url == *target.base_url {
            return None;
        }
        let (mut own, mut other) = (self.base_url.host(), target.base_url.host());
        if own == other {
            (own, other) = (self.base_url.to_string(), target.base_url.to_string());
        }
        let name = &self.name;
        let (names, set) = match target.variable {
            Some(variable) => (format!("{variable} names {other}"), None),
            None => (
                format!("requests go to {other}"),
                Some(format!("Set CLOUDFLARE_BASE_URL to {}", self.base_url)),
            ),
        };
        if self.command.is_none() {
            let summary =
                format!("The secret of profile {name} was stored for {own}, but {names}.");
            let store = set.map_or("Store".to_owned(), |set| format!("{set}, or store"));
            return Some(self.bound_secret_failure(summary, &store, &other));
        }
        let unset = || format!("Unset {}", target.variable.unwrap_or_default());
        let (way_out, address) = (set.unwrap_or_else(unset), target.base_url);
        Some(Failure::new(
            FailureKind::Usage,
            format!("The credential of profile {name} is for {own}, but {names}."),
            format!("{way_out}, or set `base_url` of the profile to {address} in config.toml."),
        ))
    }

    /// The failure if `config.toml` binds the profile's secret to an address that the keyring does not
    /// confirm: anybody can write a file.
    pub fn unconfirmed_binding(&self) -> Failure {
        let (name, host) = (&self.name, self.base_url.host());
        self.bound_secret_failure(
            format!(
                "config.toml says that the secret of profile {name} was stored for {host}, but the keyring does not confirm it."
            ),
            "Store",
            &host,
        )
    }

    fn bound_secret_failure(&self, summary: String, store: &str, host: &str) -> Failure {
        let hint = format!(
            "{store} the secret again for {host} with `tokenscope auth set --profile {}`.",
            self.name
        );
        let mut failure = Failure::new(FailureKind::Usage, summary, hint);
        failure.hint.alternative = Some(Alternative::SetVariable);
        failure.hint_on_screen = Some(ScreenHint::Instead(
            "Store it again for this address under Profiles, or take the credential from the \
             environment too.",
        ));
        failure
    }
}

/// The settings of `config.toml`, with defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The profile to use if the command line names none.
    pub default_profile: String,
    /// `auto`, a built-in theme, or a file of the user's.
    pub theme: String,
    /// `None` lets the locale decide.
    pub ascii: Option<bool>,
    /// Ring the terminal's bell when a token crosses a threshold.
    pub bell: bool,
    /// Show how many tokens need attention in the terminal's title.
    pub title: bool,
    /// Send a desktop notification when a token crosses a threshold.
    pub notify: bool,
    /// Use the mouse's wheel and clicks.
    pub mouse: bool,
    /// Show no seconds and no spinner.
    pub calm: bool,
    /// Seconds between automatic reloads; 0 turns them off.
    pub refresh_seconds: u64,
    pub thresholds: Thresholds,
    /// In the order of the file.
    pub profiles: Vec<Profile>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_profile: DEFAULT_PROFILE.to_owned(),
            theme: AUTO.to_owned(),
            ascii: None,
            bell: false,
            title: true,
            notify: false,
            mouse: false,
            calm: false,
            refresh_seconds: 60,
            thresholds: Thresholds::default(),
            profiles: Vec::new(),
        }
    }
}

impl Settings {
    /// The profile of a name.
    pub fn profile(&self, name: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.name == name)
    }

    /// The command that prints a profile's secret, if one does.
    pub fn command_of(&self, name: &str) -> Option<&CredentialCommand> {
        self.profile(name)?.command.as_ref()
    }
}
