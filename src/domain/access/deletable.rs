//! Whether a token may be deleted, and why.

use chrono::TimeDelta;

use super::answer::brief;
use super::baseline::Tally;
use super::map::{Part, number};
use super::objects::{Policy, title};
use super::uses::{Deletable, Lookup, NamedToken};
use crate::domain::duration;
use crate::domain::scope::ScopeKind;
use crate::domain::text;
use crate::domain::token::Reported;

/// A token that was seen within this time is in use, whatever names it.
const IN_USE: TimeDelta = TimeDelta::days(30);

/// More places than this are counted, not named.
const MOST_NAMED: usize = 3;

impl Lookup<'_> {
    /// Whether deleting the token is refused or breaks something, and why.
    pub(super) fn deletable(
        &self,
        named: &NamedToken<'_>,
        tally: Tally,
    ) -> (Deletable, Vec<String>) {
        let mut against = Vec::new();
        against.extend(self.refusing(named));
        against.extend(self.breaking(named));
        against.extend(open_to_any(tally));
        if !against.is_empty() {
            return (Deletable::No, against);
        }
        let doubts = self.doubts(named, tally);
        if doubts.is_empty() {
            (Deletable::Yes, self.visible())
        } else {
            (Deletable::Unknown, doubts)
        }
    }

    /// The places for whose sake the API refuses to delete the token.
    fn refusing(&self, named: &NamedToken<'_>) -> Option<String> {
        let objects = self.map.objects();
        let policies = named.by_id.policies.iter();
        let policies = policies.filter_map(|at| self.index.policies[*at].place.of(objects));
        let policies: Vec<&str> = policies.map(Policy::title).collect();
        let groups = named.by_id.groups.iter();
        let groups: Vec<&str> = groups.map(|at| objects.groups[*at].title()).collect();
        let apps = named.places(|it| &it.scim);
        let apps: Vec<&str> = apps.iter().map(|at| objects.apps[*at].title()).collect();
        let kinds = [
            ("policy", "policies", policies),
            ("group", "groups", groups),
            ("SCIM of", "SCIM configurations", apps),
        ];
        let places = enumerate(&kinds)?;
        Some(format!("the API would refuse (named by {places})"))
    }

    /// The places that would break without the token.
    fn breaking(&self, named: &NamedToken<'_>) -> Option<String> {
        let objects = self.map.objects();
        let doh = vec![""; usize::from(named.by_id.doh || named.by_client_id.doh)];
        let profiles = named.places(|it| &it.device_profiles);
        let profiles = profiles.iter().map(|at| &objects.device_profiles[*at]);
        let profiles: Vec<&str> = profiles.map(|it| title(&it.name, &it.id)).collect();
        let configs = named.places(|it| &it.hyperdrive);
        let configs = configs.iter().map(|at| &objects.hyperdrive[*at]);
        let configs: Vec<&str> = configs.map(|it| title(&it.name, &it.id)).collect();
        let kinds = [
            ("DNS over HTTPS", "", doh),
            ("device profile", "device profiles", profiles),
            ("Hyperdrive", "Hyperdrive configurations", configs),
        ];
        let places = enumerate(&kinds)?;
        Some(format!("what uses it would break ({places})"))
    }

    /// The doubts about deleting a token that nothing names.
    fn doubts(&self, named: &NamedToken<'_>, tally: Tally) -> Vec<String> {
        let mut doubts = self.gaps.clone();
        if named.id.is_empty() || named.client_id.is_empty() {
            doubts.push("its ID or client ID is not known".to_owned());
        }
        let objects = self.map.objects();
        let policies = named.by_client_id.policies.iter();
        let policies = policies.filter_map(|at| self.index.policies[*at].place.of(objects));
        let policies = policies.map(|policy| format!("policy {}", brief(policy.title())));
        let groups = named.by_client_id.groups.iter();
        let groups = groups.map(|at| format!("group {}", brief(objects.groups[*at].title())));
        let misplaced = policies.chain(groups);
        doubts.extend(misplaced.map(|it| format!("{it} holds its client ID where its ID belongs")));
        if named.by_id.is_mentioned || named.by_client_id.is_mentioned {
            let what = "a rule or a setting that tokenscope does not know mentions it";
            doubts.push(what.to_owned());
        }
        if tally.counts.unknown > 0 {
            let apps = number(tally.counts.unknown, "app");
            doubts.push(format!("{apps} could not be judged"));
        }
        if tally.for_everyone > 0 {
            let apps = number(tally.for_everyone, "app");
            doubts.push(format!(
                "a Service Auth policy of {apps} names everyone, so any service token may be in use there"
            ));
        }
        doubts.extend(seen(named));
        doubts
    }

    /// The doubts about deleting any token of the map.
    pub(super) fn gaps(&self) -> Vec<String> {
        let kind = self.map.scope.kind();
        let mut gaps = Vec::new();
        if kind == ScopeKind::Zone {
            gaps.push(
                "the account's policies, DNS over HTTPS, device profiles and Hyperdrive are not asked \
                 for in a zone"
                    .to_owned(),
            );
        }
        let needed = Part::NEEDED_TO_DELETE.into_iter();
        let needed = needed.filter(|part| part.is_in(kind));
        gaps.extend(needed.filter_map(|part| self.map.why_unread(part)));
        gaps.extend(self.map.hidden());
        gaps.extend(self.map.nothing_visible());
        gaps.extend(self.unclear_rules());
        for at in &self.index.unclear_profiles {
            let profile = &self.map.objects().device_profiles[*at];
            let name = brief(title(&profile.name, &profile.id));
            gaps.push(format!(
                "device profile {name} selects by tokens that it does not list"
            ));
        }
        if self.index.unread_scim > 0 {
            let apps = number(self.index.unread_scim, "app");
            gaps.push(format!(
                "the SCIM configuration of {apps} could not be read"
            ));
        }
        gaps
    }

    /// The policies and groups that may name any token, as far as their rules say.
    fn unclear_rules(&self) -> impl Iterator<Item = String> {
        let (index, objects) = (self.index, self.map.objects());
        let of_policy = |at: &usize| index.policies[*at].place.of(objects).map(Policy::title);
        let of_group = |at: &usize| objects.groups[*at].title();
        let places = |policies: &[usize], groups: &[usize]| {
            let policies = policies.iter().filter_map(of_policy).collect();
            let groups = groups.iter().map(of_group).collect();
            enumerate(&[
                ("policy", "policies", policies),
                ("group", "groups", groups),
            ])
        };
        let unclear = places(&index.unclear_policies, &index.unclear_groups)
            .map(|it| format!("a rule of {it} does not say which token or group it means"));
        let bare = places(&index.bare_policies, &index.bare_groups)
            .map(|it| format!("{it} came without rules"));
        let unknown = places(&index.unknown_kinds, &[]).map(|it| {
            format!(
                "a rule of {it} is of a kind that tokenscope does not know: it may admit any token"
            )
        });
        unclear.into_iter().chain(bare).chain(unknown)
    }

    /// Why a token may be deleted, with the lists that are empty: they may have been filtered.
    fn visible(&self) -> Vec<String> {
        let mut reasons = vec!["nothing that this credential sees names it".to_owned()];
        let empty = Part::NEEDED_TO_DELETE.into_iter();
        let empty = empty.filter(|part| self.map.count(*part) == 0);
        let empty: Vec<&str> = empty.map(Part::label).collect();
        if !empty.is_empty() {
            reasons.push(format!("0 visible: {}", empty.join(", ")));
        }
        reasons
    }
}

