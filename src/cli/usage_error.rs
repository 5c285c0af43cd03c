//! Parses the command line, and reports what is wrong with it. clap treats help and version as errors,
//! too.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use chrono::{DateTime, Utc};
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ColorChoice, Command, FromArgMatches as _, ValueEnum as _};

use super::args::{Cli, file_name};
use super::error_report::ErrorReporter;
use super::help::{grammar, parser};
use super::output::print::delivered;
use crate::credentials::Environment;
use crate::domain::failure::{Failure, FailureKind, misplaced};
use crate::domain::redaction::{SHORTEST, holds_secret, scrub};
use crate::domain::text;
use crate::domain::token::{InvalidTokenRef, TokenRef};
use crate::startup::flags::Color;
use crate::startup::output_style;

/// Reads the command line.
///
/// # Errors
/// The exit code, after printing what is wrong, or the help or version that was asked for.
pub fn parse(
    words: &[String],
    environment: &Environment,
    clock: fn() -> DateTime<Utc>,
) -> Result<Cli, u8> {
    let has_secret = words.iter().any(|word| environment.is_secret_in(word));
    let mut command_parser = parser();
    let matched = command_parser.try_get_matches_from_mut(std::env::args_os());
    // The process needs it no more; freeing it would take a quarter of the time of parsing.
    std::mem::forget(command_parser);
    let parsed = matched
        .or_else(|_| grammar().try_get_matches_from(std::env::args_os()))
        .and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches));
    let parsed = match parsed {
        Ok(cli) if cli.token.is_none() && !has_secret => return Ok(cli),
        parsed => parsed,
    };
    let line = PartialArgs::read(words);
    let command = line.path.first().map(String::as_str);
    let where_to = (line.output.as_deref(), line.to.as_deref());
    let reporter = ErrorReporter::of_words(command, where_to, clock);
    if has_secret {
        return Err(reporter.report(&misplaced(), None));
    }
    // The grammar takes a mistyped command for a token.
    let error = match (parsed, mistyped_command(&line)) {
        (Ok(_), Some(better)) => better,
        (Err(error), Some(better)) if is_about_words(&error) => better,
        // A word after it shows that it was meant as a command.
        (Err(error), _) if is_about_a_word(&error) => unknown_command(&line).unwrap_or(error),
        (Err(error), _) => error,
        (Ok(cli), None) if cli.command.is_some() => {
            let failure = Failure::new(
                FailureKind::Usage,
                "TOKEN must come after the command.",
                "Name the token after the command.",
            );
            return Err(reporter.report(&failure, None));
        }
        (Ok(cli), None) => return Ok(cli),
    };
    Err(refuse(error, &line, words, &reporter, environment))
}

/// Reads the token to open. A name alone is refused: it may as well be a mistyped command.
///
/// # Errors
/// A usage failure, which repeats nothing that may be a secret.
pub fn parse_token_to_open(text: &str) -> Result<TokenRef, Failure> {
    let what = match TokenRef::parse(text) {
        Ok(
            token @ (TokenRef::Id(_)
            | TokenRef::ClientId(_)
            | TokenRef::Digits(_)
            | TokenRef::Url { .. }),
        ) => {
            return Ok(token);
        }
        Err(InvalidTokenRef::Secret) => return Err(misplaced()),
        Ok(TokenRef::Name(name)) if !may_be_secret(&name) => format!(
            "{} is not a command, a token ID, a client ID, or a URL that contains an ID.",
            text::quoted(&name)
        ),
        // A URL may hold a secret.
        Ok(TokenRef::Name(_)) | Err(InvalidTokenRef::Empty) => {
            "This is not a token ID, a client ID, or a URL that contains an ID.".to_owned()
        }
    };
    Err(Failure::new(
        FailureKind::Usage,
        what,
        "For a name, use `tokenscope get NAME`; for all commands, see `tokenscope --help`.",
    ))
}

