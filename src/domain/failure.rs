//! An error as the user sees it: a sentence that says what happened, a hint that says what to do,
//! and details for whoever asks.
//!
//! Errors are typed where they arise and become a `Failure` once. Not here: any of their causes.

use std::fmt;
use std::time::Duration;

/// The class of a failure: what scripts decide by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// Wrong arguments, a malformed ID included.
    Usage,
    /// Nothing to authenticate with.
    NoCredential,
    /// The keyring is absent, locked, silent, or refused.
    Keyring,
    /// `config.toml`, `keymap.toml` or `state.json` cannot be read or written.
    Config,
    /// The API refused the credential itself.
    Authentication,
    /// The credential works but may not do this.
    Permission,
    /// No such token.
    NotFound,
    /// Several tokens of one name.
    Ambiguous,
    /// The API refused the request for a reason of its own.
    Rejected,
    /// Too many requests.
    RateLimited,
    /// The API failed.
    Server,
    /// No connection.
    Network,
    /// No answer in time.
    Timeout,
    /// The server's certificate was not accepted.
    Tls,
    /// The proxy refused.
    Proxy,
    /// The API answered with a redirect, which is never followed.
    Redirect,
    /// The answer was not the API's.
    InvalidResponse,
    /// A signal ended the command.
    Interrupted,
}

impl FailureKind {
    /// Whether typing the credential again can help.
    #[must_use]
    pub fn is_about_credential(self) -> bool {
        matches!(
            self,
            Self::Authentication | Self::NoCredential | Self::Keyring
        )
    }

    /// The name used in JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::NoCredential => "no_credential",
            Self::Keyring => "keyring",
            Self::Config => "config",
            Self::Authentication => "authentication",
            Self::Permission => "permission",
            Self::NotFound => "not_found",
            Self::Ambiguous => "ambiguous",
            Self::Rejected => "rejected",
            Self::RateLimited => "rate_limited",
            Self::Server => "server",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Tls => "tls",
            Self::Proxy => "proxy",
            Self::Redirect => "redirect",
            Self::InvalidResponse => "invalid_response",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Entries of the API's lists that are shown of one answer, those of chains included.
pub const MAX_SHOWN: usize = 100;

/// One entry of the API's `errors` or `messages` list. Untrusted text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiError {
    /// Cloudflare's error code.
    pub code: Option<i64>,
    /// What Cloudflare says of it.
    pub message: String,
    /// The causes beneath it.
    pub chain: Vec<ApiError>,
    /// The part of the request that it is about.
    pub pointer: Option<String>,
    /// Where Cloudflare documents it.
    pub documentation_url: Option<String>,
}

impl ApiError {
    /// Whether this entry or one beneath it has a code.
    #[must_use]
    pub fn has_code(&self, code: i64) -> bool {
        self.code == Some(code) || self.chain.iter().any(|cause| cause.has_code(code))
    }

    /// Whether this entry or one beneath it holds more than a code.
    #[must_use]
    pub fn says_something(&self) -> bool {
        !self.message.trim().is_empty() || self.chain.iter().any(Self::says_something)
    }

    /// Edits all its text, and that of its causes.
    pub(crate) fn edit_text(&mut self, edit: &impl Fn(&mut String)) {
        edit(&mut self.message);
        [&mut self.pointer, &mut self.documentation_url]
            .into_iter()
            .flatten()
            .for_each(edit);
        for cause in &mut self.chain {
            cause.edit_text(edit);
        }
    }

    fn describe(&self, what: &str, depth: usize, lines: &mut Vec<String>) {
        let indent = "  ".repeat(depth);
        let code = self
            .code
            .map_or_else(|| "without a code".to_owned(), |code| code.to_string());
        lines.push(format!("{indent}API {what} {code}: {}", self.message));
        lines.extend(
            self.pointer
                .iter()
                .map(|pointer| format!("{indent}  at {pointer}")),
        );
        lines.extend(
            self.documentation_url
                .iter()
                .map(|url| format!("{indent}  see {url}")),
        );
    }
}

/// The entries in the order they are shown, each followed by the causes beneath it, with its depth.
fn flattened<'a>(errors: &'a [ApiError], depth: usize, all: &mut Vec<(usize, &'a ApiError)>) {
    for error in errors {
        all.push((depth, error));
        flattened(&error.chain, depth + 1, all);
    }
}

/// The first of a list's entries as they are shown, and how many others there are.
fn capped(list: &[ApiError], omitted: usize) -> (Vec<(usize, &ApiError)>, usize) {
    let mut all = Vec::new();
    flattened(list, 0, &mut all);
    let total = all.len() + omitted;
    if total > MAX_SHOWN {
        all.truncate(MAX_SHOWN - 1);
    }
    let rest = total - all.len();
    (all, rest)
}

