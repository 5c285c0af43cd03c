//! Reads what tells who uses the tokens of a scope, part by part.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::lookup::{found_in, refused};
use super::token_service::TokenService;
use crate::api::{Error, PartContents, ScopeReader};
use crate::domain::access::map::{Part, PartAnswer, PartObjects, PartState, unread_apps};
use crate::domain::access::objects::{App, Policy};
use crate::domain::credential::Access;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::{Fetched, Gap, Tokens};
use crate::domain::scope::ScopeKind;
use crate::domain::token::TokenRef;

/// How many apps are asked for their own policies in one run.
const MOST_ASKED: usize = 50;

impl TokenService {
    /// Reads parts of a scope. Each goes to `on_part` as it arrives, read or not; the apps twice,
    /// if some of their policies had to be read one by one. Parts that the scope does not have are
    /// not asked for.
    ///
    /// Returns the tokens, which are empty if they were not among the parts, with the server's clock and
    /// the oddities of all responses. If a token is meant, looks it up meanwhile, as
    /// [`TokenService::look_up`] does, and returns it; or several, if they have the same name.
    ///
    /// # Errors
    /// [`Failure`], if nothing could be sent: no credential, or no client; and those of the look-up, which
    /// end the reading. Errors of the API about other parts are part of the answers.
    pub async fn read_access(
        &self,
        access: &Access,
        token: Option<&TokenRef>,
        parts: &[Part],
        on_network: impl FnOnce(),
        on_part: &mut (dyn FnMut(PartAnswer) + Send),
    ) -> Result<Fetched<Tokens>, Failure> {
        let credential = self.credential(&access.identity).await?;
        on_network();
        let (scope, source) = (&access.scope, Some(&access.identity.source));
        let reader = self.reader(&credential, scope, source).await?;
        let failure = |error| refused(error, Some(scope), &credential, source);
        let reading = Reading {
            reader: &reader,
            kind: scope.kind(),
            now: self.now(),
            failure: &failure,
            on_part,
            summary: Fetched::new(Tokens::new(), Duration::ZERO),
            unread: None,
            reusable: None,
        };
        let reading = reading.run(parts);
        let Some(token) = token else {
            return Ok(reading.await);
        };
        let looking = async {
            let found = match token.id() {
                Some(id) => reader.token(id).await.map(|one| one.map(|it| vec![it])),
                None => reader.tokens(&mut |_| {}).await,
            };
            let found = found.map_err(failure)?;
            match token.id() {
                Some(_) => Ok(found),
                None => found_in(found, token, scope),
            }
        };
        let (mut found, read) = tokio::try_join!(looking, async { Ok(reading.await) })?;
        found.absorb(read);
        Ok(found)
    }
}

/// A response that arrived.
enum Event {
    Tokens(Result<Fetched<Tokens>, Error>),
    Part(Part, Result<Fetched<PartContents>, Error>),
    /// The policies of the app at this place in the list.
    AppPolicies(usize, Result<Fetched<Vec<Policy>>, Error>),
}

/// One run.
struct Reading<'a> {
    reader: &'a ScopeReader<'a>,
    kind: ScopeKind,
    now: DateTime<Utc>,
    failure: &'a (dyn Fn(Error) -> Failure + Sync),
    on_part: &'a mut (dyn FnMut(PartAnswer) + Send),
    summary: Fetched<Tokens>,
    /// The apps, if some came without the rules of a policy.
    unread: Option<UnreadApps>,
    /// The reusable policies; `None` until that part has ended.
    reusable: Option<Vec<Policy>>,
}

type Events<'a> = FuturesUnordered<BoxFuture<'a, Event>>;

