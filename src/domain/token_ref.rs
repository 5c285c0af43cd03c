//! The ways in which people refer to a service token, however they copied the reference.

use std::fmt;

use url::Url;

use super::redaction::holds_secret;
use super::scope::{Scope, ScopeId};
use super::{pasted, text};

/// The UUID of a service token, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenId(String);

impl TokenId {
    /// Reads a UUID of 8-4-4-4-12 hexadecimal digits, in either case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text::trim_input(text);
        let is_uuid = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            });
        is_uuid.then(|| Self(text.to_ascii_lowercase()))
    }

    /// Reads a UUID some of whose dashes are missing, misplaced, or typeset as other dashes.
    fn with_odd_dashes(text: &str) -> Option<Self> {
        let is_dash = |c: char| c == '-' || TYPESET_DASHES.contains(&c);
        let digits: String = text.chars().filter(|c| !is_dash(*c)).collect();
        let digits = IdDigits::parse(&digits)?;
        text.contains(is_dash).then(|| Self(digits.uuid()))
    }

    /// The UUID's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The dashes that documents and chats put in place of `-`: hyphens, dashes and the minus sign.
const TYPESET_DASHES: [char; 7] = [
    '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2212}', '\u{FE63}',
];

/// The client ID of a service token: 32 hexadecimal digits and `.access`, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientId(String);

impl ClientId {
    /// Reads `<32 hex>.access`, also followed by a domain as in the API reference.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text::trim_input(text).to_ascii_lowercase();
        let (digits, rest) = text.split_once('.')?;
        let is_hex = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_access =
            rest == "access" || (rest.starts_with("access.") && rest.len() > "access.".len());
        (is_hex && is_access).then_some(Self(text))
    }

    /// The client ID's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// 32 hexadecimal digits in lower case: an ID without its dashes, or a client ID without `.access`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdDigits(String);

impl IdDigits {
    /// Reads the digits, in either case.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The digits with the dashes of an ID.
    pub fn uuid(&self) -> String {
        let (digits, ends) = (self.as_str(), [0, 8, 12, 16, 20, 32]);
        let parts: Vec<&str> = ends.windows(2).map(|at| &digits[at[0]..at[1]]).collect();
        parts.join("-")
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an ID or a client ID has these digits.
    pub fn are_of(&self, id: &str) -> bool {
        let digits = id.split_once('.').map_or(id, |(digits, _)| digits);
        let digits = digits.bytes().filter(|byte| *byte != b'-');
        digits
            .map(|byte| byte.to_ascii_lowercase())
            .eq(self.0.bytes())
    }
}

/// A reference to a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenRef {
    /// The UUID: fetched directly.
    Id(TokenId),
    /// The client ID: searched for in the list.
    ClientId(ClientId),
    /// The digits of either ID: searched for in the list.
    Digits(IdDigits),
    /// An API or dashboard URL with the UUID.
    Url {
        /// The account or zone in the URL, which takes precedence over any other.
        scope: Option<Scope>,
        id: TokenId,
    },
    /// The exact name: searched for in the list.
    Name(String),
}

/// Why a string is not a reference to a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTokenRef {
    #[error("no token given")]
    Empty,
    #[error("this looks like a secret, not a token; if a token really has this name, use its ID")]
    Secret,
}

impl TokenRef {
    /// Reads an ID, a client ID, a URL with an ID or, failing all of these, an exact name. Ignores what
    /// people copy together with an ID: quotes, brackets, commas, and its label.
    ///
    /// # Errors
    /// [`InvalidTokenRef`] for empty text, and for anything that looks like a credential.
    pub fn parse(text: &str) -> Result<Self, InvalidTokenRef> {
        let text = text::trim_input(text);
        if text.is_empty() {
            return Err(InvalidTokenRef::Empty);
        }
        let bare = unlabelled(pasted::peel(text));
        if let Some(id) = TokenId::parse(bare).or_else(|| TokenId::with_odd_dashes(bare)) {
            return Ok(Self::Id(id));
        }
        if let Some(id) = ClientId::parse(bare) {
            return Ok(Self::ClientId(id));
        }
        if let Some(digits) = IdDigits::parse(bare) {
            return Ok(Self::Digits(digits));
        }
        let url = url(bare);
        if let Some(reference) = url.as_ref().and_then(Self::from_url) {
            return Ok(reference);
        }
        if holds_secret(text) || url.is_some_and(|url| has_secret_part(&url)) {
            return Err(InvalidTokenRef::Secret);
        }
        Ok(Self::Name(text.to_owned()))
    }

