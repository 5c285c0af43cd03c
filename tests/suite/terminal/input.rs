//! Keys, pastes and unsolicited terminal reports, and their effect on the program.

#![cfg(unix)]

use std::time::Duration;

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use tokenscope::action::{Action, Context, Input, Typed};
use tokenscope::keymap::Keymap;
use tokenscope::tui::TypedKeys;

use crate::support::api::{Fake, token};
use crate::support::assertions::assert_lacks;
use crate::support::terminal::Session;
use crate::support::tokens::{ACCOUNT, ID};

pub(crate) fn key(code: KeyCode, kind: KeyEventKind) -> Event {
    Event::Key(KeyEvent::new_with_kind(code, KeyModifiers::NONE, kind))
}

#[test]
fn c10_a_key_acts_once_despite_its_release_and_repeats_only_where_useful() {
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
    assert_eq!(of(Context::Find, KeyCode::Enter, Repeat), None);
    assert_eq!(of(Context::FindText, KeyCode::Enter, Repeat), None);
    assert_eq!(of(Context::Setup, KeyCode::Char(' '), Repeat), None);
    assert_eq!(
        of(Context::FindText, KeyCode::Char('x'), Repeat),
        Some(Input::Type(Typed('x')))
    );
    assert_eq!(of(Context::FindText, KeyCode::Char('x'), Release), None);
    for (code, action) in [
        (KeyCode::Down, Action::Down),
        (KeyCode::PageUp, Action::PageUp),
        (KeyCode::Char('j'), Action::Down),
    ] {
        assert_eq!(of(Context::Raw, code, Repeat), Some(Input::Act(action)));
    }
    for code in [KeyCode::Backspace, KeyCode::Left] {
        assert!(of(Context::FindText, code, Repeat).is_some(), "{code:?}");
    }
}

