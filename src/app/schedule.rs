//! When the screen changes by itself, and which instant it shows.
//!
//! One countdown sets the pace, and everything else on screen is computed at the instant its digits
//! appeared: so there is at most one draw a second. Not here: clocks and timers (`tui`).

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use super::state::{Overlay, Screen, State};
use crate::domain::clock::Now;
use crate::domain::duration::Remaining;
use crate::domain::status::{EvaluationContext, Lifecycle, Status};
use crate::screens::detail::state::View;
use crate::screens::setup::state::{Phase, Trial};

/// A timer that rings this late was stopped together with the computer or the program.
const LATE: TimeDelta = TimeDelta::seconds(10);

/// How often a spinner turns.
const SPIN: TimeDelta = TimeDelta::milliseconds(125);

/// The longest wait while a refresh is pending: timers may stop while a machine sleeps, and nothing
/// tells that somebody set the wall clock.
const NAP: TimeDelta = TimeDelta::seconds(15);

/// A credential store that takes longer than this to answer may be waiting for a person.
const SLOW_STORE: TimeDelta = TimeDelta::seconds(1);

impl State {
    /// The instant, by the server's clock, that everything on screen is computed at.
    #[must_use]
    pub fn instant(&self) -> DateTime<Utc> {
        let now = self.clock.corrected();
        if self.screen == Screen::Browse {
            return whole_second(now);
        }
        self.main_countdown()
            .map_or(now, |end| Remaining::until(end, now).shown_since())
    }

    fn context_at(&self, now: DateTime<Utc>) -> EvaluationContext {
        EvaluationContext {
            now,
            clock_offset: self.clock.offset,
            thresholds: self.session.settings.thresholds,
        }
    }

    /// How the tokens on screen are evaluated.
    #[must_use]
    pub fn evaluation_context(&self) -> EvaluationContext {
        self.context_at(self.instant())
    }

    /// How the tokens of the list are evaluated: at the whole second at which all their digits change.
    pub(super) fn list_context(&self) -> EvaluationContext {
        self.context_at(whole_second(self.clock.corrected()))
    }

    /// Whether help hides the whole screen beneath.
    fn is_covered(&self) -> bool {
        matches!(self.overlay, Some(Overlay::Help { .. }))
    }

    /// The end that the main countdown on screen runs to.
    fn main_countdown(&self) -> Option<DateTime<Utc>> {
        let shows_fields = self.screen == Screen::Detail && self.detail.view == View::Fields;
        if !shows_fields || self.is_covered() {
            return None;
        }
        let token = self.detail.token.value()?;
        let now = self.clock.corrected();
        let status = Status::of(token, self.context_at(now));
        let previous = token.previous_client_secret_expires_at.valid().copied();
        Lifecycle::of(token)
            .end()
            .filter(|_| status != Status::Disabled)
            .or_else(|| previous.filter(|end| status != Status::Disabled && *end > now))
    }

    /// When the loop is to wake up, by the steady clock, if nothing else happens.
    #[must_use]
    pub fn wake_at(&self) -> Option<DateTime<Utc>> {
        let nap = self
            .refresh_due()
            .map(|due| due.min(self.clock.steady + NAP));
        earliest([self.next_change, nap, self.expiry()])
    }

    /// When the token in view expires, by the steady clock: it is fetched again then, whether or not
    /// its countdown can be seen.
    fn expiry(&self) -> Option<DateTime<Utc>> {
        let end = self
            .detail
            .end()
            .filter(|_| self.screen == Screen::Detail)?;
        (end > self.clock.corrected()).then(|| self.clock.steady_at(end))
    }

    /// When the token in view is to be fetched again by itself, by the steady clock.
    pub(super) fn refresh_due(&self) -> Option<DateTime<Utc>> {
        let seconds = i64::try_from(self.session.settings.refresh_seconds)
            .ok()
            .filter(|seconds| *seconds > 0)?;
        let token = &self.detail.token;
        if self.screen != Screen::Detail || token.is_loading() || token.value().is_none() {
            return None;
        }
        let attempted = self.detail.attempted_at?;
        let due = attempted.checked_add_signed(TimeDelta::try_seconds(seconds)?)?;
        Some(self.limited_until.map_or(due, |until| until.max(due)))
    }

    /// Whether the loop woke up so late that the computer must have slept.
    pub(super) fn has_slept(&self, now: Now) -> bool {
        let due = self.wake_at();
        due.is_some_and(|due| now.steady.signed_duration_since(due) > LATE)
    }

    /// Whether the time came at which something on screen changes.
    pub(super) fn change_is_due(&self) -> bool {
        self.next_change
            .is_some_and(|change| change <= self.clock.steady)
    }
}

