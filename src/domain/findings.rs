//! Findings about a token: pure rules, each with a stable code, a severity, and a sentence that
//! says what it means and what to do.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::change::Change;
use super::duration::{Lifetime, Remaining, humanize, rough};
use super::status::{EvaluationContext, Lifecycle, Status};
use super::text;
use super::token::{FieldType, Reported, ServiceToken};
use super::words::words;

words! {
    /// How much a finding matters.
    #[derive(PartialOrd, Ord)]
    pub enum Severity: code {
        Info = "info",
        Warning = "warning",
        Critical = "critical",
    }
}

/// A finding about a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The stable name of the rule.
    pub code: &'static str,
    pub severity: Severity,
    /// The fact about this token, for a screen that lists the remedies itself.
    #[serde(skip)]
    pub summary: String,
    /// The fact about this token, and the remedy.
    pub message: String,
    /// The changes that resolve it, the gentlest first.
    #[serde(skip)]
    pub remedies: &'static [Change],
    /// When the subject of the finding ends, for a countdown of its own.
    #[serde(skip)]
    pub ends_at: Option<DateTime<Utc>>,
}

/// The result of a rule, not yet in words: lists evaluate tens of thousands of tokens.
#[derive(Debug, Clone, Copy)]
enum Fact {
    /// The status, unless it is active.
    Status(Status),
    /// The API reported neither true nor false, so the token may be disabled.
    EnabledUnknown,
    /// A disabled token has also expired: enabling it would not be enough.
    ExpiredToo,
    /// Used so long after its expiry.
    SeenAfterExpiry(TimeDelta),
    PreviousSecretAlive(DateTime<Utc>),
    /// `None` if its age is unknown.
    NeverUsed {
        is_new: Option<bool>,
    },
    /// Last used so many days ago.
    Unused(i64),
    LongLifetime(TimeDelta),
    PreviousSecretRevoked,
}

/// The codes of all findings.
pub const CODES: [&str; 13] = [
    "expired",
    "disabled",
    "expires_within_critical",
    "expires_within_warning",
    "expiry_unknown",
    "enabled_unknown",
    "never_expires",
    "never_used",
    "unused",
    "seen_after_expiry",
    "previous_secret_alive",
    "previous_secret_revoked",
    "long_lifetime",
];

/// A token as the rules see it.
struct Evaluated<'a> {
    token: &'a ServiceToken,
    context: EvaluationContext,
    life: Lifecycle,
    status: Status,
}

impl<'a> Evaluated<'a> {
    fn of(token: &'a ServiceToken, context: EvaluationContext) -> Self {
        let life = Lifecycle::of(token);
        Self {
            token,
            context,
            life,
            status: Status::at(life, context),
        }
    }

    fn since(&self, instant: DateTime<Utc>) -> TimeDelta {
        self.context.now.signed_duration_since(instant)
    }
}

type Rule = fn(&Evaluated<'_>) -> Option<(Severity, Fact)>;

/// The rules in the order in which their findings are shown within a severity.
const RULES: &[Rule] = &[
    status,
    enabled_unknown,
    expired_too,
    seen_after_expiry,
    previous_secret_alive,
    usage,
    long_lifetime,
    previous_secret_revoked,
];

/// The time without a use after which a token counts as unused.
const UNUSED: TimeDelta = TimeDelta::days(30);

/// How long a token that was never used counts as new.
const NEW: TimeDelta = TimeDelta::days(7);

/// The longest quotation of a malformed value, in cells.
const LONGEST_QUOTATION: usize = 60;

/// Applies every rule to a token; the most severe findings come first.
pub fn findings(token: &ServiceToken, context: EvaluationContext) -> Vec<Finding> {
    let found = facts(token, context).map(|(severity, fact)| {
        let summary = fact.summary(token, context);
        let message = match fact.advice(token) {
            Some(advice) => format!("{summary} {advice}"),
            None => summary.clone(),
        };
        let (code, _) = fact.words();
        Finding {
            code,
            severity,
            summary,
            message,
            remedies: fact.remedies(),
            ends_at: fact.ends_at(),
        }
    });
    let mut found: Vec<Finding> = found.collect();
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

/// A finding in two words, for a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    pub severity: Severity,
    /// `still used`, `2 secrets`, `never used`, `unused`, `long life`, `old secret off`.
    pub words: &'static str,
    /// When its subject ends, if that is so soon that it is a warning.
    pub ends_at: Option<DateTime<Utc>>,
}

const STILL_USED: &str = "still used";
const TWO_SECRETS: &str = "2 secrets";

impl Note {
    /// The words after a number of tokens: `1 unused`, `1 with 2 secrets`.
    pub fn counted(self) -> &'static str {
        if self.words == TWO_SECRETS {
            "with 2 secrets"
        } else {
            self.words
        }
    }

    /// Whether something uses the token after its expiry.
    pub fn is_still_used(self) -> bool {
        self.words == STILL_USED
    }

    /// The words, with the time left if its subject ends soon: `2 secrets 3d`, `2 secrets 12m`. In one
    /// unit and without seconds, since a list is rarely drawn.
    pub fn text(self, now: DateTime<Utc>) -> Cow<'static, str> {
        match self.ends_at {
            Some(end) => {
                let left = Remaining::until(end, now).largest_unit();
                format!("{} {left}", self.words).into()
            }
            None => self.words.into(),
        }
    }
}

