//! The environment variables that tokenscope reads, and the credential and scope they set.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use zeroize::Zeroizing;

use crate::domain::credential::{Credential, CredentialKind, Secret, parse_email};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::redaction::SHORTEST;
use crate::domain::scope::{BaseUrl, Scope, ScopeId, ScopeKind};
use crate::domain::{pasted, text};

/// In order of precedence.
const TOKEN: &[&str] = &["CLOUDFLARE_API_TOKEN", "CF_API_TOKEN"];
/// Names a file with an API token, as container platforms and systemd hand secrets over.
const TOKEN_FILE: &str = "CLOUDFLARE_API_TOKEN_FILE";
/// Far longer than any credential.
const LONGEST_FILE: u64 = 64 * 1024;
const KEY: &[&str] = &["CLOUDFLARE_API_KEY", "CF_API_KEY"];
const EMAIL: &[&str] = &["CLOUDFLARE_EMAIL", "CF_API_EMAIL", "CF_EMAIL"];
const ACCOUNT: &[&str] = &["CLOUDFLARE_ACCOUNT_ID", "CF_ACCOUNT_ID"];
const ZONE: &[&str] = &["CLOUDFLARE_ZONE_ID"];
const BASE_URL: &[&str] = &["CLOUDFLARE_BASE_URL", "CLOUDFLARE_API_BASE_URL"];
/// The client IDs of service tokens, each with its secret: those of Cloudflare's tools, of most CI
/// recipes, and of cloudflared.
const TOKEN_PAIRS: [(&str, &str); 3] = [
    (
        "CLOUDFLARE_ACCESS_CLIENT_ID",
        "CLOUDFLARE_ACCESS_CLIENT_SECRET",
    ),
    ("CF_ACCESS_CLIENT_ID", "CF_ACCESS_CLIENT_SECRET"),
    ("TUNNEL_SERVICE_TOKEN_ID", "TUNNEL_SERVICE_TOKEN_SECRET"),
];
const OTHERS: &[&str] = &[
    "CLICOLOR_FORCE",
    "COLORTERM",
    "COLUMNS",
    "DISPLAY",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "NO_COLOR",
    "PATH",
    "SSH_CONNECTION",
    "SSH_TTY",
    "STY",
    "TERM",
    "TMUX",
    "TOKENSCOPE_HOME",
    "TOKENSCOPE_LOG",
    "TOKENSCOPE_TEST_FAULT",
    "WAYLAND_DISPLAY",
];

/// A snapshot of the variables that tokenscope knows. Empty and blank ones count as unset. `Debug`
/// shows names only, since even a base URL may contain a password.
#[derive(Clone, Default)]
pub struct Environment {
    /// `None` if the value is not UTF-8.
    secrets: BTreeMap<&'static str, Option<Secret>>,
    values: BTreeMap<&'static str, OsString>,
    /// The contents of the file of [`TOKEN_FILE`], read when first needed.
    token_file: Arc<OnceLock<Result<Secret, Failure>>>,
}

/// A service token in the environment, not yet validated.
#[derive(Debug, Clone, Copy)]
pub struct PairVariables<'a> {
    pub client_id: &'a str,
    pub secret: &'a Secret,
    pub id_variable: &'static str,
    pub secret_variable: &'static str,
}

