//! Everything that was read about a scope, with what could not be read, indexed by token.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use super::objects::{
    App, DeviceProfile, DohToken, ExpiryAlert, Group, Hyperdrive, Organization, Policy,
};
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

/// What reading one part brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartAnswer {
    pub part: Part,
    pub state: PartState,
    /// How many entries are visible.
    pub count: usize,
    pub objects: PartObjects,
}

/// The entries of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartObjects {
    Apps(Vec<App>),
    Policies(Vec<Policy>),
    Groups(Vec<Group>),
    Organization(Organization),
    /// The token that DNS over HTTPS uses, if one is set.
    Doh(Option<DohToken>),
    DeviceProfiles(Vec<DeviceProfile>),
    Hyperdrive(Vec<Hyperdrive>),
    Alerts(Vec<ExpiryAlert>),
    /// Nothing was read, or the part's entries are kept elsewhere (the tokens).
    Nothing,
}

/// The state of a part, and how many of its entries are visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartRead {
    pub state: PartState,
    pub count: usize,
}

/// The objects of a scope.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Objects {
    /// Shared with the answers about them.
    pub apps: Vec<Arc<App>>,
    pub policies: Vec<Policy>,
    pub groups: Vec<Group>,
    pub organization: Organization,
    pub doh: Option<DohToken>,
    pub device_profiles: Vec<DeviceProfile>,
    pub hyperdrive: Vec<Hyperdrive>,
    pub alerts: Vec<ExpiryAlert>,
}

/// Everything that was read about a scope.
#[derive(Debug, Clone)]
pub struct AccessMap {
    pub scope: Scope,
    read: BTreeMap<Part, PartRead>,
    objects: Objects,
    index: OnceLock<Index>,
}

/// The index follows from the rest.
impl PartialEq for AccessMap {
    fn eq(&self, other: &Self) -> bool {
        self.scope == other.scope && self.read == other.read && self.objects == other.objects
    }
}

impl Eq for AccessMap {}

/// Where rules name tokens.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// The apps whose policies name a token, by its ID or client ID.
    named: HashMap<String, BTreeSet<usize>>,
    /// The apps that concern every token: any token, everyone, an unread group, unread policies.
    for_all: BTreeSet<usize>,
    /// Where policies and groups name a token, by its ID or client ID.
    pub(super) policies_naming: HashMap<String, Vec<usize>>,
    pub(super) groups_naming: HashMap<String, Vec<usize>>,
}

/// Whom rules are about, groups included.
#[derive(Debug, Clone, Default)]
struct Mentions {
    names: BTreeSet<String>,
    is_for_all: bool,
}

impl Index {
    fn of(objects: &Objects) -> Self {
        let mut index = Self::default();
        let groups = by_id(&objects.groups, |group| &group.id);
        let policies = by_id(&objects.policies, |policy| &policy.id);
        for (at, app) in objects.apps.iter().enumerate() {
            let own = app.policies.as_deref();
            let resolved = own.unwrap_or_default().iter().map(|policy| {
                let reusable = policies.get(policy.id.as_str());
                let reusable = || reusable.and_then(|policy| policy.rules.as_ref());
                policy.rules.as_ref().or_else(reusable)
            });
            let mut mentions = Mentions {
                is_for_all: own.is_none(),
                ..Mentions::default()
            };
            for rules in resolved {
                match rules {
                    Some(rules) => mentions.extend(rules, &groups, &mut BTreeSet::new()),
                    None => mentions.is_for_all = true,
                }
            }
            if mentions.is_for_all {
                index.for_all.insert(at);
            }
            for name in mentions.names {
                index.named.entry(name).or_default().insert(at);
            }
        }
        let add = |naming: &mut HashMap<String, Vec<usize>>, at: usize, rules: &Rules| {
            let mut mentions = Mentions::default();
            mentions.extend(rules, &HashMap::new(), &mut BTreeSet::new());
            for name in mentions.names {
                naming.entry(name).or_default().push(at);
            }
        };
        for (at, policy) in objects.policies.iter().enumerate() {
            if let Some(rules) = &policy.rules {
                add(&mut index.policies_naming, at, rules);
            }
        }
        for (at, group) in objects.groups.iter().enumerate() {
            if let Some(rules) = &group.rules {
                add(&mut index.groups_naming, at, rules);
            }
        }
        index
    }
}

