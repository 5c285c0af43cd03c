//! The command line's grammar, as clap derives it. `help` adds the sections that `--help` ends with.
//! Numbers may begin with a hyphen: `--warn -5` is an invalid value instead of an unknown option.
//! A struct of arguments is documented with the text that clap shows for its command.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, Args, Parser, Subcommand, ValueEnum, ValueHint};

use super::output::OutputFormat;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::findings::CODES;
use crate::domain::status::{Status, Threshold, Thresholds};
use crate::startup::Needs;
use crate::startup::flags::Flags;

/// A terminal inspector for Cloudflare Access service tokens.
#[derive(Debug, Parser)]
#[command(name = "tokenscope", version, about)]
pub struct Cli {
    #[command(flatten)]
    pub flags: Flags,
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Token to open: its ID, its client ID, or a URL that contains the ID
    #[arg(value_name = "TOKEN")]
    pub token: Option<String>,
}

/// A command that prints and exits. Only the one that is given is built, which keeps startup short.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    Get(Get),
    List(List),
    Check(Check),
    Uses(Uses),
    Probe(Probe),
    /// Store, show or remove the credential of a profile
    #[command(subcommand)]
    Auth(Auth),
    /// List, choose or remove profiles
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Say where the settings are
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a script that completes command lines in a shell
    Completions {
        /// Shell to complete for
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

impl Command {
    /// What the command needs at startup.
    pub fn needs(&self) -> Needs {
        match self {
            Self::Check(Check { all_profiles, .. }) | Self::List(List { all_profiles, .. })
                if *all_profiles =>
            {
                Needs::EveryProfile
            }
            Self::Get(_)
            | Self::List(_)
            | Self::Check(_)
            | Self::Uses(_)
            | Self::Probe(_)
            | Self::Auth(Auth::Status { .. }) => Needs::Credential,
            Self::Auth(Auth::Set { .. }) => Needs::ProfileToStore,
            Self::Auth(Auth::Clear) | Self::Profile(_) => Needs::Settings,
            Self::Config(_) | Self::Completions { .. } | Self::Man => Needs::Nothing,
        }
    }

    /// The file that the output goes to, if it does not go to standard output.
    pub fn to(&self) -> Option<&str> {
        match self {
            Self::List(list) => list.to.as_deref(),
            Self::Check(check) => check.to.as_deref(),
            Self::Uses(uses) => uses.to.as_deref(),
            Self::Get(_)
            | Self::Probe(_)
            | Self::Auth(_)
            | Self::Profile(_)
            | Self::Config(_)
            | Self::Completions { .. }
            | Self::Man => None,
        }
    }

    /// The output format that the user asked for; a table for commands without the option.
    pub fn output(&self) -> OutputFormat {
        match self {
            Self::Get(get) => get.output,
            Self::List(list) => list.output,
            Self::Check(check) => check.output,
            Self::Uses(uses) => uses.output,
            Self::Probe(probe) => probe.output,
            Self::Auth(Auth::Status { output, .. })
            | Self::Profile(ProfileCommand::List { output }) => *output,
            Self::Auth(_)
            | Self::Profile(_)
            | Self::Config(_)
            | Self::Completions { .. }
            | Self::Man => OutputFormat::Table,
        }
    }
}

/// Show one token, by ID, client ID, URL or exact name
#[derive(Debug, Args)]
pub struct Get {
    /// Token to show
    #[arg(value_name = "TOKEN")]
    pub token: String,
    #[command(flatten)]
    pub thresholds: ThresholdArgs,
    /// Output format
    #[arg(short, long, default_value = TABLE, value_parser = one_of(&[OutputFormat::Table, OutputFormat::Json]))]
    pub output: OutputFormat,
}

/// List all tokens of the scope, the most urgent first
#[derive(Debug, Args)]
pub struct List {
    /// Only tokens with these statuses
    #[arg(long, value_name = "STATUS,...", value_delimiter = ',', value_parser = StatusParser)]
    pub status: Vec<Status>,
    /// Only tokens expiring within TIME, or already expired: 30d, 12h, 90m, a plain number of days, or 10% of the token's duration
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = Threshold::parse)]
    pub within: Option<Threshold>,
    /// Only tokens with one of these findings
    #[arg(long, value_name = "CODE,...", value_delimiter = ',', value_parser = FindingParser)]
    pub finding: Vec<&'static str>,
    /// List the tokens of every profile in config.toml
    #[arg(long)]
    pub all_profiles: bool,
    #[command(flatten)]
    pub thresholds: ThresholdArgs,
    /// Write to FILE instead of standard output, whole or not at all
    #[arg(long, value_name = "FILE", value_parser = file_name)]
    pub to: Option<String>,
    /// Output format
    #[arg(short, long, default_value = TABLE, value_parser = one_of(&[OutputFormat::Table, OutputFormat::Json, OutputFormat::Csv, OutputFormat::Ics]))]
    pub output: OutputFormat,
}