impl Environment {
    /// Reads the process environment. Called once, at startup.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    pub fn read() -> Self {
        Self::from_lookup(|name| std::env::var_os(name))
    }

    /// Builds an environment from a function that returns variables.
    pub fn from_lookup(look_up: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &'static str| {
            let value = look_up(name).filter(|value| !is_blank(value))?;
            Some((name, value))
        };
        let secret = |(name, value): (_, OsString)| {
            let secret = value.into_string().ok().map(Secret::new);
            (name, secret)
        };
        let secrets = [TOKEN, KEY].concat().into_iter();
        let secrets = secrets.chain(TOKEN_PAIRS.map(|(_, secret)| secret));
        let values = [EMAIL, ACCOUNT, ZONE, BASE_URL, &[TOKEN_FILE], OTHERS]
            .concat()
            .into_iter();
        let values = values.chain(TOKEN_PAIRS.map(|(id, _)| id));
        Self {
            secrets: secrets.filter_map(set).map(secret).collect(),
            values: values.filter_map(set).collect(),
            token_file: Arc::default(),
        }
    }

    /// The trimmed value of a variable that is not a secret. `None` if it is not UTF-8.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.to_str().map(text::trim_input)
    }

    /// The unchanged value of a variable that names a file or directory.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.values.get(name).map(PathBuf::from)
    }

    /// The base URL, not yet validated, and its variable.
    ///
    /// # Errors
    /// A `usage` failure if it is not UTF-8: falling back to the default would send the credential to
    /// another host.
    pub fn base_url(&self) -> Result<Option<(&str, &'static str)>, Failure> {
        self.value(BASE_URL, FailureKind::Usage)
    }

    /// The log level, not yet validated.
    ///
    /// # Errors
    /// A `usage` failure if it is not UTF-8.
    pub fn log(&self) -> Result<Option<&str>, Failure> {
        let found = self.value(&["TOKENSCOPE_LOG"], FailureKind::Usage)?;
        Ok(found.map(|(level, _)| level))
    }

    /// Whether a string contains any secret of the environment.
    pub fn is_secret_in(&self, text: &str) -> bool {
        if text.len() < SHORTEST {
            return false;
        }
        let of_file = self.token_file.get().and_then(|read| read.as_ref().ok());
        self.secrets
            .values()
            .flatten()
            .chain(of_file)
            .any(|secret| {
                let secret = peeled(secret);
                secret.len() >= SHORTEST && text.contains(secret)
            })
    }

    /// The credential, an API token or else a Global API key with its email address, and the variable
    /// of its secret. Reads the file of an API token at most once.
    ///
    /// # Errors
    /// A `no_credential` failure, which never shows the value, for a key without an email address, for
    /// a file that cannot be read, and for a value that cannot be sent in a header.
    pub fn credential(&self) -> Result<Option<(Credential, &'static str)>, Failure> {
        let (kind, (secret, variable)) = if let Some(token) = self.secret(TOKEN)? {
            (CredentialKind::ApiToken, token)
        } else if let Some(secret) = self.secret_of_file()? {
            (CredentialKind::ApiToken, (secret, TOKEN_FILE))
        } else if let Some(key) = self.secret(KEY)? {
            let email = self.email_of(key.1)?;
            (CredentialKind::GlobalKey { email }, key)
        } else {
            return Ok(None);
        };
        Ok(Some((Credential { kind, secret }, variable)))
    }

    fn secret_of_file(&self) -> Result<Option<Secret>, Failure> {
        let Some(path) = self.path(TOKEN_FILE) else {
            return Ok(None);
        };
        let read = self.token_file.get_or_init(|| read_token(&path));
        read.clone().map(Some)
    }

    /// The client ID and the secret of the service token to probe with, as they are set, and their
    /// variables: of the first pair of which anything is set.
    ///
    /// # Errors
    /// A `usage` failure that names the missing half of a pair, and for a value that is not UTF-8.
    pub fn token_pair(&self) -> Result<Option<PairVariables<'_>>, Failure> {
        let has = |(id, secret): &(&str, &str)| {
            self.values.contains_key(id) || self.secrets.contains_key(secret)
        };
        let Some((id_variable, secret_variable)) = TOKEN_PAIRS.into_iter().find(has) else {
            return Ok(None);
        };
        let half = |is: &str, is_not: &str| {
            Failure::new(
                FailureKind::Usage,
                format!("{is} is set without {is_not}."),
                format!("Set {is_not} too, or unset {is}."),
            )
        };
        let client_id = self.values.get(id_variable);
        let client_id = client_id.ok_or_else(|| half(secret_variable, id_variable))?;
        let secret = self.secrets.get(secret_variable);
        let secret = secret.ok_or_else(|| half(id_variable, secret_variable))?;
        let unreadable = |name| not_text(name, FailureKind::Usage);
        Ok(Some(PairVariables {
            client_id: client_id.to_str().ok_or_else(|| unreadable(id_variable))?,
            secret: secret.as_ref().ok_or_else(|| unreadable(secret_variable))?,
            id_variable,
            secret_variable,
        }))
    }

    fn email_of(&self, key: &str) -> Result<String, Failure> {
        let Some((email, variable)) = self.value(EMAIL, FailureKind::NoCredential)? else {
            return Err(Failure::new(
                FailureKind::NoCredential,
                format!("{key} is set without an email address."),
                "Set CLOUDFLARE_EMAIL to the key owner's address, or set CLOUDFLARE_API_TOKEN instead.",
            ));
        };
        parse_email(email).ok_or_else(|| {
            Failure::new(
                FailureKind::NoCredential,
                format!("{variable} is not a valid email address."),
                "Set it to the key owner's address.",
            )
        })
    }

    /// A note on which of two different base URLs is used.
    pub fn overlooked_base_url(&self) -> Option<String> {
        // Different text may still be the same URL.
        let is_same = |one: &&str, two: &&str| {
            one == two || BaseUrl::parse(one).is_ok_and(|one| Ok(one) == BaseUrl::parse(two))
        };
        let url = |name| self.get(name).map(pasted::peel);
        differing(BASE_URL, url, is_same)
    }

    /// A note on each further credential in the environment.
    pub fn overlooked(&self) -> Vec<String> {
        let secret = |name| self.secrets.get(name)?.as_ref().map(peeled);
        let differing = |names| differing(names, secret, |one, two| one == two);
        let mut notes: Vec<String> = [TOKEN, KEY].into_iter().filter_map(differing).collect();
        let (token, file, key) = self.variables();
        let email = first_set(&self.values, EMAIL).map(|(name, _)| name);
        if let (Some(token), Some(file)) = (token, file) {
            notes.push(format!("{token} and {file} are both set; using {token}."));
        }
        if let (Some(token), Some(key), Some(email)) = (token.or(file), key, email) {
            notes.push(format!(
                "{token}, {key} and {email} are all set; using the API token in {token}."
            ));
        }
        notes
    }

    /// The same environment without its credential, for the demo, which must not fail because of
    /// one.
    #[must_use]
    pub fn without_credential(&self) -> Self {
        let mut values = self.values.clone();
        values.remove(TOKEN_FILE);
        Self {
            values,
            ..Self::default()
        }
    }

    /// A note that the environment's credential takes precedence over a profile's.
    pub fn overrules(&self, profile: &str) -> Option<String> {
        // An invalid one takes precedence too: it is an error, not skipped.
        let (token, file, key) = self.variables();
        let variable = token.or(file).or(key)?;
        Some(format!(
            "{variable} is set and takes precedence: to use profile {profile}, pass --profile \
             {profile} or unset the variable."
        ))
    }

    /// The variables of an API token, of a file with one, and of a key, if they are set.
    fn variables(
        &self,
    ) -> (
        Option<&'static str>,
        Option<&'static str>,
        Option<&'static str>,
    ) {
        let set = |names| first_set(&self.secrets, names).map(|(name, _)| name);
        let file = self.values.contains_key(TOKEN_FILE).then_some(TOKEN_FILE);
        (set(TOKEN), file, set(KEY))
    }

    /// The scope and its variable.
    ///
    /// # Errors
    /// A `usage` failure for an account together with a zone, and for a malformed ID.
    pub fn scope(&self) -> Result<Option<(Scope, &'static str)>, Failure> {
        let account = self.scope_of(ScopeKind::Account)?;
        let zone = self.scope_of(ScopeKind::Zone)?;
        match (account, zone) {
            (Some((_, account)), Some((_, zone))) => Err(Failure::new(
                FailureKind::Usage,
                format!("{account} and {zone} cannot both be set."),
                "Unset one of them, or pass --account or --zone.",
            )),
            (account, zone) => Ok(account.or(zone)),
        }
    }

    /// The account, or the zone, whether or not the other is set, and its variable.
    ///
    /// # Errors
    /// A `usage` failure for a malformed ID.
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
                format!("Set it to the {} ID shown in the dashboard.", kind.word()),
            )),
        }
    }

    /// The first of these variables that is set; an error if it is not UTF-8.
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

    /// The first of these variables that is set; an error if it cannot be sent in a header.
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
                format!("{name} is not a valid credential: {invalid}."),
                "Set it to the credential and nothing else, or unset it.",
            )),
        }
    }
}

