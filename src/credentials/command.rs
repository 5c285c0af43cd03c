//! Runs the command that prints a profile's secret: without a shell, a terminal or input, and for no
//! longer than it may take.
//!
//! An error never contains what the command printed as its output. Its error output is shown, but
//! for anything else in its output.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::process::{ExitStatus, Stdio};
use std::sync::Mutex;
use std::task::{Poll, ready};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _, Shared, WeakShared};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout, timeout_at};
use zeroize::Zeroizing;

#[cfg(unix)]
use super::detached;
use crate::domain::credential::Secret;
use crate::domain::credential_command::{CredentialCommand, InvalidOutput, secret_in};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::redaction::{HIDDEN, SHORTEST};
use crate::domain::sync::locked;
use crate::domain::{pasted, text};

/// Maximum bytes of output; far more than any secret has.
const LONGEST_OUTPUT: usize = 64 * 1024;
/// Bytes of error output to keep, from its end.
const ERROR_OUTPUT: usize = 8 * 1024;
/// Bytes of error output to read at once.
const CHUNK: usize = 1024;
/// How many lines of error output to show, and how many bytes of each.
const LINES_SHOWN: usize = 3;
const LONGEST_LINE: usize = 200;

/// Where the system looks for programs without a `PATH`.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// How long to wait for the end of the output once the command has exited: what it started may hold
/// the other end open, as agents do.
const AFTER_EXIT: Duration = Duration::from_millis(200);

/// Why a command gave no secret. Strings are the system's words, or the command's error output.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    #[error("was not found")]
    NotFound,
    #[error("may not be executed")]
    NotExecutable,
    #[error("could not be started")]
    NotStarted(String),
    #[error("did not end within {} s", .0.as_secs_f64().ceil())]
    Unanswered(Duration),
    #[error("printed more than {} KiB", LONGEST_OUTPUT / 1024)]
    TooMuch,
    #[error("{how}{}{}", if said.is_empty() { "" } else { ": " }, said.trim_end_matches('.'))]
    Failed { how: String, said: String },
    #[error("{0}")]
    Output(InvalidOutput),
}

impl CommandError {
    /// The failure of a profile's command.
    pub fn for_profile(&self, profile: &str, command: &CredentialCommand) -> Failure {
        let kind = match self {
            Self::Unanswered(_) => FailureKind::Timeout,
            Self::NotFound
            | Self::NotExecutable
            | Self::NotStarted(_)
            | Self::TooMuch
            | Self::Failed { .. }
            | Self::Output(_) => FailureKind::NoCredential,
        };
        let program = command.program();
        let failure = Failure::new(
            kind,
            format!("The credential command of profile {profile}, {program}, {self}."),
            self.hint(),
        );
        match self {
            Self::NotStarted(cause) => failure.caused_by(cause),
            _ => failure,
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::NotFound => {
                "Install the program, or use its full path in `credential_command` of config.toml. \
                 No shell reads it: `~` and variables are not replaced."
            }
            Self::NotExecutable => "Make it executable with `chmod +x`.",
            Self::NotStarted(_) => {
                "Run it in a terminal to see why. A script must begin with a line such as #!/bin/sh."
            }
            Self::Unanswered(_) => {
                "It can ask nothing on the terminal: unlock what it reads from first, or allow it more \
                 time with --timeout."
            }
            Self::Failed { .. } => "Run it in a terminal to see why.",
            Self::TooMuch | Self::Output(_) => {
                "It must print the API token or key and nothing else: correct `credential_command` in \
                 config.toml."
            }
        }
    }
}

/// Whether a command can be started, as far as its program's file shows.
///
/// # Errors
/// [`CommandError::NotFound`] or [`CommandError::NotExecutable`].
pub fn check_program(command: &CredentialCommand, path: Option<&Path>) -> Result<(), CommandError> {
    let program = Path::new(command.program());
    let folders = path.unwrap_or(Path::new(DEFAULT_PATH));
    let places: Vec<PathBuf> = if program.is_absolute() {
        vec![program.to_owned()]
    } else {
        let folders = std::env::split_paths(folders);
        folders.map(|folder| folder.join(program)).collect()
    };
    // Elsewhere the file's name has an ending that the command's need not have.
    let mut found = places.iter().filter_map(|it| it.metadata().ok());
    #[cfg(unix)]
    {
        let is_executable = |file: &std::fs::Metadata| {
            file.is_file()
                && std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o111 != 0
        };
        match (found.next(), found.any(|file| is_executable(&file))) {
            (None, _) => Err(CommandError::NotFound),
            (Some(first), false) if !is_executable(&first) => Err(CommandError::NotExecutable),
            (Some(_), _) => Ok(()),
        }
    }
    #[cfg(not(unix))]
    {
        let _unknown = found.next();
        Ok(())
    }
}

