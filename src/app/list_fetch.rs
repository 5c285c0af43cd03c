//! Fetching the list of all tokens, and going between it and a token.
//!
//! A list is never fetched by itself: fifty pages are too dear to be asked for every minute, and a
//! countdown needs no answer to go on. Its age is always in view, and a key fetches it again. Not
//! here: the network.

use std::sync::Arc;

use super::effect::Effect;
use super::field::TextField;
use super::state::{Screen, State};
use super::step::Step;
use super::token_fetch;
use crate::action::Context;
use crate::domain::credential::Access;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::{Fetched, Tokens};
use crate::domain::remote::{Received, Remote, RequestId};
use crate::domain::scope::{Scope, ScopeId};
use crate::domain::search;
use crate::domain::token::{ServiceToken, TokenId, TokenRef};
use crate::screens::browse::state::{Extent, Follow, Progress};
use crate::screens::detail::state::Detail;
use crate::screens::lookup::state::LookupField;

/// Shows the list of the scope in view. The one that is there stays, cursor and filter included;
/// another one is fetched.
pub(super) fn open(state: &mut State) -> Option<Effect> {
    let access = match access(state) {
        Ok(access) => access?,
        Err(complaint) => {
            state.screen = Screen::Lookup;
            state.lookup.reopen();
            state.lookup.focus = LookupField::ScopeId;
            state.lookup.complaint = Some((LookupField::ScopeId, complaint));
            return None;
        }
    };
    let lost_name = state.lost_name().map(str::to_owned);
    state.screen = Screen::Browse;
    state.overlay = None;
    let is_known = state.browse.access.as_ref() == Some(&access);
    if is_known && state.browse.list != Remote::Idle && lost_name.is_none() {
        return None;
    }
    state.browse.access = Some(access);
    state.banner = None;
    if let Some(name) = lost_name {
        state.browse.filter = TextField::with(&search::query_for(&name));
        state.browse.is_filtering = false;
        state.browse.searched();
    }
    list(state)
}

/// Whether to open the list now is to open another one than is there.
pub(super) fn opens_another(state: &State) -> bool {
    matches!(access(state), Ok(Some(access)) if state.browse.access.as_ref() != Some(&access))
}

/// Who asks, and about the scope in view; nobody without a credential, and a complaint where a
/// scope has to be typed first.
fn access(state: &State) -> Result<Option<Access>, String> {
    let in_view = match state.screen {
        Screen::Browse => state.browse.access.as_ref(),
        Screen::Detail => state.detail.access.as_ref(),
        Screen::Lookup if state.lost_name().is_some() => state.detail.access.as_ref(),
        _ => None,
    };
    let scope = match in_view {
        Some(access) => Some(access.scope.clone()),
        None if state.screen == Screen::Lookup => typed_scope(state)?,
        None => None,
    };
    let scope = scope.or_else(|| state.session.scope.clone());
    let scope = scope.ok_or("The list of all tokens needs an account or zone.")?;
    Ok(state.session.access(&scope))
}

fn typed_scope(state: &State) -> Result<Option<Scope>, String> {
    let lookup = &state.lookup;
    if lookup.scope_id.is_blank() {
        return Ok(None);
    }
    match ScopeId::parse(lookup.scope_id.value()) {
        Ok(id) => Ok(Some(lookup.scope_kind.with(id))),
        Err(error) => Err(error.to_string()),
    }
}

impl State {
    /// What the token was called that was just not found, if that is known from better times: the
    /// list may show what came in its place.
    #[must_use]
    pub fn lost_name(&self) -> Option<&str> {
        let banner = self.banner.as_ref()?;
        let is_lost = banner.failure.kind == FailureKind::NotFound;
        self.detail.lost_name.as_deref().filter(|_| is_lost)
    }
}

/// Fetches the list, unless it is under way or the API wants to be left alone.
pub(super) fn list(state: &mut State) -> Option<Effect> {
    let access = state.browse.access.clone()?;
    if state.browse.list.is_loading() || token_fetch::is_asked_to_pause(state) {
        return None;
    }
    let request = state.next_request();
    state.browse.list.begin(request, state.clock.steady);
    state.browse.progress = Progress::default();
    Some(Effect::ListTokens { request, access })
}

