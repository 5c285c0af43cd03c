//! Account or zone. Apart from scopes, so that failures can name a kind.

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
}
