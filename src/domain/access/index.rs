//! Where the objects of a map name tokens, worked out once for all tokens.

use std::borrow::Borrow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, LazyLock};

use super::evaluate::NamelessValues;
use super::groups::{Groups, inner_ids};
use super::objects::{
    App, DeviceProfile, DohToken, ExpiryAlert, Group, Hyperdrive, Organization, Policy,
};
use super::rules::{Rule, Rules};

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

/// Where the objects of a map name tokens.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    pub(super) groups: Groups,
    pub(super) nameless: NamelessValues,
    /// The policies of each app, in the order of evaluation; `None` if one could not be read.
    pub(super) apps: Vec<Option<Vec<OrderedPolicy>>>,
    /// Every policy once: those of the list, and those that only apps show.
    pub(super) policies: Vec<ListedPolicy>,
    /// The places of each name, by its number.
    namings: Vec<Naming>,
    names: HashMap<String, usize>,
    /// The apps in which each group is named, by the group's rank.
    pub(super) apps_of_groups: Vec<BTreeSet<usize>>,
    /// The policies that name each group, by the group's rank.
    pub(super) policies_of_groups: Vec<Vec<usize>>,
    /// The IDs of groups that rules name but the list does not show.
    pub(super) hidden_groups: BTreeSet<String>,
    pub(super) hidden_apps: usize,
    pub(super) unread_apps: usize,
    /// The policies and groups, by their places, with a rule about a token or a group that it does not
    /// name.
    pub(super) unclear_policies: Vec<usize>,
    pub(super) unclear_groups: Vec<usize>,
    /// The policies, by their places, that may admit any token by a rule of an unknown kind.
    pub(super) unknown_kinds: Vec<usize>,
    /// The policies and groups that came without rules.
    pub(super) bare_policies: Vec<usize>,
    pub(super) bare_groups: Vec<usize>,
    /// The device profiles that select by tokens which they do not list.
    pub(super) unclear_profiles: Vec<usize>,
    pub(super) unread_scim: usize,
}

/// A policy of an app.
#[derive(Debug, Clone, Copy)]
pub(super) struct OrderedPolicy {
    /// Its place in the app.
    pub(super) own: usize,
    /// Its place among the reusable policies, for one whose rules the app does not give.
    pub(super) reusable: Option<usize>,
}

/// A policy, and whether a listed app carries it.
#[derive(Debug, Clone)]
pub(super) struct ListedPolicy {
    pub(super) place: PolicyPlace,
    pub(super) is_used: bool,
    has_rules: bool,
}

/// Where a policy is listed.
#[derive(Debug, Clone, Copy)]
pub(super) enum PolicyPlace {
    Reusable(usize),
    Own(usize, usize),
}

/// The places that hold one name.
#[derive(Debug, Clone, Default)]
pub(super) struct Naming {
    /// The apps whose policies name it, themselves or through groups.
    pub(super) apps: Vec<usize>,
    /// The ranks of the groups that name it, themselves or through groups.
    pub(super) within: Vec<usize>,
    /// The groups that name it themselves, by their place in the list.
    pub(super) groups: Vec<usize>,
    /// The policies that name it themselves.
    pub(super) policies: Vec<usize>,
    /// The apps whose SCIM service is called with it.
    pub(super) scim: Vec<usize>,
    pub(super) device_profiles: Vec<usize>,
    pub(super) hyperdrive: Vec<usize>,
    pub(super) doh: bool,
    /// Whether a rule of an unknown kind holds it, or a member that is not known here.
    pub(super) is_mentioned: bool,
}

/// The places of a name that nothing holds.
static NOWHERE: LazyLock<Naming> = LazyLock::new(Naming::default);

impl Index {
    pub(super) fn of(objects: &Objects) -> Self {
        let groups = Groups::of(&objects.groups);
        let mut index = Self {
            nameless: NamelessValues::of(&objects.groups, &groups),
            groups,
            unread_apps: unread_apps(&objects.apps, &objects.policies).count(),
            ..Self::default()
        };
        index.add_groups(objects);
        index.add_policies(objects);
        index.add_other_places(objects);
        index.hidden_apps = count_hidden_apps(objects);
        index
    }

