//! Lists that come in pages: fetched up to four at once, put in order, each entry once.
//!
//! Not here: which page comes next (`paging`), and the exchange itself (`exchange`).

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use futures_util::stream::{FuturesUnordered, StreamExt};

use super::envelope::{Envelope, PageNote};
use super::error::{Error, Subject, Unreadable};
use super::exchange::{Answer, Call, Wire};
use super::paging::{Arrived, Course};
use super::request::Request;
use crate::domain::raw::RawJson;
use crate::domain::scope::{NamedScope, Scope, ScopeId};
use crate::domain::text::sanitize;
use crate::domain::token::ServiceToken;

/// Service tokens in one page: the API's own default and most.
pub(super) const TOKENS_PER_PAGE: u64 = 1_000;
/// Accounts or zones in one page: the API's most. Its least is 5.
const SCOPES_PER_PAGE: u64 = 50;
/// Pages asked for at once, where their number is known.
const AT_ONCE: usize = 4;

/// Tokens as they arrive.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The new ones, in the order sent.
    pub tokens: Vec<Arc<ServiceToken>>,
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
    /// How many the API announced.
    pub total: Option<usize>,
}

/// A list, put together from its pages.
pub(super) struct Collected<T> {
    pub(super) items: Vec<T>,
    pub(super) incomplete: Option<String>,
    pub(super) total: Option<usize>,
}

/// One page as read.
struct Sheet<T> {
    items: Vec<T>,
    /// Entries in it, readable or not.
    entries: usize,
    note: PageNote,
}

/// An entry of a list.
pub(super) trait Entry: Clone + Send {
    /// Reads it; nothing where the JSON is no such thing.
    fn read(raw: &RawJson) -> Option<Self>;
    /// What it is told apart by; empty where it has nothing.
    fn key(&self) -> &str;
}

impl Entry for Arc<ServiceToken> {
    fn read(raw: &RawJson) -> Option<Self> {
        raw.is_object().then(|| Arc::new(ServiceToken::parse(raw)))
    }

    fn key(&self) -> &str {
        self.id_text()
    }
}

/// An account or zone before it is known which of them.
#[derive(Debug, Clone)]
pub(super) struct Named {
    id: ScopeId,
    name: String,
}

impl Entry for Named {
    fn read(raw: &RawJson) -> Option<Self> {
        let members = raw.members();
        let text = |key: &str| {
            let (_, value) = members.iter().rev().find(|(name, _)| name == key)?;
            serde_json::from_str::<String>(value).ok()
        };
        Some(Self {
            id: ScopeId::parse(&text("id")?).ok()?,
            name: text("name").unwrap_or_default(),
        })
    }

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

/// The service tokens of a scope.
pub(super) async fn tokens(
    wire: &Wire,
    call: &Call,
    scope: &Scope,
    on_page: &mut (dyn FnMut(Page) + Send),
) -> Result<Answer<Listing>, Error> {
    let request = Request::tokens(scope).page(1, TOKENS_PER_PAGE);
    let answer = collect(
        wire,
        call,
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
        total: list.total,
    }))
}

/// The accounts or zones that the credential can see.
pub(super) async fn scopes(
    wire: &Wire,
    call: &Call,
    subject: Subject,
) -> Result<Vec<NamedScope>, Error> {
    let request = Request::scopes(subject);
    let answer = collect::<Named>(wire, call, request, SCOPES_PER_PAGE, &mut |_, _| {}).await?;
    let scope = |id| match subject {
        Subject::Zones => Scope::Zone(id),
        _ => Scope::Account(id),
    };
    let named = answer.value.items.into_iter().map(|item| NamedScope {
        scope: scope(item.id),
        name: item.name,
    });
    Ok(named.collect())
}

/// Fetches the pages of a list. A first page that fails is an error; after that, what was read is
/// kept, and the list says what it lacks.
async fn collect<T: Entry>(
    wire: &Wire,
    call: &Call,
    request: Request<'_>,
    size: u64,
    on_page: &mut (dyn FnMut(Vec<T>, &Course) + Send),
) -> Result<Answer<Collected<T>>, Error> {
    let mut course = Course::new(size);
    let mut seen = HashSet::new();
    let mut pages = BTreeMap::new();
    let mut measured_offset = None;
    let mut under_way = FuturesUnordered::new();
    loop {
        while under_way.len() < AT_ONCE {
            let Some(page) = course.next() else { break };
            under_way.push(async move {
                let answer = wire.ask(call, request.page(page, size), sheet::<T>).await;
                (page, answer)
            });
        }
        match under_way.next().await {
            None => break,
            Some((1, Err(error))) => return Err(error),
            Some((page, Err(error))) => course.failed(page, &fragment(error)),
            Some((page, Ok(answer))) => {
                measured_offset = answer.measured_offset.or(measured_offset);
                let Sheet {
                    mut items,
                    entries,
                    note,
                } = answer.value;
                tracing::debug!(page, entries, total = note.total_count, "a page arrived");
                let readable = items.len();
                items.retain(|item| item.key().is_empty() || seen.insert(item.key().to_owned()));
                course.arrived(Arrived {
                    page,
                    entries,
                    items: readable,
                    fresh: items.len(),
                    note,
                });
                on_page(items.clone(), &course);
                pages.insert(page, items);
            }
        }
    }
    let total = course.total();
    let incomplete = course
        .verdict()
        .inspect(|why| tracing::warn!(why = %sanitize(why), "the list is incomplete"));
    Ok(Answer {
        value: Collected {
            items: pages.into_values().flatten().collect(),
            incomplete,
            total,
        },
        took: call.elapsed(),
        measured_offset,
    })
}

/// Reads one page. An entry that cannot be read hides no other.
fn sheet<T: Entry>(envelope: &Envelope<'_>) -> Result<Sheet<T>, Unreadable> {
    let entries = envelope.list()?;
    let items = entries
        .iter()
        .filter_map(|raw| T::read(&RawJson::from(*raw)));
    Ok(Sheet {
        items: items.collect(),
        entries: entries.len(),
        note: envelope.pages,
    })
}

/// A failure's sentence without its full stop.
fn fragment(error: Error) -> String {
    let summary = error.into_failure(None).summary;
    summary.trim_end_matches('.').to_owned()
}
