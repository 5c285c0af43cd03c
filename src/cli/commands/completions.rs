//! Completion of command lines: a short script a shell, which asks the program itself what fits.
//!
//! So that profiles of today are offered, and no script grows stale. Not here: the grammar (`args`).

use std::io::{self, Write};

use clap::Arg;

use crate::cli::args::Shell;
use crate::cli::lenient_args::{PartialArgs, takes_value};
use crate::config::Paths;
use crate::config::settings;
use crate::credentials::Environment;
use crate::domain::status::Status;

/// The word that a script calls the program with.
pub const REQUEST: &str = "__complete";

/// The script that a shell sources.
#[must_use]
pub fn script(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => include_str!("../../../assets/completions/tokenscope.bash"),
        Shell::Zsh => include_str!("../../../assets/completions/tokenscope.zsh"),
        Shell::Fish => include_str!("../../../assets/completions/tokenscope.fish"),
        Shell::PowerShell => include_str!("../../../assets/completions/tokenscope.ps1"),
    }
}

/// Answers a shell's script on standard output. Offers no profiles where they cannot be read.
pub fn complete(words: &[String]) {
    let profiles = || {
        let environment = Environment::read();
        let paths = Paths::find(environment.path("TOKENSCOPE_HOME").as_deref());
        let loaded = paths.and_then(|paths| settings::load(&paths));
        let profiles = loaded.map(|loaded| loaded.settings.profiles);
        let names = profiles.unwrap_or_default().into_iter();
        names.map(|profile| profile.name).collect()
    };
    let mut text = String::new();
    for candidate in candidates(words, profiles) {
        text.push_str(&candidate.word);
        if !candidate.about.is_empty() {
            text.push('\t');
            text.push_str(&candidate.about);
        }
        text.push('\n');
    }
    let _closed = io::stdout().write_all(text.as_bytes());
}

/// What can stand in a place, and what to say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The whole word.
    pub word: String,
    /// A few words about it; may be empty.
    pub about: String,
}

/// What can be the last of these words, which may be empty or begun. `profiles` is asked only where
/// a profile is meant.
#[must_use]
pub fn candidates(words: &[String], profiles: impl FnOnce() -> Vec<String>) -> Vec<Candidate> {
    let (last, before) = match words.split_last() {
        Some((last, before)) => (last.as_str(), before),
        None => ("", &[][..]),
    };
    let line = PartialArgs::read(before.iter().map(String::as_str));
    // Bash makes `=` a word of its own, and `a=` two of them.
    let last = if line.awaiting.is_some() && last == "=" {
        ""
    } else {
        last
    };
    if let Some(option) = &line.awaiting {
        return values(option, "", last, profiles);
    }
    if let Some((name, begun)) = last
        .strip_prefix("--")
        .and_then(|long| long.split_once('='))
    {
        let option = line.option(name).filter(takes_value);
        return option.map_or_else(Vec::new, |option| {
            values(&option, &format!("--{name}="), begun, profiles)
        });
    }
    let found = if last.starts_with('-') {
        options(&line)
    } else {
        let mut found = commands(&line);
        let position = line.command.get_positionals().nth(line.plain_words);
        found.extend(position.map_or_else(Vec::new, |arg| values(arg, "", last, profiles)));
        found
    };
    found
        .into_iter()
        .filter(|one| one.word.starts_with(last))
        .collect()
}

/// Has a shell offer names of files, which it does nowhere else: no word has a tab in it.
fn files() -> Candidate {
    Candidate {
        word: String::new(),
        about: "files".to_owned(),
    }
}

fn commands(line: &PartialArgs) -> Vec<Candidate> {
    line.command
        .get_subcommands()
        .filter(|command| !command.is_hide_set() && line.plain_words == 0)
        .map(|command| Candidate {
            word: command.get_name().to_owned(),
            about: command
                .get_about()
                .map(ToString::to_string)
                .unwrap_or_default(),
        })
        .collect()
}

fn options(line: &PartialArgs) -> Vec<Candidate> {
    line.command
        .get_arguments()
        .filter(|option| !option.is_hide_set())
        .filter_map(|option| {
            Some(Candidate {
                word: format!("--{}", option.get_long()?),
                about: option
                    .get_help()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            })
        })
        .collect()
}

/// The values of an option or a place that start as the begun one does.
fn values(
    option: &Arg,
    prefix: &str,
    begun: &str,
    profiles: impl FnOnce() -> Vec<String>,
) -> Vec<Candidate> {
    let bare = |words: Vec<String>| {
        let candidate = |word| Candidate {
            word,
            about: String::new(),
        };
        words.into_iter().map(candidate).collect::<Vec<_>>()
    };
    let (done, found) = match option.get_id().as_str() {
        // The shells know the files themselves.
        "ca_file" => return vec![files()],
        "profile" | "name" => ("", bare(profiles())),
        "theme" => (
            "",
            bare(["dark", "light", "mono"].map(str::to_owned).to_vec()),
        ),
        "log" => (
            "",
            bare(
                ["error", "warn", "info", "debug", "trace"]
                    .map(str::to_owned)
                    .to_vec(),
            ),
        ),
        "status" | "ignore" => (
            begun.rfind(',').map_or("", |comma| &begun[..=comma]),
            bare(Status::ALL.map(|status| status.code().to_owned()).to_vec()),
        ),
        _ => {
            let possible = option.get_possible_values().into_iter();
            let named = possible
                .filter(|value| !value.is_hide_set())
                .map(|value| Candidate {
                    word: value.get_name().to_owned(),
                    about: value
                        .get_help()
                        .map(ToString::to_string)
                        .unwrap_or_default(),
                });
            ("", named.collect())
        }
    };
    found
        .into_iter()
        .map(|one| Candidate {
            word: format!("{done}{}", one.word),
            about: one.about,
        })
        .filter(|one| one.word.starts_with(begun))
        .map(|one| Candidate {
            word: format!("{prefix}{}", one.word),
            about: one.about,
        })
        .collect()
}
