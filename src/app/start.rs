//! What the program opens on.
//!
//! Not here: deciding which credential and scope are in use (`service`).

use super::effect::Effect;
use super::field::TextField;
use super::perform::perform;
use super::schedule;
use super::state::{Screen, State};
use super::step::Step;
use crate::domain::token::TokenRef;
use crate::screens::lookup::state::LookupField;

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
    let steps = match opening {
        Opening::Setup => vec![Step::OpenSetup {
            is_replacing: false,
        }],
        Opening::Lookup => vec![Step::OpenLookup],
        Opening::Token(token) => open_token(state, token),
        Opening::Demo(token) => {
            let request = state.next_request();
            state.awaited_demo = Some(request);
            state.lookup.focus = LookupField::Token;
            if let Some(token) = token {
                state.lookup.token = TextField::with(&token.to_string());
                state.screen = Screen::Detail;
            }
            vec![Step::Run(Effect::OpenDemo { request })]
        }
    };
    let effects = perform(state, steps);
    state.next_change = schedule::next_change(state);
    effects
}

/// A token from the command line. Without a scope its panel opens instead.
fn open_token(state: &mut State, token: TokenRef) -> Vec<Step> {
    state.lookup.token = TextField::with(&token.to_string());
    let Some(scope) = token
        .scope()
        .cloned()
        .or_else(|| state.session.scope.clone())
    else {
        state.lookup.focus = LookupField::ScopeId;
        return Vec::new();
    };
    state.lookup.use_scope(&scope);
    state.screen = Screen::Detail;
    vec![Step::LookUp { token, scope }]
}
