//! The program around the screens: a message in, the state changed, effects out.
//!
//! Total and synchronous: no terminal, no network, no clock, no environment, no randomness.
//! [`update()`] is the way in, and the one place where the state changes.

#![deny(clippy::wildcard_enum_match_arm)]

pub(crate) mod access_fetch;
pub mod access_reading;
pub(crate) mod alerts;
pub(crate) mod all_profiles;
pub(crate) mod credential_switch;
pub mod form;
pub(crate) mod handler;
pub(crate) mod list_fetch;
pub mod list_search;
pub mod message;
pub(crate) mod navigation;
pub(crate) mod neighbours;
pub(crate) mod profile_lists;
pub mod profile_reads;
pub mod state;
pub(crate) mod token_fetch;
pub mod token_list;
pub mod token_table;
pub mod uses_report;

use chrono::{DateTime, TimeDelta, Utc};

use crate::action::{Action, Input, Motion};
use crate::domain::credential::Secret;
use crate::domain::fetched::Now;
use crate::domain::scope::TOKEN_PAGE;
use crate::domain::token::TokenRef;
use crate::screens::detail::state::View;
use crate::screens::help::state::HelpMenu;
use crate::screens::{
    browse, detail, export, find, help, picker, probe, profiles, request, setup, uses,
};
use form::{Editor, TextField};
use handler::Copied;
use list_fetch::open_find;
use message::{Effect, Message};
use navigation::{open_profiles, open_session_setup};
use state::{Overlay, Screen, State};

/// How many rows a turn of the mouse wheel moves.
const ROWS_PER_TURN: usize = 3;

/// A wake-up this late means that the computer or the program was stopped.
const LATE: TimeDelta = TimeDelta::seconds(10);

/// The first screen.
#[derive(Debug, Clone, PartialEq)]
pub enum Opening {
    /// The form, since there is no credential yet.
    Setup,
    Find,
    Token(TokenRef),
    /// The embedded demo, once it runs, then a token, if given.
    Demo(Option<TokenRef>),
}

/// Opens the first screen. Run the effects after the first frame.
pub fn start(state: &mut State, opening: Opening) -> Vec<Effect> {
    match opening {
        Opening::Setup => open_session_setup(state, false),
        Opening::Find => open_find(state),
        Opening::Token(token) => open_token(state, token),
        Opening::Demo(token) => {
            if let Some(token) = token {
                state.find.token = TextField::with(&token.to_string());
                state.screen = Screen::Detail;
            }
            start_demo(state);
        }
    }
    keep_up(state);
    std::mem::take(&mut state.effects)
}

/// Brings up to date what is on screen, and when that next changes.
fn keep_up(state: &mut State) {
    state.reevaluate_list();
    state.screen.handler().keep_up(state);
    state.next_change = handler::next_change(state);
}

/// Opens a token from the command line. Without a scope, opens the lookup form instead.
fn open_token(state: &mut State, token: TokenRef) {
    state.find.token = TextField::with(&token.to_string());
    let scope = token.scope().or(state.session.active.scope.as_ref());
    if let Some(scope) = scope.cloned() {
        state.screen = Screen::Detail;
        token_fetch::look_up(state, token, &scope);
    }
}

fn start_demo(state: &mut State) {
    let request = state.next_request();
    state.demo_request = Some(request);
    state.emit(Effect::OpenDemo { request });
}

