//! Text being typed: a plain line with a cursor, and a masked one for secrets.
//!
//! Not here: which field has the focus, or what its text means.

use tui_input::{Input, InputRequest};

use crate::action::Action;
use crate::domain::secret::Secret;
use crate::domain::text;

/// The longest text a field takes, in bytes; far above any ID, name or URL.
pub const CAPACITY: usize = Secret::LONGEST;

/// Text that is longer than a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

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

/// The secret being typed: characters come and go at its end, and only a fixed mask is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MaskedField(Secret);

impl MaskedField {
    /// The text typed so far.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    fn edit(&mut self, change: impl FnOnce(&mut String)) {
        // A buffer of full capacity never moves, so no copy of the secret is left behind.
        let mut typed = String::with_capacity(CAPACITY);
        typed.push_str(self.0.expose());
        change(&mut typed);
        self.0 = Secret::new(typed);
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
        if self.length() + character.len_utf8() > CAPACITY {
            return Err(TooLong);
        }
        match self {
            Self::Plain(field) => {
                field.0.handle(InputRequest::InsertChar(character));
            }
            Self::Masked(field) => field.edit(|typed| typed.push(character)),
        }
        Ok(())
    }

    /// Puts the first line of a paste that is not blank at the cursor.
    ///
    /// # Errors
    /// [`TooLong`] when it does not fit; the field is then as it was.
    pub fn paste(&mut self, pasted: &Secret) -> Result<(), TooLong> {
        let line = text::first_line(pasted.expose());
        if self.length() + line.len() > CAPACITY {
            return Err(TooLong);
        }
        match self {
            Self::Plain(field) => {
                let (value, cursor) = (field.0.value(), field.0.cursor());
                let before: String = value.chars().take(cursor).collect();
                let after: String = value.chars().skip(cursor).collect();
                let cursor = cursor + line.chars().count();
                field.0 = Input::new(format!("{before}{line}{after}")).with_cursor(cursor);
            }
            Self::Masked(field) => field.edit(|typed| typed.push_str(line)),
        }
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
            Self::Masked(field) => match action {
                Action::DeleteBack | Action::DeleteForward => field.edit(|typed| {
                    typed.pop();
                }),
                Action::DeleteWord | Action::DeleteToStart | Action::DeleteToEnd => {
                    field.0 = Secret::default();
                }
                Action::Left | Action::Right | Action::TextStart | Action::TextEnd => {}
                _ => return false,
            },
        }
        true
    }

    fn length(&self) -> usize {
        match self {
            Self::Plain(field) => field.value().len(),
            Self::Masked(field) => field.0.expose().len(),
        }
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
