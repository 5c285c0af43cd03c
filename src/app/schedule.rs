//! Computes when the screen next changes with time, and when the loop must wake up for it.
//!
//! One countdown sets the pace, and everything else on screen is evaluated at the instant its
//! digits appeared: so the screen is drawn at most once a second.

use chrono::{DateTime, TimeDelta, Utc};

use super::handler::Pending;
use super::state::{Screen, State};
use crate::domain::failure::FailureKind;
use crate::domain::fetched::Now;

/// A wake-up this late means that the computer or the program was stopped.
const LATE: TimeDelta = TimeDelta::seconds(10);

/// How often a spinner turns.
const SPIN: TimeDelta = TimeDelta::milliseconds(125);

/// The longest wait while a refresh is due: timers may stop during sleep, and nothing reports a
/// change of the wall clock.
const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(15);

impl State {
    /// When the loop must wake up, by the steady clock, if nothing else happens.
    #[must_use]
    pub fn wake_at(&self) -> Option<DateTime<Utc>> {
        let longest = self.clock.steady + LONGEST_WAIT;
        let refresh = self.refresh_due().map(|due| due.min(longest));
        earliest([self.next_change, refresh, self.expiry()])
    }

    /// When the current token expires, by the steady clock. It is then fetched again, even if its
    /// countdown is hidden.
    fn expiry(&self) -> Option<DateTime<Utc>> {
        let is_in_view = self.screen == Screen::Detail;
        let end = self.detail.end().filter(|_| is_in_view)?;
        (end > self.clock.corrected()).then(|| self.clock.steady_at(end))
    }

    /// When to refresh the current token, by the steady clock.
    pub(crate) fn refresh_due(&self) -> Option<DateTime<Utc>> {
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
    pub(crate) fn has_slept(&self, now: Now) -> bool {
        let due = self.wake_at();
        due.is_some_and(|due| now.steady.signed_duration_since(due) > LATE)
    }

    /// Whether the time for the next change on screen has come.
    pub(crate) fn change_is_due(&self) -> bool {
        let change = self.next_change;
        change.is_some_and(|change| change <= self.clock.steady)
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
    let spinner = in_view(waits.then(|| now + SPIN));
    let paced = in_view(screen.next_countdown(state)).or_else(|| {
        earliest([
            next_age_change(state),
            next_second_of_pause(state),
            next_second_of_refresh(now, pending),
            in_view(screen.next_change(state)),
        ])
    });
    let notice = state.notice.as_ref().map(|notice| notice.until);
    earliest([notice, spinner, paced])
}

/// When the age of the data on screen reaches its next whole minute.
fn next_age_change(state: &State) -> Option<DateTime<Utc>> {
    let age = state.screen.handler().age(state)?;
    let age = age.num_milliseconds().rem_euclid(60_000);
    let left = TimeDelta::milliseconds(60_000 - age);
    state.clock.steady.checked_add_signed(left)
}

/// When a running refresh reaches its next whole second.
fn next_second_of_refresh(now: DateTime<Utc>, pending: Option<Pending>) -> Option<DateTime<Utc>> {
    let Some(Pending::Refresh { since, .. }) = pending else {
        return None;
    };
    let waited = now.signed_duration_since(since).num_milliseconds();
    Some(now + TimeDelta::milliseconds(1000 - waited.rem_euclid(1000)))
}

/// When the countdown of the API's pause next changes.
fn next_second_of_pause(state: &State) -> Option<DateTime<Utc>> {
    let now = state.clock.steady;
    let left = state.limited_until?.signed_duration_since(now);
    let left = left.num_milliseconds();
    (left > 0).then(|| now + TimeDelta::milliseconds((left - 1).rem_euclid(1000) + 1))
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