/// Why a token that any app takes is in use as such.
fn open_to_any(tally: Tally) -> Option<String> {
    let apps = |count| number(count, "app");
    let verb = |count| if count == 1 { "opens" } else { "open" };
    let as_any = "for it as for any valid service token (whoever uses it there breaks)";
    match (tally.open_to_any, tally.may_open_to_any) {
        (0, 0) => None,
        (open, 0) => Some(format!("{} {} {as_any}", apps(open), verb(open))),
        (0, may) => Some(format!("{} may open {as_any}", apps(may))),
        (open, may) => {
            let (apps, verb) = (apps(open), verb(open));
            Some(format!("{apps} {verb} and {may} may open {as_any}"))
        }
    }
}

/// Whether the token was seen lately, though nothing is known to use it.
fn seen(named: &NamedToken<'_>) -> Option<String> {
    match &named.token.last_seen_at {
        Reported::Valid(seen) => {
            let since = named.context.now.signed_duration_since(*seen);
            let ago = duration::ago(since);
            (since < IN_USE)
                .then(|| format!("seen {ago}, though nothing that this credential sees names it"))
        }
        Reported::Absent | Reported::Malformed(_) => {
            Some("the API does not say when it was last seen".to_owned())
        }
        Reported::Null => None,
    }
}

/// `policy A and group B`, or `4 policies and 2 groups`. `None` for none.
fn enumerate(kinds: &[(&str, &str, Vec<&str>)]) -> Option<String> {
    let count: usize = kinds.iter().map(|(_, _, names)| names.len()).sum();
    let mut places = Vec::new();
    for (one, many, names) in kinds {
        if count > MOST_NAMED && names.len() > 1 {
            places.push(format!("{} {many}", text::number(names.len())));
        } else {
            let named = names.iter().map(|name| format!("{one} {}", brief(name)));
            places.extend(named.map(|name| name.trim_end().to_owned()));
        }
    }
    (count > 0).then(|| text::listed(&places))
}
