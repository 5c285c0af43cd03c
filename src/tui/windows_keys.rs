//! Characters that Windows consoles report in ways of their own: those of `AltGr`, and Alt codes.
//!
//! Pure, so that it is tested on every platform. Not here: reading the console.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// The keys that can be held down at once by typing fast; a release that was lost, because another
/// window took it, is forgotten behind them.
const MOST_HELD: usize = 6;

/// Turns what a console reports into the characters that were typed.
#[derive(Debug, Default)]
pub struct TypedKeys {
    /// The characters whose keys are down, the oldest first.
    held: Vec<char>,
}

impl TypedKeys {
    /// The event as it would come from a terminal elsewhere.
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
        // An Alt code is reported as the release of a key that nobody pressed. The character is
        // what was typed, whatever else was down.
        KeyEvent {
            kind: KeyEventKind::Press,
            modifiers: KeyModifiers::NONE,
            ..typed
        }
    }

    /// Whether a release belongs to a key that was pressed. With another character it still does
    /// while one is down: a modifier that was let go first changes what a key reports.
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

/// `AltGr` is reported as Ctrl and Alt. No layout has it for letters and digits of ASCII, which are
/// what a real chord of both is reported with.
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
