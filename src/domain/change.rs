//! Changes to a token that the user can make with curl: tokenscope itself only reads.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::credential::CredentialKind;
use super::duration::Lifetime;
use super::scope::{BaseUrl, Scope, ScopeKind};
use super::text;
use super::token::ServiceToken;
use super::token_ref::TokenId;
use super::words::words;

/// The permission that every change needs.
pub const PERMISSION: &str = "Service Tokens Write";

/// How long the old secret works after a rotation.
const GRACE: TimeDelta = TimeDelta::days(1);

/// The duration that the API's refresh prolongs a token by.
const YEAR: TimeDelta = TimeDelta::hours(8760);

words! {
    /// A change to a token, the gentlest first: the verb of a menu, and the consequence in a few words.
    pub enum Change: word, price {
        /// A new expiry, the same secret.
        Renew = ("renew", "same secret, later expiry; no client changes"),
        /// A new secret; the old one works for another day.
        Rotate = ("rotate", "new secret for every client; the old one works for another day"),
        Disable = ("disable", "every client is refused until you enable it"),
        Enable = ("enable", "every client that has the secret is admitted again"),
        Delete = ("delete", "cannot be undone; first see who uses it"),
    }
}

/// A command that makes a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurlCommand {
    /// For a POSIX shell, on one line. Takes the credential from the environment.
    pub command: String,
    /// When the old secret ends, if the command sets that.
    pub grace_ends: Option<DateTime<Utc>>,
}

impl Change {
    /// Whether the change means anything for a token.
    fn applies_to(self, token: &ServiceToken) -> bool {
        let is_enabled = token.enabled.valid().copied();
        match self {
            Self::Renew => !token.duration.valid().is_some_and(Lifetime::is_forever),
            Self::Rotate | Self::Delete => true,
            Self::Disable => is_enabled != Some(false),
            Self::Enable => is_enabled == Some(false),
        }
    }
}

/// Where a request goes, and with which kind of credential.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    pub base_url: &'a BaseUrl,
    pub scope: &'a Scope,
    pub credential: &'a CredentialKind,
}

/// The command for a change at an instant; `None` if the API has none for this token or scope.
///
/// Every update carries the name, as the API's documentation has it. Refresh and rotate exist for
/// accounts only. A refresh adds a year; a token of another duration is updated with its own duration,
/// which counts from the time of the update.
pub fn curl(
    change: Change,
    token: &ServiceToken,
    target: Target<'_>,
    now: DateTime<Utc>,
) -> Option<CurlCommand> {
    let request = request(change, token, target.scope.kind(), now)?;
    let mut segments = vec![
        target.scope.kind().segment(),
        target.scope.id(),
        "access",
        "service_tokens",
        request.id.as_str(),
    ];
    segments.extend(request.action);
    let url = target.base_url.join(&segments);
    let credential = match target.credential {
        CredentialKind::ApiToken => r#"-H "Authorization: Bearer $CLOUDFLARE_API_TOKEN""#,
        CredentialKind::GlobalKey { .. } => {
            r#"-H "X-Auth-Email: $CLOUDFLARE_EMAIL" -H "X-Auth-Key: $CLOUDFLARE_API_KEY""#
        }
    };
    let url = quoted(url.as_str());
    let mut command = format!("curl -sS -X {} {url} {credential}", request.method);
    if let Some(body) = request.body {
        command.push_str(" -H 'Content-Type: application/json' --data ");
        command.push_str(&quoted(&body));
    }
    Some(CurlCommand {
        command,
        grace_ends: request.grace_ends,
    })
}

/// The changes that the API can make to a token in a scope of some kind.
#[must_use]
pub fn possible(token: &ServiceToken, scope: ScopeKind, now: DateTime<Utc>) -> Vec<Change> {
    let is_possible = |change: &Change| request(*change, token, scope, now).is_some();
    Change::ALL.into_iter().filter(is_possible).collect()
}

/// The request that makes a change.
struct Request {
    id: TokenId,
    method: &'static str,
    /// The last segment of the path, behind the ID.
    action: Option<&'static str>,
    body: Option<String>,
    grace_ends: Option<DateTime<Utc>>,
}

fn request(
    change: Change,
    token: &ServiceToken,
    scope: ScopeKind,
    now: DateTime<Utc>,
) -> Option<Request> {
    let id = TokenId::parse(token.id_text())?;
    if !change.applies_to(token) {
        return None;
    }
    let in_account = scope == ScopeKind::Account;
    let grace_ends = (change == Change::Rotate).then(|| now + GRACE);
    let name = || token.name.valid().map(|_| json_string(token.name_text()));
    let length = token.duration.valid().and_then(Lifetime::length);
    let (method, action, body) = match change {
        Change::Renew if in_account && length == Some(YEAR) => ("POST", Some("refresh"), None),
        Change::Renew => {
            let duration = token.duration.valid().filter(|_| length.is_some())?;
            let duration = json_string(duration.as_str());
            let body = format!(r#"{{"name":{},"duration":{duration}}}"#, name()?);
            ("PUT", None, Some(body))
        }
        Change::Rotate if in_account => {
            let end = grace_ends?.to_rfc3339_opts(SecondsFormat::Secs, true);
            let body = format!(r#"{{"previous_client_secret_expires_at":"{end}"}}"#);
            ("POST", Some("rotate"), Some(body))
        }
        Change::Rotate => return None,
        Change::Disable | Change::Enable => {
            let enabled = change == Change::Enable;
            let body = format!(r#"{{"name":{},"enabled":{enabled}}}"#, name()?);
            ("PUT", None, Some(body))
        }
        Change::Delete => ("DELETE", None, None),
    };
    Some(Request {
        id,
        method,
        action,
        body,
        grace_ends,
    })
}

/// Text as a JSON string. Escapes apostrophes, for the shell, and everything that a terminal might
/// not show as it is.
fn json_string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            '\'' => json.push_str("\\u0027"),
            c if text::is_inert(c) => json.push(c),
            c => json.push_str(&text::unicode_escape(c)),
        }
    }
    json.push('"');
    json
}

/// Text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
