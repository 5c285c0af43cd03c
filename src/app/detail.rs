//! The token in view: fetching it, keeping it fresh, and what keys do to it.
//!
//! Not here: wording, colours and layout (`ui`).

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::effect::Effect;
use super::message::{LookUp, Stage};
use super::raw_view::RawView;
use super::state::{Overlay, Screen, State};
use super::{lookup, report, setup};
use crate::action::Action;
use crate::domain::access::Access;
use crate::domain::credential::CredentialSource;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fields::{self, Field};
use crate::domain::recent::{self, Recent};
use crate::domain::remote::{Fetched, Remote, RequestId};
use crate::domain::status::Lifecycle;
use crate::domain::token::{ServiceToken, TokenId, TokenRef};

/// The token in view.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Detail {
    /// The token, with its age.
    pub token: Remote<Arc<ServiceToken>>,
    /// What was asked for.
    pub reference: Option<TokenRef>,
    /// Who asked, and where.
    pub access: Option<Access>,
    /// What the request under way waits for.
    pub stage: Stage,
    /// The keys whose values the last fetch changed.
    pub changed: Vec<String>,
    /// The selected field.
    pub selected: usize,
    /// Fields or raw JSON.
    pub view: View,
    /// The tokens to choose from, where a name fits several.
    pub choices: Vec<Arc<ServiceToken>>,
    pub(super) attempted_at: Option<DateTime<Utc>>,
}

/// What is shown of the token.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum View {
    /// Its fields and findings.
    #[default]
    Fields,
    /// Its JSON as received.
    Raw(RawView),
}

impl Detail {
    /// The fields of the token in view.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        self.token
            .value()
            .map(|token| fields::fields(token))
            .unwrap_or_default()
    }

    /// When the token in view ends, where it does.
    #[must_use]
    pub fn end(&self) -> Option<DateTime<Utc>> {
        Lifecycle::of(self.token.value()?).end()
    }
}

/// Looks a token up. One look-up runs at a time, and none while the API wants to be left alone.
pub(super) fn fetch(state: &mut State, access: Access, reference: TokenRef) -> Vec<Effect> {
    if state.detail.token.is_loading() || tell_if_limited(state) {
        return Vec::new();
    }
    let is_same = state.detail.reference.as_ref() == Some(&reference)
        && state.detail.access.as_ref().map(|old| &old.scope) == Some(&access.scope);
    if !is_same {
        state.detail = Detail::default();
    }
    state.banner = None;
    send(state, access, reference)
}

/// Fetches the token in view again.
pub(super) fn refresh(state: &mut State) -> Vec<Effect> {
    match (state.detail.access.clone(), state.detail.reference.clone()) {
        (Some(access), Some(reference))
            if !state.detail.token.is_loading() && !tell_if_limited(state) =>
        {
            send(state, access, reference)
        }
        _ => Vec::new(),
    }
}

/// Sends the look-up in view again with the credential that is in use now.
pub(super) fn repeat(state: &mut State) -> Option<Vec<Effect>> {
    let reference = state.detail.reference.clone()?;
    let scope = state.session.scope.clone()?;
    let access = state.session.access(&scope)?;
    let has_token = state.detail.token.value().is_some();
    state.screen = if has_token {
        Screen::Detail
    } else {
        Screen::Lookup
    };
    Some(fetch(state, access, reference))
}

fn send(state: &mut State, access: Access, reference: TokenRef) -> Vec<Effect> {
    let request = state.next_request();
    let now = state.clock.local;
    let detail = &mut state.detail;
    detail.token.begin(request, now);
    detail.attempted_at = Some(now);
    detail.access = Some(access.clone());
    detail.reference = Some(reference.clone());
    detail.stage = Stage::default();
    vec![Effect::FetchToken {
        request,
        access,
        token: reference,
    }]
}

fn tell_if_limited(state: &mut State) -> bool {
    let Some(seconds) = state.limited_for() else {
        return false;
    };
    state.tell(format!(
        "Nothing was sent: the API asked for a pause of {}:{:02}.",
        seconds / 60,
        seconds % 60
    ));
    true
}

