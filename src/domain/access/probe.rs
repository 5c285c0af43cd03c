//! Whether an app opened for a token, and whose fault it is if not: from what was answered and what the
//! policies say.

use std::fmt;
use std::time::Duration;

use url::{Position, Url};

use super::address;
use super::map::AccessMap;
use super::signs::AnsweredBy;
use super::uses::TokenUses;
use super::verdict::{Reason, Verdict};
use crate::domain::failure::Failure;
use crate::domain::redaction::holds_secret;
use crate::domain::scope::is_loopback;
use crate::domain::status::Status;
use crate::domain::token::ServiceToken;
use crate::domain::{pasted, text};

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
    #[error("a secret stands in it; no secret belongs in a URL")]
    Secret,
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
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The host, with the port if it is not the default of the scheme.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.0[Position::BeforeHost..Position::AfterPort]
    }

    /// Whether a secret may be sent there: encrypted, or without leaving this computer.
    #[must_use]
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeAnswer {
    /// `None` if no answer arrived.
    pub status: Option<u16>,
    pub answered_by: AnsweredBy,
    /// Cloudflare's ID of the request. Untrusted text.
    pub cf_ray: Option<String>,
    /// Where it redirects to, without query. Untrusted text.
    pub redirect: Option<String>,
    pub took: Duration,
}

impl ProbeAnswer {
    /// Whether Access refused the request.
    #[must_use]
    pub fn is_refused_by_access(&self) -> bool {
        self.answered_by == AnsweredBy::Access
    }
}

/// The answers to a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeAnswers {
    pub bare: ProbeAnswer,
    /// `None` if the secret was not sent.
    pub with_token: Option<ProbeAnswer>,
    /// Why the last answer is missing or incomplete.
    pub failure: Option<Failure>,
}

/// What the policies say about a token and the app of a URL.
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

/// What the policies of an app say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppView {
    /// No listed app covers the URL.
    NotListed { host_is_listed: bool },
    /// The app's policies are not about the token.
    NotNamed { app: String },
    Judged {
        app: String,
        verdict: Verdict,
        reason: Option<Reason>,
        /// The name of the deciding policy. Untrusted text.
        policy: Option<String>,
        /// The verdict as a sentence, with what to do.
        message: String,
    },
}

impl PolicyView {
    /// Looks a URL up among the apps of a map.
    #[must_use]
    pub fn of(
        map: &AccessMap,
        uses: &TokenUses<'_>,
        token: &ServiceToken,
        status: Status,
        is_complete: bool,
        url: &ProbeUrl,
    ) -> Self {
        let apps = &map.objects.apps;
        let app = match address::app_of(apps, url.url()) {
            None => AppView::NotListed {
                host_is_listed: address::has_host(apps, url.url()),
            },
            Some(app) => match uses.apps.iter().find(|answer| answer.app.id == app.id) {
                None => AppView::NotNamed {
                    app: app.title().to_owned(),
                },
                Some(answer) => AppView::Judged {
                    app: app.title().to_owned(),
                    verdict: answer.verdict,
                    reason: answer.reason,
                    policy: answer.policy.map(|(policy, _)| policy.name.clone()),
                    message: answer.message(),
                },
            },
        };
        let version = token.text(&token.client_secret_version).parse().ok();
        Self {
            status,
            secret_version: version,
            app,
            is_complete,
            strict: map.objects.organization.strict,
        }
    }

    /// The verdict for the app, if there is one.
    #[must_use]
    pub fn uses_verdict(&self) -> Option<Verdict> {
        match self.app {
            AppView::Judged { verdict, .. } => Some(verdict),
            AppView::NotListed { .. } | AppView::NotNamed { .. } => None,
        }
    }

    /// The word for how the organization treats tokens.
    #[must_use]
    pub fn mode(&self) -> Option<&'static str> {
        self.strict.map(|is_strict| if is_strict { "strict" } else { "legacy" })
    }

    /// The app that covers the URL. Untrusted text.
    #[must_use]
    pub fn app_title(&self) -> Option<&str> {
        match &self.app {
            AppView::Judged { app, .. } | AppView::NotNamed { app } => Some(app),
            AppView::NotListed { .. } => None,
        }
    }
}

