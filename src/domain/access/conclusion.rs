//! Whether an app opened for a token, and whose fault it is if not: from what was answered and what the
//! policies say.

use super::objects::Decision;
use super::probe::{AppView, PolicyView, ProbeAnswer, ProbeAnswers, ProbeUrl};
use super::signs::AnsweredBy;
use super::token_pair::TokenHeader;
use super::verdict::{Reason, Verdict};
use crate::domain::failure::Failure;
use crate::domain::status::{Status, Tone};
use crate::domain::text;
use crate::domain::words::words;

words! {
    /// The outcome of a probe.
    pub enum ProbeVerdict: code, word, mark, plain {
        Opens = ("opens", "OPENS", "●", "+"),
        Refused = ("refused", "REFUSED", "✖", "x"),
        Undecided = ("undecided", "UNDECIDED", "?", "?"),
        /// By a firewall, before Access.
        Blocked = ("blocked", "BLOCKED", "▲", "!"),
        /// Access is not in front of the URL, or bypassed.
        NoAccess = ("no_access", "NO ACCESS", "?", "?"),
    }
}

impl ProbeVerdict {
    /// The symbol drawn before the word.
    pub fn symbol(self, ascii: bool) -> &'static str {
        if ascii { self.plain() } else { self.mark() }
    }
}

words! {
    /// Whose fault it is that a request with the token fails.
    pub enum Fault: code {
        None = "none",
        Secret = "secret",
        Token = "token",
        Policy = "policy",
        Origin = "origin",
        Waf = "waf",
        Unknown = "unknown",
    }
}

/// The conclusion of a probe. Untrusted text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    pub verdict: ProbeVerdict,
    pub fault: Fault,
    /// The outcome, in a sentence.
    pub message: String,
    /// The next step for the user.
    pub hint: Option<String>,
}

impl Conclusion {
    /// The exit code of the command: 0 opens, 1 opens but the app refuses, 2 refused, 3 anything else.
    pub fn exit_code(&self) -> u8 {
        match (self.verdict, self.fault) {
            (ProbeVerdict::Opens, Fault::None) => 0,
            (ProbeVerdict::Opens, _) => 1,
            (ProbeVerdict::Refused, _) => 2,
            (ProbeVerdict::Undecided | ProbeVerdict::Blocked | ProbeVerdict::NoAccess, _) => 3,
        }
    }

