//! Lists in pages: up to four requests at once, the entries in order, each once.
//!
//! [`Paginator`] decides without I/O which page comes next and whether the list is complete; the
//! server's totals are hints that may be wrong. A page is parsed while the next ones arrive.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use futures_util::stream::{FuturesUnordered, StreamExt};
use serde_json::value::RawValue;
use tokio::sync::mpsc::unbounded_channel;

use super::envelope::{Envelope, PageNote};
use super::error::{Error, Reason};
use super::error_messages::seconds;
use super::request::{PageQuery, Paging, Request};
use super::transport::{Client, MAX_CONCURRENT, RequestContext};
use crate::domain::fetched::{Fetched, Gap, ServerClock};
use crate::domain::scope::Scope;
use crate::domain::text::sanitize;

/// Oddities to keep from all responses of one list.
const MAX_NOTES: usize = 3;
/// Limits on pages, on entries, and on bytes after decompression. They bound the memory of a list.
const MAX_PAGES: u64 = 1_000;
const MAX_ENTRIES: usize = 250_000;
const MAX_BYTES: usize = 256 * 1024 * 1024;

/// A list to fetch.
pub(super) struct List<'a, T, P: Fn(&RawValue) -> Option<T>> {
    /// The request for one page.
    pub(super) request: &'a (dyn Fn(PageQuery) -> Request<'a> + Sync),
    /// The subject of error messages.
    pub(super) scope: Option<&'a Scope>,
    pub(super) paging: Paging,
    /// Reads an entry; `None` if the JSON is something else.
    pub(super) parse: P,
    /// The key that identifies an entry; empty if it has none.
    pub(super) key: fn(&T) -> &str,
}

/// The entries of a page that were not on an earlier one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Page<'a, T> {
    pub items: &'a [T],
    /// Entries received so far, including these.
    pub received: usize,
    /// Entries the API announced in total.
    pub total: Option<usize>,
}

/// One page as parsed.
struct RawPage<T> {
    items: Vec<T>,
    facts: PageFacts,
    /// Identifies the entries without a key, if there are any.
    fingerprint: Option<u64>,
}

/// What the response says of a page.
#[derive(Debug, Clone, Copy)]
struct PageFacts {
    /// Entries, readable or not.
    entries: usize,
    /// Entries that could be read, new or not.
    readable: usize,
    note: PageNote,
    /// Bytes of the response after decompression.
    size: usize,
    /// Whether the API reported an error beside the entries.
    has_errors: bool,
}

/// Fetches a list. If the first page fails, so does the list; later failures leave a [`Gap`].
pub(super) async fn fetch<T: Send + 'static>(
    client: &Client,
    context: &RequestContext,
    list: List<'_, T, impl Fn(&RawValue) -> Option<T> + Copy + Send + 'static>,
    on_page: &mut (dyn FnMut(Page<'_, T>) + Send),
) -> Result<Fetched<Vec<T>>, Error> {
    let (size, parse, key) = (list.paging.size(), list.parse, list.key);
    let mut collected = Collected::new(list.paging, key);
    let mut requests = FuturesUnordered::new();
    let (announce, mut announced) = unbounded_channel();
    // Pages that arrived while the entries of the first one are read.
    let mut early = Vec::new();
    loop {
        while requests.len() < MAX_CONCURRENT
            && let Some(number) = collected.paginator.next()
        {
            let request = (list.request)(PageQuery { number, size });
            let announce = announce.clone();
            let read = move |envelope: &Envelope<'_>| {
                if number == 1 {
                    let _ended = announce.send(envelope.pages);
                }
                parse_page(envelope, size, parse, key)
            };
            requests.push(async move { (number, client.send(context, request, read).await) });
        }
        let arrived = tokio::select! { biased;
            Some(note) = announced.recv() => {
                collected.paginator.foresee(note);
                continue;
            }
            arrived = requests.next() => arrived,
        };
        match arrived {
            None => return Ok(collected.finish(context, list.scope)),
            Some((1, Err(error))) => return Err(error),
            Some((1, Ok(answer))) => {
                collected.add(1, answer, on_page);
                for (page, answer) in early.drain(..) {
                    collected.take(page, answer, on_page);
                }
            }
            Some(later) if collected.paginator.answered == 0 => early.push(later),
            Some((page, answer)) => collected.take(page, answer, on_page),
        }
    }
}

/// The pages of a list that have arrived.
struct Collected<T> {
    key: fn(&T) -> &str,
    paginator: Paginator,
    seen: HashSet<String>,
    fingerprints: HashSet<u64>,
    pages: BTreeMap<u64, Vec<T>>,
    clock: ServerClock,
    notes: Vec<String>,
    error: Option<Error>,
}

impl<T> Collected<T> {
    fn new(paging: Paging, key: fn(&T) -> &str) -> Self {
        Self {
            key,
            paginator: Paginator {
                requested_size: paging.size(),
                is_whole: paging == Paging::Whole,
                ..Paginator::default()
            },
            seen: HashSet::new(),
            fingerprints: HashSet::new(),
            pages: BTreeMap::new(),
            clock: ServerClock::default(),
            notes: Vec::new(),
            error: None,
        }
    }

