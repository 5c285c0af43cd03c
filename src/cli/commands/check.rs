//! The command that monitoring runs: reads the named, or all, tokens and judges them.
//!
//! What cannot be read is never passed over: it makes the verdict at least unknown. Not here: the
//! verdict itself (`check_result`), or the form of the output (`output`).

use std::collections::HashSet;
use std::sync::Arc;

use super::exclude::Excluded;
use super::get;
use super::named::{Named, named_tokens};
use crate::cli::args::Check;
use crate::cli::check_result::{CheckEntry, CheckResult, NONE_LISTED, ProfileRead, fragment};
use crate::cli::error_report::{ErrorReporter, warn_beside_check};
use crate::cli::fetch::{Fetcher, access};
use crate::cli::output::OutputFormat;
use crate::cli::output::print::print;
use crate::cli::output::report::Report;
use crate::config::log;
use crate::domain::credential::Access;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::{Fetched, Tokens};
use crate::domain::scope::Scope;
use crate::domain::token::{ServiceToken, TokenRef};
use crate::service::{CredentialRequest, select};
use crate::startup::Context;

pub(super) async fn check(
    context: Context,
    wanted: &Check,
    reporter: ErrorReporter,
    out: &mut Vec<u8>,
) -> Result<u8, Failure> {
    let style = context.style;
    let mut checkup = if wanted.all_profiles {
        all_profiles(context, wanted).await?
    } else {
        one_credential(context, wanted).await?
    };
    checkup.read = checkup.entries.len();
    let subjects = checkup.entries.iter().map(|entry| entry.subject.as_ref());
    subjects.filter_map(Result::err).for_each(log::failed);
    let profiles = checkup.profiles.iter().flatten();
    let errors = profiles.filter_map(|read| read.error.as_ref());
    errors.chain(&checkup.error).for_each(log::failed);
    let context = checkup.context;
    let excluded: Vec<Excluded<'_>> = wanted.exclude.iter().map(Excluded::parse).collect();
    let unused: Vec<_> = excluded
        .iter()
        .filter(|one| checkup.error.is_none() && !checkup.entries.iter().any(|it| one.is(it)))
        .collect();
    checkup.entries.retain(|entry| {
        // What could not be had is never left out for its status, which nobody knows.
        let is_ignored = entry.subject.is_ok() && wanted.ignore.contains(&entry.status(context));
        !is_ignored && !excluded.iter().any(|one| one.is(entry))
    });
    for read in checkup.profiles.iter_mut().flatten() {
        let of = |entry: &&CheckEntry| entry.profile.as_ref() == Some(&read.name);
        read.count = checkup.entries.iter().filter(of).count();
    }
    checkup.sort();
    print(Report::Check(&checkup), wanted.output, out, style)?;
    if let Some(failure) = &checkup.error {
        reporter.report_hint(failure);
    }
    if let Some(why) = &checkup.incomplete {
        warn_beside_check(&format!("the list is incomplete: {why}"));
    }
    unused.into_iter().for_each(Excluded::warn_of_unused);
    Ok(checkup.verdict().exit_code())
}

fn is_table(wanted: &Check) -> bool {
    wanted.output == OutputFormat::Table
}

async fn one_credential(context: Context, wanted: &Check) -> Result<CheckResult, Failure> {
    let named = wanted
        .tokens
        .iter()
        .map(|text| Ok((text.clone(), get::parse(text)?)))
        .collect::<Result<Vec<_>, Failure>>()?;
    let fetcher = Fetcher::new(context).await?;
    if named.is_empty() {
        let access = fetcher.access(None)?;
        let listed = fetcher.list(&access, &mut |_| {}).await?;
        let context = fetcher.evaluation_context(listed.clock.offset(), is_table(wanted));
        let tokens = listed.value.into_iter();
        return Ok(CheckResult {
            entries: tokens.map(|token| found(&access.scope, token)).collect(),
            read: 0,
            profiles: None,
            incomplete: listed.gap.map(|gap| gap.reason),
            error: None,
            context,
            scope: Some(access.scope),
        });
    }
    these(&fetcher, named, is_table(wanted)).await
}

fn found(scope: &Scope, token: Arc<ServiceToken>) -> CheckEntry {
    CheckEntry {
        requested: None,
        requested_id: None,
        profile: None,
        scope: scope.clone(),
        subject: Ok(token),
    }
}

