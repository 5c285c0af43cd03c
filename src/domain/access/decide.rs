//! Decides whether apps open for a token: the documented order of policies.

use std::collections::BTreeSet;

use super::evaluate::{Evaluator, Reading, Subject};
use super::groups::Holds;
use super::index::{Index, Objects, OrderedPolicy};
use super::objects::{App, AppKind, Decision, Policy};
use super::rules::{Dependency, Rule, Truth};
use super::verdict::{Reason, TokenLife, Verdict};

/// How a policy concerns a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Touch {
    /// Names the token, itself or through a group: by its ID, or by its client ID.
    pub(super) by_name: bool,
    /// Is about any service token.
    pub(super) any_token: bool,
    /// Lets tokens in and is about everyone.
    pub(super) everyone: bool,
    /// May name it: a group could not be read.
    pub(super) perhaps: bool,
}

/// A policy of an app, judged for a token.
pub(super) struct JudgedPolicy<'a> {
    /// As the app lists it.
    pub(super) own: &'a Policy,
    /// With its rules.
    pub(super) policy: &'a Policy,
    pub(super) touch: Touch,
    /// Whether its rules hold; false for one whose action admits no token.
    pub(super) truth: Truth,
}

impl JudgedPolicy<'_> {
    /// Whether the policy is about the token. One that may name it counts if that could let it in.
    fn is_about(&self) -> bool {
        let touch = self.touch;
        touch.by_name
            || touch.any_token
            || touch.everyone
            || touch.perhaps && self.truth == Truth::Unknown
    }

    fn admits(&self) -> bool {
        self.policy.decision == Decision::ServiceAuth && self.truth == Truth::True
    }
}

/// The decision about an app.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decided {
    pub(super) verdict: Verdict,
    pub(super) reason: Option<Reason>,
    /// The place of the deciding policy in the order of evaluation, from 0.
    pub(super) at: Option<usize>,
    /// Whether a policy names the token, itself or through a group.
    pub(super) is_named: bool,
    /// Whether the app opens, or may open, for any service token.
    pub(super) opens_to_any: bool,
    /// Whether a policy that lets tokens in is about everyone.
    pub(super) is_for_everyone: bool,
}

impl Decided {
    /// For an app with policies that could not be read.
    fn unread() -> Self {
        Self {
            verdict: Verdict::Unknown,
            reason: None,
            at: None,
            is_named: false,
            opens_to_any: false,
            is_for_everyone: false,
        }
    }
}

/// Judges the apps of a map for one token.
pub(super) struct AppJudge<'a> {
    pub(super) objects: &'a Objects,
    pub(super) index: &'a Index,
    pub(super) subject: Subject<'a>,
    pub(super) life: TokenLife,
    pub(super) evaluator: Evaluator<'a>,
}

impl<'a> AppJudge<'a> {
    pub(super) fn new(
        objects: &'a Objects,
        index: &'a Index,
        subject: Subject<'a>,
        life: TokenLife,
    ) -> Self {
        Self {
            objects,
            index,
            subject,
            life,
            evaluator: Evaluator::new(&objects.groups, &index.groups, &index.nameless, subject),
        }
    }

