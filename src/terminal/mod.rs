//! Decodes what a terminal sends into keys and pastes, for the screens and the secret prompt.
//!
//! A terminal also sends mouse and focus reports, and replies to queries of an earlier program. They
//! are dropped whole, because their letters would look like keys. An unfinished sequence is dropped
//! after a timeout, so that it never holds up a key. Sequences are as in ECMA-48 and xterm's "Control
//! Sequences".

pub mod background;

use std::time::Duration;

use background::Background;
use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use zeroize::{Zeroize, Zeroizing};

const ESC: u8 = 0x1B;
pub(crate) const CTRL_C: u8 = 0x03;
const PASTE_START: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";
/// Longer than any sequence of a key or a report.
const LONGEST_SEQUENCE: usize = 256;
/// More than any field accepts; the rest of a paste is dropped.
const LONGEST_PASTE: usize = 1024 * 1024;

/// The silence that must follow an end mark. A pasted text may contain the mark itself, and the rest of
/// the text, which arrives later, must not be taken for keys.
const AFTER_PASTE: Duration = Duration::from_millis(150);

/// How long an escape may turn out to begin a sequence: packets on a slow line arrive separately.
const AFTER_ESCAPE: Duration = Duration::from_millis(50);
/// The same for what can no longer be the Escape key.
const WITHIN_SEQUENCE: Duration = Duration::from_millis(200);
/// The same for an answer that was asked for, and may come over a slow line.
const WITHIN_ANSWER: Duration = Duration::from_secs(2);
/// The same for a paste: if its end mark was lost, what follows must not be taken for keys too soon.
const WITHIN_PASTE: Duration = Duration::from_secs(2);

/// Decodes a stream of bytes that arrive in chunks of any size.
#[derive(Debug, Default)]
pub struct Decoder {
    /// Bytes that are not decoded yet. They may be part of a secret.
    pending: Zeroizing<Vec<u8>>,
    mode: Mode,
    /// Whether to report the mouse.
    has_mouse: bool,
    answer: Answer,
}

/// The answer to the question for the background.
#[derive(Debug, Default)]
struct Answer {
    /// Whether it may still come.
    is_awaited: bool,
    /// Whether its first byte came so early that it was taken for the Escape key.
    has_lost_escape: bool,
    background: Option<Background>,
}

#[derive(Debug, Default)]
enum Mode {
    #[default]
    Keys,
    /// After a start mark. Once an end mark has arrived, the pending bytes begin with it: it ends the
    /// paste unless another follows soon.
    Paste {
        text: Zeroizing<Vec<u8>>,
        has_ended: bool,
    },
    /// Within a reply, which lasts until its terminator. Keeps as much of it as an answer may have.
    Reply { text: Vec<u8> },
}

