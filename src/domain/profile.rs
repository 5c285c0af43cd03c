//! A named pair of credential kind and default scope. Never a secret.

use super::base_url::BaseUrl;
use super::credential::{ActiveCredential, CredentialKind, CredentialSource, Identity};
use super::failure::{Alternative, Failure, FailureKind, ScreenHint};
use super::redaction::{self, holds_secret, misplaced};
use super::scope::Scope;
use super::status::Thresholds;
use super::text;

/// The profile that is meant when none is named.
pub const DEFAULT_PROFILE: &str = "default";

/// The keyring user under which the store is tried out; no profile may be called this.
pub const PROBE_USER: &str = "tokenscope-probe";

/// A profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its name, which is also the keyring entry's user.
    pub name: String,
    /// The kind of its credential.
    pub kind: CredentialKind,
    /// Its default scope; a hand-written profile may have none.
    pub scope: Option<Scope>,
    /// Where its secret was stored for: it goes nowhere else.
    pub base_url: BaseUrl,
}

/// Why text cannot name a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProfileName {
    /// Nothing there.
    #[error("a profile needs a name")]
    Empty,
    /// White space or invisible characters around it: nobody sees which profile is meant.
    #[error("a profile name has no blanks or invisible characters around it")]
    Blanks,
    /// Longer than 64 characters.
    #[error("a profile name has at most 64 characters")]
    Long,
    /// A character that a shell, a file or a keyring would trip over.
    #[error(
        "a profile name has letters, digits, '.', '_' and '-', and starts with a letter or digit"
    )]
    Characters,
    /// The name that the keyring probe uses.
    #[error("this name is used to try the keyring out; choose another")]
    Reserved,
    /// What looks like a credential.
    #[error("this looks like a secret, and names are kept where anybody may read them")]
    Secret,
}

/// Reads a profile's name. There is one rule for them, wherever one is written, and nothing is
/// trimmed: what is stored for `one` is not replaced by what was meant for another.
///
/// # Errors
/// [`InvalidProfileName`] says what is wrong with it.
pub fn parse_profile_name(text: &str) -> Result<String, InvalidProfileName> {
    let trimmed = text::trim_input(text);
    let starts_well = text.chars().next().is_some_and(char::is_alphanumeric);
    let is_plain = text
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'));
    match text {
        _ if trimmed.is_empty() => Err(InvalidProfileName::Empty),
        text if trimmed != text => Err(InvalidProfileName::Blanks),
        // Not every keyring tells capitals apart.
        text if text.eq_ignore_ascii_case(PROBE_USER) => Err(InvalidProfileName::Reserved),
        text if text.chars().count() > 64 => Err(InvalidProfileName::Long),
        text if starts_well && is_plain => Ok(text.to_owned()),
        _ => Err(InvalidProfileName::Characters),
    }
}

/// Reads the name of a profile that is to be made.
///
/// # Errors
/// [`InvalidProfileName`] says what is wrong with it.
pub fn parse_new_profile_name(text: &str) -> Result<String, InvalidProfileName> {
    let name = parse_profile_name(text)?;
    if holds_secret(&name) {
        return Err(InvalidProfileName::Secret);
    }
    Ok(name)
}

/// What to say of a name that no profile can have.
#[must_use]
pub fn unfit_name(name: &str, error: InvalidProfileName) -> Failure {
    if holds_secret(name) {
        return misplaced();
    }
    // What no name looks like may be a secret, and is not repeated.
    let what = match error {
        InvalidProfileName::Long => format!("--profile {}", redaction::quoted(name)),
        _ => "--profile".to_owned(),
    };
    Failure::new(
        FailureKind::Usage,
        format!("{what} cannot name a profile: {error}."),
        "Choose another --profile.",
    )
}

/// What to say where no profile has this name.
#[must_use]
pub fn no_such_profile(name: &str) -> Failure {
    if holds_secret(name) {
        return misplaced();
    }
    Failure::new(
        FailureKind::Usage,
        format!("There is no profile called {}.", redaction::quoted(name)),
        "`tokenscope profile list` shows those there are; `tokenscope auth set` makes one.",
    )
}

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

/// The address that requests go to.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The address.
    pub base_url: &'a BaseUrl,
    /// The variable that names it, where one does.
    pub variable: Option<&'a str>,
}

/// What is left to do on a screen.
const ON_SCREEN: ScreenHint = ScreenHint::Instead(
    "Store it again for this address under Profiles, or take the credential from the environment \
     too.",
);

impl Profile {
    /// Why the profile's stored secret must not go to an address; nothing where it may.
    #[must_use]
    pub fn is_kept_from(&self, target: Target<'_>) -> Option<Failure> {
        if self.base_url == *target.base_url {
            return None;
        }
        let (own, other) = told_apart(&self.base_url, target.base_url);
        let name = &self.name;
        let (names, first) = match target.variable {
            Some(variable) => (format!("{variable} names {other}"), "Store".to_owned()),
            None => (
                format!("requests go to {other}"),
                format!("Set CLOUDFLARE_BASE_URL to {}, or store", self.base_url),
            ),
        };
        Some(refusal(
            format!("The secret of profile {name} was stored for {own}, but {names}."),
            format!("{first} {}", ways_out(name, &other)),
        ))
    }

    /// The failure where the file binds the profile's secret to an address that the store knows
    /// nothing of, or another one: anybody can write a file.
    #[must_use]
    pub fn is_unproved(&self) -> Failure {
        let (name, host) = (&self.name, self.base_url.host());
        refusal(
            format!(
                "config.toml says that the secret of profile {name} was stored for {host}, but the \
                 keyring does not."
            ),
            format!("Store {}", ways_out(name, &host)),
        )
    }
}

fn refusal(summary: String, hint: String) -> Failure {
    let mut failure = Failure::new(FailureKind::Usage, summary, hint);
    failure.hint.alternative = Some(Alternative::SetVariable);
    failure.hint_on_screen = Some(ON_SCREEN);
    failure
}

/// What may follow the word *store*.
fn ways_out(profile: &str, host: &str) -> String {
    format!("the secret again for {host} with `tokenscope auth set --profile {profile}`.")
}

/// The hosts of two addresses, or the addresses themselves where their hosts are the same.
fn told_apart(one: &BaseUrl, other: &BaseUrl) -> (String, String) {
    if one.host() == other.host() {
        (one.to_string(), other.to_string())
    } else {
        (one.host(), other.host())
    }
}

impl Identity {
    /// The credential of a profile.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        Self {
            source: CredentialSource::Keyring {
                profile: profile.name.clone(),
            },
            kind: profile.kind.clone(),
        }
    }
}

impl ActiveCredential {
    /// The credential of a profile.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        Self {
            identity: Some(Identity::of(profile)),
            profile: Some(profile.name.clone()),
            scope: profile.scope.clone(),
            scope_origin: format!("profile {}", profile.name),
        }
    }
}
