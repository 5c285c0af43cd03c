//! K02 to K05, K10 and J02: whatever an answer holds and whatever the terminal does, the work is that
//! of the rows shown, and signals are heard.

#![cfg(target_os = "linux")]

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::process::{Command, Stdio};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use proptest::prelude::*;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::value::RawValue;
use tokenscope::domain::fields::{changed_keys, fields};
use tokenscope::domain::members::MOST_OTHERS;
use tokenscope::domain::raw::RawJson;
use tokenscope::domain::raw_lines::{LONGEST_SHOWN, MOST_MATCHES, RawLines};
use tokenscope::domain::token::ServiceToken;

use crate::support::api::{ACCOUNT, CANARY, Fake, ID, Reply, http, run, success, token};
use crate::support::terminal::{Session, is_given_back_once};

fn raw(json: &str) -> RawJson {
    RawJson::from(serde_json::from_str::<&RawValue>(json).unwrap())
}

fn parsed(json: &str) -> ServiceToken {
    ServiceToken::parse(&raw(json))
}

/// Members with this many keys that nobody knows.
fn keys(count: usize) -> String {
    let mut members = String::new();
    for at in 0..count {
        let comma = if at == 0 { "" } else { "," };
        write!(members, r#"{comma}"key_{at:06}":{at}"#).unwrap();
    }
    members
}

/// Members of about this many bytes, in every shape that a long answer can have.
fn shapes(bytes: usize) -> Vec<(&'static str, String)> {
    let depth = bytes / 2;
    vec![
        ("many keys", keys(bytes / 20)),
        ("one string", format!(r#""text":"{}""#, "a".repeat(bytes))),
        ("a long name", format!(r#""name":"{}""#, "b".repeat(bytes))),
        (
            "one letter and its marks",
            format!(r#""name":"e{}""#, "\u{301}".repeat(bytes / 2)),
        ),
        (
            "a long key",
            format!(r#""{}":1,"name":"n""#, "k".repeat(bytes)),
        ),
        (
            "a date that is none",
            format!(r#""expires_at":"{}""#, "soon ".repeat(bytes / 5)),
        ),
        (
            "an ID of another type",
            format!(r#""client_id":[{}1]"#, "1,".repeat(bytes / 2)),
        ),
        (
            "nested lists",
            format!(r#""nest":{}{}"#, "[".repeat(depth), "]".repeat(depth)),
        ),
        (
            "many numbers",
            format!(r#""numbers":[{}0]"#, "0,".repeat(bytes / 2)),
        ),
        (
            "many empty objects",
            format!(r#""objects":[{}{{}}]"#, "{},".repeat(bytes / 3)),
        ),
        (
            "one key again and again",
            format!(r#"{}"again":0"#, r#""again":1,"#.repeat(bytes / 10)),
        ),
    ]
}

// ------------------------------------------------------------------- what is derived, and how much

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        "-?[1-9][0-9]{0,3}",
        r#""[ -!#-\[\]-~é]{0,300}""#,
        Just(r#""a \" \\ [{,:""#.to_owned()),
    ];
    leaf.prop_recursive(6, 200, 8, |inner| {
        let list = proptest::collection::vec(inner.clone(), 0..8)
            .prop_map(|items| format!("[ {} ]", items.join(" ,")));
        let object = proptest::collection::vec(inner, 0..8).prop_map(|items| {
            let member = |(at, item): (usize, &String)| format!("\"k{at}\" : {item}");
            let members: Vec<String> = items.iter().enumerate().map(member).collect();
            format!("{{{}}}", members.join(",\n"))
        });
        prop_oneof![list, object]
    })
}

proptest! {
    /// The lines of a screen are those of the whole, wherever they are read from.
    #[test]
    fn k02_any_window_shows_the_lines_of_the_whole(items in proptest::collection::vec(json(), 1..40), at in 0_usize..400, count in 0_usize..80) {
        let lines = RawLines::of(&raw(&format!("[{}]", items.join(","))));
        let whole = lines.whole();
        prop_assert_eq!(lines.len(), whole.len());
        let expected: Vec<String> = whole.into_iter().skip(at).take(count).collect();
        prop_assert_eq!(lines.window(at, count), expected);
    }
}

#[test]
fn k02_a_line_of_any_length_is_cut_and_the_next_one_is_in_its_place() {
    for bytes in [
        LONGEST_SHOWN - 20,
        LONGEST_SHOWN,
        LONGEST_SHOWN + 20,
        1_000_000,
    ] {
        let text = "é".repeat(bytes / 2);
        let lines = RawLines::of(&raw(&format!(r#"{{"a":1,"text":"{text}","b":2,"c":3}}"#)));
        assert_eq!(lines.len(), 6);
        let shown = lines.window(1, 4);
        assert_eq!(shown[0], r#"  "a": 1,"#);
        assert!(shown[1].starts_with(r#"  "text": "é"#));
        assert!(shown[1].len() <= LONGEST_SHOWN + 8, "{}", shown[1].len());
        assert_eq!(shown[2..], [r#"  "b": 2,"#, r#"  "c": 3"#], "{bytes}");
        assert_eq!(lines.matching(r#""c": 3"#).lines, [4]);
    }
}

#[test]
fn k02_matches_are_told_apart_up_to_a_number() {
    let lines = RawLines::of(&raw(&format!("[{}7]", "7,".repeat(MOST_MATCHES))));
    let matches = lines.matching("7");
    assert_eq!(matches.lines.len(), MOST_MATCHES);
    assert!(matches.has_more);
    let few = lines.matching("]");
    assert_eq!((few.lines, few.has_more), (vec![MOST_MATCHES + 2], false));
}

#[test]
fn k02_fields_beyond_a_number_are_counted_and_each_key_once() {
    for (members, others, rest) in [
        (keys(3), 3, 0),
        (keys(MOST_OTHERS), MOST_OTHERS, 0),
        (keys(MOST_OTHERS + 1), MOST_OTHERS, 1),
        (keys(20_000), MOST_OTHERS, 20_000 - MOST_OTHERS),
        (
            format!("{},{}", keys(20_000), keys(20_000)),
            MOST_OTHERS,
            20_000 - MOST_OTHERS,
        ),
    ] {
        let token = parsed(&token(&members));
        let rows = fields(&token);
        let unknown = rows.iter().filter(|row| row.key.starts_with("key_"));
        assert_eq!(unknown.count(), others);
        assert_eq!(token.members().rest, rest);
    }
    // The later value of a key counts, on whichever side of the bound it comes.
    let late = parsed(&token(&format!(r#"{},"key_000007":"late""#, keys(600))));
    let row = fields(&late).iter().find(|row| row.key == "key_000007");
    assert_eq!(row.unwrap().raw(&late), Some(r#""late""#));
}

#[test]
fn k02_what_changed_among_many_fields_is_found_in_one_pass() {
    let before = parsed(&token(&keys(150_000)));
    let after = parsed(&token(&format!(
        r#"{},"key_000003":"new","name":"n""#,
        keys(150_000)
    )));
    assert_eq!(changed_keys(&before, &after), ["key_000003", "name"]);
    assert_eq!(changed_keys(&after, &after), Vec::<String>::new());
}

#[test]
fn k02_a_long_value_is_read_only_as_far_as_it_is_shown() {
    for (content, start) in [
        ("a".repeat(100_000), "aaaa"),
        (r"\u00e9".repeat(20_000), "éééé"),
        (r"\ud83d\ude00".repeat(20_000), "😀😀"),
        (r#"x\\\""#.repeat(20_000), "x\\\"x"),
    ] {
        for shift in 0..12 {
            let token = parsed(&token(&format!(
                r#""name":"{}{content}""#,
                "_".repeat(shift)
            )));
            let row = fields(&token).iter().find(|row| row.key == "name").unwrap();
            let shown = row.shown_text(&token).unwrap();
            assert!(shown[shift..].starts_with(start), "{}", &shown[..20]);
            assert!(shown.ends_with('…') && shown.len() < 5_000);
            assert_eq!(row.text(&token).unwrap(), token.name_text());
        }
    }
}

// ------------------------------------------------------------------------------ the real screens

#[test]
fn k02_the_screens_answer_keys_and_signals_whatever_the_answer_holds() {
    for (shape, members) in shapes(400_000) {
        let server = Fake::holding(&token(&members));
        let mut session = server.screens(&[ID]);
        session.wait_until(shape, |session| session.shown().contains("Fields"));
        session.type_keys("G");
        session.type_keys("v");
        session.wait_for("v fields");
        session.type_keys("G/1\r");
        session.wait_until(shape, |session| {
            session.shown().contains("match") && !session.shown().contains("searching")
        });
        session.type_keys("nNgv");
        session.wait_until(shape, |session| session.shown().contains("Fields"));
        session.type_keys("r");
        session.signal(Signal::TERM);
        let (status, stream) = session.end();
        assert_eq!(status.exit_code(), 143, "{shape}");
        is_given_back_once(&stream);
    }
}

#[test]
fn k02_the_rest_of_the_fields_is_counted_on_screen_and_in_the_table() {
    let server = Fake::holding(&token(&keys(20_000)));
    let mut session = server.screens(&[ID]);
    session.wait_for("Other fields");
    session.type_keys("G");
    session.wait_for("and 19,500 more fields");
    session.wait_for("key_000499");
    session.type_keys("q");
    assert_eq!(session.end().0.exit_code(), 0);
    let table = run(&mut server.command(&["get", ID]));
    assert_eq!(table.code, Some(0));
    assert!(
        table.stdout.contains("19500 more fields"),
        "{}",
        table.stderr
    );
    assert!(!table.stdout.contains("key_000500"));
    let json = run(&mut server.command(&["get", ID, "-o", "json"]));
    assert_eq!(json.json()["token"]["key_019999"], 19_999);
}

#[test]
fn k02_commands_end_within_their_deadline_whatever_the_answer_holds() {
    for (shape, members) in shapes(400_000) {
        let server = Fake::holding(&token(&members));
        for form in ["table", "json"] {
            let done = run(&mut server.command(&["get", ID, "--timeout", "5", "-o", form]));
            assert_eq!(done.code, Some(0), "{shape} {form}: {}", done.stderr);
        }
    }
}

#[test]
fn k02_a_list_of_errors_or_a_long_one_leaves_the_banner_small() {
    let many = format!("[{}1]", r#"{"code":10000,"message":"no"},"#.repeat(20_000));
    let long = format!(r#"[{{"code":1,"message":"{}"}}]"#, "long ".repeat(80_000));
    for errors in [many, long] {
        let server = Fake::saying(403, &crate::support::api::refusal(&errors));
        let mut session = server.screens(&[ID]);
        session.wait_for("details");
        session.type_keys("e");
        session.wait_for("Error details");
        session.type_keys("GG\x1b");
        session.signal(Signal::TERM);
        let (status, stream) = session.end();
        assert_eq!(status.exit_code(), 143);
        is_given_back_once(&stream);
    }
}

#[test]
fn k02_a_credential_that_sees_many_zones_is_filtered_once_a_letter() {
    let zone = |at: usize| format!(r#"{{"id":"{at:032x}","name":"zone-{at}.example"}}"#);
    let zones: Vec<String> = (0..45).map(zone).collect();
    let zones = success(&format!("[{}]", zones.join(",")));
    let server = Fake::start(move |head, _| {
        let body = if head.contains("/zones") {
            zones.clone()
        } else {
            success("[]")
        };
        Reply::Bytes(http(200, &[], body))
    });
    let mut session = server.screens(&[]);
    session.wait_for("Look up a service token");
    session.type_keys("\x1b[15~");
    session.wait_for("45 of 45");
    session.type_keys("zone-4");
    session.wait_for("6 of 45");
    session.type_keys("\x03");
    assert_eq!(session.end().0.exit_code(), 0);
}

#[cfg(debug_assertions)]
#[test]
fn k03_while_every_frame_takes_long_the_network_and_signals_are_heard() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let server = Fake::holding(&token(r#""name":"n","expires_at":"2099-01-01T00:00:00Z""#));
        let url = server.url();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tokenscope"));
        command.arg(ID);
        let mut session = Session::spawn(
            command,
            &[
                ("CLOUDFLARE_BASE_URL", url.as_str()),
                ("CLOUDFLARE_API_TOKEN", CANARY),
                ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
                ("TOKENSCOPE_TEST_FAULT", "slow"),
            ],
        );
        session.wait_for("Fields");
        let begun = Instant::now();
        session.signal(signal);
        let (status, stream) = session.end();
        assert!(
            begun.elapsed() < Duration::from_millis(1_500),
            "{:?}",
            begun.elapsed()
        );
        assert_eq!(status.exit_code(), code);
        is_given_back_once(&stream);
    }
}

// -------------------------------------------------------------- terminals that do not read, or lie

/// A program on a pseudo-terminal that nobody reads but on demand.
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    reader: Box<dyn Read + Send>,
    stream: Vec<u8>,
    /// The modes before the program came.
    modes: String,
}

impl Terminal {
    fn start(size: (u16, u16), arguments: &[&str]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tokenscope"));
        command.args(arguments);
        Self::spawn(size, command)
    }

    /// A shell that keeps the terminal, for with the first program on it goes what nobody has read,
    /// and says how the program ended.
    fn beneath_a_shell(size: (u16, u16), arguments: &str) -> Self {
        let program = env!("CARGO_BIN_EXE_tokenscope");
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

    fn has_its_modes_back(&self) -> bool {
        format!("{:?}", self.master.get_termios().unwrap()) == self.modes
    }

    fn ends_within(&mut self, wait: Duration) -> ExitStatus {
        let status = ended(wait, || self.child.try_wait().unwrap());
        if status.is_none() {
            self.child.kill().unwrap();
        }
        status.unwrap()
    }
}

/// What comes of something that is asked for again and again for a while.
fn ended<T>(wait: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + wait;
    loop {
        let answer = ask();
        if answer.is_some() || Instant::now() > deadline {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The one child that a process has, or soon will have.
fn child_of(pid: Pid) -> Pid {
    let pid = pid.as_raw_nonzero();
    let path = format!("/proc/{pid}/task/{pid}/children");
    let child = ended(Duration::from_secs(20), || {
        let children = std::fs::read_to_string(&path).unwrap();
        children.trim().parse().ok()
    });
    Pid::from_raw(child.unwrap()).unwrap()
}

/// Waits until a process hangs in a write to its standard output, to which it is driven.
fn waits_for_its_reader(pid: Pid, mut drive: impl FnMut()) {
    let path = format!("/proc/{}/syscall", pid.as_raw_nonzero());
    let mut seen = 0;
    let hangs = ended(Duration::from_secs(20), || {
        drive();
        let call = std::fs::read_to_string(&path).unwrap_or_default();
        let is_write = call.split(' ').nth(1) == Some("0x1");
        seen = if is_write { seen + 1 } else { 0 };
        (seen > 20).then_some(())
    });
    assert!(hangs.is_some(), "it never waited for its reader");
}

#[test]
fn k04_a_terminal_that_does_not_read_keeps_no_signal_from_being_heard() {
    for (signal, code) in [
        (Signal::TERM, 143),
        (Signal::INT, 130),
        (Signal::HUP, 129),
        (Signal::QUIT, 131),
    ] {
        // The shell keeps the terminal: with the last program on it goes what nobody has read.
        let mut shell = CommandBuilder::new("/bin/sh");
        let program = env!("CARGO_BIN_EXE_tokenscope");
        shell.args([
            "-c",
            &format!("{program} --demo {ID}; echo code=$?; read end"),
        ]);
        let mut terminal = Terminal::spawn((200, 60), shell);
        terminal.read_until("EXPIRES IN");
        let program = child_of(terminal.pid());
        let mut keys = terminal.master.take_writer().unwrap();
        waits_for_its_reader(program, || {
            // The whole screen anew, which nobody reads.
            keys.write_all(b"\x0c").unwrap();
            keys.flush().unwrap();
        });
        kill_process(program, signal).unwrap();
        let is_gone = || kill_process(program, Signal::CONT).err();
        assert!(
            ended(Duration::from_secs(4), is_gone).is_some(),
            "{signal:?}"
        );
        assert!(terminal.has_its_modes_back(), "{signal:?}");
        terminal.read_until(&format!("code={code}"));
        let stream = String::from_utf8_lossy(&terminal.stream);
        assert!(stream.contains("\x1b[?1049l"), "{signal:?}");
        terminal.child.kill().unwrap();
    }
}

#[test]
fn k04_a_command_whose_output_nobody_reads_hears_signals() {
    let server = Fake::holding(&token(&keys(20_000)));
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let mut command = server.command(&["get", ID, "-o", "json"]);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        waits_for_its_reader(Pid::from_child(&child), || {});
        kill_process(Pid::from_child(&child), signal).unwrap();
        let status = ended(Duration::from_secs(4), || child.try_wait().unwrap());
        if status.is_none() {
            child.kill().unwrap();
        }
        assert_eq!(status.unwrap().code(), Some(code), "{signal:?}");
    }
}

#[test]
fn k05_a_signal_at_any_instant_of_the_start_leaves_the_terminal_as_it_was() {
    // `TOKENSCOPE_SIGNALS` asks for more tries.
    let tries = std::env::var("TOKENSCOPE_SIGNALS").map_or(60, |tries| tries.parse().unwrap());
    for at in 0..tries {
        let mut terminal = Terminal::beneath_a_shell((100, 30), "--demo");
        let program = child_of(terminal.pid());
        let instant = Duration::from_micros(at * 7_919 % 60_000);
        std::thread::sleep(instant);
        kill_process(program, Signal::TERM).unwrap();
        terminal.read_until("code=");
        assert!(terminal.has_its_modes_back(), "after {instant:?}");
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

/// A shell that sets something up and becomes the program.
fn beneath_a_shell(server: &Fake, script: &str) -> Command {
    let mut inner = server.command(&[]);
    inner.env("PROGRAM", env!("CARGO_BIN_EXE_tokenscope"));
    let mut command = Command::new("/bin/sh");
    command.env_clear().args(["-c", script]);
    for (name, value) in inner.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command
}

#[test]
fn k05_a_limit_on_file_sizes_makes_a_write_fail_and_ends_nothing() {
    let server = Fake::holding(&token(r#""name":"n""#));
    let home = crate::support::api::home();
    let file = home.path().join("out");
    let script = format!(
        r#"ulimit -f 0; exec "$PROGRAM" get {ID} -o json >{}"#,
        file.display()
    );
    let done = run(&mut beneath_a_shell(&server, &script));
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    assert!(
        done.stderr.contains("could not be written"),
        "{}",
        done.stderr
    );

    let url = server.url();
    let mut command = CommandBuilder::new("/bin/sh");
    let program = env!("CARGO_BIN_EXE_tokenscope");
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
    session.type_keys("q");
    let (status, stream) = session.end();
    assert_eq!(status.exit_code(), 0);
    is_given_back_once(&stream);
}

#[test]
fn k10_a_terminal_of_any_size_is_drawn_and_given_back() {
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
        assert!(terminal.has_its_modes_back(), "{size:?}");
    }
}

// ------------------------------------------------------------------- signals that were ignored

#[test]
fn j02_a_signal_that_was_ignored_at_the_start_stays_ignored() {
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
            let mut command = beneath_a_shell(&server, &script);
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
