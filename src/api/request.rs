//! The requests, all of them reads: where each one goes, and the headers that authenticate it.

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use url::Url;
use zeroize::Zeroizing;

use super::error::{Error, Subject};
use crate::domain::access::map::Part;
use crate::domain::credential::{Credential, CredentialKind};
use crate::domain::scope::{BaseUrl, Scope, ScopeId, ScopeKind};
use crate::domain::token::TokenId;

const EMAIL: HeaderName = HeaderName::from_static("x-auth-email");
const KEY: HeaderName = HeaderName::from_static("x-auth-key");

/// One `GET`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Request<'a> {
    Token {
        scope: &'a Scope,
        id: &'a TokenId,
    },
    Tokens {
        scope: &'a Scope,
        page: PageQuery,
    },
    /// The accounts or the zones that the credential can see.
    Scopes {
        kind: ScopeKind,
        page: PageQuery,
    },
    /// The credential itself.
    Credential {
        /// The account that owns the API token; `None` for a user's.
        account: Option<&'a ScopeId>,
    },
    /// One of the parts that tell who uses a token.
    Access {
        scope: &'a Scope,
        endpoint: AccessEndpoint<'a>,
        /// `None` for an endpoint without pages.
        page: Option<PageQuery>,
    },
}

/// An endpoint that tells who uses a token.
#[derive(Debug, Clone, Copy)]
pub(super) enum AccessEndpoint<'a> {
    Apps,
    /// The policies of one app.
    AppPolicies {
        app: &'a str,
    },
    /// The reusable policies.
    Policies,
    Groups,
    Organization,
    Doh,
    DeviceProfiles,
    DefaultDeviceProfile,
    Hyperdrive,
    Alerts,
}

impl<'a> AccessEndpoint<'a> {
    fn subject(self) -> Subject {
        Subject::Part(match self {
            Self::AppPolicies { .. } => return Subject::AppPolicies,
            Self::Apps => Part::Apps,
            Self::Policies => Part::Policies,
            Self::Groups => Part::Groups,
            Self::Organization => Part::Organization,
            Self::Doh => Part::Doh,
            Self::DeviceProfiles | Self::DefaultDeviceProfile => Part::DeviceProfiles,
            Self::Hyperdrive => Part::Hyperdrive,
            Self::Alerts => Part::Alerts,
        })
    }

    /// How it divides its list, by the API's maximum.
    pub(super) fn paging(self) -> Paging {
        match self {
            Self::Apps | Self::AppPolicies { .. } | Self::Policies | Self::Groups => {
                Paging::Pages(1_000)
            }
            Self::Hyperdrive => Paging::Pages(100),
            Self::Organization
            | Self::Doh
            | Self::DeviceProfiles
            | Self::DefaultDeviceProfile
            | Self::Alerts => Paging::Whole,
        }
    }

    /// The path below the scope.
    fn path(self) -> Vec<&'a str> {
        match self {
            Self::Apps => vec!["access", "apps"],
            Self::AppPolicies { app } => vec!["access", "apps", app, "policies"],
            Self::Policies => vec!["access", "policies"],
            Self::Groups => vec!["access", "groups"],
            Self::Organization => vec!["access", "organizations"],
            Self::Doh => vec!["access", "organizations", "doh"],
            Self::DeviceProfiles => vec!["devices", "policies"],
            Self::DefaultDeviceProfile => vec!["devices", "policy"],
            Self::Hyperdrive => vec!["hyperdrive", "configs"],
            Self::Alerts => vec!["alerting", "v3", "policies"],
        }
    }
}

/// Most entries expected of an endpoint without pages.
const UNPAGED_ENTRIES: u64 = 10_000;

/// How an endpoint divides its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paging {
    /// Into pages of a requested size.
    Pages(u64),
    /// Not at all.
    Whole,
}

impl Paging {
    pub(super) fn size(self) -> u64 {
        match self {
            Self::Pages(size) => size,
            Self::Whole => UNPAGED_ENTRIES,
        }
    }
}

/// A page of a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageQuery {
    /// Counted from 1.
    pub(super) number: u64,
    pub(super) size: u64,
}

impl Request<'_> {
    pub(super) fn subject(&self) -> Subject {
        match self {
            Self::Token { .. } => Subject::Token,
            Self::Tokens { .. } => Subject::Tokens,
            Self::Scopes { kind, .. } => Subject::Scopes(*kind),
            Self::Credential { .. } => Subject::Credential,
            Self::Access { endpoint, .. } => endpoint.subject(),
        }
    }

    pub(super) fn url(&self, base: &BaseUrl) -> Url {
        let mut url = base.join(&self.path());
        let page = match self {
            Self::Token { .. } | Self::Credential { .. } => None,
            Self::Tokens { page, .. } | Self::Scopes { page, .. } => Some(page),
            Self::Access { page, .. } => page.as_ref(),
        };
        if let Some(page) = page {
            url.query_pairs_mut()
                .append_pair("page", &page.number.to_string())
                .append_pair("per_page", &page.size.to_string());
        }
        url
    }

    /// Method and path, as errors show them.
    pub(super) fn line(&self) -> String {
        format!("GET /{}", self.path().join("/"))
    }

    fn path(&self) -> Vec<&str> {
        match self {
            Self::Token { scope, id } => below(scope, &["access", "service_tokens", id.as_str()]),
            Self::Tokens { scope, .. } => below(scope, &["access", "service_tokens"]),
            Self::Scopes { kind, .. } => vec![kind.segment()],
            Self::Credential { account: None } => vec!["user", "tokens", "verify"],
            Self::Credential {
                account: Some(account),
            } => vec!["accounts", account.as_str(), "tokens", "verify"],
            Self::Access {
                scope, endpoint, ..
            } => below(scope, &endpoint.path()),
        }
    }
}

/// A path below a scope.
fn below<'a>(scope: &'a Scope, path: &[&'a str]) -> Vec<&'a str> {
    [&[scope.kind().segment(), scope.id()], path].concat()
}

/// The headers of exactly one kind of credential, marked sensitive so that no library logs them.
pub(super) fn headers(credential: &Credential) -> Result<HeaderMap, Error> {
    let secret = credential.secret.expose();
    let mut headers = HeaderMap::new();
    match &credential.kind {
        CredentialKind::ApiToken => {
            // Validated before the prefix, whose space is not allowed in the token.
            let bare = sensitive(secret, "API token")
                .map(|_| Zeroizing::new(format!("Bearer {secret}")))?;
            let mut value = HeaderValue::from_str(&bare)
                .map_err(|_| Error::UnusableCredential { part: "API token" })?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        CredentialKind::GlobalKey { email } => {
            headers.insert(EMAIL, sensitive(email, "email address")?);
            headers.insert(KEY, sensitive(secret, "Global API key")?);
        }
    }
    Ok(headers)
}

fn sensitive(text: &str, part: &'static str) -> Result<HeaderValue, Error> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    let value = HeaderValue::from_str(text).ok().filter(|_| is_plain);
    let mut value = value.ok_or(Error::UnusableCredential { part })?;
    value.set_sensitive(true);
    Ok(value)
}
