//! Key handling of the help screen.

use crate::action::{Context, Motion};
use crate::app::effect::Effect;
use crate::app::handler::{Handler, Help};
use crate::app::state::{Overlay, State};

impl Handler for Help {
    fn context(&self, _: &State) -> Context {
        Context::Help
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        let text = state.help_box();
        if let Some(Overlay::Help { top }) = &mut state.overlay {
            *top = motion.from(*top, text.page(), text.last_top());
        }
    }

    fn back(&self, state: &mut State) -> Vec<Effect> {
        state.overlay = state.covered.take();
        Vec::new()
    }
}
