//! The grammar of `args` with rules that apply to every option, and the tables that `--help` and
//! the manual share.

use std::fmt::Write as _;

use clap::{Command, CommandFactory as _};

use super::args::Cli;

/// Terms and what they mean.
pub(super) type Table = [(&'static str, &'static str)];

/// Options whose value may begin with a hyphen, so that `--timeout -5` is an invalid value instead of
/// an unknown option.
const NUMBERS: [&str; 4] = ["timeout", "within", "warn", "critical"];

pub(super) const EXIT_CODES: &Table = &[
    ("0", "success"),
    ("1", "failure, or an incomplete list"),
    ("4", "token not found"),
    ("64", "usage error"),
    (
        "65",
        "the screens cannot run: no terminal, or TERM is dumb or unset",
    ),
    ("101", "internal error"),
    ("130, 143, 129", "ended by SIGINT, SIGTERM, SIGHUP"),
];

pub(super) const CHECK_EXIT_CODES: &Table = &[
    (
        "0",
        "ok: every token is active or never expires, or is ignored or excluded",
    ),
    ("1", "warning: a token has less than --warn left"),
    (
        "2",
        "critical: a token has less than --critical left, has expired or is disabled",
    ),
    (
        "3",
        "unknown: something could not be read, or a usage error",
    ),
    ("130, 143, 129", "ended by SIGINT, SIGTERM, SIGHUP"),
];

const THRESHOLDS: &str = "\
Thresholds:
  Unless config.toml sets them, --warn is 30d or a quarter of the token's duration, and
  --critical is 7d or a twelfth of it, whichever is less: 6h and 2h for one of 24h.";

pub(super) const ENVIRONMENT: &Table = &[
    (
        "CLOUDFLARE_API_TOKEN",
        "API token; the keyring stays untouched",
    ),
    ("CLOUDFLARE_API_KEY", "Global API key"),
    ("CLOUDFLARE_EMAIL", "its user's email address"),
    ("CLOUDFLARE_ACCOUNT_ID", "account"),
    ("CLOUDFLARE_ZONE_ID", "zone, instead of an account"),
    (
        "CLOUDFLARE_BASE_URL",
        "another API address: https, or http on loopback",
    ),
    ("HTTPS_PROXY, ALL_PROXY", "proxies, as with curl"),
    ("NO_PROXY", "hosts to reach without a proxy"),
    (
        "SSL_CERT_FILE",
        "CA certificates in place of the system's (Linux)",
    ),
    ("SSL_CERT_DIR", "a folder of them"),
    ("TOKENSCOPE_HOME", "one folder for all files"),
    ("TOKENSCOPE_LOG", "same as --log"),
    ("NO_COLOR", "no colours, unless --color is given"),
    (
        "CLICOLOR_FORCE",
        "colours even in a pipe, unless --color is given",
    ),
    ("TERM", "dumb or unset: no colours, no screens"),
    (
        "LC_ALL, LC_CTYPE, LANG",
        "not UTF-8: ASCII only, as with --ascii",
    ),
    (
        "COLUMNS",
        "width of a terminal that does not report its own",
    ),
];

/// Examples by the path of a command.
const EXAMPLES: [(&str, &[&str]); 14] = [
    (
        "",
        &[
            "tokenscope                       open the inspector",
            "tokenscope --demo                try it without an account",
            "tokenscope list --within 30d     list tokens expiring within 30 days, or expired",
            "tokenscope check --warn 14d      check all tokens for monitoring",
        ],
    ),
    (
        "get",
        &[
            "tokenscope get \"CI/CD token\"",
            "tokenscope get f174e90a-fafe-4643-bbbc-4a0ed4fc8415 -o json",
        ],
    ),
    (
        "list",
        &[
            "tokenscope list --within 30d",
            "tokenscope list --status expired,critical",
            "tokenscope list -o csv > tokens.csv",
        ],
    ),
    (
        "check",
        &[
            "tokenscope check --warn 14d --critical 3d",
            "tokenscope check \"CI/CD token\" -o json",
            "tokenscope check --ignore disabled --exclude old-jenkins",
            "tokenscope check --all-profiles -o prometheus",
        ],
    ),
    (
        "auth",
        &[
            "printf %s \"$TOKEN\" | tokenscope auth set --stdin --account ID",
            "tokenscope auth status",
        ],
    ),
    (
        "auth set",
        &[
            "tokenscope auth set --account ID",
            "printf %s \"$TOKEN\" | tokenscope auth set --stdin --account ID",
            "printf %s \"$KEY\" | tokenscope auth set --stdin --email me@example.com --zone ID",
        ],
    ),
    (
        "auth status",
        &[
            "tokenscope auth status",
            "tokenscope auth status --profile work -o json",
        ],
    ),
    (
        "auth clear",
        &[
            "tokenscope auth clear",
            "tokenscope auth clear --profile work",
        ],
    ),
    (
        "profile",
        &["tokenscope profile list", "tokenscope profile use work"],
    ),
    (
        "profile list",
        &["tokenscope profile list", "tokenscope profile list -o json"],
    ),
    ("profile use", &["tokenscope profile use work"]),
    ("profile remove", &["tokenscope profile remove work"]),
    (
        "completions",
        &[
            "eval \"$(tokenscope completions bash)\"    # in ~/.bashrc",
            "eval \"$(tokenscope completions zsh)\"     # in ~/.zshrc, after compinit",
            "tokenscope completions fish | source",
            "tokenscope completions powershell | Out-String | Invoke-Expression",
        ],
    ),
    ("man", &["tokenscope man | man -l -"]),
];

/// The grammar. If an option that takes one value is given twice, the last one wins.
#[must_use]
pub fn grammar() -> Command {
    with_sections(Cli::command().args_override_self(true), "")
}

/// Adds the sections of help to a command and its subcommands.
fn with_sections(command: Command, path: &str) -> Command {
    command
        .after_help(sections(path))
        .mut_args(|arg| {
            let is_number = NUMBERS.contains(&arg.get_id().as_str());
            arg.allow_hyphen_values(is_number)
        })
        .mut_subcommands(|sub| {
            let path = format!("{path} {}", sub.get_name());
            with_sections(sub, path.trim_start())
        })
}

fn sections(path: &str) -> String {
    let mut sections = String::new();
    if let Some((_, lines)) = EXAMPLES.iter().find(|(command, _)| *command == path) {
        let _infallible = write!(sections, "Examples:\n  {}\n\n", lines.join("\n  "));
    }
    if path == "check" {
        let _infallible = write!(sections, "{THRESHOLDS}\n\n");
        section(&mut sections, "Exit codes", CHECK_EXIT_CODES, 1);
    } else {
        section(&mut sections, "Exit codes", EXIT_CODES, 3);
    }
    sections.push('\n');
    section(&mut sections, "Environment", ENVIRONMENT, 22);
    sections.truncate(sections.trim_end().len());
    sections
}

/// Adds a table whose terms are aligned if they have at most `width` cells.
fn section(sections: &mut String, title: &str, table: &Table, width: usize) {
    let _infallible = writeln!(sections, "{title}:");
    for (term, meaning) in table {
        let _infallible = writeln!(sections, "  {term:width$}  {meaning}");
    }
}
