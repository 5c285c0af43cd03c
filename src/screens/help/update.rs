//! What keys do on the help screen.

use crate::action::Context;
use crate::app::effect::Effect;
use crate::app::handler::{Handler, Help, Motion};
use crate::app::state::{Overlay, State};

/// Drawing stops at the last line; this is far below any.
const LAST: usize = 500;

impl Handler for Help {
    fn context(&self, _: &State) -> Context {
        Context::Help
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        let rows = state.body_rows();
        if let Some(Overlay::Help { top }) = &mut state.overlay {
            *top = motion.from(*top, rows, LAST);
        }
    }

    fn back(&self, state: &mut State) -> Vec<Effect> {
        state.overlay = state.covered.take();
        Vec::new()
    }
}
