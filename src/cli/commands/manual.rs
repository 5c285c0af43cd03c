//! The manual page, generated from the grammar and the tables of `help`.

use std::io;

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::args::Cli;
use crate::cli::help::{CHECK_EXIT_CODES, ENVIRONMENT, EXIT_CODES, Table};

const DESCRIPTION: &str = "\
tokenscope answers in a terminal, without a browser: is this Cloudflare Access service token alive, \
how much time is left, who still uses it, and what should I do about it?

Without a command it opens the inspector, on TOKEN if one is given. Commands print to standard \
output, and everything else to standard error; only auth set prompts, and only on a terminal. Tables \
are cut to the width of a terminal; anywhere else they are complete, without colours or headings, and \
separated by tabs.";

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

const EXAMPLES: &Table = &[
    ("tokenscope --demo", "look around without an account"),
    (
        "tokenscope list --within 30d",
        "tokens that expire within 30 days, or have expired",
    ),
    (
        "tokenscope list -o json | jq -r '.tokens[] | select(.last_seen_at == null) | .token.name'",
        "tokens that were never used",
    ),
    (
        "tokenscope check --warn 14d --critical 3d --ignore disabled",
        "a check for monitoring",
    ),
];

/// Renders the page as troff.
///
/// # Errors
/// The writer's.
pub(super) fn print(page: &mut Vec<u8>) -> io::Result<()> {
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
    // Not built, it has no global options in its subcommands yet.
    commands(page, &Cli::command(), "tokenscope")?;
    for (title, table) in [
        ("EXIT STATUS", EXIT_CODES),
        ("EXIT STATUS OF CHECK", CHECK_EXIT_CODES),
        ("FILES", FILES),
        ("ENVIRONMENT", ENVIRONMENT),
        ("EXAMPLES", EXAMPLES),
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
        let man = Man::new(sub.clone().bin_name(name).disable_help_flag(true));
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
