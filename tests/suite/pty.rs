//! The real binary on a real pseudo-terminal: start, use, quit, and the terminal given back.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as expected"
)]

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

const PATIENCE: Duration = Duration::from_secs(20);

/// What the shell says when it is ready.
pub(crate) const PROMPT: &str = "ready> ";

/// A program on a pseudo-terminal of 100 columns and 30 rows.
pub(crate) struct Session {
    pub(crate) child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    pub(crate) master: Box<dyn MasterPty + Send>,
    bytes: Receiver<Vec<u8>>,
    pub(crate) screen: vt100::Parser,
    pub(crate) stream: Vec<u8>,
    pub(crate) home: tempfile::TempDir,
}

impl Session {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tokenscope"));
        command.args(arguments);
        Self::spawn(command, &[])
    }

    pub(crate) fn spawn(mut command: CommandBuilder, variables: &[(&str, &str)]) -> Self {
        let home = tempfile::TempDir::new().unwrap();
        let size = PtySize {
            rows: 30,
            cols: 100,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("TOKENSCOPE_HOME", home.path());
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        command.env("XDG_RUNTIME_DIR", home.path());
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, bytes) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            writer: pair.master.take_writer().unwrap(),
            master: pair.master,
            bytes,
            screen: vt100::Parser::new(30.try_into().unwrap(), 100.try_into().unwrap(), 0),
            stream: Vec::new(),
            home,
        }
    }

    pub(crate) fn type_keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |session| {
            session.screen.screen().contents().contains(text)
        });
    }

    /// Waits for the shell's prompt to appear for the nth time.
    pub(crate) fn wait_for_prompt(&mut self, count: usize) {
        self.wait_until("the prompt", |session| {
            String::from_utf8_lossy(&session.stream)
                .matches(PROMPT)
                .count()
                >= count
        });
    }

    pub(crate) fn wait_until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            let left = deadline.saturating_duration_since(Instant::now());
            let chunk = self.bytes.recv_timeout(left);
            let screen = self.screen.screen().contents();
            assert!(chunk.is_ok(), "never saw {what:?} on:\n{screen}");
            self.take(&chunk.unwrap());
        }
    }

    /// Everything that was written so far.
    pub(crate) fn written(&self) -> &[u8] {
        &self.stream
    }

    /// What the screen shows.
    pub(crate) fn shown(&self) -> String {
        self.screen.screen().contents()
    }

    /// Whether nothing is written for a while.
    pub(crate) fn is_silent_for(&mut self, while_: Duration) -> bool {
        match self.bytes.recv_timeout(while_) {
            Ok(chunk) => {
                self.take(&chunk);
                false
            }
            Err(_) => true,
        }
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&mut self, cols: u16, rows: u16) {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        self.master.resize(size).unwrap();
        let at_least_one = |cells: u16| NonZeroU16::new(cells.max(1)).unwrap();
        self.screen
            .screen_mut()
            .set_size(at_least_one(rows), at_least_one(cols));
    }

    /// The process group that the terminal belongs to now.
    pub(crate) fn foreground(&self) -> Pid {
        Pid::from_raw(self.master.process_group_leader().unwrap()).unwrap()
    }

    /// Closes the terminal under the program, and gives the program.
    pub(crate) fn hang_up(self) -> Box<dyn Child + Send + Sync> {
        self.child
    }

    fn take(&mut self, chunk: &[u8]) {
        self.stream.extend_from_slice(chunk);
        self.screen.process(chunk);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Whether the program ends in this time.
    pub(crate) fn ends_within(&mut self, wait: Duration) -> bool {
        let deadline = Instant::now() + wait;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.bytes.recv_timeout(left) {
                Ok(chunk) => self.take(&chunk),
                Err(error) => return error == std::sync::mpsc::RecvTimeoutError::Disconnected,
            }
        }
    }

    /// Waits for the end, and gives the status and all that was written.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.bytes.recv_timeout(left) {
                Ok(chunk) => self.take(&chunk),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                    self.child.kill().unwrap();
                    assert!(Instant::now() < deadline, "the program did not end");
                }
            }
        }
        (
            self.child.wait().unwrap(),
            String::from_utf8_lossy(&self.stream).into_owned(),
        )
    }
}

pub(crate) fn is_given_back_once(stream: &str) {
    for sequence in ["\x1b[?1049l", "\x1b[?2004l"] {
        assert_eq!(stream.matches(sequence).count(), 1, "{sequence:?}");
    }
    assert!(
        stream.rfind("\x1b[?25h") > stream.rfind("\x1b[?1049h"),
        "the cursor is shown again"
    );
    assert!(!stream.contains("\x1b[?1000h"), "the mouse is not captured");
}

#[test]
fn a_token_is_looked_up_looked_at_and_left_and_the_terminal_is_given_back() {
    let mut session = Session::start(&["--demo"]);
    session.wait_for("account 023e");
    session.type_keys("\x1b[200~CI/CD token\n\x1b[201~\r");
    session.wait_for("EXPIRES IN");
    session.type_keys("v");
    session.wait_for("raw JSON");
    session.type_keys("v");
    session.wait_for("Findings");
    session.type_keys("?");
    session.wait_for("copy client ID");
    session.type_keys("q");
    let (status, stream) = session.end();
    assert_eq!(status.exit_code(), 0);
    is_given_back_once(&stream);
}

