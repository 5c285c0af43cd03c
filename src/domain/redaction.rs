//! Secrets in the wrong place: told by their look, and hidden from what is said.
//!
//! By shape alone, so that a secret nobody told us of is found too. Not here: the secrets that we
//! hold ourselves (`secret`).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::failure::{Details, Failure, FailureKind};
use super::text;

/// What stands where a secret stood.
pub const HIDDEN: &str = "[hidden]";

/// How Cloudflare's credentials begin: API tokens of users and accounts, OAuth tokens, Global API
/// keys, and the secrets of service tokens.
const PREFIXES: [&str; 5] = ["cfut_", "cfat_", "cfoat_", "cfk_", "cfast_"];

/// Shorter text is in too many words by chance, and no credential is as short.
pub const SHORTEST: usize = 8;

/// No name that begins like a credential goes on as long as this.
const LONG: usize = 28;

/// What stands before a secret in shells and HTTP headers, in lower case with underscores.
const LABELS: [&str; 11] = [
    "cloudflare_api_token",
    "cf_api_token",
    "cloudflare_api_key",
    "cf_api_key",
    "authorization",
    "x_auth_key",
    "x_auth_user_service_key",
    "cf_access_client_secret",
    "cf_access_token",
    "client_secret",
    "bearer",
];

/// Whether something in a text looks like a credential. UUIDs, IDs of 32 digits, client IDs and
/// names made of words do not.
#[must_use]
pub fn holds_secret(text: &str) -> bool {
    matches!(scrub(text), Cow::Owned(_))
}

/// The text with [`HIDDEN`] for everything in it that looks like a credential.
#[must_use]
pub fn scrub(text: &str) -> Cow<'_, str> {
    let mut clean = String::new();
    let mut found = false;
    let mut expected = Expected::Nothing;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let upto = |end: fn(char) -> bool| &rest[..rest.find(end).unwrap_or(rest.len())];
        // Behind a label a secret may hold signs that end a word elsewhere.
        let value = if expected.awaits(c) {
            upto(ends_a_value)
        } else {
            ""
        };
        let word = upto(|c| !is_inner(c));
        let hidden = if expected.is_met_by(value) {
            value
        } else if is_credential(word.trim_start_matches('-')) {
            word
        } else {
            let same = if word.is_empty() {
                expected = expected.past(c);
                &rest[..c.len_utf8()]
            } else {
                expected = Expected::after(word);
                word
            };
            clean.push_str(same);
            rest = &rest[same.len()..];
            continue;
        };
        found = true;
        expected = Expected::Nothing;
        clean.push_str(HIDDEN);
        rest = &rest[hidden.len()..];
    }
    if found {
        Cow::Owned(clean)
    } else {
        Cow::Borrowed(text)
    }
}

fn is_inner(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

fn ends_a_value(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '`' | ',' | ';')
}

/// What the words so far let expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Nothing,
    /// A label came; what follows it decides.
    Label,
    /// A secret, if it does not look like a word: headers are spoken of in sentences too.
    Perhaps,
    /// A secret, whatever it looks like.
    Surely,
}

impl Expected {
    fn after(word: &str) -> Self {
        let label = word.trim_start_matches('-').to_ascii_lowercase();
        if LABELS.contains(&label.replace('-', "_").as_str()) {
            Self::Label
        } else {
            Self::Nothing
        }
    }

    fn past(self, c: char) -> Self {
        match (self, c) {
            (Self::Label, '=') => Self::Surely,
            (Self::Label, ':' | ' ' | '\t') => Self::Perhaps,
            (_, '"' | '\'') | (Self::Perhaps, ':' | ' ' | '\t') => self,
            _ => Self::Nothing,
        }
    }

    /// Whether what begins with this may be a secret.
    fn awaits(self, c: char) -> bool {
        match self {
            Self::Nothing | Self::Label => false,
            Self::Surely => true,
            Self::Perhaps => !matches!(c, ':' | ' ' | '\t'),
        }
    }

