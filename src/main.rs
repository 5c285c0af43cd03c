//! tokenscope: parse the arguments, choose command or screens, and give the exit code.
//!
//! Not here: anything that either of them does.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::FromArgMatches as _;
use tokenscope::app::Opening;
use tokenscope::app::session::Session;
use tokenscope::cli::args::{Cli, Command, Global};
use tokenscope::cli::commands::completions;
use tokenscope::cli::desk::Desk;
use tokenscope::cli::error_report::{ErrorReporter, warn};
use tokenscope::cli::ground::{self, Ground};
use tokenscope::cli::help::grammar;
use tokenscope::cli::{commands, output_style, prompt, usage_error};
use tokenscope::config::paths::Paths;
use tokenscope::config::{log, permissions, settings};
use tokenscope::credentials::{Environment, Keyring, STORE_NAME, StoreHandle};
use tokenscope::domain::credential::{ActiveCredential, CredentialSource};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::redaction::misplaced;
use tokenscope::domain::text;
use tokenscope::domain::token::{InvalidTokenRef, TokenRef};
use tokenscope::keymap::Keymap;
use tokenscope::service::{Limits, TokenService};
use tokenscope::signals;
use tokenscope::tui::{self, Clipboard, Launch};

/// The keyring's share of a command's deadline.
const KEYRING_WAIT: Duration = Duration::from_secs(5);
/// How long somebody may take to unlock the keyring, apart from that deadline.
const FOR_PEOPLE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    end_on_panic();
    // Without the thread they do what they always do.
    let _threadless = signals::start();
    let words: Vec<String> = arguments();
    if let Some((completions::REQUEST, rest)) = words
        .split_first()
        .map(|(first, rest)| (first.as_str(), rest))
    {
        return complete(rest);
    }
    let environment = Environment::read();
    if let Some(code) = usage_error::refuse_secret(&words, &environment, now) {
        return ExitCode::from(code);
    }
    let parsed = grammar()
        .try_get_matches_from(std::env::args_os())
        .and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches))
        .and_then(|cli| match unknown_command(&cli, &words) {
            Some(error) => Err(error),
            None => Ok(cli),
        });
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(usage_error::refuse(error, &words, &environment, now)),
    };
    let telling = ErrorReporter::of(cli.command.as_ref(), now);
    let code = match start(cli, environment) {
        Ok(code) => code,
        Err(error) => match error.downcast::<Reported>() {
            Ok(Reported(failure)) => telling.tell(&failure, None),
            Err(error) => {
                tracing::error!("{error:#}");
                let _closed = writeln!(io::stderr(), "error: {error:#}");
                1
            }
        },
    };
    // Said last, when no screen is in the way any more.
    for said in permissions::tightened() {
        warn(&said);
    }
    if let Some(complaint) = log::complaint() {
        warn(&complaint);
    }
    ExitCode::from(code)
}

/// A panic in any thread is a fault that ends the program, with its own exit code. Nothing is
/// unwound: the release build leaves out what that needs.
fn end_on_panic() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        prompt::give_back_in_panic();
        report(panic);
        std::process::exit(101);
    }));
}

/// What the grammar took for a token to open, and is a command with a typing mistake.
fn unknown_command(cli: &Cli, words: &[String]) -> Option<clap::Error> {
    cli.token.as_ref()?;
    usage_error::unknown_command(words)
}

/// The words after the program's name; what is no text is of no use but to the grammar.
fn arguments() -> Vec<String> {
    std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect()
}

