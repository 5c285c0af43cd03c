//! The account or the zone that a token belongs to.

use std::fmt;

use super::{pasted, text};

/// The two kinds of scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScopeKind {
    Account,
    /// A zone (a domain) of an account.
    Zone,
}

impl ScopeKind {
    /// `account` or `zone`: the word in JSON, configuration and sentences.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Zone => "zone",
        }
    }

    /// The other kind.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Account => Self::Zone,
            Self::Zone => Self::Account,
        }
    }

    /// What to try if an ID of this kind is unknown: IDs of both kinds look alike.
    #[must_use]
    pub fn doubt(self) -> &'static str {
        match self {
            Self::Account => "If that is a zone ID, choose zone instead.",
            Self::Zone => "If that is an account ID, choose account instead.",
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

/// Why a string is not an account or zone ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidScopeId {
    #[error("an account or zone ID has 32 hexadecimal digits; this has {0} characters")]
    Length(usize),
    #[error("an account or zone ID has 32 hexadecimal digits; {0:?} is not one")]
    Digit(char),
}

impl ScopeId {
    /// Reads an account or zone ID in either case, with whatever copying leaves around it.
    ///
    /// # Errors
    /// [`InvalidScopeId`] if the text is not 32 hexadecimal digits.
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

/// The account or zone of a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    Account(ScopeId),
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

    /// The dashboard page with the scope's service tokens. A zone's account is not known, so the link
    /// lets the dashboard ask for it.
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
    pub scope: Scope,
    /// Untrusted text.
    pub name: String,
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.kind().word(), self.id())
    }
}
