//! Handling of keys and responses on the setup form.
//!
//! Stores nothing before a read with the credential succeeded, unless the user insists after a
//! network failure.

use chrono::{DateTime, Utc};

use super::state::{Filled, Opener, Phase, Setup as SetupState, SetupButton, SetupField};
use crate::action::{Action, Context, Motion};
use crate::app::credential_switch::enter;
use crate::app::form::Editor;
use crate::app::handler::{Handler, Pending, Setup};
use crate::app::list_fetch::open_find;
use crate::app::message::Effect;
use crate::app::navigation::{must_pause, open_profiles, pick_scope, probe_store};
use crate::app::state::{Banner, State};
use crate::domain::credential::{CredentialRef, CredentialSource, Identity, Location, Secret};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::RequestId;
use crate::domain::profile::Settings;
use crate::domain::scope::Scope;
use crate::domain::{pasted, text};

impl Handler for Setup {
    fn context(&self, state: &State) -> Context {
        if state.setup.is_editing() {
            Context::SetupText
        } else {
            Context::Setup
        }
    }

    fn can(&self, state: &State, action: Action) -> bool {
        let setup = &state.setup;
        let is_open = setup.phase == Phase::Open;
        let focus = setup.form.focus;
        let is_choice = matches!(focus, SetupField::Kind | SetupField::ScopeKind);
        if action == Action::Back {
            !is_open || setup.is_editing() || leads_back(state)
        } else if matches!(action, Action::Submit | Action::PickScope) {
            is_open
        } else if action == Action::Browse {
            state.session.active.identity.is_some() || state.session.needs_choice()
        } else if matches!(action, Action::Left | Action::Right) {
            is_open && (is_choice || setup.is_editing())
        } else {
            action != Action::Edit || is_open && !focus.is_button() && !is_choice
        }
    }

