//! Alerts outside the frame: the terminal's title and, when a token crosses a threshold while time
//! passes, the bell and a notification on the desktop.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::message::Effect;
use super::state::{Screen, State};
use crate::domain::status::Status;
use crate::domain::token::ServiceToken;

/// A token with the status that it has now.
type Crossing = (Arc<ServiceToken>, Status);

/// Moves the tokens of the list on to the present, and alerts for those, and for the token on Detail,
/// that crossed a threshold since an instant of the server's clock.
pub(crate) fn follow_time(state: &mut State, before: DateTime<Utc>) {
    let mut crossings = crossings_of_list(state);
    let now = state.clock.corrected();
    if now <= before {
        // No time passed: the clock was set.
        return;
    }
    if let Some(token) = state.detail.token.value()
        && matches!(state.screen, Screen::Detail | Screen::Uses | Screen::Probe)
    {
        let (old, new) = (
            Status::of(token, state.context_at(before)),
            Status::of(token, state.context_at(now)),
        );
        let is_listed = |known: &Crossing| known.0.id_text() == token.id_text();
        if is_crossing(old, new) && !crossings.iter().any(is_listed) {
            crossings.push((token.clone(), new));
        }
    }
    let Some(text) = describe(&crossings) else {
        return;
    };
    let settings = &state.session.settings;
    let bell = settings.bell.then_some(Effect::RingBell);
    let notification = settings.notify.then_some(Effect::Notify(text));
    state.effects.extend(bell.into_iter().chain(notification));
}

fn crossings_of_list(state: &mut State) -> Vec<Crossing> {
    let (last, now) = (state.list.evaluated_at(), state.list_context().now);
    if !state.list.is_due(now) {
        return Vec::new();
    }
    let old = state.list.statuses();
    state.reevaluate_list();
    state.changed = true;
    if last.is_none_or(|last| now < last) {
        return Vec::new();
    }
    let new = state.list.statuses();
    let changes = old.into_iter().zip(new).zip(0_u32..);
    changes
        .filter(|((old, new), _)| is_crossing(*old, *new))
        .filter_map(|((_, new), place)| Some((state.list.token(place)?.clone(), new)))
        .collect()
}

/// Whether a token that had one status and has another crossed a threshold.
fn is_crossing(old: Status, new: Status) -> bool {
    old != new && matches!(new, Status::Expiring | Status::Critical | Status::Expired)
}

/// The text of a notification.
fn describe(crossings: &[Crossing]) -> Option<String> {
    let ((token, status), rest) = crossings.split_first()?;
    let text = format!("{} {}", token.name_text(), has_become(*status));
    Some(match rest.len() {
        0 => text,
        others => format!("{text}, and {others} more crossed a threshold"),
    })
}

fn has_become(status: Status) -> &'static str {
    match status {
        Status::Expired => "has expired",
        Status::Critical => "is critical now",
        Status::Expiring => "is expiring now",
        Status::Disabled | Status::NeverExpires | Status::Unknown | Status::Active => "has changed",
    }
}

impl State {
    /// When a token of the list next changes its status, by the steady clock: the list is evaluated
    /// at whole seconds.
    pub(crate) fn next_crossing(&self) -> Option<DateTime<Utc>> {
        let due = self.steady_second(self.list.next_change()?);
        Some(due).filter(|due| *due > self.clock.steady)
    }

    /// The title of the terminal: how many tokens need attention, and the profile. Never a token's name.
    /// `✖2 ▲2 tokenscope · prod`: expired within 30 days and critical, expiring, the profile.
    pub fn title(&self) -> String {
        let list = &self.list;
        let is_expired = |place: &&u32| {
            let known = list.haystack(**place);
            known.is_some_and(|known| known.status == Status::Expired)
        };
        // The most urgent are first: those that expired recently.
        let expired = list.order().iter().take_while(is_expired).count();
        let critical = expired + list.count(Status::Critical);
        let expiring = list.count(Status::Expiring);
        let glyphs = self.glyphs();
        let mut title = String::new();
        for (symbol, count) in [(glyphs.critical, critical), (glyphs.warning, expiring)] {
            if count > 0 {
                title.extend([symbol, &count.to_string(), " "]);
            }
        }
        title.push_str("tokenscope");
        let session = &self.session;
        let demo = session.shows_demo().then_some("demo");
        if let Some(profile) = demo.or(session.active.profile.as_deref()) {
            title.push_str(glyphs.dot);
            title.push_str(profile);
        }
        title
    }
}