impl<'a> Reading<'a> {
    async fn run(mut self, parts: &[Part]) -> Fetched<Tokens> {
        let mut events = Events::new();
        let (asked, others): (Vec<Part>, Vec<Part>) =
            parts.iter().partition(|part| part.is_in(self.kind));
        for part in others {
            self.hand_over(part, PartState::NotAsked, 0, PartObjects::Nothing);
        }
        if !asked.contains(&Part::Policies) {
            self.reusable = Some(Vec::new());
        }
        let reader = self.reader;
        for part in asked {
            events.push(Box::pin(async move {
                match part {
                    Part::Tokens => Event::Tokens(reader.tokens(&mut |_| {}).await),
                    part => Event::Part(part, reader.read(part).await),
                }
            }));
        }
        while let Some(event) = events.next().await {
            match event {
                Event::Tokens(read) => self.take_tokens(read),
                Event::Part(part, read) => {
                    self.take(part, read);
                    if matches!(part, Part::Apps | Part::Policies) {
                        self.ask_apps(&mut events);
                    }
                }
                Event::AppPolicies(at, read) => self.take_policies(at, read),
            }
        }
        if let Some(unread) = self.unread.take() {
            (self.on_part)(unread.into_answer());
        }
        let tokens = self.summary.value.iter().map(Arc::as_ref);
        self.summary.clock = self.summary.clock.checked(self.now, tokens);
        self.summary
    }

    fn take_tokens(&mut self, read: Result<Fetched<Tokens>, Error>) {
        let (state, tokens) = self.outcome(Part::Tokens, read);
        self.summary.value = tokens.unwrap_or_default();
        let count = self.summary.value.len();
        self.hand_over(Part::Tokens, state, count, PartObjects::Nothing);
    }

    /// Hands over what became of a part.
    fn take(&mut self, part: Part, read: Result<Fetched<PartContents>, Error>) {
        let (state, contents) = self.outcome(part, read);
        let (count, objects) = contents.map_or((0, PartObjects::Nothing), |contents| {
            (contents.count, contents.objects)
        });
        match &objects {
            PartObjects::Policies(policies) => self.reusable = Some(policies.clone()),
            PartObjects::Apps(apps) if unread_apps(apps, &[]).next().is_some() => {
                self.unread = Some(UnreadApps::new(apps.clone(), state.clone()));
            }
            PartObjects::Nothing if part == Part::Policies => self.reusable = Some(Vec::new()),
            PartObjects::Apps(_)
            | PartObjects::Groups(_)
            | PartObjects::Organization(_)
            | PartObjects::Doh(_)
            | PartObjects::DeviceProfiles(_)
            | PartObjects::Hyperdrive(_)
            | PartObjects::Alerts(_)
            | PartObjects::Nothing => {}
        }
        self.hand_over(part, state, count, objects);
    }

    fn outcome<T>(
        &mut self,
        part: Part,
        read: Result<Fetched<T>, Error>,
    ) -> (PartState, Option<T>) {
        match read {
            Err(error) => (PartState::Failed((self.failure)(error)), None),
            Ok(mut fetched) => {
                let gap = fetched.gap.take();
                let state = gap.map_or(PartState::Read, |gap| PartState::Partly(partly(part, gap)));
                (state, Some(self.summary.absorb(fetched)))
            }
        }
    }

    fn hand_over(&mut self, part: Part, state: PartState, count: usize, objects: PartObjects) {
        (self.on_part)(PartAnswer {
            part,
            state,
            count,
            objects,
        });
    }

    /// Asks for the policies of apps that lack rules, once the apps and the reusable policies are there.
    fn ask_apps(&mut self, events: &mut Events<'a>) {
        let (Some(unread), Some(reusable)) = (&mut self.unread, &self.reusable) else {
            return;
        };
        let reader = self.reader;
        let asked = unread.select(reusable);
        if asked.is_empty() && unread.left == 0 {
            self.unread = None;
            return;
        }
        for (at, id) in asked {
            events.push(Box::pin(async move {
                Event::AppPolicies(at, reader.policies_of(&id).await)
            }));
        }
    }

    fn take_policies(&mut self, at: usize, read: Result<Fetched<Vec<Policy>>, Error>) {
        let read = match read {
            Err(error) => Err((self.failure)(error)),
            Ok(mut fetched) => {
                let gap = fetched.gap.take();
                let policies = self.summary.absorb(fetched);
                gap.map_or(Ok(policies), |gap| Err(partly(Part::Apps, gap)))
            }
        };
        if let (Some(unread), Some(reusable)) = (&mut self.unread, &self.reusable) {
            unread.complete(at, read, reusable);
        }
    }
}

/// Apps of which some came without the rules of a policy.
struct UnreadApps {
    apps: Vec<App>,
    state: PartState,
    /// How many apps still lack rules.
    left: usize,
    /// Why the first of them could not be read.
    failure: Option<Failure>,
    /// Whether more apps lack rules than may be asked.
    is_limited: bool,
}

