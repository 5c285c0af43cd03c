//! Fetches the list of a scope: for the screen that opens, when the user asks, and again by itself, at a
//! polite pace, since each of its pages is a request.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::form::TextField;
use super::message::Effect;
use super::navigation::{choose_profile, must_pause, open_session_setup, pick_scope};
use super::profile_lists;
use super::state::{Screen, State};
use super::token_fetch::{is_typing_elsewhere, report, without_doubt};
use super::token_list::Extent;
use crate::action::Context;
use crate::domain::credential::{Access, CredentialRef};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::{Fetched, Remote, RequestId, Tokens};
use crate::domain::scope::Scope;
use crate::domain::search;
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::screens::browse::state::{Browse, Follow};

/// The longest pause between two fetches, unless the user set a longer one.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(15);

/// Shows Find, ready to type.
pub(crate) fn show_find(state: &mut State) {
    state.screen = Screen::Find;
    state.overlay = None;
    state.find.start_over();
    fetch_for_find(state);
}

/// Leaves a form for Find.
pub(crate) fn open_find(state: &mut State) {
    state.cancel_setup();
    show_find(state);
}

/// Goes back to Find: letters are commands, and the selection is where it was.
pub(crate) fn return_to_find(state: &mut State) {
    state.screen = Screen::Find;
    state.overlay = None;
    state.find.is_commanding = true;
    fetch_for_find(state);
}

/// Fetches the list of the session's scope, unless it is there, was refused, or is on its way.
pub(crate) fn fetch_for_find(state: &mut State) {
    profile_lists::leave(state);
    let session = &state.session;
    let scope = session.active.scope.as_ref();
    let access = scope.and_then(|scope| session.access(scope));
    let is_known = state.list.access == access && state.list.extent != Remote::Idle;
    if is_known || access.is_none() {
        return;
    }
    if state.list.access != access {
        drop_list(state);
        state.list.access = access;
    }
    if state.limited_for().is_none() {
        fetch_list(state);
    }
}

/// Opens the choice of the account or zone whose tokens Find shows.
pub(crate) fn choose_scope(state: &mut State) {
    let Some(identity) = state.session.active.identity.clone() else {
        return open_session_setup(state, false);
    };
    let current = state.session.active.scope.as_ref();
    let id = current.map_or_else(String::new, |scope| scope.id().to_owned());
    pick_scope(state, CredentialRef::Identity(identity), &id);
}

/// Changes the account or zone whose tokens Find shows.
pub(crate) fn use_scope(state: &mut State, scope: &Scope) {
    let active = &mut state.session.active;
    if active.scope.as_ref() != Some(scope) {
        active.scope = Some(scope.clone());
        "chosen by hand".clone_into(&mut active.scope_origin);
        state.find.is_picked = false;
    }
    state.find.edit();
    let named = name_scope(state);
    state.effects.extend(named);
    fetch_for_find(state);
}

/// Writes the name of the account or zone of the profile in use, if the choice lists another name than
/// the profile has.
fn name_scope(state: &State) -> Option<Effect> {
    let session = &state.session;
    let profile = session.active.profile.as_deref()?;
    let profile = session.settings.profile(profile)?;
    let scope = profile.scope.as_ref()?;
    let listed = &state.picker.named(scope)?.name;
    let is_news = profile.scope_name.as_ref() != Some(listed) && !listed.trim().is_empty();
    is_news.then(|| Effect::NameScope {
        profile: profile.name.clone(),
        scope: scope.clone(),
        scope_name: listed.clone(),
    })
}

/// Opens Browse with those tokens that need the user.
pub(crate) fn open_needs(state: &mut State) {
    open_list(state);
    state.browse.show_needs(&state.list);
}

/// Returns from a token to the list that it was opened from.
pub(crate) fn back_to_list(state: &mut State) {
    if state.list.profiles.is_none() {
        return open_list(state);
    }
    state.screen = Screen::Browse;
    state.overlay = None;
}

