//! Requests that change a token. The user copies them and runs them: tokenscope only reads.

use std::sync::Arc;

use super::state::State;
use crate::domain::change::{Change, CurlCommand, Target, curl};
use crate::domain::credential::Access;
use crate::domain::token::ServiceToken;

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

/// The changes that a request can make to a token.
pub(crate) fn possible(state: &State, token: &ServiceToken, access: &Access) -> Vec<Change> {
    let commands = commands(state, token, access).into_iter();
    commands.map(|(change, _)| change).collect()
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
