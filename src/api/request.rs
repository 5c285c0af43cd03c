//! The requests that exist, all of them reads, and the headers that authenticate them.
//!
//! Not here: sending (`transport`).

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use url::Url;
use zeroize::Zeroizing;

use super::error::{Error, Subject};
use crate::domain::base_url::BaseUrl;
use crate::domain::credential::{Credential, CredentialKind};
use crate::domain::scope::Scope;
use crate::domain::token::TokenId;

const EMAIL: HeaderName = HeaderName::from_static("x-auth-email");
const KEY: HeaderName = HeaderName::from_static("x-auth-key");

/// One `GET`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) subject: Subject,
    scope: Option<&'a Scope>,
    id: Option<&'a TokenId>,
    page: Option<(u64, u64)>,
}

impl<'a> Request<'a> {
    /// One service token.
    pub(super) fn token(scope: &'a Scope, id: &'a TokenId) -> Self {
        Self {
            subject: Subject::Token,
            scope: Some(scope),
            id: Some(id),
            page: None,
        }
    }

    /// The service tokens of a scope.
    pub(super) fn tokens(scope: &'a Scope) -> Self {
        Self {
            subject: Subject::Tokens,
            scope: Some(scope),
            id: None,
            page: None,
        }
    }

    /// The accounts or zones that the credential can see.
    pub(super) fn scopes(subject: Subject) -> Self {
        Self {
            subject,
            scope: None,
            id: None,
            page: None,
        }
    }

    /// The same request for one page, counted from 1.
    pub(super) fn page(self, number: u64, size: u64) -> Self {
        Self {
            page: Some((number, size)),
            ..self
        }
    }

    fn segments(&self) -> Vec<&'a str> {
        match (self.subject, self.scope) {
            (Subject::Zones, _) => vec!["zones"],
            (Subject::Token | Subject::Tokens, Some(scope)) => {
                let list = [scope.segment(), scope.id(), "access", "service_tokens"];
                list.into_iter()
                    .chain(self.id.map(TokenId::as_str))
                    .collect()
            }
            _ => vec!["accounts"],
        }
    }

    /// Where it goes.
    pub(super) fn url(&self, base: &BaseUrl) -> Url {
        let mut url = base.join(&self.segments());
        if let Some((number, size)) = self.page {
            url.query_pairs_mut()
                .append_pair("page", &number.to_string())
                .append_pair("per_page", &size.to_string());
        }
        url
    }

    /// Method and path, as errors name it.
    pub(super) fn line(&self) -> String {
        format!("GET /{}", self.segments().join("/"))
    }
}

/// The headers of exactly one kind of credential, marked so that no library prints them.
pub(super) fn headers(credential: &Credential) -> Result<HeaderMap, Error> {
    let secret = credential.secret.expose();
    let mut headers = HeaderMap::new();
    match &credential.kind {
        CredentialKind::ApiToken => {
            // Checked before the scheme's own space is put in front.
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
