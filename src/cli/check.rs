//! The command that monitoring runs: reads the named, or all, tokens and judges them.
//!
//! What cannot be read is never passed over: it makes the verdict at least unknown. Not here: the
//! verdict itself (`verdict`), or the form of the output (`output`).

use std::collections::HashSet;
use std::sync::Arc;

use chrono::TimeDelta;
use futures_util::stream::{self, StreamExt as _};

use super::args::{Check, CheckOutput};
use super::desk::{Desk, Reach, access, unprintable};
use super::exclude::Excluded;
use super::get;
use super::output::report::CheckReport;
use super::output::{self, metrics, summary};
use super::telling::{Telling, warn};
use super::verdict::{Checkup, Entry, ProfileRead};
use crate::domain::access::Access;
use crate::domain::duration::write_span;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::scope::Scope;
use crate::domain::status::Thresholds;
use crate::domain::token::{ServiceToken, TokenRef};
use crate::inspector::{Listed, Wishes, not_in_list, select};

/// How many tokens are asked for by their IDs at once.
const AT_ONCE: usize = 4;

pub(super) async fn check(
    mut desk: Desk,
    wanted: &Check,
    out: &mut Vec<u8>,
) -> Result<u8, Failure> {
    desk.settings.thresholds = thresholds(wanted, desk.settings.thresholds)?;
    let (style, telling) = (desk.style, Telling::of_check(wanted, desk.options.clock));
    let mut checkup = if wanted.all_profiles {
        all_profiles(desk, wanted).await?
    } else {
        one_credential(desk, wanted).await?
    };
    checkup.read = checkup.entries.len();
    let by = checkup.by;
    let excluded: Vec<Excluded<'_>> = wanted.exclude.iter().map(Excluded::parse).collect();
    let unused: Vec<_> = excluded
        .iter()
        .filter(|one| checkup.error.is_none() && !checkup.entries.iter().any(|it| one.is(it)))
        .collect();
    checkup.entries.retain(|entry| {
        // What could not be had is never left out for its status, which nobody knows.
        let is_ignored = entry.subject.is_ok() && wanted.ignore.contains(&entry.status(by));
        !is_ignored && !excluded.iter().any(|one| one.is(entry))
    });
    for read in checkup.profiles.iter_mut().flatten() {
        let of = |entry: &&Entry| entry.profile.as_ref() == Some(&read.name);
        read.count = checkup.entries.iter().filter(of).count();
    }
    checkup.sort();
    let printed = match wanted.output {
        CheckOutput::Json => output::json(out, &CheckReport(&checkup)),
        CheckOutput::Prometheus => metrics::checkup(out, &checkup),
        CheckOutput::Table => summary::checkup(out, &checkup, style),
    };
    printed.map_err(|error| unprintable(&error))?;
    if let Some(failure) = &checkup.error {
        telling.advise(failure);
    }
    if let Some(why) = &checkup.incomplete {
        warn(&format!("the list is incomplete: {why}"));
    }
    unused.into_iter().for_each(Excluded::warn_of_unused);
    Ok(checkup.verdict().exit_code())
}

/// The limits in force: flags, else settings.
///
/// # Errors
/// A usage failure that names both where they are out of order.
fn thresholds(wanted: &Check, settings: Thresholds) -> Result<Thresholds, Failure> {
    let warn = wanted.warn.unwrap_or(settings.warn);
    let critical = wanted.critical.unwrap_or(settings.critical);
    if critical >= warn {
        let origin = |flag: Option<TimeDelta>| if flag.is_some() { "" } else { " (as set)" };
        return Err(Failure::new(
            FailureKind::Usage,
            format!(
                "The critical threshold, {}{}, must be less than the warning threshold, {}{}.",
                write_span(critical),
                origin(wanted.critical),
                write_span(warn),
                origin(wanted.warn),
            ),
            "Give both --warn and --critical, such as --warn 30d --critical 7d.",
        ));
    }
    Ok(Thresholds { warn, critical })
}

fn is_table(wanted: &Check) -> bool {
    wanted.output == CheckOutput::Table
}

