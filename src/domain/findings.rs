//! Findings about a token: pure rules, each with a stable code, a severity, and a sentence that
//! says what it means and what to do.

use chrono::{DateTime, TimeDelta, Utc};

use super::duration::{humanize, rough};
use super::status::{EvaluationContext, Lifecycle, Status};
use super::text;
use super::token::{FieldType, Reported, ServiceToken};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Info,
    Warning,
    Critical,
}

impl Severity {
    /// The word used in JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// A finding about a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The stable name of the rule.
    pub code: &'static str,
    pub severity: Severity,
    pub message: String,
    /// When the subject of the finding ends, for a countdown of its own.
    pub ends_at: Option<DateTime<Utc>>,
}

type Rule = fn(&ServiceToken, EvaluationContext) -> Option<Finding>;

/// The rules in the order in which their findings are shown within a severity.
const RULES: &[Rule] = &[
    status,
    malformed_enabled,
    expiry_beneath_disabled,
    usage,
    seen_after_expiry,
    previous_secret,
    long_lifetime,
];

const RENEWAL: &str = "Refresh adds a year and keeps the secret; rotate makes a new secret and, without a grace \
                       period, kills the old one at once.";

const LOOK_IT_UP: &str = "Look the token up in the dashboard before you rely on it.";

/// The longest quotation of a malformed value, in cells.
const LONGEST_QUOTATION: usize = 60;

