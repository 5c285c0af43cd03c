//! The state of the help: the selected line, and the search.

use crate::app::form::TextField;

/// The help, a menu of keys.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HelpMenu {
    /// The selected line, not counting titles and gaps.
    pub selected: usize,
    /// The text that lines must contain.
    pub query: TextField,
    /// Whether letters go into the query.
    pub is_searching: bool,
}