#[test]
fn a_token_on_the_command_line_opens_at_once_and_copies_through_the_terminal() {
    let mut session = Session::start(&["--demo", "f174e90a-fafe-4643-bbbc-4a0ed4fc8415"]);
    session.wait_for("EXPIRES IN");
    session.type_keys("y");
    session.wait_for("Sent to the terminal's clipboard");
    session.type_keys("q");
    let (_, stream) = session.end();
    assert!(stream.contains("\x1b]52;"), "OSC 52");
}

#[test]
fn a_signal_ends_the_program_with_its_code_and_the_terminal_is_given_back() {
    for (signal, code) in [
        (Signal::TERM, 143),
        (Signal::HUP, 129),
        (Signal::INT, 130),
        (Signal::QUIT, 131),
    ] {
        let mut session = Session::start(&["--demo"]);
        session.wait_for("demo API");
        session.signal(signal);
        let (status, stream) = session.end();
        assert_eq!(status.exit_code(), code, "{signal:?}");
        is_given_back_once(&stream);
    }
}

#[test]
fn without_a_credential_the_form_opens_and_ctrl_c_leaves_it() {
    let mut session = Session::start(&[]);
    session.wait_for("Access: Service Tokens Read");
    session.type_keys("qqq");
    session.type_keys("\x03");
    let (status, stream) = session.end();
    assert_eq!(status.exit_code(), 0);
    is_given_back_once(&stream);
}

#[test]
fn the_form_leads_to_the_demo() {
    let mut session = Session::start(&[]);
    session.wait_for("Access: Service Tokens Read");
    session.type_keys("\x1bOS");
    session.wait_for("demo API");
    session.type_keys("\x03");
    assert_eq!(session.end().0.exit_code(), 0);
}

#[cfg(debug_assertions)]
#[test]
fn after_a_panic_or_an_error_the_terminal_is_given_back_and_the_message_is_readable() {
    for (fault, code, message) in [
        ("draw", 101, "while drawing"),
        ("task", 101, "in a task"),
        ("start", 1, "at the start"),
    ] {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tokenscope"));
        command.arg("--demo");
        let session = Session::spawn(command, &[("TOKENSCOPE_TEST_FAULT", fault)]);
        let (status, stream) = session.end();
        assert_eq!(status.exit_code(), code, "{fault}");
        is_given_back_once(&stream);
        let left = stream.rfind("\x1b[?1049l").unwrap();
        assert!(
            stream[left..].contains(message),
            "the message stands on the main screen: {stream}"
        );
    }
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_back() {
    let mut command = CommandBuilder::new("/bin/sh");
    command.arg("-i");
    let mut session = Session::spawn(command, &[("PS1", PROMPT), ("ENV", "")]);
    session.wait_for_prompt(1);
    session.type_keys(concat!(env!("CARGO_BIN_EXE_tokenscope"), " --demo\r"));
    session.wait_for("account 023e");
    session.type_keys("\x1a");
    session.wait_for_prompt(2);
    session.type_keys("echo between\r");
    session.wait_for_prompt(3);
    session.wait_for("between");
    session.type_keys("fg\r");
    session.wait_for("account 023e");
    session.type_keys("\x03");
    session.wait_for_prompt(4);
    session.type_keys("exit\r");
    let (_, stream) = session.end();
    assert_eq!(
        stream.matches("\x1b[?1049l").count(),
        2,
        "once for the stop, once for the end"
    );
}

#[cfg(not(target_os = "macos"))]
#[tokio::test(flavor = "multi_thread")]
async fn the_form_stores_the_credential_in_the_keyring_and_the_token_is_fetched_with_it() {
    use crate::dbus;
    use wiremock::matchers::{header, path_regex};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    let Some(desktop) = dbus::Session::start(dbus::Keyring::Unlocked) else {
        return;
    };
    let server = MockServer::start().await;
    let token = r#"{"id":"f174e90a-fafe-4643-bbbc-4a0ed4fc8415","name":"CI","duration":"forever"}"#;
    for (route, result) in [
        ("tokens$", format!("[{token}]")),
        ("tokens/f174", token.to_owned()),
    ] {
        let body = format!(r#"{{"success":true,"errors":[],"messages":[],"result":{result}}}"#);
        Mock::given(path_regex(route))
            .and(header("authorization", "Bearer canary0123456789"))
            .respond_with(ResponseTemplate::new(200).set_body_string(body))
            .mount(&server)
            .await;
    }
    let address = server.uri();
    let environment = desktop.command("true");
    let mut variables: Vec<(&str, &str)> = environment
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_str()?, value?.to_str()?)))
        .collect();
    variables.push(("CLOUDFLARE_BASE_URL", &address));
    let mut session = Session::spawn(
        CommandBuilder::new(env!("CARGO_BIN_EXE_tokenscope")),
        &variables,
    );
    session.wait_for("Will be kept in Secret Service");
    session.type_keys("\x1b[200~ canary0123456789\r\n\x1b[201~\r");
    session.type_keys("023e105f4ecef8ad9ca31a8372d0c353\r");
    session.wait_for("API token from Secret Service");
    assert_eq!(
        desktop.look_up("default").as_deref(),
        Some("canary0123456789")
    );
    session.type_keys("f174e90a-fafe-4643-bbbc-4a0ed4fc8415\r");
    session.wait_for("NEVER EXPIRES");
    session.type_keys("q");
    let (status, stream) = session.end();
    assert_eq!(status.exit_code(), 0);
    assert!(!stream.contains("canary"), "the secret is never on screen");
}
