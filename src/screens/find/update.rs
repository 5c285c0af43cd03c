//! Key handling of Find: one list of matches, tokens that need the user, and recent lookups, below
//! the field to search them.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::state::{Item, ItemCounts, MatchKind};
use crate::action::{Action, Context, Motion};
use crate::app::credential_switch::look_up_again;
use crate::app::form::Editor;
use crate::app::handler::{Copied, Fetch, Find, Handler, Pending, listed_end};
use crate::app::list_fetch::{choose_scope, fetch_list, open_needs};

use crate::app::navigation::{choose_profile, open_session_setup};
use crate::app::profile_lists::can_open;
use crate::app::state::{Screen, State, whole_second};
use crate::app::token_fetch::{look_up, open_row};
use crate::domain::credential::Access;
use crate::domain::fetched::RequestId;
use crate::domain::recent_lookups::Recent;

use crate::domain::text;
use crate::domain::token::{InvalidTokenRef, ServiceToken, TokenRef};
use crate::layout::find::Section;
use crate::layout::next_place;

/// How old a list is, at most, that proves that a token does not exist.
const FRESH: TimeDelta = TimeDelta::seconds(60);

impl Handler for Find {
    fn context(&self, state: &State) -> Context {
        if state.find.is_commanding {
            Context::Find
        } else {
            Context::FindText
        }
    }

