//! The command for monitoring: reads all tokens, or those given, and evaluates them.
//!
//! A token that cannot be read is never skipped: it makes the verdict at least unknown.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::join_all;

use super::get::{ambiguous, parse};
use crate::cli::args::Check;
use crate::cli::check_result::{CheckEntry, CheckResult, NONE_LISTED, ProfileRead};
use crate::cli::error_report::{ErrorReporter, warn_beside_check};
use crate::cli::fetch::{Fetcher, access};
use crate::cli::output::OutputFormat;
use crate::cli::output::print::print;
use crate::cli::output::report::Report;
use crate::config::log;
use crate::domain::credential::Access;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::{Fetched, ServerClock, Tokens};
use crate::domain::redaction;
use crate::domain::scope::Scope;
use crate::domain::token::{ServiceToken, TokenRef};
use crate::service::{CredentialRequest, matching, not_in_list, select};
use crate::startup::Context;

/// How many tokens are fetched by ID at once.
const AT_ONCE: usize = 4;

/// For more named tokens than this, the list is read once instead.
const MOST_BY_ID: usize = 5;

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
        // A token that could not be read has no status to be ignored for.
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
        .map(|text| Ok((text.clone(), parse(text)?)))
        .collect::<Result<Vec<_>, Failure>>()?;
    let fetcher = Fetcher::new(context).await?;
    if named.is_empty() {
        let access = fetcher.access(None)?;
        let listed = fetcher.list(&access, &mut |_| {}).await?;
        let context = fetcher.evaluation_context(listed.clock, is_table(wanted));
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

/// Checks the named tokens, each with its own outcome.
async fn these(
    fetcher: &Fetcher,
    named: Vec<(String, TokenRef)>,
    is_for_people: bool,
) -> Result<CheckResult, Failure> {
    let Named {
        entries,
        clock,
        incomplete,
    } = named_tokens(fetcher, named).await?;
    let context = fetcher.evaluation_context(clock, is_for_people);
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

/// The failure, if nothing could be read.
fn nothing_was_read(entries: &[CheckEntry]) -> Option<Failure> {
    if !entries.iter().all(CheckEntry::is_unread) {
        return None;
    }
    let mut failures = entries.iter().filter_map(|it| it.subject.as_ref().err());
    failures.next().cloned()
}

/// Checks the tokens of all profiles, read concurrently. A profile that fails does not hide the others.
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
            "config.toml has no profiles.",
            "Create one with `tokenscope auth set`.",
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

/// Combines the profiles' answers. A token that several profiles see counts once.
fn gathered(
    answers: impl Iterator<Item = (String, Option<Scope>, Result<Fetched<Tokens>, Failure>)>,
    fetcher: &Fetcher,
    is_for_people: bool,
) -> CheckResult {
    let (mut entries, mut profiles) = (Vec::new(), Vec::new());
    let mut clock = ServerClock::default();
    let mut seen = HashSet::new();
    for (name, scope, answer) in answers {
        let (incomplete, error) = match (answer, &scope) {
            (Ok(listed), Some(scope)) => {
                clock = clock.or(listed.clock);
                // The credential may simply not be allowed to list them.
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
        context: fetcher.evaluation_context(clock, is_for_people),
    }
}

/// Why the lists of the profiles are incomplete, as a sentence fragment.
fn doubts(profiles: &[ProfileRead]) -> Option<String> {
    let doubts: Vec<String> = profiles
        .iter()
        .filter_map(|read| {
            let failed = read.error.as_ref().map(Failure::fragment);
            let why = read.incomplete.as_deref().or(failed)?;
            Some(format!("profile {}: {why}", read.name))
        })
        .collect();
    (!doubts.is_empty()).then(|| doubts.join("; "))
}

/// The named tokens, as far as they could be read.
struct Named {
    /// One per distinct name.
    entries: Vec<CheckEntry>,
    clock: ServerClock,
    /// Why the list that was searched for names may be incomplete.
    incomplete: Option<String>,
}

/// A token named on the command line.
struct Request {
    text: String,
    token: TokenRef,
    access: Access,
}

impl Request {
    fn entry(self, subject: Result<Arc<ServiceToken>, Failure>) -> CheckEntry {
        CheckEntry {
            requested: Some(self.text),
            requested_id: self.token.id().cloned(),
            profile: None,
            scope: self.access.scope,
            subject,
        }
    }
}

/// Reads the named tokens, one scope after another.
///
/// # Errors
/// No credential, or no scope for a token. Errors of the API go into the entries.
async fn named_tokens(fetcher: &Fetcher, named: Vec<(String, TokenRef)>) -> Result<Named, Failure> {
    let mut seen = HashSet::new();
    let mut groups: Vec<Vec<Request>> = Vec::new();
    let mut count = 0;
    for (text, token) in named {
        if !seen.insert(text.clone()) {
            continue;
        }
        count += 1;
        let access = fetcher.access(token.scope())?;
        let of_scope = |group: &&mut Vec<Request>| {
            let first = group.first();
            first.is_some_and(|first| first.access.scope == access.scope)
        };
        match groups.iter_mut().find(of_scope) {
            Some(group) => group.push(Request {
                text,
                token,
                access,
            }),
            None => groups.push(vec![Request {
                text,
                token,
                access,
            }]),
        }
    }
    let mut reader = Reader {
        fetcher,
        lists_ids: count > MOST_BY_ID,
        refusal: None,
        read: Named {
            entries: Vec::new(),
            clock: ServerClock::default(),
            incomplete: None,
        },
    };
    for group in groups {
        reader.read(group).await;
    }
    Ok(reader.read)
}

struct Reader<'a> {
    fetcher: &'a Fetcher,
    /// Whether to look IDs up in the list, too.
    lists_ids: bool,
    /// A failure that every further request would hit, too.
    refusal: Option<Failure>,
    read: Named,
}

impl Reader<'_> {
    /// Reads the tokens of one scope.
    async fn read(&mut self, group: Vec<Request>) {
        let lists_ids = self.lists_ids && group.len() > 1;
        let is_listed = |request: &Request| lists_ids || request.token.id().is_none();
        let (listed, mut by_id): (Vec<_>, Vec<_>) = group.into_iter().partition(is_listed);
        if let Some(first) = listed.first() {
            let list = match self.refusal.clone() {
                Some(refusal) => Err(refusal),
                None => self.fetcher.list(&first.access, &mut |_| {}).await,
            };
            by_id.extend(self.find(listed, &list));
        }
        self.fetch(by_id).await;
    }

    /// Looks tokens up in a list. Returns those it leaves undecided: a credential limited to individual
    /// tokens can read them without being allowed to list them.
    fn find(
        &mut self,
        requests: Vec<Request>,
        list: &Result<Fetched<Tokens>, Failure>,
    ) -> Vec<Request> {
        let mut unsettled = Vec::new();
        match list {
            Ok(listed) => {
                self.read.clock = listed.clock.or(self.read.clock);
                if let Some(failure) = listed.gap.as_ref().and_then(|gap| gap.failure.as_ref()) {
                    self.note(failure);
                }
            }
            Err(failure) => self.note(failure),
        }
        for request in requests {
            let has_id = request.token.id().is_some();
            let subject = match list {
                Ok(listed) => {
                    let fits = matching(&listed.value, &request.token);
                    if !has_id && self.read.incomplete.is_none() {
                        self.read.incomplete = listed.incomplete().map(str::to_owned);
                    }
                    if !fits.is_empty() {
                        only(fits, &request.token)
                    } else if has_id && (listed.gap.is_some() || listed.value.is_empty()) {
                        unsettled.push(request);
                        continue;
                    } else {
                        let scope = &request.access.scope;
                        Err(not_in_list(&request.token, scope, listed.gap.as_ref()))
                    }
                }
                Err(failure) if has_id && failure.kind == FailureKind::Permission => {
                    unsettled.push(request);
                    continue;
                }
                Err(failure) => Err(failure.clone()),
            };
            self.read.entries.push(request.entry(subject));
        }
        unsettled
    }

    /// Fetches tokens by ID: first one alone, because its failure may concern all of them.
    async fn fetch(&mut self, requests: Vec<Request>) {
        let mut rest = requests.into_iter();
        let mut size = 1;
        loop {
            let batch: Vec<Request> = rest.by_ref().take(size).collect();
            if batch.is_empty() {
                return;
            }
            size = AT_ONCE;
            if let Some(refusal) = &self.refusal {
                let inherited = batch.into_iter().map(|it| it.entry(Err(refusal.clone())));
                self.read.entries.extend(inherited);
                continue;
            }
            let looking = batch
                .iter()
                .map(|request| self.fetcher.look_up(&request.access, &request.token));
            let answers = join_all(looking).await;
            for (request, answer) in batch.into_iter().zip(answers) {
                let subject = match answer {
                    Ok(found) => {
                        self.read.clock = found.clock.or(self.read.clock);
                        only(found.value, &request.token)
                    }
                    Err(failure) => {
                        self.note(&failure);
                        Err(failure)
                    }
                };
                self.read.entries.push(request.entry(subject));
            }
        }
    }

    /// Remembers a rate limit or a refused credential: it concerns every request.
    fn note(&mut self, failure: &Failure) {
        let concerns_all =
            failure.kind == FailureKind::RateLimited || failure.kind.is_about_credential();
        if concerns_all && self.refusal.is_none() {
            self.refusal = Some(failure.clone());
        }
    }
}

fn only(
    mut tokens: Vec<Arc<ServiceToken>>,
    token: &TokenRef,
) -> Result<Arc<ServiceToken>, Failure> {
    match (tokens.len(), tokens.pop()) {
        (1, Some(token)) => Ok(token),
        (_, last) => {
            tokens.extend(last);
            Err(ambiguous(&tokens, token))
        }
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
