//! The environment variables that matter, read once, and what they say of credential and scope.
//!
//! Not here: what goes before and after the environment (`service`), or the rules a base URL must
//! keep (`api`).

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

use crate::domain::base_url::BaseUrl;
use crate::domain::credential::{Credential, CredentialKind, parse_email};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::redaction::SHORTEST;
use crate::domain::scope::{Scope, ScopeId, ScopeKind};
use crate::domain::secret::Secret;
use crate::domain::{pasted, text};

/// Each with the names that count where the ones before them are unset.
const TOKEN: &[&str] = &["CLOUDFLARE_API_TOKEN", "CF_API_TOKEN"];
const KEY: &[&str] = &["CLOUDFLARE_API_KEY", "CF_API_KEY"];
const EMAIL: &[&str] = &["CLOUDFLARE_EMAIL", "CF_API_EMAIL", "CF_EMAIL"];
const ACCOUNT: &[&str] = &["CLOUDFLARE_ACCOUNT_ID", "CF_ACCOUNT_ID"];
const ZONE: &[&str] = &["CLOUDFLARE_ZONE_ID"];
const BASE_URL: &[&str] = &["CLOUDFLARE_BASE_URL", "CLOUDFLARE_API_BASE_URL"];
const OTHERS: &[&str] = &[
    "CLICOLOR_FORCE",
    "COLUMNS",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "NO_COLOR",
    "STY",
    "TERM",
    "TMUX",
    "TOKENSCOPE_HOME",
    "TOKENSCOPE_LOG",
    "TOKENSCOPE_TEST_FAULT",
];

/// A snapshot of the variables that tokenscope knows. One that is empty or blank counts as unset.
/// Its `Debug` shows names alone: a base URL may hold a password too.
#[derive(Clone, Default)]
pub struct Environment {
    /// None stands for bytes that are not text.
    secrets: BTreeMap<&'static str, Option<Secret>>,
    values: BTreeMap<&'static str, OsString>,
}

/// A complete credential, and the variable that its secret came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentCredential {
    /// The credential.
    pub credential: Credential,
    /// The variable that held its secret.
    pub variable: &'static str,
}

/// The address of the session bus and the directory that has one where there is no address, as the
/// D-Bus library reads them.
#[cfg(all(unix, not(target_os = "macos")))]
#[expect(
    clippy::disallowed_methods,
    reason = "read again when the library found no bus, and for nothing else"
)]
pub(super) fn session_bus() -> (Option<String>, Option<PathBuf>) {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    (std::env::var("DBUS_SESSION_BUS_ADDRESS").ok(), runtime)
}

impl Environment {
    /// Reads the process's variables. Called once, at the start.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    #[must_use]
    pub fn read() -> Self {
        Self::from_lookup(|name| std::env::var_os(name))
    }

    /// The environment that these variables make; others in it are left out.
    pub fn from_pairs<K, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<OsString>,
    {
        let pairs: BTreeMap<String, OsString> = pairs
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        Self::from_lookup(|name| pairs.get(name).cloned())
    }

    fn from_lookup(look_up: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &str| look_up(name).filter(|value| !is_blank(value));
        let mut found = Self::default();
        for &name in [TOKEN, KEY].into_iter().flatten() {
            if let Some(value) = set(name) {
                let secret = value.into_string().ok().map(Secret::new);
                found.secrets.insert(name, secret);
            }
        }
        for &name in [EMAIL, ACCOUNT, ZONE, BASE_URL, OTHERS]
            .into_iter()
            .flatten()
        {
            if let Some(value) = set(name) {
                found.values.insert(name, value);
            }
        }
        found
    }

