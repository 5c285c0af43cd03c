//! Finds misplaced secrets by their shape, and hides them from messages and JSON.
//!
//! Needs no list of secrets, so it also finds unknown ones.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::raw::{string_length, value_length};
use super::text;

/// Replaces a secret.
pub const HIDDEN: &str = "[hidden]";

/// Prefixes of Cloudflare's credentials: API tokens of users and accounts, OAuth tokens, Global API
/// keys, and the secrets of service tokens.
const PREFIXES: [&str; 5] = ["cfut_", "cfat_", "cfoat_", "cfk_", "cfast_"];

/// No credential is shorter, and shorter text matches too many words by chance.
pub const SHORTEST: usize = 8;

/// Minimum length after a prefix; names that begin with one are shorter.
const LONG: usize = 28;

/// The labels of secrets in shells and HTTP headers, in lower case with underscores.
const SECRET_LABELS: [&str; 14] = [
    "cloudflare_api_token",
    "cf_api_token",
    "cloudflare_api_key",
    "cf_api_key",
    "authorization",
    "x_auth_key",
    "x_auth_user_service_key",
    "cf_access_client_secret",
    "cloudflare_access_client_secret",
    "tunnel_service_token_secret",
    "cf_access_token",
    "cf_authorization",
    "client_secret",
    "bearer",
];

/// Whether part of a string looks like a credential. UUIDs, IDs of 32 digits, client IDs and names
/// made of words do not.
pub fn holds_secret(text: &str) -> bool {
    matches!(scrub(text), Cow::Owned(_))
}

/// Replaces whatever looks like a credential by [`HIDDEN`].
pub fn scrub(text: &str) -> Cow<'_, str> {
    let mut secrets = Vec::new();
    let mut at = 0;
    while let Some(gap) = text[at..].find(is_inner) {
        let start = at + gap;
        let rest = &text[start..];
        let end = start + rest.find(|c| !is_inner(c)).unwrap_or(rest.len());
        let word = text[start..end].trim_start_matches('-');
        let secret = if is_prefixed(word) || is_hexadecimal_secret(word) || is_old_token(word) {
            Some(start..end)
        } else if is_secret_label(word) {
            labelled_secret(&text[end..]).map(|range| end + range.start..end + range.end)
        } else {
            None
        };
        at = secret.as_ref().map_or(end, |range| range.end);
        secrets.extend(secret);
    }
    replaced(text, &secrets, HIDDEN).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Replaces parts of a string; `None` if there are none.
fn replaced(text: &str, parts: &[Range<usize>], by: &str) -> Option<String> {
    let last = parts.last()?;
    let mut clean = String::with_capacity(text.len());
    let mut copied = 0;
    for part in parts {
        clean.push_str(&text[copied..part.start]);
        clean.push_str(by);
        copied = part.end;
    }
    clean.push_str(&text[last.end..]);
    Some(clean)
}

fn is_inner(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

fn is_secret_label(word: &str) -> bool {
    let label = word.to_ascii_lowercase().replace('-', "_");
    SECRET_LABELS.contains(&label.as_str())
}

/// The position of the secret after a label. After an equals sign, any value is a secret. After a
/// colon or a space it must not look like a word, since sentences mention headers too.
fn labelled_secret(text: &str) -> Option<Range<usize>> {
    const QUOTES: [char; 2] = ['"', '\''];
    let sign = text.trim_start_matches(QUOTES);
    let (is_assigned, value) = match sign.strip_prefix('=') {
        Some(value) => (true, value.trim_start_matches(QUOTES)),
        None => (
            false,
            sign.strip_prefix([':', ' ', '\t'])?
                .trim_start_matches(['"', '\'', ':', ' ', '\t']),
        ),
    };
    let start = text.len() - value.len();
    let ends = |c: char| c.is_whitespace() || c.is_control() || "\"'`,;".contains(c);
    let value = &value[..value.find(ends).unwrap_or(value.len())];
    let is_secret = if is_assigned {
        !value.is_empty()
    } else {
        let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
        value.len() >= SHORTEST && has_digit && !is_word(value)
    };
    is_secret.then(|| start..start + value.len())
}

/// Whether a word contains a prefix, at its start or not. A name may begin with one.
fn is_prefixed(word: &str) -> bool {
    PREFIXES.iter().any(|prefix| {
        let Some((_, rest)) = word.split_once(prefix) else {
            return false;
        };
        rest.len() >= LONG || (rest.len() >= SHORTEST && !words(rest).all(is_word))
    })
}

/// A Global API key of 37 to 45 digits, or a service token's secret of 64. 40 digits may as well be
/// the hash of a commit.
fn is_hexadecimal_secret(word: &str) -> bool {
    matches!(word.len(), 37..=39 | 41..=45 | 64)
        && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An old API token without a prefix: 40 random characters.
fn is_old_token(word: &str) -> bool {
    let has = |is: fn(&u8) -> bool| word.bytes().any(|byte| is(&byte));
    let is_hex_id = word
        .bytes()
        .all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    let is_made_of_words = words(word).count() > 2 && words(word).all(is_word);
    word.len() == 40
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
        && !is_hex_id
        && !is_made_of_words
}

/// The words of names such as `deploy-eu-west1-2025` and `ProdDeploy2`.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(['-', '_']).flat_map(|part| {
        let bytes = part.as_bytes();
        let is_start =
            |at: &usize| bytes[*at].is_ascii_uppercase() && !bytes[at - 1].is_ascii_uppercase();
        let starts = (1..bytes.len()).filter(is_start);
        let mut from = 0;
        let edges: Vec<usize> = starts.chain([bytes.len()]).collect();
        edges.into_iter().map(move |to| {
            let word = &part[from..to];
            from = to;
            word
        })
    })
}