/// Check tokens for monitoring (all, or those given); exits 0 ok, 1 warning, 2 critical, 3 unknown
#[derive(Debug, Args)]
pub struct Check {
    /// Tokens to check: IDs, client IDs, URLs or exact names; without any, all tokens of the scope
    #[arg(value_name = "TOKEN")]
    pub tokens: Vec<String>,
    #[command(flatten)]
    pub thresholds: ThresholdArgs,
    /// Ignore tokens with these statuses
    #[arg(long, value_name = "STATUS,...", value_delimiter = ',', value_parser = StatusParser)]
    pub ignore: Vec<Status>,
    /// Exclude a token by exact name or ID (repeatable)
    #[arg(long, value_name = "NAME")]
    pub exclude: Vec<String>,
    /// Warn about tokens with these findings, too
    #[arg(long, value_name = "CODE,...", value_delimiter = ',', value_parser = FindingParser)]
    pub fail_on: Vec<&'static str>,
    /// Check the tokens of every profile in config.toml
    #[arg(long)]
    pub all_profiles: bool,
    /// Check the credential itself, too
    #[arg(long)]
    pub credential: bool,
    /// Write to FILE instead of standard output, whole or not at all
    #[arg(long, value_name = "FILE", value_parser = file_name)]
    pub to: Option<String>,
    /// Output format
    #[arg(short, long, default_value = TABLE, value_parser = one_of(&[OutputFormat::Table, OutputFormat::Json, OutputFormat::Prometheus, OutputFormat::Nagios]))]
    pub output: OutputFormat,
}

/// Show who uses a token, or every token: apps and whether they open, policies, groups, other places
#[derive(Debug, Args)]
pub struct Uses {
    /// Token to look for: its ID, client ID, URL or exact name; without one, every token of the scope
    #[arg(value_name = "TOKEN")]
    pub token: Option<String>,
    /// Only tokens that no app, policy, group or other place names
    #[arg(long)]
    pub unreferenced: bool,
    /// Only tokens that concern this app, by its ID, address or exact name
    #[arg(long, value_name = "TEXT")]
    pub app: Option<String>,
    /// Write to FILE instead of standard output, whole or not at all
    #[arg(long, value_name = "FILE", value_parser = file_name)]
    pub to: Option<String>,
    /// Output format
    #[arg(short, long, default_value = TABLE, value_parser = one_of(&[OutputFormat::Table, OutputFormat::Json]))]
    pub output: OutputFormat,
}

/// Send a token to a URL and say whose fault a refusal is; exits 0 opens, 1 the origin refuses, 2 refused, 3 undecided
#[derive(Debug, Args)]
pub struct Probe {
    /// URL of the app; https unless it says http
    #[arg(value_name = "URL", value_hint = ValueHint::Url)]
    pub url: String,
    /// Token to send; without it, the one in the environment
    #[arg(value_name = "TOKEN")]
    pub token: Option<String>,
    /// Client ID of the token to send, if no credential can look it up
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// Read the token's secret from standard input
    #[arg(long)]
    pub secret_stdin: bool,
    /// Send both in this one header, for apps that read tokens from it
    #[arg(long, value_name = "NAME")]
    pub header: Option<String>,
    /// Output format
    #[arg(short, long, default_value = TABLE, value_parser = one_of(&[OutputFormat::Table, OutputFormat::Json]))]
    pub output: OutputFormat,
}

