//! tokenscope: parse the arguments, choose command or screens, and give the exit code.
//!
//! Not here: anything that either of them does.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::Parser;
use tokenscope::api::{BaseUrl, Options};
use tokenscope::app::Opening;
use tokenscope::app::state::Session;
use tokenscope::cli::args::{Auth, Cli, Command, Global, Output};
use tokenscope::cli::commands::{self, Desk};
use tokenscope::cli::looks;
use tokenscope::config::log;
use tokenscope::config::paths::Paths;
use tokenscope::config::settings;
use tokenscope::credentials::{Environment, Keyring, STORE_NAME, Vault};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::scope::{ScopeId, ScopeKind};
use tokenscope::domain::settings::Settings;
use tokenscope::domain::token::TokenRef;
use tokenscope::inspector::{self, Inspector, Limits, Selection, Wishes};
use tokenscope::keymap::Keymap;
use tokenscope::tui::{self, Launch};

/// The keyring's share of a command's deadline.
const KEYRING_WAIT: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(refuse(&error)),
    };
    let form = match &cli.command {
        Some(Command::Get { output, .. }) => *output,
        _ => Output::Table,
    };
    match start(cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => match error.downcast::<Reported>() {
            Ok(Reported(failure)) => {
                commands::report(form, &failure);
                ExitCode::from(commands::exit_code(&failure))
            }
            Err(error) => {
                let _closed = writeln!(io::stderr(), "error: {error:#}");
                ExitCode::from(1)
            }
        },
    }
}

/// A command line that cannot be read; also help and version, which come the same way.
fn refuse(error: &clap::Error) -> u8 {
    if !error.use_stderr() {
        let _closed = error.print();
        return 0;
    }
    let arguments: Vec<_> = std::env::args_os().collect();
    let wants_json = arguments
        .windows(2)
        .any(|pair| matches!(pair[0].to_str(), Some("-o" | "--output")) && pair[1] == "json")
        || arguments
            .iter()
            .any(|argument| argument == "--output=json" || argument == "-ojson");
    if wants_json {
        let text = error.to_string();
        let lines: Vec<&str> = text
            .lines()
            .take_while(|line| !line.is_empty())
            .map(str::trim)
            .collect();
        let summary = lines.join(" ");
        let summary = summary.trim_start_matches("error: ");
        let failure = Failure::new(FailureKind::Usage, summary, "See `tokenscope --help`.");
        commands::report(Output::Json, &failure);
    } else {
        let _closed = error.print();
    }
    64
}

/// A failure on its way to the one place that prints it.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.summary)]
struct Reported(Failure);

fn reported(failure: Failure) -> anyhow::Error {
    Reported(failure).into()
}

/// What a run stands on, demo or not.
struct Ground {
    environment: Environment,
    paths: Option<Paths>,
    settings: Settings,
    warnings: Vec<String>,
    options: Options,
}

fn start(cli: Cli) -> anyhow::Result<u8> {
    let Cli {
        global,
        command,
        token,
    } = cli;
    let ground = prepare(&global).map_err(reported)?;
    let selection = selection(&global, &ground, command.as_ref()).map_err(reported)?;
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
    let inspector = Inspector::new(
        ground.options.clone(),
        Vault::start(|| Box::new(Keyring::default())),
        ground.environment.clone(),
        ground.paths.clone(),
        limits,
    );
    if command.is_some() && token.is_some() {
        return Err(reported(Failure::new(
            FailureKind::Usage,
            "A token before the command means nothing.",
            "Name the token after the command.",
        )));
    }
    let style = looks::style(&global, &ground.environment);
    let Some(command) = command else {
        return open(
            &global,
            ground,
            selection,
            inspector,
            limits,
            token.as_deref(),
        );
    };
    run(
        command,
        Desk {
            inspector,
            selection,
            settings: ground.settings,
            profile: global.profile,
            options: ground.options,
            limits,
            is_demo: global.demo,
            style,
        },
    )
}