/// Applies a message at an instant, and returns the effects to run.
pub fn update(state: &mut State, now: impl Into<Now>, message: Message) -> Vec<Effect> {
    let now = now.into();
    let due = state.wake_at();
    let has_slept = due.is_some_and(|due| now.steady.signed_duration_since(due) > LATE);
    let mut before = state.clock.corrected();
    let has_jumped = state.clock.move_to(now);
    if has_jumped {
        // The clock was set, so no time passed in which a token could have expired.
        before = state.clock.corrected();
    } else if has_slept {
        state.clock.jumped_at = Some(now.steady);
    }
    // A due change is drawn even if another message comes before the tick.
    let is_due = state.next_change.is_some_and(|change| change <= now.steady);
    state.changed = true;
    handler::expire_notices(state);
    state.setup.watch_store(now.steady);
    let request = state.detail.token.request();
    alerts::follow_time(state, before);
    let has_alerts = !state.effects.is_empty();
    match message {
        Message::Input(Input::Act(action)) => press(state, action),
        Message::Input(Input::Type(typed)) => {
            state.dismiss_warnings(None);
            edit(state, |editor| editor.insert(typed.0).is_ok());
            if typed.0 == '?' {
                explain_question_mark(state);
            }
        }
        Message::Input(Input::Paste(text)) => {
            state.dismiss_warnings(None);
            state.front().pasting(state);
            paste(state, &text);
        }
        Message::Input(Input::Resize(width, height)) => state.size = (width, height),
        Message::Input(Input::Wheel(motion)) => move_by(state, motion, ROWS_PER_TURN),
        Message::Input(Input::Click(rows)) => click(state, rows),
        Message::Input(Input::ForeignLetter) => explain_letters(state),
        Message::Ticked => {
            state.changed = false;
            ticked(state, before);
        }
        Message::Resumed => ticked(state, before),
        Message::ClockMeasured { request, offset } => {
            let awaited = state.clock_request.take_if(|it| *it == request);
            state.changed = awaited.is_some();
            state.clock.measured(offset.filter(|_| state.changed));
        }
        Message::Staged { request, stage } => token_fetch::staged(state, request, stage),
        Message::TokenFetched { request, result } => {
            token_fetch::fetched(state, request, result);
            uses::update::open_looked_up(state);
        }
        Message::TokensArrived {
            request,
            tokens,
            total,
        } => list_fetch::page_arrived(state, request, tokens, total),
        Message::TokensListed { request, result } => {
            list_fetch::listed(state, request, result);
            if state.changed {
                find::update::list_ended(state);
            }
        }
        Message::ProfileArrived {
            request,
            source,
            tokens,
        } => profile_lists::page_arrived(state, request, &source, tokens),
        Message::ProfileListed {
            request,
            source,
            result,
        } => profile_lists::profile_listed(state, request, &source, result),
        Message::ProfilesListed { request } => profile_lists::finished(state, request),
        Message::AccessPartRead { request, answer } => {
            access_fetch::part_read(state, request, answer);
        }
        Message::AccessRead { request, result } => access_fetch::ended(state, request, result),
        Message::Probed { request, result } => probe::update::probed(state, request, result),
        Message::ResponseNoted {
            source,
            retry_after,
            note,
        } => state.note_response(&source, retry_after, note),
        Message::ScopesListed { request, result } => picker::update::listed(state, request, result),
        Message::SecretsFound { request, found } => {
            let found = state.received(found);
            state.profiles.locations.settle(request, Ok(found));
        }
        Message::SettingsRead(settings) => credential_switch::use_settings(state, settings),
        Message::ProfilesChanged { request, result } => {
            credential_switch::profiles_changed(state, request, result);
        }
        Message::CredentialChecked { request, result } => {
            setup::update::checked(state, request, result);
        }
        Message::ProfileSaved { request, result } => setup::update::saved(state, request, result),
        Message::StoreProbed { request, result } => setup::update::probed(state, request, result),
        Message::DemoOpened { request, result } => {
            credential_switch::demo_opened(state, request, result);
        }
        Message::ListWritten { request, result } => export::update::written(state, request, result),
        Message::JsonSearched(found) => {
            let rows = state.body_rows();
            if let View::Raw(raw) = &mut state.detail.view {
                raw.searched(found, rows);
            }
        }
        Message::RecentsLoaded(recents) => state.find.recents = recents,
        Message::NotRemembered(failure) => state.tell_of_recents(&failure),
        Message::Warned(failure) => state.warn(failure),
        Message::Notified(text) => state.notify(text),
    }
    state.changed |= has_jumped || is_due || has_alerts;
    if state.detail.token.request() == request {
        token_fetch::measure_clock(state);
    }
    if let View::Raw(raw) = &mut state.detail.view {
        let due = raw.search_due();
        let search = due.map(|(lines, query)| Effect::SearchJson { lines, query });
        state.effects.extend(search);
    }
    leave_error_behind(state);
    keep_up(state);
    std::mem::take(&mut state.effects)
}

/// Drops an error once its screen is left.
fn leave_error_behind(state: &mut State) {
    let reported_on = *state.reported_on.get_or_insert(state.screen);
    if reported_on != state.screen {
        state.banner = None;
    }
    if state.banner.is_none() {
        state.reported_on = None;
    }
}

/// Handles the passing of time since an instant of the server's clock.
fn ticked(state: &mut State, before: DateTime<Utc>) {
    token_fetch::ticked(state, before);
    list_fetch::reload_if_due(state);
}

