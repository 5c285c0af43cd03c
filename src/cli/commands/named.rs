//! Reads the tokens that a check names: by their IDs, or out of the list.
//!
//! An answer that would be the same for every other request ends the rest. Not here: judging what was
//! read (`check_result`).

use std::collections::HashSet;
use std::sync::Arc;

use chrono::TimeDelta;
use futures_util::future::join_all;

use super::get;
use crate::cli::check_result::CheckEntry;
use crate::cli::fetch::Fetcher;
use crate::domain::credential::Access;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::{Fetched, Tokens};
use crate::domain::token::{ServiceToken, TokenRef};
use crate::service::{matching, not_in_list};

/// How many tokens are asked for by their IDs at once.
const AT_ONCE: usize = 4;

/// Above this number of named tokens, the list is read once instead.
const MOST_BY_ID: usize = 5;

/// The named tokens, and what is known of their reading.
pub(super) struct Named {
    /// One for each distinct name.
    pub(super) entries: Vec<CheckEntry>,
    /// How far the server's clock is ahead of ours, where an answer showed it.
    pub(super) measured: Option<TimeDelta>,
    /// Why a list that was searched for a name may lack some tokens.
    pub(super) incomplete: Option<String>,
}

/// A token as the command line names it.
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

/// Reads them, those of one scope after those of another.
///
/// # Errors
/// No credential, or no scope for one of them; what the API answers is in the entries.
pub(super) async fn named_tokens(
    fetcher: &Fetcher,
    named: Vec<(String, TokenRef)>,
) -> Result<Named, Failure> {
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
            measured: None,
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
    /// Whether IDs are looked for in the list too.
    lists_ids: bool,
    /// The answer that every other request would get as well.
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

    /// Looks tokens up in a list, and gives those back that it says nothing about: a role that covers
    /// single tokens may read them, and yet list none.
    fn find(
        &mut self,
        requests: Vec<Request>,
        list: &Result<Fetched<Tokens>, Failure>,
    ) -> Vec<Request> {
        let mut unsettled = Vec::new();
        match list {
            Ok(listed) => {
                self.measure(listed.clock.offset());
                let failure = listed.gap.as_ref().and_then(|gap| gap.failure.as_ref());
                failure.into_iter().for_each(|failure| self.note(failure));
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

    /// Fetches tokens by their IDs: one to begin with, whose answer may be the end of it.
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
                        self.measure(found.clock.offset());
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

    fn measure(&mut self, offset: Option<TimeDelta>) {
        self.read.measured = offset.or(self.read.measured);
    }

    /// A pause that the API asks for, and a credential that it refuses, concern every request.
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
            Err(get::ambiguous(&tokens, token))
        }
    }
}
