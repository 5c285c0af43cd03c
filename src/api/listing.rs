//! Lists that come in pages: fetched up to four at once, put in order, each entry once.
//!
//! Not here: which page comes next (`paging`), and the exchange itself (`transport`).

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::stream::{FuturesUnordered, StreamExt};
use serde_json::value::RawValue;

use super::envelope::{Envelope, PageNote};
use super::error::{Error, Reason, Subject};
use super::error_messages::seconds;
use super::paging::{PageResult, Paginator};
use super::request::Request;
use super::transport::{Answer, HttpTransport, RequestContext};
use crate::domain::raw::{self, RawJson};
use crate::domain::scope::{NamedScope, Scope, ScopeId};
use crate::domain::text::sanitize;
use crate::domain::token::ServiceToken;

/// Service tokens in one page: the API's own default and most.
pub(super) const TOKENS_PER_PAGE: u64 = 1_000;
/// Accounts or zones in one page: the API's most. Its least is 5.
const SCOPES_PER_PAGE: u64 = 50;
/// Pages asked for at once, where their number is known.
const AT_ONCE: usize = 4;
/// Oddities of its answers that are kept of one list.
const MAX_NOTES: usize = 3;

/// Tokens as they arrive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Page<'a> {
    /// The new ones, in the order sent.
    pub tokens: &'a [Arc<ServiceToken>],
    /// How many have come so far, these included.
    pub received: usize,
    /// How many the API announced.
    pub total: Option<usize>,
}

/// All the tokens of a scope.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// In the API's order, each once.
    pub tokens: Vec<Arc<ServiceToken>>,
    /// Why the list may lack some, as a fragment of a sentence; nothing when it is whole.
    pub incomplete: Option<String>,
    /// The error that kept some from being read, where it was one.
    pub error: Option<Error>,
    /// How many the API announced.
    pub total: Option<usize>,
}

/// The accounts or zones that a credential can see.
#[derive(Debug, Clone, PartialEq)]
pub struct Scopes {
    /// In the API's order, each once.
    pub named: Vec<NamedScope>,
    /// Why the list may lack some, as a fragment of a sentence; nothing when it is whole.
    pub incomplete: Option<String>,
    /// How long the API asked to be left alone, where it did.
    pub retry_after: Option<Duration>,
}

/// A list, put together from its pages.
struct Collected<T> {
    items: Vec<T>,
    incomplete: Option<String>,
    error: Option<Error>,
    total: Option<usize>,
}

/// One page as read.
struct RawPage<T> {
    items: Vec<T>,
    /// Entries in it, readable or not.
    entries: usize,
    note: PageNote,
    /// Bytes of the answer.
    size: usize,
    /// Tells pages apart whose entries have nothing to be told apart by.
    fingerprint: u64,
}

/// An entry of a list.
pub(super) trait ListItem: Sized + Send + 'static {
    /// Reads it; nothing where the JSON is no such thing.
    fn read(raw: &RawValue) -> Option<Self>;
    /// What it is told apart by; empty where it has nothing.
    fn key(&self) -> &str;
}

impl ListItem for Arc<ServiceToken> {
    fn read(raw: &RawValue) -> Option<Self> {
        let is_object = raw.get().starts_with('{');
        is_object.then(|| Arc::new(ServiceToken::parse(&RawJson::from(raw))))
    }

    fn key(&self) -> &str {
        self.id_text()
    }
}

/// An account or zone before it is known which of them.
#[derive(Debug)]
pub(super) struct Named {
    id: ScopeId,
    name: String,
}

