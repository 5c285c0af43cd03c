//! Tokens, IDs, and the current time of most tests.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::value::RawValue;
use tokenscope::domain::raw::RawJson;
use tokenscope::domain::token::ServiceToken;

pub(crate) const ACCOUNT: &str = "023e105f4ecef8ad9ca31a8372d0c353";
pub(crate) const ZONE: &str = "9a7806061c88ada191ed06f989cc3dac";
pub(crate) const ID: &str = "f174e90a-fafe-4643-bbbc-4a0ed4fc8415";
/// The client ID of that token.
pub(crate) const CLIENT_ID: &str = "88bf3b6d86161464f6509f7219099e57.access";
/// A secret that no output may contain.
pub(crate) const CANARY: &str = "canary0123456789";

pub(crate) fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn now() -> DateTime<Utc> {
    at(0)
}

/// Seconds after [`now`].
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    instant("2026-11-25T12:00:00Z") + TimeDelta::seconds(seconds)
}

pub(crate) fn raw(json: &str) -> RawJson {
    RawJson::from(serde_json::from_str::<&RawValue>(json).unwrap())
}

pub(crate) fn token(json: &str) -> Arc<ServiceToken> {
    Arc::new(ServiceToken::parse(&raw(json)))
}

/// A token of a year with this end.
pub(crate) fn ending(end: DateTime<Utc>) -> Arc<ServiceToken> {
    let end = end.to_rfc3339();
    token(&format!(
        r#"{{"id":"{ID}","name":"CI","client_id":"x","duration":"8760h","expires_at":"{end}"}}"#
    ))
}
