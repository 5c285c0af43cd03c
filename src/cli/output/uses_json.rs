//! The JSON report of `uses`, written token by token.

use std::io::{self, Write};
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::cli::uses_result::{TokenEntry, UsesResult};
use crate::domain::access::Counts;
use crate::domain::access::map::{AccessMap, Part, PartState};
use crate::domain::access::objects::Inactivity;
use crate::domain::access::uses::{CleanUpPlan, Lookup, Reference, SECRET_PLACES};
use crate::domain::access::verdict::{AppAnswer, Reason};
use crate::domain::duration::Remaining;
use crate::domain::status::{EvaluationContext, Lifecycle, Status};
use crate::domain::token::ServiceToken;
use crate::formats::error_json::ErrorReport;
use crate::formats::json::{Clock, after_tokens, append, before_tokens};
use crate::formats::{ScopeReport, parallel, rfc3339};

/// Writes the report. The tokens' bytes were valid JSON when they arrived, so they are copied.
///
/// # Errors
/// The writer's.
pub fn print(out: &mut impl Write, result: &UsesResult) -> io::Result<()> {
    let lookup = Lookup::new(&result.map);
    let any_token_apps = (!result.is_one).then(|| result.any_token_apps(&lookup));
    let head = BeforeTokens {
        scope: (&result.map.scope).into(),
        complete: result.incomplete.is_empty(),
        incomplete_reasons: &result.incomplete,
        read: reads(&result.map),
        organization: organization(&result.map),
        any_token_apps: any_token_apps
            .as_deref()
            .map(|apps| apps.iter().map(Into::into).collect()),
    };
    out.write_all(&before_tokens(&head)?)?;
    tokens(out, result, &lookup)?;
    out.write_all(&after_tokens(&Clock::of(result.context))?)
}

/// Writes the tokens with commas between them.
fn tokens(out: &mut impl Write, result: &UsesResult, lookup: &Lookup<'_>) -> io::Result<()> {
    let concerns_all = result.concerns_all(lookup);
    let text = |_: usize, tokens: &[Arc<ServiceToken>], text: &mut Vec<u8>| {
        for entry in result.entries_of(tokens, lookup, concerns_all) {
            text.extend_from_slice(b",{\"token\":");
            text.extend_from_slice(entry.token.raw.as_str().as_bytes());
            let rest = AfterToken::of(&entry, result.context);
            append(text, &rest)?;
        }
        Ok(())
    };
    let mut is_first = true;
    parallel::in_order(&result.tokens, &text, |text| {
        let separator = usize::from(is_first && !text.is_empty());
        out.write_all(&text[separator..])?;
        is_first = is_first && text.is_empty();
        text.clear();
        Ok(())
    })
}

/// The members that precede the tokens.
#[derive(Serialize)]
struct BeforeTokens<'a> {
    scope: ScopeReport,
    complete: bool,
    incomplete_reasons: &'a [String],
    read: Vec<ReadReport<'a>>,
    organization: Option<OrganizationReport>,
    any_token_apps: Option<Vec<AppReport<'a>>>,
}

/// The result of reading a part.
#[derive(Serialize)]
struct ReadReport<'a> {
    part: &'static str,
    state: &'static str,
    count: usize,
    permission: Option<&'static str>,
    error: Option<ErrorReport<'a>>,
}

fn reads(map: &AccessMap) -> Vec<ReadReport<'_>> {
    let report = |part: Part| {
        let read = map.read(part);
        let state = read.map_or(&PartState::NotAsked, |read| &read.state);
        let failure = match state {
            PartState::Partly(failure) | PartState::Failed(failure) => Some(failure),
            PartState::Read | PartState::NotAsked => None,
        };
        ReadReport {
            part: part.code(),
            state: state.code(),
            count: read.map_or(0, |read| read.count),
            permission: failure.and_then(|_| part.permission()),
            error: failure.map(Into::into),
        }
    };
    Part::ALL.into_iter().map(report).collect()
}

#[derive(Serialize)]
struct OrganizationReport {
    strict_service_token_auth: Option<bool>,
    inactivity: Option<InactivityReport>,
}

#[derive(Serialize)]
struct InactivityReport {
    action: &'static str,
    days: u32,
}

fn organization(map: &AccessMap) -> Option<OrganizationReport> {
    let settings = &map.objects().organization;
    map.is_read(Part::Organization).then(|| OrganizationReport {
        strict_service_token_auth: settings.strict,
        inactivity: match settings.inactivity {
            Inactivity::Unknown | Inactivity::Ignored => None,
            Inactivity::CleanedUp { action, days } => Some(InactivityReport {
                action: action.code(),
                days,
            }),
        },
    })
}

