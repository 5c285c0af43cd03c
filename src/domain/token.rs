//! The service token as the API reports it, and the ways people refer to one.
//!
//! Every field may be absent, null or of the wrong type; none of that makes a token unreadable.
//! Not here: what a token's fields add up to (`status`, `findings`).

use std::fmt;

use chrono::{DateTime, Datelike, Utc};
use url::Url;

use super::duration::Lifetime;
use super::piece::Piece;
use super::raw::RawJson;
use super::scope::{Scope, ScopeId};
use super::text;

/// A field of the API's answer, with every way in which it can fail to hold a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reported<T> {
    /// The key was not there.
    #[default]
    Absent,
    /// `null`, an empty date, or Go's zero time (year 1), all of which mean "none".
    Null,
    /// A value of the documented type.
    Valid(T),
    /// A value of another type or form. The raw token still shows it.
    Invalid,
}

impl<T> Reported<T> {
    /// The value, where there is a valid one.
    pub fn valid(&self) -> Option<&T> {
        match self {
            Self::Valid(value) => Some(value),
            _ => None,
        }
    }
}

/// A service token (API reference: *Get a service token*). Times are UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceToken {
    /// The object as received.
    pub raw: RawJson,
    /// UUID of the token; what policies refer to.
    pub id: Reported<Piece>,
    /// What clients send as `CF-Access-Client-Id`; not the ID.
    pub client_id: Reported<Piece>,
    /// The name people gave it. Untrusted text.
    pub name: Reported<Piece>,
    /// How long it lives from one renewal to its expiry.
    pub duration: Reported<Lifetime>,
    /// Whether it is switched on. Absent means yes.
    pub enabled: Reported<bool>,
    /// When it was made.
    pub created_at: Reported<DateTime<Utc>>,
    /// When it was last changed.
    pub updated_at: Reported<DateTime<Utc>>,
    /// When it ends. A date even for tokens that never expire.
    pub expires_at: Reported<DateTime<Utc>>,
    /// When it last let somebody in; null for a token never used.
    pub last_seen_at: Reported<DateTime<Utc>>,
    /// How often its secret was replaced, counted from 1.
    pub client_secret_version: Reported<String>,
    /// Until when the secret before the last rotation still works.
    pub previous_client_secret_expires_at: Reported<DateTime<Utc>>,
}

impl ServiceToken {
    /// Reads a token out of its JSON. A value that is no object gives a token without fields.
    #[must_use]
    pub fn parse(raw: &RawJson) -> Self {
        let mut token = Self {
            raw: raw.clone(),
            id: Reported::Absent,
            client_id: Reported::Absent,
            name: Reported::Absent,
            duration: Reported::Absent,
            enabled: Reported::Absent,
            created_at: Reported::Absent,
            updated_at: Reported::Absent,
            expires_at: Reported::Absent,
            last_seen_at: Reported::Absent,
            client_secret_version: Reported::Absent,
            previous_client_secret_expires_at: Reported::Absent,
        };
        raw.for_each_member(|key, value| token.read(key, value));
        token
    }

    fn read(&mut self, key: &str, value: &str) {
        match key {
            "id" => self.id = piece(&self.raw, value),
            "client_id" => self.client_id = piece(&self.raw, value),
            "name" => self.name = piece(&self.raw, value),
            "duration" => self.duration = duration(value),
            "enabled" => self.enabled = typed(value),
            "created_at" => self.created_at = instant(value),
            "updated_at" => self.updated_at = instant(value),
            "expires_at" => self.expires_at = instant(value),
            "last_seen_at" => self.last_seen_at = instant(value),
            "client_secret_version" => self.client_secret_version = number(value),
            "previous_client_secret_expires_at" => {
                self.previous_client_secret_expires_at = instant(value);
            }
            _ => {}
        }
    }

    /// The ID as text, empty where none was reported.
    #[must_use]
    pub fn id_text(&self) -> &str {
        self.text(&self.id)
    }

