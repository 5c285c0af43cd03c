//! The one place where the state changes: a message in, effects out.
//!
//! Total and synchronous: no clock, no environment, no randomness, no I/O.

use chrono::{DateTime, TimeDelta, Utc};

use super::effect::Effect;
use super::field::Editor;
use super::message::Message;
use super::state::{Banner, Notice, Overlay, Screen, State};
use super::{detail, lookup, setup, timing};
use crate::action::Action;
use crate::domain::access::Access;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::remote::RequestId;
use crate::domain::secret::Secret;
use crate::domain::token::TokenRef;

/// How long a notice stays.
const NOTICE: TimeDelta = TimeDelta::seconds(6);

/// Takes in what happened at an instant of the local clock, and says what to do about it.
pub fn update(state: &mut State, now: DateTime<Utc>, message: Message) -> Vec<Effect> {
    let before = state.clock.corrected();
    state.clock.local = now;
    state.changed = true;
    let mut effects = settle_time(state);
    effects.extend(match message {
        Message::Acted(action) => act(state, action),
        Message::Typed(typed) => edit(state, |editor| editor.insert(typed.0).is_ok()),
        Message::Pasted(text) => paste(state, &text),
        Message::Resized(width, height) => {
            state.size = (width, height);
            Vec::new()
        }
        Message::Ticked => {
            state.changed = state.change_is_due();
            detail::ticked(state, before)
        }
        Message::Resumed => detail::ticked(state, before),
        Message::Staged { request, stage } => {
            if state.detail.token.request() == Some(request) {
                state.detail.stage = stage;
            }
            Vec::new()
        }
        Message::TokenFetched { request, result } => detail::fetched(state, request, result),
        Message::CredentialChecked { request, result } => setup::checked(state, request, result),
        Message::ProfileSaved { request, result } => setup::saved(state, request, result),
        Message::StoreProbed { request, result } => {
            setup::store_probed(state, request, result);
            Vec::new()
        }
        Message::DemoOpened { request, result } => demo_opened(state, request, result),
        Message::RecentsLoaded(recents) => {
            state.lookup.recents = recents;
            Vec::new()
        }
        Message::Warned(failure) => {
            report(state, failure);
            Vec::new()
        }
    });
    state.next_change = timing::next_change(state);
    effects
}

/// What goes away by itself goes away first.
fn settle_time(state: &mut State) -> Vec<Effect> {
    if state
        .notice
        .as_ref()
        .is_some_and(|notice| notice.until <= state.clock.local)
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
    Vec::new()
}

/// A key that means something: in the text field, for the whole program, or for the screen.
fn act(state: &mut State, action: Action) -> Vec<Effect> {
    state.notice = None;
    let mut edited = false;
    let effects = edit(state, |editor| {
        edited = editor.act(action);
        edited
    });
    if edited {
        return effects;
    }
    match action {
        Action::Quit => state.quit = true,
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        Action::Back => return back(state),
        Action::Help => toggle_help(state),
        Action::LookUp => lookup::open(state),
        Action::SetUp => return setup::open(state, false),
        Action::ReenterCredential => return reenter(state),
        Action::OpenDemo => return open_demo(state),
        Action::ErrorDetails if state.banner.is_some() => {
            state.overlay = Some(Overlay::ErrorDetails { top: 0 });
        }
        action => return act_in_front(state, action),
    }
    Vec::new()
}

fn act_in_front(state: &mut State, action: Action) -> Vec<Effect> {
    match (state.overlay, state.screen) {
        (Some(Overlay::Choice { selected }), _) => return detail::choose(state, selected, action),
        (Some(Overlay::ErrorDetails { .. }), _) if action == Action::CopyField => {
            return copy_error(state);
        }
        (Some(overlay), _) => state.overlay = Some(scrolled(overlay, action, state.body_rows())),
        (None, Screen::Setup) => return setup::act(state, action),
        (None, Screen::Lookup) => return lookup::act(state, action),
        (None, Screen::Detail) => return detail::act(state, action),
    }
    Vec::new()
}

/// The drawing stops at the last row; far below any screen is enough of a bound here.
fn scrolled(overlay: Overlay, action: Action, page: usize) -> Overlay {
    const LAST: usize = 500;
    match overlay {
        Overlay::Help { top } => Overlay::Help {
            top: detail::moved(top, action, page, LAST),
        },
        Overlay::ErrorDetails { top } => Overlay::ErrorDetails {
            top: detail::moved(top, action, page, LAST),
        },
        choice @ Overlay::Choice { .. } => choice,
    }
}

