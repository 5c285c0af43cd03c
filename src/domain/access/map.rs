//! Everything that was read about a scope, with what could not be read, indexed by token.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::objects::{App, DeviceProfile, ExpiryAlert, Group, Hyperdrive, Organization, Policy};
use super::rules::{Rule, Rules};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::scope::{Scope, ScopeKind};

/// What is read about a scope, each by requests of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    Tokens,
    Apps,
    Policies,
    Groups,
    Organization,
    Doh,
    DeviceProfiles,
    Hyperdrive,
    Alerts,
}

impl Part {
    /// Every part, in the order in which they are reported.
    pub const ALL: [Self; 9] = [
        Self::Tokens,
        Self::Apps,
        Self::Policies,
        Self::Groups,
        Self::Organization,
        Self::Doh,
        Self::DeviceProfiles,
        Self::Hyperdrive,
        Self::Alerts,
    ];

    /// The word used in JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Apps => "apps",
            Self::Policies => "policies",
            Self::Groups => "groups",
            Self::Organization => "organization",
            Self::Doh => "doh",
            Self::DeviceProfiles => "device_profiles",
            Self::Hyperdrive => "hyperdrive",
            Self::Alerts => "alerts",
        }
    }

    /// The words in sentences.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Tokens => "service tokens",
            Self::Apps => "apps",
            Self::Policies => "reusable policies",
            Self::Groups => "groups",
            Self::Organization => "the organization's settings",
            Self::Doh => "DNS over HTTPS",
            Self::DeviceProfiles => "device profiles",
            Self::Hyperdrive => "Hyperdrive configurations",
            Self::Alerts => "alerts",
        }
    }

    /// The permission that allows to read it, if the API's documentation names one.
    #[must_use]
    pub fn permission(self) -> Option<&'static str> {
        match self {
            Self::Tokens => Some("Access: Service Tokens Read"),
            Self::Apps | Self::Policies => Some("Access: Apps and Policies Read"),
            Self::Groups | Self::Organization | Self::Doh => {
                Some("Access: Organizations, Identity Providers, and Groups Read")
            }
            Self::DeviceProfiles => None,
            Self::Hyperdrive => Some("Hyperdrive Read"),
            Self::Alerts => Some("Notifications Read"),
        }
    }

    /// Whether a scope has it.
    #[must_use]
    pub fn is_in(self, kind: ScopeKind) -> bool {
        match self {
            Self::Tokens | Self::Apps | Self::Groups | Self::Organization => true,
            Self::Policies | Self::Doh | Self::DeviceProfiles | Self::Hyperdrive | Self::Alerts => {
                kind == ScopeKind::Account
            }
        }
    }
}

/// What became of reading a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartState {
    Read,
    /// Some pages, or some entries, could not be read.
    Partly(Failure),
    Failed(Failure),
    NotAsked,
}

impl PartState {
    /// The word used in JSON.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Partly(_) => "partly",
            Self::Failed(failure) if failure.kind == FailureKind::Permission => "refused",
            Self::Failed(_) => "failed",
            Self::NotAsked => "not_asked",
        }
    }

    /// Whether it was read whole.
    #[must_use]
    pub fn is_read(&self) -> bool {
        *self == Self::Read
    }
}

/// The outcome of reading a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartRead {
    pub state: PartState,
    /// How many entries are visible.
    pub count: usize,
}

/// The objects of a scope, before they are indexed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Objects {
    pub apps: Vec<App>,
    pub policies: Vec<Policy>,
    pub groups: Vec<Group>,
    pub organization: Organization,
    /// The ID of the token that DNS over HTTPS uses.
    pub doh: Option<String>,
    pub device_profiles: Vec<DeviceProfile>,
    pub hyperdrive: Vec<Hyperdrive>,
    pub alerts: Vec<ExpiryAlert>,
}

/// Everything that was read about a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessMap {
    pub scope: Scope,
    pub read: BTreeMap<Part, PartRead>,
    pub objects: Objects,
    /// The apps whose policies name a token, by its ID or client ID.
    named: HashMap<String, BTreeSet<usize>>,
    /// The apps that concern every token: any token, everyone, an unread group, unread policies.
    pub(super) for_all: BTreeSet<usize>,
    /// Where policies and groups name a token, by its ID or client ID.
    pub(super) policies_naming: HashMap<String, Vec<usize>>,
    pub(super) groups_naming: HashMap<String, Vec<usize>>,
}

