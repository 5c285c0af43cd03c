//! The command line's grammar.
//!
//! Not here: what a command does.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// A terminal inspector for Cloudflare Access service tokens.
#[derive(Debug, Parser)]
#[command(name = "tokenscope", version, about)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// A command; the inspector without one.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The token to open: its ID, its client ID, or a URL that holds the ID
    #[arg(value_name = "TOKEN")]
    pub token: Option<String>,
}

/// Options that hold for every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The account to ask about
    #[arg(long, global = true, value_name = "ID")]
    pub account: Option<String>,
    /// The zone to ask about
    #[arg(long, global = true, value_name = "ID")]
    pub zone: Option<String>,
    /// The profile to use
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Use the embedded demo API: no account, network or keyring needed
    #[arg(long, global = true)]
    pub demo: bool,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// The theme: dark, light or mono
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,
    /// The deadline of a command in seconds
    #[arg(long, global = true, value_name = "SECS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
    /// Certificates to trust beside the system's
    #[arg(long, global = true, value_name = "PEM")]
    pub ca_file: Option<PathBuf>,
    /// Write tokenscope.log: error, warn, info, debug or trace
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log: Option<String>,
}

/// A command that prints and ends.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look one token up: by its ID, client ID, URL or exact name
    Get {
        /// The token
        #[arg(value_name = "TOKEN")]
        token: String,
        /// The form of the output
        #[arg(short, long, value_enum, default_value_t = Output::Table)]
        output: Output,
    },
    /// Store, show or remove the credential of a profile
    Auth {
        /// What to do
        #[command(subcommand)]
        command: Auth,
    },
}

/// What to do with a credential.
#[derive(Debug, Subcommand)]
pub enum Auth {
    /// Store the secret that standard input holds
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

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The form of a command's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Table,
    /// For scripts.
    Json,
}
