//! Prometheus's text format, version 0.0.4: one group per metric, each series once. The verdict is left
//! to alerting rules.

use std::collections::HashSet;
use std::io::{self, Write};

use crate::cli::check_result::{CheckEntry, CheckResult};
use crate::domain::findings::previous_secret_end;
use crate::domain::status::{EvaluationContext, Status};

const UP: &str = "tokenscope_up";
const COMPLETE: &str = "tokenscope_complete";
const CREDENTIAL_EXPIRY: &str = "tokenscope_credential_expiry_timestamp_seconds";
const BUILD: &str = "tokenscope_build_info";
const DURATION: &str = "tokenscope_scrape_duration_seconds";
const STATUS: &str = "tokenscope_service_token_status";

/// A metric of the tokens that have a value.
struct Metric {
    name: &'static str,
    help: &'static str,
    value: fn(&CheckEntry, EvaluationContext) -> Option<i64>,
}

const METRICS: [Metric; 4] = [
    Metric {
        name: "tokenscope_service_token_expiry_timestamp_seconds",
        help: "When the service token expires.",
        value: |entry, _| Some(entry.life().end()?.timestamp()),
    },
    Metric {
        name: "tokenscope_service_token_last_seen_timestamp_seconds",
        help: "When the service token was last used.",
        value: |entry, _| {
            let token = entry.subject.as_ref().ok()?;
            Some(token.last_seen_at.valid()?.timestamp())
        },
    },
    Metric {
        name: "tokenscope_service_token_previous_secret_expiry_timestamp_seconds",
        help: "When the service token's previous secret expires, while it still works.",
        value: |entry, context| {
            let token = entry.subject.as_ref().ok()?;
            Some(previous_secret_end(token, context)?.timestamp())
        },
    },
    Metric {
        name: "tokenscope_service_token_enabled",
        help: "Whether the service token is enabled.",
        value: |entry, _| {
            let _read = entry.subject.as_ref().ok()?;
            entry.life().enabled.map(i64::from)
        },
    },
];

/// Prints the result of a check.
///
/// # Errors
/// The writer's.
pub fn print(out: &mut impl Write, checkup: &CheckResult) -> io::Result<()> {
    open(out, UP, "Whether the service tokens could be read.")?;
    if checkup.error.is_some() {
        writeln!(out, "{UP} 0")?;
        return credentials(out, checkup);
    }
    writeln!(out, "{UP} 1")?;
    open(out, COMPLETE, "Whether all service tokens were read.")?;
    let is_complete = checkup.incomplete_reason().is_none();
    writeln!(out, "{COMPLETE} {}", u8::from(is_complete))?;
    credentials(out, checkup)?;
    open(out, BUILD, "The version that printed this.")?;
    let version = env!("CARGO_PKG_VERSION");
    writeln!(out, "{BUILD}{{version=\"{version}\"}} 1")?;
    open(out, DURATION, "How long the check took.")?;
    writeln!(out, "{DURATION} {:.3}", checkup.took.as_secs_f64())?;
    let mut seen = HashSet::new();
    let rows: Vec<(String, &CheckEntry)> = checkup
        .entries
        .iter()
        .map(|entry| (labels(entry), entry))
        .filter(|(labels, _)| seen.insert(labels.clone()))
        .collect();
    for Metric { name, help, value } in METRICS {
        let mut is_open = false;
        for (labels, entry) in &rows {
            let Some(value) = value(entry, checkup.context) else {
                continue;
            };
            if !std::mem::replace(&mut is_open, true) {
                open(out, name, help)?;
            }
            writeln!(out, "{name}{{{labels}}} {value}")?;
        }
    }
    if !rows.is_empty() {
        let help = "The service token's status: 1 for the current one.";
        open(out, STATUS, help)?;
    }
    // Every status has a series, so that a change of status shows as one going to 0 and another to 1.
    for (labels, entry) in rows {
        let current = entry.status(checkup.context);
        for status in Status::ALL {
            let value = u8::from(status == current);
            let status = status.code();
            writeln!(out, "{STATUS}{{{labels},status=\"{status}\"}} {value}")?;
        }
    }
    Ok(())
}

/// When the credential, or that of each profile, expires.
fn credentials(out: &mut impl Write, checkup: &CheckResult) -> io::Result<()> {
    let credentials = checkup.credentials.iter().flatten();
    let ends = credentials.filter_map(|it| Some((it.profile.as_deref(), it.expires_at()?)));
    for (at, (profile, end)) in ends.enumerate() {
        if at == 0 {
            open(
                out,
                CREDENTIAL_EXPIRY,
                "When the credential itself expires.",
            )?;
        }
        let labels = profile.map_or_else(String::new, |profile| {
            format!("{{profile=\"{}\"}}", escaped(profile))
        });
        writeln!(out, "{CREDENTIAL_EXPIRY}{labels} {}", end.timestamp())?;
    }
    Ok(())
}

fn open(out: &mut impl Write, metric: &str, help: &str) -> io::Result<()> {
    writeln!(out, "# HELP {metric} {help}")?;
    writeln!(out, "# TYPE {metric} gauge")
}

/// The scope is its bare ID: an account and a zone never share one.
fn labels(entry: &CheckEntry) -> String {
    format!(
        "scope=\"{}\",id=\"{}\",name=\"{}\"",
        entry.scope.id(),
        escaped(entry.id()),
        escaped(entry.name())
    )
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
