//! Text that must not be seen: an API token or a Global API key.
//!
//! It is zeroed when dropped, prints as `Secret(..)`, and has neither `Display` nor `Serialize`.
//! That promise ends where a library copies it: HTTP and D-Bus buffers are not ours.

use std::fmt;

use zeroize::Zeroizing;

use super::{pasted, text};

/// A secret.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(Zeroizing<String>);

/// Why text cannot be a credential. Says nothing of the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecret {
    /// Nothing there.
    #[error("it is empty")]
    Empty,
    /// A space, control or non-ASCII character inside.
    #[error(
        "it holds a space, a line break or another character that no credential has; copy it again"
    )]
    Characters,
    /// More than [`Secret::LONGEST`].
    #[error("it is longer than any credential")]
    Long,
}

impl Secret {
    /// What a credential takes at most, in bytes; far more than any that exists.
    pub const LONGEST: usize = 4096;

    /// Takes text as it is, without looking at it.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Takes off what pasting and piping leave around a credential, and checks that the rest can go
    /// into an HTTP header.
    ///
    /// # Errors
    /// [`InvalidSecret`] for nothing at all, for characters that no credential has, and for more than
    /// [`Self::LONGEST`].
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

    /// The text itself. Call this only where it goes into a header or the keyring.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
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
