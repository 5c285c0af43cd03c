//! Group C: the terminal, and time as it is shown on it.

#![cfg(unix)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use portable_pty::{CommandBuilder, PtySize};
use rustix::process::Signal;
use serde_json::value::RawValue;
use tokenscope::action::{Action, Context, Input};
use tokenscope::app::effect::Effect;
use tokenscope::app::message::Message;
use tokenscope::app::state::{Session as AppSession, State};
use tokenscope::app::{self, Opening};
use tokenscope::domain::access::Identity;
use tokenscope::domain::countdown::Remaining;
use tokenscope::domain::credential::{CredentialKind, CredentialSource};
use tokenscope::domain::fetched::Fetched;
use tokenscope::domain::raw::RawJson;
use tokenscope::domain::scope::{Scope, ScopeId};
use tokenscope::domain::settings::Settings;
use tokenscope::domain::token::{ServiceToken, TokenRef};
use tokenscope::keymap::Keymap;

use crate::support::api::{
    ACCOUNT, CANARY, Fake, ID, Reply, http, refusal, run, run_with_input, token, tokenscope,
};
use crate::support::terminal::{PROMPT, Session, is_given_back_once};

fn resize(session: &mut Session, columns: u16, rows: u16) {
    let size = PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    };
    session.master.resize(size).unwrap();
    let (rows, columns) = (rows.try_into().unwrap(), columns.try_into().unwrap());
    session.screen.screen_mut().set_size(rows, columns);
}

#[test]
fn c01_a_shrunken_terminal_says_so_and_what_was_typed_survives() {
    let fake = Fake::holding("[]");
    let mut session = fake.screens(&[]);
    session.wait_for("Look up a service token");
    session.type_keys("half a name");
    session.wait_for("half a name");
    for (columns, rows) in [(39, 30), (100, 9), (1, 1), (2, 40), (130, 1), (12, 4)] {
        resize(&mut session, columns, rows);
        let before = session.stream.len();
        session.wait_until("a redraw", |session| session.stream.len() > before);
        session.type_keys(".");
    }
    resize(&mut session, 30, 5);
    session.wait_for("40");
    resize(&mut session, 100, 30);
    session.wait_for("half a name");
    session.type_keys("!");
    session.wait_for("half a name......!");
    session.type_keys("\x03");
    assert_eq!(session.end().0.exit_code(), 0);
}

