//! Typing and pasting at the prompt of `auth set`, and pastes in general.

#![cfg(target_os = "linux")]

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use portable_pty::CommandBuilder;
use proptest::prelude::*;
use rustix::process::{Signal, kill_process_group};
use tokenscope::action::{Context, Input, Typed};
use tokenscope::app::form::{Editor, MaskedField};
use tokenscope::cli::prompt::{Answer, PromptLine};
use tokenscope::domain::credential::Secret;
use tokenscope::keymap::Keymap;
use tokenscope::terminal::Decoder;

use crate::support::api::Fake;
use crate::support::assertions::{assert_contains, assert_contains_if, assert_lacks};
use crate::support::binary::BINARY;
use crate::support::keyring::{self as dbus, unlocked};
use crate::support::services::{Host, api, in_session, profiled};
use crate::support::terminal::{PROMPT, Session};
use crate::support::tokens::{ACCOUNT, CANARY};

const ASKED: &str = "API token (not shown): ";

fn line() -> PromptLine {
    PromptLine::new(Keymap::built_in().unwrap())
}

/// The answer to the prompt after these bytes, and its output.
fn typed(bytes: &[u8]) -> (Option<Answer>, String) {
    let (mut decoder, mut line) = (Decoder::default(), line());
    let mut events = decoder.feed(bytes);
    events.extend(decoder.time_out());
    let answer = events.into_iter().find_map(|event| line.take(event));
    (answer, line.typed().expose().to_owned())
}

fn answered(text: &str) -> Answer {
    Answer::Typed(Secret::new(text.to_owned()))
}

#[test]
fn g01_every_key_edits_as_in_a_field_or_does_nothing() {
    for (keys, expected) in [
        ("right\r", "right"),
        ("right\n", "right"),
        ("wrong\x15right\r", "right"),
        ("wrong\x17right\r", "right"),
        ("wrong\x0bright\r", "right"),
        ("rightx\x08\r", "right"),
        ("rightx\x7f\r", "right"),
        ("rightx\x1b[3~\r", "right"),
        ("rightx\x04\r", "right"),
        ("right\x01\x05\x02\x06\r", "right"),
        ("right\x1b[A\x1b[B\x1b[C\x1b[D\x1b[H\x1b[F\r", "right"),
        ("right\x1bOA\x1bOP\x1b[5~\x1b[15~\r", "right"),
        ("right\t\x1b[Z\r", "right"),
        (
            "right\x0c\x0e\x0f\x10\x12\x13\x14\x16\x18\x19\x1c\x1d\x1f\0\r",
            "right",
        ),
        ("right\x1bx\x1bu\x1b\x01\r", "right"),
        ("right\x1b[97;5u\x1b[97;1:3u\r", "right"),
        ("right\x1b]11;rgb:0/0/0\x07\x1b[I\x1b[<0;1;1M\r", "right"),
        ("\x1b[200~ right\r\nother\n\x1b[201~\r", "right"),
        ("\x1b[200~\n\n right \n\x1b[201~\n", "right"),
        ("wrong\x15\x1b[200~right\x1b[201~\r", "right"),
        ("\x04", ""),
        ("x\x15\x04", ""),
    ] {
        assert_eq!(
            typed(keys.as_bytes()).0,
            Some(answered(expected)),
            "{keys:?}"
        );
    }
    for keys in ["\x03", "wrong\x03", "\x1b[99;5u"] {
        assert_eq!(
            typed(keys.as_bytes()).0,
            Some(Answer::Interrupted),
            "{keys:?}"
        );
    }
    assert_eq!(
        typed(b"some\x1a"),
        (Some(Answer::Suspended), "some".to_owned())
    );
}

