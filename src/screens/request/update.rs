//! Key handling of the choice of a change whose request is copied.

use crate::action::{Context, Motion};
use crate::app::handler::{Handler, Request};
use crate::app::message::Effect;
use crate::app::requests::{Choices, choices};
use crate::app::state::{Overlay, State};
use crate::domain::change::{Change, CurlCommand};

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
        vec![Effect::Copy {
            what: named(change, &command),
            text: command.command,
        }]
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

/// `the rotate request (grace until 2026-11-27 18:48 UTC)`
fn named(change: Change, command: &CurlCommand) -> String {
    let grace = command.grace_ends;
    let grace = grace.map(|end| format!(" (grace until {})", end.format("%Y-%m-%d %H:%M UTC")));
    format!("the {} request{}", change.word(), grace.unwrap_or_default())
}
