//! The tokens of a scope, which Find and Browse share: with their statuses, their order of urgency,
//! the counts per status, and an index to search them.
//!
//! A list names a token by its *place*: an index that stays valid while tokens are only added. What
//! shows a part of the list keeps places, and derives them again when [`TokenList::generation`]
//! differs. Made for tens of thousands: it computes keys once and sorts places instead of tokens.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::message::Stage;
use super::profile_reads::ProfileReads;
use crate::domain::credential::Access;
use crate::domain::fetched::{Received, Remote, RequestId};
use crate::domain::fields::changed_keys;
use crate::domain::findings::{self, Note, Severity};
use crate::domain::list_report::Origin;
use crate::domain::scope::Scope;
use crate::domain::search::Haystack;
use crate::domain::status::{EvaluationContext, Lifecycle, Status, Urgency};
use crate::domain::text;
use crate::domain::token::{ServiceToken, TokenId};

/// The tokens of a scope.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TokenList {
    /// The credential and scope of the list.
    pub access: Option<Access>,
    /// How complete the list is, with its age. During the first fetch, the list has the tokens that
    /// have arrived.
    pub extent: Remote<Extent>,
    /// The progress of the current fetch.
    pub progress: Progress,
    /// How each profile was read, in the list of all profiles.
    pub profiles: Option<ProfileReads>,
    /// When the last fetch was attempted, by the steady clock.
    pub(crate) attempted_at: Option<DateTime<Utc>>,
    /// Whether that fetch began by itself. Nobody waits for it, so no key cancels it.
    pub(crate) is_automatic: bool,
    tokens: Vec<Arc<ServiceToken>>,
    urgencies: Vec<Urgency>,
    index: SearchIndex,
    /// All places, in order of urgency.
    order: Vec<u32>,
    needs: Vec<Need>,
    counts: [usize; Status::ALL.len()],
    /// The places of the tokens that the last fetch changed.
    changed: HashSet<u32>,
    evaluated_at: Option<DateTime<Utc>>,
    next_change: Option<DateTime<Utc>>,
    generation: u64,
}

/// A token that needs the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    pub place: u32,
    /// Why, as the count of others says it: `expiring`, `unused`.
    pub word: &'static str,
}

/// How complete a list is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extent {
    /// Why it may lack tokens, as a sentence fragment; `None` if it is complete.
    pub incomplete: Option<String>,
    /// How many tokens the API announced.
    pub total: Option<usize>,
}

/// The progress of fetching a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// The number of tokens that have arrived.
    pub received: usize,
    /// The number of pages that they came in.
    pub pages: usize,
    /// How many tokens the API announced.
    pub total: Option<usize>,
    pub stage: Stage,
}

impl TokenList {
    /// How many tokens there are.
    pub fn total(&self) -> usize {
        self.tokens.len()
    }

    /// How many tokens have a status.
    pub fn count(&self, status: Status) -> usize {
        self.counts[status as usize]
    }

    /// All places, in order of urgency.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// The tokens that need the user, in order of urgency.
    pub fn needs(&self) -> &[Need] {
        &self.needs
    }

    /// Whether the token at a place needs the user.
    pub fn is_needing(&self, place: u32) -> bool {
        self.need(place).is_some()
    }

    /// The index of a place among the tokens that need the user, which was probably at `at`.
    pub fn place_of_need(&self, place: u32, at: usize) -> Option<usize> {
        let is_it = |need: &Need| need.place == place;
        let is_unmoved = self.needs.get(at).is_some_and(is_it);
        is_unmoved
            .then_some(at)
            .or_else(|| self.needs.iter().position(is_it))
    }

    /// The token at a place.
    pub fn token(&self, place: u32) -> Option<&Arc<ServiceToken>> {
        self.tokens.get(place as usize)
    }