impl ListItem for Named {
    fn read(raw: &RawValue) -> Option<Self> {
        let (mut id, mut name) = (None, None);
        raw::for_each_member(raw.get(), |key, value| match key {
            "id" => id = Some(value),
            "name" => name = Some(value),
            _ => {}
        });
        let text = |value: &str| serde_json::from_str::<String>(value).ok();
        Some(Self {
            id: ScopeId::parse(&text(id?)?).ok()?,
            name: name.and_then(text).unwrap_or_default(),
        })
    }

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

/// The service tokens of a scope.
pub(super) async fn tokens(
    wire: &HttpTransport,
    context: &RequestContext,
    scope: &Scope,
    on_page: &mut (dyn FnMut(Page<'_>) + Send),
) -> Result<Answer<Listing>, Error> {
    let request = Request::tokens(scope).page(1, TOKENS_PER_PAGE);
    let answer = collect(
        wire,
        context,
        request,
        TOKENS_PER_PAGE,
        &mut |tokens, course| {
            on_page(Page {
                tokens,
                received: course.received(),
                total: course.total(),
            });
        },
    )
    .await?;
    Ok(answer.map(|list| Listing {
        tokens: list.items,
        incomplete: list.incomplete,
        error: list.error,
        total: list.total,
    }))
}

/// The accounts or zones that the credential can see.
pub(super) async fn scopes(
    wire: &HttpTransport,
    context: &RequestContext,
    subject: Subject,
) -> Result<Scopes, Error> {
    let request = Request::scopes(subject);
    let answer = collect::<Named>(wire, context, request, SCOPES_PER_PAGE, &mut |_, _| {}).await?;
    let scope = |id| match subject {
        Subject::Zones => Scope::Zone(id),
        _ => Scope::Account(id),
    };
    let list = answer.value;
    let named = list.items.into_iter().map(|item| NamedScope {
        scope: scope(item.id),
        name: item.name,
    });
    Ok(Scopes {
        named: named.collect(),
        incomplete: list.incomplete,
        retry_after: list.error.and_then(|error| error.retry_after()),
    })
}

/// Fetches the pages of a list. A first page that fails is an error; after that, what was read is
/// kept, and the list says what it lacks.
async fn collect<T: ListItem>(
    wire: &HttpTransport,
    context: &RequestContext,
    request: Request<'_>,
    size: u64,
    on_page: &mut (dyn FnMut(&[T], &Paginator) + Send),
) -> Result<Answer<Collected<T>>, Error> {
    let mut gathered = Gathered::new(size);
    let mut under_way = FuturesUnordered::new();
    loop {
        while under_way.len() < AT_ONCE {
            let Some(page) = gathered.course.next() else {
                break;
            };
            under_way.push(async move {
                let read = move |envelope: &Envelope<'_>| sheet::<T>(envelope, size);
                (
                    page,
                    wire.ask(context, request.page(page, size), read).await,
                )
            });
        }
        match under_way.next().await {
            None => return Ok(gathered.whole(context)),
            Some((1, Err(error))) => return Err(error),
            Some((page, Err(error))) => gathered.failed(page, error),
            Some((page, Ok(answer))) => gathered.arrived(page, answer, on_page),
        }
    }
}

/// The pages of a list that have come so far.
struct Gathered<T> {
    course: Paginator,
    seen: HashSet<String>,
    fingerprints: HashSet<u64>,
    pages: BTreeMap<u64, Vec<T>>,
    measured_offset: Option<TimeDelta>,
    notes: Vec<String>,
    error: Option<Error>,
}

impl<T: ListItem> Gathered<T> {
    fn new(size: u64) -> Self {
        Self {
            course: Paginator::new(size),
            seen: HashSet::new(),
            fingerprints: HashSet::new(),
            pages: BTreeMap::new(),
            measured_offset: None,
            notes: Vec::new(),
            error: None,
        }
    }

    /// Takes in what is new of a page.
    fn arrived(
        &mut self,
        page: u64,
        answer: Answer<RawPage<T>>,
        on_page: &mut (dyn FnMut(&[T], &Paginator) + Send),
    ) {
        self.measured_offset = answer.measured_offset.or(self.measured_offset);
        for note in answer.notes {
            if self.notes.len() < MAX_NOTES && !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        let sheet = answer.value;
        let (entries, total) = (sheet.entries, sheet.note.total_count);
        tracing::debug!(page, entries, total, "a page arrived");
        let mut items = sheet.items;
        let readable = items.len();
        let is_repeat = sheet.entries > 0 && !self.fingerprints.insert(sheet.fingerprint);
        if is_repeat {
            items.clear();
        }
        items.retain(|item| item.key().is_empty() || self.seen.insert(item.key().to_owned()));
        self.course.arrived(PageResult {
            page,
            entries: sheet.entries,
            items: readable,
            fresh: items.len(),
            note: sheet.note,
            size: sheet.size,
            is_repeat,
        });
        on_page(&items, &self.course);
        self.pages.insert(page, items);
    }

    /// Takes note of a page that failed. A pause that the API asks for must not be lost.
    fn failed(&mut self, page: u64, error: Error) {
        self.course.failed(page, &fragment(&error));
        if self.error.is_none() || error.retry_after().is_some() {
            self.error = Some(error);
        }
    }

    fn whole(self, context: &RequestContext) -> Answer<Collected<T>> {
        let total = self.course.total();
        let incomplete = self
            .course
            .verdict()
            .inspect(|why| tracing::warn!(why = %sanitize(why), "the list is incomplete"));
        Answer {
            value: Collected {
                items: self.pages.into_values().flatten().collect(),
                incomplete,
                error: self.error,
                total,
            },
            took: context.elapsed(),
            measured_offset: self.measured_offset,
            notes: self.notes,
        }
    }
}

/// Reads one page. An entry that cannot be read hides no other.
fn sheet<T: ListItem>(envelope: &Envelope<'_>, asked: u64) -> Result<RawPage<T>, Reason> {
    let mut items = Vec::new();
    let mut hasher = DefaultHasher::new();
    let entries = envelope.list(asked, |raw| {
        raw.get().hash(&mut hasher);
        items.extend(T::read(raw));
    })?;
    Ok(RawPage {
        items,
        entries,
        note: envelope.pages,
        size: envelope.size,
        fingerprint: hasher.finish(),
    })
}

/// A failure's sentence without its full stop, and the pause that the API asks for.
fn fragment(error: &Error) -> String {
    let pause = error.retry_after();
    let summary = error.clone().into_failure(None).summary;
    let summary = summary.trim_end_matches('.');
    match pause {
        Some(pause) => format!("{summary}; retry in {}", seconds(pause)),
        None => summary.to_owned(),
    }
}
