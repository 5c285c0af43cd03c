//! A secret being typed: characters come and go at its end.
//!
//! Not here: which keys do that, or what is shown of it.

use super::secret::Secret;
use super::text;

/// Text that is longer than a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

/// The secret being typed. Only a fixed mask is ever shown of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MaskedField(Secret);

impl MaskedField {
    /// The longest text it takes, in bytes.
    pub const CAPACITY: usize = Secret::LONGEST;

    /// The text typed so far.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// Adds a character.
    ///
    /// # Errors
    /// [`TooLong`] when the field is full.
    pub fn insert(&mut self, character: char) -> Result<(), TooLong> {
        self.add(character.encode_utf8(&mut [0; 4]))
    }

    /// Adds the first line of a paste that is not blank.
    ///
    /// # Errors
    /// [`TooLong`] when it does not fit; the field is then as it was.
    pub fn paste(&mut self, pasted: &Secret) -> Result<(), TooLong> {
        self.add(text::first_line(pasted.expose()))
    }

    /// Deletes the last character.
    pub fn delete(&mut self) {
        self.edit(|typed| {
            typed.pop();
        });
    }

    /// Deletes everything: where the cursor cannot be seen, there is no part before or after it.
    pub fn clear(&mut self) {
        self.0 = Secret::default();
    }

    fn add(&mut self, text: &str) -> Result<(), TooLong> {
        if self.0.expose().len() + text.len() > Self::CAPACITY {
            return Err(TooLong);
        }
        self.edit(|typed| typed.push_str(text));
        Ok(())
    }

    fn edit(&mut self, change: impl FnOnce(&mut String)) {
        // A buffer of full capacity never moves, so no copy of the secret is left behind.
        let mut typed = String::with_capacity(Self::CAPACITY);
        typed.push_str(self.0.expose());
        change(&mut typed);
        self.0 = Secret::new(typed);
    }
}
