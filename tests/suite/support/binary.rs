//! The built program: its environment, and runs against a mock API whose clock stands still.
//!
//! The mock's clock says noon on 1 March 2025, and the program adopts it, so that all output is
//! predictable.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::api::success;
use crate::support::tokens::{ACCOUNT, CANARY};
use serde_json::Value;
use tempfile::TempDir;
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_tokenscope");

/// The built program without the developer's environment: no keyring, and no files unless a home is
/// given.
#[derive(Default)]
pub(crate) struct Binary {
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
}

impl Binary {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        Self {
            arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
            variables: Vec::new(),
        }
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn envs(self, variables: &[(&str, &str)]) -> Self {
        let add = |binary: Self, (name, value): &(&str, &str)| binary.env(name, value);
        variables.iter().fold(self, add)
    }

    /// Sets the folder of the program's files.
    pub(crate) fn home(self, home: &Path) -> Self {
        self.env("TOKENSCOPE_HOME", home.to_str().unwrap())
    }

    /// Sets the base URL of the API.
    pub(crate) fn asking(self, url: &str) -> Self {
        self.env("CLOUDFLARE_BASE_URL", url)
    }

    /// Adds an API token and an account.
    pub(crate) fn with_token(self) -> Self {
        self.env("CLOUDFLARE_API_TOKEN", CANARY)
            .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT)
    }

    /// Adds the keyring and the folders of a private session.
    #[cfg(target_os = "linux")]
    pub(crate) fn on(self, desktop: &super::keyring::Session) -> Self {
        let environment = desktop.command("true");
        let variables: Vec<(&str, &str)> = environment
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_str()?, value?.to_str()?)))
            .collect();
        self.envs(&variables)
    }

    pub(crate) fn command(self) -> Command {
        let mut command = Command::new(BINARY);
        isolate(&mut command);
        command.args(self.arguments).envs(self.variables);
        command
    }

    /// The program on a pseudo-terminal.
    #[cfg(unix)]
    pub(crate) fn on_terminal(self) -> super::terminal::Session {
        let mut command = portable_pty::CommandBuilder::new(BINARY);
        command.args(&self.arguments);
        let variables: Vec<(&str, &str)> = self
            .variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        super::terminal::Session::spawn(command, &variables)
    }
}

/// Clears the developer's environment from a command.
pub(crate) fn isolate(command: &mut Command) {
    command
        .env_clear()
        .env("TOKENSCOPE_HOME", "/nonexistent/tokenscope")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .env("XDG_RUNTIME_DIR", "/nonexistent")
        .stdin(Stdio::null());
}

/// A search path on which a shell finds the program first.
pub(crate) fn search_path() -> String {
    let folder = Path::new(BINARY).parent().unwrap();
    format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display())
}

const DATE: &str = "Sat, 01 Mar 2025 12:00:00 GMT";
/// The API's clock is half a second past, so a slower run may see the next second.
const STEADY: Duration = Duration::from_millis(450);

/// A token of each status at the API's time, in reverse order of urgency, and an empty object.
pub(crate) const TOKENS: &str = r#"[
{"id":"a0000000-0000-4000-8000-000000000007","name":"off","client_id":"00000000000000000000000000000007.access","duration":"8760h","enabled":false,"created_at":"2024-06-01T12:00:00Z","updated_at":"2024-06-01T12:00:00Z","expires_at":"2025-06-01T12:00:00Z","last_seen_at":"2024-12-01T12:00:00Z"},
{"id":"a0000000-0000-4000-8000-000000000006","name":"eternal","client_id":"00000000000000000000000000000006.access","duration":"forever","enabled":true,"created_at":"2024-06-01T12:00:00Z","updated_at":"2024-06-01T12:00:00Z","expires_at":"2125-06-01T12:00:00Z","last_seen_at":"2025-03-01T11:59:00Z"},
{"id":"a0000000-0000-4000-8000-000000000005","name":"fine, \"really\"","client_id":"00000000000000000000000000000005.access","duration":"8760h","enabled":true,"created_at":"2025-01-01T12:00:00Z","updated_at":"2025-01-01T12:00:00Z","expires_at":"2026-01-01T12:00:01Z","last_seen_at":"2025-02-28T12:00:00Z"},
{"id":"a0000000-0000-4000-8000-000000000004","name":"dateless","client_id":"00000000000000000000000000000004.access","duration":"8760h","enabled":true,"created_at":"2025-01-01T12:00:00Z","updated_at":"2025-01-01T12:00:00Z","expires_at":null,"last_seen_at":"2025-02-28T12:00:00Z"},
{"id":"a0000000-0000-4000-8000-000000000003","name":"soon","client_id":"00000000000000000000000000000003.access","duration":"8760h","enabled":true,"created_at":"2024-03-20T12:00:01Z","updated_at":"2024-03-20T12:00:01Z","expires_at":"2025-03-20T12:00:01Z","last_seen_at":"2025-02-28T12:00:00Z","client_secret_version":2},
{"id":"a0000000-0000-4000-8000-000000000002","name":"now","client_id":"00000000000000000000000000000002.access","duration":"8760h","enabled":true,"created_at":"2024-03-02T12:00:01Z","updated_at":"2024-03-02T12:00:01Z","expires_at":"2025-03-02T12:00:01Z","last_seen_at":null},
{"id":"a0000000-0000-4000-8000-000000000001","name":"over","client_id":"00000000000000000000000000000001.access","duration":"8760h","enabled":true,"created_at":"2024-02-20T12:00:00Z","updated_at":"2024-02-20T12:00:00Z","expires_at":"2025-02-20T12:00:00Z","last_seen_at":"2025-02-19T12:00:00Z","n":123456789012345678901234567890},
{}
]"#;

