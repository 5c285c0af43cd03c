//! Secret text: an API token or a Global API key, complete or being typed.
//!
//! Secrets are zeroed when dropped, print as `Secret(..)`, and have neither `Display` nor `Serialize`.
//! Copies in the HTTP and D-Bus buffers of libraries are beyond our control.

use std::fmt;

use zeroize::Zeroizing;

use super::{pasted, text};

/// A secret; see the module.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(Zeroizing<String>);

/// Why a string cannot be a credential. Does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecret {
    #[error("it is empty")]
    Empty,
    #[error(
        "it contains a space, a line break or another character that no credential has; copy it again"
    )]
    Characters,
    #[error("it is longer than any credential")]
    Long,
}

impl Secret {
    /// Maximum bytes of a credential; far more than any has.
    pub const LONGEST: usize = 4096;

    /// Wraps a string unchecked.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Removes the residue of copying and piping around a credential, and checks that the rest can
    /// go into an HTTP header.
    ///
    /// # Errors
    /// [`InvalidSecret`] for an empty string, for characters that no credential has, and for more
    /// than [`Self::LONGEST`] bytes.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let trimmed = pasted::peel(text);
        if trimmed.is_empty() {
            return Err(InvalidSecret::Empty);
        }
        if trimmed.len() > Self::LONGEST {
            return Err(InvalidSecret::Long);
        }
        if !trimmed.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidSecret::Characters);
        }
        Ok(Self::new(trimmed.to_owned()))
    }

    /// The text itself, for a header or the keyring only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the text is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

/// The error for text that does not fit into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

/// A secret being typed: characters come and go at its end, and only a fixed mask is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MaskedField(Secret);

impl MaskedField {
    /// The most bytes that the field takes.
    pub const CAPACITY: usize = Secret::LONGEST;

    /// The text typed so far.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// Adds a character.
    ///
    /// # Errors
    /// [`TooLong`] if the field is full.
    pub fn insert(&mut self, character: char) -> Result<(), TooLong> {
        self.add(character.encode_utf8(&mut [0; 4]))
    }

    /// Adds the first line of a paste that is not blank.
    ///
    /// # Errors
    /// [`TooLong`] if it does not fit; the field is unchanged.
    pub fn paste(&mut self, pasted: &Secret) -> Result<(), TooLong> {
        self.add(text::first_line(pasted.expose()))
    }

    /// Deletes the last character.
    pub fn delete(&mut self) {
        self.edit(|typed| {
            typed.pop();
        });
    }

    /// Deletes everything. Behind a mask, the cursor has no parts before or after it.
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
        // A buffer of full capacity never moves, so it leaves no copy of the secret behind.
        let mut typed = String::with_capacity(Self::CAPACITY);
        typed.push_str(self.0.expose());
        change(&mut typed);
        self.0 = Secret::new(typed);
    }
}
