//! The commands that store, show and remove a credential.

use std::io::{self, IsTerminal, Read, Write};
use std::time::Duration;

use tokio::time::timeout;

use crate::cli::error_report::{explain, warn};
use crate::cli::fetch::{Fetcher, no_scope};
use crate::cli::output::print::{Output, print};
use crate::cli::output::{AuthReport, OutputFormat, Report};
use crate::cli::progress::Progress;
use crate::cli::prompt::{self, Purpose};
use crate::config::log;
use crate::credentials::{StoreError, StoredEntries};
use crate::domain::credential::{
    Credential, CredentialKind, CredentialRef, CredentialSource, InvalidSecret, Secret, parse_email,
};
use crate::domain::credential_survey::CredentialSurvey;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::profile::{Profile, invalid_profile_name, parse_new_profile_name};
use crate::domain::redaction::scrub;
use crate::domain::text;
use crate::service::{TokenService, no_default};
use crate::startup::Context;

/// The question after nobody unlocked the keyring in time.
const AGAIN: &str = "Press Enter to try again with the same secret, Ctrl-C to give up: ";

pub(super) async fn set(
    context: Context,
    stdin: bool,
    email: Option<&str>,
    no_check: bool,
) -> Result<u8, Failure> {
    let name = profile_name(&context);
    let name = parse_new_profile_name(&name).map_err(|error| invalid_profile_name(&name, error))?;
    // Before anybody types a secret that would not be stored.
    context.service.refuse_to_store(&name)?;
    let kind = kind(email)?;
    let scope = context
        .credential
        .scope
        .or_else(|| context.settings.profile(&name)?.scope.clone())
        .ok_or_else(no_scope)?;
    // Shown before the user types a secret meant for another host.
    if let Some(host) = context.service.base_url().foreign_host() {
        warn(&format!(
            "the credential of profile {name} is sent to {host} and stored for that host only."
        ));
    }
    let is_dumb = context.style.is_dumb;
    let secret = if stdin {
        let read = piped(Duration::from_secs(context.flags.timeout)).await?;
        Secret::parse(read.expose()).map_err(not_a_credential)?
    } else {
        let typed = prompt::ask(kind.label(), is_dumb).await?;
        // The time spent typing does not count.
        context.service.start_command();
        typed
    };
    let credential = Credential {
        kind: kind.clone(),
        secret,
    };
    if !no_check {
        let progress = Progress::new(is_dumb);
        progress.network();
        let typed = CredentialRef::Credential(credential.clone());
        let checking = context.service.verify(&typed, &scope);
        progress.beside(checking).await?;
    }
    let profile = Profile {
        name,
        kind,
        scope: Some(scope),
        scope_name: None,
        base_url: context.service.base_url().clone(),
        command: None,
    };
    store(&context.service, &profile, &credential, is_dumb, !stdin).await?;
    if let Some(why) = context.environment.overrules(&profile.name) {
        warn(&why);
    }
    Ok(0)
}

/// Stores the credential. If nobody unlocks the keyring in time, asks whether to try again instead of
/// losing what was typed.
async fn store(
    service: &TokenService,
    profile: &Profile,
    credential: &Credential,
    is_dumb: bool,
    was_typed: bool,
) -> Result<(), Failure> {
    loop {
        let saving = service.save(profile, credential);
        let progress = Progress::new(is_dumb);
        let Err(not_saved) = progress.beside(saving).await else {
            return Ok(());
        };
        if !(was_typed && not_saved.may_pass) {
            return Err(not_saved.failure);
        }
        explain(&not_saved.failure);
        prompt::answer(AGAIN.to_owned(), Purpose::Store, is_dumb).await?;
        service.start_command();
    }
}

/// The profile that the command is about.
fn profile_name(context: &Context) -> String {
    let named = context.flags.profile.as_ref();
    named.unwrap_or(&context.settings.default_profile).clone()
}

