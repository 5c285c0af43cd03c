//! The table of keys, from which dispatch, footer, help and the README's table are derived.
//!
//! The rows are data (`assets/keymap.toml`), which a user's `keymap.toml` patches.

use std::fmt;

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};
use serde::{Deserialize, Serialize};

use crate::action::{Action, Context, Input, Typed};
use crate::domain::credential::Secret;
use crate::domain::failure::{Failure, FailureKind};

const BUILT_IN: &str = include_str!("../assets/keymap.toml");

/// A key with its modifiers. In the table: `ctrl-c`, `shift-tab`, `G`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

const NAMED: [(&str, KeyCode); 15] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("space", KeyCode::Char(' ')),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
];

impl TryFrom<String> for Key {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut rest = text.as_str();
        let mut modifiers = KeyModifiers::NONE;
        loop {
            let (modifier, after) = match rest.split_once('-') {
                Some(("ctrl", after)) => (KeyModifiers::CONTROL, after),
                Some(("alt", after)) => (KeyModifiers::ALT, after),
                Some(("shift", after)) => (KeyModifiers::SHIFT, after),
                _ => break,
            };
            modifiers |= modifier;
            rest = after;
        }
        let mut characters = rest.chars();
        let code = match (characters.next(), characters.next()) {
            (Some(c), None) => KeyCode::Char(c),
            _ => named(rest).ok_or_else(|| {
                format!(
                    "unknown key {text:?}; keys are named like q, G, ctrl-c, shift-tab, f1 or pageup"
                )
            })?,
        };
        let key = Self::new(code, modifiers);
        if key.is_sent() {
            Ok(key)
        } else {
            Err(format!("terminals send no key {text:?}; use another one"))
        }
    }
}

fn named(name: &str) -> Option<KeyCode> {
    if let Some(Ok(number @ 1..=24)) = name.strip_prefix('f').map(str::parse) {
        return Some(KeyCode::F(number));
    }
    let row = NAMED.iter().find(|(known, _)| *known == name);
    row.map(|(_, code)| *code)
}

impl Key {
    /// Terminals disagree on whether Shift accompanies a capital letter, and on Shift-Tab.
    fn new(mut code: KeyCode, modifiers: KeyModifiers) -> Self {
        let mut modifiers =
            modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        match code {
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => {
                code = KeyCode::Char(c.to_ascii_lowercase());
            }
            KeyCode::Char(c) => {
                if modifiers.contains(KeyModifiers::SHIFT) {
                    code = KeyCode::Char(c.to_ascii_uppercase());
                }
                modifiers.remove(KeyModifiers::SHIFT);
            }
            KeyCode::Tab if modifiers.contains(KeyModifiers::SHIFT) => {
                code = KeyCode::BackTab;
                modifiers.remove(KeyModifiers::SHIFT);
            }
            KeyCode::BackTab => modifiers.remove(KeyModifiers::SHIFT),
            _ => {}
        }
        Self { code, modifiers }
    }

    /// Whether terminals tell it from other keys. With Ctrl, a character arrives as a control byte:
    /// that of `i` is Tab, that of `m` is Enter, and Shift makes no difference.
    fn is_sent(self) -> bool {
        match self.code {
            KeyCode::Char(c) if self.modifiers.contains(KeyModifiers::CONTROL) => {
                let is_own_byte =
                    matches!(c, 'a'..='z' | ' ' | '4'..='7') && !matches!(c, 'i' | 'm');
                is_own_byte && !self.modifiers.contains(KeyModifiers::SHIFT)
            }
            KeyCode::Char(c) => !c.is_control(),
            _ => true,
        }
    }

    /// The character that this key types.
    fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if self.modifiers.is_empty() && !c.is_control() => Some(c),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    /// As people write it: `Ctrl-C`, `Shift-Tab`, `PgUp`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            formatter.write_str("Ctrl-")?;
        }
        if self.modifiers.contains(KeyModifiers::ALT) {
            formatter.write_str("Alt-")?;
        }
        match self.code {
            KeyCode::Char(' ') => formatter.write_str("Space"),
            KeyCode::Char(c) if self.modifiers.is_empty() => write!(formatter, "{c}"),
            KeyCode::Char(c) => write!(formatter, "{}", c.to_uppercase()),
            KeyCode::F(number) => write!(formatter, "F{number}"),
            KeyCode::BackTab => formatter.write_str("Shift-Tab"),
            KeyCode::PageUp => formatter.write_str("PgUp"),
            KeyCode::PageDown => formatter.write_str("PgDn"),
            KeyCode::Delete => formatter.write_str("Del"),
            code => write!(formatter, "{code:?}"),
        }
    }
}

/// The keys of an action in a context.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub context: Context,
    /// Empty if the user removed them.
    pub keys: Vec<Key>,
    pub action: Action,
    /// The effect of the keys: a verb and its object. Patches have none.
    #[serde(default)]
    pub label: String,
    /// The footer's shorter label; empty if that is the label itself.
    #[serde(default)]
    pub short: String,
    /// Whether the footer shows it.
    #[serde(default)]
    pub footer: bool,
}

impl Row {
    /// The label in the footer.
    pub fn hint(&self) -> &str {
        if self.short.is_empty() {
            &self.label
        } else {
            &self.short
        }
    }
}

/// Why a table of keys is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// Not TOML, or not a table of keys, with the line.
    #[error("{0}")]
    Syntax(String),
    /// A patch of a row that does not exist.
    #[error("context {} has no action {}", name_of(context), name_of(action))]
    NoSuchRow { context: Context, action: Action },
    /// A key that types a character, where people type.
    #[error("key {key} types a letter in context {}", name_of(context))]
    Typed { key: String, context: Context },
    /// One key with two actions in the same context.
    #[error(
        "key {key} has two actions in context {}: {} and {}",
        name_of(context),
        name_of(first),
        name_of(second)
    )]
    Clash {
        key: String,
        context: Context,
        first: Action,
        second: Action,
    },
}