/// Answers a shell's script. Whatever goes wrong, there is nothing to offer then.
fn complete(words: &[String]) -> ExitCode {
    let profiles = || {
        let environment = Environment::read();
        let paths = Paths::find(environment.path("TOKENSCOPE_HOME").as_deref());
        let loaded = paths.and_then(|paths| settings::load(&paths));
        let profiles = loaded.map(|loaded| loaded.settings.profiles);
        let names = profiles.unwrap_or_default().into_iter();
        names.map(|profile| profile.name).collect()
    };
    let mut text = String::new();
    for candidate in completions::candidates(words, profiles) {
        text.push_str(&candidate.word);
        if !candidate.about.is_empty() {
            text.push('\t');
            text.push_str(&candidate.about);
        }
        text.push('\n');
    }
    let _closed = io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// A failure on its way to the one place that prints it.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.summary)]
struct Reported(Failure);

fn reported(failure: Failure) -> anyhow::Error {
    Reported(failure).into()
}

fn start(cli: Cli, environment: Environment) -> anyhow::Result<u8> {
    let Cli {
        global,
        command,
        token,
    } = cli;
    if command.is_some() && token.is_some() {
        return Err(reported(token_before_command()));
    }
    let ground = ground::prepare(&global, command.as_ref(), environment, now).map_err(reported)?;
    if command.is_some() {
        ground.warnings.iter().for_each(|it| warn(&it.summary));
    }
    let selection = ground::selection(&global, &ground, command.as_ref()).map_err(reported)?;
    log_start(&ground, &selection);
    let timeout = Duration::from_secs(global.timeout);
    let limits = Limits {
        timeout,
        keyring: if command.is_some() {
            KEYRING_WAIT.min(timeout)
        } else {
            timeout
        },
        waits_when_limited: command.is_some(),
    };
    let overruling = overruling(&global, command.as_ref());
    let service = service(&ground, command.is_none(), limits).overruling_variables(overruling);
    let style = output_style::style(&global, &ground.environment, &ground.settings);
    let Some(command) = command else {
        return open(
            &global,
            ground,
            selection,
            service,
            limits,
            token.as_deref(),
        );
    };
    for said in overlooked(&ground, &selection) {
        warn(&said);
    }
    let scope = ground::scope(&global, false).map_err(reported)?;
    run(
        command,
        Desk {
            service,
            selection,
            settings: ground.settings,
            environment: ground.environment,
            profile: global.profile,
            scope,
            options: ground.options,
            limits,
            is_demo: global.demo,
            style,
        },
    )
}

/// Logs what a run asks with, and whom. The host alone: a path may hold anything.
fn log_start(ground: &Ground, selection: &ActiveCredential) {
    let source = selection.identity.as_ref().map(|identity| &identity.source);
    let source = match source {
        Some(CredentialSource::Environment { variable }) => format!("environment, {variable}"),
        Some(CredentialSource::Keyring { profile }) => format!("{STORE_NAME}, profile {profile}"),
        Some(CredentialSource::Session) => "session".to_owned(),
        Some(CredentialSource::Demo) => "demo".to_owned(),
        None => "none".to_owned(),
    };
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        credential = source,
        base_url = ground.options.base_url.host(),
        "started"
    );
}

/// Which of several credentials of the environment counts, where one of them is used, and which
/// address of the API.
fn overlooked(ground: &Ground, selection: &ActiveCredential) -> Vec<String> {
    let source = selection.identity.as_ref().map(|it| &it.source);
    let mut sentences = match source {
        Some(CredentialSource::Environment { .. }) => ground.environment.overlooked(),
        _ => Vec::new(),
    };
    // The demo, and what only prints itself, have neither.
    if source.is_some() || ground.paths.is_some() {
        sentences.extend(ground.environment.overlooked_base_url());
    }
    sentences
}

fn service(ground: &Ground, has_screens: bool, limits: Limits) -> TokenService {
    TokenService::new(
        ground.options.clone(),
        store(has_screens),
        ground.environment.clone(),
        ground.paths.clone(),
        limits,
    )
}

/// The flag that counts before the environment's credential, where one was given.
fn overruling(global: &Global, command: Option<&Command>) -> Option<&'static str> {
    match command {
        _ if global.profile.is_some() => Some("--profile"),
        Some(Command::Check(check)) if check.all_profiles => Some("--all-profiles"),
        _ => None,
    }
}

/// The keyring. Somebody may be asked to unlock it where the screens or a command can say so.
fn store(has_screens: bool) -> StoreHandle {
    let store = StoreHandle::start(|| Box::new(Keyring::default()));
    if has_screens || io::stderr().is_terminal() {
        store.for_people(FOR_PEOPLE)
    } else {
        store
    }
}

fn token_before_command() -> Failure {
    Failure::new(
        FailureKind::Usage,
        "A token before the command means nothing.",
        "Name the token after the command.",
    )
}

fn run(command: Command, desk: Desk) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime")?;
    let code = runtime.block_on(commands::run(desk, command));
    // A keyring call that hangs must not keep the process.
    runtime.shutdown_background();
    Ok(code)
}