    fn submit_hint(&self, state: &State) -> Option<&'static str> {
        let setup = &state.setup;
        let SetupField::Button(button) = setup.next_step() else {
            return Some("next");
        };
        Some(match button {
            _ if setup.is_blank(setup.form.focus) => "next",
            SetupButton::SaveUnchecked => "save unchecked",
            SetupButton::SessionOnly => "check, keep",
            SetupButton::SessionUnchecked => "keep unchecked",
            SetupButton::ProbeAgain => "try again",
            SetupButton::Save => "check, save",
        })
    }

    fn back_hint(&self, state: &State) -> Option<&'static str> {
        (state.setup.phase != Phase::Open).then_some("cancel")
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
            SetupField::Kind | SetupField::ScopeKind | SetupField::Button(_) => None,
        }
    }

    /// The value without the name, the quotes and whatever else was copied along.
    fn value_in(&self, state: &State, pasted: &Secret) -> Option<(Secret, String)> {
        let line = text::first_line(pasted.expose());
        let removed = pasted::removed(line);
        if removed.is_empty() || state.setup.form.focus == SetupField::Name {
            return None;
        }
        let value = Secret::new(pasted::peel(line).to_owned());
        let removed: Vec<&str> = removed.iter().map(|it| it.words).collect();
        Some((value, format!("Taken off: {}.", removed.join(", "))))
    }

    fn edited(&self, state: &mut State) {
        let setup = &mut state.setup;
        let focus = setup.form.focus;
        setup.form.complaint.take_if(|(field, _)| *field == focus);
        setup.recheck();
        setup.complain_of_secret(focus);
        clear_error_of(state, focus);
    }

    fn edit(&self, state: &mut State) {
        if let Some(setup) = open_form(state) {
            setup.form.editing = true;
        }
    }

    /// Moves on to the next field, or presses a button.
    fn submit(&self, state: &mut State) {
        let Some(setup) = open_form(state) else {
            return;
        };
        let focus = setup.form.focus;
        setup.leave(focus);
        if focus == SetupField::Email {
            setup.complain_if_filled(focus);
        }
        if setup.form.complaint_about(focus).is_some() {
            return;
        }
        let next = setup.next_step();
        if let SetupField::Button(button) = next {
            press(state, button);
        } else {
            setup.form.focus = next;
            setup.form.editing = true;
        }
    }

    fn back(&self, state: &mut State) {
        let setup = &mut state.setup;
        if setup.is_editing() {
            setup.form.editing = false;
        } else if !leads_back(state) {
            state.notify("q quits.");
        } else if state.setup.opener == Opener::Profiles {
            open_profiles(state);
        } else {
            state.setup = SetupState::default();
            open_find(state);
        }
    }

    fn stop_waiting(&self, state: &mut State) -> Option<RequestId> {
        let setup = &mut state.setup;
        if matches!(setup.phase, Phase::Saving { .. }) {
            setup.offers.session = true;
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
            let (rows, from) = (setup.rows(), setup.form.focus);
            setup.form.move_focus(&rows, forward);
            setup.leave(from);
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
        setup.recheck();
        let focus = setup.form.focus;
        clear_error_of(state, focus);
    }

    fn pick_scope(&self, state: &mut State) {
        let Some(setup) = open_form(state) else {
            return;
        };
        match setup.read_asker() {
            Ok(asker) => {
                let id = setup.scope_id.value().to_owned();
                pick_scope(state, asker, &id);
            }
            Err((field, complaint)) => setup.form.complain(field, &complaint),
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

/// Whether another screen is behind the form.
fn leads_back(state: &State) -> bool {
    state.setup.opener == Opener::Profiles || state.session.active.identity.is_some()
}

/// The form, unless it waits for a response.
fn open_form(state: &mut State) -> Option<&mut SetupState> {
    let setup = &mut state.setup;
    (setup.phase == Phase::Open).then_some(setup)
}

/// Drops the error that a field caused: the user is changing it.
fn clear_error_of(state: &mut State, field: SetupField) {
    let is_of_credential = matches!(
        field,
        SetupField::Kind | SetupField::Secret | SetupField::Email
    );
    let is_cause = |banner: &mut Banner| {
        if banner.failure.kind.is_about_credential() {
            is_of_credential
        } else {
            field != SetupField::Name
        }
    };
    state.banner.take_if(is_cause);
}

/// Fills in the account or zone that was chosen by name.
pub(crate) fn choose_scope(state: &mut State, scope: &Scope) {
    state.setup.use_scope(scope);
    clear_error_of(state, SetupField::ScopeId);
}

/// Notes where the secret can be stored. A button may come or go.
pub(crate) fn probed(state: &mut State, request: RequestId, result: Result<Location, Failure>) {
    let result = result.map(|place| state.received(place));
    if state.setup.store.settle(request, result) {
        state.setup.settle_focus();
    }
}

/// Checks the fields, and checks, stores or keeps the credential; or looks for the store again.
fn press(state: &mut State, button: SetupButton) {
    let (session_only, skips_check) = match button {
        SetupButton::Save => (false, false),
        SetupButton::SaveUnchecked => (false, true),
        SetupButton::SessionOnly => (true, false),
        SetupButton::SessionUnchecked => (true, true),
        SetupButton::ProbeAgain => {
            probe_store(state);
            return state.setup.settle_focus();
        }
    };
    let Some(filled) = fill(state, session_only) else {
        return;
    };
    if skips_check {
        state.setup.saw_no_token = false;
        keep(state, filled, session_only);
    } else {
        check(state, filled, session_only);
    }
}

/// Reads the form, or complains about a field. Adds the name of the account or zone, if the picker has
/// listed it.
fn fill(state: &mut State, session_only: bool) -> Option<Filled> {
    let mut filled = state.setup.fill(session_only)?;
    let listed = state.picker.named(&filled.scope);
    filled.profile.scope_name = listed.map(|named| named.name.clone());
    Some(filled)
}

/// Tries the credential on the API.
fn check(state: &mut State, filled: Filled, session_only: bool) {
    if must_pause(state) {
        return;
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
    state.emit(Effect::CheckCredential {
        request,
        asker,
        scope: filled.scope,
    });
}

/// Keeps the credential in memory, or stores the profile, and the credential if one was entered.
fn keep(state: &mut State, filled: Filled, session_only: bool) {
    if session_only {
        return keep_for_session(state, filled);
    }
    let request = state.next_request();
    state.banner = None;
    state.setup.phase = Phase::Saving { request };
    state.emit(Effect::SaveProfile {
        request,
        profile: filled.profile,
        credential: filled.credential,
    });
}

/// Handles the API's response: stores the credential, keeps it in memory, or shows the error.
pub(crate) fn checked(state: &mut State, request: RequestId, result: Result<usize, Failure>) {
    let setup = &mut state.setup;
    let session_only = match setup.phase {
        Phase::Checking {
            request: awaited,
            session_only,
        } if awaited == request => session_only,
        Phase::Checking { .. } | Phase::Saving { .. } | Phase::Open => return,
    };
    setup.phase = Phase::Open;
    setup.saw_no_token = result == Ok(0);
    if let Err(failure) = result {
        return show_failure(state, failure, session_only);
    }
    if let Some(filled) = fill(state, session_only) {
        state.setup.offers.unchecked = false;
        keep(state, filled, session_only);
    }
}

/// Shows why the check failed, with the focus where the next step is: on the field that caused it,
/// or on the button, which may now be followed by one that skips the check.
fn show_failure(state: &mut State, failure: Failure, session_only: bool) {
    let setup = &mut state.setup;
    setup.offers.unchecked = matches!(
        failure.kind,
        FailureKind::Network | FailureKind::Timeout | FailureKind::Tls | FailureKind::Proxy
    );
    let is_of = |kinds: &[FailureKind]| kinds.contains(&failure.kind);
    let is_answer = failure.details.http_status.is_some();
    setup.form.focus = if is_of(&[FailureKind::Authentication, FailureKind::NoCredential]) {
        SetupField::Secret
    } else if is_answer && is_of(&[FailureKind::Usage, FailureKind::NotFound]) {
        SetupField::ScopeId
    } else {
        SetupField::Button(SetupButton::checking(session_only))
    };
    setup.form.editing = true;
    setup.settle_focus();
    state.report(failure);
}

/// Continues with the credential, which stays in memory.
fn keep_for_session(state: &mut State, filled: Filled) {
    if let Some(credential) = filled.credential {
        let identity = Identity {
            source: CredentialSource::Session,
            kind: credential.kind.clone(),
        };
        state.emit(Effect::HoldCredential(credential));
        use_credential(state, identity, None, filled.scope);
    }
}

/// Continues with the credential. Says so if it saw no token, since the API tells neither an empty
/// account nor a missing permission.
fn use_credential(state: &mut State, identity: Identity, profile: Option<String>, scope: Scope) {
    let saw_no_token = state.setup.saw_no_token;
    let kind = scope.kind().word();
    enter(state, identity, profile, scope);
    if saw_no_token {
        state.warn(Failure::new(
            FailureKind::Permission,
            "0 tokens are visible to this credential.",
            format!(
                "The {kind} may have none, or the permission Access: Service Tokens Read is missing: the API \
                 then lists nothing."
            ),
        ));
    }
}

/// Handles the result of storing the profile: uses it, or keeps the form open and offers
/// alternatives.
pub(crate) fn saved(
    state: &mut State,
    request: RequestId,
    result: Result<(Settings, Option<Location>), Failure>,
) {
    let is_awaited = state.setup.phase == Phase::Saving { request };
    let (settings, location) = match result {
        Ok(saved) => saved,
        Err(failure) => {
            if is_awaited {
                let setup = &mut state.setup;
                setup.phase = Phase::Open;
                setup.offers.session = true;
                setup.form.focus = SetupField::Button(if setup.offers.unchecked {
                    SetupButton::SessionUnchecked
                } else {
                    SetupButton::SessionOnly
                });
                setup.settle_focus();
                state.report(failure);
            }
            return;
        }
    };
    state.session.settings = settings;
    if !is_awaited {
        return;
    }
    state.setup.phase = Phase::Open;
    if let Some(Filled { profile, scope, .. }) = state.setup.fill(false) {
        // The collection matters where a secret is stored, not where it came from.
        state.session.store = location.map(|location| location.store);
        use_credential(state, Identity::of(&profile), Some(profile.name), scope);
    }
}
