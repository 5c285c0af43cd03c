//! Decoding of terminal input: keys, pastes and unsolicited reports.

use std::fmt::Write;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use proptest::prelude::*;
use tokenscope::terminal::Decoder;

/// Keys as `c-x`, `a-x`, `Up`, and pastes in quotes.
fn names(events: &[Event]) -> Vec<String> {
    events.iter().map(name).collect()
}

fn name(event: &Event) -> String {
    match event {
        Event::Paste(text) => format!("{text:?}"),
        Event::Key(key) => {
            let mut name = String::new();
            for (modifier, letter) in [
                (KeyModifiers::CONTROL, "c-"),
                (KeyModifiers::ALT, "a-"),
                (KeyModifiers::SHIFT, "s-"),
            ] {
                if key.modifiers.contains(modifier) {
                    name.push_str(letter);
                }
            }
            match key.code {
                KeyCode::Char(c) => name.push(c),
                other => write!(name, "{other:?}").unwrap(),
            }
            if key.kind != KeyEventKind::Press {
                write!(name, " {:?}", key.kind).unwrap();
            }
            name
        }
        other => format!("{other:?}"),
    }
}

/// The events of these bytes, which must be the same whole, split in two, byte by byte, and
/// followed by silence.
#[track_caller]
fn decode_every_way(bytes: &[u8]) -> Vec<String> {
    let decoded = |parts: &[&[u8]]| {
        let mut decoder = Decoder::default();
        let mut events = Vec::new();
        for part in parts {
            events.extend(decoder.feed(part));
        }
        events.extend(decoder.time_out());
        assert_eq!(decoder.timeout(), None, "nothing is waited for");
        names(&events)
    };
    let whole = decoded(&[bytes]);
    for at in 0..bytes.len() {
        assert_eq!(
            decoded(&[&bytes[..at], &bytes[at..]]),
            whole,
            "{at}: {bytes:?}"
        );
    }
    let each: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(decoded(&each), whole, "byte by byte: {bytes:?}");
    whole
}

#[test]
fn decodes_keys_in_all_their_forms() {
    for (bytes, expected) in [
        ("aZ7 ", "a s-Z 7  "),
        ("\r\t\x7f\x1b", "Enter Tab Backspace Esc"),
        ("\x01\x1a\x0a\x08\0\x1c\x1f", "c-a c-z c-j c-h c-  c-4 c-7"),
        ("é東👍", "é 東 👍"),
        ("\x1b[A\x1b[B\x1b[C\x1b[D", "Up Down Right Left"),
        ("\x1bOA\x1bOP\x1bOS\x1bOM", "Up F(1) F(4) Enter"),
        (
            "\x1b[H\x1b[F\x1b[1~\x1b[4~\x1b[7~\x1b[8~",
            "Home End Home End Home End",
        ),
        (
            "\x1b[2~\x1b[3~\x1b[5~\x1b[6~",
            "Insert Delete PageUp PageDown",
        ),
        ("\x1b[Z", "BackTab"),
        (
            "\x1b[11~\x1b[15~\x1b[17~\x1b[21~\x1b[23~\x1b[24~",
            "F(1) F(5) F(6) F(10) F(11) F(12)",
        ),
        (
            "\x1b[25~\x1b[26~\x1b[28~\x1b[29~\x1b[31~\x1b[34~",
            "F(13) F(14) F(15) F(16) F(17) F(20)",
        ),
        ("\x1b[[A\x1b[[E", "F(1) F(5)"),
        ("\x1b[1;5A\x1b[1;2P\x1b[3;3~", "c-Up s-F(1) a-Delete"),
        ("\x1b[97;5u\x1b[13u\x1b[9;2u\x1b[27u", "c-a Enter s-Tab Esc"),
        ("\x1b[27;5;9~\x1b[27;6;97~", "c-Tab c-s-a"),
        ("\x1b[97;1:3u\x1b[1;1:2B", "a Release Down Repeat"),
        ("\x1ba\x1b\x7f\x1b\r\x1bé", "a-a a-Backspace a-Enter a-é"),
        ("\x1b\x1b[A", "Esc Up"),
        ("\x1b\x1b", "Esc Esc"),
    ] {
        assert_eq!(
            decode_every_way(bytes.as_bytes()).join(" "),
            expected,
            "{bytes:?}"
        );
    }
}

#[test]
fn unsolicited_reports_type_nothing() {
    for report in [
        // The title, a background colour, the clipboard.
        &b"\x1b]lqquit\x1b\\"[..],
        b"\x1b]11;rgb:0000/0000/0000\x07",
        b"\x1b]11;rgb:0000/0000/0000\x1b\\",
        b"\x1b]52;c;cXVpdA==\x07",
        // A title with a character whose last byte is 9C.
        b"\x1b]l\xC3\x9Cbersicht q\x1b\\",
        // Device attributes, terminal and mode reports.
        b"\x1b[?62;22c",
        b"\x1b[>0;276;0c",
        b"\x1bP>|XTerm(370)\x1b\\",
        b"\x1bP1+r544e=787465726d\x1b\\",
        b"\x1b[?2026;2$y",
        b"\x1b[?1u",
        b"\x1b_Gi=31;OK\x1b\\",
        b"\x1b^private\x1b\\",
        b"\x1bXstring\x1b\\",
        // The cursor, the window, focus.
        b"\x1b[12;40R",
        b"\x1b[0;0R",
        b"\x1b[8;24;80t",
        b"\x1b[I\x1b[O",
        // A mouse in four encodings, with and without content.
        b"\x1b[M !!",
        b"\x1b[M   ",
        b"\x1b[Mb\xFF\xFF",
        b"\x1b[<0;1;1M\x1b[<0;1;1m",
        b"\x1b[<0;0;0M",
        b"\x1b[32;0;0M",
        // One character in place of two.
        b"\xC2\x9B31m",
        b"\x9B31m",
        b"\xC2\x9D11;rgb:0/0/0\x07",
        // Not UTF-8, and control characters beyond ASCII.
        b"\xFF\xFE\xC3",
        b"\xC2\x85",
        // An end mark without a paste.
        b"\x1b[201~",
    ] {
        let alone = decode_every_way(report);
        assert!(alone.is_empty(), "{report:?}: {alone:?}");
        let before = [report, b"x"].concat();
        assert_eq!(decode_every_way(&before), ["x"], "{report:?}");
    }
}

