//! A client ID with its secret, as an app's client sends them, however they were copied.

use crate::domain::credential::{InvalidSecret, Lookalike, Secret};
use crate::domain::pasted;
use crate::domain::redaction::holds_secret;
use crate::domain::token::{ClientId, TokenId, TokenRef};

/// The credentials that a client of a protected app sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPair {
    pub client_id: ClientId,
    pub secret: Secret,
}

/// A value, and what had to be put right about it for it to be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised<T> {
    pub value: T,
    /// Sentence fragments, such as `quotes were removed`. A client that sends the text as it was copied
    /// is refused.
    pub remarks: Vec<String>,
}

/// Why a string is not a client ID. Does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidClientId {
    #[error("it is empty")]
    Empty,
    #[error("it looks like a secret, so the client ID and the secret may be swapped")]
    Secret,
    #[error(
        "it is the ID of a token; the client ID has 32 hexadecimal digits and ends with .access"
    )]
    TokenId,
    #[error("a client ID has 32 hexadecimal digits and ends with .access")]
    Malformed,
}

/// Why a string is not the secret of a service token. Does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTokenSecret {
    #[error(transparent)]
    Form(#[from] InvalidSecret),
    #[error("it is a client ID, so the client ID and the secret may be swapped")]
    ClientId,
    #[error("it begins like {0}, which no app may receive")]
    Other(&'static str),
}

/// Reads a client ID, also one that lacks its end or carries the name of its header.
///
/// # Errors
/// [`InvalidClientId`], if it is something else.
pub fn read_client_id(text: &str) -> Result<Recognised<ClientId>, InvalidClientId> {
    let value = pasted::peel(text);
    if value.is_empty() {
        return Err(InvalidClientId::Empty);
    }
    let mut remarks = removed(text);
    let whole = ClientId::parse(value);
    let found = whole.or_else(|| {
        let completed = ClientId::parse(&format!("{value}.access"))?;
        remarks.push(".access was missing at its end".to_owned());
        Some(completed)
    });
    if let Some(value) = found {
        return Ok(Recognised { value, remarks });
    }
    Err(if TokenId::parse(value).is_some() {
        InvalidClientId::TokenId
    } else if holds_secret(text) {
        InvalidClientId::Secret
    } else {
        InvalidClientId::Malformed
    })
}

/// Reads the secret of a service token, also one that carries quotes or the name of its header.
///
/// # Errors
/// [`InvalidTokenSecret`], if it is something else: the credential of an API must not reach an app.
pub fn read_secret(text: &str) -> Result<Recognised<Secret>, InvalidTokenSecret> {
    let secret = Secret::parse(text)?;
    if matches!(TokenRef::parse(secret.expose()), Ok(TokenRef::ClientId(_))) {
        return Err(InvalidTokenSecret::ClientId);
    }
    let other = match Lookalike::of(&secret, false).or_else(|| Lookalike::of(&secret, true)) {
        Some(Lookalike::ApiToken) => "an API token",
        Some(Lookalike::GlobalKey) => "a Global API key",
        Some(Lookalike::OAuthToken) => "an OAuth token",
        Some(Lookalike::OriginCaKey) => "an Origin CA key",
        Some(Lookalike::ServiceTokenSecret) | None => {
            return Ok(Recognised {
                value: secret,
                remarks: removed(text),
            });
        }
    };
    Err(InvalidTokenSecret::Other(other))
}

/// Describes what [`pasted::peel`] removed, as a fragment.
fn removed(text: &str) -> Vec<String> {
    let removed = pasted::removed(text);
    let words: Vec<&str> = removed.iter().map(|it| it.words).collect();
    let verb = match removed.as_slice() {
        [] => return Vec::new(),
        [one] if !one.is_plural => "was",
        _ => "were",
    };
    vec![format!("{} {verb} removed", words.join(" and "))]
}

/// Whether two client IDs are of the same token: one may be followed by a domain.
pub fn is_same_client(one: &str, other: &str) -> bool {
    let digits = |id: &str| id.split('.').next().unwrap_or(id).to_ascii_lowercase();
    digits(one) == digits(other)
}

/// The name of the one header that some apps read both from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenHeader(String);

/// Headers that frame a request or direct it.
const RESERVED: [&str; 12] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

impl TokenHeader {
    /// Reads the name of a header that a request may carry.
    pub fn parse(text: &str) -> Option<Self> {
        const LONGEST: usize = 64;
        let name = text.trim().to_ascii_lowercase();
        let is_plain = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let fits = !name.is_empty() && name.len() <= LONGEST && is_plain;
        let is_reserved = RESERVED.contains(&name.as_str()) || name.starts_with("proxy-");
        (fits && !is_reserved && !holds_secret(&name)).then_some(Self(name))
    }

    /// The name, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