impl Decoder {
    /// Decodes bytes and returns the events that they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        append(&mut self.pending, bytes);
        if self.answer.has_lost_escape && !self.find_late_answer() {
            return events;
        }
        while self.advance(&mut events) {}
        if self.pending.is_empty() {
            // Decoded bytes are still in the buffer after its end.
            self.pending.zeroize();
        }
        events
    }

    /// How long to wait for the rest of an unfinished sequence or paste, if there is one.
    pub fn timeout(&self) -> Option<Duration> {
        match (&self.mode, &self.pending[..]) {
            (Mode::Paste { has_ended, .. }, pending) => {
                // A start mark is part of the text, or begins a second paste.
                let is_over = *has_ended && position(pending, PASTE_START).is_none();
                Some(if is_over { AFTER_PASTE } else { WITHIN_PASTE })
            }
            (Mode::Keys, []) => None,
            (Mode::Keys, [ESC]) => Some(AFTER_ESCAPE),
            (Mode::Keys, [ESC, b']']) if self.answer.is_awaited => Some(WITHIN_ANSWER),
            (Mode::Reply { .. }, _) if self.is_in_answer() => Some(WITHIN_ANSWER),
            (Mode::Keys | Mode::Reply { .. }, _) => Some(WITHIN_SEQUENCE),
        }
    }

    /// Reports the mouse from now on.
    pub fn report_mouse(&mut self) {
        self.has_mouse = true;
    }

    /// Expects an answer to the question for the background, at any time.
    pub fn expect_background(&mut self) {
        self.answer.is_awaited = true;
    }

    /// The background, once, if the terminal has told it.
    pub fn take_background(&mut self) -> Option<Background> {
        self.answer.background.take()
    }

    /// Whether the answer to the question for the background is arriving.
    pub fn is_in_answer(&self) -> bool {
        let is_part = |text: &[u8]| background::is_part(text);
        self.answer.is_awaited && matches!(&self.mode, Mode::Reply { text } if is_part(text))
    }

    /// Forgets what is unfinished.
    pub fn restart(&mut self) {
        self.pending.zeroize();
        self.mode = Mode::default();
        self.answer.has_lost_escape = false;
    }

    /// Looks for an answer whose first byte was taken for a key. Returns false if the pending bytes
    /// may still turn out to be one.
    fn find_late_answer(&mut self) -> bool {
        let Some(text) = self.pending.strip_prefix(b"]") else {
            self.answer.has_lost_escape = self.pending.is_empty();
            return true;
        };
        let known = text.len().min(background::ANSWER.len());
        if text[..known] != background::ANSWER[..known] {
            self.answer.has_lost_escape = false;
        } else if known == background::ANSWER.len() {
            self.answer.has_lost_escape = false;
            self.pending.remove(0);
            self.mode = Mode::Reply { text: Vec::new() };
        } else {
            return false;
        }
        true
    }

    /// Whether a paste is unfinished.
    pub fn is_in_paste(&self) -> bool {
        matches!(self.mode, Mode::Paste { .. })
    }

    /// Decodes pending bytes as complete, after the [`timeout`](Self::timeout).
    pub fn time_out(&mut self) -> Vec<Event> {
        let pending = std::mem::take(&mut self.pending);
        if std::mem::take(&mut self.answer.has_lost_escape) && !pending.is_empty() {
            let mut events = self.feed(&pending);
            events.extend(self.time_out());
            return events;
        }
        match (std::mem::take(&mut self.mode), &pending[..]) {
            (
                Mode::Paste {
                    mut text,
                    has_ended,
                },
                rest,
            ) => {
                let is_one = position(rest, PASTE_START).is_some() && next_paste(rest).is_none();
                if has_ended && !is_one {
                    let mut events = vec![paste(&text)];
                    events.extend(self.feed(&rest[PASTE_END.len()..]));
                    events.extend(self.time_out());
                    return events;
                }
                keep(&mut text, rest);
                vec![paste(&text)]
            }
            (Mode::Keys, [ESC]) => {
                self.answer.has_lost_escape = self.answer.is_awaited;
                vec![Event::Key(KeyCode::Esc.into())]
            }
            (Mode::Keys, &[ESC, letter]) if letter.is_ascii_graphic() => {
                let code = KeyCode::Char(letter.into());
                vec![Event::Key(KeyEvent::new(code, KeyModifiers::ALT))]
            }
            (Mode::Keys | Mode::Reply { .. }, _) => Vec::new(),
        }
    }

    /// Decodes one token. Returns false if it needs more bytes.
    fn advance(&mut self, events: &mut Vec<Event>) -> bool {
        match &mut self.mode {
            Mode::Keys => {
                let Some((token, length)) = first_token(&self.pending) else {
                    return false;
                };
                match token {
                    Token::Ignored => {}
                    Token::Key(key) => events.push(Event::Key(key)),
                    Token::Mouse(mouse) => {
                        events.extend(self.has_mouse.then_some(Event::Mouse(mouse)));
                    }
                    Token::PasteStart => {
                        self.mode = Mode::Paste {
                            text: Zeroizing::default(),
                            has_ended: false,
                        };
                    }
                    Token::ReplyStart => self.mode = Mode::Reply { text: Vec::new() },
                }
                self.pending.drain(..length);
                true
            }
            Mode::Reply { .. } => self.skip_reply(),
            Mode::Paste { text, has_ended } => {
                let from = if *has_ended { PASTE_END.len() } else { 0 };
                if let Some(at) = position(&self.pending[from..], PASTE_END) {
                    if let Some(next) = next_paste(&self.pending[..from + at]) {
                        events.push(paste(text));
                        let between = self.pending[PASTE_END.len()..next].to_vec();
                        self.pending.drain(..next);
                        self.mode = Mode::Keys;
                        events.extend(Self::default().feed(&between));
                        return true;
                    }
                    // The previous end mark was part of the text.
                    keep(text, &self.pending[..from + at]);
                    self.pending.drain(..from + at);
                    *has_ended = true;
                    return true;
                }
                let is_endless = self.pending.len() > LONGEST_PASTE;
                if !*has_ended || is_endless {
                    // The mark itself may have arrived in part.
                    let arrived = self.pending.len().saturating_sub(PASTE_END.len() - 1);
                    keep(text, &self.pending[..arrived]);
                    self.pending.drain(..arrived);
                    *has_ended = false;
                }
                false
            }
        }
    }

    /// Drops a reply up to its terminator, or up to what cannot be part of one.
    fn skip_reply(&mut self) -> bool {
        let is_end = |byte: &u8| matches!(*byte, 0x07 | CTRL_C | 0x18 | 0x1A | ESC);
        let end = self.pending.iter().position(is_end);
        let arrived = &self.pending[..end.unwrap_or(self.pending.len())];
        if let Mode::Reply { text } = &mut self.mode {
            let room = (background::LONGEST + 1).saturating_sub(text.len());
            text.extend_from_slice(&arrived[..arrived.len().min(room)]);
        }
        let Some(at) = end else {
            self.pending.clear();
            return false;
        };
        let length = match self.pending[at..] {
            [ESC] => {
                self.pending.drain(..at);
                return false;
            }
            [ESC, b'\\', ..] => at + 2,
            // Not part of the reply, but a key or the next sequence.
            [ESC | CTRL_C, ..] => at,
            _ => at + 1,
        };
        self.pending.drain(..length);
        if let Mode::Reply { text } = std::mem::take(&mut self.mode)
            && let Some(background) = background::parse(&text)
        {
            self.answer = Answer {
                background: Some(background),
                ..Answer::default()
            };
        }
        true
    }
}

