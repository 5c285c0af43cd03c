//! Whether an app opens for a token: the order of policies, and the words for the answer.

use std::collections::HashMap;
use std::sync::Arc;

use super::evaluate::{Evaluator, GroupLogic, Outcome, TokenNames};
use super::objects::{App, AppKind, Decision, Group, Policy};
use super::rules::{Dependency, Rule, Rules, Truth};
use crate::domain::status::Tone;
use crate::domain::text;

/// Whether an app opens for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Refused,
    Unknown,
    /// On what only a request shows, or on a rule that is not known here.
    Depends,
    /// Only through a group: by the rules it opens, users report that it does not.
    OpensByGroup,
    Opens,
    /// A Bypass policy admits everybody.
    OpenToAll,
}

impl Verdict {
    /// The word used in JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Depends => "depends",
            Self::OpensByGroup => "opens_by_group",
            Self::Opens => "opens",
            Self::OpenToAll => "open_to_all",
        }
    }

    /// The word on screen.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Refused => "REFUSED",
            Self::Unknown => "UNKNOWN",
            Self::Depends => "DEPENDS",
            Self::OpensByGroup => "MAY OPEN",
            Self::Opens => "OPENS",
            Self::OpenToAll => "OPEN TO ALL",
        }
    }

    /// The symbol drawn before the word.
    #[must_use]
    pub fn symbol(self, ascii: bool) -> &'static str {
        let (symbol, plain) = match self {
            Self::Refused => ("✖", "X"),
            Self::Unknown => ("?", "?"),
            Self::Depends | Self::OpensByGroup => ("▲", "!"),
            Self::Opens | Self::OpenToAll => ("●", "*"),
        };
        if ascii { plain } else { symbol }
    }

    /// How much it matters.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Self::Refused => Tone::Critical,
            Self::Unknown | Self::Depends | Self::OpensByGroup => Tone::Warning,
            Self::Opens | Self::OpenToAll => Tone::Calm,
        }
    }
}

/// Why an app refuses a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The token is disabled or has expired.
    TokenDead,
    /// Infrastructure apps take Allow policies only.
    Infrastructure,
    /// A policy names the token, but one of its other rules fails.
    RuleFails,
    /// Only an Allow policy names the token.
    WrongAction,
    /// A Block policy names the token.
    Blocked,
}

impl Reason {
    /// The word used in JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TokenDead => "token_dead",
            Self::Infrastructure => "infrastructure",
            Self::RuleFails => "rule_fails",
            Self::WrongAction => "wrong_action",
            Self::Blocked => "blocked",
        }
    }
}

/// How a policy comes to be about a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Touch {
    /// Names the token, itself or through a group.
    pub by_name: bool,
    /// Is about any service token.
    pub any_token: bool,
    /// Is a Service Auth policy about everyone.
    pub anyone: bool,
    /// May name it: a group could not be read.
    pub perhaps: bool,
}

impl Touch {
    /// Whether the policy is about the token at all.
    #[must_use]
    pub fn is_any(self) -> bool {
        self.by_name || self.any_token || self.anyone || self.perhaps
    }
}

/// The policy that decides about an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidingPolicy {
    pub id: String,
    /// Untrusted text.
    pub name: String,
    pub decision: Decision,
    /// As the app gives it.
    pub precedence: Option<i64>,
    pub reusable: Option<bool>,
    /// Its place in the order of evaluation, from 1.
    pub place: usize,
}

/// The answer for one app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppAnswer {
    pub app: Arc<App>,
    pub verdict: Verdict,
    pub reason: Option<Reason>,
    pub policy: Option<DecidingPolicy>,
    /// From the policy to the rule that names the token, through groups. Untrusted text.
    pub path: Vec<String>,
    pub conditions: Vec<String>,
    /// Whether the deciding policy is about any service token.
    pub any_token: bool,
    /// Whether the deciding policy is about everyone.
    pub anyone: bool,
    /// Whether a group on the way contains itself.
    pub has_cycle: bool,
    /// Whether this or another policy of the app names the token itself, or through a group.
    pub is_named: bool,
}

/// Judges the apps of a map for one token.
pub struct AppEvaluator<'f, 'a> {
    pub groups: &'f HashMap<&'a str, &'a Group>,
    /// Reusable policies by their IDs, for apps that only refer to them.
    pub policies: &'f HashMap<&'a str, &'a Policy>,
    pub token: TokenNames<'f>,
    /// Whether the token is disabled or has expired.
    pub is_dead: bool,
}