/// The members that follow a token.
#[derive(Serialize)]
struct AfterToken<'a> {
    status: &'static str,
    expires_at: Option<String>,
    seconds_left: Option<i64>,
    apps: Vec<AppReport<'a>>,
    references: Vec<ReferenceReport<'a>>,
    counts: CountsReport,
    deletable: &'static str,
    deletable_reasons: Reasons<'a>,
    told: &'static str,
    told_who: &'a [String],
    cleanup_at: Option<String>,
    cleanup_action: Option<&'static str>,
}

impl<'a> AfterToken<'a> {
    fn of(entry: &'a TokenEntry<'_>, context: EvaluationContext) -> Self {
        let uses = &entry.uses;
        let status = Status::of(entry.token, context);
        let end = Lifecycle::of(entry.token).end();
        let end = end.filter(|_| status != Status::Unknown);
        let clean_up = match uses.clean_up {
            CleanUpPlan::On(action, _, due) => Some((action, due)),
            CleanUpPlan::Off
            | CleanUpPlan::Unknown
            | CleanUpPlan::Spared
            | CleanUpPlan::AlreadyDisabled => None,
        };
        Self {
            status: status.code(),
            expires_at: end.map(rfc3339),
            seconds_left: end.map(|end| Remaining::until(end, context.now).seconds()),
            apps: uses.apps.iter().map(Into::into).collect(),
            references: uses.references.iter().map(Into::into).collect(),
            counts: uses.counts.into(),
            deletable: uses.deletable.code(),
            deletable_reasons: Reasons(&uses.deletable_reasons),
            told: uses.told.code(),
            told_who: &uses.told_who,
            cleanup_at: clean_up.map(|(_, due)| rfc3339(due)),
            cleanup_action: clean_up.map(|(action, _)| action.code()),
        }
    }
}

/// Why a token may be deleted or not, and what no API shows.
struct Reasons<'a>(&'a [String]);

impl Serialize for Reasons<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let reasons = self.0.iter().map(String::as_str);
        serializer.collect_seq(reasons.chain([SECRET_PLACES]))
    }
}

#[derive(Serialize)]
struct AppReport<'a> {
    id: &'a str,
    name: &'a str,
    r#type: &'a str,
    address: Option<&'a str>,
    verdict: &'static str,
    reason: Option<&'static str>,
    message: String,
    policy: Option<PolicyReport<'a>>,
    path: &'a [String],
    conditions: &'a [String],
    any_token: bool,
}

impl<'a> From<&'a AppAnswer> for AppReport<'a> {
    fn from(answer: &'a AppAnswer) -> Self {
        let app = &answer.app;
        Self {
            id: &app.id,
            name: &app.name,
            r#type: &app.kind,
            address: app.address.as_deref(),
            verdict: answer.verdict.code(),
            reason: answer.reason.map(Reason::code),
            message: answer.message(),
            policy: answer.policy.as_ref().map(|policy| PolicyReport {
                id: &policy.id,
                name: &policy.name,
                decision: policy.decision.code(),
                precedence: policy.precedence,
                reusable: policy.reusable,
            }),
            path: &answer.path,
            conditions: &answer.conditions,
            any_token: answer.any_token,
        }
    }
}

/// The policy that decides.
#[derive(Serialize)]
struct PolicyReport<'a> {
    id: &'a str,
    name: &'a str,
    decision: &'a str,
    precedence: Option<i64>,
    reusable: Option<bool>,
}

#[derive(Serialize)]
struct ReferenceReport<'a> {
    kind: &'static str,
    id: &'a str,
    name: &'a str,
    message: &'a str,
}

impl<'a> From<&'a Reference> for ReferenceReport<'a> {
    fn from(reference: &'a Reference) -> Self {
        Self {
            kind: reference.kind.code(),
            id: &reference.id,
            name: &reference.name,
            message: &reference.message,
        }
    }
}

#[derive(Serialize)]
struct CountsReport {
    opens: usize,
    depends: usize,
    refused: usize,
    unknown: usize,
}

impl From<Counts> for CountsReport {
    fn from(counts: Counts) -> Self {
        Self {
            opens: counts.opens,
            depends: counts.depends,
            refused: counts.refused,
            unknown: counts.unknown,
        }
    }
}
