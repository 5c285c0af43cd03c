//! What a look-up brings: the tokens that fit, or why there is none.
//!
//! Not here: asking for them (`cases`).

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::failure::{Failure, FailureKind};
use crate::domain::scope::Scope;
use crate::domain::secrecy;
use crate::domain::token::{ServiceToken, TokenRef};

/// What a look-up brought.
#[derive(Debug, Clone)]
pub struct Found {
    /// The tokens that fit: one, or several of one name.
    pub tokens: Vec<Arc<ServiceToken>>,
    /// How long the API took.
    pub took: Duration,
    /// How far the server's clock is ahead of ours, where the answer showed it.
    pub measured_offset: Option<TimeDelta>,
    /// The date of the answer, where it cannot be right and nothing was measured by it.
    pub doubtful_date: Option<DateTime<Utc>>,
}

/// The tokens of a list that a reference names. What is no token's client ID may be a name that looks
/// like one.
#[must_use]
pub fn matching(tokens: &[Arc<ServiceToken>], reference: &TokenRef) -> Vec<Arc<ServiceToken>> {
    let those = |fits: &dyn Fn(&ServiceToken) -> bool| -> Vec<Arc<ServiceToken>> {
        let fitting = tokens.iter().filter(|token| fits(token));
        fitting.cloned().collect()
    };
    let named = those(&|token| token.is_named_by(reference));
    match reference {
        TokenRef::ClientId(id) if named.is_empty() => {
            those(&|token| token.name_text().trim().eq_ignore_ascii_case(id.as_str()))
        }
        _ => named,
    }
}

/// What to say where no token of a list fits.
#[must_use]
pub fn not_in_list(token: &TokenRef, scope: &Scope, incomplete: Option<&str>) -> Failure {
    let what = match token {
        TokenRef::Name(name) => format!("is called {}", secrecy::quoted(name)),
        TokenRef::ClientId(_) => format!("has the client ID {token}"),
        TokenRef::Id(_) | TokenRef::Url { .. } => format!("has the ID {token}"),
    };
    let elsewhere =
        "Check the spelling and the scope; the credential may also be limited to some tokens.";
    match incomplete {
        None => Failure::new(
            FailureKind::NotFound,
            format!("No service token of {scope} {what}."),
            match token.resembles() {
                Some(meant) => format!("{meant} {elsewhere}"),
                None => elsewhere.to_owned(),
            },
        ),
        Some(why) => Failure::new(
            FailureKind::NotFound,
            format!("No service token of {scope} {what}, but the list is incomplete: {why}."),
            "Try again, or use the token's ID.",
        ),
    }
}
