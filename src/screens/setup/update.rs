//! Handling of keys and responses on the setup form.
//!
//! Stores nothing before a read with the credential succeeded, unless the user insists after a
//! network failure.

use chrono::{DateTime, Utc};

use super::state::{Filled, Offer, Opener, Phase, Setup as SetupState, SetupField};
use crate::action::{Context, Motion};
use crate::app::credential_switch::enter;
use crate::app::form::{Editor, Form};
use crate::app::handler::{Handler, Pending, Setup};
use crate::app::message::Effect;
use crate::app::navigation::{must_pause, open_find, open_profiles, pick_scope};
use crate::app::state::State;
use crate::domain::credential::{CredentialRef, CredentialSource, Identity, Location};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::RequestId;
use crate::domain::profile::Settings;

impl Handler for Setup {
    fn context(&self, state: &State) -> Context {
        if state.setup.is_editing() {
            Context::SetupText
        } else {
            Context::Setup
        }
    }

    fn crumbs(&self, _: &State) -> Vec<String> {
        vec!["Set up".to_owned()]
    }

    fn contexts(&self, _: &State) -> &'static [Context] {
        &[Context::Setup, Context::SetupText]
    }

    fn editor<'a>(&self, state: &'a mut State) -> Option<Editor<'a>> {
        let setup = &mut state.setup;
        if !setup.is_editing() {
            return None;
        }
        match setup.form.focus {
            SetupField::Name => Some(Editor::Plain(&mut setup.name)),
            SetupField::Email => Some(Editor::Plain(&mut setup.email)),
            SetupField::Secret => Some(Editor::Masked(&mut setup.secret)),
            SetupField::ScopeId => Some(Editor::Plain(&mut setup.scope_id)),
            SetupField::Kind
            | SetupField::ScopeKind
            | SetupField::Save
            | SetupField::SaveUnchecked
            | SetupField::SessionOnly => None,
        }
    }

    fn edited(&self, state: &mut State) {
        state.setup.form.complaint = None;
    }

    fn edit(&self, state: &mut State) {
        if let Some(setup) = open_form(state) {
            setup.form.editing = true;
        }
    }

    /// Moves to the next empty field, or presses the button if no field is empty.
    fn submit(&self, state: &mut State) -> Vec<Effect> {
        let Some(setup) = open_form(state) else {
            return Vec::new();
        };
        let focus = setup.form.focus;
        let mut rows = setup.rows().into_iter();
        let empty = rows.find(|row| *row != focus && setup.is_blank(*row));
        if let Some(empty) = empty.filter(|_| !focus.is_button() && !setup.is_blank(focus)) {
            setup.form = Form::on(empty);
            return Vec::new();
        }
        let session_only = focus == SetupField::SessionOnly;
        let Some(filled) = setup.fill(session_only) else {
            return Vec::new();
        };
        if focus == SetupField::SaveUnchecked {
            return vec![save(state, filled)];
        }
        check(state, filled, session_only).into_iter().collect()
    }

    fn back(&self, state: &mut State) -> Vec<Effect> {
        let setup = &mut state.setup;
        if setup.is_editing() {
            setup.form.editing = false;
        } else if setup.opener == Opener::Profiles {
            return open_profiles(state);
        } else if state.session.active.identity.is_some() {
            *setup = SetupState::default();
            return open_find(state);
        }
        Vec::new()
    }

    fn stop_waiting(&self, state: &mut State) -> Option<RequestId> {
        let setup = &mut state.setup;
        if matches!(setup.phase, Phase::Saving { .. }) {
            setup.offer = Some(Offer::SessionOnly);
        }
        setup.cancel()
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        match motion {
            Motion::Up => self.move_focus(state, false),
            Motion::Down => self.move_focus(state, true),
            Motion::PageUp | Motion::PageDown | Motion::Top | Motion::Bottom => {}
        }
    }

    fn move_focus(&self, state: &mut State, forward: bool) {
        if let Some(setup) = open_form(state) {
            let rows = setup.rows();
            setup.form.move_focus(&rows, forward);
        }
    }

    fn switch(&self, state: &mut State) {
        let Some(setup) = open_form(state) else {
            return;
        };
        if setup.form.focus == SetupField::Kind {
            setup.is_global_key = !setup.is_global_key;
        } else if setup.form.focus == SetupField::ScopeKind {
            setup.scope_kind = setup.scope_kind.other();
        }
    }

    fn pick_scope(&self, state: &mut State) -> Option<Effect> {
        let setup = open_form(state)?;
        setup.form.complaint = None;
        match setup.read_asker() {
            Ok(asker) => {
                let id = setup.scope_id.value().to_owned();
                pick_scope(state, asker, &id)
            }
            Err((field, complaint)) => {
                setup.form.complain(field, &complaint);
                None
            }
        }
    }

    fn pending(&self, state: &State) -> Option<Pending> {
        let is_open = state.setup.phase == Phase::Open;
        (!is_open).then_some(Pending::First)
    }

    fn next_change(&self, state: &State) -> Option<DateTime<Utc>> {
        let is_quick = !state.setup.store_is_slow;
        state.setup.slow_at().filter(|_| is_quick)
    }
}

