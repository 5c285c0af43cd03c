//! Access maps and their parts from JSON: the documentation's example, or other entries; and tokens
//! to judge.

use std::sync::Arc;

use serde_json::{Value, json};
use tokenscope::domain::access::map::{AccessMap, Part, PartAnswer, PartObjects, PartState};
use tokenscope::domain::access::objects::{
    App, DeviceProfile, DohToken, ExpiryAlert, Group, Hyperdrive, Organization, Policy,
};
use tokenscope::domain::failure::FailureKind;
use tokenscope::domain::fetched::ClockOffset;
use tokenscope::domain::scope::{Scope, ScopeId, ScopeKind};
use tokenscope::domain::status::{EvaluationContext, Thresholds};
use tokenscope::domain::token::ServiceToken;

use super::sessions::failure;
use super::tokens::{ACCOUNT, CLIENT_ID, ID, now, token};

/// The parts of an account, except for the tokens.
pub(crate) const PARTS: [Part; 8] = [
    Part::Apps,
    Part::Policies,
    Part::Groups,
    Part::Organization,
    Part::Doh,
    Part::DeviceProfiles,
    Part::Hyperdrive,
    Part::Alerts,
];

pub(crate) fn account() -> Scope {
    ScopeKind::Account.with(ScopeId::parse(ACCOUNT).unwrap())
}

pub(crate) fn zone() -> Scope {
    ScopeKind::Zone.with(ScopeId::parse(ACCOUNT).unwrap())
}

pub(crate) fn context() -> EvaluationContext {
    EvaluationContext {
        now: now(),
        clock_offset: ClockOffset::default(),
        thresholds: Thresholds::default(),
    }
}

/// A completely read map of an account with these entries and nothing else.
pub(crate) fn map(apps: &[Value], policies: &[Value], groups: &[Value]) -> AccessMap {
    let mut map = AccessMap::new(account());
    for part in Part::ALL {
        take(&mut map, part, &[]);
    }
    take(&mut map, Part::Apps, apps);
    take(&mut map, Part::Policies, policies);
    take(&mut map, Part::Groups, groups);
    map
}

/// Adds the entries of a part; the settings of the organization and of DNS over HTTPS are a single
/// entry.
pub(crate) fn take(map: &mut AccessMap, part: Part, entries: &[Value]) {
    map.take(read(part, &json!(entries)));
}

/// Adds the entries of a part that was only partly read.
pub(crate) fn take_partly(map: &mut AccessMap, part: Part, entries: &[Value]) {
    map.take(PartAnswer {
        state: PartState::Partly(failure(FailureKind::Server)),
        ..read(part, &json!(entries))
    });
}

/// Fails to read a part.
pub(crate) fn fail(map: &mut AccessMap, part: Part, kind: FailureKind) {
    map.take(unread(part, kind));
}

fn body(part: Part) -> &'static str {
    match part {
        Part::Tokens => include_str!("access/tokens.json"),
        Part::Apps => include_str!("access/apps.json"),
        Part::Policies => include_str!("access/policies.json"),
        Part::Groups => include_str!("access/groups.json"),
        Part::Organization => include_str!("access/organization.json"),
        Part::Doh => include_str!("access/doh.json"),
        Part::DeviceProfiles => include_str!("access/device_profiles.json"),
        Part::Hyperdrive => include_str!("access/hyperdrive.json"),
        Part::Alerts => include_str!("access/alerts.json"),
    }
}

/// The answer for a part of the example.
pub(crate) fn example(part: Part) -> PartAnswer {
    let body: Value = serde_json::from_str(body(part)).unwrap();
    read(part, &body["result"])
}

/// The answer for a part with these entries.
pub(crate) fn read(part: Part, result: &Value) -> PartAnswer {
    let entries = match result {
        Value::Array(entries) => entries.clone(),
        object => vec![object.clone()],
    };
    PartAnswer {
        part,
        state: PartState::Read,
        count: entries.len(),
        objects: objects(part, &entries),
    }
}

/// The answer for a part without entries.
pub(crate) fn empty(part: Part) -> PartAnswer {
    read(part, &json!([]))
}

/// The answer for a part that could not be read.
pub(crate) fn unread(part: Part, kind: FailureKind) -> PartAnswer {
    PartAnswer {
        part,
        state: PartState::Failed(failure(kind)),
        count: 0,
        objects: PartObjects::Nothing,
    }
}

fn objects(part: Part, entries: &[Value]) -> PartObjects {
    fn all<T>(entries: &[Value], parse: fn(&Value) -> Option<T>) -> Vec<T> {
        entries.iter().filter_map(parse).collect()
    }
    let first = || entries.first().cloned().unwrap_or(Value::Null);
    match part {
        Part::Tokens => PartObjects::Nothing,
        Part::Apps => PartObjects::Apps(all(entries, App::parse)),
        Part::Policies => PartObjects::Policies(all(entries, Policy::parse)),
        Part::Groups => PartObjects::Groups(all(entries, Group::parse)),
        Part::Organization => PartObjects::Organization(Organization::parse(&first())),
        Part::Doh => PartObjects::Doh(DohToken::parse(&first())),
        Part::DeviceProfiles => PartObjects::DeviceProfiles(all(entries, DeviceProfile::parse)),
        Part::Hyperdrive => PartObjects::Hyperdrive(all(entries, Hyperdrive::parse)),
        Part::Alerts => PartObjects::Alerts(all(entries, ExpiryAlert::parse)),
    }
}

/// A token that was never seen, with members added or replaced.
pub(crate) fn token_with(members: &Value) -> Arc<ServiceToken> {
    let mut json = json!({
        "id": ID, "client_id": CLIENT_ID, "name": "CI/CD token", "duration": "8760h", "enabled": true,
        "created_at": "2026-03-21T10:00:00Z", "expires_at": "2027-03-21T10:00:00Z",
        "last_seen_at": null,
    });
    for (key, value) in members.as_object().into_iter().flatten() {
        json[key] = value.clone();
    }
    token(&json.to_string())
}

pub(crate) fn active_token() -> Arc<ServiceToken> {
    token_with(&json!({}))
}

pub(crate) fn disabled() -> Arc<ServiceToken> {
    token_with(&json!({"enabled": false}))
}