/// The most severe finding that the status does not already express, as a note.
pub fn note(token: &ServiceToken, context: EvaluationContext) -> Option<Note> {
    let notes = facts(token, context).filter_map(|(severity, fact)| {
        let (_, words) = fact.words();
        let is_soon = severity >= Severity::Warning;
        Some(Note {
            severity,
            words: words?,
            ends_at: fact.ends_at().filter(|_| is_soon),
        })
    });
    // The first of equals.
    notes.rev().max_by_key(|note| note.severity)
}

/// When the note next changes with time, other than together with the status.
pub fn next_note_change(token: &ServiceToken, context: EvaluationContext) -> Option<DateTime<Utc>> {
    let instant = TimeDelta::nanoseconds(1);
    let later = |start: Option<&DateTime<Utc>>, wait: TimeDelta| start?.checked_add_signed(wait);
    let never_used = matches!(token.last_seen_at, Reported::Null);
    let previous = token.previous_client_secret_expires_at.valid();
    let critical = context
        .thresholds
        .for_duration(Lifecycle::of(token).duration);
    [
        later(token.last_seen_at.valid(), UNUSED),
        later(
            token.created_at.valid().filter(|_| never_used),
            NEW + instant,
        ),
        later(previous, instant - critical.critical),
        previous.copied(),
    ]
    .into_iter()
    .flatten()
    .filter(|change| *change > context.now)
    .min()
}

fn facts(
    token: &ServiceToken,
    context: EvaluationContext,
) -> impl DoubleEndedIterator<Item = (Severity, Fact)> {
    let it = Evaluated::of(token, context);
    RULES.iter().filter_map(move |rule| rule(&it))
}

fn status(it: &Evaluated<'_>) -> Option<(Severity, Fact)> {
    let status = match it.life.enabled {
        Some(_) => it.status,
        // A finding of its own says that it may be disabled.
        None => Status::by_dates(it.life, it.context),
    };
    let severity = match status {
        Status::Disabled | Status::Expired | Status::Critical => Severity::Critical,
        Status::Unknown | Status::Expiring => Severity::Warning,
        Status::NeverExpires => Severity::Info,
        Status::Active => return None,
    };
    Some((severity, Fact::Status(status)))
}

fn enabled_unknown(it: &Evaluated<'_>) -> Option<(Severity, Fact)> {
    it.token.malformed(&it.token.enabled)?;
    Some((Severity::Warning, Fact::EnabledUnknown))
}

fn expired_too(it: &Evaluated<'_>) -> Option<(Severity, Fact)> {
    let is_hidden =
        it.life.is_disabled() && Status::by_dates(it.life, it.context) == Status::Expired;
    is_hidden.then_some((Severity::Critical, Fact::ExpiredToo))
}

fn seen_after_expiry(it: &Evaluated<'_>) -> Option<(Severity, Fact)> {
    let seen = *it.token.last_seen_at.valid()?;
    let end = it.life.end()?;
    let is_tried = it.status == Status::Expired && seen > end;
    let fact = Fact::SeenAfterExpiry(seen.signed_duration_since(end));
    is_tried.then_some((Severity::Warning, fact))
}

/// When the secret from before the last rotation ends, while it still works. It stops working with
/// a disabled or expired token.
pub fn previous_secret_end(
    token: &ServiceToken,
    context: EvaluationContext,
) -> Option<DateTime<Utc>> {
    working_secret_end(&Evaluated::of(token, context))
}

fn working_secret_end(it: &Evaluated<'_>) -> Option<DateTime<Utc>> {
    let end = *it.token.previous_client_secret_expires_at.valid()?;
    let is_token_dead = matches!(it.status, Status::Disabled | Status::Expired);
    (!is_token_dead && end > it.context.now).then_some(end)
}