    fn back_hint(&self, state: &State) -> Option<&'static str> {
        let waits = state.detail.token.is_loading() || state.find.is_waiting;
        let leaves_field = (!state.find.is_commanding).then_some("commands");
        waits.then_some("cancel").or(leaves_field)
    }

    fn contexts(&self, _: &State) -> &'static [Context] {
        &[Context::Find, Context::FindText]
    }

    fn can(&self, state: &State, action: Action) -> bool {
        let copies = matches!(action, Action::CopyField | Action::CopyClientId);
        let picks = matches!(action, Action::Submit | Action::Down);
        let leads_on = action == Action::Submit && state.session.active.identity.is_none();
        let submits = action == Action::Submit && !state.find.token.value().trim().is_empty();
        if copies {
            state.selected_token().is_some()
        } else if action == Action::Uses {
            self.token(state).is_some() || matches!(state.find.selected, Some(Item::Recent(_)))
        } else if picks {
            let is_typed = submits && !state.find.is_commanding;
            state.find.selected.is_some() || is_typed || leads_on
        } else if action == Action::Back && state.find.is_commanding {
            self.back_hint(state).is_some()
        } else if action == Action::Reload {
            state.list.access.is_some()
        } else {
            action != Action::AllProfiles || can_open(state)
        }
    }

    fn editor<'a>(&self, state: &'a mut State) -> Option<Editor<'a>> {
        let find = &mut state.find;
        (!find.is_commanding).then_some(Editor::Plain(&mut find.token))
    }

    fn edited(&self, state: &mut State) {
        let find = &mut state.find;
        let reference = TokenRef::parse(find.token.value());
        let secret = reference.err().filter(|it| *it == InvalidTokenRef::Secret);
        find.complaint = secret.map(|error| error.to_string());
        find.is_edited = true;
        find.is_waiting = false;
        find.is_picked = false;
        state.banner = None;
    }

    fn edit(&self, state: &mut State) {
        state.find.edit();
    }

    /// A paste is text, even where letters are commands.
    fn pasting(&self, state: &mut State) {
        state.find.edit();
    }

    fn submit(&self, state: &mut State) {
        if state.session.needs_choice() {
            return choose_profile(state);
        }
        if state.session.active.identity.is_none() {
            open_session_setup(state, false);
            if state.screen == Screen::Setup {
                state.notify("First a credential.");
            }
            return;
        }
        let find = &state.find;
        if !find.is_commanding && !find.is_picked && !find.token.is_blank() {
            submit_text(state);
        } else if let Some(item) = find.selected {
            open(state, item);
        }
    }

    fn back(&self, state: &mut State) {
        if std::mem::take(&mut state.find.is_waiting) {
            state.notify("Cancelled.");
        } else if state.find.is_commanding {
            state.notify("q quits.");
        } else {
            state.find.is_commanding = true;
            state.find.complaint = None;
        }
    }

    fn stop_waiting(&self, state: &mut State) -> Option<RequestId> {
        state.detail.token.cancel()
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        let counts = state.find_items();
        let Some(last) = counts.total().checked_sub(1) else {
            return;
        };
        let page = state.find_layout(Section::Matches).matches.max(4);
        let at = match (state.find.selected, motion) {
            (Some(item), _) => motion.from(counts.place(item), page, last),
            // The first key selects the first item.
            (None, Motion::Bottom) => last,
            (None, _) => 0,
        };
        pick(state, counts, at);
    }

    /// Selects the first item of the next list, or of the previous one.
    fn move_focus(&self, state: &mut State, forward: bool) {
        let counts = state.find_items();
        let lists = [
            (Item::Match(0), counts.matches > 0),
            (Item::Need(0), counts.needs > 0 || counts.has_more),
            (Item::Recent(0), counts.recents > 0),
        ];
        let present = lists.into_iter().filter(|(_, is_present)| *is_present);
        let starts: Vec<usize> = present.map(|(start, _)| counts.place(start)).collect();
        let now = state.find.selected.map(|item| counts.place(item));
        if let Some(at) = next_place(&starts, now, forward) {
            pick(state, counts, at);
        }
    }

    fn reload(&self, state: &mut State) {
        fetch_list(state);
    }

    fn copy(&self, state: &mut State, what: Copied) {
        let token = state.selected_token().filter(|_| what != Copied::Json);
        if let Some(token) = token.cloned() {
            state.copy_part(Some(&token), what);
        }
    }

    fn token(&self, state: &State) -> Option<(Arc<ServiceToken>, Access)> {
        let token = match state.find.selected? {
            Item::Recent(at) => listed(state, state.find.recents.get(at)?)?,
            item @ (Item::Match(_) | Item::Need(_) | Item::More) => {
                state.find.token_at(item, &state.list)?
            }
        };
        Some((token.clone(), state.list.access.clone()?))
    }

    fn pick_scope(&self, state: &mut State) {
        choose_scope(state);
    }

    fn pending(&self, state: &State) -> Option<Pending> {
        // Shows every lookup, including a reload that the user left behind.
        let is_waiting = state.detail.token.is_loading() || state.find.is_waiting;
        let first = is_waiting.then_some(Pending::First);
        first.or_else(|| Pending::of(&state.list.extent))
    }

    fn instant(&self, state: &State) -> DateTime<Utc> {
        whole_second(state.clock.corrected())
    }

    fn fetch(&self, state: &State) -> Option<Fetch> {
        Fetch::of(&state.list.extent)
    }

    /// Without a list, the dates of recent lookups are relative to the wall clock.
    fn age(&self, state: &State) -> Option<TimeDelta> {
        let clock = &state.clock;
        if let Some(fetch) = self.fetch(state) {
            return Some(clock.steady.signed_duration_since(fetch.at));
        }
        let has_recents = !state.find.recents.is_empty();
        has_recents.then(|| clock.local.signed_duration_since(DateTime::UNIX_EPOCH))
    }

    /// Searches again if the list or the text has changed, and updates the selection.
    fn keep_up(&self, state: &mut State) {
        let find = &mut state.find;
        let text = text::trim_input(find.token.value());
        find.matches.update(&state.list, text);
        let counts = state.find_items();
        state.find.settle(&state.list, counts);
    }

    fn shows_list(&self, _: &State) -> bool {
        true
    }

    fn next_countdown(&self, state: &State) -> Option<DateTime<Utc>> {
        state.next_second(state.find_tokens().filter_map(|token| listed_end(token)))
    }

    fn next_change(&self, state: &State) -> Option<DateTime<Utc>> {
        state.next_list_change(state.find_tokens().filter_map(|token| listed_end(token)))
    }
}

