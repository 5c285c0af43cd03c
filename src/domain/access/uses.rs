//! What a map says about one token: apps, other references, whether it may be deleted, who is told
//! before it expires, and what the organization does with it if nobody uses it.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};

use super::evaluate::TokenNames;
use super::map::{AccessMap, Part, by_id};
use super::objects::{CleanUp, Group, Policy};
use super::verdict::{AppAnswer, AppEvaluator, Verdict};
use crate::domain::scope::ScopeKind;
use crate::domain::status::{EvaluationContext, Status};
use crate::domain::token::{Reported, ServiceToken};

/// A token that was seen within this time is in use, whatever names it.
const IN_USE: TimeDelta = TimeDelta::days(30);

/// A place that is no app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReferenceKind {
    Policy,
    Group,
    Scim,
    Doh,
    DeviceProfile,
    Hyperdrive,
}

impl ReferenceKind {
    /// The word used in JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Group => "group",
            Self::Scim => "scim",
            Self::Doh => "doh",
            Self::DeviceProfile => "device_profile",
            Self::Hyperdrive => "hyperdrive",
        }
    }

    /// The words on screen and in sentences.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Group => "group",
            Self::Scim => "SCIM",
            Self::Doh => "DNS over HTTPS",
            Self::DeviceProfile => "device profile",
            Self::Hyperdrive => "Hyperdrive",
        }
    }
}

/// A place that names a token. Untrusted text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub kind: ReferenceKind,
    pub id: String,
    pub name: String,
    pub message: String,
}

/// Whether a token may be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletable {
    Yes,
    No,
    Unknown,
}

impl Deletable {
    /// The word used in JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// Whether somebody is told before a token expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Yes,
    Nobody,
    /// An alert exists, but its filters may leave this token out.
    Maybe,
    Unknown,
    /// The token never expires.
    NotNeeded,
}

impl Told {
    /// The word used in JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Nobody => "nobody",
            Self::Maybe => "maybe",
            Self::Unknown => "unknown",
            Self::NotNeeded => "not_needed",
        }
    }
}

/// What the organization does with a token that nobody uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CleanUpPlan {
    /// Nothing, as it is off.
    Off,
    Unknown,
    /// A policy names the token itself.
    Spared,
    On(CleanUp, u32, DateTime<Utc>),
}

/// What a map says about one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenUses {
    /// The apps, worst first.
    pub apps: Vec<AppAnswer>,
    pub references: Vec<Reference>,
    pub deletable: Deletable,
    /// Why, as sentence fragments.
    pub deletable_reasons: Vec<String>,
    pub told: Told,
    /// Whom the alerts reach. Untrusted text.
    pub told_who: Vec<String>,
    pub clean_up: CleanUpPlan,
}

impl TokenUses {
    /// Whether anything names the token itself or through a group.
    #[must_use]
    pub fn is_referenced(&self) -> bool {
        !self.references.is_empty() || self.apps.iter().any(|app| app.is_named)
    }
}

/// Objects by ID, to be built once for all tokens of a map.
pub struct Lookup<'a> {
    map: &'a AccessMap,
    groups: HashMap<&'a str, &'a Group>,
    policies: HashMap<&'a str, &'a Policy>,
    /// How many of the listed apps carry each policy.
    carried: BTreeMap<&'a str, usize>,
}

impl<'a> Lookup<'a> {
    /// Prepares to answer for the tokens of a map.
    #[must_use]
    pub fn new(map: &'a AccessMap) -> Self {
        let mut carried = BTreeMap::new();
        for app in &map.objects().apps {
            for policy in app.policies.iter().flatten() {
                *carried.entry(policy.id.as_str()).or_default() += 1;
            }
        }
        Self {
            map,
            groups: by_id(&map.objects().groups, |group| &group.id),
            policies: by_id(&map.objects().policies, |policy| &policy.id),
            carried,
        }
    }

