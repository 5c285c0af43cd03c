//! The command for monitoring: reads all tokens, or those given, and evaluates them.
//!
//! A token that cannot be read is never skipped: it makes the verdict at least unknown.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join_all;

use super::get::{ambiguous, parse};
use crate::cli::all_profiles::{ProfileTokens, accesses, combine, doubts};
use crate::cli::args::Check;
use crate::cli::check_result::{CheckEntry, CheckResult, CredentialEntry, NONE_LISTED};
use crate::cli::error_report::{ErrorReporter, warn_beside_check};
use crate::cli::fetch::Fetcher;
use crate::cli::output::print::{Output, print};
use crate::cli::output::{OutputFormat, Report};
use crate::config::log;
use crate::domain::credential::Access;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::{Fetched, ServerClock, Tokens};
use crate::domain::redaction;
use crate::domain::scope::Scope;
use crate::domain::token::{ServiceToken, TokenRef};
use crate::service::{matching, not_in_list};
use crate::startup::Context;

/// How many tokens are fetched by ID at once.
const AT_ONCE: usize = 4;

/// For more named tokens than this, the list is read once instead.
const MOST_BY_ID: usize = 5;

/// The tokens that a request returned, or why there are none.
type Response = Result<Fetched<Tokens>, Failure>;

pub(super) async fn check(
    context: Context,
    wanted: &Check,
    reporter: &ErrorReporter,
    out: &mut Output,
) -> Result<u8, Failure> {
    let style = context.style;
    let began = Instant::now();
    let mut checkup = if wanted.all_profiles {
        all_profiles(context, wanted).await?
    } else {
        one_credential(context, wanted).await?
    };
    checkup.took = began.elapsed();
    checkup.read = checkup.entries.len();
    checkup.fail_on.clone_from(&wanted.fail_on);
    let subjects = checkup.entries.iter().map(|entry| entry.subject.as_ref());
    subjects.filter_map(Result::err).for_each(log::failed);
    let profiles = checkup.profiles.iter().flatten();
    let errors = profiles.filter_map(|read| read.error.as_ref());
    errors.chain(&checkup.error).for_each(log::failed);
    let context = checkup.context;
    for credential in checkup.credentials.iter_mut().flatten() {
        // One that could not be verified has no status to be ignored for.
        credential.is_ignored =
            credential.validity.is_ok() && wanted.ignore.contains(&credential.status(context));
    }
    let excluded: Vec<Excluded<'_>> = wanted.exclude.iter().map(Excluded::parse).collect();
    let unused: Vec<_> = excluded
        .iter()
        .filter(|one| checkup.error.is_none() && !checkup.entries.iter().any(|it| one.is(it)))
        .collect();
    checkup.entries.retain(|entry| {
        // A token that could not be read has no status to be ignored for.
        let is_ignored = entry.subject.is_ok() && wanted.ignore.contains(&entry.status(context));
        !is_ignored && !excluded.iter().any(|one| one.is(entry))
    });
    for read in checkup.profiles.iter_mut().flatten() {
        let of = |entry: &&CheckEntry| entry.profile.as_ref() == Some(&read.profile);
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
    let mut seen = HashSet::new();
    let texts = wanted.tokens.iter().filter(|text| seen.insert(*text));
    let named = texts
        .map(|text| Ok((text.clone(), parse(text)?)))
        .collect::<Result<Vec<_>, Failure>>()?;
    let fetcher = Fetcher::connect(context).await?;
    if !named.is_empty() {
        return these(&fetcher, named, wanted).await;
    }
    let access = fetcher.access(None)?;
    let (listed, credentials) = if wanted.credential {
        let (listed, verified) = fetcher.list_and_verify(&access).await;
        let entry = |verified| CredentialEntry::new(Some(&access.identity), verified);
        (listed, Some(verified.map(entry).into_iter().collect()))
    } else {
        (Ok(fetcher.list(&access).await?), None)
    };
    let clock = listed
        .as_ref()
        .map_or(ServerClock::default(), |it| it.clock);
    let context = fetcher.evaluation_context(clock, is_table(wanted));
    let scope = access.scope;
    let checkup = match listed {
        Err(failure) => CheckResult::failed(failure, Some(scope), context),
        Ok(listed) => {
            let tokens = listed.value.into_iter();
            CheckResult {
                entries: tokens.map(|token| found(&scope, token)).collect(),
                incomplete: listed.gap.map(|gap| gap.reason),
                scope: Some(scope),
                ..CheckResult::empty(context)
            }
        }
    };
    Ok(CheckResult {
        credentials,
        ..checkup
    })
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

/// Checks the tokens of all profiles, read concurrently. A profile that fails does not hide the others.
async fn all_profiles(context: Context, wanted: &Check) -> Result<CheckResult, Failure> {
    let asked = (!wanted.tokens.is_empty()).then_some("a token");
    let (names, accesses) = accesses(&context, asked)?;
    let fetcher = Fetcher { context };
    let answers = fetcher.list_all(&accesses, wanted.credential).await;
    let (listed, verified): (Vec<_>, Vec<_>) = answers.into_iter().unzip();
    let credentials = names.iter().zip(&accesses).zip(verified);
    let credentials = credentials.filter_map(|((name, access), verified)| {
        let identity = access.as_ref().ok().map(|access| &access.identity);
        Some(CredentialEntry {
            profile: Some(name.clone()),
            ..CredentialEntry::new(identity, verified?)
        })
    });
    let credentials: Vec<_> = credentials.collect();
    let read = combine((names, accesses), listed, Some(NONE_LISTED));
    Ok(CheckResult {
        credentials: wanted.credential.then_some(credentials),
        ..result_of(read, &fetcher, is_table(wanted))
    })
}

fn result_of(read: ProfileTokens, fetcher: &Fetcher, is_for_people: bool) -> CheckResult {
    let entries = read.tokens.into_iter().map(|(origin, token)| CheckEntry {
        profile: Some(origin.profile.clone()),
        ..found(&origin.scope, token)
    });
    let outcomes = read.outcomes;
    let has_failed = outcomes.iter().all(|outcome| outcome.error.is_some());
    let first = outcomes.first().filter(|_| has_failed);
    CheckResult {
        entries: entries.collect(),
        error: first.and_then(|outcome| outcome.error.clone()),
        incomplete: doubts(&outcomes),
        profiles: Some(outcomes),
        ..CheckResult::empty(fetcher.evaluation_context(read.clock, is_for_people))
    }
}

/// A token named on the command line: the text, and what it refers to.
type Named = (String, TokenRef);

/// Checks the named tokens, one scope after another, each token with its own outcome.
///
/// # Errors
/// No credential, or no scope for a token. Errors of the API go into the entries.
async fn these(
    fetcher: &Fetcher,
    named: Vec<Named>,
    wanted: &Check,
) -> Result<CheckResult, Failure> {
    let mut reader = Reader {
        fetcher,
        lists_ids: named.len() > MOST_BY_ID,
        refusal: None,
        entries: Vec::new(),
        clock: ServerClock::default(),
        incomplete: None,
    };
    let mut groups: Vec<(Access, Vec<Named>)> = Vec::new();
    for request in named {
        let access = fetcher.access(request.1.scope())?;
        match groups
            .iter_mut()
            .find(|(known, _)| known.scope == access.scope)
        {
            Some((_, group)) => group.push(request),
            None => groups.push((access, vec![request])),
        }
    }
    let scope = match groups.as_slice() {
        [(access, _)] => Some(access.scope.clone()),
        _ => None,
    };
    let own = fetcher.access(None).ok();
    let own = own.or_else(|| groups.first().map(|(access, _)| access.clone()));
    for (access, group) in groups {
        reader.read(&access, group).await;
    }
    let credentials = match own.filter(|_| wanted.credential) {
        Some(access) => Some(vec![reader.verify(&access).await]),
        None => None,
    };
    let context = fetcher.evaluation_context(reader.clock, is_table(wanted));
    if reader.entries.iter().all(CheckEntry::is_unread)
        && let Some(Err(failure)) = reader.entries.first().map(|entry| &entry.subject)
    {
        let failure = failure.clone();
        return Ok(CheckResult {
            credentials,
            ..CheckResult::failed(failure, scope, context)
        });
    }
    Ok(CheckResult {
        scope,
        entries: reader.entries,
        credentials,
        incomplete: reader.incomplete,
        ..CheckResult::empty(context)
    })
}

/// Reads the named tokens.
struct Reader<'a> {
    fetcher: &'a Fetcher,
    /// Whether to look IDs up in the list, too.
    lists_ids: bool,
    /// A failure that every further request would hit, too.
    refusal: Option<Failure>,
    entries: Vec<CheckEntry>,
    clock: ServerClock,
    /// Why the list that was searched for names may be incomplete.
    incomplete: Option<String>,
}

impl Reader<'_> {
    /// Reads the tokens of one scope. Those that the list leaves undecided are fetched by ID.
    async fn read(&mut self, access: &Access, group: Vec<Named>) {
        let lists_ids = self.lists_ids && group.len() > 1;
        let is_listed = |(_, token): &Named| lists_ids || token.id().is_none();
        let (listed, mut by_id): (Vec<_>, Vec<_>) = group.into_iter().partition(is_listed);
        if !listed.is_empty() {
            let list = self.unless_refused(self.fetcher.list(access)).await;
            self.note(&list);
            if let Ok(list) = &list
                && listed.iter().any(|(_, token)| token.id().is_none())
                && self.incomplete.is_none()
            {
                self.incomplete = list.incomplete().map(str::to_owned);
            }
            for request in listed {
                match find(&request.1, &access.scope, &list) {
                    Some(subject) => self.add(access, request, subject),
                    None => by_id.push(request),
                }
            }
        }
        // One alone first, because its failure may concern all of them.
        let mut rest = by_id.into_iter();
        let mut batch: Vec<_> = rest.by_ref().take(1).collect();
        while !batch.is_empty() {
            let looking = batch
                .iter()
                .map(|(_, token)| self.unless_refused(self.fetcher.look_up(access, token)));
            let answers = join_all(looking).await;
            for (request, answer) in batch.into_iter().zip(answers) {
                self.note(&answer);
                let subject = answer.and_then(|found| only(found.value, &request.1));
                self.add(access, request, subject);
            }
            batch = rest.by_ref().take(AT_ONCE).collect();
        }
    }

    /// Verifies the credential.
    async fn verify(&self, access: &Access) -> CredentialEntry {
        let verifying = self.fetcher.verify(access);
        CredentialEntry::new(Some(&access.identity), self.unless_refused(verifying).await)
    }

    async fn unless_refused<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        match &self.refusal {
            Some(refusal) => Err(refusal.clone()),
            None => work.await,
        }
    }

    /// Remembers the clock, and a rate limit or a refused credential: these concern every request.
    fn note(&mut self, answer: &Response) {
        let failure = match answer {
            Ok(found) => {
                self.clock = found.clock.or(self.clock);
                found.gap.as_ref().and_then(|gap| gap.failure.as_ref())
            }
            Err(failure) => Some(failure),
        };
        let concerns_all = |failure: &&Failure| {
            failure.kind == FailureKind::RateLimited || failure.kind.is_about_credential()
        };
        if self.refusal.is_none() {
            self.refusal = failure.filter(concerns_all).cloned();
        }
    }

    fn add(
        &mut self,
        access: &Access,
        (text, token): Named,
        subject: Result<Arc<ServiceToken>, Failure>,
    ) {
        self.entries.push(CheckEntry {
            requested: Some(text),
            requested_id: token.id().cloned(),
            profile: None,
            scope: access.scope.clone(),
            subject,
        });
    }
}

