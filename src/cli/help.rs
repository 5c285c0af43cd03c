//! The help and the manual page, and the grammar of `args` with the rules that apply to every option.

use std::fmt::Write as _;
use std::io;

use clap::{Arg, Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::Cli;

/// Terms and what they mean.
type Table = [(&'static str, &'static str)];

const EXIT_CODES: &Table = &[
    ("0", "success"),
    ("1", "failure, or an incomplete list or answer"),
    ("4", "token not found"),
    ("64", "usage error"),
    (
        "65",
        "the screens cannot run: no terminal, or TERM is dumb or unset",
    ),
    ("101", "internal error"),
    ("130, 143, 129", "ended by SIGINT, SIGTERM, SIGHUP"),
];

const CHECK_EXIT_CODES: &Table = &[
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

const PROBE_EXIT_CODES: &Table = &[
    ("0", "opens: Access let the token through"),
    ("1", "opens, but the origin refused"),
    ("2", "refused by Access"),
    (
        "3",
        "undecided, blocked by a firewall, no Access at that URL, or a usage error",
    ),
    ("130, 143, 129", "ended by SIGINT, SIGTERM, SIGHUP"),
];

/// Without a common beginning, the names of a pair would be wider than a terminal's half.
const PROBE_ENVIRONMENT: &Table = &[
    (
        "CLOUDFLARE_ACCESS_CLIENT_ID/_SECRET",
        "client ID and secret to probe with",
    ),
    (
        "CF_ACCESS_CLIENT_ID/_SECRET",
        "the same, if those are unset",
    ),
    (
        "TUNNEL_SERVICE_TOKEN_ID/_SECRET",
        "the same, if those are unset too",
    ),
];

const PROBE_SECRETS: &str = "\
Secret:
  The first of these is used: --secret-stdin, a pair of variables, a question on the terminal.
  It is sent only if Access refused a request without it, once, to the host of URL, and stored
  nowhere. A probe counts as a use of the token. With a credential for the API, the token's
  policies are read too, and the answers are judged by them.";

const THRESHOLDS: &str = "\
Thresholds:
  Unless config.toml sets them, --warn is 30d or a quarter of the token's duration, and
  --critical is 7d or a twelfth of it, whichever is less: 6h and 2h for one of 24h.";

const ENVIRONMENT: &Table = &[
    (
        "CLOUDFLARE_API_TOKEN",
        "API token; the keyring stays untouched",
    ),
    (
        "CLOUDFLARE_API_TOKEN_FILE",
        "file that holds the API token, if the former is unset",
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

/// The examples of a command, by its path.
fn examples(path: &str) -> &'static [&'static str] {
    match path {
        "" => &[
            "tokenscope                       open the inspector",
            "tokenscope --demo                try it without an account",
            "tokenscope list --within 30d     list tokens expiring within 30 days, or expired",
            "tokenscope check --warn 14d      check all tokens for monitoring",
        ],
        "get" => &[
            "tokenscope get \"CI/CD token\"",
            "tokenscope get f174e90a-fafe-4643-bbbc-4a0ed4fc8415 -o json",
        ],
        "list" => &[
            "tokenscope list --within 30d",
            "tokenscope list --status expired,critical",
            "tokenscope list --finding unused,never_used",
            "tokenscope list -o csv > tokens.csv",
            "tokenscope list -o ics --to expiries.ics",
            "tokenscope list --all-profiles -o csv --to tokens.csv",
        ],
        "check" => &[
            "tokenscope check --warn 14d --critical 3d",
            "tokenscope check \"CI/CD token\" -o json",
            "tokenscope check --ignore disabled --exclude old-jenkins",
            "tokenscope check --credential",
            "tokenscope check --all-profiles -o prometheus --to tokenscope.prom",
            "tokenscope check -o nagios",
        ],
        "uses" => &[
            "tokenscope uses \"CI/CD token\"",
            "tokenscope uses --unreferenced",
            "tokenscope uses --app deploy.example.com/hooks",
            "tokenscope uses -o json | jq '.tokens[] | select(.deletable == \"yes\").token.name'",
        ],
        "probe" => &[
            "tokenscope probe https://deploy.example.com/hooks \"CI/CD token\"",
            "printf %s \"$SECRET\" | tokenscope probe deploy.example.com --client-id ID --secret-stdin",
            "CF_ACCESS_CLIENT_ID=… CF_ACCESS_CLIENT_SECRET=… tokenscope probe deploy.example.com -o json",
        ],
        "auth" => &[
            "printf %s \"$TOKEN\" | tokenscope auth set --stdin --account ID",
            "tokenscope auth status",
        ],
        "auth set" => &[
            "tokenscope auth set --account ID",
            "printf %s \"$TOKEN\" | tokenscope auth set --stdin --account ID",
            "printf %s \"$KEY\" | tokenscope auth set --stdin --email me@example.com --zone ID",
        ],
        "auth status" => &[
            "tokenscope auth status",
            "tokenscope auth status --profile work -o json",
            "tokenscope auth status --online",
        ],
        "auth clear" => &[
            "tokenscope auth clear",
            "tokenscope auth clear --profile work",
        ],
        "profile" => &["tokenscope profile list", "tokenscope profile use work"],
        "profile list" => &["tokenscope profile list", "tokenscope profile list -o json"],
        "profile use" => &["tokenscope profile use work"],
        "profile remove" => &["tokenscope profile remove work"],
        "config" | "config path" => &["\"$EDITOR\" \"$(tokenscope config path)\""],
        "completions" => &[
            "eval \"$(tokenscope completions bash)\"    # in ~/.bashrc, from bash 3.2 on",
            "eval \"$(tokenscope completions zsh)\"     # in ~/.zshrc, with or without compinit",
            "tokenscope completions fish | source      # in ~/.config/fish/config.fish",
            "tokenscope completions powershell | Out-String | Invoke-Expression    # in $PROFILE",
        ],
        "man" => &["tokenscope man | man -l -"],
        _ => &[],
    }
}

/// The grammar with the sections that only `--help` and the manual show. Formatting them for every
/// command takes longer than parsing a line.
pub fn grammar() -> Command {
    let mut parser = parser();
    parser.build();
    with_sections(parser, "")
}

/// The grammar. If an option that takes one value is given twice, the last one wins.
pub(super) fn parser() -> Command {
    Cli::command().args_override_self(true)
}

/// Adds the sections of help to a command and its subcommands.
fn with_sections(command: Command, path: &str) -> Command {
    command.after_help(sections(path)).mut_subcommands(|sub| {
        let path = format!("{path} {}", sub.get_name());
        with_sections(sub, path.trim_start())
    })
}

fn sections(path: &str) -> String {
    let mut sections = String::new();
    let examples = examples(path).join("\n  ");
    if !examples.is_empty() {
        let _infallible = write!(sections, "Examples:\n  {examples}\n\n");
    }
    if path == "check" {
        let _infallible = write!(sections, "{THRESHOLDS}\n\n");
        section(&mut sections, "Exit codes", CHECK_EXIT_CODES, 1);
    } else if path == "probe" {
        let _infallible = write!(sections, "{PROBE_SECRETS}\n\n");
        section(&mut sections, "Exit codes", PROBE_EXIT_CODES, 1);
        sections.push('\n');
        section(&mut sections, "Environment of probe", PROBE_ENVIRONMENT, 35);
    } else {
        section(&mut sections, "Exit codes", EXIT_CODES, 3);
    }
    sections.push('\n');
    section(&mut sections, "Environment", ENVIRONMENT, 25);
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

const DESCRIPTION: &str = "\
tokenscope answers in a terminal, without a browser: is this Cloudflare Access service token alive, \
how much time is left, who still uses it, and what should I do about it?

Without a command it opens the inspector, on TOKEN if one is given. Commands print to standard \
output, and everything else to standard error; only auth set and probe prompt, and only on a \
terminal. Tables are cut to the width of a terminal; anywhere else they are complete, without colours \
or headings, and separated by tabs.";

/// In the order of precedence.
const CREDENTIALS: &Table = &[
    ("--profile NAME", "the credential of that profile"),
    (
        "CLOUDFLARE_API_TOKEN",
        "an API token, or CLOUDFLARE_API_TOKEN_FILE, a file that holds one",
    ),
    (
        "CLOUDFLARE_API_KEY, CLOUDFLARE_EMAIL",
        "a Global API key and its user's email address",
    ),
    ("the default profile", "its credential"),
    (
        "credential_command",
        "in a profile of config.toml, an array of a program and its arguments: it prints the profile's secret on one line, is run without a shell or a terminal, once a run and for at most --timeout, and not if others may write to config.toml",
    ),
    (
        "keyring",
        "the secret of any other profile; not touched for the above",
    ),
];

const FILES: &Table = &[
    (
        "config.toml",
        "settings and profiles, in the platform's configuration folder, such as ~/.config/tokenscope; never a secret",
    ),
    ("keymap.toml", "changes to the inspector's keys, beside it"),
    (
        "state.json",
        "the inspector's recent look-ups, in the platform's state folder, such as ~/.local/state/tokenscope",
    ),
    (
        "tokenscope.log",
        "the log written by --log, in the same folder",
    ),
];

const MANUAL_EXAMPLES: &Table = &[
    ("tokenscope --demo", "look around without an account"),
    (
        "tokenscope list --within 30d",
        "tokens that expire within 30 days, or have expired",
    ),
    (
        "tokenscope list --finding never_used -o json | jq -r '.tokens[].token.name'",
        "tokens that were never used",
    ),
    (
        "tokenscope check --warn 14d --critical 3d --ignore disabled",
        "a check for monitoring",
    ),
    (
        "tokenscope uses --unreferenced",
        "tokens that no app, policy, group or other place names",
    ),
];

/// Renders the page as troff.
///
/// # Errors
/// The writer's.
pub(super) fn manual(page: &mut Vec<u8>) -> io::Result<()> {
    let grammar = Cli::command().long_about(DESCRIPTION).override_usage(
        "tokenscope [OPTION]... [TOKEN]\ntokenscope [OPTION]... COMMAND [ARGUMENT]...",
    );
    let man = Man::new(grammar)
        .title("TOKENSCOPE")
        // An empty one would shift the other arguments.
        .date(" ")
        .manual("User Commands");
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    page.extend(Roff::new().control("SH", ["COMMANDS"]).to_roff().bytes());
    let mut grammar = Cli::command().disable_help_subcommand(true);
    grammar.build();
    commands(page, &grammar, "tokenscope")?;
    for (title, table) in [
        ("EXIT STATUS", EXIT_CODES),
        ("EXIT STATUS OF CHECK", CHECK_EXIT_CODES),
        ("EXIT STATUS OF PROBE", PROBE_EXIT_CODES),
        ("CREDENTIALS", CREDENTIALS),
        ("FILES", FILES),
        ("ENVIRONMENT", ENVIRONMENT),
        ("ENVIRONMENT OF PROBE", PROBE_ENVIRONMENT),
        ("EXAMPLES", MANUAL_EXAMPLES),
    ] {
        let mut section = Roff::new();
        section.control("SH", [title]);
        for (term, meaning) in table {
            section.control("TP", []);
            section.text([bold(*term)]).text([roman(*meaning)]);
        }
        section.to_writer(page)?;
    }
    Ok(())
}

fn commands(page: &mut Vec<u8>, command: &Command, path: &str) -> io::Result<()> {
    for sub in command.get_subcommands() {
        let name = format!("{path} {}", sub.get_name());
        if sub.has_subcommands() {
            commands(page, sub, &name)?;
            continue;
        }
        page.extend(Roff::new().control("SS", [name.as_str()]).to_roff().bytes());
        // The top of the page has them.
        let without_global = |arg: Arg| {
            let is_repeated = arg.is_global_set() || arg.get_id() == "help";
            arg.hide(is_repeated)
        };
        let man = Man::new(sub.clone().bin_name(name).mut_args(without_global));
        let mut text = Vec::new();
        man.render_description_section(&mut text)?;
        man.render_options_section(&mut text)?;
        // The parts share the heading of the command, and the definitions at the top of the page.
        let is_repeated = |line: &&[u8]| {
            [".SH", ".ie ", ".el "]
                .iter()
                .any(|start| line.starts_with(start.as_bytes()))
        };
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        page.extend(lines.filter(|line| !is_repeated(line)).flatten());
    }
    Ok(())
}
