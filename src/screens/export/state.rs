//! The state of the prompt for the file to write a list to.

use crate::app::form::TextField;
use crate::domain::fetched::RequestId;

/// The file that an empty field means.
pub const USUAL_FILE: &str = "tokens.csv";

/// The prompt for a file. Keeps its text until the program ends.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Export {
    pub path: TextField,
    pub phase: Phase,
    /// Why nothing was written, as one sentence.
    pub complaint: Option<String>,
}

/// How far writing got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// The path is being typed.
    #[default]
    Typing,
    /// The file exists: the user is asked whether to replace it.
    Asking,
    Writing {
        request: RequestId,
        /// The number of tokens.
        count: usize,
    },
}

impl Export {
    /// The path that was typed, or the usual file.
    pub fn file(&self) -> &str {
        match self.path.value().trim() {
            "" => USUAL_FILE,
            typed => typed,
        }
    }

    /// The pending request.
    pub(crate) fn request(&self) -> Option<RequestId> {
        match self.phase {
            Phase::Writing { request, .. } => Some(request),
            Phase::Typing | Phase::Asking => None,
        }
    }
}
