//! The command that lists the tokens of a scope, or of all profiles.

use std::sync::Arc;

use crate::cli::all_profiles::{ProfileTokens, accesses, combine, doubts};
use crate::cli::args::List;
use crate::cli::check_result::NONE_LISTED;
use crate::cli::error_report::warn;
use crate::cli::fetch::{Fetcher, warn_of_none_listed};
use crate::cli::output::OutputFormat;
use crate::cli::output::Report;
use crate::cli::output::print::{Output, print};
use crate::config::log;
use crate::domain::failure::Failure;
use crate::domain::fetched::Tokens;
use crate::domain::findings::{Finding, findings};
use crate::domain::list_report::{ListReport, Origin, Origins, ProfileOutcome};
use crate::domain::status::{EvaluationContext, Lifecycle, Status, Thresholds, Urgency};
use crate::domain::token::ServiceToken;
use crate::formats::{ics, parallel};
use crate::startup::Context;
use crate::startup::output_style::OutputStyle;

pub(super) async fn list(context: Context, wanted: &List, out: &mut Output) -> Result<u8, Failure> {
    if wanted.all_profiles {
        return all_profiles(context, wanted, out).await;
    }
    let fetcher = Fetcher::connect(context).await?;
    let access = fetcher.access(None)?;
    let listed = fetcher.list(&access).await?;
    let context = fetcher.evaluation_context(listed.clock, is_table(wanted));
    let incomplete = listed.incomplete().map(str::to_owned);
    let is_empty = listed.value.is_empty();
    let report = ListReport {
        tokens: selected(listed.value, Arc::as_ref, wanted, context),
        origin: Origins::Scope(access.scope),
        incomplete,
        context,
    };
    let style = fetcher.context.style;
    if is_empty && report.incomplete.is_none() {
        warn_of_none_listed();
    } else if !is_empty && report.tokens.is_empty() && is_table(wanted) && style.width.is_some() {
        warn("no service tokens match.");
    }
    Ok(deferred(report, wanted, style, out))
}

/// Lists the tokens of all profiles, read concurrently. A profile that fails does not hide the others.
async fn all_profiles(context: Context, wanted: &List, out: &mut Output) -> Result<u8, Failure> {
    let (names, accesses) = accesses(&context, None)?;
    let fetcher = Fetcher { context };
    let answers = fetcher.list_all(&accesses, false).await.into_iter();
    let ProfileTokens {
        tokens,
        mut outcomes,
        clock,
    } = combine((names, accesses), answers.map(|(listed, _)| listed), None);
    let errors = outcomes.iter().filter_map(|outcome| outcome.error.as_ref());
    errors.for_each(log::failed);
    for outcome in &outcomes {
        let has_some = |other: &ProfileOutcome| other.scope == outcome.scope && other.count > 0;
        if outcome.error.is_none() && !outcomes.iter().any(has_some) {
            warn(&format!("profile {}: {NONE_LISTED}.", outcome.profile));
        }
    }
    let context = fetcher.evaluation_context(clock, is_table(wanted));
    let tokens = selected(tokens, |(_, token)| token, wanted, context);
    let (origins, tokens): (Vec<_>, Tokens) = tokens.into_iter().unzip();
    for outcome in &mut outcomes {
        let of = |origin: &&Arc<Origin>| origin.profile == outcome.profile;
        outcome.count = origins.iter().filter(of).count();
    }
    let report = ListReport {
        tokens,
        incomplete: doubts(&outcomes),
        origin: Origins::Profiles { origins, outcomes },
        context,
    };
    Ok(deferred(report, wanted, fetcher.context.style, out))
}

/// Warns of tokens that may expire and are not in the calendar.
fn warn_of_missing_events(tokens: usize) {
    match tokens {
        0 => {}
        1 => warn("1 token is not in the calendar: when it expires, or its ID, is not known."),
        _ => warn(&format!(
            "{tokens} tokens are not in the calendar: when they expire, or their IDs, are not known."
        )),
    }
}

fn is_table(wanted: &List) -> bool {
    wanted.output == OutputFormat::Table
}

/// Prints the report at the end. Returns the exit code.
fn deferred(report: ListReport, wanted: &List, style: OutputStyle, out: &mut Output) -> u8 {
    if let Some(why) = &report.incomplete {
        warn(&format!("the list is incomplete: {why}"));
    }
    if wanted.output == OutputFormat::Ics {
        warn_of_missing_events(ics::left_out(&report));
    }
    let (format, code) = (wanted.output, u8::from(report.incomplete.is_some()));
    out.defer(move |out| {
        print(Report::Tokens(&report), format, out, style)?;
        // The process is about to exit; skip freeing tens of thousands of tokens.
        std::mem::forget(report);
        Ok(())
    });
    code
}

fn selected<T: Sync>(
    items: Vec<T>,
    token_of: impl Fn(&T) -> &ServiceToken + Sync,
    wanted: &List,
    context: EvaluationContext,
) -> Vec<T> {
    by_urgency(items, token_of, context, |life, token| {
        is_wanted(life, token, wanted, context)
    })
}

/// Those of some tokens that are wanted, the most urgent first, then by name.
pub(super) fn by_urgency<T: Sync>(
    items: Vec<T>,
    token_of: impl Fn(&T) -> &ServiceToken + Sync,
    context: EvaluationContext,
    is_wanted: impl Fn(Lifecycle, &ServiceToken) -> bool + Sync,
) -> Vec<T> {
    // What a token is sorted by, and its place in the list.
    let mut ranked = parallel::collect(&items, &|first: usize, items, ranked: &mut Vec<_>| {
        for (item, at) in items.iter().zip(first..) {
            let token = token_of(item);
            let life = Lifecycle::of(token);
            if is_wanted(life, token) {
                ranked.push((Urgency::of(life, context), token.name_and_id(), at));
            }
        }
    });
    ranked.sort_by_key(|(urgency, ..)| *urgency);
    // Compares no more names than it must: most tokens end at a time of their own.
    for equal in ranked.chunk_by_mut(|(one, ..), (other, ..)| one == other) {
        equal.sort_by_key(|(_, name, _)| *name);
    }
    let order: Vec<usize> = ranked.into_iter().map(|(_, _, at)| at).collect();
    let mut items: Vec<_> = items.into_iter().map(Some).collect();
    let sorted = order.into_iter().filter_map(|at| items[at].take());
    sorted.collect()
}

fn is_wanted(
    life: Lifecycle,
    token: &ServiceToken,
    wanted: &List,
    context: EvaluationContext,
) -> bool {
    let is_near = wanted.within.is_none_or(|within| {
        life.end().is_some_and(|end| {
            end.signed_duration_since(context.now)
                <= within.of(life.duration).unwrap_or(Thresholds::WARN)
        })
    });
    let has_status =
        || wanted.status.is_empty() || wanted.status.contains(&Status::at(life, context));
    let has_finding = || {
        let is_wanted = |it: Finding| wanted.finding.contains(&it.code);
        wanted.finding.is_empty() || findings(token, context).into_iter().any(is_wanted)
    };
    is_near && has_status() && has_finding()
}
