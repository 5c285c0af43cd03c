//! What happens to a token without anybody's doing: who is told before it expires, and when the
//! organization's clean-up takes it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::map::Part;
use super::objects::{CleanUp, ExpiryAlert, Inactivity};
use super::uses::{CleanUpPlan, Lookup, NamedToken, TokenUses, Told};
use crate::domain::scope::ScopeKind;
use crate::domain::status::{Lifecycle, Status};
use crate::domain::text;
use crate::domain::token::Reported;

impl Lookup<'_> {
    /// Whether somebody is told before the token expires, and who.
    pub(super) fn told(&self, named: &NamedToken<'_>) -> (Told, Vec<String>) {
        let life = Lifecycle::of(named.token);
        if Status::by_dates(life, named.context) == Status::NeverExpires {
            return (Told::NotNeeded, Vec::new());
        }
        let is_it =
            |value: &String| !value.is_empty() && (*value == named.id || *value == named.client_id);
        let is_about =
            |alert: &&ExpiryAlert| alert.filters.is_empty() || alert.filters.iter().any(is_it);
        let alerts = &self.map.objects().alerts;
        let (sure, perhaps): (Vec<_>, Vec<_>) = alerts.iter().partition(is_about);
        match (sure.is_empty(), perhaps.is_empty()) {
            (false, _) => (Told::Yes, reached(&sure)),
            (true, false) => (Told::Maybe, reached(&perhaps)),
            (true, true) if self.map.is_read(Part::Alerts) => (Told::Nobody, Vec::new()),
            (true, true) => (Told::Unknown, Vec::new()),
        }
    }

    /// What the organization's clean-up does with the token, and the policy that spares it: one that
    /// names the token itself, not through a group. It counts the days since the token was last seen
    /// or, if never, created.
    pub(super) fn clean_up(&self, named: &NamedToken<'_>) -> (CleanUpPlan, Option<String>) {
        let objects = self.map.objects();
        if !self.map.is_read(Part::Organization) {
            return (CleanUpPlan::Unknown, None);
        }
        let (action, days) = match objects.organization.inactivity {
            Inactivity::Unknown => return (CleanUpPlan::Unknown, None),
            Inactivity::Ignored => return (CleanUpPlan::Off, None),
            Inactivity::CleanedUp { action, days } => (action, days),
        };
        let sparing = named.by_id.policies.first();
        let sparing = sparing.and_then(|at| self.index.policies[*at].place.of(objects));
        if let Some(policy) = sparing {
            return (CleanUpPlan::Spared, Some(policy.title().to_owned()));
        }
        if action == CleanUp::Disable && named.status == Status::Disabled {
            return (CleanUpPlan::AlreadyDisabled, None);
        }
        let since = match &named.token.last_seen_at {
            Reported::Valid(seen) => Some(*seen),
            Reported::Null | Reported::Absent => named.token.created_at.valid().copied(),
            Reported::Malformed(_) => None,
        };
        let due = since.and_then(|since| since.checked_add_signed(TimeDelta::days(days.into())));
        let is_sure = self.has_every_policy() && !named.id.is_empty();
        let plan = match due.filter(|_| is_sure) {
            Some(due) => CleanUpPlan::On(action, days, due),
            None => CleanUpPlan::Unknown,
        };
        (plan, None)
    }

    /// Whether no policy that may spare the token is missing. A zone does not show the account's; lists
    /// that are all empty may have been filtered.
    fn has_every_policy(&self) -> bool {
        let (map, index) = (self.map, self.index);
        map.scope.kind() == ScopeKind::Account
            && map.is_read(Part::Apps)
            && map.is_read(Part::Policies)
            && map.unread_apps() == 0
            && map.hidden_apps() == 0
            && !map.is_nothing_visible()
            && index.bare_policies.is_empty()
            && index.unclear_policies.is_empty()
    }

    /// Why it is not known what the clean-up does.
    pub(super) fn clean_up_doubt(&self) -> &'static str {
        let inactivity = self.map.objects().organization.inactivity;
        if !self.map.is_read(Part::Organization) || inactivity == Inactivity::Unknown {
            "the organization's setting could not be read"
        } else if self.map.scope.kind() == ScopeKind::Zone {
            "a policy of the account, which a zone does not show, may spare it"
        } else if self.map.is_nothing_visible() {
            "no app, policy or group is visible to this credential"
        } else if self.has_every_policy() {
            "the API does not say when it was last seen or created"
        } else {
            "a policy that could not be read may spare it"
        }
    }
}

/// The recipients of alerts: `ops@example.com`, `1 webhook`.
fn reached(alerts: &[&ExpiryAlert]) -> Vec<String> {
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
        ("pagerduty", 1) => "1 PagerDuty service".to_owned(),
        ("pagerduty", count) => format!("{count} PagerDuty services"),
        (kind, count) => format!("{count} {kind}"),
    }));
    who
}

impl TokenUses {
    /// Who is told, in a line: `ops@example.com and 1 webhook, 7 days before`. Untrusted text.
    pub fn told_message(&self) -> String {
        let who = match self.told_who.as_slice() {
            [] => "an alert that could not be read completely".to_owned(),
            all => text::listed(all),
        };
        match self.told {
            Told::Yes => format!("{who}, 7 days before"),
            Told::Maybe => {
                format!("maybe {who}, 7 days before: the alert's filters may leave this token out")
            }
            Told::Nobody => "nobody: no expiry alert is visible to this credential".to_owned(),
            Told::Unknown => "not known: the alerts could not be read completely".to_owned(),
            Told::NotNeeded => "not needed: the token never expires".to_owned(),
        }
    }

    /// The effect of the clean-up, in a line. Untrusted text.
    pub fn clean_up_message(&self, now: DateTime<Utc>) -> String {
        match (self.clean_up, &self.spared_by) {
            (CleanUpPlan::Off, _) => "off: unused tokens are kept".to_owned(),
            (CleanUpPlan::Unknown, _) => format!("not known: {}", self.clean_up_doubt),
            (CleanUpPlan::Spared, Some(policy)) => {
                format!("spared: named directly by policy {policy}")
            }
            (CleanUpPlan::Spared, None) => "spared: named directly by a policy".to_owned(),
            (CleanUpPlan::AlreadyDisabled, _) => {
                "nothing left to do: unused tokens are disabled, and this one is".to_owned()
            }
            (CleanUpPlan::On(action, days, due), _) => planned(action, days, due, now),
        }
    }
}

/// `disabled after 90 days without use, on or after 24 Feb 2027`, or `…, at any time now: due since
/// 24 Feb 2026`.
fn planned(action: CleanUp, days: u32, due: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let what = action.done();
    let day = due.format("%-d %b %Y");
    if due <= now {
        format!("{what} after {days} days without use, at any time now: due since {day}")
    } else {
        format!("{what} after {days} days without use, on or after {day}")
    }
}