impl AccessMap {
    /// A map of which nothing is read yet.
    #[must_use]
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            read: BTreeMap::new(),
            objects: Objects::default(),
            index: OnceLock::new(),
        }
    }

    /// Takes in what reading a part brought, in place of any former answer about the part.
    pub fn take(&mut self, answer: PartAnswer) {
        let objects = &mut self.objects;
        match answer.objects {
            PartObjects::Apps(apps) => objects.apps = apps.into_iter().map(Arc::new).collect(),
            PartObjects::Policies(policies) => objects.policies = policies,
            PartObjects::Groups(groups) => objects.groups = groups,
            PartObjects::Organization(organization) => objects.organization = organization,
            PartObjects::Doh(doh) => objects.doh = doh,
            PartObjects::DeviceProfiles(profiles) => objects.device_profiles = profiles,
            PartObjects::Hyperdrive(configs) => objects.hyperdrive = configs,
            PartObjects::Alerts(alerts) => objects.alerts = alerts,
            PartObjects::Nothing => objects.forget(answer.part),
        }
        let read = PartRead {
            state: answer.state,
            count: answer.count,
        };
        self.read.insert(answer.part, read);
        self.index = OnceLock::new();
    }

    /// The objects that were read.
    #[must_use]
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// Indexes the objects now; otherwise the first question does.
    pub fn index(&self) {
        let _built = self.built_index();
    }

    pub(super) fn built_index(&self) -> &Index {
        self.index.get_or_init(|| Index::of(&self.objects))
    }

    /// The outcome of reading a part; `None` while it is awaited.
    #[must_use]
    pub fn read(&self, part: Part) -> Option<&PartRead> {
        self.read.get(&part)
    }

    /// How many apps reusable policies are known to have that the list does not show.
    #[must_use]
    pub fn hidden_apps(&self) -> usize {
        if !self.is_read(Part::Apps) {
            return 0;
        }
        let unread = self.unread_apps();
        let mut carried: HashMap<&str, usize> = HashMap::new();
        for app in &self.objects.apps {
            let ids = app.policies.iter().flatten();
            let ids: BTreeSet<&str> = ids.map(|policy| policy.id.as_str()).collect();
            for id in ids {
                *carried.entry(id).or_default() += 1;
            }
        }
        let hidden = self.objects.policies.iter().map(|policy| {
            let listed = carried.get(policy.id.as_str()).copied().unwrap_or(0);
            policy
                .app_count
                .unwrap_or(0)
                .saturating_sub(listed + unread)
        });
        // One hidden app may carry several policies.
        hidden.max().unwrap_or(0)
    }

    /// How many of the listed apps have policies that could not be read.
    #[must_use]
    pub fn unread_apps(&self) -> usize {
        let unread = unread_apps(&self.objects.apps, &self.objects.policies);
        unread.count()
    }

    /// Whether everything was read on which verdicts rest.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.incomplete_reasons().is_empty()
    }

    /// Why verdicts may be missing or wrong, as sentence fragments; empty if the map is complete.
    #[must_use]
    pub fn incomplete_reasons(&self) -> Vec<String> {
        let parts = [Part::Apps, Part::Policies, Part::Groups];
        let of_scope = parts
            .into_iter()
            .filter(|part| part.is_in(self.scope.kind()));
        let mut reasons: Vec<String> = of_scope
            .clone()
            .filter_map(|part| self.why_unread(part))
            .collect();
        let apps = |count: usize| match count {
            1 => "1 app".to_owned(),
            count => format!("{count} apps"),
        };
        match self.unread_apps() {
            0 => {}
            unread => reasons.push(format!(
                "the policies of {} could not be read",
                apps(unread)
            )),
        }
        match self.hidden_apps() {
            0 => {}
            1 => reasons.push("1 app is hidden from this credential".to_owned()),
            hidden => reasons.push(format!("{} are hidden from this credential", apps(hidden))),
        }
        let mut visible = of_scope.map(|part| self.count(part));
        if reasons.is_empty() && visible.all(|count| count == 0) {
            reasons.push("no app, policy or group is visible to this credential".to_owned());
        }
        reasons
    }

    /// Why a part was not read whole: `groups were refused (the permission … is missing)`.
    #[must_use]
    pub fn why_unread(&self, part: Part) -> Option<String> {
        let label = part.label();
        let reason = match self.read(part).map(|read| &read.state) {
            Some(PartState::Read) => return None,
            None => format!("{label}: not read yet"),
            Some(PartState::NotAsked) => format!("{label}: not asked"),
            Some(PartState::Partly(failure)) => {
                format!("{label}: read in part ({})", failure.fragment())
            }
            Some(PartState::Failed(failure)) if failure.kind == FailureKind::Permission => {
                match part.permission() {
                    Some(permission) => format!("{label}: refused (needs {permission})"),
                    None => format!("{label}: refused"),
                }
            }
            Some(PartState::Failed(failure)) => {
                format!("{label}: failed ({})", failure.fragment())
            }
        };
        Some(reason)
    }

    /// The apps that may concern a token, in the order of the list.
    #[must_use]
    pub fn apps_of(&self, id: &str, client_id: &str) -> BTreeSet<usize> {
        let index = self.built_index();
        let named = [id, client_id]
            .into_iter()
            .filter_map(|name| index.named.get(name));
        named.flatten().chain(&index.for_all).copied().collect()
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

impl Mentions {
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

impl Objects {
    /// Drops the objects of a part.
    fn forget(&mut self, part: Part) {
        match part {
            Part::Tokens => {}
            Part::Apps => self.apps.clear(),
            Part::Policies => self.policies.clear(),
            Part::Groups => self.groups.clear(),
            Part::Organization => self.organization = Organization::default(),
            Part::Doh => self.doh = None,
            Part::DeviceProfiles => self.device_profiles.clear(),
            Part::Hyperdrive => self.hyperdrive.clear(),
            Part::Alerts => self.alerts.clear(),
        }
    }
}

/// The places of the apps whose own policies are still to be asked for: the list did not report
/// them, or reported one without rules that is not among the reusable policies.
pub fn unread_apps<'a>(
    apps: &'a [impl AsRef<App>],
    policies: &'a [Policy],
) -> impl Iterator<Item = usize> + 'a {
    let known = policies.iter().filter(|policy| policy.rules.is_some());
    let known: HashSet<&str> = known.map(|policy| policy.id.as_str()).collect();
    let is_read =
        move |policy: &Policy| policy.rules.is_some() || known.contains(policy.id.as_str());
    let places = apps.iter().enumerate().filter(move |(_, app)| {
        let own = app.as_ref().policies.as_ref();
        !own.is_some_and(|own| own.iter().all(&is_read))
    });
    places.map(|(at, _)| at)
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