/// A look-up ended.
pub(super) fn fetched(
    state: &mut State,
    request: RequestId,
    result: Result<LookUp, Failure>,
) -> Vec<Effect> {
    if state.detail.token.request() != Some(request) {
        state.changed = false;
        return Vec::new();
    }
    match result {
        Ok(found) => {
            if let Some(measured) = found.measured_offset {
                state.clock.offset = state.clock.offset.updated(measured);
            }
            match found.tokens.as_slice() {
                [token] => show(state, request, &found, token.clone()),
                _ => {
                    state.detail.token.cancel();
                    state.detail.choices = found.tokens;
                    state.overlay = Some(Overlay::Choice { selected: 0 });
                    Vec::new()
                }
            }
        }
        Err(failure) => fail(state, request, failure),
    }
}

fn show(
    state: &mut State,
    request: RequestId,
    found: &LookUp,
    token: Arc<ServiceToken>,
) -> Vec<Effect> {
    let now = state.clock.local;
    let detail = &mut state.detail;
    detail.changed = detail
        .token
        .value()
        .map(|old| fields::changed_keys(old, &token))
        .unwrap_or_default();
    if let Some(id) = TokenId::parse(token.id_text()) {
        detail.reference = Some(TokenRef::Id(id));
    }
    match &mut detail.view {
        View::Raw(raw) => raw.replace(&token),
        View::Fields => {}
    }
    let record = Recent::of(&token, &found.scope, now);
    detail.token.settle(
        request,
        Ok(Fetched {
            value: token,
            at: now,
            took: found.took,
        }),
    );
    detail.selected = detail.selected.min(detail.fields().len().saturating_sub(1));
    state.banner = None;
    state.limited_until = None;
    if state.screen == Screen::Lookup {
        state.screen = Screen::Detail;
        state.lookup.use_scope(&found.scope);
    }
    let Some(record) = record else {
        return Vec::new();
    };
    recent::remember(&mut state.lookup.recents, record.clone());
    if state.session.is_demo() {
        Vec::new()
    } else {
        vec![Effect::Remember(record)]
    }
}

fn fail(state: &mut State, request: RequestId, failure: Failure) -> Vec<Effect> {
    state.detail.token.settle(request, Err(failure.clone()));
    let is_gone = failure.kind == FailureKind::NoCredential;
    let from_keyring =
        state.detail.access.as_ref().is_some_and(|access| {
            matches!(access.identity.source, CredentialSource::Keyring { .. })
        });
    report(state, failure);
    if is_gone && from_keyring {
        setup::open(state, true)
    } else {
        Vec::new()
    }
}

/// What a key does on the fields and on the raw JSON.
pub(super) fn act(state: &mut State, action: Action) -> Vec<Effect> {
    match action {
        Action::Refresh => return refresh(state),
        Action::ToggleRaw => toggle_raw(state),
        Action::CopyClientId => {
            return copy(state, |detail| {
                Some(detail.token.value()?.client_id_text().to_owned())
            });
        }
        Action::CopyJson => {
            return copy(state, |detail| {
                Some(detail.token.value()?.raw.as_str().to_owned())
            });
        }
        Action::CopyDashboardLink => {
            return copy(state, |detail| {
                Some(detail.access.as_ref()?.scope.dashboard_url())
            });
        }
        Action::CopyField => {
            return copy(state, |detail| detail.fields().get(detail.selected)?.text());
        }
        action => move_in_view(state, action),
    }
    Vec::new()
}

fn move_in_view(state: &mut State, action: Action) {
    let page = state.body_rows();
    match &mut state.detail.view {
        View::Raw(raw) => raw.act(action, page),
        View::Fields => {
            let last = state.detail.fields().len().saturating_sub(1);
            let selected = &mut state.detail.selected;
            *selected = moved(*selected, action, page, last);
        }
    }
}