async fn one_credential(desk: Desk, wanted: &Check) -> Result<Checkup, Failure> {
    let named = wanted
        .tokens
        .iter()
        .map(|text| Ok((text.clone(), get::parse(text)?)))
        .collect::<Result<Vec<_>, Failure>>()?;
    let reach = Reach::new(desk).await?;
    if named.is_empty() {
        let access = reach.access(None)?;
        let listed = reach.list(&access).await?;
        let tokens = listed.tokens.into_iter();
        return Ok(Checkup {
            entries: tokens.map(|token| found(&access.scope, token)).collect(),
            read: 0,
            profiles: None,
            incomplete: listed.incomplete,
            error: None,
            by: reach.judgement(listed.measured_offset, is_table(wanted)),
            scope: Some(access.scope),
        });
    }
    these(&reach, named, is_table(wanted)).await
}

fn found(scope: &Scope, token: Arc<ServiceToken>) -> Entry {
    Entry {
        requested: None,
        profile: None,
        scope: scope.clone(),
        subject: Ok(token),
    }
}

/// The named tokens: those whose IDs are known are fetched straight, the others found in one list.
async fn these(
    reach: &Reach,
    named: Vec<(String, TokenRef)>,
    is_for_people: bool,
) -> Result<Checkup, Failure> {
    let mut seen = HashSet::new();
    let (by_id, by_name): (Vec<_>, Vec<_>) = named
        .into_iter()
        .filter(|(text, _)| seen.insert(text.clone()))
        .partition(|(_, token)| token.id().is_some());
    let (straight, listed) = tokio::join!(fetch(reach, by_id), find(reach, by_name));
    let ((mut entries, first), (more, second, incomplete)) = (straight?, listed?);
    entries.extend(more);
    let by = reach.judgement(first.or(second), is_for_people);
    let scopes: HashSet<&Scope> = entries.iter().map(|entry| &entry.scope).collect();
    let scope = (scopes.len() == 1)
        .then(|| entries[0].scope.clone())
        .filter(|_| !entries.is_empty());
    if let Some(failure) = nothing_was_read(&entries) {
        return Ok(Checkup::failed(failure, scope, by));
    }
    Ok(Checkup {
        scope,
        entries,
        read: 0,
        profiles: None,
        incomplete,
        error: None,
        by,
    })
}

/// The failure that kept everything from being read. That a token is not there was read.
fn nothing_was_read(entries: &[Entry]) -> Option<Failure> {
    let failures: Option<Vec<&Failure>> = entries
        .iter()
        .map(|entry| entry.subject.as_ref().err())
        .collect();
    let is_answer = |failure: &&&Failure| {
        matches!(failure.kind, FailureKind::NotFound | FailureKind::Ambiguous)
    };
    let failures = failures?;
    if failures.iter().any(|failure| is_answer(&failure)) {
        return None;
    }
    failures.first().map(|failure| (*failure).clone())
}

type Fetched = (Vec<Entry>, Option<TimeDelta>);

async fn fetch(reach: &Reach, named: Vec<(String, TokenRef)>) -> Result<Fetched, Failure> {
    let mut asked = Vec::new();
    for (text, token) in named {
        let access = reach.access(token.scope())?;
        asked.push(async move {
            let answer = reach.look_up(&access, &token).await;
            let scope = access.scope;
            (
                text,
                scope,
                answer.map(|found| (found.measured_offset, only(found.tokens, &token))),
            )
        });
    }
    let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    let mut measured = None;
    let entries = answers.into_iter().map(|(text, scope, answer)| Entry {
        requested: Some(text),
        profile: None,
        scope,
        subject: answer.and_then(|(offset, one)| {
            measured = offset.or(measured);
            one
        }),
    });
    Ok((entries.collect(), measured))
}