fn position(text: &[u8], mark: &[u8]) -> Option<usize> {
    text.windows(mark.len()).position(|window| window == mark)
}

/// Where another paste begins after an end mark. Only keys that move, edit or confirm may lie between
/// the two; letters mean that one text contains both marks.
fn next_paste(pending: &[u8]) -> Option<usize> {
    let between = pending.get(PASTE_END.len()..)?;
    let next = position(between, PASTE_START)?;
    let mut decoder = Decoder::default();
    let keys = decoder.feed(&between[..next]);
    let is_harmless = |event: &Event| {
        matches!(event, Event::Key(KeyEvent { code, modifiers, .. }) if modifiers.is_empty()
            && !matches!(code, KeyCode::Char(_) | KeyCode::Esc | KeyCode::F(_)))
    };
    (decoder.pending.is_empty() && keys.iter().all(is_harmless)).then_some(PASTE_END.len() + next)
}

/// Appends to a paste, up to its limit.
fn keep(text: &mut Zeroizing<Vec<u8>>, more: &[u8]) {
    let room = LONGEST_PASTE.saturating_sub(text.len());
    append(text, &more[..more.len().min(room)]);
}

/// Appends bytes. A vector that grows by itself would leave an unzeroed copy behind, so this moves the
/// contents by hand.
fn append(buffer: &mut Zeroizing<Vec<u8>>, bytes: &[u8]) {
    let length = buffer.len() + bytes.len();
    if length > buffer.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(length.next_power_of_two()));
        larger.extend_from_slice(buffer);
        *buffer = larger;
    }
    buffer.extend_from_slice(bytes);
}

fn paste(text: &[u8]) -> Event {
    Event::Paste(String::from_utf8_lossy(text).into_owned())
}

#[derive(Debug, PartialEq)]
enum Token {
    Ignored,
    Key(KeyEvent),
    Mouse(MouseEvent),
    PasteStart,
    /// The introducer of a reply.
    ReplyStart,
}