    /// The answer for a token.
    #[must_use]
    pub fn uses(&self, token: &ServiceToken, context: EvaluationContext) -> TokenUses {
        let id = token.id_text().to_ascii_lowercase();
        let client_id = token.client_id_text().to_ascii_lowercase();
        let status = Status::of(token, context);
        let evaluator = AppEvaluator {
            groups: &self.groups,
            policies: &self.policies,
            token: TokenNames {
                id: &id,
                client_id: &client_id,
            },
            is_dead: matches!(status, Status::Disabled | Status::Expired),
        };
        let places = self.map.apps_of(&id, &client_id);
        let apps = places.into_iter().filter_map(|at| {
            let app = self.map.objects().apps.get(at)?;
            evaluator.answer(app)
        });
        let mut apps: Vec<AppAnswer> = apps.collect();
        apps.sort_by(|one, other| {
            let key = |it: &AppAnswer| (it.verdict, it.app.title().to_lowercase());
            key(one).cmp(&key(other))
        });
        let references = self.references(&id, &client_id);
        let (deletable, deletable_reasons) = self.deletable(token, &apps, &references, context);
        let (told, told_who) = self.told(&id, &client_id, status);
        TokenUses {
            clean_up: self.clean_up(token, &id),
            apps,
            references,
            deletable,
            deletable_reasons,
            told,
            told_who,
        }
    }
}

impl<'a> Lookup<'a> {
    /// The places besides the apps' own policies that name a token.
    fn references(&self, id: &str, client_id: &str) -> Vec<Reference> {
        let objects = self.map.objects();
        let index = self.map.built_index();
        let naming = |index: &HashMap<String, Vec<usize>>| -> Vec<usize> {
            let names = [id, client_id].into_iter();
            let places = names.filter_map(|name| index.get(name));
            let mut places: Vec<usize> = places.flatten().copied().collect();
            places.sort_unstable();
            places.dedup();
            places
        };
        let mut references = Vec::new();
        let mut add = |kind, id: &str, name: &str, message: String| {
            references.push(Reference {
                kind,
                id: id.to_owned(),
                name: name.to_owned(),
                message,
            });
        };
        for at in naming(&index.policies_naming) {
            let policy = &objects.policies[at];
            if !self.carried.contains_key(policy.id.as_str()) {
                let message = match policy.app_count {
                    Some(1..) => "only hidden apps use it",
                    Some(0) | None => "no app uses it",
                };
                add(
                    ReferenceKind::Policy,
                    &policy.id,
                    &policy.name,
                    message.to_owned(),
                );
            }
        }
        for at in naming(&index.groups_naming) {
            let group = &objects.groups[at];
            add(
                ReferenceKind::Group,
                &group.id,
                &group.name,
                self.users_of(&group.id),
            );
        }
        references.extend(self.other_places(id, client_id));
        references
    }

    /// The places outside policies and groups that name a token.
    fn other_places(&self, id: &str, client_id: &str) -> Vec<Reference> {
        let objects = self.map.objects();
        let mut references = Vec::new();
        let mut add = |kind, id: &str, name: &str, message: &str| {
            references.push(Reference {
                kind,
                id: id.to_owned(),
                name: name.to_owned(),
                message: message.to_owned(),
            });
        };
        for app in &objects.apps {
            if app.scim_clients.iter().any(|client| client == client_id) {
                let message = "Access calls this app's SCIM service with it";
                add(ReferenceKind::Scim, &app.id, app.title(), message);
            }
        }
        if objects
            .doh
            .as_ref()
            .is_some_and(|doh| doh.is(id, client_id))
        {
            let message = "clients of DNS over HTTPS authenticate with it";
            add(ReferenceKind::Doh, "", "DNS over HTTPS", message);
        }
        for profile in objects.device_profiles.iter().filter(|it| it.names(id)) {
            let message = "selects the devices that were enrolled with it";
            add(
                ReferenceKind::DeviceProfile,
                &profile.id,
                &profile.name,
                message,
            );
        }
        for config in &objects.hyperdrive {
            if config.client_id.as_deref() == Some(client_id) {
                let message = "reaches its database with it";
                add(ReferenceKind::Hyperdrive, &config.id, &config.name, message);
            }
        }
        references
    }

