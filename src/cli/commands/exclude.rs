//! The tokens that a check is to leave out.
//!
//! Not here: leaving them out (`check`).

use crate::cli::check_result::CheckEntry;
use crate::cli::error_report::warn_beside_check;
use crate::domain::redaction;
use crate::domain::token::TokenRef;

/// A token that is to be left out.
pub(super) struct Excluded<'a> {
    text: &'a str,
    token: Option<TokenRef>,
}

impl<'a> Excluded<'a> {
    /// Reads how it was named: by its exact name, or by anything else that names a token.
    pub(super) fn parse(text: &'a String) -> Self {
        let token = TokenRef::parse(text).ok();
        Self { text, token }
    }

    /// Whether it is this one.
    pub(super) fn is(&self, entry: &CheckEntry) -> bool {
        if let Ok(token) = &entry.subject {
            let is_meant = |meant| token.is_named_by(meant);
            return token.name_text() == self.text || self.token.as_ref().is_some_and(is_meant);
        }
        let meant = self.token.as_ref().and_then(TokenRef::id);
        entry.requested.as_deref() == Some(self.text)
            || (meant.is_some() && meant == entry.requested_id.as_ref())
    }

    /// Says that it excluded nothing.
    pub(super) fn warn_of_unused(&self) {
        let advice = if self.text.contains(',') {
            "; give --exclude once for each name"
        } else {
            ""
        };
        let text = redaction::quoted(self.text);
        warn_beside_check(&format!("--exclude {text} matched no token{advice}"));
    }
}
