//! Who answered a request to a protected app: Access itself, the firewall before it, or the app.
//!
//! Decides by status and headers; a body only tells the firewall's pages. A hostile app can forge every
//! sign, so none of them is proof of where a secret goes.

use crate::domain::words::words;
use url::Url;

words! {
    /// Whoever answered.
    pub enum AnsweredBy: code, label {
        Access = ("access", "Access"),
        /// A firewall rule or a challenge, before Access.
        Waf = ("waf", "the firewall"),
        Origin = ("origin", "the origin"),
        /// Cloudflare or the app, which cannot be told apart; or nobody.
        Unknown = ("unknown", "unknown"),
    }
}

impl AnsweredBy {
    /// The same, after a preposition: `403 from Access`.
    pub fn sender(self) -> &'static str {
        match self {
            Self::Access | Self::Waf | Self::Origin => self.label(),
            Self::Unknown => "Cloudflare or the app",
        }
    }
}

/// The observable facts about an answer. Untrusted.
#[derive(Debug, Clone)]
pub struct Signs {
    /// The address that was asked.
    pub url: Url,
    pub status: u16,
    pub location: Option<String>,
    pub cf_access_aud: Option<String>,
    pub cf_access_domain: Option<String>,
    pub cf_mitigated: Option<String>,
    pub www_authenticate: Option<String>,
    /// The beginning of the body.
    pub body: Vec<u8>,
}

/// The path of Access's login page.
const LOGIN: &str = "/cdn-cgi/access/login/";

/// The paths that Access answers on the app's own host.
const ACCESS: &str = "/cdn-cgi/access/";

/// The domain of the login pages of all organizations.
const TEAMS: &str = ".cloudflareaccess.com";

/// Words in the challenges of Access, in lower case: its own scheme, and the metadata of apps that it
/// protects by OAuth.
const CHALLENGES: [&str; 2] = ["cloudflare-access", "/cloudflare-access-protected-resource"];

/// Texts of the firewall's pages.
const BLOCKED: [&[u8]; 2] = [b"error code: 1010", b"Sorry, you have been blocked"];

/// The whole of the firewall's shorter answers: a banned address or country, a rate limit, a rule.
const REJECTIONS: [&[u8]; 7] = [
    b"error code: 1006",
    b"error code: 1007",
    b"error code: 1008",
    b"error code: 1009",
    b"error code: 1012",
    b"error code: 1015",
    b"error code: 1020",
];

impl Signs {
    /// Whether Access certainly refused a request without a token, so that one with the token may
    /// follow: both of its headers on a refusal, or its login page.
    pub fn allow_the_secret(&self) -> bool {
        let has_both =
            is_set(self.cf_access_aud.as_ref()) && is_set(self.cf_access_domain.as_ref());
        !self.is_blocked() && (self.is_refusal() && has_both || self.is_login())
    }

    /// Who answered a request without a token. Only what allows the secret counts as Access.
    pub fn bare_answered_by(&self) -> AnsweredBy {
        if self.is_blocked() {
            AnsweredBy::Waf
        } else if self.allow_the_secret() {
            AnsweredBy::Access
        } else if self.status >= 500 || self.is_challenged_by_access() {
            AnsweredBy::Unknown
        } else {
            AnsweredBy::Origin
        }
    }

    /// Who answered the request with the token. One sign of Access is enough here: its headers, its
    /// login page, its challenge, or the challenge that met the request without the token.
    pub fn answered_by(&self, bare_challenge: Option<&str>) -> AnsweredBy {
        let is_same_challenge = self.status == 401
            && is_set(self.www_authenticate.as_ref())
            && self.www_authenticate.as_deref() == bare_challenge;
        if self.is_mitigated() {
            AnsweredBy::Waf
        } else if self.is_signed_refusal()
            || self.leads_to_access()
            || self.is_challenged_by_access()
            || is_same_challenge
        {
            AnsweredBy::Access
        } else if self.is_blocked() {
            AnsweredBy::Waf
        } else if self.status >= 500 {
            AnsweredBy::Unknown
        } else {
            AnsweredBy::Origin
        }
    }

    /// Whether the body can decide who answered: only the firewall's pages are told by theirs.
    pub fn needs_body(&self) -> bool {
        let is_told = self.is_mitigated() || self.is_signed_refusal() || self.is_login();
        matches!(self.status, 403 | 429) && !is_told
    }

    /// Where it redirects to.
    pub fn redirect(&self) -> Option<Url> {
        let location = self.location.as_ref();
        let location = location.filter(|_| (300..400).contains(&self.status));
        self.url.join(location?).ok()
    }

    fn is_refusal(&self) -> bool {
        matches!(self.status, 401 | 403)
    }

    /// Whether a refusal has a header of Access.
    fn is_signed_refusal(&self) -> bool {
        self.is_refusal()
            && (is_set(self.cf_access_aud.as_ref()) || is_set(self.cf_access_domain.as_ref()))
    }

    /// Whether the firewall answered in place of the app. `challenge` is the only value documented,
    /// but no value says that Access saw the token.
    fn is_mitigated(&self) -> bool {
        is_set(self.cf_mitigated.as_ref())
    }

    fn is_blocked(&self) -> bool {
        let contains = |text: &&[u8]| self.body.windows(text.len()).any(|part| part == *text);
        let is_page = self.status == 403 && BLOCKED.iter().any(contains);
        let is_rejection =
            matches!(self.status, 403 | 429) && REJECTIONS.contains(&self.body.trim_ascii());
        self.is_mitigated() || is_page || is_rejection
    }

    /// Whether the answer asks for a login of Access.
    fn is_challenged_by_access(&self) -> bool {
        let challenge = self.www_authenticate.as_deref().unwrap_or_default();
        let challenge = challenge.trim().to_ascii_lowercase();
        let [scheme, metadata] = CHALLENGES;
        self.is_refusal() && (challenge.starts_with(scheme) || challenge.contains(metadata))
    }

    /// Whether it redirects into Access, by whatever address: no app that was reached does.
    fn leads_to_access(&self) -> bool {
        self.redirect().is_some_and(|target| {
            let host = target.host_str().unwrap_or_default();
            let is_here = target.host_str() == self.url.host_str();
            host.trim_end_matches('.').ends_with(TEAMS)
                || is_here && target.path().starts_with(ACCESS)
        })
    }

    /// Whether it redirects to Access's login page, on the same host or on an organization's.
    fn is_login(&self) -> bool {
        let Some(target) = self.redirect() else {
            return false;
        };
        let host = target.host_str().unwrap_or_default();
        let is_here = target.origin() == self.url.origin();
        let is_team = target.scheme() == "https"
            && target.port().is_none()
            && host.len() > TEAMS.len()
            && host.ends_with(TEAMS);
        let has_login = !target.username().is_empty() || target.password().is_some();
        target.path().starts_with(LOGIN) && !has_login && (is_here || is_team)
    }
}

/// Whether a header is there and not blank.
fn is_set(header: Option<&String>) -> bool {
    header.is_some_and(|value| !value.trim().is_empty())
}