/// A page arrived. While there is no list yet its tokens are shown; a list that is there stays
/// until the new one is whole.
pub(super) fn arrived(
    state: &mut State,
    request: RequestId,
    tokens: Vec<Arc<ServiceToken>>,
    total: Option<usize>,
) {
    if state.browse.list.request() != Some(request) {
        state.changed = false;
        return;
    }
    let context = state.list_context();
    let browse = &mut state.browse;
    browse.progress.received += tokens.len();
    browse.progress.total = total;
    if browse.list.value().is_none() {
        browse.change(Follow::TokenBelowTop, |table| table.add(tokens, context));
    }
}

/// The list ended. An answer that nobody waits for changes nothing.
pub(super) fn listed(
    state: &mut State,
    request: RequestId,
    result: Result<Fetched<Tokens>, Failure>,
) -> Vec<Step> {
    if state.browse.list.request() != Some(request) {
        state.changed = false;
        return Vec::new();
    }
    let listed = match result {
        Ok(listed) => listed,
        Err(failure) => return fail(state, request, failure),
    };
    state.clock.measured(listed.clock.offset());
    let context = state.list_context();
    let is_first = state.browse.list.value().is_none();
    // Each token came once with its page, so as many are the same ones.
    let has_all = is_first && state.browse.table.total() == listed.value.len();
    if !has_all {
        let tokens = listed.value;
        state
            .browse
            .change(Follow::Token, |table| table.replace(tokens, context));
    }
    let fetched = Received {
        value: Extent {
            incomplete: listed.gap.map(|gap| gap.reason),
            total: listed.announced,
        },
        at: state.clock.steady,
        took: listed.took,
    };
    state.browse.list.settle(request, Ok(fetched));
    if state.screen == Screen::Browse {
        state.banner = None;
    }
    Vec::new()
}

fn fail(state: &mut State, request: RequestId, failure: Failure) -> Vec<Step> {
    let access = state.browse.access.as_ref();
    let failure = match access {
        Some(access) => token_fetch::without_doubt(state, failure, &access.scope),
        None => failure,
    };
    let is_gone = access.is_some_and(|access| token_fetch::is_secret_gone(&failure, access));
    let why = failure.summary.trim_end_matches('.');
    if state.browse.keep_part(state.clock.steady, why).is_none() {
        state.browse.list.settle(request, Err(failure.clone()));
    }
    let mut steps = vec![Step::Report(failure)];
    if is_gone && state.context() == Context::Browse {
        steps.push(Step::OpenSetup { is_replacing: true });
    }
    steps
}

/// Opens a token of the list: as the list knows it at once, and then fetched by itself.
pub(super) fn open_row(state: &mut State, token: Arc<ServiceToken>) -> Option<Effect> {
    let Some(id) = TokenId::parse(token.id_text()) else {
        state.report(Detail::without_id());
        return None;
    };
    let access = state.browse.access.clone()?;
    let (at, took) = match state.browse.list.fetched() {
        Some(list) => (list.at, list.took),
        None => (state.clock.steady, std::time::Duration::ZERO),
    };
    let reference = Some(TokenRef::Id(id));
    let known = &state.detail;
    let is_newer = known.reference == reference
        && known.access.as_ref() == Some(&access)
        && known.token.fetched().is_some_and(|known| known.at >= at);
    if is_newer {
        state.detail.view = crate::screens::detail::state::View::Fields;
        state.detail.selected = 0;
    } else {
        let fetched = Received {
            value: token,
            at,
            took,
        };
        state.detail = Detail {
            token: Remote::Ready(fetched),
            reference,
            access: Some(access),
            ..Detail::default()
        };
    }
    state.detail.from_browse = true;
    state.screen = Screen::Detail;
    state.banner = None;
    token_fetch::refresh(state)
}
