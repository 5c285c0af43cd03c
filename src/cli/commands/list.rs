//! The command that lists the tokens of a scope.
//!
//! Not here: the form of the output (`output`).

use std::sync::Arc;

use crate::cli::args::List;
use crate::cli::error_report::warn;
use crate::cli::fetch::Fetcher;
use crate::cli::output::OutputFormat;
use crate::cli::output::print::print;
use crate::cli::output::report::Report;
use crate::domain::failure::Failure;
use crate::domain::status::{EvaluationContext, Lifecycle, Status, Thresholds, Urgency};
use crate::domain::token::ServiceToken;
use crate::startup::Context;

pub(super) async fn list(
    context: Context,
    wanted: &List,
    out: &mut Vec<u8>,
) -> Result<u8, Failure> {
    let fetcher = Fetcher::new(context).await?;
    let access = fetcher.access(None)?;
    let listed = fetcher.list(&access).await?;
    let is_table = wanted.output == OutputFormat::Table;
    let context = fetcher.evaluation_context(listed.clock.offset(), is_table);
    let has_some = !listed.value.is_empty();
    let tokens = by_urgency(listed.value, wanted, context);
    let is_empty = tokens.is_empty();
    let incomplete = listed.gap.as_ref().map(|gap| gap.reason.as_str());
    let report = Report::Tokens {
        tokens: &tokens,
        scope: &access.scope,
        incomplete,
        context,
    };
    print(report, wanted.output, out, fetcher.context.style)?;
    // The command ends here, and to give thousands of small pieces back takes as long as to sort.
    std::mem::forget(tokens);
    let is_watched = fetcher.context.style.width.is_some() && is_table;
    if is_empty && is_watched {
        let said = if has_some {
            "no service token fits."
        } else {
            "the API lists no service token; to a role that covers single tokens it may list nothing."
        };
        warn(said);
    }
    if let Some(why) = incomplete {
        warn(&format!("the list is incomplete: {why}"));
    }
    Ok(u8::from(incomplete.is_some()))
}

/// The tokens that are wanted, the most urgent first.
fn by_urgency(
    tokens: Vec<Arc<ServiceToken>>,
    wanted: &List,
    context: EvaluationContext,
) -> Vec<Arc<ServiceToken>> {
    let mut keyed: Vec<_> = tokens
        .into_iter()
        .map(|token| (Lifecycle::of(&token), token))
        .filter(|(life, _)| is_wanted(*life, wanted, context))
        .map(|(life, token)| (Urgency::of(life, context), token))
        .collect();
    keyed.sort_by(|(one_key, one), (other_key, other)| {
        one_key
            .cmp(other_key)
            .then_with(|| one.name_and_id().cmp(&other.name_and_id()))
    });
    keyed.into_iter().map(|(_, token)| token).collect()
}

fn is_wanted(life: Lifecycle, wanted: &List, context: EvaluationContext) -> bool {
    let status = Status::at(life, context);
    let is_near = wanted.within.is_none_or(|within| {
        life.end().is_some_and(|end| {
            end.signed_duration_since(context.now)
                <= within.of(life.duration).unwrap_or(Thresholds::WARN)
        })
    });
    is_near && (wanted.status.is_empty() || wanted.status.contains(&status))
}