/// For every key in the table, now and later: a key held down only moves and deletes.
#[test]
fn c10_a_held_key_never_switches_submits_removes_or_quits() {
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
                    !matches!(context, Context::Setup | Context::Find)
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
                Input::Paste(_)
                | Input::Resize(..)
                | Input::Wheel(_)
                | Input::Click(_)
                | Input::ForeignLetter => false,
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
    let fake = Fake::with_result(&token(r#""duration":"forever""#));
    let mut session = fake.screens(&[]).showing("Find a token");
    session.type_until("\x1b[200~\n \r\n tok_q\nddq\r\x1b[201~", "tok_q");
    session.type_until(".", "tok_q.");
    let heads = fake.heads();
    let is_list = |head: &String| head.contains("/service_tokens?");
    assert!(
        heads.iter().all(is_list),
        "nothing was submitted: {heads:?}"
    );
    session.type_until(&format!("\x15{ID}\r"), "NEVER EXPIRES");
    for harmless in ["q", "tok_q\nddq\n", "vvv\x03", "\x1b[201~q", "\x1bq\x1b[A"] {
        session.type_keys(&format!("\x1b[200~{harmless}\x1b[201~"));
    }
    let stream = session.quit();
    // No key of a paste was a command.
    assert_lacks(&stream, "raw JSON");
    let enter = stream.find("\x1b[?2004h").unwrap();
    assert!(stream.rfind("\x1b[?2004l").unwrap() > enter);
}

#[test]
fn c12_every_field_inserts_a_paste_at_its_cursor() {
    let fake = Fake::with_result("[]");
    let mut session = fake.screens_with(&[], &[]);
    session.wait_for("Access: Service Tokens Read");
    let paste = |text: &str| format!("\x1b[200~{text}\x1b[201~");
    // Up to the name; the kind becomes the global key, so that there is an email field.
    session.type_keys("\x1b[A\x1b[A");
    session.type_until(
        &format!("\x15{}\x1b[H{}", paste("-end"), paste("start")),
        "start-end",
    );
    session.type_until("\t ", "Email");
    session.type_keys(&format!("\t{}\x1b[H{}", paste("@example.com"), paste("me")));
    session.wait_for("me@example.com");
    session.type_until(&format!("\t{}", paste("secret-by-paste")), "•••");
    session.type_keys(&format!(
        "\t\t{}\x1b[H{}",
        paste(&ACCOUNT[8..]),
        paste(&ACCOUNT[..8])
    ));
    session.wait_for(ACCOUNT);
    session.type_until(&paste(&"x".repeat(10_000)), "Paste too long");
    session.type_keys("\x03");
    let (_, stream) = session.end();
    assert!(!stream.contains("secret-by") && !stream.contains("xxxx"));
    let fake = Fake::with_result(&token(r#""duration":"forever","needle":1"#));
    let mut session = fake.screens(&[]).showing("Find a token");
    session.type_until(
        &format!("{}\x1b[H{}\r", paste(&ID[8..]), paste(&ID[..8])),
        "NEVER EXPIRES",
    );
    session.type_until(&format!("v/{}", paste("needle")), "1/1 match");
    session.type_keys("\x03");
    session.end();
}

#[test]
fn c19_the_mouse_belongs_to_the_terminal() {
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
    let fake = Fake::with_result(&token(r#""duration":"forever""#));
    let mut session = fake.screens(&[ID]).showing("NEVER EXPIRES");
    session.type_keys("\x1b[<0;101;31M\x1b[<0;65535;65535m\x1b[M !!");
    session.type_until("v", "raw JSON");
    let stream = session.quit();
    for mode in ["1000", "1002", "1003", "1006", "1015"] {
        assert!(!stream.contains(&format!("\x1b[?{mode}h")), "{mode}");
    }
}

/// Reports that an earlier program may have requested: a title, a colour, the clipboard,
/// attributes, a version, the mouse in three encodings, the cursor, the window.
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
fn c19_unsolicited_reports_are_not_keys() {
    let fake = Fake::with_result(&token(r#""name":"CI","duration":"forever""#));
    let mut session = fake.screens(&[]).showing("Find a token");
    session.type_keys(&REPORTS.concat());
    session.type_until(&format!("{ID}\r"), "NEVER EXPIRES");
    session.type_keys(&REPORTS.concat());
    // The key after them proves that they were read.
    session.type_until("?", "Esc close");
    session.type_keys("?");
    session.wait_until("Detail again", |session| {
        let shown = session.shown();
        shown.contains("Duration       forever") && !shown.contains("Esc close")
    });
    assert!(!String::from_utf8_lossy(session.written()).contains("\x1b]52;"));
    session.quit();
}

#[test]
fn c19_unfinished_reports_delay_no_key() {
    for begun in [
        "\x1b[<0;1",
        "\x1b[?",
        "\x1b[M",
        "\x1b]11;rgb",
        "\x1bP",
        "\x1b[200~abc",
    ] {
        let mut session = Session::start(&["--demo"]).showing("Find a token");
        session.type_keys(begun);
        if begun.contains("200~") {
            // After a while, a paste without an end counts as one.
            session.wait_for("abc");
        }
        session.type_keys("\x03");
        assert_eq!(session.end().0.exit_code(), 0, "{begun:?}");
    }
}

#[test]
fn c11_ctrl_c_ends_a_paste_without_an_end() {
    let mut session = Session::start(&["--demo"]).showing("Find a token");
    session.type_keys("\x1b[200~abc");
    // Nothing shows that it came; every press has another chance not to count as pasted.
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
fn c11_escape_and_a_fast_key_are_both_read() {
    let fake = Fake::with_result(&token(r#""name":"CI","duration":"forever""#));
    let mut session = fake.screens(&[]).showing("Find a token");
    // As tmux sends them within half a second of each other.
    session.type_until("abc\x1bp", "╭ Profiles");
    session.quit();
}

fn pressed(c: char, modifiers: KeyModifiers) -> KeyEvent {
    KeyEvent::new_with_kind(KeyCode::Char(c), modifiers, KeyEventKind::Press)
}

fn released(c: char, modifiers: KeyModifiers) -> KeyEvent {
    KeyEvent::new_with_kind(KeyCode::Char(c), modifiers, KeyEventKind::Release)
}

const ALT_GR: KeyModifiers = KeyModifiers::CONTROL.union(KeyModifiers::ALT);

/// The text typed by events of a Windows console.
fn typed(events: &[KeyEvent]) -> String {
    let mut keys = TypedKeys::default();
    let typed = events.iter().map(|event| keys.translate(*event));
    typed
        .filter(|event| event.kind == KeyEventKind::Press && event.modifiers.is_empty())
        .filter_map(|event| event.code.as_char())
        .collect()
}

#[test]
fn j04_types_characters_of_alt_gr() {
    for c in "@[]{}\\|~€µ²³#^`¬łąćęńóśźż¿¡«»".chars() {
        assert_eq!(
            typed(&[pressed(c, ALT_GR), released(c, ALT_GR)]),
            c.to_string()
        );
        // AltGr is released first, and the key then reports its own character.
        let events = [pressed(c, ALT_GR), released('q', KeyModifiers::NONE)];
        assert_eq!(typed(&events), c.to_string());
    }
    // A chord with both modifiers types nothing and keeps them.
    for c in "aqz09AQ".chars() {
        let chord = pressed(c, ALT_GR);
        assert_eq!(TypedKeys::default().translate(chord), chord);
        assert_eq!(typed(&[chord, released(c, ALT_GR)]), "");
    }
    for modifier in [KeyModifiers::CONTROL, KeyModifiers::ALT] {
        let chord = pressed('@', modifier);
        assert_eq!(TypedKeys::default().translate(chord), chord);
    }
    let enter = KeyEvent::new(KeyCode::Enter, ALT_GR);
    assert_eq!(TypedKeys::default().translate(enter), enter);
}

#[test]
fn j04_alt_codes_are_typed_once_and_releases_never() {
    let none = KeyModifiers::NONE;
    for c in "@[]{}\\|~€äß\u{1F600}a".chars() {
        assert_eq!(typed(&[released(c, none)]), c.to_string());
        assert_eq!(typed(&[released(c, KeyModifiers::ALT)]), c.to_string());
        let twice = [released(c, none), released(c, none)];
        assert_eq!(typed(&twice), format!("{c}{c}"));
        assert_eq!(typed(&[pressed(c, none), released(c, none)]), c.to_string());
    }
    for (events, expected) in [
        // Shift is released before the letter.
        (
            vec![pressed('A', KeyModifiers::SHIFT), released('a', none)],
            "",
        ),
        (
            vec![pressed('2', none), pressed('3', none), released('2', none)],
            "23",
        ),
        // Fast typing, with overlapping keys.
        (
            vec![
                pressed('a', none),
                pressed('b', none),
                released('a', none),
                pressed('c', none),
                released('b', none),
                released('c', none),
                released('€', none),
            ],
            "abc€",
        ),
        // Held down, and repeated.
        (
            vec![
                pressed('x', none),
                pressed('x', none),
                released('x', none),
                released('~', none),
            ],
            "xx~",
        ),
        // The release of the Enter key that started the program.
        (
            vec![
                KeyEvent::new_with_kind(KeyCode::Enter, none, KeyEventKind::Release),
                pressed('a', none),
            ],
            "a",
        ),
    ] {
        assert_eq!(typed(&events), expected, "{events:?}");
    }
}