/// What is known of the request that failed. Holds no secret and no query string.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Details {
    /// Status code of the answer.
    pub http_status: Option<u16>,
    /// `GET` and the path, where a request was sent.
    pub request: Option<String>,
    /// The API's own list of errors.
    pub api_errors: Vec<ApiError>,
    /// The messages that came with them.
    pub api_messages: Vec<ApiError>,
    /// Entries of either list that were left out, since there are too many.
    pub omitted: usize,
    /// Cloudflare's ID of the exchange, for their support.
    pub cf_ray: Option<String>,
    /// The technical cause, as a library words it.
    pub cause: Option<String>,
}

impl Details {
    /// The errors, each followed by the causes beneath it, with its depth; or the messages where no
    /// error is listed. At most [`MAX_SHOWN`], less one for the number of the others.
    #[must_use]
    pub fn shown(&self) -> (Vec<(usize, &ApiError)>, usize) {
        let list = if self.api_errors.is_empty() {
            &self.api_messages
        } else {
            &self.api_errors
        };
        capped(list, self.omitted)
    }

    fn describe(&self, lines: &mut Vec<String>) {
        let (errors, more) = self.shown();
        let what = if self.api_errors.is_empty() {
            "message"
        } else {
            "error"
        };
        for (depth, error) in errors {
            error.describe(what, depth, lines);
        }
        if more > 0 {
            lines.push(and_more(more));
        }
        if !self.api_errors.is_empty() {
            let (messages, more) = capped(&self.api_messages, 0);
            for (depth, message) in messages {
                message.describe("message", depth, lines);
            }
            lines.extend((more > 0).then(|| and_more(more)));
        }
    }
}

/// What stands for the rest of a list that was cut.
#[must_use]
pub fn and_more(count: usize) -> String {
    format!("and {count} more")
}

/// How to do without a stored credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alternative {
    SetVariable,
    /// Leave out this flag, which overrules the variable.
    LeaveOut(&'static str),
}

/// What to do about a failure: displayed as one line of sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    pub text: String,
    /// Another way than the text's.
    pub alternative: Option<Alternative>,
    /// A sentence that asks whether the scope is the right one.
    pub scope_doubt: Option<Box<str>>,
}

impl Hint {
    /// Adds a sentence to the text.
    pub fn add(&mut self, sentence: &str) {
        self.text = format!("{} {sentence}", self.text);
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)?;
        match self.alternative {
            Some(Alternative::SetVariable) => {
                formatter.write_str(" Or set CLOUDFLARE_API_TOKEN.")?;
            }
            Some(Alternative::LeaveOut(flag)) => write!(
                formatter,
                " Or leave {flag} out and take the credential from the environment."
            )?,
            None => {}
        }
        match &self.scope_doubt {
            Some(doubt) => write!(formatter, " {doubt}"),
            None => Ok(()),
        }
    }
}

impl From<String> for Hint {
    fn from(text: String) -> Self {
        Self {
            text,
            alternative: None,
            scope_doubt: None,
        }
    }
}

impl From<&str> for Hint {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// A sentence on what to do that holds for the screens alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScreenHint {
    /// In the place of the hint: a command would be the long way round.
    Instead(&'static str),
    /// Behind the hint: no command can do it.
    Besides(&'static str),
}

/// An error, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its class.
    pub kind: FailureKind,
    /// What happened, in one sentence.
    pub summary: String,
    pub hint: Hint,
    /// What is known beyond that.
    pub details: Box<Details>,
    /// What only a screen can do about it.
    pub hint_on_screen: Option<ScreenHint>,
    /// How long the API asked to be left alone, where it did.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// A failure without details.
    #[must_use]
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

    /// The same failure with a technical cause.
    #[must_use]
    pub fn caused_by(mut self, cause: &impl ToString) -> Self {
        self.details.cause = Some(cause.to_string());
        self
    }

    /// The same failure with everything known of the request.
    #[must_use]
    pub fn with_details(mut self, details: Details) -> Self {
        *self.details = details;
        self
    }

    /// The same failure as a screen tells of it.
    #[must_use]
    pub fn on_screen(mut self) -> Self {
        match self.hint_on_screen.take() {
            Some(ScreenHint::Instead(hint)) => self.hint = hint.into(),
            Some(ScreenHint::Besides(hint)) => self.hint.add(hint),
            None => {}
        }
        self
    }

    /// Everything known of it, a line a fact, for whoever asks. Untrusted text.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let details = &self.details;
        let mut lines = vec![
            self.summary.clone(),
            self.hint.to_string(),
            format!("Kind: {}", self.kind.code()),
        ];
        lines.extend(
            details
                .http_status
                .map(|status| format!("HTTP status: {status}")),
        );
        lines.extend(
            details
                .request
                .iter()
                .map(|request| format!("Request: {request}")),
        );
        lines.extend(self.said());
        lines
    }

    /// What the API and the libraries said of it, a line a fact. Untrusted text.
    #[must_use]
    pub fn said(&self) -> Vec<String> {
        let details = &self.details;
        let mut lines = Vec::new();
        lines.extend(details.cf_ray.iter().map(|ray| format!("cf-ray: {ray}")));
        details.describe(&mut lines);
        lines.extend(details.cause.iter().map(|cause| format!("Cause: {cause}")));
        lines
    }
}