    /// How bad it is.
    pub fn tone(&self) -> Tone {
        match self.exit_code() {
            0 => Tone::Calm,
            2 => Tone::Critical,
            _ => Tone::Warning,
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
    if with_token.answered_by == AnsweredBy::Access {
        return refused(with_token, answers.header.as_ref(), policies, client_id);
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
        Some(ray) => {
            // Without the data centre.
            let ray = ray.split_once('-').map_or(&**ray, |(id, _)| id);
            format!("look for the ray {ray} in the zone's security events")
        }
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
            "Access refused the request without the token, but the answer to the request with the token is missing: {}.",
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
            format!("Probe {}.", by_https(url)),
        ),
        AnsweredBy::Unknown if bare.status.is_none_or(|status| status >= 500) => Conclusion::new(
            undecided,
            format!(
                "Without the token, the answer was {}, which may be the origin's or its tunnel's. The \
                 secret was not sent.",
                status(bare)
            ),
            "Start the origin and its tunnel, then probe again.",
        ),
        AnsweredBy::Unknown => Conclusion::new(
            undecided,
            format!(
                "Without the token, the answer was {} and asks for a login of Access, but lacks the headers \
                 that Access sets: the secret was not sent.",
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
        None if url.url().scheme() == "http" => format!("Probe {}.", by_https(url)),
        None => "Check the host and the path. A Bypass policy, or a DNS record that is not proxied, looks \
                 like this too."
            .to_owned(),
    };
    Conclusion::new(
        (ProbeVerdict::NoAccess, Fault::Unknown),
        format!(
            "Access does not seem to protect this URL, which answered {} without the token: the secret \
             was not sent.",
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
            format!(
                "Access seems to have let the token through, but the origin or its tunnel is down: {answered}."
            ),
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
            message: format!(
                "It works: Access let the token through, and the origin answered {answered}."
            ),
            hint: None,
        },
    }
}

/// Explains why a token was let in although the policies should have refused it.
fn contradiction(policies: &PolicyView) -> Option<String> {
    let said = match &policies.app {
        AppView::Judged { verdict, app, .. } if *verdict == Verdict::Refused => {
            format!("By the policies that were read, {} refuses it", name(app))
        }
        AppView::NotNamed { app } => {
            format!("No policy that was read lets it into {}", name(app))
        }
        AppView::HostNotListed | AppView::PathNotListed => {
            "No app that was read has this address".to_owned()
        }
        AppView::Judged { .. } => return None,
    };
    Some(format!(
        "{said}: either they were not read completely, or another app answers here."
    ))
}

/// Access refused the request with the token.
fn refused(
    answer: &ProbeAnswer,
    sent: Option<&TokenHeader>,
    policies: Option<&PolicyView>,
    client_id: &str,
) -> Conclusion {
    let Some(view) = policies else {
        return Conclusion::new(
            (ProbeVerdict::Refused, Fault::Unknown),
            "Access refused the token. Without its policies, a wrong secret, an expired token and a policy \
             that does not admit it look the same.",
            format!("Run `tokenscope uses {client_id}` with an API credential."),
        );
    };
    dead(view)
        .or_else(|| by_policy(view))
        .or_else(|| by_header(sent, view))
        .or_else(|| despite_policy(answer, view))
        .unwrap_or_else(|| uncertain(answer, view))
}

/// The token has expired or is disabled.
fn dead(view: &PolicyView) -> Option<Conclusion> {
    let refused = (ProbeVerdict::Refused, Fault::Token);
    match view.status {
        Status::Expired => Some(Conclusion::new(
            refused,
            "Access refused the token: it has expired.",
            "Renew it, or give the client another one.",
        )),
        Status::Disabled => Some(Conclusion::new(
            refused,
            "Access refused the token: it is disabled.",
            "Enable it, or give the client another one.",
        )),
        Status::Active
        | Status::NeverExpires
        | Status::Expiring
        | Status::Critical
        | Status::Unknown => match &view.app {
            AppView::Judged {
                reason: Some(Reason::TokenDead),
                message,
                ..
            } => Some(Conclusion::new(
                refused,
                "Access refused the token: it is expired or disabled.",
                message,
            )),
            AppView::Judged { .. }
            | AppView::NotNamed { .. }
            | AppView::HostNotListed
            | AppView::PathNotListed => None,
        },
    }
}

/// The policies refuse the token, or do not name it.
fn by_policy(view: &PolicyView) -> Option<Conclusion> {
    let refused = (ProbeVerdict::Refused, Fault::Policy);
    match &view.app {
        AppView::Judged {
            app,
            verdict: Verdict::Refused,
            message,
            ..
        } => Some(Conclusion::new(
            refused,
            format!(
                "Access refused the token: no policy of {} admits it.",
                name(app)
            ),
            message,
        )),
        AppView::NotNamed { app } if view.is_complete => Some(Conclusion::new(
            refused,
            format!(
                "Access refused the token: no policy of {} names it.",
                name(app)
            ),
            "Name the token in a Service Auth policy of that app.",
        )),
        AppView::Judged { .. }
        | AppView::NotNamed { .. }
        | AppView::HostNotListed
        | AppView::PathNotListed => None,
    }
}

/// The app reads tokens from another header than the one that was sent, so nothing else can be told.
fn by_header(sent: Option<&TokenHeader>, view: &PolicyView) -> Option<Conclusion> {
    let AppView::Judged { app, header, .. } = &view.app else {
        return None;
    };
    let read = header.as_deref().and_then(TokenHeader::parse);
    if read.as_ref() == sent {
        return None;
    }
    let (place, hint) = match &read {
        Some(header) => {
            let header = header.as_str();
            (
                format!("the header {header}"),
                format!(
                    "Probe again by `tokenscope probe` with `--header {header}`; the client must send the \
                     token there, too."
                ),
            )
        }
        None => (
            "the usual two headers".to_owned(),
            "Probe again without `--header`.".to_owned(),
        ),
    };
    Some(Conclusion::new(
        (ProbeVerdict::Refused, Fault::Unknown),
        format!(
            "Access refused the token, but it was not sent where {} reads it: in {place}.",
            name(app)
        ),
        hint,
    ))
}

/// The policies admit the token, so it was the secret; or, as strict mode tells, a policy that was not
/// read.
fn despite_policy(answer: &ProbeAnswer, view: &PolicyView) -> Option<Conclusion> {
    let AppView::Judged {
        verdict: Verdict::Opens,
        policy,
        ..
    } = &view.app
    else {
        return None;
    };
    let policy = policy_title(policy.as_deref());
    if view.strict == Some(true) && answer.status == Some(403) {
        return Some(Conclusion::new(
            (ProbeVerdict::Refused, Fault::Policy),
            "The secret is right, but the policy is not what was read.",
            format!(
                "{policy} changed, or its last change is less than two minutes old: probe again in two minutes."
            ),
        ));
    }
    Some(Conclusion::new(
        (ProbeVerdict::Refused, Fault::Secret),
        "The secret is not the current one.",
        format!(
            "{policy} admits this token, so what Access refused is the secret: put {} where this client \
             reads it. If the policy changed in the last two minutes, probe again.",
            current_secret(view)
        ),
    ))
}

/// Neither the answer nor the policies tell whose fault a refusal is.
fn uncertain(answer: &ProbeAnswer, view: &PolicyView) -> Conclusion {
    let is_strict = view.strict == Some(true);
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
        AppView::PathNotListed => {
            "An app on this host was read, but none that covers the path: check the path."
                .to_owned()
        }
        AppView::HostNotListed => {
            "No app that was read has this host: probe with a credential for the app's account."
                .to_owned()
        }
    };
    Conclusion::new(
        (ProbeVerdict::Refused, Fault::Unknown),
        format!(
            "Access refused the token; it is not certain whether the secret or a policy is at fault.{certain}"
        ),
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

/// The policy that admits the token: `Policy CI only (Service Auth)`.
fn policy_title(policy: Option<&str>) -> String {
    match policy.map(name).filter(|name| !name.trim().is_empty()) {
        Some(name) => format!("Policy {name} ({})", Decision::ServiceAuth.label()),
        None => "A policy".to_owned(),
    }
}

fn name(text: &str) -> &str {
    text::beginning(text)
}

/// The same address by https, without a query.
fn by_https(url: &ProbeUrl) -> String {
    let (host, path) = (url.host(), url.url().path());
    format!("https://{host}{}", path.trim_end_matches('/'))
}

fn status(answer: &ProbeAnswer) -> String {
    answer
        .status
        .map_or_else(|| "nothing".to_owned(), |status| status.to_string())
}
