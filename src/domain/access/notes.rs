//! The few words of each verdict beside the app in a list.

use super::objects::{AppKind, title};
use super::sentences::listed_or_unknown;
use super::verdict::{AppAnswer, Reason, Verdict};

impl AppAnswer {
    /// What decides, in a few words: `by CI only`, `on the address and the country`. Untrusted text.
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
            (Verdict::Refused, Some(Reason::TokenDead)) if self.circumstances.is_disabled => {
                format!("under {name}: the token is disabled")
            }
            (Verdict::Refused, Some(Reason::TokenDead)) => {
                format!("under {name}: the token has expired")
            }
            (Verdict::Refused, Some(Reason::Infrastructure)) => {
                format!("under {name}: infrastructure takes Allow only")
            }
            (Verdict::Refused, Some(Reason::WrongAction)) => {
                format!("under {name}: needs Service Auth")
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
        let short = self.conditions.iter();
        let short: Vec<String> = short
            .map(|it| it.replace("the caller's ", "the "))
            .collect();
        listed_or_unknown(&short)
    }
}
