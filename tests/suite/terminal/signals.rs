//! The program handles signals at any time and restores the terminal.

#![cfg(unix)]

#[cfg(target_os = "linux")]
use std::io::{Read, Write as _};
use std::process::{Command, Stdio};
#[cfg(target_os = "linux")]
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use portable_pty::CommandBuilder;
#[cfg(target_os = "linux")]
use portable_pty::{Child, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::Signal;
#[cfg(target_os = "linux")]
use rustix::process::{Pid, kill_process};
use tokenscope::app;
use tokenscope::app::message::Message;

use crate::support::api::{Fake, Reply, run, run_with_input, token, tokenscope};
#[cfg(target_os = "linux")]
use crate::support::api::{http, success};
use crate::support::assertions::{assert_below, assert_contains};
use crate::support::binary::BINARY;
use crate::support::terminal::{PROMPT, Session, assert_restored_once};
use crate::support::tokens::{ACCOUNT, CANARY, ID};
#[cfg(target_os = "linux")]
use crate::terminal::bounds::keys;
use crate::terminal::display::{answer, noon, viewing};

/// A program on a pseudo-terminal that is read only on demand.
#[cfg(target_os = "linux")]
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    reader: Box<dyn Read + Send>,
    stream: Vec<u8>,
    /// The modes before the program started.
    modes: String,
}

#[cfg(target_os = "linux")]
impl Terminal {
    fn start(size: (u16, u16), arguments: &[&str]) -> Self {
        let mut command = CommandBuilder::new(BINARY);
        command.args(arguments);
        Self::spawn(size, command)
    }

    /// Runs the program in a shell that keeps the terminal, since unread output is lost with the
    /// last process on it. The shell prints the exit code.
    fn in_shell(size: (u16, u16), arguments: &str) -> Self {
        let program = BINARY;
        let script = format!("{program} {arguments}; echo code=$?; read end");
        let mut shell = CommandBuilder::new("/bin/sh");
        shell.args(["-c", &script]);
        Self::spawn(size, shell)
    }

    fn spawn((cols, rows): (u16, u16), mut command: CommandBuilder) -> Self {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let modes = format!("{:?}", pair.master.get_termios().unwrap());
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("TOKENSCOPE_HOME", "/nonexistent/tokenscope");
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        let child = pair.slave.spawn_command(command).unwrap();
        let reader = pair.master.try_clone_reader().unwrap();
        Self {
            child,
            master: pair.master,
            reader,
            stream: Vec::new(),
            modes,
        }
    }

    fn pid(&self) -> Pid {
        let pid = self.child.process_id().unwrap();
        Pid::from_raw(i32::try_from(pid).unwrap()).unwrap()
    }

    fn read_until(&mut self, text: &str) {
        let mut buffer = vec![0; 65_536];
        while !String::from_utf8_lossy(&self.stream).contains(text) {
            let count = self.reader.read(&mut buffer).unwrap();
            assert!(count > 0, "{text:?} was never written");
            self.stream.extend_from_slice(&buffer[..count]);
        }
    }

    fn modes_are_restored(&self) -> bool {
        format!("{:?}", self.master.get_termios().unwrap()) == self.modes
    }

    fn ends_within(&mut self, wait: Duration) -> ExitStatus {
        let status = poll(wait, || self.child.try_wait().unwrap());
        if status.is_none() {
            self.child.kill().unwrap();
        }
        status.unwrap()
    }
}