#[test]
fn k08_text_longer_than_any_credential_is_refused_and_not_truncated() {
    let long = "x".repeat(Secret::LONGEST);
    assert_eq!(
        typed(format!("{long}\r").as_bytes()).0,
        Some(answered(&long))
    );
    for keys in [
        format!("{long}x\r"),
        format!("\x1b[200~{long}x\x1b[201~\r"),
        format!("{long}x\x7f\x7f\r"),
    ] {
        assert_eq!(typed(keys.as_bytes()).0, Some(Answer::TooLong));
    }
    assert_eq!(
        typed(format!("{long}x\x15tok\r").as_bytes()).0,
        Some(answered("tok"))
    );
}

fn any_event() -> impl Strategy<Value = Event> {
    let code = prop_oneof![
        8 => any::<char>().prop_map(KeyCode::Char),
        4 => proptest::char::range('a', 'z').prop_map(KeyCode::Char),
        4 => proptest::sample::select(vec![
            KeyCode::Backspace, KeyCode::Delete, KeyCode::Left, KeyCode::Right, KeyCode::Home,
            KeyCode::End, KeyCode::Up, KeyCode::Down, KeyCode::Tab, KeyCode::Esc, KeyCode::F(4),
        ]),
    ];
    let modifiers = proptest::sample::select(vec![
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::SHIFT,
        KeyModifiers::CONTROL,
        KeyModifiers::ALT,
    ]);
    prop_oneof![
        8 => (code, modifiers).prop_map(|(code, modifiers)| Event::Key(KeyEvent::new(code, modifiers))),
        1 => any::<String>().prop_map(Event::Paste),
        1 => proptest::collection::vec(any::<u8>(), 0..5000)
            .prop_map(|bytes| Event::Paste(String::from_utf8_lossy(&bytes).into_owned())),
    ]
}

proptest! {
    #[test]
    fn g01_the_prompt_and_the_masked_field_agree_on_any_keys(
        events in proptest::collection::vec(any_event(), 0..40)
    ) {
        let keymap = Keymap::built_in().unwrap();
        let (mut line, mut field) = (line(), MaskedField::default());
        for event in events {
            let ends = line.take(event.clone()).is_some();
            if ends {
                break;
            }
            match keymap.translate(Context::SetupText, event) {
                Some(Input::Type(Typed(c))) => drop(Editor::Masked(&mut field).insert(c)),
                Some(Input::Paste(text)) => drop(Editor::Masked(&mut field).paste(&text)),
                Some(Input::Act(action)) => drop(Editor::Masked(&mut field).act(action)),
                _ => {}
            }
            prop_assert_eq!(line.typed(), field.secret());
        }
    }

    #[test]
    fn l02_no_part_of_a_paste_is_a_key_whatever_its_marks_and_splits(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "q", "y", "X", "dd", "\x03", "\x04", "\x1a", "\x1b", "\r", "\n", "text ", "\x1b[A", "\x1b[113u",
                "\x1b[201~", "\x1b[201~q", "\x1b[200~", "\x1b[201", "~", "\x1b[201~q\x1b[200~", "\x1b[201~\x1b[113u\x1b[200~",
            ]),
            0..12,
        ),
        padding in 0_usize..5000,
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let text = format!("{}{}", "x".repeat(padding), parts.concat());
        let bytes = format!("\x1b[200~{text}\x1b[201~").into_bytes();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let mut decoder = Decoder::default();
        let mut events = Vec::new();
        for pair in cuts.windows(2) {
            events.extend(decoder.feed(&bytes[pair[0]..pair[1]]));
            // A wait of slightly more than 50 ms suffices.
            if pair[1] > 6 {
                prop_assert!(decoder.timeout().unwrap() >= Duration::from_millis(100));
            }
        }
        while decoder.timeout().is_some() {
            events.extend(decoder.time_out());
        }
        for event in events {
            let assert_harmless = match &event {
                Event::Paste(_) => true,
                Event::Key(key) => matches!(key.code, KeyCode::Enter | KeyCode::Up),
                _ => false,
            };
            prop_assert!(assert_harmless, "{:?}", event);
        }
    }
}

