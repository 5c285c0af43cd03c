//! The data of the demo: two accounts, two zones, and the tokens of each, as JSON that never changes.
//!
//! In the templates of `assets/demo`, `"@+12d4h33m"` is a date that long after the server's start.

use std::borrow::Cow;
use std::io;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::value::RawValue;

use crate::domain::raw::RawJson;
use crate::domain::scope::ScopeKind;
use crate::domain::token::ServiceToken;

/// The account that the demo opens on.
pub const ACCOUNT: &str = "023e105f4ecef8ad9ca31a8372d0c353";

/// An account without a token.
pub const EMPTY_ACCOUNT: &str = "4f1b8c2e90d34a7ab6f5e0c1d2839c2e";

/// A zone that has tokens of its own.
pub const ZONE: &str = "9a7806061c88ada191ed06f989cc3dac";

/// "CI/CD token", which expires in twelve days and was rotated yesterday.
pub const TOKEN: &str = "f174e90a-fafe-4643-bbbc-4a0ed4fc8415";

const ACCOUNTS: &str = include_str!("../../assets/demo/accounts.json");
const ZONES: &str = include_str!("../../assets/demo/zones.json");
const ACCOUNT_TOKENS: &str = include_str!("../../assets/demo/tokens.json");
const ZONE_TOKENS: &str = include_str!("../../assets/demo/zone_tokens.json");

/// All data that the server can return.
pub(super) struct Fixtures {
    accounts: Vec<Item>,
    zones: Vec<Item>,
    account_tokens: Vec<Item>,
    zone_tokens: Vec<Item>,
}

/// One account, zone or token, with the fields that requests refer to.
pub(super) struct Item {
    pub(super) json: RawJson,
    pub(super) id: String,
    pub(super) name: String,
}

impl Fixtures {
    /// The fixtures with dates relative to `start`.
    pub(super) fn new(start: DateTime<Utc>) -> io::Result<Self> {
        Ok(Self {
            accounts: items(ACCOUNTS, start)?,
            zones: items(ZONES, start)?,
            account_tokens: items(ACCOUNT_TOKENS, start)?,
            zone_tokens: items(ZONE_TOKENS, start)?,
        })
    }

    pub(super) fn scopes(&self, kind: ScopeKind) -> &[Item] {
        match kind {
            ScopeKind::Account => &self.accounts,
            ScopeKind::Zone => &self.zones,
        }
    }

    /// The tokens of an account or zone; `None` if it does not exist.
    pub(super) fn tokens(&self, kind: ScopeKind, id: &str) -> Option<&[Item]> {
        let exists = self
            .scopes(kind)
            .iter()
            .any(|scope| scope.id.eq_ignore_ascii_case(id));
        exists.then(|| match (kind, id.to_ascii_lowercase().as_str()) {
            (ScopeKind::Account, ACCOUNT) => self.account_tokens.as_slice(),
            (ScopeKind::Zone, ZONE) => self.zone_tokens.as_slice(),
            _ => &[],
        })
    }
}

/// Parses a template. Accounts and zones have an `id` and a `name` as tokens do.
fn items(template: &str, start: DateTime<Utc>) -> io::Result<Vec<Item>> {
    let text = resolve_dates(template, start);
    let values: Vec<&RawValue> = serde_json::from_str(&text).map_err(io::Error::other)?;
    Ok(values
        .into_iter()
        .map(|value| {
            let json = RawJson::from(value);
            let read = ServiceToken::parse(&json);
            Item {
                id: read.id_text().to_owned(),
                name: read.name_text().to_owned(),
                json,
            }
        })
        .collect())
}

/// Replaces relative dates by absolute ones as the API writes them, and keeps every other byte.
fn resolve_dates(template: &str, start: DateTime<Utc>) -> String {
    template
        .split('"')
        .map(|part| absolute(part, start).map_or(Cow::Borrowed(part), Cow::Owned))
        .collect::<Vec<_>>()
        .join("\"")
}

fn absolute(part: &str, start: DateTime<Utc>) -> Option<String> {
    let offset = part.strip_prefix('@')?;
    let (sign, length) = match offset.strip_prefix('-') {
        Some(length) => (-1, length),
        None => (1, offset.strip_prefix('+')?),
    };
    let date = start.checked_add_signed(span(length)? * sign)?;
    Some(date.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// Parses `12d4h33m21s`.
fn span(text: &str) -> Option<TimeDelta> {
    let mut total = TimeDelta::zero();
    let mut rest = text;
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: i64 = rest[..unit_at].parse().ok()?;
        let seconds = match rest.as_bytes()[unit_at] {
            b'd' => 86_400,
            b'h' => 3_600,
            b'm' => 60,
            b's' => 1,
            _ => return None,
        };
        total += TimeDelta::try_seconds(count.checked_mul(seconds)?)?;
        rest = &rest[unit_at + 1..];
    }
    Some(total)
}