    /// The places that hold a name, in lower case.
    pub(super) fn places(&self, name: &str) -> &Naming {
        let at = self.names.get(name);
        at.map_or(&NOWHERE, |at| &self.namings[*at])
    }

    fn entry(&mut self, name: &str) -> &mut Naming {
        let at = if let Some(at) = self.names.get(name) {
            *at
        } else {
            self.names.insert(name.to_owned(), self.namings.len());
            self.namings.push(Naming::default());
            self.namings.len() - 1
        };
        &mut self.namings[at]
    }

    fn add_groups(&mut self, objects: &Objects) {
        for rank in 0..self.groups.len() {
            let within = self.groups.within(rank).to_vec();
            for inner in std::iter::once(rank).chain(within) {
                let group = &objects.groups[self.groups.place(inner)];
                for name in token_names(group.rules.as_ref()) {
                    add(&mut self.entry(name).within, rank);
                }
            }
        }
        for (at, group) in objects.groups.iter().enumerate() {
            for name in token_names(group.rules.as_ref()) {
                add(&mut self.entry(name).groups, at);
            }
            if group.rules.is_none() {
                self.bare_groups.push(at);
            } else if self.note_unclear(group.rules.as_ref()) {
                self.unclear_groups.push(at);
            }
        }
    }

    /// Notes the groups that rules name but the list lacks, and what rules of unknown kinds hold.
    /// Returns whether it is unclear whom a rule names.
    fn note_unclear(&mut self, rules: Option<&Rules>) -> bool {
        for id in inner_ids(rules) {
            if self.groups.rank(id).is_none() {
                self.hidden_groups.insert(id.to_owned());
            }
        }
        for name in rules.iter().flat_map(|rules| &rules.mentions) {
            self.entry(name).is_mentioned = true;
        }
        rules.is_some_and(Rules::are_unclear)
    }

    fn add_policies(&mut self, objects: &Objects) {
        let reusable = objects.policies.iter().enumerate();
        let reusable: HashMap<&str, usize> = reusable.map(|(at, it)| (&*it.id, at)).collect();
        let mut listed: HashMap<&str, usize> = HashMap::new();
        self.apps_of_groups = vec![BTreeSet::new(); self.groups.len()];
        self.policies_of_groups = vec![Vec::new(); self.groups.len()];
        for (at, policy) in objects.policies.iter().enumerate() {
            let place = self.list(&mut listed, &policy.id, PolicyPlace::Reusable(at));
            self.add_rules(policy.rules.as_ref(), place);
        }
        for (at, app) in objects.apps.iter().enumerate() {
            for (own, policy) in app.policies.iter().flatten().enumerate() {
                let place = self.list(&mut listed, &policy.id, PolicyPlace::Own(at, own));
                self.policies[place].is_used = true;
                // Most apps repeat the rules of a reusable policy as they are.
                let known = reusable.get(policy.id.as_str());
                if known.is_none_or(|known| objects.policies[*known].rules != policy.rules) {
                    self.add_rules(policy.rules.as_ref(), place);
                }
            }
            let ordered = ordered(app, &reusable, &objects.policies);
            for policy in ordered.iter().flatten() {
                let Some(policy) = policy.resolved(app, &objects.policies) else {
                    continue;
                };
                self.add_app(at, policy.rules.as_ref());
                if let Some(place) = listed.get(policy.id.as_str())
                    && self.may_admit_any(policy)
                {
                    self.unknown_kinds.push(*place);
                }
            }
            self.apps.push(ordered);
        }
        self.unknown_kinds.sort_unstable();
        self.unknown_kinds.dedup();
        let bare = self.policies.iter().enumerate();
        let bare = bare.filter(|(_, policy)| !policy.has_rules);
        self.bare_policies = bare.map(|(at, _)| at).collect();
        let of_groups = self.policies_of_groups.iter_mut();
        let of_names = self.namings.iter_mut().map(|naming| &mut naming.policies);
        for places in of_groups.chain(of_names) {
            places.sort_unstable();
            places.dedup();
        }
    }

