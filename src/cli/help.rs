//! The grammar as it is run: `args`, with rules that hold for every option, and the sections that
//! `--help` ends with.
//!
//! Not here: which commands and options there are (`args`).

use clap::{Command, CommandFactory as _};

use super::args::Cli;

/// Options whose value may begin with a hyphen, so that `--timeout -5` is an invalid value instead of
/// an unknown option.
const NUMBERS: [&str; 4] = ["timeout", "within", "warn", "critical"];

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    failed, or the list is incomplete
  4    token not found
  64   the command line cannot be used
  65   the screens have no terminal, or TERM is dumb or unset
  101  a fault of tokenscope
  130, 143, 129  ended by SIGINT, SIGTERM, SIGHUP";

const EXIT_CODES_OF_CHECK: &str = "\
Exit codes:
  0  ok: every token is active or never expires, or is left out
  1  warning: a token has less than --warn left
  2  critical: a token has less than --critical left, is expired or disabled
  3  unknown: something could not be read, or the command line cannot be used
  130, 143, 129  ended by SIGINT, SIGTERM, SIGHUP";

const THRESHOLDS: &str = "\
Thresholds:
  Unless config.toml sets them, --warn is 30d or a quarter of the token's duration, and
  --critical is 7d or a twelfth of it, whichever is less: 6h and 2h for one of 24h.";

const ENVIRONMENT: &str = "\
Environment:
  CLOUDFLARE_API_TOKEN      the API token; or a Global API key and its user:
  CLOUDFLARE_API_KEY, CLOUDFLARE_EMAIL
  CLOUDFLARE_ACCOUNT_ID     the account; or the zone: CLOUDFLARE_ZONE_ID
  CLOUDFLARE_BASE_URL       another address of the API
  HTTPS_PROXY, ALL_PROXY, NO_PROXY
                            proxies, as with curl
  SSL_CERT_FILE             CA certificates (Linux); also SSL_CERT_DIR
  TOKENSCOPE_HOME           a folder for all files
  TOKENSCOPE_LOG            as --log
  NO_COLOR, CLICOLOR_FORCE  colours, unless --color is given
  TERM                      dumb or unset: no colours, no screens
  LC_ALL, LC_CTYPE, LANG    not UTF-8: ASCII only, as with --ascii";

/// Examples by the path of a command; the first line is indented where it is put in.
const EXAMPLES: [(&str, &str); 14] = [
    (
        "",
        "\
  tokenscope                       open the inspector
  tokenscope --demo                try it without an account
  tokenscope list --within 30d     list what ends within 30 days, or has ended
  tokenscope check --warn 14d      judge all tokens for monitoring",
    ),
    (
        "get",
        "\
  tokenscope get \"CI/CD token\"
  tokenscope get f174e90a-fafe-4643-bbbc-4a0ed4fc8415 -o json",
    ),
    (
        "list",
        "\
  tokenscope list --within 30d
  tokenscope list --status expired,critical
  tokenscope list -o csv > tokens.csv",
    ),
    (
        "check",
        "\
  tokenscope check --warn 14d --critical 3d
  tokenscope check \"CI/CD token\" -o json
  tokenscope check --ignore disabled --exclude old-jenkins
  tokenscope check --all-profiles -o prometheus",
    ),
    (
        "auth",
        "\
  printf %s \"$TOKEN\" | tokenscope auth set --stdin --account ID
  tokenscope auth status",
    ),
    (
        "auth set",
        "\
  tokenscope auth set --account ID
  printf %s \"$TOKEN\" | tokenscope auth set --stdin --account ID
  printf %s \"$KEY\" | tokenscope auth set --stdin --email me@example.com --zone ID",
    ),
    (
        "auth status",
        "\
  tokenscope auth status
  tokenscope auth status --profile work -o json",
    ),
    (
        "auth clear",
        "\
  tokenscope auth clear
  tokenscope auth clear --profile work",
    ),
    (
        "profile",
        "\
  tokenscope profile list
  tokenscope profile use work",
    ),
    (
        "profile list",
        "\
  tokenscope profile list
  tokenscope profile list -o json",
    ),
    ("profile use", "tokenscope profile use work"),
    ("profile remove", "tokenscope profile remove work"),
    (
        "completions",
        "\
  eval \"$(tokenscope completions bash)\"    # in ~/.bashrc
  eval \"$(tokenscope completions zsh)\"     # in ~/.zshrc, after compinit
  tokenscope completions fish | source
  tokenscope completions powershell | Out-String | Invoke-Expression",
    ),
    ("man", "tokenscope man | man -l -"),
];

/// The grammar. Of an option that takes one value, the last one given counts.
#[must_use]
pub fn grammar() -> Command {
    ended(Cli::command().args_override_self(true), "")
}

/// A command with its sections of help, and so its sub-commands.
fn ended(command: Command, path: &str) -> Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    let command = command.after_help(sections(path)).mut_args(|arg| {
        if NUMBERS.contains(&arg.get_id().as_str()) {
            arg.allow_hyphen_values(true)
        } else {
            arg
        }
    });
    names.into_iter().fold(command, |command, name| {
        let path = format!("{path} {name}");
        command.mut_subcommand(name, |sub| ended(sub, path.trim_start()))
    })
}

fn sections(path: &str) -> String {
    let examples = EXAMPLES
        .iter()
        .find(|(command, _)| *command == path)
        .map(|(_, lines)| format!("Examples:\n  {lines}"));
    let exit_codes = match path {
        "check" => EXIT_CODES_OF_CHECK.to_owned(),
        _ => EXIT_CODES.to_owned(),
    };
    let thresholds = (path == "check").then(|| THRESHOLDS.to_owned());
    [
        examples,
        thresholds,
        Some(exit_codes),
        Some(ENVIRONMENT.to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join("\n\n")
}
