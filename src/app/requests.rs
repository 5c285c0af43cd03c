//! Requests that change a token. The user copies them and runs them: tokenscope only reads.

use std::sync::Arc;

use super::state::State;
use crate::action::Context;
use crate::domain::change::{Change, CurlCommand, Target, curl, possible};
use crate::domain::credential::Access;
use crate::domain::findings::Finding;
use crate::domain::token::ServiceToken;
use crate::layout::TextLine;
use crate::layout::advice::Advisor;

/// A token, and the commands that change it.
#[derive(Debug, Clone)]
pub(crate) struct Choices {
    pub(crate) token: Arc<ServiceToken>,
    pub(crate) commands: Vec<(Change, CurlCommand)>,
}

/// The commands that change the token that the screen's keys act on.
pub(crate) fn choices(state: &State) -> Option<Choices> {
    let (token, access) = state.screen.handler().token(state)?;
    let commands = commands(state, &token, &access);
    Some(Choices { token, commands })
}

impl State {
    /// What to do about a token that was fetched with some credential and scope, wrapped. Takes in
    /// further findings about it, and names the keys of a context.
    pub(crate) fn advice_lines(
        &self,
        token: &ServiceToken,
        access: Option<&Access>,
        (place, more): (Context, &[Finding]),
        columns: usize,
    ) -> Vec<TextLine> {
        let now = self.clock.corrected();
        let possible = access.map(|access| possible(token, access.scope.kind(), now));
        let advisor = Advisor {
            context: self.evaluation_context(),
            is_calm: self.session.settings.calm,
            more,
            possible: possible.as_deref().unwrap_or_default(),
            glyphs: self.glyphs(),
            keymap: &self.keymap,
            place,
        };
        advisor.lines(token, columns)
    }
}

fn commands(state: &State, token: &ServiceToken, access: &Access) -> Vec<(Change, CurlCommand)> {
    let target = Target {
        base_url: &state.session.base_url,
        scope: &access.scope,
        credential: &access.identity.kind,
    };
    let now = state.clock.corrected();
    let command = |change| Some((change, curl(change, token, target, now)?));
    Change::ALL.into_iter().filter_map(command).collect()
}