fn open(
    global: &Global,
    ground: Ground,
    selection: ActiveCredential,
    service: TokenService,
    limits: Limits,
    token: Option<&str>,
) -> anyhow::Result<u8> {
    let token = token.map(parse_token).transpose().map_err(reported)?;
    if let Some(code) = refuse_screens(&ground.environment) {
        return Ok(code);
    }
    let opening = match token {
        token if global.demo => Opening::Demo(token),
        Some(token) => Opening::Token(token),
        None if selection.identity.is_some() || !ground.settings.profiles.is_empty() => {
            Opening::Lookup
        }
        None => Opening::Setup,
    };
    let (keymap, unusable) = keymap(ground.paths.as_ref())?;
    let overlooked = overlooked(&ground, &selection)
        .into_iter()
        .map(|text| Failure::new(FailureKind::Usage, text, "Unset the one that is not meant."));
    let warnings = unusable
        .into_iter()
        .chain(ground.warnings.iter().cloned())
        .chain(overlooked)
        .collect();
    let theme =
        output_style::theme(global, &ground.environment, &ground.settings).map_err(reported)?;
    let ascii = output_style::is_ascii(global, &ground.environment, &ground.settings);
    let fault = ground
        .environment
        .get("TOKENSCOPE_TEST_FAULT")
        .map(str::to_owned);
    let [has_tmux, has_screen] = ["TMUX", "STY"].map(|it| ground.environment.get(it).is_some());
    let session = session(selection, &ground, global);
    let Ground { paths, options, .. } = ground;
    tui::run(Launch {
        session,
        opening,
        warnings,
        service,
        options,
        limits,
        paths,
        keymap,
        theme,
        ascii,
        clipboard: Clipboard::of(has_tmux, has_screen),
        fault,
    })
    .context("the terminal cannot be used")
}

/// Says why there can be no screens here, if so, and gives the exit code of that.
fn refuse_screens(environment: &Environment) -> Option<u8> {
    let why = if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        "the screens need a terminal"
    } else if output_style::is_dumb(environment) {
        "the screens need a terminal that moves its cursor, and TERM is dumb or unset"
    } else {
        return None;
    };
    let _closed = writeln!(
        io::stderr(),
        "error: {why}; in scripts use `tokenscope get TOKEN`"
    );
    Some(65)
}

fn session(selection: ActiveCredential, ground: &Ground, global: &Global) -> Session {
    let ActiveCredential {
        identity,
        profile,
        scope,
        scope_origin,
    } = selection;
    let store = profile.is_some().then_some(STORE_NAME);
    let variable = ground.environment.credential().ok().flatten();
    Session {
        identity,
        profile,
        scope,
        scope_origin,
        store,
        base_url: ground.options.base_url.clone(),
        variable: variable
            .filter(|_| !global.demo)
            .map(|found| found.variable),
        is_named: global.profile.is_some(),
        settings: ground.settings.clone(),
        demo_only: global.demo,
    }
}

/// A name alone is not taken here: it may as well be a command with a typing mistake.
fn parse_token(text: &str) -> Result<TokenRef, Failure> {
    match TokenRef::parse(text) {
        Ok(token) if !matches!(token, TokenRef::Name(_)) => Ok(token),
        Err(InvalidTokenRef::Secret) => Err(misplaced()),
        Ok(TokenRef::Name(name)) if !usage_error::may_be_secret(&name) => Err(Failure::new(
            FailureKind::Usage,
            format!(
                "{} is neither a command, nor a token's ID, nor a client ID, nor a URL that holds an ID.",
                text::quoted(&name)
            ),
            "For a name, use `tokenscope get NAME`; for all commands, see `tokenscope --help`.",
        )),
        _ => Err(Failure::new(
            FailureKind::Usage,
            // Not repeated: a URL may hold a secret.
            "This is neither a token's ID, nor a client ID, nor a URL that holds an ID.",
            "For a name, use `tokenscope get NAME`; for all commands, see `tokenscope --help`.",
        )),
    }
}

/// The keys in force; a user's file that cannot be used is a warning, not the end.
fn keymap(paths: Option<&Paths>) -> anyhow::Result<(Keymap, Option<Failure>)> {
    let built_in = Keymap::built_in().context("the built-in keys")?;
    let text = match paths.map(settings::keymap_text).transpose() {
        Ok(text) => text.flatten(),
        Err(failure) => return Ok((built_in, Some(failure))),
    };
    Ok(match text.map(|text| built_in.clone().patched(&text)) {
        None => (built_in, None),
        Some(Ok(keymap)) => (keymap, None),
        Some(Err(error)) => (built_in, Some(error.into())),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the clock that everything else is handed"
)]
fn now() -> DateTime<Utc> {
    Utc::now()
}
