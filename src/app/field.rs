//! Text being typed: a plain line with a cursor, and the masked one for secrets.
//!
//! Not here: which field has the focus, or what its text means.

use tui_input::{Input, InputRequest};

use crate::action::{Action, Erase};
use crate::domain::secret::Secret;
pub use crate::domain::secret::{MaskedField, TooLong};
use crate::domain::text;

/// The longest text a field takes, in bytes; far above any ID, name or URL.
pub const CAPACITY: usize = MaskedField::CAPACITY;

/// A line of plain text with a cursor.
#[derive(Debug, Clone, Default)]
pub struct TextField(Input);

impl PartialEq for TextField {
    fn eq(&self, other: &Self) -> bool {
        self.0.value() == other.0.value() && self.0.cursor() == other.0.cursor()
    }
}

impl TextField {
    /// A field with text in it and the cursor behind that.
    #[must_use]
    pub fn with(text: &str) -> Self {
        Self(Input::new(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn value(&self) -> &str {
        self.0.value()
    }

    /// Whether there is nothing but white space in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        text::trim_input(self.value()).is_empty()
    }

    /// The cursor's distance from the start, in cells.
    #[must_use]
    pub fn cursor_column(&self) -> usize {
        self.0.visual_cursor()
    }
}

/// A field that keys can be typed into.
#[derive(Debug)]
pub enum Editor<'a> {
    /// Plain text.
    Plain(&'a mut TextField),
    /// A secret.
    Masked(&'a mut MaskedField),
}

impl Editor<'_> {
    /// Puts a character at the cursor.
    ///
    /// # Errors
    /// [`TooLong`] when the field is full.
    pub fn insert(&mut self, character: char) -> Result<(), TooLong> {
        match self {
            Self::Masked(field) => field.insert(character),
            Self::Plain(field) if field.value().len() + character.len_utf8() > CAPACITY => {
                Err(TooLong)
            }
            Self::Plain(field) => {
                field.0.handle(InputRequest::InsertChar(character));
                Ok(())
            }
        }
    }

    /// Puts the first line of a paste that is not blank at the cursor.
    ///
    /// # Errors
    /// [`TooLong`] when it does not fit; the field is then as it was.
    pub fn paste(&mut self, pasted: &Secret) -> Result<(), TooLong> {
        let field = match self {
            Self::Masked(field) => return field.paste(pasted),
            Self::Plain(field) => field,
        };
        let line = text::first_line(pasted.expose());
        if field.value().len() + line.len() > CAPACITY {
            return Err(TooLong);
        }
        let (value, cursor) = (field.0.value(), field.0.cursor());
        let before: String = value.chars().take(cursor).collect();
        let after: String = value.chars().skip(cursor).collect();
        let cursor = cursor + line.chars().count();
        field.0 = Input::new(format!("{before}{line}{after}")).with_cursor(cursor);
        Ok(())
    }

    /// Moves the cursor or deletes. False for actions that do not edit text.
    pub fn act(&mut self, action: Action) -> bool {
        match self {
            Self::Plain(field) => {
                let Some(request) = request(action) else {
                    return false;
                };
                field.0.handle(request);
            }
            Self::Masked(field) => match action.erases() {
                Some(Erase::Character) => field.delete(),
                Some(Erase::All) => field.clear(),
                None => return action.moves_in_text(),
            },
        }
        true
    }
}

fn request(action: Action) -> Option<InputRequest> {
    Some(match action {
        Action::Left => InputRequest::GoToPrevChar,
        Action::Right => InputRequest::GoToNextChar,
        Action::TextStart => InputRequest::GoToStart,
        Action::TextEnd => InputRequest::GoToEnd,
        Action::DeleteBack => InputRequest::DeletePrevChar,
        Action::DeleteForward => InputRequest::DeleteNextChar,
        Action::DeleteWord => InputRequest::DeletePrevWord,
        Action::DeleteToStart => InputRequest::DeleteFromStart,
        Action::DeleteToEnd => InputRequest::DeleteTillEnd,
        _ => return None,
    })
}
