//! A named pair of credential kind and default scope. Never a secret.

use super::base_url::BaseUrl;
use super::credential::CredentialKind;
use super::failure::{Failure, FailureKind};
use super::redaction;
use super::redaction::{holds_secret, misplaced};
use super::scope::Scope;
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