impl<'a> AppEvaluator<'_, 'a> {
    /// The policies of an app, as listed and with references resolved, in the order of evaluation:
    /// first Bypass and Service Auth, then the others. `None` if one could not be read.
    fn ordered(&self, app: &'a App) -> Option<Vec<(&'a Policy, &'a Policy)>> {
        let resolve = |policy: &'a Policy| {
            let reusable = self.policies.get(policy.id.as_str()).copied();
            let resolved = match policy.rules {
                Some(_) => Some(policy),
                None => reusable,
            };
            resolved.filter(|resolved| resolved.rules.is_some())
        };
        let own = app.policies.as_ref()?;
        let resolved: Option<Vec<&Policy>> = own.iter().map(resolve).collect();
        let mut placed: Vec<_> = own.iter().zip(resolved?).enumerate().collect();
        let class = |policy: &Policy| !policy.decision.is_first();
        let is_placed = placed.iter().all(|(_, (own, _))| own.precedence.is_some());
        placed.sort_by_key(|(at, (own, policy))| {
            let place = own.precedence.filter(|_| is_placed).unwrap_or_default();
            (class(policy), place, *at)
        });
        Some(placed.into_iter().map(|(_, policy)| policy).collect())
    }

    /// Whether and how a policy is about the token.
    #[must_use]
    pub fn touch(&self, policy: &Policy) -> Touch {
        let mut touch = Touch::default();
        if let Some(rules) = &policy.rules {
            let counts_everyone = policy.decision == Decision::ServiceAuth;
            self.collect(rules, counts_everyone, &mut Vec::new(), &mut touch);
        }
        touch
    }

    fn collect<'r>(
        &'r self,
        rules: &'r Rules,
        counts_everyone: bool,
        seen: &mut Vec<&'r str>,
        touch: &mut Touch,
    ) {
        for rule in rules.all() {
            match rule {
                Rule::ServiceToken(Some(id)) => {
                    touch.by_name |= id == self.token.id || id == self.token.client_id;
                }
                Rule::AnyServiceToken => touch.any_token = true,
                Rule::Everyone => touch.anyone |= counts_everyone,
                Rule::Group(id) => {
                    let id = id.as_deref().unwrap_or_default();
                    if seen.contains(&id) {
                        continue;
                    }
                    seen.push(id);
                    let group = self.groups.get(id);
                    match group.and_then(|group| group.rules.as_ref()) {
                        Some(rules) => self.collect(rules, counts_everyone, seen, touch),
                        None => touch.perhaps = true,
                    }
                }
                Rule::ServiceToken(None)
                | Rule::Condition(_)
                | Rule::People(_)
                | Rule::Unknown(_) => {}
            }
        }
    }

    /// The verdict for an app; `None` if its policies are not about the token.
    #[must_use]
    pub fn answer(&self, app: &'a Arc<App>) -> Option<AppAnswer> {
        let unknown = |is_named| AppAnswer {
            app: Arc::clone(app),
            verdict: Verdict::Unknown,
            reason: None,
            policy: None,
            path: Vec::new(),
            conditions: Vec::new(),
            any_token: false,
            anyone: false,
            has_cycle: false,
            is_named,
        };
        let Some(ordered) = self.ordered(app) else {
            return Some(unknown(false));
        };
        let policies: Vec<&Policy> = ordered.iter().map(|(_, policy)| *policy).collect();
        let touches: Vec<Touch> = policies.iter().map(|policy| self.touch(policy)).collect();
        let is_named = touches.iter().any(|touch| touch.by_name);
        if !touches.iter().any(|touch| touch.is_any()) {
            return None;
        }
        if app.behaviour() == AppKind::Undocumented {
            return Some(unknown(is_named));
        }
        let (verdict, reason, at, outcome) = self.decide(app, &policies, &touches);
        let (own, policy) = ordered[at];
        Some(AppAnswer {
            verdict,
            reason,
            policy: Some(DecidingPolicy {
                id: policy.id.clone(),
                name: policy.name.clone(),
                decision: policy.decision.clone(),
                precedence: own.precedence,
                reusable: own.reusable.or(policy.reusable),
                place: at + 1,
            }),
            path: self.path(policy),
            conditions: outcome
                .dependencies
                .iter()
                .map(ToString::to_string)
                .collect(),
            any_token: touches[at].any_token && !touches[at].by_name,
            anyone: touches[at].anyone && !touches[at].by_name,
            has_cycle: outcome.has_cycle,
            ..unknown(is_named)
        })
    }

    /// The verdict, its reason, the place of the deciding policy, and the value of its rules.
    fn decide(
        &self,
        app: &App,
        policies: &[&'a Policy],
        touches: &[Touch],
    ) -> (Verdict, Option<Reason>, usize, Outcome) {
        let plain = Evaluator::new(self.groups, self.token, GroupLogic::Rules);
        let doubted = Evaluator::new(self.groups, self.token, GroupLogic::Doubted);
        let value = |policy: &&'a Policy| match &policy.rules {
            Some(rules) => value_of(&plain, &policy.decision, rules),
            None => Outcome::default(),
        };
        let outcomes: Vec<Outcome> = policies.iter().map(value).collect();
        let of = |wanted: &dyn Fn(usize, &'a Policy) -> bool| {
            (0..policies.len()).find(|at| wanted(*at, policies[*at]))
        };
        let named = of(&|at, _| touches[at].is_any()).unwrap_or(0);
        let result = |verdict, reason, at: usize| (verdict, reason, at, outcomes[at].clone());
        if self.is_dead {
            return result(Verdict::Refused, Some(Reason::TokenDead), named);
        }
        if app.behaviour() == AppKind::Infrastructure {
            return result(Verdict::Refused, Some(Reason::Infrastructure), named);
        }
        let admits = |at: usize, policy: &'a Policy| {
            policy.decision == Decision::ServiceAuth && outcomes[at].truth == Truth::True
        };
        let is_sure = |policy: &'a Policy| {
            let rules = policy.rules.as_ref();
            rules.is_some_and(|rules| doubted.rules_of(rules).truth == Truth::True)
        };
        let bypass = of(&|at, policy| {
            policy.decision == Decision::Bypass && outcomes[at].truth == Truth::True
        });
        let sure = of(&|at, policy| admits(at, policy) && is_sure(policy));
        let by_group = of(&|at, policy| admits(at, policy));
        let open = sure.or(by_group);
        if let Some(at) = bypass
            && open.is_none_or(|open| at < open)
        {
            return result(Verdict::OpenToAll, None, at);
        }
        if let Some(at) = sure {
            return result(Verdict::Opens, None, at);
        }
        if let Some(at) = by_group {
            return result(Verdict::OpensByGroup, None, at);
        }
        let may = |at: usize, policy: &'a Policy| {
            let is_open =
                policy.decision.is_first() || matches!(policy.decision, Decision::Unknown(_));
            is_open && outcomes[at].truth == Truth::Unknown
        };
        let depends = of(&|at, policy| may(at, policy) && touches[at].is_any());
        if let Some(at) = depends.or_else(|| of(&may)) {
            return result(Verdict::Depends, None, at);
        }
        let (reason, at) = refusal(policies, touches).unwrap_or((Reason::RuleFails, named));
        result(Verdict::Refused, Some(reason), at)
    }

    /// The way from a policy to the rule that names the token: `policy CI only`, `group CI`,
    /// `this token`.
    fn path(&self, policy: &'a Policy) -> Vec<String> {
        let mut path = vec![format!("policy {}", name(&policy.name, &policy.id))];
        if let Some(rules) = &policy.rules {
            self.walk(rules, &mut Vec::new(), &mut path);
        }
        path
    }

    fn walk<'r>(
        &'r self,
        rules: &'r Rules,
        seen: &mut Vec<&'r str>,
        path: &mut Vec<String>,
    ) -> bool {
        let names = |rule: &Rule| match rule {
            Rule::ServiceToken(Some(id)) if id == self.token.id => Some("this token"),
            Rule::ServiceToken(Some(id)) if id == self.token.client_id => Some("its client ID"),
            Rule::AnyServiceToken => Some("any valid service token"),
            Rule::Everyone => Some("everyone"),
            Rule::ServiceToken(_)
            | Rule::Condition(_)
            | Rule::People(_)
            | Rule::Group(_)
            | Rule::Unknown(_) => None,
        };
        if let Some(word) = rules.all().find_map(names) {
            path.push(word.to_owned());
            return true;
        }
        for rule in rules.all() {
            let Rule::Group(Some(id)) = rule else {
                continue;
            };
            if seen.contains(&id.as_str()) {
                continue;
            }
            seen.push(id);
            let group = self.groups.get(id.as_str()).copied();
            let title = group.map_or(id.as_str(), |group| name(&group.name, &group.id));
            path.push(format!("group {title}"));
            let rules = group.and_then(|group| group.rules.as_ref());
            if rules.is_none_or(|rules| self.walk(rules, seen, path)) {
                return true;
            }
            path.pop();
        }
        false
    }
}

