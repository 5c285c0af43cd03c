//! The interface of a screen or overlay: which keys work on it, what they do, and when it changes
//! with time.
//!
//! One countdown sets the pace, and everything else on screen is evaluated at the instant its
//! digits appeared: so the screen is drawn at most once a second.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::form::Editor;
use super::message::Effect;

use super::state::{Overlay, Screen, State, whole_second};
use crate::action::{Action, Context, Motion};
use crate::domain::credential::{Access, Secret};
use crate::domain::duration::Remaining;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::{Remote, RequestId};
use crate::domain::scope::Scope;
use crate::domain::status::{EvaluationContext, Lifecycle};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::screens::for_each_screen;

/// The text to copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copied {
    /// The selected item.
    Selection,
    ClientId,
    Json,
}

/// The place in a list: `4 of 17`, or `17` for a whole list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) at: Option<usize>,
    pub(crate) total: usize,
    pub(crate) rows: Rows,
}

/// The kind of rows in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Rows {
    /// What the screen itself names.
    #[default]
    Whole,
    /// The tokens that a search on Find found.
    Matches,
    /// The tokens that need the user.
    Needs,
}

/// A wait of the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pending {
    /// Something to show; animates a spinner.
    First,
    /// A newer version of what is on screen; counts seconds.
    Reload { since: DateTime<Utc> },
}

impl Pending {
    /// The wait for a value, or for a newer version of it.
    pub(crate) fn of<T>(remote: &Remote<T>) -> Option<Self> {
        let since = remote.loading_since()?;
        let first = remote.is_first().then_some(Self::First);
        Some(first.unwrap_or(Self::Reload { since }))
    }
}

/// The fetch of the data on screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fetch {
    /// When its answer came, by the steady clock.
    pub(crate) at: DateTime<Utc>,
    /// Why a later fetch failed, in a few words.
    pub(crate) stale: Option<String>,
}

impl Fetch {
    pub(crate) fn of<T>(remote: &Remote<T>) -> Option<Self> {
        let fetched = remote.fetched()?;
        Some(Self {
            at: fetched.at,
            stale: remote.failure().map(Failure::reason),
        })
    }
}

/// The interface of a screen or overlay. By default, Back closes an
/// overlay, and the other keys do nothing.
pub(crate) trait Handler {
    /// Which keys work.
    fn context(&self, state: &State) -> Context;

    /// Whether an action does something now. The footer and the help leave out what does nothing.
    fn can(&self, _: &State, _: Action) -> bool {
        true
    }

