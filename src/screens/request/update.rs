//! Key handling of the choice of a change whose request is copied.

use chrono::SecondsFormat;

use crate::action::{Context, Motion};
use crate::app::handler::{Handler, Request};
use crate::app::message::Effect;
use crate::app::requests::{Choices, choices};
use crate::app::state::{Overlay, State};
use crate::domain::change::{Change, CurlCommand, PERMISSION};

impl Handler for Request {
    fn context(&self, _: &State) -> Context {
        Context::Request
    }

    fn submit(&self, state: &mut State) -> Vec<Effect> {
        let Some(Overlay::Request { selected }) = state.overlay.take() else {
            return Vec::new();
        };
        let chosen = choices(state).and_then(|Choices { commands, .. }| {
            let last = commands.len().checked_sub(1)?;
            commands.into_iter().nth(selected.min(last))
        });
        let Some((change, command)) = chosen else {
            return Vec::new();
        };
        let copied = state.copy_raw(Some(command.command.clone()));
        state.notify(notice(change, &command));
        copied.into_iter().collect()
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        let choices = choices(state).map_or(0, |choices| choices.commands.len());
        if let Some(Overlay::Request { selected }) = &mut state.overlay {
            *selected = motion.from(*selected, choices, choices.saturating_sub(1));
        }
    }
}

/// Opens the choice for the token in front, if a request can change it.
pub(crate) fn open(state: &mut State) {
    let Some(Choices { commands, .. }) = choices(state) else {
        return;
    };
    if commands.is_empty() {
        state.notify("No request can change this token: the API reported no usable ID.");
    } else {
        state.overlay = Some(Overlay::Request { selected: 0 });
    }
}

/// What the user must know before running a command.
///
/// ```text
/// renew: needs Service Tokens Write
/// rotate: the old secret ends 2026-11-27T07:18:10Z; needs Service Tokens Write
/// ```
fn notice(change: Change, command: &CurlCommand) -> String {
    let grace = command.grace_ends.map_or_else(String::new, |end| {
        let end = end.to_rfc3339_opts(SecondsFormat::Secs, true);
        format!(" the old secret ends {end};")
    });
    format!("Copied {}:{grace} needs {PERMISSION}.", change.word())
}
