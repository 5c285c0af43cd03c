//! Who answered a request to a protected app: Access itself, the firewall before it, or the app.
//!
//! Decides by status and headers; a body only tells the firewall's pages. A hostile app can forge every
//! sign, so none of them is proof of where a secret goes.

use url::Url;

/// Whoever answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnsweredBy {
    Access,
    /// A firewall rule or a challenge, before Access.
    Waf,
    Origin,
    /// An error of Cloudflare or the app: it cannot be told apart.
    Unknown,
}

impl AnsweredBy {
    /// The word used in JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Waf => "waf",
            Self::Origin => "origin",
            Self::Unknown => "unknown",
        }
    }
}

/// What is known of an answer. Untrusted.
#[derive(Debug, Clone, Copy)]
pub struct Signs<'a> {
    /// The address that was asked.
    pub url: &'a Url,
    pub status: u16,
    pub location: Option<&'a str>,
    pub cf_access_aud: Option<&'a str>,
    pub cf_access_domain: Option<&'a str>,
    pub cf_mitigated: Option<&'a str>,
    /// The beginning of the body.
    pub body: &'a [u8],
}

/// The path of Access's login page.
const LOGIN: &str = "/cdn-cgi/access/login/";

/// The domain of the login pages of all organizations.
const TEAMS: &str = ".cloudflareaccess.com";

/// Texts of the firewall's pages.
const BLOCKED: [&[u8]; 2] = [b"error code: 1010", b"Sorry, you have been blocked"];

impl Signs<'_> {
    /// Whether Access certainly refused a request without a token, so that one with the token may
    /// follow: both of its headers on a refusal, or its login page.
    #[must_use]
    pub fn allow_the_secret(&self) -> bool {
        let both = self.cf_access_aud.is_some() && self.cf_access_domain.is_some();
        !self.is_blocked() && (self.is_refusal() && both || self.is_login())
    }

    /// Who answered. One sign of Access is enough here.
    #[must_use]
    pub fn answered_by(&self) -> AnsweredBy {
        let either = self.cf_access_aud.is_some() || self.cf_access_domain.is_some();
        if self.is_challenge() {
            AnsweredBy::Waf
        } else if self.is_refusal() && either || self.is_login() {
            AnsweredBy::Access
        } else if self.is_blocked() {
            AnsweredBy::Waf
        } else if self.status >= 500 {
            AnsweredBy::Unknown
        } else {
            AnsweredBy::Origin
        }
    }

    fn is_refusal(&self) -> bool {
        matches!(self.status, 401 | 403)
    }

    fn is_challenge(&self) -> bool {
        let mitigated = self.cf_mitigated.map(str::trim);
        mitigated.is_some_and(|action| action.eq_ignore_ascii_case("challenge"))
    }

    fn is_blocked(&self) -> bool {
        let contains = |text: &&[u8]| self.body.windows(text.len()).any(|part| part == *text);
        self.is_challenge() || self.status == 403 && BLOCKED.iter().any(|text| contains(text))
    }

    /// Whether it redirects to Access's login page, on the same host or on an organization's.
    fn is_login(&self) -> bool {
        if !(300..400).contains(&self.status) {
            return false;
        }
        let Some(target) = self.location.and_then(|to| self.url.join(to).ok()) else {
            return false;
        };
        let host = target.host_str().unwrap_or_default();
        let is_here = target.origin() == self.url.origin();
        let is_team = target.scheme() == "https"
            && target.port().is_none()
            && host.len() > TEAMS.len()
            && host.ends_with(TEAMS);
        target.path().starts_with(LOGIN) && (is_here || is_team)
    }
}
