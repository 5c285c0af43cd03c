//! The one place where the state changes: a message in, effects out.
//!
//! Total and synchronous: no clock, no environment, no randomness, no I/O.

use chrono::{DateTime, Utc};

use super::effect::Effect;
use super::field::Editor;
use super::message::{Message, Saved, Stage};
use super::perform::perform;
use super::scroll::moved;
use super::state::{Overlay, Screen, State};
use super::step::Step;
use super::{credential_switch, list_fetch, schedule, token_fetch};
use crate::action::Action;
use crate::domain::clock::Now;
use crate::domain::credential::Location;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::remote::{Received, RequestId};
use crate::domain::secret::Secret;
use crate::screens::detail::state::View;

/// Takes in what happened at an instant, and says what to do about it.
pub fn update(state: &mut State, now: impl Into<Now>, message: Message) -> Vec<Effect> {
    let now = now.into();
    let has_slept = state.has_slept(now);
    let mut before = state.clock.corrected();
    let has_jumped = state.clock.move_to(now);
    if has_jumped {
        // That the clock was set is no passing of time, in which a token could have expired.
        before = state.clock.corrected();
    } else if has_slept {
        state.clock.jumped_at = Some(now.steady);
    }
    state.changed = true;
    expire_notices(state);
    let mut steps = take_in(state, before, message);
    state.changed |= has_jumped;
    if !steps.contains(&Step::Refresh) {
        steps.extend(token_fetch::measure_anew(state));
    }
    let mut effects = perform(state, steps);
    if let View::Raw(raw) = &mut state.detail.view {
        effects.extend(raw.search_due());
    }
    if state.screen == Screen::Browse {
        state.browse.keep_up(state.list_context());
        state.browse.scroll(state.body_rows());
    }
    state.next_change = schedule::next_change(state);
    effects
}

fn take_in(state: &mut State, before: DateTime<Utc>, message: Message) -> Vec<Step> {
    match message {
        // Nobody sees what else a command would do there.
        Message::Acted(action) if state.is_too_small() && !is_seen_anywhere(action) => {}
        Message::Acted(action) => return act(state, action),
        Message::Typed(typed) => {
            state.dismiss_warnings(None);
            edit(state, |editor| editor.insert(typed.0).is_ok());
        }
        Message::Pasted(text) => {
            state.dismiss_warnings(None);
            paste(state, &text);
        }
        Message::Resized(width, height) => state.size = (width, height),
        Message::Ticked => {
            state.changed = state.change_is_due();
            return token_fetch::ticked(state, before);
        }
        Message::Resumed => return token_fetch::ticked(state, before),
        Message::ClockMeasured { request, offset } => token_fetch::measured(state, request, offset),
        Message::Staged { request, stage } => moved_on(state, request, stage),
        Message::TokenFetched { request, result } => {
            return token_fetch::fetched(state, request, result);
        }
        Message::TokensArrived {
            request,
            tokens,
            total,
        } => list_fetch::arrived(state, request, tokens, total),
        Message::TokensListed { request, result } => {
            return list_fetch::listed(state, request, result);
        }
        Message::AnsweredBesides {
            source,
            retry_after,
            note,
        } => state.take_aside(&source, retry_after, note),
        Message::ScopesListed { request, result } => {
            let at = state.clock.steady;
            let result = result.map(|scopes| fetched(scopes, at));
            return state.picker.listed(request, result);
        }
        Message::SecretsFound { request, found } => {
            let found = fetched(found, state.clock.steady);
            state.profiles.found(request, found);
        }
        Message::SettingsRead(settings) => credential_switch::use_settings(state, settings),
        Message::ProfilesChanged { request, result } => {
            return credential_switch::profiles_changed(state, request, result);
        }
        Message::CredentialChecked { request, result } => {
            return state.setup.checked(request, result);
        }
        Message::ProfileSaved { request, result } => return profile_saved(state, request, result),
        Message::StoreProbed { request, result } => store_probed(state, request, result),
        Message::DemoOpened { request, result } => {
            return credential_switch::demo_opened(state, request, result);
        }
        Message::JsonSearched(found) => {
            let rows = state.body_rows();
            state.detail.searched(found, rows);
        }
        Message::RecentsLoaded(recents) => state.lookup.recents = recents,
        Message::NotRemembered(failure) => state.tell_once_of(&failure),
        Message::Warned(failure) => state.warn(failure),
        Message::Told(text) => state.tell(text),
    }
    Vec::new()
}

fn moved_on(state: &mut State, request: RequestId, next: Stage) {
    if state.detail.token.request() == Some(request) {
        state.detail.stage = next;
    } else if state.browse.list.request() == Some(request) {
        state.browse.progress.stage = next;
    }
}