/// Handles a key: it edits the focused text field, or else triggers its action, a global one or one of
/// the current screen or overlay.
fn press(state: &mut State, action: Action) {
    let is_safe = matches!(action, Action::Quit | Action::Suspend | Action::Redraw);
    if state.is_too_small() && !is_safe {
        return;
    }
    state.notice = None;
    let is_dismissal = state.dismiss_warnings(Some(action)) && state.banner.is_none();
    if edit(state, |editor| editor.act(action)) {
        return;
    }
    if action == Action::Back && is_dismissal && state.overlay.is_none() {
        return;
    }
    let front = state.front();
    let screen = Some(state.screen).filter(|_| state.overlay.is_none());
    match action {
        Action::Quit => state.quit = true,
        Action::Suspend => state.emit(Effect::Suspend),
        Action::Redraw => state.emit(Effect::Redraw),
        Action::Help if state.is_covered() => state.overlay = state.covered.take(),
        Action::Help => {
            state.covered = state.overlay;
            state.help = HelpMenu::default();
            state.overlay = Some(Overlay::Help);
        }
        Action::Back => back(state),
        Action::Find => open_find(state),
        Action::Browse => list_fetch::open_list(state),
        Action::Profiles => open_profiles(state),
        Action::ErrorDetails if state.failures_on_screen().next().is_some() => {
            state.overlay = Some(Overlay::ErrorDetails { top: 0 });
        }
        Action::ReenterCredential if state.reentry_helps() => credential_switch::reenter(state),
        Action::OpenDemo if !state.session.is_demo() => {
            state.notify("Starting the demo …");
            start_demo(state);
        }
        Action::OpenDemo if !state.session.demo_only => credential_switch::leave_demo(state),
        Action::Submit if state.is_covered() => {
            if let Some(chosen) = help::update::run(state) {
                press(state, chosen);
            }
        }
        Action::Submit => front.submit(state),
        Action::Edit | Action::Search => front.edit(state),
        Action::NextField => front.move_focus(state, true),
        Action::PreviousField => front.move_focus(state, false),
        Action::Up => front.scroll(state, Motion::Up),
        Action::Down => front.scroll(state, Motion::Down),
        Action::PageUp => front.scroll(state, Motion::PageUp),
        Action::PageDown => front.scroll(state, Motion::PageDown),
        Action::Top => front.scroll(state, Motion::Top),
        Action::Bottom => front.scroll(state, Motion::Bottom),
        Action::Left | Action::Right => front.switch(state),
        Action::Reload => front.reload(state),
        Action::CopyField => front.copy(state, Copied::Selection),
        Action::CopyClientId => front.copy(state, Copied::ClientId),
        Action::CopyJson => front.copy(state, Copied::Json),
        Action::OpenDashboard => {
            let url = front.dashboard_url(state);
            all_profiles::use_profile_of_row(state);
            state.effects.extend(url.map(Effect::OpenUrl));
        }
        Action::PickScope => front.pick_scope(state),
        Action::Sort if screen == Some(Screen::Browse) => browse::update::sort(state),
        Action::ReverseSort if screen == Some(Screen::Browse) => browse::update::reverse(state),
        Action::TogglePreview if screen == Some(Screen::Browse) => {
            browse::update::toggle_preview(state);
        }
        Action::ShowExpired
        | Action::ShowCritical
        | Action::ShowExpiring
        | Action::ShowUnknown
        | Action::ShowActive
        | Action::ShowNeverExpiring
        | Action::ShowDisabled => {
            if screen == Some(Screen::Browse) {
                browse::update::toggle_status(state, action);
            }
        }
        Action::AllProfiles if matches!(screen, Some(Screen::Browse | Screen::Find)) => {
            all_profiles::toggle(state);
        }
        Action::WriteList if screen == Some(Screen::Browse) => export::update::open(state),
        Action::ToggleRaw if screen == Some(Screen::Detail) => detail::update::toggle_raw(state),
        Action::NextMatch | Action::PreviousMatch if screen == Some(Screen::Detail) => {
            detail::update::next_match(state, action == Action::NextMatch);
        }
        Action::CopyRequest if state.overlay.is_none() => {
            all_profiles::use_profile_of_row(state);
            request::update::open(state);
        }
        Action::Uses if state.overlay.is_none() => uses::update::open(state),
        Action::Probe if state.overlay.is_none() => probe::update::open(state),
        Action::OtherSecret if screen == Some(Screen::Probe) => probe::update::other_secret(state),
        Action::PreviousToken | Action::NextToken if screen == Some(Screen::Detail) => {
            neighbours::open(state, action == Action::NextToken);
        }
        Action::MakeToken if screen == Some(Screen::Setup) => {
            state.emit(Effect::OpenUrl(TOKEN_PAGE.to_owned()));
        }
        Action::AddProfile => on_profiles(state, profiles::update::add),
        Action::EditProfile => on_profiles(state, profiles::update::edit),
        Action::ReplaceCredential => on_profiles(state, profiles::update::replace),
        Action::RemoveProfile => on_profiles(state, profiles::update::remove),
        Action::MakeDefault => on_profiles(state, profiles::update::make_default),
        // These do nothing here.
        Action::ErrorDetails
        | Action::MakeToken
        | Action::ReenterCredential
        | Action::OpenDemo
        | Action::Sort
        | Action::ReverseSort
        | Action::TogglePreview
        | Action::AllProfiles
        | Action::WriteList
        | Action::ToggleRaw
        | Action::NextMatch
        | Action::PreviousMatch
        | Action::CopyRequest
        | Action::Uses
        | Action::Probe
        | Action::OtherSecret
        | Action::PreviousToken
        | Action::NextToken
        | Action::TextStart
        | Action::TextEnd
        | Action::DeleteBack
        | Action::DeleteForward
        | Action::DeleteWord
        | Action::DeleteToStart
        | Action::DeleteToEnd => {}
    }
}

