//! What a failure says of the credential that it is about: where it came from, what it looks like,
//! and which ways out are open.
//!
//! Not here: what failed.

use crate::api;
use crate::credentials::STORE_NAME;
use crate::domain::credential::{Credential, CredentialSource};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::scope::Scope;

/// The variable that most hints name.
const VARIABLE: &str = "CLOUDFLARE_API_TOKEN";

/// A hint of the same kind without the sentence, or the end of one, that tells to set a variable.
pub(super) fn without_variable(mut failure: Failure, flag: &str) -> Failure {
    if !failure.hint.text.contains(VARIABLE) {
        return failure;
    }
    let kept: Vec<String> = failure
        .hint
        .text
        .split_inclusive(". ")
        .filter_map(|sentence| {
            let Some(at) = sentence.find(VARIABLE) else {
                return Some(sentence.trim_end().to_owned());
            };
            let (start, _) = sentence[..at].rsplit_once(", or ")?;
            Some(format!("{start}."))
        })
        .collect();
    let instead = format!("leave {flag} out and take the credential from the environment.");
    failure.hint.text = if kept.is_empty() {
        format!("Try again, or {instead}")
    } else {
        format!("{} Or {instead}", kept.join(" "))
    };
    failure
}

/// The failure of a request. Where the API does not take the credential it says where that came from
/// and which other kind it looks like.
pub(super) fn refused(
    error: api::Error,
    scope: Option<&Scope>,
    credential: &Credential,
    source: Option<&CredentialSource>,
) -> Failure {
    let mut failure = error.into_failure(scope);
    let is_unaccepted = failure.kind == FailureKind::Authentication;
    if !is_unaccepted && failure.kind != FailureKind::Permission {
        return failure;
    }
    let origin = source.filter(|_| is_unaccepted).and_then(origin);
    let told = [credential.doubt().map(str::to_owned), origin];
    for sentence in told.into_iter().flatten().rev() {
        failure.hint.text = format!("{sentence} {}", failure.hint.text);
    }
    failure
}

/// Where a credential came from, as a sentence; nothing where nobody asks.
fn origin(source: &CredentialSource) -> Option<String> {
    match source {
        CredentialSource::Environment { variable } => Some(format!("It came from {variable}.")),
        CredentialSource::Keyring { profile } => Some(format!(
            "It is that of profile {profile}, from {STORE_NAME}."
        )),
        CredentialSource::Session | CredentialSource::Demo => None,
    }
}
