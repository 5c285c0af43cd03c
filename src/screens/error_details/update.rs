//! What keys do on the details of the last error.

use crate::action::Context;
use crate::app::effect::Effect;
use crate::app::handler::{Copied, ErrorDetails, Handler, Motion};
use crate::app::state::{Overlay, State};
use crate::domain::failure::Failure;
use crate::domain::text;

/// Drawing stops at the last line; this is far below any.
const LAST: usize = 500;

impl Handler for ErrorDetails {
    fn context(&self, _: &State) -> Context {
        Context::ErrorDetails
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        let rows = state.body_rows();
        if let Some(Overlay::ErrorDetails { top }) = &mut state.overlay {
            *top = motion.from(*top, rows, LAST);
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