    /// What holds a group, itself or through other groups: `in Machines; 1 app`.
    fn users_of(&self, id: &str) -> String {
        let holds = |rules: Option<&super::rules::Rules>, id: &str| {
            rules.is_some_and(|rules| rules.holds_group(id))
        };
        // Outer groups, nearest first; each once, so that cycles end.
        let mut around: Vec<&Group> = Vec::new();
        let mut next = vec![id];
        while let Some(inner) = next.pop() {
            for group in &self.map.objects().groups {
                let is_new = group.id != id && !around.iter().any(|known| known.id == group.id);
                if is_new && holds(group.rules.as_ref(), inner) {
                    around.push(group);
                    next.push(&group.id);
                }
            }
        }
        let ids: Vec<&str> = std::iter::once(id)
            .chain(around.iter().map(|group| group.id.as_str()))
            .collect();
        let apps = self.map.objects().apps.iter().filter(|app| {
            let own = app.policies.iter().flatten();
            let mut rules = own.filter_map(|policy| {
                let reusable = self.policies.get(policy.id.as_str());
                let reusable = || reusable.and_then(|policy| policy.rules.as_ref());
                policy.rules.as_ref().or_else(reusable)
            });
            rules.any(|rules| ids.iter().any(|id| rules.holds_group(id)))
        });
        let count = apps.count();
        let apps = format!("{count} {}", if count == 1 { "app" } else { "apps" });
        match around.first() {
            Some(outer) => format!("in {}; {apps}", outer.name),
            None => apps,
        }
    }

    /// Whether deleting the token is refused or breaks something, and why.
    fn deletable(
        &self,
        token: &ServiceToken,
        apps: &[AppAnswer],
        references: &[Reference],
        context: EvaluationContext,
    ) -> (Deletable, Vec<String>) {
        let named = apps.iter().filter(|app| app.is_named).count();
        let mut against = Vec::new();
        if named > 0 {
            let apps = if named == 1 {
                "an app's policy names"
            } else {
                "policies of several apps name"
            };
            against.push(format!("{apps} it (the API would refuse)"));
        }
        let why = |kind| match kind {
            ReferenceKind::Policy | ReferenceKind::Group | ReferenceKind::Scim => {
                "the API would refuse"
            }
            ReferenceKind::Doh | ReferenceKind::DeviceProfile | ReferenceKind::Hyperdrive => {
                "it would break"
            }
        };
        against.extend(references.iter().map(|reference| {
            let (kind, name) = (reference.kind.label(), &reference.name);
            format!("{kind} {name} names it ({})", why(reference.kind))
        }));
        let lets_any_in = |app: &&AppAnswer| {
            let may_open = matches!(
                app.verdict,
                Verdict::Opens | Verdict::OpensByGroup | Verdict::Depends
            );
            app.any_token && may_open
        };
        let open = apps.iter().filter(lets_any_in).count();
        if open > 0 {
            let noun = if open == 1 { "app opens" } else { "apps open" };
            against.push(format!("{open} {noun} for it as for any service token"));
        }
        if !against.is_empty() {
            return (Deletable::No, against);
        }
        let missing = self.doubts(token, apps, context);
        if missing.is_empty() {
            (
                Deletable::Yes,
                vec!["nothing that this credential sees names it".to_owned()],
            )
        } else {
            (Deletable::Unknown, missing)
        }
    }

    /// What keeps a token that nothing names from being surely deletable.
    fn doubts(
        &self,
        token: &ServiceToken,
        apps: &[AppAnswer],
        context: EvaluationContext,
    ) -> Vec<String> {
        const NEEDED: [Part; 6] = [
            Part::Apps,
            Part::Policies,
            Part::Groups,
            Part::Doh,
            Part::DeviceProfiles,
            Part::Hyperdrive,
        ];
        let mut doubts = Vec::new();
        if self.map.scope.kind() == ScopeKind::Zone {
            doubts.push("the account's policies and other places were not asked".to_owned());
        }
        let unread = NEEDED
            .iter()
            .filter(|part| part.is_in(self.map.scope.kind()) && !self.map.is_read(**part));
        doubts.extend(unread.map(|part| format!("{} could not be read whole", part.label())));
        match self.map.hidden_apps() {
            0 => {}
            1 => doubts.push("1 app is hidden from this credential".to_owned()),
            hidden => doubts.push(format!("{hidden} apps are hidden from this credential")),
        }
        let visible = [Part::Apps, Part::Policies, Part::Groups];
        if visible.iter().all(|part| self.map.count(*part) == 0) {
            doubts.push("no app, policy or group is visible to this credential".to_owned());
        }
        let unknown = apps
            .iter()
            .filter(|app| app.verdict == Verdict::Unknown)
            .count();
        if unknown > 0 {
            let noun = if unknown == 1 { "app" } else { "apps" };
            doubts.push(format!("{unknown} {noun} could not be judged"));
        }
        let for_anyone = apps.iter().filter(|app| app.anyone).count();
        if for_anyone > 0 {
            doubts.push("a Service Auth policy is about everyone".to_owned());
        }
        match &token.last_seen_at {
            Reported::Valid(seen) if context.now.signed_duration_since(*seen) < IN_USE => {
                let ago = crate::domain::duration::ago(context.now.signed_duration_since(*seen));
                doubts.push(format!(
                    "seen {ago}, though nothing that this credential sees names it"
                ));
            }
            Reported::Malformed(_) => doubts.push("when it was last seen is not known".to_owned()),
            Reported::Valid(_) | Reported::Null | Reported::Absent => {}
        }
        doubts
    }

