//! Where a token lives: an account or a zone, exactly one.
//!
//! Not here: which of several scopes is meant (`service`).

use std::fmt;

use super::{pasted, text};

/// Which of the two kinds of scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScopeKind {
    /// A Cloudflare account.
    Account,
    /// A zone (a domain) of an account.
    Zone,
}

impl ScopeKind {
    /// `account` or `zone`, as written in JSON, configuration and sentences.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Zone => "zone",
        }
    }

    /// What to try if an ID of this kind is unknown: IDs of both kinds look alike.
    #[must_use]
    pub fn doubt(self) -> String {
        let other = self.other().word();
        let article = if other.starts_with('a') { "an" } else { "a" };
        format!("If that is {article} {other} ID, choose {other} instead.")
    }

    /// The other kind.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Account => Self::Zone,
            Self::Zone => Self::Account,
        }
    }

    /// The scope of this kind with the given ID.
    #[must_use]
    pub fn with(self, id: ScopeId) -> Scope {
        match self {
            Self::Account => Scope::Account(id),
            Self::Zone => Scope::Zone(id),
        }
    }
}

/// 32 hexadecimal digits, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ScopeId(String);

/// Why text is no account or zone ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidScopeId {
    /// Not 32 characters.
    #[error("an account or zone ID has 32 hexadecimal digits; this has {0} characters")]
    Length(usize),
    /// A character that is no hexadecimal digit.
    #[error("an account or zone ID has 32 hexadecimal digits, and {0:?} is none")]
    Digit(char),
}

impl ScopeId {
    /// Reads an account or zone ID; upper case and what copying leaves around it are forgiven.
    ///
    /// # Errors
    /// [`InvalidScopeId`] when the text is not 32 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, InvalidScopeId> {
        let text = text::bare(pasted::peel(text));
        match (
            text.chars().count(),
            text.chars().find(|c| !c.is_ascii_hexdigit()),
        ) {
            (32, None) => Ok(Self(text.to_ascii_lowercase())),
            (32, Some(stranger)) => Err(InvalidScopeId::Digit(stranger)),
            (length, _) => Err(InvalidScopeId::Length(length)),
        }
    }

    /// The ID's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The account or zone that requests are about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    /// An account.
    Account(ScopeId),
    /// A zone.
    Zone(ScopeId),
}

impl Scope {
    /// Account or zone.
    #[must_use]
    pub fn kind(&self) -> ScopeKind {
        match self {
            Self::Account(_) => ScopeKind::Account,
            Self::Zone(_) => ScopeKind::Zone,
        }
    }

    /// The bare ID.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Account(id) | Self::Zone(id) => id.as_str(),
        }
    }

    /// The first segment of the API's path: `accounts` or `zones`.
    #[must_use]
    pub fn segment(&self) -> &'static str {
        match self {
            Self::Account(_) => "accounts",
            Self::Zone(_) => "zones",
        }
    }

    /// The dashboard page that lists the scope's service tokens. A zone does not say its account,
    /// so its link lets the dashboard ask.
    #[must_use]
    pub fn dashboard_url(&self) -> String {
        match self {
            Self::Account(id) => {
                format!(
                    "https://one.dash.cloudflare.com/{}/access/service-auth/service-tokens",
                    id.as_str()
                )
            }
            Self::Zone(_) => {
                "https://one.dash.cloudflare.com/?to=/:account/access/service-auth/service-tokens"
                    .to_owned()
            }
        }
    }
}

/// An account or zone that a credential can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedScope {
    /// The account or zone.
    pub scope: Scope,
    /// What people call it. Untrusted text.
    pub name: String,
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.kind().word(), self.id())
    }
}
