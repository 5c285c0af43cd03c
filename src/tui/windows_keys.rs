//! Corrects the characters that Windows consoles report for `AltGr` and Alt codes.
//!
//! Pure, so that every platform can test it.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// Maximum keys held down at once by fast typing. Older ones are forgotten: another window got
/// their release.
const MOST_HELD: usize = 6;

/// Turns key events of a console into those of the typed characters.
#[derive(Debug, Default)]
pub struct TypedKeys {
    /// The keys that are down, oldest first.
    held: Vec<char>,
}

impl TypedKeys {
    /// The event that any other terminal would send.
    pub fn translate(&mut self, event: KeyEvent) -> KeyEvent {
        let KeyCode::Char(c) = event.code else {
            return event;
        };
        let typed = without_alt_gr(event, c);
        if event.kind != KeyEventKind::Release {
            if !self.held.iter().any(|held| is_same_key(*held, c)) {
                self.held.push(c);
            }
            if self.held.len() > MOST_HELD {
                self.held.remove(0);
            }
            return typed;
        }
        if self.was_held(c) {
            return typed;
        }
        // The console reports an Alt code as the release of a key that nobody pressed.
        KeyEvent {
            kind: KeyEventKind::Press,
            modifiers: KeyModifiers::NONE,
            ..typed
        }
    }

    /// Whether a release belongs to a pressed key. Releasing a modifier first changes the character, so
    /// any pressed key will do.
    fn was_held(&mut self, c: char) -> bool {
        let same = self.held.iter().position(|held| is_same_key(*held, c));
        let released = same.or((!self.held.is_empty()).then_some(0));
        if let Some(at) = released {
            self.held.remove(at);
        }
        released.is_some()
    }
}

fn is_same_key(one: char, other: char) -> bool {
    one.to_lowercase().eq(other.to_lowercase())
}

/// Consoles report `AltGr` as Ctrl and Alt. No layout uses `AltGr` for ASCII letters and digits, so with
/// those it is a real chord.
fn without_alt_gr(event: KeyEvent, c: char) -> KeyEvent {
    let both = KeyModifiers::CONTROL | KeyModifiers::ALT;
    let is_typed = !c.is_control() && !c.is_ascii_alphanumeric();
    if event.modifiers.contains(both) && is_typed {
        return KeyEvent {
            modifiers: event.modifiers - both,
            ..event
        };
    }
    event
}
