//! A fake API on plain sockets that can misbehave in every way, and the results of commands.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::binary::Binary;
use crate::support::terminal::Session;
use crate::support::tokens::{CANARY, ID};

/// Far longer than any command takes, so that a fault fails instead of hanging.
const TIMEOUT: Duration = Duration::from_secs(40);

/// The fake's behaviour once it has read a request.
pub(crate) enum Reply {
    /// Sends these bytes and closes the connection.
    Bytes(Vec<u8>),
    /// Sends these bytes and keeps the connection open.
    ThenSilence(Vec<u8>),
    /// Sends the first bytes, then the second ones one at a time, each after a pause.
    Drip(Vec<u8>, Vec<u8>),
    /// Sends the first bytes, then repeats the second ones as long as the client reads them.
    Endless(Vec<u8>, Vec<u8>),
    /// Resets the connection.
    Reset,
}

pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl Fake {
    /// Computes each answer from the head of the request and its number, counted from 1.
    pub(crate) fn start(answer: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (answer, seen) = (Arc::new(answer), Arc::clone(&heads));
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                count.fetch_add(1, Ordering::SeqCst);
                let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
                std::thread::spawn(move || serve(stream, answer.as_ref(), &seen));
            }
        });
        Self {
            address,
            heads,
            connections,
        }
    }

    /// Gives every request the same answer.
    pub(crate) fn answering(status: u16, body: &str) -> Self {
        Self::sending(http(status, &[], body))
    }

    /// Sends every client the same bytes.
    pub(crate) fn sending(bytes: Vec<u8>) -> Self {
        Self::start(move |_, _| Reply::Bytes(bytes.clone()))
    }

    /// A success with this JSON as its result.
    pub(crate) fn with_result(result: &str) -> Self {
        Self::answering(200, &success(result))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The heads of the requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// The number of connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The program, configured for this fake.
    pub(crate) fn binary(&self, arguments: &[&str]) -> Binary {
        Binary::new(arguments).asking(&self.url())
    }

    /// A command for this fake, with an API token and an account in the environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.binary(arguments).with_token().command()
    }

    /// Runs `get ID -o json`.
    pub(crate) fn get(&self) -> Outcome {
        run(&mut self.command(&["get", ID, "-o", "json"]))
    }
}

fn serve(mut stream: TcpStream, answer: &dyn Fn(&str, usize) -> Reply, seen: &Mutex<Vec<String>>) {
    while let Some(head) = read_head(&mut stream) {
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push(head.clone());
            seen.len()
        };
        let reply = answer(&head, number);
        if matches!(reply, Reply::Reset) || stream.read(&mut [0]).is_err() {
            return;
        }
        let goes_on = match reply {
            Reply::Bytes(bytes) => stream.write_all(&bytes).is_ok() && is_kept_open(&bytes),
            Reply::ThenSilence(bytes) => {
                let _gone = stream.write_all(&bytes);
                let _gone = stream.read(&mut [0; 1]);
                false
            }
            Reply::Drip(first, rest) => {
                let _gone = stream.write_all(&first);
                for byte in rest {
                    if stream.write_all(&[byte]).is_err() {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(50));
                }
                false
            }
            Reply::Endless(first, again) => {
                let _gone = stream.write_all(&first);
                while stream.write_all(&again).is_ok() {}
                false
            }
            Reply::Reset => false,
        };
        if !goes_on {
            return;
        }
    }
}

/// Whether an answer states its length, so that another may follow.
fn is_kept_open(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(bytes).to_lowercase();
    head.contains("content-length") && !head.contains("connection: close")
}

/// The head of a request without its last byte, which stays unread: a socket closed with unread
/// bytes is reset.
fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return None,
        }
    }
    String::from_utf8(head).ok()
}

