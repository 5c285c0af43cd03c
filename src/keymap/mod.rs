//! The table of keys, from which dispatch, footer, help and the README's table are derived.
//!
//! The rows are data (`assets/keymap.toml`), which a user's `keymap.toml` patches.

mod key;

use crossterm::event::{Event, KeyEvent, KeyEventKind};
use serde::{Deserialize, Serialize};

use crate::action::{Action, Context, Input, Typed};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::secret::Secret;
pub use key::Key;

const BUILT_IN: &str = include_str!("../../assets/keymap.toml");

/// The keys of an action in a context.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub context: Context,
    /// Empty if the user removed them.
    pub keys: Vec<Key>,
    pub action: Action,
    /// The description of the keys in the footer and the help. Patches have none.
    #[serde(default)]
    pub label: String,
    /// Whether the footer shows it.
    #[serde(default)]
    pub footer: bool,
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
            let Row {
                context, action, ..
            } = patch;
            let row = self
                .rows
                .iter_mut()
                .find(|row| (row.context, row.action) == (context, action))
                .ok_or(KeymapError::NoSuchRow { context, action })?;
            row.keys = patch.keys;
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

    /// A key has one action per context. A narrower context may give it another one.
    fn check(&self) -> Result<(), KeymapError> {
        for (at, row) in self.rows.iter().enumerate() {
            for other in self.rows[..at]
                .iter()
                .filter(|other| other.context == row.context)
            {
                if let Some(key) = row.keys.iter().find(|key| other.keys.contains(key)) {
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
    #[must_use]
    pub fn translate(&self, context: Context, event: Event) -> Option<Input> {
        match event {
            Event::Key(event) => self.translate_key(context, event),
            Event::Paste(text) => Some(Input::Paste(Secret::new(text))),
            Event::Resize(width, height) => Some(Input::Resize(width, height)),
            Event::FocusGained | Event::FocusLost | Event::Mouse(_) => None,
        }
    }

    fn translate_key(&self, context: Context, event: KeyEvent) -> Option<Input> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let key = Key::of(event);
        let input = match self.action(context, key) {
            Some(action) => Input::Act(action),
            None => Input::Type(Typed(key.typed().filter(|_| context.is_text())?)),
        };
        (event.kind == KeyEventKind::Press || repeats(&input, context)).then_some(input)
    }

    fn action(&self, context: Context, key: Key) -> Option<Action> {
        context.with_parents().find_map(|context| {
            self.rows
                .iter()
                .find(|row| row.context == context && row.keys.contains(&key))
                .map(|row| row.action)
        })
    }

    /// All rows, in table order.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The rows that have a key in a context, its own rows first.
    pub fn rows_in(&self, context: Context) -> impl Iterator<Item = &Row> {
        context.with_parents().flat_map(move |place| {
            self.rows.iter().filter(move |row| {
                row.context == place
                    && row
                        .keys
                        .iter()
                        .any(|key| self.action(context, *key) == Some(row.action))
            })
        })
    }

    /// The first key of an action in a context, for display.
    #[must_use]
    pub fn key_for(&self, context: Context, action: Action) -> Option<String> {
        self.rows_in(context)
            .find(|row| row.action == action)?
            .keys
            .first()
            .map(ToString::to_string)
    }
}

/// Whether holding the key down repeats its action: typing and moving, but not submitting, toggling or
/// quitting.
fn repeats(input: &Input, context: Context) -> bool {
    match input {
        Input::Type(_) => true,
        // These toggle between two choices there.
        Input::Act(Action::Left | Action::Right) => {
            !matches!(context, Context::Setup | Context::Lookup)
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
        Input::Paste(_) | Input::Resize(..) => false,
    }
}
