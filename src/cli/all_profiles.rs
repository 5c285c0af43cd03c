//! The tokens of all profiles in `config.toml`, for the commands that take `--all-profiles`.

use std::collections::HashSet;
use std::sync::Arc;

use super::fetch::access;
use super::progress::wait_for;
use crate::domain::credential::Access;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::{Fetched, ServerClock, Tokens};
use crate::domain::list_report::{Origin, ProfileOutcome};
use crate::domain::token::ServiceToken;
use crate::service::{CredentialRequest, select};
use crate::startup::Context;

/// The names of all profiles, and what each reads.
pub(super) type ProfileAccesses = (Vec<String>, Vec<Result<Access, Failure>>);

/// The tokens of all profiles.
pub(super) struct ProfileTokens {
    /// Each with the profile that it was read with; one that several profiles see comes once.
    pub(super) tokens: Vec<(Arc<Origin>, Arc<ServiceToken>)>,
    /// In the order of `config.toml`.
    pub(super) outcomes: Vec<ProfileOutcome>,
    pub(super) clock: ServerClock,
}

/// The access of each profile.
///
/// # Errors
/// There is no profile, or something on the command line is about one scope: `other` names it unless it
/// is a flag of all commands.
pub(super) fn accesses(context: &Context, other: Option<&str>) -> Result<ProfileAccesses, Failure> {
    refuse_contradictions(context, other)?;
    let profiles = context.settings.profiles.iter();
    let names: Vec<String> = profiles.map(|profile| profile.name.clone()).collect();
    if names.is_empty() {
        return Err(Failure::new(
            FailureKind::NoCredential,
            "config.toml has no profiles.",
            "Create one with `tokenscope auth set`.",
        ));
    }
    let mut profiles = context.settings.profiles.iter();
    if profiles.any(|profile| profile.command.is_some()) {
        wait_for("the credentials of the profiles");
    }
    let accesses = names.iter().map(|name| access_of_profile(name, context));
    let accesses = accesses.collect();
    Ok((names, accesses))
}

fn refuse_contradictions(context: &Context, other: Option<&str>) -> Result<(), Failure> {
    let other = match other {
        Some(other) => other,
        None if context.flags.profile.is_some() => "--profile",
        None if context.credential.scope.is_some() => "--account or --zone",
        None if context.flags.demo => "--demo",
        None => return Ok(()),
    };
    Err(Failure::new(
        FailureKind::Usage,
        format!("--all-profiles cannot be combined with {other}."),
        "Pass only one.",
    ))
}

fn access_of_profile(name: &str, context: &Context) -> Result<Access, Failure> {
    let request = CredentialRequest {
        profile: Some(name.to_owned()),
        ..CredentialRequest::default()
    };
    let chosen = select(&request, &context.environment, &context.settings)?;
    access(chosen.identity, chosen.scope, &context.settings)
}

/// Combines the answers to all profiles. `of_empty` says why an empty list counts as incomplete, if
/// it does.
pub(super) fn combine(
    (names, accesses): ProfileAccesses,
    answers: impl IntoIterator<Item = Result<Fetched<Tokens>, Failure>>,
    of_empty: Option<&str>,
) -> ProfileTokens {
    let mut all = ProfileTokens {
        tokens: Vec::new(),
        outcomes: Vec::new(),
        clock: ServerClock::default(),
    };
    let mut seen = HashSet::new();
    for ((profile, access), answer) in names.into_iter().zip(accesses).zip(answers) {
        let mut outcome = ProfileOutcome {
            profile,
            scope: access.ok().map(|access| access.scope),
            count: 0,
            incomplete: None,
            error: None,
        };
        match (answer, &outcome.scope) {
            (Ok(listed), Some(scope)) => {
                all.clock = all.clock.or(listed.clock);
                let empty = of_empty.filter(|_| listed.value.is_empty());
                let gap = listed.gap.map(|gap| gap.reason);
                outcome.incomplete = gap.or_else(|| empty.map(str::to_owned));
                let origin = Arc::new(Origin {
                    profile: outcome.profile.clone(),
                    scope: scope.clone(),
                });
                let fresh = listed.value.into_iter().filter(|token| {
                    let id = token.id_text();
                    id.is_empty() || seen.insert((scope.clone(), id.to_owned()))
                });
                let before = all.tokens.len();
                all.tokens
                    .extend(fresh.map(|token| (Arc::clone(&origin), token)));
                outcome.count = all.tokens.len() - before;
            }
            (answer, _) => outcome.error = answer.err(),
        }
        all.outcomes.push(outcome);
    }
    all
}

/// Why the lists of the profiles are incomplete, as a sentence fragment.
pub(super) fn doubts(outcomes: &[ProfileOutcome]) -> Option<String> {
    let doubts: Vec<String> = outcomes
        .iter()
        .filter_map(|outcome| {
            let failed = outcome.error.as_ref().map(Failure::fragment);
            let why = outcome.incomplete.as_deref().or(failed)?;
            Some(format!("profile {}: {why}", outcome.profile))
        })
        .collect();
    (!doubts.is_empty()).then(|| doubts.join("; "))
}
