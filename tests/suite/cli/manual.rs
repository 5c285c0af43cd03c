//! The manual page: drawn from the grammar and the text below, kept in `assets/tokenscope.1`, and
//! printed by `tokenscope man`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::{Arg, Command as Grammar, CommandFactory as _};
use tokenscope::cli::args::Cli;

use crate::support::binary::Stage;

const HEAD: &str = "\
tokenscope answers, in a terminal and without a browser: is this Cloudflare Access service token
alive, how long has it left, who still uses it, and what is to be done about it?
.PP
Without a command it opens the inspector, on TOKEN if one is given: an ID, a client ID, or a URL
that holds the ID. Commands print to standard output and everything else to standard error; they
never ask anything, but for \\fBauth set\\fR on a terminal. Tables are cut to the width of a
terminal; anywhere else they are whole, without colours or headings, and separated by tabs.";

/// Sections behind the commands: a title, then terms and what they mean.
const TAIL: [(&str, &[(&str, &str)]); 4] = [
    (
        "EXIT STATUS",
        &[
            ("0", "Done; for \\fBcheck\\fR, every token is well."),
            (
                "1",
                "Failed, or the list is incomplete; for \\fBcheck\\fR, a warning.",
            ),
            (
                "2",
                "\\fBcheck\\fR alone: a token is expired, disabled or about to expire.",
            ),
            (
                "3",
                "\\fBcheck\\fR alone: not known, whatever the cause, wrong arguments included.",
            ),
            ("4", "There is no such token."),
            ("64", "The command line cannot be used."),
            (
                "65",
                "The inspector was asked for without a terminal, or with TERM dumb or unset.",
            ),
            ("101", "A fault of the program."),
            ("130, 143, 129", "Ended by SIGINT, SIGTERM, SIGHUP."),
        ],
    ),
    (
        "FILES",
        &[
            (
                "config.toml",
                "Settings and profiles, in the platform's configuration folder, such as \\fI~/.config/tokenscope\\fR. Secrets are never kept in a file.",
            ),
            ("keymap.toml", "Changes to the inspector's keys, beside it."),
            (
                "state.json",
                "The inspector's recent look-ups, in the platform's state folder, such as \\fI~/.local/state/tokenscope\\fR.",
            ),
            (
                "tokenscope.log",
                "The log that \\fB\\-\\-log\\fR asks for, beside it.",
            ),
        ],
    ),
    (
        "ENVIRONMENT",
        &[
            (
                "CLOUDFLARE_API_TOKEN",
                "The credential. The keyring is then not touched.",
            ),
            (
                "CLOUDFLARE_API_KEY, CLOUDFLARE_EMAIL",
                "A Global API key and its owner.",
            ),
            (
                "CLOUDFLARE_ACCOUNT_ID, CLOUDFLARE_ZONE_ID",
                "The scope; one of the two.",
            ),
            (
                "CF_API_TOKEN, CF_API_KEY, CF_API_EMAIL, CF_EMAIL, CF_ACCOUNT_ID",
                "Count where the newer name is unset.",
            ),
            (
                "CLOUDFLARE_BASE_URL, CLOUDFLARE_API_BASE_URL",
                "Another address of the API: https, or http on loopback. A stored secret is used at the address that it was stored for alone.",
            ),
            (
                "SSL_CERT_FILE, SSL_CERT_DIR",
                "Replace the system's certificates (Linux).",
            ),
            (
                "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY",
                "Proxies, as with curl: http, https, socks5 and socks5h.",
            ),
            ("TOKENSCOPE_HOME", "A folder for all files."),
            ("TOKENSCOPE_LOG", "As \\fB\\-\\-log\\fR."),
            (
                "NO_COLOR, CLICOLOR_FORCE",
                "No colours; colours in a pipe too. \\fB\\-\\-color\\fR counts before both.",
            ),
            (
                "TERM",
                "Dumb or unset: no colours, no line of progress, no inspector.",
            ),
            (
                "LC_ALL, LC_CTYPE, LANG",
                "The first that is set decides whether more than ASCII is drawn.",
            ),
            (
                "COLUMNS",
                "The width of a terminal that does not tell its own.",
            ),
        ],
    ),
    (
        "EXAMPLES",
        &[
            ("tokenscope \\-\\-demo", "Looks around without an account."),
            (
                "tokenscope list \\-\\-within 30d",
                "What ends within 30 days, or has ended.",
            ),
            (
                "tokenscope list \\-o json | jq \\-r \\(aq.tokens[] | select(.last_seen_at == null) | .token.name\\(aq",
                "What was never used.",
            ),
            (
                "tokenscope check \\-\\-warn 14d \\-\\-critical 3d \\-\\-ignore disabled",
                "A check for monitoring.",
            ),
        ],
    ),
];

/// Text in which roff sees nothing to act on.
fn plain(text: &str) -> String {
    let text = text
        .replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('\'', "\\(aq");
    if text.starts_with('.') {
        format!("\\&{text}")
    } else {
        text
    }
}

