//! Key handling of the error details.

use crate::action::{Context, Motion};
use crate::app::effect::Effect;
use crate::app::handler::{Copied, ErrorDetails, Handler};
use crate::app::navigation::close_overlay;
use crate::app::state::{Overlay, State};
use crate::domain::failure::Failure;
use crate::domain::text;

impl Handler for ErrorDetails {
    fn context(&self, _: &State) -> Context {
        Context::ErrorDetails
    }

    fn back(&self, state: &mut State) -> Vec<Effect> {
        close_overlay(state)
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        let text = state.error_details_box();
        if let Some(Overlay::ErrorDetails { top }) = &mut state.overlay {
            *top = motion.from(*top, text.page(), text.last_top());
        }
    }

    fn copy(&self, state: &mut State, what: Copied) -> Option<Effect> {
        if what != Copied::Selection {
            return None;
        }
        let lines = state.failures().flat_map(Failure::lines);
        let lines: Vec<String> = lines
            .map(|line| text::sanitize(&line).into_owned())
            .collect();
        state.copy_raw(Some(lines.join("\n")))
    }
}