    /// A sentence on the ID that a malformed name may have been meant as.
    pub fn resembles(&self) -> Option<&'static str> {
        let Self::Name(name) = self else { return None };
        if url(text::bare(name)).is_some() {
            return Some(
                "It is a URL without the ID of a service token, so it was taken for a name.",
            );
        }
        let name = unlabelled(name).to_ascii_lowercase();
        let (stem, rest) = name.split_once('.').unwrap_or((&name, ""));
        let digits = stem.bytes().filter(u8::is_ascii_hexdigit).count();
        let is_near = (28..=36).contains(&digits)
            && stem
                .bytes()
                .all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
        match rest {
            "" if is_near => Some(
                "It looks like an ID with too few or too many characters: an ID has 8-4-4-4-12 \
                 hexadecimal digits.",
            ),
            rest if is_near && rest.starts_with("access") => Some(
                "It looks like a client ID with too few or too many characters: a client ID has 32 \
                 hexadecimal digits before \".access\".",
            ),
            _ => None,
        }
    }

    /// API URLs name the kind before an ID; in dashboard URLs a bare segment of 32 digits is the account.
    fn from_url(url: &Url) -> Option<Self> {
        let decoded = percent_decoded(url);
        let segments: Vec<&str> = segments(&decoded).collect();
        let id = segments
            .iter()
            .rev()
            .find_map(|part| TokenId::parse(part))?;
        let after = |word: &str| {
            segments
                .windows(2)
                .find(|pair| pair[0] == word)
                .and_then(|pair| ScopeId::parse(pair[1]).ok())
        };
        let bare = || segments.iter().find_map(|part| ScopeId::parse(part).ok());
        let scope = match (after("accounts"), after("zones")) {
            (None, Some(zone)) => Some(Scope::Zone(zone)),
            (account, _) => account.or_else(bare).map(Scope::Account),
        };
        Some(Self::Url { scope, id })
    }

    /// The scope that the reference names.
    pub fn scope(&self) -> Option<&Scope> {
        match self {
            Self::Url { scope, .. } => scope.as_ref(),
            _ => None,
        }
    }

    /// The UUID, if the reference contains it.
    pub fn id(&self) -> Option<&TokenId> {
        match self {
            Self::Id(id) | Self::Url { id, .. } => Some(id),
            Self::ClientId(_) | Self::Digits(_) | Self::Name(_) => None,
        }
    }
}

/// The labels that people copy together with an ID.
const ID_LABELS: [&str; 10] = [
    "export",
    "client",
    "urn",
    "uuid",
    "id",
    "token_id",
    "token-id",
    "client_id",
    "client-id",
    "cf-access-client-id",
];

/// Removes quotes, brackets and the like around a string, and the labels before it: those of
/// headers, of shells, and of this program's own output.
fn unlabelled(text: &str) -> &str {
    const MOST_LABELS: usize = 4;
    let mut text = text::bare(text);
    for _ in 0..MOST_LABELS {
        match text.split_once(SEPARATORS) {
            Some((label, value)) if is_label(label) => {
                text = text::bare(value.trim_start_matches(SEPARATORS));
            }
            _ => break,
        }
    }
    text
}

/// The characters between a label and its value.
const SEPARATORS: [char; 4] = [':', '=', ' ', '\t'];

fn is_label(text: &str) -> bool {
    let text = text::bare(text).to_ascii_lowercase();
    ID_LABELS.contains(&text.as_str())
}

/// A URL, with its scheme or as browsers show it, or its path alone if that contains an ID.
fn url(text: &str) -> Option<Url> {
    if let Ok(url) = Url::parse(text)
        && matches!(url.scheme(), "http" | "https")
    {
        return Some(url);
    }
    let path = text.trim_start_matches('/');
    let (first, _) = path.split_once('/')?;
    let is_of_cloudflare = first.eq_ignore_ascii_case("cloudflare.com")
        || first.to_ascii_lowercase().ends_with(".cloudflare.com");
    let host = if is_of_cloudflare {
        ""
    } else if contains_id(first, path) {
        "api.cloudflare.com/"
    } else {
        return None;
    };
    Url::parse(&format!("https://{host}{path}")).ok()
}

/// Whether a URL has a password, or a parameter whose name says that it is a secret.
fn has_secret_part(url: &Url) -> bool {
    let parts = [url.query(), url.fragment()].into_iter().flatten();
    url.password().is_some()
        || parts
            .flat_map(|part| url::form_urlencoded::parse(part.as_bytes()))
            .any(|(name, value)| {
                let name = name.to_ascii_lowercase();
                !value.is_empty() && SECRET_PARAMETERS.iter().any(|end| name.ends_with(end))
            })
}

/// The endings of names of parameters that are secrets.
const SECRET_PARAMETERS: [&str; 7] = [
    "token",
    "secret",
    "key",
    "password",
    "passwd",
    "auth",
    "signature",
];

fn contains_id(first: &str, path: &str) -> bool {
    let starts_well =
        matches!(first, "accounts" | "zones" | "client") || ScopeId::parse(first).is_ok();
    starts_well && segments(path).any(|part| TokenId::parse(part).is_some())
}

fn segments(text: &str) -> impl Iterator<Item = &str> {
    text.split(['/', '?', '&', '#', '='])
        .filter(|part| !part.is_empty())
}

/// Path, query and fragment without percent-encoding: dashboards nest paths in queries.
fn percent_decoded(url: &Url) -> String {
    let tail = &url[url::Position::BeforePath..];
    url::form_urlencoded::parse(tail.as_bytes())
        .map(|(key, value)| format!("{key}={value}"))
        .collect::<Vec<_>>()
        .join("&")
}

impl fmt::Display for TokenRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) | Self::Url { id, .. } => formatter.write_str(id.as_str()),
            Self::ClientId(id) => formatter.write_str(id.as_str()),
            Self::Digits(digits) => formatter.write_str(digits.as_str()),
            Self::Name(name) => formatter.write_str(name),
        }
    }
}