fn options(page: &mut String, command: &Grammar, are_global: bool) {
    let wanted = |arg: &&Arg| !arg.is_hide_set() && arg.is_global_set() == are_global;
    for arg in command.get_arguments().filter(wanted) {
        if arg.get_id() == "help" && command.get_name() != "tokenscope" {
            continue;
        }
        let mut names = Vec::new();
        names.extend(arg.get_short().map(|short| format!("\\fB\\-{short}\\fR")));
        names.extend(
            arg.get_long()
                .map(|long| format!("\\fB{}\\fR", plain(&format!("--{long}")))),
        );
        let mut term = names.join(", ");
        if arg.get_action().takes_values() {
            let values = arg.get_value_names().unwrap_or_default();
            let gap = if term.is_empty() { "" } else { " " };
            let _infallible = write!(term, "{gap}\\fI{}\\fR", plain(values.join(" ").as_str()));
        }
        let mut about = plain(&arg.get_help().map(ToString::to_string).unwrap_or_default());
        let possible = arg.get_possible_values();
        if arg.get_action().takes_values()
            && !arg.is_hide_possible_values_set()
            && !possible.is_empty()
        {
            let names: Vec<String> = possible
                .iter()
                .map(|value| plain(value.get_name()))
                .collect();
            let _infallible = write!(about, ": {}", names.join(", "));
        }
        let default: Vec<_> = arg
            .get_default_values()
            .iter()
            .filter_map(|value| value.to_str())
            .collect();
        if arg.get_action().takes_values() && !default.is_empty() {
            let _infallible = write!(about, " [{}]", plain(&default.join(",")));
        }
        let _infallible = writeln!(page, ".TP\n{term}\n{about}");
    }
}

fn commands(page: &mut String, command: &Grammar, path: &str) {
    for sub in command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
    {
        let name = format!("{path} {}", sub.get_name());
        if sub.has_subcommands() {
            commands(page, sub, &name);
            continue;
        }
        let mut usage = name.clone();
        for place in sub.get_positionals() {
            let value = place.get_value_names().unwrap_or_default().join(" ");
            let several = if place
                .get_num_args()
                .is_some_and(|range| range.max_values() > 1)
            {
                "..."
            } else {
                ""
            };
            let shown = if place.is_required_set() {
                value
            } else {
                format!("[{value}]")
            };
            let _infallible = write!(usage, " {shown}{several}");
        }
        let _infallible = writeln!(page, ".SS {}", plain(&usage));
        let _infallible = writeln!(page, "{}.", plain(&sub.get_about().unwrap().to_string()));
        options(page, sub, false);
    }
}

fn manual() -> String {
    let mut grammar = Cli::command();
    grammar.build();
    let version = env!("CARGO_PKG_VERSION");
    let mut page = format!(
        ".TH TOKENSCOPE 1 \"\" \"tokenscope {version}\" \"User Commands\"\n.SH NAME\ntokenscope \\- {}\n\
         .SH SYNOPSIS\n.B tokenscope\n.RI [ OPTION ...]\n.RI [ TOKEN ]\n.br\n.B tokenscope\n.RI [ OPTION ...]\n\
         .I COMMAND\n.RI [ ARGUMENT ...]\n.SH DESCRIPTION\n{HEAD}\n.SH OPTIONS\n",
        plain(&grammar.get_about().unwrap().to_string()),
    );
    options(&mut page, &grammar, true);
    page.push_str(".SH COMMANDS\n");
    commands(&mut page, &grammar, "tokenscope");
    for (title, entries) in TAIL {
        let _infallible = writeln!(page, ".SH {title}");
        for (term, about) in entries {
            let _infallible = writeln!(page, ".TP\n\\fB{term}\\fR\n{about}");
        }
    }
    page
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/tokenscope.1")
}

#[test]
fn the_page_is_that_of_todays_grammar() {
    if std::env::var("INSTA_UPDATE").is_ok_and(|wish| wish == "always") {
        std::fs::write(file(), manual()).unwrap();
    }
    let kept = std::fs::read_to_string(file()).unwrap();
    assert!(
        kept == manual(),
        "run this test with INSTA_UPDATE=always to write the page again"
    );
    for sub in [
        "get",
        "list",
        "check",
        "auth set",
        "profile use",
        "completions",
        "man",
    ] {
        assert!(kept.contains(&format!(".SS tokenscope {sub}")), "{sub}");
    }
}

#[tokio::test]
async fn the_command_prints_it_whatever_the_configuration() {
    let stage = Stage::empty().await;
    stage.write_config("nonsense");
    let output = stage.bare(&["man"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stdout, std::fs::read(file()).unwrap());
}

#[test]
fn it_renders_without_a_warning_where_there_is_something_to_render_it() {
    let render = |program: &str, arguments: &[&str]| {
        Command::new(program)
            .args(arguments)
            .arg(file())
            .env("MANWIDTH", "80")
            .stdin(Stdio::null())
            .output()
    };
    for (program, arguments) in [
        ("groff", &["-man", "-ww", "-Tutf8", "-Z"][..]),
        ("man", &["--warnings", "-E", "UTF-8", "-P", "cat", "-l"]),
    ] {
        let Ok(output) = render(program, arguments) else {
            continue;
        };
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success() && said.is_empty(),
            "{program}: {said}"
        );
        assert!(!output.stdout.is_empty());
    }
}
