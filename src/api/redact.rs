//! Keeps our own credential out of what strangers' answers are quoted with: servers and proxies
//! have been seen to repeat the headers that they refuse.
//!
//! Pure. Not here: cleaning text for a terminal, which is each sink's own.

use crate::domain::failure::ApiError;
use crate::domain::secret::Secret;

/// What stands where the credential stood.
const HIDDEN: &str = "[hidden]";

/// Shorter text is in too many words by chance, and no credential is as short.
const SHORTEST: usize = 8;

/// The text without the credential.
pub(super) fn text(text: String, secret: &Secret) -> String {
    let secret = secret.expose();
    if secret.len() >= SHORTEST && text.contains(secret) {
        text.replace(secret, HIDDEN)
    } else {
        text
    }
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