    /// The client ID as text, empty where none was reported.
    #[must_use]
    pub fn client_id_text(&self) -> &str {
        self.text(&self.client_id)
    }

    /// The name as sent, empty where none was reported. Untrusted text.
    #[must_use]
    pub fn name_text(&self) -> &str {
        self.text(&self.name)
    }

    fn text<'a>(&'a self, piece: &'a Reported<Piece>) -> &'a str {
        piece.valid().map_or("", |piece| piece.text(&self.raw))
    }

    /// The duration's text as the API sent it.
    #[must_use]
    pub fn duration_text(&self) -> &str {
        self.duration.valid().map_or("", Lifetime::as_str)
    }

    /// Whether a reference names this token.
    #[must_use]
    pub fn is_named_by(&self, reference: &TokenRef) -> bool {
        match reference {
            TokenRef::Id(id) | TokenRef::Url { id, .. } => {
                self.id_text().eq_ignore_ascii_case(id.as_str())
            }
            TokenRef::ClientId(id) => self.client_id_text().eq_ignore_ascii_case(id.as_str()),
            TokenRef::Name(name) => {
                self.name_text() == name || text::trim_input(self.name_text()) == name
            }
        }
    }
}

fn typed<T: for<'de> serde::Deserialize<'de>>(value: &str) -> Reported<T> {
    match serde_json::from_str::<Option<T>>(value) {
        Ok(Some(value)) => Reported::Valid(value),
        Ok(None) => Reported::Null,
        Err(_) => Reported::Invalid,
    }
}

fn string(value: &str) -> Reported<String> {
    typed(value)
}

fn piece(raw: &RawJson, value: &str) -> Reported<Piece> {
    if let Some(piece) = Piece::within(raw, value) {
        return Reported::Valid(piece);
    }
    match string(value) {
        Reported::Valid(text) => Reported::Valid(Piece::decoded(&text)),
        Reported::Absent => Reported::Absent,
        Reported::Null => Reported::Null,
        Reported::Invalid => Reported::Invalid,
    }
}

fn duration(value: &str) -> Reported<Lifetime> {
    match string(value) {
        Reported::Valid(text) => Reported::Valid(Lifetime::parse(&text)),
        Reported::Absent => Reported::Absent,
        Reported::Null => Reported::Null,
        Reported::Invalid => Reported::Invalid,
    }
}

/// A number's text, so that none is too large.
fn number(value: &str) -> Reported<String> {
    match value.bytes().next() {
        Some(b'-' | b'0'..=b'9') => Reported::Valid(value.to_owned()),
        Some(b'n') => Reported::Null,
        _ => Reported::Invalid,
    }
}

fn instant(value: &str) -> Reported<DateTime<Utc>> {
    match string(value) {
        Reported::Valid(text) if text::trim_input(&text).is_empty() => Reported::Null,
        Reported::Valid(text) => match DateTime::parse_from_rfc3339(text::trim_input(&text)) {
            Ok(date) => of_our_calendar(date.to_utc()),
            Err(_) => Reported::Invalid,
        },
        Reported::Absent => Reported::Absent,
        Reported::Null => Reported::Null,
        Reported::Invalid => Reported::Invalid,
    }
}

/// Go's zero time means none. An offset can carry a date past the last year that RFC 3339 can write.
fn of_our_calendar(date: DateTime<Utc>) -> Reported<DateTime<Utc>> {
    match date.year() {
        ..=1 => Reported::Null,
        2..=9999 => Reported::Valid(without_leap_second(date)),
        _ => Reported::Invalid,
    }
}

/// A leap second as the second after it, which is the same instant to every other program.
fn without_leap_second(date: DateTime<Utc>) -> DateTime<Utc> {
    match date.timestamp_subsec_nanos().checked_sub(1_000_000_000) {
        None => date,
        Some(nanos) => DateTime::from_timestamp(date.timestamp() + 1, nanos).unwrap_or(date),
    }
}