fn store_probed(state: &mut State, request: RequestId, result: Result<Location, Failure>) {
    let at = state.clock.steady;
    let result = result.map(|location| fetched(location, at));
    state.setup.store.settle(request, result);
}

fn fetched<T>(value: T, at: DateTime<Utc>) -> Received<T> {
    let took = std::time::Duration::ZERO;
    Received { value, at, took }
}

fn profile_saved(
    state: &mut State,
    request: RequestId,
    result: Result<Saved, Failure>,
) -> Vec<Step> {
    let steps = state
        .setup
        .saved(request, result.as_ref().map_err(Clone::clone));
    if let Ok(saved) = result {
        state.session.settings = saved.settings;
        if !steps.is_empty() {
            // The collection matters where a secret is stored, not where it came from.
            state.session.store = Some(saved.location.store);
        }
    }
    steps
}

/// What goes away or turns up by itself does so first.
fn expire_notices(state: &mut State) {
    state.setup.trial = schedule::store_trial(state);
    if state
        .notice
        .as_ref()
        .is_some_and(|notice| notice.until <= state.clock.steady)
    {
        state.notice = None;
    }
    if state.limited_until.is_some() && state.limited_for().is_none() {
        state.limited_until = None;
        if state
            .banner
            .as_ref()
            .is_some_and(|banner| banner.failure.kind == FailureKind::RateLimited)
        {
            state.banner = None;
        }
    }
}

/// Whether it needs no screen to see what an action does.
fn is_seen_anywhere(action: Action) -> bool {
    matches!(action, Action::Quit | Action::Suspend | Action::Redraw)
}

/// A key that means something: in the text field, for the whole program, or for the screen.
fn act(state: &mut State, action: Action) -> Vec<Step> {
    state.notice = None;
    let is_dismissal = state.dismiss_warnings(Some(action)) && state.banner.is_none();
    if edit(state, |editor| editor.act(action)) {
        return Vec::new();
    }
    match action {
        Action::Quit => state.quit = true,
        Action::Suspend => return vec![Step::Run(Effect::Suspend)],
        Action::Redraw => return vec![Step::Run(Effect::Redraw)],
        Action::Back if is_dismissal && state.overlay.is_none() => {}
        Action::Back => return back(state),
        Action::Help => toggle_help(state),
        Action::LookUp => return vec![Step::OpenLookup],
        Action::Browse => return vec![Step::OpenBrowse],
        Action::Profiles => return vec![Step::OpenProfiles],
        Action::ReenterCredential => return reenter(state),
        Action::OpenDemo => return open_demo(state),
        Action::ErrorDetails if state.failures().next().is_some() => {
            state.overlay = Some(Overlay::ErrorDetails { top: 0 });
        }
        action => return act_in_front(state, action),
    }
    Vec::new()
}

fn act_in_front(state: &mut State, action: Action) -> Vec<Step> {
    let (rows, context) = (state.body_rows(), state.list_context());
    match (state.overlay, state.screen) {
        (Some(overlay), _) => act_on_overlay(state, overlay, action, rows),
        (None, Screen::Setup) => state.setup.act(action),
        (None, Screen::Lookup) => state.lookup.act(action),
        (None, Screen::Browse) => state.browse.act(action, rows, context),
        (None, Screen::Profiles) => act_on_profiles(state, action, rows),
        (None, Screen::Detail) => state.detail.act(action, rows),
    }
}

fn act_on_overlay(state: &mut State, overlay: Overlay, action: Action, rows: usize) -> Vec<Step> {
    match (overlay, action) {
        (Overlay::ErrorDetails { .. }, Action::CopyField) => {
            let lines: Vec<String> = state.failures().flat_map(Failure::lines).collect();
            return vec![Step::CopyLines(lines)];
        }
        (Overlay::Choice { selected }, Action::Submit) => {
            state.overlay = None;
            return vec![state.detail.choose(selected)];
        }
        (Overlay::Help { top }, action) => {
            let text = state.help_box();
            state.overlay = Some(Overlay::Help {
                top: moved(top, action, text.page(), text.last_top()),
            });
        }
        (Overlay::ErrorDetails { top }, action) => {
            let text = state.error_details_box();
            state.overlay = Some(Overlay::ErrorDetails {
                top: moved(top, action, text.page(), text.last_top()),
            });
        }
        (Overlay::Picker, action) => return state.picker.act(action, rows),
        (Overlay::Confirm, Action::Submit) => {
            state.overlay = None;
            return state.profiles.confirmed();
        }
        (Overlay::Confirm, _) => {}
        (Overlay::Choice { selected }, action) => {
            let last = state.detail.choices.len().saturating_sub(1);
            state.overlay = Some(Overlay::Choice {
                selected: moved(selected, action, rows, last),
            });
        }
    }
    Vec::new()
}

