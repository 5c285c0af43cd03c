//! Keeps our own credential out of what strangers' answers are quoted with: servers and proxies
//! have been seen to repeat the headers that they refuse.
//!
//! Pure. Not here: cleaning text for a terminal, which is each sink's own.

use zeroize::Zeroizing;

use crate::domain::failure::ApiError;
use crate::domain::redaction::{HIDDEN, SHORTEST};
use crate::domain::secret::Secret;

/// The text without the credential, as it is or in Base64.
pub(super) fn text(mut text: String, secret: &Secret) -> String {
    let secret = secret.expose();
    if secret.len() < SHORTEST {
        return text;
    }
    if text.contains(secret) {
        text = text.replace(secret, HIDDEN);
    }
    // Shorter than its Base64, no text holds it.
    if text.len() >= secret.len() {
        for alphabet in [STANDARD, URL_SAFE] {
            for before in 0..3 {
                text = without_base64(text, secret.as_bytes(), before, alphabet);
            }
        }
    }
    text
}

const STANDARD: [u8; 2] = *b"+/";
const URL_SAFE: [u8; 2] = *b"-_";

/// The text without the secret's Base64 in it, padded or not, also where that is of something longer
/// with the secret in it: `before` says how many bytes stand before it in its group of three.
fn without_base64(mut text: String, secret: &[u8], before: usize, alphabet: [u8; 2]) -> String {
    let encoded = Zeroizing::new(base64(secret, before, alphabet));
    // The first digits and the last one also depend on what stands beside the secret.
    let shared = [0, 2, 3][before];
    let is_cut = !(before + secret.len()).is_multiple_of(3);
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

/// Base64 without padding of a secret after some zero bytes.
fn base64(secret: &[u8], before: usize, alphabet: [u8; 2]) -> String {
    let bytes: Zeroizing<Vec<u8>> = Zeroizing::new([&[0; 2][..before], secret].concat());
    let digit = |value: u32| match u8::try_from(value & 63).unwrap_or(0) {
        value @ 0..26 => char::from(b'A' + value),
        value @ 26..52 => char::from(b'a' + value - 26),
        value @ 52..62 => char::from(b'0' + value - 52),
        value => char::from(alphabet[usize::from(value - 62)]),
    };
    let mut encoded = String::with_capacity(bytes.len() / 3 * 4 + 4);
    for group in bytes.chunks(3) {
        let at = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for index in 0..=group.len() {
            encoded.push(digit(bits >> (18 - 6 * index)));
        }
    }
    encoded
}

/// An error of the API, and those beneath it, without the credential.
pub(super) fn error(error: ApiError, secret: &Secret) -> ApiError {
    let hide = |stranger: String| text(stranger, secret);
    ApiError {
        code: error.code,
        message: hide(error.message),
        chain: errors(error.chain, secret),
        pointer: error.pointer.map(hide),
        documentation_url: error.documentation_url.map(hide),
    }
}

/// Several of them.
pub(super) fn errors(list: Vec<ApiError>, secret: &Secret) -> Vec<ApiError> {
    list.into_iter().map(|one| error(one, secret)).collect()
}