/// Opens the list of the current scope. Keeps a loaded list with its cursor and filter.
pub(crate) fn open_list(state: &mut State) {
    if state.session.needs_choice() {
        return choose_profile(state);
    }
    let Some(identity) = state.session.active.identity.clone() else {
        if state.screen != Screen::Setup {
            return open_session_setup(state, false);
        }
        // Leave a form that is being filled in unchanged.
        return state.notify("Set up a credential to list tokens.");
    };
    profile_lists::leave(state);
    let Some(scope) = scope_to_list(state) else {
        state.cancel_setup();
        state.screen = Screen::Find;
        state.notify("First an account or zone.");
        return pick_scope(state, CredentialRef::Identity(identity), "");
    };
    let access = Access { identity, scope };
    let is_known = state.list.access.as_ref() == Some(&access);
    if !is_known {
        drop_list(state);
    }
    state.cancel_setup();
    let is_lost = state.lost_name().is_some();
    let query = query_to_carry(state);
    state.screen = Screen::Browse;
    state.overlay = None;
    let is_loading = state.list.extent.is_loading();
    let is_loaded = is_known && (is_loading || state.list.extent.value().is_some());
    if is_lost || !is_loaded {
        state.list.access = Some(access);
        state.banner = None;
        fetch_list(state);
    }
    if let Some(query) = query {
        state.browse.filter = TextField::with(&query);
        state.browse.is_filtering = false;
        state.browse.filter_changed(&state.list);
    }
}

/// Drops the list, and cancels the pending request.
pub(crate) fn drop_list(state: &mut State) {
    state.browse = Browse::default();
    let request = state.list.reset();
    state.cancel(request);
}

/// The filter for Browse: the name of a token that was just not found, or what was typed in Find.
fn query_to_carry(state: &State) -> Option<String> {
    let typed = || {
        let text = text::trim_input(state.find.token.value());
        let is_typed = state.screen == Screen::Find && !text.is_empty();
        is_typed.then_some(text)
    };
    let text = state.lost_name().or_else(typed)?;
    Some(search::query_for(text))
}

/// The scope whose tokens to list: the one on screen, or else the session's.
fn scope_to_list(state: &State) -> Option<Scope> {
    let in_view = if state.screen != Screen::Find {
        state.screen.handler().scope(state)
    } else if state.lost_name().is_some() {
        state.detail.access.as_ref().map(|access| &access.scope)
    } else {
        None
    };
    in_view.or(state.session.active.scope.as_ref()).cloned()
}

/// Fetches the list, unless it is being fetched or the API asked us to pause.
pub(crate) fn fetch_list(state: &mut State) {
    if state.list.profiles.is_some() {
        return profile_lists::fetch(state);
    }
    let Some(access) = state.list.access.clone() else {
        return;
    };
    if state.list.extent.is_loading() || must_pause(state) {
        return;
    }
    let request = state.next_request();
    state.list.begin(request, state.clock.steady);
    state.list.attempted_at = Some(state.clock.steady);
    state.list.is_automatic = false;
    state.emit(Effect::ListTokens { request, access });
}

/// Handles a page of the list. Shows a first list as it grows; otherwise keeps the old list until
/// the new one is complete.
pub(crate) fn page_arrived(
    state: &mut State,
    request: RequestId,
    tokens: Vec<Arc<ServiceToken>>,
    total: Option<usize>,
) {
    if !state.expects(state.list.extent.request(), request) {
        return;
    }
    let context = state.list_context();
    state.list.progress.received += tokens.len();
    state.list.progress.pages += 1;
    state.list.progress.total = total;
    if state.list.extent.value().is_none() {
        state.change_list(Follow::TokenBelowTop, |list| list.add(tokens, context));
    }
}

