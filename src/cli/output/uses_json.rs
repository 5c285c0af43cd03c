//! The JSON report of `uses`, written token by token.

use std::io::{self, Write};
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::cli::uses_result::{TokenEntry, UsesResult};
use crate::domain::access::Counts;
use crate::domain::access::map::{AccessMap, Part, PartState};
use crate::domain::access::objects::{CleanUp, Organization};
use crate::domain::access::uses::{CleanUpPlan, Deletable, Lookup, Reference, SECRET_PLACES, Told};
use crate::domain::access::verdict::{AppAnswer, DecidingPolicy, Reason, Verdict};
use crate::domain::duration::Remaining;
use crate::domain::failure::Failure;
use crate::domain::scope::Scope;
use crate::domain::status::{EvaluationContext, Lifecycle, Status};
use crate::domain::token::ServiceToken;
use crate::formats::json::{Clock, after_tokens, append, before_tokens};
use crate::formats::{parallel, rfc3339};

/// Writes the report. The tokens' bytes were valid JSON when they arrived, so they are copied.
///
/// # Errors
/// The writer's.
pub fn print(out: &mut impl Write, result: &UsesResult) -> io::Result<()> {
    let lookup = Lookup::new(&result.map);
    let any_token_apps = (!result.is_one).then(|| result.any_token_apps(&lookup));
    let head = BeforeTokens {
        scope: &result.map.scope,
        complete: result.incomplete.is_empty(),
        incomplete_reasons: &result.incomplete,
        read: reads(&result.map),
        organization: (result.map.is_read(Part::Organization))
            .then(|| &result.map.objects().organization),
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
    scope: &'a Scope,
    complete: bool,
    incomplete_reasons: &'a [String],
    read: Vec<ReadReport<'a>>,
    organization: Option<&'a Organization>,
    any_token_apps: Option<Vec<AppReport<'a>>>,
}

/// The result of reading a part.
#[derive(Serialize)]
struct ReadReport<'a> {
    part: Part,
    state: &'static str,
    count: usize,
    permission: Option<&'static str>,
    error: Option<&'a Failure>,
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
            part,
            state: state.code(),
            count: read.map_or(0, |read| read.count),
            permission: failure.and_then(|_| part.permission()),
            error: failure,
        }
    };
    Part::ALL.into_iter().map(report).collect()
}

/// The members that follow a token.
#[derive(Serialize)]
struct AfterToken<'a> {
    status: Status,
    expires_at: Option<String>,
    seconds_left: Option<i64>,
    apps: Vec<AppReport<'a>>,
    references: &'a [Reference],
    counts: Counts,
    deletable: Deletable,
    deletable_reasons: Reasons<'a>,
    told: Told,
    told_who: &'a [String],
    cleanup_at: Option<String>,
    cleanup_action: Option<CleanUp>,
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
            status,
            expires_at: end.map(rfc3339),
            seconds_left: end.map(|end| Remaining::until(end, context.now).seconds()),
            apps: uses.apps.iter().map(Into::into).collect(),
            references: &uses.references,
            counts: uses.counts,
            deletable: uses.deletable,
            deletable_reasons: Reasons(&uses.deletable_reasons),
            told: uses.told,
            told_who: &uses.told_who,
            cleanup_at: clean_up.map(|(_, due)| rfc3339(due)),
            cleanup_action: clean_up.map(|(action, _)| action),
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
    verdict: Verdict,
    reason: Option<Reason>,
    message: String,
    policy: Option<&'a DecidingPolicy>,
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
            verdict: answer.verdict,
            reason: answer.reason,
            message: answer.message(),
            policy: answer.policy.as_ref(),
            path: &answer.path,
            conditions: &answer.conditions,
            any_token: answer.any_token,
        }
    }
}
