//! The data of the demo, as JSON that never changes: accounts and zones, the tokens of each, and
//! everything that may name them.
//!
//! In the templates of `assets/demo`, `"@+12d4h33m"` is a date that long after the server's start. The
//! other parts of a scope are the members of `access.json`, by their paths below the scope: a list, an
//! object, or the status of an error.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::sync::OnceLock;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use hyper::StatusCode;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::domain::raw::RawJson;
use crate::domain::scope::ScopeKind;
use crate::domain::token::ServiceToken;

/// The account that the demo opens on. All of it may be read.
pub const ACCOUNT: &str = "023e105f4ecef8ad9ca31a8372d0c353";

/// An account without a token.
pub const EMPTY_ACCOUNT: &str = "4f1b8c2e90d34a7ab6f5e0c1d2839c2e";

/// An account of which the credential sees a part: an app is hidden, and the Hyperdrive configurations
/// are refused. Its organization is in strict mode.
pub const FILTERED_ACCOUNT: &str = "7c0d5e3a91b84f26ad17c2e60f8b4d95";

/// A zone that has tokens of its own, and whose apps may not be read.
pub const ZONE: &str = "9a7806061c88ada191ed06f989cc3dac";

/// "CI/CD token", which expires in twelve days and was rotated yesterday.
pub const TOKEN: &str = "f174e90a-fafe-4643-bbbc-4a0ed4fc8415";

const ACCOUNTS: &str = include_str!("../../assets/demo/accounts.json");
const ZONES: &str = include_str!("../../assets/demo/zones.json");

/// The templates of the scopes that have tokens: the list of tokens, and the other parts.
const SCOPES: [(&str, &str, &str); 3] = [
    (
        ACCOUNT,
        include_str!("../../assets/demo/example-ltd/tokens.json"),
        include_str!("../../assets/demo/example-ltd/access.json"),
    ),
    (
        FILTERED_ACCOUNT,
        include_str!("../../assets/demo/example-branch/tokens.json"),
        include_str!("../../assets/demo/example-branch/access.json"),
    ),
    (
        ZONE,
        include_str!("../../assets/demo/example.com/tokens.json"),
        include_str!("../../assets/demo/example.com/access.json"),
    ),
];

/// The validity that the API reports of the demo's own credential.
const CREDENTIAL: &str = include_str!("../../assets/demo/credential.json");

/// The parts of every other scope.
const EMPTY: &str = include_str!("../../assets/demo/empty.json");

/// All data that the server can return.
pub(super) struct Fixtures {
    accounts: Vec<Item>,
    zones: Vec<Item>,
    scopes: BTreeMap<&'static str, Contents>,
    empty: Contents,
    pub(super) credential: RawJson,
}

/// The contents of one scope.
pub(super) struct Contents {
    pub(super) tokens: Vec<Item>,
    template: &'static str,
    start: DateTime<Utc>,
    parts: OnceLock<BTreeMap<String, Part>>,
}

/// The answer of one path.
pub(super) enum Part {
    List(Vec<Item>),
    Object(RawJson),
    Failing(StatusCode),
}

/// An entry of a list, with the fields that requests refer to.
pub(super) struct Item {
    pub(super) json: RawJson,
    pub(super) id: String,
    pub(super) name: String,
}

impl Fixtures {
    /// The fixtures with dates relative to `start`.
    pub(super) fn new(start: DateTime<Utc>) -> io::Result<Self> {
        let credential = resolve_dates(CREDENTIAL, start);
        let credential: &RawValue = serde_json::from_str(&credential).map_err(io::Error::other)?;
        let scopes = SCOPES.into_iter().map(|(id, tokens, parts)| {
            let contents = Contents {
                tokens: items(&resolve_dates(tokens, start))?,
                template: parts,
                start,
                parts: OnceLock::new(),
            };
            Ok((id, contents))
        });
        Ok(Self {
            accounts: items(&resolve_dates(ACCOUNTS, start))?,
            zones: items(&resolve_dates(ZONES, start))?,
            scopes: scopes.collect::<io::Result<_>>()?,
            empty: Contents {
                tokens: Vec::new(),
                template: EMPTY,
                start,
                parts: OnceLock::new(),
            },
            credential: RawJson::from(credential),
        })
    }

    pub(super) fn scopes(&self, kind: ScopeKind) -> &[Item] {
        match kind {
            ScopeKind::Account => &self.accounts,
            ScopeKind::Zone => &self.zones,
        }
    }

    /// The accounts that have tokens, by their IDs.
    pub(super) fn accounts_with_tokens(&self) -> impl Iterator<Item = (&str, &Contents)> {
        let ids = self.accounts.iter().map(|account| account.id.as_str());
        ids.filter_map(|id| self.scopes.get(id).map(|contents| (id, contents)))
    }

    /// The contents of an account or zone; `None` if it does not exist.
    pub(super) fn contents(&self, kind: ScopeKind, id: &str) -> Option<&Contents> {
        let id = id.to_ascii_lowercase();
        let exists = self.scopes(kind).iter().any(|scope| scope.id == id);
        exists.then(|| self.scopes.get(id.as_str()).unwrap_or(&self.empty))
    }
}

impl Contents {
    /// The parts beside the tokens, by their paths below the scope. Most sessions never ask for one, so
    /// the first request reads them.
    pub(super) fn parts(&self) -> &BTreeMap<String, Part> {
        self.parts.get_or_init(|| {
            let text = resolve_dates(self.template, self.start);
            // A test reads every template.
            read_parts(&text).unwrap_or_default()
        })
    }

    /// The contents of a path, as JSON: the entries of a list, or a single object.
    pub(super) fn values(&self, path: &str) -> Vec<Value> {
        let jsons: Vec<&RawJson> = match self.parts().get(path) {
            Some(Part::List(items)) => items.iter().map(|item| &item.json).collect(),
            Some(Part::Object(object)) => vec![object],
            Some(Part::Failing(_)) | None => Vec::new(),
        };
        let values = jsons
            .into_iter()
            .map(|json| serde_json::from_str(json.as_str()));
        values.filter_map(Result::ok).collect()
    }
}

fn read_parts(text: &str) -> io::Result<BTreeMap<String, Part>> {
    let parts: BTreeMap<String, &RawValue> =
        serde_json::from_str(text).map_err(io::Error::other)?;
    let parts = parts.into_iter().map(|(path, value)| {
        let part = match value.get().as_bytes().first() {
            Some(b'[') => Part::List(items(value.get())?),
            Some(b'{') => Part::Object(RawJson::from(value)),
            _ => Part::Failing(value.get().parse().map_err(io::Error::other)?),
        };
        Ok((path, part))
    });
    parts.collect()
}

/// Reads a list. Whatever it holds, its entries have an `id` and a `name` as tokens do.
fn items(text: &str) -> io::Result<Vec<Item>> {
    let values: Vec<&RawValue> = serde_json::from_str(text).map_err(io::Error::other)?;
    let item = |value| {
        let json = RawJson::from(value);
        let read = ServiceToken::parse(&json);
        Item {
            id: read.id_text().to_owned(),
            name: read.name_text().to_owned(),
            json,
        }
    };
    Ok(values.into_iter().map(item).collect())
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