    /// Adds a page after the first, or records its failure.
    fn take(
        &mut self,
        page: u64,
        answer: Result<Fetched<RawPage<T>>, Error>,
        on_page: &mut (dyn FnMut(Page<'_, T>) + Send),
    ) {
        match answer {
            Ok(answer) => self.add(page, answer, on_page),
            Err(error) => self.fail(page, error),
        }
    }

    /// Adds the entries that are new.
    fn add(
        &mut self,
        number: u64,
        answer: Fetched<RawPage<T>>,
        on_page: &mut (dyn FnMut(Page<'_, T>) + Send),
    ) {
        if answer.clock != ServerClock::Unknown {
            self.clock = answer.clock;
        }
        for note in answer.notes {
            if self.notes.len() < MAX_NOTES && !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        let RawPage {
            mut items,
            facts,
            fingerprint,
        } = answer.value;
        let (entries, total) = (facts.entries, facts.note.total_count);
        tracing::debug!(page = number, entries, total, "a page arrived");
        let mut has_new_key = false;
        let announced = total.and_then(|total| usize::try_from(total).ok());
        let more = announced.unwrap_or(0).min(MAX_ENTRIES);
        let more = more.saturating_sub(self.seen.len());
        self.seen.reserve(more.max(items.len()));
        items.retain(|item| {
            let key = (self.key)(item);
            let is_new = !key.is_empty() && self.seen.insert(key.to_owned());
            has_new_key |= is_new;
            is_new || key.is_empty()
        });
        let is_known = |it| !self.fingerprints.insert(it);
        let is_repeat = fingerprint.is_some_and(is_known) && !has_new_key;
        if is_repeat {
            items.clear();
        }
        self.paginator.add(number, facts, items.len(), is_repeat);
        on_page(Page {
            items: &items,
            received: self.paginator.received,
            total: self.paginator.total(),
        });
        self.pages.insert(number, items);
    }

    /// Records a failed page. An error that asks for a pause takes precedence.
    fn fail(&mut self, page: u64, error: Error) {
        self.paginator.fail(page, &fragment(&error));
        if self.error.is_none() || error.retry_after().is_some() {
            self.error = Some(error);
        }
    }

    fn finish(self, context: &RequestContext, scope: Option<&Scope>) -> Fetched<Vec<T>> {
        let announced = self.paginator.total();
        let reason = self.paginator.gap();
        if let Some(reason) = &reason {
            tracing::warn!(why = %sanitize(reason), "the list is incomplete");
        }
        let failure = self.error.map(|error| error.into_failure(scope));
        Fetched {
            value: self.pages.into_values().flatten().collect(),
            took: context.started.elapsed(),
            clock: self.clock,
            gap: reason.map(|reason| Gap { reason, failure }),
            announced,
            notes: self.notes,
        }
    }
}

/// Parses one page. An unreadable entry does not hide the others.
fn parse_page<T>(
    envelope: &Envelope<'_>,
    page_size: u64,
    parse: impl Fn(&RawValue) -> Option<T>,
    key: fn(&T) -> &str,
) -> Result<RawPage<T>, Reason> {
    let mut items = Vec::new();
    let mut unkeyed = None;
    let entries = envelope.list(page_size, |raw| {
        let item = parse(raw);
        if item.as_ref().is_none_or(|item| key(item).is_empty()) {
            raw.get()
                .hash(unkeyed.get_or_insert_with(DefaultHasher::new));
        }
        items.extend(item);
    })?;
    Ok(RawPage {
        facts: PageFacts {
            entries,
            readable: items.len(),
            note: envelope.pages,
            size: envelope.size,
            has_errors: !envelope.errors.is_empty(),
        },
        items,
        fingerprint: unkeyed.map(|hasher| hasher.finish()),
    })
}

/// An error's summary as a fragment, with the pause that the API asks for.
fn fragment(error: &Error) -> String {
    let failure = error.clone().into_failure(None);
    match failure.retry_after {
        Some(pause) => format!("{}; retry in {}", failure.fragment(), seconds(pause)),
        None => failure.fragment().to_owned(),
    }
}

/// Decides which page of a list comes next.
#[derive(Debug, Default)]
struct Paginator {
    requested_size: u64,
    /// Whether the first page is the whole list.
    is_whole: bool,
    asked: u64,
    answered: u64,
    /// The last page, if the server said how many there are.
    last: Option<u64>,
    total: Option<u64>,
    /// Whether the latest page was not full.
    was_short: bool,
    is_stopped: bool,
    /// Entries of a first page without any totals. The server's page size is unknown then, and the next
    /// page is tried.
    silent_size: Option<u64>,
    received: usize,
    entries: usize,
    bytes: usize,
    empty_page: Option<u64>,
    incomplete: Option<String>,
}

impl Paginator {
    /// The next page that may be requested now, while others may be pending.
    fn next(&mut self) -> Option<u64> {
        let is_wanted = match self.last {
            Some(last) => self.asked < last,
            None => !self.was_short && self.asked == self.answered,
        } && !(self.is_whole && self.asked > 0);
        if self.is_stopped || !is_wanted {
            return None;
        }
        if self.asked >= MAX_PAGES {
            self.stop(format!("it has more than {MAX_PAGES} pages"));
            return None;
        }
        if self.entries >= MAX_ENTRIES {
            self.stop(format!("it has more than {MAX_ENTRIES} entries"));
            return None;
        }
        if self.bytes >= MAX_BYTES {
            self.stop(format!("it has more than {} MiB", MAX_BYTES >> 20));
            return None;
        }
        self.asked += 1;
        Some(self.asked)
    }

    /// Expects the pages that the first one announces, so that they are requested while its entries are
    /// read. Whether the announcement holds shows later.
    fn foresee(&mut self, first: PageNote) {
        if self.answered == 0 && !self.is_whole {
            self.last = first.total_pages.filter(|pages| *pages > 0);
        }
    }

    /// Adds a page that arrived, counted from 1. `fresh` of its items were not on an earlier one;
    /// `is_repeat` if an earlier one had the same entries.
    fn add(&mut self, number: u64, page: PageFacts, fresh: usize, is_repeat: bool) {
        self.answered += 1;
        self.received += fresh;
        self.entries += page.entries;
        self.bytes += page.size;
        self.total = self.total.max(page.note.total_count);
        if page.note.has_cursor {
            self.remark("the API continues it in a way that tokenscope does not know".to_owned());
        }
        let unreadable = page.entries - page.readable;
        if unreadable > 0 {
            let entries = if unreadable == 1 { "entry" } else { "entries" };
            self.remark(format!(
                "{unreadable} {entries} of page {number} could not be read"
            ));
        }
        let has_nothing_new = page.readable > 0 && fresh == 0;
        if number > 1 && (has_nothing_new || is_repeat) {
            if self.silent_size.is_some() {
                // The server does not support pages: the first one was complete.
                self.is_stopped = true;
            } else {
                self.stop(format!("page {number} repeats what came before"));
            }
        }
        let entries = page.entries as u64;
        if self.answered == 1 {
            self.last = last_page(entries, page.note);
            let is_silent = self.last.is_none() && page.note == PageNote::default();
            self.silent_size = (is_silent && entries < self.requested_size).then_some(entries);
        }
        let size = page.note.per_page.or(self.silent_size);
        let size = size.unwrap_or(self.requested_size);
        let size = size.clamp(1, self.requested_size);
        self.was_short = entries < size;
        let contradicted = self.total.is_some_and(|total| total < self.received as u64);
        if contradicted && !self.was_short && self.last == Some(number) {
            // The totals are wrong: continue as long as full pages arrive.
            self.last = None;
        } else if page.entries == 0 && number > 1 && self.last.is_some() {
            self.empty_page.get_or_insert(number);
            self.is_stopped = true;
        }
        if page.has_errors {
            // The notes say which.
            self.remark(format!("the API sent an error with page {number}"));
        }
    }

    /// Abandons the rest of the list after a failed page.
    fn fail(&mut self, page: u64, why: &str) {
        self.answered += 1;
        let of = self.last.map(|last| format!(" of {last}"));
        let of = of.unwrap_or_default();
        self.stop(format!("page {page}{of} could not be read: {why}"));
    }

    /// The number of items that the server announced.
    fn total(&self) -> Option<usize> {
        self.total.and_then(|total| usize::try_from(total).ok())
    }

    /// Why the list may lack items; `None` if it is complete.
    fn gap(self) -> Option<String> {
        let received = self.received as u64;
        let doubt = match (self.total, self.empty_page) {
            (Some(total), _) if total != received => {
                let entries = if total == 1 { "entry" } else { "entries" };
                Some(format!(
                    "the API announced {total} {entries} and sent {received}"
                ))
            }
            (None, Some(page)) => Some(format!("page {page} is empty although it was announced")),
            _ => None,
        };
        self.incomplete.or(doubt)
    }

    fn stop(&mut self, why: String) {
        self.is_stopped = true;
        self.remark(why);
    }

    /// Keeps the first remark, which caused the later ones.
    fn remark(&mut self, why: String) {
        self.incomplete.get_or_insert(why);
    }
}

/// The number of the last page, derived from the first.
///
/// A server may send smaller pages than requested and count in pages of a third size. So this uses
/// the actual size of the first page, and returns the larger of both results.
fn last_page(entries: u64, note: PageNote) -> Option<u64> {
    let by_pages = note.total_pages.filter(|pages| *pages > 0);
    let by_count = match (note.total_count, entries) {
        (Some(total), 1..) if total >= entries => Some(total.div_ceil(entries)),
        (Some(_), 0) => Some(1),
        _ => None,
    };
    by_pages.max(by_count)
}
