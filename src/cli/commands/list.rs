//! The command that lists the tokens of a scope.

use std::ops::Range;
use std::sync::Arc;

use chrono::TimeDelta;

use crate::api::Page;
use crate::cli::args::List;
use crate::cli::error_report::warn;
use crate::cli::fetch::Fetcher;
use crate::cli::output::OutputFormat;
use crate::cli::output::Report;
use crate::cli::output::print::{self, print};
use crate::domain::failure::Failure;
use crate::domain::status::{EvaluationContext, Lifecycle, Status, Thresholds, Urgency};
use crate::domain::token::ServiceToken;
use crate::startup::Context;
use crate::startup::output_style::OutputStyle;

pub(super) async fn list(
    context: Context,
    wanted: &List,
    out: &mut Vec<u8>,
) -> Result<u8, Failure> {
    let fetcher = Fetcher {
        context: context.connected().await?,
    };
    let access = fetcher.access(None)?;
    let style = fetcher.context.style;
    let is_table = wanted.output == OutputFormat::Table;
    let mut printer = Printer::new(wanted, style);
    let mut add = |page: Page<'_, Arc<ServiceToken>>| {
        let context = || fetcher.context_by(page.clock);
        printer.add(page.number, page.items, context);
    };
    let listed = fetcher.list(&access, &mut add).await?;
    let context = fetcher.evaluation_context(listed.clock, is_table);
    let context = printer.finish(&listed.value, context);
    printer.printed?;
    let incomplete = listed.incomplete();
    let tokens: Vec<_> = printer.rows.iter().map(|row| row.token.clone()).collect();
    let texts: Vec<_> = printer
        .rows
        .iter()
        .map(|row| &printer.text[row.text.clone()])
        .collect();
    out.reserve(printer.text.len() + texts.len());
    let report = Report::Tokens {
        tokens: &tokens,
        rows: &texts,
        scope: &access.scope,
        incomplete,
        context,
    };
    print(report, wanted.output, out, style)?;
    if tokens.is_empty() && is_table && style.width.is_some() {
        let said = if listed.value.is_empty() {
            "the API lists no service tokens; a credential limited to individual tokens may not be allowed to list them."
        } else {
            "no service tokens match."
        };
        warn(said);
    }
    if let Some(why) = incomplete {
        warn(&format!("the list is incomplete: {why}"));
    }
    let code = u8::from(incomplete.is_some());
    // The process is about to exit; skip freeing tens of thousands of tokens.
    std::mem::forget((tokens, printer.rows, listed));
    Ok(code)
}

/// The tokens to print, evaluated and printed one by one while the rest of the list arrives.
struct Printer<'a> {
    wanted: &'a List,
    style: OutputStyle,
    context: Option<EvaluationContext>,
    rows: Vec<Row>,
    /// The printed rows in the order in which they arrived.
    text: Vec<u8>,
    printed: Result<(), Failure>,
}

struct Row {
    urgency: Urgency,
    token: Arc<ServiceToken>,
    /// Its position in the API's list: page, and index on the page.
    place: (u64, usize),
    /// The position of its row in the text.
    text: Range<usize>,
}

impl<'a> Printer<'a> {
    fn new(wanted: &'a List, style: OutputStyle) -> Self {
        Self {
            wanted,
            style,
            context: None,
            rows: Vec::new(),
            text: Vec::new(),
            printed: Ok(()),
        }
    }

    /// Adds a page. The context of the first page applies to all.
    fn add(
        &mut self,
        page: u64,
        tokens: &[Arc<ServiceToken>],
        context: impl FnOnce() -> EvaluationContext,
    ) {
        let context = *self.context.get_or_insert_with(context);
        for (index, token) in tokens.iter().enumerate() {
            let life = Lifecycle::of(token);
            if !is_wanted(life, self.wanted, context) {
                continue;
            }
            let start = self.text.len();
            let format = self.wanted.output;
            let printed = print::row(token, context, format, &mut self.text, self.style);
            if self.printed.is_ok() {
                self.printed = printed;
            }
            self.rows.push(Row {
                urgency: Urgency::of(life, context),
                token: token.clone(),
                place: (page, index),
                text: start..self.text.len(),
            });
        }
    }

    /// Sorts the rows, the most urgent first. Evaluates them again if the clock of later answers differs or
    /// the list took long. Returns the context that they were evaluated with.
    fn finish(
        &mut self,
        tokens: &[Arc<ServiceToken>],
        context: EvaluationContext,
    ) -> EvaluationContext {
        let is_recent = |used: &EvaluationContext| {
            let difference = context.now.signed_duration_since(used.now);
            difference.abs() < TimeDelta::seconds(1)
        };
        let used = self.context.filter(is_recent);
        if used.is_none() {
            *self = Self::new(self.wanted, self.style);
            self.add(1, tokens, || context);
        }
        self.rows.sort_unstable_by(|one, other| {
            let names = || one.token.name_and_id().cmp(&other.token.name_and_id());
            let urgency = one.urgency.cmp(&other.urgency);
            urgency.then_with(names).then(one.place.cmp(&other.place))
        });
        used.unwrap_or(context)
    }
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