/// Where a selection or a scroll position goes.
pub(super) fn moved(at: usize, action: Action, page: usize, last: usize) -> usize {
    let to = match action {
        Action::Up => at.saturating_sub(1),
        Action::Down => at.saturating_add(1),
        Action::PageUp => at.saturating_sub(page.max(1)),
        Action::PageDown => at.saturating_add(page.max(1)),
        Action::Top => 0,
        Action::Bottom => last,
        _ => at,
    };
    to.min(last)
}

fn toggle_raw(state: &mut State) {
    let Some(token) = state.detail.token.value() else {
        return;
    };
    state.detail.view = match state.detail.view {
        View::Fields => View::Raw(RawView::of(token)),
        View::Raw(_) => View::Fields,
    };
}

fn copy(state: &mut State, text: impl Fn(&Detail) -> Option<String>) -> Vec<Effect> {
    match text(&state.detail).filter(|text| !text.is_empty()) {
        Some(text) => {
            state.tell(format!("Sent to the terminal's clipboard: {text}"));
            vec![Effect::Copy(text)]
        }
        None => {
            state.tell("Nothing to copy: the API did not report it.");
            Vec::new()
        }
    }
}

/// Leaves the raw JSON, or the token.
pub(super) fn back(state: &mut State) {
    match &mut state.detail.view {
        View::Raw(raw) if raw.is_typing => raw.is_typing = false,
        View::Raw(_) => state.detail.view = View::Fields,
        View::Fields => lookup::open(state),
    }
}

/// What a key does on the list of tokens of one name.
pub(super) fn choose(state: &mut State, selected: usize, action: Action) -> Vec<Effect> {
    let last = state.detail.choices.len().saturating_sub(1);
    let page = state.body_rows();
    if action != Action::Submit {
        state.overlay = Some(Overlay::Choice {
            selected: moved(selected, action, page, last),
        });
        return Vec::new();
    }
    state.overlay = None;
    let id = state
        .detail
        .choices
        .get(selected)
        .and_then(|token| TokenId::parse(token.id_text()));
    match (id, state.detail.access.clone()) {
        (Some(id), Some(access)) => fetch(state, access, TokenRef::Id(id)),
        _ => {
            report(
                state,
                Failure::new(
                    FailureKind::InvalidResponse,
                    "The API reported no usable ID for this token, so it cannot be fetched by itself.",
                    "Look it up in the dashboard.",
                ),
            );
            Vec::new()
        }
    }
}

/// When the token in view is to be fetched again by itself, by the local clock.
pub(super) fn refresh_due(state: &State) -> Option<DateTime<Utc>> {
    let seconds = i64::try_from(state.session.settings.refresh_seconds)
        .ok()
        .filter(|seconds| *seconds > 0)?;
    let detail = &state.detail;
    if state.screen != Screen::Detail || detail.token.is_loading() || detail.token.value().is_none()
    {
        return None;
    }
    // A clock that was set back must not put the next refresh off for years.
    let attempted = detail.attempted_at?.min(state.clock.local);
    let due = attempted.checked_add_signed(TimeDelta::try_seconds(seconds)?)?;
    Some(state.limited_until.map_or(due, |until| until.max(due)))
}

/// Time went by: refresh when it is due, and at the second of expiry fetch once more and ring.
pub(super) fn ticked(state: &mut State, before: DateTime<Utc>) -> Vec<Effect> {
    let mut effects = Vec::new();
    if state.screen != Screen::Detail || state.detail.token.value().is_none() {
        return effects;
    }
    let now = state.clock.corrected();
    let expired_just_now = state
        .detail
        .end()
        .is_some_and(|end| before < end && end <= now);
    if expired_just_now && state.session.settings.bell {
        effects.push(Effect::RingBell);
    }
    let due = refresh_due(state).is_some_and(|due| due <= state.clock.local);
    if (due || expired_just_now) && state.limited_for().is_none() {
        effects.extend(refresh(state));
    }
    effects
}