    /// The policies of an app in the order of evaluation; `None` if one could not be read.
    pub(super) fn policies(&self, at: usize) -> Option<Vec<JudgedPolicy<'a>>> {
        let app = self.objects.apps.get(at)?;
        let ordered = self.index.apps.get(at)?.as_ref()?;
        ordered.iter().map(|it| self.policy(app, *it)).collect()
    }

    fn policy(&self, app: &'a App, ordered: OrderedPolicy) -> Option<JudgedPolicy<'a>> {
        let policy = ordered.resolved(app, &self.objects.policies)?;
        Some(JudgedPolicy {
            own: ordered.own(app)?,
            policy,
            touch: self.touch(policy),
            truth: self.value(policy),
        })
    }

    /// The value of a policy's rules.
    fn value(&self, policy: &Policy) -> Truth {
        let Some(rules) = &policy.rules else {
            return Truth::False;
        };
        let plain = || self.evaluator.rules(rules, Reading::Plain);
        match &policy.decision {
            Decision::Bypass => self.evaluator.rules(rules, Reading::Bypass),
            // They admit no token.
            Decision::Allow | Decision::Block => Truth::False,
            Decision::ServiceAuth => plain(),
            Decision::Unknown(_) => plain().min(Truth::Unknown),
        }
    }

    /// The conditions that a policy depends on.
    pub(super) fn dependencies(&self, policy: &Policy) -> BTreeSet<Dependency> {
        let Some(rules) = &policy.rules else {
            return BTreeSet::new();
        };
        let plain = || self.evaluator.dependencies(rules, Reading::Plain);
        match &policy.decision {
            Decision::Bypass => self.evaluator.dependencies(rules, Reading::Bypass),
            Decision::Allow | Decision::Block | Decision::ServiceAuth => plain(),
            Decision::Unknown(action) => {
                let mut found = plain();
                found.insert(Dependency::UnknownAction(action.clone()));
                found
            }
        }
    }

    /// Whether and how a policy is about the token.
    fn touch(&self, policy: &Policy) -> Touch {
        let mut touch = Touch::default();
        let admits_tokens = policy.decision.may_admit();
        for rule in policy.rules.iter().flat_map(super::rules::Rules::all) {
            match rule {
                Rule::ServiceToken(Some(id)) => touch.by_name |= self.subject.has_name(id),
                Rule::AnyServiceToken => touch.any_token = true,
                Rule::Everyone => touch.everyone |= admits_tokens,
                Rule::Group(id) => {
                    let rank = id.as_deref().and_then(|id| self.index.groups.rank(id));
                    let Some(rank) = rank else {
                        touch.perhaps = true;
                        continue;
                    };
                    let Holds {
                        any_token,
                        everyone,
                        unread,
                        ..
                    } = self.index.groups.holds(rank);
                    touch.by_name |= self.subject.is_in(rank);
                    touch.any_token |= any_token;
                    touch.everyone |= everyone && admits_tokens;
                    touch.perhaps |= unread;
                }
                Rule::ServiceToken(None)
                | Rule::Condition(_)
                | Rule::People(_)
                | Rule::Unknown(_) => {}
            }
        }
        touch
    }

    /// The decision about an app; `None` if its policies are not about the token.
    pub(super) fn decide(&self, at: usize) -> Option<Decided> {
        match self.policies(at) {
            None => Some(Decided::unread()),
            Some(policies) => self.decide_by(self.objects.apps.get(at)?, &policies),
        }
    }

    /// The same, of policies that were judged before.
    pub(super) fn decide_by(&self, app: &App, policies: &[JudgedPolicy<'a>]) -> Option<Decided> {
        let first = policies.iter().position(JudgedPolicy::is_about)?;
        let named = policies.iter().position(|it| it.touch.by_name);
        let (verdict, reason, place) = self.order(app, policies, named, first);
        let may_open = matches!(
            verdict,
            Verdict::Opens | Verdict::OpensByGroup | Verdict::Depends
        );
        let lets_any_in = |it: &JudgedPolicy<'_>| {
            let admits_none = matches!(it.policy.decision, Decision::Bypass);
            it.touch.any_token && it.truth != Truth::False && !admits_none
        };
        Some(Decided {
            verdict,
            reason,
            at: Some(place),
            is_named: named.is_some(),
            opens_to_any: may_open && policies.iter().any(lets_any_in),
            is_for_everyone: policies.iter().any(|it| it.touch.everyone),
        })
    }

    /// The documented order: the verdict, its reason, and the place of the deciding policy.
    fn order(
        &self,
        app: &App,
        policies: &[JudgedPolicy<'a>],
        named: Option<usize>,
        first: usize,
    ) -> (Verdict, Option<Reason>, usize) {
        let refused = |reason, at| (Verdict::Refused, Some(reason), at);
        let find = |wanted: &dyn Fn(&JudgedPolicy<'a>) -> bool| policies.iter().position(wanted);
        let about = named.unwrap_or(first);
        let is_undocumented = app.behaviour() == AppKind::Undocumented;
        let perhaps = find(&|it| it.is_about() && it.touch.perhaps);
        if let Some(at) = named.or(perhaps).filter(|_| is_undocumented) {
            return (Verdict::Unknown, None, at);
        }
        if matches!(self.life, TokenLife::Disabled | TokenLife::Expired) {
            let at = deciding_if_alive(policies, about);
            return refused(Reason::TokenDead, at);
        }
        if app.behaviour() == AppKind::Infrastructure {
            return refused(Reason::Infrastructure, about);
        }
        let sure = find(&|it| it.admits() && self.is_sure(it.policy));
        let bypass = find(&|it| it.policy.decision == Decision::Bypass && it.truth == Truth::True);
        if let Some(at) = bypass
            && sure.is_none_or(|sure| at < sure)
        {
            return (Verdict::OpenToAll, None, at);
        }
        if let Some(at) = sure {
            return (Verdict::Opens, None, at);
        }
        if let Some(at) = find(&JudgedPolicy::admits) {
            return (Verdict::OpensByGroup, None, at);
        }
        let depends = find(&|it| it.truth == Truth::Unknown && it.is_about());
        if let Some(at) = depends.or_else(|| find(&|it| it.truth == Truth::Unknown)) {
            return (Verdict::Depends, None, at);
        }
        let reasons = [
            (Decision::ServiceAuth, Reason::RuleFails),
            (Decision::Allow, Reason::WrongAction),
            (Decision::Block, Reason::Blocked),
        ];
        let refusal = reasons.into_iter().find_map(|(decision, reason)| {
            let at = find(&|it| it.is_about() && it.policy.decision == decision)?;
            Some(refused(reason, at))
        });
        refusal.unwrap_or_else(|| refused(Reason::RuleFails, about))
    }

    /// Whether a policy admits the token without any group's help.
    fn is_sure(&self, policy: &'a Policy) -> bool {
        let rules = policy.rules.as_ref();
        let value = rules.map(|rules| self.evaluator.rules(rules, Reading::GroupsDoubted));
        value == Some(Truth::True)
    }
}

/// The place of the policy that matters most to a token that is over: one that would admit it again,
/// before others with the right action.
fn deciding_if_alive(policies: &[JudgedPolicy<'_>], about: usize) -> usize {
    let admits_tokens =
        |it: &JudgedPolicy<'_>| it.is_about() && it.policy.decision == Decision::ServiceAuth;
    let may_admit = |it: &JudgedPolicy<'_>| admits_tokens(it) && it.truth != Truth::False;
    let wanted: [&dyn Fn(&JudgedPolicy<'_>) -> bool; 2] = [&may_admit, &admits_tokens];
    let found = wanted.into_iter().find_map(|wanted| {
        let at = Some(about).filter(|at| policies.get(*at).is_some_and(wanted));
        at.or_else(|| policies.iter().position(wanted))
    });
    found.unwrap_or(about)
}
