//! Reads as much as possible of a command line that the grammar rejects.

use clap::{Arg, Command, ValueEnum as _};

use super::help::grammar;
use crate::startup::flags::Color;

/// The contents of a command line, valid or not.
pub(super) struct PartialArgs {
    /// The names of the subcommands.
    pub(super) path: Vec<String>,
    /// The value of `-o`, which sets the format of the error wherever it appears, even after `--`.
    pub(super) output: Option<String>,
    pub(super) color: Color,
    /// The first word before any command that is neither an option nor a value.
    pub(super) first_word: Option<String>,
    /// An option without a value, because the next word begins with a hyphen; and that word.
    pub(super) without_value: Option<(String, String)>,
}

impl PartialArgs {
    /// Reads the words after the program's name.
    pub(super) fn read(words: &[String]) -> Self {
        let mut grammar = grammar();
        grammar.build();
        let mut args = Self {
            path: Vec::new(),
            output: None,
            color: Color::Auto,
            first_word: None,
            without_value: None,
        };
        let mut command = &grammar;
        let mut awaiting: Option<&Arg> = None;
        let mut only_words_follow = false;
        for word in words.iter().map(String::as_str) {
            let is_option = word.starts_with('-') && word.len() > 1;
            if let Some(option) = awaiting.take() {
                if !is_option {
                    args.set(option, word);
                    continue;
                }
                let name = option.get_long().unwrap_or_default();
                args.without_value
                    .get_or_insert_with(|| (name.to_owned(), word.to_owned()));
            }
            if word == "--" && !only_words_follow {
                only_words_follow = true;
            } else if is_option {
                let found = option_with_value(&grammar, command, word)
                    .filter(|(option, _)| !only_words_follow || option.get_id() == "output");
                match found {
                    Some((option, Some(value))) => args.set(option, value),
                    Some((option, None)) => awaiting = Some(option),
                    None => {}
                }
            } else if let Some(found) = command.find_subcommand(word).filter(|_| !only_words_follow)
            {
                args.path.push(word.to_owned());
                command = found;
            } else if args.path.is_empty() {
                args.first_word.get_or_insert_with(|| word.to_owned());
            }
        }
        args
    }

    fn set(&mut self, option: &Arg, value: &str) {
        match option.get_id().as_str() {
            "output" => self.output = Some(value.to_owned()),
            "color" => self.color = Color::from_str(value, true).unwrap_or(self.color),
            _ => {}
        }
    }
}

/// The option of a word if it takes a value, and the value if it is part of the word. `-o` counts
/// for every command.
fn option_with_value<'grammar, 'word>(
    grammar: &'grammar Command,
    command: &'grammar Command,
    word: &'word str,
) -> Option<(&'grammar Arg, Option<&'word str>)> {
    let outputs = grammar
        .get_subcommands()
        .flat_map(Command::get_arguments)
        .filter(|arg| arg.get_id() == "output");
    let mut options = command
        .get_arguments()
        .chain(outputs)
        .filter(|arg| arg.get_action().takes_values());
    if let Some(long) = word.strip_prefix("--") {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        return Some((options.find(|arg| arg.get_long() == Some(name))?, value));
    }
    let mut characters = word.chars().skip(1);
    let short = characters.next();
    let option = options.find(|arg| short.is_some() && arg.get_short() == short)?;
    let rest = &word[1 + short.map_or(0, char::len_utf8)..];
    let value = rest.strip_prefix('=').unwrap_or(rest);
    Some((option, (!rest.is_empty()).then_some(value)))
}