/// Handles a key on the profiles, if they are on screen and no change is pending.
fn on_profiles(state: &mut State, act: fn(&mut State)) {
    let is_in_front = state.screen == Screen::Profiles && state.overlay.is_none();
    if is_in_front && !state.session.demo_only && state.profiles.change.is_none() {
        act(state);
    }
}

/// `Esc`: closes the overlay, stops waiting, dismisses the error, or goes back.
fn back(state: &mut State) {
    let front = state.front();
    if state.overlay.is_none() {
        let request = front.stop_waiting(state);
        if request.is_some() {
            state.notify("Cancelled.");
            return state.cancel(request);
        }
        if !state.context().is_text() && state.banner.take().is_some() {
            return;
        }
    }
    front.back(state);
}

/// Inserts a paste into the focused text field.
fn paste(state: &mut State, pasted: &Secret) {
    let (value, remark) = match state.front().value_in(state, pasted) {
        Some((value, remark)) => (value, Some(remark)),
        None => (pasted.clone(), None),
    };
    let mut fits = true;
    let is_inserted = edit(state, |editor| {
        fits = editor.paste(&value).is_ok();
        fits
    });
    if !fits {
        state.notify("Paste too long; nothing inserted.");
    } else if let Some(remark) = remark.filter(|_| is_inserted) {
        state.notify(remark);
    }
}

/// Handles a click on a row so many below the selected one: selects it, or opens the selected one.
fn click(state: &mut State, rows: i16) {
    match rows {
        0 => state.front().submit(state),
        1.. => move_by(state, Motion::Down, usize::from(rows.unsigned_abs())),
        _ => move_by(state, Motion::Up, usize::from(rows.unsigned_abs())),
    }
}

fn move_by(state: &mut State, motion: Motion, rows: usize) {
    if state.is_too_small() {
        return;
    }
    state.notice = None;
    let front = state.front();
    for _ in 0..rows {
        front.scroll(state, motion);
    }
}

/// Says once that letters are commands: the keyboard has another layout.
fn explain_letters(state: &mut State) {
    if std::mem::replace(&mut state.told_of_letters, true) {
        return;
    }
    let place = match &state.keymap_file {
        Some(file) => format!(" keymap.toml can change them: {file}"),
        None => " keymap.toml can change them.".to_owned(),
    };
    state.notify(format!("Latin letters are commands here.{place}"));
}

/// Names the key of the help to a user who asks for it with the key that works elsewhere.
fn explain_question_mark(state: &mut State) {
    let is_alone = |editor: Editor<'_>| editor.holds("?");
    if state.front().editor(state).is_some_and(is_alone) {
        let key = state.keymap.key_for(state.context(), Action::Help);
        if let Some(key) = key {
            state.notify(format!("? is a letter in a field: {key} shows the keys."));
        }
    }
}

/// Edits the focused text field, and lets the screen react. Returns false if no field has the
/// focus, or it did not change.
fn edit(state: &mut State, change: impl FnOnce(&mut Editor<'_>) -> bool) -> bool {
    let front = state.front();
    let has_changed = front.editor(state).is_some_and(|mut it| change(&mut it));
    if has_changed {
        front.edited(state);
    }
    has_changed
}
