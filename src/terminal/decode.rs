//! What a terminal sends, made into keys and pastes.
//!
//! A terminal also sends what nobody asked for: reports of its mouse and its focus, and answers to
//! questions of the program before. They are swallowed whole, for their letters would be taken for
//! keys. What begins and does not go on is dropped, so that no key is ever waited for in vain.
//! Not here: the forms of all that (`sequences`), reading the terminal (`input`), and what a key
//! means (`keymap`).

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use zeroize::{Zeroize, Zeroizing};

use super::sequences::{CTRL_C, ESC, Piece, piece};

const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";
/// More than any field takes; the rest of a paste is not kept.
const LONGEST_PASTE: usize = 1024 * 1024;

/// How long nothing must follow the mark that ends a paste. A text may hold the mark itself, and its
/// rest, which comes in later pieces, must not be taken for keys.
const AFTER_PASTE: Duration = Duration::from_millis(150);

/// How long an escape may be the beginning of something: packets of a slow line arrive apart.
const AFTER_ESCAPE: Duration = Duration::from_millis(20);
/// The same for what cannot be the Escape key any more.
const WITHIN_SEQUENCE: Duration = Duration::from_millis(200);
/// The same for a paste: what comes after a mark that was lost must not be taken for keys too soon.
const WITHIN_PASTE: Duration = Duration::from_secs(2);

/// Reads a stream of bytes in pieces of any size.
#[derive(Debug, Default)]
pub struct Decoder {
    /// What is not understood yet: the beginning of something. It may be part of a secret.
    held: Zeroizing<Vec<u8>>,
    mode: Mode,
}

#[derive(Debug, Default)]
enum Mode {
    #[default]
    Keys,
    /// After the mark that begins a paste, with what came of it. What is held then begins with a
    /// mark that ends one, once that has come: it is the paste's end if no other follows soon.
    Paste {
        text: Zeroizing<Vec<u8>>,
        has_ended: bool,
    },
    /// Within an answer that goes on to its terminator.
    Answer,
}