fn pick(state: &mut State, counts: ItemCounts, at: usize) {
    if let Some(item) = counts.item(at) {
        state.find.pick(item, &state.list);
    }
}

/// Opens an item.
fn open(state: &mut State, item: Item) {
    match item {
        Item::More => open_needs(state),
        Item::Match(_) | Item::Need(_) => {
            if let Some(token) = state.find.token_at(item, &state.list).cloned() {
                open_token(state, token);
            }
        }
        Item::Recent(at) => {
            if let Some(recent) = state.find.recents.get(at).cloned() {
                match listed(state, &recent).cloned() {
                    Some(token) => open_token(state, token),
                    None => look_up_again(state, &recent),
                }
            }
        }
    }
}

/// Looks up the selected recent token again, to show who uses it, if the list lacks it.
pub(crate) fn look_up_for_uses(state: &mut State) {
    if let Some(item @ Item::Recent(_)) = state.find.selected {
        open(state, item);
        let detail = &mut state.detail;
        detail.shows_uses_on_answer = detail.token.is_loading() && detail.opens_on_answer;
    }
}

/// The token of a recent lookup, if the list on screen has it.
fn listed<'a>(state: &'a State, recent: &Recent) -> Option<&'a Arc<ServiceToken>> {
    let list = &state.list;
    let is_listed = list.access.as_ref().map(|it| &it.scope) == Some(&recent.scope)
        && recent.profile == state.session.active.profile;
    list.with_id(&recent.id).filter(|_| is_listed)
}

/// Opens a token of the list: shows its copy at once, then fetches it.
fn open_token(state: &mut State, token: Arc<ServiceToken>) {
    state.cancel_lookup();
    keep_selection(state);
    open_row(state, token);
}

/// Keeps the selection where it is until Back returns to it.
pub(crate) fn keep_selection(state: &mut State) {
    state.find.is_commanding = true;
    state.find.is_edited = false;
    if let Some(item) = state.find.selected {
        state.find.pick(item, &state.list);
    }
}

/// Opens what the text names: an ID straight away, anything else once the list is complete.
fn submit_text(state: &mut State) {
    let reference = match TokenRef::parse(state.find.token.value()) {
        Ok(reference) => reference,
        Err(error) => {
            state.find.complaint = Some(error.to_string());
            return;
        }
    };
    let scope = reference.scope().or(state.session.active.scope.as_ref());
    let Some(scope) = scope.cloned() else {
        state.notify("First an account or zone.");
        return choose_scope(state);
    };
    let list = &state.list;
    let is_listed = list.access.as_ref().map(|access| &access.scope) == Some(&scope);
    if let Some(id) = reference.id() {
        let known = list.with_id(id).filter(|_| is_listed).cloned();
        return match known {
            Some(token) => open_token(state, token),
            None => look_up(state, reference, &scope),
        };
    }
    if !is_listed {
        return look_up(state, reference, &scope);
    }
    if list.extent.is_first() {
        state.find.is_waiting = true;
        return;
    }
    if let Some(item) = state.find.selected {
        return open(state, item);
    }
    let whole = list.extent.fetched();
    let whole = whole.filter(|list| list.value.incomplete.is_none());
    match whole.map(|list| state.clock.steady.signed_duration_since(list.at)) {
        None => look_up(state, reference, &scope),
        Some(age) if age < FRESH => {}
        // The token may be younger than the list.
        Some(_) => {
            fetch_list(state);
            state.find.is_waiting = state.list.extent.is_loading();
        }
    }
}

/// Continues when the list has ended, if Enter waits for it: opens the only match, or shows them.
pub(crate) fn list_ended(state: &mut State) {
    if !std::mem::take(&mut state.find.is_waiting) {
        return;
    }
    Find.keep_up(state);
    let matches = &state.find.matches;
    if state.list.extent.value().is_none() {
        submit_text(state);
    } else if matches.count() == 1 && matches.kind != MatchKind::Nearest {
        open(state, Item::Match(0));
    }
}
