//! The commands that store, show and remove a credential.
//!
//! Not here: choosing which credential is in use (`inspector`).

use std::io::{self, Read};

use super::args::Output;
use super::desk::{Desk, no_scope, unprintable};
use super::output::report::ScopeReport;
use super::output::setup::AuthReport;
use super::output::{self, card};
use super::prompt;
use super::telling::{explain, warn};
use crate::config::log;
use crate::domain::credential::{Credential, CredentialKind, CredentialSource, parse_email};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::profile::{Profile, parse_new_profile_name, unfit_name};
use crate::domain::secret::{InvalidSecret, Secret};
use crate::inspector::no_default;

pub(super) async fn set(
    desk: Desk,
    stdin: bool,
    email: Option<&str>,
    no_check: bool,
) -> Result<u8, Failure> {
    let name = desk
        .profile
        .unwrap_or_else(|| desk.settings.default_profile.clone());
    let name = parse_new_profile_name(&name).map_err(|error| unfit_name(&name, error))?;
    let kind = kind(email)?;
    let scope = desk
        .selection
        .scope
        .or_else(|| desk.settings.profile(&name)?.scope.clone())
        .ok_or_else(no_scope)?;
    let label = kind.label();
    let read = move || {
        if stdin {
            read_secret()
        } else {
            typed_secret(label)
        }
    };
    // On a thread of its own, so that a signal is heard meanwhile.
    let read = tokio::task::spawn_blocking(read).await;
    let secret = read.map_err(|error| unreadable(&error))??;
    if let Some(host) = desk.options.base_url.foreign_host() {
        warn(&format!(
            "the credential of profile {name} is stored for {host}, and used there alone."
        ));
    }
    // How long a person takes over it is not the command's time.
    desk.inspector.start_the_clock();
    let credential = Credential {
        kind: kind.clone(),
        secret,
    };
    if !no_check {
        desk.inspector.verify(&credential, &scope).await?;
    }
    let profile = Profile {
        name,
        kind,
        scope: Some(scope),
        base_url: desk.options.base_url,
    };
    desk.inspector.save(&profile, &credential).await?;
    let overruled = desk.environment.overrules(&profile.name);
    overruled.iter().for_each(|why| warn(why));
    Ok(0)
}

fn kind(email: Option<&str>) -> Result<CredentialKind, Failure> {
    let Some(text) = email else {
        return Ok(CredentialKind::ApiToken);
    };
    let email = parse_email(text).ok_or_else(|| {
        Failure::new(
            FailureKind::Usage,
            "--email is not an email address.",
            "Give the address of the key's owner.",
        )
    })?;
    Ok(CredentialKind::GlobalKey { email })
}

fn typed_secret(label: &str) -> Result<Secret, Failure> {
    Secret::parse(prompt::ask(label)?.expose())
        .map_err(|error| not_a_credential(error, "was typed"))
}

/// At most 64 KiB, white space included: an endless pipe must end, and what is longer is no
/// credential, cut or not.
fn read_secret() -> Result<Secret, Failure> {
    const CAPACITY: usize = 64 * 1024;
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(CAPACITY + 1));
    let read = io::stdin()
        .lock()
        .take(CAPACITY as u64 + 1)
        .read_to_end(&mut bytes);
    read.map_err(|error| unreadable(&error))?;
    if bytes.len() > CAPACITY {
        return Err(not_a_credential(
            InvalidSecret::Long,
            "standard input holds",
        ));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| unreadable(&error))?;
    Secret::parse(text).map_err(|error| not_a_credential(error, "standard input holds"))
}

fn unreadable(error: &impl ToString) -> Failure {
    Failure::new(
        FailureKind::Usage,
        "Standard input cannot be read as text.",
        "Pipe the secret in.",
    )
    .caused_by(error)
}

/// What was read cannot be a credential.
fn not_a_credential(error: InvalidSecret, what: &str) -> Failure {
    Failure::new(
        FailureKind::Usage,
        format!("What {what} is no credential: {error}."),
        "Give the API token or key, and nothing else.",
    )
}

pub(super) async fn status(desk: Desk, form: Output, out: &mut Vec<u8>) -> Result<u8, Failure> {
    let identity = desk.selection.identity.as_ref();
    let mut report = AuthReport {
        profile: desk.selection.profile.clone(),
        source: "none",
        variable: None,
        credential: identity.map(|identity| identity.kind.code()),
        email: identity
            .and_then(|identity| identity.kind.email())
            .map(str::to_owned),
        scope: desk.selection.scope.as_ref().map(ScopeReport::from),
        base_url: desk.options.base_url.to_string(),
        stored: None,
        store: None,
    };
    let mut is_usable = false;
    match identity.map(|identity| &identity.source) {
        Some(CredentialSource::Environment { variable }) => {
            report.source = "environment";
            report.variable = Some(variable);
            is_usable = true;
        }
        Some(CredentialSource::Keyring { profile }) => {
            report.source = "keyring";
            let may_go = desk.may_use(profile);
            match desk.inspector.stored(profile).await {
                Ok((stored, place)) => {
                    is_usable = stored && may_go;
                    report.stored = Some(stored);
                    report.store = Some(place.split(',').next().unwrap_or_default().to_owned());
                }
                // What is known of the credential is printed all the same.
                Err(failure) => {
                    log::failed(&failure);
                    explain(&failure);
                }
            }
        }
        Some(CredentialSource::Session | CredentialSource::Demo) => {}
        None => no_default(&desk.settings).iter().for_each(explain),
    }
    let printed = match form {
        Output::Json => output::json(out, &report),
        Output::Table => card::auth(out, &report, desk.style),
    };
    printed.map_err(|error| unprintable(&error))?;
    Ok(u8::from(!is_usable))
}

pub(super) async fn clear(desk: Desk) -> Result<u8, Failure> {
    let profile = desk.profile.unwrap_or(desk.settings.default_profile);
    desk.inspector.clear(&profile).await?;
    Ok(0)
}