/// The run of a profile's command, which begins once it is awaited.
pub type CommandRun = BoxFuture<'static, Result<Secret, Failure>>;

enum Printed {
    /// The command runs, for as long as somebody waits for it.
    Awaited(WeakShared<CommandRun>),
    Known(Secret),
}

/// The secret of a profile, or the run to wait for.
enum Current {
    Secret(Secret),
    Run(Shared<CommandRun>),
}

/// The secrets that the commands of profiles printed, and the commands that run.
#[derive(Default)]
pub struct PrintedSecrets(Mutex<HashMap<String, Printed>>);

impl PrintedSecrets {
    /// The secret of a profile. Requests at the same time share one run, and later ones its secret.
    /// After a failure, the next request starts another.
    ///
    /// # Errors
    /// Those of `start` and of the run.
    pub async fn get(
        &self,
        profile: &str,
        start: impl FnOnce() -> Result<CommandRun, Failure>,
    ) -> Result<Secret, Failure> {
        let secret = match self.current(profile, start)? {
            Current::Secret(secret) => return Ok(secret),
            Current::Run(run) => run.await?,
        };
        let known = Printed::Known(secret.clone());
        locked(&self.0).insert(profile.to_owned(), known);
        Ok(secret)
    }

    fn current(
        &self,
        profile: &str,
        start: impl FnOnce() -> Result<CommandRun, Failure>,
    ) -> Result<Current, Failure> {
        let mut all = locked(&self.0);
        let running = match all.get(profile) {
            Some(Printed::Known(secret)) => return Ok(Current::Secret(secret.clone())),
            Some(Printed::Awaited(run)) => run.upgrade(),
            None => None,
        };
        if let Some(run) = running {
            return Ok(Current::Run(run));
        }
        let run = start()?.shared();
        let awaited = run.downgrade().map(Printed::Awaited);
        all.extend(awaited.map(|awaited| (profile.to_owned(), awaited)));
        Ok(Current::Run(run))
    }

    /// Forgets what a profile's command printed.
    pub fn forget(&self, profile: &str) {
        locked(&self.0).remove(profile);
    }
}

/// Runs a command until the deadline, `allowed` from its start. Dropping the future kills it.
///
/// # Errors
/// [`CommandError`] says what went wrong.
pub async fn run(command: &CredentialCommand, deadline: Instant) -> Result<Secret, CommandError> {
    let allowed = deadline.saturating_duration_since(Instant::now());
    let mut running = Running::start(command)?;
    let mut printed = Output::new();
    let mut said = ErrorOutput::new();
    let ended = timeout_at(deadline, running.end(&mut printed, &mut said)).await;
    let status = ended.map_err(|_elapsed| CommandError::Unanswered(allowed))??;
    if status.success() {
        return secret_in(printed.bytes()).map_err(CommandError::Output);
    }
    #[cfg(unix)]
    if let Some(error) = detached::error_in(&said.bytes) {
        return Err(not_started(&error));
    }
    Err(CommandError::Failed {
        how: how_it_failed(status),
        said: said.last_lines(printed.bytes()),
    })
}

/// A process that is given nothing, and whose output is read.
fn prepared(program: &Path) -> Command {
    let mut starting = Command::new(program);
    starting
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Otherwise GnuPG would ask on the terminal that the user sees tokenscope on.
        .env_remove("GPG_TTY")
        .kill_on_drop(true);
    starting
}

fn not_started(error: &io::Error) -> CommandError {
    match error.kind() {
        io::ErrorKind::NotFound => CommandError::NotFound,
        io::ErrorKind::PermissionDenied => CommandError::NotExecutable,
        _ => CommandError::NotStarted(error.to_string()),
    }
}

/// A command that runs. Dropping it kills the command with everything that it started.
struct Running(Child);

impl Running {
    fn start(command: &CredentialCommand) -> Result<Self, CommandError> {
        let program = command.program();
        #[cfg(unix)]
        if let Some(own) = detached::own_program() {
            let mut starting = prepared(own);
            starting.args([detached::REQUEST, program]);
            // A program that was replaced meanwhile cannot start itself.
            if let Ok(started) = starting.args(command.arguments()).spawn() {
                return Ok(Self(started));
            }
        }
        let mut starting = prepared(Path::new(program));
        // As a background process it cannot read what the user types for tokenscope.
        #[cfg(unix)]
        starting.process_group(0);
        #[cfg(windows)]
        starting.creation_flags(CREATE_NO_WINDOW);
        let started = starting.args(command.arguments()).spawn();
        started.map(Self).map_err(|error| not_started(&error))
    }