/// Handles the end of the list.
pub(crate) fn listed(
    state: &mut State,
    request: RequestId,
    result: Result<Fetched<Tokens>, Failure>,
) {
    if !state.expects(state.list.extent.request(), request) {
        return;
    }
    let listed = match result {
        Ok(listed) => listed,
        Err(failure) => {
            let Some(access) = state.list.access.clone() else {
                return;
            };
            let failure = without_doubt(state, failure, &access.scope);
            let (list, now) = (&mut state.list, state.clock.steady);
            if list.keep_part(now, failure.fragment()).is_none() {
                list.extent.settle(request, Err(failure.clone()));
            }
            return report_list(state, failure, &access);
        }
    };
    state.clock.measured(listed.clock.offset());
    let context = state.list_context();
    let list = &state.list;
    // Each token of a first list arrived once, with its page, so an equal count means the same
    // tokens.
    let has_all = list.extent.value().is_none() && list.total() == listed.value.len();
    if !has_all {
        let tokens = listed.value;
        state.change_list(Follow::Token, |list| list.replace(tokens, context));
    }
    let extent = Extent {
        incomplete: listed.gap.map(|gap| gap.reason),
        total: listed.announced,
    };
    let fetched = state.received(extent);
    state.list.extent.settle(request, Ok(fetched));
    if state.screen == Screen::Browse {
        state.banner = None;
    }
}

/// Shows why the list could not be fetched: on Browse, and on Find unless the credential may simply
/// not list, which Find says in a quiet line.
fn report_list(state: &mut State, failure: Failure, access: &Access) {
    let may_not_list = matches!(
        failure.kind,
        FailureKind::Permission | FailureKind::NotFound
    );
    let opens_form = if state.screen == Screen::Browse {
        state.context() == Context::Browse
    } else if state.screen == Screen::Find && !may_not_list {
        !is_typing_elsewhere(state)
    } else {
        return;
    };
    report(state, failure, access, opens_form);
}

impl State {
    /// Whether a reload would send something. The list of all profiles skips only those that must pause.
    pub fn can_reload(&self) -> bool {
        let lists_profiles = self.screen == Screen::Browse && self.list.profiles.is_some();
        lists_profiles || self.limited_for().is_none()
    }

    /// Whether a pause requested by the API is why there is no list yet.
    pub(crate) fn is_list_held_back(&self) -> bool {
        let list = &self.list;
        let is_unasked = list.access.is_some() && list.attempted_at.is_none();
        let failure = list.extent.failure();
        let was_refused = failure.is_some_and(|it| it.kind == FailureKind::RateLimited);
        list.extent.value().is_none() && (is_unasked || was_refused)
    }

    /// When to fetch the list on screen again, by the steady clock. A list that lacks tokens waits
    /// for the user: it may have been cancelled because it is long. A first list that was held back is
    /// fetched once the pause is over.
    pub(crate) fn list_reload_due(&self) -> Option<DateTime<Utc>> {
        let list = &self.list;
        let is_shown = self.screen.handler().shows_list(self);
        if !is_shown || list.extent.is_loading() {
            return None;
        }
        let each = Duration::from_secs(self.session.settings.refresh_seconds);
        let each = TimeDelta::from_std(each).ok().filter(|it| !it.is_zero())?;
        if self.is_list_held_back() {
            return Some(self.limited_until.unwrap_or(self.clock.steady));
        }
        if list.extent.value()?.incomplete.is_some() {
            return None;
        }
        let pages = i32::try_from(list.progress.pages.max(1)).unwrap_or(i32::MAX);
        let pause = each.checked_mul(pages).unwrap_or(TimeDelta::MAX);
        let pause = pause.min(each.max(LONGEST_PAUSE));
        let due = list.attempted_at?.checked_add_signed(pause)?;
        Some(self.limited_until.map_or(due, |until| until.max(due)))
    }
}

/// Fetches the list again if that is due.
pub(crate) fn reload_if_due(state: &mut State) {
    let due = state.list_reload_due();
    if due.is_some_and(|due| due <= state.clock.steady) && state.limited_for().is_none() {
        let is_first = state.list.extent.value().is_none();
        fetch_list(state);
        state.list.is_automatic = !is_first && state.list.extent.is_loading();
    }
}