    fn is_met_by(self, value: &str) -> bool {
        match self {
            Self::Nothing | Self::Label => false,
            Self::Surely => !value.is_empty(),
            Self::Perhaps => {
                value.len() >= SHORTEST
                    && value.bytes().any(|byte| byte.is_ascii_digit())
                    && !is_word(value)
            }
        }
    }
}

fn is_credential(word: &str) -> bool {
    is_prefixed(word) || is_hexadecimal_secret(word) || is_old_token(word)
}

/// What has a prefix, with something glued before it too. A name may begin so.
fn is_prefixed(word: &str) -> bool {
    PREFIXES.iter().any(|prefix| {
        let Some((_, rest)) = word.split_once(prefix) else {
            return false;
        };
        rest.len() >= LONG || (rest.len() >= SHORTEST && !words(rest).all(is_word))
    })
}

/// A Global API key of 37 to 45 digits, or a service token's secret of 64. One of 40 would be the
/// hash of a commit as well.
fn is_hexadecimal_secret(word: &str) -> bool {
    matches!(word.len(), 37..=39 | 41..=45 | 64)
        && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An API token from before there were prefixes: 40 characters at random.
fn is_old_token(word: &str) -> bool {
    let has = |is: fn(&u8) -> bool| word.bytes().any(|byte| is(&byte));
    let is_like_an_id = word
        .bytes()
        .all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    let is_made_of_words = words(word).count() > 2 && words(word).all(is_word);
    word.len() == 40
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
        && !is_like_an_id
        && !is_made_of_words
}

/// The words of `deploy-eu-west1-2025`, `ProdDeploy2` and the like, which people name things.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(['-', '_']).flat_map(|piece| {
        let bytes = piece.as_bytes();
        let is_start =
            |at: &usize| bytes[*at].is_ascii_uppercase() && !bytes[at - 1].is_ascii_uppercase();
        let starts = (1..bytes.len()).filter(is_start);
        let mut from = 0;
        let edges: Vec<usize> = starts.chain([bytes.len()]).collect();
        edges.into_iter().map(move |to| {
            let word = &piece[from..to];
            from = to;
            word
        })
    })
}

/// Letters of one case, with a capital before them or a few digits around.
fn is_word(piece: &str) -> bool {
    const MOST_DIGITS: usize = 4;
    let letters = piece.trim_matches(|c: char| c.is_ascii_digit());
    let tail = letters.get(1..).unwrap_or_default();
    piece.len() - letters.len() <= MOST_DIGITS
        && letters.bytes().all(|byte| byte.is_ascii_alphabetic())
        && (tail.bytes().all(|byte| byte.is_ascii_lowercase())
            || letters.bytes().all(|byte| byte.is_ascii_uppercase()))
}

/// Text as a sentence quotes it, without what looks like a credential: hidden before it is cut, or
/// half of a secret would not be known for one.
#[must_use]
pub fn quoted(text: &str) -> String {
    text::quoted(&scrub(text))
}

/// What to say of a secret on a command line. It is not repeated.
#[must_use]
pub fn misplaced() -> Failure {
    Failure::new(
        FailureKind::Usage,
        "What is given looks like a credential, and a secret does not belong on a command line.",
        "The shell's history may hold it now: roll or revoke it, and give the new one in \
         CLOUDFLARE_API_TOKEN or to `tokenscope auth set`. A token that is named like this is \
         reached by its ID.",
    )
}

impl Failure {
    /// The same failure without anything that looks like a credential.
    #[must_use]
    pub fn scrubbed(mut self) -> Self {
        let hide = |text: &mut String| *text = scrub(text).into_owned();
        hide(&mut self.summary);
        hide(&mut self.hint.text);
        let Details {
            http_status: _,
            request,
            api_errors,
            api_messages,
            omitted: _,
            cf_ray,
            cause,
        } = self.details.as_mut();
        [request, cf_ray, cause]
            .into_iter()
            .flatten()
            .for_each(hide);
        for error in api_errors.iter_mut().chain(api_messages) {
            error.edit_text(&hide);
        }
        self
    }
}

/// The text without a secret that we hold ourselves, also not in Base64: servers and proxies have
/// been seen to repeat the headers that they refuse.
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
