//! The command that lists the tokens of a scope.

use crate::cli::args::List;
use crate::cli::error_report::warn;
use crate::cli::fetch::Fetcher;
use crate::cli::output::OutputFormat;
use crate::cli::output::Report;
use crate::cli::output::print::{Output, print};
use crate::domain::failure::Failure;
use crate::domain::fetched::Tokens;
use crate::domain::findings::findings;
use crate::domain::list_report::{ListReport, Origins};
use crate::domain::status::{EvaluationContext, Lifecycle, Status, Thresholds, Urgency};
use crate::domain::token::ServiceToken;
use crate::startup::Context;

pub(super) async fn list(context: Context, wanted: &List, out: &mut Output) -> Result<u8, Failure> {
    let fetcher = Fetcher {
        context: context.connected().await?,
    };
    let access = fetcher.access(None)?;
    let style = fetcher.context.style;
    let is_table = wanted.output == OutputFormat::Table;
    let listed = fetcher.list(&access).await?;
    let context = fetcher.evaluation_context(listed.clock, is_table);
    let incomplete = listed.incomplete().map(str::to_owned);
    let is_empty = listed.value.is_empty();
    let tokens = by_urgency(listed.value, context, |life, token| {
        is_wanted(life, token, wanted, context)
    });
    if tokens.is_empty() && is_table && style.width.is_some() {
        let said = if is_empty {
            "the API lists no service tokens; a credential limited to individual tokens may not be allowed to list them."
        } else {
            "no service tokens match."
        };
        warn(said);
    }
    if let Some(why) = &incomplete {
        warn(&format!("the list is incomplete: {why}"));
    }
    let (format, code) = (wanted.output, u8::from(incomplete.is_some()));
    let report = ListReport {
        tokens,
        origin: Origins::Scope(access.scope),
        incomplete,
        context,
    };
    out.defer(move |out| {
        print(Report::Tokens(&report), format, out, style)?;
        // The process is about to exit; skip freeing tens of thousands of tokens.
        std::mem::forget(report);
        Ok(())
    });
    Ok(code)
}

/// Those of some tokens that are wanted, the most urgent first, then by name.
pub(super) fn by_urgency(
    tokens: Tokens,
    context: EvaluationContext,
    is_wanted: impl Fn(Lifecycle, &ServiceToken) -> bool,
) -> Tokens {
    let lives = tokens
        .into_iter()
        .map(|token| (Lifecycle::of(&token), token));
    let mut selected: Vec<_> = lives
        .filter(|(life, token)| is_wanted(*life, token))
        .map(|(life, token)| (Urgency::of(life, context), token))
        .collect();
    selected.sort_by_key(|(urgency, _)| *urgency);
    // Compares no more names than it must: most tokens end at a time of their own.
    for equal in selected.chunk_by_mut(|(one, _), (other, _)| one == other) {
        equal.sort_by(|(_, one), (_, other)| one.name_and_id().cmp(&other.name_and_id()));
    }
    selected.into_iter().map(|(_, token)| token).collect()
}

fn is_wanted(
    life: Lifecycle,
    token: &ServiceToken,
    wanted: &List,
    context: EvaluationContext,
) -> bool {
    let status = Status::at(life, context);
    let is_near = wanted.within.is_none_or(|within| {
        life.end().is_some_and(|end| {
            end.signed_duration_since(context.now)
                <= within.of(life.duration).unwrap_or(Thresholds::WARN)
        })
    });
    let has_finding = || {
        let mut found = findings(token, context).into_iter();
        wanted.finding.is_empty() || found.any(|it| wanted.finding.contains(&it.code))
    };
    is_near && (wanted.status.is_empty() || wanted.status.contains(&status)) && has_finding()
}
