//! What the program opens on.
//!
//! Not here: deciding which credential and scope are in use (`inspector`).

use super::effect::Effect;
use super::state::{Screen, State};
use super::{detail, lookup, setup};
use crate::domain::token::TokenRef;

/// What the program opens on.
#[derive(Debug, Clone, PartialEq)]
pub enum Opening {
    /// The form, since there is no credential yet.
    Setup,
    /// The look-up panel.
    Lookup,
    /// A token.
    Token(TokenRef),
    /// The embedded demo, once it runs; then a token, if one is given.
    Demo(Option<TokenRef>),
}

/// Opens the first screen. The effects are to be run after the first frame.
pub fn start(state: &mut State, opening: Opening) -> Vec<Effect> {
    let effects = match opening {
        Opening::Setup => setup::open(state, false),
        Opening::Lookup => {
            lookup::open(state);
            Vec::new()
        }
        Opening::Token(token) => open_token(state, token),
        Opening::Demo(token) => {
            let request = state.next_request();
            state.lookup.token = token
                .map(|token| super::field::TextField::with(&token.to_string()))
                .unwrap_or_default();
            vec![Effect::OpenDemo { request }]
        }
    };
    state.next_change = super::timing::next_change(state);
    effects
}

/// A token from the command line. Without a scope or a credential its panel opens instead.
fn open_token(state: &mut State, token: TokenRef) -> Vec<Effect> {
    state.lookup.token = super::field::TextField::with(&token.to_string());
    let scope = token
        .scope()
        .cloned()
        .or_else(|| state.session.scope.clone());
    let Some(scope) = scope else {
        lookup::open(state);
        state.lookup.focus = lookup::LookupField::ScopeId;
        return Vec::new();
    };
    state.lookup.use_scope(&scope);
    match state.session.access(&scope) {
        Some(access) => {
            state.screen = Screen::Detail;
            detail::fetch(state, access, token)
        }
        None => setup::open(state, false),
    }
}
