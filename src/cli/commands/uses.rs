//! The command that shows who uses a token, or every token.

use std::sync::Arc;

use crate::cli::args::Uses;
use crate::cli::commands::get::{ambiguous, parse};
use crate::cli::commands::list::by_urgency;
use crate::cli::error_report::warn;
use crate::cli::fetch::{Fetcher, warn_of_none_listed};
use crate::cli::output::OutputFormat;
use crate::cli::output::Report;
use crate::cli::output::print::{Output, print};
use crate::cli::uses_result::{UsesFilter, UsesResult};
use crate::domain::access::map::{AccessMap, Part, PartState};
use crate::domain::access::uses::Lookup;
use crate::domain::failure::Failure;
use crate::startup::Context;

pub(super) async fn uses(context: Context, wanted: &Uses, out: &mut Output) -> Result<u8, Failure> {
    let token = wanted.token.as_deref().map(parse).transpose()?;
    let fetcher = Fetcher::connect(context).await?;
    let access = fetcher.access(token.as_ref().and_then(|token| token.scope()))?;
    let style = fetcher.context.style;
    let is_table = wanted.output == OutputFormat::Table;
    let read = fetcher.read_map(&access, token.as_ref()).await?;
    let context = fetcher.evaluation_context(read.clock, is_table);
    let (map, tokens) = read.value;
    if let Some(token) = &token
        && tokens.len() != 1
    {
        return Err(ambiguous(&tokens, token));
    }
    let filter = UsesFilter::new(wanted.unreferenced, wanted.app.as_deref(), &map)?;
    let mut incomplete = map.incomplete_reasons();
    if token.is_none() {
        incomplete.extend(map.why_unread(Part::Tokens));
    }
    if tokens.is_empty() && map.is_read(Part::Tokens) {
        warn_of_none_listed();
    }
    warn_of_gaps(&map, &incomplete);
    let code = u8::from(!incomplete.is_empty());
    let result = UsesResult {
        tokens: by_urgency(tokens, Arc::as_ref, context, |_, _| true),
        map,
        filter,
        is_one: token.is_some(),
        incomplete,
        context,
    };
    let format = wanted.output;
    let is_empty_told = is_table && style.width.is_some() && !result.tokens.is_empty();
    out.defer(move |out| {
        if is_empty_told && result.entries(&Lookup::new(&result.map)).next().is_none() {
            warn("no service tokens match.");
        }
        print(Report::Uses(&result), format, out, style)?;
        // The process is about to exit; skip freeing tens of thousands of tokens.
        std::mem::forget(result);
        Ok(())
    });
    Ok(code)
}

/// Warns of what keeps the answer from being complete, then of the other parts that were not read.
fn warn_of_gaps(map: &AccessMap, incomplete: &[String]) {
    let parts = Part::ALL.into_iter().filter(|part| {
        map.read(*part)
            .is_some_and(|read| read.state != PartState::NotAsked)
    });
    let gaps = parts.filter_map(|part| Some((part, map.why_unread(part)?)));
    let gaps: Vec<(Part, String)> = gaps.collect();
    // A part that is not allowed may fail in any way.
    let with_permission = |why: &str| {
        let part = gaps.iter().find(|(_, other)| other == why);
        let has_failed = |part: Part| {
            let state = map.read(part).map(|read| &read.state);
            matches!(state, Some(PartState::Failed(_)))
        };
        let part = part.filter(|(part, _)| has_failed(*part));
        let permission = part.and_then(|(part, _)| part.permission());
        match permission.filter(|permission| !why.contains(permission)) {
            Some(permission) => format!("{why}; it needs {permission}"),
            None => why.to_owned(),
        }
    };
    for why in incomplete {
        let why = with_permission(why);
        warn(&format!("the answer is incomplete: {why}"));
    }
    let others = gaps.iter().map(|(_, why)| why);
    for why in others.filter(|why| !incomplete.contains(why)) {
        let why = with_permission(why);
        warn(&format!("not everything could be read: {why}"));
    }
}
