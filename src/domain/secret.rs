//! Text that must not be seen: an API token or a Global API key.
//!
//! It is zeroed when dropped, prints as `Secret(..)`, and has neither `Display` nor `Serialize`.
//! That promise ends where a library copies it: HTTP and D-Bus buffers are not ours.

use std::fmt;

use zeroize::Zeroizing;

use super::pasted;

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
