//! What exists in the demo: two accounts, two zones, and the tokens of each.
//!
//! Not here: HTTP. A token is its JSON text, and nothing is ever changed.

use std::io;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::dates;
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

/// Everything that the server can answer with.
pub(super) struct Fixtures {
    accounts: Vec<Item>,
    zones: Vec<Item>,
    account_tokens: Vec<Item>,
    zone_tokens: Vec<Item>,
}

/// One account, zone or token: its JSON, and what it is asked for by.
pub(super) struct Item {
    pub(super) json: RawJson,
    pub(super) id: String,
    pub(super) name: String,
}

impl Fixtures {
    /// The world as it is when the server starts.
    pub(super) fn new(start: DateTime<Utc>) -> io::Result<Self> {
        Ok(Self {
            accounts: items(ACCOUNTS, start)?,
            zones: items(ZONES, start)?,
            account_tokens: items(ACCOUNT_TOKENS, start)?,
            zone_tokens: items(ZONE_TOKENS, start)?,
        })
    }

    /// All accounts or all zones.
    pub(super) fn scopes(&self, kind: ScopeKind) -> &[Item] {
        match kind {
            ScopeKind::Account => &self.accounts,
            ScopeKind::Zone => &self.zones,
        }
    }

    /// The tokens of an account or zone; nothing if there is no such scope.
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

/// Accounts and zones have an `id` and a `name` too, so that one reading serves all.
fn items(template: &str, start: DateTime<Utc>) -> io::Result<Vec<Item>> {
    let text = dates::resolve(template, start);
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