/// The token at the start of some bytes, and its length in bytes; `None` if it is unfinished.
fn first_token(bytes: &[u8]) -> Option<(Token, usize)> {
    match *bytes {
        [] | [ESC] | [ESC, b']' | b'P' | b'_' | b'^' | b'X'] => None,
        [ESC, ESC, ..] => Some((Token::Key(KeyCode::Esc.into()), 1)),
        [ESC, b'[', ref rest @ ..] => sequence(rest, 2),
        [ESC, b'O', ref rest @ ..] => single_shift(rest),
        [ESC, b']' | b'P' | b'_' | b'^' | b'X', ..] => Some((Token::ReplyStart, 2)),
        [ESC, ref rest @ ..] => {
            let (mut token, length) = character(rest)?;
            if let Token::Key(key) = &mut token {
                key.modifiers |= KeyModifiers::ALT;
            }
            Some((token, length + 1))
        }
        // The same introducers as C1 controls, in UTF-8 or as single bytes.
        [0xC2, 0x9B, ref rest @ ..] => sequence(rest, 2),
        [0x9B, ref rest @ ..] => sequence(rest, 1),
        [0xC2, 0x90 | 0x98 | 0x9D..=0x9F, ..] => Some((Token::ReplyStart, 2)),
        [0x90 | 0x98 | 0x9D..=0x9F, ..] => Some((Token::ReplyStart, 1)),
        _ => character(bytes),
    }
}

/// One character, control characters among them.
fn character(bytes: &[u8]) -> Option<(Token, usize)> {
    let length = match bytes[0] {
        control @ (0x00..=0x1F | 0x7F) => return Some((Token::Key(control_key(control)), 1)),
        0x20..=0x7E => 1,
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return Some((Token::Ignored, 1)),
    };
    let arrived = &bytes[..length.min(bytes.len())];
    match std::str::from_utf8(arrived).map(|text| text.chars().next()) {
        Ok(Some(c)) if !c.is_control() => {
            let mut key = KeyEvent::from(KeyCode::Char(c));
            key.modifiers.set(KeyModifiers::SHIFT, c.is_uppercase());
            Some((Token::Key(key), length))
        }
        Ok(_) => Some((Token::Ignored, length)),
        Err(error) => error.error_len().map(|_| (Token::Ignored, 1)),
    }
}

