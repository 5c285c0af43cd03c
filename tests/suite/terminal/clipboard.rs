//! Copying through the terminal.

#![cfg(unix)]

use std::process::Command;
use std::time::Duration;

use portable_pty::CommandBuilder;
use tokenscope::tui::desktop::Clipboard;

use crate::support::api::{Fake, home, token};
use crate::support::assertions::{assert_contains, assert_starts};
use crate::support::binary::BINARY;
use crate::support::terminal::Session;
use crate::support::tokens::{ACCOUNT, CANARY, ID};
use crate::terminal::styles::{EXPIRED, one_token};

#[test]
fn c31_copying_the_dashboard_link_starts_no_program() {
    let fake = Fake::with_result(&token(r#""duration":"forever""#));
    let mut session = fake.screens(&[ID]).showing("NEVER EXPIRES");
    session.type_until("ov", "raw JSON");
    let stream = session.quit();
    assert_contains(&stream, "\x1b]52;");
}

fn decoded(base64: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for letter in base64.bytes().filter(|letter| *letter != b'=') {
        let value = LETTERS.iter().position(|one| *one == letter).unwrap();
        bits = (bits << 6 | u32::try_from(value).unwrap()) & 0xFFFF;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xFF).unwrap());
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// Everything that a stream asks the terminal to copy.
pub(crate) fn copied(stream: &str) -> Vec<String> {
    let parts = stream.split("\x1b]52;c;").skip(1);
    parts
        .map(|part| decoded(&part[..part.find(['\x07', '\x1b']).unwrap()]))
        .collect()
}

const HOSTILE: &str = r#""name":"a\nrm -rf ~\u001b[201~\u0007\u009b2J\u202eb","client_id":"c\r\nd\u001b.access","note":"x\u0000\ny","wild":"RAW","duration":"forever","enabled":true"#;

#[test]
fn k12_copies_what_is_shown() {
    let hostile = HOSTILE.replace("RAW", "\u{9b}2J\u{202e}");
    let fake = one_token(&hostile, Duration::ZERO);
    let mut session = fake.screens(&[ID]).showing("NEVER EXPIRES");
    session.type_until("c", "Copied the client ID to the terminal's clipboard");
    for (row, key) in ["G", "k", "k", "k", "k"].iter().enumerate() {
        session.type_keys(key);
        session.type_keys("y");
        session.wait_until("a copy", |session| {
            copied(&String::from_utf8_lossy(session.written())).len() > row + 1
        });
    }
    let all = copied(&String::from_utf8_lossy(session.written()));
    assert!(all.iter().any(|text| text.contains("rm -rf")), "{all:?}");
    for text in &all {
        let wild = |c: char| c.is_control() || c == '\u{202e}';
        assert!(!text.contains(wild), "{text:?}");
    }
    session.type_until("Y", "with control characters");
    let all = copied(&String::from_utf8_lossy(session.written()));
    let raw = all.last().unwrap();
    assert_eq!(*raw, token(&hostile));
    session.quit();
}

#[test]
fn k12_y_in_the_list_and_in_error_details_copies_no_control_character() {
    let refusal = r#"{"success":false,"errors":[{"code":7,"message":"no\u001b[201~\nrm -rf ~"}]}"#;
    let fake = Fake::answering(418, refusal);
    let mut session = fake.screens(&[ID]).showing("e details");
    session.type_until("e", "rm -rf");
    session.type_until("y", "Copied the details to the terminal's clipboard");
    let all = copied(&String::from_utf8_lossy(session.written()));
    let text = all.last().unwrap();
    assert_contains(text, "API error 7: no\u{FFFD}[201~ rm -rf ~");
    assert!(
        text.lines().count() > 1 && !text.contains('\x1b'),
        "{text:?}"
    );
    session.type_keys("\x03");
    session.end();
    let fake = Fake::with_result(r#"[{"id":"i\u001b\nd","client_id":"c\u009b\nx","name":"only"}]"#);
    let mut session = fake.screens(&[]).showing("account 023e");
    session.type_until("\x1bOQ", "only");
    session.type_until("y", "Copied the ID to the terminal's clipboard");
    session.type_until("c", "Copied the client ID to the terminal's clipboard");
    let all = copied(&String::from_utf8_lossy(session.written()));
    assert_eq!(all, ["i\u{FFFD} d", "c\u{FFFD} x"]);
    session.type_keys("\x03");
    session.end();
}

#[test]
fn l03_the_sequence_suits_the_multiplexers_in_between() {
    let text = "hällo".repeat(200);
    let plain = Clipboard::of(false, false).sequences(&text);
    assert_eq!(copied(&plain), std::slice::from_ref(&text));
    assert!(!plain.contains("\x1bP"));
    let tmux = Clipboard::of(true, false).sequences(&text);
    assert!(tmux.starts_with(&plain));
    let wrapped = tmux[plain.len()..].strip_prefix("\x1bPtmux;").unwrap();
    let wrapped = wrapped.strip_suffix("\x1b\\").unwrap();
    assert_eq!(wrapped.replace("\x1b\x1b", "\x1b"), plain);
    assert_eq!(Clipboard::of(true, true), Clipboard::Tmux);
    let screen = Clipboard::of(false, true).sequences(&text);
    let pieces: Vec<&str> = screen.split_inclusive("\x1b\\").collect();
    assert!(pieces.len() > 3);
    let inner: String = pieces
        .iter()
        .map(|piece| {
            assert!(piece.len() < 256);
            let piece = piece.strip_prefix("\x1bP").unwrap();
            piece.strip_suffix("\x1b\\").unwrap()
        })
        .collect();
    assert_eq!(copied(&inner), [text]);
    assert!(inner.ends_with('\x07'));
}

#[test]
fn l03_text_too_long_for_terminals_is_reported_and_not_sent() {
    let fits = "x".repeat(74_000);
    let long = "x".repeat(74_001);
    for clipboard in [Clipboard::Terminal, Clipboard::Screen, Clipboard::Tmux] {
        assert!(!clipboard.sequences(&fits).is_empty());
        assert!(Clipboard::Terminal.sequences(&fits).len() <= 100_000);
        assert_eq!(clipboard.sequences(&long), "");
        let notice = clipboard.notice("Copied the JSON", &long, true);
        assert!(notice.contains("75 KB") && notice.len() < 100, "{notice}");
        assert_starts(
            &clipboard.notice("Copied the JSON", &fits, true),
            "Copied the JSON ",
        );
    }
    let lost = Clipboard::Tmux.notice("Copied the ID", "x", false);
    assert!(lost.contains("set-clipboard on") && lost.contains("allow-passthrough on"));
}

#[test]
fn l03_a_silent_tmux_gets_every_sequence_and_the_user_is_told() {
    let fake = one_token(EXPIRED, Duration::ZERO);
    let credential = [
        ("CLOUDFLARE_API_TOKEN", CANARY),
        ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
    ];
    for (variable, value, notice, form) in [
        (
            "TMUX",
            "/nonexistent/tmux,1,0",
            "set-clipboard on",
            "\x1bPtmux;\x1b\x1b]52;c;",
        ),
        ("STY", "1.pts", "through screen", "\x1bP\x1b]52;c;"),
        ("STY", "", "the terminal's clipboard", "\x1b]52;c;"),
    ] {
        let mut variables = credential.to_vec();
        variables.push((variable, value));
        let mut session = fake.screens_with(&[ID], &variables).showing("EXPIRED");
        // The last fact is the name, which has a value to copy.
        session.type_keys("G");
        for key in ["y", "c", "Y", "o"] {
            session.type_until(key, if key == "c" { "EXPIRED" } else { notice });
        }
        let stream = session.quit();
        assert!(stream.contains(form), "{variable}: {stream:?}");
    }
}

#[test]
fn l03_y_inside_tmux_reaches_buffer_and_terminal_with_its_settings() {
    if Command::new("tmux").arg("-V").output().is_err() {
        return;
    }
    for settings in ["", "set -s set-clipboard on", "set -s set-clipboard off"] {
        let socket = home();
        let socket = socket.path().join("socket");
        let socket = socket.to_str().unwrap();
        let config = home();
        let config = config.path().join("conf");
        std::fs::write(&config, settings).unwrap();
        let mut command = CommandBuilder::new("tmux");
        command.args(["-S", socket, "-f", config.to_str().unwrap()]);
        command.args(["new-session", &format!("{BINARY} --demo {ID}")]);
        let mut session = Session::spawn(command, &[("PATH", "/usr/local/bin:/usr/bin:/bin")]);
        session.wait_for("EXPIRES IN");
        session.type_until(
            "c",
            "Copied the client ID to tmux's buffer and the clipboard",
        );
        session.wait_until("the outer terminal's copy", |session| {
            String::from_utf8_lossy(session.written()).contains("\x1b]52;")
        });
        let buffer = Command::new("tmux")
            .args(["-S", socket, "show-buffer"])
            .output()
            .unwrap();
        let buffer = String::from_utf8(buffer.stdout).unwrap();
        assert!(buffer.ends_with(".access"), "{settings}: {buffer:?}");
        let stream = session.quit();
        let sent = stream.rsplit("\x1b]52;").next().unwrap();
        let sent = sent.split_once(';').unwrap().1;
        let sent = decoded(&sent[..sent.find(['\x07', '\x1b']).unwrap()]);
        assert_eq!(sent, buffer, "{settings}");
    }
}