/// The outcome of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeVerdict {
    Opens,
    Refused,
    Undecided,
    /// By a firewall, before Access.
    Blocked,
    /// Access is not in front of the URL, or bypassed.
    NoAccess,
}

impl ProbeVerdict {
    /// The word used in JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Opens => "opens",
            Self::Refused => "refused",
            Self::Undecided => "undecided",
            Self::Blocked => "blocked",
            Self::NoAccess => "no_access",
        }
    }

    /// The word on screen and in tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Opens => "OPENS",
            Self::Refused => "REFUSED",
            Self::Undecided => "UNDECIDED",
            Self::Blocked => "BLOCKED",
            Self::NoAccess => "NO ACCESS",
        }
    }
}

/// Whose fault it is that a request with the token fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    Secret,
    Token,
    Policy,
    Origin,
    Waf,
    Unknown,
}

impl Fault {
    /// The word used in JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Secret => "secret",
            Self::Token => "token",
            Self::Policy => "policy",
            Self::Origin => "origin",
            Self::Waf => "waf",
            Self::Unknown => "unknown",
        }
    }
}

/// What follows from a probe. Untrusted text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    pub verdict: ProbeVerdict,
    pub fault: Fault,
    /// What happened, in a sentence.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Conclusion {
    /// The exit code of the command: 0 opens, 1 opens but the app refuses, 2 refused, 3 anything else.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match (self.verdict, self.fault) {
            (ProbeVerdict::Opens, Fault::None) => 0,
            (ProbeVerdict::Opens, _) => 1,
            (ProbeVerdict::Refused, _) => 2,
            (ProbeVerdict::Undecided | ProbeVerdict::Blocked | ProbeVerdict::NoAccess, _) => 3,
        }
    }

    fn new(
        (verdict, fault): (ProbeVerdict, Fault),
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            verdict,
            fault,
            message: message.into(),
            hint: Some(hint.into()),
        }
    }
}

/// Concludes from the answers and, where they were read, from the policies. `client_id` names the token
/// in commands to run next.
#[must_use]
pub fn conclude(
    url: &ProbeUrl,
    answers: &ProbeAnswers,
    policies: Option<&PolicyView>,
    client_id: &str,
) -> Conclusion {
    let last = answers.with_token.as_ref().unwrap_or(&answers.bare);
    if last.answered_by == AnsweredBy::Waf {
        return blocked(last);
    }
    if let Some(failure) = &answers.failure {
        return unanswered(failure, answers.with_token.is_some());
    }
    let Some(with_token) = &answers.with_token else {
        return not_sent(url, &answers.bare);
    };
    if with_token.is_refused_by_access() {
        return refused(with_token, policies, client_id);
    }
    let mut conclusion = admitted(with_token);
    if let Some(contradiction) = policies.and_then(contradiction) {
        let hint = conclusion.hint.take();
        conclusion.hint = Some(match hint {
            Some(hint) => format!("{hint} {contradiction}"),
            None => contradiction,
        });
    }
    conclusion
}

fn blocked(answer: &ProbeAnswer) -> Conclusion {
    let event = match &answer.cf_ray {
        Some(ray) => format!("look for the ray {} in the zone's security events", ray_id(ray)),
        None => "look for it in the zone's security events".to_owned(),
    };
    Conclusion::new(
        (ProbeVerdict::Blocked, Fault::Waf),
        format!(
            "A firewall rule or a challenge answered {} before Access could: nothing was learnt about the token.",
            status(answer)
        ),
        format!("Let this client pass the firewall: {event}."),
    )
}

fn unanswered(failure: &Failure, was_sent: bool) -> Conclusion {
    let message = if was_sent {
        format!(
            "Access refused the request without the token, but the answer to the one with it is missing: {}.",
            failure.fragment()
        )
    } else {
        format!("{} The secret was not sent.", failure.summary)
    };
    Conclusion::new(
        (ProbeVerdict::Undecided, Fault::Unknown),
        message,
        failure.hint.to_string(),
    )
}