/// Whether a part of a name is a word: letters of one case, perhaps with a capital first and a few
/// digits around.
fn is_word(part: &str) -> bool {
    const MOST_DIGITS: usize = 4;
    let letters = part.trim_matches(|c: char| c.is_ascii_digit());
    let tail = letters.get(1..).unwrap_or_default();
    part.len() - letters.len() <= MOST_DIGITS
        && letters.bytes().all(|byte| byte.is_ascii_alphabetic())
        && (tail.bytes().all(|byte| byte.is_ascii_lowercase())
            || letters.bytes().all(|byte| byte.is_ascii_uppercase()))
}

/// Quotes a string for a sentence, without credentials. Hides them before cutting the text: half a
/// secret would not be recognised.
pub fn quoted(text: &str) -> String {
    text::quoted(&scrub(text))
}

/// Hides a secret of our own in a string, also as Base64: servers and proxies have been seen to
/// repeat the headers that they reject.
pub(crate) fn hide(mut text: String, secret: &str) -> String {
    if secret.len() < SHORTEST {
        return text;
    }
    if text.contains(secret) {
        text = text.replace(secret, HIDDEN);
    }
    // Base64 is longer than what it encodes.
    if text.len() > secret.len() {
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            for before in 0..3 {
                text = hide_base64(text, secret.as_bytes(), before, engine);
            }
        }
    }
    text
}

/// Hides a secret's Base64, padded or not, even within that of a longer text: `before` is the number
/// of bytes ahead of the secret in its group of three.
fn hide_base64(mut text: String, secret: &[u8], before: usize, engine: &GeneralPurpose) -> String {
    let bytes = Zeroizing::new([&[0; 2][..before], secret].concat());
    let encoded = Zeroizing::new(engine.encode(&*bytes));
    // The first digits and the last also depend on the neighbouring bytes.
    let shared = [0, 2, 3][before];
    let is_cut = !bytes.len().is_multiple_of(3);
    let own = &encoded[shared..encoded.len() - usize::from(is_cut)];
    while let Some(found) = text.find(own) {
        let is_digit = |c: char| c.is_ascii_alphanumeric() || "+/-_".contains(c);
        let head = &text[..found];
        let start = match head.chars().next_back() {
            Some(c) if before > 0 && is_digit(c) => found - 1,
            _ => found,
        };
        let mut rest = &text[found + own.len()..];
        if is_cut {
            rest = rest.strip_prefix(is_digit).unwrap_or(rest);
        }
        text = format!("{}{HIDDEN}{}", &text[..start], rest.trim_start_matches('='));
    }
    text
}

/// Replaces every secret in some JSON by [`HIDDEN`], at any depth; `None` if there is none.
pub fn without_secrets(json: &str) -> Option<String> {
    let mut secrets = Vec::new();
    let mut at = 0;
    while let Some(found) = json[at..].find('"') {
        let start = at + found;
        at = start + string_length(&json[start..]);
        let key = &json[start..at];
        let after = json[at..].trim_start();
        let Some(value) = after.strip_prefix(':').map(str::trim_start) else {
            continue;
        };
        let key: String = serde_json::from_str(key).unwrap_or_default();
        // Rules out nearly all keys before measuring their values, which nest.
        if !is_secret_key(&key) {
            continue;
        }
        let begin = json.len() - value.len();
        let length = value_length(value);
        if is_secret_member(&key, &value[..length]) {
            at = begin + length;
            secrets.push(begin..at);
        }
    }
    replaced(json, &secrets, &format!("\"{HIDDEN}\""))
}

/// Whether a member holds the secret of a service token, under any spelling of its key.
pub fn is_secret_member(key: &str, value: &str) -> bool {
    let is_value = !matches!(value, "null" | "true" | "false" | "\"\"" | "{}" | "[]");
    is_value && value.trim_matches('"') != HIDDEN && is_secret_key(key)
}

/// Whether an object or list holds a secret at any depth.
pub fn nests_secret(value: &str) -> bool {
    value.starts_with(['{', '[']) && without_secrets(value).is_some()
}

fn is_secret_key(key: &str) -> bool {
    let letters = key.chars().filter(|c| !matches!(c, '_' | '-' | ' ' | '.'));
    let folded: String = letters.map(|c| c.to_ascii_lowercase()).collect();
    folded == "secret" || folded.ends_with("clientsecret")
}