#[test]
fn l02_a_paste_that_contains_a_mark_and_pauses_presses_no_key() {
    let fake = Fake::with_result("[]");
    for pause in [0, 5, 20, 50] {
        let mut session = fake.screens(&[]).showing("account 023e");
        session.type_keys("\x1b[200~tok \x1b[201~");
        std::thread::sleep(Duration::from_millis(pause));
        session.type_keys("qq\x03");
        std::thread::sleep(Duration::from_millis(pause));
        session.type_until("\x03q\x1b[201~", "tok");
        session.type_keys("\x1bq");
        assert_eq!(session.end().0.exit_code(), 0, "{pause} ms");
    }
}

/// `auth set` on a terminal without a store for the secret.
fn asked(fake: &Fake) -> Session {
    let line = ["auth", "set", "--account", ACCOUNT, "--no-check"];
    let session = fake.binary(&line).on_terminal().showing(ASKED.trim_end());
    wait_until_raw(&session);
    session
}

fn is_cooked(session: &Session) -> bool {
    let modes = session.master.get_termios().unwrap();
    // ICANON and ECHO.
    modes.local_flags.bits() & 0o12 == 0o12
}

fn wait_until_raw(session: &Session) {
    dbus::eventually("the terminal is taken", || !is_cooked(session));
}

#[test]
fn k01_the_destination_of_a_secret_is_shown_before_it_is_typed() {
    let fake = api();
    let mut session = asked(&fake);
    let host = fake.address.to_string();
    session.type_keys("\x03");
    let (_, stream) = session.end();
    let (said, asked) = (stream.find(&host), stream.find(ASKED.trim_end()));
    assert!(said.is_some() && said < asked, "{stream:?}");
}

#[test]
fn g01_ctrl_c_exits_with_130_and_every_signal_restores_the_terminal() {
    let fake = api();
    for (signal, code) in [
        (None, 130),
        (Some(Signal::INT), 130),
        (Some(Signal::TERM), 143),
        (Some(Signal::HUP), 129),
        (Some(Signal::QUIT), 131),
    ] {
        let mut session = asked(&fake);
        session.type_keys("some");
        match signal {
            Some(signal) => session.signal(signal),
            None => session.type_keys("\x03"),
        }
        session.wait_until("the terminal is restored", |session| {
            String::from_utf8_lossy(&session.stream).contains("\x1b[?2004l")
        });
        let (status, stream) = session.end();
        assert_eq!(status.exit_code(), code, "{signal:?}: {stream}");
        assert_eq!(stream.matches("\x1b[?2004h").count(), 1, "{stream:?}");
        assert_eq!(stream.matches("\x1b[?2004l").count(), 1, "{stream:?}");
        assert!(!stream.contains("some"), "{stream:?}");
    }
}

#[test]
fn g01_a_stop_restores_the_terminal_and_the_prompt_returns_masked() {
    let Some(desktop) = unlocked() else { return };
    let fake = api();
    let mut session = shell(&desktop, &fake);
    let line = format!("{BINARY} auth set --account {ACCOUNT}\r");
    session.type_until(&line, ASKED.trim_end());
    wait_until_raw(&session);
    session.type_keys("canary01\x1a");
    session.wait_for_prompt(2);
    session.type_keys("echo between\r");
    session.wait_for_prompt(3);
    session.type_keys("fg\r");
    session.wait_until("it is asked again", |session| {
        String::from_utf8_lossy(&session.stream)
            .matches(ASKED)
            .count()
            == 2
    });
    wait_until_raw(&session);
    kill_process_group(session.foreground(), Signal::TSTP).unwrap();
    session.wait_for_prompt(4);
    session.type_keys("fg\r");
    session.wait_until("it is asked a third time", |session| {
        String::from_utf8_lossy(&session.stream)
            .matches(ASKED)
            .count()
            == 3
    });
    wait_until_raw(&session);
    session.type_keys("23456789\n");
    session.wait_for_prompt(5);
    assert_eq!(desktop.look_up("default").as_deref(), Some(CANARY));
    session.type_keys("exit\r");
    let (_, stream) = session.end();
    assert_lacks(&stream, "canary");
    assert_lacks(&stream, "23456789");
}