/// The request without the token settled it.
fn not_sent(url: &ProbeUrl, bare: &ProbeAnswer) -> Conclusion {
    let undecided = (ProbeVerdict::Undecided, Fault::Unknown);
    match bare.answered_by {
        AnsweredBy::Access => Conclusion::new(
            undecided,
            "Access refused the request without the token. The secret was not sent: plain http would \
             show it to everybody in between.",
            format!("Probe https://{}.", url.host()),
        ),
        AnsweredBy::Unknown if bare.status.is_none_or(|status| status >= 500) => Conclusion::new(
            undecided,
            format!(
                "Without the token, the answer was {}: who refuses cannot be told. The secret was not sent.",
                status(bare)
            ),
            "Start the origin and its tunnel, then probe again.",
        ),
        AnsweredBy::Unknown => Conclusion::new(
            undecided,
            format!(
                "The answer without the token, {}, asks for a login of Access but does not bear both of its \
                 headers, so the secret was not sent.",
                status(bare)
            ),
            "Probe a path of the app that needs no other login, or look at the app's OAuth settings.",
        ),
        AnsweredBy::Waf => blocked(bare),
        AnsweredBy::Origin => no_access(url, bare),
    }
}

fn no_access(url: &ProbeUrl, bare: &ProbeAnswer) -> Conclusion {
    let hint = match &bare.redirect {
        Some(target) => format!("It redirects to {target}: probe that if it is the app."),
        None if url.url().scheme() == "http" => format!("Probe https://{}.", url.host()),
        None => "Check the host and the path. A Bypass policy, or a DNS record that is not proxied, looks \
                 like this too."
            .to_owned(),
    };
    Conclusion::new(
        (ProbeVerdict::NoAccess, Fault::Unknown),
        format!(
            "Access does not protect this URL, as far as its answer {} shows: the secret was not sent.",
            status(bare)
        ),
        hint,
    )
}

/// Access let the request with the token through.
fn admitted(answer: &ProbeAnswer) -> Conclusion {
    let answered = status(answer);
    match answer.status.unwrap_or_default() {
        500.. => Conclusion::new(
            (ProbeVerdict::Undecided, Fault::Origin),
            format!("Access seems to have let the token through, but the origin or its tunnel is down: {answered}."),
            "Start the origin and its tunnel, then probe again.",
        ),
        401 | 403 => Conclusion::new(
            (ProbeVerdict::Opens, Fault::Origin),
            format!("Access let the token through; the origin refused with {answered}."),
            "Check which login the origin asks for itself, and whether the audTag of its cloudflared is \
             this app's.",
        ),
        _ => Conclusion {
            verdict: ProbeVerdict::Opens,
            fault: Fault::None,
            message: format!("It works: Access let the token through, and the origin answered {answered}."),
            hint: None,
        },
    }
}

/// What to think of policies that should have kept out a token that was let in.
fn contradiction(policies: &PolicyView) -> Option<String> {
    let said = match &policies.app {
        AppView::Judged { verdict, app, .. } if *verdict == Verdict::Refused => {
            format!("By the policies that were read, {} refuses it", name(app))
        }
        AppView::NotNamed { app } => {
            format!("No policy that was read lets it into {}", name(app))
        }
        AppView::NotListed { .. } => "No app that was read has this address".to_owned(),
        AppView::Judged { .. } => return None,
    };
    Some(format!(
        "{said}: either they were not read completely, or another app answers here."
    ))
}

