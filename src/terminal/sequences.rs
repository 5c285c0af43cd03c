//! Control sequences for keys, paste marks and reports, as in ECMA-48 and xterm's "Control Sequences".

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

pub(super) const ESC: u8 = 0x1B;
pub(crate) const CTRL_C: u8 = 0x03;
/// Longer than any sequence of a key or a report.
const LONGEST_SEQUENCE: usize = 256;

/// The token at the start of some bytes, and its length in bytes.
#[derive(Debug, PartialEq)]
pub(super) enum Token {
    Unfinished,
    Ignored(usize),
    Key(KeyEvent, usize),
    PasteStart(usize),
    /// The introducer of a reply.
    ReplyStart(usize),
}

pub(super) fn first_token(bytes: &[u8]) -> Token {
    match *bytes {
        [] | [ESC] | [ESC, b']' | b'P' | b'_' | b'^' | b'X'] => Token::Unfinished,
        [ESC, ESC, ..] => Token::Key(KeyCode::Esc.into(), 1),
        [ESC, b'[', ref rest @ ..] => sequence(rest, 2),
        [ESC, b'O', ref rest @ ..] => single_shift(rest),
        [ESC, b']' | b'P' | b'_' | b'^' | b'X', ..] => Token::ReplyStart(2),
        [ESC, ref rest @ ..] => with_alt(character(rest)),
        // The same introducers as C1 controls, in UTF-8 or as single bytes.
        [0xC2, 0x9B, ref rest @ ..] => sequence(rest, 2),
        [0x9B, ref rest @ ..] => sequence(rest, 1),
        [0xC2, 0x90 | 0x98 | 0x9D..=0x9F, ..] => Token::ReplyStart(2),
        [0x90 | 0x98 | 0x9D..=0x9F, ..] => Token::ReplyStart(1),
        _ => character(bytes),
    }
}

fn with_alt(token: Token) -> Token {
    match token {
        Token::Key(mut key, length) => {
            key.modifiers |= KeyModifiers::ALT;
            Token::Key(key, length + 1)
        }
        Token::Ignored(length) => Token::Ignored(length + 1),
        other => other,
    }
}

/// One character, control characters among them.
fn character(bytes: &[u8]) -> Token {
    let first = bytes[0];
    if first.is_ascii_control() {
        return Token::Key(control(first), 1);
    }
    let length = match first {
        0x00..=0x7F => 1,
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return Token::Ignored(1),
    };
    let arrived = &bytes[..length.min(bytes.len())];
    match std::str::from_utf8(arrived).map(|text| text.chars().next()) {
        Ok(Some(c)) if !c.is_control() => {
            let modifiers = if c.is_uppercase() {
                KeyModifiers::SHIFT
            } else {
                KeyModifiers::NONE
            };
            Token::Key(KeyEvent::new(KeyCode::Char(c), modifiers), length)
        }
        Ok(_) => Token::Ignored(length),
        Err(error) if error.error_len().is_none() => Token::Unfinished,
        Err(_) => Token::Ignored(1),
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

/// The rest of a sequence after `ESC O`, which some terminals and modes send for keys.
fn single_shift(rest: &[u8]) -> Token {
    let Some(&last) = rest.first() else {
        return Token::Unfinished;
    };
    match last {
        b'M' => Token::Key(KeyCode::Enter.into(), 3),
        // Not part of the sequence: this is Alt-O, and something else follows.
        0x00..=0x1F | 0x7F.. => {
            let key = KeyEvent::new(KeyCode::Char('O'), KeyModifiers::ALT);
            Token::Key(key, 2)
        }
        _ => match cursor_or_function(last) {
            Some(code) => Token::Key(code.into(), 3),
            None => Token::Ignored(3),
        },
    }
}

/// The rest of a sequence after its introducer, `ESC [`: parameters and a final byte.
fn sequence(rest: &[u8], introducer: usize) -> Token {
    // Function keys on the Linux console.
    if let [b'[', after @ ..] = rest {
        return match after.first() {
            None => Token::Unfinished,
            Some(letter @ b'A'..=b'E') => {
                Token::Key(KeyCode::F(letter - b'A' + 1).into(), introducer + 2)
            }
            Some(_) => Token::Ignored(introducer + 1),
        };
    }
    let is_parameter = |byte: &u8| (0x20..=0x3F).contains(byte);
    let Some(at) = rest.iter().position(|byte| !is_parameter(byte)) else {
        return if rest.len() > LONGEST_SEQUENCE {
            Token::Ignored(introducer + rest.len())
        } else {
            Token::Unfinished
        };
    };
    let length = introducer + at;
    match (&rest[..at], rest[at]) {
        // This byte cannot end the sequence, so it begins another.
        (_, 0x00..=0x1F | 0x7F..) => Token::Ignored(length),
        (b"", b'M') => mouse(&rest[at + 1..], length + 1),
        (b"200", b'~') => Token::PasteStart(length + 1),
        (parameters, last) => match Parameters::parse(parameters) {
            Some(parameters) => match key(&parameters, last) {
                Some(key) => Token::Key(key, length + 1),
                None => Token::Ignored(length + 1),
            },
            None => Token::Ignored(length + 1),
        },
    }
}

/// An X10 mouse report: three bytes after the sequence.
fn mouse(rest: &[u8], length: usize) -> Token {
    let report = &rest[..rest.len().min(3)];
    match report.iter().position(|byte| *byte < 0x20) {
        Some(other) => Token::Ignored(length + other),
        None if report.len() < 3 => Token::Unfinished,
        None => Token::Ignored(length + 3),
    }
}

/// Up to three numbers, the second with an optional sub-parameter.
struct Parameters {
    first: u32,
    modifiers: KeyModifiers,
    kind: KeyEventKind,
    third: Option<u32>,
}

impl Parameters {
    /// `None` for private sequences.
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

/// The parameter is one more than the sum of these bits.
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
        // F3 with modifiers looks like a cursor position report.
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

/// A key by its code point, as in xterm's `modifyOtherKeys` and the kitty protocol.
fn of_number(number: u32) -> Option<KeyCode> {
    match number {
        9 => Some(KeyCode::Tab),
        13 => Some(KeyCode::Enter),
        27 => Some(KeyCode::Esc),
        127 => Some(KeyCode::Backspace),
        // Keys without a character have private-use code points.
        0xE000..=0xF8FF => None,
        _ => char::from_u32(number)
            .filter(|c| !c.is_control())
            .map(KeyCode::Char),
    }
}