    /// What Back does now, if it is not what the keymap calls it: `cancel`.
    fn back_hint(&self, _: &State) -> Option<&'static str> {
        None
    }

    /// What Enter does now, if it is not what the keymap calls it: `next`.
    fn submit_hint(&self, _: &State) -> Option<&'static str> {
        None
    }

    /// What the screen shows, as the header names it after the scope: `Tokens`, `CI/CD token`. May
    /// contain untrusted text.
    fn crumbs(&self, _: &State) -> Vec<String> {
        Vec::new()
    }

    /// The place in the list on screen, or in the list that the token on screen belongs to.
    fn place(&self, _: &State) -> Option<Place> {
        None
    }

    /// Leaves the text field or the screen, or closes the overlay, which is all that most need.
    fn back(&self, state: &mut State) {
        state.overlay = None;
    }

    /// The contexts that help explains first.
    fn contexts(&self, _: &State) -> &'static [Context] {
        &[]
    }

    /// The text field that has the focus.
    fn editor<'a>(&self, _: &'a mut State) -> Option<Editor<'a>> {
        None
    }

    /// The value in a paste into that field, and what to say about the rest of it; `None` keeps the
    /// paste as it is.
    fn value_in(&self, _: &State, _pasted: &Secret) -> Option<(Secret, String)> {
        None
    }

    /// Called when the text in that field changed.
    fn edited(&self, _: &mut State) {}

    /// Called before a paste.
    fn pasting(&self, _: &mut State) {}

    /// Starts typing.
    fn edit(&self, _: &mut State) {}

    /// Activates the focused item.
    fn submit(&self, _: &mut State) {}

    /// Stops waiting, on screens where Back does that first.
    fn stop_waiting(&self, _: &mut State) -> Option<RequestId> {
        None
    }

    /// Moves the selection, or scrolls.
    fn scroll(&self, _: &mut State, _: Motion) {}

    /// Moves the focus to the next field, or to the previous one.
    fn move_focus(&self, _: &mut State, _forward: bool) {}

    /// Switches the focused field to its other value.
    fn switch(&self, _: &mut State) {}

    /// Fetches again.
    fn reload(&self, _: &mut State) {}

    /// Copies something on screen.
    fn copy(&self, _: &mut State, _: Copied) {}

    /// The token that keys act on, and what it is fetched with.
    fn token(&self, _: &State) -> Option<(Arc<ServiceToken>, Access)> {
        None
    }

    /// The dashboard's page about what is on screen.
    fn dashboard_url(&self, state: &State) -> Option<String> {
        let scope = self.token(state).map(|(_, access)| access.scope);
        let scope = scope.or_else(|| self.scope(state).cloned())?;
        Some(scope.dashboard_url())
    }

    /// Opens the choice between accounts and zones.
    fn pick_scope(&self, _: &mut State) {}

    /// The scope on screen; `None` means the session's.
    fn scope<'a>(&self, _: &'a State) -> Option<&'a Scope> {
        None
    }

    /// Brings up to date what the screen shows of the rest of the state, after every message.
    fn keep_up(&self, _: &mut State) {}

    /// Whether the screen shows the scope's list, which is then fetched again by itself.
    fn shows_list(&self, _: &State) -> bool {
        false
    }

    /// What the user waits for.
    fn pending(&self, _: &State) -> Option<Pending> {
        None
    }

    /// The instant, by the server's clock, at which everything on screen is evaluated.
    fn instant(&self, state: &State) -> DateTime<Utc> {
        state.clock.corrected()
    }

    /// The fetch of the data on screen.
    fn fetch(&self, _: &State) -> Option<Fetch> {
        None
    }

    /// The age of the data on screen, if shown in minutes.
    fn age(&self, state: &State) -> Option<TimeDelta> {
        let fetch = self.fetch(state)?;
        Some(state.clock.steady.signed_duration_since(fetch.at))
    }

    /// The next step of its countdown, by the steady clock. Everything else on screen is drawn in
    /// step with it, at most once a second.
    fn next_countdown(&self, _: &State) -> Option<DateTime<Utc>> {
        None
    }

    /// When it next changes with time in any other way, by the steady clock.
    fn next_change(&self, _: &State) -> Option<DateTime<Utc>> {
        None
    }
}

macro_rules! define_handlers {
    (
        screens { $($screen:ident: $module:ident,)* }
        overlays { $($overlay:ident $({ $field:ident: $type:ty })?: $folder:ident,)* }
    ) => {
        $(
            #[doc = concat!("Implements [`Handler`] in `screens/", stringify!($module), "/update.rs`.")]
            pub(crate) struct $screen;
        )*
        $(
            #[doc = concat!("Implements [`Handler`] in `screens/", stringify!($folder), "/update.rs`.")]
            pub(crate) struct $overlay;
        )*

        impl Screen {
            /// The handler of the screen.
            pub(crate) fn handler(self) -> &'static dyn Handler {
                match self {
                    $(Self::$screen => &$screen,)*
                }
            }
        }

        impl Overlay {
            /// The handler of the overlay.
            pub(crate) fn handler(self) -> &'static dyn Handler {
                match self {
                    $(Self::$overlay { .. } => &$overlay,)*
                }
            }
        }
    };
}

for_each_screen!(define_handlers);