/// Commands of `profile`.
#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// List the profiles in config.toml
    List {
        /// Output format
        #[arg(short, long, default_value = TABLE, value_parser = one_of(&[OutputFormat::Table, OutputFormat::Json]))]
        output: OutputFormat,
    },
    /// Set the default profile
    Use {
        /// Profile to use by default
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Remove a profile and its secret
    Remove {
        /// Profile to remove
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// Commands of `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the path of config.toml, whether the file exists or not
    Path,
}

/// Commands of `auth`.
#[derive(Debug, Subcommand)]
pub enum Auth {
    /// Store a credential (prompts, or reads stdin with --stdin)
    Set {
        /// Read the secret from standard input
        #[arg(long)]
        stdin: bool,
        /// Email address for a Global API key
        #[arg(long, value_name = "ADDR")]
        email: Option<String>,
        /// Store without verifying against the API
        #[arg(long)]
        no_check: bool,
    },
    /// Show which credential is in use; without --online, neither the network nor the secret is touched
    Status {
        /// Ask the API whether the credential is active and what it may read
        #[arg(long)]
        online: bool,
        /// Output format
        #[arg(short, long, default_value = TABLE, value_parser = one_of(&[OutputFormat::Table, OutputFormat::Json]))]
        output: OutputFormat,
    },
    /// Remove the secret but keep the profile
    Clear,
}

/// A shell whose command lines can be completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    #[value(name = "powershell")]
    PowerShell,
}

/// The flags that set the thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct ThresholdArgs {
    /// Warn when less than TIME is left: 30d, 12h, 90m, a plain number of days, or 10% of the token's duration [default: 30d, or a quarter of a shorter duration]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = Threshold::parse)]
    pub warn: Option<Threshold>,
    /// Critical when less than TIME is left [default: 7d, or a twelfth of a shorter duration]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = Threshold::parse)]
    pub critical: Option<Threshold>,
}

impl ThresholdArgs {
    /// The thresholds in force: the flags, else the settings.
    ///
    /// # Errors
    /// A usage failure that names both thresholds if they are out of order.
    pub(super) fn over(self, settings: Thresholds) -> Result<Thresholds, Failure> {
        let thresholds = Thresholds {
            warn: self.warn.or(settings.warn),
            critical: self.critical.or(settings.critical),
        };
        let (warn, critical) = match (thresholds.warn, thresholds.critical) {
            (Some(warn), Some(critical)) if thresholds.is_out_of_order() => (warn, critical),
            _ => return Ok(thresholds),
        };
        let origin = |flag: Option<Threshold>| if flag.is_some() { "" } else { " (as set)" };
        Err(Failure::new(
            FailureKind::Usage,
            format!(
                "The critical threshold, {critical}{}, must not be more than the warning threshold, {warn}{}.",
                origin(self.critical),
                origin(self.warn),
            ),
            "Pass both --warn and --critical, such as --warn 30d --critical 7d.",
        ))
    }
}

/// Accepts the code of a finding, in any case and with `-` for `_`.
#[derive(Clone)]
struct FindingParser;

impl TypedValueParser for FindingParser {
    type Value = &'static str;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<&'static str, clap::Error> {
        let code = value.to_string_lossy().trim().to_ascii_lowercase();
        PossibleValuesParser::new(CODES)
            .try_map(|code| {
                CODES
                    .into_iter()
                    .find(|known| *known == code)
                    .ok_or("unknown")
            })
            .parse_ref(command, arg, OsStr::new(&code.replace('-', "_")))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue>>> {
        Some(Box::new(CODES.into_iter().map(PossibleValue::new)))
    }
}

const TABLE: &str = "table";

/// Accepts some of the output formats.
fn one_of(formats: &'static [OutputFormat]) -> impl TypedValueParser<Value = OutputFormat> {
    let values = formats.iter().filter_map(OutputFormat::to_possible_value);
    PossibleValuesParser::new(values).try_map(|name| OutputFormat::from_str(&name, false))
}

/// Accepts the code of a status, in any case and with `-` for `_`.
#[derive(Clone)]
struct StatusParser;

impl TypedValueParser for StatusParser {
    type Value = Status;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Status, clap::Error> {
        let code = value.to_string_lossy().trim().to_ascii_lowercase();
        PossibleValuesParser::new(Status::ALL.map(Status::code))
            .try_map(|code| Status::from_code(&code).ok_or("unknown status"))
            .parse_ref(command, arg, OsStr::new(&code.replace('-', "_")))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue>>> {
        let codes = Status::ALL.into_iter().map(Status::code);
        Some(Box::new(codes.map(PossibleValue::new)))
    }
}

/// The name of a file to write. A lone hyphen often means standard output, which is the default.
///
/// # Errors
/// Text that is empty or a lone hyphen.
pub(super) fn file_name(text: &str) -> Result<String, &'static str> {
    match text {
        "" => Err("it is empty; name a file"),
        "-" => Err("omit --to for standard output, or use ./- for a file of that name"),
        name => Ok(name.to_owned()),
    }
}
