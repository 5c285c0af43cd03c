//! Which page of a list comes next, when to stop, and whether what came is the whole.
//!
//! Pure; the server's totals are hints that may lie. Not here: fetching (`listing`).

use super::envelope::PageNote;

/// A list is given up after this many pages.
pub(super) const MAX_PAGES: u64 = 1_000;
/// A list is given up after this many entries, or this many bytes of answers after decompression,
/// which bounds the memory it can take.
pub(super) const MAX_ENTRIES: usize = 250_000;
pub(super) const MAX_BYTES: usize = 256 * 1024 * 1024;

/// The way through a list.
#[derive(Debug)]
pub(super) struct Paginator {
    requested_size: u64,
    asked: u64,
    answered: u64,
    /// The last page, once the server has said how many there are.
    last: Option<u64>,
    total: Option<u64>,
    has_more: bool,
    is_stopped: bool,
    /// Entries of the first page, where that says nothing of the whole: how many the server sends in
    /// a page is then not known, and the next page is tried.
    silent_size: Option<u64>,
    received: usize,
    entries: usize,
    bytes: usize,
    empty_page: Option<u64>,
    incomplete: Option<String>,
}

/// What came with one page.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageResult {
    /// The page's number, from 1.
    pub(super) page: u64,
    /// Entries in it.
    pub(super) entries: usize,
    /// Entries that are items, whether or not they came before.
    pub(super) items: usize,
    /// Items that had not come before.
    pub(super) fresh: usize,
    /// What the server says of the whole.
    pub(super) note: PageNote,
    /// Bytes of the answer after decompression.
    pub(super) size: usize,
    /// Whether the very same entries came before.
    pub(super) is_repeat: bool,
}

impl Paginator {
    /// A list that is asked for in pages of the given size.
    pub(super) fn new(requested_size: u64) -> Self {
        Self {
            requested_size,
            asked: 0,
            answered: 0,
            last: None,
            total: None,
            has_more: true,
            is_stopped: false,
            silent_size: None,
            received: 0,
            entries: 0,
            bytes: 0,
            empty_page: None,
            incomplete: None,
        }
    }

    /// The next page that may be asked for now, while others may still be on their way.
    pub(super) fn next(&mut self) -> Option<u64> {
        let is_wanted = match self.last {
            Some(last) => self.asked < last,
            None => self.has_more && self.asked == self.answered,
        };
        if self.is_stopped || !is_wanted {
            return None;
        }
        if self.asked >= MAX_PAGES {
            self.stop(format!("there are more than {MAX_PAGES} pages"));
            return None;
        }
        if self.entries >= MAX_ENTRIES {
            self.stop(format!("there are more than {MAX_ENTRIES} entries"));
            return None;
        }
        if self.bytes >= MAX_BYTES {
            self.stop(format!("there is more than {} MiB", MAX_BYTES >> 20));
            return None;
        }
        self.asked += 1;
        Some(self.asked)
    }

    /// Takes note of a page.
    pub(super) fn arrived(&mut self, page: PageResult) {
        self.answered += 1;
        self.received += page.fresh;
        self.entries += page.entries;
        self.bytes += page.size;
        self.total = self.total.max(page.note.total_count);
        let unreadable = page.entries - page.items;
        if unreadable > 0 {
            self.remark(format!(
                "{unreadable} entries of page {} are not objects",
                page.page
            ));
        }
        let has_nothing_new = page.items > 0 && page.fresh == 0;
        if page.page > 1 && (has_nothing_new || page.is_repeat) {
            if self.silent_size.is_some() {
                // The server knows no pages: what came is the whole.
                self.is_stopped = true;
            } else {
                self.stop(format!("page {} repeats what came before", page.page));
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
        self.has_more = entries >= size;
        let contradicted = self.total.is_some_and(|total| total < self.received as u64);
        if contradicted && self.has_more && self.last == Some(page.page) {
            // The totals are worthless, but there may be more: go on while full pages come.
            self.last = None;
        } else if page.entries == 0 && page.page > 1 && self.last.is_some() {
            self.empty_page.get_or_insert(page.page);
            self.is_stopped = true;
        }
    }

    /// Gives up on the rest of the list.
    pub(super) fn failed(&mut self, page: u64, why: &str) {
        self.answered += 1;
        let of = self
            .last
            .map(|last| format!(" of {last}"))
            .unwrap_or_default();
        self.stop(format!("page {page}{of} could not be read: {why}"));
    }

    /// How many items have come so far, each counted once.
    pub(super) fn received(&self) -> usize {
        self.received
    }

    /// How many the server announced.
    pub(super) fn total(&self) -> Option<usize> {
        self.total.and_then(|total| usize::try_from(total).ok())
    }

    /// Why the list may lack something; nothing when it is whole.
    pub(super) fn verdict(self) -> Option<String> {
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

    /// The first remark is the cause, later ones its consequences.
    fn remark(&mut self, why: String) {
        self.incomplete.get_or_insert(why);
    }
}

/// The number of the last page, judged from the first.
///
/// A server may send smaller pages than were asked for and count in pages of another size, so the
/// size is what the first page really held, and the larger of two answers counts.
fn last_page(entries: u64, note: PageNote) -> Option<u64> {
    let by_pages = note.total_pages.filter(|pages| *pages > 0);
    let by_count = match (note.total_count, entries) {
        (Some(total), 1..) if total >= entries => Some(total.div_ceil(entries)),
        (Some(_), 0) => Some(1),
        _ => None,
    };
    by_pages.max(by_count)
}
