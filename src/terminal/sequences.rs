//! The forms in which terminals send keys, marks and reports, one piece at a time: those of ECMA-48
//! and of xterm's "Control Sequences".
//!
//! Not here: what lies between two marks, and how long to wait for a form's end (`decode`).

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

pub(super) const ESC: u8 = 0x1B;
pub(crate) const CTRL_C: u8 = 0x03;
/// Longer than any sequence for a key or a report.
const LONGEST_SEQUENCE: usize = 256;

/// What the bytes begin with.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    /// Something that goes on.
    Unfinished,
    /// So many bytes that mean nothing here.
    Nothing(usize),
    /// A key, and the bytes it took.
    Key(KeyEvent, usize),
    /// The mark before a paste.
    Paste(usize),
    /// The introducer of an answer.
    Answer(usize),
}

/// The first piece of what was sent.
pub(super) fn piece(bytes: &[u8]) -> Piece {
    match *bytes {
        [] | [ESC] | [ESC, b']' | b'P' | b'_' | b'^' | b'X'] => Piece::Unfinished,
        [ESC, ESC, ..] => Piece::Key(KeyCode::Esc.into(), 1),
        [ESC, b'[', ref rest @ ..] => sequence(rest, 2),
        [ESC, b'O', ref rest @ ..] => single_shift(rest),
        [ESC, b']' | b'P' | b'_' | b'^' | b'X', ..] => Piece::Answer(2),
        [ESC, ref rest @ ..] => with_alt(character(rest)),
        // The same introducers as one character, in UTF-8 or without.
        [0xC2, 0x9B, ref rest @ ..] => sequence(rest, 2),
        [0x9B, ref rest @ ..] => sequence(rest, 1),
        [0xC2, 0x90 | 0x98 | 0x9D..=0x9F, ..] => Piece::Answer(2),
        [0x90 | 0x98 | 0x9D..=0x9F, ..] => Piece::Answer(1),
        _ => character(bytes),
    }
}

fn with_alt(piece: Piece) -> Piece {
    match piece {
        Piece::Key(mut key, took) => {
            key.modifiers |= KeyModifiers::ALT;
            Piece::Key(key, took + 1)
        }
        Piece::Nothing(took) => Piece::Nothing(took + 1),
        other => other,
    }
}

/// One character, control characters among them.
fn character(bytes: &[u8]) -> Piece {
    let first = bytes[0];
    if first.is_ascii_control() {
        return Piece::Key(control(first), 1);
    }
    let length = match first {
        0x00..=0x7F => 1,
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return Piece::Nothing(1),
    };
    let come = &bytes[..length.min(bytes.len())];
    match std::str::from_utf8(come).map(|text| text.chars().next()) {
        Ok(Some(c)) if !c.is_control() => {
            let modifiers = if c.is_uppercase() {
                KeyModifiers::SHIFT
            } else {
                KeyModifiers::NONE
            };
            Piece::Key(KeyEvent::new(KeyCode::Char(c), modifiers), length)
        }
        Ok(_) => Piece::Nothing(length),
        Err(fault) if fault.error_len().is_none() => Piece::Unfinished,
        Err(_) => Piece::Nothing(1),
    }
}

fn control(byte: u8) -> KeyEvent {
    let letter = match byte {
        b'\r' => return KeyCode::Enter.into(),
        b'\t' => return KeyCode::Tab.into(),
        0x7F => return KeyCode::Backspace.into(),
        0 => ' ',
        0x1C..=0x1F => char::from(byte - 0x1C + b'4'),
        _ => char::from(byte - 1 + b'a'),
    };
    KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL)
}

/// What follows `ESC O`: keys of some terminals and modes.
fn single_shift(rest: &[u8]) -> Piece {
    let Some(&last) = rest.first() else {
        return Piece::Unfinished;
    };
    match last {
        b'M' => Piece::Key(KeyCode::Enter.into(), 3),
        // Not a part of it: Alt-O, and what comes then.
        0x00..=0x1F | 0x7F.. => {
            let key = KeyEvent::new(KeyCode::Char('O'), KeyModifiers::ALT);
            Piece::Key(key, 2)
        }
        _ => match cursor_or_function(last) {
            Some(code) => Piece::Key(code.into(), 3),
            None => Piece::Nothing(3),
        },
    }
}

