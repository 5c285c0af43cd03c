//! The parts of an access map, as the service hands them over: those of the documentation's example,
//! or others in their place.

use serde_json::Value;
use tokenscope::domain::access::map::{Part, PartAnswer, PartObjects, PartState};
use tokenscope::domain::access::objects::{
    App, DeviceProfile, DohToken, ExpiryAlert, Group, Hyperdrive, Organization, Policy,
};
use tokenscope::domain::failure::FailureKind;

use super::sessions::failure;

/// The parts of an account, apart from the tokens.
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

/// The answer about a part of the example.
pub(crate) fn example(part: Part) -> PartAnswer {
    let body: Value = serde_json::from_str(body(part)).unwrap();
    read(part, &body["result"])
}

/// The answer about a part that has these entries.
pub(crate) fn read(part: Part, result: &Value) -> PartAnswer {
    fn all<T>(result: &Value, parse: impl Fn(&Value) -> Option<T>) -> Vec<T> {
        result
            .as_array()
            .unwrap()
            .iter()
            .filter_map(parse)
            .collect()
    }
    let objects = match part {
        Part::Tokens => PartObjects::Nothing,
        Part::Apps => PartObjects::Apps(all(result, App::parse)),
        Part::Policies => PartObjects::Policies(all(result, Policy::parse)),
        Part::Groups => PartObjects::Groups(all(result, Group::parse)),
        Part::Organization => PartObjects::Organization(Organization::parse(result)),
        Part::Doh => PartObjects::Doh(DohToken::parse(result)),
        Part::DeviceProfiles => PartObjects::DeviceProfiles(all(result, DeviceProfile::parse)),
        Part::Hyperdrive => PartObjects::Hyperdrive(all(result, Hyperdrive::parse)),
        Part::Alerts => PartObjects::Alerts(all(result, ExpiryAlert::parse)),
    };
    PartAnswer {
        part,
        state: PartState::Read,
        count: result.as_array().map_or(1, Vec::len),
        objects,
    }
}

/// The answer about a part that has no entries.
pub(crate) fn empty(part: Part) -> PartAnswer {
    let result = match part {
        Part::Organization | Part::Doh => Value::Null,
        _ => Value::Array(Vec::new()),
    };
    PartAnswer {
        count: 0,
        ..read(part, &result)
    }
}

/// The answer about a part that could not be read.
pub(crate) fn unread(part: Part, kind: FailureKind) -> PartAnswer {
    PartAnswer {
        part,
        state: PartState::Failed(failure(kind)),
        count: 0,
        objects: PartObjects::Nothing,
    }
}