/// `Esc`: close what lies on top, cancel what is running, dismiss the error, or go back.
fn back(state: &mut State) -> Vec<Effect> {
    if state.overlay.take().is_some() {
        return Vec::new();
    }
    if state.screen != Screen::Setup
        && let Some(request) = state.detail.token.cancel()
    {
        state.tell("Cancelled.");
        return vec![Effect::Cancel(request)];
    }
    let is_editing = state.context().is_text();
    if !is_editing && state.banner.take().is_some() {
        return Vec::new();
    }
    match state.screen {
        Screen::Setup => return setup::back(state),
        Screen::Lookup => lookup::back(state),
        Screen::Detail => detail::back(state),
    }
    Vec::new()
}

fn toggle_help(state: &mut State) {
    state.overlay = match state.overlay {
        Some(Overlay::Help { .. }) => None,
        _ => Some(Overlay::Help { top: 0 }),
    };
}

/// Only where a credential is what is wrong, typing it again can help.
fn reenter(state: &mut State) -> Vec<Effect> {
    let is_refused = state.banner.as_ref().is_some_and(|banner| {
        matches!(
            banner.failure.kind,
            FailureKind::Authentication | FailureKind::NoCredential | FailureKind::Keyring
        )
    });
    if is_refused && state.screen != Screen::Setup {
        setup::open(state, true)
    } else {
        Vec::new()
    }
}

fn copy_error(state: &mut State) -> Vec<Effect> {
    let Some(banner) = &state.banner else {
        return Vec::new();
    };
    let text = banner.failure.lines().join("\n");
    state.tell("Sent to the terminal's clipboard: the error's details");
    vec![Effect::Copy(text)]
}

/// Lets the focused text field change, and does what follows from its new text.
fn edit(state: &mut State, change: impl FnOnce(&mut Editor<'_>) -> bool) -> Vec<Effect> {
    let rows = state.body_rows();
    let Some(mut editor) = editor(state) else {
        return Vec::new();
    };
    if !change(&mut editor) {
        return Vec::new();
    }
    state.setup.complaint = None;
    state.lookup.complaint = None;
    if let detail::View::Raw(raw) = &mut state.detail.view
        && raw.is_typing
    {
        raw.searched(rows);
    }
    Vec::new()
}

fn editor(state: &mut State) -> Option<Editor<'_>> {
    if state.overlay.is_some() {
        return None;
    }
    match state.screen {
        Screen::Setup => state.setup.editor(),
        Screen::Lookup => state.lookup.editor(),
        Screen::Detail => match &mut state.detail.view {
            detail::View::Raw(raw) => raw.editor(),
            detail::View::Fields => None,
        },
    }
}

/// A paste is one insertion into a text field, and nothing anywhere else.
fn paste(state: &mut State, text: &Secret) -> Vec<Effect> {
    let mut fits = true;
    let effects = edit(state, |editor| {
        fits = editor.paste(text).is_ok();
        fits
    });
    if !fits {
        state.tell("That paste is longer than any field takes, so nothing was pasted.");
    }
    effects
}

fn open_demo(state: &mut State) -> Vec<Effect> {
    if state.session.is_demo() {
        return Vec::new();
    }
    let request = state.next_request();
    state.tell("Starting the demo …");
    vec![Effect::OpenDemo { request }]
}

fn demo_opened(state: &mut State, _: RequestId, result: Result<Access, Failure>) -> Vec<Effect> {
    let access = match result {
        Ok(access) => access,
        Err(failure) => {
            report(state, failure);
            return Vec::new();
        }
    };
    state.session.identity = Some(access.identity.clone());
    state.session.profile = None;
    state.session.store = None;
    state.session.scope = Some(access.scope.clone());
    "the demo".clone_into(&mut state.session.scope_origin);
    state.notice = None;
    state.banner = None;
    state.limited_until = None;
    state.detail = detail::Detail::default();
    state.lookup.recents.clear();
    state.lookup.use_scope(&access.scope);
    lookup::open(state);
    match TokenRef::parse(state.lookup.token.value()) {
        Ok(token) => {
            state.screen = Screen::Detail;
            detail::fetch(state, access, token)
        }
        Err(_) => Vec::new(),
    }
}

/// Shows an error. The same error again only counts up.
pub(super) fn report(state: &mut State, failure: Failure) {
    if let Some(pause) = failure.retry_after {
        let pause = TimeDelta::from_std(pause).unwrap_or(TimeDelta::MAX);
        state.limited_until = state.clock.local.checked_add_signed(pause);
    }
    let count = match &state.banner {
        Some(shown)
            if shown.failure.kind == failure.kind && shown.failure.summary == failure.summary =>
        {
            shown.count + 1
        }
        _ => 1,
    };
    state.banner = Some(Banner { failure, count });
}

impl State {
    /// Shows a short message for a few seconds.
    pub(super) fn tell(&mut self, text: impl Into<String>) {
        let until = self
            .clock
            .local
            .checked_add_signed(NOTICE)
            .unwrap_or(self.clock.local);
        self.notice = Some(Notice {
            text: text.into(),
            until,
        });
    }
}