#[test]
fn unfinished_sequences_delay_no_key() {
    for begun in [
        &b"\x1b["[..],
        b"\x1bO",
        b"\x1b[1;",
        b"\x1b[M",
        b"\x1b[3",
        b"\x1b[<",
        b"\x1b[<0;1",
        b"\x1b[?",
        b"\x1b]11;rgb",
        b"\x1bP",
        b"\x1bPq",
        b"\x1b_G",
        b"\xC3",
        b"\xF0\x9F",
        b"\x9B1",
        b"\x1b[[",
    ] {
        let mut decoder = Decoder::default();
        let _some = decoder.feed(begun);
        let last = names(&decoder.feed(b"\x03"));
        assert_eq!(last.last().map(String::as_str), Some("c-c"), "{begun:?}");

        let mut decoder = Decoder::default();
        let _some = decoder.feed(begun);
        let timeout = decoder.timeout();
        assert!(
            timeout.is_some_and(|timeout| timeout <= Duration::from_secs(5)),
            "{begun:?}: {timeout:?}"
        );
        let _some = decoder.time_out();
        assert_eq!(names(&decoder.feed(b"q")), ["q"], "{begun:?}");
    }
    let mut decoder = Decoder::default();
    assert!(decoder.feed(b"\x1b[200~half").is_empty());
    assert_eq!(
        names(&decoder.time_out()),
        [r#""half""#],
        "the text of an unfinished paste is kept"
    );
    assert_eq!(names(&decoder.feed(b"q")), ["q"]);
}

#[test]
fn a_paste_is_one_event_whatever_it_contains() {
    assert_eq!(
        decode_every_way(b"a\x1b[200~q\r\nESC \x1b[31m\x1b[A \x03\xFF\x1b[201~b"),
        [
            "a",
            "\"q\\r\\nESC \\u{1b}[31m\\u{1b}[A \\u{3}\u{FFFD}\"",
            "b"
        ]
    );
    assert_eq!(decode_every_way(b"\x1b[200~\x1b[201~"), [r#""""#]);
    // A text that contains the mark is one paste, and two pastes are two.
    let mut decoder = Decoder::default();
    let mut events = decoder.feed(b"\x1b[200~abc\x1b[201~qqq\x1b[201~\t\x1b[200~d\x1b[201~");
    events.extend(decoder.time_out());
    assert_eq!(names(&events), [r#""abc\u{1b}[201~qqq""#, "Tab", r#""d""#]);
    let mut long = b"\x1b[200~".to_vec();
    long.resize(3 << 20, b'x');
    long.extend(b"\x1b[201~q");
    let mut decoder = Decoder::default();
    let mut events = decoder.feed(&long);
    events.extend(decoder.time_out());
    let [Event::Paste(text), Event::Key(KeyEvent { code, .. })] = &events[..] else {
        unreachable!("{} events", events.len());
    };
    assert_eq!((text.len(), *code), (1 << 20, KeyCode::Char('q')));
}

#[test]
fn no_sequence_grows_without_limit() {
    let mut decoder = Decoder::default();
    let mut events = decoder.feed(b"\x1b[");
    for _ in 0..10_000 {
        events.extend(decoder.feed(b"1;"));
    }
    events.extend(decoder.feed(b"\x1b]"));
    for _ in 0..10_000 {
        events.extend(decoder.feed(b"quit"));
    }
    events.extend(decoder.feed(b"\x07"));
    let typed = names(&events);
    assert!(
        typed.iter().all(|name| name == "1" || name == ";"),
        "{:?}",
        typed.last()
    );
    assert_eq!(names(&decoder.feed(b"q")), ["q"]);
}

proptest! {
    #[test]
    fn any_bytes_are_accepted_and_the_next_key_is_decoded(
        parts in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..12),
                proptest::sample::select(vec![
                    &b"\x1b["[..], b"\x1bO", b"\x1b]", b"\x1b\\", b"\x1b[M", b"\x1b[200~", b"\x1b[201~", b"\x9B", b"0;", b"~",
                ]).prop_map(<[u8]>::to_vec),
            ],
            0..8,
        )
    ) {
        let mut decoder = Decoder::default();
        for part in &parts {
            let _some = decoder.feed(part);
        }
        let _some = decoder.time_out();
        prop_assert_eq!(decoder.timeout(), None);
        prop_assert_eq!(names(&decoder.feed(b"q")), ["q"]);
    }
}
