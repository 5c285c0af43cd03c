//! Removes text that people copy along with a value: quotes, a shell's assignment, a header's name.
//!
//! For credentials, addresses and IDs. Names of tokens may contain any of this and are left alone.

use super::redaction::holds_secret;
use super::text::trim_input;

/// Pairs of opening and closing quotation marks.
const QUOTES: &str = "\"\" '' `` “” ”” ““ „“ „” ‘’ ’’ ‘‘ ‚‘ ‚’ «» »« ‹› ＂＂";

/// The commands with which shells set variables. Some take a space instead of an equals sign.
const COMMANDS: [&str; 8] = [
    "export", "set", "setx", "setenv", "declare", "typeset", "env", "local",
];

/// The flags with which tools send a header.
const HEADER_FLAGS: [&str; 2] = ["-H", "--header"];

/// Labels that may precede a colon, besides names of headers and variables, in lower case.
const FIELDS: [&str; 17] = [
    "account",
    "account_id",
    "api_key",
    "api_token",
    "authorization",
    "base_url",
    "bearer",
    "client_secret",
    "email",
    "global_api_key",
    "global_key",
    "id",
    "key",
    "secret",
    "token",
    "zone",
    "zone_id",
];

/// Longer text cannot be a value with decoration, and would be slow to search.
const LONGEST_TEXT: usize = 8 * 1024;

/// The longest name of a variable or a header to remove.
const LONGEST_NAME: usize = 64;

/// The value in a string that was copied or piped: without surrounding whitespace, pairs of quotes,
/// the `NAME=` of a shell, the name of an HTTP header and `Bearer`, nested in any order. Keeps half
/// a pair.
pub fn peel(text: &str) -> &str {
    let mut text = trim_input(text);
    if text.len() > LONGEST_TEXT {
        return text;
    }
    loop {
        let inner = unlabelled(text).or_else(|| unquoted(text));
        match inner.map(trim_input) {
            Some(inner) if inner.len() < text.len() => text = inner,
            _ => return text,
        }
    }
}

/// Something that [`peel`] removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    pub words: &'static str,
    pub is_plural: bool,
}

/// The text that [`peel`] removes from a string; empty if only the ends of lines.
pub fn removed(text: &str) -> Vec<Removed> {
    let value = peel(text);
    let Some((before, after)) = text.split_once(value).filter(|_| !value.is_empty()) else {
        return Vec::new();
    };
    let around = format!("{before}{after}");
    let has = |any: &str| around.contains(|c: char| any.contains(c) && !c.is_whitespace());
    let has_bearer = before.to_ascii_lowercase().contains("bearer");
    let is_blank = around.trim().is_empty();
    let has_blanks = is_blank && around.contains([' ', '\t']);
    let known = [
        ("the name in front", false, before.contains(['=', ':'])),
        ("Bearer", false, has_bearer),
        ("quotes", true, has(QUOTES)),
        ("blanks", true, has_blanks),
    ];
    let is_other = !is_blank && known.iter().all(|(.., is_removed)| !is_removed);
    let other = ("the text around it", false, is_other);
    let all = known.into_iter().chain([other]);
    all.filter(|(.., is_removed)| *is_removed)
        .map(|(words, is_plural, _)| Removed { words, is_plural })
        .collect()
}

fn unquoted(text: &str) -> Option<&str> {
    // Few texts are quoted, and each of them is looked at several times.
    if !text.starts_with(|first| first == '\\' || QUOTES.contains(first)) {
        return None;
    }
    let escaped = text
        .strip_prefix("\\\"")
        .and_then(|rest| rest.strip_suffix("\\\""));
    escaped.or_else(|| {
        QUOTES.split(' ').find_map(|pair| {
            let mut marks = pair.chars();
            text.strip_prefix(marks.next()?)?
                .strip_suffix(marks.next()?)
        })
    })
}

/// The text after a label.
fn unlabelled(text: &str) -> Option<&str> {
    if let Some(value) = after_scheme(text) {
        return Some(value);
    }
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = trim_input(rest);
    if HEADER_FLAGS.contains(&first) && !rest.is_empty() {
        return Some(rest);
    }
    let labelled = if COMMANDS.iter().any(|it| first.eq_ignore_ascii_case(it)) {
        set_by_command(rest).or_else(|| assigned(text))
    } else {
        assigned(text)
    };
    // The end of a statement or of a list's entry is not part of the value.
    labelled.map(|value| value.trim_end_matches([';', ',']))
}

/// `Bearer VALUE`.
fn after_scheme(text: &str) -> Option<&str> {
    const SCHEME: &str = "bearer";
    let (scheme, value) = text.split_at_checked(SCHEME.len())?;
    let ends = value.is_empty() || value.starts_with(char::is_whitespace);
    (scheme.eq_ignore_ascii_case(SCHEME) && ends).then_some(value)
}

/// `-gx NAME VALUE`, `NAME=VALUE` after a shell's command.
fn set_by_command(text: &str) -> Option<&str> {
    let mut text = text;
    while let Some((flag, rest)) = text.split_once(char::is_whitespace)
        && flag.starts_with('-')
    {
        text = trim_input(rest);
    }
    assigned(text).or_else(|| {
        let (name, value) = text.split_once(char::is_whitespace)?;
        is_name(name).then_some(value)
    })
}

/// `NAME=VALUE`, `$env:NAME = VALUE`, `"NAME": VALUE`.
fn assigned(text: &str) -> Option<&str> {
    let named = text.strip_prefix('$').unwrap_or(text);
    let named = match named.split_at_checked(4) {
        Some((drive, rest)) if drive.eq_ignore_ascii_case("env:") => rest,
        _ => named,
    };
    let at = named.find([':', '='])?;
    let (name, value) = (unquoted_name(&named[..at])?, trim_input(&named[at + 1..]));
    let fits = if named[at..].starts_with('=') {
        !value.trim_start_matches('=').is_empty() || is_variable(name)
    } else {
        named.len() == text.len() && is_header(name)
    };
    fits.then_some(value)
}

/// A name, perhaps in quotes.
fn unquoted_name(text: &str) -> Option<&str> {
    let text = trim_input(text);
    let name = unquoted(text).unwrap_or(text);
    is_name(name).then_some(name)
}

/// Whether this can be the name of a variable, a header or a key, and does not look like a secret.
fn is_name(text: &str) -> bool {
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_plain = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    starts_well && is_plain && text.len() <= LONGEST_NAME && !holds_secret(text)
}

/// Whether a name is written like an environment variable.
fn is_variable(name: &str) -> bool {
    name.contains('_') && !name.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// Whether a colon may follow a name: it also follows the scheme of a URL.
fn is_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let is_known = FIELDS.contains(&name.as_str());
    let prefixes = ["cf_", "x_auth_", "cloudflare_"];
    is_known || prefixes.iter().any(|prefix| name.starts_with(prefix))
}
