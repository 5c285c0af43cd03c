//! The program on a pseudo-terminal of 100 columns and 30 rows.

#![cfg(unix)]

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use super::binary::Binary;

const TIMEOUT: Duration = Duration::from_secs(20);

/// The shell's prompt.
pub(crate) const PROMPT: &str = "ready> ";

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
        Binary::new(arguments).on_terminal()
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

    /// The session once it shows a text.
    pub(crate) fn showing(mut self, text: &str) -> Self {
        self.wait_for(text);
        self
    }

    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |session| {
            session.screen.screen().contents().contains(text)
        });
    }

    /// Types keys, and waits for a text.
    pub(crate) fn type_until(&mut self, keys: &str, text: &str) {
        self.type_keys(keys);
        self.wait_for(text);
    }

    /// Waits until the shell has shown its prompt `count` times.
    pub(crate) fn wait_for_prompt(&mut self, count: usize) {
        self.wait_until("the prompt", |session| {
            String::from_utf8_lossy(&session.stream)
                .matches(PROMPT)
                .count()
                >= count
        });
    }

    pub(crate) fn wait_until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + TIMEOUT;
        while !is_so(self) {
            let left = deadline.saturating_duration_since(Instant::now());
            let chunk = self.bytes.recv_timeout(left);
            let screen = self.screen.screen().contents();
            assert!(chunk.is_ok(), "never saw {what:?} on:\n{screen}");
            self.take(&chunk.unwrap());
        }
    }

    /// All output so far.
    pub(crate) fn written(&self) -> &[u8] {
        &self.stream
    }

    /// The text on the screen.
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

    /// The process group in the foreground of the terminal.
    pub(crate) fn foreground(&self) -> Pid {
        Pid::from_raw(self.master.process_group_leader().unwrap()).unwrap()
    }

    /// Closes the terminal, and returns the program.
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

    /// Whether the program ends within this time.
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

    /// Leaves the screens with `q`, which must succeed, and returns all output.
    #[track_caller]
    pub(crate) fn quit(self) -> String {
        self.succeed_after("q")
    }

    /// Leaves the screens with Ctrl-C, which must succeed.
    #[track_caller]
    pub(crate) fn interrupt(self) -> String {
        self.succeed_after("\x03")
    }

    #[track_caller]
    fn succeed_after(mut self, keys: &str) -> String {
        self.type_keys(keys);
        let (status, stream) = self.end();
        assert_eq!(status.exit_code(), 0, "{stream}");
        stream
    }

    /// Waits for the end, and returns the status and all output.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let deadline = Instant::now() + TIMEOUT;
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

pub(crate) fn assert_restored_once(stream: &str) {
    for sequence in ["\x1b[?1049l", "\x1b[?2004l"] {
        assert_eq!(stream.matches(sequence).count(), 1, "{sequence:?}");
    }
    assert!(
        stream.rfind("\x1b[?25h") > stream.rfind("\x1b[?1049h"),
        "the cursor is shown again"
    );
    assert!(!stream.contains("\x1b[?1000h"), "the mouse is not captured");
}