/// Prints clap's error in the output format that the line asks for, and returns the exit code:
/// monitoring must not mistake a typo for a warning.
fn refuse(
    error: clap::Error,
    line: &PartialArgs,
    words: &[String],
    reporter: &ErrorReporter,
    environment: &Environment,
) -> u8 {
    let is_terminal = if error.use_stderr() {
        io::stderr().is_terminal()
    } else {
        io::stdout().is_terminal()
    };
    let color = if output_style::is_colored(line.color, environment, is_terminal) {
        ColorChoice::Always
    } else {
        ColorChoice::Never
    };
    let mut error = error.with_cmd(&Command::new("tokenscope").color(color));
    if !error.use_stderr() {
        let printed = error.print().and_then(|()| io::stdout().flush());
        return reporter.undelivered(delivered(printed)).unwrap_or(0);
    }
    hide_stray_secret(&mut error, line);
    suggest_equals_sign(&mut error, line);
    forget_dashes(&mut error, line, words);
    tame(&mut error);
    if reporter.is_for_programs() {
        return reporter.report(&failure(&error, &line.path), None);
    }
    // Only an unmodified error can keep its colours.
    let _closed = match scrub(&error.to_string()) {
        Cow::Borrowed(_) => error.print(),
        Cow::Owned(clean) => io::stderr().write_all(clean.as_bytes()),
    };
    reporter.usage_exit_code()
}

/// The error for a first word that resembles a command.
fn mistyped_command(line: &PartialArgs) -> Option<clap::Error> {
    let has_similar = |error: &clap::Error| error.get(ContextKind::SuggestedSubcommand).is_some();
    unknown_command(line).filter(has_similar)
}

/// The error for a first word that is neither a command nor a token.
fn unknown_command(line: &PartialArgs) -> Option<clap::Error> {
    let word = line.first_word.as_deref()?;
    if !matches!(TokenRef::parse(word), Ok(TokenRef::Name(_))) || word.contains(' ') {
        return None;
    }
    let mut grammar = grammar();
    grammar.build();
    let names = grammar.get_subcommands().map(Command::get_name);
    let similar = similar(word, names);
    let tip = StyledStr::from("for a token's name, use 'tokenscope get NAME'");
    let word = ContextValue::String(word.to_owned());
    let usage = ContextValue::StyledStr(grammar.render_usage());
    let mut error = clap::Error::new(ErrorKind::InvalidSubcommand).with_cmd(&grammar);
    error.insert(ContextKind::InvalidSubcommand, word);
    if !similar.is_empty() {
        error.insert(
            ContextKind::SuggestedSubcommand,
            ContextValue::Strings(similar),
        );
    }
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    error.insert(ContextKind::Usage, usage);
    Some(error)
}

/// Whether a mistyped command can cause the error.
fn is_about_words(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand
    )
}

/// Whether the error is about a word that is no option.
fn is_about_a_word(error: &clap::Error) -> bool {
    let wrong = error.get(ContextKind::InvalidArg);
    is_about_words(error)
        && matches!(wrong, Some(ContextValue::String(word)) if !word.starts_with('-'))
}

/// Drops clap's tip to pass an unknown option as a value where no name can begin with a hyphen:
/// long options, options before a command, and those of `completions`.
fn forget_dashes(error: &mut clap::Error, line: &PartialArgs, words: &[String]) {
    let command = line.path.first();
    let mut before = words.iter().take_while(|word| Some(*word) != command);
    if let Some(ContextValue::String(wrong)) = error.get(ContextKind::InvalidArg)
        && let Some(ContextValue::StyledStrs(tips)) = error.get(ContextKind::Suggested)
        && tips
            .iter()
            .all(|tip| tip.to_string().contains("as a value"))
        && (wrong.starts_with("--")
            || line.path == ["completions"]
            || before.any(|word| word.starts_with(wrong)))
    {
        error.remove(ContextKind::Suggested);
    }
}

/// Adds a tip on passing a value that begins with a hyphen.
fn suggest_equals_sign(error: &mut clap::Error, line: &PartialArgs) {
    if let Some((name, value)) = &line.without_value
        && error.kind() == ErrorKind::UnknownArgument
        && let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidArg)
        && value.starts_with(word)
    {
        let value = tamed(value);
        let tip = format!("to give '{value}' to '--{name}', use '--{name}={value}'");
        error.remove(ContextKind::SuggestedArg);
        error.insert(
            ContextKind::Suggested,
            ContextValue::StyledStrs(vec![tip.into()]),
        );
    }
}

/// Tames every word that an error repeats.
fn tame(error: &mut clap::Error) {
    let tamed: Vec<_> = error
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(word) => Some((kind, word, tamed(word))),
            _ => None,
        })
        .filter(|(_, word, tamed)| tamed != *word)
        .map(|(kind, _, tamed)| (kind, tamed))
        .collect();
    for (kind, word) in tamed {
        error.remove(ContextKind::Suggested);
        error.insert(kind, ContextValue::String(word));
    }
}

