//! The words of each verdict: the sentence, with the policy, the rule, and one thing to do; and the few
//! words beside the app in a list.

use super::answer::brief;
use super::objects::{AppKind, Decision, title};
use super::rules::Condition;
use super::verdict::{AppAnswer, DecidingPolicy, Obstacle, Reason, Verdict};
use crate::domain::text;

/// What keeps every token out of an infrastructure app, and what to do.
const INFRASTRUCTURE: &str = "infrastructure apps take Allow policies only, and those admit no service \
                              token. Use a person's login there.";

/// What to do where no change to the policy itself helps.
const OWN_POLICY: &str = "If it should get in, name it in a policy with the action Service Auth.";

impl AppAnswer {
    /// Explains the verdict, and says what to do. Untrusted text.
    pub fn message(&self) -> String {
        let Some(policy) = &self.policy else {
            return self.unread();
        };
        let who = heading(policy);
        let message = match self.verdict {
            Verdict::Opens => self.opens(&who),
            Verdict::OpensByGroup => format!(
                "{who} admits {}. By these rules the app opens, but users report that Access admits no \
                 token through a group. Name the token in the policy itself.",
                self.rule()
            ),
            Verdict::OpenToAll => format!(
                "{who} admits everybody before any policy asks for a token. If the app should be \
                 protected, remove that policy."
            ),
            Verdict::Depends => self.depends(&who),
            Verdict::Unknown => format!(
                "{}, but how apps of {} treat service tokens is not documented. Try it with the client itself.",
                self.fact(&who),
                self.kind()
            ),
            Verdict::Refused => self.refused(&who, policy),
        };
        let may_open = matches!(
            self.verdict,
            Verdict::Opens | Verdict::OpensByGroup | Verdict::Depends
        );
        let message = if self.circumstances.is_life_unknown && may_open {
            format!("{message} The API does not say whether the token is disabled or has expired.")
        } else {
            message
        };
        match self.circumstances.cycle.as_slice() {
            [] => message,
            [one] => format!("{message} Group {one} contains itself; that loop admits nobody."),
            all => format!(
                "{message} Groups {} contain each other; that loop admits nobody.",
                text::listed(all)
            ),
        }
    }

    fn unread(&self) -> String {
        format!(
            "The policies of this app could not be read (GET access/apps/{}/policies), so nothing is \
             known. Try again; if they stay unread, check that the credential has the permission Access: \
             Apps and Policies Read.",
            brief(&self.app.id)
        )
    }

    /// The rule that decides: `this token`, `group Machines, which holds this token through group CI`.
    fn rule(&self) -> String {
        let steps = self.path.get(1..).unwrap_or_default();
        match steps {
            [] => "no service token".to_owned(),
            [only] => only.clone(),
            [group, last] => format!("{group}, which holds {last}"),
            [group, inner @ .., last] => {
                format!(
                    "{group}, which holds {last} through {}",
                    inner.join(" and ")
                )
            }
        }
    }

    /// `Policy CI only (Service Auth, 1st) names this token`.
    fn fact(&self, who: &str) -> String {
        let may = if self.circumstances.is_about_token {
            "names"
        } else {
            "may name"
        };
        format!("{who} {may} {}", self.rule())
    }