impl State {
    /// Where keys go: to the overlay, or else to the screen.
    pub(crate) fn front(&self) -> &'static dyn Handler {
        match self.overlay {
            Some(overlay) => overlay.handler(),
            None => self.screen.handler(),
        }
    }

    /// Which keys work now.
    pub fn context(&self) -> Context {
        self.front().context(self)
    }

    /// What Back does now, if it is not what the keymap calls it.
    pub(crate) fn back_hint(&self) -> Option<&'static str> {
        let hint = self.front().back_hint(self);
        let dismisses = self.banner.is_some() && self.overlay.is_none();
        let dismiss = (dismisses && !self.context().is_text()).then_some("dismiss");
        hint.or(dismiss)
    }

    /// Copies one line, sanitised as on screen, and names it as in `the ID`. The destination is known
    /// only once it is sent.
    pub(crate) fn copy(&mut self, what: &str, text: Option<&str>) {
        let text = text.map(|text| text::sanitize(text).into_owned());
        self.copy_raw(what, text);
    }

    /// Copies text exactly as the API sent it.
    pub(crate) fn copy_raw(&mut self, what: &str, text: Option<String>) {
        match text.filter(|text| !text.is_empty()) {
            None => self.notify("Nothing to copy: the API did not report it."),
            Some(text) => {
                self.notify(format!("Copying {what} …"));
                let what = what.to_owned();
                self.emit(Effect::Copy { what, text });
            }
        }
    }

    /// Copies a part of a token; its ID is what is selected of it.
    pub(crate) fn copy_part(&mut self, token: Option<&ServiceToken>, what: Copied) {
        match what {
            Copied::Selection => self.copy("the ID", token.map(ServiceToken::id_text)),
            Copied::ClientId => self.copy("the client ID", token.map(ServiceToken::client_id_text)),
            Copied::Json => {
                self.copy_raw("the JSON", token.map(|token| token.raw.as_str().to_owned()));
            }
        }
    }

    /// How the tokens on screen are evaluated.
    pub fn evaluation_context(&self) -> EvaluationContext {
        self.context_at(self.instant())
    }

    /// The instant, by the server's clock, at which everything on screen is evaluated.
    pub fn instant(&self) -> DateTime<Utc> {
        self.screen.handler().instant(self)
    }
}

/// How often a spinner turns.
const SPIN: TimeDelta = TimeDelta::milliseconds(125);

/// The longest wait while a reload is due: timers may stop during sleep, and nothing reports a
/// change of the wall clock.
const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(15);

impl State {
    /// When the loop must wake up, by the steady clock, if nothing else happens.
    pub fn wake_at(&self) -> Option<DateTime<Utc>> {
        let longest = self.clock.steady + LONGEST_WAIT;
        let reload = self.reload_due().map(|due| due.min(longest));
        // A token that expires is fetched again, even if its countdown is hidden.
        let is_ahead = |end: &DateTime<Utc>| *end > self.clock.corrected();
        let end = self.detail.end().filter(is_ahead);
        let end = end.filter(|_| self.screen == Screen::Detail);
        let expiry = end.map(|end| self.clock.steady_at(end));
        let list = self.list_reload_due().map(|due| due.min(longest));
        let crossing = self.next_crossing();
        earliest([self.next_change, reload, list, expiry, crossing])
    }

    /// When to reload the current token, by the steady clock.
    pub(crate) fn reload_due(&self) -> Option<DateTime<Utc>> {
        let detail = &self.detail;
        let token = &detail.token;
        if self.screen != Screen::Detail || token.is_loading() || token.value().is_none() {
            return None;
        }
        let pause = Duration::from_secs(self.session.settings.refresh_seconds);
        let pause = TimeDelta::from_std(pause).ok().filter(|it| !it.is_zero());
        let regular = || detail.attempted_at?.checked_add_signed(pause?);
        let due = detail.fetch_due.or_else(regular)?;
        Some(self.limited_until.map_or(due, |until| until.max(due)))
    }
}