fn control_key(byte: u8) -> KeyEvent {
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

fn key_or_ignored(key: Option<KeyEvent>) -> Token {
    key.map_or(Token::Ignored, Token::Key)
}

/// The rest of a sequence after `ESC O`, which some terminals and modes send for keys.
fn single_shift(rest: &[u8]) -> Option<(Token, usize)> {
    let code = match *rest.first()? {
        b'M' => Some(KeyCode::Enter),
        // Not part of the sequence: this is Alt-O, and something else follows.
        0x00..=0x1F | 0x7F.. => {
            let key = KeyEvent::new(KeyCode::Char('O'), KeyModifiers::ALT);
            return Some((Token::Key(key), 2));
        }
        // The keypad in its application mode.
        last @ b'j'..=b'y' => Some(KeyCode::Char(char::from(last - b'j' + b'*'))),
        b'X' => Some(KeyCode::Char('=')),
        last => cursor_or_function(last),
    };
    Some((key_or_ignored(code.map(KeyEvent::from)), 3))
}

/// The rest of a sequence after its introducer, `ESC [`: parameters and a final byte.
fn sequence(rest: &[u8], introducer: usize) -> Option<(Token, usize)> {
    // Function keys on the Linux console.
    if let [b'[', after @ ..] = rest {
        return Some(match *after.first()? {
            letter @ b'A'..=b'E' => {
                let code = KeyCode::F(letter - b'A' + 1);
                (Token::Key(code.into()), introducer + 2)
            }
            _ => (Token::Ignored, introducer + 1),
        });
    }
    let is_parameter = |byte: &u8| (0x20..=0x3F).contains(byte);
    let Some(at) = rest.iter().position(|byte| !is_parameter(byte)) else {
        let is_endless = rest.len() > LONGEST_SEQUENCE;
        return is_endless.then_some((Token::Ignored, introducer + rest.len()));
    };
    let end = introducer + at;
    match (&rest[..at], rest[at]) {
        // This byte cannot end the sequence, so it begins another.
        (_, 0x00..=0x1F | 0x7F..) => Some((Token::Ignored, end)),
        (b"", b'M') => mouse(&rest[at + 1..], end + 1),
        ([b'<', report @ ..], last @ (b'M' | b'm')) => {
            let mouse = sgr_mouse(report, last == b'M');
            Some((mouse.map_or(Token::Ignored, Token::Mouse), end + 1))
        }
        (b"200", b'~') => Some((Token::PasteStart, end + 1)),
        (parameters, last) => {
            let key = Parameters::parse(parameters).and_then(|it| it.key(last));
            Some((key_or_ignored(key), end + 1))
        }
    }
}

/// A mouse report with decimal numbers: the wheel, or the left button going down.
fn sgr_mouse(report: &[u8], is_press: bool) -> Option<MouseEvent> {
    let mut numbers = std::str::from_utf8(report).ok()?.split(';').map(str::parse);
    let mut next = || numbers.next()?.ok();
    let (button, column, row): (u16, u16, u16) = (next()?, next()?, next()?);
    let kind = match button {
        0 => MouseEventKind::Down(MouseButton::Left),
        64 => MouseEventKind::ScrollUp,
        65 => MouseEventKind::ScrollDown,
        _ => return None,
    };
    // Cells count from one.
    Some(MouseEvent {
        kind,
        column: column.checked_sub(1)?,
        row: row.checked_sub(1)?,
        modifiers: KeyModifiers::NONE,
    })
    .filter(|_| is_press)
}

/// An X10 mouse report: three bytes after the sequence.
fn mouse(rest: &[u8], length: usize) -> Option<(Token, usize)> {
    let report = &rest[..rest.len().min(3)];
    match report.iter().position(|byte| *byte < 0x20) {
        Some(other) => Some((Token::Ignored, length + other)),
        None => (report.len() == 3).then_some((Token::Ignored, length + 3)),
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
        if text.contains(|c: char| !c.is_ascii_digit() && c != ';' && c != ':') {
            return None;
        }
        let mut fields = text.split(';').map(|field| {
            let mut parts = field.split(':').map(|number| number.parse::<u32>().ok());
            (parts.next().flatten(), parts.next().flatten())
        });
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

    fn key(&self, last: u8) -> Option<KeyEvent> {
        let code = match last {
            b'Z' => KeyCode::BackTab,
            b'u' => of_number(self.first)?,
            b'~' if self.first == 27 => of_number(self.third?)?,
            b'~' => of_keypad(self.first)?,
            // F3 with modifiers looks like a cursor position report.
            b'R' => return None,
            _ => cursor_or_function(last)?,
        };
        Some(KeyEvent::new_with_kind(code, self.modifiers, self.kind))
    }
}

/// The parameter is one more than the sum of these bits.
fn modifiers_of(parameter: u32) -> KeyModifiers {
    let bits = parameter.saturating_sub(1);
    let mut modifiers = KeyModifiers::NONE;
    modifiers.set(KeyModifiers::SHIFT, bits & 1 != 0);
    modifiers.set(KeyModifiers::ALT, bits & 2 != 0);
    modifiers.set(KeyModifiers::CONTROL, bits & 4 != 0);
    modifiers
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
        13 | 57414 => Some(KeyCode::Enter),
        27 => Some(KeyCode::Esc),
        127 => Some(KeyCode::Backspace),
        // The keypad in the kitty protocol.
        57399..=57408 => char::from_digit(number - 57399, 10).map(KeyCode::Char),
        57409 => Some(KeyCode::Char('.')),
        57410 => Some(KeyCode::Char('/')),
        57411 => Some(KeyCode::Char('*')),
        57412 => Some(KeyCode::Char('-')),
        57413 => Some(KeyCode::Char('+')),
        57415 => Some(KeyCode::Char('=')),
        // Keys without a character have private-use code points.
        0xE000..=0xF8FF => None,
        _ => char::from_u32(number)
            .filter(|c| !c.is_control())
            .map(KeyCode::Char),
    }
}