/// The name that `keymap.toml` uses.
fn name_of(item: &impl Serialize) -> String {
    match serde_json::to_value(item) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(_) | Err(_) => String::new(),
    }
}

impl From<KeymapError> for Failure {
    fn from(error: KeymapError) -> Self {
        Self::new(
            FailureKind::Config,
            format!("Invalid keymap.toml: {error}. Using the built-in keys."),
            "Fix the file and restart.",
        )
    }
}

/// A table of keys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keymap {
    #[serde(default)]
    rows: Vec<Row>,
}

impl Keymap {
    /// The built-in table.
    ///
    /// # Errors
    /// [`KeymapError`], which a test rules out.
    pub fn built_in() -> Result<Self, KeymapError> {
        let keymap = Self::parse(BUILT_IN)?;
        keymap.check()?;
        Ok(keymap)
    }

    /// The table with a user's changes: each row replaces the keys of its action in its context.
    ///
    /// # Errors
    /// [`KeymapError`] if the text is not a valid patch, or assigns two actions to one key.
    pub fn patched(mut self, text: &str) -> Result<Self, KeymapError> {
        for patch in Self::parse(text)?.rows {
            let (context, action) = (patch.context, patch.action);
            let mut rows = self.rows.iter_mut();
            let row = rows.find(|row| (row.context, row.action) == (context, action));
            row.ok_or(KeymapError::NoSuchRow { context, action })?.keys = patch.keys;
        }
        self.check()?;
        Ok(self)
    }

    fn parse(text: &str) -> Result<Self, KeymapError> {
        toml::from_str(text).map_err(|error| {
            let place = error.span().map_or(String::new(), |span| {
                let line = text[..span.start.min(text.len())].matches('\n').count() + 1;
                format!("line {line}: ")
            });
            KeymapError::Syntax(format!("{place}{}", error.message()))
        })
    }

    /// A key has one action per context. A narrower context may give it another one. Where people type,
    /// characters are text.
    fn check(&self) -> Result<(), KeymapError> {
        for (at, row) in self.rows.iter().enumerate() {
            let takes_text = row.context.is_text() || row.context == Context::Any;
            let typed = row.keys.iter().find(|key| key.typed().is_some());
            if let Some(key) = typed.filter(|_| takes_text) {
                return Err(KeymapError::Typed {
                    key: key.to_string(),
                    context: row.context,
                });
            }
            for other in &self.rows[..at] {
                let mut keys = row.keys.iter().filter(|key| other.keys.contains(key));
                if other.context == row.context
                    && let Some(key) = keys.next()
                {
                    return Err(KeymapError::Clash {
                        key: key.to_string(),
                        context: row.context,
                        first: other.action,
                        second: row.action,
                    });
                }
            }
        }
        Ok(())
    }

    /// The input for a terminal event in a context, if any. Key releases are ignored, and so are
    /// repeats that could do harm.
    pub fn translate(&self, context: Context, event: Event) -> Option<Input> {
        match event {
            Event::Key(event) if event.kind != KeyEventKind::Release => {
                let key = Key::new(event.code, event.modifiers);
                let input = match (self.action(context, key), key.typed()) {
                    (Some(action), _) => Input::Act(action),
                    (None, Some(typed)) if context.is_text() => Input::Type(Typed(typed)),
                    (None, Some(typed)) if !typed.is_ascii() && typed.is_alphabetic() => {
                        Input::ForeignLetter
                    }
                    (None, _) => return None,
                };
                (event.kind == KeyEventKind::Press || repeats(&input, context)).then_some(input)
            }
            Event::Paste(text) => Some(Input::Paste(Secret::new(text))),
            Event::Resize(width, height) => Some(Input::Resize(width, height)),
            Event::Key(_) | Event::FocusGained | Event::FocusLost | Event::Mouse(_) => None,
        }
    }

    fn action(&self, context: Context, key: Key) -> Option<Action> {
        context.with_parents().find_map(|context| {
            let mut rows = self.rows.iter();
            let row = rows.find(|row| row.context == context && row.keys.contains(&key));
            row.map(|row| row.action)
        })
    }

    /// All rows, in table order.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The rows that have a key in a context, its own rows first.
    pub fn rows_in(&self, context: Context) -> impl Iterator<Item = &Row> {
        context.with_parents().flat_map(move |place| {
            self.rows.iter().filter(move |row| {
                let works = |key: &Key| self.action(context, *key) == Some(row.action);
                row.context == place && row.keys.iter().any(works)
            })
        })
    }

    /// The keys of a row that have its action in a context: a narrower one may give them another.
    pub fn keys_in<'a>(&'a self, context: Context, row: &'a Row) -> impl Iterator<Item = &'a Key> {
        let works = move |key: &&Key| self.action(context, **key) == Some(row.action);
        row.keys.iter().filter(works)
    }

    /// The first key of an action in a context, for display.
    pub fn key_for(&self, context: Context, action: Action) -> Option<String> {
        let row = self.rows_in(context).find(|row| row.action == action)?;
        row.keys.first().map(ToString::to_string)
    }
}

/// Whether holding the key down repeats its action: typing and moving, but not submitting, toggling or
/// quitting.
fn repeats(input: &Input, context: Context) -> bool {
    match input {
        // These toggle between two choices there.
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
        Input::Type(_) | Input::Wheel(_) => true,
        Input::Paste(_) | Input::Resize(..) | Input::Click(_) | Input::ForeignLetter => false,
    }
}
