//! The answer about an app: whether it opens for a token, and why.

use std::sync::Arc;

use serde::Serialize;

use super::objects::{App, Decision};
use crate::domain::status::Tone;
use crate::domain::words::words;

words! {
    /// Whether an app opens for a token.
    #[derive(PartialOrd, Ord)]
    pub enum Verdict: code, word, mark, plain {
        Refused = ("refused", "REFUSED", "✖", "X"),
        Unknown = ("unknown", "UNKNOWN", "?", "?"),
        /// On what only a request shows, or on a rule that is not known here.
        Depends = ("depends", "DEPENDS", "▲", "!"),
        /// Only through a group: by the rules it opens, users report that it does not.
        OpensByGroup = ("opens_by_group", "MAY OPEN", "▲", "!"),
        Opens = ("opens", "OPENS", "●", "*"),
        /// A Bypass policy admits everybody.
        OpenToAll = ("open_to_all", "OPEN TO ALL", "●", "*"),
    }
}

impl Verdict {
    /// The symbol drawn before the word.
    pub fn symbol(self, ascii: bool) -> &'static str {
        if ascii { self.plain() } else { self.mark() }
    }

    /// How much it matters.
    pub fn tone(self) -> Tone {
        match self {
            Self::Refused => Tone::Critical,
            Self::Unknown | Self::Depends | Self::OpensByGroup => Tone::Warning,
            Self::Opens | Self::OpenToAll => Tone::Calm,
        }
    }
}

words! {
    /// Why an app refuses a token.
    pub enum Reason: code {
        /// The token is disabled or has expired.
        TokenDead = "token_dead",
        /// Infrastructure apps take Allow policies only.
        Infrastructure = "infrastructure",
        /// A policy names the token, but one of its other rules fails.
        RuleFails = "rule_fails",
        /// Only an Allow policy names the token.
        WrongAction = "wrong_action",
        /// A Block policy names the token.
        Blocked = "blocked",
    }
}

/// Whether a token can open anything, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenLife {
    Alive,
    /// The API does not say clearly; judged as alive.
    Unknown,
    Disabled,
    Expired,
}

/// Which rule of the deciding policy keeps a token out, and how. Untrusted text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// No include rule is about it.
    NotIncluded,
    /// A require rule asks for something else: `an email domain, which no service token has`.
    Required(String),
    /// An exclude rule is about it: `this token`, `any valid service token, this one included`.
    Excluded(String),
}

/// Further facts for a sentence about an answer. Untrusted text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Circumstances {
    /// Whether the token is disabled, rather than expired.
    pub is_disabled: bool,
    /// Whether the API does not say clearly if the token is disabled or has expired.
    pub is_life_unknown: bool,
    pub obstacle: Option<Obstacle>,
    /// Whether the answer depends on a rule that holds the token's client ID, or on a group that could
    /// not be read.
    pub holds_client_id: bool,
    pub has_unread_group: bool,
    /// Whether the rules of the deciding policy keep the token out, whatever its action.
    pub rules_fail: bool,
    /// Whether one change to the deciding policy would not let the token in, or would shut people out.
    pub needs_own_policy: bool,
    /// Whether the deciding policy only excludes the token.
    pub only_excludes: bool,
    /// Whether a rule is known to name the token; else it may be in a group that could not be read, or
    /// the policy is about everybody alike.
    pub is_about_token: bool,
    /// The groups on the way that contain themselves.
    pub cycle: Vec<String>,
}

/// The policy that decides about an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecidingPolicy {
    pub id: String,
    /// Untrusted text.
    pub name: String,
    pub decision: Decision,
    /// As the app gives it.
    pub precedence: Option<i64>,
    pub reusable: Option<bool>,
    /// Its place in the order of evaluation, from 1.
    #[serde(skip)]
    pub place: usize,
}

/// The answer for one app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppAnswer {
    pub app: Arc<App>,
    pub verdict: Verdict,
    pub reason: Option<Reason>,
    pub policy: Option<DecidingPolicy>,
    /// From the policy to the rule that names the token, through groups. Untrusted text.
    pub path: Vec<String>,
    pub conditions: Vec<String>,
    /// Whether the deciding policy is about any service token, and not about this one.
    pub any_token: bool,
    /// Whether the deciding policy is about everyone, and not about this token.
    pub anyone: bool,
    /// Whether a group on the way contains itself.
    pub has_cycle: bool,
    /// Whether a policy of the app names the token itself, or through a group.
    pub is_named: bool,
    pub circumstances: Circumstances,
}
