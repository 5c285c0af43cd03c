//! What a terminal sends, made into keys and pastes.
//!
//! A terminal also sends what nobody asked for: reports of its mouse and its focus, and answers to
//! questions of the program before. They are swallowed whole, for their letters would be taken for
//! keys. What begins and does not go on is dropped, so that no key is ever waited for in vain.
//! Not here: the forms of all that (`sequences`), reading the terminal (`input`), and what a key
//! means (`keymap`).

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use super::sequences::{CTRL_C, ESC, Piece, piece};

const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";
/// More than any field takes; the rest of a paste is not kept.
const LONGEST_PASTE: usize = 1024 * 1024;

/// How long an escape may be the beginning of something: packets of a slow line arrive apart.
const AFTER_ESCAPE: Duration = Duration::from_millis(20);
/// The same for what cannot be the Escape key any more.
const WITHIN_SEQUENCE: Duration = Duration::from_millis(200);
/// The same for a paste: what comes after a mark that was lost must not be taken for keys too soon.
const WITHIN_PASTE: Duration = Duration::from_secs(2);

/// Reads a stream of bytes in pieces of any size.
#[derive(Debug, Default)]
pub struct Decoder {
    /// What is not understood yet: the beginning of something.
    held: Vec<u8>,
    mode: Mode,
}

#[derive(Debug, Default)]
enum Mode {
    #[default]
    Keys,
    /// Between the marks of a paste, with what came of it.
    Paste(Vec<u8>),
    /// Within an answer that goes on to its terminator.
    Answer,
}

impl Decoder {
    /// Takes in bytes, and gives the events that they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        self.held.extend_from_slice(bytes);
        while self.advance(&mut events) {}
        events
    }

    /// How long to wait for the rest of what has begun; none where nothing has.
    #[must_use]
    pub fn patience(&self) -> Option<Duration> {
        match (&self.mode, &self.held[..]) {
            (Mode::Paste(_), _) => Some(WITHIN_PASTE),
            (Mode::Keys, []) => None,
            (Mode::Keys, [ESC]) => Some(AFTER_ESCAPE),
            (Mode::Keys | Mode::Answer, _) => Some(WITHIN_SEQUENCE),
        }
    }

    /// Whether a paste has begun.
    #[must_use]
    pub fn is_in_paste(&self) -> bool {
        matches!(self.mode, Mode::Paste(_))
    }

    /// Nothing more came in time: what is there is all there is.
    pub fn give_up(&mut self) -> Vec<Event> {
        let held = std::mem::take(&mut self.held);
        match (std::mem::take(&mut self.mode), &held[..]) {
            (Mode::Paste(mut text), rest) => {
                text.extend_from_slice(rest);
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
            Mode::Paste(text) => {
                let end = end_of_paste(&self.held);
                // The mark itself may have come in part.
                let whole = self.held.len().saturating_sub(PASTE_ENDS.len() - 1);
                let come = end.unwrap_or(whole);
                let room = LONGEST_PASTE.saturating_sub(text.len());
                text.extend_from_slice(&self.held[..come.min(room)]);
                self.held.drain(..come);
                if end.is_none() {
                    return false;
                }
                self.held.drain(..PASTE_ENDS.len());
                events.push(paste(text));
                self.mode = Mode::Keys;
                true
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
                self.mode = Mode::Paste(Vec::new());
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

/// Where the mark is that ends a paste. A text that holds one itself must not get its rest taken for
/// keys, so that it is the last one before another paste begins.
fn end_of_paste(held: &[u8]) -> Option<usize> {
    let position =
        |text: &[u8], mark: &[u8]| text.windows(mark.len()).position(|window| window == mark);
    let first = position(held, PASTE_ENDS)?;
    let next = position(&held[first..], PASTE_BEGINS).map_or(held.len(), |at| first + at);
    held[..next]
        .windows(PASTE_ENDS.len())
        .rposition(|window| window == PASTE_ENDS)
}

fn paste(text: &[u8]) -> Event {
    Event::Paste(String::from_utf8_lossy(text).into_owned())
}
