//! Which credential and which scope are meant, of all that are set.
//!
//! Not here: reading any of the sources.

use super::credentials::no_credential;
use crate::credentials::Environment;
use crate::domain::credential::{ActiveCredential, CredentialSource, Identity};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::profile::{Profile, Settings, no_such_profile};
use crate::domain::redaction;
use crate::domain::scope::{Scope, ScopeKind};

/// How many profiles a sentence names.
const MOST_NAMED: usize = 8;

/// What was said on the command line about the credential and the scope.
#[derive(Debug, Clone, Default)]
pub struct CredentialRequest {
    /// The profile, where one was named.
    pub profile: Option<String>,
    /// The scope, where one was given.
    pub scope: Option<Scope>,
    /// Whether the account is meant where account and zone are both set: screens can be corrected,
    /// commands cannot.
    pub prefers_account: bool,
}

/// Chooses credential and scope apart from each other; the first that is set wins.
///
/// # Errors
/// A profile that does not exist, and environment variables that contradict each other.
pub fn select(
    wishes: &CredentialRequest,
    environment: &Environment,
    settings: &Settings,
) -> Result<ActiveCredential, Failure> {
    let named = match &wishes.profile {
        Some(name) => Some(
            settings
                .profile(name)
                .ok_or_else(|| no_such_profile(name))?,
        ),
        None => None,
    };
    let default = settings.profile(&settings.default_profile);
    let mut selection = ActiveCredential::default();
    let from_profile = |profile: &Profile| Identity {
        source: CredentialSource::Keyring {
            profile: profile.name.clone(),
        },
        kind: profile.kind.clone(),
    };
    if let Some(profile) = named {
        selection.identity = Some(from_profile(profile));
        selection.profile = Some(profile.name.clone());
    } else if let Some(found) = environment.credential()? {
        let source = CredentialSource::Environment {
            variable: found.variable,
        };
        selection.identity = Some(Identity {
            source,
            kind: found.credential.kind,
        });
    } else if let Some(profile) = default {
        selection.identity = Some(from_profile(profile));
        selection.profile = Some(profile.name.clone());
    }
    let (scope, origin) = select_scope(wishes, named, environment, default)?;
    selection.scope = scope;
    selection.scope_origin = origin;
    Ok(selection)
}

fn select_scope(
    wishes: &CredentialRequest,
    named: Option<&Profile>,
    environment: &Environment,
    default: Option<&Profile>,
) -> Result<(Option<Scope>, String), Failure> {
    let of = |profile: &Profile| {
        Some((
            Some(profile.scope.clone()?),
            format!("profile {}", profile.name),
        ))
    };
    if let Some(scope) = &wishes.scope {
        return Ok((Some(scope.clone()), format!("--{}", scope.kind().word())));
    }
    if let Some(found) = named.and_then(of) {
        return Ok(found);
    }
    let from_environment = match environment.scope_of(ScopeKind::Account)? {
        Some(account) if wishes.prefers_account => Some(account),
        _ => environment.scope()?,
    };
    if let Some((scope, variable)) = from_environment {
        return Ok((Some(scope), variable.to_owned()));
    }
    Ok(default.and_then(of).unwrap_or_default())
}

/// What to say where [`select`] found no credential.
#[must_use]
pub fn nothing_selected(settings: &Settings) -> Failure {
    no_default(settings).unwrap_or_else(no_credential)
}

/// What to say where there are profiles, and the one that is used when none is named is not among
/// them.
#[must_use]
pub fn no_default(settings: &Settings) -> Option<Failure> {
    let name = &settings.default_profile;
    if settings.profiles.is_empty() || settings.profile(name).is_some() {
        return None;
    }
    let mut names = settings
        .profiles
        .iter()
        .map(|profile| profile.name.as_str());
    let mut known: Vec<&str> = names.by_ref().take(MOST_NAMED).collect();
    if names.next().is_some() {
        known.push("others");
    }
    let verb = if known.len() == 1 { "is" } else { "are" };
    Some(Failure::new(
        FailureKind::NoCredential,
        format!(
            "The default profile, {}, does not exist; there {verb} {}.",
            redaction::quoted(name),
            known.join(", ")
        ),
        "Name one with --profile, or make one the default with `tokenscope profile use NAME`.",
    ))
}
