//! What commands print: one file per output format. Never reaches the network or decides exit codes.

pub mod details;
pub mod json;
pub mod nagios;
mod online;
pub mod print;
pub mod prometheus;
pub mod table;
pub mod uses_json;
pub mod uses_table;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use clap::ValueEnum;
use serde::Serialize;

use crate::cli::check_result::CheckResult;
use crate::cli::uses_result::UsesResult;
use crate::domain::access::conclusion::Conclusion;
use crate::domain::access::probe::{PolicyView, ProbeAnswers, ProbeUrl};
use crate::domain::credential_survey::CredentialSurvey;
use crate::domain::list_report::ListReport;
use crate::domain::profile::Settings;
use crate::domain::scope::Scope;
use crate::domain::status::EvaluationContext;
use crate::domain::text;
use crate::domain::token::ServiceToken;

/// An output format; `args` says which commands accept it, `print` who writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people
    Table,
    /// For scripts
    Json,
    /// For spreadsheets
    Csv,
    /// For calendars, after RFC 5545
    Ics,
    /// For Prometheus, in its text format
    Prometheus,
    /// For Nagios, Icinga and others that take its plugins
    Nagios,
}

/// Machine-readable output made safe for a terminal: characters a terminal would act on are escaped
/// in JSON, which keeps its meaning, and replaced anywhere else.
pub fn inert(machine: &str, is_json: bool) -> String {
    let mut safe = String::with_capacity(machine.len());
    let mut characters = machine.chars().peekable();
    while let Some(c) = characters.next() {
        let is_line_end = c == '\n' || (c == '\r' && characters.peek() == Some(&'\n'));
        if is_line_end || (is_json && c.is_ascii_whitespace()) {
            safe.push(c);
            continue;
        }
        match text::sanitize(c.encode_utf8(&mut [0; 4])) {
            Cow::Borrowed(kept) => safe.push_str(kept),
            Cow::Owned(_) if is_json => safe.push_str(&text::unicode_escape(c)),
            Cow::Owned(replaced) => safe.push_str(&replaced),
        }
    }
    safe
}

/// The report of a command.
#[derive(Clone, Copy)]
pub enum Report<'a> {
    Token {
        token: &'a ServiceToken,
        scope: &'a Scope,
        context: EvaluationContext,
    },
    Tokens(&'a ListReport),
    Check(&'a CheckResult),
    Probe(ProbeReport<'a>),
    Credential(&'a AuthReport),
    Profiles(&'a Settings),
    Uses(&'a UsesResult),
}

/// The report of `probe`.
#[derive(Clone, Copy)]
pub struct ProbeReport<'a> {
    pub url: &'a ProbeUrl,
    /// `None` if it was not looked up.
    pub token: Option<&'a ServiceToken>,
    pub client_id: &'a str,
    pub answers: &'a ProbeAnswers,
    pub policies: Option<&'a PolicyView>,
    pub conclusion: &'a Conclusion,
    pub checked_at: DateTime<Utc>,
}

/// The report of `auth status`.
#[derive(Debug, Default, Serialize)]
pub struct AuthReport {
    pub profile: Option<String>,
    /// `environment`, `keyring`, `command` or `none`.
    pub source: &'static str,
    /// The variable that holds the secret.
    pub variable: Option<&'static str>,
    /// `api_token` or `global_key`.
    pub credential: Option<&'static str>,
    pub email: Option<String>,
    pub scope: Option<Scope>,
    pub base_url: String,
    /// Whether the keyring holds the secret.
    pub stored: Option<bool>,
    /// Whether the keyring is locked.
    pub locked: Option<bool>,
    /// The store that holds the secret.
    pub store: Option<&'static str>,
    /// Whether it is about the demo, which brings its own credential.
    #[serde(skip)]
    pub is_demo: bool,
    /// The program that prints the secret. Its arguments may say too much.
    #[serde(skip)]
    pub program: Option<String>,
    /// The answer of the API, if it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online: Option<CredentialSurvey>,
}
