//! Findings about a token from a map that was read: pure rules, for the screens that show a map. The
//! findings from the token alone are in `domain/findings.rs`; note, verdicts and JSON are theirs only.

use chrono::TimeDelta;

use super::answer::brief;
use super::objects::title;
use super::uses::{CleanUpPlan, Lookup, TokenUses, Told};
use super::verdict::{AppAnswer, Reason};
use crate::domain::change::Change;
use crate::domain::duration;
use crate::domain::findings::{Finding, Severity};
use crate::domain::status::{EvaluationContext, Status};
use crate::domain::token::{Reported, ServiceToken};

/// A clean-up that is due within this time is worth a warning.
pub const CLEAN_UP_SOON: TimeDelta = TimeDelta::days(30);

impl Lookup<'_> {
    /// The findings about a token from its uses; the most severe come first. The uses may have all
    /// apps or only those that name the token.
    pub fn findings(
        &self,
        token: &ServiceToken,
        uses: &TokenUses,
        context: EvaluationContext,
    ) -> Vec<Finding> {
        let found = [
            wrong_action(uses),
            clean_up_due(uses, context),
            no_expiry_alert(uses, Status::of(token, context)),
            self.unreferenced(token, uses, context),
        ];
        found.into_iter().flatten().collect()
    }

    /// Nothing names the token. Said only if all that could was read.
    fn unreferenced(
        &self,
        token: &ServiceToken,
        uses: &TokenUses,
        context: EvaluationContext,
    ) -> Option<Finding> {
        if uses.is_referenced() || !self.gaps.is_empty() {
            return None;
        }
        let (advice, remedies): (_, &'static [Change]) = match &token.last_seen_at {
            Reported::Valid(seen) => {
                let ago = duration::ago(context.now.signed_duration_since(seen));
                let advice =
                    format!("It was seen {ago}: find out what uses it before you delete it.");
                (advice, &[])
            }
            Reported::Null | Reported::Absent | Reported::Malformed(_) => (
                "If no client holds its secret, delete it.".to_owned(),
                &[Change::Delete],
            ),
        };
        let summary = "No policy, group or other place that this credential sees names it.";
        Some(Finding {
            remedies,
            ..finding("unreferenced", Severity::Info, summary, &advice)
        })
    }
}

/// Policies name the token under an action that admits no token.
fn wrong_action(uses: &TokenUses) -> Option<Finding> {
    let is_wrong = |app: &&AppAnswer| {
        app.reason == Some(Reason::WrongAction) && !app.circumstances.only_excludes
    };
    let mut wrong = uses.apps.iter().filter(is_wrong);
    let first = wrong.next()?;
    let policy = first.policy.as_ref()?;
    let name = brief(title(&policy.name, &policy.id));
    let title = brief(first.app.title());
    let summary = match wrong.count() {
        0 => format!(
            "{title} refuses it: policy {name} has the action Allow, which admits no token."
        ),
        more => format!(
            "{title} and {} refuse it: policy {name} has the action Allow, which admits no token.",
            super::map::number(more, "more app")
        ),
    };
    let advice = "Name it in a policy with the action Service Auth.";
    Some(finding(
        "wrong_action",
        Severity::Critical,
        &summary,
        advice,
    ))
}

/// The organization's clean-up takes the token soon.
fn clean_up_due(uses: &TokenUses, context: EvaluationContext) -> Option<Finding> {
    let CleanUpPlan::On(action, days, due) = uses.clean_up else {
        return None;
    };
    let left = due.signed_duration_since(context.now);
    if left > CLEAN_UP_SOON {
        return None;
    }
    let what = action.does();
    let when = if left <= TimeDelta::zero() {
        "at any time now".to_owned()
    } else {
        format!("in {} or later", duration::rough(left))
    };
    let summary =
        format!("The organization's clean-up {what} it {when}, after {days} days without use.");
    let advice = "If something needs it, use it before then, or name it directly in a policy.";
    Some(Finding {
        ends_at: Some(due),
        ..finding("cleanup_due", Severity::Warning, &summary, advice)
    })
}

/// Nobody is told before the token expires.
fn no_expiry_alert(uses: &TokenUses, status: Status) -> Option<Finding> {
    let is_soon = match status {
        Status::Expiring | Status::Critical => true,
        Status::Disabled
        | Status::NeverExpires
        | Status::Unknown
        | Status::Expired
        | Status::Active => false,
    };
    (is_soon && uses.told == Told::Nobody).then(|| {
        finding(
            "no_expiry_alert",
            Severity::Info,
            "Nobody is told before it expires: no expiry alert is visible to this credential.",
            "Add an alert for expiring service tokens in the account's notifications.",
        )
    })
}

fn finding(code: &'static str, severity: Severity, summary: &str, advice: &str) -> Finding {
    Finding {
        code,
        severity,
        summary: summary.to_owned(),
        message: format!("{summary} {advice}"),
        remedies: &[],
        ends_at: None,
    }
}