    /// Whether a policy may admit any token by a rule of an unknown kind, its own or a group's.
    fn may_admit_any(&self, policy: &Policy) -> bool {
        let rules = policy.rules.as_ref();
        let mut groups = inner_ids(rules).filter_map(|id| self.groups.rank(id));
        policy.decision.may_admit()
            && (rules.is_some_and(Rules::include_unknown_kind)
                || groups.any(|rank| self.groups.holds(rank).unknown_kind))
    }

    /// The number of a policy.
    fn list<'a>(
        &mut self,
        listed: &mut HashMap<&'a str, usize>,
        id: &'a str,
        place: PolicyPlace,
    ) -> usize {
        *listed.entry(id).or_insert_with(|| {
            self.policies.push(ListedPolicy {
                place,
                is_used: false,
                has_rules: false,
            });
            self.policies.len() - 1
        })
    }

    /// Notes whom a policy names.
    fn add_rules(&mut self, rules: Option<&Rules>, policy: usize) {
        self.policies[policy].has_rules |= rules.is_some();
        for name in token_names(rules) {
            add(&mut self.entry(name).policies, policy);
        }
        for rank in inner_ids(rules).filter_map(|id| self.groups.rank(id)) {
            add(&mut self.policies_of_groups[rank], policy);
        }
        if self.note_unclear(rules) {
            add(&mut self.unclear_policies, policy);
        }
    }

    /// Notes whom the rules of an app's policy name.
    fn add_app(&mut self, app: usize, rules: Option<&Rules>) {
        for name in token_names(rules) {
            add(&mut self.entry(name).apps, app);
        }
        for rank in inner_ids(rules).filter_map(|id| self.groups.rank(id)) {
            self.apps_of_groups[rank].insert(app);
        }
    }

    fn add_other_places(&mut self, objects: &Objects) {
        // The apps that name a group name whatever the group holds.
        let groups = std::mem::take(&mut self.apps_of_groups);
        for naming in &mut self.namings {
            let mut apps: BTreeSet<usize> = naming.apps.iter().copied().collect();
            for rank in &naming.within {
                apps.extend(&groups[*rank]);
            }
            naming.apps = apps.into_iter().collect();
        }
        self.apps_of_groups = groups;
        for (at, app) in objects.apps.iter().enumerate() {
            for client in &app.scim_clients {
                add(&mut self.entry(client).scim, at);
            }
            self.unread_scim += usize::from(!app.is_scim_read);
        }
        if let Some(doh) = &objects.doh {
            for name in [&doh.id, &doh.client_id].into_iter().flatten() {
                self.entry(name).doh = true;
            }
        }
        for (at, profile) in objects.device_profiles.iter().enumerate() {
            for name in profile.literals() {
                add(&mut self.entry(&name).device_profiles, at);
            }
            if profile.is_unclear() {
                self.unclear_profiles.push(at);
            }
        }
        for (at, config) in objects.hyperdrive.iter().enumerate() {
            if let Some(client) = &config.client_id {
                add(&mut self.entry(client).hyperdrive, at);
            }
        }
        let of_apps = objects.apps.iter().flat_map(|app| &app.mentions);
        let of_configs = objects.hyperdrive.iter().flat_map(|it| &it.mentions);
        for name in of_apps.chain(of_configs) {
            self.entry(name).is_mentioned = true;
        }
    }
}

