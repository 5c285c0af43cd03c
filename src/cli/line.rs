//! A command line read without judging it: which sub-command it is, and what its last word is for.
//!
//! Lines that the grammar refuses and lines that are still being typed are read alike. Not here:
//! the grammar itself (`args`).

use clap::{Arg, Command, CommandFactory as _};

use super::args::Cli;

/// What stands on a command line, as far as it can be told.
pub(super) struct Line {
    /// The sub-command it has come to.
    pub(super) command: Command,
    /// The names that lead there.
    pub(super) path: Vec<String>,
    /// What was asked for with `-o`.
    pub(super) output: Option<String>,
    /// The option that the next word is the value of.
    pub(super) awaiting: Option<Arg>,
    /// How many words were neither options nor commands.
    pub(super) plain_words: usize,
    only_words_follow: bool,
}

impl Line {
    /// Reads the words after the program's name.
    pub(super) fn read<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut command = Cli::command();
        command.build();
        let mut line = Self {
            command,
            path: Vec::new(),
            output: None,
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
        if let Some(option) = self.awaiting.take() {
            self.found(&option, word);
        } else if self.only_words_follow {
            self.plain_words += 1;
        } else if word == "--" {
            self.only_words_follow = true;
        } else if word.starts_with('-') && word.len() > 1 {
            self.take_option(word);
        } else if let Some(command) = self.command.find_subcommand(word).cloned() {
            self.path.push(word.to_owned());
            self.command = command;
        } else {
            self.plain_words += 1;
        }
    }

    fn take_option(&mut self, word: &str) {
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
        let Some(option) = option.filter(takes_value) else {
            return;
        };
        match value {
            Some(value) => self.found(&option, value),
            None => self.awaiting = Some(option),
        }
    }

    fn found(&mut self, option: &Arg, value: &str) {
        if option.get_id() == "output" {
            self.output = Some(value.to_owned());
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
        let all = Cli::command();
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
