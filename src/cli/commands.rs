//! The commands: each asks the inspector, prints, and gives an exit code.
//!
//! Not here: the form of the output (`output`), or the grammar (`args`).

use std::io::{self, Read, Write};

use super::args::{Auth, Command, Output};
use super::output::{self, AuthReport, AuthScope, Judgement, Style};
use super::{interrupt, prompt};
use crate::api::{BaseUrl, Options};
use crate::credentials::{Environment, MemoryStore, Vault};
use crate::demo::Demo;
use crate::domain::access::{Access, Identity};
use crate::domain::clock::ClockOffset;
use crate::domain::credential::{Credential, CredentialKind, CredentialSource, parse_email};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::profile::{Profile, parse_profile_name};
use crate::domain::secret::{InvalidSecret, Secret};
use crate::domain::settings::Settings;
use crate::domain::token::TokenRef;
use crate::inspector::{Inspector, Limits, Selection, no_credential};

/// Everything a command starts from.
pub struct Desk {
    /// The use-cases.
    pub inspector: Inspector,
    /// The credential and scope in use.
    pub selection: Selection,
    /// What the user set.
    pub settings: Settings,
    /// The profile named on the command line.
    pub profile: Option<String>,
    /// What the demo's client is made of, its address aside.
    pub options: Options,
    /// How patient it is.
    pub limits: Limits,
    /// Whether the embedded demo is asked.
    pub is_demo: bool,
    /// How tables look.
    pub style: Style,
}

/// The exit code of a failure.
#[must_use]
pub fn exit_code(failure: &Failure) -> u8 {
    match failure.kind {
        FailureKind::Usage => 64,
        FailureKind::NotFound => 4,
        _ => 1,
    }
}

/// Runs a command. Failures are printed too, as JSON where that was asked for.
pub async fn run(desk: Desk, command: Command) -> u8 {
    let form = match &command {
        Command::Get { output, .. }
        | Command::Auth {
            command: Auth::Status { output },
        } => *output,
        Command::Auth { .. } => Output::Table,
    };
    let mut text = Vec::new();
    let outcome = tokio::select! {
        outcome = execute(desk, command, &mut text) => outcome,
        code = interrupt::signalled() => {
            report(form, &interrupted());
            return code;
        }
    };
    let code = match outcome {
        Ok(code) => code,
        Err(failure) => {
            report(form, &failure);
            exit_code(&failure)
        }
    };
    // A reader that went away is no failure of the command.
    let _closed = io::stdout().lock().write_all(&text);
    code
}

fn interrupted() -> Failure {
    Failure::new(
        FailureKind::Interrupted,
        "A signal ended the command.",
        "Start it again.",
    )
}

/// Prints a failure where it belongs.
pub fn report(form: Output, failure: &Failure) {
    // Nobody is left to hear of a closed stream.
    let _closed = match form {
        Output::Json => output::failure_json(&mut io::stdout().lock(), failure),
        Output::Table => output::failure_text(&mut io::stderr().lock(), failure),
    };
}

async fn execute(desk: Desk, command: Command, out: &mut Vec<u8>) -> Result<u8, Failure> {
    match command {
        Command::Get { token, output } => get(desk, &token, output, out).await,
        Command::Auth { command } if desk.is_demo && !matches!(command, Auth::Status { .. }) => {
            Err(Failure::new(
                FailureKind::Usage,
                "The demo keeps no credential.",
                "Run the command without --demo.",
            ))
        }
        Command::Auth {
            command:
                Auth::Set {
                    stdin,
                    email,
                    no_check,
                },
        } => set(desk, stdin, email.as_deref(), no_check).await,
        Command::Auth {
            command: Auth::Status { output },
        } => status(desk, output, out).await,
        Command::Auth {
            command: Auth::Clear,
        } => {
            let profile = desk.profile.unwrap_or(desk.settings.default_profile);
            desk.inspector.clear(&profile).await?;
            Ok(0)
        }
    }
}

async fn get(desk: Desk, token: &str, form: Output, out: &mut Vec<u8>) -> Result<u8, Failure> {
    let token = TokenRef::parse(token).map_err(|error| {
        Failure::new(
            FailureKind::Usage,
            format!("The token cannot be read: {error}."),
            "Give its ID, client ID, exact name, or a URL that holds the ID.",
        )
    })?;
    let clock = desk.options.clock;
    let thresholds = desk.settings.thresholds;
    let style = desk.style;
    let (inspector, access, _demo) = reach(desk, &token).await?;
    let found = inspector.look_up(&access, &token, || {}).await?;
    let [one] = found.tokens.as_slice() else {
        return Err(ambiguous(&found.tokens));
    };
    let offset = found
        .measured_offset
        .map_or_else(ClockOffset::default, |by| {
            ClockOffset::default().updated(by)
        });
    let by = Judgement {
        now: offset.correct(clock()),
        offset,
        thresholds,
    };
    let printed = match form {
        Output::Json => output::token_json(out, one, &access.scope, by),
        Output::Table => output::token_table(out, one, by, style),
    };
    printed.map_err(|error| unprintable(&error))?;
    Ok(0)
}

