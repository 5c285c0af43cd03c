//! What a terminal sends, for the screens and for the one command that asks something.
//!
//! Not here: reading it, and what a key means.

pub mod decode;
mod sequences;

pub(crate) use sequences::CTRL_C;