/// Polls until there is a result or the time is over.
#[cfg(target_os = "linux")]
fn poll<T>(wait: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + wait;
    loop {
        let answer = ask();
        if answer.is_some() || Instant::now() > deadline {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The one child of a process, once it exists.
#[cfg(target_os = "linux")]
fn child_of(pid: Pid) -> Pid {
    let pid = pid.as_raw_nonzero();
    let path = format!("/proc/{pid}/task/{pid}/children");
    let child = poll(Duration::from_secs(20), || {
        let children = std::fs::read_to_string(&path).unwrap();
        children.trim().parse().ok()
    });
    Pid::from_raw(child.unwrap()).unwrap()
}

/// Waits until a process is blocked in a write to its standard output, while `drive` makes it
/// write.
#[cfg(target_os = "linux")]
fn wait_until_blocked(pid: Pid, mut drive: impl FnMut()) {
    let path = format!("/proc/{}/syscall", pid.as_raw_nonzero());
    let mut seen = 0;
    let hangs = poll(Duration::from_secs(20), || {
        drive();
        let call = std::fs::read_to_string(&path).unwrap_or_default();
        let is_write = call.split(' ').nth(1) == Some("0x1");
        seen = if is_write { seen + 1 } else { 0 };
        (seen > 20).then_some(())
    });
    assert!(hangs.is_some(), "it never waited for its reader");
}

#[cfg(target_os = "linux")]
#[test]
fn k04_an_unread_terminal_does_not_block_signals() {
    for (signal, code) in [
        (Signal::TERM, 143),
        (Signal::INT, 130),
        (Signal::HUP, 129),
        (Signal::QUIT, 131),
    ] {
        // The shell keeps the terminal, since unread output is lost with the last process on it.
        let mut shell = CommandBuilder::new("/bin/sh");
        let program = BINARY;
        shell.args([
            "-c",
            &format!("{program} --demo {ID}; echo code=$?; read end"),
        ]);
        let mut terminal = Terminal::spawn((200, 60), shell);
        terminal.read_until("EXPIRES IN");
        let program = child_of(terminal.pid());
        let mut keys = terminal.master.take_writer().unwrap();
        wait_until_blocked(program, || {
            // Redraws the whole screen, which nobody reads.
            keys.write_all(b"\x0c").unwrap();
            keys.flush().unwrap();
        });
        kill_process(program, signal).unwrap();
        let is_gone = || kill_process(program, Signal::CONT).err();
        assert!(
            poll(Duration::from_secs(4), is_gone).is_some(),
            "{signal:?}"
        );
        assert!(terminal.modes_are_restored(), "{signal:?}");
        terminal.read_until(&format!("code={code}"));
        let stream = String::from_utf8_lossy(&terminal.stream);
        assert!(stream.contains("\x1b[?1049l"), "{signal:?}");
        terminal.child.kill().unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn k04_a_command_with_unread_output_reacts_to_signals() {
    let server = Fake::with_result(&token(&keys(20_000)));
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let mut command = server.command(&["get", ID, "-o", "json"]);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        wait_until_blocked(Pid::from_child(&child), || {});
        kill_process(Pid::from_child(&child), signal).unwrap();
        let status = poll(Duration::from_secs(4), || child.try_wait().unwrap());
        if status.is_none() {
            child.kill().unwrap();
        }
        assert_eq!(status.unwrap().code(), Some(code), "{signal:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn k04_a_command_with_short_output_reacts_to_signals_at_a_full_pipe() {
    let (_unread, mut pipe) = std::io::pipe().unwrap();
    pipe.write_all(&vec![b'x'; 64 * 1024]).unwrap();
    let mut command = Command::new(BINARY);
    // A command that exits before it installs its signal handlers.
    command.args(["config", "path"]).stdout(pipe);
    command.env("TOKENSCOPE_HOME", "/nonexistent/tokenscope");
    let mut child = command.stdin(Stdio::null()).spawn().unwrap();
    wait_until_blocked(Pid::from_child(&child), || {});
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let status = poll(Duration::from_secs(4), || child.try_wait().unwrap());
    if status.is_none() {
        child.kill().unwrap();
    }
    assert_eq!(status.unwrap().code(), Some(143));
}

#[cfg(target_os = "linux")]
#[test]
fn k05_a_signal_during_startup_leaves_the_terminal_unchanged() {
    // `TOKENSCOPE_SIGNALS` sets the number of tries.
    let tries = std::env::var("TOKENSCOPE_SIGNALS").map_or(60, |tries| tries.parse().unwrap());
    for at in 0..tries {
        let mut terminal = Terminal::in_shell((100, 30), "--demo");
        let program = child_of(terminal.pid());
        let instant = Duration::from_micros(at * 7_919 % 60_000);
        std::thread::sleep(instant);
        kill_process(program, Signal::TERM).unwrap();
        terminal.read_until("code=");
        assert!(terminal.modes_are_restored(), "after {instant:?}");
        terminal.read_until("code=143");
        let stream = String::from_utf8_lossy(&terminal.stream);
        let count = |sequence: &str| stream.matches(sequence).count();
        assert!(
            count("\x1b[?1049l") >= count("\x1b[?1049h"),
            "after {instant:?}: {stream:?}"
        );
        terminal.child.kill().unwrap();
    }
}

/// A shell that runs a script and is replaced by the program.
#[cfg(target_os = "linux")]
fn in_shell(server: &Fake, script: &str) -> Command {
    let mut inner = server.command(&[]);
    inner.env("PROGRAM", BINARY);
    let mut command = Command::new("/bin/sh");
    command.env_clear().args(["-c", script]);
    for (name, value) in inner.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command
}

#[cfg(target_os = "linux")]
#[test]
fn k05_a_file_size_limit_fails_writes_without_killing_the_process() {
    let server = Fake::with_result(&token(r#""name":"n""#));
    let home = crate::support::api::home();
    let file = home.path().join("out");
    let script = format!(
        r#"ulimit -f 0; exec "$PROGRAM" get {ID} -o json >{}"#,
        file.display()
    );
    let done = run(&mut in_shell(&server, &script));
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    assert_contains(&done.stderr, "could not be written");

    let url = server.url();
    let mut command = CommandBuilder::new("/bin/sh");
    let program = BINARY;
    command.args(["-c", &format!("ulimit -f 0; exec {program} {ID}")]);
    let mut session = Session::spawn(
        command,
        &[
            ("CLOUDFLARE_BASE_URL", url.as_str()),
            ("CLOUDFLARE_API_TOKEN", CANARY),
            ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
        ],
    );
    session.wait_for("not remembered");
    let stream = session.quit();
    assert_restored_once(&stream);
}

#[cfg(target_os = "linux")]
#[test]
fn k10_a_terminal_of_any_size_is_drawn_and_restored() {
    for size in [
        (65_535, 65_535),
        (65_535, 24),
        (80, 65_535),
        (1_001, 501),
        (0, 0),
    ] {
        let mut terminal = Terminal::start(size, &["--demo", ID]);
        terminal.read_until("\x1b[?1049h");
        if size.0 > 40 {
            terminal.read_until("EXPIRES IN");
        }
        let mut keys = terminal.master.take_writer().unwrap();
        keys.write_all(b"q").unwrap();
        keys.flush().unwrap();
        terminal.read_until("\x1b[?1049l");
        let status = terminal.ends_within(Duration::from_secs(10));
        assert_eq!(status.exit_code(), 0, "{size:?}");
        assert!(terminal.modes_are_restored(), "{size:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn j02_a_signal_ignored_at_the_start_stays_ignored() {
    for (name, signal, code) in [
        ("HUP", Signal::HUP, 129),
        ("INT", Signal::INT, 130),
        ("TERM", Signal::TERM, 143),
    ] {
        for is_ignored in [true, false] {
            let (arrived, go_on) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
            let (there, answer) = (Arc::clone(&arrived), Arc::clone(&go_on));
            let server = Fake::start(move |_, _| {
                there.wait();
                answer.wait();
                Reply::Bytes(http(200, &[], success(&token(r#""name":"n""#))))
            });
            let trap = if is_ignored {
                format!("trap '' {name};")
            } else {
                String::new()
            };
            let script = format!(r#"{trap} exec "$PROGRAM" get {ID} -o json"#);
            let mut command = in_shell(&server, &script);
            let mut child = command
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            arrived.wait();
            kill_process(Pid::from_child(&child), signal).unwrap();
            if !is_ignored {
                assert_eq!(child.wait().unwrap().code(), Some(code), "{name}");
            }
            go_on.wait();
            let done = child.wait_with_output().unwrap();
            if is_ignored {
                assert_eq!(done.status.code(), Some(0), "{name}");
                let printed = String::from_utf8(done.stdout).unwrap();
                assert!(printed.contains(r#""name":"n""#), "{name}: {printed}");
            }
        }
    }
}

/// Runs the screens between two queries of the terminal's modes, and returns all output.
#[cfg(debug_assertions)]
fn between_modes(variables: &[(&str, &str)]) -> String {
    let mut command = CommandBuilder::new("/bin/sh");
    let script = "echo before=$(stty -g); \"$1\" --demo; echo code=$?; echo after=$(stty -g)";
    command.args(["-c", script, "sh", BINARY]);
    Session::spawn(command, variables).end().1
}

/// The last word printed after a name.
fn printed_after<'a>(stream: &'a str, name: &str) -> &'a str {
    let start = stream.rfind(name).unwrap() + name.len();
    stream[start..].split_whitespace().next().unwrap()
}

#[cfg(debug_assertions)]
#[test]
fn c04_a_panic_or_an_error_restores_the_terminal_before_its_message() {
    for (fault, code, message) in [
        ("draw", 101, "while drawing"),
        ("task", 101, "in a task"),
        ("start", 1, "at the start"),
    ] {
        let stream = between_modes(&[("TOKENSCOPE_TEST_FAULT", fault)]);
        let modes = |name: &str| printed_after(&stream, name);
        assert_eq!(modes("before="), modes("after="), "{fault}: {stream}");
        assert_eq!(modes("code="), code.to_string(), "{fault}");
        assert_restored_once(&stream);
        let left = stream.rfind("\x1b[?1049l").unwrap();
        let message = format!("a fault on purpose, {message}");
        assert!(stream[left..].contains(&message), "{stream}");
    }
}

#[test]
fn c07_a_signal_ends_the_program_at_once_while_it_waits() {
    let hung = Fake::start(|_, _| Reply::ThenSilence(Vec::new()));
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let session = hung.screens(&[ID]).showing("Looking up");
        let sent = Instant::now();
        session.signal(signal);
        let (status, stream) = session.end();
        assert_eq!(status.exit_code(), code, "{signal:?}");
        assert_below(sent.elapsed(), Duration::from_secs(1));
        assert_restored_once(&stream);
        let asked = Fake::start(|_, _| Reply::ThenSilence(Vec::new()));
        let mut child = asked
            .command(&["get", ID, "-o", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        crate::support::keyring::eventually("the request", || !asked.heads().is_empty());
        let pid = rustix::process::Pid::from_child(&child);
        let sent = Instant::now();
        rustix::process::kill_process(pid, signal).unwrap();
        let code = i32::try_from(code).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code));
        assert_below(sent.elapsed(), Duration::from_secs(1));
        let output = child.wait_with_output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["error"]["kind"], "interrupted");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn c07_a_signal_ends_a_command_that_waits_for_the_keyring() {
    let (bus, home) = (
        crate::support::services::SilentBus::start(),
        crate::support::api::home(),
    );
    crate::support::services::with_profile(home.path());
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let met = bus.connections.load(std::sync::atomic::Ordering::SeqCst);
        let mut child = tokenscope(&["get", ID])
            .env("TOKENSCOPE_HOME", home.path())
            .env("DBUS_SESSION_BUS_ADDRESS", bus.address())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        crate::support::keyring::eventually("the keyring is asked", || {
            bus.connections.load(std::sync::atomic::Ordering::SeqCst) > met
        });
        let pid = rustix::process::Pid::from_child(&child);
        let sent = Instant::now();
        rustix::process::kill_process(pid, signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code));
        assert_below(sent.elapsed(), Duration::from_secs(1));
    }
}

#[test]
fn c08_ctrl_z_stops_the_program_even_in_a_text_field_and_fg_redraws_it() {
    let mut command = CommandBuilder::new("/bin/sh");
    command.arg("-i");
    let mut session = Session::spawn(command, &[("PS1", PROMPT), ("ENV", "")]);
    session.wait_for_prompt(1);
    session.type_keys("echo before=$(stty -g)\r");
    session.wait_for_prompt(2);
    session.type_until(
        concat!(env!("CARGO_BIN_EXE_tokenscope"), " --demo\r"),
        "account 023e",
    );
    session.type_until("typed text", "typed text");
    session.type_keys("\x1a");
    session.wait_for_prompt(3);
    session.type_keys("echo stopped=$(stty -g)\r");
    session.wait_for_prompt(4);
    session.type_until("fg\r", "typed text");
    session.type_keys("\x03");
    session.wait_for_prompt(5);
    session.type_keys("exit\r");
    let (_, stream) = session.end();
    let modes = |name: &str| printed_after(&stream, name);
    assert_eq!(modes("before="), modes("stopped="), "{stream}");
    assert_eq!(
        stream.matches("\x1b[?1049l").count(),
        2,
        "once for the stop, once for the end"
    );
}

#[test]
fn c23_quitting_needs_no_further_key_and_waits_for_nothing() {
    let hung = Fake::start(|_, _| Reply::ThenSilence(Vec::new()));
    for keys in ["q", "\x03"] {
        let mut session = hung.screens(&[ID]).showing("Looking up");
        let asked = Instant::now();
        session.type_keys(keys);
        let (status, stream) = session.end();
        assert_eq!(status.exit_code(), 0);
        assert_below(asked.elapsed(), Duration::from_millis(500));
        assert_restored_once(&stream);
    }
}

#[test]
fn c24_without_a_terminal_screens_print_one_line_without_escape_codes() {
    let binary = BINARY;
    for script in [
        "exec \"$1\" --demo </dev/null",
        "exec \"$1\" --demo <&-",
        "exec \"$1\" --demo </dev/null >&-",
        "\"$1\" --demo </dev/null | cat; exit 65",
        "exec setsid -w \"$1\" --demo </dev/null",
    ] {
        let outcome = run(Command::new("/bin/sh").args(["-c", script, "sh", binary]));
        assert_eq!(outcome.code, Some(65), "{script}: {}", outcome.stderr);
        assert_eq!(outcome.stdout, "", "{script}");
        assert_eq!(
            outcome.stderr.lines().count(),
            1,
            "{script}: {}",
            outcome.stderr
        );
    }
    // One end is a terminal, the other is not.
    for script in [
        "\"$1\" --demo | cat; echo",
        "echo | \"$1\" --demo; echo code=$?",
    ] {
        let mut command = CommandBuilder::new("/bin/sh");
        command.args(["-c", script, "sh", binary]);
        let (_, stream) = Session::spawn(command, &[]).end();
        assert!(stream.contains("the screens need a terminal"), "{stream}");
        assert!(!stream.contains('\x1b'), "{stream:?}");
    }
}

#[test]
fn c24_commands_need_no_terminal_and_no_standard_streams() {
    let fake = Fake::with_result(&token(r#""duration":"forever""#));
    let binary = BINARY;
    for script in [
        "exec \"$@\" <&-",
        "exec \"$@\" 2>&-",
        "exec \"$@\" <&- 2>&-",
        "yes | \"$@\"",
    ] {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", script, "sh", binary, "get", ID, "-o", "json"])
            .env("CLOUDFLARE_BASE_URL", fake.url())
            .env("CLOUDFLARE_API_TOKEN", CANARY)
            .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT)
            .env("TOKENSCOPE_HOME", "/nonexistent/tokenscope");
        let outcome = run(&mut command);
        assert_eq!(outcome.code, Some(0), "{script}: {}", outcome.stderr);
        assert_eq!(outcome.json()["status"], "never_expires");
    }
    let refused = run_with_input(
        tokenscope(&["auth", "set", "--account", ACCOUNT]).env("CLOUDFLARE_BASE_URL", fake.url()),
        CANARY.as_bytes(),
    );
    assert_eq!(refused.code, Some(64), "asks nothing without a terminal");
    assert!(refused.stderr.contains("--stdin"), "{}", refused.stderr);
}

#[test]
fn c27_a_gap_is_followed_by_one_reload_and_no_burst() {
    let left = Some(TimeDelta::days(12));
    for message in [|| Message::Ticked, || Message::Resumed] {
        let mut state = viewing(left, 60);
        let now = noon() + TimeDelta::hours(8);
        let mut sent = 0;
        for milliseconds in 0..20 {
            let now = now + TimeDelta::milliseconds(milliseconds);
            let effects = app::update(&mut state, now, message());
            sent += answer(&mut state, &effects, now, left);
        }
        assert_eq!(sent, 1);
    }
}
