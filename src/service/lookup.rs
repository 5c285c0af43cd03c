//! What a look-up brings: the tokens that fit, or why there is none.
//!
//! Not here: asking for them (`credentials`).

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::failure::{Failure, FailureKind};
use crate::domain::redaction;
use crate::domain::scope::Scope;
use crate::domain::token::{ServiceToken, TokenRef};

/// What an answer says besides what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aside {
    /// How long the API asked to be left alone, where it did although something was read.
    pub retry_after: Option<Duration>,
    /// What is odd about the answer, a sentence each without its full stop. Untrusted text.
    pub notes: Vec<String>,
}

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
    /// What the answer says besides.
    pub aside: Aside,
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

/// What a list lacks.
#[derive(Debug, Clone, Copy)]
pub struct Lack<'a> {
    /// Why, as a fragment of a sentence.
    pub why: &'a str,
    /// What kept the rest from being read, where it was an error.
    pub failure: Option<&'a Failure>,
}

/// What to say where no token of a list fits. That it is not there is known of a whole list alone; of
/// another, what failed is what keeps it from being known.
#[must_use]
pub fn not_in_list(token: &TokenRef, scope: &Scope, lack: Option<Lack<'_>>) -> Failure {
    let what = match token {
        TokenRef::Name(name) => format!("is called {}", redaction::quoted(name)),
        TokenRef::ClientId(_) => format!("has the client ID {token}"),
        TokenRef::Id(_) | TokenRef::Url { .. } => format!("has the ID {token}"),
    };
    let Some(Lack { why, failure }) = lack else {
        let elsewhere =
            "Check the spelling and the scope; the credential may also be limited to some tokens.";
        return Failure::new(
            FailureKind::NotFound,
            format!("No service token of {scope} {what}."),
            match token.resembles() {
                Some(meant) => format!("{meant} {elsewhere}"),
                None => elsewhere.to_owned(),
            },
        );
    };
    let mut unknown = Failure::new(
        failure.map_or(FailureKind::InvalidResponse, |failure| failure.kind),
        format!(
            "No service token of {scope} that was read {what}, but the list is incomplete: {why}."
        ),
        "Try again, or use the token's ID.",
    );
    if let Some(failure) = failure {
        unknown.details.clone_from(&failure.details);
        unknown.retry_after = failure.retry_after;
    }
    unknown
}