/// An answer with the API's date.
pub(crate) fn ok(body: impl Into<Vec<u8>>) -> ResponseTemplate {
    ResponseTemplate::new(200)
        .insert_header("date", DATE)
        .set_body_bytes(body)
}

pub(crate) struct TestEnv {
    pub(crate) home: TempDir,
    pub(crate) server: MockServer,
}

/// Answers for one token of the list.
struct One(Vec<Value>);

impl Respond for One {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let id = request.url.path().rsplit('/').next().unwrap();
        match self.0.iter().find(|token| token["id"] == id) {
            Some(token) => ok(success(&token.to_string())),
            None => ResponseTemplate::new(404)
                .insert_header("date", DATE)
                .insert_header("cf-ray", "8f00000000000000-AMS")
                .set_body_string(
                    r#"{"success":false,"errors":[{"code":12135,"message":"access.api.error.service_token_not_found"}],"result":null}"#,
                ),
        }
    }
}

impl TestEnv {
    /// A scope with these tokens, as JSON.
    pub(crate) async fn with(tokens: &str) -> Self {
        let env = Self::empty().await;
        let list = format!("/accounts/{ACCOUNT}/access/service_tokens");
        Mock::given(method("GET"))
            .and(path(list.clone()))
            .respond_with(ok(success(tokens)))
            .mount(&env.server)
            .await;
        Mock::given(method("GET"))
            .and(path_regex(format!("^{list}/.+")))
            .respond_with(One(serde_json::from_str(tokens).unwrap()))
            .mount(&env.server)
            .await;
        env
    }

    /// A server that gives every request the same answer.
    pub(crate) async fn answering(answer: impl Respond + 'static) -> Self {
        let env = Self::empty().await;
        Mock::given(method("GET"))
            .respond_with(answer)
            .mount(&env.server)
            .await;
        env
    }

    pub(crate) async fn empty() -> Self {
        Self {
            home: TempDir::new().unwrap(),
            server: MockServer::start().await,
        }
    }

    /// The binary without a credential or a scope.
    pub(crate) fn bare(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        self.isolate(&mut command);
        command.args(arguments);
        command
    }

    /// Clears the developer's environment from a command, and adds this home and server.
    pub(crate) fn isolate(&self, command: &mut Command) {
        isolate(command);
        command
            .env("LANG", "C.UTF-8")
            .env("TOKENSCOPE_HOME", self.home.path())
            .env("CLOUDFLARE_BASE_URL", self.server.uri());
    }

    /// The binary with a credential and the account.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bare(arguments);
        command
            .env("CLOUDFLARE_API_TOKEN", CANARY)
            .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command until it was quick enough to see the expected second.
    pub(crate) fn steady(&self, arguments: &[&str]) -> Output {
        for _ in 0..50 {
            let begun = Instant::now();
            let output = self.run(arguments);
            if begun.elapsed() < STEADY {
                return output;
            }
        }
        self.run(arguments)
    }

    pub(crate) fn write_config(&self, text: &str) {
        std::fs::write(self.home.path().join("config.toml"), text).unwrap();
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The text without the warning about the machine's clock, which is far from the API's.
pub(crate) fn without_the_clock(said: &str) -> String {
    let is_other = |line: &&str| !line.starts_with("warning: your clock is ");
    said.split_inclusive('\n').filter(is_other).collect()
}

/// Runs a command with this input.
#[cfg(target_os = "linux")]
pub(crate) fn piped(command: &mut Command, stdin: &str) -> Output {
    use std::io::Write as _;
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that reads no input may have closed it already.
    let _closed = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}