/// What follows `ESC [`, which took so many bytes: parameters, and one byte that ends it.
fn sequence(rest: &[u8], introducer: usize) -> Piece {
    // The function keys of the Linux console.
    if let [b'[', after @ ..] = rest {
        return match after.first() {
            None => Piece::Unfinished,
            Some(letter @ b'A'..=b'E') => {
                Piece::Key(KeyCode::F(letter - b'A' + 1).into(), introducer + 2)
            }
            Some(_) => Piece::Nothing(introducer + 1),
        };
    }
    let is_parameter = |byte: &u8| (0x20..=0x3F).contains(byte);
    let Some(at) = rest.iter().position(|byte| !is_parameter(byte)) else {
        return if rest.len() > LONGEST_SEQUENCE {
            Piece::Nothing(introducer + rest.len())
        } else {
            Piece::Unfinished
        };
    };
    let took = introducer + at;
    match (&rest[..at], rest[at]) {
        // What cannot end it begins something else.
        (_, 0x00..=0x1F | 0x7F..) => Piece::Nothing(took),
        (b"", b'M') => mouse(&rest[at + 1..], took + 1),
        (b"200", b'~') => Piece::Paste(took + 1),
        (parameters, last) => match Parameters::parse(parameters) {
            Some(parameters) => match key(&parameters, last) {
                Some(key) => Piece::Key(key, took + 1),
                None => Piece::Nothing(took + 1),
            },
            None => Piece::Nothing(took + 1),
        },
    }
}

/// The oldest report of a mouse: three bytes after the sequence.
fn mouse(rest: &[u8], took: usize) -> Piece {
    let report = &rest[..rest.len().min(3)];
    match report.iter().position(|byte| *byte < 0x20) {
        Some(other) => Piece::Nothing(took + other),
        None if report.len() < 3 => Piece::Unfinished,
        None => Piece::Nothing(took + 3),
    }
}

/// Up to three numbers, the second of which may have a second part.
struct Parameters {
    first: u32,
    modifiers: KeyModifiers,
    kind: KeyEventKind,
    third: Option<u32>,
}

impl Parameters {
    /// None for those of private sequences.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut fields = text.split(';').map(|field| {
            let mut parts = field.split(':').map(number);
            (parts.next().flatten(), parts.next().flatten())
        });
        if !text
            .chars()
            .all(|c| c.is_ascii_digit() || c == ';' || c == ':')
        {
            return None;
        }
        let first = fields.next().and_then(|(number, _)| number);
        let (modifiers, kind) = fields.next().unwrap_or_default();
        Some(Self {
            first: first.unwrap_or(1),
            modifiers: modifiers_of(modifiers.unwrap_or(1)),
            kind: match kind {
                Some(2) => KeyEventKind::Repeat,
                Some(3) => KeyEventKind::Release,
                _ => KeyEventKind::Press,
            },
            third: fields.next().and_then(|(number, _)| number),
        })
    }
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok()
}

/// One more than the sum of the modifiers' bits.
fn modifiers_of(parameter: u32) -> KeyModifiers {
    let bits = parameter.saturating_sub(1);
    [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
    ]
    .into_iter()
    .filter(|(bit, _)| bits & bit != 0)
    .map(|(_, modifier)| modifier)
    .collect()
}

fn key(parameters: &Parameters, last: u8) -> Option<KeyEvent> {
    let code = match last {
        b'Z' => KeyCode::BackTab,
        b'u' => of_number(parameters.first)?,
        b'~' if parameters.first == 27 => of_number(parameters.third?)?,
        b'~' => of_keypad(parameters.first)?,
        // F3 with modifiers looks like the report of a cursor.
        b'R' => return None,
        _ => cursor_or_function(last)?,
    };
    let mut key = KeyEvent::new(code, parameters.modifiers);
    key.kind = parameters.kind;
    Some(key)
}

fn cursor_or_function(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        _ => return None,
    })
}

fn of_keypad(number: u32) -> Option<KeyCode> {
    let function = |first: u32, number: u32| u8::try_from(number - first).ok().map(KeyCode::F);
    match number {
        1 | 7 => Some(KeyCode::Home),
        2 => Some(KeyCode::Insert),
        3 => Some(KeyCode::Delete),
        4 | 8 => Some(KeyCode::End),
        5 => Some(KeyCode::PageUp),
        6 => Some(KeyCode::PageDown),
        11..=15 => function(10, number),
        17..=21 => function(11, number),
        23..=26 => function(12, number),
        28..=29 => function(13, number),
        31..=34 => function(14, number),
        _ => None,
    }
}

/// A key by its character's number, as terminals with longer protocols send it.
fn of_number(number: u32) -> Option<KeyCode> {
    match number {
        9 => Some(KeyCode::Tab),
        13 => Some(KeyCode::Enter),
        27 => Some(KeyCode::Esc),
        127 => Some(KeyCode::Backspace),
        // Keys without a character have numbers for private use.
        0xE000..=0xF8FF => None,
        _ => char::from_u32(number)
            .filter(|c| !c.is_control())
            .map(KeyCode::Char),
    }
}
