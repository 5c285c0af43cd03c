//! Key handling of the confirmation before removing a profile.

use crate::action::Context;
use crate::app::handler::{Confirm, Handler};

use crate::app::state::State;
use crate::screens::profiles::update::change;

impl Handler for Confirm {
    fn context(&self, _: &State) -> Context {
        Context::Confirm
    }

    fn submit(&self, state: &mut State) {
        state.overlay = None;
        if let Some(name) = state.profiles.pending_removal.take() {
            change(state, name, true);
        }
    }
}