#[test]
fn c03_seventy_thousand_of_anything_scroll_to_their_end() {
    let long = "n".repeat(100_000);
    let entries: Vec<String> = (0..70_000).map(|at| format!("[{at}]")).collect();
    let fake = Fake::holding(&token(&format!(
        r#""name":"{long}","duration":"forever","entries":[{}]"#,
        entries.join(",")
    )));
    let mut session = fake.screens(&[ID]);
    session.wait_for("NEVER EXPIRES");
    session.type_keys("v");
    session.wait_for("1–26 of 210007");
    session.type_keys("G");
    session.wait_for("69999");
    session.type_keys("\x1b[5~\x1b[5~");
    session.wait_for("69975");
    session.type_keys("q");
    assert_eq!(session.end().0.exit_code(), 0);
    let fake = Fake::start(|head, _| {
        let page = head.split(['=', '&']).nth(1).unwrap();
        let from = (page.parse::<usize>().unwrap() - 1) * 1000;
        let same: Vec<String> = (from..from + 1000)
            .map(|at| format!(r#"{{"id":"{at:08}-fafe-4643-bbbc-4a0ed4fc8415","name":"same"}}"#))
            .collect();
        let note = r#"{"per_page":1000,"total_count":70000,"total_pages":70}"#;
        let list = same.join(",");
        let body = format!(r#"{{"success":true,"result":[{list}],"result_info":{note}}}"#);
        Reply::Bytes(http(200, &[], body))
    });
    let mut session = fake.screens(&[]);
    session.wait_for("Look up a service token");
    session.type_keys("same\r");
    session.wait_for("00000000-fafe");
    session.type_keys("G");
    session.wait_for("00069999-fafe");
    session.type_keys("\x1b[5~");
    session.wait_for("0006998");
    session.type_keys("q");
    assert_eq!(session.end().0.exit_code(), 0);
}

/// Runs the screens between two looks at the terminal's modes, and gives all that was written.
#[cfg(debug_assertions)]
fn between_modes(variables: &[(&str, &str)]) -> String {
    let mut command = CommandBuilder::new("/bin/sh");
    let script = "echo before=$(stty -g); \"$1\" --demo; echo code=$?; echo after=$(stty -g)";
    command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_tokenscope")]);
    Session::spawn(command, variables).end().1
}

#[cfg(debug_assertions)]
#[test]
fn c04_a_panic_gives_the_terminal_back() {
    for (fault, code) in [("draw", 101), ("task", 101), ("start", 1)] {
        let stream = between_modes(&[("TOKENSCOPE_TEST_FAULT", fault)]);
        let modes = |name: &str| {
            let start = stream.rfind(name).unwrap() + name.len();
            stream[start..]
                .split_whitespace()
                .next()
                .unwrap()
                .to_owned()
        };
        assert_eq!(modes("before="), modes("after="), "{fault}: {stream}");
        assert_eq!(modes("code="), code.to_string(), "{fault}");
        is_given_back_once(&stream);
        let left = stream.rfind("\x1b[?1049l").unwrap();
        assert!(stream[left..].contains("fault on purpose"), "{stream}");
    }
}

#[test]
fn c07_a_signal_ends_the_program_at_once_whatever_it_waits_for() {
    let hung = Fake::start(|_, _| Reply::ThenSilence(Vec::new()));
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let mut session = hung.screens(&[ID]);
        session.wait_for("Looking up");
        let sent = Instant::now();
        session.signal(signal);
        let (status, stream) = session.end();
        assert_eq!(status.exit_code(), code, "{signal:?}");
        assert!(
            sent.elapsed() < Duration::from_secs(1),
            "{:?}",
            sent.elapsed()
        );
        is_given_back_once(&stream);
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
        assert!(
            sent.elapsed() < Duration::from_secs(1),
            "{:?}",
            sent.elapsed()
        );
        let output = child.wait_with_output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["error"]["kind"], "interrupted");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn c07_a_signal_ends_a_command_that_waits_for_the_keyring() {
    let (bus, home) = (
        crate::keyring::states::SilentBus::start(),
        crate::support::api::home(),
    );
    crate::keyring::states::with_profile(home.path());
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let met = bus.met.load(std::sync::atomic::Ordering::SeqCst);
        let mut child = tokenscope(&["get", ID])
            .env("TOKENSCOPE_HOME", home.path())
            .env("DBUS_SESSION_BUS_ADDRESS", bus.address())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        crate::support::keyring::eventually("the keyring is asked", || {
            bus.met.load(std::sync::atomic::Ordering::SeqCst) > met
        });
        let pid = rustix::process::Pid::from_child(&child);
        let sent = Instant::now();
        rustix::process::kill_process(pid, signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code));
        assert!(
            sent.elapsed() < Duration::from_secs(1),
            "{:?}",
            sent.elapsed()
        );
    }
}

#[test]
fn c08_ctrl_z_in_a_text_field_stops_the_program_and_fg_draws_it_again() {
    let mut command = CommandBuilder::new("/bin/sh");
    command.arg("-i");
    let mut session = Session::spawn(command, &[("PS1", PROMPT), ("ENV", "")]);
    session.wait_for_prompt(1);
    session.type_keys("echo before=$(stty -g)\r");
    session.wait_for_prompt(2);
    session.type_keys(concat!(env!("CARGO_BIN_EXE_tokenscope"), " --demo\r"));
    session.wait_for("account 023e");
    session.type_keys("typed text");
    session.wait_for("typed text");
    session.type_keys("\x1a");
    session.wait_for_prompt(3);
    session.type_keys("echo stopped=$(stty -g)\r");
    session.wait_for_prompt(4);
    session.type_keys("fg\r");
    session.wait_for("typed text");
    session.type_keys("\x03");
    session.wait_for_prompt(5);
    session.type_keys("exit\r");
    let (_, stream) = session.end();
    let modes = |name: &str| {
        let start = stream.rfind(name).unwrap() + name.len();
        stream[start..]
            .split_whitespace()
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(modes("before="), modes("stopped="), "{stream}");
}

fn key(code: KeyCode, kind: KeyEventKind) -> Event {
    Event::Key(KeyEvent::new_with_kind(code, KeyModifiers::NONE, kind))
}

#[test]
fn c10_a_key_acts_once_when_it_is_let_go_too_and_repeats_only_where_that_helps() {
    use KeyEventKind::{Press, Release, Repeat};
    let keymap = Keymap::built_in().unwrap();
    let of = |context, code, kind| keymap.translate(context, key(code, kind));
    for code in ['q', 'r', 'v', '?', 'y', 'j'].map(KeyCode::Char) {
        assert!(of(Context::Detail, code, Press).is_some(), "{code:?}");
        assert_eq!(of(Context::Detail, code, Release), None, "{code:?}");
    }
    for code in ['q', 'r', 'v', '?', 'y', 'e', 'a', 'o', 'c', 'Y', 't'].map(KeyCode::Char) {
        assert_eq!(of(Context::Detail, code, Repeat), None, "{code:?}");
    }
    assert_eq!(of(Context::Lookup, KeyCode::Enter, Repeat), None);
    assert_eq!(of(Context::LookupText, KeyCode::Enter, Repeat), None);
    assert_eq!(of(Context::Setup, KeyCode::Char(' '), Repeat), None);
    assert_eq!(
        of(Context::LookupText, KeyCode::Char('x'), Repeat),
        Some(Input::Type('x'))
    );
    assert_eq!(of(Context::LookupText, KeyCode::Char('x'), Release), None);
    for (code, action) in [
        (KeyCode::Down, Action::Down),
        (KeyCode::PageUp, Action::PageUp),
        (KeyCode::Char('j'), Action::Down),
    ] {
        assert_eq!(of(Context::Raw, code, Repeat), Some(Input::Act(action)));
    }
    for code in [KeyCode::Backspace, KeyCode::Left] {
        assert!(of(Context::LookupText, code, Repeat).is_some(), "{code:?}");
    }
}

/// Whatever is added to the table: a key that is held down moves and deletes, and nothing else.
#[test]
fn c10_a_key_held_down_never_switches_submits_removes_or_quits_anywhere() {
    use KeyEventKind::{Press, Repeat};
    let keymap = Keymap::built_in().unwrap();
    let codes = (' '..='~')
        .map(KeyCode::Char)
        .chain((1..=12).map(KeyCode::F))
        .chain([
            KeyCode::Enter,
            KeyCode::Esc,
            KeyCode::Tab,
            KeyCode::BackTab,
            KeyCode::Backspace,
            KeyCode::Delete,
            KeyCode::Home,
            KeyCode::End,
            KeyCode::Left,
            KeyCode::Right,
            KeyCode::Up,
            KeyCode::Down,
            KeyCode::PageUp,
            KeyCode::PageDown,
        ]);
    let codes: Vec<KeyCode> = codes.collect();
    let mut moved = 0;
    for context in Context::ALL {
        for code in &codes {
            let pressed = keymap.translate(context, key(*code, Press));
            let held = keymap.translate(context, key(*code, Repeat));
            let Some(held) = held else { continue };
            assert_eq!(pressed, Some(held.clone()), "{context:?} {code:?}");
            let harmless = match held {
                Input::Type(_) => context.is_text(),
                Input::Act(Action::Left | Action::Right) => {
                    !matches!(context, Context::Setup | Context::Lookup)
                }
                Input::Act(action) => matches!(
                    action,
                    Action::Up
                        | Action::Down
                        | Action::PageUp
                        | Action::PageDown
                        | Action::NextField
                        | Action::PreviousField
                        | Action::NextMatch
                        | Action::PreviousMatch
                        | Action::DeleteBack
                        | Action::DeleteForward
                        | Action::DeleteWord
                ),
                Input::Paste(_) | Input::Resize(..) => false,
            };
            assert!(harmless, "{context:?} {code:?}");
            moved += 1;
        }
    }
    assert!(moved > 100, "holding a key moves: {moved}");
    for (context, keys) in [
        (Context::Browse, "/sryco?qtbp "),
        (Context::Profiles, "aicdx?qtb "),
        (Context::Confirm, "yn?q "),
    ] {
        for code in keys
            .chars()
            .map(KeyCode::Char)
            .chain([KeyCode::Enter, KeyCode::Esc])
        {
            assert_eq!(
                keymap.translate(context, key(code, Repeat)),
                None,
                "{context:?} {code:?}"
            );
        }
    }
}

#[test]
fn c11_a_paste_is_one_insertion_and_never_a_key() {
    let fake = Fake::holding(&token(r#""duration":"forever""#));
    let mut session = fake.screens(&[]);
    session.wait_for("Look up a service token");
    session.type_keys("\x1b[200~\n \r\n tok_q\nddq\r\x1b[201~");
    session.wait_for("tok_q");
    session.type_keys(".");
    session.wait_for("tok_q.");
    assert!(fake.heads().is_empty(), "nothing was submitted");
    session.type_keys(&format!("\x15{ID}\r"));
    session.wait_for("NEVER EXPIRES");
    for harmless in ["q", "tok_q\nddq\n", "vvv\x03", "\x1b[201~q", "\x1bq\x1b[A"] {
        session.type_keys(&format!("\x1b[200~{harmless}\x1b[201~"));
    }
    session.type_keys("q");
    let (status, stream) = session.end();
    assert_eq!(status.exit_code(), 0);
    assert!(
        !stream.contains("raw JSON"),
        "no key of a paste was a command"
    );
    let enter = stream.find("\x1b[?2004h").unwrap();
    assert!(stream.rfind("\x1b[?2004l").unwrap() > enter);
}

#[test]
fn c12_every_field_takes_a_paste_at_its_cursor() {
    let fake = Fake::holding("[]");
    let mut session = fake.screens_with(&[], &[]);
    session.wait_for("Access: Service Tokens Read");
    let paste = |text: &str| format!("\x1b[200~{text}\x1b[201~");
    // Up to the name; the kind becomes the global key, so that there is an email field.
    session.type_keys("\x1b[A\x1b[A");
    session.type_keys(&format!("\x15{}\x1b[H{}", paste("-end"), paste("start")));
    session.wait_for("start-end");
    session.type_keys("\t ");
    session.wait_for("Email");
    session.type_keys(&format!("\t{}\x1b[H{}", paste("@example.com"), paste("me")));
    session.wait_for("me@example.com");
    session.type_keys(&format!("\t{}", paste("secret-by-paste")));
    session.wait_for("•••");
    session.type_keys(&format!(
        "\t\t{}\x1b[H{}",
        paste(&ACCOUNT[8..]),
        paste(&ACCOUNT[..8])
    ));
    session.wait_for(ACCOUNT);
    session.type_keys(&paste(&"x".repeat(10_000)));
    session.wait_for("longer than any field takes");
    session.type_keys("\x03");
    let (_, stream) = session.end();
    assert!(!stream.contains("secret-by") && !stream.contains("xxxx"));
    let fake = Fake::holding(&token(r#""duration":"forever","needle":1"#));
    let mut session = fake.screens(&[]);
    session.wait_for("Look up a service token");
    session.type_keys(&format!("{}\x1b[H{}\r", paste(&ID[8..]), paste(&ID[..8])));
    session.wait_for("NEVER EXPIRES");
    session.type_keys(&format!("v/{}", paste("needle")));
    session.wait_for("1/1 match");
    session.type_keys("\x03");
    session.end();
}

#[test]
fn c14_wide_joined_and_right_to_left_names_move_no_column() {
    let widths = [
        "東京都の鍵",
        "e\u{301}\u{323}te\u{301}",
        "مفتاح الخدمة",
        "a\u{FFFD}b",
        "한국어 키",
    ];
    for name in widths {
        let fake = Fake::holding(&token(&format!(r#""name":"{name}","duration":"forever""#)));
        let mut session = fake.screens(&[ID]);
        session.wait_for("NEVER EXPIRES");
        session.wait_for("Findings");
        session.type_keys("jj");
        let before = session.stream.len();
        session.wait_until("a redraw", |session| session.stream.len() > before);
        for (at, edge) in session
            .screen
            .screen()
            .rows(99, 1)
            .enumerate()
            .skip(1)
            .take(26)
        {
            assert!(
                "╮│┤╯".contains(edge.as_str()) && !edge.is_empty(),
                "{name}, row {at}: {edge:?}"
            );
        }
        session.type_keys("q");
        session.end();
    }
    let fake = Fake::holding("[]");
    let mut session = fake.screens(&[]);
    session.wait_for("Look up a service token");
    session.type_keys("東京");
    // Behind the field's label.
    let start = 15;
    let is_at =
        |column| move |session: &Session| session.screen.screen().cursor_position().1 == column;
    session.wait_for("東京");
    session.wait_until("the cursor behind it", is_at(start + 4));
    session.type_keys("\x1b[D\x1b[Dé");
    session.wait_for("é東京");
    session.wait_until("the cursor before it", is_at(start + 1));
    session.type_keys("\x03");
    session.end();
}

/// Every way that has been seen to make a terminal do something.
const HOSTILE: &str = r"\u001b]0;owned\u0007\u001b[2Jok\u202Egnp\u009b31m\u0090q\u009c\u007f\b\r\n\t\u2028\u2066\u200b\ufeff\u000e\u001b]52;c;b3duZWQ=\u001b\\";

fn is_harmless(stream: &str) {
    for bad in [
        "]0;owned",
        "\x1b[2Jok",
        "b3duZWQ=\x1b",
        "\u{202E}",
        "\u{9b}",
        "\u{90}",
        "\u{7f}",
        "\u{2066}",
        "\u{200b}",
        "\u{feff}",
        "\x0e",
    ] {
        assert!(
            !stream.contains(bad) || bad == "]0;owned" && !stream.contains("\x1b]0;"),
            "{bad:?}"
        );
    }
}

#[test]
fn c15_no_text_of_a_stranger_reaches_the_terminal_as_it_is() {
    let members = [
        "name",
        "client_id",
        "duration",
        "expires_at",
        "enabled",
        "created_at",
        "other",
    ]
    .map(|key| format!(r#""{key}":"{HOSTILE}""#))
    .join(",");
    let fake = Fake::holding(&token(&format!(r#"{members},"{HOSTILE}":1"#)));
    let outcome = run(&mut fake.command(&["get", ID]));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    is_harmless(&outcome.stdout);
    assert!(
        outcome
            .stdout
            .chars()
            .all(|c| !c.is_control() || matches!(c, '\n' | '\t'))
    );
    let outcome = run(&mut fake.command(&["get", ID, "-o", "json"]));
    assert!(outcome.stdout.chars().all(|c| !c.is_control() || c == '\n'));
    let mut session = fake.screens(&[ID]);
    session.wait_for("UNKNOWN");
    for keys in ["jj", "v", "G", "v", "?"] {
        let before = session.stream.len();
        session.type_keys(keys);
        session.wait_until("a redraw", |session| session.stream.len() > before);
    }
    session.type_keys("q");
    is_harmless(&session.end().1);
}

#[test]
fn c15_nor_does_what_an_error_quotes() {
    let errors = format!(
        r#"[{{"code":10000,"message":"{HOSTILE}","documentation_url":"{HOSTILE}","source":{{"pointer":"{HOSTILE}"}},
        "error_chain":[{{"code":1,"message":"{HOSTILE}"}}]}}]"#
    );
    let bytes = http(403, &[("cf-ray", "ray\u{9b}31m\u{202E}")], refusal(&errors));
    let fake = Fake::start(move |_, _| Reply::Bytes(bytes.clone()));
    let home = crate::support::api::home();
    let outcome = run(fake
        .command(&["get", ID, "--log", "trace"])
        .env("TOKENSCOPE_HOME", home.path()));
    is_harmless(&outcome.stderr);
    assert!(
        outcome.stderr.chars().all(|c| !c.is_control() || c == '\n'),
        "{:?}",
        outcome.stderr
    );
    let log = std::fs::read_to_string(home.path().join("tokenscope.log")).unwrap();
    assert!(log.contains("answered"), "{log}");
    is_harmless(&log);
    let mut session = fake.screens(&[ID]);
    session.wait_for("may not read");
    session.type_keys("e");
    session.wait_for("API error 10000");
    session.type_keys("q");
    is_harmless(&session.end().1);
    let name = "x\u{1b}]0;owned\u{7}\u{9b}31m\u{202E}";
    let outcome = run(&mut Fake::holding("[]").command(&["get", name]));
    is_harmless(&outcome.stderr);
    assert!(
        outcome.stderr.chars().all(|c| !c.is_control() || c == '\n'),
        "{:?}",
        outcome.stderr
    );
}

#[test]
fn c17_body_text_has_the_terminals_own_colours_and_no_meaning_rests_on_colour() {
    let fake = Fake::holding(&token(
        r#""name":"deploy","enabled":false,"duration":"8760h""#,
    ));
    let mut session = fake.screens(&[ID]);
    session.wait_for("DISABLED");
    session.wait_for("365d (8760h)");
    let screen = session.screen.screen();
    let contents = screen.contents();
    let row = contents
        .lines()
        .position(|line| line.contains("365d (8760h)"))
        .unwrap();
    let row = u16::try_from(row).unwrap();
    let start = (0..100)
        .find(|column| screen.cell(row, *column).unwrap().contents() == "3")
        .unwrap();
    for column in start..start + 12 {
        let cell = screen.cell(row, column).unwrap();
        assert_eq!(cell.fgcolor(), vt100::Color::Default, "{}", cell.contents());
    }
    for row in 0..30 {
        for column in 0..100 {
            let cell = screen.cell(row, column).unwrap();
            assert_eq!(cell.bgcolor(), vt100::Color::Default);
            assert!(!matches!(cell.fgcolor(), vt100::Color::Rgb(..)));
        }
    }
    session.type_keys("q");
    session.end();
    let mut session = fake.screens_with(
        &[ID],
        &[
            ("NO_COLOR", "1"),
            ("CLOUDFLARE_API_TOKEN", CANARY),
            ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
        ],
    );
    session.wait_for("✖ DISABLED");
    session.type_keys("q");
    let (_, stream) = session.end();
    for colour in 30..=37 {
        assert!(!stream.contains(&format!("\x1b[{colour}m")), "{colour}");
    }
    assert!(!stream.contains("\x1b[38;") && !stream.contains("\x1b[48;"));
}

#[test]
fn c19_the_mouse_is_the_terminals_own() {
    let keymap = Keymap::built_in().unwrap();
    for (column, row) in [(0, 0), (100, 30), (u16::MAX, u16::MAX)] {
        let mouse = MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column,
            row,
            modifiers: KeyModifiers::NONE,
        };
        assert_eq!(keymap.translate(Context::Detail, Event::Mouse(mouse)), None);
    }
    let fake = Fake::holding(&token(r#""duration":"forever""#));
    let mut session = fake.screens(&[ID]);
    session.wait_for("NEVER EXPIRES");
    session.type_keys("\x1b[<0;101;31M\x1b[<0;65535;65535m\x1b[M !!");
    session.type_keys("v");
    session.wait_for("raw JSON");
    session.type_keys("q");
    let (status, stream) = session.end();
    assert_eq!(status.exit_code(), 0);
    for mode in ["1000", "1002", "1003", "1006", "1015"] {
        assert!(!stream.contains(&format!("\x1b[?{mode}h")), "{mode}");
    }
}

/// What terminals say of themselves, which a program before may have asked for: a title, a colour,
/// the clipboard, attributes, a version, the mouse in three encodings, the cursor, the window.
const REPORTS: [&str; 12] = [
    "\x1b]lqquit\x1b\\",
    "\x1b]11;rgb:0000/0000/0000\x07",
    "\x1b]52;c;cXVpdA==\x07",
    "\x1b[?62;22c",
    "\x1b[>0;276;0c",
    "\x1bP>|XTerm(370)\x1b\\",
    "\x1b_Gi=31;OK\x1b\\",
    "\x1b[M   ",
    "\x1b[<0;0;0M",
    "\x1b[32;0;0M",
    "\x1b[0;0R",
    "\x1b[8;24;80t",
];

#[test]
fn c19_what_the_terminal_says_unasked_is_no_key() {
    let fake = Fake::holding(&token(r#""name":"CI","duration":"forever""#));
    let mut session = fake.screens(&[]);
    session.wait_for("Look up a service token");
    session.type_keys(&REPORTS.concat());
    session.type_keys(&format!("{ID}\r"));
    session.wait_for("NEVER EXPIRES");
    session.type_keys(&REPORTS.concat());
    // A key after them tells that they were read.
    session.type_keys("?");
    session.wait_for("Esc closes");
    session.type_keys("?");
    session.wait_until("Detail again", |session| {
        let shown = session.shown();
        shown.contains("Duration   forever") && !shown.contains("Esc closes")
    });
    assert!(!String::from_utf8_lossy(session.written()).contains("\x1b]52;"));
    session.type_keys("q");
    assert_eq!(session.end().0.exit_code(), 0);
}

#[test]
fn c19_what_the_terminal_never_finishes_holds_no_key_back() {
    for begun in [
        "\x1b[<0;1",
        "\x1b[?",
        "\x1b[M",
        "\x1b]11;rgb",
        "\x1bP",
        "\x1b[200~abc",
    ] {
        let mut session = Session::start(&["--demo"]);
        session.wait_for("Look up a service token");
        session.type_keys(begun);
        if begun.contains("200~") {
            // In time, a paste without an end is taken for what came of it.
            session.wait_for("abc");
        }
        session.type_keys("\x03");
        assert_eq!(session.end().0.exit_code(), 0, "{begun:?}");
    }
}

#[test]
fn c11_ctrl_c_ends_what_waits_for_the_end_of_a_paste() {
    let mut session = Session::start(&["--demo"]);
    session.wait_for("Look up a service token");
    session.type_keys("\x1b[200~abc");
    // Nothing shows that it came; each press is one more chance to be told from a pasted one.
    for _ in 0..100 {
        session.type_keys("\x03");
        if session.ends_within(Duration::from_millis(150)) {
            assert_eq!(session.end().0.exit_code(), 0);
            return;
        }
    }
    unreachable!("still there");
}

#[test]
fn c11_a_key_behind_escape_is_both_however_fast() {
    let fake = Fake::holding(&token(r#""name":"CI","duration":"forever""#));
    let mut session = fake.screens(&[]);
    session.wait_for("Look up a service token");
    // As tmux sends them where they come within half a second.
    session.type_keys("abc\x1bp");
    session.wait_for("╭ Profiles");
    session.type_keys("q");
    assert_eq!(session.end().0.exit_code(), 0);
}

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// The program with a token in view that ends after a time; without one it never does.
fn viewing(left: Option<TimeDelta>, refresh_seconds: u64) -> State {
    let session = AppSession {
        identity: Some(Identity {
            source: CredentialSource::Session,
            kind: CredentialKind::ApiToken,
        }),
        scope: Some(Scope::Account(ScopeId::parse(ACCOUNT).unwrap())),
        settings: Settings {
            refresh_seconds,
            ..Settings::default()
        },
        ..AppSession::default()
    };
    let mut state = State::new(session, noon(), (100, 30));
    let effects = app::start(&mut state, Opening::Token(TokenRef::parse(ID).unwrap()));
    answer(&mut state, &effects, noon(), left);
    state
}

/// Answers the fetch among the effects, if there is one, and says how many there were.
fn answer(
    state: &mut State,
    effects: &[Effect],
    now: DateTime<Utc>,
    left: Option<TimeDelta>,
) -> usize {
    let fetches = effects.iter().filter_map(|effect| match effect {
        Effect::FetchToken { request, .. } => Some(*request),
        _ => None,
    });
    let mut count = 0;
    for request in fetches {
        count += 1;
        let members = match left {
            Some(left) => format!(r#""expires_at":"{}""#, (noon() + left).to_rfc3339()),
            None => r#""duration":"forever""#.to_owned(),
        };
        let json = token(&members);
        let raw: &RawValue = serde_json::from_str(&json).unwrap();
        let token = ServiceToken::parse(&RawJson::from(raw));
        let found = Fetched::new(vec![token.into()], Duration::ZERO);
        let result = Ok(found);
        app::update(state, now, Message::TokenFetched { request, result });
    }
    count
}

/// Lets time pass as the loop does, sleeping until something changes, and counts draws and fetches.
fn idle(state: &mut State, seconds: i64, left: Option<TimeDelta>) -> (usize, usize) {
    let (mut draws, mut fetches) = (0, 0);
    let end = state.clock.local + TimeDelta::seconds(seconds);
    while let Some(at) = state.wake_at().filter(|at| *at < end) {
        let now = at.max(state.clock.local);
        let effects = app::update(state, now, Message::Ticked);
        draws += usize::from(state.changed);
        fetches += answer(state, &effects, now, left);
    }
    (draws, fetches)
}

#[test]
fn c21_an_idle_screen_draws_once_a_second_at_most_and_a_still_one_once_a_minute() {
    let left = Some(TimeDelta::days(12));
    let (draws, fetches) = idle(&mut viewing(left, 0), 600, left);
    assert!((595..=601).contains(&draws), "{draws}");
    assert_eq!(fetches, 0);
    let (draws, fetches) = idle(&mut viewing(None, 0), 600, None);
    assert!(draws <= 10, "{draws}");
    assert_eq!(fetches, 0);
    let (_, fetches) = idle(&mut viewing(left, 60), 600, left);
    assert!((9..=10).contains(&fetches), "{fetches}");
}

#[test]
fn c23_quitting_needs_no_further_key_and_waits_for_nothing() {
    let hung = Fake::start(|_, _| Reply::ThenSilence(Vec::new()));
    for keys in ["q", "\x03"] {
        let mut session = hung.screens(&[ID]);
        session.wait_for("Looking up");
        let asked = Instant::now();
        session.type_keys(keys);
        let (status, stream) = session.end();
        assert_eq!(status.exit_code(), 0);
        assert!(
            asked.elapsed() < Duration::from_millis(500),
            "{:?}",
            asked.elapsed()
        );
        is_given_back_once(&stream);
    }
}

#[test]
fn c24_without_a_terminal_there_is_one_line_and_no_escape_code() {
    let binary = env!("CARGO_BIN_EXE_tokenscope");
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
fn c24_commands_need_no_terminal_and_no_standard_stream() {
    let fake = Fake::holding(&token(r#""duration":"forever""#));
    let binary = env!("CARGO_BIN_EXE_tokenscope");
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
fn c25_after_a_night_the_first_frame_shows_the_time_that_is_left_now() {
    let left = TimeDelta::days(12);
    let mut state = viewing(Some(left), 0);
    for hours in [8, -3, 24 * 13] {
        let now = noon() + TimeDelta::hours(hours);
        app::update(&mut state, now, Message::Ticked);
        let shown = Remaining::until(noon() + left, state.instant());
        let real = Remaining::until(noon() + left, now);
        assert_eq!(shown.to_string(), real.to_string(), "{hours} h");
    }
}

#[test]
fn c27_a_gap_is_followed_by_one_refresh_and_no_burst() {
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

#[test]
fn c29_days_hours_and_seconds_are_floors_on_both_sides_of_the_end() {
    let end = noon();
    for (seconds, text, days) in [
        (86_400 + 86_399, "1d 23:59:59", 1),
        (86_400, "1d 00:00:00", 1),
        (86_399, "23:59:59", 0),
        (3_599, "59:59", 0),
        (1, "00:01", 0),
        (0, "expired 00:00 ago", 0),
        (-1, "expired 00:01 ago", -1),
        (-86_340, "expired 23:59:00 ago", -1),
        (-86_400, "expired 1d 00:00:00 ago", -1),
        (-86_401, "expired 1d 00:00:01 ago", -2),
    ] {
        let remaining = Remaining::until(end, end - TimeDelta::seconds(seconds));
        assert_eq!(remaining.to_string(), text, "{seconds}");
        assert_eq!(remaining.seconds(), seconds);
        assert_eq!(remaining.days(), days, "{seconds}");
        assert_eq!(remaining.is_over(), seconds <= 0);
    }
    let half = Remaining::until(end, end - TimeDelta::milliseconds(500));
    assert_eq!(
        (half.to_string().as_str(), half.seconds(), half.is_over()),
        ("00:00", 0, false)
    );
    let past = Remaining::until(end, end + TimeDelta::milliseconds(500));
    assert_eq!(
        (past.seconds(), past.days()),
        (-1, -1),
        "negative after expiry"
    );
}

#[test]
fn c31_the_dashboard_link_is_copied_and_no_program_is_started_that_would_eat_keys() {
    let fake = Fake::holding(&token(r#""duration":"forever""#));
    let mut session = fake.screens(&[ID]);
    session.wait_for("NEVER EXPIRES");
    session.type_keys("ov");
    session.wait_for("raw JSON");
    session.type_keys("q");
    let (status, stream) = session.end();
    assert_eq!(status.exit_code(), 0);
    assert!(
        stream.contains("\x1b]52;"),
        "sent to the terminal's clipboard"
    );
}