/// The form, unless it waits for a response.
fn open_form(state: &mut State) -> Option<&mut SetupState> {
    let setup = &mut state.setup;
    (setup.phase == Phase::Open).then_some(setup)
}

/// Tries the credential on the API.
fn check(state: &mut State, filled: Filled, session_only: bool) -> Option<Effect> {
    if must_pause(state) {
        return None;
    }
    let request = state.next_request();
    state.banner = None;
    state.setup.phase = Phase::Checking {
        request,
        session_only,
    };
    let asker = match filled.credential {
        Some(credential) => CredentialRef::Credential(credential),
        None => CredentialRef::Identity(Identity::of(&filled.profile)),
    };
    Some(Effect::CheckCredential {
        request,
        asker,
        scope: filled.scope,
    })
}

/// Stores the credential, if one was entered, and the profile.
fn save(state: &mut State, filled: Filled) -> Effect {
    let request = state.next_request();
    state.banner = None;
    state.setup.phase = Phase::Saving { request };
    Effect::SaveProfile {
        request,
        profile: filled.profile,
        credential: filled.credential,
    }
}

/// Handles the API's response: stores the credential, keeps it in memory, or shows the error.
pub(crate) fn checked(
    state: &mut State,
    request: RequestId,
    result: Result<(), Failure>,
) -> Vec<Effect> {
    let setup = &mut state.setup;
    let session_only = match setup.phase {
        Phase::Checking {
            request: awaited,
            session_only,
        } if awaited == request => session_only,
        Phase::Checking { .. } | Phase::Saving { .. } | Phase::Open => return Vec::new(),
    };
    setup.phase = Phase::Open;
    if let Err(failure) = result {
        let is_unreachable = matches!(
            failure.kind,
            FailureKind::Network | FailureKind::Timeout | FailureKind::Tls | FailureKind::Proxy
        );
        setup.offer = is_unreachable.then_some(Offer::SaveUnchecked);
        state.report(failure);
        return Vec::new();
    }
    let Some(filled) = setup.fill(session_only) else {
        return Vec::new();
    };
    let Some(credential) = filled.credential.clone().filter(|_| session_only) else {
        return vec![save(state, filled)];
    };
    let identity = Identity {
        source: CredentialSource::Session,
        kind: credential.kind.clone(),
    };
    let mut effects = vec![Effect::HoldCredential(credential)];
    effects.extend(enter(state, identity, None, filled.scope));
    effects
}

/// Handles the result of storing the profile: uses it, or keeps the form open and offers
/// alternatives.
pub(crate) fn saved(
    state: &mut State,
    request: RequestId,
    result: Result<(Settings, Location), Failure>,
) -> Vec<Effect> {
    let is_awaited = state.setup.phase == Phase::Saving { request };
    let (settings, location) = match result {
        Ok(saved) => saved,
        Err(failure) => {
            if is_awaited {
                state.setup.phase = Phase::Open;
                state.setup.offer = Some(Offer::SessionOnly);
                state.setup.form.focus = SetupField::SessionOnly;
                state.report(failure);
            }
            return Vec::new();
        }
    };
    state.session.settings = settings;
    if !is_awaited {
        return Vec::new();
    }
    state.setup.phase = Phase::Open;
    let Some(Filled { profile, scope, .. }) = state.setup.fill(false) else {
        return Vec::new();
    };
    // The collection matters where a secret is stored, not where it came from.
    state.session.store = Some(location.store);
    enter(state, Identity::of(&profile), Some(profile.name), scope)
}
