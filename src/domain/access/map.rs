//! Everything that was read about a scope, with what could not be read, indexed by token.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::baseline::Baseline;
use super::index::Index;
use super::objects::{
    App, DeviceProfile, DohToken, ExpiryAlert, Group, Hyperdrive, Organization, Policy,
};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::scope::{Scope, ScopeKind};
use crate::domain::text;
use crate::domain::words::words;

pub use super::index::{Objects, unread_apps};

words! {
    /// The parts of a scope, each read by requests of its own, in the order in which they are reported: the
    /// label for a list, the title of a row, and the subject of a sentence.
    #[derive(PartialOrd, Ord, Hash)]
    pub enum Part: code, label, title, subject {
        Tokens = ("tokens", "service tokens", "Service tokens", "the service tokens"),
        Apps = ("apps", "apps", "Apps", "the Access apps"),
        Policies = ("policies", "reusable policies", "Reusable policies", "the reusable Access policies"),
        Groups = ("groups", "groups", "Groups", "the Access groups"),
        Organization = ("organization", "the organization's settings", "Organization", "the settings of the Zero Trust organization"),
        Doh = ("doh", "DNS over HTTPS", "DNS over HTTPS", "the settings of DNS over HTTPS"),
        DeviceProfiles = ("device_profiles", "device profiles", "Device profiles", "the device profiles"),
        Hyperdrive = ("hyperdrive", "Hyperdrive configurations", "Hyperdrive", "the Hyperdrive configurations"),
        Alerts = ("alerts", "alerts", "Alerts", "the notification policies"),
    }
}

impl Part {
    /// The parts on which verdicts rest.
    pub const OF_VERDICTS: [Self; 3] = [Self::Apps, Self::Policies, Self::Groups];

    /// The parts that must have been read whole before a token is surely deletable.
    pub const NEEDED_TO_DELETE: [Self; 6] = [
        Self::Apps,
        Self::Policies,
        Self::Groups,
        Self::Doh,
        Self::DeviceProfiles,
        Self::Hyperdrive,
    ];

    /// The permission that allows to read it, if the API's documentation names one.
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
    pub fn is_in(self, kind: ScopeKind) -> bool {
        match self {
            Self::Tokens | Self::Apps | Self::Groups | Self::Organization => true,
            Self::Policies | Self::Doh | Self::DeviceProfiles | Self::Hyperdrive | Self::Alerts => {
                kind == ScopeKind::Account
            }
        }
    }
}

/// The outcome of reading a part.
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
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Partly(_) => "partly",
            Self::Failed(_) if self.is_refused() => "refused",
            Self::Failed(_) => "failed",
            Self::NotAsked => "not_asked",
        }
    }

    /// Whether the credential lacks the permission to read it.
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Failed(failure) if failure.kind == FailureKind::Permission)
    }

    /// Whether it was read whole.
    pub fn is_read(&self) -> bool {
        *self == Self::Read
    }
}

/// The contents and the outcome of one part.
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

/// Everything that was read about a scope.
#[derive(Debug, Clone)]
pub struct AccessMap {
    pub scope: Scope,
    read: BTreeMap<Part, PartRead>,
    objects: Objects,
    indexed: OnceLock<Indexed>,
}

/// The indexes derived from the objects.
#[derive(Debug, Clone)]
pub(super) struct Indexed {
    pub(super) index: Index,
    pub(super) baseline: Baseline,
}

/// The index follows from the rest.
impl PartialEq for AccessMap {
    fn eq(&self, other: &Self) -> bool {
        self.scope == other.scope && self.read == other.read && self.objects == other.objects
    }
}

impl Eq for AccessMap {}

