//! Decodes what a terminal sends into keys and pastes, for the screens and the secret prompt.
//!
//! A terminal also sends mouse and focus reports, and replies to queries of an earlier program. They
//! are dropped whole, because their letters would look like keys. An unfinished sequence is dropped
//! after a timeout, so that it never holds up a key.

mod sequences;

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use zeroize::{Zeroize, Zeroizing};

pub(crate) use sequences::CTRL_C;
use sequences::{ESC, Token, first_token};

const PASTE_START: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";
/// More than any field accepts; the rest of a paste is dropped.
const LONGEST_PASTE: usize = 1024 * 1024;

/// The silence that must follow an end mark. A pasted text may contain the mark itself, and the rest of
/// the text, which arrives later, must not be taken for keys.
const AFTER_PASTE: Duration = Duration::from_millis(150);

/// How long an escape may turn out to begin a sequence: packets on a slow line arrive separately.
const AFTER_ESCAPE: Duration = Duration::from_millis(20);
/// The same for what can no longer be the Escape key.
const WITHIN_SEQUENCE: Duration = Duration::from_millis(200);
/// The same for a paste: if its end mark was lost, what follows must not be taken for keys too soon.
const WITHIN_PASTE: Duration = Duration::from_secs(2);

/// Decodes a stream of bytes that arrive in chunks of any size.
#[derive(Debug, Default)]
pub struct Decoder {
    /// Bytes that are not decoded yet. They may be part of a secret.
    pending: Zeroizing<Vec<u8>>,
    mode: Mode,
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
    /// Within a reply, which lasts until its terminator.
    Reply,
}

impl Decoder {
    /// Decodes bytes and returns the events that they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        append(&mut self.pending, bytes);
        while self.advance(&mut events) {}
        if self.pending.is_empty() {
            // Decoded bytes are still in the buffer after its end.
            self.pending.zeroize();
        }
        events
    }

    /// How long to wait for the rest of an unfinished sequence or paste, if there is one.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        match (&self.mode, &self.pending[..]) {
            (Mode::Paste { has_ended, .. }, pending) => {
                // A start mark is part of the text, or begins a second paste.
                let is_over = *has_ended && position(pending, PASTE_START).is_none();
                Some(if is_over { AFTER_PASTE } else { WITHIN_PASTE })
            }
            (Mode::Keys, []) => None,
            (Mode::Keys, [ESC]) => Some(AFTER_ESCAPE),
            (Mode::Keys | Mode::Reply, _) => Some(WITHIN_SEQUENCE),
        }
    }

    /// Whether a paste is unfinished.
    #[must_use]
    pub fn is_in_paste(&self) -> bool {
        matches!(self.mode, Mode::Paste { .. })
    }

    /// Decodes pending bytes as complete, after the [`timeout`](Self::timeout).
    pub fn time_out(&mut self) -> Vec<Event> {
        let pending = std::mem::take(&mut self.pending);
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
            (Mode::Keys, [ESC]) => vec![Event::Key(KeyCode::Esc.into())],
            (Mode::Keys, &[ESC, letter]) if letter.is_ascii_graphic() => {
                let code = KeyCode::Char(letter.into());
                vec![Event::Key(KeyEvent::new(code, KeyModifiers::ALT))]
            }
            (Mode::Keys | Mode::Reply, _) => Vec::new(),
        }
    }

    /// Decodes one token. Returns false if it needs more bytes.
    fn advance(&mut self, events: &mut Vec<Event>) -> bool {
        match &mut self.mode {
            Mode::Keys => self.next_key(events),
            Mode::Reply => self.skip_reply(),
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

    fn next_key(&mut self, events: &mut Vec<Event>) -> bool {
        let length = match first_token(&self.pending) {
            Token::Unfinished => return false,
            Token::Ignored(length) => length,
            Token::Key(key, length) => {
                events.push(Event::Key(key));
                length
            }
            Token::PasteStart(length) => {
                self.mode = Mode::Paste {
                    text: Zeroizing::default(),
                    has_ended: false,
                };
                length
            }
            Token::ReplyStart(length) => {
                self.mode = Mode::Reply;
                length
            }
        };
        self.pending.drain(..length);
        true
    }

    /// Drops a reply up to its terminator, or up to what cannot be part of one.
    fn skip_reply(&mut self) -> bool {
        let is_end = |byte: &u8| matches!(*byte, 0x07 | CTRL_C | 0x18 | 0x1A | ESC);
        let Some(at) = self.pending.iter().position(is_end) else {
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
        self.mode = Mode::Keys;
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