/// The API token in a file. Only a regular file is read: any other might never end, or never begin.
fn read_token(path: &Path) -> Result<Secret, Failure> {
    let wrong = |what: &str| {
        Failure::new(
            FailureKind::NoCredential,
            format!("{TOKEN_FILE} names {}, which {what}.", path.display()),
            "Name a file that holds the API token and nothing else, or unset the variable.",
        )
    };
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => wrong("does not exist"),
        kind => wrong(&format!("cannot be read: {kind}")),
    };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(wrong("is not a regular file"));
    }
    if metadata.len() > LONGEST_FILE {
        return Err(wrong("is too large for a credential"));
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "a secret is no file of tokenscope's own"
    )]
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut contents = Zeroizing::new(Vec::new());
    file.take(LONGEST_FILE)
        .read_to_end(&mut contents)
        .map_err(unreadable)?;
    let text = std::str::from_utf8(&contents).map_err(|_| wrong("is not valid UTF-8"))?;
    if pasted::peel(text).is_empty() {
        return Err(wrong("is empty"));
    }
    Secret::parse(text).map_err(|invalid| wrong(&format!("holds no valid credential: {invalid}")))
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
        format!("{name} is not valid UTF-8."),
        "Correct or unset it.",
    )
}

/// A note if another of these variables is set and differs from the one that is used.
fn differing<T>(
    names: &[&'static str],
    value: impl Fn(&'static str) -> Option<T>,
    is_same: impl Fn(&T, &T) -> bool,
) -> Option<String> {
    let mut set = names.iter().filter_map(|name| Some((name, value(name)?)));
    let (used, counts) = set.next()?;
    let (other, _) = set.find(|(_, value)| !is_same(&counts, value))?;
    Some(format!(
        "{used} and {other} are both set and differ; using {used}."
    ))
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
