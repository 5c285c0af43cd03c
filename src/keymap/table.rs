//! The table of keys: from an event to its meaning, and from a place to the keys that work there.
//!
//! The rows are data (`assets/keymap.toml`), which a user's `keymap.toml` patches. Not here: what
//! an action does, or how keys are called (`key`).

use crossterm::event::{Event, KeyEvent, KeyEventKind};
use serde::Deserialize;

use super::key::{Key, UnknownKey};
use crate::action::{Action, Context, Input, Typed};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::secret::Secret;

const BUILT_IN: &str = include_str!("../../assets/keymap.toml");

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Where it holds.
    pub context: Context,
    /// The keys; none when a user took them away.
    pub keys: Vec<Key>,
    /// What they do.
    pub action: Action,
    /// What that is called.
    pub label: String,
    /// Whether the footer shows it.
    pub footer: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default)]
    rows: Vec<RawRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRow {
    context: Context,
    keys: Vec<String>,
    action: Action,
    label: Option<String>,
    #[serde(default)]
    footer: bool,
}

/// Why a table of keys cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// Not TOML, or not rows of the right form; with the place.
    #[error("{0}")]
    Syntax(String),
    /// A key that does not exist.
    #[error(transparent)]
    Key(#[from] UnknownKey),
    /// A patch of a row that does not exist.
    #[error("there is no action {action:?} in the context {context:?}")]
    NoSuchRow {
        /// The patch's context.
        context: Context,
        /// The patch's action.
        action: Action,
    },
    /// One key for two things in one place.
    #[error("the key {key} means two things in the context {context:?}: {first:?} and {second:?}")]
    Clash {
        /// The key, as people write it.
        key: String,
        /// Where.
        context: Context,
        /// The one thing.
        first: Action,
        /// The other thing.
        second: Action,
    },
}

impl From<KeymapError> for Failure {
    fn from(error: KeymapError) -> Self {
        Self::new(
            FailureKind::Config,
            format!("keymap.toml cannot be used: {error}."),
            "The built-in keys are in force. Mend the file and start again.",
        )
    }
}

/// The table of keys in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    rows: Vec<Row>,
}

impl Keymap {
    /// The built-in table.
    ///
    /// # Errors
    /// [`KeymapError`] when the table is wrong, which a test rules out for the built-in one.
    pub fn built_in() -> Result<Self, KeymapError> {
        let rows = parse(BUILT_IN)?
            .into_iter()
            .map(Row::try_from)
            .collect::<Result<_, _>>()?;
        let keymap = Self { rows };
        keymap.check()?;
        Ok(keymap)
    }

    /// The table with a user's changes: each row replaces the keys of its action in its context.
    ///
    /// # Errors
    /// [`KeymapError`] for text that is no patch, and for keys that would mean two things.
    pub fn patched(mut self, text: &str) -> Result<Self, KeymapError> {
        for patch in parse(text)? {
            let keys = keys(&patch.keys)?;
            let row = self
                .rows
                .iter_mut()
                .find(|row| row.context == patch.context && row.action == patch.action);
            match row {
                Some(row) => row.keys = keys,
                None => {
                    return Err(KeymapError::NoSuchRow {
                        context: patch.context,
                        action: patch.action,
                    });
                }
            }
        }
        self.check()?;
        Ok(self)
    }

    /// Within one context a key means one thing. A narrower context may give it another meaning.
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

    /// What an event of the terminal means in a context; nothing for events without a meaning.
    /// Releases never mean anything, repeats only where repeating does no harm.
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

    /// All rows, in the order of the table.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The rows that hold in a context, its own first; only those that have a key there.
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

    /// The first key of an action in a context, as people write it.
    #[must_use]
    pub fn key_for(&self, context: Context, action: Action) -> Option<String> {
        self.rows_in(context)
            .find(|row| row.action == action)?
            .keys
            .first()
            .map(ToString::to_string)
    }
}

fn parse(text: &str) -> Result<Vec<RawRow>, KeymapError> {
    toml::from_str::<Table>(text)
        .map(|table| table.rows)
        .map_err(|error| {
            let place = error.span().map_or(String::new(), |span| {
                let line = text[..span.start.min(text.len())].matches('\n').count() + 1;
                format!("line {line}: ")
            });
            KeymapError::Syntax(format!("{place}{}", error.message()))
        })
}

fn keys(names: &[String]) -> Result<Vec<Key>, UnknownKey> {
    names.iter().map(|name| name.parse()).collect()
}

impl TryFrom<RawRow> for Row {
    type Error = UnknownKey;

    fn try_from(row: RawRow) -> Result<Self, Self::Error> {
        Ok(Self {
            context: row.context,
            keys: keys(&row.keys)?,
            action: row.action,
            label: row.label.unwrap_or_default(),
            footer: row.footer,
        })
    }
}

/// Holding a key down may type and move, but not submit, toggle or quit over and over.
fn repeats(input: &Input, context: Context) -> bool {
    match input {
        Input::Type(_) => true,
        // There, they switch between two choices.
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