impl UnreadApps {
    fn new(apps: Vec<App>, state: PartState) -> Self {
        Self {
            apps,
            state,
            left: 0,
            failure: None,
            is_limited: false,
        }
    }

    /// The places and IDs of the apps to ask. All others that lack rules are left.
    fn select(&mut self, reusable: &[Policy]) -> Vec<(usize, String)> {
        let unread: Vec<usize> = unread_apps(&self.apps, reusable).collect();
        let ids = unread.iter().filter_map(|at| {
            let id = &self.apps.get(*at)?.id;
            is_plain(id).then(|| (*at, id.clone()))
        });
        let asked: Vec<(usize, String)> = ids.take(MOST_ASKED).collect();
        self.left = unread.len() - asked.len();
        self.is_limited = self.left > 0 && asked.len() == MOST_ASKED;
        asked
    }

    /// Completes an app by its own policies. A list that lacks a policy of the app may have been
    /// filtered, so that policy stays unread, and so does an app of which nothing is known.
    fn complete(&mut self, at: usize, read: Result<Vec<Policy>, Failure>, reusable: &[Policy]) {
        let Some(app) = self.apps.get_mut(at) else {
            return;
        };
        match read {
            Err(failure) => {
                self.failure.get_or_insert(failure);
                self.left += 1;
            }
            Ok(own) => {
                match &mut app.policies {
                    None if own.is_empty() => {}
                    None => app.policies = Some(own),
                    Some(policies) => merge(policies, own),
                }
                let is_unread = unread_apps(std::slice::from_ref(app), reusable)
                    .next()
                    .is_some();
                self.left += usize::from(is_unread);
            }
        }
    }

    fn into_answer(self) -> PartAnswer {
        let (left, all) = (self.left, self.apps.len());
        let state = if left == 0 {
            self.state
        } else {
            let mut unread = still_unread(left, all, self.is_limited, self.failure);
            if let PartState::Partly(first) = self.state {
                unread = Failure {
                    summary: format!("{} {}", first.summary, unread.summary),
                    ..first
                };
            }
            PartState::Partly(unread)
        };
        PartAnswer {
            part: Part::Apps,
            state,
            count: all,
            objects: PartObjects::Apps(self.apps),
        }
    }
}

/// Whether an ID of the API's can be part of a path.
fn is_plain(id: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !id.is_empty() && id.len() <= 64 && id.bytes().all(is_inner)
}

/// Puts policies in the place of mere references to them, and adds those that are missing.
fn merge(policies: &mut Vec<Policy>, own: Vec<Policy>) {
    for read in own {
        match policies.iter_mut().find(|policy| policy.id == read.id) {
            Some(policy) if policy.rules.is_none() => {
                *policy = Policy {
                    precedence: read.precedence.or(policy.precedence),
                    ..read
                };
            }
            Some(_) => {}
            None => policies.push(read),
        }
    }
}

/// Why some of a part could not be read.
fn partly(part: Part, gap: Gap) -> Failure {
    let (part, reason) = (part.label(), gap.reason);
    let summary = format!("Only a part of {part} could be read: {reason}.");
    let hint = "Try again; anything that depends on the rest is not known.";
    let failure = match gap.failure {
        Some(cause) => Failure { summary, ..cause },
        None => Failure::new(FailureKind::InvalidResponse, summary, hint),
    };
    failure.scrubbed()
}

/// Why the policies of some apps stay unread.
fn still_unread(left: usize, all: usize, is_limited: bool, cause: Option<Failure>) -> Failure {
    let apps = format!("the policies of {left} of {all} apps");
    let Some(cause) = cause else {
        let why = if is_limited {
            format!("at most {MOST_ASKED} apps a run are asked for theirs")
        } else {
            "they could not be read one by one".to_owned()
        };
        return Failure::new(
            FailureKind::InvalidResponse,
            format!("The list of apps lacks {apps}, and {why}."),
            format!("At most {MOST_ASKED} apps are asked for their policies in one run."),
        );
    };
    Failure {
        summary: format!("Could not read {apps}: {}.", cause.fragment()),
        ..cause
    }
}