async fn find(
    reach: &Reach,
    named: Vec<(String, TokenRef)>,
) -> Result<(Vec<Entry>, Option<TimeDelta>, Option<String>), Failure> {
    if named.is_empty() {
        return Ok((Vec::new(), None, None));
    }
    let access = reach.access(None)?;
    let answer = reach.list(&access).await;
    let (measured, incomplete) = answer.as_ref().map_or((None, None), |listed| {
        (listed.measured_offset, listed.incomplete.clone())
    });
    let entries = named.into_iter().map(|(text, token)| Entry {
        requested: Some(text),
        profile: None,
        scope: access.scope.clone(),
        subject: match &answer {
            Err(failure) => Err(failure.clone()),
            Ok(listed) => {
                let fits = listed.tokens.iter().filter(|one| one.is_named_by(&token));
                let fits: Vec<_> = fits.cloned().collect();
                if fits.is_empty() {
                    Err(not_in_list(&token, &access.scope, listed.lack()))
                } else {
                    only(fits, &token)
                }
            }
        },
    });
    Ok((entries.collect(), measured, incomplete))
}

fn only(
    mut tokens: Vec<Arc<ServiceToken>>,
    token: &TokenRef,
) -> Result<Arc<ServiceToken>, Failure> {
    match (tokens.len(), tokens.pop()) {
        (1, Some(token)) => Ok(token),
        (_, last) => {
            tokens.extend(last);
            Err(get::ambiguous(&tokens, token))
        }
    }
}

/// The tokens of every profile, read at once. A profile that fails hides no other.
async fn all_profiles(desk: Desk, wanted: &Check) -> Result<Checkup, Failure> {
    refuse_contradictions(&desk, wanted)?;
    let names: Vec<String> = desk
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
            let wishes = Wishes {
                profile: Some(name.clone()),
                ..Wishes::default()
            };
            let chosen = select(&wishes, &desk.environment, &desk.settings)?;
            access(chosen.identity, chosen.scope, &desk.settings)
        })
        .collect();
    let reach = Reach::new(desk).await?;
    let answers = reach.list_all(&accesses).await;
    let scopes = accesses
        .into_iter()
        .map(|access| access.ok().map(|access| access.scope));
    let read = names.into_iter().zip(scopes).zip(answers);
    Ok(gathered(
        read.map(|((name, scope), answer)| (name, scope, answer)),
        &reach,
        is_table(wanted),
    ))
}

fn refuse_contradictions(desk: &Desk, wanted: &Check) -> Result<(), Failure> {
    let other = match () {
        () if !wanted.tokens.is_empty() => "a token",
        () if desk.profile.is_some() => "--profile",
        () if desk.scope.is_some() => "--account or --zone",
        () if desk.is_demo => "--demo",
        () => return Ok(()),
    };
    Err(Failure::new(
        FailureKind::Usage,
        format!("--all-profiles and {other} are both given; each says what to check."),
        "Leave one of the two out.",
    ))
}

/// Puts the profiles' answers together. A token that several profiles see counts once.
fn gathered(
    answers: impl Iterator<Item = (String, Option<Scope>, Result<Listed, Failure>)>,
    reach: &Reach,
    is_for_people: bool,
) -> Checkup {
    let (mut entries, mut profiles, mut measured) = (Vec::new(), Vec::new(), None);
    let mut seen = HashSet::new();
    for (name, scope, answer) in answers {
        let (incomplete, error) = match (answer, &scope) {
            (Ok(listed), Some(scope)) => {
                measured = measured.or(listed.measured_offset);
                let fresh = listed.tokens.into_iter().filter(|token| {
                    let id = token.id_text();
                    id.is_empty() || seen.insert((scope.clone(), id.to_owned()))
                });
                entries.extend(fresh.map(|token| Entry {
                    profile: Some(name.clone()),
                    ..found(scope, token)
                }));
                (listed.incomplete, None)
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
    Checkup {
        scope: None,
        entries,
        read: 0,
        incomplete: doubts(&profiles),
        profiles: Some(profiles),
        error,
        by: reach.judgement(measured, is_for_people),
    }
}

/// What each profile lacks, in one fragment of a sentence.
fn doubts(profiles: &[ProfileRead]) -> Option<String> {
    let doubts: Vec<String> = profiles
        .iter()
        .filter_map(|read| {
            let failed = read.error.as_ref().map(|error| error.summary.as_str());
            let why = read.incomplete.as_deref().or(failed)?;
            Some(format!(
                "profile {}: {}",
                read.name,
                why.trim_end_matches('.')
            ))
        })
        .collect();
    (!doubts.is_empty()).then(|| doubts.join("; "))
}
