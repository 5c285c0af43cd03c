//! Prints a report in an output format.

use std::io;
use std::sync::Arc;

use super::{OutputFormat, Report, csv, details, json, prometheus, table};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::status::EvaluationContext;
use crate::domain::token::ServiceToken;
use crate::startup::output_style::OutputStyle;

/// Prints a report.
///
/// # Errors
/// For a report without this format; `args` rejects such pairs.
pub(in crate::cli) fn print(
    report: Report<'_>,
    format: OutputFormat,
    out: &mut Vec<u8>,
    style: OutputStyle,
) -> Result<(), Failure> {
    let printed = match (format, report) {
        (OutputFormat::Json, report) => json::print(out, report),
        (OutputFormat::Table, Report::Token { token, context, .. }) => {
            details::token(out, token, context, style)
        }
        (
            OutputFormat::Table,
            Report::Tokens {
                tokens, context, ..
            },
        ) if style.width.is_some() => table::tokens(out, tokens, context, style),
        (OutputFormat::Table, Report::Tokens { rows, .. }) => {
            out.extend(rows.iter().copied().flatten());
            Ok(())
        }
        (OutputFormat::Table, Report::Check(check)) => details::check(out, check, style),
        (OutputFormat::Table, Report::Credential(auth)) => details::auth(out, auth, style),
        (OutputFormat::Table, Report::Profiles(profiles)) => table::profiles(out, profiles, style),
        (OutputFormat::Csv, Report::Tokens { rows, .. }) => {
            out.extend_from_slice(csv::HEADER.as_bytes());
            out.extend(rows.iter().copied().flatten());
            Ok(())
        }
        (OutputFormat::Prometheus, Report::Check(check)) => prometheus::print(out, check),
        (OutputFormat::Csv | OutputFormat::Prometheus, _) => Err(io::ErrorKind::Unsupported.into()),
    };
    printed.map_err(|error| unprintable(&error))
}

/// Prints one token of a list, which may happen while others still arrive. Prints nothing if the widths of
/// its columns depend on all of them.
///
/// # Errors
/// The writer's.
pub(in crate::cli) fn row(
    token: &Arc<ServiceToken>,
    context: EvaluationContext,
    format: OutputFormat,
    out: &mut Vec<u8>,
    style: OutputStyle,
) -> Result<(), Failure> {
    let printed = match format {
        OutputFormat::Json => json::row(out, token, context),
        OutputFormat::Csv => csv::row(out, token, context),
        OutputFormat::Table if style.width.is_some() => Ok(()),
        OutputFormat::Table => table::tokens(out, std::slice::from_ref(token), context, style),
        OutputFormat::Prometheus => Err(io::ErrorKind::Unsupported.into()),
    };
    printed.map_err(|error| unprintable(&error))
}

pub(in crate::cli) fn unprintable(error: &io::Error) -> Failure {
    Failure::new(
        FailureKind::InvalidResponse,
        "The result could not be printed.",
        "Try -o table.",
    )
    .caused_by(error)
}
