//! The sentence of each verdict: the policy, the rule, and one thing to do.

use super::objects::{AppKind, Decision};
use super::verdict::{AppAnswer, DecidingPolicy, Reason, Verdict};
use crate::domain::text;

impl AppAnswer {
    /// What the verdict means and what to do. Untrusted text.
    #[must_use]
    pub fn message(&self) -> String {
        let Some(policy) = &self.policy else {
            return self.unknown();
        };
        let who = format!(
            "{} ({}, {})",
            title(policy),
            policy.decision.label(),
            ordinal(policy.place)
        );
        let whom = self.whom();
        match (self.verdict, self.reason) {
            (Verdict::Opens, _) => self.opens(&who, whom),
            (Verdict::OpensByGroup, _) => format!(
                "{who} admits it only through {}. By the rules it opens, but users report that Access \
                 does not admit a token held by a group: name the token in the policy, or probe the app.",
                self.groups()
            ),
            (Verdict::OpenToAll, _) => format!(
                "{who} admits everybody before any policy asks for a token. If the app should be \
                 protected, put a Service Auth policy in its place."
            ),
            (Verdict::Depends, _) => format!(
                "{who} names {whom}, but it also depends on {}. Probe the app from where the client runs.",
                list(&self.conditions)
            ),
            (Verdict::Unknown, _) => self.unknown(),
            (Verdict::Refused, Some(reason)) => refused(reason, &who, whom, policy),
            (Verdict::Refused, None) => format!("{who} does not admit it. Check its rules."),
        }
    }

    fn whom(&self) -> &'static str {
        if self.any_token {
            "any valid service token"
        } else if self.anyone {
            "everyone"
        } else {
            "this token"
        }
    }

    fn opens(&self, who: &str, whom: &str) -> String {
        let more = match self.app.behaviour() {
            AppKind::Enrolment => " It may enrol devices.",
            AppKind::Mcp => " A client needs this for the portal's app and the server's app.",
            AppKind::Usual | AppKind::Infrastructure | AppKind::Undocumented => "",
        };
        let advice = if self.any_token || self.anyone {
            "Name the tokens that need it to narrow that."
        } else {
            "Probe the app to prove it."
        };
        format!("{who} admits {whom}.{more} {advice}")
    }

    /// `group Machines and group CI`.
    fn groups(&self) -> String {
        let groups = self.path.iter().filter(|step| step.starts_with("group "));
        let groups: Vec<String> = groups.cloned().collect();
        list(&groups)
    }

    fn unknown(&self) -> String {
        if self.app.behaviour() == AppKind::Undocumented && self.app.policies.is_some() {
            let kind = match self.app.kind.as_str() {
                "" => "an unknown type",
                kind => kind,
            };
            return format!(
                "A policy is about this token, but how apps of type {} treat service tokens is not \
                 documented. Try it with the client itself.",
                text::beginning(kind)
            );
        }
        "Its policies could not be read. Give the credential the permission Access: Apps and Policies \
         Read, and reload."
            .to_owned()
    }
}

fn refused(reason: Reason, who: &str, whom: &str, policy: &DecidingPolicy) -> String {
    match reason {
        Reason::TokenDead => format!(
            "{who} names {whom}, but the token is expired or disabled. Renew or enable it, or take it out \
             of the policy."
        ),
        Reason::Infrastructure => format!(
            "{who} names {whom}, but infrastructure apps take the action Allow only, which admits no \
             service token. Use a person's login there."
        ),
        Reason::RuleFails => format!(
            "{who} names {whom}, but one of its rules keeps it out: an exclude rule that it meets, or a \
             require rule that it cannot meet. Change that rule."
        ),
        Reason::WrongAction => format!(
            "{who} names {whom}, but {} admits none. Give it the action {}.",
            policy.decision.label(),
            Decision::ServiceAuth.label()
        ),
        Reason::Blocked => format!(
            "{who} names {whom} and blocks it. Take it out of that policy, and name it in a Service Auth \
             policy."
        ),
    }
}

/// `CI only`, or the ID of a policy without a name.
fn title(policy: &DecidingPolicy) -> String {
    let name = text::beginning(&policy.name);
    let name = if name.trim().is_empty() {
        policy.id.as_str()
    } else {
        name
    };
    format!("Policy {name}")
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

/// `a, b and c`.
fn list(items: &[String]) -> String {
    match items {
        [] => "something that is not known".to_owned(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}