fn selection(
    global: &Global,
    ground: &Ground,
    command: Option<&Command>,
) -> Result<Selection, Failure> {
    let mut wishes = wishes(global, command.is_none())?;
    if global.demo {
        return Ok(Selection {
            scope: wishes.scope,
            ..Selection::default()
        });
    }
    // A credential may be stored or cleared for a profile that is not in the file.
    let makes_profiles = matches!(
        command,
        Some(Command::Auth {
            command: Auth::Set { .. } | Auth::Clear
        })
    );
    if makes_profiles {
        wishes.profile = wishes
            .profile
            .filter(|name| ground.settings.profile(name).is_some());
    }
    inspector::select(&wishes, &ground.environment, &ground.settings)
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

fn prepare(global: &Global) -> Result<Ground, Failure> {
    let environment = Environment::read();
    let mut options = Options {
        base_url: BaseUrl::default(),
        ca_file: global.ca_file.clone(),
        use_system_proxy: true,
        clock: now,
    };
    if global.demo {
        let (settings, warnings) = (Settings::default(), Vec::new());
        return Ok(Ground {
            environment,
            paths: None,
            settings,
            warnings,
            options,
        });
    }
    if let Some((text, variable)) = environment.base_url() {
        options.base_url = BaseUrl::parse(text).map_err(|error| {
            Failure::new(
                FailureKind::Usage,
                format!("{variable} cannot be used: {error}."),
                "Set it to an https URL, or to http on a loopback address.",
            )
        })?;
    }
    let paths = Paths::find(environment.path("TOKENSCOPE_HOME").as_deref())?;
    if let Some(level) = global
        .log
        .as_deref()
        .or_else(|| environment.get("TOKENSCOPE_LOG"))
    {
        log::start(&paths, level)?;
    }
    let loaded = settings::load(&paths)?;
    Ok(Ground {
        environment,
        paths: Some(paths),
        settings: loaded.settings,
        warnings: loaded.warnings,
        options,
    })
}

fn wishes(global: &Global, for_screens: bool) -> Result<Wishes, Failure> {
    let (kind, text) = match (&global.account, &global.zone) {
        (Some(_), Some(_)) if !for_screens => {
            return Err(Failure::new(
                FailureKind::Usage,
                "--account and --zone are both given; a token lives in one of them.",
                "Leave one of the two out.",
            ));
        }
        (Some(account), _) => (ScopeKind::Account, account),
        (None, Some(zone)) => (ScopeKind::Zone, zone),
        (None, None) => {
            return Ok(Wishes {
                profile: global.profile.clone(),
                scope: None,
                prefers_account: for_screens,
            });
        }
    };
    let id = ScopeId::parse(text).map_err(|error| {
        Failure::new(
            FailureKind::Usage,
            format!("--{} is malformed: {error}.", kind.word()),
            "Copy the ID from the dashboard.",
        )
    })?;
    Ok(Wishes {
        profile: global.profile.clone(),
        scope: Some(kind.with(id)),
        prefers_account: for_screens,
    })
}

fn open(
    global: &Global,
    ground: Ground,
    selection: Selection,
    inspector: Inspector,
    limits: Limits,
    token: Option<&str>,
) -> anyhow::Result<u8> {
    let token = token.map(parse_token).transpose().map_err(reported)?;
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        return Ok(refuse_without_terminal());
    }
    let opening = match token {
        token if global.demo => Opening::Demo(token),
        Some(token) => Opening::Token(token),
        None if selection.identity.is_some() || !ground.settings.profiles.is_empty() => {
            Opening::Lookup
        }
        None => Opening::Setup,
    };
    let (keymap, mut warning) = keymap(ground.paths.as_ref())?;
    if let Some(text) = ground.warnings.first() {
        warning = Some(Failure::new(
            FailureKind::Config,
            text.clone(),
            "Check its spelling in config.toml.",
        ));
    }
    let theme = looks::theme(global, &ground.environment, &ground.settings).map_err(reported)?;
    let ascii = looks::is_ascii(global, &ground.environment, &ground.settings);
    let fault = ground
        .environment
        .get("TOKENSCOPE_TEST_FAULT")
        .map(str::to_owned);
    let Ground {
        paths,
        settings,
        options,
        ..
    } = ground;
    let session = session(selection, settings, global.demo);
    tui::run(Launch {
        session,
        opening,
        warning,
        inspector,
        options,
        limits,
        paths,
        keymap,
        theme,
        ascii,
        fault,
    })
    .context("the terminal cannot be used")
}

fn refuse_without_terminal() -> u8 {
    let line = "error: the screens need a terminal; in scripts use `tokenscope get TOKEN`";
    let _closed = writeln!(io::stderr(), "{line}");
    65
}

fn session(selection: Selection, settings: Settings, demo_only: bool) -> Session {
    let Selection {
        identity,
        profile,
        scope,
        scope_origin,
    } = selection;
    let store = profile.is_some().then(|| STORE_NAME.to_owned());
    Session {
        identity,
        profile,
        scope,
        scope_origin,
        store,
        settings,
        demo_only,
    }
}

/// A name alone is not taken here: it may as well be a command with a typing mistake.
fn parse_token(text: &str) -> Result<TokenRef, Failure> {
    match TokenRef::parse(text) {
        Ok(token) if !matches!(token, TokenRef::Name(_)) => Ok(token),
        _ => Err(Failure::new(
            FailureKind::Usage,
            format!(
                "{text:?} is neither a token's ID, nor a client ID, nor a URL that holds an ID."
            ),
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