impl AccessMap {
    /// A map of which nothing is read yet.
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            read: BTreeMap::new(),
            objects: Objects::default(),
            indexed: OnceLock::new(),
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
            PartObjects::Nothing => forget(objects, answer.part),
        }
        let read = PartRead {
            state: answer.state,
            count: answer.count,
        };
        self.read.insert(answer.part, read);
        // Tokens are not among what is indexed.
        if answer.part != Part::Tokens {
            self.indexed = OnceLock::new();
        }
    }

    /// The objects that were read.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// Indexes the objects now; otherwise the first question does.
    pub fn index(&self) {
        let _built = self.indexed();
    }

    pub(super) fn indexed(&self) -> &Indexed {
        self.indexed.get_or_init(|| {
            let index = Index::of(&self.objects);
            Indexed {
                baseline: Baseline::of(&self.objects, &index),
                index,
            }
        })
    }

    /// The outcome of reading a part; `None` while it is awaited.
    pub fn read(&self, part: Part) -> Option<&PartRead> {
        self.read.get(&part)
    }

    /// The least number of apps that use reusable policies, but that the list does not show.
    pub fn hidden_apps(&self) -> usize {
        if self.is_read(Part::Apps) {
            self.indexed().index.hidden_apps
        } else {
            0
        }
    }

    /// How many groups rules name that the list does not show.
    pub fn hidden_groups(&self) -> usize {
        if self.is_read(Part::Groups) {
            self.indexed().index.hidden_groups.len()
        } else {
            0
        }
    }

    /// How many of the listed apps have policies that could not be read.
    pub fn unread_apps(&self) -> usize {
        self.indexed().index.unread_apps
    }

    /// Whether everything was read on which verdicts rest.
    pub fn complete(&self) -> bool {
        self.incomplete_reasons().is_empty()
    }

    /// Why verdicts may be missing or wrong, as sentence fragments; empty if the map is complete.
    pub fn incomplete_reasons(&self) -> Vec<String> {
        let parts = Part::OF_VERDICTS.into_iter();
        let of_scope = parts.filter(|part| part.is_in(self.scope.kind()));
        let mut reasons: Vec<String> = of_scope.filter_map(|part| self.why_unread(part)).collect();
        match self.unread_apps() {
            0 => {}
            // Otherwise the state of the part says so, and why.
            unread if self.is_read(Part::Apps) => {
                let apps = number(unread, "app");
                reasons.push(format!("the policies of {apps} could not be read"));
            }
            _ => {}
        }
        reasons.extend(self.hidden());
        if reasons.is_empty() {
            reasons.extend(self.nothing_visible());
        }
        reasons
    }

    /// The apps and groups that others are known to refer to, but that are not visible, as sentence
    /// fragments.
    pub(super) fn hidden(&self) -> impl Iterator<Item = String> {
        let apps = match self.hidden_apps() {
            0 => None,
            1 => Some("1 app is hidden from this credential".to_owned()),
            hidden => Some(format!(
                "at least {hidden} apps are hidden from this credential"
            )),
        };
        let groups = match self.hidden_groups() {
            0 => None,
            1 => Some("1 group that rules name is not visible to this credential".to_owned()),
            hidden => Some(format!(
                "{hidden} groups that rules name are not visible to this credential"
            )),
        };
        apps.into_iter().chain(groups)
    }

    /// Whether no app, policy or group is visible.
    pub fn is_nothing_visible(&self) -> bool {
        Part::OF_VERDICTS.iter().all(|part| self.count(*part) == 0)
    }

    /// A sentence fragment, if no app, policy or group is visible.
    pub(super) fn nothing_visible(&self) -> Option<String> {
        let nothing = "no app, policy or group is visible to this credential";
        self.is_nothing_visible().then(|| nothing.to_owned())
    }

    /// Why a part was not read whole: `groups were refused (the permission … is missing)`.
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

    /// Whether a part was read whole.
    pub fn is_read(&self, part: Part) -> bool {
        self.read
            .get(&part)
            .is_some_and(|read| read.state.is_read())
    }

    /// How many entries of a part are visible.
    pub fn count(&self, part: Part) -> usize {
        self.read.get(&part).map_or(0, |read| read.count)
    }
}

/// Drops the objects of a part.
fn forget(objects: &mut Objects, part: Part) {
    match part {
        Part::Tokens => {}
        Part::Apps => objects.apps.clear(),
        Part::Policies => objects.policies.clear(),
        Part::Groups => objects.groups.clear(),
        Part::Organization => objects.organization = Organization::default(),
        Part::Doh => objects.doh = None,
        Part::DeviceProfiles => objects.device_profiles.clear(),
        Part::Hyperdrive => objects.hyperdrive.clear(),
        Part::Alerts => objects.alerts.clear(),
    }
}

/// `1 app`, `2 apps`.
pub(super) fn number(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{} {noun}s", text::number(count)),
    }
}