fn previous_secret_alive(it: &Evaluated<'_>) -> Option<(Severity, Fact)> {
    let end = working_secret_end(it)?;
    let left = end.signed_duration_since(it.context.now);
    let thresholds = it.context.thresholds.for_duration(it.life.duration);
    let severity = if left < thresholds.critical {
        Severity::Warning
    } else {
        Severity::Info
    };
    Some((severity, Fact::PreviousSecretAlive(end)))
}

fn previous_secret_revoked(it: &Evaluated<'_>) -> Option<(Severity, Fact)> {
    it.token.previous_client_secret_expires_at.valid()?;
    let is_revoked = working_secret_end(it).is_none();
    is_revoked.then_some((Severity::Info, Fact::PreviousSecretRevoked))
}

/// A token that nobody used in the week after its creation was probably forgotten.
fn usage(it: &Evaluated<'_>) -> Option<(Severity, Fact)> {
    match &it.token.last_seen_at {
        Reported::Valid(seen) if it.since(*seen) >= UNUSED => {
            Some((Severity::Warning, Fact::Unused(it.since(*seen).num_days())))
        }
        // A field that is not reported says nothing about use.
        Reported::Valid(_) | Reported::Malformed(_) | Reported::Absent => None,
        Reported::Null => {
            let made = it.token.created_at.valid();
            let is_new = made.map(|made| it.since(*made) <= NEW);
            let severity = if is_new == Some(false) {
                Severity::Warning
            } else {
                Severity::Info
            };
            Some((severity, Fact::NeverUsed { is_new }))
        }
    }
}

fn long_lifetime(it: &Evaluated<'_>) -> Option<(Severity, Fact)> {
    let length = it.token.duration.valid()?.length()?;
    (length > YEAR).then_some((Severity::Info, Fact::LongLifetime(length)))
}

impl Fact {
    /// The stable name and, where the status says nothing about it, two words for a list.
    fn words(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Status(Status::Disabled) => ("disabled", None),
            Self::Status(Status::NeverExpires) => ("never_expires", None),
            Self::Status(Status::Unknown) => ("expiry_unknown", None),
            Self::Status(Status::Expired) | Self::ExpiredToo => ("expired", None),
            Self::Status(Status::Critical) => ("expires_within_critical", None),
            Self::Status(Status::Expiring) => ("expires_within_warning", None),
            Self::Status(Status::Active) => ("active", None),
            Self::EnabledUnknown => ("enabled_unknown", None),
            Self::SeenAfterExpiry(_) => ("seen_after_expiry", Some(STILL_USED)),
            Self::PreviousSecretAlive(_) => ("previous_secret_alive", Some(TWO_SECRETS)),
            Self::NeverUsed { .. } => ("never_used", Some("never used")),
            Self::Unused(_) => ("unused", Some("unused")),
            Self::LongLifetime(_) => ("long_lifetime", Some("long life")),
            Self::PreviousSecretRevoked => ("previous_secret_revoked", Some("old secret off")),
        }
    }

    /// When its subject ends, for a countdown of its own.
    fn ends_at(self) -> Option<DateTime<Utc>> {
        match self {
            Self::PreviousSecretAlive(end) => Some(end),
            Self::Status(_)
            | Self::EnabledUnknown
            | Self::ExpiredToo
            | Self::SeenAfterExpiry(_)
            | Self::NeverUsed { .. }
            | Self::Unused(_)
            | Self::LongLifetime(_)
            | Self::PreviousSecretRevoked => None,
        }
    }

    /// The fact about the token, in one sentence.
    fn summary(self, token: &ServiceToken, context: EvaluationContext) -> String {
        let left = |end: DateTime<Utc>| rough(end.signed_duration_since(context.now));
        let fixed = match self {
            Self::Status(Status::Disabled) => {
                "Disabled: it and its previous secret are rejected everywhere."
            }
            Self::Status(Status::NeverExpires) => {
                "Never expires: it works until someone disables or deletes it."
            }
            Self::Status(Status::Expired) => {
                "Expired: every request with it is refused until it is renewed."
            }
            Self::ExpiredToo => "Expired as well: enabling it is not enough.",
            Self::PreviousSecretRevoked => "The previous secret no longer works.",
            Self::NeverUsed { .. } => "Never used, as far as the API reports.",
            Self::Status(Status::Unknown) => {
                let but = but(token, &token.expires_at);
                return format!("The API reported no usable expiry date{but}.");
            }
            Self::Status(Status::Critical | Status::Expiring | Status::Active) => {
                let end = Lifecycle::of(token).end().unwrap_or(context.now);
                return format!(
                    "Ends in {}. Renew it, or every client fails then.",
                    left(end)
                );
            }
            Self::EnabledUnknown => {
                let but = but(token, &token.enabled);
                return format!("The API did not report whether it is enabled{but}.");
            }
            Self::SeenAfterExpiry(by) => {
                let by = rough(by);
                return format!(
                    "Last seen {by} after its expiry: something still tries to use it."
                );
            }
            Self::PreviousSecretAlive(end) => {
                return old_secret_sentence(token, &left(end));
            }
            Self::Unused(days) => return format!("Not seen for {days} days."),
            Self::LongLifetime(length) => {
                return format!("Valid for {}, more than a year.", humanize(length));
            }
        };
        fixed.to_owned()
    }

    /// The remedy.
    fn advice(self, token: &ServiceToken) -> Option<String> {
        let fixed = match self {
            Self::Status(Status::Disabled) => {
                "Enable it if something needs it; otherwise delete it."
            }
            Self::Status(Status::NeverExpires) => "Rotate its secret on a schedule of your own.",
            Self::Status(Status::Unknown) | Self::EnabledUnknown => {
                "Look it up in the dashboard before you rely on it."
            }
            Self::Status(Status::Expired | Status::Critical | Status::Expiring) => {
                return Some(renewal(token));
            }
            Self::Status(Status::Active) | Self::PreviousSecretAlive(_) => return None,
            Self::ExpiredToo => "Renew it too, if something needs it.",
            Self::SeenAfterExpiry(_) => {
                "Find that client and give it a token that works, or renew this one."
            }
            Self::PreviousSecretRevoked => "If a client is refused, give it the new one.",
            Self::NeverUsed { is_new } => match is_new {
                Some(false) => "Check that its client really sends it, or delete it.",
                Some(true) => "It is new: check that its client really sends it.",
                None => "Check that its client really sends it.",
            },
            Self::Unused(_) => "If nothing needs it any more, disable it, and delete it later.",
            Self::LongLifetime(_) => {
                "A shorter duration limits what a leaked secret can do: set one when you renew it."
            }
        };
        Some(fixed.to_owned())
    }

    /// The changes that resolve it.
    fn remedies(self) -> &'static [Change] {
        match self {
            Self::Status(Status::Disabled) => &[Change::Enable, Change::Delete],
            Self::Status(Status::NeverExpires) => &[Change::Rotate],
            Self::Status(Status::Expired | Status::Critical | Status::Expiring) => {
                &[Change::Renew, Change::Rotate]
            }
            Self::ExpiredToo | Self::SeenAfterExpiry(_) => &[Change::Renew],
            Self::NeverUsed {
                is_new: Some(false),
            }
            | Self::Unused(_) => &[Change::Disable, Change::Delete],
            Self::Status(Status::Unknown | Status::Active)
            | Self::EnabledUnknown
            | Self::PreviousSecretAlive(_)
            | Self::PreviousSecretRevoked
            | Self::NeverUsed { .. }
            | Self::LongLifetime(_) => &[],
        }
    }
}

