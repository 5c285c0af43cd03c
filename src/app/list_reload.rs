//! Fetches the shared list again by itself, at a polite pace: each of its pages is a request.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::message::Effect;
use super::state::State;
use super::token_fetch::fetch_list;

/// The longest pause between two fetches, unless the user set a longer one.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(15);

impl State {
    /// When to fetch the list on screen again, by the steady clock. A list that lacks tokens waits
    /// for the user: it may have been cancelled because it is long.
    pub(crate) fn list_reload_due(&self) -> Option<DateTime<Utc>> {
        let list = &self.list;
        let is_shown = self.screen.handler().shows_list(self);
        let is_whole = list.extent.value()?.incomplete.is_none();
        if !is_shown || !is_whole || list.extent.is_loading() {
            return None;
        }
        let each = Duration::from_secs(self.session.settings.refresh_seconds);
        let each = TimeDelta::from_std(each).ok().filter(|it| !it.is_zero())?;
        let pages = i32::try_from(list.progress.pages.max(1)).unwrap_or(i32::MAX);
        let pause = each.checked_mul(pages).unwrap_or(TimeDelta::MAX);
        let pause = pause.min(each.max(LONGEST_PAUSE));
        let due = list.attempted_at?.checked_add_signed(pause)?;
        Some(self.limited_until.map_or(due, |until| until.max(due)))
    }
}

/// Fetches the list again if that is due.
pub(crate) fn reload_if_due(state: &mut State) -> Option<Effect> {
    let due = state.list_reload_due()?;
    if due > state.clock.steady || state.limited_for().is_some() {
        return None;
    }
    let effect = fetch_list(state)?;
    state.list.is_automatic = true;
    Some(effect)
}