/// When something on screen next changes by itself, by the steady clock.
pub(super) fn next_change(state: &State) -> Option<DateTime<Utc>> {
    if state.is_too_small() {
        return None;
    }
    let now = state.clock.steady;
    let notice = state.notice.as_ref().map(|notice| notice.until);
    let is_covered = state.is_covered();
    let spinner = (is_waiting(state) && !is_covered).then(|| now + SPIN);
    let paced = match state.main_countdown() {
        None if state.screen == Screen::Browse && !is_covered => list_step(state),
        Some(end) => {
            let digits = Remaining::until(end, state.clock.corrected());
            Some(state.clock.steady_at(digits.next_change()))
        }
        None => earliest([next_age_change(state), limit_step(state), wait_step(state)]),
    };
    earliest([notice, spinner, paced, store_turns_slow(state)])
}

/// When the trial of the credential store becomes a slow one.
fn store_turns_slow(state: &State) -> Option<DateTime<Utc>> {
    let since = state.setup.store.loading_since()?;
    let waits = state.screen == Screen::Setup && state.setup.trial == Trial::Quick;
    since.checked_add_signed(SLOW_STORE).filter(|_| waits)
}

/// Whether the trial of the credential store has become a slow one.
pub(super) fn store_trial(state: &State) -> Trial {
    let waited = |since| state.clock.steady.signed_duration_since(since);
    match state.setup.store.loading_since() {
        Some(since) if waited(since) >= SLOW_STORE => Trial::Slow,
        _ => Trial::Quick,
    }
}

/// Whether a spinner turns: somebody waits and has nothing to look at meanwhile.
fn is_waiting(state: &State) -> bool {
    // Look-up shows every one, a refresh that was left behind too.
    let is_first_fetch = state.detail.token.is_loading()
        && (state.detail.token.value().is_none() || state.screen == Screen::Lookup);
    let is_listing = state.screen == Screen::Browse && state.browse.list.is_loading();
    is_listing
        || (is_first_fetch && matches!(state.screen, Screen::Lookup | Screen::Detail))
        || (state.overlay == Some(Overlay::Picker) && state.picker.scopes.is_loading())
        || (state.screen == Screen::Profiles && state.profiles.change.is_some())
        || (state.screen == Screen::Setup && state.setup.phase != Phase::Open)
}

/// The next whole minute of what is on screen: of the data's age, or of the wall clock for the dates
/// of recent look-ups.
fn next_age_change(state: &State) -> Option<DateTime<Utc>> {
    let now = state.clock.steady;
    let age = match state.screen {
        Screen::Detail => now.signed_duration_since(state.detail.token.fetched()?.at),
        Screen::Browse => now.signed_duration_since(state.browse.list.fetched()?.at),
        Screen::Lookup if !state.lookup.recents.is_empty() => state
            .clock
            .local
            .signed_duration_since(DateTime::UNIX_EPOCH),
        _ => return None,
    };
    let age = age.num_milliseconds().rem_euclid(60_000);
    now.checked_add_signed(TimeDelta::milliseconds(60_000 - age))
}

/// The next whole second that a refresh of the token in view takes.
fn wait_step(state: &State) -> Option<DateTime<Utc>> {
    let since = state.detail.token.loading_since()?;
    let now = state.clock.steady;
    let waited = now.signed_duration_since(since).num_milliseconds();
    let step = TimeDelta::milliseconds(1000 - waited.rem_euclid(1000));
    (state.screen == Screen::Detail).then(|| now + step)
}

/// When a row of the list next changes: each second where one counts down, else with the ages or
/// when a token moves.
fn list_step(state: &State) -> Option<DateTime<Utc>> {
    let clock = &state.clock;
    if state.browse.is_counting(state.body_rows()) {
        let next = whole_second(clock.corrected()) + TimeDelta::seconds(1);
        return Some(clock.steady_at(next));
    }
    let moves = state.browse.table.next_change().map(|at| {
        let since = whole_second(at);
        let whole = if since < at {
            since + TimeDelta::seconds(1)
        } else {
            at
        };
        clock.steady_at(whole)
    });
    earliest([next_age_change(state), limit_step(state), moves])
}

fn whole_second(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::seconds(1)).unwrap_or(at)
}

/// The next second of the pause that the API asked for.
fn limit_step(state: &State) -> Option<DateTime<Utc>> {
    let left = state
        .limited_until?
        .signed_duration_since(state.clock.steady)
        .num_milliseconds();
    (left > 0)
        .then(|| state.clock.steady + TimeDelta::milliseconds((left - 1).rem_euclid(1000) + 1))
}

fn earliest<const N: usize>(instants: [Option<DateTime<Utc>>; N]) -> Option<DateTime<Utc>> {
    instants.into_iter().flatten().min()
}