    /// Why the token opens nothing any more.
    fn state(&self) -> &'static str {
        if self.circumstances.is_disabled {
            "is disabled"
        } else {
            "has expired"
        }
    }

    fn kind(&self) -> String {
        match self.app.kind.as_str() {
            "" => "an unknown type".to_owned(),
            kind => format!("type {}", brief(kind)),
        }
    }

    fn opens(&self, who: &str) -> String {
        let more = match self.app.behaviour() {
            AppKind::Enrolment => ", so it may enrol devices".to_owned(),
            AppKind::Mcp => {
                ". A client must get into the portal's app and into the server's".to_owned()
            }
            AppKind::Undocumented => format!(
                "; how apps of {} treat service tokens is not documented",
                self.kind()
            ),
            AppKind::Usual | AppKind::Infrastructure => String::new(),
        };
        let (rule, advice) = if self.any_token {
            (
                "any valid service token, this one included".to_owned(),
                "To narrow that, name only the tokens that need the app.",
            )
        } else if self.anyone {
            (
                "everyone, perhaps without any token".to_owned(),
                "To narrow that, name only the tokens that need the app.",
            )
        } else if self.app.behaviour() == AppKind::Enrolment {
            (self.rule(), "Try it by enrolling a device.")
        } else {
            (self.rule(), "Probe the app to test the secret as well.")
        };
        format!("{who} admits {rule}{more}. {advice}")
    }

    fn depends(&self, who: &str) -> String {
        let on = self.depends_on();
        let is_by_group = self.path.len() > 2 && self.circumstances.is_about_token;
        let certificate = Condition::Certificate.subject();
        let advice = if self.circumstances.has_unread_group {
            "Let the credential read that group, and reload."
        } else if self.conditions.iter().any(|it| it == certificate) {
            "Try it with the client itself: a probe presents no certificate."
        } else if is_by_group {
            "Probe the app from where the client runs: users report that Access admits no token through \
             a group."
        } else {
            "Probe the app from where the client runs."
        };
        match self.path.get(1..).unwrap_or_default() {
            _ if self.circumstances.holds_client_id => self.misplaced_client_id(who),
            [] => {
                format!("{who} lets in whoever meets its rules; who does depends on {on}. {advice}")
            }
            _ if !self.circumstances.is_about_token => {
                format!("{who} may admit this token; whether it does depends on {on}. {advice}")
            }
            _ => format!(
                "{who} names {}; whether the app opens depends on {on}. {advice}",
                self.rule()
            ),
        }
    }

    /// A rule holds the client ID where the ID belongs.
    fn misplaced_client_id(&self, who: &str) -> String {
        let holder = match self.path.as_slice() {
            [_, .., group, _] if self.path.len() > 2 => format!("{who} leads to {group}, which"),
            _ => who.to_owned(),
        };
        format!(
            "{holder} holds this token's client ID where the token's ID belongs, and nobody has seen such a \
             rule match. Put the ID there, or remove the rule."
        )
    }

    /// The conditions of the answer: `the caller's address and country`.
    fn depends_on(&self) -> String {
        const CALLER: &str = "the caller's ";
        let mut is_caller_named = false;
        let conditions = self.conditions.iter().map(|condition| {
            let rest = condition.strip_prefix(CALLER);
            let again = rest.filter(|_| is_caller_named);
            is_caller_named = rest.is_some();
            again.unwrap_or(condition).to_owned()
        });
        listed_or_unknown(&conditions.collect::<Vec<_>>())
    }

    fn refused(&self, who: &str, policy: &DecidingPolicy) -> String {
        let fact = self.fact(who);
        match self.reason {
            Some(Reason::TokenDead) => self.dead(&fact, policy),
            Some(Reason::Infrastructure) => format!("{fact}, but {INFRASTRUCTURE}"),
            Some(Reason::WrongAction) if self.circumstances.only_excludes => {
                self.only_excludes(who)
            }
            Some(Reason::WrongAction) => self.wrong_action(&fact, policy),
            Some(Reason::Blocked) if self.circumstances.only_excludes => self.only_excludes(who),
            Some(Reason::Blocked) => format!(
                "{fact}, and no Service Auth policy admits it. If it should get in, name it in a policy with \
                 the action Service Auth: those come before Block."
            ),
            Some(Reason::RuleFails) | None => self.rule_fails(who, &fact, policy),
        }
    }

    /// The token is over. Bringing it back is not enough where the policy would not admit it either.
    fn dead(&self, fact: &str, policy: &DecidingPolicy) -> String {
        let cure = if self.circumstances.is_disabled {
            "enable it"
        } else {
            "renew it"
        };
        let fact = format!("{fact}, but the token {}", self.state());
        let why_not = match policy.decision {
            _ if self.app.behaviour() == AppKind::Infrastructure => {
                return format!("{fact}, and {INFRASTRUCTURE}");
            }
            Decision::Allow => "Allow admits no service token anyway",
            Decision::Block => "Block admits no service token anyway",
            Decision::Bypass => "Bypass is not documented to see tokens",
            Decision::ServiceAuth if self.circumstances.rules_fail => {
                "the policy's rules do not admit it anyway"
            }
            Decision::ServiceAuth | Decision::Unknown(_) => {
                return format!("{fact}. If the app still needs it, {cure}.");
            }
        };
        format!(
            "{fact}, and {why_not}. If the app still needs it, {cure} and name it in a policy with the \
             action Service Auth."
        )
    }

    fn wrong_action(&self, fact: &str, policy: &DecidingPolicy) -> String {
        let action = policy.decision.label();
        let wanted = Decision::ServiceAuth.label();
        if self.circumstances.needs_own_policy {
            return format!(
                "{fact}, but {action} admits people only. Name the token in a policy of its own, with the \
                 action {wanted}."
            );
        }
        format!(
            "{fact}, but {action} admits no service token. Change the policy's action to {wanted}."
        )
    }

    fn only_excludes(&self, who: &str) -> String {
        let rule = self.rule();
        format!("{who} only excludes {rule}, and no policy admits it. {OWN_POLICY}")
    }

    fn rule_fails(&self, who: &str, fact: &str, policy: &DecidingPolicy) -> String {
        // What a Bypass policy admits needs no token.
        let is_bypass = policy.decision == Decision::Bypass;
        match &self.circumstances.obstacle {
            Some(Obstacle::NotIncluded) => {
                let advice = if is_bypass || self.circumstances.needs_own_policy {
                    OWN_POLICY
                } else {
                    "If it should get in, add it to the include rules."
                };
                let rule = self.rule();
                format!(
                    "{who} mentions {rule}, but none of its include rules is met by this token. {advice}"
                )
            }
            Some(Obstacle::Excluded(whom)) => {
                let advice = if is_bypass {
                    OWN_POLICY
                } else {
                    "If it should get in, remove that exclude rule."
                };
                format!("{who} excludes {whom}. {advice}")
            }
            Some(Obstacle::Required(what)) => {
                let advice = if is_bypass {
                    OWN_POLICY
                } else {
                    "Remove that require rule, or name the token in a Service Auth policy of its own."
                };
                format!("{fact}, but also requires {what}. {advice}")
            }
            None => format!("{fact}, but does not admit it. Check its rules."),
        }
    }
}