    /// Reads everything that the command prints, and waits for its end.
    async fn end(
        &mut self,
        printed: &mut Output,
        said: &mut ErrorOutput,
    ) -> Result<ExitStatus, CommandError> {
        let Self(child) = self;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let reading = async { tokio::try_join!(printed.fill(stdout), said.fill(stderr)).map(drop) };
        let mut reading = pin!(reading);
        let unknown = |error: io::Error| CommandError::NotStarted(error.to_string());
        tokio::select! {
            status = child.wait() => {
                // It has written everything by now.
                if let Ok(read) = timeout(AFTER_EXIT, reading).await {
                    read?;
                }
                status.map_err(unknown)
            }
            read = &mut reading => {
                read?;
                child.wait().await.map_err(unknown)
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        #[cfg(unix)]
        // After the child was waited for, its ID may belong to another process; `id` then returns none.
        if let Some(id) = self.0.id()
            && let Some(group) = i32::try_from(id)
                .ok()
                .and_then(rustix::process::Pid::from_raw)
        {
            let _gone = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(windows)]
const CREATE_NO_WINDOW: u32 = 0x0800_0000;

fn how_it_failed(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("was ended by signal {signal}");
    }
    match status.code() {
        Some(code) => format!("failed with exit code {code}"),
        None => "failed".to_owned(),
    }
}

/// The output of a command, zeroed when dropped. Never moves, so that no copy stays behind.
struct Output {
    buffer: Zeroizing<Vec<u8>>,
    filled: usize,
}

impl Output {
    fn new() -> Self {
        Self {
            buffer: Zeroizing::new(vec![0; LONGEST_OUTPUT + 1]),
            filled: 0,
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    async fn fill(&mut self, from: Option<impl AsyncRead + Unpin>) -> Result<(), CommandError> {
        let Some(mut from) = from else { return Ok(()) };
        while self.filled < self.buffer.len() {
            match read(&mut from, &mut self.buffer[self.filled..]).await {
                0 => return Ok(()),
                count => self.filled += count,
            }
        }
        Err(CommandError::TooMuch)
    }
}

/// The end of what a command wrote to its error output.
struct ErrorOutput {
    bytes: Zeroizing<Vec<u8>>,
    /// Whether something in front of it was dropped.
    is_cut: bool,
}

impl ErrorOutput {
    fn new() -> Self {
        Self {
            bytes: Zeroizing::new(Vec::with_capacity(2 * ERROR_OUTPUT)),
            is_cut: false,
        }
    }

    async fn fill(&mut self, from: Option<impl AsyncRead + Unpin>) -> Result<(), CommandError> {
        let Some(mut from) = from else { return Ok(()) };
        let mut chunk = Zeroizing::new([0; CHUNK]);
        loop {
            let count = read(&mut from, chunk.as_mut_slice()).await;
            if count == 0 {
                return Ok(());
            }
            self.bytes.extend_from_slice(&chunk[..count]);
            let surplus = self.bytes.len().saturating_sub(ERROR_OUTPUT);
            self.bytes.drain(..surplus);
            self.is_cut |= surplus > 0;
        }
    }

    /// Its last lines, joined, without what the command printed as its output.
    fn last_lines(&self, printed: &[u8]) -> String {
        let mut said = Zeroizing::new(String::from_utf8_lossy(&self.bytes).into_owned());
        let printed = Zeroizing::new(String::from_utf8_lossy(printed).into_owned());
        let secrets = printed.split_whitespace().map(pasted::peel);
        for secret in secrets.filter(|word| word.len() >= SHORTEST) {
            if said.contains(secret) {
                *said = said.replace(secret, HIDDEN);
            }
        }
        // Part of a secret could not be told from other text.
        let whole = said.lines().skip(usize::from(self.is_cut));
        let lines = whole.map(text::trim_input);
        let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(LINES_SHOWN)..];
        let last: Vec<&str> = last
            .iter()
            .map(|line| text::start(line, LONGEST_LINE))
            .collect();
        last.join(" / ")
    }
}

/// Reads some bytes; 0 at the end, and where nothing can be read any more.
async fn read(from: &mut (impl AsyncRead + Unpin), into: &mut [u8]) -> usize {
    poll_fn(|context| {
        let mut buffer = ReadBuf::new(into);
        let read = ready!(Pin::new(&mut *from).poll_read(context, &mut buffer));
        Poll::Ready(read.map_or(0, |()| buffer.filled().len()))
    })
    .await
}