/// Whom rules are about, groups included.
#[derive(Debug, Clone, Default)]
struct Reach {
    names: BTreeSet<String>,
    is_for_all: bool,
}

impl AccessMap {
    /// Indexes the objects.
    #[must_use]
    pub fn new(scope: Scope, read: BTreeMap<Part, PartRead>, objects: Objects) -> Self {
        let mut map = Self {
            scope,
            read,
            named: HashMap::new(),
            for_all: BTreeSet::new(),
            policies_naming: HashMap::new(),
            groups_naming: HashMap::new(),
            objects: Objects::default(),
        };
        let groups = by_id(&objects.groups, |group| &group.id);
        let policies = by_id(&objects.policies, |policy| &policy.id);
        for (at, app) in objects.apps.iter().enumerate() {
            let own = app.policies.as_deref();
            let resolved = own.unwrap_or_default().iter().map(|policy| {
                let reusable = policies.get(policy.id.as_str());
                let reusable = || reusable.and_then(|policy| policy.rules.as_ref());
                policy.rules.as_ref().or_else(reusable)
            });
            let mut reach = Reach {
                is_for_all: own.is_none(),
                ..Reach::default()
            };
            for rules in resolved {
                match rules {
                    Some(rules) => reach.extend(rules, &groups, &mut BTreeSet::new()),
                    None => reach.is_for_all = true,
                }
            }
            if reach.is_for_all {
                map.for_all.insert(at);
            }
            for name in reach.names {
                map.named.entry(name).or_default().insert(at);
            }
        }
        let index = |naming: &mut HashMap<String, Vec<usize>>, at: usize, rules: &Rules| {
            let mut reach = Reach::default();
            reach.extend(rules, &HashMap::new(), &mut BTreeSet::new());
            for name in reach.names {
                naming.entry(name).or_default().push(at);
            }
        };
        for (at, policy) in objects.policies.iter().enumerate() {
            if let Some(rules) = &policy.rules {
                index(&mut map.policies_naming, at, rules);
            }
        }
        for (at, group) in objects.groups.iter().enumerate() {
            if let Some(rules) = &group.rules {
                index(&mut map.groups_naming, at, rules);
            }
        }
        map.objects = objects;
        map
    }

    /// The apps that may concern a token, in the order of the list.
    #[must_use]
    pub fn apps_of(&self, id: &str, client_id: &str) -> BTreeSet<usize> {
        let named = [id, client_id]
            .into_iter()
            .filter_map(|name| self.named.get(name));
        named.flatten().chain(&self.for_all).copied().collect()
    }

    /// Whether a part was read whole.
    #[must_use]
    pub fn is_read(&self, part: Part) -> bool {
        self.read
            .get(&part)
            .is_some_and(|read| read.state.is_read())
    }

    /// How many entries of a part are visible.
    #[must_use]
    pub fn count(&self, part: Part) -> usize {
        self.read.get(&part).map_or(0, |read| read.count)
    }
}

impl Reach {
    fn extend<'a>(
        &mut self,
        rules: &'a Rules,
        groups: &HashMap<&str, &'a Group>,
        seen: &mut BTreeSet<&'a str>,
    ) {
        for rule in rules.all() {
            match rule {
                Rule::ServiceToken(Some(id)) => {
                    self.names.insert(id.clone());
                }
                Rule::AnyServiceToken | Rule::Everyone => self.is_for_all = true,
                Rule::Group(id) => {
                    let id = id.as_deref().unwrap_or_default();
                    if !seen.insert(id) {
                        continue;
                    }
                    match groups.get(id).and_then(|group| group.rules.as_ref()) {
                        Some(rules) => self.extend(rules, groups, seen),
                        None => self.is_for_all = true,
                    }
                }
                Rule::ServiceToken(None)
                | Rule::Condition(_)
                | Rule::People(_)
                | Rule::Unknown(_) => {}
            }
        }
    }
}

/// Objects by their IDs.
pub(super) fn by_id<'a, T>(
    objects: &'a [T],
    id: impl Fn(&'a T) -> &'a String,
) -> HashMap<&'a str, &'a T> {
    objects
        .iter()
        .map(|object| (id(object).as_str(), object))
        .collect()
}