    /// Whether somebody is told before the token expires, and who.
    fn told(&self, id: &str, client_id: &str, status: Status) -> (Told, Vec<String>) {
        if status == Status::NeverExpires {
            return (Told::NotNeeded, Vec::new());
        }
        let alerts = &self.map.objects().alerts;
        let is_about = |filters: &[String]| {
            filters.is_empty()
                || filters
                    .iter()
                    .any(|value| value == id || value == client_id)
        };
        let (sure, perhaps): (Vec<_>, Vec<_>) =
            alerts.iter().partition(|alert| is_about(&alert.filters));
        let (told, alerts) = match (sure.is_empty(), perhaps.is_empty()) {
            (false, _) => (Told::Yes, sure),
            (true, false) => (Told::Maybe, perhaps),
            (true, true) if self.map.is_read(Part::Alerts) => (Told::Nobody, Vec::new()),
            (true, true) => (Told::Unknown, Vec::new()),
        };
        let mut who: Vec<String> = Vec::new();
        let mut others: BTreeMap<&str, usize> = BTreeMap::new();
        for alert in alerts {
            who.extend(alert.emails.iter().cloned());
            for (kind, count) in &alert.others {
                *others.entry(kind).or_default() += count;
            }
        }
        who.sort_unstable();
        who.dedup();
        who.extend(others.iter().map(|(kind, count)| match (*kind, count) {
            ("webhooks", 1) => "1 webhook".to_owned(),
            (kind, count) => format!("{count} {kind}"),
        }));
        (told, who)
    }

    /// What the organization's clean-up does with the token: unless a policy names it directly, it
    /// counts the days since the token was last seen or, if never, created.
    fn clean_up(&self, token: &ServiceToken, id: &str) -> CleanUpPlan {
        if !self.map.is_read(Part::Organization) {
            return CleanUpPlan::Unknown;
        }
        let (action, days) = match self.map.objects().organization.inactivity {
            None => return CleanUpPlan::Unknown,
            Some(None) => return CleanUpPlan::Off,
            Some(Some(plan)) => plan,
        };
        if self.is_named_directly(id) {
            return CleanUpPlan::Spared;
        }
        let parts = [Part::Apps, Part::Policies];
        let is_read = parts
            .iter()
            .all(|part| !part.is_in(self.map.scope.kind()) || self.map.is_read(*part));
        let has_unread = self
            .map
            .objects()
            .apps
            .iter()
            .any(|app| app.policies.is_none());
        if !is_read || has_unread || self.map.hidden_apps() > 0 {
            return CleanUpPlan::Unknown;
        }
        let since = match &token.last_seen_at {
            Reported::Valid(seen) => Some(*seen),
            Reported::Null => token.created_at.valid().copied(),
            Reported::Absent | Reported::Malformed(_) => None,
        };
        let due = since.and_then(|since| since.checked_add_signed(TimeDelta::days(days.into())));
        due.map_or(CleanUpPlan::Unknown, |due| {
            CleanUpPlan::On(action, days, due)
        })
    }

    /// Whether a policy, and not only a group, names the token.
    fn is_named_directly(&self, id: &str) -> bool {
        let objects = self.map.objects();
        let own = objects
            .apps
            .iter()
            .flat_map(|app| app.policies.iter().flatten());
        let rules = own
            .chain(&objects.policies)
            .filter_map(|policy| policy.rules.as_ref());
        rules.into_iter().any(|rules| rules.names_token(id))
    }
}
