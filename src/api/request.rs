//! The requests, all of them reads: where each one goes, and the headers that authenticate it.

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use url::Url;
use zeroize::Zeroizing;

use super::error::{Error, Subject};
use crate::domain::credential::{Credential, CredentialKind};
use crate::domain::scope::{BaseUrl, Scope};
use crate::domain::token::TokenId;

const EMAIL: HeaderName = HeaderName::from_static("x-auth-email");
const KEY: HeaderName = HeaderName::from_static("x-auth-key");

/// One `GET`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Request<'a> {
    Token { scope: &'a Scope, id: &'a TokenId },
    Tokens { scope: &'a Scope, page: PageQuery },
    Accounts { page: PageQuery },
    Zones { page: PageQuery },
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
            Self::Accounts { .. } => Subject::Accounts,
            Self::Zones { .. } => Subject::Zones,
        }
    }

    pub(super) fn url(&self, base: &BaseUrl) -> Url {
        let mut url = base.join(&self.path());
        match self {
            Self::Token { .. } => {}
            Self::Tokens { page, .. } | Self::Accounts { page } | Self::Zones { page } => {
                url.query_pairs_mut()
                    .append_pair("page", &page.number.to_string())
                    .append_pair("per_page", &page.size.to_string());
            }
        }
        url
    }

    /// Method and path, as errors show them.
    pub(super) fn line(&self) -> String {
        format!("GET /{}", self.path().join("/"))
    }

    fn path(&self) -> Vec<&str> {
        const TOKENS: [&str; 2] = ["access", "service_tokens"];
        match self {
            Self::Token { scope, id } => {
                vec![
                    scope.segment(),
                    scope.id(),
                    TOKENS[0],
                    TOKENS[1],
                    id.as_str(),
                ]
            }
            Self::Tokens { scope, .. } => vec![scope.segment(), scope.id(), TOKENS[0], TOKENS[1]],
            Self::Accounts { .. } => vec!["accounts"],
            Self::Zones { .. } => vec!["zones"],
        }
    }
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
