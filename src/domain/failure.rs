//! An error as shown to the user: what happened, what to do, and details on demand.
//!
//! Errors are typed where they arise and become a `Failure` once.

use std::fmt;
use std::time::Duration;

use super::redaction::scrub;
use super::scope::ScopeKind;
use super::text;
use super::words::words;

words! {
    /// The class of a failure, which scripts branch on, and a summary for failures without an HTTP status.
    #[derive(Hash)]
    pub enum FailureKind: code, words {
        /// Wrong arguments, malformed IDs included.
        Usage = ("usage", "not asked"),
        NoCredential = ("no_credential", "no credential"),
        /// The keyring is absent, locked, unresponsive, or refused access.
        Keyring = ("keyring", "keyring"),
        /// `config.toml`, `keymap.toml` or `state.json` cannot be read or written.
        Config = ("config", "configuration"),
        /// The API rejected the credential.
        Authentication = ("authentication", "credential refused"),
        /// The credential is valid but lacks permission.
        Permission = ("permission", "no permission"),
        NotFound = ("not_found", "not found"),
        /// Several tokens have the name.
        Ambiguous = ("ambiguous", "several of this name"),
        /// The API rejected the request for another reason.
        Rejected = ("rejected", "request refused"),
        RateLimited = ("rate_limited", "rate limited"),
        Server = ("server", "server error"),
        Network = ("network", "no connection"),
        Timeout = ("timeout", "timed out"),
        /// The server's certificate was rejected.
        Tls = ("tls", "certificate refused"),
        Proxy = ("proxy", "proxy"),
        /// A redirect, which is never followed.
        Redirect = ("redirect", "redirected"),
        /// The response was not the API's.
        InvalidResponse = ("invalid_response", "not the API's answer"),
        Interrupted = ("interrupted", "interrupted"),
    }
}

impl FailureKind {
    /// Whether entering the credential again can help.
    pub fn is_about_credential(self) -> bool {
        matches!(
            self,
            Self::Authentication | Self::NoCredential | Self::Keyring
        )
    }
}

/// Maximum entries shown of a response's error lists, chains included.
pub const MAX_SHOWN: usize = 100;

/// One entry of the API's `errors` or `messages` list. Untrusted text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiError {
    pub code: Option<i64>,
    pub message: String,
    /// Its causes.
    pub chain: Vec<ApiError>,
    /// The part of the request that it is about.
    pub pointer: Option<String>,
    pub documentation_url: Option<String>,
}

impl ApiError {
    /// Whether this entry or one of its causes has a code.
    pub fn has_code(&self, code: i64) -> bool {
        self.code == Some(code) || self.chain.iter().any(|cause| cause.has_code(code))
    }

    /// Whether this entry or one of its causes has a message.
    pub fn says_something(&self) -> bool {
        !self.message.trim().is_empty() || self.chain.iter().any(Self::says_something)
    }

    /// Edits all its text, and that of its causes.
    pub(crate) fn edit_text(&mut self, edit: &impl Fn(&mut String)) {
        let optional = [&mut self.pointer, &mut self.documentation_url];
        optional.into_iter().flatten().for_each(edit);
        edit(&mut self.message);
        for cause in &mut self.chain {
            cause.edit_text(edit);
        }
    }

    fn describe(&self, what: &str, depth: usize, lines: &mut Vec<String>) {
        let indent = "  ".repeat(depth);
        let code = self.code.map(|code| code.to_string());
        let code = code.as_deref().unwrap_or("without a code");
        lines.push(format!("{indent}API {what} {code}: {}", self.message));
        let mut add = |word: &str, value: &Option<String>| {
            lines.extend(value.iter().map(|it| format!("{indent}  {word} {it}")));
        };
        add("at", &self.pointer);
        add("see", &self.documentation_url);
    }
}

/// Entries with their depth, each followed by its causes.
fn flattened(errors: &[ApiError], depth: usize) -> Vec<(usize, &ApiError)> {
    let all = errors.iter().flat_map(|error| {
        let causes = flattened(&error.chain, depth + 1);
        std::iter::once((depth, error)).chain(causes)
    });
    all.collect()
}

/// The entries to show, with their depth, and how many are left out.
fn capped(list: &[ApiError], omitted: usize) -> (Vec<(usize, &ApiError)>, usize) {
    let mut all = flattened(list, 0);
    let total = all.len() + omitted;
    if total > MAX_SHOWN {
        all.truncate(MAX_SHOWN - 1);
    }
    let rest = total - all.len();
    (all, rest)
}

/// The known facts about the failed request. Contains no secret and no query string.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Details {
    pub http_status: Option<u16>,
    /// `GET` and the path, if a request was sent.
    pub request: Option<String>,
    pub api_errors: Vec<ApiError>,
    pub api_messages: Vec<ApiError>,
    /// How many entries of both lists were dropped because there were too many.
    pub omitted: usize,
    /// Cloudflare's ID of the request, for their support.
    pub cf_ray: Option<String>,
    /// The technical cause in a library's words.
    pub cause: Option<String>,
}

impl Details {
    /// The errors with their depth, each followed by its causes, or the messages if no error is
    /// listed; at most [`MAX_SHOWN`], or one less if some are left out. The second value is their
    /// number.
    pub fn shown(&self) -> (Vec<(usize, &ApiError)>, usize) {
        let list = if self.api_errors.is_empty() {
            &self.api_messages
        } else {
            &self.api_errors
        };
        capped(list, self.omitted)
    }
}

