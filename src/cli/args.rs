//! The command line's grammar.
//!
//! Not here: what a command does.

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::suggest::similar;
use super::thresholds::ThresholdArgs;
use crate::domain::status::{Status, Threshold};
use crate::startup::Needs;
use crate::startup::flags::Flags;

/// A terminal inspector for Cloudflare Access service tokens.
#[derive(Debug, Parser)]
#[command(name = "tokenscope", version, about)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub flags: Flags,
    /// A command; the inspector without one.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The token to open: its ID, its client ID, or a URL that holds the ID
    #[arg(value_name = "TOKEN")]
    pub token: Option<String>,
}

/// A command that prints and ends.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look one token up: by its ID, client ID, URL or exact name
    Get {
        /// The token
        #[arg(value_name = "TOKEN")]
        token: String,
        /// The thresholds
        #[command(flatten)]
        thresholds: ThresholdArgs,
        /// The form of the output
        #[arg(short, long, value_enum, default_value_t = Output::Table)]
        output: Output,
    },
    /// List all tokens of the scope, the most urgent first
    List(List),
    /// Judge the named, or all, tokens for monitoring: exits 0 ok, 1 warning, 2 critical, 3 unknown
    Check(Check),
    /// Store, show or remove the credential of a profile
    Auth {
        /// What to do
        #[command(subcommand)]
        command: Auth,
    },
    /// List, choose or remove profiles
    Profile {
        /// What to do
        #[command(subcommand)]
        command: ProfileCommand,
    },
    /// Print a script that completes command lines in a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

impl Command {
    /// What the command needs from start-up.
    #[must_use]
    pub fn needs(&self) -> Needs {
        match self {
            Self::Check(check) if check.all_profiles => Needs::EveryProfile,
            Self::Get { .. }
            | Self::List(_)
            | Self::Check(_)
            | Self::Auth {
                command: Auth::Status { .. },
            } => Needs::Credential,
            Self::Auth {
                command: Auth::Set { .. },
            } => Needs::ProfileToStore,
            Self::Auth {
                command: Auth::Clear,
            }
            | Self::Profile { .. } => Needs::Settings,
            Self::Completions { .. } | Self::Man => Needs::Nothing,
        }
    }
}

/// What `list` takes.
#[derive(Debug, Args)]
pub struct List {
    /// Only tokens in these states.
    #[arg(
        long,
        help = "Only tokens in these states: active, expiring, critical, expired, never_expires, disabled, unknown",
        value_name = "STATUS,...",
        value_delimiter = ',',
        value_parser = parse_status
    )]
    pub status: Vec<Status>,
    /// Only tokens that end within this time, or have ended: 30d, 12h, 90m, a bare number of days, or 10% of the token's duration
    #[arg(long, value_name = "TIME", value_parser = Threshold::parse)]
    pub within: Option<Threshold>,
    /// The thresholds
    #[command(flatten)]
    pub thresholds: ThresholdArgs,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t = ListOutput::Table)]
    pub output: ListOutput,
}

/// What `check` takes.
#[derive(Debug, Args)]
pub struct Check {
    /// The tokens: IDs, client IDs, URLs or exact names; all of the scope without any
    #[arg(value_name = "TOKEN")]
    pub tokens: Vec<String>,
    /// The thresholds
    #[command(flatten)]
    pub thresholds: ThresholdArgs,
    /// Leave tokens in these states out
    #[arg(long, value_name = "STATUS,...", value_delimiter = ',', value_parser = parse_status)]
    pub ignore: Vec<Status>,
    /// Leave the token of this exact name or ID out; may be given again
    #[arg(long, value_name = "NAME")]
    pub exclude: Vec<String>,
    /// Check the tokens of every profile in config.toml
    #[arg(long)]
    pub all_profiles: bool,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t = CheckOutput::Table)]
    pub output: CheckOutput,
}

/// What to do with profiles.
#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// List the profiles of config.toml
    List {
        /// The form of the output
        #[arg(short, long, value_enum, default_value_t = Output::Table)]
        output: Output,
    },
    /// Make a profile the one that is used when none is named
    Use {
        /// The profile
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Remove a profile and its secret
    Remove {
        /// The profile
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// What to do with a credential.
#[derive(Debug, Subcommand)]
pub enum Auth {
    /// Store a secret, from standard input or asked for on a terminal
    Set {
        /// Read the secret from standard input
        #[arg(long)]
        stdin: bool,
        /// The address that goes with a Global API key
        #[arg(long, value_name = "ADDR")]
        email: Option<String>,
        /// Store it without trying it on the API
        #[arg(long)]
        no_check: bool,
    },
    /// Show which credential is in use, without network and without reading it
    Status {
        /// The form of the output
        #[arg(short, long, value_enum, default_value_t = Output::Table)]
        output: Output,
    },
    /// Remove the secret, and keep the profile
    Clear,
}

/// The form of a command's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Table,
    /// For scripts.
    Json,
}

/// The form of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListOutput {
    /// For people.
    Table,
    /// For scripts.
    Json,
    /// For spreadsheets.
    Csv,
}

/// The form of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckOutput {
    /// For people, and for monitoring plugins, which read the first line.
    Table,
    /// For scripts.
    Json,
    /// The text format that Prometheus reads.
    Prometheus,
}

/// A shell whose command lines can be completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// Bash.
    Bash,
    /// Zsh.
    Zsh,
    /// Fish.
    Fish,
    /// `PowerShell`.
    #[value(name = "powershell")]
    PowerShell,
}

fn parse_status(text: &str) -> Result<Status, String> {
    Status::from_code(text).ok_or_else(|| {
        let known: Vec<&str> = Status::ALL.into_iter().map(Status::code).collect();
        let meant = similar(text, known.iter().copied());
        let meant = meant
            .first()
            .map_or(String::new(), |meant| format!("did you mean {meant}? "));
        format!("{meant}the states are {}", known.join(", "))
    })
}