/// The two ways to keep the clients of a token working, and their price. Refresh adds a year to a
/// token of any duration; an update with its own duration counts that anew.
fn renewal(token: &ServiceToken) -> String {
    let length = token.duration.valid().and_then(Lifetime::length);
    let renewing = match length.filter(|length| *length != YEAR) {
        Some(length) => format!(
            "Renewing keeps the secret and gives it another {} from now (Cloudflare's Refresh adds a \
             year).",
            humanize(length)
        ),
        None => "Renewing (Cloudflare's Refresh) keeps the secret and adds a year.".to_owned(),
    };
    format!(
        "{renewing} Rotating makes a new secret; without a grace period, the old one stops at once."
    )
}

/// How long the secret from before the last rotation works, and what to do until then.
pub fn old_secret_sentence(token: &ServiceToken, left: &str) -> String {
    let version = token.text(&token.client_secret_version).parse::<u64>();
    match version.ok().filter(|version| *version > 1) {
        Some(new) => {
            let old = new - 1;
            format!(
                "Secret v{old} still works for {left}: move every client to v{new} before then."
            )
        }
        None => format!(
            "The previous secret still works for {left}: move every client to the new one before then."
        ),
    }
}

/// The duration that Cloudflare gives to a token by default, and adds to one.
const YEAR: TimeDelta = TimeDelta::hours(8760);

/// `, but "tomorrow"`, if the field's value is malformed. Untrusted text.
fn but<T: FieldType>(token: &ServiceToken, field: &Reported<T>) -> String {
    token.malformed(field).map_or_else(String::new, |value| {
        let raw = text::beginning(value.raw);
        format!(", but {}", text::truncate(raw, LONGEST_QUOTATION, "…"))
    })
}