/// The line that replaces the rest of a truncated list.
pub fn and_more(count: usize) -> String {
    format!("and {count} more")
}

/// How to do without a stored credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alternative {
    SetVariable,
    /// Leave out the flag that overrules the variable.
    LeaveOut(OverridingFlag),
}

impl fmt::Display for Alternative {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetVariable => formatter.write_str("set CLOUDFLARE_API_TOKEN"),
            Self::LeaveOut(flag) => write!(
                formatter,
                "leave {flag} out and take the credential from the environment"
            ),
        }
    }
}

/// A flag that selects stored credentials and so overrules the environment's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverridingFlag {
    Profile,
    AllProfiles,
}

impl fmt::Display for OverridingFlag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Profile => "--profile",
            Self::AllProfiles => "--all-profiles",
        })
    }
}

/// Advice on a failure, displayed as one line of sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    pub text: String,
    /// An alternative to the text.
    pub alternative: Option<Alternative>,
    /// Whether the alternative is the better advice.
    pub prefers_alternative: bool,
    /// The kind of the scope, if its ID may belong to the other kind.
    pub scope_doubt: Option<ScopeKind>,
}

impl Hint {
    /// Adds a sentence to the text.
    pub fn add(&mut self, sentence: &str) {
        self.text = format!("{} {sentence}", self.text);
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.alternative {
            Some(alternative) if self.prefers_alternative => {
                let first = alternative.to_string();
                let (first, text) = (text::capitalized(&first), text::uncapitalized(&self.text));
                write!(formatter, "{first}. Or {text}")?;
            }
            Some(alternative) => write!(formatter, "{} Or {alternative}.", self.text)?,
            None => formatter.write_str(&self.text)?,
        }
        match self.scope_doubt {
            Some(kind) => write!(formatter, " {}", kind.doubt()),
            None => Ok(()),
        }
    }
}

impl<T: Into<String>> From<T> for Hint {
    fn from(text: T) -> Self {
        Self {
            text: text.into(),
            alternative: None,
            prefers_alternative: false,
            scope_doubt: None,
        }
    }
}

/// A hint for the screens only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScreenHint {
    /// Replaces the hint if a command would be a detour.
    Instead(&'static str),
    /// Follows the hint if no command can do it.
    Besides(&'static str),
}

/// An error, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub kind: FailureKind,
    /// The failure in one sentence.
    pub summary: String,
    pub hint: Hint,
    pub details: Box<Details>,
    pub hint_on_screen: Option<ScreenHint>,
    /// How long the API asked us to pause, if it did.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// The failure in a few words: `HTTP 500`, `no connection`.
    pub fn reason(&self) -> String {
        match self.details.http_status {
            Some(status) => format!("HTTP {status}"),
            None => self.kind.words().to_owned(),
        }
    }

    /// A failure without details.
    pub fn new(kind: FailureKind, summary: impl Into<String>, hint: impl Into<Hint>) -> Self {
        Self {
            kind,
            summary: summary.into(),
            hint: hint.into(),
            details: Box::default(),
            hint_on_screen: None,
            retry_after: None,
        }
    }

    /// The summary without its full stop, as part of another sentence.
    pub fn fragment(&self) -> &str {
        self.summary.trim_end_matches('.')
    }

    /// Adds the technical cause.
    #[must_use]
    pub fn caused_by(mut self, cause: &impl ToString) -> Self {
        self.details.cause = Some(cause.to_string());
        self
    }

    /// Replaces the hint by the one for the screens.
    #[must_use]
    pub fn on_screen(mut self) -> Self {
        match self.hint_on_screen.take() {
            Some(ScreenHint::Instead(hint)) => self.hint = hint.into(),
            Some(ScreenHint::Besides(hint)) => self.hint.add(hint),
            None => {}
        }
        self
    }

    /// Hides whatever looks like a credential.
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

    /// All known facts, one per line. Untrusted text.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            self.summary.clone(),
            self.hint.to_string(),
            format!("Kind: {}", self.kind.code()),
        ];
        let Details {
            http_status,
            request,
            ..
        } = self.details.as_ref();
        lines.extend(http_status.map(|status| format!("HTTP status: {status}")));
        lines.extend(
            request
                .as_ref()
                .map(|request| format!("Request: {request}")),
        );
        lines.extend(self.said());
        lines
    }

    /// The messages of the API and the libraries, one per line. Untrusted text.
    pub fn said(&self) -> Vec<String> {
        let details = &self.details;
        let mut lines = Vec::new();
        lines.extend(details.cf_ray.iter().map(|ray| format!("cf-ray: {ray}")));
        let mut add = |what: &str, (entries, more): (Vec<(usize, &ApiError)>, usize)| {
            for (depth, entry) in entries {
                entry.describe(what, depth, &mut lines);
            }
            lines.extend((more > 0).then(|| and_more(more)));
        };
        if details.api_errors.is_empty() {
            add("message", details.shown());
        } else {
            add("error", details.shown());
            add("message", capped(&details.api_messages, 0));
        }
        lines.extend(details.cause.iter().map(|cause| format!("Cause: {cause}")));
        lines
    }
}

/// The failure for a secret on a command line. Does not repeat it.
pub fn misplaced() -> Failure {
    Failure::new(
        FailureKind::Usage,
        "An argument looks like a credential. Do not pass secrets on the command line.",
        "It may now be in your shell history: roll or revoke it, and pass the new one in \
         CLOUDFLARE_API_TOKEN or to `tokenscope auth set`. If this is a token's name, use the token's \
         ID.",
    )
}