/// A word of the line without secrets and control characters, and shortened: somebody may have pasted
/// a whole file.
fn tamed(word: &str) -> String {
    const LONGEST: usize = 80;
    text::truncate(&text::sanitize(&scrub(word)), LONGEST, "...").into_owned()
}

/// Removes a misplaced word that may be a secret.
fn hide_stray_secret(error: &mut clap::Error, line: &PartialArgs) {
    let is_set = line.path == ["auth", "set"];
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidSubcommand] {
        if is_about_words(error)
            && let Some(ContextValue::String(word)) = error.get(kind)
            && !word.starts_with('-')
            // After `auth set`, the word is the secret itself, unless it is too short.
            && (may_be_secret(word) || is_set && word.len() >= SHORTEST)
        {
            error.remove(kind);
            error.remove(ContextKind::Suggested);
        }
    }
}

/// Whether a misplaced word may be a secret: more suspicious than scrubbing, because names rarely mix
/// that many letters and digits. Token IDs are not secrets.
fn may_be_secret(word: &str) -> bool {
    const LONGEST_NAME: usize = 12;
    let is_mixed = |run: &str| {
        run.len() >= LONGEST_NAME
            && run.contains(|c: char| c.is_ascii_digit())
            && run.contains(|c: char| c.is_ascii_alphabetic())
    };
    let is_id = matches!(
        TokenRef::parse(word),
        Ok(TokenRef::Id(_) | TokenRef::ClientId(_) | TokenRef::Digits(_) | TokenRef::Url { .. })
    );
    let mut runs = word.split(|c: char| !c.is_ascii_alphanumeric());
    holds_secret(word) || !is_id && runs.any(is_mixed)
}

/// The first paragraph of clap's error as the summary; its tips and the command's help as the hint.
fn failure(error: &clap::Error, path: &[String]) -> Failure {
    let text = error.to_string();
    let lines = || text.lines().map(str::trim);
    let summary: Vec<&str> = lines().take_while(|line| !line.is_empty()).collect();
    let summary = summary.join(" ");
    let tips = lines().filter_map(|line| line.strip_prefix("tip: "));
    let tips: String = tips.flat_map(|tip| ["Tip: ", tip, ". "]).collect();
    let command: String = path.iter().flat_map(|name| [name, " "]).collect();
    Failure::new(
        FailureKind::Usage,
        summary.trim_start_matches("error: "),
        format!("{tips}See `tokenscope {command}--help`."),
    )
}

/// The known words that a mistyped one may mean, likeliest first.
fn similar<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let word = word.to_lowercase();
    // One mistake in three letters; with more it is another word.
    let most = (word.chars().count() / 3).max(1);
    let mut found: Vec<_> = known
        .map(|known| (strsim::osa_distance(&word, known), known))
        .filter(|(mistakes, _)| *mistakes <= most)
        .collect();
    found.sort_by_key(|(mistakes, _)| *mistakes);
    found
        .into_iter()
        .map(|(_, known)| known.to_owned())
        .collect()
}

/// The contents of a command line, valid or not, as far as it can be read.
#[derive(Default)]
struct PartialArgs {
    /// The names of the subcommands.
    path: Vec<String>,
    /// The value of `-o`, which sets the format of the error wherever it appears, even after `--`.
    output: Option<String>,
    /// The file that the output goes to.
    to: Option<String>,
    color: Color,
    /// The first word before any command that is neither an option nor a value.
    first_word: Option<String>,
    /// An option without a value, because the next word begins with a hyphen; and that word.
    without_value: Option<(String, String)>,
}

impl PartialArgs {
    /// Reads the words after the program's name.
    fn read(words: &[String]) -> Self {
        let mut grammar = parser();
        grammar.build();
        let mut args = Self::default();
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
            "to" => self.to = file_name(value).ok(),
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
        let (name, value) = long
            .split_once('=')
            .map_or((long, None), |(name, value)| (name, Some(value)));
        return Some((options.find(|arg| arg.get_long() == Some(name))?, value));
    }
    let mut rest = word[1..].chars();
    let short = rest.next()?;
    let option = options.find(|arg| arg.get_short() == Some(short))?;
    let rest = rest.as_str();
    let value = rest.strip_prefix('=').unwrap_or(rest);
    Some((option, (!rest.is_empty()).then_some(value)))
}