/// The inspector to ask and the access to ask with; the demo's server lives as long as it is held.
async fn reach(desk: Desk, token: &TokenRef) -> Result<(Inspector, Access, Option<Demo>), Failure> {
    if desk.is_demo {
        let cannot = |cause: String| {
            Failure::new(
                FailureKind::Network,
                "The demo's server could not be started on loopback.",
                "Check that programs may listen on 127.0.0.1.",
            )
            .caused_by(&cause)
        };
        let server = Demo::start((desk.options.clock)())
            .await
            .map_err(|error| cannot(error.to_string()))?;
        let base_url =
            BaseUrl::parse(&server.base_url).map_err(|error| cannot(error.to_string()))?;
        let options = Options {
            base_url,
            ca_file: None,
            use_system_proxy: false,
            ..desk.options
        };
        let vault = Vault::start(|| Box::new(MemoryStore::default()));
        let inspector = Inspector::new(options, vault, Environment::default(), None, desk.limits);
        inspector.hold(server.credential.clone());
        let identity = Identity {
            source: CredentialSource::Demo,
            kind: server.credential.kind.clone(),
        };
        let scope = token
            .scope()
            .cloned()
            .or(desk.selection.scope)
            .unwrap_or_else(|| server.scope.clone());
        return Ok((inspector, Access { identity, scope }, Some(server)));
    }
    let identity = desk.selection.identity.ok_or_else(no_credential)?;
    let scope = token
        .scope()
        .cloned()
        .or(desk.selection.scope)
        .ok_or_else(no_scope)?;
    Ok((desk.inspector, Access { identity, scope }, None))
}

fn no_scope() -> Failure {
    Failure::new(
        FailureKind::Usage,
        "No account or zone is named.",
        "Give --account or --zone, set CLOUDFLARE_ACCOUNT_ID, or use a profile that has one.",
    )
}

fn ambiguous(tokens: &[std::sync::Arc<crate::domain::token::ServiceToken>]) -> Failure {
    let ids: Vec<&str> = tokens.iter().map(|token| token.id_text()).collect();
    Failure::new(
        FailureKind::Ambiguous,
        format!("{} service tokens have this name.", tokens.len()),
        format!("Use one of their IDs: {}.", ids.join(", ")),
    )
}

fn unprintable(error: &io::Error) -> Failure {
    Failure::new(
        FailureKind::InvalidResponse,
        "The token could not be printed.",
        "Try -o table.",
    )
    .caused_by(error)
}

async fn set(desk: Desk, stdin: bool, email: Option<&str>, no_check: bool) -> Result<u8, Failure> {
    let usage = |summary: String, hint: &str| Failure::new(FailureKind::Usage, summary, hint);
    let name = desk
        .profile
        .unwrap_or_else(|| desk.settings.default_profile.clone());
    let name = parse_profile_name(&name).map_err(|error| {
        usage(
            format!("{name:?} cannot name a profile: {error}."),
            "Choose another --profile.",
        )
    })?;
    let kind = match email {
        None => CredentialKind::ApiToken,
        Some(text) => CredentialKind::GlobalKey {
            email: parse_email(text).ok_or_else(|| {
                usage(
                    "--email is not an email address.".to_owned(),
                    "Give the address of the key's owner.",
                )
            })?,
        },
    };
    let scope = desk
        .selection
        .scope
        .or_else(|| desk.settings.profile(&name)?.scope.clone())
        .ok_or_else(no_scope)?;
    let secret = if stdin {
        read_secret()?
    } else {
        typed_secret(kind.label())?
    };
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
    };
    desk.inspector.save(&profile, &credential).await?;
    Ok(0)
}

fn typed_secret(label: &str) -> Result<Secret, Failure> {
    Secret::parse(prompt::ask(label)?.expose())
        .map_err(|error| not_a_credential(error, "was typed"))
}

/// At most 64 KiB: no credential is longer, and an endless pipe must end.
fn read_secret() -> Result<Secret, Failure> {
    let mut text = zeroize::Zeroizing::new(String::with_capacity(64 * 1024));
    let read = io::stdin().lock().take(64 * 1024).read_to_string(&mut text);
    read.map_err(|error| {
        Failure::new(
            FailureKind::Usage,
            "Standard input cannot be read as text.",
            "Pipe the secret in.",
        )
        .caused_by(&error)
    })?;
    Secret::parse(&text).map_err(|error| not_a_credential(error, "standard input holds"))
}

/// What was read cannot be a credential.
fn not_a_credential(error: InvalidSecret, what: &str) -> Failure {
    Failure::new(
        FailureKind::Usage,
        format!("What {what} is no credential: {error}."),
        "Give the API token or key, and nothing else.",
    )
}

async fn status(desk: Desk, form: Output, out: &mut Vec<u8>) -> Result<u8, Failure> {
    let identity = desk.selection.identity.as_ref();
    let mut report = AuthReport {
        profile: desk.selection.profile.clone(),
        source: "none",
        variable: None,
        credential: identity.map(|identity| identity.kind.code()),
        email: identity
            .and_then(|identity| identity.kind.email())
            .map(str::to_owned),
        scope: desk.selection.scope.as_ref().map(|scope| AuthScope {
            kind: scope.kind().word(),
            id: scope.id().to_owned(),
        }),
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
            if let Ok((stored, place)) = desk.inspector.stored(profile).await {
                is_usable = stored;
                report.stored = Some(stored);
                report.store = Some(place.split(',').next().unwrap_or_default().to_owned());
            }
        }
        Some(CredentialSource::Session | CredentialSource::Demo) | None => {}
    }
    let printed = match form {
        Output::Json => output::json(out, &report),
        Output::Table => output::auth_table(out, &report),
    };
    printed.map_err(|error| unprintable(&error))?;
    Ok(u8::from(!is_usable))
}
