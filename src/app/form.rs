//! Text fields, and the shared parts of forms: the focus and the complaint about a field.

use std::borrow::Cow;

use tui_input::{Input, InputRequest};

use crate::action::{Action, Erase};
use crate::domain::credential::Secret;
pub use crate::domain::credential::{MaskedField, TooLong};
use crate::domain::redaction::holds_secret;
use crate::domain::text;

/// The longest text a field takes, in bytes; far above any ID, name or URL.
pub const CAPACITY: usize = MaskedField::CAPACITY;

/// The focus of a form, and the complaint about a field.
#[derive(Debug, Clone, PartialEq)]
pub struct Form<F> {
    pub focus: F,
    /// Whether letters go into the focused field.
    pub editing: bool,
    pub complaint: Option<(F, String)>,
}

impl<F: Copy + PartialEq + Default> Default for Form<F> {
    fn default() -> Self {
        Self::on(F::default())
    }
}

impl<F: Copy + PartialEq> Form<F> {
    /// A form with the focus on a field.
    pub fn on(focus: F) -> Self {
        Self {
            focus,
            editing: true,
            complaint: None,
        }
    }

    /// Moves the focus to the next or previous row, wrapping around.
    pub(crate) fn move_focus(&mut self, rows: &[F], forward: bool) {
        let at = rows.iter().position(|row| *row == self.focus).unwrap_or(0);
        let step = if forward { 1 } else { rows.len() - 1 };
        self.focus = rows[(at + step) % rows.len()];
        self.editing = true;
    }

    /// Shows a complaint about a field, and moves the focus there.
    pub(crate) fn complain(&mut self, field: F, complaint: &impl ToString) {
        self.complaint = Some((field, complaint.to_string()));
        self.focus = field;
        self.editing = true;
    }

    /// The complaint about a field.
    pub fn complaint_about(&self, field: F) -> Option<&str> {
        let (at, complaint) = self.complaint.as_ref()?;
        (*at == field).then_some(complaint)
    }
}

/// A line of plain text with a cursor.
#[derive(Debug, Clone, Default)]
pub struct TextField(Input);

impl PartialEq for TextField {
    fn eq(&self, other: &Self) -> bool {
        self.0.value() == other.0.value() && self.0.cursor() == other.0.cursor()
    }
}

impl TextField {
    /// A field that contains text, with the cursor at its end.
    pub fn with(text: &str) -> Self {
        Self(Input::new(text.to_owned()))
    }

    /// Its text.
    pub fn value(&self) -> &str {
        self.0.value()
    }

    /// Whether it contains nothing but white space.
    pub fn is_blank(&self) -> bool {
        text::trim_input(self.value()).is_empty()
    }

    /// Whether it contains a secret, which belongs in a masked field.
    pub fn holds_secret(&self) -> bool {
        holds_secret(self.value())
    }

    /// The field as it may be drawn: if it contains a secret, with `mask` for each character.
    pub fn masked(&self, mask: char) -> Cow<'_, Self> {
        if !self.holds_secret() {
            return Cow::Borrowed(self);
        }
        let dots = self.value().chars().map(|_| mask).collect();
        Cow::Owned(Self(Input::new(dots).with_cursor(self.0.cursor())))
    }

    /// The text before the cursor.
    pub fn before_cursor(&self) -> &str {
        let mut places = self.value().char_indices().map(|(at, _)| at);
        places
            .nth(self.0.cursor())
            .map_or(self.value(), |at| &self.value()[..at])
    }
}

/// A field that keys can be typed into.
#[derive(Debug)]
pub enum Editor<'a> {
    Plain(&'a mut TextField),
    Masked(&'a mut MaskedField),
}

/// The actions that edit text, and what each does to a plain text field.
const EDITS: [(Action, InputRequest); 9] = [
    (Action::Left, InputRequest::GoToPrevChar),
    (Action::Right, InputRequest::GoToNextChar),
    (Action::TextStart, InputRequest::GoToStart),
    (Action::TextEnd, InputRequest::GoToEnd),
    (Action::DeleteBack, InputRequest::DeletePrevChar),
    (Action::DeleteForward, InputRequest::DeleteNextChar),
    (Action::DeleteWord, InputRequest::DeletePrevWord),
    (Action::DeleteToStart, InputRequest::DeleteFromStart),
    (Action::DeleteToEnd, InputRequest::DeleteTillEnd),
];

impl Editor<'_> {
    /// Whether a text is all that the field contains.
    pub fn holds(&self, text: &str) -> bool {
        match self {
            Self::Plain(field) => field.value() == text,
            Self::Masked(field) => field.secret().expose() == text,
        }
    }

    /// Inserts a character at the cursor.
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

    /// Inserts the first line of a paste that is not blank at the cursor.
    ///
    /// # Errors
    /// [`TooLong`] when it does not fit; the field is then unchanged.
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
        let Some((_, edit)) = EDITS.iter().find(|(known, _)| *known == action) else {
            return false;
        };
        match (self, action.erases()) {
            (Self::Plain(field), _) => {
                field.0.handle(*edit);
            }
            (Self::Masked(field), Some(Erase::Character)) => field.delete(),
            (Self::Masked(field), Some(Erase::All)) => field.clear(),
            // Its cursor is invisible.
            (Self::Masked(_), None) => {}
        }
        true
    }
}