/// Why policies refuse a token that none of them may admit, and which one does.
fn refusal(policies: &[&Policy], touches: &[Touch]) -> Option<(Reason, usize)> {
    let reasons = [
        (Decision::ServiceAuth, Reason::RuleFails),
        (Decision::Allow, Reason::WrongAction),
        (Decision::Block, Reason::Blocked),
    ];
    reasons.into_iter().find_map(|(decision, reason)| {
        let mut places = policies.iter().zip(touches);
        let at = places.position(|(policy, touch)| touch.is_any() && policy.decision == decision);
        at.map(|at| (reason, at))
    })
}

/// The value of a policy's rules. A Bypass policy sees no identity: it opens for everybody or, as far
/// as it is about tokens, nobody knows.
fn value_of<'a>(evaluator: &Evaluator<'_, 'a>, decision: &Decision, rules: &'a Rules) -> Outcome {
    let outcome = evaluator.rules_of(rules);
    let is_uncertain = match decision {
        Decision::Bypass => rules.all().any(|rule| {
            matches!(
                rule,
                Rule::ServiceToken(_) | Rule::AnyServiceToken | Rule::Group(_)
            )
        }),
        Decision::Unknown(_) => true,
        Decision::Allow | Decision::Block | Decision::ServiceAuth => false,
    };
    if !is_uncertain || outcome.truth == Truth::False {
        return outcome;
    }
    let dependency = Dependency::UnknownRule(format!("under the action {}", decision.label()));
    outcome.doubted(dependency)
}

/// A name, or the ID of what has none.
fn name<'n>(name: &'n str, id: &'n str) -> &'n str {
    if name.trim().is_empty() {
        id
    } else {
        text::beginning(name)
    }
}