    /// The searchable text, the status and the note of the token at a place.
    pub fn haystack(&self, place: u32) -> Option<Haystack<'_>> {
        let profile = self.origin(place).map(|origin| origin.profile.as_str());
        Some(Haystack {
            profile: profile.unwrap_or_default(),
            ..self.index.get(place as usize)?
        })
    }

    /// The token with an ID.
    pub fn with_id(&self, id: &TokenId) -> Option<&Arc<ServiceToken>> {
        let id = id.as_str();
        let mut tokens = self.tokens.iter();
        tokens.find(|token| token.id_text().eq_ignore_ascii_case(id))
    }

    /// Whether the last fetch brought the token at a place, or changed it by more than its last use.
    pub fn has_changed(&self, place: u32) -> bool {
        self.changed.contains(&place)
    }

    /// The place of a token: of the identical one, or else of one with the same ID.
    pub fn place_of(&self, token: &Arc<ServiceToken>) -> Option<u32> {
        let find = |is_it: &dyn Fn(&Arc<ServiceToken>) -> bool| self.tokens.iter().position(is_it);
        let id = token.id_text();
        let place = find(&|other| Arc::ptr_eq(other, token)).or_else(|| {
            if id.is_empty() {
                find(&|other| other.raw == token.raw)
            } else {
                find(&|other| other.id_text() == id)
            }
        })?;
        u32::try_from(place).ok()
    }

    /// Counts the changes other than added tokens: places kept from another generation, and
    /// everything derived from statuses, are out of date.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// When a status, a note or a position next changes with time.
    pub fn next_change(&self) -> Option<DateTime<Utc>> {
        self.next_change
    }

    /// Rows that show the progress of the list, or what it lacks.
    pub fn note_rows(&self) -> usize {
        let lacks = |extent: &Extent| extent.incomplete.is_some();
        if self.extent.is_first() {
            1
        } else if let Some(profiles) = &self.profiles {
            usize::from(!profiles.doubts().is_empty())
        } else if self.extent.value().is_some_and(lacks) {
            2
        } else {
            0
        }
    }

    /// When the statuses were last evaluated.
    pub(crate) fn evaluated_at(&self) -> Option<DateTime<Utc>> {
        self.evaluated_at
    }

    /// The status of each place.
    pub(crate) fn statuses(&self) -> Vec<Status> {
        let evaluated = self.index.evaluated.iter();
        evaluated.map(|(status, _)| *status).collect()
    }

    /// Clears everything, and returns the pending request.
    pub(crate) fn reset(&mut self) -> Option<RequestId> {
        let generation = self.generation + 1;
        let old = std::mem::take(self);
        self.generation = generation;
        old.extent.request()
    }

    /// Begins to fetch the list.
    pub(crate) fn begin(&mut self, request: RequestId, now: DateTime<Utc>) {
        self.extent.begin(request, now);
        self.progress = Progress {
            stage: Stage::Credential,
            ..Progress::default()
        };
    }

    /// Stops waiting. A first list keeps the tokens that arrived; a reloaded list stays unchanged.
    pub(crate) fn stop(&mut self, now: DateTime<Utc>) -> Option<RequestId> {
        self.keep_part(now, "cancelled")
            .or_else(|| self.extent.cancel())
    }

    /// Keeps the tokens of a first list that arrived, and returns its request; `None` if none
    /// arrived.
    pub(crate) fn keep_part(&mut self, now: DateTime<Utc>, why: &str) -> Option<RequestId> {
        let request = self.extent.request()?;
        if self.extent.value().is_some() || self.total() == 0 {
            return None;
        }
        let value = Extent {
            incomplete: Some(why.to_owned()),
            total: self.progress.total,
        };
        self.extent.settle(request, Ok(Received { value, at: now }));
        Some(request)
    }

    /// The profile and the scope that a token of several profiles was read with.
    pub fn origin_of(&self, token: &Arc<ServiceToken>) -> Option<&Arc<Origin>> {
        self.origin(self.place_of(token)?)
    }

    /// The same for the token at a place.
    pub fn origin(&self, place: u32) -> Option<&Arc<Origin>> {
        self.profiles.as_ref()?.origin(place)
    }

    /// The credential and the scope of a token.
    pub(crate) fn access_of(&self, token: &Arc<ServiceToken>) -> Option<Access> {
        let Some(profiles) = &self.profiles else {
            return self.access.clone();
        };
        let origin = profiles.origin(self.place_of(token)?)?;
        let read = profiles.reads.iter().find(|read| read.origin == *origin)?;
        Some(read.access())
    }

    /// Whether it has tokens of a scope.
    pub(crate) fn is_of(&self, scope: &Scope) -> bool {
        let mut reads = self.profiles.iter().flat_map(|profiles| &profiles.reads);
        let access = self.access.as_ref();
        access.is_some_and(|access| access.scope == *scope)
            || reads.any(|read| read.origin.scope == *scope)
    }

    /// Drops the tokens and the pending request, but not whose list it is.
    pub(crate) fn forget_tokens(&mut self) {
        let (access, profiles) = (self.access.take(), self.profiles.take());
        self.reset();
        (self.access, self.profiles) = (access, profiles);
    }

    /// Takes the place of another list: places kept from either are out of date.
    pub(crate) fn supersede(&mut self, other: &Self) {
        self.generation = self.generation.max(other.generation) + 1;
    }

    /// Adds tokens of one of several profiles.
    pub(crate) fn add_from(
        &mut self,
        origin: &Arc<Origin>,
        tokens: Vec<Arc<ServiceToken>>,
        context: EvaluationContext,
    ) {
        if let Some(profiles) = &mut self.profiles {
            profiles.added(origin, tokens.len());
        }
        self.add(tokens, context);
    }

    /// Replaces all tokens by those of all profiles.
    pub(crate) fn replace_profiles(&mut self, context: EvaluationContext) {
        let tokens = self.profiles.as_mut().map(ProfileReads::gather);
        self.replace(tokens.unwrap_or_default(), context);
    }

    /// Adds tokens.
    pub(crate) fn add(&mut self, tokens: Vec<Arc<ServiceToken>>, context: EvaluationContext) {
        let known = self.tokens.len();
        self.tokens.extend(tokens);
        self.evaluate(known, context);
        self.order
            .extend((known..self.tokens.len()).filter_map(|place| u32::try_from(place).ok()));
        self.arrange();
    }

    /// Replaces all tokens.
    pub(crate) fn replace(&mut self, tokens: Vec<Arc<ServiceToken>>, context: EvaluationContext) {
        let is_whole = |extent: &Extent| extent.incomplete.is_none();
        let changed = match self.extent.value().filter(|extent| is_whole(extent)) {
            Some(_) => changes(&self.tokens, &tokens),
            None => HashSet::new(),
        };
        *self = Self {
            access: self.access.take(),
            extent: std::mem::take(&mut self.extent),
            progress: self.progress,
            attempted_at: self.attempted_at,
            is_automatic: self.is_automatic,
            changed,
            profiles: self.profiles.take(),
            generation: self.generation + 1,
            ..Self::default()
        };
        self.add(tokens, context);
    }

    /// Replaces a token by a newer version, if it is in the list.
    pub(crate) fn renew(&mut self, token: &Arc<ServiceToken>, context: EvaluationContext) {
        let id = token.id_text();
        let is_older = |old: &&mut Arc<ServiceToken>| old.id_text() == id && old.raw != token.raw;
        let old = self.tokens.iter_mut().find(is_older);
        if let Some(old) = old.filter(|_| !id.is_empty()) {
            *old = token.clone();
            self.index = SearchIndex::default();
            self.reevaluate(context);
        }
    }

    /// Whether time or a clock correction may have changed the order.
    pub(crate) fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.next_change.is_some_and(|due| due <= now)
            || self.evaluated_at.is_some_and(|last| now < last)
    }

    /// Evaluates all tokens again.
    pub(crate) fn reevaluate(&mut self, context: EvaluationContext) {
        self.generation += 1;
        self.counts = [0; Status::ALL.len()];
        self.next_change = None;
        self.urgencies.clear();
        self.evaluate(0, context);
        self.arrange();
    }

    /// Evaluates the tokens from a place on.
    fn evaluate(&mut self, from: usize, context: EvaluationContext) {
        for (place, token) in self.tokens.iter().enumerate().skip(from) {
            let life = Lifecycle::of(token);
            let status = Status::at(life, context);
            self.counts[status as usize] += 1;
            let note = findings::note(token, context);
            self.index.set(place, token, (status, note));
            self.urgencies.push(Urgency::of(life, context));
            let moves = Urgency::next_change(life, context);
            let noted = findings::next_note_change(token, context);
            let changes = self.next_change.into_iter().chain(moves).chain(noted);
            self.next_change = changes.min();
        }
        self.evaluated_at = Some(context.now);
    }

    /// Sorts the places. This costs little if most are in order already. The order of urgency is the
    /// same everywhere, so names are compared byte by byte.
    fn arrange(&mut self) {
        let (tokens, urgencies) = (&self.tokens, &self.urgencies);
        self.order.sort_by(|one, other| {
            let (one, other) = (*one as usize, *other as usize);
            let names = || {
                let other = tokens[other].name_and_id();
                tokens[one].name_and_id().cmp(&other)
            };
            urgencies[one].cmp(&urgencies[other]).then_with(names)
        });
        let needs = self.order.iter().filter_map(|place| {
            let word = self.need(*place)?;
            let place = *place;
            Some(Need { place, word })
        });
        self.needs = needs.collect();
    }

    /// Why a token needs the user: it ended lately or ends soon, its end is unknown, or it works and
    /// has a warning. One that ended long ago needs nothing unless it is still used.
    fn need(&self, place: u32) -> Option<&'static str> {
        let Haystack { status, note, .. } = self.haystack(place)?;
        let warning = note.filter(|note| note.severity >= Severity::Warning);
        match status {
            Status::Disabled => None,
            Status::Critical => Some("critical"),
            Status::Expiring => Some("expiring"),
            Status::Unknown => Some("unknown"),
            Status::Active | Status::NeverExpires => warning.map(Note::counted).or_else(|| {
                let token = self.token(place)?;
                token.malformed(&token.enabled).map(|_| "perhaps off")
            }),
            Status::Expired if self.urgencies.get(place as usize)?.has_just_ended() => {
                Some("expired")
            }
            Status::Expired => note.filter(|note| note.is_still_used()).map(Note::counted),
        }
    }
}