fn kind(email: Option<&str>) -> Result<CredentialKind, Failure> {
    let Some(text) = email else {
        return Ok(CredentialKind::ApiToken);
    };
    let email = parse_email(text).ok_or_else(|| {
        Failure::new(
            FailureKind::Usage,
            "--email is not an email address.",
            "Pass the email address of the key's owner.",
        )
    })?;
    Ok(CredentialKind::GlobalKey { email })
}

/// Reads standard input to its end, on its own thread so that signals are still handled. Waits without
/// limit for a person who types, but not for a pipe that never ends.
pub(super) async fn piped(allowed: Duration) -> Result<Secret, Failure> {
    let allowed = if io::stdin().is_terminal() {
        Duration::MAX
    } else {
        allowed
    };
    let reading = tokio::task::spawn_blocking(read_text);
    match timeout(allowed, reading).await {
        Ok(read) => read.map_err(|error| unreadable(&error))?,
        Err(_elapsed) => Err(Failure::new(
            FailureKind::Timeout,
            format!("Standard input did not end within {} s.", allowed.as_secs()),
            "Close the input after the secret, or pass a longer --timeout.",
        )),
    }
}

/// Reads at most 64 KiB, white space included: no credential is longer, and an endless pipe must end.
fn read_text() -> Result<Secret, Failure> {
    const CAPACITY: usize = 64 * 1024;
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(CAPACITY + 1));
    let read = io::stdin()
        .lock()
        .take(CAPACITY as u64 + 1)
        .read_to_end(&mut bytes);
    read.map_err(|error| unreadable(&error))?;
    if bytes.len() > CAPACITY {
        return Err(not_a_credential(InvalidSecret::Long));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let why = "Standard input is not valid UTF-8.";
        let hint = "Pass only the secret, as UTF-8 text.";
        Failure::new(FailureKind::Usage, why, hint).caused_by(&error)
    })?;
    Ok(Secret::new(text.to_owned()))
}

fn unreadable(error: &impl ToString) -> Failure {
    let why = "Standard input cannot be read.";
    Failure::new(FailureKind::Usage, why, "Pipe the secret in.").caused_by(error)
}

fn not_a_credential(error: InvalidSecret) -> Failure {
    Failure::new(
        FailureKind::Usage,
        format!("Standard input does not hold a valid credential: {error}."),
        "Pass only the API token or key.",
    )
}

pub(super) async fn status(
    context: Context,
    online: bool,
    format: OutputFormat,
    out: &mut Output,
) -> Result<u8, Failure> {
    let style = context.style;
    // The demo has a credential and a scope once it runs.
    let context = if online {
        context.connected().await?
    } else {
        context
    };
    let (mut report, mut is_usable) = offline(&context).await;
    if online {
        let fetcher = Fetcher { context };
        let found = survey(&fetcher).await;
        // The demo has its own, which only a server that runs can name.
        let asked = &fetcher.context.credential;
        let kind = asked.identity.as_ref().map(|identity| identity.kind.code());
        report.credential = report.credential.or(kind);
        report.scope.clone_from(&asked.scope);
        is_usable = found.may_list_tokens();
        report.online = Some(found);
    }
    print(Report::Credential(&report), format, out, style)?;
    Ok(u8::from(!is_usable))
}

/// Asks the API about the credential. What cannot be asked is a failure of every part.
async fn survey(fetcher: &Fetcher) -> CredentialSurvey {
    let asked = async { fetcher.survey(&fetcher.access(None)?).await }.await;
    asked.unwrap_or_else(|failure| CredentialSurvey::failed(&failure))
}