/// Access refused the request with the token.
fn refused(
    answer: &ProbeAnswer,
    policies: Option<&PolicyView>,
    client_id: &str,
) -> Conclusion {
    let refused_by = |fault| (ProbeVerdict::Refused, fault);
    let Some(view) = policies else {
        return Conclusion::new(
            refused_by(Fault::Unknown),
            "Access refused the token. Without its policies, a wrong secret, a token that is over and a \
             policy that does not admit it look the same.",
            format!("Run `tokenscope uses {client_id}` with an API credential."),
        );
    };
    let is_strict = view.strict == Some(true);
    match view.status {
        Status::Expired => {
            return Conclusion::new(
                refused_by(Fault::Token),
                "Access refused the token: it has expired.",
                "Renew it, or give the client another one.",
            );
        }
        Status::Disabled => {
            return Conclusion::new(
                refused_by(Fault::Token),
                "Access refused the token: it is disabled.",
                "Enable it, or give the client another one.",
            );
        }
        Status::Active
        | Status::NeverExpires
        | Status::Expiring
        | Status::Critical
        | Status::Unknown => {}
    }
    match &view.app {
        AppView::Judged {
            reason: Some(Reason::TokenDead),
            message,
            ..
        } => Conclusion::new(
            refused_by(Fault::Token),
            "Access refused the token: it is expired or disabled.",
            message,
        ),
        AppView::Judged {
            app,
            verdict: Verdict::Refused,
            reason:
                Some(
                    Reason::WrongAction
                    | Reason::Blocked
                    | Reason::RuleFails
                    | Reason::Infrastructure,
                ),
            message,
            ..
        } => Conclusion::new(
            refused_by(Fault::Policy),
            format!("Access refused the token: no policy of {} admits it.", name(app)),
            message,
        ),
        AppView::NotNamed { app } if view.is_complete => Conclusion::new(
            refused_by(Fault::Policy),
            format!("Access refused the token: no policy of {} names it.", name(app)),
            "Name the token in a Service Auth policy of that app.",
        ),
        AppView::Judged {
            verdict: Verdict::Opens,
            policy,
            ..
        } if is_strict && answer.status == Some(403) => Conclusion::new(
            refused_by(Fault::Policy),
            "The secret is right, but the policy is not what was read.",
            format!(
                "{} was changed, or the change is less than two minutes old: probe again in two minutes.",
                policy_title(policy.as_deref())
            ),
        ),
        AppView::Judged {
            verdict: Verdict::Opens,
            policy,
            ..
        } => Conclusion::new(
            refused_by(Fault::Secret),
            "The secret is not the current one.",
            format!(
                "{} admits this token, so what Access refused is the secret: put {} where this client \
                 reads it. If the policy changed in the last two minutes, probe again.",
                policy_title(policy.as_deref()),
                current_secret(view)
            ),
        ),
        AppView::Judged { .. } | AppView::NotNamed { .. } | AppView::NotListed { .. } => {
            uncertain(answer, view, is_strict)
        }
    }
}

/// Neither the answer nor the policies tell whose fault a refusal is.
fn uncertain(answer: &ProbeAnswer, view: &PolicyView, is_strict: bool) -> Conclusion {
    if is_strict && answer.status == Some(401) {
        return Conclusion::new(
            (ProbeVerdict::Refused, Fault::Secret),
            "Access knows no token with this client ID and secret.",
            format!(
                "Put {} where this client reads it. If it is there already, the token was deleted or \
                 replaced.",
                current_secret(view)
            ),
        );
    }
    let certain = if is_strict && answer.status == Some(403) {
        " In strict mode, this answer means that the secret is right."
    } else {
        ""
    };
    let hint = match &view.app {
        AppView::Judged { message, .. } => message.clone(),
        AppView::NotNamed { app } => format!(
            "No policy that was read lets it into {}, but not all could be read: see which with \
             `tokenscope uses`.",
            name(app)
        ),
        AppView::NotListed { host_is_listed: true } => {
            "An app on this host was read, but none that covers the path: check the path.".to_owned()
        }
        AppView::NotListed {
            host_is_listed: false,
        } => "No app that was read has this host: probe with a credential for the app's account."
            .to_owned(),
    };
    Conclusion::new(
        (ProbeVerdict::Refused, Fault::Unknown),
        format!("Access refused the token; whether the secret or a policy is at fault is not certain.{certain}"),
        hint,
    )
}

/// `the secret of version 3`.
fn current_secret(view: &PolicyView) -> String {
    match &view.secret_version {
        Some(version) => format!("the secret of version {version}"),
        None => "the current secret".to_owned(),
    }
}

/// `Policy CI only`.
fn policy_title(policy: Option<&str>) -> String {
    match policy.map(name).filter(|name| !name.trim().is_empty()) {
        Some(name) => format!("Policy {name}"),
        None => "A policy".to_owned(),
    }
}

fn name(text: &str) -> &str {
    text::beginning(text)
}

/// The ray without the data centre.
fn ray_id(ray: &str) -> &str {
    ray.split_once('-').map_or(ray, |(id, _)| id)
}

fn status(answer: &ProbeAnswer) -> String {
    answer
        .status
        .map_or_else(|| "nothing".to_owned(), |status| status.to_string())
}
