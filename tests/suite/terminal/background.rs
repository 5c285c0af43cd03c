//! The query of the terminal's background, whose answer is never taken for keys; the title, the
//! mouse, and keys that only some keyboards have.

#![cfg(unix)]

use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, MouseButton, MouseEventKind};
use tokenscope::terminal::Decoder;
use tokenscope::terminal::background::{Background, QUESTION};
use tokenscope::tui::desktop;

use crate::support::api::Fake;
use crate::support::terminal::{Session, assert_restored_once};

const DARK: &str = "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\";
const LIGHT: &str = "\x1b]11;rgb:fdfd/f6f6/e3e3\x07";

fn asked() -> Decoder {
    let mut decoder = Decoder::default();
    decoder.expect_background();
    decoder
}

/// The characters that events type.
fn typed(events: &[Event]) -> String {
    let key = |event: &Event| match event {
        Event::Key(key) => match key.code {
            KeyCode::Char(c) => Some(c),
            KeyCode::Esc => Some('␛'),
            _ => Some('?'),
        },
        _ => Some('?'),
    };
    events.iter().filter_map(key).collect()
}

#[test]
fn the_brightness_of_the_background_decides() {
    for (answer, expected) in [
        (DARK, Some(Background::Dark)),
        (LIGHT, Some(Background::Light)),
        ("\x1b]11;rgb:0/2b/36\x07", Some(Background::Dark)),
        ("\x1b]11;rgb:f/f/f\x07", Some(Background::Light)),
        (
            "\x1b]11;rgba:ffff/ffff/ffff/8000\x07",
            Some(Background::Light),
        ),
        ("\x1b]11;rgb:zz/0/0\x07", None),
        ("\x1b]11;rgb:00000/0/0\x07", None),
        ("\x1b]11;rgb:+1/0/0\x07", None),
        ("\x1b]11;rgb:ff/ff\x07", None),
        ("\x1b]11;?\x07", None),
        ("\x1b]10;rgb:ffff/ffff/ffff\x07", None),
        ("\x1b]11;rgb:ffff/ffff/ffff\x18", Some(Background::Light)),
    ] {
        let mut decoder = asked();
        assert_eq!(typed(&decoder.feed(answer.as_bytes())), "", "{answer:?}");
        assert_eq!(decoder.take_background(), expected, "{answer:?}");
        assert_eq!(decoder.take_background(), None, "once");
        assert_eq!(typed(&decoder.feed(b"q")), "q");
    }
}

#[test]
fn a_split_answer_types_nothing_however_slow_the_line() {
    for answer in [DARK, LIGHT] {
        for at in 1..answer.len() {
            let (first, rest) = answer.as_bytes().split_at(at);
            let mut decoder = asked();
            assert_eq!(typed(&decoder.feed(first)), "");
            let wait = decoder.timeout().unwrap();
            if at == 1 {
                // Indistinguishable from the Escape key, which must not wait.
                assert!(wait <= Duration::from_millis(50), "{wait:?}");
                assert_eq!(typed(&decoder.time_out()), "␛");
            } else {
                assert!(wait >= Duration::from_secs(2), "{at}: {wait:?}");
            }
            assert_eq!(typed(&decoder.feed(rest)), "", "{at}");
            assert!(decoder.take_background().is_some(), "{at}");
            assert_eq!(typed(&decoder.feed(b"]1")), "]1");
        }
        // Byte by byte, after the Escape key has been released.
        let mut decoder = asked();
        let mut events = Vec::new();
        for byte in answer.bytes() {
            events.extend(decoder.feed(&[byte]));
            if byte == 0x1b && events.is_empty() {
                events.extend(decoder.time_out());
            }
        }
        assert_eq!(typed(&events), "␛");
        assert!(decoder.take_background().is_some());
    }
}

#[test]
fn keys_that_resemble_the_start_of_an_answer_stay_keys() {
    for (keys, expected) in [
        ("]", "␛]"),
        ("]1", "␛]1"),
        ("]12", "␛]12"),
        ("]]", "␛]]"),
        ("x", "␛x"),
    ] {
        let mut decoder = asked();
        let mut events = decoder.feed(b"\x1b");
        events.extend(decoder.time_out());
        events.extend(decoder.feed(keys.as_bytes()));
        if let Some(wait) = decoder.timeout() {
            assert!(wait <= Duration::from_millis(200), "{wait:?}");
            events.extend(decoder.time_out());
        }
        assert_eq!(typed(&events), expected);
    }
}

/// The indices of the fixed colours on screen.
fn colours(session: &Session) -> Vec<u8> {
    let screen = session.screen.screen();
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    let colour = |(row, column)| match screen.cell(row, column)?.fgcolor() {
        vt100::Color::Idx(index) => Some(index),
        _ => None,
    };
    places.filter_map(colour).collect()
}

/// The accent colours of the two themes.
const ACCENTS: [u8; 2] = [117, 25];

/// Waits for this time while reading output.
fn pass(session: &mut Session, time: Duration) {
    let end = Instant::now() + time;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        let _drawn = session.is_silent_for(left);
    }
}