/// How many apps reusable policies must have that the list does not show: one hidden app may
/// carry several policies.
fn count_hidden_apps(objects: &Objects) -> usize {
    let mut carried: HashMap<&str, usize> = HashMap::new();
    for app in &objects.apps {
        let ids = app.policies.iter().flatten();
        let ids: HashSet<&str> = ids.map(|policy| policy.id.as_str()).collect();
        for id in ids {
            *carried.entry(id).or_default() += 1;
        }
    }
    // An app that did not report its policies may carry any of them.
    let silent = objects.apps.iter().filter(|app| app.policies.is_none());
    let silent = silent.count();
    let hidden = objects.policies.iter().map(|policy| {
        let listed = carried.get(policy.id.as_str()).copied().unwrap_or(0);
        let all = policy.app_count.unwrap_or(0);
        all.saturating_sub(listed + silent)
    });
    hidden.max().unwrap_or(0)
}

impl OrderedPolicy {
    /// The policy as the app lists it.
    pub(super) fn own(self, app: &App) -> Option<&Policy> {
        app.policies.as_ref()?.get(self.own)
    }

    /// The policy with its rules.
    pub(super) fn resolved<'a>(self, app: &'a App, policies: &'a [Policy]) -> Option<&'a Policy> {
        match self.reusable {
            None => self.own(app),
            Some(at) => policies.get(at),
        }
    }
}

impl PolicyPlace {
    pub(super) fn of(self, objects: &Objects) -> Option<&Policy> {
        match self {
            Self::Reusable(at) => objects.policies.get(at),
            Self::Own(app, at) => objects.apps.get(app)?.policies.as_ref()?.get(at),
        }
    }
}

/// The policies of an app in the order of evaluation: first Bypass and Service Auth, then the others,
/// each by precedence, or as listed if one of them has none. `None` if one could not be read.
fn ordered(
    app: &App,
    reusable: &HashMap<&str, usize>,
    policies: &[Policy],
) -> Option<Vec<OrderedPolicy>> {
    let own = app.policies.as_ref()?;
    let resolve = |(at, policy): (usize, &Policy)| {
        let listed = || {
            let at = reusable.get(policy.id.as_str()).copied()?;
            policies[at].rules.is_some().then_some(at)
        };
        let reusable = match policy.rules {
            Some(_) => None,
            None => Some(listed()?),
        };
        Some(OrderedPolicy { own: at, reusable })
    };
    let all: Option<Vec<OrderedPolicy>> = own.iter().enumerate().map(resolve).collect();
    let is_first = |it: &OrderedPolicy| {
        let policy = it.resolved(app, policies);
        policy.is_some_and(|policy| policy.decision.is_first())
    };
    let (mut first, mut second): (Vec<_>, Vec<_>) = all?.into_iter().partition(is_first);
    let precedence = |it: &OrderedPolicy| own[it.own].precedence;
    for pass in [&mut first, &mut second] {
        if pass.iter().all(|it| precedence(it).is_some()) {
            pass.sort_by_key(precedence);
        }
    }
    first.append(&mut second);
    Some(first)
}

/// Adds a place to an ascending list, unless it was the last to be added.
fn add(places: &mut Vec<usize>, place: usize) {
    if places.last() != Some(&place) {
        places.push(place);
    }
}

/// The names of the tokens that rules name themselves.
fn token_names(rules: Option<&Rules>) -> impl Iterator<Item = &str> {
    let rules = rules.into_iter().flat_map(Rules::all);
    rules.filter_map(|rule| match rule {
        Rule::ServiceToken(id) => id.as_deref(),
        _ => None,
    })
}

/// The places of the apps whose own policies are still to be asked for: the list did not report
/// them, or reported one without rules that is not among the reusable policies.
pub fn unread_apps<'a>(
    apps: &'a [impl Borrow<App>],
    policies: &'a [Policy],
) -> impl Iterator<Item = usize> + 'a {
    let known = policies.iter().filter(|policy| policy.rules.is_some());
    let known: HashSet<&str> = known.map(|policy| policy.id.as_str()).collect();
    let is_read =
        move |policy: &Policy| policy.rules.is_some() || known.contains(policy.id.as_str());
    let places = apps.iter().enumerate().filter(move |(_, app)| {
        let app: &App = (*app).borrow();
        let own = app.policies.as_ref();
        !own.is_some_and(|own| own.iter().all(&is_read))
    });
    places.map(|(at, _)| at)
}
