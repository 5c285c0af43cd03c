//! A command line read without judging it: which sub-command it is, and what its last word is for.
//!
//! Lines that the grammar refuses and lines that are still being typed are read alike. Not here:
//! the grammar itself (`args`).

use crate::startup::flags::Color;
use clap::{Arg, Command, ValueEnum as _};

use super::help::grammar;

/// What stands on a command line, as far as it can be told.
pub(super) struct PartialArgs {
    /// The sub-command it has come to.
    pub(super) command: Command,
    /// The names that lead there.
    pub(super) path: Vec<String>,
    /// What was asked for with `-o`, also behind `--`, where the grammar does not look for it.
    pub(super) output: Option<String>,
    /// When to use colours.
    pub(super) color: Color,
    /// The first word before any command that is neither an option nor a value.
    pub(super) first_word: Option<String>,
    /// An option that has no value, because the word behind it begins with a hyphen.
    pub(super) without_value: Option<(Arg, String)>,
    /// The option that the next word is the value of.
    pub(super) awaiting: Option<Arg>,
    /// How many words were neither options nor commands.
    pub(super) plain_words: usize,
    only_words_follow: bool,
}

impl PartialArgs {
    /// Reads the words after the program's name.
    pub(super) fn read<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut command = grammar();
        command.build();
        let mut line = Self {
            command,
            path: Vec::new(),
            output: None,
            color: Color::Auto,
            first_word: None,
            without_value: None,
            awaiting: None,
            plain_words: 0,
            only_words_follow: false,
        };
        for word in words {
            line.take(word);
        }
        line
    }

    fn take(&mut self, word: &str) {
        // Bash makes `=` a word of its own.
        if self.awaiting.is_some() && word == "=" {
            return;
        }
        let is_option = word.starts_with('-') && word.len() > 1;
        if let Some(option) = self.awaiting.take() {
            if !is_option {
                return self.found(&option, word);
            }
            self.without_value
                .get_or_insert_with(|| (option, word.to_owned()));
        }
        if is_option && (word != "--" || self.only_words_follow) {
            let Some((option, value)) = self.read_option(word) else {
                self.plain_words += usize::from(self.only_words_follow);
                return;
            };
            match value {
                Some(value) => self.found(&option, value),
                None => self.awaiting = Some(option),
            }
        } else if word == "--" {
            self.only_words_follow = true;
        } else if let Some(command) = self.find_command(word) {
            self.path.push(word.to_owned());
            self.command = command;
        } else {
            if self.path.is_empty() {
                self.first_word.get_or_insert_with(|| word.to_owned());
            }
            self.plain_words += 1;
        }
    }

    fn find_command(&self, word: &str) -> Option<Command> {
        let found = self.command.find_subcommand(word);
        found.filter(|_| !self.only_words_follow).cloned()
    }

    /// An option that takes a value, and the value that is part of the same word.
    fn read_option<'a>(&self, word: &'a str) -> Option<(Arg, Option<&'a str>)> {
        let (option, value) = if let Some(long) = word.strip_prefix("--") {
            match long.split_once('=') {
                Some((name, value)) => (self.option(name), Some(value)),
                None => (self.option(long), None),
            }
        } else {
            let mut characters = word[1..].chars();
            let option = self.short_option(characters.next());
            let rest = characters.as_str();
            let value = (!rest.is_empty()).then(|| rest.strip_prefix('=').unwrap_or(rest));
            (option, value)
        };
        let is_wanted =
            |option: &Arg| !self.only_words_follow || option.get_id().as_str() == "output";
        Some((option.filter(takes_value).filter(is_wanted)?, value))
    }

    fn found(&mut self, option: &Arg, value: &str) {
        match option.get_id().as_str() {
            "output" => self.output = Some(value.to_owned()),
            "color" => self.color = Color::from_str(value, true).unwrap_or(self.color),
            _ => {}
        }
    }

    fn short_option(&self, short: Option<char>) -> Option<Arg> {
        let of = |command: &Command| {
            command
                .get_arguments()
                .find(|arg| short.is_some() && arg.get_short() == short)
                .cloned()
        };
        of(&self.command).or_else(|| Self::output_form().filter(|arg| arg.get_short() == short))
    }

    /// The option of a long name.
    pub(super) fn option(&self, long: &str) -> Option<Arg> {
        let of = |command: &Command| {
            command
                .get_arguments()
                .find(|arg| arg.get_long() == Some(long))
                .cloned()
        };
        of(&self.command).or_else(|| Self::output_form().filter(|arg| arg.get_long() == Some(long)))
    }

    /// `-o`, which says how to put a refusal wherever it stands.
    fn output_form() -> Option<Arg> {
        let all = grammar();
        all.get_subcommands()
            .flat_map(Command::get_arguments)
            .find(|arg| arg.get_id() == "output")
            .cloned()
    }
}

/// Whether an option is followed by a value.
pub(super) fn takes_value(option: &Arg) -> bool {
    option.get_action().takes_values()
}