/// The facts that need no request, and whether the credential can be used. Explains why not.
async fn offline(context: &Context) -> (AuthReport, bool) {
    let credential = &context.credential;
    let identity = credential.identity.as_ref();
    let mut report = AuthReport {
        profile: credential.profile.clone(),
        source: "none",
        credential: identity.map(|identity| identity.kind.code()),
        email: identity.and_then(|it| it.kind.email()).map(str::to_owned),
        scope: credential.scope.clone(),
        base_url: context.service.base_url().to_string(),
        is_demo: context.flags.demo,
        ..AuthReport::default()
    };
    let mut is_usable = report.is_demo;
    match identity.map(|identity| &identity.source) {
        Some(CredentialSource::Environment { variable }) => {
            report.source = "environment";
            report.variable = Some(variable);
            is_usable = true;
        }
        Some(CredentialSource::Keyring { profile }) => {
            report.source = "keyring";
            let may_go = may_use(context, profile);
            let looking = context.service.look(profile);
            match Progress::new(context.style.is_dumb).beside(looking).await {
                Ok((kept, location)) => {
                    report.stored = kept.count.map(|count| count > 0);
                    report.locked = Some(kept.locked.is_some());
                    report.store = Some(location.store);
                    let why_not = why_not_usable(kept);
                    is_usable = may_go && why_not.is_none();
                    if let Some(why_not) = why_not {
                        explain(&context.service.store_failure(why_not, profile));
                    }
                    // The keyring entry names the address it was stored for, too.
                    if is_usable && let Err(failure) = context.service.check_binding(profile).await
                    {
                        is_usable = false;
                        explain(&failure);
                    }
                }
                // The rest of the report is still useful.
                Err(failure) => {
                    log::failed(&failure);
                    explain(&failure);
                }
            }
        }
        Some(CredentialSource::Command { profile }) => {
            report.source = "command";
            let command = context.settings.command_of(profile);
            report.program = command.map(|command| command.program().to_owned());
            let service = &context.service;
            let checked = context.settings.profile(profile).map(|known| {
                let may_run = service.check_command(known);
                may_run.and_then(|()| service.check_program(known))
            });
            is_usable = checked == Some(Ok(()));
            checked.and_then(Result::err).iter().for_each(explain);
        }
        Some(CredentialSource::Session | CredentialSource::Demo) => {}
        None if report.is_demo => {}
        None => no_default(&context.settings).iter().for_each(explain),
    }
    (report, is_usable)
}

/// Whether the stored secret of a profile may be sent to the current address. Explains a refusal.
fn may_use(context: &Context, profile: &str) -> bool {
    let known = context.settings.profile(profile);
    let refusal = known.and_then(|profile| profile.binding_failure(context.service.target()));
    let refusal = refusal.map(|failure| context.service.with_applicable_hint(failure));
    refusal.iter().for_each(explain);
    refusal.is_none()
}

fn why_not_usable(kept: StoredEntries) -> Option<StoreError> {
    kept.locked.or(match kept.count {
        Some(1) => None,
        Some(count @ 2..) => Some(StoreError::Ambiguous(count)),
        Some(0) | None => Some(StoreError::Missing),
    })
}

pub(super) async fn clear(context: Context) -> Result<u8, Failure> {
    let name = profile_name(&context);
    let clearing = context.service.clear(&name);
    let was_there = Progress::new(context.style.is_dumb).beside(clearing).await;
    let is_known = context.settings.profile(&name).is_some();
    let was_there = was_there.map_err(|failure| {
        let remains = if is_known {
            format!("The secret of {name} remains stored.")
        } else {
            format!("If a secret of {name} is stored, it remains so.")
        };
        Failure {
            summary: format!("{} {remains}", failure.summary),
            ..failure
        }
    })?;
    let mut said = if was_there {
        format!("Removed the secret of profile {name}.")
    } else {
        format!("Nothing was stored for profile {name}.")
    };
    if !is_known {
        said.push_str(" No profile has that name.");
    }
    // A closed stream has no reader to tell.
    let _closed = writeln!(io::stderr(), "{}", text::sanitize(&scrub(&said)));
    Ok(0)
}
