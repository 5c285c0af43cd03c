//! Scopes, credentials, profiles and failures.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use tokenscope::app::state::Session;
use tokenscope::credentials::Environment;
use tokenscope::domain::credential::{
    Access, ActiveCredential, CredentialKind, CredentialSource, Identity, Location,
};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::profile::Profile;
use tokenscope::domain::scope::{BaseUrl, Scope, ScopeId};

use super::tokens::{ACCOUNT, ZONE};

pub(crate) fn account() -> Scope {
    Scope::Account(ScopeId::parse(ACCOUNT).unwrap())
}

pub(crate) fn zone() -> Scope {
    Scope::Zone(ScopeId::parse(ZONE).unwrap())
}

/// An ID of one repeated digit.
pub(crate) fn scope_id(digit: char) -> ScopeId {
    ScopeId::parse(&digit.to_string().repeat(32)).unwrap()
}

/// An API token that a profile keeps in the keyring.
pub(crate) fn in_keyring(profile: &str) -> Identity {
    Identity {
        source: CredentialSource::Keyring {
            profile: profile.to_owned(),
        },
        kind: CredentialKind::ApiToken,
    }
}

pub(crate) fn in_environment() -> Identity {
    Identity {
        source: CredentialSource::Environment {
            variable: "CLOUDFLARE_API_TOKEN",
        },
        kind: CredentialKind::ApiToken,
    }
}

pub(crate) fn in_demo() -> Identity {
    Identity {
        source: CredentialSource::Demo,
        kind: CredentialKind::ApiToken,
    }
}

/// The credential of the demo for a scope.
pub(crate) fn demo_access(scope: Scope) -> Access {
    Access {
        identity: in_demo(),
        scope,
    }
}

/// The default profile with an account.
pub(crate) fn session() -> Session {
    Session {
        active: ActiveCredential {
            identity: Some(in_keyring("default")),
            profile: Some("default".to_owned()),
            scope: Some(account()),
            ..ActiveCredential::default()
        },
        ..Session::default()
    }
}

/// A profile with an API token.
pub(crate) fn profile(name: &str, scope: Option<Scope>) -> Profile {
    Profile {
        name: name.to_owned(),
        kind: CredentialKind::ApiToken,
        scope,
        scope_name: None,
        base_url: BaseUrl::default(),
        command: None,
    }
}

pub(crate) fn failure(kind: FailureKind) -> Failure {
    Failure::new(kind, "It failed.", "Do something.")
}

pub(crate) fn failed<T>(kind: FailureKind) -> Result<T, Failure> {
    Err(failure(kind))
}

/// A rate limit of this many seconds.
pub(crate) fn limited(seconds: u64) -> Failure {
    Failure {
        retry_after: Some(Duration::from_secs(seconds)),
        ..failure(FailureKind::RateLimited)
    }
}

/// An environment of only these variables.
pub(crate) fn environment<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> Environment
where
    N: Into<String>,
    V: Into<OsString>,
{
    let pairs: BTreeMap<String, OsString> = pairs
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    Environment::from_lookup(|name| pairs.get(name).cloned())
}

/// The usual location of a secret in the Secret Service.
pub(crate) fn login_keyring() -> Location {
    Location {
        store: "Secret Service",
        collection: Some("login".to_owned()),
    }
}