    /// The trimmed value of a variable that holds no secret; none where it is unset or not text.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.to_str().map(text::trim_input)
    }

    /// The value of a variable that names a file or directory, its bytes untouched.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.values.get(name).map(PathBuf::from)
    }

    /// The base URL that is set, and the variable that sets it. Whether it is acceptable is for the
    /// API client to say.
    ///
    /// # Errors
    /// A [`Failure`] of kind `usage` where it is no text: to ask another host would be worse.
    pub fn base_url(&self) -> Result<Option<(&str, &'static str)>, Failure> {
        self.value(BASE_URL, FailureKind::Usage)
    }

    /// How much to log.
    ///
    /// # Errors
    /// A [`Failure`] of kind `usage` where it is no text.
    pub fn log(&self) -> Result<Option<&str>, Failure> {
        let found = self.value(&["TOKENSCOPE_LOG"], FailureKind::Usage)?;
        Ok(found.map(|(level, _)| level))
    }

    /// Whether a text holds one of the environment's secrets, used or not.
    #[must_use]
    pub fn is_secret_in(&self, text: &str) -> bool {
        self.secrets.values().flatten().any(|secret| {
            let secret = peeled(secret);
            secret.len() >= SHORTEST && text.contains(secret)
        })
    }

    /// The credential that the environment holds: a token, else a key with its email address.
    ///
    /// # Errors
    /// A [`Failure`] of kind `no_credential` for a key without an email address, and for values
    /// that cannot be sent. None of them shows the value.
    pub fn credential(&self) -> Result<Option<EnvironmentCredential>, Failure> {
        if let Some((secret, variable)) = self.secret(TOKEN)? {
            let kind = CredentialKind::ApiToken;
            return Ok(Some(EnvironmentCredential {
                credential: Credential { kind, secret },
                variable,
            }));
        }
        let Some((secret, variable)) = self.secret(KEY)? else {
            return Ok(None);
        };
        let Some((email, email_variable)) = self.value(EMAIL, FailureKind::NoCredential)? else {
            return Err(Failure::new(
                FailureKind::NoCredential,
                format!("{variable} is set, but no email address goes with it."),
                "Set CLOUDFLARE_EMAIL to the key's owner, or use CLOUDFLARE_API_TOKEN instead.",
            ));
        };
        let email = parse_email(email).ok_or_else(|| {
            Failure::new(
                FailureKind::NoCredential,
                format!("{email_variable} is not an email address."),
                "Set it to the address of the key's owner.",
            )
        })?;
        let kind = CredentialKind::GlobalKey { email };
        Ok(Some(EnvironmentCredential {
            credential: Credential { kind, secret },
            variable,
        }))
    }

    /// Which of two addresses of the API counts, where they are not the same.
    #[must_use]
    pub fn overlooked_base_url(&self) -> Option<String> {
        let mut set = BASE_URL
            .iter()
            .filter_map(|name| Some((name, pasted::peel(self.get(name)?))));
        let ((first, counts), (other, text)) = (set.next()?, set.next()?);
        // What differs as text may be the same address.
        let is_same = |one: &str, two: &str| {
            one == two || BaseUrl::parse(one).is_ok_and(|one| Ok(one) == BaseUrl::parse(two))
        };
        (!is_same(counts, text))
            .then(|| format!("{first} and {other} are both set and differ; {first} counts."))
    }

    /// What else the environment holds that could be meant by its credential, a sentence each.
    #[must_use]
    pub fn overlooked(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        for names in [TOKEN, KEY] {
            let mut set = names
                .iter()
                .filter_map(|name| Some((name, self.secrets.get(name)?.as_ref()?)));
            let Some((first, counts)) = set.next() else {
                continue;
            };
            let differs = |secret: &Secret| peeled(secret) != peeled(counts);
            if let Some((other, _)) = set.find(|(_, secret)| differs(secret)) {
                sentences.push(format!(
                    "{first} and {other} are both set and differ; {first} counts."
                ));
            }
        }
        let set = |names| first_set(&self.secrets, names).map(|(name, _)| name);
        let email = first_set(&self.values, EMAIL).map(|(name, _)| name);
        if let (Some(token), Some(key), Some(email)) = (set(TOKEN), set(KEY), email) {
            sentences.push(format!(
                "{token} is set, and {key} with {email} too; the API token in {token} counts."
            ));
        }
        sentences
    }

    /// The same variables without a credential: for what uses none, and must not fail over one that
    /// cannot be used.
    #[must_use]
    pub fn without_credential(&self) -> Self {
        Self {
            secrets: BTreeMap::new(),
            values: self.values.clone(),
        }
    }

    /// Why what is stored for a profile is not used as long as the environment is what it is.
    #[must_use]
    pub fn overrules(&self, profile: &str) -> Option<String> {
        // One that cannot be used counts too: it is an error, and not skipped.
        let (variable, _) = first_set(&self.secrets, TOKEN).or(first_set(&self.secrets, KEY))?;
        Some(format!(
            "{variable} is set and counts before what is stored: profile {profile} is used with \
             --profile {profile}, or once the variable is unset."
        ))
    }

    /// The scope that the environment names, and the variable that names it.
    ///
    /// # Errors
    /// A [`Failure`] of kind `usage` for an account and a zone at once, and for a malformed ID.
    pub fn scope(&self) -> Result<Option<(Scope, &'static str)>, Failure> {
        let account = self.scope_of(ScopeKind::Account)?;
        let zone = self.scope_of(ScopeKind::Zone)?;
        match (account, zone) {
            (Some((_, account)), Some((_, zone))) => Err(Failure::new(
                FailureKind::Usage,
                format!("{account} and {zone} are both set; a token lives in one of them."),
                "Unset one of the two, or say which with --account or --zone.",
            )),
            (account, zone) => Ok(account.or(zone)),
        }
    }

    /// The account or the zone that the environment names, whatever it says of the other.
    ///
    /// # Errors
    /// A [`Failure`] of kind `usage` for a malformed ID.
    pub fn scope_of(&self, kind: ScopeKind) -> Result<Option<(Scope, &'static str)>, Failure> {
        let names = match kind {
            ScopeKind::Account => ACCOUNT,
            ScopeKind::Zone => ZONE,
        };
        let Some((text, variable)) = self.value(names, FailureKind::Usage)? else {
            return Ok(None);
        };
        match ScopeId::parse(text) {
            Ok(id) => Ok(Some((kind.with(id), variable))),
            Err(invalid) => Err(Failure::new(
                FailureKind::Usage,
                format!("{variable} is malformed: {invalid}."),
                format!("Set it to the {} ID that the dashboard shows.", kind.word()),
            )),
        }
    }

    /// The first set variable of these names, which must be text.
    fn value(
        &self,
        names: &[&'static str],
        kind: FailureKind,
    ) -> Result<Option<(&str, &'static str)>, Failure> {
        let Some((name, value)) = first_set(&self.values, names) else {
            return Ok(None);
        };
        let text = value.to_str().ok_or_else(|| not_text(name, kind))?;
        Ok(Some((pasted::peel(text), name)))
    }

    /// The first set variable of these names, which must be fit for a header.
    fn secret(&self, names: &[&'static str]) -> Result<Option<(Secret, &'static str)>, Failure> {
        let Some((name, value)) = first_set(&self.secrets, names) else {
            return Ok(None);
        };
        let kind = FailureKind::NoCredential;
        let text = value.as_ref().ok_or_else(|| not_text(name, kind))?;
        match Secret::parse(text.expose()) {
            Ok(secret) => Ok(Some((secret, name))),
            Err(invalid) => Err(Failure::new(
                kind,
                format!("{name} cannot be a credential: {invalid}."),
                "Set it to the credential alone, or unset it.",
            )),
        }
    }
}

fn first_set<'a, T>(
    variables: &'a BTreeMap<&'static str, T>,
    names: &[&'static str],
) -> Option<(&'static str, &'a T)> {
    names
        .iter()
        .find_map(|name| Some((*name, variables.get(name)?)))
}

fn peeled(secret: &Secret) -> &str {
    pasted::peel(secret.expose())
}

fn is_blank(value: &OsStr) -> bool {
    value
        .to_str()
        .is_some_and(|text| pasted::peel(text).is_empty())
}

fn not_text(name: &str, kind: FailureKind) -> Failure {
    Failure::new(
        kind,
        format!("{name} is not UTF-8 text."),
        "Set it again, or unset it.",
    )
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_set()
            .entries(self.secrets.keys())
            .entries(self.values.keys())
            .finish()
    }
}
