//! The command that lists the tokens of a scope.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use chrono::TimeDelta;

use crate::api;
use crate::cli::args::{List, ListOutput};
use crate::cli::error_report::warn;
use crate::cli::fetch::{Fetcher, unprintable};
use crate::cli::output::json::{self, ListReport};
use crate::cli::output::{csv, table};
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
    let fetcher = Fetcher::new(context).await?;
    let access = fetcher.access(None)?;
    let style = fetcher.context.style;
    let is_table = wanted.output == ListOutput::Table;
    let mut rows = Rows::new(wanted, style);
    let mut add = |page: api::Page<'_, Arc<ServiceToken>>| {
        let context = || fetcher.context_by(page.clock.offset());
        rows.add(page.number, page.items, context);
    };
    let listed = fetcher.list(&access, &mut add).await?;
    let context = fetcher.evaluation_context(listed.clock.offset(), is_table);
    rows.finish(&listed.value, context);
    let incomplete = listed.incomplete();
    let printed = rows.print(out, |context, count| ListReport {
        scope: &access.scope,
        count,
        incomplete,
        context,
    });
    printed.map_err(|error| unprintable(&error))?;
    let is_watched = style.width.is_some() && is_table;
    if rows.rows.is_empty() && is_watched {
        let said = if listed.value.is_empty() {
            NONE_LISTED
        } else {
            NONE_WANTED
        };
        warn(said);
    }
    if let Some(why) = incomplete {
        warn(&format!("the list is incomplete: {why}"));
    }
    let code = u8::from(incomplete.is_some());
    // The process is about to exit; skip freeing tens of thousands of tokens.
    std::mem::forget((rows, listed));
    Ok(code)
}

/// Said if a filter excludes every token.
const NONE_WANTED: &str = "no service token fits.";
/// Said if the list is empty.
const NONE_LISTED: &str =
    "the API lists no service token; to a role that covers single tokens it may list nothing.";

/// The tokens to print, evaluated and rendered while the rest of the list arrives.
struct Rows<'a> {
    wanted: &'a List,
    style: OutputStyle,
    context: Option<EvaluationContext>,
    rows: Vec<Row>,
    /// The rendered rows in the order in which they arrived.
    text: Vec<u8>,
    rendered: io::Result<()>,
}

struct Row {
    urgency: Urgency,
    token: Arc<ServiceToken>,
    /// Where the API lists it: page, and index on the page.
    place: (u64, usize),
    /// Where it is in the text.
    text: Range<usize>,
}

impl<'a> Rows<'a> {
    fn new(wanted: &'a List, style: OutputStyle) -> Self {
        Self {
            wanted,
            style,
            context: None,
            rows: Vec::new(),
            text: Vec::new(),
            rendered: Ok(()),
        }
    }

    /// Adds a page. The context of the first page holds for all of them.
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
            let rendered = self.render(token, context);
            if self.rendered.is_ok() {
                self.rendered = rendered;
            }
            self.rows.push(Row {
                urgency: Urgency::of(life, context),
                token: token.clone(),
                place: (page, index),
                text: start..self.text.len(),
            });
        }
    }

    fn render(&mut self, token: &Arc<ServiceToken>, context: EvaluationContext) -> io::Result<()> {
        match self.wanted.output {
            ListOutput::Json => json::list_row(&mut self.text, token, context),
            ListOutput::Csv => csv::record(&mut self.text, token, context),
            // The width of a column depends on all rows.
            ListOutput::Table if self.style.width.is_some() => Ok(()),
            ListOutput::Table => {
                let one = std::slice::from_ref(token);
                table::tokens(&mut self.text, one, context, self.style)
            }
        }
    }

    /// Sorts the rows, the most urgent first. Evaluates them again if the clock of later answers differs or
    /// the list took long.
    fn finish(&mut self, tokens: &[Arc<ServiceToken>], context: EvaluationContext) {
        let is_current = self.context.is_some_and(|used| {
            let difference = context.now.signed_duration_since(used.now);
            difference.abs() < TimeDelta::seconds(1)
        });
        if !is_current {
            *self = Self::new(self.wanted, self.style);
            self.add(1, tokens, || context);
        }
        self.rows.sort_unstable_by(|one, other| {
            let (urgency, place) = (one.urgency.cmp(&other.urgency), one.place.cmp(&other.place));
            let names = || one.token.name_and_id().cmp(&other.token.name_and_id());
            urgency.then_with(names).then(place)
        });
    }

    fn print<'r>(
        &self,
        out: &mut Vec<u8>,
        report: impl FnOnce(EvaluationContext, usize) -> ListReport<'r>,
    ) -> io::Result<()> {
        if let Err(error) = &self.rendered {
            return Err(io::Error::new(error.kind(), error.to_string()));
        }
        let Some(context) = self.context else {
            return Ok(());
        };
        out.reserve(self.text.len() + self.rows.len() + 1024);
        let texts = self.rows.iter().map(|row| &self.text[row.text.clone()]);
        match self.wanted.output {
            ListOutput::Json => report(context, self.rows.len()).print(out, texts),
            ListOutput::Table if self.style.width.is_some() => {
                let tokens: Vec<_> = self.rows.iter().map(|row| row.token.clone()).collect();
                table::tokens(out, &tokens, context, self.style)
            }
            ListOutput::Csv => {
                out.extend_from_slice(csv::HEADER.as_bytes());
                texts.for_each(|text| out.extend_from_slice(text));
                Ok(())
            }
            ListOutput::Table => {
                texts.for_each(|text| out.extend_from_slice(text));
                Ok(())
            }
        }
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
