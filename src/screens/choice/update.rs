//! Key handling of the choice between tokens of the same name.

use crate::action::{Context, Motion};
use crate::app::handler::{Choice, Handler};

use crate::app::state::{Overlay, State};
use crate::app::token_fetch;
use crate::domain::token::{TokenId, TokenRef};
use crate::layout;
use crate::screens::detail::state::Detail;

impl Handler for Choice {
    fn context(&self, _: &State) -> Context {
        Context::Choice
    }

    fn submit(&self, state: &mut State) {
        let Some(Overlay::Choice { selected }) = state.overlay.take() else {
            return;
        };
        let detail = &state.detail;
        let token = detail.choices.get(selected);
        let id = token.and_then(|token| TokenId::parse(token.id_text()));
        match id.zip(detail.access.clone()) {
            Some((id, access)) => token_fetch::fetch(state, access, TokenRef::Id(id)),
            None => state.report(Detail::without_id()),
        }
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        let choices = state.detail.choices.len();
        let (_, rows) = layout::choice(state.body(), choices);
        let (rows, last) = (
            usize::from(rows).saturating_sub(2),
            choices.saturating_sub(1),
        );
        if let Some(Overlay::Choice { selected }) = &mut state.overlay {
            *selected = motion.from(*selected, rows, last);
        }
    }
}