fn shell(desktop: &dbus::Session, fake: &Fake) -> Session {
    let environment = desktop.command("true");
    let url = fake.url();
    let mut variables: Vec<(&str, &str)> = environment
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_str()?, value?.to_str()?)))
        .collect();
    variables.extend([
        ("CLOUDFLARE_BASE_URL", url.as_str()),
        ("PS1", PROMPT),
        ("ENV", ""),
    ]);
    let mut command = CommandBuilder::new("/bin/sh");
    command.arg("-i");
    let mut session = Session::spawn(command, &variables);
    session.wait_for_prompt(1);
    session
}

#[test]
fn k08_the_shell_runs_nothing_of_a_long_paste() {
    let Some(desktop) = unlocked() else { return };
    let fake = api();
    let many = "echo run$((1+1))\n".repeat(300);
    for (paste, is_stored) in [
        (format!("{CANARY}\n{many}"), true),
        (format!("{CANARY}\r{}", many.replace('\n', "\r")), true),
        (format!("\x1b[200~{CANARY}\n{many}\x1b[201~\r"), true),
        (format!("{}\n{many}", "x".repeat(5000)), false),
        (
            format!("\x1b[200~{}\n{many}\x1b[201~\n", "x".repeat(5000)),
            false,
        ),
    ] {
        let mut session = shell(&desktop, &fake);
        let line = format!("{BINARY} auth set --account {ACCOUNT}\r");
        session.type_until(&line, ASKED.trim_end());
        wait_until_raw(&session);
        session.type_keys(&paste);
        session.wait_for_prompt(2);
        session.type_keys("echo done\r");
        session.wait_for_prompt(3);
        session.type_keys("exit\r");
        let (_, stream) = session.end();
        assert!(!stream.contains("run2"), "{stream}");
        assert!(!stream.contains(CANARY), "{stream}");
        assert_contains_if(!is_stored, &stream, "longer than any credential");
        assert_eq!(desktop.look_up("default").is_some(), is_stored);
        let clear = ["auth", "clear"];
        crate::support::api::run(&mut in_session(&desktop, &fake, session_home(), &clear));
    }
}

fn session_home() -> &'static std::path::Path {
    std::path::Path::new("/nonexistent")
}

#[test]
fn g10_an_endless_pipe_is_read_until_the_deadline() {
    let fake = api();
    let home = crate::support::api::home();
    let (near, far) = std::os::unix::net::UnixStream::pair().unwrap();
    let arguments = [
        "auth",
        "set",
        "--stdin",
        "--timeout",
        "1",
        "--account",
        ACCOUNT,
    ];
    let mut command = profiled(&fake, home.path(), &arguments);
    command.stdin(std::process::Stdio::from(std::os::fd::OwnedFd::from(near)));
    let began = std::time::Instant::now();
    let output = command.output().unwrap();
    drop(far);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_contains(&said, "Standard input did not end within 1 s.");
    assert!(began.elapsed() < Duration::from_secs(10));
    assert!(fake.heads().is_empty());
}

#[test]
fn g10_auth_clear_reports_removed_and_missing_secrets() {
    let Some(host) = Host::unlocked() else { return };
    let set = ["auth", "set", "--stdin", "--account", ACCOUNT];
    let set = host.run_with_secret(&set);
    assert_eq!(set.code, Some(0), "{}", set.stderr);
    for (arguments, said) in [
        (
            &["auth", "clear"][..],
            "Removed the secret of profile default.",
        ),
        (
            &["auth", "clear"],
            "Nothing was stored for profile default.",
        ),
        (
            &["auth", "clear", "--profile", "typo"],
            "Nothing was stored for profile typo. No profile has that name.",
        ),
    ] {
        let outcome = host.run(arguments);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert_eq!(outcome.stderr.trim_end(), said);
        assert!(outcome.stdout.is_empty());
    }
}
