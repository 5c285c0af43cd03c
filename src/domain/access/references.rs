//! The places besides the apps' own policies that name a token.

use std::collections::BTreeSet;

use super::answer::brief;
use super::index::Naming;
use super::map::{Part, number};
use super::objects::Policy;
use super::rules::{Rule, Rules};
use super::uses::{Lookup, NamedToken, Reference, ReferenceKind};

impl Lookup<'_> {
    /// How many policies, groups and other places hold the token's ID or client ID.
    pub(super) fn named_by(named: &NamedToken<'_>) -> usize {
        let kinds: [fn(&Naming) -> &Vec<usize>; 5] = [
            |it| &it.policies,
            |it| &it.groups,
            |it| &it.scim,
            |it| &it.device_profiles,
            |it| &it.hyperdrive,
        ];
        let [id, client_id] = [named.by_id, named.by_client_id];
        let doh = usize::from(id.doh || client_id.doh);
        let mentioned = usize::from(id.is_mentioned || client_id.is_mentioned);
        let listed = kinds.iter().map(|kind| named.places(kind).len());
        listed.sum::<usize>() + doh + mentioned
    }

    /// The places that name the token, besides the policies of listed apps.
    pub(super) fn references(&self, named: &NamedToken<'_>) -> Vec<Reference> {
        let objects = self.map.objects();
        let mut references = Vec::new();
        let mut add = |kind, id: &str, name: &str, message: String| {
            references.push(Reference {
                kind,
                id: id.to_owned(),
                name: name.to_owned(),
                message,
            });
        };
        for at in named.places(|it| &it.policies) {
            let listed = &self.index.policies[at];
            if let Some(policy) = listed.place.of(objects).filter(|_| !listed.is_used) {
                let message = self.unused_policy(policy, named);
                add(ReferenceKind::Policy, &policy.id, &policy.name, message);
            }
        }
        for at in named.places(|it| &it.groups) {
            let group = &objects.groups[at];
            let how = how(group.rules.as_ref(), named);
            let users = self.group_users[at].get_or_init(|| self.users_of_group(&group.id));
            let message = format!("{how}; {users}");
            add(ReferenceKind::Group, &group.id, &group.name, message);
        }
        for at in named.places(|it| &it.scim) {
            let app = &objects.apps[at];
            let message = "Access calls this app's SCIM service with it".to_owned();
            add(ReferenceKind::Scim, &app.id, app.title(), message);
        }
        if named.by_id.doh || named.by_client_id.doh {
            let message = "clients of DNS over HTTPS authenticate with it".to_owned();
            add(ReferenceKind::Doh, "", "DNS over HTTPS", message);
        }
        for at in named.places(|it| &it.device_profiles) {
            let profile = &objects.device_profiles[at];
            let message = "selects devices by whether this token enrolled them".to_owned();
            add(
                ReferenceKind::DeviceProfile,
                &profile.id,
                &profile.name,
                message,
            );
        }
        for at in named.places(|it| &it.hyperdrive) {
            let config = &objects.hyperdrive[at];
            let message = "reaches its database with it".to_owned();
            add(ReferenceKind::Hyperdrive, &config.id, &config.name, message);
        }
        references
    }

    /// `excludes it; no app uses it`.
    fn unused_policy(&self, policy: &Policy, named: &NamedToken<'_>) -> String {
        let how = how(policy.rules.as_ref(), named);
        let count = policy.app_count.unwrap_or(0);
        let apps = number(count, "app");
        let use_it = if count == 1 { "uses" } else { "use" };
        let users = match (count, self.map.is_read(Part::Apps)) {
            (0, true) => "no app uses it".to_owned(),
            (0, false) if policy.app_count.is_some() => "no app uses it".to_owned(),
            (0, false) => "it is not known which apps use it".to_owned(),
            (_, true) => format!("{apps} {use_it} it, hidden from this credential"),
            (_, false) => format!("{apps} {use_it} it"),
        };
        format!("{how}; {users}")
    }

    /// The direct and indirect users of a group: `in Machines; used by policy CI; 1 app`.
    fn users_of_group(&self, id: &str) -> String {
        let objects = self.map.objects();
        let groups = &self.index.groups;
        let Some(rank) = groups.rank(id) else {
            return "no app".to_owned();
        };
        let mut ranks = vec![rank];
        ranks.extend(
            (0..groups.len()).filter(|outer| {
                *outer != rank && groups.within(*outer).binary_search(&rank).is_ok()
            }),
        );
        let mut apps: BTreeSet<usize> = BTreeSet::new();
        let mut policies: BTreeSet<usize> = BTreeSet::new();
        for rank in &ranks {
            apps.extend(&self.index.apps_of_groups[*rank]);
            policies.extend(&self.index.policies_of_groups[*rank]);
        }
        let outer = ranks
            .iter()
            .skip(1)
            .map(|rank| &objects.groups[groups.place(*rank)]);
        let outer: Vec<&str> = outer.map(super::objects::Group::title).collect();
        let policies = policies
            .iter()
            .filter_map(|at| self.index.policies[*at].place.of(objects));
        let policies: Vec<&str> = policies.map(Policy::title).collect();
        let mut parts = Vec::new();
        match outer.as_slice() {
            [] => {}
            [one] => parts.push(format!("in {}", brief(one))),
            [first, more @ ..] => {
                let more = number(more.len(), "more group");
                parts.push(format!("in {} and {more}", brief(first)));
            }
        }
        match policies.as_slice() {
            [] if self.map.is_read(Part::Policies) => parts.push("no policy uses it".to_owned()),
            [] => {}
            [one] => parts.push(format!("used by policy {}", brief(one))),
            all => parts.push(format!("used by {} policies", all.len())),
        }
        parts.push(match apps.len() {
            0 if self.map.is_read(Part::Apps) => "no app".to_owned(),
            0 => "it is not known which apps use it".to_owned(),
            count => number(count, "app"),
        });
        parts.join("; ")
    }
}

/// How rules name a token: `names it`, `excludes it`.
fn how(rules: Option<&Rules>, named: &NamedToken<'_>) -> &'static str {
    let Some(rules) = rules else {
        return "names it";
    };
    let holds = |section: &[Rule], name: &str| {
        let is_it = |rule: &Rule| matches!(rule, Rule::ServiceToken(Some(id)) if id == name);
        section.iter().any(is_it)
    };
    if holds(&rules.include, &named.id) {
        "includes it"
    } else if holds(&rules.require, &named.id) {
        "requires it"
    } else if holds(&rules.exclude, &named.id) {
        "excludes it"
    } else {
        "holds its client ID where its ID belongs"
    }
}