impl AppAnswer {
    /// The deciding fact in a few words: `by CI only`, `on the address`. Untrusted text.
    pub fn note(&self) -> String {
        let Some(policy) = &self.policy else {
            return self.unjudged().to_owned();
        };
        let name = title(&policy.name, &policy.id);
        match (self.verdict, self.reason) {
            (Verdict::Unknown, _) => self.unjudged().to_owned(),
            (Verdict::Depends, _) => format!("on {}", self.short_conditions()),
            (Verdict::OpensByGroup, _) => format!("by {name}, through a group only"),
            (Verdict::Opens, _) => format!("by {name}{}", self.breadth()),
            (Verdict::OpenToAll, _) => format!("by {name}, which lets everybody in"),
            (Verdict::Refused, Some(Reason::TokenDead)) => {
                format!("under {name}: the token {}", self.state())
            }
            (Verdict::Refused, Some(Reason::Infrastructure)) => {
                format!("under {name}: infrastructure takes Allow only")
            }
            (Verdict::Refused, Some(Reason::WrongAction)) => {
                format!("under {name}: needs Service Auth")
            }
            (Verdict::Refused, Some(Reason::Blocked)) if self.circumstances.only_excludes => {
                format!("only {name} excludes it: needs Service Auth")
            }
            (Verdict::Refused, Some(Reason::Blocked)) => format!("blocked by {name}"),
            (Verdict::Refused, Some(Reason::RuleFails) | None) => {
                format!("under {name}: a rule keeps it out")
            }
        }
    }

    fn unjudged(&self) -> &'static str {
        if self.app.behaviour() == AppKind::Undocumented && self.app.policies.is_some() {
            "what this type of app does is not documented"
        } else {
            "its policies could not be read"
        }
    }

    /// Whom else the policy lets in, and what for.
    fn breadth(&self) -> &'static str {
        match self.app.behaviour() {
            AppKind::Enrolment => ": may enrol devices",
            AppKind::Mcp => ": the portal and the server ask both",
            _ if self.any_token => ", as any service token",
            _ if self.anyone => ", as everyone",
            AppKind::Usual | AppKind::Infrastructure | AppKind::Undocumented => "",
        }
    }

    /// `the address and the country`
    fn short_conditions(&self) -> String {
        let short = self
            .conditions
            .iter()
            .map(|it| it.replace("the caller's ", "the "));
        listed_or_unknown(&short.collect::<Vec<_>>())
    }
}

/// The conditions of a verdict: `the address and the country`.
fn listed_or_unknown(conditions: &[String]) -> String {
    if conditions.is_empty() {
        "something that is not known".to_owned()
    } else {
        text::listed(conditions)
    }
}

/// `Policy CI only (Service Auth, 1st)`.
fn heading(policy: &DecidingPolicy) -> String {
    let name = brief(title(&policy.name, &policy.id));
    let action = match policy.decision.label() {
        "" => "no action".into(),
        action => brief(action),
    };
    format!("Policy {name} ({action}, {})", ordinal(policy.place))
}

fn ordinal(place: usize) -> String {
    let suffix = match (place % 10, place % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{place}{suffix}")
}
