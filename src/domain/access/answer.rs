//! Explains a decision about an app: the way from the policy to the rule that decides, the conditions,
//! and what keeps the token out.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::decide::{AppJudge, Decided, JudgedPolicy};
use super::evaluate::Reading;
use super::groups::inner_ids;
use super::objects::title;
use super::rules::{Dependency, LONGEST_NAME, Rule, Rules, Truth, person};
use super::verdict::{
    AppAnswer, Circumstances, DecidingPolicy, Obstacle, Reason, TokenLife, Verdict,
};
use crate::domain::text;

/// The most groups that are named on a way.
const LONGEST_WAY: usize = 20;

/// The end of a path through groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Id,
    ClientId,
    AnyToken,
    Everyone,
    /// A group that could not be read.
    Unread,
}

impl Target {
    /// The likeliest to matter first.
    const ALL: [Self; 5] = [
        Self::Id,
        Self::ClientId,
        Self::AnyToken,
        Self::Everyone,
        Self::Unread,
    ];

    fn label(self) -> &'static str {
        match self {
            Self::Id => "this token",
            Self::ClientId => "its client ID",
            Self::AnyToken => "any valid service token",
            Self::Everyone => "everyone",
            Self::Unread => "a group that could not be read",
        }
    }
}

impl<'a> AppJudge<'a> {
    /// The answer about an app; `None` if its policies are not about the token.
    pub(super) fn answer(&self, at: usize) -> Option<(AppAnswer, Decided)> {
        let app = self.objects.apps.get(at)?;
        let policies = self.policies(at);
        let decided = match &policies {
            None => self.decide(at)?,
            Some(policies) => self.decide_by(app, policies)?,
        };
        let deciding = policies.as_ref().zip(decided.at);
        let deciding = deciding.and_then(|(policies, at)| policies.get(at));
        let mut answer = AppAnswer {
            app: Arc::clone(app),
            verdict: decided.verdict,
            reason: decided.reason,
            policy: None,
            path: Vec::new(),
            conditions: Vec::new(),
            any_token: false,
            anyone: false,
            has_cycle: false,
            is_named: decided.is_named,
            circumstances: Circumstances::default(),
        };
        if let Some(policy) = deciding {
            let place = decided.at.map_or(0, |at| at + 1);
            self.explain(&mut answer, policy, place);
        }
        Some((answer, decided))
    }

    fn explain(&self, answer: &mut AppAnswer, judged: &JudgedPolicy<'a>, place: usize) {
        let policy = judged.policy;
        let name = if policy.name.trim().is_empty() {
            &judged.own.name
        } else {
            &policy.name
        };
        answer.policy = Some(DecidingPolicy {
            id: policy.id.clone(),
            name: name.clone(),
            decision: policy.decision.clone(),
            precedence: judged.own.precedence,
            reusable: judged.own.reusable.or(policy.reusable),
            place,
        });
        answer.any_token = judged.touch.any_token && !judged.touch.by_name;
        answer.anyone = judged.touch.everyone && !judged.touch.by_name && !answer.any_token;
        answer.path = vec![format!("policy {}", brief(title(name, &policy.id)))];
        let Some(rules) = &policy.rules else {
            return;
        };
        let mut dependencies = BTreeSet::new();
        if answer.verdict == Verdict::Depends {
            dependencies = self.dependencies(policy);
            answer.conditions = dependencies.iter().map(ToString::to_string).collect();
        }
        let is_failing = answer.reason == Some(Reason::RuleFails);
        let obstacle = is_failing.then(|| self.obstacle(rules)).flatten();
        let (obstacle, keeps_out) = obstacle.unzip();
        let first_target = |rule| {
            let mut targets = Target::ALL.into_iter();
            Some((rule, targets.find(|target| self.leads_to(rule, *target))?))
        };
        let found = keeps_out.flatten().and_then(first_target);
        let holds_client_id = dependencies.contains(&Dependency::ClientId);
        let misplaced = || {
            let mut all = rules.all().filter(|_| holds_client_id);
            let rule = all.find(|rule| self.leads_to(rule, Target::ClientId))?;
            Some((rule, Target::ClientId))
        };
        let found = found.or_else(misplaced);
        let decisive = found.or_else(|| self.decisive(answer.verdict, rules));
        if let Some((rule, target)) = decisive {
            let (rule, mut seen) = (std::iter::once(rule), BTreeSet::new());
            self.walk(rule, target, &mut seen, &mut answer.path);
        }
        answer.circumstances = Circumstances {
            holds_client_id,
            has_unread_group: (dependencies.iter())
                .any(|it| matches!(it, Dependency::UnreadGroup(_))),
            ..self.circumstances(judged, rules, answer.verdict, obstacle)
        };
        answer.has_cycle = !answer.circumstances.cycle.is_empty();
    }

