//! The output of a monitoring plugin: the text of the table, with performance data after the first line.
//!
//! Monitoring systems that follow the plugin conventions of Nagios draw the numbers as graphs.

use std::io::{self, Write};

use super::details;
use crate::cli::check_result::{CheckEntry, CheckResult};
use crate::domain::status::{EvaluationContext, Status, TokenThresholds};
use crate::domain::text;
use crate::startup::output_style::OutputStyle;

/// Prints the result of a check, without colours and at any width.
///
/// # Errors
/// The writer's.
pub fn print(out: &mut impl Write, checkup: &CheckResult, style: OutputStyle) -> io::Result<()> {
    let mut printed = Vec::new();
    details::check(&mut printed, checkup, style.for_file())?;
    let printed = String::from_utf8_lossy(&printed);
    let (first, rest) = printed.split_once('\n').unwrap_or((&printed, ""));
    out.write_all(text::without_pipes(first).as_bytes())?;
    if checkup.error.is_none() {
        write!(out, " |")?;
        performance(out, checkup)?;
    }
    write!(out, "\n{}", text::without_pipes(rest))
}

/// The seconds until the next expiry, with the thresholds if all tokens share them, and how many tokens
/// have each status.
fn performance(out: &mut impl Write, checkup: &CheckResult) -> io::Result<()> {
    let (entries, context) = (&checkup.entries, checkup.context);
    let left = entries.iter().filter_map(|entry| left(entry, context));
    match left.min() {
        Some(seconds) => write!(out, " 'soonest'={seconds}s")?,
        // Undetermined.
        None => write!(out, " 'soonest'=U")?,
    }
    if let Some(TokenThresholds { warn, critical }) = shared(entries, context) {
        let (warn, critical) = (warn.num_seconds(), critical.num_seconds());
        // A range such as `60:` raises the alarm below it.
        write!(out, ";{warn}:;{critical}:")?;
    }
    for status in Status::ALL {
        let is_so = |entry: &&CheckEntry| entry.status(context) == status;
        let count = entries.iter().filter(is_so).count();
        write!(out, " '{}'={count};;;0", status.code())?;
    }
    Ok(())
}

/// The seconds left of a token that is going to expire.
fn left(entry: &CheckEntry, context: EvaluationContext) -> Option<i64> {
    let life = entry.life();
    let end = life.end().filter(|_| !life.is_disabled())?;
    let seconds = end.signed_duration_since(context.now).num_seconds();
    (end > context.now).then_some(seconds)
}

/// The thresholds, unless they differ from token to token.
fn shared(entries: &[CheckEntry], context: EvaluationContext) -> Option<TokenThresholds> {
    let ending = entries
        .iter()
        .filter(|entry| left(entry, context).is_some());
    let mut all = ending.map(|entry| context.thresholds.for_duration(entry.life().duration));
    let first = all.next()?;
    all.all(|it| it == first).then_some(first)
}