/// The named tokens, each with its own outcome.
async fn these(
    fetcher: &Fetcher,
    named: Vec<(String, TokenRef)>,
    is_for_people: bool,
) -> Result<CheckResult, Failure> {
    let Named {
        entries,
        measured,
        incomplete,
    } = named_tokens(fetcher, named).await?;
    let context = fetcher.evaluation_context(measured, is_for_people);
    let scopes: HashSet<&Scope> = entries.iter().map(|entry| &entry.scope).collect();
    let scope = (scopes.len() == 1)
        .then(|| entries[0].scope.clone())
        .filter(|_| !entries.is_empty());
    if let Some(failure) = nothing_was_read(&entries) {
        return Ok(CheckResult::failed(failure, scope, context));
    }
    Ok(CheckResult {
        scope,
        entries,
        read: 0,
        profiles: None,
        incomplete,
        error: None,
        context,
    })
}

/// The failure that kept everything from being read.
fn nothing_was_read(entries: &[CheckEntry]) -> Option<Failure> {
    if !entries.iter().all(CheckEntry::is_unread) {
        return None;
    }
    let mut failures = entries.iter().filter_map(|it| it.subject.as_ref().err());
    failures.next().cloned()
}

/// The tokens of every profile, read at once. A profile that fails hides no other.
async fn all_profiles(context: Context, wanted: &Check) -> Result<CheckResult, Failure> {
    refuse_contradictions(&context, wanted)?;
    let names: Vec<String> = context
        .settings
        .profiles
        .iter()
        .map(|profile| profile.name.clone())
        .collect();
    if names.is_empty() {
        return Err(Failure::new(
            FailureKind::NoCredential,
            "There is no profile in config.toml.",
            "Make one with `tokenscope auth set`.",
        ));
    }
    let accesses: Vec<Result<Access, Failure>> = names
        .iter()
        .map(|name| {
            let wishes = CredentialRequest {
                profile: Some(name.clone()),
                ..CredentialRequest::default()
            };
            let chosen = select(&wishes, &context.environment, &context.settings)?;
            access(chosen.identity, chosen.scope, &context.settings)
        })
        .collect();
    let fetcher = Fetcher::new(context).await?;
    let answers = fetcher.list_all(&accesses).await;
    let scopes = accesses
        .into_iter()
        .map(|access| access.ok().map(|access| access.scope));
    let read = names.into_iter().zip(scopes).zip(answers);
    Ok(gathered(
        read.map(|((name, scope), answer)| (name, scope, answer)),
        &fetcher,
        is_table(wanted),
    ))
}

fn refuse_contradictions(context: &Context, wanted: &Check) -> Result<(), Failure> {
    let other = match () {
        () if !wanted.tokens.is_empty() => "a token",
        () if context.flags.profile.is_some() => "--profile",
        () if context.credential.scope.is_some() => "--account or --zone",
        () if context.flags.demo => "--demo",
        () => return Ok(()),
    };
    Err(Failure::new(
        FailureKind::Usage,
        format!("--all-profiles cannot be combined with {other}."),
        "Pass only one.",
    ))
}

/// Puts the profiles' answers together. A token that several profiles see counts once.
fn gathered(
    answers: impl Iterator<Item = (String, Option<Scope>, Result<Fetched<Tokens>, Failure>)>,
    fetcher: &Fetcher,
    is_for_people: bool,
) -> CheckResult {
    let (mut entries, mut profiles, mut measured) = (Vec::new(), Vec::new(), None);
    let mut seen = HashSet::new();
    for (name, scope, answer) in answers {
        let (incomplete, error) = match (answer, &scope) {
            (Ok(listed), Some(scope)) => {
                measured = measured.or(listed.clock.offset());
                // Not even one token: as blind as a list that could not be read.
                let none = listed.value.is_empty().then(|| NONE_LISTED.to_owned());
                let fresh = listed.value.into_iter().filter(|token| {
                    let id = token.id_text();
                    id.is_empty() || seen.insert((scope.clone(), id.to_owned()))
                });
                entries.extend(fresh.map(|token| CheckEntry {
                    profile: Some(name.clone()),
                    ..found(scope, token)
                }));
                (listed.gap.map(|gap| gap.reason).or(none), None)
            }
            (answer, _) => (None, answer.err()),
        };
        profiles.push(ProfileRead {
            name,
            scope,
            count: 0,
            incomplete,
            error,
        });
    }
    let error = profiles
        .iter()
        .all(|read| read.error.is_some())
        .then(|| profiles.first()?.error.clone())
        .flatten();
    CheckResult {
        scope: None,
        entries,
        read: 0,
        incomplete: doubts(&profiles),
        profiles: Some(profiles),
        error,
        context: fetcher.evaluation_context(measured, is_for_people),
    }
}

/// What each profile lacks, in one fragment of a sentence.
fn doubts(profiles: &[ProfileRead]) -> Option<String> {
    let doubts: Vec<String> = profiles
        .iter()
        .filter_map(|read| {
            let failed = read.error.as_ref().map(fragment);
            let why = read.incomplete.as_deref().or(failed)?;
            Some(format!("profile {}: {why}", read.name))
        })
        .collect();
    (!doubts.is_empty()).then(|| doubts.join("; "))
}
