//! Keys: the one table from which key handling, footer, help and the README's table are drawn.
//!
//! Not here: what an action does.

mod key;
mod table;

pub use key::{Key, UnknownKey};
pub use table::{Keymap, KeymapError, Row};