/// When something on screen next changes with time, by the steady clock.
pub(crate) fn next_change(state: &State) -> Option<DateTime<Utc>> {
    if state.is_too_small() {
        return None;
    }
    let now = state.clock.steady;
    let screen = state.screen.handler();
    let in_view = |next: Option<DateTime<Utc>>| next.filter(|_| !state.is_covered());
    let overlay = state.overlay.and_then(|it| it.handler().pending(state));
    let pending = screen.pending(state);
    let waits = [overlay, pending].contains(&Some(Pending::First));
    let calm = state.session.settings.calm;
    let spinner = in_view(waits.then(|| now + SPIN)).filter(|_| !calm);
    let paced = in_view(screen.next_countdown(state)).or_else(|| {
        let since = |at: DateTime<Utc>| now.signed_duration_since(at);
        let paused = state
            .limited_until
            .filter(|_| state.limited_for().is_some());
        let reloading = match pending {
            Some(Pending::Reload { since }) => Some(since),
            Some(Pending::First) | None => None,
        };
        // The seconds of a reload move the age too.
        let age = screen.age(state).filter(|_| reloading.is_none());
        earliest([
            age.and_then(|age| next_step(now, age, 60)),
            paused.and_then(|end| next_step(now, since(end), 1)),
            reloading.and_then(|begun| next_step(now, since(begun), 1)),
            in_view(screen.next_change(state)),
        ])
    });
    let paced = if calm {
        paced.and_then(|at| next_minute(state, at))
    } else {
        paced
    };
    let notice = state.notice.as_ref().map(|notice| notice.until);
    earliest([notice, spinner, paced])
}

/// The first whole minute of the clock that is not before an instant of the steady clock: all that
/// changes meanwhile is drawn then.
fn next_minute(state: &State, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let minute = 60_000;
    let ahead = state.clock.corrected().timestamp_millis() - state.clock.steady.timestamp_millis();
    let late = (at.timestamp_millis() + ahead).rem_euclid(minute);
    at.checked_add_signed(TimeDelta::milliseconds((minute - late) % minute))
}

/// The time before an end in which it is counted down to by the second.
const LAST_DAY: TimeDelta = TimeDelta::days(1);

impl State {
    /// The next second, by the steady clock, if one of some ends is counted down to by the second.
    pub(crate) fn next_second(
        &self,
        mut ends: impl Iterator<Item = DateTime<Utc>>,
    ) -> Option<DateTime<Utc>> {
        let now = self.clock.corrected();
        let next = whole_second(now) + TimeDelta::seconds(1);
        let is_close = ends.any(|end| {
            let left = Remaining::until(end, now);
            !left.is_over() && left.seconds() < LAST_DAY.num_seconds()
        });
        is_close.then(|| self.clock.steady_at(next))
    }

    /// When the list changes with time, or one of some ends begins to be counted down to by the second,
    /// by the steady clock.
    pub(crate) fn next_list_change(
        &self,
        ends: impl Iterator<Item = DateTime<Utc>>,
    ) -> Option<DateTime<Utc>> {
        let now = self.clock.corrected();
        let just_below = LAST_DAY - TimeDelta::nanoseconds(1);
        let begins = ends.filter_map(|end| end.checked_sub_signed(just_below));
        let begins = begins.filter(|begin| *begin > now);
        let at = self.list.next_change().into_iter().chain(begins).min()?;
        Some(self.steady_second(at))
    }
}

/// The end of a token that a list counts down to.
pub(crate) fn listed_end(token: &ServiceToken) -> Option<DateTime<Utc>> {
    let life = Lifecycle::of(token);
    life.end().filter(|_| !life.is_disabled())
}

/// When a growing age reaches its next whole multiple of some seconds.
fn next_step(now: DateTime<Utc>, age: TimeDelta, seconds: i64) -> Option<DateTime<Utc>> {
    let step = seconds * 1000;
    let left = step - age.num_milliseconds().rem_euclid(step);
    now.checked_add_signed(TimeDelta::milliseconds(left))
}

/// Drops an expired notice, and an expired pause with its banner.
pub(crate) fn expire_notices(state: &mut State) {
    let now = state.clock.steady;
    state.notice.take_if(|notice| notice.until <= now);
    if state.limited_until.is_some() && state.limited_for().is_none() {
        state.limited_until = None;
        let is_over = |kind| kind == FailureKind::RateLimited;
        state.banner.take_if(|banner| is_over(banner.failure.kind));
    }
}

fn earliest<const N: usize>(instants: [Option<DateTime<Utc>>; N]) -> Option<DateTime<Utc>> {
    instants.into_iter().flatten().min()
}