/// In the demo that is all there is, no profile is read or written.
fn act_on_profiles(state: &mut State, action: Action, rows: usize) -> Vec<Step> {
    if state.session.demo_only {
        return Vec::new();
    }
    state.profiles.act(action, &state.session.settings, rows)
}

/// `Esc`: close what lies on top, cancel what is running, dismiss the error, or go back.
fn back(state: &mut State) -> Vec<Step> {
    if let Some(Overlay::Help { .. }) = state.overlay {
        toggle_help(state);
        return Vec::new();
    }
    if state.overlay.take().is_some() {
        let request = state.picker.scopes.cancel();
        return request
            .map(Effect::Cancel)
            .map(Step::Run)
            .into_iter()
            .collect();
    }
    if let Some(request) = stop_waiting(state) {
        return vec![
            Step::Run(Effect::Cancel(request)),
            Step::Tell("Cancelled.".to_owned()),
        ];
    }
    if !state.context().is_text() && state.banner.take().is_some() {
        return Vec::new();
    }
    match state.screen {
        Screen::Setup => state.setup.back(state.session.identity.is_some()),
        Screen::Lookup => {
            state.lookup.editing = false;
            Vec::new()
        }
        Screen::Browse => state.browse.back(),
        Screen::Profiles => vec![Step::LeaveProfiles],
        Screen::Detail => state.detail.back(),
    }
}

/// Stops what the screen in front waits for, if that is what `Esc` means here.
fn stop_waiting(state: &mut State) -> Option<RequestId> {
    match state.screen {
        Screen::Setup | Screen::Profiles => None,
        Screen::Browse if state.browse.is_filtering => None,
        Screen::Browse => state.browse.stop(state.clock.steady),
        // It is in view already, and only fetched to be sure: the way back is not barred.
        Screen::Detail if state.detail.from_browse => None,
        _ => state.detail.token.cancel(),
    }
}

fn toggle_help(state: &mut State) {
    if let Some(Overlay::Help { .. }) = state.overlay {
        state.overlay = state.covered.take();
    } else {
        state.covered = state.overlay.replace(Overlay::Help { top: 0 });
    }
}

/// Only where a credential is what is wrong, typing it again can help.
fn reenter(state: &mut State) -> Vec<Step> {
    if state.reentry_helps() {
        vec![Step::OpenSetup { is_replacing: true }]
    } else {
        Vec::new()
    }
}

/// Lets the focused text field change, and does what follows from its new text. False if no field
/// has the focus, or the change did not happen.
fn edit(state: &mut State, change: impl FnOnce(&mut Editor<'_>) -> bool) -> bool {
    let rows = state.body_rows();
    let has_changed = editor(state).is_some_and(|mut editor| change(&mut editor));
    if has_changed {
        state.setup.complaint = None;
        state.lookup.complaint = None;
        if state.overlay == Some(Overlay::Picker) {
            state.picker.selected = 0;
            state.picker.refilter();
        }
        state.lookup.is_edited |= state.screen == Screen::Lookup;
        if let View::Raw(raw) = &mut state.detail.view
            && raw.is_typing
        {
            raw.query_changed(rows);
        }
        if state.screen == Screen::Browse {
            state.browse.searched();
        }
    }
    has_changed
}

fn editor(state: &mut State) -> Option<Editor<'_>> {
    match state.overlay {
        Some(Overlay::Picker) => return Some(Editor::Plain(&mut state.picker.filter)),
        Some(_) => return None,
        None => {}
    }
    match state.screen {
        Screen::Setup => state.setup.editor(),
        Screen::Lookup => state.lookup.editor(),
        Screen::Browse => state.browse.editor(),
        Screen::Profiles => None,
        Screen::Detail => match &mut state.detail.view {
            View::Raw(raw) => raw.editor(),
            View::Fields => None,
        },
    }
}

/// A paste is one insertion into a text field, and nothing anywhere else.
fn paste(state: &mut State, text: &Secret) {
    let mut fits = true;
    edit(state, |editor| {
        fits = editor.paste(text).is_ok();
        fits
    });
    if !fits {
        state.tell("That paste is longer than any field takes, so nothing was pasted.");
    }
}

fn open_demo(state: &mut State) -> Vec<Step> {
    if state.session.is_demo() {
        return Vec::new();
    }
    let request = state.next_request();
    state.awaited_demo = Some(request);
    vec![
        Step::Tell("Starting the demo …".to_owned()),
        Step::Run(Effect::OpenDemo { request }),
    ]
}
