//! The options that every command and the screens take.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use crate::config::log::LEVELS;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::scope::{Scope, ScopeId, ScopeKind};

/// The heading of these options in the help.
const HEADING: &str = "Global options";

/// Options that every command accepts.
#[derive(Debug, Clone, Args)]
pub struct Flags {
    /// Account to query
    #[arg(long, global = true, help_heading = HEADING, value_name = "ID")]
    pub account: Option<String>,
    /// Zone to query
    #[arg(long, global = true, help_heading = HEADING, value_name = "ID")]
    pub zone: Option<String>,
    /// Profile to use
    #[arg(long, global = true, help_heading = HEADING, value_name = "NAME")]
    pub profile: Option<String>,
    /// Use the embedded demo API: no account, network or keyring needed
    #[arg(long, global = true, help_heading = HEADING)]
    pub demo: bool,
    /// When to use colours
    #[arg(long, global = true, help_heading = HEADING, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Draw with ASCII characters only
    #[arg(long, global = true, help_heading = HEADING)]
    pub ascii: bool,
    /// Theme of the screens: auto, dark, light, mono, colorblind, or a file in themes/
    #[arg(long, global = true, help_heading = HEADING, value_name = "NAME")]
    pub theme: Option<String>,
    /// Timeout for the whole command, in seconds
    #[arg(long, global = true, help_heading = HEADING, value_name = "SECS", allow_hyphen_values = true, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
    /// Additional CA certificates to trust
    #[arg(long, global = true, help_heading = HEADING, value_name = "PEM", value_hint = ValueHint::FilePath)]
    pub ca_file: Option<PathBuf>,
    /// Write tokenscope.log at this level
    #[arg(long, global = true, help_heading = HEADING, value_name = "LEVEL", value_parser = LEVELS, ignore_case = true)]
    pub log: Option<String>,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Even in a pipe
    Always,
    /// Not at all
    Never,
}

impl Flags {
    /// The scope that the flags name. Both an account and a zone are an error for a command; the
    /// screens take the account, because there the choice can be corrected.
    pub(super) fn scope(&self, prefers_account: bool) -> Result<Option<Scope>, Failure> {
        let (kind, text) = match (&self.account, &self.zone) {
            (Some(_), Some(_)) if !prefers_account => {
                return Err(Failure::new(
                    FailureKind::Usage,
                    "--account and --zone cannot be used together.",
                    "Pass only one.",
                ));
            }
            (Some(account), _) => (ScopeKind::Account, account),
            (None, Some(zone)) => (ScopeKind::Zone, zone),
            (None, None) => return Ok(None),
        };
        let id = ScopeId::parse(text).map_err(|error| {
            Failure::new(
                FailureKind::Usage,
                format!("--{} is malformed: {error}.", kind.word()),
                "Copy the ID from the dashboard.",
            )
        })?;
        Ok(Some(kind.with(id)))
    }
}