    fn circumstances(
        &self,
        judged: &JudgedPolicy<'a>,
        rules: &Rules,
        verdict: Verdict,
        obstacle: Option<Obstacle>,
    ) -> Circumstances {
        let of_tokens = [Target::Id, Target::ClientId, Target::AnyToken];
        let is_about = |all: &'a [Rule]| {
            let mut pairs = all
                .iter()
                .flat_map(|rule| of_tokens.map(|target| (rule, target)));
            pairs.any(|(rule, target)| self.leads_to(rule, target))
        };
        let is_refused = verdict == Verdict::Refused;
        let rules_fail = is_refused && self.evaluator.rules(rules, Reading::Plain) == Truth::False;
        let judged_rules = judged.policy.rules.as_ref();
        let admits = judged_rules.map(|rules| (&rules.include, &rules.require));
        Circumstances {
            is_disabled: self.life == TokenLife::Disabled,
            is_life_unknown: self.life == TokenLife::Unknown,
            rules_fail,
            needs_own_policy: is_refused
                && self.needs_own_policy(rules, rules_fail, obstacle.as_ref()),
            obstacle,
            only_excludes: admits
                .is_some_and(|(include, require)| !is_about(include) && !is_about(require)),
            is_about_token: judged.touch.by_name || judged.touch.any_token || judged.touch.everyone,
            cycle: self.cycle(rules),
            ..Circumstances::default()
        }
    }

    /// Whether another action, or one more include rule, would not let the token in, or would shut
    /// people out.
    fn needs_own_policy(
        &self,
        rules: &Rules,
        rules_fail: bool,
        obstacle: Option<&Obstacle>,
    ) -> bool {
        let is = |rule: &Rule, value| self.evaluator.rule(rule, Reading::Plain) == value;
        match obstacle {
            Some(Obstacle::NotIncluded) => {
                rules.exclude.iter().any(|it| is(it, Truth::True))
                    || rules.require.iter().any(|it| is(it, Truth::False))
            }
            Some(Obstacle::Required(_) | Obstacle::Excluded(_)) | None => {
                rules_fail || rules.include.iter().any(|it| self.is_about_people(it))
            }
        }
    }

    fn is_about_people(&self, rule: &Rule) -> bool {
        match rule {
            Rule::People(_) | Rule::Everyone => true,
            Rule::Group(id) => {
                let rank = id.as_deref().and_then(|id| self.index.groups.rank(id));
                let holds = rank.map(|rank| self.index.groups.holds(rank));
                holds.is_some_and(|holds| holds.people || holds.everyone)
            }
            Rule::ServiceToken(_)
            | Rule::AnyServiceToken
            | Rule::Condition(_)
            | Rule::Unknown(_) => false,
        }
    }

    /// The rule that the verdict rests on, and what it leads to.
    fn decisive(&self, verdict: Verdict, rules: &'a Rules) -> Option<(&'a Rule, Target)> {
        let holds = |rule: &&Rule, reading| self.evaluator.rule(rule, reading) == Truth::True;
        let sections = [&rules.include, &rules.require, &rules.exclude];
        let all = || sections.into_iter().flatten();
        let pick = |candidates: Vec<&'a Rule>| {
            Target::ALL.into_iter().find_map(|target| {
                let mut found = candidates.iter();
                let found = found.find(|rule| self.leads_to(rule, target))?;
                Some((*found, target))
            })
        };
        let plain = |rules: &'a [Rule]| rules.iter().filter(|it| holds(it, Reading::Plain));
        let sure = |rule: &&Rule| holds(rule, Reading::GroupsDoubted);
        match verdict {
            Verdict::Opens => pick(rules.include.iter().filter(sure).collect()),
            Verdict::OpensByGroup => {
                // The first section that holds by a group only.
                let is_doubtful = !rules.include.iter().any(|rule| sure(&rule));
                let included = plain(&rules.include);
                let required = plain(&rules.require).filter(|rule| !sure(rule));
                pick(if is_doubtful {
                    included.collect()
                } else {
                    required.collect()
                })
            }
            Verdict::OpenToAll => pick(rules.include.iter().collect()),
            Verdict::Refused | Verdict::Unknown | Verdict::Depends => {
                // A direct rule before one that leads through groups.
                let direct = all().filter(|rule| !matches!(rule, Rule::Group(_)));
                let named = pick(direct.collect()).filter(|(_, target)| *target == Target::Id);
                named.or_else(|| pick(all().collect()))
            }
        }
    }

    fn leads_to(&self, rule: &Rule, target: Target) -> bool {
        match rule {
            Rule::ServiceToken(Some(id)) => match target {
                Target::Id => id == self.subject.id,
                Target::ClientId => id == self.subject.client_id,
                Target::AnyToken | Target::Everyone | Target::Unread => false,
            },
            Rule::AnyServiceToken => target == Target::AnyToken,
            Rule::Everyone => target == Target::Everyone,
            Rule::Group(id) => {
                let rank = id.as_deref().and_then(|id| self.index.groups.rank(id));
                let Some(rank) = rank else {
                    return target == Target::Unread;
                };
                let holds = self.index.groups.holds(rank);
                let [by_id, by_client_id] = self.subject.groups;
                match target {
                    Target::Id => by_id.binary_search(&rank).is_ok(),
                    Target::ClientId => by_client_id.binary_search(&rank).is_ok(),
                    Target::AnyToken => holds.any_token,
                    Target::Everyone => holds.everyone,
                    Target::Unread => holds.unread,
                }
            }
            Rule::ServiceToken(None) | Rule::Condition(_) | Rule::People(_) | Rule::Unknown(_) => {
                false
            }
        }
    }

    /// Adds the way to a target: `group Machines`, `group CI`, `this token`.
    fn walk<'r>(
        &'r self,
        rules: impl Iterator<Item = &'r Rule>,
        target: Target,
        seen: &mut BTreeSet<usize>,
        path: &mut Vec<String>,
    ) -> bool {
        if path.len() > LONGEST_WAY {
            path.extend(["further groups".to_owned(), target.label().to_owned()]);
            return true;
        }
        let mut groups = Vec::new();
        for rule in rules.filter(|rule| self.leads_to(rule, target)) {
            let Rule::Group(id) = rule else {
                path.push(target.label().to_owned());
                return true;
            };
            let id = id.as_deref().unwrap_or_default();
            if let Some(rank) = self.index.groups.rank(id) {
                groups.push(rank);
            } else {
                path.push(format!("group {}, which could not be read", brief(id)));
                return true;
            }
        }
        for rank in groups {
            if !seen.insert(rank) {
                continue;
            }
            let group = &self.objects.groups[self.index.groups.place(rank)];
            path.push(format!("group {}", brief(group.title())));
            let Some(rules) = &group.rules else {
                path.push("rules that could not be read".to_owned());
                return true;
            };
            if self.walk(rules.all(), target, seen, path) {
                return true;
            }
            path.pop();
        }
        false
    }

    /// The rule that keeps the token out.
    fn obstacle(&self, rules: &'a Rules) -> Option<(Obstacle, Option<&'a Rule>)> {
        if rules.include.iter().all(|rule| self.value_is_false(rule)) {
            return Some((Obstacle::NotIncluded, None));
        }
        let mut excluded = rules.exclude.iter();
        let meets = |rule: &&'a Rule| self.evaluator.rule(rule, Reading::Plain) == Truth::True;
        if let Some(rule) = excluded.find(meets) {
            let words = match (rule, self.words(rule)) {
                (Rule::ServiceToken(_), words) => words,
                (Rule::Group(_), words) => format!("{words}, which holds this token"),
                (_, words) => format!("{words}, this one included"),
            };
            return Some((Obstacle::Excluded(words), Some(rule)));
        }
        let mut required = rules.require.iter();
        let rule = required.find(|rule| self.value_is_false(rule))?;
        let words = match (rule, self.words(rule)) {
            (Rule::People(_), words) => format!("{words}, which no service token has"),
            (Rule::Group(_), words) => format!("{words}, which does not admit this token"),
            (_, words) => words,
        };
        Some((Obstacle::Required(words), Some(rule)))
    }

    fn value_is_false(&self, rule: &'a Rule) -> bool {
        self.evaluator.rule(rule, Reading::Plain) == Truth::False
    }

    /// The subject of a rule: `this token`, `an email domain`, `group CI`.
    fn words(&self, rule: &Rule) -> String {
        match rule {
            Rule::ServiceToken(Some(id)) if id == self.subject.id => "this token".to_owned(),
            Rule::ServiceToken(_) => "another service token".to_owned(),
            Rule::AnyServiceToken => "any valid service token".to_owned(),
            Rule::Everyone => "everyone".to_owned(),
            Rule::Condition(condition) => condition.subject().to_owned(),
            Rule::People(kind) => person(kind).to_owned(),
            Rule::Unknown(kind) => format!("a rule of an unknown kind ({})", brief(kind)),
            Rule::Group(id) => {
                let id = id.as_deref().unwrap_or_default();
                let rank = self.index.groups.rank(id);
                let name = rank.map_or(id, |rank| {
                    self.objects.groups[self.index.groups.place(rank)].title()
                });
                format!("group {}", brief(name))
            }
        }
    }

    /// The names of the groups behind rules that contain themselves.
    fn cycle(&self, rules: &Rules) -> Vec<String> {
        let groups = &self.index.groups;
        let outer = inner_ids(Some(rules)).filter_map(|id| groups.rank(id));
        let ranks: BTreeSet<usize> = outer
            .flat_map(|rank| std::iter::once(rank).chain(groups.within(rank).iter().copied()))
            .filter(|rank| groups.are_mutual(*rank, *rank))
            .collect();
        let title =
            |rank: usize| brief(self.objects.groups[groups.place(rank)].title()).into_owned();
        ranks.into_iter().map(title).collect()
    }
}

/// A name that is not too long for a sentence.
pub(super) fn brief(name: &str) -> Cow<'_, str> {
    if name.is_ascii() && name.len() <= LONGEST_NAME {
        return name.into();
    }
    text::truncate(text::beginning(name), LONGEST_NAME, "…")
}