impl Decoder {
    /// Takes in bytes, and gives the events that they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        append(&mut self.held, bytes);
        while self.advance(&mut events) {}
        if self.held.is_empty() {
            // What was taken off is still behind its end.
            self.held.zeroize();
        }
        events
    }

    /// How long to wait for the rest of what has begun; none where nothing has.
    #[must_use]
    pub fn patience(&self) -> Option<Duration> {
        match (&self.mode, &self.held[..]) {
            (Mode::Paste { has_ended, .. }, held) => {
                // A mark that begins one is part of the text, or there are two pastes.
                let is_over = *has_ended && position(held, PASTE_BEGINS).is_none();
                Some(if is_over { AFTER_PASTE } else { WITHIN_PASTE })
            }
            (Mode::Keys, []) => None,
            (Mode::Keys, [ESC]) => Some(AFTER_ESCAPE),
            (Mode::Keys | Mode::Answer, _) => Some(WITHIN_SEQUENCE),
        }
    }

    /// Whether a paste has begun.
    #[must_use]
    pub fn is_in_paste(&self) -> bool {
        matches!(self.mode, Mode::Paste { .. })
    }

    /// Nothing more came in time: what is there is all there is.
    pub fn give_up(&mut self) -> Vec<Event> {
        let held = std::mem::take(&mut self.held);
        match (std::mem::take(&mut self.mode), &held[..]) {
            (
                Mode::Paste {
                    mut text,
                    has_ended,
                },
                rest,
            ) => {
                let is_one = position(rest, PASTE_BEGINS).is_some() && next_paste(rest).is_none();
                if has_ended && !is_one {
                    let mut events = vec![paste(&text)];
                    events.extend(self.feed(&rest[PASTE_ENDS.len()..]));
                    events.extend(self.give_up());
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
            (Mode::Keys | Mode::Answer, _) => Vec::new(),
        }
    }

    /// Takes one piece off what is held; false where it takes more bytes to go on.
    fn advance(&mut self, events: &mut Vec<Event>) -> bool {
        match &mut self.mode {
            Mode::Keys => self.next_key(events),
            Mode::Answer => self.skip_answer(),
            Mode::Paste { text, has_ended } => {
                let from = if *has_ended { PASTE_ENDS.len() } else { 0 };
                if let Some(at) = position(&self.held[from..], PASTE_ENDS) {
                    if let Some(next) = next_paste(&self.held[..from + at]) {
                        events.push(paste(text));
                        let between = self.held[PASTE_ENDS.len()..next].to_vec();
                        self.held.drain(..next);
                        self.mode = Mode::Keys;
                        events.extend(Self::default().feed(&between));
                        return true;
                    }
                    // The mark before it was part of the text.
                    keep(text, &self.held[..from + at]);
                    self.held.drain(..from + at);
                    *has_ended = true;
                    return true;
                }
                let is_endless = self.held.len() > LONGEST_PASTE;
                if !*has_ended || is_endless {
                    // The mark itself may have come in part.
                    let come = self.held.len().saturating_sub(PASTE_ENDS.len() - 1);
                    keep(text, &self.held[..come]);
                    self.held.drain(..come);
                    *has_ended = false;
                }
                false
            }
        }
    }

    fn next_key(&mut self, events: &mut Vec<Event>) -> bool {
        let took = match piece(&self.held) {
            Piece::Unfinished => return false,
            Piece::Nothing(took) => took,
            Piece::Key(key, took) => {
                events.push(Event::Key(key));
                took
            }
            Piece::Paste(took) => {
                self.mode = Mode::Paste {
                    text: Zeroizing::default(),
                    has_ended: false,
                };
                took
            }
            Piece::Answer(took) => {
                self.mode = Mode::Answer;
                took
            }
        };
        self.held.drain(..took);
        true
    }

    /// Drops an answer up to its terminator, or to what cannot be part of one.
    fn skip_answer(&mut self) -> bool {
        let is_end = |byte: &u8| matches!(*byte, 0x07 | CTRL_C | 0x18 | 0x1A | ESC);
        let Some(at) = self.held.iter().position(is_end) else {
            self.held.clear();
            return false;
        };
        let took = match self.held[at..] {
            [ESC] => {
                self.held.drain(..at);
                return false;
            }
            [ESC, b'\\', ..] => at + 2,
            // Not the answer's own: a key, or the next sequence.
            [ESC | CTRL_C, ..] => at,
            _ => at + 1,
        };
        self.held.drain(..took);
        self.mode = Mode::Keys;
        true
    }
}

fn position(text: &[u8], mark: &[u8]) -> Option<usize> {
    text.windows(mark.len()).position(|window| window == mark)
}

/// Where another paste begins behind the mark that ended one. Between the two there may be no key
/// but one that moves the cursor, edits or goes on: letters there are a text that holds both marks.
fn next_paste(held: &[u8]) -> Option<usize> {
    let between = held.get(PASTE_ENDS.len()..)?;
    let next = position(between, PASTE_BEGINS)?;
    let mut decoder = Decoder::default();
    let keys = decoder.feed(&between[..next]);
    let is_harmless = |event: &Event| {
        matches!(event, Event::Key(KeyEvent { code, modifiers, .. }) if modifiers.is_empty()
            && !matches!(code, KeyCode::Char(_) | KeyCode::Esc | KeyCode::F(_)))
    };
    (decoder.held.is_empty() && keys.iter().all(is_harmless)).then_some(PASTE_ENDS.len() + next)
}

/// Adds to a paste as much as it takes.
fn keep(text: &mut Zeroizing<Vec<u8>>, more: &[u8]) {
    let room = LONGEST_PASTE.saturating_sub(text.len());
    append(text, &more[..more.len().min(room)]);
}

/// Adds bytes. A buffer that grows would leave a copy of what is in it, so that it is moved by hand.
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