fn has_asked(session: &Session) -> bool {
    String::from_utf8_lossy(session.written()).contains(QUESTION)
}

#[test]
fn the_first_frame_has_no_colours_until_the_terminal_answers() {
    for (answer, accent) in [(DARK, ACCENTS[0]), (LIGHT, ACCENTS[1])] {
        let fake = Fake::with_result("[]");
        let mut session = fake.screens(&[]);
        // The answer waits in the terminal when the query comes.
        session.type_keys(answer);
        session.wait_until("colours", |session| colours(session).contains(&accent));
        let stream = session.interrupt();
        let first_frame = stream.split(QUESTION).next().unwrap();
        assert!(!first_frame.contains("38;5;"), "{first_frame:?}");
        assert_eq!(stream.matches(QUESTION).count(), 1);
    }
}

#[test]
fn a_missing_late_or_malformed_answer_changes_nothing() {
    let late = [&DARK[..10], &DARK[10..]];
    for parts in [&[][..], &[LIGHT], &late, &["\x1b]11;rgb:zz/", "junk\x07"]] {
        let fake = Fake::with_result("[]");
        let mut session = fake.screens(&[]);
        session.wait_until("the question", has_asked);
        pass(&mut session, Duration::from_millis(100));
        for part in parts {
            session.type_keys(part);
            pass(&mut session, Duration::from_millis(60));
        }
        session.type_until("zebra", "zebra");
        assert!(colours(&session).is_empty(), "{parts:?}");
        let shown = session.shown();
        assert!(!shown.contains("rgb") && !shown.contains("junk"), "{shown}");
        session.interrupt();
    }
}

#[test]
fn the_background_is_not_queried_if_it_does_not_matter() {
    for (arguments, variables) in [
        (&["--demo", "--theme", "dark"][..], &[][..]),
        (&["--demo"], &[("NO_COLOR", "1")]),
        (&["--demo"], &[("TERM", "linux")]),
        (&["--demo"], &[("TERM", "vt220")]),
    ] {
        let binary = crate::support::binary::Binary::new(arguments).envs(variables);
        let session = binary.on_terminal().showing("F1");
        let stream = session.interrupt();
        assert!(!stream.contains("\x1b]11;"), "{arguments:?} {variables:?}");
    }
}

#[test]
fn old_terminals_get_ascii_and_no_title() {
    for kind in ["linux", "vt100", "vt220"] {
        let binary = crate::support::binary::Binary::new(&["--demo"]);
        let session = binary.envs(&[("TERM", kind)]).on_terminal().showing("F1");
        assert!(session.shown().is_ascii(), "{kind}: {}", session.shown());
        let stream = session.interrupt();
        assert!(!stream.contains("\x1b]"), "{kind}: {stream:?}");
        assert!(!stream.contains("22;2t"), "{kind}");
    }
}

#[test]
fn the_title_counts_urgent_tokens_and_is_restored() {
    let mut session = Session::start(&["--demo"]);
    let has_title = |session: &Session, title: &str| {
        String::from_utf8_lossy(session.written()).contains(&desktop::title(title))
    };
    session.wait_until("the first title", |it| has_title(it, "tokenscope · demo"));
    session.wait_for("F1");
    session.type_keys("\x1bOQ");
    session.wait_until("the counts", |session| {
        String::from_utf8_lossy(session.written()).contains("\x1b]2;✖")
    });
    let stream = session.interrupt();
    assert_restored_once(&stream);
    assert_eq!(stream.matches("\x1b[22;2t").count(), 1, "{stream:?}");
    assert_eq!(stream.matches("\x1b[23;2t").count(), 1, "{stream:?}");
}

#[test]
fn the_mouse_is_reported_only_if_enabled() {
    let mut decoder = Decoder::default();
    let click = b"\x1b[<0;5;7M\x1b[<0;5;7m\x1b[<64;1;1M\x1b[<65;1;1M\x1b[<2;1;1M\x1b[<0;0;1M";
    assert_eq!(decoder.feed(click), []);
    decoder.report_mouse();
    let events = decoder.feed(click);
    let kinds: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Mouse(mouse) => Some((mouse.kind, mouse.column, mouse.row)),
            _ => None,
        })
        .collect();
    assert_eq!(
        kinds,
        [
            (MouseEventKind::Down(MouseButton::Left), 4, 6),
            (MouseEventKind::ScrollUp, 0, 0),
            (MouseEventKind::ScrollDown, 0, 0),
        ]
    );
}

#[test]
fn the_keypad_types_digits_in_application_mode() {
    let mut decoder = Decoder::default();
    let keypad: String = ('j'..='y').map(|letter| format!("\x1bO{letter}")).collect();
    assert_eq!(typed(&decoder.feed(keypad.as_bytes())), "*+,-./0123456789");
    let kitty: String = (57399..=57408).map(|key| format!("\x1b[{key}u")).collect();
    assert_eq!(typed(&decoder.feed(kitty.as_bytes())), "0123456789");
}