/// Looks a token up in a list. `None` if that leaves it undecided: a credential limited to individual
/// tokens can read them without being allowed to list them.
fn find(
    token: &TokenRef,
    scope: &Scope,
    list: &Response,
) -> Option<Result<Arc<ServiceToken>, Failure>> {
    let has_id = token.id().is_some();
    let listed = match list {
        Ok(listed) => listed,
        Err(failure) if has_id && failure.kind == FailureKind::Permission => return None,
        Err(failure) => return Some(Err(failure.clone())),
    };
    let fits = matching(&listed.value, token);
    if !fits.is_empty() {
        return Some(only(fits, token));
    }
    let is_undecided = has_id && (listed.gap.is_some() || listed.value.is_empty());
    (!is_undecided).then(|| Err(not_in_list(token, scope, listed)))
}

fn only(tokens: Vec<Arc<ServiceToken>>, token: &TokenRef) -> Result<Arc<ServiceToken>, Failure> {
    let one: Result<[_; 1], _> = tokens.try_into();
    match one {
        Ok([token]) => Ok(token),
        Err(tokens) => Err(ambiguous(&tokens, token)),
    }
}

/// A token to exclude.
struct Excluded<'a> {
    text: &'a str,
    token: Option<TokenRef>,
}

impl<'a> Excluded<'a> {
    fn parse(text: &'a String) -> Self {
        let token = TokenRef::parse(text).ok();
        Self { text, token }
    }

    fn is(&self, entry: &CheckEntry) -> bool {
        if let Ok(token) = &entry.subject {
            let is_meant = |meant| token.is_named_by(meant);
            return token.name_text() == self.text || self.token.as_ref().is_some_and(is_meant);
        }
        let meant = self.token.as_ref().and_then(TokenRef::id);
        entry.requested.as_deref() == Some(self.text)
            || (meant.is_some() && meant == entry.requested_id.as_ref())
    }

    /// Warns that it matched no token.
    fn warn_of_unused(&self) {
        let advice = if self.text.contains(',') {
            "; pass --exclude once per name"
        } else {
            ""
        };
        let text = redaction::quoted(self.text);
        warn_beside_check(&format!("--exclude {text} matched no token{advice}"));
    }
}