/// The places of those tokens that are new or differ from before. A last use is no change to look
/// at: most tokens are used all the time.
fn changes(before: &[Arc<ServiceToken>], tokens: &[Arc<ServiceToken>]) -> HashSet<u32> {
    let known = before.iter().map(|token| (token.id_text(), token));
    let known: HashMap<&str, &Arc<ServiceToken>> = known.collect();
    let is_change = |token: &ServiceToken| match known.get(token.id_text()) {
        Some(old) if old.raw == token.raw => false,
        Some(old) => changed_keys(old, token)
            .iter()
            .any(|key| key != "last_seen_at"),
        None => true,
    };
    let places = (0_u32..).zip(tokens);
    let changed = places.filter(|(_, token)| !token.id_text().is_empty() && is_change(token));
    changed.map(|(place, _)| place).collect()
}

/// Names, IDs and client IDs of all tokens in one string: scanning it is several times faster than
/// following a pointer per token.
#[derive(Debug, Clone, PartialEq, Default)]
struct SearchIndex {
    text: String,
    /// Where the name, the ID and the client ID of each token end.
    ends: Vec<[usize; 3]>,
    have_hex_ids: Vec<bool>,
    evaluated: Vec<(Status, Option<Note>)>,
}

impl SearchIndex {
    /// Adds a token, or updates the status and the note of a known one.
    fn set(&mut self, place: usize, token: &ServiceToken, evaluated: (Status, Option<Note>)) {
        if let Some(known) = self.evaluated.get_mut(place) {
            *known = evaluated;
            return;
        }
        let parts = [token.name_text(), token.id_text(), token.client_id_text()];
        self.ends.push(parts.map(|part| {
            self.text.push_str(text::beginning(part));
            self.text.len()
        }));
        let [_, id, client_id] = parts;
        self.have_hex_ids.push(Haystack::are_hex(id, client_id));
        self.evaluated.push(evaluated);
    }

    fn get(&self, place: usize) -> Option<Haystack<'_>> {
        let [name, id, client_id] = *self.ends.get(place)?;
        let (status, note) = *self.evaluated.get(place)?;
        let before = place.checked_sub(1).and_then(|place| self.ends.get(place));
        let start = before.map_or(0, |ends| ends[2]);
        Some(Haystack {
            name: self.text.get(start..name)?,
            id: self.text.get(name..id)?,
            client_id: self.text.get(id..client_id)?,
            has_hex_ids: *self.have_hex_ids.get(place)?,
            status,
            note,
            profile: "",
        })
    }
}