/// The UUID of a service token, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenId(String);

impl TokenId {
    /// Reads a UUID of 8-4-4-4-12 hexadecimal digits, in either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text::trim_input(text);
        let is_uuid = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            });
        is_uuid.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The UUID's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The client ID of a service token: 32 hexadecimal digits and `.access`, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientId(String);

impl ClientId {
    /// Reads `<32 hex>.access`; the reference's form with a domain behind it is taken too.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text::trim_input(text).to_ascii_lowercase();
        let (digits, rest) = text.split_once('.')?;
        let is_hex = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_access =
            rest == "access" || (rest.starts_with("access.") && rest.len() > "access.".len());
        (is_hex && is_access).then_some(Self(text))
    }

    /// The client ID's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a person can name a token by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenRef {
    /// Its UUID: fetched straight.
    Id(TokenId),
    /// Its client ID: looked for in the list.
    ClientId(ClientId),
    /// An API or dashboard URL that holds the UUID, and the scope where it says one.
    Url {
        /// The account or zone in the URL, which wins over any other.
        scope: Option<Scope>,
        /// The token's UUID.
        id: TokenId,
    },
    /// Its exact name: looked for in the list.
    Name(String),
}

/// Why text names no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTokenRef {
    /// Nothing was given.
    #[error("no token given")]
    Empty,
    /// A URL without a UUID in it.
    #[error("this URL holds no service token ID")]
    UrlWithoutId,
}

impl TokenRef {
    /// Reads an ID, a client ID, a URL or, failing all of these, an exact name.
    ///
    /// # Errors
    /// [`InvalidTokenRef`] for empty text and for URLs that hold no token's ID.
    pub fn parse(text: &str) -> Result<Self, InvalidTokenRef> {
        let text = text::trim_input(text);
        if text.is_empty() {
            return Err(InvalidTokenRef::Empty);
        }
        if let Some(id) = TokenId::parse(text) {
            return Ok(Self::Id(id));
        }
        if let Some(id) = ClientId::parse(text) {
            return Ok(Self::ClientId(id));
        }
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Self::from_url(&url),
            _ => Ok(Self::Name(text.to_owned())),
        }
    }

    /// API URLs name the kind before the ID; in dashboard URLs a bare 32-digit segment is the account.
    fn from_url(url: &Url) -> Result<Self, InvalidTokenRef> {
        let decoded = percent_decoded(url);
        let segments: Vec<&str> = decoded
            .split(['/', '?', '&', '#', '='])
            .filter(|part| !part.is_empty())
            .collect();
        let id = segments
            .iter()
            .rev()
            .find_map(|part| TokenId::parse(part))
            .ok_or(InvalidTokenRef::UrlWithoutId)?;
        let after = |word: &str| {
            segments
                .windows(2)
                .find(|pair| pair[0] == word)
                .and_then(|pair| ScopeId::parse(pair[1]).ok())
        };
        let scope = after("accounts")
            .map(Scope::Account)
            .or_else(|| after("zones").map(Scope::Zone))
            .or_else(|| {
                segments
                    .iter()
                    .find_map(|part| ScopeId::parse(part).ok())
                    .map(Scope::Account)
            });
        Ok(Self::Url { scope, id })
    }

    /// The scope that the reference itself names.
    #[must_use]
    pub fn scope(&self) -> Option<&Scope> {
        match self {
            Self::Url { scope, .. } => scope.as_ref(),
            _ => None,
        }
    }

    /// The UUID, where the reference holds one.
    #[must_use]
    pub fn id(&self) -> Option<&TokenId> {
        match self {
            Self::Id(id) | Self::Url { id, .. } => Some(id),
            Self::ClientId(_) | Self::Name(_) => None,
        }
    }
}

/// Path, query and fragment, with `%2F` and the like resolved: dashboards nest paths in queries.
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
            Self::Name(name) => formatter.write_str(name),
        }
    }
}
