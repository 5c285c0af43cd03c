//! What a probe asks and learns: the URL, the answers, and what the policies say of its app.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer};
use url::{Position, Url};

use super::address;
use super::map::AccessMap;
use super::objects::App;
use super::signs::AnsweredBy;
use super::token_pair::TokenHeader;
use super::uses::Lookup;
use super::verdict::{Reason, Verdict};
use crate::domain::failure::Failure;
use crate::domain::pasted;
use crate::domain::redaction::holds_secret;
use crate::domain::scope::is_loopback;
use crate::domain::status::{EvaluationContext, Status};
use crate::domain::token::{ClientId, ServiceToken, TokenId};

/// The secret of every token of the demo.
pub const DEMO_SECRET: &str = "demo-secret";

/// Whether the demo answers for a host: nothing real is at `example.com` or below it.
pub fn is_demo_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let below = host.strip_suffix("example.com");
    below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

/// The address to probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeUrl(Url);

/// Why a string cannot be probed. Does not repeat it: it may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProbeUrl {
    #[error("no URL given")]
    Empty,
    #[error("it is not a URL such as https://app.example.com/path")]
    Malformed,
    #[error("it begins with neither https:// nor http://")]
    Scheme,
    #[error("it contains a user name or a password")]
    Credentials,
    #[error("it contains a secret; no secret belongs in a URL")]
    Secret,
    #[error("it is a token, which comes after the URL")]
    Token,
    #[error("it contains a *; put in its place what the app serves")]
    Star,
}

impl ProbeUrl {
    /// Reads a URL; without a scheme it is https, as apps' addresses are written.
    ///
    /// # Errors
    /// [`InvalidProbeUrl`] for anything but a complete http or https URL.
    pub fn parse(text: &str) -> Result<Self, InvalidProbeUrl> {
        let text = pasted::peel(text).trim_matches(['<', '>']);
        if text.is_empty() {
            return Err(InvalidProbeUrl::Empty);
        }
        if holds_secret(text) {
            return Err(InvalidProbeUrl::Secret);
        }
        if text.split(['?', '#']).next().unwrap_or(text).contains('*') {
            return Err(InvalidProbeUrl::Star);
        }
        if TokenId::parse(text).is_some() || ClientId::parse(text).is_some() {
            return Err(InvalidProbeUrl::Token);
        }
        let is_scheme =
            |start: &str| matches!(start.to_ascii_lowercase().as_str(), "http" | "https");
        let cut_short = text
            .split_once(":/")
            .filter(|(_, rest)| !rest.starts_with('/'));
        if cut_short.is_some_and(|(start, _)| is_scheme(start)) {
            return Err(InvalidProbeUrl::Malformed);
        }
        let parsed = if text.contains("://") {
            Url::parse(text)
        } else {
            Url::parse(&format!("https://{text}"))
        };
        let mut url = parsed.map_err(|_| InvalidProbeUrl::Malformed)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidProbeUrl::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidProbeUrl::Credentials);
        }
        url.set_fragment(None);
        Ok(Self(url))
    }

    /// The URL itself.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The host, with the port if it is not the default of the scheme.
    pub fn host(&self) -> &str {
        &self.0[Position::BeforeHost..Position::AfterPort]
    }

    /// Whether the demo answers for it.
    pub fn is_of_demo(&self) -> bool {
        self.0.host_str().is_some_and(is_demo_host)
    }

    /// Whether a secret may be sent there: encrypted, or without leaving this computer.
    pub fn may_carry_secret(&self) -> bool {
        self.0.scheme() == "https" || self.0.host().as_ref().is_some_and(is_loopback)
    }
}

impl fmt::Display for ProbeUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str())
    }
}

/// The answer to one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProbeAnswer {
    /// `None` if no answer arrived.
    pub status: Option<u16>,
    pub answered_by: AnsweredBy,
    /// Cloudflare's ID of the request. Untrusted text.
    pub cf_ray: Option<String>,
    /// Where it redirects to, without query. Untrusted text.
    #[serde(skip)]
    pub redirect: Option<String>,
    #[serde(rename = "took_ms", serialize_with = "millis")]
    pub took: Duration,
}

fn millis<S: Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u128(took.as_millis())
}

/// The answers to a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeAnswers {
    pub bare: ProbeAnswer,
    /// `None` if the secret was not sent.
    pub with_token: Option<ProbeAnswer>,
    /// The one header that carried the token, if not the usual two did.
    pub header: Option<TokenHeader>,
    /// Why the last answer is missing or incomplete.
    pub failure: Option<Failure>,
}

/// The verdict of the policies on a token and the app of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyView {
    pub status: Status,
    /// Which secret of the token is the current one.
    pub secret_version: Option<u64>,
    pub app: AppView,
    /// Whether all that decides was read.
    pub is_complete: bool,
    /// Whether the organization admits tokens by Service Auth policies alone.
    pub strict: Option<bool>,
}

/// The verdict of an app's policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppView {
    /// No listed app has the URL's host.
    HostNotListed,
    /// A listed app has the URL's host, but none covers its path.
    PathNotListed,
    /// The app's policies are not about the token.
    NotNamed { app: String },
    Judged {
        app: String,
        verdict: Verdict,
        reason: Option<Reason>,
        /// The name of the deciding policy. Untrusted text.
        policy: Option<String>,
        /// The one header that the app reads tokens from, instead of the usual two. Untrusted text.
        header: Option<String>,
        /// The verdict as a sentence, with what to do.
        message: String,
    },
}

impl PolicyView {
    /// Looks a URL up among the apps of a map.
    pub fn of(
        map: &AccessMap,
        token: &ServiceToken,
        context: EvaluationContext,
        url: &ProbeUrl,
    ) -> Self {
        let uses = Lookup::new(map).uses(token, context);
        let apps = || map.objects().apps.iter().map(Arc::as_ref);
        let title = |app: &App| app.title().to_owned();
        let answer = |app: &App| uses.apps.iter().find(|answer| answer.app.id == app.id);
        let app = match address::app_of(apps(), url.url()).map(|app| (app, answer(app))) {
            None if address::has_host(apps(), url.url()) => AppView::PathNotListed,
            None => AppView::HostNotListed,
            Some((app, None)) => AppView::NotNamed { app: title(app) },
            Some((app, Some(answer))) => AppView::Judged {
                app: title(app),
                verdict: answer.verdict,
                reason: answer.reason,
                policy: answer.policy.as_ref().map(|policy| policy.name.clone()),
                header: app.token_header.clone(),
                message: answer.message(),
            },
        };
        Self {
            status: Status::of(token, context),
            secret_version: token.text(&token.client_secret_version).parse().ok(),
            app,
            is_complete: map.complete(),
            strict: map.objects().organization.strict,
        }
    }

    /// The verdict for the app, if there is one.
    pub fn uses_verdict(&self) -> Option<Verdict> {
        match self.app {
            AppView::Judged { verdict, .. } => Some(verdict),
            AppView::HostNotListed | AppView::PathNotListed | AppView::NotNamed { .. } => None,
        }
    }

    /// The word for how the organization treats tokens.
    pub fn mode(&self) -> Option<&'static str> {
        self.strict
            .map(|is_strict| if is_strict { "strict" } else { "legacy" })
    }
}