/// An address that nobody listens on.
pub(crate) fn dead_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// A complete answer with its length.
pub(crate) fn http(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut bytes = head(status, headers);
    bytes.truncate(bytes.len() - 2);
    bytes.extend(format!("content-length: {}\r\n\r\n", body.len()).into_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// A head without a length: the body ends with the connection.
pub(crate) fn head(status: u16, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Whatever\r\ncontent-type: application/json\r\n");
    for (name, value) in headers {
        head.extend([*name, ": ", *value, "\r\n"]);
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// The envelope of a success.
pub(crate) fn success(result: &str) -> String {
    format!(r#"{{"success":true,"errors":[],"messages":[],"result":{result}}}"#)
}

/// The envelope of a refusal.
pub(crate) fn refusal(errors: &str) -> String {
    format!(r#"{{"success":false,"errors":{errors},"messages":[],"result":null}}"#)
}

/// A token with these members besides its ID.
pub(crate) fn token(members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    format!(r#"{{"id":"{ID}"{comma}{members}}}"#)
}

/// The binary with an empty environment and a home of its own, which lasts as long as the process.
pub(crate) fn tokenscope(arguments: &[&str]) -> Command {
    Binary::new(arguments).command()
}

/// A directory for the program's files.
pub(crate) fn home() -> TempDir {
    TempDir::new().unwrap()
}

/// The result of a command.
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

/// Runs a command to its end.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> Outcome {
    command.stdin(Stdio::null());
    finish(command, &[])
}

/// Runs a command with this text on its stdin.
#[track_caller]
pub(crate) fn run_with_input(command: &mut Command, input: &[u8]) -> Outcome {
    command.stdin(Stdio::piped());
    finish(command, input)
}

#[track_caller]
fn finish(command: &mut Command, input: &[u8]) -> Outcome {
    let began = Instant::now();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = Pid::from_child(&child);
    if let Some(mut stdin) = child.stdin.take() {
        // A command that reads no input may have closed it already.
        let _closed = stdin.write_all(input);
    }
    let (sender, ended) = channel();
    std::thread::spawn(move || {
        let _unheard = sender.send(child.wait_with_output().unwrap());
    });
    let output = ended.recv_timeout(TIMEOUT);
    if output.is_err() {
        kill_process(pid, Signal::KILL).unwrap();
    }
    let output = output.unwrap();
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        took: began.elapsed(),
    }
}

impl Outcome {
    /// The output, which must be one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let parsed = serde_json::from_str(&self.stdout);
        assert!(
            parsed.is_ok(),
            "no JSON: {:?} / {:?}",
            self.stdout,
            self.stderr
        );
        parsed.unwrap()
    }

    /// Summary and hint of the error, which must have this kind and exit code.
    #[track_caller]
    pub(crate) fn is_error(&self, kind: &str, code: i32) -> String {
        let report = self.json();
        let error = &report["error"];
        assert_eq!(error["kind"], kind, "{}", self.stdout);
        assert_eq!(self.code, Some(code), "{}", self.stdout);
        let words = format!(
            "{} {}",
            error["summary"].as_str().unwrap(),
            error["hint"].as_str().unwrap()
        );
        assert!(words.len() > 30, "says too little: {words}");
        assert!(!words.contains("panicked"), "{words}");
        self.assert_hides_secret();
        words
    }

    /// Asserts that the output does not contain the secret.
    #[track_caller]
    pub(crate) fn assert_hides_secret(&self) {
        assert!(!self.stdout.contains(CANARY), "{}", self.stdout);
        assert!(!self.stderr.contains(CANARY), "{}", self.stderr);
    }
}

impl Fake {
    /// The screens for this fake, with an API token and an account in the environment.
    pub(crate) fn screens(&self, arguments: &[&str]) -> Session {
        self.binary(arguments).with_token().on_terminal()
    }

    /// The screens for this fake, with these variables.
    pub(crate) fn screens_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Session {
        self.binary(arguments).envs(variables).on_terminal()
    }
}

/// Waits for a text that may be wrapped in a box.
#[track_caller]
pub(crate) fn shows(session: &mut Session, text: &str) {
    session.wait_until(text, |session| {
        let contents = session.screen.screen().contents().replace(['│', '\n'], " ");
        let words: Vec<&str> = contents.split_whitespace().collect();
        words.join(" ").contains(text)
    });
}
