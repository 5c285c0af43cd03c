//! Shell completion: a script per shell, and the candidates that the scripts request.
//!
//! `clap_complete` finds the candidates. Its scripts are not used: the one for bash inserts file names
//! unquoted and completes nothing after `=`, which readline makes a word of its own; the one for zsh
//! needs `compinit` to have run; the one for PowerShell evaluates the line that is being typed.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};

use clap::Command;
use clap_complete::engine::{
    ArgValueCandidates, ArgValueCompleter, CompletionCandidate, complete as engine,
};

use crate::cli::args::Shell;
use crate::cli::help::grammar;
use crate::config::Paths;
use crate::config::settings;
use crate::credentials::Environment;
use crate::domain::profile::AUTO;
use crate::theme::Theme;

/// The argument that a script calls the program with.
pub const REQUEST: &str = "__complete";

/// Asks a shell for file names, which it knows better. No candidate begins with a tab.
const FILES: &str = "\tfiles";

/// The script for a shell.
pub fn script(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => include_str!("../../../assets/completions/tokenscope.bash"),
        Shell::Zsh => include_str!("../../../assets/completions/tokenscope.zsh"),
        Shell::Fish => include_str!("../../../assets/completions/tokenscope.fish"),
        Shell::PowerShell => include_str!("../../../assets/completions/tokenscope.ps1"),
    }
}

/// Answers a shell's script on standard output. Offers no profiles if they cannot be read.
pub fn complete(words: &[String]) {
    let mut text = String::new();
    for (word, about) in candidates(words, profiles) {
        text.push_str(&word);
        if !about.is_empty() {
            text.push('\t');
            text.push_str(&about);
        }
        text.push('\n');
    }
    let _closed = io::stdout().write_all(text.as_bytes());
}

fn profiles() -> Vec<String> {
    let environment = Environment::read();
    let paths = Paths::find(environment.path("TOKENSCOPE_HOME").as_deref());
    let loaded = paths.and_then(|paths| settings::load(&paths));
    let profiles = loaded.map(|loaded| loaded.settings.profiles);
    let names = profiles.unwrap_or_default().into_iter();
    names.map(|profile| profile.name).collect()
}

/// The completions of the last word, each with a description that may be empty. Calls `profiles`
/// only where a profile is expected.
pub fn candidates(words: &[String], profiles: fn() -> Vec<String>) -> Vec<(String, String)> {
    let mut line = vec![OsString::from("tokenscope")];
    for (at, word) in words.iter().enumerate() {
        // Bash makes `=` a word of its own, and `--profile=` two of them.
        let is_sign = word == "=" && at > 0 && words[at - 1].starts_with("--");
        if !is_sign {
            line.push(word.into());
        } else if at + 1 == words.len() {
            line.push(OsString::new());
        }
    }
    if words.is_empty() {
        line.push(OsString::new());
    }
    let last = line.len() - 1;
    let is_empty = line[last].is_empty();
    let mut grammar = with_values(grammar(), profiles);
    let found = engine(&mut grammar, line, last, None).unwrap_or_default();
    found
        .iter()
        .map(|found| {
            let word = found.get_value().to_string_lossy();
            if word.ends_with(FILES) {
                return (String::new(), FILES.trim_start().to_owned());
            }
            let about = found.get_help().map(ToString::to_string);
            (word.into_owned(), about.unwrap_or_default())
        })
        // Offer options only after a hyphen.
        .filter(|(word, _)| !(is_empty && word.starts_with('-')))
        .collect()
}

/// Adds the values that the grammar does not know.
fn with_values(command: Command, profiles: fn() -> Vec<String>) -> Command {
    command
        .mut_args(|arg| match arg.get_id().as_str() {
            "profile" | "name" => arg.add(ArgValueCandidates::new(move || {
                let names = profiles().into_iter();
                names.map(CompletionCandidate::new).collect()
            })),
            "theme" => arg.add(ArgValueCandidates::new(|| {
                let names = [AUTO].into_iter().chain(Theme::names());
                names.map(CompletionCandidate::new).collect()
            })),
            "ca_file" | "to" => arg.add(ArgValueCompleter::new(|_: &OsStr| {
                vec![CompletionCandidate::new(FILES)]
            })),
            _ => arg,
        })
        .mut_subcommands(|sub| with_values(sub, profiles))
}