/// Applies every rule to a token; the most severe findings come first.
#[must_use]
pub fn findings(token: &ServiceToken, context: EvaluationContext) -> Vec<Finding> {
    let found = RULES.iter().filter_map(|rule| rule(token, context));
    let mut found: Vec<Finding> = found.collect();
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

fn finding(code: &'static str, severity: Severity, message: impl Into<String>) -> Finding {
    Finding {
        code,
        severity,
        message: message.into(),
        ends_at: None,
    }
}

fn status(token: &ServiceToken, context: EvaluationContext) -> Option<Finding> {
    let life = Lifecycle::of(token);
    let status = if life.is_disabled() {
        Status::Disabled
    } else {
        Status::by_dates(life, context)
    };
    let ending = |code, severity| {
        let end = life.end().unwrap_or(context.now);
        let left = rough(end.signed_duration_since(context.now));
        finding(code, severity, format!("Ends in {left}. {RENEWAL}"))
    };
    Some(match status {
        Status::Disabled => finding(
            "disabled",
            Severity::Critical,
            "Disabled: it and its previous secret are rejected everywhere. Enable it again in the dashboard, or \
             delete it if nothing needs it.",
        ),
        Status::NeverExpires => finding(
            "never_expires",
            Severity::Info,
            "Never expires. It works until someone deletes it; rotate its secret on your own schedule.",
        ),
        Status::Unknown => finding(
            "expiry_unknown",
            Severity::Warning,
            format!(
                "The API reported no usable expiry date{}. {LOOK_IT_UP}",
                but(token, &token.expires_at)
            ),
        ),
        Status::Expired => finding(
            "expired",
            Severity::Critical,
            format!("Expired: every request with it is refused. {RENEWAL}"),
        ),
        Status::Critical => ending("expires_within_critical", Severity::Critical),
        Status::Expiring => ending("expires_within_warning", Severity::Warning),
        Status::Active => return None,
    })
}

/// `, but "tomorrow"`, if the field's value is malformed. Untrusted text.
fn but<T: FieldType>(token: &ServiceToken, field: &Reported<T>) -> String {
    token.malformed(field).map_or_else(String::new, |value| {
        let raw = text::beginning(value.raw);
        format!(", but {}", text::truncate(raw, LONGEST_QUOTATION, "…"))
    })
}

/// A value that is neither true nor false may mean that the token is disabled.
fn malformed_enabled(token: &ServiceToken, _: EvaluationContext) -> Option<Finding> {
    token.malformed(&token.enabled)?;
    Some(finding(
        "enabled_unknown",
        Severity::Warning,
        format!(
            "The API did not report whether it is enabled{}. {LOOK_IT_UP}",
            but(token, &token.enabled)
        ),
    ))
}

/// A disabled token may also have expired: enabling it would not be enough.
fn expiry_beneath_disabled(token: &ServiceToken, context: EvaluationContext) -> Option<Finding> {
    let life = Lifecycle::of(token);
    let is_hidden = life.is_disabled() && Status::by_dates(life, context) == Status::Expired;
    is_hidden.then(|| {
        finding(
            "expired",
            Severity::Critical,
            format!("Expired as well: enabling it is not enough. {RENEWAL}"),
        )
    })
}

/// A token that nobody used in the week after its creation was probably forgotten.
fn usage(token: &ServiceToken, context: EvaluationContext) -> Option<Finding> {
    let since = |instant: DateTime<Utc>| context.now.signed_duration_since(instant);
    match &token.last_seen_at {
        Reported::Valid(seen) if since(*seen) >= TimeDelta::days(30) => Some(finding(
            "unused",
            Severity::Warning,
            format!(
                "Not seen for {} days. If nothing needs it any more, delete it.",
                since(*seen).num_days()
            ),
        )),
        // A field that is not reported says nothing about use.
        Reported::Valid(_) | Reported::Malformed(_) | Reported::Absent => None,
        Reported::Null => {
            let (severity, advice) = match token.created_at.valid() {
                Some(made) if since(*made) > TimeDelta::days(7) => (
                    Severity::Warning,
                    "Check that its client really sends it, or delete it.",
                ),
                Some(_) => (
                    Severity::Info,
                    "It is new: check that its client really sends it.",
                ),
                None => (Severity::Info, "Check that its client really sends it."),
            };
            Some(finding(
                "never_used",
                severity,
                format!("Never used, as far as the API reports. {advice}"),
            ))
        }
    }
}

fn seen_after_expiry(token: &ServiceToken, context: EvaluationContext) -> Option<Finding> {
    let seen = *token.last_seen_at.valid()?;
    let end = Lifecycle::of(token).end()?;
    (Status::of(token, context) == Status::Expired && seen > end).then(|| {
        finding(
            "seen_after_expiry",
            Severity::Warning,
            format!(
                "Last seen {} after its expiry: something still tries to use it.",
                rough(seen.signed_duration_since(end))
            ),
        )
    })
}

/// When the secret from before the last rotation ends, while it still works. It stops working with
/// a disabled or expired token.
#[must_use]
pub fn previous_secret_end(
    token: &ServiceToken,
    context: EvaluationContext,
) -> Option<DateTime<Utc>> {
    let end = *token.previous_client_secret_expires_at.valid()?;
    let status = Status::of(token, context);
    let is_token_dead = matches!(status, Status::Disabled | Status::Expired);
    (!is_token_dead && end > context.now).then_some(end)
}

fn previous_secret(token: &ServiceToken, context: EvaluationContext) -> Option<Finding> {
    token.previous_client_secret_expires_at.valid()?;
    let Some(end) = previous_secret_end(token, context) else {
        return Some(finding(
            "previous_secret_revoked",
            Severity::Info,
            "The previous secret no longer works: every client must use the new one.",
        ));
    };
    let left = end.signed_duration_since(context.now);
    let duration = Lifecycle::of(token).duration;
    let severity = if left < context.thresholds.for_duration(duration).critical {
        Severity::Warning
    } else {
        Severity::Info
    };
    let message = format!(
        "The previous secret still works for {}. Move every client to the new one before it ends.",
        rough(left)
    );
    Some(Finding {
        ends_at: Some(end),
        ..finding("previous_secret_alive", severity, message)
    })
}

fn long_lifetime(token: &ServiceToken, _: EvaluationContext) -> Option<Finding> {
    let length = token.duration.valid()?.length()?;
    (length > TimeDelta::hours(8760)).then(|| {
        finding(
            "long_lifetime",
            Severity::Info,
            format!(
                "Valid for {}, more than a year. A shorter lifetime limits what a leaked secret can do.",
                humanize(length)
            ),
        )
    })
}
